//! Remarks around a short ask: sentences before and behind it without any word of what is asked. "My Dutch is not so good
//! yet. … You saved my day!" They make an ask longer, which the calibrated scorer takes for work, and no harder. Courtesies
//! in known words are taken off before, see [`clothes`](super::clothes); these are known by what they lack.

use super::fold::Folded;
use super::hits::Hits;

/// A longer text has more in it than its first and last sentences.
const TEXT: usize = 1_200;
/// A longer sentence says something, whatever its words.
const SENTENCE: usize = 200;
/// A longer question is what is asked.
const QUESTION: usize = 40;
/// What has to be left.
const LEAST: usize = 12;

/// Takes the remarks off a text whose concepts were found, and says whether there were any. What stays has a question
/// or a word of what is asked.
pub fn take_off(folded: &mut Folded, hits: &Hits) -> bool {
    let (from, to) = inside(&folded.text, hits.said());
    let some = to - from < folded.text.len();
    if some {
        folded.keep(from..to);
    }
    some
}

/// Where what is asked begins and ends. `said`: where the first and the last word stand that say something of it. One sentence at
/// either end can go. With two, remarks change nearly as many tiers (0.19 instead of 0.21 of the prompts of docs/quality.md), and
/// translations and their originals rank less alike.
fn inside(text: &[u8], said: Option<(usize, usize)>) -> (usize, usize) {
    let (mut from, mut to) = (0, text.len());
    if to > TEXT {
        return (from, to);
    }
    let (first, last) = said.unwrap_or((to, 0));
    let goes_on =
        |rest: &[u8]| rest.len() >= LEAST && (said.is_some() || memchr::memchr(b'?', rest).is_some());
    if let Some(end) = first_end(text, first.min(SENTENCE))
        && let Some((sentence, rest)) = text.split_at_checked(end)
    {
        // "Got a minute?" is a remark only where a word says what is asked.
        let asks = sentence.contains(&b'?') && (said.is_none() || end > QUESTION);
        if !asks && goes_on(rest) && is_plain(sentence) {
            from = end;
        }
    }
    if let Some(start) = last_start(text, last.max(from).max(to.saturating_sub(SENTENCE)))
        && let (Some(rest), Some(sentence)) = (text.get(from..start), text.get(start..))
        && !sentence.contains(&b'?')
        && goes_on(rest)
        && is_plain(sentence)
    {
        to = start;
    }
    (from, to)
}

/// Where the first sentence of a text ends, with the white space behind it, if that is at `most` or before.
fn first_end(text: &[u8], most: usize) -> Option<usize> {
    let end = (0..most).find_map(|at| Some(at + stop(text, at)?))?;
    let end = end + spaces(text, end);
    (end <= most && end < text.len()).then_some(end)
}

/// Where the last sentence of a text begins, if a stop stands before it at `least` or behind.
fn last_start(text: &[u8], least: usize) -> Option<usize> {
    (least..text.len()).rev().find_map(|at| {
        let end = at + stop(text, at)?;
        let start = end + spaces(text, end);
        (start < text.len()).then_some(start)
    })
}

/// Bytes of white space at a place.
fn spaces(text: &[u8], at: usize) -> usize {
    text.get(at..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// Bytes of the stop that stands at a place, and ends a sentence there.
fn stop(text: &[u8], at: usize) -> Option<usize> {
    let spaced = || text.get(at + 1).is_none_or(u8::is_ascii_whitespace);
    let foreign =
        || at.checked_sub(1).and_then(|before| text.get(before)).is_some_and(|before| *before > 0x7F);
    match text.get(at)? {
        b'\n' => Some(1),
        b'.' | b'!' | b'?' | b':' if spaced() || foreign() => Some(1),
        // The full stops of Chinese and Japanese, and of the scripts of India.
        0xE3 if text.get(at..at + 3) == Some(b"\xE3\x80\x82") => Some(3),
        0xE0 if text.get(at..at + 3) == Some(b"\xE0\xA5\xA4") => Some(3),
        _ => None,
    }
}

/// Whether a sentence is short and of plain words: no figures, no marks of code or mathematics, no quotation.
fn is_plain(sentence: &[u8]) -> bool {
    sentence.len() <= SENTENCE
        && !sentence.iter().any(|byte| {
            matches!(byte, b'"'..=b'$' | b'('..=b'+' | b'/'..=b'9' | b'<'..=b'>' | b'['..=b'`' | b'{'..=b'~')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of a text, where `word` is all that says something of what is asked.
    fn left<'t>(text: &'t str, word: &str) -> &'t str {
        let said = text.find(word).filter(|_| !word.is_empty()).map(|at| (at, at));
        let (from, to) = inside(text.as_bytes(), said);
        text.get(from..to).unwrap()
    }

    #[test]
    fn sentences_without_a_word_of_the_ask_are_taken_off() {
        for (text, word, want) in [
            ("my dutch is not good yet. is hal safe? you saved my day!", "", "is hal safe? "),
            ("sorry for the trouble. list three rivers. god bless you.", "list", "list three rivers. "),
            (
                "\u{4f60}\u{597d}\u{554a}!\u{5217}\u{51fa}\u{4e09}\u{6761}\u{6cb3}\u{3002}\u{7948}\u{798f}\u{4f60}",
                "\u{5217}",
                "\u{5217}\u{51fa}\u{4e09}\u{6761}\u{6cb3}\u{3002}",
            ),
        ] {
            assert_eq!(left(text, word), want, "{text}");
        }
    }

    #[test]
    fn what_may_be_the_ask_stays() {
        for (text, word) in [
            // Neither a question nor a known word: any of them may be the ask.
            ("otwórz okno. jesteś super.", ""),
            // The word is in the first sentence, and the last one asks.
            ("my matrix is singular. what now?", "matrix"),
            // Figures, code and quotations are material.
            ("there were 12 birds. how many are left?", ""),
            ("x = y. is it so?", ""),
            ("he said \"no\". why?", ""),
            // Too little would be left.
            ("i am so tired today. why?", ""),
            ("see example.com for it", "see"),
        ] {
            assert_eq!(left(text, word), text);
        }
    }
}
