//! Adoption signals: where the feed is, when it is fetched, what a signal is worth.

use std::collections::BTreeMap;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::super::error::{Scope, quoted};
use super::super::raw;
use super::models::Models;
use super::{names, wire};
use crate::refresh::{Endpoint, Schedule};
use crate::signal::{SignalSettings, Weights};

/// Every wait is shortened by a random share of up to this much, so that gateways do not ask in step.
pub(super) const JITTER: f64 = 0.1;
/// A fetch that takes longer than this many times its timeout has lost its worker.
const LEASE_TIMEOUTS: u64 = 2;
/// Greatest value of a word in either direction.
const GREATEST_VALUE: f64 = 100.0;
/// Most characters of a word or a name in the feed.
const LONGEST: usize = 256;
/// Unreserved characters of RFC 3986.
const QUERY: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Compiles the section. None where there is none, or where what it needs is missing.
pub(super) fn compile(document: &raw::Document, models: &Models, root: &Scope<'_>) -> Option<SignalSettings> {
    let raw = document.signals.as_ref()?;
    let scope = root.key("signals");
    let preset = raw.preset.map(raw::SignalsPreset::address);
    if raw.path.is_none() && preset.is_none() && !scope.key("path").is_broken() {
        scope.key("path").meaning("missing; give a string, or a `preset`");
    }
    let from = From {
        cluster: raw.cluster.as_deref(),
        authority: raw.authority.as_deref().or(preset.map(|(authority, _)| authority)),
        path: raw.path.as_deref().or(preset.map(|(_, path)| path)),
        query: Some(&raw.query),
        headers: &raw.headers,
        timeout_ms: raw.timeout_ms,
        max_bytes: raw.max_bytes,
    };
    let endpoint = endpoint(&from, &scope);
    if raw.stale_seconds < raw.fresh_seconds {
        let message =
            format!("{} is below `fresh_seconds`; give at least {}", raw.stale_seconds, raw.fresh_seconds);
        scope.key("stale_seconds").meaning(message);
    }
    if raw.retry_max_seconds < raw.retry_seconds {
        let message = format!(
            "{} is below `retry_seconds`; give at least {}",
            raw.retry_max_seconds, raw.retry_seconds
        );
        scope.key("retry_max_seconds").meaning(message);
    }
    let schedule = Schedule {
        fresh: Duration::from_secs(raw.fresh_seconds),
        stale: Duration::from_secs(raw.stale_seconds),
        retry: Duration::from_secs(raw.retry_seconds),
        retry_max: Duration::from_secs(raw.retry_max_seconds),
        lease: lease(raw.timeout_ms),
        jitter: JITTER,
    };
    let aliases = aliases(raw, &scope.key("aliases"), models);
    let weights = weights(&raw.weights, &scope.key("weights"));
    Some(SignalSettings { endpoint: endpoint?, schedule, weights, aliases })
}

/// How long a worker that fetches keeps the others from it.
pub(super) const fn lease(timeout_ms: u64) -> Duration {
    Duration::from_millis(timeout_ms.saturating_mul(LEASE_TIMEOUTS))
}

/// Where something is fetched from, as sections of the document say it.
pub(super) struct From<'r> {
    pub cluster: Option<&'r str>,
    pub authority: Option<&'r str>,
    pub path: Option<&'r str>,
    /// None where the path has its own.
    pub query: Option<&'r BTreeMap<String, String>>,
    pub headers: &'r BTreeMap<String, String>,
    pub timeout_ms: u64,
    pub max_bytes: usize,
}

/// Compiles where something is fetched from.
pub(super) fn endpoint(raw: &From<'_>, scope: &Scope<'_>) -> Option<Endpoint> {
    if let Some(cluster) = raw.cluster {
        names::cluster(cluster, &scope.key("cluster"));
    }
    if let Some(authority) = raw.authority {
        let at = scope.key("authority");
        if !authority.bytes().all(|b| b.is_ascii_graphic()) {
            let right = "use printable ASCII without spaces, such as signals.example.com";
            at.meaning(format!("{} is not a valid authority; {right}", quoted(authority)));
        }
    }
    if let Some(target) = raw.path {
        let query = raw.query.is_none();
        let plain = target.bytes().all(|b| b.is_ascii_graphic() && (b != b'?' || query) && b != b'#');
        if !target.starts_with('/') || !plain {
            let right = if query {
                "begin with `/` and use printable ASCII"
            } else {
                "begin with `/`, use printable ASCII, and put query parameters under `query`"
            };
            scope.key("path").meaning(format!("{} is not a valid path; {right}", quoted(target)));
        }
    }
    let headers = scope.key("headers");
    for (name, value) in raw.headers {
        let at = headers.key(name);
        if let Err(message) = wire::fetch_header(name) {
            at.meaning(message);
        }
        if value.bytes().any(|b| b.is_ascii_control()) || value.trim() != value {
            // Not shown: it may be a secret.
            at.meaning("the value has a control character or white space around it; leave it out".to_owned());
        }
    }
    for (key, given, what) in [
        ("cluster", raw.cluster, "the name of an Envoy cluster"),
        ("path", raw.path, "a path that begins with `/`"),
    ] {
        if given.is_none() {
            scope.key(key).meaning(format!("missing; give {what}"));
        }
    }
    let cluster = raw.cluster?;
    let target = raw.path?;
    Some(Endpoint {
        cluster: cluster.to_owned(),
        authority: raw.authority.unwrap_or(cluster).to_owned(),
        path: raw.query.map_or_else(|| target.to_owned(), |query| with_query(target, query)),
        headers: raw.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        timeout: Duration::from_millis(raw.timeout_ms),
        max_bytes: raw.max_bytes,
    })
}

fn with_query(path: &str, query: &BTreeMap<String, String>) -> String {
    let encoded = |text| utf8_percent_encode(text, &QUERY).to_string();
    let pairs: Vec<String> =
        query.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

fn aliases(raw: &raw::Signals, scope: &Scope<'_>, models: &Models) -> BTreeMap<String, Vec<String>> {
    let mut aliases = BTreeMap::new();
    for (name, list) in &raw.aliases {
        let scope = scope.key(name);
        for (i, alias) in list.iter().enumerate() {
            word(alias, &scope.index(i));
        }
        if let Some(model) = models.find(name, &scope)
            && aliases.insert(model.name.clone(), list.clone()).is_some()
        {
            let model = quoted(&model.name);
            scope.meaning(format!("model {model} is listed under two names; keep one of them"));
        }
    }
    aliases
}

fn weights(raw: &raw::SignalWeights, scope: &Scope<'_>) -> Weights {
    let shipped = raw::SignalWeights::default();
    let words =
        |key, given: &BTreeMap<String, f64>, shipped: BTreeMap<String, f64>, least: f64, most: f64| {
            let scope = scope.key(key);
            for (name, &value) in given {
                let scope = scope.key(name);
                word(name, &scope);
                if !(least..=most).contains(&value) {
                    scope.meaning(format!("{value} is out of range; give a number from {least} to {most}"));
                }
            }
            let mut all = shipped;
            all.extend(given.clone());
            all
        };
    Weights {
        trend: words("trend", &raw.trend, shipped.trend, -GREATEST_VALUE, GREATEST_VALUE),
        confidence: words("confidence", &raw.confidence, shipped.confidence, 0.0, 1.0),
        score: raw.score,
        velocity: raw.velocity,
        velocity_limit: raw.velocity_limit,
    }
}

fn word(word: &str, scope: &Scope<'_>) {
    let length = word.chars().count();
    if length == 0 || length > LONGEST || word.trim() != word || word.chars().any(char::is_control) {
        let right =
            format!("use 1 to {LONGEST} characters without control characters or white space around them");
        scope.meaning(format!("{} is not a valid name in a feed; {right}", quoted(word)));
    }
}
