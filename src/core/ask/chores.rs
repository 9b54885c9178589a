//! What clients ask for by themselves: titles, tags, follow-up questions, search queries, completions, commit messages,
//! summaries of a conversation that has become too long. They are known by their form: a product, of a conversation or a
//! diff, in few words or a fixed form, said by the client's template at the start or the end.

use super::phrases;
use super::tables::{concept, has};
use super::wordings::Wordings;
use crate::chat::Span;

/// A client says what it wants in so many bytes, before or behind what it is made of.
const NEAR: usize = 280;
/// A system text that makes all of its requests chores says so in so many bytes.
const SYSTEM: usize = 320;
/// A template is no shorter.
const TEMPLATE: usize = 240;

/// What a request is besides its newest turn.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'s> {
    /// The system text.
    pub system: &'s [Span],
    /// Tools are offered.
    pub tools: bool,
    /// The model has answered in this conversation.
    pub answered: bool,
    /// The newest turn has material in it.
    pub material: bool,
}

/// What a text has of a chore.
#[derive(Clone, Copy, Debug, Default)]
struct Signs {
    all: u32,
    /// A sentence says what is to be made, and of what.
    made: bool,
    /// A sentence names what is to be made.
    named: bool,
}

/// What the newest turn is.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// A client's own.
    pub is_chore: bool,
    /// The concepts in what it begins and ends with.
    pub concepts: u32,
}

/// Tells what the newest turn is. `turns`: its texts, and those of the turn before where nobody answered it.
pub fn find(body: &[u8], turns: &[Span], setting: &Setting<'_>, words: &mut Wordings<'_>) -> Found {
    let ask = signs(body, turns, NEAR, words);
    let length = turns.iter().map(|text| text.len()).sum();
    Found { is_chore: is_chore(body, length, &ask, setting, words), concepts: ask.all }
}

/// `length`: bytes of the turn that has the signs `ask`.
fn is_chore(
    body: &[u8],
    length: usize,
    ask: &Signs,
    setting: &Setting<'_>,
    words: &mut Wordings<'_>,
) -> bool {
    if is_notes(ask.all, length) {
        return false;
    }
    if has(ask.all, concept::FIM) && !setting.answered || has(ask.all, concept::SUGGEST) && length >= 60 {
        return true;
    }
    let limited = has(ask.all, concept::LIMIT);
    let asked = if setting.answered {
        ask.made && limited
    } else {
        let formed = has(ask.all, concept::KEY) || has(ask.all, concept::CUE);
        ask.made && limited && (setting.material || formed || length >= TEMPLATE)
            || formed && ask.named && (setting.material || length >= TEMPLATE)
    };
    if asked || setting.answered || setting.tools || setting.system.is_empty() {
        return asked;
    }
    let system = signs(body, setting.system, SYSTEM, words);
    if has(system.all, concept::CONVERSES) {
        return false;
    }
    let formed = has(system.all, concept::KEY) || has(system.all, concept::LIMIT);
    (system.made || has(system.all, concept::SUGGEST) && system.named) && formed
}

/// A summary that stands for a conversation is no shorter.
pub const SHORTEST_NOTES: usize = 80;

/// Whether a text of so many bytes, with these concepts, is a summary that stands for a conversation.
pub const fn is_notes(concepts: u32, length: usize) -> bool {
    length >= SHORTEST_NOTES && has(concepts, concept::NOTES)
}

/// Reads what a text begins and ends with; what is to be made counts only near its ends.
fn signs(body: &[u8], texts: &[Span], near: usize, words: &mut Wordings<'_>) -> Signs {
    words.read(body, texts);
    let tables = words.tables;
    let text = &words.read.folded.text;
    let mut signs = Signs { all: tables.words.concepts(text, 0), ..Signs::default() };
    // Most texts name nothing that a chore makes.
    if !has(signs.all, concept::PRODUCT) || !has(signs.all, concept::VERB) {
        return signs;
    }
    let mut sentence = 0u32;
    let head = text.get(..near).unwrap_or(text);
    let tail = text.get(text.len().saturating_sub(near).max(head.len())..).unwrap_or_default();
    let mut made = |found: phrases::Found| match found {
        phrases::Found::Concept(number) => {
            sentence |= 1u32.checked_shl(u32::from(number)).unwrap_or_default()
        }
        phrases::Found::SentenceEnd => {
            let names = has(sentence, concept::PRODUCT) && has(sentence, concept::VERB);
            signs.named |= names;
            signs.made |= names && has(sentence, concept::TARGET) && !has(sentence, concept::HARD);
            sentence = 0;
        }
    };
    tables.words.find(head, 0, &mut made);
    tables.words.find(tail, usize::MAX, &mut made);
    signs
}
