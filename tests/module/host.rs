//! A small proxy-wasm host, so that tests can drive the built module without Envoy.
//!
//! It behaves as Envoy does where a filter can get hurt (see [`stream`]): maps that are out of reach after
//! `Continue`, `end_of_stream` that never comes with trailers, duplicates that survive a replace, counters that
//! cannot be raised by 0, compare-and-swap on a missing key, a canary VM before every start, and a VM that is dead
//! for good after a panic.

mod abi;
mod actions;
mod exchange;
mod guest;
mod headers;
mod process;
mod stream;
mod wasi;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use wasmtime::{Config, Engine, Instance, Linker, Module, Store, Val};

pub use exchange::{Outcome, Request, Response, ResponseOutcome};
pub use guest::{Answer, Dispatch, LogLine};
pub use headers::Headers;
pub use process::Process;
pub use stream::LocalResponse;

use guest::Host;

/// How often each host function was called, by callback and function.
pub type HostCalls = BTreeMap<(&'static str, &'static str), u64>;

/// How many instructions of the module ran, by callback.
pub type Work = BTreeMap<&'static str, u64>;

/// A configuration that the filter did not take.
#[derive(Debug)]
pub struct Refused {
    /// What the filter logged while it looked at the configuration.
    pub logs: Vec<LogLine>,
    /// How the VM died, if it did.
    pub trap: Option<String>,
}

impl Refused {
    /// All log messages, one a line.
    pub fn text(&self) -> String {
        self.logs.iter().map(|line| format!("{}\n", line.message)).collect()
    }
}

/// One worker's VM with a configured filter.
pub struct Vm {
    store: Store<Host>,
    instance: Instance,
    root: u32,
    last_context: u32,
    trap: Option<String>,
    /// The instructions that ran, where they are counted.
    work: Option<Work>,
}

impl Vm {
    /// Starts the filter as the only worker of a new process, in a VM that counts its instructions.
    pub fn start_counting(configuration: &str) -> Result<Self, Refused> {
        let mut config = Config::new();
        config.consume_fuel(true);
        let mut vm = Self::boot_with(&Process::new(), &compile(&config), true);
        vm.configure(configuration)?;
        Ok(vm)
    }

    /// The instructions since the start or since they were last taken.
    pub fn take_work(&mut self) -> Work {
        self.work.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Starts the filter as the only worker of a new process.
    pub fn start(configuration: &str) -> Result<Self, Refused> {
        Self::start_in(&Process::new(), configuration)
    }

    /// Starts the filter in a worker of `process`. As in Envoy a canary VM takes the configuration first.
    pub fn start_in(process: &Process, configuration: &str) -> Result<Self, Refused> {
        Self::boot(process).configure(configuration)?;
        let mut vm = Self::boot(process);
        vm.configure(configuration)?;
        Ok(vm)
    }

    /// Gives a running filter a new configuration, as a listener update does: a canary VM takes it first, and only
    /// then a new root context of this VM. When it is refused the old configuration goes on serving.
    pub fn reconfigure(&mut self, configuration: &str) -> Result<(), Refused> {
        Self::boot(self.process()).configure(configuration)?;
        let old = self.root;
        self.configure(configuration)?;
        self.call("proxy_on_done", &[old]);
        self.call("proxy_on_delete", &[old]);
        let host = self.store.data_mut();
        host.roots.remove(&old);
        // Envoy cancels the calls of a context that goes away, without a callback.
        host.dispatches.retain(|dispatch| dispatch.root != old);
        Ok(())
    }

    /// Configures one more filter in this VM, as Envoy does for every filter of the same `vm_config`. It is the one that
    /// sees requests and ticks from now on; [`Vm::switch`] changes that. Gives the one before.
    pub fn add(&mut self, configuration: &str) -> Result<u32, Refused> {
        let before = self.root;
        self.configure(configuration)?;
        Ok(before)
    }

    /// Has another filter of this VM see requests and ticks. Gives the one before.
    pub fn switch(&mut self, root: u32) -> u32 {
        std::mem::replace(&mut self.root, root)
    }

    /// Takes a filter out of this VM, as Envoy does with one whose listener goes or never came to be.
    pub fn remove(&mut self, root: u32) {
        for callback in ["proxy_on_done", "proxy_on_delete"] {
            self.call(callback, &[root]);
        }
    }

    /// Runs the filter's timer; panics when the filter never asked for one.
    pub fn tick(&mut self) {
        assert!(self.store.data().tick_period.is_some(), "the filter asked for no ticks");
        self.call("proxy_on_tick", &[self.root]);
    }

    /// The period of the filter's timer.
    pub fn tick_period(&self) -> Option<std::time::Duration> {
        self.store.data().tick_period
    }

    /// Callouts that wait for an answer.
    pub fn dispatches(&self) -> &[Dispatch] {
        &self.store.data().dispatches
    }

    /// Answers the callout `token`. [`Answer::default`] is a call that broke off: it arrives without headers.
    pub fn answer(&mut self, token: u32, answer: Answer) {
        let host = self.store.data_mut();
        let place = host.dispatches.iter().position(|dispatch| dispatch.token == token);
        let dispatch = host.dispatches.remove(place.expect("a callout waits under this token"));
        let headers = answer.headers.as_ref().map_or(0, Headers::len);
        let arguments =
            [dispatch.root, token, to_u32(headers), to_u32(answer.body.len()), to_u32(answer.trailers)];
        host.answer = Some(answer);
        self.call("proxy_on_http_call_response", &arguments);
        self.store.data_mut().answer = None;
    }

    /// How the VM died. From then on every request gets a 503, as with `FAIL_CLOSED`.
    pub fn trap(&self) -> Option<&str> {
        self.trap.as_deref()
    }

    /// The process this worker belongs to: its clock, metrics and shared data.
    pub fn process(&self) -> &Process {
        &self.store.data().process
    }

    /// Everything the filter has logged in this VM, from trace on.
    pub fn logs(&self) -> &[LogLine] {
        &self.store.data().logs
    }

    /// Sets a property of the proxy, such as `["request", "id"]`.
    pub fn set_property(&mut self, path: &[&str], value: &[u8]) {
        self.store.data_mut().properties.insert(path.join("\0"), value.to_vec());
    }

    /// Host calls since the start or since they were last taken.
    pub fn take_host_calls(&mut self) -> HostCalls {
        std::mem::take(&mut self.store.data_mut().calls)
    }

    /// The size of the guest's memory, in bytes.
    pub fn memory_size(&self) -> usize {
        self.store.data().memory.expect("the guest has started").data_size(&self.store)
    }

    fn boot(process: &Process) -> Self {
        Self::boot_with(process, compiled(), false)
    }

    fn boot_with(process: &Process, (engine, module): &(Engine, Module), counts: bool) -> Self {
        let mut linker = Linker::new(engine);
        abi::link(&mut linker).expect("the proxy-wasm functions have distinct names");
        wasi::link(&mut linker).expect("the WASI functions have distinct names");
        let mut store = Store::new(engine, Host::new(process.clone()));
        if counts {
            store.set_fuel(u64::MAX).expect("the engine counts");
        }
        let instance =
            linker.instantiate(&mut store, module).expect("the module imports only what Envoy provides");
        let memory = instance.get_memory(&mut store, "memory").expect("the module exports its memory");
        let allocate = instance.get_typed_func(&mut store, "proxy_on_memory_allocate");
        let host = store.data_mut();
        host.memory = Some(memory);
        host.allocate = Some(allocate.expect("the module exports its allocator"));
        let work = counts.then(Work::new);
        let mut vm = Self { store, instance, root: 0, last_context: 0, trap: None, work };
        vm.call("_initialize", &[]);
        vm
    }

    fn configure(&mut self, configuration: &str) -> Result<(), Refused> {
        let logged = self.logs().len();
        let root = self.new_context();
        self.store.data_mut().roots.insert(root);
        self.call("proxy_on_context_create", &[root, 0]);
        let started = self.call("proxy_on_vm_start", &[root, 0]);
        self.store.data_mut().plugin_configuration = Some(configuration.as_bytes().to_vec());
        let taken = self.call("proxy_on_configure", &[root, to_u32(configuration.len())]);
        self.store.data_mut().plugin_configuration = None;
        if started == Some(1) && taken == Some(1) {
            self.root = root;
            return Ok(());
        }
        Err(Refused { logs: self.logs()[logged..].to_vec(), trap: self.trap.clone() })
    }

    fn new_context(&mut self) -> u32 {
        self.last_context += 1;
        self.last_context
    }

    /// Calls a callback of the guest and carries out what it asked for. Nothing when the guest has no such callback,
    /// is dead, or dies of it; the first argument is the context.
    fn call(&mut self, callback: &'static str, arguments: &[u32]) -> Option<u32> {
        if self.trap.is_some() {
            return None;
        }
        let function = self.instance.get_func(&mut self.store, callback)?;
        let host = self.store.data_mut();
        host.callback = callback;
        host.current = arguments.first().copied().unwrap_or_default();
        host.effective = 0;
        let arguments: Vec<Val> = arguments.iter().map(|argument| Val::I32(argument.cast_signed())).collect();
        let mut results = vec![Val::I32(0); function.ty(&self.store).results().len()];
        let before = self.work.as_ref().and_then(|_| self.store.get_fuel().ok());
        let result = function.call(&mut self.store, &arguments, &mut results);
        if let (Some(work), Some(before), Ok(left)) = (&mut self.work, before, self.store.get_fuel()) {
            *work.entry(callback).or_default() += before - left;
        }
        if let Err(error) = result {
            let said = self.logs().last().map(|line| line.message.as_str()).unwrap_or_default();
            self.trap = Some(format!("{callback}: {error:#}; last log line: {said}"));
            return None;
        }
        for stream in self.store.data_mut().streams.values_mut() {
            if std::mem::take(&mut stream.resume_request) {
                stream.request.resume();
            }
            if std::mem::take(&mut stream.resume_response) {
                stream.response.resume();
            }
        }
        match results.first() {
            Some(Val::I32(result)) => Some(result.cast_unsigned()),
            _ => Some(0),
        }
    }
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).expect("sizes in a guest are below 4 GiB")
}

/// The module under test, compiled once a test process.
fn compiled() -> &'static (Engine, Module) {
    static COMPILED: OnceLock<(Engine, Module)> = OnceLock::new();
    COMPILED.get_or_init(|| compile(&Config::new()))
}

fn compile(config: &Config) -> (Engine, Module) {
    let path = std::env::var_os("TIERGATE_WASM").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../dist/tiergate.wasm"),
        PathBuf::from,
    );
    let bytes = std::fs::read(&path)
        .unwrap_or_else(|error| panic!("run make wasm first: {} cannot be read ({error})", path.display()));
    let engine = Engine::new(config).expect("the engine supports this machine");
    let module = Module::new(&engine, bytes).expect("the module is valid WebAssembly");
    let abi = module.get_export("proxy_abi_version_0_2_1");
    assert!(abi.is_some(), "{} is no proxy-wasm module of ABI 0.2.1", path.display());
    (engine, module)
}
