//! Counters, the histogram and the gauge.
//!
//! A counter's name carries its labels, `tiergate.requests;profile=auto;tier=SIMPLE;model=gpt-5-nano;cause=score`;
//! the shipped Envoy configuration turns them into tags. What was decided and not done counts under
//! `tiergate.requests_shadow` with the same labels. The number of series is bounded: names come from the
//! configuration alone, a pinned model that it does not know counts as `other`.

use std::collections::BTreeMap;
use std::sync::Arc;

use proxy_wasm::hostcalls;
use proxy_wasm::types::MetricType;

use tiergate_core::engine::{Cause, Choice, Decision};
use tiergate_core::opinion::OpinionOutcome;
use tiergate_core::refresh::{FetchKind, RefreshOutcome};
use tiergate_core::tier::Tier;
use tiergate_core::time::{Millis, Seconds};

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
    fetches: BTreeMap<(&'static str, RefreshOutcome), u32>,
    ages: BTreeMap<&'static str, u32>,
    exhausted: Option<u32>,
    opinions: BTreeMap<OpinionOutcome, u32>,
    opinion_time: Option<u32>,
    cached: Option<u32>,
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
        self.request(true, &decision.choice);
        if let Some(withheld) = &decision.withheld {
            self.request(false, withheld);
            // Only together, as below.
            if let (Some(cost), Some(control)) = (withheld.cost, decision.choice.cost) {
                add(&mut self.shadow_cost, "tiergate.shadow_cost_nanousd", nano(cost));
                add(&mut self.control_cost, "tiergate.control_cost_nanousd", nano(control));
            }
        }
        let histogram = (MetricType::Histogram, "tiergate.decision_us");
        if let Some(id) = defined(&mut self.decision_time, histogram) {
            let _ = hostcalls::record_metric(id, micros);
        }
        // Only together: their ratio is what they are for.
        if let (Some(cost), Some(baseline)) = (decision.choice.cost, decision.baseline_cost) {
            add(&mut self.cost, "tiergate.cost_nanousd", nano(cost));
            add(&mut self.baseline_cost, "tiergate.baseline_cost_nanousd", nano(baseline));
        }
        if decision.scan.is_exhausted() {
            add(&mut self.exhausted, "tiergate.scan_budget_exhausted", 1);
        }
        if decision.choice.cause == Cause::Momentum
            && let Some(id) =
                defined(&mut self.reordered, (MetricType::Counter, "tiergate.signals.reordered"))
        {
            let _ = hostcalls::increment_metric(id, 1);
        }
    }

    /// Counts one request: as it was done, or as it would have been.
    fn request(&mut self, done: bool, choice: &Choice<'_>) {
        let key = Key {
            done,
            profile: choice.profile.map_or(0, |p| std::ptr::from_ref(p).addr()),
            tier: choice.tier,
            model: choice.model.map_or(0, |m| Arc::as_ptr(m).addr()),
            cause: choice.cause,
        };
        let mut id = self.requests.get(&key).copied();
        if id.is_none() {
            id = hostcalls::define_metric(MetricType::Counter, &series(choice, done)).ok();
            self.requests.extend(id.map(|id| (key, id)));
        }
        if let Some(id) = id {
            let _ = hostcalls::increment_metric(id, 1);
        }
    }

    /// Counts an answer out of the upstream's cache.
    pub fn cached(&mut self) {
        add(&mut self.cached, "tiergate.cached_answers", 1);
    }

    /// Counts what became of an unsure ask.
    pub fn opinion(&mut self, outcome: OpinionOutcome) {
        let mut id = self.opinions.get(&outcome).copied();
        let name = format!("tiergate.second_opinions;outcome={}", outcome.name());
        if let Some(id) = defined(&mut id, (MetricType::Counter, &name)) {
            self.opinions.insert(outcome, id);
            let _ = hostcalls::increment_metric(id, 1);
        }
    }

    /// How long a request waited for an opinion.
    pub fn opinion_took(&mut self, waited: Millis) {
        let histogram = (MetricType::Histogram, "tiergate.second_opinion_ms");
        if let Some(id) = defined(&mut self.opinion_time, histogram) {
            let _ = hostcalls::record_metric(id, waited.get());
        }
    }

    /// Counts one fetch.
    pub fn fetched(&mut self, kind: FetchKind, outcome: RefreshOutcome) {
        let key = (kind.name(), outcome);
        let mut id = self.fetches.get(&key).copied();
        let name = match kind {
            FetchKind::Signals => format!("tiergate.signals.fetches;outcome={}", outcome.name()),
            FetchKind::Models => format!("tiergate.discover.fetches;outcome={}", outcome.name()),
        };
        if let Some(id) = defined(&mut id, (MetricType::Counter, &name)) {
            self.fetches.insert(key, id);
            let _ = hostcalls::increment_metric(id, 1);
        }
    }

    /// How old the snapshot in use is, if it was ever reported.
    pub fn age_of(&self, kind: FetchKind) -> Option<Seconds> {
        hostcalls::get_metric(*self.ages.get(kind.name())?).ok().map(Seconds::of)
    }

    /// Tells how old the snapshot in use is.
    pub fn age(&mut self, kind: FetchKind, age: Seconds) {
        let mut id = self.ages.get(kind.name()).copied();
        let name = match kind {
            FetchKind::Signals => "tiergate.signals.age_seconds",
            FetchKind::Models => "tiergate.discover.age_seconds",
        };
        if let Some(id) = defined(&mut id, (MetricType::Gauge, name)) {
            self.ages.insert(kind.name(), id);
            let _ = hostcalls::record_metric(id, age.get());
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

/// The name of the counter of such requests.
fn series(choice: &Choice<'_>, done: bool) -> String {
    let name = if done { "tiergate.requests" } else { "tiergate.requests_shadow" };
    let profile = choice.profile.map_or(NONE, |p| p.name.as_str());
    let tier = choice.tier.map_or(NONE, Tier::name);
    let model = choice.model.map_or_else(
        || "other".to_owned(),
        |m| {
            m.variant
                .as_ref()
                .map_or_else(|| m.name.clone(), |variant| format!("{}@{}", m.name, variant.replace('=', ":")))
        },
    );
    format!(
        "{name};profile={};tier={tier};model={};cause={}",
        label(profile),
        label(&model),
        choice.cause.name()
    )
}

/// A name as it may stand in a label.
fn label(name: &str) -> String {
    name.replace(|c: char| c == ';' || c == '=' || c.is_whitespace() || c.is_control(), "_")
}

/// What is counted of a model's traffic, with the label's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Series {
    /// Requests that went to the model, by what became of them.
    Attempts(&'static str),
    /// Cooldowns, by the failure that was one too many.
    Cooldowns(&'static str),
    /// The same of single credentials.
    Limits(&'static str),
    /// Tokens, `input` or `output`.
    Tokens(&'static str),
    /// Millionths of a USD, by the configured prices.
    Spend,
}

impl Series {
    fn name(self, model: &str) -> String {
        let model = label(model);
        match self {
            Series::Attempts(outcome) => format!("tiergate.attempts;model={model};outcome={outcome}"),
            Series::Cooldowns(failure) => format!("tiergate.cooldowns;model={model};outcome={failure}"),
            Series::Limits(failure) => format!("tiergate.credential_limits;model={model};outcome={failure}"),
            Series::Tokens(direction) => format!("tiergate.tokens;model={model};direction={direction}"),
            Series::Spend => format!("tiergate.spend_micro_usd;model={model}"),
        }
    }
}

/// What is observed of a good answer, as OpenTelemetry names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Observed {
    /// Milliseconds to the end of the answer.
    Duration,
    /// Milliseconds to its first byte.
    FirstByte,
    /// Tokens of the request.
    Input,
    /// Tokens of the answer.
    Output,
}

impl Observed {
    fn name(self, model: &str) -> String {
        let model = label(model);
        match self {
            Observed::Duration => format!("gen_ai.client.operation.duration;model={model}"),
            Observed::FirstByte => format!("gen_ai.client.operation.time_to_first_chunk;model={model}"),
            Observed::Input => format!("gen_ai.client.token.usage;model={model};type=input"),
            Observed::Output => format!("gen_ai.client.token.usage;model={model};type=output"),
        }
    }
}

/// Observations that wait for the tick at most.
const MOST_OBSERVED: usize = 1024;

/// Counts of traffic, by the slot of the model. They wait for the next tick, so that a request makes no host call for
/// them.
#[derive(Debug, Default)]
pub struct Traffic {
    waiting: BTreeMap<(usize, Series), u64>,
    handles: BTreeMap<(usize, Series), u32>,
    /// Millionths of a USD that are not reported yet, and fractions of one.
    spent: BTreeMap<usize, f64>,
    /// What was observed since the last tick.
    observed: Vec<(usize, Observed, u64)>,
    histograms: BTreeMap<(usize, Observed), u32>,
    /// Handles of gauges, and what they were set to last.
    in_flight: BTreeMap<usize, (u32, u32)>,
}

impl Traffic {
    /// Counts.
    pub fn add(&mut self, model: usize, series: Series, by: u64) {
        if by > 0 {
            let count = self.waiting.entry((model, series)).or_default();
            *count = count.saturating_add(by);
        }
    }

    /// Counts money, in USD.
    pub fn spend(&mut self, model: usize, cost: f64) {
        if cost > 0.0 {
            *self.spent.entry(model).or_default() += cost * 1e6;
        }
    }

    /// Notes something of a good answer.
    pub fn observe(&mut self, model: usize, what: Observed, value: u64) {
        self.observed.push((model, what, value));
    }

    /// Whether as much was observed as may wait.
    pub const fn is_full(&self) -> bool {
        self.observed.len() >= MOST_OBSERVED
    }

    /// Sets the gauge of requests in flight where it was set to something else, or has never been set and is not 0.
    pub fn in_flight(&mut self, model: usize, name: &str, count: u32) {
        let known = self.in_flight.get(&model).copied();
        if known.map_or(0, |(_, last)| last) == count {
            return;
        }
        let define = || {
            let name = format!("tiergate.in_flight;model={}", label(name));
            hostcalls::define_metric(MetricType::Gauge, &name).ok()
        };
        if let Some(id) = known.map(|(id, _)| id).or_else(define) {
            let _ = hostcalls::record_metric(id, u64::from(count));
            self.in_flight.insert(model, (id, count));
        }
    }

    /// What was counted of a model in the whole process.
    pub fn total(&mut self, model: usize, name: &str, series: Series) -> u64 {
        let mut id = self.handles.get(&(model, series)).copied();
        let Some(id) = defined(&mut id, (MetricType::Counter, &series.name(name))) else { return 0 };
        self.handles.insert((model, series), id);
        hostcalls::get_metric(id).unwrap_or_default()
    }

    /// Tells everything that waits. `name`: the name of a model.
    pub fn tell<'m>(&mut self, name: impl Fn(usize) -> Option<&'m str>) {
        for (model, spent) in &mut self.spent {
            let whole = spent.floor();
            *spent -= whole;
            if whole >= 1.0 {
                let count = self.waiting.entry((*model, Series::Spend)).or_default();
                *count = count.saturating_add(whole as u64);
            }
        }
        for (model, what, value) in std::mem::take(&mut self.observed) {
            let Some(name) = name(model) else { continue };
            let mut id = self.histograms.get(&(model, what)).copied();
            if let Some(id) = defined(&mut id, (MetricType::Histogram, &what.name(name))) {
                self.histograms.insert((model, what), id);
                let _ = hostcalls::record_metric(id, value);
            }
        }
        for ((model, series), count) in std::mem::take(&mut self.waiting) {
            let Some(name) = name(model) else { continue };
            let mut id = self.handles.get(&(model, series)).copied();
            if let Some(id) = defined(&mut id, (MetricType::Counter, &series.name(name))) {
                self.handles.insert((model, series), id);
                let _ = hostcalls::increment_metric(id, i64::try_from(count).unwrap_or(i64::MAX));
            }
        }
    }
}
