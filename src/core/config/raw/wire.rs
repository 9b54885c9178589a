//! Everything outside the table: overrides, headers, paths, limits.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::tier::Tier;

/// Rules that overrule the score.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Overrides {
    /// This many reasoning markers give REASONING whatever the score.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 10_000)))]
    pub reasoning_markers: u32,
    /// Least confidence of that override.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 1.0)))]
    pub reasoning_confidence: f64,
    /// A request with more estimated input tokens than this gets at least `context_tier`.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1_000_000_000)))]
    pub context_tokens: u64,
    /// See `context_tokens`.
    pub context_tier: Tier,
    /// A request that asks for JSON, a schema or structured output gets at least this tier.
    pub structured_tier: Tier,
    /// From this agentic score on (the value of dimension agenticTask, 0 to 1) a request counts as agentic.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 1.0)))]
    pub agentic_score: f64,
    /// From this value of dimension codePresence on (0 to 1) an ask is about code: candidates marked `coder` go first.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 1.0)))]
    pub code_score: f64,
    /// An agent is stuck if its conversation ends with this many identical tool calls with the same answer (or turns of
    /// several calls), or this many errors of tools: its tier is then raised by one, until another step follows. 0: off.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 10)))]
    pub stall_repeats: usize,
}

impl Default for Overrides {
    fn default() -> Self {
        Self {
            reasoning_markers: 2,
            reasoning_confidence: 0.85,
            context_tokens: 100_000,
            context_tier: Tier::Complex,
            structured_tier: Tier::Medium,
            agentic_score: 0.5,
            code_score: 0.5,
            stall_repeats: 0,
        }
    }
}

/// Header names, and how much the client learns about the decision. Names are lower-case; none may be that of a
/// standard header, and no two may be the same. The filter removes what a client sends under the request's names.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Headers {
    /// Request header that names the Envoy cluster: the route's `cluster_header`.
    pub cluster: String,
    /// Request header that names the model.
    pub model: String,
    /// Request header that names the tier.
    pub tier: String,
    /// More request headers that name the model, such as `x-gateway-model-name`.
    #[cfg_attr(feature = "schema", schemars(length(max = 16)))]
    pub model_as: Vec<String>,
    /// How much the response headers report.
    pub response: ResponseDetail,
    /// Names of all response headers at once.
    pub response_preset: ResponsePreset,
    /// By the content of a response header: another name for it, in lower case. It has precedence over the preset's.
    #[cfg_attr(
        feature = "schema",
        schemars(extend("propertyNames" = {"enum": ResponseHeader::ALL.map(ResponseHeader::name)}))
    )]
    pub response_names: BTreeMap<ResponseHeader, String>,
    /// Whether answers to conversations have the decision in their body as well, for programs that cannot read headers: a
    /// member `_routing` in JSON, a comment `: _routing {…}` before the first event of a stream. It has what
    /// `response: full` sends. Compressed answers and lists stay as they are.
    pub in_body: bool,
}

/// Names of response headers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ResponsePreset {
    /// `x-tiergate-…`.
    #[default]
    Tiergate,
    /// `x-smart-router-model` and `x-smart-router-tier`, as in the hybrid router; the others as in `tiergate`.
    SmartRouter,
}

/// The content of a response header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ResponseHeader {
    /// The model that served.
    Model,
    /// The tier.
    Tier,
    /// The cause.
    Cause,
    /// Parameters that the tier gives the model.
    Set,
    /// The operator's rule that matched.
    Rule,
    /// The profile.
    Profile,
    /// The score.
    Score,
    /// The scorer's confidence.
    Confidence,
    /// The share of the baseline's cost that is saved.
    Savings,
    /// How many attempts there were.
    Attempts,
}

impl ResponseHeader {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Model,
        Self::Tier,
        Self::Cause,
        Self::Set,
        Self::Rule,
        Self::Profile,
        Self::Score,
        Self::Confidence,
        Self::Savings,
        Self::Attempts,
    ];

    /// The end of its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Tier => "tier",
            Self::Cause => "cause",
            Self::Set => "set",
            Self::Rule => "rule",
            Self::Profile => "profile",
            Self::Score => "score",
            Self::Confidence => "confidence",
            Self::Savings => "savings",
            Self::Attempts => "attempts",
        }
    }
}

impl Default for Headers {
    fn default() -> Self {
        Self {
            cluster: "x-tiergate-cluster".into(),
            model: "x-tiergate-model".into(),
            tier: "x-tiergate-tier".into(),
            model_as: Vec::new(),
            response: ResponseDetail::Basic,
            response_preset: ResponsePreset::Tiergate,
            response_names: BTreeMap::new(),
            in_body: false,
        }
    }
}

/// How much the response headers report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ResponseDetail {
    /// Nothing.
    None,
    /// Model, tier and cause.
    Basic,
    /// Also profile, score, confidence, savings, the rule that matched, and what the tier sets.
    Full,
}

/// Path suffixes of each dialect, without the query. An empty list switches a dialect off.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Paths {
    /// OpenAI chat completions. Each begins with `/`.
    #[cfg_attr(feature = "schema", schemars(length(max = 32)))]
    pub chat_completions: Vec<String>,
    /// OpenAI completions. Each begins with `/`.
    #[cfg_attr(feature = "schema", schemars(length(max = 32)))]
    pub completions: Vec<String>,
    /// OpenAI responses. Each begins with `/`.
    #[cfg_attr(feature = "schema", schemars(length(max = 32)))]
    pub responses: Vec<String>,
    /// Anthropic messages. Each begins with `/`.
    #[cfg_attr(feature = "schema", schemars(length(max = 32)))]
    pub messages: Vec<String>,
    /// Gemini: what follows the model's name in the path. Each begins with `:`.
    #[cfg_attr(feature = "schema", schemars(length(max = 32)))]
    pub gemini: Vec<String>,
    /// Calls that name a model and are not conversations, such as token counting, embeddings and batches. If they name
    /// a virtual model, its profile's default model replaces it. Their bodies are buffered as well. Each begins with
    /// `/`, or with `:` for what follows the model's name in Gemini's paths.
    #[cfg_attr(feature = "schema", schemars(length(max = 64)))]
    pub other: Vec<String>,
}

impl Default for Paths {
    fn default() -> Self {
        let list = |names: &[&str]| names.iter().map(|&n| n.to_owned()).collect();
        Self {
            chat_completions: list(&["/chat/completions"]),
            completions: list(&["/completions"]),
            responses: list(&["/responses"]),
            messages: list(&["/messages"]),
            gemini: list(&[":generateContent", ":streamGenerateContent"]),
            other: list(&[
                "/messages/count_tokens",
                "/messages/batches",
                "/responses/compact",
                "/responses/input_tokens",
                "/embeddings",
                "/moderations",
                "/rerank",
                "/batches",
                "/images/generations",
                "/images/edits",
                "/images/variations",
                "/audio/speech",
                "/audio/transcriptions",
                "/audio/translations",
                ":countTokens",
                ":embedContent",
                ":batchEmbedContents",
            ]),
        }
    }
}

/// Which words of a conversation are judged.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Conversation {
    /// Whether blocks that the harnesses of known agents put into a user's turn (`<system-reminder>` and others) are
    /// excluded from judging.
    pub known_harnesses: bool,
    /// Which of those blocks are judged anyway: what they begin with, as listed in `docs/asks.md`, such as
    /// `<user_info>`.
    #[cfg_attr(feature = "schema", schemars(length(max = 256)))]
    pub markers_off: Vec<String>,
    /// More such blocks: pairs of what a block begins and ends with. A beginning of the form `<name>` also matches the
    /// tag with attributes.
    #[cfg_attr(feature = "schema", schemars(length(max = 128)))]
    pub injected: Vec<Injected>,
    /// Pairs of what material begins and ends with, such as text that was looked up for the ask. A long block at the
    /// start of a line is excluded from judging if the turn says something else.
    #[cfg_attr(feature = "schema", schemars(length(max = 128)))]
    pub material: Vec<Injected>,
    /// More labels of sections, by the kind of the section: `material` and `ask`; `task`, instructions to the model;
    /// `end`, where the answer goes. A label is a line of its own that is a heading, or the text before a colon.
    #[cfg_attr(feature = "schema", schemars(length(max = 4)))]
    pub labels: BTreeMap<LabelRole, Vec<String>>,
    /// The tier of requests that clients make for themselves: titles, tags, search queries, summaries of a
    /// conversation.
    pub chore_tier: Tier,
    /// How many tiers an ask that says the work before it is wrong is raised above that work.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 2)))]
    pub correction_raises: u8,
    /// A reply such as "go on" or "still wrong" gets at least the tier of the work that it is about: the hardest of
    /// this many asks before it. 0: every ask is judged by itself.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 31)))]
    pub history_turns: usize,
    /// An ask longer than this many bytes is not a reply in that sense.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 4096)))]
    pub reply_bytes: usize,
    /// How many tiers less an earlier ask counts for each ask between it and the reply; rounded down.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 3.0)))]
    pub history_decay: f64,
}

impl Default for Conversation {
    fn default() -> Self {
        Self {
            known_harnesses: true,
            markers_off: Vec::new(),
            injected: Vec::new(),
            material: Vec::new(),
            labels: BTreeMap::new(),
            chore_tier: Tier::Simple,
            correction_raises: 1,
            history_turns: 6,
            reply_bytes: 80,
            history_decay: 0.25,
        }
    }
}

/// The kind of section under a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LabelRole {
    /// Text that was looked up or pasted.
    Material,
    /// What a person asks.
    Ask,
    /// Instructions to the model.
    Task,
    /// Where the answer goes.
    End,
}

/// What a block begins and ends with.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Injected {
    /// What it begins with: at least two characters of ASCII.
    #[cfg_attr(feature = "schema", schemars(required, length(min = 2, max = 256)))]
    pub open: Option<String>,
    /// What it ends with.
    #[cfg_attr(feature = "schema", schemars(required, length(min = 1, max = 256)))]
    pub close: Option<String>,
}

/// Bounds on reading a request's body.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes judged from the start of the newest ask.
    #[cfg_attr(feature = "schema", schemars(range(min = 64, max = 1_048_576)))]
    pub scan_head_bytes: usize,
    /// Bytes judged from the end of the newest ask, if it is longer than the head; 0 for none.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1_048_576)))]
    pub scan_tail_bytes: usize,
    /// Deepest nesting of arrays and objects that is read; a body beyond it is not parsed.
    #[cfg_attr(feature = "schema", schemars(range(min = 8, max = 1024)))]
    pub max_depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { scan_head_bytes: 512, scan_tail_bytes: 256, max_depth: 128 }
    }
}

/// What happens to `GET /v1/models` and `/v1/models/NAME`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ModelsEndpoint {
    /// It goes to the default cluster, and the answer passes unchanged.
    #[default]
    Off,
    /// The virtual models are added to the list of the default cluster; the filter answers for a single virtual model.
    Merge,
    /// The list is the virtual models alone; no upstream is asked, and no key is required.
    Only,
}
