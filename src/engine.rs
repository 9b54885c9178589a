//! One pure function: a request in, a decision out.

use std::sync::Arc;

use crate::ask::{self, Asks, Budget, Heard, Judge, Judged, Why as AskWhy};
use crate::chat::{self, Dialect, PathModels, Problem, Sealed, Span, View};
use crate::config::{Config, Name};
use crate::fit::{self, Fitted};
use crate::live::{Known, Memory, SessionPin};
use crate::rollout::{Control, NotRouted};
use crate::route::{
    self, Agentic, Conditions, Model, Needs, PickRequest, Profile, SignalRanking, Usage, Why,
};
use crate::score::{Ask, Basis, Explanation, Score};
use crate::signal::{Candidate, Feed, Index, Match, SignalSettings};
use crate::tier::Tier;

mod cause;
pub mod listing;
mod sessions;
pub mod state;
mod subject;
#[cfg(test)]
mod tests;

pub use cause::Cause;
pub use sessions::Sessions;
use sessions::{conversation, hold, stay};
use state::{State, follow, kept, state};
use subject::subject;

/// No answer is expected to be longer, in tokens: a client may ask for any number, and one that nobody answers with would
/// make the counters of cost worthless.
const MOST_OUTPUT: u64 = 10_000_000;

/// How the request has to be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Not at all.
    None,
    /// Each of these values of the body becomes the decision's model.
    Body(Vec<Span>),
    /// The path becomes this.
    Path(Vec<u8>),
    /// Both.
    Both(Vec<u8>, Vec<Span>),
}

impl Edit {
    fn of(path: Option<Vec<u8>>, spans: Vec<Span>) -> Self {
        match path {
            Some(path) if spans.is_empty() => Edit::Path(path),
            Some(path) => Edit::Both(path, spans),
            None if spans.is_empty() => Edit::None,
            None => Edit::Body(spans),
        }
    }

    /// The new path, if it is to change.
    pub fn path(&self) -> Option<&[u8]> {
        match self {
            Edit::Path(path) | Edit::Both(path, _) => Some(path),
            Edit::None | Edit::Body(_) => None,
        }
    }

    /// The values of the body that become the model; an empty span is the place for the member.
    pub fn spans(&self) -> &[Span] {
        match self {
            Edit::Body(spans) | Edit::Both(_, spans) => spans,
            Edit::None | Edit::Path(_) => &[],
        }
    }
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
    /// Who may serve in its place, in order: at most [`route::CHAIN`], all of whom can serve the request. Empty where
    /// the client chose, or nobody can.
    pub chain: Vec<&'c Arc<Model>>,
    /// The Envoy cluster.
    pub cluster: &'c str,
    /// What to change.
    pub edit: Edit,
    /// What else to change, so that the model takes the request.
    pub fitted: Fitted,
    /// Whether the conversation was held by this model before.
    pub stays: bool,
    /// The score, where the prompt was judged.
    pub score: Option<Score>,
    /// Estimated tokens of the ask.
    pub ask_tokens: u64,
    /// Estimated tokens of the request and its answer.
    pub usage: Usage,
    /// Estimated cost in USD, where the price is known.
    pub cost: Option<f64>,
    /// What the same would cost with the baseline, in USD, where there is one and its price is known.
    pub baseline_cost: Option<f64>,
    /// Share of the baseline's cost that is saved, where both prices are known.
    pub savings: Option<f64>,
    /// Names of the chain's models for LiteLLM, which asks them itself; empty where it is not to.
    pub tell: Vec<&'c str>,
    /// A conversation, and what it is to be held by from now on; none where that is known already, or it is not to be.
    pub hold: Option<(Known, SessionPin)>,
    /// What a conversation or cache at the provider is known by that the request names, where it does.
    pub keeps: Option<Known>,
    /// What was decided and not done, for the causes `shadow` and `control`.
    pub withheld: Option<Withheld<'c>>,
    /// What was looked at in search of the words that a person typed.
    pub scan: Budget,
    /// The number of what is asked, the same for the requests of one conversation; 0 where nothing was read.
    pub subject: u64,
    /// Why the request is not passed on, for the causes `no_such_model` and `refused`.
    pub problem: Option<Problem>,
}

/// A decision that was not carried out.
#[derive(Clone, Debug)]
pub struct Withheld<'c> {
    /// Why it would have gone there.
    pub cause: Cause,
    /// The profile that chose.
    pub profile: Option<&'c Profile>,
    /// The tier that was decided on.
    pub tier: Option<Tier>,
    /// The model that would have served.
    pub model: Option<&'c Arc<Model>>,
    /// Estimated cost in USD of the model that would have served, where the price is known.
    pub cost: Option<f64>,
}

/// Working memory of [`decide`], kept from request to request.
#[derive(Debug, Default)]
pub struct Scratch(ask::Scratch);

impl Scratch {
    /// Why the ask of `decision`, the last one that this was used for, has its score; none where nothing was judged.
    pub fn explain<'c>(&self, config: &'c Config, decision: &Decision<'_>) -> Option<Explanation<'c>> {
        decision.score.map(|_| config.scorer.explain(&self.asked(decision), &self.0.score))
    }

    /// Passes to `each` the features of the ask of `decision`, the last one that this was used for.
    pub fn features(&mut self, config: &Config, decision: &Decision<'_>, each: impl FnMut(&str, i32)) {
        if decision.score.is_some() {
            let ask = Ask { text: "", tokens: decision.ask_tokens, length: self.0.length };
            config.scorer.features(&ask, &mut self.0.score, each);
        }
    }

    fn asked(&self, decision: &Decision<'_>) -> Ask<'_> {
        Ask { text: &self.0.text, tokens: decision.ask_tokens, length: self.0.length }
    }
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
pub struct RequestContext<'l> {
    /// What adoption signals say of the models, where there are any.
    pub ranking: Option<&'l SignalRanking>,
    /// How the models are doing, where that is known.
    pub conditions: Option<&'l Conditions>,
    /// Chance, for strategies that take any: another number for each request.
    pub seed: u64,
    /// What conversations are held by, where they are.
    pub sessions: Option<Sessions<'l>>,
    /// Unix time in seconds.
    pub now: u64,
}

/// What a feed says of the models: each is worth what its signal is. Empty where no signals are configured.
pub fn ranking(config: &Config, feed: &Feed) -> SignalRanking {
    let mut ranking = SignalRanking::default();
    let Some(settings) = &config.signals else { return ranking };
    let index = Index::new(feed);
    for (name, model) in &config.table.models {
        // Under an alias the model is listed once more.
        let matched = if *name == model.name { matched(settings, model, &index) } else { None };
        if let Some(signal) = matched.and_then(|found| feed.signals.get(found.signal)) {
            ranking.set(model, settings.weights.momentum(signal));
        }
    }
    ranking
}

/// The signal about a model.
pub fn matched(settings: &SignalSettings, model: &Model, index: &Index) -> Option<Match> {
    let aliases = settings.aliases.get(&model.name).map_or(&[][..], Vec::as_slice);
    index.find(&Candidate { name: &model.name, upstream_model: &model.upstream_model, aliases })
}

/// Decides where a request goes.
pub fn decide<'c>(
    config: &'c Config,
    request: &Request<'_>,
    live: RequestContext<'_>,
    scratch: &mut Scratch,
) -> Decision<'c> {
    let mut heard = Heard::new(&config.ask.markers, request.body.len());
    let view = chat::view(request.body, request.path, request.dialect, &config.limits, &mut heard);
    let subject = subject(request.body, &view);
    Decision { subject, ..decide_on(config, request, (&view, &mut heard), live, scratch) }
}

fn decide_on<'c>(
    config: &'c Config,
    request: &Request<'_>,
    (view, heard): (&View<'_>, &mut Heard<'_>),
    live: RequestContext<'_>,
    scratch: &mut Scratch,
) -> Decision<'c> {
    let named = view.model.as_deref().filter(|name| !name.trim().is_empty());
    // Only where there is something to answer: other calls on such paths need no model.
    let default = || config.names.default_name().filter(|_| view.converses && view.fault.is_none());
    // A value of another kind than a string is the upstream's to judge.
    let absent = || {
        let mut values = view.model_spans.iter().map(|value| value.of(request.body));
        values.all(|value| value == b"null" || value.starts_with(b"\""))
    };
    let Some(name) = named.or_else(|| default().filter(|_| absent())) else {
        let cause = if view.fault.is_some() { Cause::Unparsable } else { Cause::NoModel };
        return undecided(config, cause);
    };
    let fitted = |decision: Decision<'c>| match decision.model {
        Some(model) if decision.edit != Edit::None || config.fit.pinned => {
            let signed = decision.stays || !config.several_sign;
            let fitted = fit::fit(request.body, view, request.dialect, &model.takes, config.fit, signed);
            Decision { fitted, ..decision }
        }
        _ => decision,
    };
    let keeps = live.sessions.as_ref().and_then(|sessions| kept(sessions, request.body, view));
    let asked = match config.names.find(&config.table, name) {
        Name::Virtual(asked) => asked,
        Name::Missing => return no_such_model(config, name),
        Name::Other => return fitted(Decision { keeps, ..pinned(config, name) }),
    };
    if view.more_models {
        return refused(config, Problem::TooManyModels);
    }
    let edit = |model: &Model| edit_of(request, view, model);
    if view.fault.is_some() {
        return unread(config, asked, name, Cause::Unparsable, || edit(&asked.default_model));
    }
    let decision = judge(config, asked, request.body, (view, heard), live, scratch, edit);
    // What all requests of a conversation have in common.
    let conversation = || {
        let user = view.ids.user.map_or(&[][..], |user| user.of(request.body));
        let ask = heard.first_ask(request.body);
        std::iter::once(user).chain(ask.into_iter().map(|part| part.of(request.body)))
    };
    // What one model has made stays with it, though another would serve it without.
    let made = decision.cause == Cause::State;
    let decision = Decision { keeps, ..decision };
    let decision = match config.rollout.holds(&asked.name, conversation) {
        Some(NotRouted::Control) if made => decision,
        Some(why) => withhold(config, asked, name, why, decision, || edit(&asked.default_model)),
        None => decision,
    };
    fitted(Decision { scan: *heard.budget(), ..decision })
}

/// Where a model's name has to be written.
fn edit_of(request: &Request<'_>, view: &View<'_>, model: &Model) -> Edit {
    let path = path_edit(request.path, &view.path_spans, model);
    let spans = if view.model_spans.is_empty() && path.is_none() {
        vec![Span { start: view.inside, end: view.inside }]
    } else {
        view.model_spans.clone()
    };
    Edit::of(path, spans)
}

/// Decides without a body: it cannot be read, or there is none. The path may name the model all the same.
pub fn decide_unread<'c>(config: &'c Config, dialect: Dialect, path: &[u8], cause: Cause) -> Decision<'c> {
    let PathModels { spans, asked, more } = PathModels::of(path, Some(dialect));
    let Some(name) = asked.filter(|name| !name.trim().is_empty()) else {
        return undecided(config, cause);
    };
    match config.names.find(&config.table, &name) {
        Name::Virtual(_) if more => refused(config, Problem::TooManyModels),
        Name::Virtual(profile) => unread(config, profile, &name, cause, || {
            Edit::of(path_edit(path, &spans, &profile.default_model), Vec::new())
        }),
        Name::Missing => no_such_model(config, &name),
        Name::Other => pinned(config, &name),
    }
}

/// Decides about a call that is no conversation: a virtual model becomes its profile's default model, wherever it is
/// named. None where none is.
pub fn decide_other<'c>(config: &'c Config, path: &[u8], body: &[u8]) -> Option<Decision<'c>> {
    let in_path = PathModels::of(path, None);
    let in_body = chat::Asked::of(body, &config.limits);
    let find = |name: &str| match config.names.find(&config.table, name) {
        Name::Virtual(profile) => Some(Ok(profile)),
        Name::Missing => Some(Err(no_such_model(config, name))),
        Name::Other => None,
    };
    let (mut asked, mut spans) = (None::<&Profile>, Vec::new());
    let named = in_body.spans.iter().map(|&span| (span, chat::said(span, body)));
    for (span, name) in named {
        match find(&name) {
            None => {}
            Some(Err(problem)) => return Some(problem),
            Some(Ok(profile)) => {
                let other = asked.replace(profile);
                if other.is_some_and(|other| other.default_model.slot != profile.default_model.slot) {
                    return Some(refused(config, Problem::MixedModels));
                }
                spans.push(span);
            }
        }
    }
    let mut path_spans = Vec::new();
    if let Some(name) = &in_path.asked {
        match find(name) {
            None => {}
            Some(Err(problem)) => return Some(problem),
            Some(Ok(profile)) => {
                asked.get_or_insert(profile);
                path_spans = in_path.spans;
            }
        }
    }
    let profile = asked?;
    if in_body.more || in_path.more {
        return Some(refused(config, Problem::TooManyModels));
    }
    let edit = Edit::of(path_edit(path, &path_spans, &profile.default_model), spans);
    Some(to_default(profile, Cause::SidePath, edit))
}

fn no_such_model<'c>(config: &'c Config, asked: &str) -> Decision<'c> {
    let known = config.table.virtual_models.keys().cloned().collect();
    let problem = Some(Problem::NoSuchModel { asked: asked.trim().to_owned(), known });
    Decision { problem, ..undecided(config, Cause::NoSuchModel) }
}

/// A request that is answered with a problem.
pub fn refused(config: &Config, problem: Problem) -> Decision<'_> {
    Decision { problem: Some(problem), ..undecided(config, Cause::Refused) }
}

/// A request for a virtual model that cannot be judged: the default model, unless nothing of its profile is routed and
/// what is not goes on unchanged.
fn unread<'c>(
    config: &'c Config,
    asked: &'c Profile,
    name: &str,
    cause: Cause,
    edit: impl FnOnce() -> Edit,
) -> Decision<'c> {
    let rollout = &config.rollout;
    if rollout.control(&asked.name) == Control::Unchanged && rollout.holds_all(&asked.name).is_some() {
        return Decision { cause, profile: Some(asked), ..pinned(config, name) };
    }
    to_default(asked, cause, edit())
}

/// Keeps a decision from being carried out: the request goes the way that the profile's control says.
fn withhold<'c>(
    config: &'c Config,
    asked: &'c Profile,
    name: &str,
    why: NotRouted,
    decision: Decision<'c>,
    edit: impl FnOnce() -> Edit,
) -> Decision<'c> {
    let cause = match why {
        NotRouted::Shadow => Cause::Shadow,
        NotRouted::Control => Cause::Control,
    };
    let instead = match config.rollout.control(&asked.name) {
        Control::DefaultModel => to_default(asked, cause, edit()),
        Control::Unchanged => Decision { cause, profile: Some(asked), ..pinned(config, name) },
    };
    let usage = decision.usage;
    let both = instead.model.zip(config.table.baseline.as_ref());
    Decision {
        score: decision.score,
        ask_tokens: decision.ask_tokens,
        usage,
        cost: instead.model.and_then(|model| route::cost(model, usage)),
        baseline_cost: decision.baseline_cost,
        savings: both.and_then(|(model, baseline)| route::savings(model, baseline, usage)),
        keeps: decision.keeps,
        withheld: Some(Withheld {
            cause: decision.cause,
            profile: decision.profile,
            tier: decision.tier,
            model: decision.model,
            cost: decision.cost,
        }),
        ..instead
    }
}

fn path_edit(path: &[u8], spans: &[Span], model: &Model) -> Option<Vec<u8>> {
    let named = !spans.is_empty();
    named.then(|| chat::rewrite_path_at(path, spans, &model.upstream_model)).flatten()
}

fn judge<'c>(
    config: &'c Config,
    asked: &'c Profile,
    body: &[u8],
    (view, heard): (&View<'_>, &mut Heard<'_>),
    live: RequestContext<'_>,
    scratch: &mut Scratch,
    edit: impl Fn(&Model) -> Edit,
) -> Decision<'c> {
    let table = &config.table;
    let output = view.max_tokens.unwrap_or(config.default_output_tokens).min(MOST_OUTPUT);
    let usage = Usage { input: view.tokens.count(), output };
    let needs = Needs {
        tools: view.tools,
        vision: view.images,
        audio: view.audio,
        pdf: view.pdf,
        schema: view.schema,
        provider: None,
        thoughts: if config.fit.keep_history { view.sealed } else { Sealed::default() },
        limit: view.max_tokens,
        usage,
        margin: config.window_margin,
    };
    let asks = heard.asks(body, config.ask.history_turns);
    let judged = judged(config, body, (view, heard), &asks, &mut scratch.0);
    let score = judged.map(|judged| judged.score);
    let ask_tokens = judged.map_or(0, |judged| judged.tokens);

    let agentic = score.is_some_and(|s| s.agentic >= config.overrides.agentic_score)
        || match asked.agentic {
            Agentic::Offered => view.tools,
            Agentic::Used => view.used_tools(&asks.newest),
            Agentic::Judged => false,
        };
    let profile = match &asked.agentic_profile {
        Some(name) if agentic => table.profiles.get(name).map_or(asked, |p| p),
        _ => asked,
    };

    let (tier, cause) = match judged {
        Some(judged) => overruled(config, view, body, usage, judged, &mut scratch.0),
        None => (config.scorer.unknown_tier(), Cause::NoPrompt),
    };
    let request = PickRequest {
        tier,
        needs: &needs,
        // Without an ask the middle.
        difficulty: score.map_or(0.5, |s| s.value.clamp(0.0, 1.0)),
        code: score.is_some_and(|s| s.code >= config.overrides.code_score),
        ranking: live.ranking,
        conditions: live.conditions,
        seed: live.seed,
        now: live.now,
    };
    let clock = (config.session.idle, live.now.saturating_mul(1000));
    let state = state(live.sessions.as_ref(), body, view, clock);
    // What a client asks for by itself is worth no warm cache, and moves nobody.
    let sessions = live.sessions.filter(|_| config.session.pinned && cause != Cause::Chore);
    // What goes on from elsewhere has not the conversation's first words in it.
    let words = (state == State::None).then_some(heard);
    let conversation =
        sessions.and_then(|sessions| conversation(&sessions, config, asked, (body, view), words));
    let held = sessions.zip(conversation);
    let held = held.and_then(|(sessions, known)| (sessions.held)(Memory::Conversations, known));
    let mut pick = route::pick(table, profile, &request);
    let mut stay =
        held.and_then(|held| stay(table, profile, &request, &pick, held, view.is_tool_turn(&asks.newest)));
    let mut followed = follow(table, (profile, asked), &request, state);
    // A conversation's model knows more than nothing does.
    if stay.is_some() && !matches!(followed, Some((_, true))) && state == State::Unknown {
        followed = None;
    } else if followed.is_some() {
        stay = None;
    }
    let default = &profile.default_model;
    let cause = match (pick.why, cause) {
        _ if followed.is_some() => {
            let (by_state, known) = followed.unwrap_or((pick, false));
            pick = by_state;
            if known { Cause::State } else { Cause::UnknownState }
        }
        // Also where it is the same model, if that would have been another's turn without an ask.
        (_, cause)
            if stay
                .as_ref()
                .is_some_and(|stay| stay.model.slot != pick.model.slot || cause == Cause::NoPrompt) =>
        {
            pick = stay.unwrap_or(pick);
            Cause::Session
        }
        (_, Cause::NoPrompt) if needs.met_by(default) => {
            // What was picked is in cooldown only where all are.
            if request.avoids(default) && !request.avoids(pick.model) {
                Cause::Health
            } else {
                pick = pick.led_by(default, tier);
                cause
            }
        }
        (Why::Preferred, _) => cause,
        (Why::Momentum, _) => Cause::Momentum,
        (Why::Health, _) => Cause::Health,
        (Why::Strategy, _) => Cause::Strategy,
        (Why::Capability, _) => Cause::Capability,
        (Why::Nobody, _) => Cause::NoCandidates,
    };
    let model = pick.model;
    let usage = needs.usage_of(model);
    let baseline = table.baseline.as_ref();
    Decision {
        cause,
        profile: Some(profile),
        tier: Some(pick.tier),
        model: Some(model),
        cluster: &model.cluster,
        edit: edit(model),
        fitted: Fitted::default(),
        stays: held.is_some_and(|held| held.is(&model.name)),
        score,
        ask_tokens,
        usage,
        cost: route::cost(model, usage),
        baseline_cost: baseline.and_then(|baseline| route::cost(baseline, usage)),
        savings: baseline.and_then(|baseline| route::savings(model, baseline, usage)),
        tell: if config.fallbacks.litellm && !view.fallbacks { tell(model, &pick.chain) } else { Vec::new() },
        chain: pick.chain,
        hold: conversation.and_then(|known| {
            Some((known, hold((cause, judged.is_some()), model, pick.tier, held, live.now)?))
        }),
        keeps: None,
        withheld: None,
        scan: Budget::default(),
        subject: 0,
        problem: None,
    }
}

/// Judges what a person typed last.
fn judged(
    config: &Config,
    body: &[u8],
    (view, heard): (&View<'_>, &mut Heard<'_>),
    asks: &Asks,
    scratch: &mut ask::Scratch,
) -> Option<Judged> {
    let (scorer, limits) = (&config.scorer, &config.limits);
    let answered = heard.has_answers();
    let mut judge = Judge { rules: &config.ask, scorer, limits, body, scratch };
    judge.judge(view, asks, answered, heard.budget())
}

/// The judged tier, raised where a rule says so.
fn overruled(
    config: &Config,
    view: &View<'_>,
    body: &[u8],
    usage: Usage,
    judged: Judged,
    scratch: &mut ask::Scratch,
) -> (Tier, Cause) {
    let rules = &config.overrides;
    let Judged { score, why, .. } = judged;
    let cause = match why {
        AskWhy::Scored(Basis::Sum | Basis::Learnt) => Cause::Score,
        AskWhy::Scored(Basis::Abstained) => Cause::Abstain,
        AskWhy::Scored(Basis::Ambiguous) => Cause::Ambiguous,
        AskWhy::Scored(Basis::ReasoningMarkers) => Cause::OverrideReasoning,
        AskWhy::History => Cause::History,
        AskWhy::Correction => Cause::Correction,
        // What it quotes and the form that it wants make it no harder.
        AskWhy::Chore => return (score.tier, Cause::Chore),
    };
    if usage.input > rules.context_tokens && score.tier < rules.context_tier {
        return (rules.context_tier, Cause::OverrideContext);
    }
    if score.tier < rules.structured_tier {
        let mut demanded = || {
            let (scorer, limits) = (&config.scorer, &config.limits);
            ask::demands_structure(&config.ask, scorer, body, &view.system, limits, scratch)
        };
        if view.structured || demanded() {
            return (rules.structured_tier, Cause::FloorStructured);
        }
    }
    (score.tier, cause)
}

/// The names, as the upstream knows them, of those who may serve in a model's place at the same upstream.
fn tell<'c>(model: &Model, chain: &[&'c Arc<Model>]) -> Vec<&'c str> {
    let near = chain.iter().filter(|other| other.cluster == model.cluster);
    near.map(|other| other.upstream_model.as_str()).collect()
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
        fitted: Fitted::default(),
        stays: false,
        score: None,
        ask_tokens: 0,
        usage: Usage::default(),
        cost: None,
        baseline_cost: None,
        savings: None,
        withheld: None,
        scan: Budget::default(),
        subject: 0,
        tell: Vec::new(),
        hold: None,
        keeps: None,
        problem: None,
    }
}
