//! One request for a virtual model, judged in steps: what it needs, how hard it is, which profile and tier that makes, and
//! who serves it. Each step says why.

use std::sync::Arc;

use super::decision::chosen;
use super::derived;
use super::operator::{Overruled, only, overrule};
use super::opinion;
use super::sessions::{conversation, hold, moves_down, stay, within};
use super::stall::is_stalled;
use super::state::{State, follow, state};
use super::{Cause, Choice, Decision, Edit, RequestContext, Scratch};
use crate::ask::{self, Asks, Heard, Judge, Judged, Why as AskWhy};
use crate::chat::{Sealed, View};
use crate::config::Config;
use crate::live::{SessionKey, SessionPin, SessionTable};
use crate::operator::Client;
use crate::route::{self, Agentic, Model, Needs, Pick, PickRequest, Profile, Usage, Why};
use crate::score::{Basis, Score};
use crate::tier::Tier;

/// No answer is expected to be longer, in tokens: a client may ask for any number, and one that nobody answers with would
/// make the counters of cost worthless.
const MOST_OUTPUT: u64 = 10_000_000;

/// A request that is to be judged.
#[derive(Clone, Copy)]
pub(super) struct Case<'c, 'r> {
    pub config: &'c Config,
    /// The profile that was asked for.
    pub asked: &'c Profile,
    pub path: &'r [u8],
    pub body: &'r [u8],
    pub view: &'r View<'r>,
    pub context: RequestContext<'r>,
}

/// A tier, and why it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Wanted {
    pub tier: Tier,
    pub cause: Cause,
}

/// Decides where it goes.
pub(super) fn judge<'c>(
    case: Case<'c, '_>,
    heard: &mut Heard<'_>,
    scratch: &mut Scratch,
    edit: impl Fn(&Model) -> Edit,
) -> Decision<'c> {
    let Case { config, body, view, context, .. } = case;
    let needs = needs(config, view, &context.client);
    let asks = heard.asks(body, config.ask.history_turns);
    let judged = judged(case, heard, &asks, &mut scratch.0);
    let score = judged.map(|judged| judged.score);
    let profile = profile(case, score, &asks);
    let wanted = wanted(case, judged, &mut scratch.0);
    let wanted = stalled(case, wanted);
    let Overruled { wanted, model: lead, rule, most } = overrule(case, profile, wanted, &asks);
    let scored = wanted.cause;
    let clock = (config.session.idle, context.now);
    let state = state(context.sessions.as_ref(), body, view, clock);
    let request = PickRequest {
        tier: wanted.tier,
        needs: &needs,
        // Without an ask the middle.
        difficulty: score.map_or(0.5, |s| s.value.clamp(0.0, 1.0)),
        code: score.is_some_and(|s| s.code >= config.overrides.code_score),
        plain: score.is_some_and(|s| is_plain(config, s)) && !view.used_tools(&asks.newest),
        ranking: context.ranking,
        conditions: context.conditions,
        seed: derived::seed(case, state, heard),
        now: context.now,
    };
    let (conversation, pin) = pin(case, wanted.cause, state, heard);
    let pin = pin.or_else(|| conversation.and_then(|_| derived::pin(case, profile, &request, most, heard)));
    let pin = pin.and_then(|pin| within(&config.table, profile, pin, (most, context.now)));
    let pin = pin.filter(|pin| !leaves(case, profile, &request, *pin, judged, &asks));
    let (pick, cause) = choose(case, profile, &request, wanted.cause, state, (pin, &asks), lead);
    let model = pick.model;
    let hold = conversation.and_then(|known| {
        Some((known, hold((cause, judged.is_some()), model, pick.tier, pin, context.now)?))
    });
    let usage = needs.usage_of(model);
    let baseline = config.table.baseline.as_ref();
    let cost = route::cost(model, usage);
    let choice = Choice { cause, profile: Some(profile), tier: Some(pick.tier), model: Some(model), cost };
    Decision {
        stays: pin.is_some_and(|pin| pin.is(&model.name)),
        unsure: lead.is_none() && opinion::is_wanted(case, profile, judged, (scored, cause)),
        score,
        ask_tokens: judged.map_or(0, |judged| judged.tokens),
        usage,
        baseline_cost: baseline.and_then(|baseline| route::cost(baseline, usage)),
        savings: baseline.and_then(|baseline| route::savings(model, baseline, usage)),
        tell: tell(case, model, &pick.chain),
        chain: pick.chain,
        hold,
        // One that names a model says nothing where that does not serve.
        rule: rule.filter(|_| lead.is_none() || cause == Cause::Rule),
        needs: Some(needs),
        ..chosen(choice, &model.cluster, edit(model))
    }
}

/// Whether a conversation leaves the model that it is held by, for a cheaper one that does.
fn leaves(
    case: Case<'_, '_>,
    profile: &Profile,
    request: &PickRequest<'_>,
    pin: SessionPin,
    judged: Option<Judged>,
    asks: &Asks,
) -> bool {
    let Some(judged) = judged else { return false };
    case.config.session.moves_down
        && !case.view.is_tool_turn(&asks.newest)
        && moves_down(&case.config.table, profile, request, pin, judged.tokens)
}

/// Whether an ask is about something else than code, and no work for an agent, of which it is not known what it is about.
fn is_plain(config: &Config, score: Score) -> bool {
    score.code < config.overrides.code_score && score.agentic < config.overrides.agentic_score
}

/// What the request needs of a model.
pub(super) fn needs(config: &Config, view: &View<'_>, client: &Client<'_>) -> Needs {
    let output = view.max_tokens.unwrap_or(config.default_output_tokens).min(MOST_OUTPUT);
    Needs {
        tools: view.tools,
        vision: view.images,
        audio: view.audio,
        pdf: view.pdf,
        schema: view.schema,
        provider: None,
        only: only(config, client),
        thoughts: if config.fit.keep_history { view.sealed } else { Sealed::default() },
        built_in: view.built_in,
        limit: view.max_tokens,
        usage: Usage { input: view.tokens.count(), output },
        margin: config.window_margin,
    }
}

/// Judges what a person typed last.
fn judged(
    case: Case<'_, '_>,
    heard: &mut Heard<'_>,
    asks: &Asks,
    scratch: &mut ask::Scratch,
) -> Option<Judged> {
    let (scorer, limits) = (&case.config.scorer, &case.config.limits);
    let answered = heard.has_answers();
    let mut judge = Judge { rules: &case.config.ask, scorer, limits, body: case.body, scratch };
    judge.judge(case.view, asks, answered, heard.budget())
}

/// The profile that serves: the one that was asked for, or its agentic one.
fn profile<'c>(case: Case<'c, '_>, score: Option<Score>, asks: &Asks) -> &'c Profile {
    let Case { config, asked, view, .. } = case;
    let agentic = score.is_some_and(|s| s.agentic >= config.overrides.agentic_score)
        || match asked.agentic {
            Agentic::Offered => view.tools,
            Agentic::Used => view.used_tools(&asks.newest),
            Agentic::Judged => false,
        };
    match &asked.agentic_profile {
        Some(name) if agentic => config.table.profiles.get(name).map_or(asked, |p| p),
        _ => asked,
    }
}

/// The tier that is wanted: the judged one, raised where a rule says so.
fn wanted(case: Case<'_, '_>, judged: Option<Judged>, scratch: &mut ask::Scratch) -> Wanted {
    match judged {
        Some(judged) => overruled(case, judged, scratch),
        None => Wanted { tier: case.config.scorer.unknown_tier(), cause: Cause::NoPrompt },
    }
}

/// An agent that goes in a circle gets a tier more.
fn stalled(case: Case<'_, '_>, wanted: Wanted) -> Wanted {
    let tier = wanted.tier.raised(1);
    let may = tier != wanted.tier && !matches!(wanted.cause, Cause::Chore | Cause::NoPrompt);
    if may && is_stalled(case.body, case.view, case.config.overrides.stall_repeats) {
        return Wanted { tier, cause: Cause::Stalled };
    }
    wanted
}

fn overruled(case: Case<'_, '_>, judged: Judged, scratch: &mut ask::Scratch) -> Wanted {
    let Case { config, body, view, .. } = case;
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
        AskWhy::Chore => return Wanted { tier: score.tier, cause: Cause::Chore },
    };
    let (tier, cause) =
        opinion::given(case, judged).map_or((score.tier, cause), |tier| (tier, Cause::SecondOpinion));
    // Too many are better than too few here: a weak model would be given more than it can follow.
    if view.tokens.most() > rules.context_tokens && tier < rules.context_tier {
        return Wanted { tier: rules.context_tier, cause: Cause::OverrideContext };
    }
    if tier < rules.structured_tier {
        let mut demanded = || {
            let (scorer, limits) = (&config.scorer, &config.limits);
            ask::demands_structure(&config.ask, scorer, body, &view.system, limits, scratch)
        };
        if view.structured || demanded() {
            return Wanted { tier: rules.structured_tier, cause: Cause::FloorStructured };
        }
    }
    Wanted { tier, cause }
}

/// What the request's conversation is known by, and what holds it, where conversations are held.
pub(super) fn pin(
    case: Case<'_, '_>,
    cause: Cause,
    state: State,
    heard: &mut Heard<'_>,
) -> (Option<SessionKey>, Option<SessionPin>) {
    let Case { config, asked, body, view, context, .. } = case;
    // What a client asks for by itself is worth no warm cache, and moves nobody.
    let wanted = config.session.pinned && cause != Cause::Chore;
    let Some(sessions) = context.sessions.filter(|_| wanted) else { return (None, None) };
    // What goes on from elsewhere has not the conversation's first words in it.
    let words = (state == State::None).then_some(heard);
    let known = conversation(&sessions, config, asked, (body, view), words);
    (known, known.and_then(|known| (sessions.held)(SessionTable::Conversations, known)))
}

/// Who serves: the model that has made what the request goes on from, that of its conversation, the default model where
/// there is nothing to judge, or whoever the profile prefers.
/// The steps are tried in this order.
pub(super) fn choose<'c>(
    case: Case<'c, '_>,
    profile: &'c Profile,
    request: &PickRequest<'_>,
    cause: Cause,
    state: State,
    (pin, asks): (Option<SessionPin>, &Asks),
    lead: Option<&'c Arc<Model>>,
) -> (Pick<'c>, Cause) {
    let table = &case.config.table;
    let pick = route::pick(table, profile, request);
    // An agent that goes in a circle leaves the model that led it there.
    let tool_turn = cause != Cause::Stalled && case.view.is_tool_turn(&asks.newest);
    let stays = pin.and_then(|pin| stay(table, profile, request, &pick, pin, tool_turn));
    match follow(table, (profile, case.asked), request, state) {
        Some((maker, true)) => return (maker, Cause::State),
        // A conversation's model knows more than nothing does.
        Some((other, false)) if stays.is_none() || state != State::Unknown => {
            return (other, Cause::UnknownState);
        }
        _ => {}
    }
    // What a rule names.
    if let Some(lead) = lead.filter(|lead| request.needs.met_by(lead) && !request.avoids(lead)) {
        return (pick.led_by(lead, request.tier), Cause::Rule);
    }
    // Also where it is the same model, if that would have been another's turn without an ask.
    if let Some(stays) = stays
        && (stays.model.slot != pick.model.slot || cause == Cause::NoPrompt)
    {
        return (stays, Cause::Session);
    }
    let default = &profile.default_model;
    if cause == Cause::NoPrompt && request.needs.met_by(default) {
        // What was picked is in cooldown only where all are.
        if request.avoids(default) && !request.avoids(pick.model) {
            return (pick, Cause::Health);
        }
        return (pick.led_by(default, request.tier), cause);
    }
    let cause = because(pick.why, cause);
    (pick, cause)
}

/// Why a candidate serves that was picked because of `why`, in a tier that was wanted because of `cause`.
const fn because(why: Why, cause: Cause) -> Cause {
    match why {
        Why::Preferred => cause,
        Why::Momentum => Cause::Momentum,
        Why::Health => Cause::Health,
        Why::Strategy => Cause::Strategy,
        Why::NoCoder => Cause::NoCoder,
        Why::Capability => Cause::Capability,
        Why::Nobody => Cause::NoCandidates,
    }
}

/// The names, as the upstream knows them, of those who may serve in a model's place at the same upstream, where LiteLLM is
/// to ask them.
pub(super) fn tell<'c>(case: Case<'c, '_>, model: &Model, chain: &[&'c Arc<Model>]) -> Vec<&'c str> {
    if !case.config.fallbacks.litellm || case.view.fallbacks {
        return Vec::new();
    }
    let near = chain.iter().filter(|other| other.cluster == model.cluster);
    near.map(|other| other.upstream_model.as_str()).collect()
}
