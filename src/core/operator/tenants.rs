//! Policies by tenant: which models it may use, which tiers, and what it may spend in a day.

use std::collections::BTreeMap;

use super::{Bounds, Client};
use crate::fnv::Fnv;
use crate::route::Slots;
use crate::tier::Tier;

/// The key of the policy of any tenant without one of its own.
pub const ANYBODY: &str = "*";

/// What a tenant may do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    /// The only models that it may use.
    pub only: Option<Slots>,
    /// Whether it may use models that the configuration does not know.
    pub strangers: bool,
    /// Bounds of the tier.
    pub bounds: Bounds,
    /// What it may spend in a day, in millionths of a USD, and the tier that is the highest from then on.
    pub budget: Option<(u64, Tier)>,
}

/// Policies of tenants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tenants {
    /// The place of the header that names the tenant.
    pub header: usize,
    /// By the tenant's name.
    pub policies: BTreeMap<String, Policy>,
}

impl Tenants {
    /// The policy of who sends a request, and the tenant's name.
    pub fn of<'t, 'r>(&'t self, client: &Client<'r>) -> Option<(&'t Policy, &'r [u8])> {
        if self.policies.is_empty() {
            return None;
        }
        let name = client.header(self.header).map(<[u8]>::trim_ascii).unwrap_or_default();
        let own = std::str::from_utf8(name).ok().and_then(|name| self.policies.get(name));
        own.or_else(|| self.policies.get(ANYBODY)).map(|policy| (policy, name))
    }

    /// Whether who sends a request may not use all models.
    pub fn restricts(&self, client: &Client<'_>) -> bool {
        self.of(client).is_some_and(|(policy, _)| policy.only.is_some())
    }

    /// The number of a tenant's name.
    pub fn number(name: &[u8]) -> u64 {
        Fnv::of(name)
    }
}
