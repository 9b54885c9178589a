//! The host's side of one worker's VM: its state, and access to the guest's memory from inside a host call.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use wasmtime::{Caller, Error, Memory, Result, TypedFunc};

use super::abi::Status;
use super::headers::Headers;
use super::process::Process;
use super::stream::Stream;

/// A log line of the filter; `level` is 0 (trace) to 5 (critical).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// 0 trace, 1 debug, 2 info, 3 warn, 4 error, 5 critical.
    pub level: u32,
    /// What the filter wrote.
    pub message: String,
}

/// A callout the filter made and nobody has answered yet.
#[derive(Clone, Debug)]
pub struct Dispatch {
    /// The root context that made it.
    pub root: u32,
    /// The number the answer carries.
    pub token: u32,
    /// The cluster that was called.
    pub cluster: String,
    /// Request headers.
    pub headers: Headers,
    /// Request body.
    pub body: Vec<u8>,
    /// How long the filter waits.
    pub timeout: Duration,
}

/// The answer to a callout.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Response headers; none for a call that broke off.
    pub headers: Option<Headers>,
    /// Response body.
    pub body: Vec<u8>,
    /// How many trailers came.
    pub trailers: usize,
}

impl Answer {
    /// An answer with a status, headers and a body.
    pub fn new(status: u32, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Self {
        let status = status.to_string();
        let headers = [&[(":status", status.as_str())], headers].concat();
        Self { headers: Some(Headers::new(&headers)), body: body.as_ref().to_vec(), trailers: 0 }
    }
}

/// What the host knows about one VM.
pub struct Host {
    /// The process the VM runs in.
    pub process: Process,
    /// The guest's memory, once it is instantiated.
    pub memory: Option<Memory>,
    /// The guest's allocator, once it is instantiated.
    pub allocate: Option<TypedFunc<u32, u32>>,
    /// Open streams by context id.
    pub streams: BTreeMap<u32, Stream>,
    /// Root contexts.
    pub roots: BTreeSet<u32>,
    /// The context of the running callback.
    pub current: u32,
    /// The context the guest chose instead, 0 for none.
    pub effective: u32,
    /// The running callback.
    pub callback: &'static str,
    /// How often each host function was called in each callback.
    pub calls: BTreeMap<(&'static str, &'static str), u64>,
    /// Everything the filter logged, from trace on.
    pub logs: Vec<LogLine>,
    /// The lowest level the proxy is interested in.
    pub log_level: u32,
    /// The plugin's configuration while it is being handed over.
    pub plugin_configuration: Option<Vec<u8>>,
    /// Properties of the proxy, by path with NUL between the parts.
    pub properties: BTreeMap<String, Vec<u8>>,
    /// The period of ticks, when the filter asked for them.
    pub tick_period: Option<Duration>,
    /// Callouts that wait for an answer.
    pub dispatches: Vec<Dispatch>,
    /// The last token given out.
    pub last_token: u32,
    /// The answer being delivered.
    pub answer: Option<Answer>,
    /// State of the seeded generator behind `random_get`.
    pub random: u64,
}

impl Host {
    /// A VM's state before anything ran.
    pub fn new(process: Process) -> Self {
        // Each VM has its own; the same in every run.
        let random = 0x9e37_79b9_7f4a_7c15 ^ (u64::from(process.next_vm()) << 32);
        let mut properties = BTreeMap::new();
        for (part, number) in [("major_number", 1_u64), ("minor_number", 40)] {
            let path = ["xds", "node", "user_agent_build_version", "version", part].join("\0");
            properties.insert(path, number.to_le_bytes().to_vec());
        }
        properties.insert("plugin_name".to_owned(), b"tiergate".to_vec());
        properties.insert("plugin_root_id".to_owned(), Vec::new());
        properties.insert("plugin_vm_id".to_owned(), Vec::new());
        Self {
            process,
            memory: None,
            allocate: None,
            streams: BTreeMap::new(),
            roots: BTreeSet::new(),
            current: 0,
            effective: 0,
            callback: "start",
            calls: BTreeMap::new(),
            logs: Vec::new(),
            log_level: 0,
            plugin_configuration: None,
            properties,
            tick_period: None,
            dispatches: Vec::new(),
            last_token: 0,
            answer: None,
            random,
        }
    }

    /// The context that host calls act on.
    pub fn context(&self) -> u32 {
        if self.effective == 0 { self.current } else { self.effective }
    }

    /// The stream that host calls act on; none in a root context.
    pub fn stream(&mut self) -> Option<&mut Stream> {
        let context = self.context();
        self.streams.get_mut(&context)
    }
}

/// A running host call: the caller's state and memory.
pub struct Guest<'a>(Caller<'a, Host>);

impl<'a> Guest<'a> {
    /// Counts the call of the host function `name`.
    pub fn enter(mut caller: Caller<'a, Host>, name: &'static str) -> Self {
        let host = caller.data_mut();
        *host.calls.entry((host.callback, name)).or_default() += 1;
        Self(caller)
    }

    /// The VM's state.
    pub fn host(&mut self) -> &mut Host {
        self.0.data_mut()
    }

    /// Bytes of the guest's memory.
    pub fn read(&mut self, at: u32, size: u32) -> Result<Vec<u8>> {
        let memory = self.memory()?;
        let start = at as usize;
        memory
            .data(&self.0)
            .get(start..start + size as usize)
            .map(<[u8]>::to_vec)
            .ok_or_else(|| Error::msg(format!("the guest passed {size} bytes at {at}, outside its memory")))
    }

    /// Text of the guest's memory; what is not UTF-8 is replaced.
    pub fn text(&mut self, at: u32, size: u32) -> Result<String> {
        Ok(String::from_utf8_lossy(&self.read(at, size)?).into_owned())
    }

    /// Writes bytes into the guest's memory.
    pub fn write(&mut self, at: u32, bytes: &[u8]) -> Result<()> {
        let memory = self.memory()?;
        memory.write(&mut self.0, at as usize, bytes).map_err(|error| Error::msg(error.to_string()))
    }

    /// Writes a number into the guest's memory.
    pub fn write_u32(&mut self, at: u32, value: u32) -> Result<()> {
        self.write(at, &value.to_le_bytes())
    }

    /// Hands bytes over: allocates them in the guest and writes where they are and how many. No bytes are a null
    /// pointer, as in Envoy.
    pub fn give(&mut self, bytes: &[u8], return_data: u32, return_size: u32) -> Result<()> {
        let size = u32::try_from(bytes.len()).expect("a guest's memory is below 4 GiB");
        let data = if bytes.is_empty() {
            0
        } else {
            let allocate = self.host().allocate.clone();
            let allocate = allocate.ok_or_else(|| Error::msg("a host call before the guest was ready"))?;
            let data = allocate.call(&mut self.0, size)?;
            self.write(data, bytes)?;
            data
        };
        self.write_u32(return_data, data)?;
        self.write_u32(return_size, size)
    }

    fn memory(&mut self) -> Result<Memory> {
        self.host().memory.ok_or_else(|| Error::msg("a host call before the guest was ready"))
    }
}

/// Ends a host call with a status.
pub fn done(status: Status) -> Result<u32> {
    Ok(status as u32)
}
