//! Requests whose client has chosen: a model by its name, or a group of deployments. Nothing is judged.

use std::borrow::Cow;

use super::decision::{bare, chosen, pinned};
use super::judge::{Case, choose, needs, pin};
use super::operator::only;
use super::sessions::hold;
use super::state::state;
use super::{Cause, Choice, Decision, Edit};
use crate::ask::Heard;
use crate::config::Config;
use crate::route::{self, Model, Needs, PickRequest, Profile, Why};
use crate::tier::Tier;

/// The tier whose list a group's deployments are.
const TIER: Tier = Tier::Medium;

/// What is asked of a group: nothing of the ask counts.
pub(super) fn of_group<'w>(needs: &'w Needs, context: &super::RequestContext<'w>) -> PickRequest<'w> {
    PickRequest {
        tier: TIER,
        needs,
        difficulty: 0.5,
        code: false,
        plain: false,
        ranking: context.ranking,
        conditions: context.conditions,
        seed: context.seed,
        now: context.now,
    }
}

/// A request for a model by its own name or an alias; it gets the name that the upstream knows, in all `places` that name a
/// model.
pub(super) fn named<'c, 'n>(
    config: &'c Config,
    name: &str,
    places: impl FnOnce() -> Vec<Cow<'n, str>>,
    edit: impl FnOnce(&Model) -> Edit,
) -> Decision<'c> {
    let decision = pinned(config, name);
    match decision.choice.model {
        Some(model)
            if model.upstream_model != name
                || places().iter().any(|other| **other != *model.upstream_model) =>
        {
            Decision { edit: edit(model), ..decision }
        }
        _ => decision,
    }
}

/// A conversation with a group: one of its deployments that can serve it, the one that made what it goes on from, or the one
/// that its conversation is held by.
pub(super) fn grouped<'c>(
    case: Case<'c, '_>,
    heard: &mut Heard<'_>,
    edit: impl FnOnce(&Model) -> Edit,
) -> Decision<'c> {
    let Case { config, asked: group, body, view, context, .. } = case;
    let needs = needs(config, view, &context.client);
    let clock = (config.session.idle, context.now);
    let state = state(context.sessions.as_ref(), body, view, clock);
    let request =
        PickRequest { seed: super::derived::seed(case, state, heard), ..of_group(&needs, &context) };
    let asks = heard.asks(body, config.ask.history_turns);
    let (conversation, pin) = pin(case, Cause::Group, state, heard);
    let (pick, cause) = choose(case, group, &request, Cause::Group, state, (pin, &asks), None);
    let model = pick.model;
    let hold =
        conversation.and_then(|known| Some((known, hold((cause, true), model, TIER, pin, context.now)?)));
    let usage = needs.usage_of(model);
    let cost = route::cost(model, usage);
    let choice = Choice { profile: Some(group), model: Some(model), cost, ..bare(cause) };
    Decision {
        stays: pin.is_some_and(|pin| pin.is(&model.name)),
        usage,
        tell: super::judge::tell(case, model, &pick.chain),
        chain: pick.chain,
        hold,
        ..chosen(choice, &model.cluster, edit(model))
    }
}

/// A call that is no conversation with a group: one of its deployments by strategy and health.
pub(super) fn call<'c>(
    config: &'c Config,
    group: &'c Profile,
    context: &super::RequestContext<'_>,
    cause: Cause,
) -> Decision<'c> {
    let needs = Needs { only: only(config, &context.client), ..Needs::default() };
    let pick = route::pick(&config.table, group, &of_group(&needs, context));
    let cause = if pick.why == Why::Health { Cause::Health } else { cause };
    let choice = Choice { profile: Some(group), model: Some(pick.model), ..bare(cause) };
    Decision { chain: pick.chain, ..chosen(choice, &pick.model.cluster, Edit::None) }
}
