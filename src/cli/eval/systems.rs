//! What is compared: the two scorers, and the controls that any scorer has to beat.

use super::rows::{Row, RowVerdict, Set};
use tiergate_core::tier::Tier;

/// Names of all systems, in the order of the report; the scorers are the first two.
pub const NAMES: [&str; 6] =
    ["rules", "calibrated", "always-cheapest", "always-strongest", "random", "length"];
/// How many of them are scorers.
pub const SCORERS: usize = 2;

/// What a system says of each row of a file.
pub struct System {
    pub score: Vec<f64>,
    /// None where it gives no tiers.
    pub tier: Option<Vec<Tier>>,
    /// Of scorers only.
    pub confidence: Option<Vec<f64>>,
    pub abstained: Option<Vec<bool>>,
}

/// All systems, as in [`NAMES`].
pub fn all(set: &Set, seed: u64) -> [System; 6] {
    let constant = |tier: Tier| control(vec![0.0; set.rows.len()], Some(vec![tier; set.rows.len()]));
    // Not the stream that the bootstrap draws from.
    let mut random = fastrand::Rng::with_seed(!seed);
    let chance: Vec<f64> = set.rows.iter().map(|_| random.f64()).collect();
    let quarter = |score: &f64| match score {
        ..0.25 => Tier::Simple,
        0.25..0.5 => Tier::Medium,
        0.5..0.75 => Tier::Complex,
        _ => Tier::Reasoning,
    };
    let quarters = chance.iter().map(quarter).collect();
    [
        scorer(set, |row| &row.verdicts[0]),
        scorer(set, |row| &row.verdicts[1]),
        constant(Tier::Simple),
        constant(Tier::Reasoning),
        control(chance, Some(quarters)),
        control(set.rows.iter().map(|row| row.length as f64).collect(), None),
    ]
}

fn scorer(set: &Set, verdict: impl Fn(&Row) -> &RowVerdict) -> System {
    System {
        score: set.rows.iter().map(|row| verdict(row).score).collect(),
        tier: Some(set.rows.iter().map(|row| verdict(row).tier).collect()),
        confidence: Some(set.rows.iter().map(|row| verdict(row).confidence).collect()),
        abstained: Some(set.rows.iter().map(|row| verdict(row).abstained).collect()),
    }
}

fn control(score: Vec<f64>, tier: Option<Vec<Tier>>) -> System {
    System { score, tier, confidence: None, abstained: None }
}
