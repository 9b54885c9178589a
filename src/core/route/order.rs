//! The order of candidates under each strategy.

use std::sync::Arc;

use super::{Completion, Condition, Model, PickRequest, Profile, Strategy, cost};
use crate::tier::Tier;

/// A candidate that can serve the request, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ranked<'t> {
    pub model: &'t Arc<Model>,
    /// The tier whose list it is in.
    pub tier: Tier,
    /// Whether it is to be passed over for now: it is in cooldown, or over its limits where these count.
    pub barred: bool,
    /// Its place in the configured order.
    place: usize,
    /// All of a lower order go before any of a higher one, whatever the strategy.
    order: u32,
    /// Of one order, candidates of a lower group go first.
    group: u8,
    /// In a group those with less go first.
    key: f64,
}

impl Ranked<'_> {
    /// Whether it is before `other` in the order because of its key, and behind it in the configured order.
    pub fn overtook(&self, other: &Self) -> bool {
        (self.order, self.group) == (other.order, other.group) && self.place > other.place
    }
}

/// Adds candidates to `order`, in the order of the profile's strategy; equals in the order they come in.
pub(super) fn rank<'t>(
    profile: &Profile,
    request: &PickRequest<'_>,
    candidates: impl Iterator<Item = (Tier, &'t Arc<Model>)>,
    order: &mut Vec<Ranked<'t>>,
) {
    let from = order.len();
    order.extend(candidates.enumerate().map(|(place, (tier, model))| {
        let condition = request.conditions.map_or_else(Condition::default, |c| c.of(model));
        let barred = condition.cooling
            || (profile.strategy == Strategy::Usage && used(model, condition, request) > 1.0);
        let key = key(profile.strategy, model, condition, request);
        Ranked { model, tier, barred, place, order: model.order, group: 0, key }
    }));
    let all = order.get_mut(from..).unwrap_or_default();
    if let Strategy::Completion(how) = profile.strategy {
        by_completion(&how, request, all);
    }
    if request.code {
        for one in all.iter_mut() {
            one.group = one.group * 2 + u8::from(!one.model.coder);
        }
    } else if request.plain {
        for one in all.iter_mut() {
            one.group = one.group * 2 + u8::from(one.model.coder);
        }
    }
    // The sort is stable: equals stay.
    all.sort_by(|a, b| (a.order, a.group).cmp(&(b.order, b.group)).then(a.key.total_cmp(&b.key)));
}

fn key(strategy: Strategy, model: &Model, condition: Condition, request: &PickRequest<'_>) -> f64 {
    match strategy {
        Strategy::Configured | Strategy::Completion(_) => 0.0,
        Strategy::Momentum => request.ranking.map_or(0.0, |ranking| 0.0 - ranking.of(model)),
        Strategy::Cheapest => price(model, request),
        Strategy::Weighted => waiting(model, request.seed),
        Strategy::LeastBusy => f64::from(condition.in_flight),
        Strategy::LowestLatency => latency(model, condition, request),
        Strategy::Usage => used(model, condition, request),
    }
}

/// What the request costs there; a price that is not known is the dearest.
fn price(model: &Model, request: &PickRequest<'_>) -> f64 {
    cost(model, request.needs.usage_of(model)).unwrap_or(f64::INFINITY)
}

/// How long a model waits for its turn where each comes by chance, as often as it weighs: the one that waits least
/// goes first.
fn waiting(model: &Model, seed: u64) -> f64 {
    let dice = mixed(seed ^ mixed(model.slot as u64));
    // Of 53 bits, above 0 and up to 1.
    let chance = ((dice >> 11) + 1) as f64 / 9_007_199_254_740_992.0;
    if model.weight > 0.0 { -libm::log(chance) / model.weight } else { f64::INFINITY }
}

/// The finaliser of splitmix64: numbers that are next to each other become numbers that have nothing in common.
const fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let number = (number ^ number >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ number >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ number >> 31
}

/// Milliseconds to the end of the answer. A model that was never measured goes first, so that it is.
fn latency(model: &Model, condition: Condition, request: &PickRequest<'_>) -> f64 {
    let output = request.needs.usage_of(model).output as f64;
    let [first, each] = [condition.first_byte_ms, condition.token_ms].map(|ms| f64::from(ms).max(0.0));
    first + each * output
}

/// The greater of the shares of tokens and requests that the minute's limits would have been used by with this
/// request; 0 where there is no limit, above 1 where it is over.
fn used(model: &Model, condition: Condition, request: &PickRequest<'_>) -> f64 {
    let usage = request.needs.usage_of(model);
    let share = |limit: Option<u64>, before: u64, more: u64| {
        limit.map_or(0.0, |limit| before.saturating_add(more) as f64 / limit.max(1) as f64)
    };
    let tokens = usage.input.saturating_add(usage.output);
    let tokens = share(model.tokens_per_minute, condition.tokens_this_minute, tokens);
    tokens.max(share(model.requests_per_minute, condition.requests_this_minute, 1))
}

/// Those that are likely enough to complete the ask go first, by price; then the rest, the likeliest first.
fn by_completion(how: &Completion, request: &PickRequest<'_>, all: &mut [Ranked<'_>]) {
    for one in all.iter_mut() {
        one.key = how.curve.likelihood(one.model.capability.unwrap_or(how.usual), request.difficulty);
    }
    let best =
        |with_barred| all.iter().filter(|one| with_barred || !one.barred).map(|one| one.key).reduce(f64::max);
    let enough = |best: f64| if best >= how.threshold { how.threshold } else { best - how.margin };
    let least_of_all = enough(best(true).unwrap_or(0.0));
    let least_of_free = best(false).map_or(least_of_all, enough);
    for one in all {
        // The middle group has somebody only where the best one is barred.
        let group = u8::from(one.key < least_of_all) + u8::from(one.key < least_of_all.min(least_of_free));
        (one.group, one.key) = (group, if group < 2 { price(one.model, request) } else { 0.0 - one.key });
    }
}
