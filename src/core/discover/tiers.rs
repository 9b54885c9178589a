//! Tiers by size: which models serve which tier, where nothing but their parameters shows how strong they are.

use std::cmp::Reverse;

use super::facts::Facts;
use crate::tier::{PerTier, Tier};

/// A window below which a long request cannot be served: `overrides.context_tokens` sends longer ones to COMPLEX.
pub const WIDE: u64 = 100_000;

/// The largest model of SIMPLE and the largest of MEDIUM, in billions of parameters. What is larger serves
/// COMPLEX and REASONING.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds(pub [f64; 2]);

impl Default for Bounds {
    fn default() -> Self {
        Self([8.0, 27.0])
    }
}

impl Bounds {
    /// The place of a size among small, medium and large. Lists write 8.2 for what its name calls 8, so whole ones are
    /// compared.
    pub fn class(self, total: f64) -> usize {
        let [small, medium] = self.0;
        let total = if total >= 1.0 { total.round() } else { total };
        usize::from(total > small) + usize::from(total > medium)
    }
}

/// How many of small, medium and large have a model.
pub fn classes(models: &[&Facts], bounds: Bounds) -> usize {
    let mut there = [false; 3];
    for size in models.iter().filter_map(|facts| facts.size) {
        if let Some(place) = there.get_mut(bounds.class(size.total)) {
            *place = true;
        }
    }
    there.into_iter().filter(|there| *there).count()
}

/// Candidates of each tier as places in `models`, preferred first; none where no model has a size. The largest of a
/// tier goes first; one that is made for code goes behind those that are not, as it is preferred for code anyway. A tier
/// without a model of its size has those of the next larger one, the smallest first, else those of the next smaller.
pub fn by_size(models: &[&Facts], bounds: Bounds) -> PerTier<Vec<usize>> {
    let mut table: PerTier<Vec<usize>> = PerTier::default();
    let class = |wanted: usize| -> Vec<usize> {
        let of = |facts: &Facts| facts.size.map(|size| bounds.class(size.total));
        let places = models.iter().enumerate().filter(|(_, facts)| of(facts) == Some(wanted));
        places.map(|(at, _)| at).collect()
    };
    let classes = [class(0), class(1), class(2)];
    for tier in Tier::ALL {
        let own = match tier {
            Tier::Simple => 0,
            Tier::Medium => 1,
            Tier::Complex | Tier::Reasoning => 2,
        };
        // Itself, then the larger ones from the nearest on, then the smaller ones.
        let mut ways = (own..classes.len()).chain((0..own).rev());
        let mut lists = ways.by_ref().filter_map(|at| classes.get(at).map(|list| (at, list)));
        let mut list = Vec::new();
        for (at, all) in lists.by_ref().filter(|(_, all)| !all.is_empty()) {
            let sorted = ordered(all, models, tier, at > own);
            let plain = sorted.iter().copied().find(|at| !is_coder(models, *at));
            if list.is_empty() {
                list = sorted;
                if plain.is_some() {
                    break;
                }
            } else if let Some(plain) = plain {
                // Nothing but models for code in the tier: another one goes before them for all else.
                list.insert(0, plain);
                break;
            }
        }
        *table.get_mut(tier) = list;
    }
    table
}

fn is_coder(models: &[&Facts], at: usize) -> bool {
    models.get(at).is_some_and(|facts| facts.coder)
}

fn ordered(places: &[usize], models: &[&Facts], tier: Tier, smallest_first: bool) -> Vec<usize> {
    let thinkers = places.iter().any(|at| models.get(*at).is_some_and(|facts| facts.reasoning == Some(true)));
    let mut sorted = places.to_vec();
    sorted.sort_by_key(|at| {
        let facts = models.get(*at);
        let says = |what: fn(&Facts) -> bool| facts.is_some_and(|facts| what(facts));
        // In thousands of parameters: keys have to be whole.
        #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
        let size = facts.and_then(|facts| facts.size).map_or(0, |size| (size.total * 1e6) as i64);
        (
            says(|facts| facts.tools == Some(false)),
            says(|facts| facts.coder),
            tier == Tier::Reasoning && thinkers && !says(|facts| facts.reasoning == Some(true)),
            tier >= Tier::Complex && says(|facts| facts.context_window.is_some_and(|window| window < WIDE)),
            if smallest_first { Reverse(-size) } else { Reverse(size) },
        )
    });
    sorted
}
