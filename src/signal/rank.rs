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
        let _ = signal;
        0.0
    }
}
