//! The document as written by its author. Every key is optional unless the schema says otherwise.
//!
//! The doc comments here are the descriptions in `tiergate.schema.json` and in `docs/configuration.md`. A required key
//! (`schemars(required)`) is still an `Option`, so that one missing key does not keep the rest of a document from
//! being checked: the schema's check reports it, the compiler skips it.

mod discover;
mod fallbacks;
mod fit;
mod groups;
mod operator;
mod rollout;
mod routing;
mod rules;
mod session;
mod signals;
mod wire;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use discover::Discover;
pub use fallbacks::{Fallbacks, Position, RawLive};
pub use fit::{Fit, HistoryMode, Params, StreamUsage, UnkeptSchema, UnkeptTools};
pub use groups::Group;
pub use operator::{ClientHints, RoutingRule, TenantPolicies};
pub use rollout::{Control, Mode};
pub use routing::{Agentic, Eligibility, RawCompletion, Strategy, UnknownState};
pub use rules::{Calibrated, Dimensions, RawStep, Rules};
pub use session::{Session, SessionMode};
pub use signals::{SignalWeights, Signals};
pub use wire::{
    Conversation, Headers, LabelRole, Limits, ModelsEndpoint, Overrides, Paths, ResponseDetail,
    ResponseHeader, ResponsePreset,
};

use crate::fit::Level;
use crate::tier::Tier;

/// Configuration of tiergate: the models, which of them serve which tier of which profile, and the numbers behind each
/// decision. An empty document gives the shipped defaults.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Document {
    /// For editors: the address of the JSON Schema. Not read.
    #[serde(rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Envoy cluster of every model without a `cluster` of its own, and of requests for which no model was chosen.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 255)))]
    pub default_cluster: String,
    /// Model that savings are measured against: what the request would have cost there. It needs both prices.
    pub baseline: String,
    /// Output tokens assumed for a request that sets no limit of its own: for its estimated cost, and for the room
    /// that it takes in a model's context window.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 10_000_000)))]
    pub default_output_tokens: u64,
    /// Whether each decision is written to the filter state `wasm.tiergate` as a JSON object, for the access log
    /// (`%FILTER_STATE(wasm.tiergate:PLAIN)%`): model, tier, profile, cause, score, confidence, savings, and
    /// decision_us in microseconds; also shadow, if a decision was not carried out. Costs one more host call per
    /// request.
    pub filter_state: bool,
    /// Models by name. An entry overlays the shipped catalogue (prices, context windows and capabilities from
    /// LiteLLM's cost map) field by field: the catalogue's entry of the same name, else that of `upstream_model`. A
    /// model of the catalogue needs an entry only if something differs. Entries alone put no model into a table. At
    /// most 256, because each is a series of metrics.
    #[cfg_attr(feature = "schema", schemars(extend("maxProperties" = 256)))]
    pub models: BTreeMap<String, Model>,
    /// The shortest form: the table of profile `auto`. Every profile without `tiers` of its own uses it too. If the
    /// document has `tiers` or `profiles`, none of the shipped profiles is used; the shipped virtual names `smart/eco`
    /// and `smart/agentic` stand for `auto` if no such profile is defined. For `smart/premium` and `smart/free` see
    /// `profiles`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tiers: Option<Tiers>,
    /// Profiles by name: letters, digits, `-`, `_` and `.`. Default: the five shipped profiles `auto`, `eco`,
    /// `premium`, `agentic` and `free`. If the document has `tiers` or `profiles`, none of the shipped ones is used,
    /// so that no request goes to a model that the gateway does not serve. `smart/eco` and `smart/agentic` stand for
    /// `auto`, or for the first profile by name if there is no `auto`, unless they are defined. Without a profile
    /// `premium`, each of its tiers has the candidates of `auto`'s next higher one. Without a profile `free`, it has
    /// the models of the other profiles whose prices are both known to be 0; if there are none, `smart/free` is
    /// refused. At most 32, because each is a series of metrics.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(extend("minProperties" = 1, "maxProperties" = 32)))]
    pub profiles: Option<BTreeMap<String, Profile>>,
    /// More names that a client may send as `model`, each with the profile that it stands for. Every profile `P` is
    /// `smart/P` without being listed. Case and white space around a name do not matter, and `smart-P` is `smart/P`,
    /// unless a model has exactly that name. Such a name may equal that of a model in use only if its profile's
    /// `control` is `unchanged`. At most 256.
    #[cfg_attr(feature = "schema", schemars(extend("maxProperties" = 256)))]
    pub virtual_models: BTreeMap<String, String>,
    /// Names that a client may send as `model`, each for several deployments of one model (LiteLLM's `model_name`).
    /// One of them is chosen without judging the request, and the others are its fallbacks (`fallbacks`). A name may
    /// equal that of one of its own models, and of no other. At most 64.
    #[cfg_attr(feature = "schema", schemars(extend("maxProperties" = 64)))]
    pub groups: BTreeMap<String, Group>,
    /// By the end of a path (one of `paths.other`): the group or the model that serves a virtual model there, such as
    /// `"/embeddings": embedders`. Default: the default model of its profile.
    #[cfg_attr(feature = "schema", schemars(extend("maxProperties" = 64)))]
    pub endpoints: BTreeMap<String, String>,
    /// The virtual model that a request without a `model` asks for. With `none` such a request passes unchanged.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 256)))]
    pub default_virtual_model: String,
    /// Whether decisions are carried out.
    pub mode: Mode,
    /// What judges a prompt.
    pub scorer: Scorer,
    /// The calibrated scorer.
    pub calibrated: Calibrated,
    /// Numbers and additional keywords of the rule scorer.
    pub rules: Rules,
    /// Rules that overrule the score.
    pub overrides: Overrides,
    /// Rules of the operator, which override the scorer: the first that matches decides. At most 64.
    #[cfg_attr(feature = "schema", schemars(length(max = 64)))]
    pub routing_rules: Vec<RoutingRule>,
    /// Which clients may send a lowest tier, a highest tier and a bias. Default: none.
    pub client_hints: ClientHints,
    /// What tenants may use and spend. Default: no limits.
    pub tenants: TenantPolicies,
    /// Which words of a conversation are judged.
    pub conversation: Conversation,
    /// What a candidate needs to be eligible.
    pub eligibility: Eligibility,
    /// How likely a model is to complete an ask, for profiles whose `strategy` is `completion`.
    pub completion: RawCompletion,
    /// Lists of candidates that apply for a limited time.
    #[cfg_attr(feature = "schema", schemars(length(max = 256)))]
    pub promotions: Vec<Promotion>,
    /// Adoption signals, which reorder candidates. Default: none are fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signals: Option<Signals>,
    /// The upstream's list of models, which become candidates. Default: no list is fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discover: Option<Discover>,
    /// The position of this filter in Envoy. Both positions take the same document except for this key.
    pub position: Position,
    /// What the workers of the process learn from the answers of models: failures, latency, usage, requests in flight.
    /// A model that fails too often goes into cooldown and gets no requests, unless all models that could serve a
    /// request are in cooldown; then one request tries it.
    pub live: RawLive,
    /// Which models serve when one fails: on Envoy's retries, each attempt gets another model. Needs the filter a
    /// second time with `position: attempt`, and a `retry_policy` on the route; see docs/fallbacks.md. A chain lists
    /// the fallbacks of a model; the first that was not tried yet is next. A model without a chain of its own for a
    /// failure uses the further candidates of the decision; a model that the client chose has none.
    pub fallbacks: Fallbacks,
    /// Whether a conversation keeps its model.
    pub session: Session,
    /// How much of a request is edited so that the chosen model accepts it; see docs/fit.md.
    pub fit: Fit,
    /// Whether requests for a pinned model, which the client named itself, are edited too.
    pub fit_pinned: bool,
    /// What happens to a conversation's thoughts that only one provider can read.
    pub history: HistoryMode,
    /// What happens to a schema for the answer if no model that supports schemas may serve.
    pub unkept_schema: UnkeptSchema,
    /// What happens to a provider's own tools, such as a web search, if no model that has them may serve.
    pub unkept_tools: UnkeptTools,
    /// Whether the filter requests the token usage of streams, so that it is counted, if the client does not request
    /// it. Chat dialect only: the others always report it. Not with `fit: off`.
    pub usage: StreamUsage,
    /// Header names, and how much the client learns about the decision.
    pub headers: Headers,
    /// Whether clients find the virtual models in `GET /v1/models`.
    pub models_endpoint: ModelsEndpoint,
    /// Which request paths are LLM calls: suffixes of the path before the query.
    pub paths: Paths,
    /// Bounds on reading a request's body.
    pub limits: Limits,
}

impl Default for Document {
    fn default() -> Self {
        Self {
            schema: None,
            default_cluster: "litellm".into(),
            baseline: "claude-opus-5".into(),
            default_output_tokens: 1000,
            filter_state: false,
            models: BTreeMap::new(),
            tiers: None,
            profiles: None,
            virtual_models: BTreeMap::new(),
            groups: BTreeMap::new(),
            endpoints: BTreeMap::new(),
            default_virtual_model: "smart/auto".into(),
            mode: Mode::Route,
            scorer: Scorer::Calibrated,
            calibrated: Calibrated::default(),
            rules: Rules::default(),
            overrides: Overrides::default(),
            routing_rules: Vec::new(),
            client_hints: ClientHints::default(),
            tenants: TenantPolicies::default(),
            conversation: Conversation::default(),
            eligibility: Eligibility::default(),
            completion: RawCompletion::default(),
            promotions: Vec::new(),
            signals: None,
            discover: None,
            position: Position::Router,
            live: RawLive::default(),
            fallbacks: Fallbacks::default(),
            session: Session::default(),
            fit: Fit::default(),
            fit_pinned: false,
            history: HistoryMode::default(),
            unkept_schema: UnkeptSchema::default(),
            unkept_tools: UnkeptTools::default(),
            usage: StreamUsage::default(),
            headers: Headers::default(),
            models_endpoint: ModelsEndpoint::Off,
            paths: Paths::default(),
            limits: Limits::default(),
        }
    }
}

/// What judges a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Scorer {
    /// A small model over the concepts of a multilingual lexicon and the shape of the text.
    Calibrated,
    /// Fifteen weighted dimensions over the same lexicon.
    Rules,
}

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

/// Candidates of the four tiers, the preferred first: a model's name, `{model, set}`, or a list of these.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE", deny_unknown_fields)]
pub struct Tiers {
    /// Greetings, look-ups, short translations.
    #[cfg_attr(feature = "schema", schemars(required))]
    pub simple: Option<OneOrMany>,
    /// Everyday work: most code, most writing.
    #[cfg_attr(feature = "schema", schemars(required))]
    pub medium: Option<OneOrMany>,
    /// Work with many parts: design, long or constrained tasks.
    #[cfg_attr(feature = "schema", schemars(required))]
    pub complex: Option<OneOrMany>,
    /// Proofs, derivations, anything that needs a chain of thought.
    #[cfg_attr(feature = "schema", schemars(required))]
    pub reasoning: Option<OneOrMany>,
}

impl Tiers {
    /// The candidates of a tier, if given.
    pub const fn get(&self, tier: Tier) -> Option<&OneOrMany> {
        match tier {
            Tier::Simple => self.simple.as_ref(),
            Tier::Medium => self.medium.as_ref(),
            Tier::Complex => self.complex.as_ref(),
            Tier::Reasoning => self.reasoning.as_ref(),
        }
    }
}

/// A model's name, a model with parameters of the tier's own, or a list of these.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(untagged)]
pub enum OneOrMany {
    /// One name.
    One(String),
    /// One model with parameters.
    With(Listed),
    /// Candidates, the preferred first.
    Many(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64)))] Vec<Candidate>),
}

/// A model's name, or a model with parameters of the tier's own.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(untagged)]
pub enum Candidate {
    /// Its name.
    Name(String),
    /// With parameters.
    With(Listed),
}

/// A model with parameters of the tier's own.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// The model's name.
    #[cfg_attr(feature = "schema", schemars(required))]
    pub model: Option<String>,
    /// Parameters that requests get from this tier, as in a model's `params.set`. One model can so serve three tiers
    /// at three efforts.
    #[cfg_attr(feature = "schema", schemars(extend("type" = "object", "maxProperties" = 64)))]
    pub set: Option<BTreeMap<String, serde_json::Value>>,
    /// Its `order` as a candidate of this tier. Default: the model's.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1_000_000)))]
    pub order: Option<u32>,
}

impl Candidate {
    /// The model's name; empty if it is missing.
    pub fn name(&self) -> &str {
        match self {
            Candidate::Name(name) => name,
            Candidate::With(listed) => listed.model.as_deref().unwrap_or_default(),
        }
    }
}

impl OneOrMany {
    /// Whether it is a single entry, not a list.
    pub const fn is_single(&self) -> bool {
        !matches!(self, OneOrMany::Many(_))
    }

    /// The candidates: each model's name, and the entry that gives it parameters.
    pub fn listed(&self) -> Vec<(&str, Option<&Listed>)> {
        fn with(listed: &Listed) -> (&str, Option<&Listed>) {
            (listed.model.as_deref().unwrap_or_default(), Some(listed))
        }
        match self {
            OneOrMany::One(name) => vec![(name, None)],
            OneOrMany::With(listed) => vec![with(listed)],
            OneOrMany::Many(list) => list
                .iter()
                .map(|candidate| match candidate {
                    Candidate::Name(name) => (name.as_str(), None),
                    Candidate::With(listed) => with(listed),
                })
                .collect(),
        }
    }

    /// The same as a list.
    pub fn into_candidates(self) -> Vec<Candidate> {
        match self {
            OneOrMany::One(name) => vec![Candidate::Name(name)],
            OneOrMany::With(listed) => vec![Candidate::With(listed)],
            OneOrMany::Many(list) => list,
        }
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = String> + use<> {
        let names: Vec<String> = self.listed().into_iter().map(|(name, _)| name.to_owned()).collect();
        names.into_iter()
    }
}

/// A table of tiers, and how to choose within it.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Candidates of each tier. Default: the document's `tiers`.
    pub tiers: Option<Tiers>,
    /// Model that serves requests that could not be judged, and those that no candidate can serve. Default: the first
    /// of MEDIUM that the profile may use, else the first of another tier.
    pub default_model: Option<String>,
    /// Profile that serves agentic requests (`agentic` says which are) instead of this one. Default: `agentic` for
    /// profile `auto` if there is such a profile, else none. A profile that names itself has none.
    pub agentic_profile: Option<String>,
    /// What makes a request agentic. Default: `used`; for profile `agentic`, `offered`.
    pub agentic: Option<Agentic>,
    /// Which model serves a request that continues something that one provider keeps (`previous_response_id`, a
    /// `conversation`, Gemini's `cachedContent`), if the model that made it is unknown. Default: `default_model`.
    pub unknown_state: Option<UnknownState>,
    /// Which of a tier's eligible candidates is preferred. Default: `momentum` if the document has `signals`, else
    /// `configured`.
    pub strategy: Option<Strategy>,
    /// Share of the conversations that this profile routes, in percent, with two decimals; `control` says what happens
    /// to the others. A conversation stays on its side, and one that is routed stays routed when the number grows. It
    /// is identified by `user` (`metadata.user_id` in Anthropic's dialect) and the first human ask. Default: 100.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 100.0)))]
    pub percent: Option<f64>,
    /// What happens to requests that are not routed: those outside `percent`, and all in `mode: shadow`. Default:
    /// `default_model`.
    pub control: Option<Control>,
    /// The only models that this profile may use: names, or prefixes of names with a `*` at the end. Default: all that
    /// its tables list.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64)))]
    pub allow: Option<Vec<String>>,
    /// Models that this profile may not use, spelled as in `allow`; they are removed from its tables and promotions.
    /// For agentic requests the lists of the `agentic_profile` apply.
    #[cfg_attr(feature = "schema", schemars(length(max = 64)))]
    pub block: Option<Vec<String>>,
    /// For strategy `completion`: the likelihood of completing an ask from which on a model is chosen by its price.
    /// Default: 0.8.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 1.0)))]
    pub completion_threshold: Option<f64>,
    /// For strategy `completion`: if no model reaches the threshold, the cheapest of those whose likelihood is at most
    /// this much below the best serves. Default: 0.05.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 1.0)))]
    pub fallback_quality_margin: Option<f64>,
    /// For strategy `completion`: whether the candidates of all tiers are compared, whatever the decided tier.
    /// Default: true.
    pub completion_all_tiers: Option<bool>,
}

/// A list of candidates that applies for a limited time. Two promotions for one tier of one profile must not overlap.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Promotion {
    /// A name, for people.
    #[cfg_attr(feature = "schema", schemars(required))]
    pub name: Option<String>,
    /// Profile whose table changes.
    #[cfg_attr(feature = "schema", schemars(required))]
    pub profile: Option<String>,
    /// Tier whose list changes.
    #[cfg_attr(feature = "schema", schemars(required))]
    pub tier: Option<Tier>,
    /// Candidates in that time, the preferred first, as in a tier of a table.
    #[cfg_attr(feature = "schema", schemars(required))]
    pub models: Option<OneOrMany>,
    /// First moment at which it applies: `2026-11-01` (midnight UTC) or `2026-11-01T08:00:00+02:00` (RFC 3339).
    #[cfg_attr(feature = "schema", schemars(required))]
    pub from: Option<String>,
    /// First moment at which it no longer applies, after `from`. Same spelling.
    #[cfg_attr(feature = "schema", schemars(required))]
    pub until: Option<String>,
}
