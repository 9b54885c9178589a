//! `tiergate up`: a running gateway for the models that are there, and nothing left when it ends.

mod children;
mod console;
mod demo;
pub mod find;
mod follow;
mod gateway;
mod key;
mod lock;
pub mod net;
mod ready;
mod source;

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ChildStdout;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::{ConfigChoice, written};
pub use children::{BECOME, become_program};
use children::{Child, Start};
use gateway::Gateway;
use ready::Ready;

/// The gateway's port, unless another is asked for. `envoy/envoy.yaml` has the same.
pub const PORT: u16 = 10_000;
/// The port of its metrics.
pub const METRICS_PORT: u16 = 9902;
/// The console's port.
pub const CONSOLE_PORT: u16 = 10_002;
const POLL: Duration = Duration::from_millis(20);

#[derive(Args)]
#[command(group(clap::ArgGroup::new("from").required(true).multiple(false)))]
pub struct Options {
    /// The models of a LiteLLM configuration; LiteLLM is started with it, unless --upstream says where one runs
    #[arg(long, group = "from", value_name = "FILE")]
    litellm: Option<PathBuf>,
    /// OpenRouter's models, with the key that this variable of the environment has
    #[arg(long, group = "from", value_name = "VARIABLE")]
    openrouter: Option<String>,
    /// The models of an Ollama that runs, at OLLAMA_HOST or 127.0.0.1:11434
    #[arg(long, group = "from")]
    ollama: bool,
    /// Shipped tiers before an upstream that is built in and calls no model: to see how requests are routed
    #[arg(long, group = "from")]
    demo: bool,
    /// Where the upstream listens, if not at its usual place
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "demo")]
    upstream: Option<String>,
    /// LiteLLM's cost map, for prices; that of the installed LiteLLM without it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["demo", "openrouter", "ollama"])]
    cost_map: Option<PathBuf>,
    /// Put only this model into the tiers; may be given several times
    #[arg(long = "model", value_name = "NAME", conflicts_with = "demo")]
    models: Vec<String>,
    /// The address to listen on, or a name that stands for one; others than loopback let anybody on the network use
    /// your keys
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    host: String,
    /// The port to listen on [default: 10000, or a free one if that is taken]
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// Where the document, Envoy's configuration and the logs go
    #[arg(long, value_name = "FOLDER", default_value = "tiergate")]
    folder: PathBuf,
    /// Make the document again, even if there is one
    #[arg(long)]
    fresh: bool,
    /// The Envoy to start [default: TIERGATE_ENVOY, else the one of this environment, else of the search path]
    #[arg(long, value_name = "FILE")]
    envoy: Option<PathBuf>,
    /// The filter's module [default: the one in this command]
    #[arg(long, value_name = "FILE")]
    module: Option<PathBuf>,
    /// Give up if it is not ready after so many seconds
    #[arg(long, value_name = "SECONDS", default_value = "120")]
    wait: u64,
}

/// What happens while it runs.
enum Event {
    Line(String),
    Stop,
}

/// For deadlines.
fn clock() -> Instant {
    #[expect(
        clippy::disallowed_methods,
        reason = "the command waits for programs: there is nobody else to ask for the time"
    )]
    Instant::now()
}

/// What is under way, with the means to hear that it should end.
struct Running {
    children: Vec<Child>,
    events: Receiver<Event>,
    deadline: Instant,
}

/// Why waiting ended, if not with what was waited for.
enum Ended {
    /// Somebody asked for it.
    Asked,
    Failed(String),
}

impl From<String> for Ended {
    fn from(why: String) -> Self {
        Self::Failed(why)
    }
}

impl Running {
    /// Asks until there is an answer, a child has ended, time is up, or somebody wants to end it.
    fn wait<T>(&mut self, what: &str, mut ask: impl FnMut() -> Option<T>) -> Result<T, Ended> {
        loop {
            if let Some(answer) = ask() {
                return Ok(answer);
            }
            if let Some(why) = self.children.iter_mut().find_map(Child::ended) {
                return Err(Ended::Failed(why));
            }
            if clock() > self.deadline {
                return Err(Ended::Failed(format!("{what}: not in time; --wait SECONDS gives it more")));
            }
            match self.events.recv_timeout(POLL) {
                Ok(Event::Stop) => return Err(Ended::Asked),
                Ok(Event::Line(_)) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => thread::sleep(POLL),
            }
        }
    }
}

/// Runs the gateway until it is asked to end.
pub fn run(options: &Options, module: Option<&[u8]>, out: &mut dyn Write) -> Result<(), String> {
    let folder = prepared(&options.folder)?;
    // Held until the children have ended.
    let _lock = lock::take(&folder)?;
    let (send, events) = mpsc::channel();
    hear_signals(send.clone())?;
    let deadline = clock() + Duration::from_secs(options.wait);
    let mut running = Running { children: Vec::new(), events, deadline };
    let done = serve(options, &folder, module, &mut running, send, out);
    // The last one that was started goes first.
    while let Some(mut child) = running.children.pop() {
        child.stop();
    }
    match done {
        Ok(()) | Err(Ended::Asked) => writeln!(out, "\nended").map_err(written),
        Err(Ended::Failed(why)) => Err(why),
    }
}

fn hear_signals(send: Sender<Event>) -> Result<(), String> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).map_err(|error| error.to_string())?;
    thread::spawn(move || {
        for _ in signals.forever() {
            if send.send(Event::Stop).is_err() {
                return;
            }
        }
    });
    Ok(())
}

fn serve(
    options: &Options,
    folder: &Path,
    module: Option<&[u8]>,
    running: &mut Running,
    send: Sender<Event>,
    out: &mut dyn Write,
) -> Result<(), Ended> {
    let began = clock();
    let host = net::host(&options.host)?;
    let envoy = find::envoy(options.envoy.as_deref())?;
    let module = module_file(options, module, folder)?;
    let plan = source::plan(options, folder, &envoy, running, out)?;
    let choice = ConfigChoice { config: Some(plan.document.clone()), profile: None };
    let config = choice.load()?;
    let port = net::port(&host, PORT, options.port)?;
    let metrics_port = net::port("127.0.0.1", METRICS_PORT, None)?;
    let console_port = net::port("127.0.0.1", CONSOLE_PORT, None)?;
    let admin = admin(folder, port);
    let document = super::yaml::read(&text(&plan.document)?)?;
    let configuration = gateway::configuration(&Gateway {
        host: &host,
        port,
        metrics_port,
        console_port,
        admin: &admin,
        module: &module,
        document: &document,
        cluster: &config.table.default_cluster,
        upstream: &plan.upstream,
    })?;
    let file = folder.join("envoy.yaml");
    write_file(&file, configuration.as_bytes())?;
    running.children.push(start_envoy(&envoy, &file, folder, send)?);
    let ready = format!("http://127.0.0.1:{metrics_port}/ready");
    running.wait("Envoy is not ready", || net::is_ok(&ready).then_some(()))?;
    if let Some(page) = &plan.ready {
        running.wait("LiteLLM is not ready", || net::is_ok(page).then_some(()))?;
    }
    let took = clock() - began;
    let address = format!("http://{}:{port}", net::shown_host(&host));
    let ready = Ready {
        address: &address,
        metrics_port,
        console_port,
        folder,
        plan: &plan,
        config: &config,
        took,
        unreached: plan.unreached(),
    };
    ready::print(&ready, out).map_err(written)?;
    follow(running, out)
}

/// Starts Envoy; what it logs of requests is passed on.
fn start_envoy(envoy: &Path, file: &Path, folder: &Path, send: Sender<Event>) -> Result<Child, Ended> {
    let (child, log) = Child::start(Start {
        name: "Envoy",
        program: envoy,
        arguments: envoy_arguments(file),
        log: folder.join("envoy.log"),
        piped: true,
    })?;
    if let Some(log) = log {
        let to = folder.join("requests.jsonl");
        thread::spawn(move || pass_on(log, &to, &send));
    }
    Ok(child)
}

/// The folder, by its full path.
fn prepared(folder: &Path) -> Result<PathBuf, String> {
    let at_folder = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(folder).map_err(at_folder)?;
    folder.canonicalize().map_err(at_folder)
}

/// Where Envoy's admin interface listens: a file that only this user may open. Its path may not be long.
fn admin(folder: &Path, port: u16) -> PathBuf {
    let here = folder.join("admin.sock");
    if here.as_os_str().len() < 100 {
        here
    } else {
        std::env::temp_dir().join(format!("tiergate-{port}.sock"))
    }
}

fn module_file(options: &Options, module: Option<&[u8]>, folder: &Path) -> Result<PathBuf, String> {
    if let Some(file) = &options.module {
        return file.canonicalize().map_err(|error| format!("{}: {error}", file.display()));
    }
    let module = module.ok_or(
        "this build of the command has no module in it: name one with --module FILE (`make wasm` makes \
         dist/tiergate.wasm), or build with --features module",
    )?;
    let file = folder.join("tiergate.wasm");
    write_file(&file, module)?;
    Ok(file)
}

/// Writes a file, unless that is what it has.
fn write_file(file: &Path, content: &[u8]) -> Result<(), String> {
    if fs::read(file).is_ok_and(|known| known == content) {
        return Ok(());
    }
    fs::write(file, content).map_err(|error| format!("{}: {error}", file.display()))
}

fn text(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

fn envoy_arguments(configuration: &Path) -> Vec<OsString> {
    // Each worker has a VM of its own; a gateway for one machine needs few.
    let workers = thread::available_parallelism().map_or(1, |cores| cores.get().min(4)).to_string();
    let fixed = [
        "--disable-hot-restart",
        "--log-level",
        "warning",
        "--file-flush-interval-msec",
        "50",
        "--concurrency",
    ];
    let mut all: Vec<OsString> = fixed.iter().map(OsString::from).collect();
    all.extend([workers.into(), "-c".into(), configuration.into()]);
    all
}

/// Reads Envoy's access log to its end, so that Envoy never waits for a reader.
fn pass_on(log: ChildStdout, to: &Path, send: &Sender<Event>) {
    let mut kept = fs::File::create(to).ok();
    let mut reader = BufReader::new(log);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0) {
        if let Some(file) = &mut kept {
            let _ = file.write_all(&line);
        }
        let _ = send.send(Event::Line(String::from_utf8_lossy(&line).into_owned()));
        line.clear();
    }
}

/// Prints decisions until it is asked to end, or a child ends.
fn follow(running: &mut Running, out: &mut dyn Write) -> Result<(), Ended> {
    loop {
        match running.events.recv_timeout(Duration::from_millis(300)) {
            Ok(Event::Stop) => return Ok(()),
            Ok(Event::Line(line)) => {
                if let Some(row) = follow::decision(&line) {
                    writeln!(out, "{row}").and_then(|()| out.flush()).map_err(written)?;
                }
            }
            Err(_) => {
                if let Some(why) = running.children.iter_mut().find_map(Child::ended) {
                    return Err(Ended::Failed(why));
                }
            }
        }
    }
}
