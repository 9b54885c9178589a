//! What the document says of one model.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Params;
use crate::fit::Level;

/// One model. A price, context window or limit that is neither given nor in the catalogue is unknown, and excludes no
/// request.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Envoy cluster that serves it. Default: `default_cluster`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 255)))]
    pub cluster: Option<String>,
    /// Name written into the request. Default: the model's own name.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 256)))]
    pub upstream_model: Option<String>,
    /// Its provider, by LiteLLM's name, such as `openai` or `anthropic`: a request that continues an earlier answer is
    /// never sent to another provider. Default: the catalogue's, else the part of `upstream_model` before the first
    /// `/`, else unknown.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 128)))]
    pub provider: Option<String>,
    /// USD per million input tokens. Default: the catalogue's, else unknown.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 1_000_000.0)))]
    pub input_price: Option<f64>,
    /// USD per million input tokens that the provider has in its prompt cache, for `session.move_down`. Default: the
    /// catalogue's, else unknown.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 1_000_000.0)))]
    pub cached_input_price: Option<f64>,
    /// USD per million output tokens. Default: the catalogue's, else unknown.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 1_000_000.0)))]
    pub output_price: Option<f64>,
    /// Maximum of input tokens. A request's output has to fit in as well (`eligibility`). Default: the catalogue's,
    /// else unknown.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1_000_000_000)))]
    pub context_window: Option<u64>,
    /// Maximum of output tokens. Default: the catalogue's, else unknown.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1_000_000_000)))]
    pub max_output: Option<u64>,
    /// Whether it accepts `tools`. Default: the catalogue's, else true.
    pub tools: Option<bool>,
    /// Whether it accepts images. Default: the catalogue's, else false.
    pub vision: Option<bool>,
    /// Whether it accepts audio. Default: the catalogue's, else false.
    pub audio: Option<bool>,
    /// Whether it reads PDFs. Default: the catalogue's, else false.
    pub pdf: Option<bool>,
    /// Whether it supports a JSON schema for its answer. Default: the catalogue's, else true.
    pub structured_output: Option<bool>,
    /// Whether asks about code (`overrides.code_score`) prefer it to candidates without this mark. Default: false.
    pub coder: Option<bool>,
    /// Input and output tokens that may be used per minute, for strategy `usage`. Default: no limit.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1_000_000_000_000_u64)))]
    pub tokens_per_minute: Option<u64>,
    /// Requests that may be sent per minute, for strategy `usage`. Default: no limit.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1_000_000_000_u64)))]
    pub requests_per_minute: Option<u64>,
    /// Milliseconds that an attempt may take until its answer begins, in place of the route's `per_try_timeout`, for
    /// requests that go to this model first. Default: the route's.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 86_400_000)))]
    pub timeout_ms: Option<u64>,
    /// How many more attempts Envoy makes, in place of the route's `num_retries`, for requests that go to this model
    /// first. The route needs a retry policy. Default: the route's.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 16)))]
    pub max_retries: Option<u64>,
    /// Candidates with a lower number serve before those with a higher one, and these before those without a number,
    /// whatever the strategy. Default: none.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1_000_000)))]
    pub order: Option<u32>,
    /// Its share of the requests under strategy `weighted`, relative to the others' weights; 0: only if no other can
    /// serve. Default: 1.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 1_000_000.0)))]
    pub weight: Option<f64>,
    /// Benchmark figures by name (such as `gpqa_diamond` or `livecodebench`), 0 to 100, for strategy `completion`.
    /// Their mean is the model's capability, so give the same ones for all models. If no model has a value above 1 for
    /// a benchmark, its values are read as shares of 1; a benchmark with both kinds of values is refused. At most 16.
    #[cfg_attr(
        feature = "schema",
        schemars(extend(
            "maxProperties" = 16,
            "additionalProperties" = serde_json::json!({"type": "number", "minimum": 0.0, "maximum": 100.0})
        ))
    )]
    pub benchmarks: Option<BTreeMap<String, f64>>,
    /// The family of models with the same accepted and refused parameters: a name from docs/fit.md, such as
    /// `openai-reasoning` or `anthropic-adaptive`. Default: the catalogue's, else unknown.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64)))]
    pub family: Option<String>,
    /// Reasoning efforts that it accepts. Default: the catalogue's, else the family's.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 7)))]
    pub efforts: Option<Vec<Level>>,
    /// The effort that applies if a request names none. Default: the catalogue's, else the family says whether it
    /// thinks.
    pub default_effort: Option<Level>,
    /// What it accepts and gets, if that differs from its family.
    pub params: Option<Params>,
    /// Whether LiteLLM is in front of it. LiteLLM adapts some requests itself: function tools with a reasoning effort
    /// in the chat dialect go to OpenAI's responses. Default: whether its cluster's name contains `litellm`.
    pub litellm: Option<bool>,
    /// Other names for this model that clients and tables may use. No two models share one.
    #[cfg_attr(feature = "schema", schemars(length(max = 32)))]
    pub aliases: Option<Vec<String>>,
}
