//! Which models serve which tier: a proposal by price (or size) and by what they can do.
//!
//! Price is the only measure of strength that every list has. It is a rough one, so each choice says what it goes by,
//! and the document is the user's to change.

use std::cmp::Reverse;

use super::offer::{Measure, Offer};
use crate::tier::{PerTier, Tier};

/// Most candidates of a tier: the first serves, the others stand in.
const MOST: usize = 3;
/// From more models than this on the list is a provider's whole range and not somebody's choice: the ends of it are
/// oddities, and of one price the newest is the likeliest to be good.
const RANGE: usize = 12;
/// Where the four tiers stand in somebody's own list, and in a whole range, as shares of the way from the cheapest to
/// the dearest.
const OWN: [f64; 4] = [0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0];
const WHOLE: [f64; 4] = [0.1, 0.4, 0.7, 0.9];
/// So many times the price of the next one the dearest of somebody's own list is kept for those who ask for it: nobody
/// wants every proof to go there unasked.
const APART: f64 = 8.0;
/// A window below which a long request cannot be served: `overrides.context_tokens` sends longer ones to COMPLEX.
const WIDE: u64 = 100_000;

/// A candidate and what speaks for it.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    pub name: String,
    pub why: String,
}

/// Candidates for each tier, preferred first, and those that would do but are not needed. At least one a tier where
/// any model has a rank.
pub fn propose(offers: &[Offer], measure: Measure) -> (PerTier<Vec<Choice>>, Vec<(String, String)>) {
    let mut table: PerTier<Vec<Choice>> = PerTier::default();
    let mut ranked: Vec<(f64, &Offer)> = offers.iter().filter_map(|o| Some((o.rank?, o))).collect();
    ranked.sort_by(|(a, one), (b, other)| a.total_cmp(b).then_with(|| one.name.cmp(&other.name)));
    let whole = ranked.len() > RANGE;
    let last = ranked.len().saturating_sub(1);
    let apart = !whole && measure == Measure::Price && stands_apart(&ranked);
    let dearest = if apart { last.saturating_sub(1) } else { last };
    let anchors = if whole { WHOLE } else { OWN }.map(|share| place(share, dearest));
    // The dearest twentieth of a whole range costs many times what the rest does.
    let end = if whole { place(0.95, last) } else { last };
    let mut over = Vec::new();
    for (_, offer) in ranked.iter().skip(end.saturating_add(1)) {
        over.push((offer.name.clone(), "of the dearest twentieth".to_owned()));
    }
    let count = ranked.len();
    ranked.truncate(end.saturating_add(1));
    for (tier, anchor) in Tier::ALL.into_iter().zip(anchors) {
        let thinkers = ranked.iter().any(|(_, offer)| offer.facts.reasoning == Some(true));
        let mut band: Vec<(usize, f64, &Offer)> = ranked
            .iter()
            .enumerate()
            .filter(|(at, _)| *at == anchor || nearest(*at, &anchors) == Some(tier))
            .map(|(at, (rank, offer))| (at, *rank, *offer))
            .collect();
        // A proof wants a model that reasons, also where one that does not is dearer.
        if tier == Tier::Reasoning && !band.iter().any(|(_, _, offer)| offer.facts.reasoning == Some(true)) {
            let upper = ranked.iter().enumerate().skip(ranked.len() / 2).rev();
            let thinker = upper.map(|(at, (rank, offer))| (at, *rank, *offer));
            band.extend(thinker.into_iter().find(|(_, _, offer)| offer.facts.reasoning == Some(true)));
        }
        band.sort_by_key(|(at, _, offer)| {
            let facts = &offer.facts;
            let narrow = facts.context_window.is_some_and(|window| window < WIDE);
            (
                facts.tools == Some(false),
                apart && *at == last,
                tier == Tier::Reasoning && thinkers && facts.reasoning != Some(true),
                tier >= Tier::Complex && narrow,
                Reverse(offer.created.filter(|_| whole)),
                at.abs_diff(anchor),
            )
        });
        for (n, (at, rank, offer)) in band.iter().enumerate() {
            if n < MOST {
                let mut why = why(*at, count, *rank, measure, offer);
                if apart && *at == last {
                    why += "; so much dearer than the next that it stands in only";
                }
                table.get_mut(tier).push(Choice { name: offer.name.clone(), why });
            } else {
                let why = format!("three others stand before it in {}", tier.name());
                over.push((offer.name.clone(), why));
            }
        }
    }
    over.retain(|(name, _)| !Tier::ALL.into_iter().any(|t| table.get(t).iter().any(|c| c.name == *name)));
    (table, over)
}

/// Whether the dearest of four or more costs many times what the next does.
fn stands_apart(ranked: &[(f64, &Offer)]) -> bool {
    match ranked {
        [_, _, .., (next, _), (dearest, _)] => *next > 0.0 && *dearest > APART * next,
        _ => false,
    }
}

/// The index at a share of the way from 0 to `last`.
fn place(share: f64, last: usize) -> usize {
    #[expect(clippy::cast_precision_loss, reason = "a list of models is short")]
    let at = (share * last as f64).round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to `last`")]
    let at = at as usize;
    at
}

/// The tier whose place is nearest; of two the lower.
fn nearest(at: usize, anchors: &[usize; 4]) -> Option<Tier> {
    Tier::ALL.into_iter().zip(anchors).min_by_key(|(_, anchor)| at.abs_diff(**anchor)).map(|(tier, _)| tier)
}

fn why(at: usize, count: usize, rank: f64, measure: Measure, offer: &Offer) -> String {
    let by = if measure == Measure::Price { "price" } else { "size" };
    let place = match at.saturating_add(1) {
        1 if count == 1 => "the only one".to_owned(),
        1 => format!("the lowest of {count} by {by}"),
        n if n == count => format!("the highest of {count} by {by}"),
        n => format!("{n} of {count} by {by}"),
    };
    let abilities = offer.facts.abilities();
    let abilities = if abilities.is_empty() { abilities } else { format!("; {abilities}") };
    format!("{place}: {}{abilities}", measure.shown(rank))
}
