//! `tiergate explain`: one decision, with its reasons.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::{ConfigChoice, Judging, chat_body, now, read_stdin, replay, signals, written};
use tiergate_core::config::Config;
use tiergate_core::engine::report::{Considered, candidates, considered, report};
use tiergate_core::engine::{Decision, Request, RequestContext, Scratch, decide, ranking};
use tiergate_core::operator::{Client, Headers};
use tiergate_core::score::{Contribution, Dimension, Explanation};
use tiergate_core::tier::Tier;

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    judging: Judging,
    /// A feed of adoption signals, JSON: decide as with it
    #[arg(long, value_name = "FILE")]
    feed: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// The path that a body on standard input is sent to; guessed from its fields without it
    #[arg(long, value_name = "PATH")]
    path: Option<String>,
    /// A request header, such as `x-team: legal`: decide as with it; a header of `client_hints` is trusted by its value alone
    #[arg(long, value_name = "NAME: VALUE")]
    header: Vec<String>,
    /// Follow the access log of a running gateway and print its decisions as they come; `-` is standard input
    #[arg(long, value_name = "LOG", conflicts_with_all = ["prompt", "feed", "path", "header", "config", "profile"])]
    watch: Option<PathBuf>,
    /// With --watch: from the beginning of the log, and not from its end
    #[arg(long, requires = "watch")]
    from_start: bool,
    /// The prompt; without it a request body is read from standard input
    prompt: Option<String>,
}

pub fn run(options: &Options, out: &mut dyn Write) -> Result<(), String> {
    if let Some(log) = &options.watch {
        return replay::watch::run(log, options.json, options.from_start, out);
    }
    let choice = &options.judging.choice;
    let (config, ranking) = match &options.feed {
        Some(feed) => {
            let config = options.judging.load_with(signals::wanted)?;
            let ranking = ranking(&config, &signals::feed(feed)?);
            (config, Some(ranking))
        }
        None => (options.judging.load()?, None),
    };
    let body = match &options.prompt {
        Some(prompt) => chat_body(choice.virtual_model(&config)?, prompt),
        None => read_stdin()?,
    };
    let path = match (&options.path, &options.prompt) {
        (Some(path), None) => path.clone(),
        _ => guessed_path(&config, &body, choice)?,
    };
    let dialect = config
        .paths
        .dialect(path.as_bytes())
        .ok_or_else(|| format!("{path:?} is not the path of an LLM call"))?;
    let request = Request { dialect, path: path.as_bytes(), body: &body };
    let mut scratch = Scratch::default();
    let headers = headers(&config, &options.header)?;
    let trust = config.operator.trust.as_ref();
    let hints = trust.map(|trust| trust.hints(&headers, Vec::new)).unwrap_or_default();
    let client = Client { headers: Some(&headers), hints, spent: 0 };
    let live = RequestContext { ranking: ranking.as_ref(), now: now(), client, ..RequestContext::default() };
    let decision = decide(&config, &request, live, &mut scratch);
    let why = scratch.explain(&config, &decision);
    if options.json {
        let report = report(&config, &request, &decision, &scratch, live);
        let text = serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?;
        return writeln!(out, "{text}").map_err(written);
    }
    print(&config, &decision, why.as_ref(), live, out).map_err(written)
}

/// The headers that the configuration looks at.
fn headers(config: &Config, given: &[String]) -> Result<Headers, String> {
    let mut headers = Headers::default();
    for header in given {
        let (name, value) = header
            .split_once(':')
            .ok_or_else(|| format!("{header:?} is not a header; write it as NAME: VALUE"))?;
        headers.look(&config.operator, &name.trim().to_ascii_lowercase(), value.trim().as_bytes());
    }
    Ok(headers)
}

/// A path whose dialect has the field that holds this body's conversation.
fn guessed_path(config: &Config, body: &[u8], choice: &ConfigChoice) -> Result<String, String> {
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

fn print(
    config: &Config,
    decision: &Decision<'_>,
    why: Option<&Explanation<'_>>,
    live: RequestContext<'_>,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    writeln!(out, "cause       {}", decision.choice.cause.name())?;
    if let Some(problem) = &decision.problem {
        return writeln!(out, "answer      {} {}", problem.status(), problem.message());
    }
    if let Some(rule) = decision.rule {
        writeln!(out, "rule        {rule}")?;
    }
    if let Some(profile) = decision.choice.profile {
        writeln!(out, "profile     {}", profile.name)?;
    }
    if let Some(tier) = decision.choice.tier {
        writeln!(out, "tier        {}", tier.name())?;
    }
    let model = decision.choice.model.map_or("as asked", |m| m.name.as_str());
    writeln!(out, "model       {model} (cluster {})", decision.cluster)?;
    if let Some(withheld) = &decision.withheld {
        let tier = withheld.tier.map_or("", Tier::name);
        let model = withheld.model.map_or("as asked", |m| m.name.as_str());
        writeln!(out, "not done    {tier} {model} ({})", withheld.cause.name())?;
    }
    print_more(config, decision, out)?;
    if let Some(why) = why {
        print_why(why, out)?;
    }
    let all = considered(config, decision, live);
    let candidates = candidates(config, decision, live);
    if !candidates.is_empty() {
        writeln!(out, "\ncandidates")?;
        for (tier, names) in candidates {
            writeln!(out, "{:<11} {}", tier.name(), names.join(", "))?;
        }
        print_considered(&all, out)?;
    }
    Ok(())
}

/// What else there is to say of a choice.
fn print_more(config: &Config, decision: &Decision<'_>, out: &mut dyn Write) -> std::io::Result<()> {
    if let Some(set) = decision.choice.model.and_then(|model| model.variant.as_ref()) {
        writeln!(out, "set         {set}")?;
    }
    if !decision.fitted.notes.is_empty() {
        let edits: Vec<String> =
            decision.fitted.notes.iter().map(|note| format!("{} {}", note.name, note.done.name())).collect();
        writeln!(out, "edits       {}", edits.join(", "))?;
    }
    if !decision.chain.is_empty() {
        let names: Vec<&str> = decision.chain.iter().map(|m| m.name.as_str()).collect();
        writeln!(out, "then        {}", names.join(", "))?;
    }
    if let Some(score) = decision.score {
        writeln!(out, "score       {:.3}", score.value)?;
        writeln!(out, "confidence  {:.2}", score.confidence)?;
    }
    if let Some(classifier) = &config.classifier {
        let would = if decision.unsure { "would be asked for" } else { "would not be asked for" };
        writeln!(out, "opinion     {would} (band {:.2})", classifier.settings.band)?;
    }
    if let Some(cost) = decision.choice.cost {
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
    Ok(())
}

fn print_considered(all: &[Considered<'_>], out: &mut dyn Write) -> std::io::Result<()> {
    let number = |number: Option<f64>, digits: usize| match number {
        Some(number) => format!("{number:.digits$}"),
        None => "-".to_owned(),
    };
    writeln!(out, "\n{:<40} {:>10} {:>10} {:>12}  why", "model", "capability", "likelihood", "USD")?;
    for one in all {
        let (capability, likelihood) = (number(one.capability, 1), number(one.likelihood, 3));
        let cost = number(one.cost_usd, 6);
        writeln!(out, "{:<40} {capability:>10} {likelihood:>10} {cost:>12}  {}", one.model, one.why)?;
    }
    Ok(())
}

/// How many features are printed.
const TOLD: usize = 12;

fn print_why(why: &Explanation<'_>, out: &mut dyn Write) -> std::io::Result<()> {
    match why {
        Explanation::Rules(parts) if !parts.is_empty() => {
            writeln!(out, "\n{:<20} {:>6} {:>7} {:>7}  concepts", "dimension", "value", "weight", "added")?;
            for part in parts {
                let concepts = part.concepts.join(", ");
                let name = part.dimension;
                let (value, weight, added) = (part.value, part.weight, part.added);
                writeln!(out, "{name:<20} {value:>6.2} {weight:>7.3} {added:>7.3}  {concepts}")?;
            }
        }
        Explanation::Calibrated(reasons) if !reasons.is_empty() => {
            writeln!(
                out,
                "\n{:<20} {:>14} {:>20}  in words",
                "feature", "added to tier", "added to difficulty"
            )?;
            for reason in reasons.iter().take(TOLD) {
                let Contribution { feature, tier, difficulty } = reason;
                writeln!(out, "{feature:<20} {tier:>14.3} {difficulty:>20.3}  {}", in_words(feature))?;
            }
        }
        Explanation::Rules(_) | Explanation::Calibrated(_) => {}
    }
    Ok(())
}

/// What a person calls a feature: of the shape what it counts, else what the text speaks of.
fn in_words(feature: &str) -> String {
    let mut rows = include_str!("features.tsv").lines().filter_map(|row| row.split_once('\t'));
    if let Some((_, words)) = rows.find(|(name, _)| *name == feature) {
        return words.to_owned();
    }
    if let Some(dimension) = Dimension::ALL.into_iter().find(|dimension| dimension.name() == feature) {
        return format!("hits of {} together", dimension.name());
    }
    format!("it speaks of: {}", feature.replace('_', " "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tiergate_core::chat::Dialect;
    use tiergate_core::config;

    #[test]
    fn every_feature_of_the_shape_has_words() {
        let config = config::parse(b"").unwrap();
        let mut scratch = Scratch::default();
        let body = br#"{"model":"smart/auto","messages":[{"role":"user","content":"zzz"}]}"#;
        let request = Request { dialect: Dialect::ChatCompletions, path: b"/v1/chat/completions", body };
        let decision = decide(&config, &request, RequestContext::default(), &mut scratch);
        let mut shapes = Vec::new();
        scratch.features(&config, &decision, |name, _| {
            let dimension = Dimension::ALL.into_iter().any(|dimension| dimension.name() == name);
            if !dimension && !name.starts_with("length_over") {
                shapes.push(name.to_owned());
            }
        });
        assert!(shapes.len() > 50);
        for name in shapes {
            assert!(!in_words(&name).starts_with("it speaks of"), "{name}");
        }
    }
}
