//! What is learnt from answers, and who serves when a model does not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::check::unknown;
use super::super::error::{Errors, Path, quoted};
use super::super::raw;
use super::super::{Fallbacks, LiveConfig};
use super::models::Models;
use crate::live::{Credentials, LiveSettings};
use crate::route::{Chains, FallbackReason, Model};
use crate::time::Millis;

/// The key of the chain for any model.
pub(super) const ANY: &str = "*";

/// Compiles the section `live`. None where nothing is to be learnt.
pub(super) fn live(raw: &raw::RawLive, path: &Path<'_>, errors: &mut Errors) -> Option<LiveConfig> {
    if raw.max_cooldown_time < raw.cooldown_time {
        let message = format!(
            "{} is below `cooldown_time`; give at least {}",
            raw.max_cooldown_time, raw.cooldown_time
        );
        errors.meaning(&path.key("max_cooldown_time"), message);
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
pub(super) fn fallbacks(
    raw: &raw::Fallbacks,
    models: &Models,
    path: &Path<'_>,
    errors: &mut Errors,
) -> Fallbacks {
    let chains = Chains {
        general: chains(&raw.general, &path.key("general"), models, errors),
        context_window: chains(&raw.context_window, &path.key("context_window"), models, errors),
        content_policy: chains(&raw.content_policy, &path.key("content_policy"), models, errors),
        any: any(raw, models, path, errors),
        composite: composite(&raw.composite, &path.key("composite"), models, errors),
    };
    if raw.enabled && raw.litellm {
        let message = "LiteLLM and Envoy would both retry on other models, one inside the other; keep only this or `enabled`";
        errors.meaning(&path.key("litellm"), message);
    }
    Fallbacks { enabled: raw.enabled, litellm: raw.litellm, next_on: raw.next_on.clone(), chains }
}

/// Orders of composite clusters. Every cluster in them is one of a model's, as nothing else is ever reached.
fn composite(
    raw: &BTreeMap<String, Vec<String>>,
    path: &Path<'_>,
    models: &Models,
    errors: &mut Errors,
) -> BTreeMap<String, Vec<String>> {
    let known: BTreeSet<&str> = models.clusters().collect();
    for (name, order) in raw {
        let path = path.key(name);
        for (i, cluster) in order.iter().enumerate() {
            if !known.contains(cluster.as_str()) {
                let otherwise =
                    format!("clusters of models: {}", Vec::from_iter(known.iter().copied()).join(", "));
                let message = unknown("cluster", cluster, known.iter().copied(), &otherwise);
                errors.meaning(&path.index(i), message);
            }
        }
        if order.first().is_some_and(|first| first != name) {
            let message =
                format!("the first attempt reaches the cluster's own models; begin with {}", quoted(name));
            errors.meaning(&path, message);
        }
    }
    raw.clone()
}

/// The chains for any model.
fn any(
    raw: &raw::Fallbacks,
    models: &Models,
    path: &Path<'_>,
    errors: &mut Errors,
) -> BTreeMap<FallbackReason, Vec<Arc<Model>>> {
    let mut any = BTreeMap::new();
    for (key, reason, chains) in [
        ("general", FallbackReason::General, &raw.general),
        ("context_window", FallbackReason::ContextWindow, &raw.context_window),
        ("content_policy", FallbackReason::ContentPolicy, &raw.content_policy),
    ] {
        let Some(list) = chains.get(ANY) else { continue };
        let list = list.iter().cloned().map(raw::Candidate::Name).collect();
        let path = path.key(key);
        any.insert(reason, models.list(&raw::OneOrMany::Many(list), &path.key(ANY), errors));
    }
    any
}

fn chains(
    raw: &BTreeMap<String, Vec<String>>,
    path: &Path<'_>,
    models: &Models,
    errors: &mut Errors,
) -> BTreeMap<usize, Vec<Arc<Model>>> {
    let mut chains = BTreeMap::new();
    for (name, list) in raw.iter().filter(|(name, _)| *name != ANY) {
        let path = path.key(name);
        let model = models.find(name, &path, errors);
        let list = list.iter().cloned().map(raw::Candidate::Name).collect();
        let chain = models.list(&raw::OneOrMany::Many(list), &path, errors);
        let Some(model) = model else { continue };
        if chain.iter().any(|other| other.slot == model.slot) {
            let message = format!("model {} is in its own chain; leave it out", quoted(&model.name));
            errors.meaning(&path, message);
        }
        if chains.insert(model.slot, chain).is_some() {
            let message =
                format!("model {} is listed under two names; keep one of them", quoted(&model.name));
            errors.meaning(&path, message);
        }
    }
    chains
}
