//! What stands in a text: counters, and the set of words that were seen.

use std::ops::Range;

use super::line::Lines;
use crate::score::swar::{WHOLE, hash, load, low_bytes, mix};

/// Bits of the set of words that were seen.
const SEEN_BITS: u32 = 11;

/// What one text holds. Kept and reused, so that scoring allocates nothing.
#[derive(Debug)]
pub struct Counts {
    /// How often each ASCII byte stands in the text.
    ascii: [u16; 128],
    /// Length without white space, in sixteenths of an English letter.
    pub units: u32,
    /// Letters of scripts that have no lexicon column and no Latin letters: Thai, Hindi, Greek and so on.
    pub other_script: u32,
    /// Letters of any script.
    pub letters: u32,
    /// Words, of scripts that write them apart.
    pub words: u32,
    /// Letters in these words.
    pub word_letters: u32,
    /// Words of ten or more letters.
    pub long_words: u32,
    /// Latin letters that stand alone, but for those that are words in some language (a, e, i, k, o, s, u, v, w, y, z).
    pub variables: u32,
    /// Words with an underscore inside, or with letters and digits: identifiers, formulae.
    pub mixed: u32,
    /// Numbers; `1,234.5` is one.
    pub numbers: u32,
    /// Numbers of three digits or more.
    pub long_numbers: u32,
    /// Numbers with a fraction.
    pub decimals: u32,
    /// Numbers of four digits that begin with 1 or 20.
    pub years: u32,
    /// Signs of mathematics beyond ASCII.
    pub signs: u32,
    /// Greek letters in text that is not Greek.
    pub greek: u32,
    /// Backslashes before a letter: LaTeX.
    pub commands: u32,
    /// Commas of any script.
    pub commas: u32,
    /// Ends of sentences.
    pub sentences: u32,
    /// Units of the longest sentence.
    pub longest_sentence: u32,
    /// Underscores in a row, or empty brackets: a gap to fill.
    pub gaps: u32,
    /// What the lines are like.
    pub lines: Lines,
    /// A set of the words' hashes, to estimate how many differ.
    seen: [u64; (1 << SEEN_BITS) / 64],
    /// Words (or pairs of ideographs) that were entered into the set.
    pub entered: u32,
    /// How many of them differ, roughly: hashes that collide count once.
    pub different: u32,
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            ascii: [0; 128],
            units: 0,
            other_script: 0,
            letters: 0,
            words: 0,
            word_letters: 0,
            long_words: 0,
            variables: 0,
            mixed: 0,
            numbers: 0,
            long_numbers: 0,
            decimals: 0,
            years: 0,
            signs: 0,
            greek: 0,
            commands: 0,
            commas: 0,
            sentences: 0,
            longest_sentence: 0,
            gaps: 0,
            lines: Lines::default(),
            seen: [0; (1 << SEEN_BITS) / 64],
            entered: 0,
            different: 0,
        }
    }
}

impl Counts {
    /// Notes that a byte, if it is ASCII, stands in the text so many times more.
    #[inline]
    pub(super) fn count(&mut self, byte: u8, times: u32) {
        if let Some(count) = self.ascii.get_mut(usize::from(byte)) {
            *count = count.saturating_add(u16::try_from(times).unwrap_or(u16::MAX));
        }
    }

    /// Counts a word of letters only. `bound`: if there is only one, it is a label or part of a word with an
    /// apostrophe.
    #[inline]
    pub(super) fn plain_word(&mut self, text: &[u8], word: Range<usize>, letters: u32, bound: bool) {
        self.words += 1;
        self.word_letters += letters;
        self.long_words += u32::from(letters > 9);
        if letters == 1 && !bound {
            let variable = text.get(word.start).is_some_and(
                |b| matches!(b, b'b'..=b'd' | b'f'..=b'h' | b'j' | b'l'..=b'n' | b'p'..=b'r' | b't' | b'x'),
            );
            self.variables += u32::from(variable);
        }
        self.enter(text, word);
    }

    /// Enters a word that stands in `text` into the set.
    #[inline]
    pub(super) fn enter(&mut self, text: &[u8], word: Range<usize>) {
        let hash = hash_of(text, word);
        self.entered += 1;
        if let Some(part) = self.seen.get_mut(hash / 64) {
            let bit = 1 << (hash % 64);
            self.different += u32::from(*part & bit == 0);
            *part |= bit;
        }
    }

    /// How often these ASCII characters, none of them a letter, digit or white space, stand in the text, together.
    pub fn of(&self, characters: &[u8]) -> u32 {
        let count = |c: &u8| self.ascii.get(usize::from(*c)).copied().unwrap_or_default();
        characters.iter().map(|c| u32::from(count(c))).sum()
    }
}

/// The hash of a word that stands in `text`, for the set of those that were seen: equal for equal words.
#[inline]
fn hash_of(text: &[u8], word: Range<usize>) -> usize {
    let Range { mut start, end } = word;
    let mut mixed = 0;
    loop {
        // Eight bytes that may go on behind the word: most words need no more.
        let eight = load(text.get(start..).unwrap_or_default());
        let left = end.wrapping_sub(start);
        if left <= WHOLE {
            return hash(mixed ^ (eight & low_bytes(left as u32)), SEEN_BITS);
        }
        mixed = mix(mixed ^ eight);
        start += WHOLE;
    }
}
