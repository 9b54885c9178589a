//! Which models serve which tier: a proposal by price or size and by what they can do.
//!
//! Price is a rough measure of strength, so each choice says what it goes by, and the document is the user's to change.

use std::cmp::Reverse;

use super::offer::{Measure, Offer};
use tiergate_core::discover::Facts;
use tiergate_core::discover::tiers::{self as sizes, Bounds, WIDE};
use tiergate_core::tier::{PerTier, Tier};

/// Most candidates of a tier: the first serves, the others stand in.
const MOST: usize = 3;
/// From more models than this on a list that says how old its models are is a provider's whole range and not somebody's
/// choice: the ends of it are oddities, and of one price the newest is the likeliest to be good.
const RANGE: usize = 12;
/// Where the four tiers stand in somebody's own list, and in a whole range, as shares of the way from the cheapest to
/// the dearest.
const OWN: [f64; 4] = [0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0];
const WHOLE: [f64; 4] = [0.1, 0.4, 0.7, 0.9];
/// So many times the price of the next one (of a whole range: of the one that REASONING goes by) a model is kept for
/// those who ask for it: nobody wants every proof to go there unasked.
const APART: f64 = 8.0;

/// A candidate and what speaks for it.
#[derive(Clone, Debug, Default)]
pub struct TierChoice {
    pub name: String,
    pub why: String,
}

/// A proposal: candidates for each tier, preferred first, and those that would do but are not needed. At least one a
/// tier where any model has a rank.
pub type Proposal = (PerTier<Vec<TierChoice>>, Vec<(String, String)>);

/// Proposes tiers. Sizes go by their bounds, unless all models are on one side of them.
pub fn propose(offers: &[Offer], measure: Measure, bounds: Bounds) -> Proposal {
    let mut ranked: Vec<(f64, &Offer)> = offers.iter().filter_map(|o| Some((o.rank?, o))).collect();
    // Models of the same price are ordered by their size.
    let size = |offer: &Offer| offer.facts.size.map_or(0.0, |size| size.total);
    ranked.sort_by(|(a, one), (b, other)| {
        a.total_cmp(b).then_with(|| size(one).total_cmp(&size(other))).then_with(|| one.name.cmp(&other.name))
    });
    let facts: Vec<&Facts> = ranked.iter().map(|(_, offer)| &offer.facts).collect();
    let (table, mut over) = if measure == Measure::Size && sizes::classes(&facts, bounds) > 1 {
        by_size(&ranked, &facts, bounds)
    } else {
        by_place(ranked, measure)
    };
    over.retain(|(name, _)| !Tier::ALL.into_iter().any(|t| table.get(t).iter().any(|c| c.name == *name)));
    (table, over)
}

/// Tiers by size. The first few that are not made for code and the first few that are.
fn by_size(ranked: &[(f64, &Offer)], facts: &[&Facts], bounds: Bounds) -> Proposal {
    let mut table: PerTier<Vec<TierChoice>> = PerTier::default();
    let mut over = Vec::new();
    let places = sizes::by_size(facts, bounds);
    for tier in Tier::ALL {
        let (mut plain, mut coders) = (0, 0);
        for (rank, offer) in places.get(tier).iter().filter_map(|at| ranked.get(*at)) {
            let seen = if offer.facts.coder { &mut coders } else { &mut plain };
            *seen += 1;
            if *seen <= MOST {
                let abilities = offer.facts.abilities();
                let abilities = if abilities.is_empty() { abilities } else { format!("; {abilities}") };
                let why = format!("{}{abilities}", Measure::Size.shown(*rank, &offer.facts));
                table.get_mut(tier).push(TierChoice { name: offer.name.clone(), why });
            } else {
                over.push((offer.name.clone(), format!("three others come before it in {}", tier.name())));
            }
        }
    }
    (table, over)
}

/// Tiers by the place in the order. The cheapest serves SIMPLE, the dearest REASONING.
fn by_place(mut ranked: Vec<(f64, &Offer)>, measure: Measure) -> Proposal {
    let mut table: PerTier<Vec<TierChoice>> = PerTier::default();
    let mut over = Vec::new();
    let whole = ranked.len() > RANGE && ranked.iter().any(|(_, offer)| offer.created.is_some());
    let count = ranked.len();
    if whole && measure == Measure::Price {
        let last = count.saturating_sub(1);
        let [.., share] = WHOLE;
        let bound = ranked.get(place(share, last)).map_or(f64::MAX, |(price, _)| APART * price);
        let end = ranked.iter().take_while(|(price, _)| bound <= 0.0 || *price <= bound).count();
        for (_, offer) in ranked.iter().skip(end) {
            over.push((
                offer.name.clone(),
                "so much more expensive than the rest that it serves only clients that ask for it".to_owned(),
            ));
        }
        ranked.truncate(end);
    }
    let last = ranked.len().saturating_sub(1);
    let apart = !whole && measure == Measure::Price && stands_apart(&ranked);
    let dearest = if apart { last.saturating_sub(1) } else { last };
    let anchors = if whole { WHOLE } else { OWN }.map(|share| place(share, dearest));
    for (tier, anchor) in Tier::ALL.into_iter().zip(anchors) {
        let mut band = band(&ranked, tier, anchor, &anchors, apart, whole);
        // The dearest that is not apart is a provider's best, however old: one of the three is it.
        if whole
            && tier == Tier::Reasoning
            && let Some(at) = band.iter().position(|(at, ..)| *at == last).filter(|at| *at >= MOST)
        {
            let best = band.remove(at);
            band.insert(MOST.saturating_sub(1), best);
        }
        for (n, (at, rank, offer)) in band.iter().enumerate() {
            if n < MOST {
                let mut why = why(*at, count, *rank, measure, offer);
                if apart && *at == last {
                    why += "; so much more expensive than the next that it is only a fallback";
                }
                table.get_mut(tier).push(TierChoice { name: offer.name.clone(), why });
            } else {
                let why = format!("three others come before it in {}", tier.name());
                over.push((offer.name.clone(), why));
            }
        }
    }
    (table, over)
}

/// The models of a tier, preferred first, each with its place in the order.
fn band<'o>(
    ranked: &[(f64, &'o Offer)],
    tier: Tier,
    anchor: usize,
    anchors: &[usize; 4],
    apart: bool,
    whole: bool,
) -> Vec<(usize, f64, &'o Offer)> {
    let last = ranked.len().saturating_sub(1);
    let thinkers = ranked.iter().any(|(_, offer)| offer.facts.reasoning == Some(true));
    let mut band: Vec<(usize, f64, &Offer)> = ranked
        .iter()
        .enumerate()
        .filter(|(at, _)| *at == anchor || nearest(*at, anchors) == Some(tier))
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
            facts.coder,
            apart && *at == last,
            tier == Tier::Reasoning && thinkers && facts.reasoning != Some(true),
            tier >= Tier::Complex && narrow,
            Reverse(offer.created.filter(|_| whole)),
            at.abs_diff(anchor),
        )
    });
    band
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
    let by = measure.by();
    let place = match at.saturating_add(1) {
        1 if count == 1 => "the only one".to_owned(),
        1 => format!("the lowest of {count} by {by}"),
        n if n == count => format!("the highest of {count} by {by}"),
        n => format!("{n} of {count} by {by}"),
    };
    let abilities = offer.facts.abilities();
    let abilities = if abilities.is_empty() { abilities } else { format!("; {abilities}") };
    format!("{place}: {}{abilities}", measure.shown(rank, &offer.facts))
}
