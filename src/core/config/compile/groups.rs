//! Names that stand for several deployments, and what serves calls that are no conversation.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::check::unknown;
use super::super::error::{Scope, quoted};
use super::super::raw;
use super::models::Models;
use super::{names as spelling, strategy};
use crate::route::{Agentic, Model, Profile, Strategy, UnknownState};
use crate::tier::{PerTier, Tier};

/// The tier whose list a group's deployments are.
const TIER: Tier = Tier::Medium;

/// Compiles the groups. `names`: what else a client may ask for.
pub(super) fn compile(
    document: &raw::Document,
    virtual_models: &BTreeMap<String, Arc<Profile>>,
    profiles: &BTreeMap<&str, &raw::Profile>,
    models: &Models,
    root: &Scope<'_>,
) -> BTreeMap<String, Arc<Profile>> {
    let scope = root.key("groups");
    let mut groups = BTreeMap::new();
    for (name, group) in &document.groups {
        let scope = scope.key(name);
        spelling::model(name, &scope);
        let of_list = scope.key("models");
        let place = if group.is_long() { &of_list } else { &scope };
        let list = models.list(&raw::OneOrMany::Many(group.models().to_vec()), place);
        let own = list.iter().any(|model| model.name == *name);
        let taken = if virtual_models.contains_key(name) {
            "a virtual model's"
        } else if profiles.contains_key(name.as_str()) {
            "a profile's"
        } else if models.is_in_use(name) && !own {
            "a model's"
        } else {
            ""
        };
        if !taken.is_empty() {
            let message = format!("{} is {taken} name too; rename one of them", quoted(name));
            scope.meaning(message);
        }
        let tiers = tiers(list);
        let like = raw::Profile { strategy: Some(group.strategy()), ..raw::Profile::default() };
        if group.strategy() == raw::Strategy::Completion {
            let message = "completion needs a judged ask, which no group has; choose another strategy";
            scope.key("strategy").meaning(message);
            continue;
        }
        let strategy = strategy::compile(document, &like, &tiers, &scope);
        groups.extend(of(name, tiers, strategy).map(|group| (name.clone(), group)));
    }
    groups
}

/// What serves calls that are no conversation where they ask for a virtual model: by the end of their path.
pub(super) fn endpoints(
    document: &raw::Document,
    groups: &BTreeMap<String, Arc<Profile>>,
    models: &Models,
    root: &Scope<'_>,
) -> Vec<(String, Arc<Profile>)> {
    let scope = root.key("endpoints");
    let mut endpoints = Vec::with_capacity(document.endpoints.len());
    for (suffix, name) in &document.endpoints {
        let scope = scope.key(suffix);
        let known = || document.paths.other.iter().map(String::as_str);
        if !known().any(|other| other == suffix) {
            let otherwise = "name one of `paths.other`, or add it there";
            scope.meaning(unknown("path", suffix, known(), otherwise));
        }
        if let Some(group) = groups.get(name) {
            endpoints.push((suffix.clone(), Arc::clone(group)));
        } else if let Some(model) = models.get(name) {
            let one = of(&model.name, tiers(vec![Arc::clone(model)]), Strategy::Configured);
            endpoints.extend(one.map(|one| (suffix.clone(), one)));
        } else {
            let known = groups.keys().map(String::as_str).chain(models.names());
            scope.meaning(unknown("group or model", name, known, "name one of `groups` or `models`"));
        }
    }
    // The longest suffix is the closest.
    endpoints.sort_by_key(|(suffix, _)| std::cmp::Reverse(suffix.len()));
    endpoints
}

/// Whether forms have to be read for the model that they name: only where that may have to be another.
pub(super) fn read_forms(document: &raw::Document) -> bool {
    let other = |(name, model): (&String, &raw::Model)| {
        model.cluster.is_some()
            || model.aliases.is_some()
            || model.upstream_model.as_ref().is_some_and(|upstream| upstream != name)
    };
    !document.groups.is_empty()
        || !document.endpoints.is_empty()
        || document.models.iter().any(other)
        || document.tenants.policies.values().any(|policy| policy.allow.is_some() || policy.block.is_some())
}

fn tiers(list: Vec<Arc<Model>>) -> PerTier<Vec<Arc<Model>>> {
    let mut tiers: PerTier<Vec<Arc<Model>>> = PerTier::default();
    *tiers.get_mut(TIER) = list;
    tiers
}

/// None where there is no deployment.
fn of(name: &str, tiers: PerTier<Vec<Arc<Model>>>, strategy: Strategy) -> Option<Arc<Profile>> {
    let default_model = tiers.get(TIER).iter().min_by_key(|model| model.order).cloned()?;
    Some(Arc::new(Profile {
        name: name.to_owned(),
        tiers,
        default_model,
        agentic_profile: None,
        agentic: Agentic::Judged,
        unknown_state: UnknownState::Judged,
        strategy,
    }))
}
