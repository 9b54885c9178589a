//! Whether a system text demands structure of the answer, not whether it mentions any.

use super::phrases::Found;
use super::tables::{Tables, concept, has};

/// Whether a folded system text demands JSON, or another structure, in one of its sentences.
pub fn is_demanded(tables: &Tables, text: &[u8]) -> bool {
    let text = without_names(text);
    let (mut sentence, mut demanded) = (0u32, false);
    tables.words.find(&text, 0, |found| match found {
        Found::Concept(number) => sentence |= 1u32.checked_shl(u32::from(number)).unwrap_or_default(),
        Found::SentenceEnd => {
            demanded |= has(sentence, concept::JSON)
                && has(sentence, concept::DEMAND)
                && !has(sentence, concept::PLAIN);
            sentence = 0;
        }
    });
    demanded
}

/// The text without the ends of file names: what stands behind a full stop, a slash, a hyphen or a low line without a blank.
fn without_names(text: &[u8]) -> Vec<u8> {
    let mut left = Vec::with_capacity(text.len());
    let mut named = false;
    for &byte in text {
        let word = byte.is_ascii_alphanumeric() || byte >= 0x80;
        if named && word {
            continue;
        }
        named = matches!(byte, b'.' | b'/' | b'_' | b'\\' | b'-' | b'@');
        left.push(byte);
    }
    left
}
