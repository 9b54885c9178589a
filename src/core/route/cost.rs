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

/// Providers keep no shorter beginnings of prompts than this, in tokens: OpenAI's least, and Anthropic's for most models.
const LEAST_CACHED: u64 = 1024;
/// So much less a request has to cost elsewhere: estimates are no better, and the way back costs as well.
const LEAST_GAIN: f64 = 0.1;

/// Whether a request costs enough less with another model than with the one that has the first `cached` tokens of it in its
/// prompt cache. False where a price is not known.
pub fn pays_to_move(
    (held, usage): (&Model, Usage),
    (other, elsewhere): (&Model, Usage),
    cached: u64,
) -> bool {
    let cached = if cached < LEAST_CACHED { 0 } else { cached.min(usage.input) };
    let fresh = Usage { input: usage.input - cached, ..usage };
    let warm = match (cached, held.cached_input_price) {
        (0, _) => Some(0.0),
        // Token counts are far below 2^53, where f64 is exact.
        (_, Some(price)) => Some(cached as f64 * price / 1e6),
        (_, None) => None,
    };
    let stays = cost(held, fresh).zip(warm).map(|(fresh, warm)| fresh + warm);
    stays.zip(cost(other, elsewhere)).is_some_and(|(stays, moves)| moves < stays * (1.0 - LEAST_GAIN))
}

/// The share of the baseline's cost that `model` saves: 1 is all, below 0 it costs more. `None` where a price is
/// not known or the baseline costs nothing.
pub fn savings(model: &Model, baseline: &Model, usage: Usage) -> Option<f64> {
    let baseline = cost(baseline, usage)?;
    (baseline > 0.0).then_some(1.0 - cost(model, usage)? / baseline)
}
