//! A second opinion of asks that the scorer is not sure of.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// A small model that is asked for the tier where the scorer is not sure of it. The request waits for the answer, and
/// Envoy makes the call. If there is no usable answer in time, the scorer's tier stands. See docs/second-opinion.md.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Classifier {
    /// The model that is asked: one of `models` or of the catalogue, or a name that only the cluster knows. `auto` is
    /// the cheapest model of the profiles that is not in cooldown.
    #[cfg_attr(feature = "schema", schemars(required, length(min = 1, max = 256)))]
    pub model: Option<String>,
    /// Envoy cluster that is asked. It must not have this filter among its upstream filters, so with
    /// `fallbacks.enabled` it has to differ from those of the models. Default: the model's cluster.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 255)))]
    pub cluster: Option<String>,
    /// Value of `:authority` (`Host`). Default: the cluster's name.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 255)))]
    pub authority: Option<String>,
    /// Path of OpenAI's chat dialect at the cluster.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 2048)))]
    pub path: String,
    /// More request headers, such as `authorization`. Names are lower-case. The client's own credential is never sent.
    #[cfg_attr(feature = "schema", schemars(extend("maxProperties" = 32)))]
    pub headers: BTreeMap<String, String>,
    /// The confidence below which the model is asked, 0 to 1. It is also asked if the scorer has nothing to judge by
    /// (causes `abstain` and `ambiguous`).
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 1.0)))]
    pub band: f64,
    /// Longest wait for an answer, in milliseconds.
    #[cfg_attr(feature = "schema", schemars(range(min = 50, max = 30_000)))]
    pub timeout_ms: u64,
    /// The share of a client's answered requests that the model is asked about, 0 to 1; 1: no limit.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 1.0)))]
    pub max_share: f64,
    /// Seconds for which an answer is remembered: the same ask of the same client is not asked again. 0: not at all.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 86_400)))]
    pub remember_seconds: u64,
    /// Failures in a row after which nothing is asked for `rest_seconds`; then one ask tries.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1000)))]
    pub allowed_fails: u32,
    /// See `allowed_fails`.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 3600)))]
    pub rest_seconds: u64,
    /// Most bytes of an ask that are sent; of a longer one two thirds are its beginning and one third its end.
    #[cfg_attr(feature = "schema", schemars(range(min = 200, max = 32_768)))]
    pub ask_bytes: usize,
    /// Instructions to the model about tiers, in place of the shipped rubric. It has to demand a JSON object with the
    /// key `tier`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 16_384)))]
    pub rubric: Option<String>,
    /// Parameters of the call. They add to or replace `temperature: 0`, `max_tokens: 200` and `response_format:
    /// {type: json_object}`; `null` leaves one out, for models that refuse it.
    #[cfg_attr(feature = "schema", schemars(extend("type" = "object", "maxProperties" = 32)))]
    pub params: BTreeMap<String, Value>,
}

impl Default for Classifier {
    fn default() -> Self {
        Self {
            model: None,
            cluster: None,
            authority: None,
            path: "/v1/chat/completions".to_owned(),
            headers: BTreeMap::new(),
            band: 0.5,
            timeout_ms: 1000,
            max_share: 0.2,
            remember_seconds: 3600,
            allowed_fails: 3,
            rest_seconds: 30,
            ask_bytes: 2000,
            rubric: None,
            params: BTreeMap::new(),
        }
    }
}
