//! Which candidate serves: room, strategies, what completion is told by.

use serde::Deserialize;

/// What a candidate needs to be considered at all, beyond what its entry says that it can.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Eligibility {
    /// Share of the estimated input that a model's window has to have free besides input and output, since the
    /// estimate may be too low.
    #[cfg_attr(feature = "cli", schemars(range(min = 0.0, max = 10.0)))]
    pub window_margin: f64,
}

impl Default for Eligibility {
    fn default() -> Self {
        Self { window_margin: 0.1 }
    }
}

/// How likely a model completes an ask, for profiles whose `strategy` is `completion`:
/// sigmoid(capability x the mean of the model's benchmark figures + difficulty x the scorer's, 0 to 1, + bias). The
/// shipped numbers were fitted to the calibrated scorer's difficulty.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields, rename = "Completion")]
pub struct RawCompletion {
    /// Added for each point of capability.
    #[cfg_attr(feature = "cli", schemars(range(min = 0.0, max = 10.0)))]
    pub capability: f64,
    /// Added for a difficulty of 1.
    #[cfg_attr(feature = "cli", schemars(range(min = -100.0, max = 0.0)))]
    pub difficulty: f64,
    /// Added always.
    #[cfg_attr(feature = "cli", schemars(range(min = -100.0, max = 100.0)))]
    pub bias: f64,
}

impl Default for RawCompletion {
    fn default() -> Self {
        // Fitted by `scripts/completion.py`; how well is in `docs/routing.md`.
        Self { capability: 0.0246, difficulty: -1.66, bias: 1.08 }
    }
}

/// Which of the candidates that can serve a request is preferred. Of equals it is the one listed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// The one listed first.
    Configured,
    /// The one with the best adoption signal. Needs `signals`.
    Momentum,
    /// The one that costs least for this request's input and output. One without prices counts as the dearest.
    Cheapest,
    /// One by chance, as often as its `weight` says.
    Weighted,
    /// The one with the fewest requests in flight.
    LeastBusy,
    /// The one whose answer is expected to end first, by the time to its first byte and the time of each output token.
    /// One that was never measured goes first.
    LowestLatency,
    /// The one that has used the smallest share of its `tokens_per_minute` and `requests_per_minute` in this minute,
    /// whichever is greater. One that would be over them is passed over, unless all would be.
    Usage,
    /// The cheapest that is likely enough to complete the ask. Needs `benchmarks`; see `completion`.
    Completion,
}

/// What makes a request agentic. An ask with an agentic score of at least `overrides.agentic_score` always does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Agentic {
    /// It offers tools. Some front ends do with every chat.
    Offered,
    /// A tool has answered in the conversation before the newest ask.
    Used,
    /// The ask alone.
    Judged,
}

/// Who serves a request that goes on from something that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnknownState {
    /// The profile's `default_model`, if it can serve the request; where the id has its provider in it, a model of that.
    DefaultModel,
    /// Who would serve it by its words.
    Judged,
}
