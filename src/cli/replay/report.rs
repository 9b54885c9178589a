//! What is reported of a log, as JSON spells it.

use serde::Serialize;

use super::tally::{Group, Latency, Tally};
use super::what_if::Changes;
use tiergate_core::tier::Tier;

/// Everything.
#[derive(Serialize)]
pub struct Report {
    pub files: Vec<String>,
    /// Lines that are not empty.
    pub lines: u64,
    /// Requests that are no LLM calls: the line has no decision.
    pub other_requests: u64,
    /// Records of feedback.
    pub feedback: u64,
    pub broken: Broken,
    /// Time of the first and the last request.
    pub first: Option<String>,
    pub last: Option<String>,
    pub total: Row,
    pub by: By,
    /// With `--config`: what would be otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with_config: Option<Changes>,
}

/// Lines that could not be read.
#[derive(Default, Serialize)]
pub struct Broken {
    pub lines: u64,
    /// The first of them.
    pub shown: Vec<Mistake>,
}

#[derive(Serialize)]
pub struct Mistake {
    pub file: String,
    pub line: u64,
    pub error: String,
}

/// Requests by what they have in common.
#[derive(Serialize)]
pub struct By {
    pub tier: Vec<Row>,
    pub model: Vec<Row>,
    pub cause: Vec<Row>,
    /// `hour`, or `day` or `month` where there are very many.
    pub time_unit: &'static str,
    pub time: Vec<Row>,
}

/// Requests that have something in common.
#[derive(Serialize)]
pub struct Row {
    pub name: String,
    pub requests: u64,
    pub errors: u64,
    pub retried: u64,
    /// By the tokens that answers report, else as estimated; of `priced_requests`.
    pub spend_usd: f64,
    pub priced_requests: u64,
    /// Estimated before the answers, of the requests for which both are known: `compared_requests`.
    pub cost_usd: f64,
    pub baseline_usd: f64,
    pub saved_usd: f64,
    pub savings: Option<f64>,
    pub compared_requests: u64,
    /// As answers report them, of `metered_requests`.
    pub input_tokens: f64,
    pub output_tokens: f64,
    pub metered_requests: u64,
    pub tiers: Tiers,
    /// To the end of the answer.
    pub duration_ms: Option<Latency>,
    /// To the first byte of it.
    pub first_byte_ms: Option<Latency>,
}

/// Requests of each tier.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub struct Tiers {
    pub simple: u64,
    pub medium: u64,
    pub complex: u64,
    pub reasoning: u64,
    #[serde(rename = "none")]
    pub none: u64,
}

impl Row {
    pub fn of(name: &str, group: &Group) -> Self {
        let [simple, medium, complex, reasoning, none] = group.by_tier;
        Self {
            name: name.to_owned(),
            requests: group.requests,
            errors: group.errors,
            retried: group.retried,
            spend_usd: usd(group.spend),
            priced_requests: group.priced,
            cost_usd: usd(group.cost),
            baseline_usd: usd(group.baseline),
            saved_usd: usd(group.baseline - group.cost),
            savings: group.savings().map(|share| (share * 1e6).round() / 1e6),
            compared_requests: group.compared,
            input_tokens: group.input_tokens,
            output_tokens: group.output_tokens,
            metered_requests: group.metered,
            tiers: Tiers { simple, medium, complex, reasoning, none },
            duration_ms: group.duration.latency().map(rounded),
            first_byte_ms: group.first_byte.latency().map(rounded),
        }
    }
}

impl By {
    pub fn of(tally: &Tally) -> Self {
        let rows = |groups: &std::collections::BTreeMap<String, Group>| -> Vec<Row> {
            groups.iter().map(|(name, group)| Row::of(name, group)).collect()
        };
        let by_requests = |mut rows: Vec<Row>| {
            rows.sort_by(|a, b| b.requests.cmp(&a.requests).then_with(|| a.name.cmp(&b.name)));
            rows
        };
        let place =
            |row: &Row| Tier::ALL.iter().position(|tier| tier.name() == row.name).unwrap_or(Tier::ALL.len());
        let mut tier = rows(&tally.tiers);
        tier.sort_by_key(place);
        Self {
            tier,
            model: by_requests(rows(&tally.models)),
            cause: by_requests(rows(&tally.causes)),
            time_unit: tally.time_unit(),
            time: rows(&tally.times),
        }
    }
}

/// To a billionth of a dollar: sums of binary fractions have noise behind that.
pub fn usd(value: f64) -> f64 {
    (value * 1e9).round() / 1e9
}

fn rounded(latency: Latency) -> Latency {
    let to_tenth = |ms: f64| (ms * 10.0).round() / 10.0;
    let Latency { count, mean, p50, p95, p99 } = latency;
    Latency { count, mean: to_tenth(mean), p50: to_tenth(p50), p95: to_tenth(p95), p99: to_tenth(p99) }
}
