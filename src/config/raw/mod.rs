//! The document as it is written. Every key is optional unless the schema says otherwise.
//!
//! The doc comments here are the descriptions in `tiergate.schema.json` and in `docs/configuration.md`.
//! What has to be there (`schemars(required)`) is an `Option` all the same, so that one missing key does not keep
//! the rest of a document from being checked: the schema's check tells of it, the compiler skips it.

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
pub use fit::{Effort, Fit, HistoryMode, Params, StreamUsage, UnkeptSchema, UnkeptTools};
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

use crate::tier::Tier;

/// Configuration of tiergate: which models there are, which of them serve which tier of which profile, and the
/// numbers that decide. An empty document gives the shipped defaults.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Document {
    /// For editors: the address of the JSON Schema. Not read.
    #[serde(rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Envoy cluster of every model that names no own, and of requests that no model was chosen for.
    #[cfg_attr(feature = "cli", schemars(length(min = 1, max = 255)))]
    pub default_cluster: String,
    /// Model that savings are measured against: what the request would have cost there. Needs both prices.
    pub baseline: String,
    /// Output tokens assumed for the estimated cost of a request that sets no limit of its own, and for the room that
    /// it takes of a model's window.
    #[cfg_attr(feature = "cli", schemars(range(min = 1, max = 10_000_000)))]
    pub default_output_tokens: u64,
    /// Whether each decision is put into the filter state `wasm.tiergate` as a JSON object, for the access log
    /// (`%FILTER_STATE(wasm.tiergate:PLAIN)%`): model, tier, profile, cause, score, confidence, savings, and
    /// decision_us in microseconds; shadow, where a decision was not carried out. One more host call a request.
    pub filter_state: bool,
    /// Models by name. An entry overlays the shipped catalogue (prices, windows and capabilities from LiteLLM's
    /// cost map) field by field: the catalogue's entry of the same name, else that of `upstream_model`. A model of the
    /// catalogue needs an entry only where something differs. Entries alone put no
    /// model into a table. At most 256, as each is a series of metrics.
    #[cfg_attr(feature = "cli", schemars(extend("maxProperties" = 256)))]
    pub models: BTreeMap<String, Model>,
    /// The shortest form: the table of profile `auto`. Every profile without `tiers` of its own uses it too.
    /// As soon as there is `tiers` or `profiles`, none of the shipped profiles is used; the shipped virtual names
    /// `smart/eco` and `smart/agentic` stand for `auto` where no such profile is defined. For `smart/premium` and
    /// `smart/free` see `profiles`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tiers: Option<Tiers>,
    /// Profiles by name: letters, digits, `-`, `_` and `.`. Default: the five shipped profiles `auto`, `eco`, `premium`,
    /// `agentic` and `free`. As soon as there is `tiers` or `profiles`, none of the shipped ones is used, so that no
    /// request goes to a model that the gateway does not serve. `smart/eco` and `smart/agentic`
    /// stand for `auto`, or for the first profile by name where there is no `auto`, unless they are defined. Without a
    /// profile `premium` each of its tiers has the candidates of `auto`'s next higher one. Without a profile `free` it has
    /// the models of the other profiles whose prices are both known to be 0; where there are none, `smart/free` is
    /// refused. At most 32, as each is a series of
    /// metrics.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "cli", schemars(extend("minProperties" = 1, "maxProperties" = 32)))]
    pub profiles: Option<BTreeMap<String, Profile>>,
    /// More names that a client may send as `model`, each with the profile it stands for. Every profile `P` is
    /// `smart/P` without being listed. Capitals and white space around a name do not matter, and `smart-P` is
    /// `smart/P`, unless a model has just that name. Such a name may be that of a model in use only where
    /// its profile's `control` is `unchanged`. At most 256.
    #[cfg_attr(feature = "cli", schemars(extend("maxProperties" = 256)))]
    pub virtual_models: BTreeMap<String, String>,
    /// Names that a client may send as `model`, each for several deployments of one model (LiteLLM's `model_name`): one of
    /// them is chosen, nothing is judged, and the others may serve in its place (`fallbacks`). A name may be that of one of
    /// its own models, and of no other. At most 64.
    #[cfg_attr(feature = "cli", schemars(extend("maxProperties" = 64)))]
    pub groups: BTreeMap<String, Group>,
    /// By the end of a path (one of `paths.other`): the group or the model that serves a virtual model there, such as
    /// `"/embeddings": embedders`. Default: the default model of its profile.
    #[cfg_attr(feature = "cli", schemars(extend("maxProperties" = 64)))]
    pub endpoints: BTreeMap<String, String>,
    /// The virtual model that a request without a `model` asks for, or `none`: then it goes on as it is.
    #[cfg_attr(feature = "cli", schemars(length(min = 1, max = 256)))]
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
    /// Rules of the operator, which go before what was judged: the first that holds decides. At most 64.
    #[cfg_attr(feature = "cli", schemars(length(max = 64)))]
    pub routing_rules: Vec<RoutingRule>,
    /// Which clients may send a least tier, a most and a bias. Default: none.
    pub client_hints: ClientHints,
    /// What tenants may use and spend. Default: all.
    pub tenants: TenantPolicies,
    /// Which words of a conversation are judged.
    pub conversation: Conversation,
    /// What a candidate needs to be considered at all.
    pub eligibility: Eligibility,
    /// How likely a model completes an ask, for profiles whose `strategy` is `completion`.
    pub completion: RawCompletion,
    /// Lists of candidates that hold for a while.
    #[cfg_attr(feature = "cli", schemars(length(max = 256)))]
    pub promotions: Vec<Promotion>,
    /// Adoption signals, which reorder candidates. Default: none are fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signals: Option<Signals>,
    /// The upstream's list of models, which become candidates. Default: no list is fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discover: Option<Discover>,
    /// Where in Envoy this filter stands. Both positions take the same document but for this key.
    pub position: Position,
    /// What is learnt from the answers of models, for all workers of the process: failures, latency, use, requests in
    /// flight. A model that fails too often is left alone for a while (cooldown), unless all that could serve a request
    /// are; then one request tries it.
    pub live: RawLive,
    /// Who serves when a model does not: on Envoy's retries, each attempt gets another model. Needs the filter a second
    /// time with `position: attempt`, and a `retry_policy` on the route; see docs/fallbacks.md. A chain lists the
    /// models that serve in place of one, the first that was not tried yet. A model without a chain of its own for a
    /// reason has the further candidates of the decision, which are none for a model that the client chose.
    pub fallbacks: Fallbacks,
    /// Whether a conversation keeps its model.
    pub session: Session,
    /// How much of a request is edited so that the model that was chosen takes it; see docs/fit.md.
    pub fit: Fit,
    /// Whether requests for a model that the client asked for by name are made to fit too.
    pub fit_pinned: bool,
    /// What becomes of a conversation's thoughts that only one provider can read.
    pub history: HistoryMode,
    /// What becomes of a schema that the answer has to keep, where nobody who can keep it may serve.
    pub unkept_schema: UnkeptSchema,
    /// What becomes of a provider's own tools, such as a web search, where nobody who has them may serve.
    pub unkept_tools: UnkeptTools,
    /// Whether the usage of streams is asked for, so that it is counted, where the client does not ask for it. Chat dialect
    /// only: the others tell it unasked. Not with `fit: off`.
    pub usage: StreamUsage,
    /// Header names, and what the client is told.
    pub headers: Headers,
    /// Whether clients find the virtual models in `GET /v1/models`.
    pub models_endpoint: ModelsEndpoint,
    /// Which request paths are LLM calls: suffixes, looked for before the query.
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
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Scorer {
    /// A small model over the concepts of a multilingual lexicon and the shape of the text.
    Calibrated,
    /// Fifteen weighted dimensions over the same lexicon.
    Rules,
}

/// One model. A price, window or limit that is neither given nor in the catalogue is unknown, and excludes no request.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Envoy cluster that serves it. Default: `default_cluster`.
    #[cfg_attr(feature = "cli", schemars(length(min = 1, max = 255)))]
    pub cluster: Option<String>,
    /// Name written into the request. Default: the model's own name.
    #[cfg_attr(feature = "cli", schemars(length(min = 1, max = 256)))]
    pub upstream_model: Option<String>,
    /// Its provider, as LiteLLM calls it, such as `openai` or `anthropic`: a request that goes on from an earlier answer is
    /// never sent to another. Default: the catalogue's, else what stands before the first `/` of `upstream_model`, else
    /// unknown.
    #[cfg_attr(feature = "cli", schemars(length(min = 1, max = 128)))]
    pub provider: Option<String>,
    /// USD per million input tokens. Default: the catalogue's, else unknown.
    #[cfg_attr(feature = "cli", schemars(range(min = 0.0, max = 1_000_000.0)))]
    pub input_price: Option<f64>,
    /// USD per million output tokens. Default: the catalogue's, else unknown.
    #[cfg_attr(feature = "cli", schemars(range(min = 0.0, max = 1_000_000.0)))]
    pub output_price: Option<f64>,
    /// Most input tokens. A request's output has to have room in it too (`eligibility`). Default: the catalogue's, else
    /// unknown.
    #[cfg_attr(feature = "cli", schemars(range(min = 1, max = 1_000_000_000)))]
    pub context_window: Option<u64>,
    /// Most output tokens. Default: the catalogue's, else unknown.
    #[cfg_attr(feature = "cli", schemars(range(min = 1, max = 1_000_000_000)))]
    pub max_output: Option<u64>,
    /// Whether it takes `tools`. Default: the catalogue's, else true.
    pub tools: Option<bool>,
    /// Whether it takes images. Default: the catalogue's, else false.
    pub vision: Option<bool>,
    /// Whether it takes audio. Default: the catalogue's, else false.
    pub audio: Option<bool>,
    /// Whether it reads PDFs. Default: the catalogue's, else false.
    pub pdf: Option<bool>,
    /// Whether its answer can be held to a JSON schema. Default: the catalogue's, else true.
    pub structured_output: Option<bool>,
    /// Whether it is preferred for asks about code (`overrides.code_score`) to candidates that are not. Default: false.
    pub coder: Option<bool>,
    /// Tokens in and out that may be used in a minute, for strategy `usage`. Default: no limit.
    #[cfg_attr(feature = "cli", schemars(range(min = 1, max = 1_000_000_000_000_u64)))]
    pub tokens_per_minute: Option<u64>,
    /// Requests that may be sent in a minute, for strategy `usage`. Default: no limit.
    #[cfg_attr(feature = "cli", schemars(range(min = 1, max = 1_000_000_000_u64)))]
    pub requests_per_minute: Option<u64>,
    /// Candidates with a lower number serve before any with a higher one, and those that have a number before those
    /// that have none, whatever the strategy. Default: none.
    #[cfg_attr(feature = "cli", schemars(range(min = 0, max = 1_000_000)))]
    pub order: Option<u32>,
    /// Its share of the requests under strategy `weighted`, next to the others' weights; 0: only where no other can
    /// serve. Default: 1.
    #[cfg_attr(feature = "cli", schemars(range(min = 0.0, max = 1_000_000.0)))]
    pub weight: Option<f64>,
    /// Benchmark figures by name (such as `gpqa_diamond` or `livecodebench`), 0 to 100, for strategy `completion`. Their
    /// mean is the model's capability, so give the same ones for all models. A benchmark that no model has above 1 is
    /// read as shares of 1; one that some models have so and others not is refused. At most 16.
    #[cfg_attr(
        feature = "cli",
        schemars(extend(
            "maxProperties" = 16,
            "additionalProperties" = serde_json::json!({"type": "number", "minimum": 0.0, "maximum": 100.0})
        ))
    )]
    pub benchmarks: Option<BTreeMap<String, f64>>,
    /// What it has in common with others in what it takes and refuses: a name of docs/fit.md, such as `openai-reasoning`
    /// or `anthropic-adaptive`. Default: the catalogue's, else nothing is known of it.
    #[cfg_attr(feature = "cli", schemars(length(min = 1, max = 64)))]
    pub family: Option<String>,
    /// Reasoning efforts that it takes. Default: the catalogue's, else the family's.
    #[cfg_attr(feature = "cli", schemars(length(min = 1, max = 7)))]
    pub efforts: Option<Vec<Effort>>,
    /// The effort of a request that names none. Default: the catalogue's, else whether it thinks is the family's.
    pub default_effort: Option<Effort>,
    /// What it takes and gets, where that differs from its family.
    pub params: Option<Params>,
    /// Whether LiteLLM stands before it, which makes some requests fit by itself: function tools with a reasoning effort
    /// in the chat dialect go to OpenAI's responses. Default: whether its cluster's name has `litellm` in it.
    pub litellm: Option<bool>,
    /// Other names that a client may ask for this model by, and that tables may use. Each is that of no other model.
    #[cfg_attr(feature = "cli", schemars(length(max = 32)))]
    pub aliases: Option<Vec<String>>,
}

/// Candidates of the four tiers, preferred first: a model's name, `{model, set}`, or a list of these.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE", deny_unknown_fields)]
pub struct Tiers {
    /// Greetings, look-ups, short translations.
    #[cfg_attr(feature = "cli", schemars(required))]
    pub simple: Option<OneOrMany>,
    /// Everyday work: most code, most writing.
    #[cfg_attr(feature = "cli", schemars(required))]
    pub medium: Option<OneOrMany>,
    /// Work with many parts: design, long or constrained tasks.
    #[cfg_attr(feature = "cli", schemars(required))]
    pub complex: Option<OneOrMany>,
    /// Proofs, derivations, anything that needs a chain of thought.
    #[cfg_attr(feature = "cli", schemars(required))]
    pub reasoning: Option<OneOrMany>,
}

impl Tiers {
    /// The candidates of a tier, where they are given.
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
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(untagged)]
pub enum OneOrMany {
    /// One name.
    One(String),
    /// One model with parameters.
    With(Listed),
    /// Candidates, preferred first.
    Many(#[cfg_attr(feature = "cli", schemars(length(min = 1, max = 64)))] Vec<Candidate>),
}

/// A model's name, or a model with parameters of the tier's own.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(untagged)]
pub enum Candidate {
    /// Its name.
    Name(String),
    /// With parameters.
    With(Listed),
}

/// A model with parameters of the tier's own.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// The model's name.
    #[cfg_attr(feature = "cli", schemars(required))]
    pub model: Option<String>,
    /// Parameters that requests get as candidates of this tier, as in a model's `params.set`: so one model serves three
    /// tiers at three efforts.
    #[cfg_attr(feature = "cli", schemars(extend("type" = "object", "maxProperties" = 64)))]
    pub set: Option<BTreeMap<String, serde_json::Value>>,
    /// Its `order` as a candidate of this tier. Default: the model's.
    #[cfg_attr(feature = "cli", schemars(range(min = 0, max = 1_000_000)))]
    pub order: Option<u32>,
}

impl Candidate {
    /// The model's name; empty where it is missing.
    pub fn name(&self) -> &str {
        match self {
            Candidate::Name(name) => name,
            Candidate::With(listed) => listed.model.as_deref().unwrap_or_default(),
        }
    }
}

impl OneOrMany {
    /// Whether it is no list.
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

/// One way to choose.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Candidates of each tier. Default: the document's `tiers`.
    pub tiers: Option<Tiers>,
    /// Model that serves what could not be judged, and what no candidate can do. Default: the first of MEDIUM that the
    /// profile may use, else the first of another tier.
    pub default_model: Option<String>,
    /// Profile that serves an agentic request (`agentic` says which are) instead of this one. Default: `agentic` for profile `auto` where there is such a
    /// profile, else none. A profile that names itself has none.
    pub agentic_profile: Option<String>,
    /// What makes a request agentic. Default: `used`; of profile `agentic` `offered`.
    pub agentic: Option<Agentic>,
    /// Who serves a request that goes on from something that one provider keeps (`previous_response_id`, a `conversation`,
    /// Gemini's `cachedContent`), where it is not known which model made it. Default: `default_model`.
    pub unknown_state: Option<UnknownState>,
    /// Which of a tier's candidates that can serve a request is preferred. Default: `momentum` where the document has
    /// `signals`, else `configured`.
    pub strategy: Option<Strategy>,
    /// Conversations that this profile routes, in percent, with two decimals; `control` says what becomes of the others.
    /// A conversation stays on its side, and one that is routed stays so when the number grows. What is common to its
    /// requests tells it: `user` (`metadata.user_id` in Anthropic's dialect) and the first human ask. Default: 100.
    #[cfg_attr(feature = "cli", schemars(range(min = 0.0, max = 100.0)))]
    pub percent: Option<f64>,
    /// What becomes of requests that are not routed: those outside of `percent`, and all in `mode: shadow`. Default:
    /// `default_model`.
    pub control: Option<Control>,
    /// The only models that this profile may use: names, or beginnings of names with a `*` at the end. Default: all that
    /// its tables list.
    #[cfg_attr(feature = "cli", schemars(length(min = 1, max = 64)))]
    pub allow: Option<Vec<String>>,
    /// Models that this profile may not use, spelled as in `allow`; they are left out of its tables and promotions.
    /// Agentic requests are under the lists of the `agentic_profile`.
    #[cfg_attr(feature = "cli", schemars(length(max = 64)))]
    pub block: Option<Vec<String>>,
    /// For strategy `completion`: how likely a model has to complete an ask to be chosen by its price. Default: 0.8.
    #[cfg_attr(feature = "cli", schemars(range(min = 0.0, max = 1.0)))]
    pub completion_threshold: Option<f64>,
    /// For strategy `completion`: where no model reaches the threshold, the cheapest of those whose likelihood is at most
    /// this much below the best. Default: 0.05.
    #[cfg_attr(feature = "cli", schemars(range(min = 0.0, max = 1.0)))]
    pub fallback_quality_margin: Option<f64>,
    /// For strategy `completion`: whether the candidates of all tiers are compared, whatever tier was decided on.
    /// Default: true.
    pub completion_all_tiers: Option<bool>,
}

/// A list of candidates that holds for a while. Two promotions of one tier of one profile must not overlap.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Promotion {
    /// A name, for people.
    #[cfg_attr(feature = "cli", schemars(required))]
    pub name: Option<String>,
    /// Profile whose table changes.
    #[cfg_attr(feature = "cli", schemars(required))]
    pub profile: Option<String>,
    /// Tier whose list changes.
    #[cfg_attr(feature = "cli", schemars(required))]
    pub tier: Option<Tier>,
    /// Candidates in that time, preferred first: as a tier of a table.
    #[cfg_attr(feature = "cli", schemars(required))]
    pub models: Option<OneOrMany>,
    /// First moment it holds: `2026-11-01` (midnight UTC) or `2026-11-01T08:00:00+02:00` (RFC 3339).
    #[cfg_attr(feature = "cli", schemars(required))]
    pub from: Option<String>,
    /// First moment it holds no longer, after `from`. Same spelling.
    #[cfg_attr(feature = "cli", schemars(required))]
    pub until: Option<String>,
}
