//! The logistic function, for likelihoods and confidences.

/// From 0 to 1. `libm`'s exponential is the same code on every target, so that a judgement is the same everywhere.
pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}
