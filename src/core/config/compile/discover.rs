//! The upstream's list of models: where it is, when it is fetched, what is taken of it.

use std::time::Duration;

use super::super::error::{Errors, Path, quoted};
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
    errors: &mut Errors,
) -> Option<DiscoverySettings> {
    let raw = document.discover.as_ref()?;
    let root = Path::Root;
    let path = root.key("discover");
    if let Some(list) = &raw.list_cluster {
        names::cluster(list, &path.key("list_cluster"), errors);
    }
    let list = raw.list_cluster.as_deref().or(raw.cluster.as_deref());
    let taken =
        |cluster: &str| raw.cluster.as_deref() == Some(cluster) || models.clusters().any(|c| c == cluster);
    if document.fallbacks.enabled && list.is_some_and(taken) {
        let message = "with `fallbacks.enabled` the clusters of models have this filter too, and it cannot call itself; \
                       give another cluster with the same endpoints and without the filter";
        errors.meaning(&path.key("list_cluster"), message);
    }
    if raw.cluster.is_none() {
        errors.meaning(&path.key("cluster"), "missing; give the name of an Envoy cluster");
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
        Some(_) => signals::endpoint(&from, &path, errors),
        None => None,
    };
    let bounds = bounds(&raw.sizes, &path, errors);
    let allow = raw.allow.as_ref().map(|list| patterns(list, &path.key("allow"), errors));
    let block = patterns(&raw.block, &path.key("block"), errors);
    let mut tiers: PerTier<Vec<Pattern>> = PerTier::default();
    let at = path.key("tiers");
    for tier in Tier::ALL {
        *tiers.get_mut(tier) = patterns(raw.tiers.get(tier), &at.key(tier.name()), errors);
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

fn bounds(sizes: &[f64], path: &Path<'_>, errors: &mut Errors) -> Bounds {
    if let [small, medium] = sizes
        && small < medium
    {
        return Bounds([*small, *medium]);
    }
    errors.meaning(&path.key("sizes"), "give two numbers, the smaller one first, such as [8, 27]");
    Bounds::default()
}

fn patterns(list: &[String], path: &Path<'_>, errors: &mut Errors) -> Vec<Pattern> {
    let mut compiled = Vec::with_capacity(list.len());
    for (i, text) in list.iter().enumerate() {
        let at = path.index(i);
        names::model(text, &at, errors);
        match Pattern::new(text) {
            Some(pattern) => compiled.push(pattern),
            None => errors.meaning(&at, format!("{}: `*` is allowed only at the end", quoted(text))),
        }
    }
    compiled
}
