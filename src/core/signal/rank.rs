//! What a signal is worth.

use std::collections::BTreeMap;

use super::Signal;

/// What words and numbers of a signal are worth.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// Value of each trend word; an unknown word is worth 0.
    pub trend: BTreeMap<String, f64>,
    /// Factor of each confidence word; an unknown word's is 0.
    pub confidence: BTreeMap<String, f64>,
    /// Weight of the signal's score, which is clamped to 0..1.
    pub score: f64,
    /// Weight of the change of velocity, as a fraction.
    pub velocity: f64,
    /// The change of velocity is clamped to this much in either direction.
    pub velocity_limit: f64,
}

impl Weights {
    /// confidence x (trend + score weight x score + velocity weight x change). Above 0 goes before candidates without
    /// a signal, below 0 behind them.
    pub fn momentum(&self, signal: &Signal) -> f64 {
        // Not `clamp`, which panics on a limit below 0.
        let change = (signal.velocity_delta_pct / 100.0).max(-self.velocity_limit).min(self.velocity_limit);
        let strength = signal.score.clamp(0.0, 1.0);
        let sum = word(&self.trend, &signal.trend) + self.score * strength + self.velocity * change;
        // Nothing of a fall is -0, which some comparisons put below 0.
        word(&self.confidence, &signal.confidence) * sum + 0.0
    }
}

/// A word's value, without regard to case and white space around it; 0 where it is not known.
fn word(values: &BTreeMap<String, f64>, word: &str) -> f64 {
    let word = word.trim();
    let value = values.get(word).copied();
    let folded = || values.iter().find(|(key, _)| key.eq_ignore_ascii_case(word)).map(|(_, value)| *value);
    value.or_else(folded).unwrap_or_default()
}
