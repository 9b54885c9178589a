//! Which names stand for a profile, however a client spells them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::route::{Profile, Table};

/// What every shipped virtual name begins with.
pub(super) const PREFIX: &str = "smart/";
/// Longest name that is looked at once more, in bytes.
const LONGEST: usize = 512;

/// What a name stands for.
#[derive(Clone, Copy, Debug)]
pub enum Name<'c> {
    /// This profile.
    Virtual(&'c Profile),
    /// One of these deployments.
    Group(&'c Profile),
    /// Nothing, though it is a virtual name by its form.
    Missing,
    /// A model, or what the upstream makes of it.
    Other,
}

/// Virtual names as clients spell them: in any case, with white space around, and without a slash.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// By the name in small letters; none for a shipped name that nothing may stand for.
    spelled: BTreeMap<String, Option<Arc<Profile>>>,
    /// What a request without a model asks for.
    default: Option<String>,
}

impl Names {
    /// `missing`: shipped names that nothing stands for.
    pub(super) fn new(virtual_models: &BTreeMap<String, Arc<Profile>>, missing: &[String]) -> Self {
        let mut names = Self::default();
        let gone = missing.iter().map(|name| (name, None));
        for (name, profile) in gone.chain(virtual_models.iter().map(|(name, profile)| (name, Some(profile))))
        {
            let plain = name.trim().to_lowercase();
            if let Some(rest) = plain.strip_prefix(PREFIX) {
                // A name that is listed as it is goes before one that is only spelled so.
                names.spelled.entry(format!("smart-{rest}")).or_insert_with(|| profile.cloned());
            }
            names.spelled.insert(plain, profile.cloned());
        }
        names
    }

    /// The same, with what a request without a model asks for.
    pub(super) fn with_default(self, default: Option<String>) -> Self {
        Self { default, ..self }
    }

    /// What a request without a model asks for.
    pub fn default_name(&self) -> Option<&str> {
        self.default.as_deref()
    }

    /// What a client asks for by a name. A model of exactly this name goes before a virtual one that is spelled otherwise.
    pub fn find<'c>(&'c self, table: &'c Table, name: &str) -> Name<'c> {
        if let Some(profile) = table.virtual_models.get(name) {
            return Name::Virtual(profile);
        }
        if let Some(group) = table.groups.get(name) {
            return Name::Group(group);
        }
        if table.models.contains_key(name) || name.len() > LONGEST {
            return Name::Other;
        }
        let plain = name.trim().to_lowercase();
        match self.spelled.get(&plain) {
            Some(Some(profile)) => Name::Virtual(profile),
            Some(None) => Name::Missing,
            None if plain.starts_with(PREFIX) => Name::Missing,
            None => Name::Other,
        }
    }

    /// The virtual name or group that a name stands for, as it is listed, and what serves it.
    pub fn listed<'c>(&'c self, table: &'c Table, name: &str) -> Option<(&'c str, &'c Profile)> {
        let as_it_is = table.virtual_models.get_key_value(name).or_else(|| table.groups.get_key_value(name));
        if let Some((known, profile)) = as_it_is {
            return Some((known, profile));
        }
        let Name::Virtual(profile) = self.find(table, name) else { return None };
        let plain = name.trim().to_lowercase();
        let spelled = |known: &str| known.trim().to_lowercase();
        let mut known = table.virtual_models.keys();
        let same = known.clone().find(|known| spelled(known) == plain);
        let same = same.or_else(|| {
            let rest = plain.strip_prefix("smart-")?;
            known.find(|known| spelled(known).strip_prefix(PREFIX) == Some(rest))
        });
        same.map(|known| (known.as_str(), profile))
    }
}
