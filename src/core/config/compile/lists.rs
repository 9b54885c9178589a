//! Which models a profile may use: `allow` and `block`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::error::{Scope, quoted};
use super::super::raw;
use super::models::Models;
use crate::route::Model;
use crate::tier::{PerTier, Tier};

/// A name, or the beginning of names.
enum Pattern {
    Whole(String),
    Beginning(String),
}

impl Pattern {
    fn matches(&self, name: &str) -> bool {
        match self {
            Pattern::Whole(whole) => name == whole,
            Pattern::Beginning(beginning) => name.starts_with(beginning.as_str()),
        }
    }
}

/// The lists of one profile.
pub(super) struct Lists {
    allow: Option<Vec<Pattern>>,
    block: Vec<Pattern>,
}

/// Compiles the lists of all profiles.
pub(super) fn compile<'p>(
    profiles: &BTreeMap<&'p str, &raw::Profile>,
    models: &Models,
    root: &Scope<'_>,
) -> BTreeMap<&'p str, Lists> {
    let scope = root.key("profiles");
    let mut compiled = BTreeMap::new();
    for (&name, profile) in profiles {
        let lists = Lists::new((&profile.allow, &profile.block), &scope.key(name), models);
        compiled.insert(name, lists);
    }
    compiled
}

/// A pattern; reports a mistake if it matches no model.
fn pattern(name: &str, scope: &Scope<'_>, models: &Models) -> Option<Pattern> {
    let Some(beginning) = name.strip_suffix('*') else {
        return models.find(name, scope).map(|model| Pattern::Whole(model.name.clone()));
    };
    if beginning.contains('*') {
        scope.meaning(format!("{}: `*` is allowed only at the end", quoted(name)));
        return None;
    }
    if !models.names().any(|known| known.starts_with(beginning)) {
        let right = "give the beginning of a name of `models` or of the shipped catalogue";
        scope.meaning(format!("{} matches no model; {right}", quoted(name)));
        return None;
    }
    Some(Pattern::Beginning(beginning.to_owned()))
}

impl Lists {
    /// The lists `allow` and `block` of what stands at `path`.
    pub fn new(
        (allow, block): (&Option<Vec<String>>, &Option<Vec<String>>),
        scope: &Scope<'_>,
        models: &Models,
    ) -> Self {
        let list = |key, names: &Option<Vec<String>>| {
            let scope = scope.key(key);
            let patterns = names.iter().flatten().enumerate();
            let patterns = patterns.filter_map(|(i, name)| pattern(name, &scope.index(i), models));
            names.as_ref().map(|_| patterns.collect::<Vec<_>>())
        };
        let (allow, block) = (list("allow", allow), list("block", block));
        Self { allow, block: block.unwrap_or_default() }
    }

    /// Whether the profile may use a model.
    pub fn permit(&self, name: &str) -> bool {
        let on = |list: &[Pattern]| list.iter().any(|pattern| pattern.matches(name));
        self.allow.as_deref().is_none_or(on) && !on(&self.block)
    }

    /// Leaves out of a table what the profile may not use; reports where no model is left.
    pub fn restrict(&self, tiers: &mut PerTier<Vec<Arc<Model>>>, profile: &raw::Profile, scope: &Scope<'_>) {
        let listed = Tier::ALL.into_iter().any(|tier| !tiers.get(tier).is_empty());
        for tier in Tier::ALL {
            tiers.get_mut(tier).retain(|model| self.permit(&model.name));
        }
        if listed && Tier::ALL.into_iter().all(|tier| tiers.get(tier).is_empty()) {
            let key = if profile.allow.is_some() { "allow" } else { "block" };
            let message = "excludes all of the profile's models; allow at least one";
            scope.key(key).meaning(message.to_owned());
        }
    }
}

/// The models of a table, those of MEDIUM first, then from the harder tiers to the easier one.
pub(super) fn all_models(tiers: &PerTier<Vec<Arc<Model>>>) -> impl Iterator<Item = &Arc<Model>> {
    [Tier::Medium, Tier::Complex, Tier::Reasoning, Tier::Simple].into_iter().flat_map(|t| tiers.get(t))
}
