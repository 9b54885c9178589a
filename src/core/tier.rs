//! The four tiers: the one vocabulary that every room shares.

use serde::{Deserialize, Serialize};

/// How capable a model the prompt needs, easiest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Tier {
    /// Greetings, look-ups, short translations.
    Simple,
    /// Everyday work: most code, most writing.
    Medium,
    /// Work with many parts: design, long or constrained tasks.
    Complex,
    /// Proofs, derivations, anything that needs a chain of thought.
    Reasoning,
}

impl Tier {
    /// All tiers, easiest first.
    pub const ALL: [Tier; 4] = [Tier::Simple, Tier::Medium, Tier::Complex, Tier::Reasoning];

    /// The tier's name as it appears in configuration, headers and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Tier::Simple => "SIMPLE",
            Tier::Medium => "MEDIUM",
            Tier::Complex => "COMPLEX",
            Tier::Reasoning => "REASONING",
        }
    }

    /// The tier so many tiers above; not above REASONING.
    pub fn raised(self, tiers: u8) -> Self {
        let raised = (self as u8).saturating_add(tiers);
        Self::ALL.into_iter().find(|tier| *tier as u8 >= raised).unwrap_or(Tier::Reasoning)
    }

    /// The tier so many tiers below, rounded up; not below SIMPLE.
    pub fn lowered(self, tiers: f64) -> Self {
        Self::ALL.into_iter().find(|tier| *tier as u8 as f64 >= self as u8 as f64 - tiers).unwrap_or(self)
    }
}

/// One value for each tier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PerTier<T> {
    /// Value for [`Tier::Simple`].
    pub simple: T,
    /// Value for [`Tier::Medium`].
    pub medium: T,
    /// Value for [`Tier::Complex`].
    pub complex: T,
    /// Value for [`Tier::Reasoning`].
    pub reasoning: T,
}

impl<T> PerTier<T> {
    /// The value of one tier.
    pub const fn get(&self, tier: Tier) -> &T {
        match tier {
            Tier::Simple => &self.simple,
            Tier::Medium => &self.medium,
            Tier::Complex => &self.complex,
            Tier::Reasoning => &self.reasoning,
        }
    }

    /// The value of one tier, to change.
    pub const fn get_mut(&mut self, tier: Tier) -> &mut T {
        match tier {
            Tier::Simple => &mut self.simple,
            Tier::Medium => &mut self.medium,
            Tier::Complex => &mut self.complex,
            Tier::Reasoning => &mut self.reasoning,
        }
    }
}
