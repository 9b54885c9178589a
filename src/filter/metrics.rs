//! Counters, the histogram and the gauge.
//!
//! A counter's name carries its labels, `tiergate.requests;profile=auto;tier=SIMPLE;model=gpt-5-nano;cause=score`;
//! the shipped Envoy configuration turns them into tags. The number of series is bounded: names come from the
//! configuration alone, a pinned model that it does not know counts as `other`.

use std::collections::BTreeMap;

use proxy_wasm::hostcalls;
use proxy_wasm::types::MetricType;

use crate::engine::{Cause, Decision};
use crate::signal::refresh::Outcome;
use crate::tier::Tier;

const NONE: &str = "none";

/// Handles of the metrics that were used so far.
#[derive(Debug, Default)]
pub struct Metrics {
    requests: BTreeMap<Key, u32>,
    decision_time: Option<u32>,
    cost: Option<u32>,
    baseline_cost: Option<u32>,
    reordered: Option<u32>,
    fetches: BTreeMap<Outcome, u32>,
    age: Option<u32>,
}

/// Profiles and models by their address: they live as long as the configuration that the handles belong to.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    profile: usize,
    tier: Option<Tier>,
    model: usize,
    cause: Cause,
}

impl Metrics {
    /// Counts one decision that took `micros` microseconds.
    pub fn count(&mut self, decision: &Decision<'_>, micros: u64) {
        let key = Key {
            profile: decision.profile.map_or(0, |p| std::ptr::from_ref(p).addr()),
            tier: decision.tier,
            model: decision.model.map_or(0, |m| std::sync::Arc::as_ptr(m).addr()),
            cause: decision.cause,
        };
        let id = match self.requests.get(&key) {
            Some(id) => Some(*id),
            None => {
                let id = hostcalls::define_metric(MetricType::Counter, &series(decision)).ok();
                if let Some(id) = id {
                    self.requests.insert(key, id);
                }
                id
            }
        };
        if let Some(id) = id {
            let _ = hostcalls::increment_metric(id, 1);
        }
        let histogram = (MetricType::Histogram, "tiergate.decision_us");
        if let Some(id) = defined(&mut self.decision_time, histogram) {
            let _ = hostcalls::record_metric(id, micros);
        }
        // Only together: their ratio is what they are for.
        if let (Some(cost), Some(baseline)) = (decision.cost, decision.baseline_cost) {
            add(&mut self.cost, "tiergate.cost_nanousd", nano(cost));
            add(&mut self.baseline_cost, "tiergate.baseline_cost_nanousd", nano(baseline));
        }
        if decision.cause == Cause::Momentum
            && let Some(id) =
                defined(&mut self.reordered, (MetricType::Counter, "tiergate.signals.reordered"))
        {
            let _ = hostcalls::increment_metric(id, 1);
        }
    }

    /// Counts one fetch of the feed.
    pub fn fetched(&mut self, outcome: Outcome) {
        let mut id = self.fetches.get(&outcome).copied();
        let name = format!("tiergate.signals.fetches;outcome={}", outcome.name());
        if let Some(id) = defined(&mut id, (MetricType::Counter, &name)) {
            self.fetches.insert(outcome, id);
            let _ = hostcalls::increment_metric(id, 1);
        }
    }

    /// Tells how old the snapshot in use is.
    pub fn age(&mut self, seconds: u64) {
        if let Some(id) = defined(&mut self.age, (MetricType::Gauge, "tiergate.signals.age_seconds")) {
            let _ = hostcalls::record_metric(id, seconds);
        }
    }
}

/// Adds to a counter, unless it is nothing, which the host takes for an error.
fn add(id: &mut Option<u32>, name: &str, amount: i64) {
    if amount > 0
        && let Some(id) = defined(id, (MetricType::Counter, name))
    {
        let _ = hostcalls::increment_metric(id, amount);
    }
}

/// Billionths of a dollar: the cheapest request costs some hundreds of them.
#[expect(clippy::cast_possible_truncation)]
fn nano(usd: f64) -> i64 {
    // A cast saturates.
    (usd * 1e9).round() as i64
}

/// The handle of a metric, which is defined when it is used first.
fn defined(id: &mut Option<u32>, (kind, name): (MetricType, &str)) -> Option<u32> {
    if id.is_none() {
        *id = hostcalls::define_metric(kind, name).ok();
    }
    *id
}

fn series(decision: &Decision<'_>) -> String {
    let profile = decision.profile.map_or(NONE, |p| p.name.as_str());
    let tier = decision.tier.map_or(NONE, Tier::name);
    let model = decision.model.map_or("other", |m| m.name.as_str());
    let label =
        |name: &str| name.replace(|c: char| c == ';' || c == '=' || c.is_whitespace() || c.is_control(), "_");
    format!(
        "tiergate.requests;profile={};tier={tier};model={};cause={}",
        label(profile),
        label(model),
        decision.cause.name()
    )
}
