//! What the operator decides over the judge, in steps: a rule, the hints of a trusted client, the tenant's policy, its budget.

use std::sync::Arc;

use super::decision::refused;
use super::judge::{Case, Wanted};
use super::{Cause, Decision};
use crate::ask::Asks;
use crate::chat::{self, Problem};
use crate::config::{Config, Name};
use crate::operator::{Bounds, Client, Effect, RuleSet, Shape, Text};
use crate::route::{Model, Profile, Slots};
use crate::tier::Tier;

/// What system text takes, about: rules look at no more of it than its length.
const BYTES_A_TOKEN: u64 = 4;

/// What became of the tier that was wanted.
#[derive(Clone, Copy)]
pub(super) struct Overruled<'c> {
    pub wanted: Wanted,
    /// The model that a rule names.
    pub model: Option<&'c Arc<Model>>,
    /// The rule's name.
    pub rule: Option<&'c str>,
    /// The highest tier that hints, policy and budget leave.
    pub most: Tier,
}

/// Overrules what was judged.
pub(super) fn overrule<'c>(
    case: Case<'c, '_>,
    profile: &Profile,
    wanted: Wanted,
    asks: &Asks,
) -> Overruled<'c> {
    let operator = &case.config.operator;
    let client = &case.context.client;
    let mut overruled = Overruled { wanted, model: None, rule: None, most: Tier::Reasoning };
    // What a client asks for by itself quotes what was said: rules are about what a person asks.
    if wanted.cause != Cause::Chore {
        apply_rule(case, asks, &mut overruled);
    }
    limit(&mut overruled, client.hints, Cause::Hint);
    if let Some((policy, _)) = operator.tenants.of(client) {
        limit(&mut overruled, policy.bounds, Cause::Tenant);
        if let Some((budget, most)) = policy.budget
            && client.spent >= budget
        {
            limit(&mut overruled, Bounds { most: Some(most), ..Bounds::default() }, Cause::Budget);
        }
    }
    // Nobody climbs by saying a rule's words.
    let tier = |model: &Model| case.config.table.tier_of(profile, model, case.context.now);
    if overruled.model.is_some_and(|model| tier(model) > overruled.most) {
        (overruled.model, overruled.rule) = (None, None);
    }
    overruled
}

/// Bounds that hold for more than the tier that is wanted: a conversation's model is within them too.
fn limit(overruled: &mut Overruled<'_>, bounds: Bounds, cause: Cause) {
    bound(&mut overruled.wanted, bounds, cause);
    overruled.most = Bounds { bias: 0, ..bounds }.apply(overruled.most);
}

/// The first rule that holds.
fn apply_rule<'c>(case: Case<'c, '_>, asks: &Asks, overruled: &mut Overruled<'c>) {
    let rules: &RuleSet = &case.config.operator.rules;
    if rules.is_empty() {
        return;
    }
    let mut text = String::new();
    if rules.reads_text() {
        chat::excerpt(case.body, &asks.newest, RuleSet::LONGEST, 0, &mut text);
    }
    let view = case.view;
    let system: usize = view.system.iter().map(|span| span.end.saturating_sub(span.start)).sum();
    let shape = Shape {
        tools: view.tools,
        images: view.images,
        input_tokens: view.tokens.count(),
        system_tokens: system as u64 / BYTES_A_TOKEN,
        turns: asks.turns,
    };
    let ends = |suffix: &str| chat::ends_as(case.path, suffix);
    let Some(rule) = rules.find(Text(&text), &shape, &case.context.client, &case.asked.name, ends) else {
        return;
    };
    overruled.rule = Some(&rule.name);
    match &rule.effect {
        Effect::Model(model) => overruled.model = Some(model),
        Effect::Tier(bounds) => {
            let decides = bounds.least.is_some() && bounds.least == bounds.most;
            bound(&mut overruled.wanted, *bounds, Cause::Rule);
            if decides {
                overruled.wanted.cause = Cause::Rule;
            }
        }
    }
}

/// Puts a tier within bounds; where that changes it, because of `cause`.
fn bound(wanted: &mut Wanted, bounds: Bounds, cause: Cause) {
    let tier = bounds.apply(wanted.tier);
    if tier != wanted.tier {
        // A client's own chore stays one: it begins and moves no conversation.
        let cause = if wanted.cause == Cause::Chore { Cause::Chore } else { cause };
        *wanted = Wanted { tier, cause };
    }
}

/// The only models that who asks may use, where that is restricted.
pub(super) fn only(config: &Config, client: &Client<'_>) -> Option<Slots> {
    config.operator.tenants.of(client).and_then(|(policy, _)| policy.only)
}

/// Whether who asks may use whatever these names stand for. What serves a virtual model or a group is known to [`guard`].
pub(super) fn may_name<'n>(
    config: &Config,
    client: &Client<'_>,
    mut names: impl Iterator<Item = &'n str>,
) -> bool {
    let Some((policy, _)) = config.operator.tenants.of(client) else { return true };
    let Some(only) = policy.only else { return true };
    names.all(|name| match config.names.find(&config.table, name) {
        Name::Other => config.table.models.get(name).map_or(policy.strangers, |model| only.has(model)),
        Name::Virtual(_) | Name::Group(_) | Name::Missing => true,
    })
}

/// The decision, or that who asks may not use its model.
pub(super) fn guard<'c>(config: &'c Config, client: &Client<'_>, decision: Decision<'c>) -> Decision<'c> {
    let Some((policy, _)) = config.operator.tenants.of(client) else { return decision };
    let Some(only) = policy.only else { return decision };
    let may = match (decision.choice.model, decision.choice.cause) {
        (Some(model), _) => only.has(model),
        (None, Cause::Pinned) => policy.strangers,
        // Another parser may find a model where none was found here.
        (None, cause) => cause != Cause::Unparsable,
    };
    if may { Decision { bound: true, ..decision } } else { refused(config, Problem::NotAllowed) }
}
