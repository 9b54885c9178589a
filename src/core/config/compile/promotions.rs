//! Promotions: lists of candidates that hold for a while.

use std::collections::BTreeMap;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::super::error::{Scope, quoted};
use super::super::raw;
use super::lists::Lists;
use super::models::Models;
use super::{names, profiles};
use crate::route::Promotion;
use crate::time::Timestamp;

/// Compiles promotions; no two of one tier of one profile overlap.
pub(super) fn compile(
    document: &raw::Document,
    profiles: &BTreeMap<&str, &raw::Profile>,
    models: &Models,
    lists: &BTreeMap<&str, Lists>,
    root: &Scope<'_>,
) -> Vec<Promotion> {
    let scope = root.key("promotions");
    let mut compiled: Vec<(usize, Promotion)> = Vec::with_capacity(document.promotions.len());
    for (i, promotion) in document.promotions.iter().enumerate() {
        let scope = scope.index(i);
        let Some(promotion) = one(promotion, &scope, profiles, models, lists) else { continue };
        let same = |p: &Promotion| p.profile == promotion.profile && p.tier == promotion.tier;
        let overlaps = |p: &Promotion| p.from < promotion.until && promotion.from < p.until;
        if let Some((other, _)) = compiled.iter().find(|(_, p)| same(p) && overlaps(p)) {
            let tier = format!("{} of profile {}", promotion.tier.name(), quoted(&promotion.profile));
            let message = format!(
                "overlaps promotions[{other}], which also changes {tier}; end one before the other begins"
            );
            scope.meaning(message);
        }
        compiled.push((i, promotion));
    }
    compiled.into_iter().map(|(_, promotion)| promotion).collect()
}

fn one(
    promotion: &raw::Promotion,
    scope: &Scope<'_>,
    all: &BTreeMap<&str, &raw::Profile>,
    models: &Models,
    lists: &BTreeMap<&str, Lists>,
) -> Option<Promotion> {
    if let Some(name) = &promotion.name {
        names::model(name, &scope.key("name"));
    }
    if let Some(profile) = &promotion.profile {
        profiles::known_profile(profile, all, &scope.key("profile"));
    }
    let mut candidates = promotion.models.as_ref().map(|list| models.list(list, &scope.key("models")));
    if let (Some(candidates), Some(name)) = (&mut candidates, &promotion.profile)
        && let Some(lists) = lists.get(name.as_str())
        && !candidates.is_empty()
    {
        candidates.retain(|model| lists.permit(&model.name));
        if candidates.is_empty() {
            let message = format!("`allow` and `block` of profile {} exclude all of them", quoted(name));
            scope.key("models").meaning(format!("{message}; name another model"));
        }
    }
    let from = promotion.from.as_deref().and_then(|text| moment(text, &scope.key("from")));
    let until = promotion.until.as_deref().and_then(|text| moment(text, &scope.key("until")));
    let (from, until) = (from?, until?);
    if until <= from {
        let text = promotion.until.as_deref().unwrap_or_default();
        scope.key("until").meaning(format!("{} is not after `from`; give a later moment", quoted(text)));
        return None;
    }
    Some(Promotion {
        name: promotion.name.clone()?,
        profile: promotion.profile.clone()?,
        tier: promotion.tier?,
        models: candidates?,
        from,
        until,
    })
}

/// A date (midnight UTC) or an RFC 3339 date and time.
fn moment(text: &str, scope: &Scope<'_>) -> Option<Timestamp> {
    let date = text.len() == "2026-11-01".len();
    let full = if date { format!("{text}T00:00:00Z") } else { text.to_owned() };
    let right = "give a date such as 2026-11-01 (midnight UTC) or 2026-11-01T08:00:00+02:00";
    match OffsetDateTime::parse(&full, &Rfc3339) {
        Ok(moment) => match u64::try_from(moment.unix_timestamp()) {
            Ok(seconds) => Some(Timestamp::of_seconds(seconds)),
            Err(_) => {
                scope.meaning(format!("{} is before 1970; {right}", quoted(text)));
                None
            }
        },
        Err(_) => {
            scope.meaning(format!("{} is not a date; {right}", quoted(text)));
            None
        }
    }
}
