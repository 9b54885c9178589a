//! Counters and the histogram.
//!
//! A counter's name carries its labels, `tiergate.requests;profile=auto;tier=SIMPLE;model=gpt-5-nano;cause=score`;
//! the shipped Envoy configuration turns them into tags. The number of series is bounded: names come from the
//! configuration alone, a pinned model that it does not know counts as `other`.

use std::collections::BTreeMap;

use proxy_wasm::hostcalls;
use proxy_wasm::types::MetricType;

use crate::engine::{Cause, Decision};
use crate::tier::Tier;

const NONE: &str = "none";

/// Handles of the metrics that were used so far.
#[derive(Debug, Default)]
pub struct Metrics {
    requests: BTreeMap<Key, u32>,
    decision_time: Option<u32>,
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
        if self.decision_time.is_none() {
            self.decision_time = hostcalls::define_metric(MetricType::Histogram, "tiergate.decision_us").ok();
        }
        if let Some(id) = self.decision_time {
            let _ = hostcalls::record_metric(id, micros);
        }
    }
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
