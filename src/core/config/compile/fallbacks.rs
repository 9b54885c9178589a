//! What is learnt from answers, and who serves when a model does not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::check::unknown;
use super::super::error::{Scope, quoted};
use super::super::raw;
use super::super::{Fallbacks, LiveConfig};
use super::models::Models;
use crate::live::{Credentials, LiveSettings};
use crate::route::{Chains, FallbackReason, Model};
use crate::time::Millis;

/// The key of the chain for any model.
pub(super) const ANY: &str = "*";

/// Compiles the section `live`. None where nothing is to be learnt.
pub(super) fn live(raw: &raw::RawLive, scope: &Scope<'_>) -> Option<LiveConfig> {
    if raw.max_cooldown_time < raw.cooldown_time {
        let message = format!(
            "{} is below `cooldown_time`; give at least {}",
            raw.max_cooldown_time, raw.cooldown_time
        );
        scope.key("max_cooldown_time").meaning(message);
    }
    let settings = LiveSettings {
        allowed_fails: raw.allowed_fails,
        failure_percent: raw.failure_percent,
        minimum_requests: raw.minimum_requests,
        cooldown: Millis::of_seconds(raw.cooldown_time),
        longest_cooldown: Millis::of_seconds(raw.max_cooldown_time),
        credentials: match raw.credentials {
            raw::RawCredentials::Auto => Credentials::Unknown,
            raw::RawCredentials::Shared => Credentials::Shared,
            raw::RawCredentials::Own => Credentials::Own,
        },
    };
    raw.enabled.then_some(LiveConfig { settings, usage: raw.usage })
}

/// Compiles the section `fallbacks`.
pub(super) fn fallbacks(raw: &raw::Fallbacks, models: &Models, scope: &Scope<'_>) -> Fallbacks {
    let chains = Chains {
        general: chains(&raw.general, &scope.key("general"), models),
        context_window: chains(&raw.context_window, &scope.key("context_window"), models),
        content_policy: chains(&raw.content_policy, &scope.key("content_policy"), models),
        any: any(raw, models, scope),
        composite: composite(&raw.composite, &scope.key("composite"), models),
    };
    if raw.enabled && raw.litellm {
        let message = "LiteLLM and Envoy would both retry on other models, one inside the other; keep only this or `enabled`";
        scope.key("litellm").meaning(message);
    }
    Fallbacks { enabled: raw.enabled, litellm: raw.litellm, next_on: raw.next_on.clone(), chains }
}

/// Orders of composite clusters. Every cluster in them is one of a model's, as nothing else is ever reached.
fn composite(
    raw: &BTreeMap<String, Vec<String>>,
    scope: &Scope<'_>,
    models: &Models,
) -> BTreeMap<String, Vec<String>> {
    let known: BTreeSet<&str> = models.clusters().collect();
    for (name, order) in raw {
        let scope = scope.key(name);
        for (i, cluster) in order.iter().enumerate() {
            if !known.contains(cluster.as_str()) {
                let otherwise =
                    format!("clusters of models: {}", Vec::from_iter(known.iter().copied()).join(", "));
                let message = unknown("cluster", cluster, known.iter().copied(), &otherwise);
                scope.index(i).meaning(message);
            }
        }
        if order.first().is_some_and(|first| first != name) {
            let message =
                format!("the first attempt reaches the cluster's own models; begin with {}", quoted(name));
            scope.meaning(message);
        }
    }
    raw.clone()
}

/// The chains for any model.
fn any(
    raw: &raw::Fallbacks,
    models: &Models,
    scope: &Scope<'_>,
) -> BTreeMap<FallbackReason, Vec<Arc<Model>>> {
    let mut any = BTreeMap::new();
    for (key, reason, chains) in [
        ("general", FallbackReason::General, &raw.general),
        ("context_window", FallbackReason::ContextWindow, &raw.context_window),
        ("content_policy", FallbackReason::ContentPolicy, &raw.content_policy),
    ] {
        let Some(list) = chains.get(ANY) else { continue };
        let list = list.iter().cloned().map(raw::Candidate::Name).collect();
        let scope = scope.key(key);
        any.insert(reason, models.list(&raw::OneOrMany::Many(list), &scope.key(ANY)));
    }
    any
}

fn chains(
    raw: &BTreeMap<String, Vec<String>>,
    scope: &Scope<'_>,
    models: &Models,
) -> BTreeMap<usize, Vec<Arc<Model>>> {
    let mut chains = BTreeMap::new();
    for (name, list) in raw.iter().filter(|(name, _)| *name != ANY) {
        let scope = scope.key(name);
        let model = models.find(name, &scope);
        let list = list.iter().cloned().map(raw::Candidate::Name).collect();
        let chain = models.list(&raw::OneOrMany::Many(list), &scope);
        let Some(model) = model else { continue };
        if chain.iter().any(|other| other.slot == model.slot) {
            let message = format!("model {} is in its own chain; leave it out", quoted(&model.name));
            scope.meaning(message);
        }
        if chains.insert(model.slot, chain).is_some() {
            let message =
                format!("model {} is listed under two names; keep one of them", quoted(&model.name));
            scope.meaning(message);
        }
    }
    chains
}
