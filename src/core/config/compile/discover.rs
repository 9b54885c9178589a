//! The upstream's list of models: where it is, when it is fetched, what is taken of it.

use std::time::Duration;

use super::super::error::{Scope, quoted};
use super::super::raw;
use super::models::Models;
use super::{names, signals};
use crate::discover::choose::{DiscoverySettings, Pattern};
use crate::discover::tiers::Bounds;
use crate::refresh::Schedule;
use crate::tier::{PerTier, Tier};

/// The first wait after a failed fetch.
const RETRY: Duration = Duration::from_secs(10);

/// Compiles the section. None where there is none, or where what it needs is missing.
pub(super) fn compile(
    document: &raw::Document,
    models: &Models,
    root: &Scope<'_>,
) -> Option<DiscoverySettings> {
    let raw = document.discover.as_ref()?;
    let scope = root.key("discover");
    if let Some(list) = &raw.list_cluster {
        names::cluster(list, &scope.key("list_cluster"));
    }
    let list = raw.list_cluster.as_deref().or(raw.cluster.as_deref());
    let taken =
        |cluster: &str| raw.cluster.as_deref() == Some(cluster) || models.clusters().any(|c| c == cluster);
    if document.fallbacks.enabled && list.is_some_and(taken) {
        let message = "with `fallbacks.enabled` the clusters of models have this filter too, and it cannot call itself; \
                       give another cluster with the same endpoints and without the filter";
        scope.key("list_cluster").meaning(message);
    }
    if raw.cluster.is_none() {
        scope.key("cluster").meaning("missing; give the name of an Envoy cluster");
    }
    let from = signals::From {
        cluster: list,
        authority: raw.authority.as_deref(),
        path: Some(&raw.path),
        query: None,
        headers: &raw.headers,
        timeout_ms: raw.timeout_ms,
        max_bytes: raw.max_bytes,
    };
    let endpoint = match list {
        Some(_) => signals::endpoint(&from, &scope),
        None => None,
    };
    let bounds = bounds(&raw.sizes, &scope);
    let allow = raw.allow.as_ref().map(|list| patterns(list, &scope.key("allow")));
    let block = patterns(&raw.block, &scope.key("block"));
    let mut tiers: PerTier<Vec<Pattern>> = PerTier::default();
    let at = scope.key("tiers");
    for tier in Tier::ALL {
        *tiers.get_mut(tier) = patterns(raw.tiers.get(tier), &at.key(tier.name()));
    }
    Some(DiscoverySettings {
        cluster: raw.cluster.clone()?,
        endpoint: endpoint?,
        schedule: schedule(raw),
        bounds,
        allow,
        block,
        tiers,
    })
}

fn schedule(raw: &raw::Discover) -> Schedule {
    let every = Duration::from_secs(raw.every_seconds);
    Schedule {
        fresh: every,
        // The last list counts until there is another.
        stale: Duration::MAX,
        retry: RETRY.min(every),
        retry_max: every,
        lease: signals::lease(raw.timeout_ms),
        jitter: signals::JITTER,
    }
}

fn bounds(sizes: &[f64], scope: &Scope<'_>) -> Bounds {
    if let [small, medium] = sizes
        && small < medium
    {
        return Bounds([*small, *medium]);
    }
    scope.key("sizes").meaning("give two numbers, the smaller one first, such as [8, 27]");
    Bounds::default()
}

fn patterns(list: &[String], scope: &Scope<'_>) -> Vec<Pattern> {
    let mut compiled = Vec::with_capacity(list.len());
    for (i, text) in list.iter().enumerate() {
        let at = scope.index(i);
        names::model(text, &at);
        match Pattern::new(text) {
            Some(pattern) => compiled.push(pattern),
            None => at.meaning(format!("{}: `*` is allowed only at the end", quoted(text))),
        }
    }
    compiled
}
