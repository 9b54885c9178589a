//! The candidate that serves the request, and those that may serve in its place.

use std::sync::Arc;

use super::order::{Ranked, rank};
use super::{Completion, Conditions, Model, Needs, Profile, SignalRanking, Strategy, Table};
use crate::tier::Tier;
use crate::time::Timestamp;

/// Most candidates that are named behind the one that serves.
pub const CHAIN: usize = 4;

/// Candidates that most profiles have at most, in all tiers.
const ROOM: usize = 16;

/// What is asked of a profile.
#[derive(Clone, Copy, Debug)]
pub struct PickRequest<'w> {
    /// The tier that was decided on.
    pub tier: Tier,
    /// What a model has to meet.
    pub needs: &'w Needs,
    /// How hard the ask is, 0 to 1.
    pub difficulty: f64,
    /// Whether the ask is about code.
    pub code: bool,
    /// Whether it is known to be about something else, so that models for code are no first choice.
    pub plain: bool,
    /// What adoption signals say, where there are any.
    pub ranking: Option<&'w SignalRanking>,
    /// How the models are doing, where that is known.
    pub conditions: Option<&'w Conditions>,
    /// Chance, where a strategy takes any: another number for each request.
    pub seed: u64,
    /// When it is picked.
    pub now: Timestamp,
}

impl PickRequest<'_> {
    /// Whether a model is in cooldown.
    pub fn avoids(&self, model: &Model) -> bool {
        self.conditions.is_some_and(|conditions| conditions.of(model).cooling)
    }
}

/// Why a candidate was picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The strategy prefers it in the tier.
    Preferred,
    /// The same, and adoption signals put it before a candidate that is listed before it.
    Momentum,
    /// One that would have gone before it is in cooldown, or over its limits.
    Health,
    /// The strategy prefers it, of the candidates of all tiers, to those of the tier.
    Strategy,
    /// The tier has nothing but models for code, and the ask is about something else.
    NoCoder,
    /// Nobody in the tier can serve the request.
    Capability,
    /// Nobody in the profile can.
    Nobody,
}

/// A candidate, and what is known of its choice.
#[derive(Clone, Debug)]
pub struct Pick<'t> {
    /// The model.
    pub model: &'t Arc<Model>,
    /// The tier that it is a candidate of; the one that was decided on where it is none.
    pub tier: Tier,
    /// Why it.
    pub why: Why,
    /// Who may serve in its place, in order: at most [`CHAIN`], none twice.
    pub chain: Vec<&'t Arc<Model>>,
}

impl<'t> Pick<'t> {
    /// The same with `model` in front, which can serve the request, of the tier that was decided on.
    #[must_use]
    pub fn led_by(self, model: &'t Arc<Model>, tier: Tier) -> Self {
        let picked = (self.why != Why::Nobody).then_some(self.model);
        let others = picked.into_iter().chain(self.chain).filter(|other| other.slot != model.slot);
        Self { model, tier, why: Why::Preferred, chain: others.take(CHAIN).collect() }
    }
}

/// The candidate of `request.tier` that meets the needs, is in no cooldown and is preferred by the profile's strategy.
/// Where there is none, that of the next higher tiers, then of the next lower. Where all that meet the needs are in
/// cooldown, none counts as if it were. Where nobody meets the needs, the default model if it does; else, where room
/// is all that is lacking, the model with the widest window; else the default model.
pub fn pick<'t>(table: &'t Table, profile: &'t Profile, request: &PickRequest<'_>) -> Pick<'t> {
    let candidates = |tier| {
        let listed = table.candidates(profile, tier, request.now).iter();
        listed.filter(|model| request.needs.met_by(model)).map(move |model| (tier, model))
    };
    let found = if let Strategy::Completion(Completion { all_tiers: true, .. }) = profile.strategy {
        let mut seen = Vec::new();
        let all = tiers(request.tier).flat_map(candidates).filter(|(_, model)| {
            let new = !seen.contains(&model.slot);
            seen.push(model.slot);
            new
        });
        let mut order = Vec::new();
        rank(profile, request, all, &mut order);
        of_all(&order, request.tier)
    } else {
        let mut orders = Vec::with_capacity(ROOM);
        for tier in tiers(request.tier) {
            rank(profile, request, candidates(tier), &mut orders);
            // Other tiers only where this one cannot fill the chain.
            if tier == request.tier && orders.iter().filter(|one| !one.barred).count() > CHAIN {
                break;
            }
        }
        let pick = of_tiers(&orders, profile, request.tier);
        pick.map(|pick| if request.plain { without_coder(&orders, pick, request.tier) } else { pick })
    };
    found.unwrap_or_else(|| {
        let model = least_unfit(table, profile, request);
        Pick { model, tier: request.tier, why: Why::Nobody, chain: Vec::new() }
    })
}

/// The tier, the next higher ones, then the next lower.
fn tiers(tier: Tier) -> impl Iterator<Item = Tier> {
    let higher = Tier::ALL.into_iter().filter(move |&t| t >= tier);
    let lower = Tier::ALL.into_iter().rev().filter(move |&t| t < tier);
    higher.chain(lower)
}

/// From the orders of the tiers, one behind the other. The chain is the rest of the tier, then the preferred candidate of
/// each other one.
fn of_tiers<'t>(orders: &[Ranked<'t>], profile: &Profile, wanted: Tier) -> Option<Pick<'t>> {
    let all_barred = orders.iter().all(|one| one.barred);
    let free = |one: &&Ranked<'t>| all_barred || !one.barred;
    let chosen = orders.iter().find(free)?;
    let order = || orders.iter().filter(|one| one.tier == chosen.tier);
    // What is listed first of those that could have been chosen.
    let first = orders.first().filter(|first| first.tier == wanted);
    let why = if first.is_some_and(|first| first.barred && !all_barred) {
        Why::Health
    } else if chosen.tier != wanted {
        Why::Capability
    } else if profile.strategy == Strategy::Momentum && order().filter(free).any(|o| chosen.overtook(o)) {
        Why::Momentum
    } else {
        Why::Preferred
    };
    let others = orders.chunk_by(|one, next| one.tier == next.tier);
    let others = others.filter(|order| order.first().is_some_and(|one| one.tier != chosen.tier));
    let rest = order().filter(free).chain(others.filter_map(|order| order.iter().find(free)));
    Some(Pick { model: chosen.model, tier: chosen.tier, why, chain: chain(chosen, rest) })
}

/// Where a tier's choice is a model for code though the ask is about something else: the preferred candidate of the next
/// higher tier, else of the next lower one, that is none.
fn without_coder<'t>(orders: &[Ranked<'t>], pick: Pick<'t>, wanted: Tier) -> Pick<'t> {
    if !pick.model.coder || pick.tier != wanted {
        return pick;
    }
    let next = |tier: Option<Tier>| {
        let free = |one: &&Ranked<'t>| Some(one.tier) == tier && !one.barred && !one.model.coder;
        orders.iter().find(free)
    };
    let higher = Some(wanted.raised(1)).filter(|tier| *tier != wanted);
    let lower = Some(wanted.lowered(1.0)).filter(|tier| *tier != wanted);
    match next(higher).or_else(|| next(lower)) {
        Some(other) => Pick { why: Why::NoCoder, ..pick.led_by(other.model, other.tier) },
        None => pick,
    }
}

/// From one order of all tiers. The chain is the rest of it.
fn of_all<'t>(order: &[Ranked<'t>], wanted: Tier) -> Option<Pick<'t>> {
    let all_barred = order.iter().all(|one| one.barred);
    let free = |one: &&Ranked<'t>| all_barred || !one.barred;
    let chosen = order.iter().find(free)?;
    let why = if order.first().is_some_and(|first| first.barred && !all_barred) {
        Why::Health
    } else if chosen.tier == wanted {
        Why::Preferred
    } else if order.iter().any(|one| one.tier == wanted) {
        Why::Strategy
    } else {
        Why::Capability
    };
    let rest = order.iter().filter(free);
    Some(Pick { model: chosen.model, tier: chosen.tier, why, chain: chain(chosen, rest) })
}

fn chain<'t, 'r>(chosen: &Ranked<'t>, rest: impl Iterator<Item = &'r Ranked<'t>>) -> Vec<&'t Arc<Model>>
where
    't: 'r,
{
    let mut chain: Vec<&Arc<Model>> = Vec::with_capacity(CHAIN);
    for one in rest {
        let known = |other: &&Arc<Model>| other.slot == one.model.slot;
        if chain.len() < CHAIN && !known(&chosen.model) && !chain.iter().any(known) {
            chain.push(one.model);
        }
    }
    chain
}

/// Where no candidate meets the needs: the nearest one.
fn least_unfit<'t>(table: &'t Table, profile: &'t Profile, request: &PickRequest<'_>) -> &'t Arc<Model> {
    let default = &profile.default_model;
    if request.needs.met_by(default) {
        return default;
    }
    let listed = tiers(request.tier).flat_map(|tier| table.candidates(profile, tier, request.now));
    let mut widest: Option<&Arc<Model>> = None;
    for model in std::iter::once(default).chain(listed).filter(|model| request.needs.allowed_by(model)) {
        if widest.is_none_or(|other| model.context_window > other.context_window) {
            widest = Some(model);
        }
    }
    widest.unwrap_or(default)
}
