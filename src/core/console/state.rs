//! What runs: the models and how they are doing, and the configurations.

use serde_json::{Map, Value, json};

use crate::config::Config;
use crate::live::{ModelState, Phase};
use crate::route::{Model, Profile, Strategy};
use crate::tier::Tier;
use crate::time::{Millis, Seconds, Timestamp};

/// What is known of a model.
#[derive(Clone, Copy, Debug, Default)]
pub struct Numbers {
    /// How it is doing, and how long it is left alone; none where nothing is learnt from answers.
    pub live: Option<(ModelState, Phase, Millis)>,
    /// Tokens of requests since the process began.
    pub input_tokens: u64,
    /// Tokens of answers.
    pub output_tokens: u64,
    /// What they cost, in USD.
    pub spend_usd: f64,
    /// What adoption signals say of it.
    pub signal: Option<f64>,
}

/// All models of a configuration, each with what is known of it. `age`: of the feed of signals.
#[cold]
pub fn models(
    config: &Config,
    numbers: impl Fn(&Model) -> Numbers,
    age: Option<Seconds>,
    now: Timestamp,
) -> Value {
    // Under an alias a model is listed once more.
    let own = config.table.models.iter().filter(|(name, model)| **name == model.name);
    let rows: Vec<Value> =
        own.map(|(_, model)| row(model, &numbers(model), uses(config, model, now))).collect();
    let feed = config.signals.as_ref();
    json!({
        "now_ms": now.millis(),
        "config": config.version(),
        "models": rows,
        "signals": feed.map(|feed| json!({
            "cluster": feed.endpoint.cluster,
            "path": feed.endpoint.path,
            "age_seconds": age.map(Seconds::get),
            "stale_after_seconds": feed.schedule.stale.as_secs(),
        })),
    })
}

/// Where a model is a candidate: `PROFILE TIER`.
fn uses(config: &Config, model: &Model, now: Timestamp) -> Vec<String> {
    let profiles = config.table.profiles.values();
    let pairs = profiles.flat_map(|profile| Tier::ALL.into_iter().map(move |tier| (profile, tier)));
    let listed = pairs.filter(|(profile, tier)| {
        config.table.candidates(profile, *tier, now).iter().any(|other| other.name == model.name)
    });
    listed.map(|(profile, tier)| format!("{} {}", profile.name, tier.name())).collect()
}

fn row(model: &Model, numbers: &Numbers, uses: Vec<String>) -> Value {
    let live = numbers.live;
    let health = live.map(|(_, phase, _)| match phase {
        Phase::Serving => "ok",
        Phase::Cooling => "cooldown",
        Phase::Due | Phase::Probing => "trying",
    });
    let cooldown = live.filter(|(_, phase, _)| *phase == Phase::Cooling).map(|(.., left)| left.get());
    let state = live.map(|(state, ..)| state);
    // 0 is nothing known.
    let known = |ms: f32| (ms > 0.0).then_some(ms);
    json!({
        "model": model.name,
        "upstream_model": model.upstream_model,
        "cluster": model.cluster,
        "provider": model.provider,
        "input_price": model.input_price,
        "output_price": model.output_price,
        "context_window": model.context_window,
        "max_output": model.max_output,
        "takes": takes(model),
        "uses": uses,
        "health": health,
        "cooldown_ms": cooldown,
        "in_flight": state.map(|state| state.in_flight),
        "first_byte_ms": state.and_then(|state| known(state.first_byte_ms)),
        "token_ms": state.and_then(|state| known(state.token_ms)),
        "tokens_this_minute": state.map(|state| state.tokens_this_minute),
        "requests_this_minute": state.map(|state| state.requests_this_minute),
        "input_tokens": numbers.input_tokens,
        "output_tokens": numbers.output_tokens,
        "spend_usd": numbers.spend_usd,
        "signal": numbers.signal,
    })
}

fn takes(model: &Model) -> Vec<&'static str> {
    let all = [
        (model.tools, "tools"),
        (model.vision, "images"),
        (model.audio, "audio"),
        (model.pdf, "PDFs"),
        (model.structured_output, "schema"),
        (model.coder, "coder"),
    ];
    all.into_iter().filter(|(takes, _)| *takes).map(|(_, what)| what).collect()
}

/// The configurations that run in this VM, the newest first.
#[cold]
pub fn configs<'c>(configs: impl Iterator<Item = &'c Config>, module: &str, now: Timestamp) -> Value {
    let configs: Vec<Value> = configs.map(|config| one(config, now)).collect();
    json!({"module": module, "configs": configs})
}

fn one(config: &Config, now: Timestamp) -> Value {
    let profiles: Map<String, Value> = config
        .table
        .profiles
        .iter()
        .map(|(name, profile)| (name.clone(), profile_of(config, profile, now)))
        .collect();
    let names = |names: Vec<&String>| json!(names);
    json!({
        "version": config.version(),
        "scorer": config.scorer.name(),
        "baseline": config.table.baseline.as_ref().map(|model| &model.name),
        "default_cluster": config.table.default_cluster,
        "virtual_models": names(config.table.virtual_models.keys().collect()),
        "groups": names(config.table.groups.keys().collect()),
        "fallbacks": config.fallbacks.enabled,
        "models": config.table.models.len(),
        "profiles": profiles,
    })
}

fn profile_of(config: &Config, profile: &Profile, now: Timestamp) -> Value {
    let tiers: Map<String, Value> = Tier::ALL
        .into_iter()
        .map(|tier| {
            let names: Vec<&String> =
                config.table.candidates(profile, tier, now).iter().map(|model| &model.name).collect();
            (tier.name().to_owned(), json!(names))
        })
        .collect();
    json!({
        "tiers": tiers,
        "strategy": strategy(profile.strategy),
        "default_model": profile.default_model.name,
        "agentic_profile": profile.agentic_profile,
    })
}

const fn strategy(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Configured => "configured",
        Strategy::Momentum => "momentum",
        Strategy::Cheapest => "cheapest",
        Strategy::Weighted => "weighted",
        Strategy::LeastBusy => "least_busy",
        Strategy::LowestLatency => "lowest_latency",
        Strategy::Usage => "usage",
        Strategy::Completion(_) => "completion",
    }
}
