//! `tiergate init`: a configuration for the models that a gateway already serves.
//!
//! Reads what other tools have (LiteLLM's configuration, or a server's list of models) from files, writes one document,
//! and never goes to the network. What is left out is always named.

mod costs;
mod document;
mod envoy;
mod family;
mod lists;
mod litellm;
mod offer;
mod tiers;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use super::{now, read_stdin, written, yaml};
use costs::{Costs, WHERE};
use document::Parts;
use envoy::Upstream;
use lists::Server;
use offer::{Found, Offer};
use tiergate_core::config;
use tiergate_core::discover::read::Mistakes;
use tiergate_core::discover::tiers::Bounds;

#[derive(Args)]
#[command(group(clap::ArgGroup::new("source").required(true).multiple(false)))]
pub struct Options {
    /// A LiteLLM configuration (YAML); `-` is standard input, here and below
    #[arg(long, group = "source", value_name = "FILE")]
    litellm: Option<PathBuf>,
    /// The JSON of OpenRouter's models endpoint, /api/v1/models
    #[arg(long, group = "source", value_name = "FILE")]
    openrouter: Option<PathBuf>,
    /// The JSON of Ollama's /api/tags
    #[arg(long, group = "source", value_name = "FILE")]
    ollama: Option<PathBuf>,
    /// The JSON of any server's list of models: /v1/models, LiteLLM's /model/info, LM Studio's /api/v1/models
    #[arg(long = "models", group = "source", value_name = "FILE")]
    list: Option<PathBuf>,
    /// LiteLLM's cost map: model_prices_and_context_window_backup.json of the installed litellm package; without it
    /// only the models of tiergate's catalogue have prices
    #[arg(long, value_name = "FILE", conflicts_with_all = ["openrouter", "ollama"])]
    cost_map: Option<PathBuf>,
    /// Put only this model into the tiers; may be given several times, and may be a name that a wildcard of the LiteLLM
    /// configuration serves
    #[arg(long = "model", value_name = "NAME")]
    models: Vec<String>,
    /// Where no prices are known: the largest model of SIMPLE and the largest of MEDIUM, in billions of
    /// parameters
    #[arg(long, value_name = "SMALL,MEDIUM", default_value = "8,27", value_parser = bounds)]
    sizes: Bounds,
    /// Name of the Envoy cluster [default: litellm, openrouter, ollama or llm]
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// Where the upstream listens; TLS where the port is 443 [default: 127.0.0.1:4000, openrouter.ai:443,
    /// 127.0.0.1:11434 or 127.0.0.1:8000]
    #[arg(long, value_name = "HOST:PORT")]
    upstream: Option<String>,
    /// Also write filter, route and cluster to this file, to put into Envoy's configuration
    #[arg(long, value_name = "FILE")]
    envoy: Option<PathBuf>,
}

/// A kind of source and its usual place.
struct Source<'o> {
    file: &'o Path,
    what: &'static str,
    cluster: &'static str,
    upstream: &'static str,
    prefix: Option<&'static str>,
    /// Whose list of models it is, where it is one.
    server: Option<Server>,
}

/// Two sizes, the smaller one first.
fn bounds(text: &str) -> Result<Bounds, String> {
    let numbers: Result<Vec<f64>, _> = text.split(',').map(|part| part.trim().parse::<f64>()).collect();
    match numbers.as_deref() {
        Ok([small, medium]) if *small > 0.0 && small < medium && medium.is_finite() => {
            Ok(Bounds([*small, *medium]))
        }
        _ => Err("give two numbers above 0, the smaller one first, such as 8,27".to_owned()),
    }
}

impl Options {
    /// As if nothing but these models had been asked for.
    fn of(models: &[String]) -> Self {
        Self {
            litellm: None,
            openrouter: None,
            ollama: None,
            list: None,
            cost_map: None,
            models: models.to_vec(),
            sizes: Bounds([8.0, 27.0]),
            cluster: None,
            upstream: None,
            envoy: None,
        }
    }

    /// For LiteLLM's configuration.
    pub fn litellm(file: &Path, cost_map: Option<PathBuf>, models: &[String]) -> Self {
        Self { litellm: Some(file.to_owned()), cost_map, ..Self::of(models) }
    }

    /// For OpenRouter's list of models.
    pub fn openrouter(file: &Path, models: &[String]) -> Self {
        Self { openrouter: Some(file.to_owned()), ..Self::of(models) }
    }

    /// For Ollama's list of models.
    pub fn ollama(file: &Path, models: &[String]) -> Self {
        Self { ollama: Some(file.to_owned()), ..Self::of(models) }
    }

    fn source(&self) -> Result<Source<'_>, String> {
        let (litellm, openrouter) = ("LiteLLM's configuration", "OpenRouter's list of models");
        let (ollama, any) = ("Ollama's list of models", "a list of models");
        let (file, what, cluster, upstream, prefix, server) =
            match (&self.litellm, &self.openrouter, &self.ollama, &self.list) {
                (Some(file), ..) => (file, litellm, "litellm", "127.0.0.1:4000", None, None),
                (_, Some(file), ..) => {
                    let server = Some(Server::OpenRouter);
                    (file, openrouter, "openrouter", "openrouter.ai:443", Some("/api"), server)
                }
                (.., Some(file), _) => {
                    (file, ollama, "ollama", "127.0.0.1:11434", None, Some(Server::Ollama))
                }
                (.., Some(file)) => (file, any, "llm", "127.0.0.1:8000", None, Some(Server::Any)),
                _ => return Err("give --litellm, --openrouter, --ollama or --models".to_owned()),
            };
        Ok(Source { file, what, cluster, upstream, prefix, server })
    }
}

pub fn run(options: &Options, out: &mut dyn Write) -> Result<(), String> {
    let source = options.source()?;
    let name = options.cluster.as_deref().unwrap_or(source.cluster);
    let upstream = Upstream::read(options.upstream.as_deref().unwrap_or(source.upstream), source.prefix)?;
    let document = document(options)?;
    if let Some(file) = &options.envoy {
        let whole = envoy::whole(&document, name, &upstream);
        fs::write(file, whole).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    write!(out, "{document}{}", envoy::commented(name, &upstream)).map_err(written)
}

/// The document alone. What is left out is reported on standard error.
pub fn document(options: &Options) -> Result<String, String> {
    let source = options.source()?;
    let mut found = found(options, &source)?;
    keep(&mut found, &options.models)?;
    retire(&mut found, &options.models, &today());
    found.rank(&options.models);
    let (tiers, over) = tiers::propose(&found.offers, found.measure, options.sizes);
    tell(&found, &over).map_err(written)?;
    if tiers.simple.is_empty() {
        return Err(nothing(&found));
    }
    let cluster = options.cluster.as_deref().unwrap_or(source.cluster);
    let parts = Parts { source: source.what, cluster, found: &found, tiers: &tiers, over: &over };
    let document = document::document(&parts);
    checked(&document)?;
    Ok(document)
}

/// What the source offers.
fn found(options: &Options, source: &Source<'_>) -> Result<Found, String> {
    let mut mistakes = Mistakes::default();
    let text = text(source.file)?;
    let heading = shown(source.file);
    let costs = costs(options, source)?;
    let found = match source.server {
        None => {
            let mut notes = Vec::new();
            let config = litellm::files::read(&text, source.file, &mut notes)?;
            let mut found = if config.get("model_list").is_none() && config.get("data").is_some() {
                // What the running proxy says of its models: /model/info.
                lists::read(&config, Server::Any, &costs, &options.models, &mut mistakes)
            } else {
                litellm::read(&config, &costs, &options.models, &mut mistakes)
            };
            found.notes.append(&mut notes);
            let priceless = |offer: &Offer| offer.barred.is_none() && offer.facts.blended().is_none();
            if options.cost_map.is_none() && found.offers.iter().any(priceless) {
                found
                    .notes
                    .push(format!("prices are those of tiergate's catalogue; for more models, {WHERE}"));
            }
            found
        }
        Some(server) => {
            let list: Value = serde_json::from_str(&text).map_err(|error| format!("{heading}: {error}"))?;
            lists::read(&list, server, &costs, &options.models, &mut mistakes)
        }
    };
    mistakes.into_result(&heading)?;
    Ok(found)
}

/// Where prices come from that the source does not give.
fn costs(options: &Options, source: &Source<'_>) -> Result<Costs, String> {
    let Some(file) = &options.cost_map else { return Costs::shipped() };
    if *file == *source.file {
        return Err("--cost-map: is the source itself; give LiteLLM's cost map".to_owned());
    }
    let at_file = |error: &dyn std::fmt::Display| format!("{}: {error}", shown(file));
    let map = text(file).map_err(|error| format!("{error}; {WHERE}"))?;
    let map: Value = serde_json::from_str(&map).map_err(|error| at_file(&error))?;
    Costs::read(&map).map_err(|error| at_file(&error))
}

fn shown(file: &Path) -> String {
    if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() }
}

fn text(file: &Path) -> Result<String, String> {
    let bytes = if file == Path::new("-") { read_stdin() } else { fs::read(file).map_err(|e| e.to_string()) };
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned()));
    text.map_err(|error| format!("{}: {error}", shown(file)))
}

/// Takes all but the wanted models out of the tiers.
fn keep(found: &mut Found, wanted: &[String]) -> Result<(), String> {
    let mut mistakes = Mistakes::default();
    for name in wanted {
        if found.offers.iter().any(|offer| offer.name == *name) {
            continue;
        }
        match found.left_out.iter().find(|(left, _)| left == name) {
            Some((_, why)) => mistakes.add("--model", &format!("{name} cannot be in a tier: {why}")),
            None => mistakes.add("--model", &format!("{name} is not in the list")),
        }
    }
    mistakes.into_result("tiergate init")?;
    if !wanted.is_empty() {
        for offer in found.offers.iter_mut().filter(|offer| !wanted.contains(&offer.name)) {
            offer.barred = Some("not named with --model".to_owned());
        }
    }
    Ok(())
}

/// Takes models out of the tiers that their providers have ended, unless they were named.
fn retire(found: &mut Found, wanted: &[String], today: &str) {
    for offer in
        found.offers.iter_mut().filter(|offer| offer.barred.is_none() && !wanted.contains(&offer.name))
    {
        if let Some(ends) = offer.facts.ends.as_deref().filter(|ends| *ends < today) {
            offer.barred = Some(format!(
                "its provider ended it on {ends}, according to the list; include it with --model"
            ));
        }
    }
}

/// The day in UTC, as such lists write it.
fn today() -> String {
    let seconds = i64::try_from(now().seconds()).unwrap_or(0);
    let day = time::OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    format!("{:04}-{:02}-{:02}", day.year(), u8::from(day.month()), day.day())
}

/// Tells on standard error what has no tier and why, so that it is seen where the document goes to a file.
fn tell(found: &Found, over: &[(String, String)]) -> io::Result<()> {
    let mut err = io::stderr().lock();
    let unranked: Vec<(String, String)> = document::unranked(found).collect();
    for (what, all) in [("left out", &found.left_out[..]), ("in no tier", &unranked), ("in no tier", over)] {
        for (why, names) in document::by_reason(all) {
            let more = names.len().saturating_sub(8);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let names: Vec<&str> = names.into_iter().take(8).collect();
            writeln!(err, "{what}: {}{more}: {why}", names.join(", "))?;
        }
    }
    found.notes.iter().try_for_each(|note| writeln!(err, "note: {note}"))
}

/// Why there is no document.
fn nothing(found: &Found) -> String {
    let mut why = "no model is left for the tiers".to_owned();
    if found.offers.is_empty() {
        why += ": the list has none that answers chats with text";
        if found.left_out.iter().any(|(name, _)| name.contains('*')) {
            why += "; name those that its wildcards serve with --model NAME";
        }
    } else {
        why += ": the reason against each is above; those that you name with --model, the weakest first, are used \
                anyway";
    }
    why
}

/// The filter's own check of the document: a name that it refuses is reported here and not by Envoy.
fn checked(document: &str) -> Result<(), String> {
    let value = yaml::read(document)?;
    config::parse(value.to_string().as_bytes())
        .map(|_| ())
        .map_err(|errors| format!("the document that these models give is refused:\n{errors}"))
}
