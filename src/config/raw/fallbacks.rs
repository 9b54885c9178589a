//! Where the filter stands, what it learns from answers, and who serves when a model does not.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Where in Envoy the filter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// Among the filters of a listener: it decides.
    Router,
    /// Among the upstream filters of a cluster, before `upstream_codec`: it writes the next model into the request on
    /// Envoy's retries, and learns from every attempt.
    Attempt,
}

/// What is learnt from the answers of models.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct RawLive {
    /// Whether anything is learnt.
    pub enabled: bool,
    /// More failures than this within a minute put a model into cooldown, of different requests where others are served.
    /// Failures are 5xx, 408, 429, 402 and other answers that the provider cannot serve the model, answers that never
    /// came and answers that broke off; not 401, 403 and other 4xx, which say something of the request. A 429 with a time
    /// to wait is enough by itself. 1000000 is never: nothing puts a model into cooldown then.
    #[cfg_attr(feature = "cli", schemars(range(min = 0, max = 1_000_000)))]
    pub allowed_fails: u32,
    /// Only if at least so many of a hundred of the model's recent answers are failures.
    #[cfg_attr(feature = "cli", schemars(range(min = 0, max = 100)))]
    pub failure_percent: u32,
    /// Only if there were at least so many answers within the last minute. More than `allowed_fails` there have to be
    /// anyway.
    #[cfg_attr(feature = "cli", schemars(range(min = 0, max = 1_000_000)))]
    pub minimum_requests: u32,
    /// Seconds of a cooldown, where the server's answer does not say otherwise.
    #[cfg_attr(feature = "cli", schemars(range(min = 1, max = 86_400)))]
    pub cooldown_time: u64,
    /// Most seconds of a cooldown, whatever the answer asks for.
    #[cfg_attr(feature = "cli", schemars(range(min = 1, max = 86_400)))]
    pub max_cooldown_time: u64,
    /// Whether answers are read for the tokens that they took, for limits and metrics. Answers are not held for that.
    pub usage: bool,
}

impl Default for RawLive {
    fn default() -> Self {
        Self {
            enabled: true,
            allowed_fails: 3,
            failure_percent: 50,
            minimum_requests: 0,
            cooldown_time: 5,
            max_cooldown_time: 300,
            usage: true,
        }
    }
}

/// Who serves when a model does not.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Fallbacks {
    /// Whether the attempt position is there for every cluster that serves a model.
    pub enabled: bool,
    /// Whether LiteLLM is told who may serve in a model's place, by a field `fallbacks` in the body, and asks them itself.
    /// For clusters whose upstream is LiteLLM, instead of `enabled`: the gateway learns nothing of what LiteLLM does then.
    /// A client's own `fallbacks` stay.
    pub litellm: bool,
    /// Statuses by which the next model is asked though they are the client's mistake elsewhere, such as 401, 403 and 404 of
    /// a deployment whose key or path is wrong. The failure counts against the model where another one then serves the
    /// request. Default: none; a client's wrong key would be tried with each model.
    #[cfg_attr(feature = "cli", schemars(length(max = 16), inner(range(min = 400, max = 499))))]
    pub next_on: Vec<u16>,
    /// By model: who serves when it fails, or gives no answer. `"*"`, here and in the next two, is the chain for any model:
    /// behind the one that is named for it, or by the decision.
    #[cfg_attr(
        feature = "cli",
        schemars(extend("maxProperties" = 256, "additionalProperties" = {
            "type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 8,
            "description": "Models, in order."
        }))
    )]
    pub general: BTreeMap<String, Vec<String>>,
    /// By model: who serves when a request is too long for it. Only those with a larger `context_window` are asked.
    #[cfg_attr(
        feature = "cli",
        schemars(extend("maxProperties" = 256, "additionalProperties" = {
            "type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 8,
            "description": "Models, in order."
        }))
    )]
    pub context_window: BTreeMap<String, Vec<String>>,
    /// By model: who serves when its provider refuses to serve what is asked.
    #[cfg_attr(
        feature = "cli",
        schemars(extend("maxProperties" = 256, "additionalProperties" = {
            "type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 8,
            "description": "Models, in order."
        }))
    )]
    pub content_policy: BTreeMap<String, Vec<String>>,
    /// By Envoy cluster, where that is a composite one, which sends each attempt to another of its clusters: the `cluster`
    /// of the models that attempts 1, 2, 3 and so on reach. The first is the cluster itself. Attempts at any other
    /// cluster reach only models of that cluster.
    #[cfg_attr(
        feature = "cli",
        schemars(extend("maxProperties" = 64, "additionalProperties" = {
            "type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 16,
            "description": "Clusters of models, in the order of attempts."
        }))
    )]
    pub composite: BTreeMap<String, Vec<String>>,
}
