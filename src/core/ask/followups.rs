//! What a short text is to the work before it.

use super::tables::{Tables, followup, has};
use crate::score::Reply;

/// What a short text is to the work before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Followup {
    /// It wants the work to go on, or to be explained: of the work's tier.
    Continues,
    /// What was given is wrong: it asks for more than was given.
    Corrects,
    /// A small chore on the work: of its own tier.
    Chore,
    /// An ask of its own.
    New,
    /// It ends the work.
    Closes,
}

/// Words that only lead up to what a text says.
const LEADS: [&str; 34] = [
    "ok", "okay", "now", "please", "and", "also", "can", "could", "you", "just", "then", "so", "but", "hey",
    "hmm", "no", "nope", "yes", "great", "thanks", "thank", "sorry", "well", "um", "oh", "wait", "i",
    "think", "cool", "nice", "und", "aber", "mais", "pero",
];

/// Tells what a short folded text is. `reply`: what the scorer's lexicon knows of it.
pub fn followup(tables: &Tables, text: &[u8], reply: Reply) -> Followup {
    let found = tables.followups.concepts(text, lead(text));
    let asks = text.trim_ascii_end().ends_with(b"?");
    if has(found, followup::TOPIC) {
        return Followup::New;
    }
    if has(found, followup::CLOSE) {
        return Followup::Closes;
    }
    if has(found, followup::WORK) && !(asks && has(found, followup::DOUBT)) {
        return Followup::Chore;
    }
    if has(found, followup::CORRECTION) {
        return Followup::Corrects;
    }
    if has(found, followup::DOUBT) {
        return Followup::Continues;
    }
    match reply {
        Reply::Continues => Followup::Continues,
        Reply::Closes => Followup::Closes,
        Reply::Own => Followup::New,
        // One or two unknown words say nothing of their own.
        Reply::Unknown if text.len() <= 12 && text.split(|byte| *byte == b' ').count() <= 2 => {
            Followup::Continues
        }
        Reply::Unknown => Followup::New,
    }
}

/// Where a text begins behind words that only lead up to it.
fn lead(text: &[u8]) -> usize {
    let mut at = 0;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let blank =
            rest.iter().take_while(|byte| byte.is_ascii_whitespace() || b",.!:;-".contains(byte)).count();
        let word = rest.get(blank..).unwrap_or_default();
        let length = word.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let known = word.get(..length).is_some_and(|word| LEADS.iter().any(|lead| lead.as_bytes() == word));
        if !known || length == word.len() {
            return at + blank;
        }
        at += blank + length;
    }
}
