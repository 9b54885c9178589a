//! Numbers of documents.

use serde_json::Value;

/// Largest magnitude below which a double holds every integer.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A double as JSON: an integer where it is one.
pub(super) fn json(value: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "it is an integer of a magnitude that fits")]
    if value.fract() == 0.0 && value.abs() <= EXACT { (value as i64).into() } else { value.into() }
}
