//! The classifier: which model is asked, where, and with what.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::error::{Scope, quoted};
use super::super::{Classifier, Target, raw};
use super::models::Models;
use super::{names, signals};
use crate::opinion::{OpinionSettings, RUBRIC, Template};
use crate::route::{Model, Profile};
use crate::tier::Tier;
use crate::time::Millis;

/// The name that stands for the cheapest model.
const AUTO: &str = "auto";
/// How many are there to choose from.
const MOST_TARGETS: usize = 8;
/// What an ask takes, about: the rubric and an excerpt, and the answer. In tokens.
const ASK: f64 = 1200.0;
const ANSWER: f64 = 20.0;
/// A model with a smaller window is not taken by itself, in tokens: an excerpt in any script, and the answer.
const LEAST_WINDOW: u64 = 16_000;
/// What the filter sets itself.
const OF_THE_CALL: [&str; 3] = ["model", "messages", "stream"];

/// Compiles the section. None where there is none, or where what it needs is missing.
pub(super) fn compile(
    document: &raw::Document,
    models: &Models,
    profiles: &BTreeMap<String, Arc<Profile>>,
    virtual_models: &BTreeMap<String, Arc<Profile>>,
    root: &Scope<'_>,
) -> Option<Classifier> {
    let raw = document.classifier.as_ref()?;
    let scope = root.key("classifier");
    let members = members(&raw.params, &scope.key("params"));
    let Some(name) = &raw.model else {
        scope.key("model").meaning("missing; give the name of a model, or auto");
        return None;
    };
    let targets = targets(name, raw, models, profiles, virtual_models, &scope);
    let first = targets.first()?;
    if document.fallbacks.enabled
        && targets.iter().any(|target| models.clusters().any(|c| c == target.cluster))
    {
        let message = "with `fallbacks.enabled` the clusters of models have this filter too, and it cannot call itself; \
                       give another cluster with the same endpoints and without the filter";
        scope.key("cluster").meaning(message);
    }
    let from = signals::From {
        cluster: Some(&first.cluster),
        authority: raw.authority.as_deref(),
        path: Some(&raw.path),
        query: None,
        headers: &raw.headers,
        timeout_ms: raw.timeout_ms,
        max_bytes: crate::opinion::LARGEST_ANSWER,
    };
    let endpoint = signals::endpoint(&from, &scope)?;
    let rubric = raw.rubric.as_deref().unwrap_or(RUBRIC);
    let members = members.iter().map(|(name, value)| (name.as_str(), value.to_string()));
    let settings = OpinionSettings {
        band: raw.band,
        share: raw.max_share,
        timeout: Millis::of(raw.timeout_ms),
        remember: Millis::of_seconds(raw.remember_seconds),
        allowed_fails: raw.allowed_fails,
        rest: Millis::of_seconds(raw.rest_seconds),
        template: Template::new(raw.ask_bytes, rubric, members),
    };
    Some(Classifier {
        settings,
        targets,
        authority: raw.authority.clone(),
        path: endpoint.path,
        headers: endpoint.headers,
        timeout: Duration::from_millis(raw.timeout_ms),
    })
}

/// Who may be asked, the preferred one first.
fn targets(
    name: &str,
    raw: &raw::Classifier,
    models: &Models,
    profiles: &BTreeMap<String, Arc<Profile>>,
    virtual_models: &BTreeMap<String, Arc<Profile>>,
    scope: &Scope<'_>,
) -> Vec<Target> {
    let known = |model: &Arc<Model>| Target {
        model: model.upstream_model.clone(),
        cluster: raw.cluster.clone().unwrap_or_else(|| model.cluster.clone()),
        known: Some(Arc::clone(model)),
    };
    if name == AUTO {
        let targets: Vec<Target> = cheapest(profiles).into_iter().map(known).collect();
        if targets.is_empty() {
            let message = "no model of the profiles has both prices and room for an ask; name one";
            scope.key("model").meaning(message);
        }
        return targets;
    }
    let at = scope.key("model");
    names::model(name, &at);
    if virtual_models.contains_key(name) || name.starts_with("smart/") {
        let message = format!(
            "{} is a virtual model, which would have to be judged itself; name a model",
            quoted(name)
        );
        at.meaning(message);
        return Vec::new();
    }
    if let Some(model) = models.get(name) {
        return vec![known(model)];
    }
    match &raw.cluster {
        Some(cluster) => vec![Target { model: name.to_owned(), cluster: cluster.clone(), known: None }],
        None => {
            let message = format!(
                "no model is called {}; name one of `models` or of the shipped catalogue, or give its cluster",
                quoted(name)
            );
            at.meaning(message);
            Vec::new()
        }
    }
}

/// The models of all profiles that have room for an ask and a price, the cheapest first.
fn cheapest(profiles: &BTreeMap<String, Arc<Profile>>) -> Vec<&Arc<Model>> {
    let listed =
        profiles.values().flat_map(|profile| Tier::ALL.into_iter().flat_map(|tier| profile.tiers.get(tier)));
    let mut found: Vec<(f64, &Arc<Model>)> = Vec::new();
    for model in listed {
        let room = model.context_window.is_none_or(|window| window >= LEAST_WINDOW);
        let seen = found.iter().any(|(_, other)| other.name == model.name);
        if let (true, Some(input), Some(output)) = (room && !seen, model.input_price, model.output_price) {
            found.push((input * ASK + output * ANSWER, model));
        }
    }
    found.sort_by(|(a, one), (b, other)| a.total_cmp(b).then_with(|| one.name.cmp(&other.name)));
    found.into_iter().map(|(_, model)| model).take(MOST_TARGETS).collect()
}

/// The members of the call's body besides model and messages.
fn members(params: &BTreeMap<String, Value>, scope: &Scope<'_>) -> BTreeMap<String, Value> {
    let mut members = BTreeMap::from([
        ("temperature".to_owned(), json!(0)),
        ("max_tokens".to_owned(), json!(200)),
        ("response_format".to_owned(), json!({"type": "json_object"})),
    ]);
    for (name, value) in params {
        let at = scope.key(name);
        if OF_THE_CALL.contains(&name.as_str()) {
            at.meaning(format!("{} is set by the filter; leave it out", quoted(name)));
        } else if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    members
}
