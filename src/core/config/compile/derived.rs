//! Profiles that a document does not define and that have a promise in their name: `free` and `premium`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::lists::all_models;
use crate::route::{Model, Profile};
use crate::tier::{PerTier, Tier};

/// The profile that costs nothing.
pub(super) const FREE: &str = "free";
/// The profile that prefers quality.
pub(super) const PREMIUM: &str = "premium";

/// Adds `premium` and, where there are models that are known to cost nothing, `free`, made of the models of the other
/// profiles. `stand_in`: the profile that shipped names without one of their own stand for.
pub(super) fn add(profiles: &mut BTreeMap<String, Arc<Profile>>, stand_in: &Arc<Profile>) {
    if !profiles.contains_key(FREE) {
        let mut tiers: PerTier<Vec<Arc<Model>>> = PerTier::default();
        let all = std::iter::once(stand_in).chain(profiles.values());
        for profile in all.collect::<Vec<_>>() {
            for tier in Tier::ALL {
                let free = profile.tiers.get(tier).iter().filter(|model| is_free(model));
                extend(tiers.get_mut(tier), free);
            }
        }
        if let Some(profile) = profile(FREE, tiers, stand_in) {
            profiles.insert(FREE.to_owned(), profile);
        }
    }
    if !profiles.contains_key(PREMIUM) {
        let mut tiers: PerTier<Vec<Arc<Model>>> = PerTier::default();
        for (tier, better) in
            Tier::ALL.into_iter().zip(Tier::ALL.into_iter().skip(1).chain([Tier::Reasoning]))
        {
            let list = tiers.get_mut(tier);
            extend(list, stand_in.tiers.get(better).iter());
            extend(list, stand_in.tiers.get(tier).iter());
        }
        if let Some(profile) = profile(PREMIUM, tiers, stand_in) {
            profiles.insert(PREMIUM.to_owned(), profile);
        }
    }
}

/// Whether a model is known to cost nothing.
pub(super) fn is_free(model: &Model) -> bool {
    model.input_price == Some(0.0) && model.output_price == Some(0.0)
}

/// Whether a model is known to cost something.
pub(super) fn is_paid(model: &Model) -> bool {
    [model.input_price, model.output_price].into_iter().flatten().any(|price| price > 0.0)
}

fn extend<'m>(list: &mut Vec<Arc<Model>>, more: impl Iterator<Item = &'m Arc<Model>>) {
    for model in more {
        if !list.iter().any(|known| known.slot == model.slot) {
            list.push(Arc::clone(model));
        }
    }
}

fn profile(name: &str, tiers: PerTier<Vec<Arc<Model>>>, like: &Profile) -> Option<Arc<Profile>> {
    let default_model = all_models(&tiers).next().cloned()?;
    let name = name.to_owned();
    Some(Arc::new(Profile { name, tiers, default_model, agentic_profile: None, ..like.clone() }))
}
