//! `tiergate score`: prompts in bulk.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;

use clap::Args;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::progress::Progress;
use super::{Judging, now, written};
use tiergate_core::chat::Dialect;
use tiergate_core::config::Config;
use tiergate_core::engine::{Decision, Request, RequestContext, Scratch, decide};
use tiergate_core::score::{Contribution, Explanation, FEATURE_ONE};
use tiergate_core::tier::Tier;
use tiergate_core::time::Timestamp;

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    judging: Judging,
    /// Print the features that added most, and how much; for the calibrated scorer
    #[arg(long)]
    reasons: bool,
    /// JSONL files; standard input without one
    files: Vec<PathBuf>,
}

/// How many features `--reasons` prints.
const TOLD: usize = 8;

/// One line: `prompt` (with `system` and `history`) or `messages` (with `tools`).
#[derive(Deserialize)]
struct Line<'l> {
    id: Value,
    #[serde(borrow)]
    prompt: Option<&'l RawValue>,
    system: Option<String>,
    history: Option<Vec<Turn>>,
    #[serde(borrow)]
    messages: Option<&'l RawValue>,
    #[serde(borrow)]
    tools: Option<&'l RawValue>,
}

#[derive(Deserialize, Serialize)]
struct Turn {
    role: String,
    content: Value,
}

#[derive(Serialize)]
struct ScoredLine<'v> {
    id: &'v Value,
    input_tokens: u64,
    tier: Option<&'static str>,
    score: Option<f64>,
    confidence: Option<f64>,
    cause: &'static str,
    model: Option<&'v str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<Contribution<'v>>,
}

#[derive(Serialize)]
struct Failure {
    id: Value,
    error: String,
}

/// What a feature is worth in the output: 1 is [`FEATURE_ONE`] in the scorer.
#[derive(Serialize)]
struct Known<'k> {
    id: &'k Value,
    features: BTreeMap<String, f64>,
}

pub fn run(options: &Options, out: &mut dyn Write) -> Result<(), String> {
    bulk(options, false, out)
}

pub fn features(options: &Options, out: &mut dyn Write) -> Result<(), String> {
    bulk(options, true, out)
}

fn bulk(options: &Options, features: bool, out: &mut dyn Write) -> Result<(), String> {
    let config = options.judging.load()?;
    let model = options.judging.choice.virtual_model(&config)?;
    let judge = Judge::new(&config, model.to_owned());
    let mut teller = Teller { judge, features, reasons: options.reasons };
    if options.files.is_empty() {
        return teller.all(io::stdin().lock(), out);
    }
    let progress = Progress::beside_output(&options.files);
    for file in &options.files {
        let input = progress.open(file).map_err(|error| format!("{}: {error}", file.display()))?;
        teller.all(BufReader::new(input), out)?;
    }
    Ok(())
}

/// Judges lines as one configuration has it.
pub struct Judge<'c> {
    config: &'c Config,
    model: String,
    now: Timestamp,
    body: Vec<u8>,
    scratch: Scratch,
}

/// Writes an answer to each line.
struct Teller<'c> {
    judge: Judge<'c>,
    features: bool,
    reasons: bool,
}

impl Teller<'_> {
    fn all(&mut self, mut input: impl BufRead, out: &mut dyn Write) -> Result<(), String> {
        let mut line = Vec::new();
        let mut number = 0usize;
        loop {
            line.clear();
            if input.read_until(b'\n', &mut line).map_err(|error| format!("cannot read: {error}"))? == 0 {
                return Ok(());
            }
            number += 1;
            if line.trim_ascii().is_empty() {
                continue;
            }
            if let Err(error) = self.one(&line, out)? {
                let id = id_of(&line).unwrap_or(Value::Null);
                let failure = Failure { id, error: format!("line {number}: {error}") };
                emit(&failure, out)?;
            }
        }
    }

    /// The outer error ends the run, the inner one is this line's.
    fn one(&mut self, line: &[u8], out: &mut dyn Write) -> Result<Result<(), String>, String> {
        let line: Line<'_> = match serde_json::from_slice(line) {
            Ok(line) => line,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let decision = match self.judge.line(&line) {
            Ok(decision) => decision,
            Err(error) => return Ok(Err(error)),
        };
        let Judge { config, scratch, .. } = &mut self.judge;
        if self.features {
            let mut features = BTreeMap::new();
            scratch.features(config, &decision, |name, value| {
                features.insert(name.to_owned(), f64::from(value) / f64::from(FEATURE_ONE));
            });
            return emit(&Known { id: &line.id, features }, out).map(Ok);
        }
        let mut reasons = Vec::new();
        if self.reasons
            && let Some(Explanation::Calibrated(all)) = scratch.explain(config, &decision)
        {
            reasons = all;
            reasons.truncate(TOLD);
        }
        let verdict = ScoredLine {
            id: &line.id,
            input_tokens: decision.usage.input,
            tier: decision.choice.tier.map(Tier::name),
            score: decision.score.map(|s| s.value),
            confidence: decision.score.map(|s| s.confidence),
            cause: decision.choice.cause.name(),
            model: decision.choice.model.map(|m| m.name.as_str()),
            reasons,
        };
        emit(&verdict, out).map(Ok)
    }
}

impl<'c> Judge<'c> {
    /// A judge who asks for `model`.
    pub fn new(config: &'c Config, model: String) -> Self {
        Self { config, model, now: now(), body: Vec::new(), scratch: Scratch::default() }
    }

    /// Judges one line of JSON.
    pub fn json(&mut self, line: &[u8]) -> Result<Decision<'c>, String> {
        let line: Line<'_> = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        self.line(&line)
    }

    fn line(&mut self, line: &Line<'_>) -> Result<Decision<'c>, String> {
        self.write_body(line)?;
        let request =
            Request { dialect: Dialect::ChatCompletions, path: b"/v1/chat/completions", body: &self.body };
        let live = RequestContext { now: self.now, ..RequestContext::default() };
        Ok(decide(self.config, &request, live, &mut self.scratch))
    }

    /// The chat request that the line stands for. Text is passed on as it is spelled.
    fn write_body(&mut self, line: &Line<'_>) -> Result<(), String> {
        let body = &mut self.body;
        body.clear();
        body.extend_from_slice(b"{\"model\":");
        body.extend_from_slice(&json(&self.model)?);
        if let Some(tools) = line.tools {
            body.extend_from_slice(b",\"tools\":");
            body.extend_from_slice(tools.get().as_bytes());
        }
        body.extend_from_slice(b",\"messages\":");
        match (line.messages, line.prompt) {
            (Some(messages), None) => body.extend_from_slice(messages.get().as_bytes()),
            (None, Some(prompt)) => {
                if !prompt.get().starts_with('"') {
                    return Err("`prompt` must be a string".to_owned());
                }
                body.push(b'[');
                if let Some(system) = &line.system {
                    let turn = Turn { role: "system".to_owned(), content: Value::from(system.as_str()) };
                    body.extend_from_slice(&json(&turn)?);
                    body.push(b',');
                }
                for turn in line.history.iter().flatten() {
                    body.extend_from_slice(&json(turn)?);
                    body.push(b',');
                }
                body.extend_from_slice(b"{\"role\":\"user\",\"content\":");
                body.extend_from_slice(prompt.get().as_bytes());
                body.extend_from_slice(b"}]");
            }
            (Some(_), Some(_)) => return Err("`prompt` and `messages` exclude each other".to_owned()),
            (None, None) => return Err("`prompt` or `messages` is missing".to_owned()),
        }
        body.push(b'}');
        Ok(())
    }
}

/// The `id` of a line that may be broken behind it.
fn id_of(line: &[u8]) -> Option<Value> {
    struct Id<'i>(&'i mut Option<Value>);

    impl<'de> Visitor<'de> for Id<'_> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            while let Some(key) = map.next_key::<String>()? {
                if key == "id" {
                    *self.0 = Some(map.next_value()?);
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            Ok(())
        }
    }

    let mut id = None;
    // What is wrong with the line has been reported already.
    let _ = serde_json::Deserializer::from_slice(line).deserialize_map(Id(&mut id));
    id
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, String> {
    serde_json::to_vec(value).map_err(|error| error.to_string())
}

fn emit(value: &impl Serialize, out: &mut dyn Write) -> Result<(), String> {
    serde_json::to_writer(&mut *out, value).map_err(|error| format!("cannot write: {error}"))?;
    out.write_all(b"\n").map_err(written)
}
