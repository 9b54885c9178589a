//! What is counted of the requests of a log, in bounded memory.

use std::collections::BTreeMap;

use serde::Serialize;
use sketches_ddsketch::{Config, DDSketch};

use super::record::{Decided, Entry};
use tiergate_core::tier::Tier;

/// Quantiles are this near to the truth, as a share of the value.
pub const ACCURACY: f64 = 0.01;

/// Names of one kind that are counted by themselves. Names come from configurations, so that there are few.
const MOST_NAMES: usize = 1000;

/// Stands for the names beyond [`MOST_NAMES`].
const OTHERS: &str = "(others)";

/// Stands where there is no name.
const NONE: &str = "none";

/// Up to so many hours are listed one by one; beyond that days, and beyond so many days, months.
const MOST_TIMES: usize = 24 * 31;

/// How long something took, in milliseconds.
#[derive(Clone)]
pub struct Times(DDSketch);

impl Default for Times {
    fn default() -> Self {
        // More bins than a range from a microsecond to a year has.
        Self(DDSketch::new(Config::new(ACCURACY, 4096, 0.001)))
    }
}

impl Times {
    fn add(&mut self, ms: Option<f64>) {
        if let Some(ms) = ms.filter(|ms| *ms >= 0.0) {
            self.0.add(ms);
        }
    }

    pub fn latency(&self) -> Option<Latency> {
        let count = self.0.count();
        // By nearest rank: the sketch itself rounds a rank down, so that one slow request of ten is in no p99.
        let quantile = |q: f64| {
            let rank = (q * count as f64).ceil() - 0.5;
            self.0.quantile((rank / (count as f64 - 1.0).max(1.0)).min(1.0)).ok().flatten()
        };
        let mean = self.0.sum()? / count as f64;
        Some(Latency { count, mean, p50: quantile(0.5)?, p95: quantile(0.95)?, p99: quantile(0.99)? })
    }
}

/// Milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Latency {
    pub count: usize,
    pub mean: f64,
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
}

/// Requests that have something in common.
#[derive(Clone, Default)]
pub struct Group {
    pub requests: u64,
    /// No answer, or a status from 400 on.
    pub errors: u64,
    /// A model failed, and another or the same was asked again.
    pub retried: u64,
    /// Those whose cost is known with the model and with the baseline.
    pub compared: u64,
    /// Estimated, of those.
    pub cost: f64,
    pub baseline: f64,
    /// Those with a cost, and it: by the tokens that the answers report, else estimated.
    pub priced: u64,
    pub spend: f64,
    /// Those whose answers report their tokens.
    pub metered: u64,
    pub input_tokens: f64,
    pub output_tokens: f64,
    pub by_tier: [u64; 5],
    pub duration: Times,
    pub first_byte: Times,
}

impl Group {
    fn add(&mut self, entry: &Entry<'_>, decided: &Decided) {
        self.requests += 1;
        let failed = entry.status.map(|status| !(100.0..400.0).contains(&status));
        self.errors += u64::from(failed.unwrap_or(true));
        let attempts = decided.attempts.map_or(entry.attempts.unwrap_or(1.0), |count| count as f64);
        self.retried += u64::from(attempts > 1.0);
        // Nobody pays the estimate of a request that failed.
        let estimate = decided.cost.filter(|_| failed != Some(true));
        if let (Some(cost), Some(baseline)) = (estimate, decided.baseline_cost) {
            self.compared += 1;
            self.cost += cost;
            self.baseline += baseline;
        }
        if let Some(spend) = entry.cost.or(estimate) {
            self.priced += 1;
            self.spend += spend;
        }
        if let (Some(input), Some(output)) = (entry.input_tokens, entry.output_tokens) {
            self.metered += 1;
            self.input_tokens += input;
            self.output_tokens += output;
        }
        if let Some(count) = self.by_tier.get_mut(decided.tier.map_or(4, |tier| tier as usize)) {
            *count += 1;
        }
        self.duration.add(entry.duration_ms);
        self.first_byte.add(entry.first_byte_ms);
    }

    fn join(&mut self, other: &Self) {
        self.requests += other.requests;
        self.errors += other.errors;
        self.retried += other.retried;
        self.compared += other.compared;
        self.cost += other.cost;
        self.baseline += other.baseline;
        self.priced += other.priced;
        self.spend += other.spend;
        self.metered += other.metered;
        self.input_tokens += other.input_tokens;
        self.output_tokens += other.output_tokens;
        for (count, more) in self.by_tier.iter_mut().zip(other.by_tier) {
            *count += more;
        }
        // They are of one accuracy.
        let _ = self.duration.0.merge(&other.duration.0);
        let _ = self.first_byte.0.merge(&other.first_byte.0);
    }

    /// The share of the baseline's cost that was saved.
    pub fn savings(&self) -> Option<f64> {
        (self.baseline > 0.0).then(|| 1.0 - self.cost / self.baseline)
    }
}

/// All requests, and the same by each property that divides them.
#[derive(Default)]
pub struct Tally {
    pub all: Group,
    pub tiers: BTreeMap<String, Group>,
    pub models: BTreeMap<String, Group>,
    pub causes: BTreeMap<String, Group>,
    /// By the beginning of the time: `2026-11-26T22`, or a day or a month.
    pub times: BTreeMap<String, Group>,
    /// How much of a time counts: 13 characters are an hour, 10 a day, 7 a month.
    time_length: Option<usize>,
    pub first: Option<String>,
    pub last: Option<String>,
}

impl Tally {
    pub fn add(&mut self, entry: &Entry<'_>, decided: &Decided) {
        self.all.add(entry, decided);
        let tier = decided.tier.map_or(NONE, Tier::name);
        add_to(&mut self.tiers, tier, entry, decided);
        add_to(&mut self.models, decided.server().unwrap_or(NONE), entry, decided);
        add_to(&mut self.causes, &decided.cause, entry, decided);
        let time = entry.time.as_deref().filter(|time| is_time(time));
        let length = self.time_length.unwrap_or(13);
        add_to(&mut self.times, time.and_then(|time| time.get(..length)).unwrap_or(NONE), entry, decided);
        if self.times.len() > MOST_TIMES && length > 7 {
            self.coarser(if length == 13 { 10 } else { 7 });
        }
        if let Some(time) = time {
            if self.first.as_deref().is_none_or(|first| time < first) {
                self.first = Some(time.to_owned());
            }
            if self.last.as_deref().is_none_or(|last| time > last) {
                self.last = Some(time.to_owned());
            }
        }
    }

    fn coarser(&mut self, length: usize) {
        self.time_length = Some(length);
        for (time, group) in std::mem::take(&mut self.times) {
            self.times.entry(time.get(..length).unwrap_or(&time).to_owned()).or_default().join(&group);
        }
    }

    /// What the times are.
    pub fn time_unit(&self) -> &'static str {
        match self.time_length {
            None => "hour",
            Some(10) => "day",
            Some(_) => "month",
        }
    }
}

/// The group of a name.
fn add_to(groups: &mut BTreeMap<String, Group>, name: &str, entry: &Entry<'_>, decided: &Decided) {
    let name = if groups.len() < MOST_NAMES || groups.contains_key(name) { name } else { OTHERS };
    // Most are there: no name is copied for them.
    if let Some(group) = groups.get_mut(name) {
        group.add(entry, decided);
    } else {
        groups.entry(name.to_owned()).or_default().add(entry, decided);
    }
}

/// Whether a text begins as Envoy writes a time, `2026-11-26T22:54:39.123Z`.
fn is_time(text: &str) -> bool {
    let form = b"0000-00-00T00";
    let fits = |(byte, form): (u8, &u8)| if *form == b'0' { byte.is_ascii_digit() } else { byte == *form };
    text.len() >= form.len() && text.bytes().zip(form).all(fits)
}
