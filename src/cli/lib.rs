//! The `tiergate` command: check a configuration, explain a decision, score files of prompts, measure the
//! scorers, try and make feeds.

mod bundle;
mod diff;
mod doctor;
mod eval;
mod explain;
mod init;
mod models;
mod progress;
mod push;
mod replay;
mod score;
mod shell;
mod signals;
mod up;
mod yaml;

use std::collections::BTreeSet;
use std::fmt::Display;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, Parser, Subcommand, ValueEnum};
use serde_json::{Map, Value, json};

use tiergate_core::config::{self, Config};
use tiergate_core::route::Profile;
use tiergate_core::time::Timestamp;

#[derive(Parser)]
#[command(
    name = "tiergate",
    version,
    about = "An LLM router in Envoy: runs it, checks its configuration, and judges prompts as its filter does"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check a configuration: prints every error, exit 1 if there is one
    Check {
        /// A document as the filter gets it: JSON, or YAML where the name ends in .yaml or .yml
        file: PathBuf,
    },
    /// Write a configuration for the models that LiteLLM, OpenRouter or Ollama already serve
    Init(init::Options),
    /// Explain the decision for a prompt, or for a request body on standard input
    Explain(explain::Options),
    /// Check a document and put it into the files that a running Envoy takes the filter from
    Push(push::Options),
    /// Print the models of each tier
    Models(ConfigChoice),
    /// Judge prompts: JSONL in, JSONL out, one line each, in the same order
    Score(score::Options),
    /// Print what the calibrated scorer knows of prompts: JSONL in, JSONL out, as `score` reads and answers
    Features(score::Options),
    /// Measure how good the scorers' judgement is: JSONL with results of models, labels or translations
    Eval(eval::Options),
    /// Put a configuration together out of a directory with a file for each model
    Bundle(bundle::Options),
    /// Compare two configurations: which prompts change tier or model, and what both cost
    Diff(diff::Options),
    /// Read access logs: requests, spend, savings and latency by tier, model, cause and hour
    Replay(replay::Options),
    /// Try a feed of adoption signals, or make one
    #[command(subcommand)]
    Signals(signals::Command),
    /// Start a gateway for the models that are there: document, Envoy and, where it is asked for, LiteLLM
    Up(up::Options),
    /// Report what a gateway lacks: programs, ports, an upstream, and faults of Envoy's configuration
    Doctor(doctor::Options),
    /// Write the filter's module that is in this command to a file, or to standard output
    Module {
        /// Where to; `-` is standard output
        #[arg(value_name = "FILE", default_value = "-")]
        file: PathBuf,
    },
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, for `man -l`; with a folder, write it and a page for each subcommand
    Manual {
        /// Where the pages go
        folder: Option<PathBuf>,
    },
    /// Become another program that ends with this command's parent
    #[command(name = up::BECOME, hide = true)]
    Become {
        parent: u32,
        #[arg(last = true)]
        command: Vec<std::ffi::OsString>,
    },
    /// Print the JSON Schema of the configuration
    Schema,
    /// Print the reference of the configuration
    Reference,
}

/// Which configuration and profile to work with.
#[derive(Args, Clone)]
struct ConfigChoice {
    /// A configuration, JSON or YAML (.yaml, .yml); the shipped defaults without it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The profile to ask for
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

/// Which configuration, and which scorer where it is not the configuration's.
#[derive(Args)]
struct Judging {
    #[command(flatten)]
    choice: ConfigChoice,
    /// The scorer, whatever the configuration says
    #[arg(long, value_enum)]
    scorer: Option<Scorer>,
    /// Weights for the calibrated scorer, a file that research/train.py wrote, whatever the configuration says
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Scorer {
    /// Rules over keywords
    Rules,
    /// Learnt weights over features
    Calibrated,
}

impl Judging {
    const fn of(choice: ConfigChoice, scorer: Scorer, weights: Option<PathBuf>) -> Self {
        Self { choice, scorer: Some(scorer), weights }
    }

    /// The configuration, with the scorer and the weights that were chosen, and `more` changes.
    fn load_with(&self, more: impl FnOnce(&mut Map<String, Value>)) -> Result<Config, String> {
        let weights = match &self.weights {
            Some(file) => {
                Some(fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?)
            }
            None => None,
        };
        self.choice.load_with(|fields| {
            if let Some(scorer) = self.scorer {
                let name = if scorer == Scorer::Rules { "rules" } else { "calibrated" };
                fields.insert("scorer".to_owned(), Value::from(name));
            }
            if let Some(weights) = weights
                && let Value::Object(section) = fields.entry("calibrated").or_insert_with(|| json!({}))
            {
                section.insert("weights".to_owned(), Value::from(weights));
            }
            more(fields);
        })
    }

    fn load(&self) -> Result<Config, String> {
        self.load_with(|_| {})
    }
}

impl ConfigChoice {
    fn load(&self) -> Result<Config, String> {
        self.load_with(|_| {})
    }

    /// The configuration after a change of its document. A document that is no object is refused as it is.
    fn load_with(&self, change: impl FnOnce(&mut Map<String, Value>)) -> Result<Config, String> {
        let Some(file) = &self.config else {
            let mut fields = Map::new();
            change(&mut fields);
            let document = Value::Object(fields).to_string();
            return config::parse(document.as_bytes()).map_err(|errors| errors.to_string());
        };
        let at_file = |error: &dyn Display| format!("{}: {error}", file.display());
        let mut document = fs::read(file).map_err(|error| at_file(&error))?;
        if file.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
            let text = String::from_utf8(document).map_err(|error| at_file(&error))?;
            document = yaml::read(&text).map_err(|error| at_file(&error))?.to_string().into_bytes();
        }
        if let Ok(Value::Object(mut fields)) = serde_json::from_slice(&document) {
            let before = fields.clone();
            change(&mut fields);
            if fields != before {
                document = Value::Object(fields).to_string().into_bytes();
            }
        }
        config::parse(&document).map_err(|errors| format!("{}:\n{errors}", file.display()))
    }

    /// A virtual model that asks for the profile (`auto` where none is chosen and there is one of that name).
    fn virtual_model<'c>(&self, config: &'c Config) -> Result<&'c str, String> {
        Ok(self.asked(config)?.0)
    }

    /// The profile that is chosen; none where none is. One that only `smart/NAME` asks for has the name of what serves it.
    fn profile_name<'c>(&self, config: &'c Config) -> Result<Option<&'c str>, String> {
        if self.profile.is_none() { Ok(None) } else { Ok(Some(&self.asked(config)?.1.name)) }
    }

    fn asked<'c>(&self, config: &'c Config) -> Result<(&'c str, &'c Profile), String> {
        let wanted = self.profile.as_deref().unwrap_or("auto");
        let all = &config.table.virtual_models;
        let found = all.iter().find(|(_, profile)| profile.name == wanted);
        let found = found.or_else(|| all.get_key_value(&format!("smart/{wanted}")));
        let found = found.or_else(|| all.iter().next().filter(|_| self.profile.is_none()));
        found.map(|(name, profile)| (name.as_str(), &**profile)).ok_or_else(|| {
            let named = all.keys().filter_map(|name| name.strip_prefix("smart/"));
            let known: BTreeSet<&str> =
                config.table.profiles.keys().map(String::as_str).chain(named).collect();
            let known: Vec<&str> = known.into_iter().collect();
            format!("no profile {wanted:?}; there are: {}", known.join(", "))
        })
    }
}

/// Runs the command with the process's arguments and streams. `module` is the filter's module, where the binary has it.
pub fn main(module: Option<&[u8]>) -> ExitCode {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let done =
        run(Cli::parse().command, module, &mut out).and_then(|()| out.flush().map_err(|e| e.to_string()));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let _ = writeln!(io::stderr(), "{message}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command, module: Option<&[u8]>, out: &mut dyn Write) -> Result<(), String> {
    match command {
        Command::Check { file } => {
            let config = ConfigChoice { config: Some(file.clone()), profile: None }.load()?;
            let (models, profiles) = (config.table.models.len(), config.table.profiles.len());
            writeln!(out, "{}: ok ({models} model names, {profiles} profiles)", file.display())
                .map_err(written)?;
            config.notes.iter().try_for_each(|note| writeln!(out, "note: {note}").map_err(written))
        }
        Command::Init(options) => init::run(&options, out),
        Command::Explain(options) => explain::run(&options, out),
        Command::Push(options) => push::run(&options, out),
        Command::Models(choice) => models::run(&choice, out),
        Command::Score(options) => score::run(&options, out),
        Command::Features(options) => score::features(&options, out),
        Command::Eval(options) => eval::run(&options, out),
        Command::Bundle(options) => bundle::run(&options, out),
        Command::Diff(options) => diff::run(&options, out),
        Command::Replay(options) => replay::run(&options, out),
        Command::Signals(command) => signals::run(&command, out),
        Command::Up(options) => up::run(&options, module, out),
        Command::Doctor(options) => doctor::run(&options, module, out),
        Command::Module { file } => shell::module(&file, module, out),
        Command::Completions { shell } => shell::completions(shell, out),
        Command::Manual { folder } => shell::manual(folder.as_deref(), out),
        Command::Become { parent, command } => up::become_program(parent, &command),
        Command::Schema => writeln!(out, "{}", config::reference::schema().trim_end()).map_err(written),
        Command::Reference => writeln!(out, "{}", config::reference::reference().trim_end()).map_err(written),
    }
}

fn written(error: io::Error) -> String {
    format!("cannot write: {error}")
}

/// Writes a file whole or not at all: whoever reads it meanwhile has the old one or the new one.
fn write_whole(file: &Path, text: &str) -> io::Result<()> {
    let name = file.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}.tmp", std::process::id()));
    let temporary = file.with_file_name(temporary);
    let write = || {
        let mut open = File::create(&temporary)?;
        open.write_all(text.as_bytes())?;
        open.sync_all()?;
        fs::rename(&temporary, file)
    };
    write().inspect_err(|_| {
        let _ = fs::remove_file(&temporary);
    })
}

fn read_stdin() -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes).map_err(|error| format!("cannot read: {error}"))?;
    Ok(bytes)
}

/// What time it is.
fn now() -> Timestamp {
    #[expect(
        clippy::disallowed_methods,
        reason = "the command is a front door: it reads the clock for the core"
    )]
    let now = SystemTime::now();
    now.duration_since(UNIX_EPOCH).map_or(Timestamp::NEVER, |since| Timestamp::of_seconds(since.as_secs()))
}

/// A chat request for `prompt`.
fn chat_body(model: &str, prompt: &str) -> Vec<u8> {
    let mut message = Map::new();
    message.insert("role".to_owned(), Value::from("user"));
    message.insert("content".to_owned(), Value::from(prompt));
    let mut body = Map::new();
    body.insert("model".to_owned(), Value::from(model));
    body.insert("messages".to_owned(), Value::from(vec![Value::Object(message)]));
    Value::Object(body).to_string().into_bytes()
}
