//! The numbers of the rule scorer. Defaults are the table in `docs/scoring.md`.

use super::Dimension;
use crate::sigmoid::sigmoid;
use crate::tier::Tier;

/// From `at` hits on, a dimension has this value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Fewest hits.
    pub at: u32,
    /// Value of the dimension, -1 to 1.
    pub value: f64,
}

/// Weight and steps of one dimension.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Which dimension.
    pub dimension: Dimension,
    /// What the value is multiplied by.
    pub weight: f64,
    /// Steps, by rising `at`; below the first the value is 0. [`Dimension::TokenCount`] has none: see [`TokenRule`].
    pub steps: Vec<Step>,
}

/// The value of [`Dimension::TokenCount`]: -1 below `short`, 1 above `long`, else 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TokenRule {
    /// Tokens below which the ask is short.
    pub short: u64,
    /// Tokens above which the ask is long.
    pub long: u64,
}

/// The score at which the next tier begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Boundaries {
    /// From here on MEDIUM.
    pub medium: f64,
    /// From here on COMPLEX.
    pub complex: f64,
    /// From here on REASONING.
    pub reasoning: f64,
}

/// All numbers of the rule scorer.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleParams {
    /// One rule a dimension, in the order of [`Dimension::ALL`].
    pub rules: Vec<Rule>,
    /// Lengths of the ask.
    pub tokens: TokenRule,
    /// Where tiers begin. Rising.
    pub boundaries: Boundaries,
    /// Confidence is sigmoid(steepness x distance to the nearest boundary).
    pub steepness: f64,
    /// Below this confidence the tier is `ambiguous_tier`.
    pub min_confidence: f64,
    /// The tier of what cannot be judged.
    pub ambiguous_tier: Tier,
    /// So many reasoning markers give REASONING whatever the score.
    pub reasoning_override: u32,
    /// Least confidence of that override.
    pub reasoning_confidence: f64,
}

impl RuleParams {
    /// The tier that a score falls into, and how certain that is.
    pub fn tier_of(&self, score: f64) -> (Tier, f64) {
        let edges = &self.boundaries;
        let tier = if score < edges.medium {
            Tier::Simple
        } else if score < edges.complex {
            Tier::Medium
        } else if score < edges.reasoning {
            Tier::Complex
        } else {
            Tier::Reasoning
        };
        let distance = [edges.medium, edges.complex, edges.reasoning]
            .into_iter()
            .map(|edge| (score - edge).abs())
            .fold(f64::INFINITY, f64::min);
        (tier, sigmoid(self.steepness * distance))
    }
}
