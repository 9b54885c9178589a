//! How hard the newest ask is, and what raises its tier.

use super::{Cause, Scratch};
use crate::chat::{self, Span, View};
use crate::config::Config;
use crate::route::Usage;
use crate::score::{Ask, Length, Reply, Score, Verdict};
use crate::tier::Tier;

/// An ask, judged.
#[derive(Clone, Copy)]
pub(super) struct Judged {
    pub score: Score,
    pub cause: Cause,
    /// Estimated.
    pub tokens: u64,
}

/// Judges the newest ask; a short reply by the hardest of the asks that it may be about.
pub(super) fn judged(config: &Config, body: &[u8], view: &View<'_>, scratch: &mut Scratch) -> Option<Judged> {
    let own = judged_alone(config, body, &view.ask, scratch)?;
    if !scratch.is_short(config) || view.earlier.is_empty() {
        return Some(own);
    }
    let unknown = matches!(own.cause, Cause::Abstain | Cause::Ambiguous);
    match config.scorer.reply(&scratch.score) {
        Reply::Continues => {}
        Reply::Own if unknown => {}
        Reply::Own | Reply::Closes => return Some(own),
    }
    // Where nothing is known of the reply, what is known of the work counts, be it less than the unknown tier.
    let mut least = if unknown { Tier::Simple } else { own.score.tier };
    let mut best = None;
    for (between, ask) in view.earlier.iter().enumerate() {
        let Some(earlier) = judged_alone(config, body, ask, scratch) else { continue };
        let ended = scratch.is_short(config) && config.scorer.reply(&scratch.score) == Reply::Closes;
        let tier = earlier.score.tier.lowered(config.history.decay * between as f64);
        if tier > least || unknown && best.is_none() {
            (best, least) = (Some(ask), tier);
        }
        if ended {
            break;
        }
    }
    // Once more, for the explanation is that of the last ask that was judged.
    let Some(found) = best.and_then(|ask| judged_alone(config, body, ask, scratch)) else {
        return judged_alone(config, body, &view.ask, scratch);
    };
    Some(Judged { score: Score { tier: least, ..found.score }, cause: Cause::History, tokens: own.tokens })
}

/// Judges one ask by itself; none where it has no text.
fn judged_alone(config: &Config, body: &[u8], ask: &[Span], scratch: &mut Scratch) -> Option<Judged> {
    let bytes = length(ask);
    if bytes == 0 {
        return None;
    }
    let limits = &config.limits;
    let (head, tail) = (limits.scan_head_bytes, limits.scan_tail_bytes);
    scratch.text.clear();
    let read = chat::excerpt(body, ask, head, tail, &mut scratch.text);
    scratch.length = Length { ask: bytes, read };
    let ask = Ask { text: &scratch.text, tokens: tokens(bytes), length: scratch.length };
    let score = config.scorer.score(&ask, &mut scratch.score);
    let cause = match score.verdict {
        Verdict::Sum | Verdict::Learnt => Cause::Score,
        Verdict::Abstained => Cause::Abstain,
        Verdict::Ambiguous => Cause::Ambiguous,
        Verdict::ReasoningMarkers => Cause::OverrideReasoning,
    };
    Some(Judged { score, cause, tokens: ask.tokens })
}

/// Bytes of a text in parts.
fn length(parts: &[Span]) -> usize {
    parts.iter().map(|part| part.len()).sum()
}

/// The scorer's tier, raised where a rule says so.
pub(super) fn overruled(
    config: &Config,
    view: &View<'_>,
    body: &[u8],
    usage: Usage,
    judged: Judged,
    text: &mut String,
) -> (Tier, Cause) {
    let rules = &config.overrides;
    let Judged { score, cause, .. } = judged;
    if usage.input > rules.context_tokens && score.tier < rules.context_tier {
        return (rules.context_tier, Cause::OverrideContext);
    }
    if score.tier < rules.structured_tier {
        let asked = view.structured || {
            let limits = &config.limits;
            text.clear();
            chat::excerpt(body, &view.system, limits.scan_head_bytes, limits.scan_tail_bytes, text);
            config.scorer.mentions_structure(text)
        };
        if asked {
            return (rules.structured_tier, Cause::FloorStructured);
        }
    }
    (score.tier, cause)
}

/// Tokens of so many bytes of an ask, as the rules measure its length: four bytes a token, in any script. Their
/// numbers were set with that; cost and room go by the estimate of [`chat::Tokens`].
fn tokens(bytes: usize) -> u64 {
    u64::try_from(bytes.div_ceil(4)).unwrap_or(u64::MAX)
}
