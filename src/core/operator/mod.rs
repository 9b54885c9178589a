//! What the operator decides over the judge: rules, hints of trusted clients, and policies of tenants.

mod client;
mod hints;
mod rules;
mod spend;
mod tenants;
#[cfg(test)]
mod tests;

pub use client::{Client, Headers};
pub use hints::{HINTS, Hints, Network, Trust};
pub use rules::{Effect, HeaderMatch, Matched, Rule, RuleSet, Shape, Text};
pub use spend::{BUDGET_SLOTS, Spend, day};
pub use tenants::{ANYBODY, Policy, Tenants};

use crate::tier::Tier;

/// Everything that the operator decides.
#[derive(Debug, Default)]
pub struct Operator {
    /// Rules, in order.
    pub rules: RuleSet,
    /// Whose hints count.
    pub trust: Option<Trust>,
    /// What tenants may do.
    pub tenants: Tenants,
    /// Names of the request headers that any of these looks at.
    pub headers: Vec<String>,
}

impl Operator {
    /// The header by which clients show that they are trusted: nobody behind the gateway has to see it.
    pub fn secret(&self) -> Option<&str> {
        let (place, _) = self.trust.as_ref()?.header.as_ref()?;
        self.headers.get(*place).map(String::as_str)
    }
}

/// Bounds on a tier, and a shift.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Not below this tier.
    pub least: Option<Tier>,
    /// Not above this tier. It goes before `least`.
    pub most: Option<Tier>,
    /// So many tiers up, or down where it is below 0; before the bounds.
    pub bias: i8,
}

impl Bounds {
    /// What becomes of a tier.
    pub fn apply(self, tier: Tier) -> Tier {
        let shifted = match self.bias {
            0 => tier,
            up @ 1.. => tier.raised(up.unsigned_abs()),
            down => tier.lowered(f64::from(down.unsigned_abs())),
        };
        let raised = self.least.map_or(shifted, |least| shifted.max(least));
        self.most.map_or(raised, |most| raised.min(most))
    }
}
