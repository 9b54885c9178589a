//! The filter's position, what it learns from answers, and the fallbacks of a model.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The position of the filter in Envoy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// Among the filters of a listener: it decides.
    Router,
    /// Among the upstream filters of a cluster, before `upstream_codec`: it writes the next model into the request on
    /// Envoy's retries, and learns from every attempt.
    Attempt,
    /// In a listener of its own, without an upstream: it serves the console, which shows what the filters with
    /// `position: router` in the same VM do.
    Console,
}

/// What the workers learn from the answers of models.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct RawLive {
    /// Whether the workers learn from answers at all.
    pub enabled: bool,
    /// More failures than this within a minute put a model into cooldown; if other requests are served, the failures
    /// have to be of different requests. Failures are 5xx, 408, 429, 402 and other answers that the provider cannot
    /// serve the model, missing answers and broken answers; not 401, 403 and other 4xx, which concern the request. A
    /// 429 with a time to wait is enough by itself. 1000000 means never: nothing puts a model into cooldown then.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1_000_000)))]
    pub allowed_fails: u32,
    /// Least share of failures among the model's recent answers, in percent, for a cooldown.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 100)))]
    pub failure_percent: u32,
    /// Least number of answers within the last minute for a cooldown. More than `allowed_fails` failures are needed in
    /// any case.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1_000_000)))]
    pub minimum_requests: u32,
    /// Seconds of a cooldown, unless the server's answer says otherwise.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 86_400)))]
    pub cooldown_time: u64,
    /// Maximum of seconds of a cooldown, whatever the answer asks for.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 86_400)))]
    pub max_cooldown_time: u64,
    /// Whether the filter reads the token usage of answers, for limits and metrics. Answers are not held for that.
    pub usage: bool,
    /// Whose keys reach the providers, and so which clients leave a model alone after a 429, 402, "no such model", or a
    /// status of `fallbacks.next_on`, such as 401.
    pub credentials: RawCredentials,
}

/// Whose keys reach the providers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RawCredentials {
    /// Not known. A limit first counts for the credential that met it; if a second credential meets one too while
    /// almost no request is served, all clients leave the model alone.
    #[default]
    Auto,
    /// The gateway's, or those of LiteLLM behind it: all clients share a limit from the first answer on.
    Shared,
    /// The clients': no client shares another's limit.
    Own,
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
            credentials: RawCredentials::Auto,
        }
    }
}

/// Which models serve when one fails.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Fallbacks {
    /// Whether every cluster that serves a model has the filter in the attempt position.
    pub enabled: bool,
    /// Whether the filter writes a model's fallbacks into the body as LiteLLM's field `fallbacks`, so that LiteLLM
    /// tries them itself. For clusters whose upstream is LiteLLM, instead of `enabled`: the gateway then does not
    /// learn what LiteLLM does. A client's own `fallbacks` stay.
    pub litellm: bool,
    /// Statuses after which the next model is asked although they usually mean a mistake of the client, such as 401,
    /// 403 and 404 of a deployment whose key or path is wrong. The failure counts against the model if another one
    /// then serves the request. Default: none, because a client's wrong key would be tried with each model.
    #[cfg_attr(feature = "schema", schemars(length(max = 16), inner(range(min = 400, max = 499))))]
    pub next_on: Vec<u16>,
    /// By model: its fallbacks when it fails, or gives no answer. `"*"`, here and in the next two, is the chain for
    /// any model, after the one that is named for it or by the decision.
    #[cfg_attr(
        feature = "schema",
        schemars(extend("maxProperties" = 256, "additionalProperties" = {
            "type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 8,
            "description": "Models, in order."
        }))
    )]
    pub general: BTreeMap<String, Vec<String>>,
    /// By model: its fallbacks when a request is too long for it. Only those with a larger `context_window` are asked.
    #[cfg_attr(
        feature = "schema",
        schemars(extend("maxProperties" = 256, "additionalProperties" = {
            "type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 8,
            "description": "Models, in order."
        }))
    )]
    pub context_window: BTreeMap<String, Vec<String>>,
    /// By model: its fallbacks when its provider refuses the content of a request.
    #[cfg_attr(
        feature = "schema",
        schemars(extend("maxProperties" = 256, "additionalProperties" = {
            "type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 8,
            "description": "Models, in order."
        }))
    )]
    pub content_policy: BTreeMap<String, Vec<String>>,
    /// By Envoy cluster, for composite clusters, which send each attempt to another of their clusters: the `cluster`
    /// of the models that attempts 1, 2, 3 and so on reach. The first is the cluster itself. Attempts at any other
    /// cluster reach only models of that cluster.
    #[cfg_attr(
        feature = "schema",
        schemars(extend("maxProperties" = 64, "additionalProperties" = {
            "type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 16,
            "description": "Clusters of models, in the order of attempts."
        }))
    )]
    pub composite: BTreeMap<String, Vec<String>>,
}
