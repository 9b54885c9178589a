//! Profiles and the names they are asked by.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::check::unknown;
use super::super::error::{Scope, quoted};
use super::super::names::{Name, Names, PREFIX};
use super::super::raw;
use super::derived::{self, FREE};
use super::lists::{Lists, all_models};
use super::models::Models;
use super::{names as spelling, strategy};
use crate::rollout::{Control, Rollout};
use crate::route::{Agentic, Model, Profile, Table, UnknownState};
use crate::tier::{PerTier, Tier};

/// The profile of the shortest form, and of shipped virtual names without a profile of their own.
const AUTO: &str = "auto";
/// The profile of agentic requests under [`AUTO`].
const AGENTIC: &str = "agentic";

/// Compiles profiles. `own`: they are the document's and not the shipped ones.
pub(super) fn compile(
    document: &raw::Document,
    profiles: &BTreeMap<&str, &raw::Profile>,
    own: bool,
    models: &Models,
    lists: &BTreeMap<&str, Lists>,
    root: &Scope<'_>,
) -> BTreeMap<String, Arc<Profile>> {
    let top = root.key("tiers");
    let all = root.key("profiles");
    let shared = document.tiers.as_ref().map(|tiers| table(tiers, &top, models));
    let mut compiled = BTreeMap::new();
    for (&name, profile) in profiles {
        let scope = all.key(name);
        if own {
            spelling::profile(name, &scope);
        }
        if name == AUTO && document.tiers.is_some() && profile.tiers.is_some() {
            let message =
                "the table of profile auto is also given by the document's `tiers`; keep one of them";
            scope.key("tiers").meaning(message);
        }
        let mut tiers = match (&profile.tiers, &shared) {
            (Some(tiers), _) => table(tiers, &scope.key("tiers"), models),
            (None, Some(shared)) => shared.clone(),
            (None, None) => {
                let message = "missing; give a model for each of SIMPLE, MEDIUM, COMPLEX and REASONING, \
                               here or in the document's `tiers`";
                scope.key("tiers").meaning(message);
                continue;
            }
        };
        if let Some(lists) = lists.get(name) {
            lists.restrict(&mut tiers, profile, &scope);
        }
        let default_model = match &profile.default_model {
            Some(model) => default_model(model, lists.get(name), &scope, models),
            None => all_models(&tiers).next().cloned(),
        };
        let agentic_profile = agentic(name, profile, profiles, &scope);
        let strategy = strategy::compile(document, profile, &tiers, &scope);
        if let Some(default_model) = default_model {
            let profile = Profile {
                name: name.to_owned(),
                tiers,
                default_model,
                agentic_profile,
                agentic: agentic_when(name, profile.agentic),
                unknown_state: match profile.unknown_state {
                    Some(raw::UnknownState::DefaultModel) | None => UnknownState::DefaultModel,
                    Some(raw::UnknownState::Judged) => UnknownState::Judged,
                },
                strategy,
            };
            compiled.insert(name.to_owned(), Arc::new(profile));
        }
    }
    compiled
}

/// When a request of the profile counts as agentic.
fn agentic_when(name: &str, given: Option<raw::Agentic>) -> Agentic {
    match given {
        Some(raw::Agentic::Offered) => Agentic::Offered,
        None if name == AGENTIC => Agentic::Offered,
        Some(raw::Agentic::Used) | None => Agentic::Used,
        Some(raw::Agentic::Judged) => Agentic::Judged,
    }
}

fn table(tiers: &raw::Tiers, scope: &Scope<'_>, models: &Models) -> PerTier<Vec<Arc<Model>>> {
    let mut table: PerTier<Vec<Arc<Model>>> = PerTier::default();
    for tier in Tier::ALL {
        let Some(list) = tiers.get(tier) else { continue };
        *table.get_mut(tier) = models.list(list, &scope.key(tier.name()));
    }
    table
}

fn agentic(
    name: &str,
    profile: &raw::Profile,
    profiles: &BTreeMap<&str, &raw::Profile>,
    scope: &Scope<'_>,
) -> Option<String> {
    match profile.agentic_profile.as_deref() {
        None => (name == AUTO && profiles.contains_key(AGENTIC)).then(|| AGENTIC.to_owned()),
        Some(other) if other == name => None,
        Some(other) => {
            known_profile(other, profiles, &scope.key("agentic_profile"));
            Some(other.to_owned())
        }
    }
}

fn default_model(
    name: &str,
    lists: Option<&Lists>,
    scope: &Scope<'_>,
    models: &Models,
) -> Option<Arc<Model>> {
    let scope = scope.key("default_model");
    let model = models.find(name, &scope)?;
    if lists.is_some_and(|lists| !lists.permit(&model.name)) {
        let message = "the profile's `allow` and `block` exclude it; name another model";
        scope.meaning(format!("{}: {message}", quoted(name)));
    }
    Some(model)
}

/// Tells where there is no profile of a name.
pub(super) fn known_profile(name: &str, profiles: &BTreeMap<&str, &raw::Profile>, scope: &Scope<'_>) -> bool {
    let known = profiles.contains_key(name);
    if !known {
        let defined: Vec<&str> = profiles.keys().copied().collect();
        let otherwise = format!("defined: {}", defined.join(", "));
        scope.meaning(unknown("profile", name, defined.iter().copied(), &otherwise));
    }
    known
}

/// The profile that shipped names without one of their own stand for.
pub(super) fn stand_in(compiled: &BTreeMap<String, Arc<Profile>>) -> Option<&Arc<Profile>> {
    compiled.get(AUTO).or_else(|| compiled.values().next())
}

/// The names as clients spell them, and what `tiergate check` says of them.
pub(super) fn names(
    document: &raw::Document,
    compiled: &BTreeMap<String, Arc<Profile>>,
    virtual_models: &BTreeMap<String, Arc<Profile>>,
    root: &Scope<'_>,
) -> (Names, Vec<String>) {
    let mut notes = Vec::new();
    let free = format!("{PREFIX}{FREE}");
    let mut missing = Vec::new();
    match compiled.get(FREE) {
        None if !virtual_models.contains_key(&free) => {
            notes.push(format!("{free} is refused: no model of the tables is known to cost nothing"));
            missing.push(free);
        }
        None => {}
        Some(profile) => {
            let paid: Vec<&str> =
                all_models(&profile.tiers).filter(|m| derived::is_paid(m)).map(|m| m.name.as_str()).collect();
            if !paid.is_empty() {
                notes.push(format!("profile {FREE} has models that cost something: {}", paid.join(", ")));
            }
        }
    }
    let names = Names::new(virtual_models, &missing);
    let default = document.default_virtual_model.trim();
    if default == "none" {
        return (names, notes);
    }
    // Only the names matter: no model has to be known here.
    let table = Table::of_names(virtual_models.clone());
    if !compiled.is_empty() && !matches!(names.find(&table, default), Name::Virtual(_)) {
        let known: Vec<&str> = virtual_models.keys().map(String::as_str).collect();
        let message =
            format!("{} is not a virtual model; use `none`, or one of {}", quoted(default), known.join(", "));
        root.key("default_virtual_model").meaning(message);
    }
    (names.with_default(Some(default.to_owned())), notes)
}

/// Every name that stands for a profile: `smart/P`, the shipped ones, the document's own.
pub(super) fn virtual_names(
    document: &raw::Document,
    shipped: &BTreeMap<String, raw::Profile>,
    profiles: &BTreeMap<&str, &raw::Profile>,
    compiled: &BTreeMap<String, Arc<Profile>>,
    models: &Models,
    rollout: &Rollout,
    root: &Scope<'_>,
) -> BTreeMap<String, Arc<Profile>> {
    let scope = root.key("virtual_models");
    let mut names = BTreeMap::new();
    // What costs nothing is never another profile's to serve.
    let others = stand_in(compiled);
    for name in shipped.keys() {
        if let Some(profile) = compiled.get(name).or_else(|| others.filter(|_| name != FREE)) {
            names.insert(format!("{PREFIX}{name}"), Arc::clone(profile));
        }
    }
    for (name, profile) in compiled {
        names.insert(format!("{PREFIX}{name}"), Arc::clone(profile));
    }
    for (name, profile) in &document.virtual_models {
        let scope = scope.key(name);
        spelling::model(name, &scope);
        if known_profile(profile, profiles, &scope)
            && let Some(profile) = compiled.get(profile)
        {
            names.insert(name.clone(), Arc::clone(profile));
        }
    }
    // Where the others go on unchanged, the name of a model may stand for a profile: they go to that model.
    let misleading = |name: &str, profile: &Profile| {
        models.is_in_use(name) && rollout.control(&profile.name) != Control::Unchanged
    };
    for (name, profile) in names.iter().filter(|(name, profile)| misleading(name, profile)) {
        let message = format!(
            "{} is a model's name or alias too; rename one of them, or give profile {} control unchanged",
            quoted(name),
            profile.name
        );
        scope.key(name).meaning(message);
    }
    names
}
