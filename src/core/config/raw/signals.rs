//! Adoption signals.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Adoption signals ("momentum"): a feed that says which models the ecosystem is moving to. It is fetched in the
/// background and reorders the candidates of each tier for profiles whose `strategy` is `momentum`. It adds no
/// candidate, and a candidate that cannot serve a request is still skipped.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Signals {
    /// A public feed whose `path` and `authority` are known; keys that are given go before it. The cluster is yours to
    /// set up (`examples/signals/public.yaml`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<SignalsPreset>,
    /// Envoy cluster that serves the feed.
    #[cfg_attr(feature = "schema", schemars(required, length(min = 1, max = 255)))]
    pub cluster: Option<String>,
    /// Value of `:authority` (`Host`). Default: the cluster's name.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 255)))]
    pub authority: Option<String>,
    /// Path of the feed, beginning with `/`, without the query. Required unless a `preset` has it.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 2048)))]
    pub path: Option<String>,
    /// Query parameters, such as `platform` and `capability`; encoded as necessary.
    #[cfg_attr(feature = "schema", schemars(extend("maxProperties" = 32)))]
    pub query: BTreeMap<String, String>,
    /// More request headers, such as `authorization`. Names are lower-case.
    #[cfg_attr(feature = "schema", schemars(extend("maxProperties" = 32)))]
    pub headers: BTreeMap<String, String>,
    /// Longest wait for the whole answer, in milliseconds.
    #[cfg_attr(feature = "schema", schemars(range(min = 50, max = 60_000)))]
    pub timeout_ms: u64,
    /// Seconds after which the feed is fetched again, less up to a tenth at random. One worker of the process fetches.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 86_400)))]
    pub fresh_seconds: u64,
    /// A feed older than this many seconds is not used: the configured order applies until there is another.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 2_592_000)))]
    pub stale_seconds: u64,
    /// Seconds until the next try after a failure, less up to a tenth at random; doubled with each further failure.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 3_600)))]
    pub retry_seconds: u64,
    /// Maximum of seconds between tries after failures. A server's `retry-after` may ask for more, up to a day.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 86_400)))]
    pub retry_max_seconds: u64,
    /// Largest feed that is read, in bytes; a larger one is refused.
    #[cfg_attr(feature = "schema", schemars(range(min = 1024, max = 8_388_608)))]
    pub max_bytes: usize,
    /// By model of this document: names that the feed has for it, tried in this order before the model's own name.
    #[cfg_attr(feature = "schema", schemars(extend("maxProperties" = 256)))]
    pub aliases: BTreeMap<String, Vec<String>>,
    /// How a signal is scored: confidence x (trend + score + velocity).
    pub weights: SignalWeights,
}

/// A public feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum SignalsPreset {
    /// WZRD's momentum feed: `https://api.twzrd.xyz/v1/signals/momentum`.
    Wzrd,
}

impl SignalsPreset {
    /// Its authority and path.
    pub const fn address(self) -> (&'static str, &'static str) {
        match self {
            Self::Wzrd => ("api.twzrd.xyz", "/v1/signals/momentum"),
        }
    }
}

impl Default for Signals {
    fn default() -> Self {
        Self {
            preset: None,
            cluster: None,
            authority: None,
            path: None,
            query: BTreeMap::new(),
            headers: BTreeMap::new(),
            timeout_ms: 5000,
            fresh_seconds: 300,
            stale_seconds: 86_400,
            retry_seconds: 10,
            retry_max_seconds: 300,
            max_bytes: 1_048_576,
            aliases: BTreeMap::new(),
            weights: SignalWeights::default(),
        }
    }
}

/// How a signal is scored: confidence x (trend + `score` x the signal's score, 0 to 1, + `velocity` x the change of
/// velocity as a fraction). A candidate with a higher score goes first; no signal is 0; equals keep their order.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct SignalWeights {
    /// Value of each trend word. Words given here are added to the shipped ones, or change them; any other word is
    /// worth 0.
    #[cfg_attr(feature = "schema", schemars(extend("maxProperties" = 64)))]
    pub trend: BTreeMap<String, f64>,
    /// Factor of each confidence word, 0 to 1. Words given here are added to the shipped ones, or change them; any
    /// other word is 0.
    #[cfg_attr(feature = "schema", schemars(extend("maxProperties" = 64)))]
    pub confidence: BTreeMap<String, f64>,
    /// Weight of the signal's score.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 100.0)))]
    pub score: f64,
    /// Weight of the change of velocity, where 1 is 100 percent.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 100.0)))]
    pub velocity: f64,
    /// The change of velocity counts up to this much in either direction, where 1 is 100 percent.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 1000.0)))]
    pub velocity_limit: f64,
}

impl Default for SignalWeights {
    fn default() -> Self {
        let words =
            |pairs: &[(&str, f64)]| pairs.iter().map(|&(word, value)| (word.to_owned(), value)).collect();
        Self {
            trend: words(&[
                ("surging", 3.0),
                ("accelerating", 2.0),
                ("stable", 0.0),
                ("insufficient_history", 0.0),
                ("decelerating", -1.0),
                ("cooling", -2.0),
            ]),
            confidence: words(&[("normal", 1.0), ("low", 0.5), ("insufficient", 0.0)]),
            score: 0.3,
            velocity: 0.25,
            velocity_limit: 2.0,
        }
    }
}
