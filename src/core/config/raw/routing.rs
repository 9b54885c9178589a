//! Which candidate serves: context windows, strategies, and the likelihood of completion.

use serde::Deserialize;

/// What a candidate needs to be eligible, besides the capabilities in its entry.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Eligibility {
    /// Share of the estimated input that has to be free in a model's context window besides input and output, because
    /// the estimate may be too low.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 10.0)))]
    pub window_margin: f64,
}

impl Default for Eligibility {
    fn default() -> Self {
        Self { window_margin: 0.1 }
    }
}

/// How likely a model is to complete an ask, for profiles whose `strategy` is `completion`: sigmoid(capability x the
/// mean of the model's benchmark figures + difficulty x the scorer's, 0 to 1, + bias). The shipped numbers were fitted
/// to the calibrated scorer's difficulty.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields, rename = "Completion")]
pub struct RawCompletion {
    /// Added for each point of capability.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 10.0)))]
    pub capability: f64,
    /// Added for a difficulty of 1.
    #[cfg_attr(feature = "schema", schemars(range(min = -100.0, max = 0.0)))]
    pub difficulty: f64,
    /// Added always.
    #[cfg_attr(feature = "schema", schemars(range(min = -100.0, max = 100.0)))]
    pub bias: f64,
    /// The benchmarks whose mean is a model's capability. Default: all that the document's models have figures of; if
    /// they have none, `gpqa_diamond`, of which the catalogue has figures for some models.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(length(max = 16)))]
    pub benchmarks: Vec<String>,
}

impl Default for RawCompletion {
    fn default() -> Self {
        // Fitted by `research/completion.py`; how well is in `docs/routing.md`.
        Self { capability: 0.0246, difficulty: -1.66, bias: 1.08, benchmarks: Vec::new() }
    }
}

/// Which of the eligible candidates is preferred. Among equals it is the one listed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// The one listed first.
    Configured,
    /// The one with the best adoption signal. Needs `signals`.
    Momentum,
    /// The one that costs least for this request's input and output. One without prices counts as the most expensive.
    Cheapest,
    /// One drawn at random, as often as its `weight` says.
    Weighted,
    /// The one with the fewest requests in flight.
    LeastBusy,
    /// The one whose answer is expected to end first, by the time to its first byte and the time of each output token.
    /// One that was never measured goes first.
    LowestLatency,
    /// The one that has used the smallest share of its `tokens_per_minute` and `requests_per_minute` in this minute,
    /// whichever is greater. One that would exceed them is skipped, unless all would.
    Usage,
    /// The cheapest that is likely enough to complete the ask. Needs `benchmarks`; see `completion`.
    Completion,
}

/// What makes a request agentic. An ask with an agentic score of at least `overrides.agentic_score` always does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Agentic {
    /// It offers tools. Some front ends do with every chat.
    Offered,
    /// A tool has answered in the conversation before the newest ask.
    Used,
    /// The ask alone.
    Judged,
}

/// Which model serves a request that continues something unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnknownState {
    /// The profile's `default_model`, if it can serve the request; if the id names its provider, a model of that
    /// provider.
    DefaultModel,
    /// The model that would serve the ask by itself.
    Judged,
}
