//! A decision with its reasons, for people: what `tiergate explain` prints and the console shows.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Decision, Request, RequestContext, Scratch};
use crate::chat;
use crate::config::Config;
use crate::route::{self, Condition, Model, Profile, SignalRanking, Strategy, Usage};
use crate::score::Explanation;
use crate::tier::Tier;

/// A candidate of any tier, and what a strategy may go by.
#[derive(Debug, Serialize)]
pub struct Considered<'c> {
    /// Its name.
    pub model: &'c str,
    /// The tiers that list it.
    pub tiers: Vec<&'static str>,
    /// The mean of its benchmark figures, 0 to 100.
    pub capability: Option<f64>,
    /// How likely it completes the ask, under strategy `completion`.
    pub likelihood: Option<f64>,
    /// What the request costs there, in USD.
    pub cost_usd: Option<f64>,
    /// USD per million input tokens.
    pub input_price: Option<f64>,
    /// USD per million output tokens.
    pub output_price: Option<f64>,
    /// Its window in tokens.
    pub context_window: Option<u64>,
    /// Whether it can serve the request.
    pub eligible: bool,
    /// What it lacks.
    pub lacks: Vec<&'static str>,
    /// Whether it is in cooldown; none where that is not known.
    pub cooling: Option<bool>,
    /// Requests under way; none where that is not known.
    pub in_flight: Option<u32>,
    /// What adoption signals say of it, where they count.
    pub signal: Option<f64>,
    /// Whether it serves, may serve in its place, or why not.
    pub why: &'static str,
}

fn profile_of<'c>(decision: &Decision<'c>) -> Option<&'c Profile> {
    decision.wanted().profile.or(decision.choice.profile)
}

/// The candidates of each tier, preferred first.
pub fn candidates<'c>(
    config: &'c Config,
    decision: &Decision<'c>,
    live: RequestContext<'_>,
) -> Vec<(Tier, Vec<&'c str>)> {
    let Some(profile) = profile_of(decision) else { return Vec::new() };
    let unknown = SignalRanking::default();
    let ranking = live.ranking.filter(|_| profile.strategy == Strategy::Momentum).unwrap_or(&unknown);
    let names = |tier| {
        let listed = config.table.candidates(profile, tier, live.now);
        ranking.order(listed).into_iter().map(|m| m.name.as_str()).collect()
    };
    Tier::ALL.into_iter().map(|tier| (tier, names(tier))).collect()
}

/// All candidates of the profile, once each.
#[cold]
pub fn considered<'c>(
    config: &'c Config,
    decision: &Decision<'c>,
    live: RequestContext<'_>,
) -> Vec<Considered<'c>> {
    let Some(profile) = profile_of(decision) else { return Vec::new() };
    let mut all: Vec<Considered<'c>> = Vec::new();
    for tier in Tier::ALL {
        for model in config.table.candidates(profile, tier, live.now) {
            match all.iter_mut().find(|known| known.model == model.name) {
                Some(known) => known.tiers.push(tier.name()),
                None => all.push(looked_at(config, decision, profile, (tier, model), live)),
            }
        }
    }
    all
}

fn looked_at<'c>(
    config: &'c Config,
    decision: &Decision<'c>,
    profile: &Profile,
    (tier, model): (Tier, &'c Model),
    live: RequestContext<'_>,
) -> Considered<'c> {
    let difficulty = decision.score.map_or(0.5, |score| score.value.clamp(0.0, 1.0));
    let likelihood = match profile.strategy {
        Strategy::Completion(how) => {
            Some(how.curve.likelihood(model.capability.unwrap_or(how.usual), difficulty))
        }
        _ => None,
    };
    let output = decision.usage.output.min(model.max_output.unwrap_or(u64::MAX));
    let condition = live.conditions.map(|conditions| conditions.of(model));
    let mut lacks = decision.needs.map_or_else(Vec::new, |needs| needs.lacking(model));
    if tenant_forbids(config, model, live) {
        lacks = vec!["its tenant may not use it"];
    }
    Considered {
        model: &model.name,
        tiers: vec![tier.name()],
        capability: model.capability,
        likelihood,
        cost_usd: route::cost(model, Usage { output, ..decision.usage }),
        input_price: model.input_price,
        output_price: model.output_price,
        context_window: model.context_window,
        eligible: lacks.is_empty(),
        lacks,
        cooling: condition.map(|condition| condition.cooling),
        in_flight: condition.map(|condition| condition.in_flight),
        signal: live
            .ranking
            .filter(|_| profile.strategy == Strategy::Momentum)
            .map(|ranking| ranking.of(model)),
        why: passed_over(config, decision, profile, (model, condition), live),
    }
}

fn tenant_forbids(config: &Config, model: &Model, live: RequestContext<'_>) -> bool {
    let only = config.operator.tenants.of(&live.client).and_then(|(policy, _)| policy.only);
    only.is_some_and(|only| !only.has(model))
}

/// Why a candidate does not serve.
fn passed_over(
    config: &Config,
    decision: &Decision<'_>,
    profile: &Profile,
    (model, condition): (&Model, Option<Condition>),
    live: RequestContext<'_>,
) -> &'static str {
    let chosen = decision.wanted().model.or(decision.choice.model);
    let tier = decision.wanted().tier;
    let candidates = tier.map_or(&[][..], |tier| config.table.candidates(profile, tier, live.now));
    let listed = candidates.iter().any(|other| other.slot == model.slot);
    if chosen.is_some_and(|chosen| chosen.slot == model.slot) {
        "serves"
    } else if tenant_forbids(config, model, live) {
        "its tenant may not use it"
    } else if decision.needs.is_some_and(|needs| !needs.allowed_by(model)) {
        "cannot do what is asked"
    } else if decision.needs.is_some_and(|needs| !needs.met_by(model)) {
        "no room in its window"
    } else if condition.is_some_and(|condition| condition.cooling) {
        "in cooldown"
    } else if decision.chain.iter().any(|other| other.slot == model.slot) {
        "in its place"
    } else if matches!(profile.strategy, Strategy::Completion(how) if how.all_tiers) || listed {
        "others go before it"
    } else {
        "another tier"
    }
}

/// All of a decision, as JSON.
#[cold]
pub fn report(
    config: &Config,
    request: &Request<'_>,
    decision: &Decision<'_>,
    scratch: &Scratch,
    live: RequestContext<'_>,
) -> Value {
    let candidates: Map<String, Value> = candidates(config, decision, live)
        .into_iter()
        .map(|(tier, names)| (tier.name().to_owned(), json!(names)))
        .collect();
    let mut report = facts(decision);
    report.insert("dialect".to_owned(), request.dialect.name().into());
    report.insert("candidates".to_owned(), candidates.into());
    report.insert("considered".to_owned(), json!(considered(config, decision, live)));
    report.insert("boundaries".to_owned(), json!(scratch.boundaries(config, decision)));
    if let Some(classifier) = &config.classifier {
        let opinion = json!({"asked": decision.unsure, "band": classifier.settings.band});
        report.insert("second_opinion".to_owned(), opinion);
    }
    match scratch.explain(config, decision) {
        Some(Explanation::Rules(parts)) => report.insert("dimensions".to_owned(), json!(parts)),
        Some(Explanation::Calibrated(reasons)) => report.insert("features".to_owned(), json!(reasons)),
        None => None,
    };
    report.into()
}

/// What a decision says by itself.
fn facts(decision: &Decision<'_>) -> Map<String, Value> {
    let score = decision.score;
    let facts = json!({
        "cause": decision.choice.cause.name(),
        "rule": decision.rule,
        "profile": decision.choice.profile.map(|p| &p.name),
        "tier": decision.choice.tier.map(Tier::name),
        "model": decision.choice.model.map(|m| &m.name),
        "set": decision.choice.model.and_then(|m| m.variant.as_ref()),
        "edits": decision.fitted.notes.iter()
            .map(|note| json!({"name": note.name, "done": note.done.name()}))
            .collect::<Vec<_>>(),
        "cluster": decision.cluster,
        "chain": decision.chain.iter().map(|m| &m.name).collect::<Vec<_>>(),
        "score": score.map(|s| s.value),
        "confidence": score.map(|s| s.confidence),
        "agentic": score.map(|s| s.agentic),
        "input_tokens": decision.usage.input,
        "output_tokens": decision.usage.output,
        "cost_usd": decision.choice.cost,
        "savings": decision.savings,
        "problem": decision.problem.as_ref().map(|problem| json!({
            "status": problem.status(),
            "message": problem.message(),
        })),
        "shadow": decision.withheld.as_ref().map(|withheld| json!({
            "cause": withheld.cause.name(),
            "profile": withheld.profile.map(|p| &p.name),
            "tier": withheld.tier.map(Tier::name),
            "model": withheld.model.map(|m| &m.name),
            "cost_usd": withheld.cost,
        })),
    });
    match facts {
        Value::Object(facts) => facts,
        _ => Map::new(),
    }
}

/// The request when it leaves: its path, the headers that the filter sets, and its body.
#[cold]
pub fn leaving(config: &Config, request: &Request<'_>, mut decision: Decision<'_>) -> Value {
    if decision.problem.is_some() {
        return Value::Null;
    }
    let names = &config.headers;
    let mut headers = vec![json!([names.cluster, decision.cluster])];
    if let Some(model) = decision.choice.model {
        headers.push(json!([names.model, model.name]));
        headers.extend(names.model_as.iter().map(|name| json!([name, model.upstream_model])));
    }
    headers.extend(decision.choice.tier.map(|tier| json!([names.tier, tier.name()])));
    let path = decision.edit.path().unwrap_or(request.path);
    let path = String::from_utf8_lossy(path).into_owned();
    let changes = decision.changes(false);
    let body = chat::changed(request.body, changes).unwrap_or_else(|| request.body.to_vec());
    json!({"path": path, "headers": headers, "body": String::from_utf8_lossy(&body)})
}
