//! Where the models come from: the document that `init` makes of them, and the upstream that serves them.

use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::init;
use super::super::{written, yaml};
use super::children::{Child, Start};
use super::gateway::{self, Upstream};
use super::key::{self, ClientKey};
use super::{Ended, Options, Running, demo, net, text, write_file};

/// What is served.
pub struct Plan {
    /// The document's file.
    pub document: PathBuf,
    pub upstream: Upstream,
    /// The upstream, for people.
    pub what: String,
    /// The page that shows that a program that was started here is ready.
    pub ready: Option<String>,
    /// Where clients have their key, where the upstream wants one of them.
    pub client_key: Option<ClientKey>,
}

impl Plan {
    /// Why the upstream cannot be reached, if so. What was started here has been waited for.
    pub fn unreached(&self) -> Option<String> {
        if self.ready.is_some() { None } else { net::unreached(&self.upstream.host, self.upstream.port) }
    }
}

/// What `up` adds to what `init` makes.
const MORE: &str = "\
# What `tiergate up` adds: a model that fails is left, the access log has every decision, and clients are told all of it.
fallbacks: {enabled: true}
filter_state: true
headers: {response: full}
";

pub fn plan(
    options: &Options,
    folder: &Path,
    envoy: &Path,
    running: &mut Running,
    out: &mut dyn Write,
) -> Result<Plan, Ended> {
    if let Some(file) = &options.litellm {
        litellm(options, file, folder, running, out)
    } else if let Some(variable) = &options.openrouter {
        openrouter(options, variable, folder, envoy, running, out)
    } else if options.ollama {
        ollama(options, folder, out)
    } else {
        demonstration(options, folder, out)
    }
}

/// The document of this name, made where there is none yet.
fn document(
    options: &Options,
    folder: &Path,
    name: &str,
    out: &mut dyn Write,
    make: impl FnOnce() -> Result<String, String>,
) -> Result<PathBuf, String> {
    let file = folder.join(format!("{name}.yaml"));
    if file.is_file() && !options.fresh {
        let more = match (options.models.is_empty(), options.cost_map.is_none()) {
            (true, true) => "",
            (false, _) => ", and --model is not looked at",
            (true, false) => ", and --cost-map is not looked at",
        };
        writeln!(out, "{}: kept as it is{more}; --fresh makes it again", file.display()).map_err(written)?;
    } else {
        // Editors with a YAML language server complete and check by it.
        let schema = "tiergate.schema.json";
        write_file(&folder.join(schema), tiergate_core::config::reference::schema().as_bytes())?;
        let text = format!("# yaml-language-server: $schema={schema}\n{}", make()?);
        write_file(&file, text.as_bytes())?;
    }
    Ok(file)
}

fn with_more(document: String) -> String {
    document + MORE
}

fn demonstration(options: &Options, folder: &Path, out: &mut dyn Write) -> Result<Plan, Ended> {
    let port = demo::serve()?;
    let document = document(options, folder, "demo", out, || {
        let mut shipped = gateway::shipped_document().ok_or("the shipped configuration has no document")?;
        if let Some(fields) = shipped.as_object_mut() {
            fields.insert("default_cluster".to_owned(), Value::from("demo"));
            fields.insert("headers".to_owned(), serde_json::json!({"response": "full"}));
        }
        let text = yaml_serde::to_string(&shipped).map_err(|error| error.to_string())?;
        Ok(format!("# The tiers that tiergate ships, for `tiergate up --demo`.\n{text}"))
    })?;
    Ok(Plan {
        document,
        upstream: Upstream {
            host: "127.0.0.1".to_owned(),
            port,
            prefix: None,
            health: Some("/health/liveliness"),
            key: None,
        },
        what: "tiergate's demo upstream, built into this command: it answers for every model and calls none"
            .to_owned(),
        ready: None,
        client_key: None,
    })
}

/// Where a LiteLLM is.
enum Place {
    /// It runs elsewhere.
    Runs { host: String, port: u16, what: String },
    /// It is to be started.
    Start(PathBuf),
}

/// Where `--upstream` says, else here where it is installed, else where one runs already.
fn place(options: &Options, command: Option<PathBuf>) -> Result<Place, String> {
    if let Some(address) = &options.upstream {
        let (host, port) = Upstream::read(address).map_err(|error| format!("--upstream: {error}"))?;
        return Ok(Place::Runs { host, port, what: format!("the LiteLLM at {address}") });
    }
    if let Some(command) = command {
        return Ok(Place::Start(command));
    }
    if net::is_ok("http://127.0.0.1:4000/health/liveliness") {
        let what = "the LiteLLM that runs at 127.0.0.1:4000".to_owned();
        return Ok(Place::Runs { host: "127.0.0.1".to_owned(), port: 4000, what });
    }
    Err("there is no LiteLLM: pip install 'litellm[proxy]' into this environment, or say where one runs with \
         --upstream HOST:PORT"
        .to_owned())
}

fn litellm(
    options: &Options,
    file: &Path,
    folder: &Path,
    running: &mut Running,
    out: &mut dyn Write,
) -> Result<Plan, Ended> {
    let configuration = yaml::read(&text(file)?).map_err(|error| format!("{}: {error}", file.display()))?;
    let command = super::find::litellm();
    let map = options.cost_map.clone().or_else(|| command.as_deref().and_then(super::find::cost_map));
    // Before the document is made: one without the prices of LiteLLM would be kept by the start that succeeds.
    let place = place(options, command)?;
    let document = document(options, folder, "litellm", out, || {
        init::document(&init::Options::litellm(file, map, &options.models)).map(with_more)
    })?;
    let (host, port, what, ready) = match place {
        Place::Runs { host, port, what } => (host, port, what, None),
        Place::Start(command) => {
            let port = net::port("127.0.0.1", 4000, None)?;
            let log = folder.join("litellm.log");
            let arguments = ["--host", "127.0.0.1", "--port"].map(Into::into).into_iter();
            let arguments =
                arguments.chain([port.to_string().into(), "--config".into(), file.into()]).collect();
            let start =
                Start { name: "LiteLLM", program: &command, arguments, log: log.clone(), piped: false };
            running.children.push(Child::start(start)?.0);
            let what = format!("LiteLLM at 127.0.0.1:{port}, started here; its log is {}", log.display());
            let ready = format!("http://127.0.0.1:{port}/health/liveliness");
            ("127.0.0.1".to_owned(), port, what, Some(ready))
        }
    };
    let client_key = key::wanted(&configuration, file, |variable| env::var(variable).ok());
    let upstream = Upstream { host, port, prefix: None, health: Some("/health/liveliness"), key: None };
    Ok(Plan { document, upstream, what, ready, client_key })
}

fn ollama(options: &Options, folder: &Path, out: &mut dyn Write) -> Result<Plan, Ended> {
    let address =
        options.upstream.clone().unwrap_or_else(|| ollama_address(env::var("OLLAMA_HOST").ok().as_deref()));
    let (host, port) = Upstream::read(&address)?;
    let url = format!("http://{address}/api/tags");
    let asked = net::get(&url, 10);
    let list = match asked {
        Ok((200, list)) => list,
        Ok((status, _)) => return Err(format!("{url} answers {status}: is that an Ollama?").into()),
        Err(why) => {
            let remedy = "start it with `ollama serve`, or say where it runs with --upstream HOST:PORT";
            return Err(format!("no Ollama at {address} ({why}); {remedy}").into());
        }
    };
    let document = document(options, folder, "ollama", out, || {
        let file = folder.join("ollama.json");
        write_file(&file, list.as_bytes())?;
        init::document(&init::Options::ollama(&file, &options.models)).map(with_more)
    })?;
    let upstream = Upstream { host, port, prefix: None, health: Some("/api/version"), key: None };
    Ok(Plan { document, upstream, what: format!("the Ollama at {address}"), ready: None, client_key: None })
}

/// Where Ollama's own variable says that it is; it may have a scheme, and no port.
fn ollama_address(host: Option<&str>) -> String {
    let host = host.map_or("", |host| host.trim().trim_start_matches("http://").trim_end_matches('/'));
    let host = if host.is_empty() { "127.0.0.1" } else { host };
    // It is what the server listens on too, and that is no address to call.
    let host = host.replace("0.0.0.0", "127.0.0.1");
    if host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
        host
    } else {
        format!("{host}:11434")
    }
}

fn openrouter(
    options: &Options,
    variable: &str,
    folder: &Path,
    envoy: &Path,
    running: &mut Running,
    out: &mut dyn Write,
) -> Result<Plan, Ended> {
    let named = !variable.is_empty() && variable.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !named || env::var(variable).is_ok_and(|key| key.is_empty()) || env::var_os(variable).is_none() {
        let why = format!(
            "--openrouter takes the name of a variable that has your key, and {variable} has none: \
             export OPENROUTER_API_KEY=…, then tiergate up --openrouter OPENROUTER_API_KEY"
        );
        return Err(Ended::Failed(why));
    }
    let address = options.upstream.as_deref().unwrap_or("openrouter.ai:443");
    let (host, port) = Upstream::read(address)?;
    let upstream =
        Upstream { host, port, prefix: Some("/api"), health: None, key: Some(variable.to_owned()) };
    let list = folder.join("openrouter.json");
    if options.fresh || !folder.join("openrouter.yaml").is_file() {
        let text = fetched(&upstream, folder, envoy, running)?;
        write_file(&list, text.as_bytes())?;
    }
    let document = document(options, folder, "openrouter", out, || {
        init::document(&init::Options::openrouter(&list, &options.models)).map(with_more)
    })?;
    Ok(Plan {
        document,
        upstream,
        what: format!("OpenRouter at {address}, with the key in {variable}"),
        ready: None,
        client_key: None,
    })
}

/// OpenRouter's list of models, fetched through an Envoy as the gateway's requests will be.
fn fetched(upstream: &Upstream, folder: &Path, envoy: &Path, running: &mut Running) -> Result<String, Ended> {
    let port = net::port("127.0.0.1", 0, None)?;
    let file = folder.join("fetch.json");
    write_file(&file, gateway::fetcher(port, upstream).to_string().as_bytes())?;
    let arguments = ["--disable-hot-restart", "--log-level", "warning", "--concurrency", "1", "-c"];
    let arguments = arguments.map(Into::into).into_iter().chain([file.clone().into()]).collect();
    let log = folder.join("fetch.log");
    let (child, _) = Child::start(Start { name: "Envoy", program: envoy, arguments, log, piped: false })?;
    running.children.push(child);
    let url = format!("http://127.0.0.1:{port}/api/v1/models");
    let answer = running.wait("OpenRouter's list of models did not come", || net::get(&url, 20).ok());
    // What has been fetched needs it no longer.
    running.children.pop();
    let _ = fs::remove_file(file);
    match answer? {
        (200, text) => Ok(text),
        (status, text) => {
            let said: String = text.chars().take(200).collect();
            Err(format!(
                "OpenRouter's list of models: {}:{} answers {status}: {said}",
                upstream.host, upstream.port
            )
            .into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ollama_address;

    #[test]
    fn the_place_of_ollama_is_read_as_ollama_reads_it() {
        for (given, wanted) in [
            (None, "127.0.0.1:11434"),
            (Some(""), "127.0.0.1:11434"),
            (Some("0.0.0.0"), "127.0.0.1:11434"),
            (Some("0.0.0.0:8080"), "127.0.0.1:8080"),
            (Some("http://gpu:11434/"), "gpu:11434"),
        ] {
            assert_eq!(ollama_address(given), wanted);
        }
    }
}
