//! Which candidate a profile prefers, and whether the document has what that needs.

use std::sync::Arc;

use super::super::error::Scope;
use super::super::raw;
use super::lists::all_models;
use crate::route::{Completion, Curve, Model, Strategy};
use crate::tier::PerTier;

/// A profile's `completion_threshold` where it gives none.
const THRESHOLD: f64 = 0.8;
/// A profile's `fallback_quality_margin` where it gives none.
const MARGIN: f64 = 0.0;

/// Compiles a profile's strategy.
pub(super) fn compile(
    document: &raw::Document,
    profile: &raw::Profile,
    tiers: &PerTier<Vec<Arc<Model>>>,
    scope: &Scope<'_>,
) -> Strategy {
    let chosen = profile.strategy.unwrap_or(match &document.signals {
        Some(_) => raw::Strategy::Momentum,
        None => raw::Strategy::Configured,
    });
    let lacking = lacking(chosen, document, tiers);
    // Where the tables could not be read, that has been reported.
    if !lacking.is_empty() && all_models(tiers).next().is_some() {
        scope.key("strategy").meaning(lacking.to_owned());
    }
    if chosen != raw::Strategy::Completion {
        for (key, given) in [
            ("completion_threshold", profile.completion_threshold.is_some()),
            ("fallback_quality_margin", profile.fallback_quality_margin.is_some()),
            ("completion_all_tiers", profile.completion_all_tiers.is_some()),
        ] {
            if given {
                let message = "has no effect without strategy completion; choose that, or leave the key out";
                scope.key(key).meaning(message.to_owned());
            }
        }
    }
    match chosen {
        raw::Strategy::Configured => Strategy::Configured,
        raw::Strategy::Momentum => Strategy::Momentum,
        raw::Strategy::Cheapest => Strategy::Cheapest,
        raw::Strategy::Weighted => Strategy::Weighted,
        raw::Strategy::LeastBusy => Strategy::LeastBusy,
        raw::Strategy::LowestLatency => Strategy::LowestLatency,
        raw::Strategy::Usage => Strategy::Usage,
        raw::Strategy::Completion => Strategy::Completion(Completion {
            threshold: profile.completion_threshold.unwrap_or(THRESHOLD),
            margin: profile.fallback_quality_margin.unwrap_or(MARGIN),
            all_tiers: profile.completion_all_tiers.unwrap_or(true),
            usual: usual(tiers),
            curve: curve(&document.completion),
        }),
    }
}

/// What a strategy needs and does not have; empty where it has all.
fn lacking(
    strategy: raw::Strategy,
    document: &raw::Document,
    tiers: &PerTier<Vec<Arc<Model>>>,
) -> &'static str {
    let any = |has: fn(&Model) -> bool| all_models(tiers).any(|model| has(model));
    match strategy {
        raw::Strategy::Momentum if document.signals.is_none() => {
            "momentum needs signals; add `signals` to the document, or choose configured"
        }
        raw::Strategy::Cheapest if !any(|m| m.input_price.is_some() && m.output_price.is_some()) => {
            "cheapest needs prices; give input_price and output_price to the profile's models"
        }
        raw::Strategy::Usage
            if !any(|m| m.tokens_per_minute.is_some() || m.requests_per_minute.is_some()) =>
        {
            "usage needs limits; give tokens_per_minute or requests_per_minute to the profile's models"
        }
        raw::Strategy::Completion if !any(|m| m.capability.is_some()) => {
            "completion needs figures; give benchmarks to the profile's models"
        }
        _ => "",
    }
}

/// The numbers of `completion`.
pub(super) const fn curve(numbers: &raw::RawCompletion) -> Curve {
    Curve { capability: numbers.capability, difficulty: numbers.difficulty, bias: numbers.bias }
}

/// What a model without figures counts as: the mean of the profile's models that have some.
fn usual(tiers: &PerTier<Vec<Arc<Model>>>) -> f64 {
    let mut known: Vec<(usize, f64)> =
        all_models(tiers).filter_map(|model| Some((model.slot, model.capability?))).collect();
    // A model that serves two tiers counts once.
    known.sort_by_key(|(slot, _)| *slot);
    known.dedup_by_key(|(slot, _)| *slot);
    known.iter().map(|(_, figure)| figure).sum::<f64>() / known.len().max(1) as f64
}
