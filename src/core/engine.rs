//! One pure function: a request in, a decision out.

use std::borrow::Cow;

use crate::ask::{self, Heard};
use crate::chat::{self, Dialect, PathModels, Problem, Span, View};
use crate::config::{Config, Name};
use crate::fit;
use crate::operator::Client;
use crate::rollout::NotRouted;
use crate::route::{self, Conditions, Model, SignalRanking, Usage};
use crate::score::{Ask, Boundary, Explanation};
use crate::signal::{Candidate, Feed, Index, Match, SignalSettings};
use crate::tier::Tier;
use crate::time::Timestamp;

mod cause;
mod decision;
mod derived;
mod judge;
pub mod listing;
mod named;
mod operator;
mod opinion;
pub mod report;
mod sessions;
mod side;
mod stall;
pub mod state;
mod subject;
#[cfg(test)]
mod tests;

pub use cause::Cause;
pub use decision::{Choice, Decision, Edit, refused};
use decision::{no_such_model, to_default, undecided, unread, withhold};
use judge::{Case, judge};
use operator::{guard, may_name};
pub use sessions::Sessions;
pub use side::{Call, decide_other};
use state::kept;
use subject::subject;

/// Working memory of [`decide`], kept from request to request.
#[derive(Debug, Default)]
pub struct Scratch(ask::Scratch);

impl Scratch {
    /// Why the ask of `decision`, the last one that this was used for, has its score; none where nothing was judged.
    pub fn explain<'c>(&self, config: &'c Config, decision: &Decision<'_>) -> Option<Explanation<'c>> {
        decision.score.map(|_| config.scorer.explain(&self.asked(decision), &self.0.score))
    }

    /// How near the ask of `decision`, the last one that this was used for, is to each boundary between tiers; empty where
    /// nothing was judged.
    pub fn boundaries(&self, config: &Config, decision: &Decision<'_>) -> Vec<Boundary> {
        let near = |score| config.scorer.boundaries(&self.asked(decision), score, &self.0.score);
        decision.score.map(near).unwrap_or_default()
    }

    /// Passes to `each` the features of the ask of `decision`, the last one that this was used for.
    pub fn features(&mut self, config: &Config, decision: &Decision<'_>, each: impl FnMut(&str, i32)) {
        if decision.score.is_some() {
            let ask = Ask { text: "", tokens: decision.ask_tokens, length: self.0.length };
            config.scorer.features(&ask, &mut self.0.score, each);
        }
    }

    /// The text that was judged last; of a long one, an excerpt.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// What the classifier is asked about, of the ask that was judged last, which `body` has; empty where there is no classifier.
    pub fn shown(&self, config: &Config, body: &[u8]) -> String {
        let longest = config.classifier.as_ref().map(|classifier| classifier.settings.template.longest());
        longest.map(|longest| self.0.ask(body, longest)).unwrap_or_default()
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
    /// Who asks.
    pub client: Client<'l>,
    /// When it is decided.
    pub now: Timestamp,
    /// The tier that the classifier named for the ask, where it did.
    pub opinion: Option<Tier>,
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
// Once in the module: it is the largest function there is, and the filter calls it in several places.
#[inline(never)]
pub fn decide<'c>(
    config: &'c Config,
    request: &Request<'_>,
    live: RequestContext<'_>,
    scratch: &mut Scratch,
) -> Decision<'c> {
    let mut heard = Heard::new(&config.ask.markers, request.body.len());
    let view = chat::view(request.body, request.path, request.dialect, &config.limits, &mut heard);
    let subject = subject(request.body, &view);
    let decision = decide_on(config, request, (&view, &mut heard), live, scratch);
    Decision { subject, steering: view.steering, ..guard(config, &live.client, decision) }
}

fn decide_on<'c>(
    config: &'c Config,
    request: &Request<'_>,
    (view, heard): (&View<'_>, &mut Heard<'_>),
    live: RequestContext<'_>,
    scratch: &mut Scratch,
) -> Decision<'c> {
    // Models that a client names beside the one that it asks for.
    if (view.fallbacks || view.instead.is_some()) && config.operator.tenants.restricts(&live.client) {
        return refused(config, Problem::NotAllowed);
    }
    if let Some(name) = &view.instead {
        return instead(config, request, view, name);
    }
    let Some(name) = asked_for(config, request, view) else { return nameless(config, request, view) };
    let keeps = live.sessions.as_ref().and_then(|sessions| kept(sessions, request.body, view));
    let edit = |model: &Model| edit_of(request, view, model);
    let case = |asked| Case { config, asked, path: request.path, body: request.body, view, context: live };
    let decision = match config.names.find(&config.table, name) {
        Name::Missing => return no_such_model(config, name),
        Name::Virtual(_) | Name::Group(_) if view.more_models => {
            return refused(config, Problem::TooManyModels);
        }
        Name::Virtual(asked) if view.fault.is_some() => {
            return unread(config, asked, name, Cause::Unparsable, || edit(&asked.default_model));
        }
        Name::Group(group) if view.fault.is_some() => {
            return to_default(group, Cause::Unparsable, edit(&group.default_model));
        }
        Name::Virtual(asked) => {
            let decision = Decision { keeps, ..judge(case(asked), heard, scratch, edit) };
            roll_out(case(asked), heard, name, decision, || edit(&asked.default_model))
        }
        Name::Group(group) => Decision { keeps, ..named::grouped(case(group), heard, edit) },
        Name::Other => {
            // What reads the body where LiteLLM reads the path is to find no other model there.
            let places = || if view.path_spans.is_empty() { Vec::new() } else { names(request, view) };
            if config.operator.tenants.restricts(&live.client)
                && (view.more_models
                    || !may_name(config, &live.client, names(request, view).iter().map(|name| &**name)))
            {
                return refused(config, Problem::NotAllowed);
            }
            let decision = named::named(config, name, places, edit);
            if view.more_models && decision.edit != Edit::None {
                return refused(config, Problem::TooManyModels);
            }
            let priced = match decision.choice.model {
                Some(model) => priced(decision, judge::needs(config, view, &live.client).usage_of(model)),
                None => decision,
            };
            Decision { keeps, ..priced }
        }
    };
    fitted(config, request, view, Decision { scan: *heard.budget(), ..decision })
}

/// The name of the model that is asked for: the request's own, or else the default of the configuration.
fn asked_for<'n>(config: &'n Config, request: &Request<'_>, view: &'n View<'_>) -> Option<&'n str> {
    let named = view.model.as_deref().filter(|name| !name.trim().is_empty());
    // Only where there is something to answer: other calls on such paths need no model.
    let default = || config.names.default_name().filter(|_| view.converses && view.fault.is_none());
    // A value of another kind than a string is the upstream's to judge.
    let absent = || {
        let mut values = view.model_spans.iter().map(|value| value.of(request.body));
        values.all(|value| value == b"null" || value.starts_with(b"\""))
    };
    named.or_else(|| default().filter(|_| absent()))
}

/// The models that a body and a path name, where several places do, and not more than are rewritten; else none.
fn names<'n>(request: &Request<'n>, view: &'n View<'n>) -> Vec<Cow<'n, str>> {
    if view.more_models || view.model_spans.len() + view.path_spans.len() < 2 {
        return Vec::new();
    }
    let text = |span: &&Span| span.of(request.body).starts_with(b"\"");
    let in_body = view.model_spans.iter().filter(text).map(|span| chat::said(*span, request.body));
    in_body.chain(view.model.as_deref().map(Cow::Borrowed)).collect()
}

/// A request that another model serves than the one that it names. Which deployment a virtual model's is, nobody knows.
fn instead<'c>(config: &'c Config, request: &Request<'_>, view: &View<'_>, name: &str) -> Decision<'c> {
    let named = asked_for(config, request, view).map(|asked| config.names.find(&config.table, asked));
    match named {
        Some(Name::Virtual(_) | Name::Group(_) | Name::Missing) => refused(config, Problem::TooManyModels),
        Some(Name::Other) | None => named::named(config, name, Vec::new, |_| Edit::None),
    }
}

/// What becomes of a request that names no model.
fn nameless<'c>(config: &'c Config, request: &Request<'_>, view: &View<'_>) -> Decision<'c> {
    // Of several names it is not known here which one would serve.
    let lists = || view.model_spans.iter().any(|value| matches!(value.of(request.body), [b'[' | b'{', ..]));
    match view.fault {
        Some(_) => undecided(config, Cause::Unparsable),
        None if lists() => refused(config, Problem::ModelNoText),
        None => undecided(config, Cause::NoModel),
    }
}

/// With the estimated use of its model, and what that costs.
fn priced<'c>(decision: Decision<'c>, usage: Usage) -> Decision<'c> {
    let cost = decision.choice.model.and_then(|model| route::cost(model, usage));
    Decision { choice: Choice { cost, ..decision.choice }, usage, ..decision }
}

/// Carries a decision out for the profile's share of conversations, and withholds it from the others.
fn roll_out<'c>(
    case: Case<'c, '_>,
    heard: &mut Heard<'_>,
    name: &str,
    decision: Decision<'c>,
    edit: impl FnOnce() -> Edit,
) -> Decision<'c> {
    // What all requests of a conversation have in common.
    let conversation = || {
        let user = case.view.ids.user.map_or(&[][..], |user| user.of(case.body));
        let ask = heard.first_ask(case.body);
        std::iter::once(user).chain(ask.into_iter().map(|part| part.of(case.body)))
    };
    // What one model has made stays with it, though another would serve it without.
    let made = decision.choice.cause == Cause::State;
    match case.config.rollout.holds(&case.asked.name, conversation) {
        Some(NotRouted::Control) if made => decision,
        Some(why) => withhold(case.config, case.asked, name, why, decision, edit),
        None => decision,
    }
}

/// With the changes that make the request acceptable to its model. A request for a pinned model is the client's own
/// business, unless the configuration says otherwise.
fn fitted<'c>(
    config: &Config,
    request: &Request<'_>,
    view: &View<'_>,
    decision: Decision<'c>,
) -> Decision<'c> {
    let Some(model) = decision.choice.model else { return decision };
    let is_ours = decision.edit != Edit::None && decision.choice.cause != Cause::Pinned;
    if !config.fit.pinned && !is_ours {
        return decision;
    }
    let signed = decision.stays || !config.several_sign;
    let fitted = fit::fit(request.body, view, request.dialect, &model.takes, config.fit, signed);
    Decision { fitted, ..decision }
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
pub fn decide_unread<'c>(
    config: &'c Config,
    client: &Client<'_>,
    (dialect, path): (Dialect, &[u8]),
    cause: Cause,
) -> Decision<'c> {
    let PathModels { spans, asked, more } = PathModels::of(path, Some(dialect));
    let Some(name) = asked.filter(|name| !name.trim().is_empty()) else {
        return undecided(config, cause);
    };
    let edit = |model: &Model| Edit::of(path_edit(path, &spans, model), Vec::new());
    let decision = match config.names.find(&config.table, &name) {
        Name::Virtual(profile) => unread(config, profile, &name, cause, || edit(&profile.default_model)),
        Name::Group(group) => to_default(group, cause, edit(&group.default_model)),
        Name::Missing => no_such_model(config, &name),
        Name::Other => named::named(config, &name, Vec::new, edit),
    };
    if more && decision.edit != Edit::None {
        return refused(config, Problem::TooManyModels);
    }
    guard(config, client, decision)
}

fn path_edit(path: &[u8], spans: &[Span], model: &Model) -> Option<Vec<u8>> {
    let named = !spans.is_empty();
    named.then(|| chat::rewrite_path_at(path, spans, &model.upstream_model)).flatten()
}
