//! The document as written by its author. Every key is optional unless the schema says otherwise.
//!
//! The doc comments here are the descriptions in `tiergate.schema.json` and in `docs/configuration.md`. A required key
//! (`schemars(required)`) is still an `Option`, so that one missing key does not keep the rest of a document from
//! being checked: the schema's check reports it, the compiler skips it.

mod classifier;
mod console;
mod discover;
mod fallbacks;
mod fit;
mod groups;
mod model;
mod operator;
mod rollout;
mod routing;
mod rules;
mod session;
mod signals;
mod tables;
mod wire;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use classifier::Classifier;
pub use console::Console;
pub use discover::Discover;
pub use fallbacks::{Fallbacks, Position, RawCredentials, RawLive};
pub use fit::{Fit, HistoryMode, Params, StreamUsage, UnkeptSchema, UnkeptTools};
pub use groups::Group;
pub use model::Model;
pub use operator::{ClientHints, RoutingRule, TenantPolicies};
pub use rollout::{Control, Mode};
pub use routing::{Agentic, Eligibility, RawCompletion, Strategy, UnknownState};
pub use rules::{Calibrated, Dimensions, OwnKeywords, RawOwnDimension, RawStep, Rules};
pub use session::{MoveDown, Session, SessionMode};
pub use signals::{SignalWeights, Signals, SignalsPreset};
pub use tables::{Candidate, OneOrMany, Profile, Promotion, Tiers};
pub use wire::{
    Conversation, Headers, LabelRole, Limits, ModelsEndpoint, Overrides, Paths, ResponseDetail,
    ResponseHeader, ResponsePreset,
};

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
    /// Whether metrics and the access log also have OpenTelemetry's names for generative AI: histograms of each model's
    /// duration, time to the first byte, and tokens, and the filter states `wasm.gen_ai.request.model`,
    /// `wasm.gen_ai.response.model`, `wasm.gen_ai.usage.input_tokens`, `wasm.gen_ai.usage.output_tokens` and
    /// `wasm.cost_usd`. All but the first come from answers (`live`). Costs up to five more host calls per request.
    pub gen_ai: bool,
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
    /// A second opinion of asks that the scorer is not sure of. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classifier: Option<Classifier>,
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
    /// The position of this filter in Envoy. `router` and `attempt` take the same document except for this key; `console`
    /// takes nothing but the section `console`.
    pub position: Position,
    /// The console (docs/console.md). Only with `position: console`. Default: there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub console: Option<Console>,
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
            gen_ai: false,
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
            classifier: None,
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
            console: None,
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
