//! Counters, the histogram and the gauge.
//!
//! A counter's name carries its labels, `tiergate.requests;profile=auto;tier=SIMPLE;model=gpt-5-nano;cause=score`;
//! the shipped Envoy configuration turns them into tags. What was decided and not done counts under
//! `tiergate.requests_shadow` with the same labels. The number of series is bounded: names come from the
//! configuration alone, a pinned model that it does not know counts as `other`.

use std::collections::BTreeMap;

use proxy_wasm::hostcalls;
use proxy_wasm::types::MetricType;

use crate::engine::{Cause, Decision};
use crate::route::{Model, Profile};
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
    shadow_cost: Option<u32>,
    control_cost: Option<u32>,
    reordered: Option<u32>,
    fetches: BTreeMap<Outcome, u32>,
    age: Option<u32>,
}

/// Profiles and models by their address: they live as long as the configuration that the handles belong to.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    done: bool,
    profile: usize,
    tier: Option<Tier>,
    model: usize,
    cause: Cause,
}

impl Metrics {
    /// Counts one decision that took `micros` microseconds.
    pub fn count(&mut self, decision: &Decision<'_>, micros: u64) {
        let labels = Labels {
            profile: decision.profile,
            tier: decision.tier,
            model: decision.model.map(AsRef::as_ref),
            cause: decision.cause,
        };
        self.request(true, &labels);
        if let Some(withheld) = &decision.withheld {
            let labels = Labels {
                profile: withheld.profile,
                tier: withheld.tier,
                model: withheld.model.map(AsRef::as_ref),
                cause: withheld.cause,
            };
            self.request(false, &labels);
            // Only together, as below.
            if let (Some(cost), Some(control)) = (withheld.cost, decision.cost) {
                add(&mut self.shadow_cost, "tiergate.shadow_cost_nanousd", nano(cost));
                add(&mut self.control_cost, "tiergate.control_cost_nanousd", nano(control));
            }
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

    /// Counts one request: as it was done, or as it would have been.
    fn request(&mut self, done: bool, labels: &Labels<'_>) {
        let key = Key {
            done,
            profile: labels.profile.map_or(0, |p| std::ptr::from_ref(p).addr()),
            tier: labels.tier,
            model: labels.model.map_or(0, |m| std::ptr::from_ref(m).addr()),
            cause: labels.cause,
        };
        let mut id = self.requests.get(&key).copied();
        if id.is_none() {
            id = hostcalls::define_metric(MetricType::Counter, &labels.series(done)).ok();
            self.requests.extend(id.map(|id| (key, id)));
        }
        if let Some(id) = id {
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

/// What a request is counted by.
struct Labels<'d> {
    profile: Option<&'d Profile>,
    tier: Option<Tier>,
    model: Option<&'d Model>,
    cause: Cause,
}

impl Labels<'_> {
    fn series(&self, done: bool) -> String {
        let name = if done { "tiergate.requests" } else { "tiergate.requests_shadow" };
        let profile = self.profile.map_or(NONE, |p| p.name.as_str());
        let tier = self.tier.map_or(NONE, Tier::name);
        let model = self.model.map_or("other", |m| m.name.as_str());
        let odd = |c: char| c == ';' || c == '=' || c.is_whitespace() || c.is_control();
        let label = |name: &str| name.replace(odd, "_");
        format!(
            "{name};profile={};tier={tier};model={};cause={}",
            label(profile),
            label(model),
            self.cause.name()
        )
    }
}
