//! What a request costs, estimated before it is sent.

use super::Model;

/// Tokens of one request, estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Input tokens.
    pub input: u64,
    /// Output tokens.
    pub output: u64,
}

/// Cost in USD; `None` where a price is not known.
pub fn cost(model: &Model, usage: Usage) -> Option<f64> {
    let million = 1e6;
    // Token counts are far below 2^53, where f64 is exact.
    #[expect(clippy::cast_precision_loss)]
    let (input, output) = (usage.input as f64, usage.output as f64);
    Some((input * model.input_price? + output * model.output_price?) / million)
}

/// The share of the baseline's cost that `model` saves: 1 is all, below 0 it costs more. `None` where a price is
/// not known or the baseline costs nothing.
pub fn savings(model: &Model, baseline: &Model, usage: Usage) -> Option<f64> {
    let baseline = cost(baseline, usage)?;
    (baseline > 0.0).then_some(1.0 - cost(model, usage)? / baseline)
}
