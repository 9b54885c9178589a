//! One pure function: a request in, a decision out.

use std::sync::Arc;

use crate::chat::{self, Dialect, Span, View};
use crate::config::Config;
use crate::route::{self, Conditions, Model, Needs, Profile, Standing, Usage};
use crate::score::{Length, Score, Scratch as ScoreScratch, Verdict};
use crate::signal::{Candidate, Feed, Index, Match, Settings};
use crate::tier::Tier;

/// Why a request went where it went. A closed list: headers, metrics and logs use these words and no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// The scorer's tier.
    Score,
    /// The score lies too near a boundary to tell: the ambiguous tier.
    Ambiguous,
    /// Enough reasoning markers for REASONING whatever the score.
    OverrideReasoning,
    /// So much input that the tier was raised.
    OverrideContext,
    /// Structured output is asked for: the tier was raised.
    FloorStructured,
    /// Adoption signals prefer the candidate to one that is listed before it.
    Momentum,
    /// Nobody in the tier can serve the request (tools, images, window): a neighbouring tier's candidate does.
    Capability,
    /// Nobody in the profile can serve it: the default model.
    NoCandidates,
    /// The conversation has no text of a user to judge: the default model.
    NoPrompt,
    /// The client asked for a model by name.
    Pinned,
    /// The request names no model.
    NoModel,
    /// The body is no JSON object, is cut off, or nests too deep.
    Unparsable,
    /// The body is compressed.
    Encoded,
    /// There is no body.
    NoBody,
}

impl Cause {
    /// All causes.
    pub const ALL: [Cause; 14] = [
        Cause::Score,
        Cause::Ambiguous,
        Cause::OverrideReasoning,
        Cause::OverrideContext,
        Cause::FloorStructured,
        Cause::Momentum,
        Cause::Capability,
        Cause::NoCandidates,
        Cause::NoPrompt,
        Cause::Pinned,
        Cause::NoModel,
        Cause::Unparsable,
        Cause::Encoded,
        Cause::NoBody,
    ];

    /// The word for headers, metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Cause::Score => "score",
            Cause::Ambiguous => "ambiguous",
            Cause::OverrideReasoning => "override_reasoning",
            Cause::OverrideContext => "override_context",
            Cause::FloorStructured => "floor_structured",
            Cause::Momentum => "momentum",
            Cause::Capability => "capability",
            Cause::NoCandidates => "no_candidates",
            Cause::NoPrompt => "no_prompt",
            Cause::Pinned => "pinned",
            Cause::NoModel => "no_model",
            Cause::Unparsable => "unparsable",
            Cause::Encoded => "encoded",
            Cause::NoBody => "no_body",
        }
    }
}

/// How the request has to be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Not at all.
    None,
    /// Each of these values of the body becomes the decision's model.
    Body(Vec<Span>),
    /// The path becomes this.
    Path(Vec<u8>),
}

/// Where a request goes, and why.
#[derive(Clone, Debug)]
pub struct Decision<'c> {
    /// Why.
    pub cause: Cause,
    /// The profile that chose; none where the client did.
    pub profile: Option<&'c Profile>,
    /// The tier that was decided on; none where nothing was judged. The model is of its list, but for the causes
    /// `no_prompt` and `no_candidates`, where it is the default model.
    pub tier: Option<Tier>,
    /// The model; none where the table does not know it.
    pub model: Option<&'c Arc<Model>>,
    /// Who may serve in its place, in order. Empty where the client chose, or nobody can.
    pub chain: Vec<&'c Arc<Model>>,
    /// The Envoy cluster.
    pub cluster: &'c str,
    /// What to change.
    pub edit: Edit,
    /// The score, where the prompt was judged.
    pub score: Option<Score>,
    /// Estimated tokens of the ask.
    pub ask_tokens: u64,
    /// Estimated tokens of the request and its answer.
    pub usage: Usage,
    /// Estimated cost in USD, where the price is known.
    pub cost: Option<f64>,
    /// Share of the baseline's cost that is saved, where both prices are known.
    pub savings: Option<f64>,
}

/// Working memory of [`decide`], kept from request to request.
#[derive(Debug, Default)]
pub struct Scratch {
    text: String,
    /// The scorer's part; after a decision that judged a prompt it can explain the score.
    pub score: ScoreScratch,
    /// How long the ask was that was last judged.
    pub length: Length,
}

/// One LLM call.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    /// How it is spelled.
    pub dialect: Dialect,
    /// Its path, query string and all.
    pub path: &'r [u8],
    /// Its body, whole.
    pub body: &'r [u8],
}

/// What is known at the time of a request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Live<'l> {
    /// What adoption signals say of the models, where there are any.
    pub standing: Option<&'l Standing>,
    /// How the models are doing, where that is known.
    pub conditions: Option<&'l Conditions>,
    /// Unix time in seconds.
    pub now: u64,
}

/// What a feed says of the models: each is worth what its signal is. Empty where no signals are configured.
pub fn standing(config: &Config, feed: &Feed) -> Standing {
    let mut standing = Standing::default();
    let Some(settings) = &config.signals else { return standing };
    let index = Index::new(feed);
    for (name, model) in &config.table.models {
        // Under an alias the model is listed once more.
        let matched = if *name == model.name { matched(settings, model, &index) } else { None };
        if let Some(signal) = matched.and_then(|found| feed.signals.get(found.signal)) {
            standing.set(model, settings.weights.momentum(signal));
        }
    }
    standing
}

/// The signal about a model.
pub fn matched(settings: &Settings, model: &Model, index: &Index) -> Option<Match> {
    let aliases = settings.aliases.get(&model.name).map_or(&[][..], Vec::as_slice);
    index.find(&Candidate { name: &model.name, upstream_model: &model.upstream_model, aliases })
}

/// Decides where a request goes.
pub fn decide<'c>(
    config: &'c Config,
    request: &Request<'_>,
    live: Live<'_>,
    scratch: &mut Scratch,
) -> Decision<'c> {
    let view = chat::view(request.body, request.path, request.dialect, &config.limits);
    let Some(name) = view.model.as_deref() else {
        let cause = if view.fault.is_some() { Cause::Unparsable } else { Cause::NoModel };
        return undecided(config, cause);
    };
    let Some(asked) = config.table.virtual_models.get(name) else {
        return pinned(config, name);
    };
    let edit = |model: &Model| match request.dialect {
        Dialect::Gemini(span) => path_edit(request.path, span, model),
        _ => Edit::Body(view.model_spans.clone()),
    };
    if view.fault.is_some() {
        return to_default(asked, Cause::Unparsable, edit(&asked.default_model));
    }
    judge(config, asked, request.body, &view, live, scratch, edit)
}

/// Decides without a body: it is compressed, or there is none.
pub fn decide_unread<'c>(config: &'c Config, dialect: Dialect, path: &[u8], cause: Cause) -> Decision<'c> {
    let Dialect::Gemini(span) = dialect else {
        return undecided(config, cause);
    };
    let view = chat::view(b"{}", path, dialect, &config.limits);
    let name = view.model.as_deref().unwrap_or_default();
    match config.table.virtual_models.get(name) {
        Some(profile) => to_default(profile, cause, path_edit(path, span, &profile.default_model)),
        None => pinned(config, name),
    }
}

fn path_edit(path: &[u8], span: Span, model: &Model) -> Edit {
    chat::rewrite_path(path, span, &model.upstream_model).map_or(Edit::None, Edit::Path)
}

fn judge<'c>(
    config: &'c Config,
    asked: &'c Profile,
    body: &[u8],
    view: &View<'_>,
    live: Live<'_>,
    scratch: &mut Scratch,
    edit: impl Fn(&Model) -> Edit,
) -> Decision<'c> {
    let table = &config.table;
    let usage = Usage {
        input: tokens(view.text_bytes),
        output: view.max_tokens.unwrap_or(config.default_output_tokens),
    };
    let needs = Needs { tools: view.tools, vision: view.images, usage };
    let ask_bytes: usize = view.ask.iter().map(|part| part.len()).sum();
    let ask_tokens = tokens(ask_bytes);

    let score = (ask_bytes > 0).then(|| {
        scratch.text.clear();
        let limits = &config.limits;
        let read = ask_bytes.min(limits.scan_head_bytes.saturating_add(limits.scan_tail_bytes));
        scratch.length = Length { ask: ask_bytes, read };
        chat::excerpt(body, &view.ask, limits.scan_head_bytes, limits.scan_tail_bytes, &mut scratch.text);
        config.scorer.score(&scratch.text, ask_tokens, &mut scratch.score)
    });

    let agentic = view.tools || score.is_some_and(|s| s.agentic >= config.overrides.agentic_score);
    let profile = match &asked.agentic_profile {
        Some(name) if agentic => table.profiles.get(name).map_or(asked, |p| p),
        _ => asked,
    };

    let (tier, cause) = match score {
        Some(score) => overruled(config, view, body, usage, score, &mut scratch.text),
        None => (config.scorer.params().ambiguous_tier, Cause::NoPrompt),
    };
    let picked = route::pick(table, profile, tier, &needs, live.standing, live.conditions, live.now);
    let chain = picked.as_ref().map(|pick| pick.chain.clone()).unwrap_or_default();
    let (model, tier, cause) = match (picked, cause) {
        (_, Cause::NoPrompt) if needs.met_by(&profile.default_model) => (&profile.default_model, tier, cause),
        (Some(pick), _) if pick.tier == tier && pick.moved => (pick.model, tier, Cause::Momentum),
        (Some(pick), _) if pick.tier == tier => (pick.model, tier, cause),
        (Some(pick), _) => (pick.model, pick.tier, Cause::Capability),
        (None, _) => (&profile.default_model, tier, Cause::NoCandidates),
    };
    let usage = Usage { output: usage.output.min(model.max_output.unwrap_or(u64::MAX)), ..usage };
    Decision {
        cause,
        profile: Some(profile),
        tier: Some(tier),
        model: Some(model),
        chain,
        cluster: &model.cluster,
        edit: edit(model),
        score,
        ask_tokens,
        usage,
        cost: route::cost(model, usage),
        savings: table.baseline.as_ref().and_then(|baseline| route::savings(model, baseline, usage)),
    }
}

/// The scorer's tier, raised where a rule says so.
fn overruled(
    config: &Config,
    view: &View<'_>,
    body: &[u8],
    usage: Usage,
    score: Score,
    text: &mut String,
) -> (Tier, Cause) {
    let rules = &config.overrides;
    let cause = match score.verdict {
        Verdict::Sum => Cause::Score,
        Verdict::Ambiguous => Cause::Ambiguous,
        Verdict::ReasoningMarkers => Cause::OverrideReasoning,
    };
    if usage.input > rules.context_tokens && score.tier < rules.context_tier {
        return (rules.context_tier, Cause::OverrideContext);
    }
    if score.tier < rules.structured_tier {
        let asked = view.structured || {
            let limits = &config.limits;
            text.clear();
            chat::excerpt(body, &view.system, limits.scan_head_bytes, limits.scan_tail_bytes, text);
            config.scorer.mentions_structure(text)
        };
        if asked {
            return (rules.structured_tier, Cause::FloorStructured);
        }
    }
    (score.tier, cause)
}

fn to_default(profile: &Profile, cause: Cause, edit: Edit) -> Decision<'_> {
    let model = &profile.default_model;
    Decision { profile: Some(profile), model: Some(model), edit, ..unjudged(cause, &model.cluster) }
}

fn pinned<'c>(config: &'c Config, name: &str) -> Decision<'c> {
    let model = config.table.models.get(name);
    let cluster = model.map_or(&config.table.default_cluster, |m| &m.cluster);
    Decision { model, ..unjudged(Cause::Pinned, cluster) }
}

/// A request that nothing is known of goes to the default cluster as it is.
fn undecided(config: &Config, cause: Cause) -> Decision<'_> {
    unjudged(cause, &config.table.default_cluster)
}

/// A decision that no prompt was judged for.
fn unjudged(cause: Cause, cluster: &str) -> Decision<'_> {
    Decision {
        cause,
        profile: None,
        tier: None,
        model: None,
        chain: Vec::new(),
        cluster,
        edit: Edit::None,
        score: None,
        ask_tokens: 0,
        usage: Usage::default(),
        cost: None,
        savings: None,
    }
}

/// Tokens of so many bytes of text: four bytes a token, in any script. English has about four characters a token;
/// scripts of two or three bytes a character have fewer characters a token by about as much.
fn tokens(bytes: usize) -> u64 {
    u64::try_from(bytes.div_ceil(4)).unwrap_or(u64::MAX)
}
