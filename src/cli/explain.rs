//! `tiergate explain`: one decision, with its reasons.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::{Choice, chat_body, now, read_stdin, signals, written};
use crate::chat::Dialect;
use crate::config::Config;
use crate::engine::{Decision, Live, Request, Scratch, decide, standing};
use crate::route::{Standing, Strategy};
use crate::score::Part;
use crate::tier::Tier;

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    choice: Choice,
    /// A feed of adoption signals, JSON: decide as with it
    #[arg(long, value_name = "FILE")]
    feed: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// The path that a body on standard input is sent to; guessed from its fields without it
    #[arg(long, value_name = "PATH")]
    path: Option<String>,
    /// The prompt; without it a request body is read from standard input
    prompt: Option<String>,
}

pub fn run(options: &Options, out: &mut dyn Write) -> Result<(), String> {
    let (config, standing) = match &options.feed {
        Some(feed) => {
            let config = signals::load(&options.choice)?;
            let standing = standing(&config, &signals::feed(feed)?);
            (config, Some(standing))
        }
        None => (options.choice.load()?, None),
    };
    let body = match &options.prompt {
        Some(prompt) => chat_body(options.choice.virtual_model(&config)?, prompt),
        None => read_stdin()?,
    };
    let path = match (&options.path, &options.prompt) {
        (Some(path), None) => path.clone(),
        _ => guessed_path(&config, &body, &options.choice)?,
    };
    let dialect = config.paths.dialect(path.as_bytes()).ok_or_else(|| format!("{path:?} is no LLM call"))?;
    let request = Request { dialect, path: path.as_bytes(), body: &body };
    let mut scratch = Scratch::default();
    let live = Live { standing: standing.as_ref(), now: now(), ..Live::default() };
    let decision = decide(&config, &request, live, &mut scratch);
    let parts = match decision.score {
        Some(_) => config.scorer.explain(decision.ask_tokens, &scratch.score),
        None => Vec::new(),
    };
    if options.json {
        let report = report(&config, dialect, &decision, &parts, live);
        let text = serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?;
        return writeln!(out, "{text}").map_err(written);
    }
    print(&config, &decision, &parts, live, out).map_err(written)
}

/// A path whose dialect has the field that holds this body's conversation.
fn guessed_path(config: &Config, body: &[u8], choice: &Choice) -> Result<String, String> {
    let fields: serde_json::Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
    let paths = &config.paths;
    let (suffixes, prefix) = if fields.contains_key("contents") {
        (&paths.gemini, format!("/v1beta/models/{}", choice.virtual_model(config)?))
    } else if fields.contains_key("input") {
        (&paths.responses, String::new())
    } else if fields.contains_key("prompt") {
        (&paths.completions, String::new())
    } else if fields.contains_key("system") {
        (&paths.messages, String::new())
    } else {
        (&paths.chat_completions, String::new())
    };
    let suffix = suffixes.first().ok_or("the configuration has no path for this kind of request")?;
    Ok(format!("{prefix}{suffix}"))
}

/// The candidates of each tier, preferred first.
fn candidates<'c>(config: &'c Config, decision: &Decision<'c>, live: Live<'_>) -> Vec<(Tier, Vec<&'c str>)> {
    let Some(profile) = decision.profile else { return Vec::new() };
    let unknown = Standing::default();
    let standing = live.standing.filter(|_| profile.strategy == Strategy::Momentum).unwrap_or(&unknown);
    let names = |tier| {
        let listed = config.table.candidates(profile, tier, live.now);
        standing.order(listed).into_iter().map(|m| m.name.as_str()).collect()
    };
    Tier::ALL.into_iter().map(|tier| (tier, names(tier))).collect()
}

fn report(
    config: &Config,
    dialect: Dialect,
    decision: &Decision<'_>,
    parts: &[Part<'_>],
    live: Live<'_>,
) -> Value {
    let score = decision.score;
    let candidates: serde_json::Map<String, Value> = candidates(config, decision, live)
        .into_iter()
        .map(|(tier, names)| (tier.name().to_owned(), json!(names)))
        .collect();
    json!({
        "dialect": dialect.name(),
        "cause": decision.cause.name(),
        "profile": decision.profile.map(|p| &p.name),
        "tier": decision.tier.map(Tier::name),
        "model": decision.model.map(|m| &m.name),
        "cluster": decision.cluster,
        "score": score.map(|s| s.value),
        "confidence": score.map(|s| s.confidence),
        "agentic": score.map(|s| s.agentic),
        "input_tokens": decision.usage.input,
        "output_tokens": decision.usage.output,
        "cost_usd": decision.cost,
        "savings": decision.savings,
        "dimensions": parts,
        "candidates": candidates,
    })
}

fn print(
    config: &Config,
    decision: &Decision<'_>,
    parts: &[Part<'_>],
    live: Live<'_>,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    writeln!(out, "cause       {}", decision.cause.name())?;
    if let Some(profile) = decision.profile {
        writeln!(out, "profile     {}", profile.name)?;
    }
    if let Some(tier) = decision.tier {
        writeln!(out, "tier        {}", tier.name())?;
    }
    let model = decision.model.map_or("as asked", |m| m.name.as_str());
    writeln!(out, "model       {model} (cluster {})", decision.cluster)?;
    if let Some(score) = decision.score {
        writeln!(out, "score       {:.3}", score.value)?;
        writeln!(out, "confidence  {:.2}", score.confidence)?;
    }
    if let Some(cost) = decision.cost {
        let usage = decision.usage;
        write!(
            out,
            "cost        {cost:.6} USD ({} tokens in, {} out, estimated)",
            usage.input, usage.output
        )?;
        if let (Some(savings), Some(baseline)) = (decision.savings, &config.table.baseline) {
            write!(out, ", {:.1} % less than {}", savings * 100.0, baseline.name)?;
        }
        writeln!(out)?;
    }
    if !parts.is_empty() {
        writeln!(out, "\n{:<20} {:>6} {:>7} {:>7}  concepts", "dimension", "value", "weight", "added")?;
        for part in parts {
            writeln!(
                out,
                "{:<20} {:>6.2} {:>7.3} {:>7.3}  {}",
                part.dimension,
                part.value,
                part.weight,
                part.added,
                part.concepts.join(", ")
            )?;
        }
    }
    let candidates = candidates(config, decision, live);
    if !candidates.is_empty() {
        writeln!(out, "\ncandidates")?;
        for (tier, names) in candidates {
            writeln!(out, "{:<11} {}", tier.name(), names.join(", "))?;
        }
    }
    Ok(())
}
