//! One pass over folded text, which counts what stands in it.

use std::mem;

use super::counts::Counts;
use super::line::Line;
use super::runs::{Run, Runs};
use super::script::{Kind, character, entity};

impl Counts {
    /// Counts what stands in `text`, folded, in place of what was there.
    pub fn set(&mut self, text: &[u8]) {
        *self = Self::default();
        let mut scan = Scan {
            text,
            counts: self,
            word: Word::default(),
            line: Line::begin(text),
            line_from: 0,
            sentence_from: 0,
            before: b' ',
            greek: 0,
        };
        let mut at = 0;
        let mut end = 0;
        for bytes in text.chunks(Runs::BYTES) {
            let runs = Runs::of(bytes);
            let from = end;
            end += bytes.len();
            while at < end {
                if let Some(run) = runs.at(at - from) {
                    at += scan.run(at, run);
                    continue;
                }
                match text.get(at) {
                    Some(b' ') => {
                        scan.space(at);
                        at += 1;
                    }
                    Some(byte) => at += scan.character(at, *byte),
                    None => break,
                }
            }
        }
        scan.finish();
    }
}

/// Letters, digits and underscores in a row.
#[derive(Clone, Copy, Debug, Default)]
struct Word {
    /// Whether there is one.
    open: bool,
    /// Where it begins.
    start: usize,
    letters: u32,
    digits: u32,
    underscores: u32,
    /// Whether an apostrophe stands right before it.
    bound: bool,
}

/// Stands for the last byte of a word where it does not matter which.
const IN_WORD: u8 = b'a';

/// One pass: what is known between two characters.
struct Scan<'t, 'c> {
    text: &'t [u8],
    counts: &'c mut Counts,
    /// The word that has not ended yet.
    word: Word,
    line: Line,
    /// Units before the line, and before the sentence.
    line_from: u32,
    sentence_from: u32,
    /// The last visible byte, or [`IN_WORD`]; no apostrophe where white space follows it.
    before: u8,
    greek: u32,
}

impl Scan<'_, '_> {
    /// Takes a run of ASCII letters, digits and underscores, and where it can the space behind it; returns how many
    /// bytes that were.
    #[inline]
    fn run(&mut self, at: usize, run: Run) -> usize {
        let end = at + run.length as usize;
        self.counts.units += 15 * run.length;
        let before = mem::replace(&mut self.before, IN_WORD);
        if run.plain
            && !self.word.open
            && !matches!(before, b'\'' | b'\\')
            && self.text.get(end) == Some(&b' ')
        {
            // Most words.
            self.counts.plain_word(self.text, at..end, run.length, false);
            self.line.has_word = true;
            return end + 1 - at;
        }
        if !self.word.open {
            self.begin_word(at, before);
        }
        self.word.letters += run.length;
        if !run.plain {
            self.not_letters(self.text.get(at..end).unwrap_or_default());
        }
        end - at
    }

    /// Takes the digits and underscores out of the letters of a run.
    fn not_letters(&mut self, run: &[u8]) {
        for byte in run {
            let digit = u32::from(byte.is_ascii_digit());
            let underscore = u32::from(*byte == b'_');
            self.word.digits += digit;
            self.word.underscores += underscore;
            self.word.letters -= digit + underscore;
            self.counts.count(b'_', underscore);
        }
    }

    /// Takes a space.
    #[inline]
    fn space(&mut self, at: usize) {
        if self.word.open {
            self.end_word(at, self.word.bound);
            self.line.has_word = true;
        }
        self.before = behind_space(self.before);
    }

    /// Takes any other character; returns its length in bytes.
    #[inline]
    fn character(&mut self, at: usize, byte: u8) -> usize {
        let (byte, kind, size, units) = match entity(self.text.get(at..).unwrap_or_default()) {
            Some((meant, size)) => (meant, Kind::Other, size, 12),
            None => {
                let (kind, size, units) = character(self.text, at, byte);
                (byte, kind, size, units)
            }
        };
        self.counts.units += units;
        if matches!(kind, Kind::Letter | Kind::Foreign) {
            self.letter(at, byte, kind);
            return size;
        }
        if self.word.open {
            self.end_word_before(at, byte);
        }
        self.counts.count(byte, 1);
        match kind {
            Kind::Ideograph => {
                self.counts.letters += 1;
                // Words of such scripts are a pair of characters, as often as not.
                self.counts.enter(self.text, at..at + 2 * size);
            }
            Kind::Sign => self.counts.signs += 1,
            Kind::Comma => self.counts.commas += 1,
            Kind::Stop => {
                // Folding leaves no space before an ideograph.
                let next = self.text.get(at + 1);
                if size > 1 || next.is_none_or(|next| *next <= b' ' || *next >= 0x80) {
                    self.stop();
                }
            }
            _ => {}
        }
        match byte {
            b'\n' => {
                self.end_line();
                self.line = Line::begin(self.text.get(at + 1..).unwrap_or_default());
            }
            b'|' => self.line.pipes += 1,
            b')' if self.before == b'(' => self.counts.gaps += 1,
            _ => {}
        }
        self.before = match byte {
            b' ' | b'\t' | b'\r' | b'\n' => behind_space(self.before),
            _ => byte,
        };
        size
    }

    /// Takes a letter beyond ASCII that is written in words.
    #[inline]
    fn letter(&mut self, at: usize, byte: u8, kind: Kind) {
        if !self.word.open {
            self.begin_word(at, self.before);
        }
        self.word.letters += 1;
        if kind == Kind::Foreign {
            self.counts.other_script += 1;
            self.greek += u32::from(matches!(byte, 0xCE | 0xCF));
        }
        self.before = IN_WORD;
    }

    #[inline]
    fn begin_word(&mut self, at: usize, before: u8) {
        self.word = Word { open: true, start: at, bound: before == b'\'', ..Word::default() };
        if before == b'\\' {
            let letter = self.text.get(at).is_some_and(|b| b.is_ascii_lowercase() || !b.is_ascii());
            self.counts.commands += u32::from(letter);
        }
    }

    /// The word ends at `at`, where `byte` stands.
    #[inline]
    fn end_word_before(&mut self, at: usize, byte: u8) {
        let fraction = matches!(byte, b'.' | b',')
            && self.word.letters == 0
            && self.text.get(at + 1).is_some_and(u8::is_ascii_digit);
        if fraction {
            self.counts.decimals += u32::from(byte == b'.');
            self.word = Word::default();
        } else {
            let label = !self.line.has_word && matches!(byte, b'.' | b')' | b':' | b',');
            self.end_word(at, label || byte == b'\'' || self.word.bound);
        }
        self.line.has_word = true;
    }

    /// The word ends at `end`. `bound`: if it is a lone letter, it is a label or part of a word with an apostrophe.
    fn end_word(&mut self, end: usize, bound: bool) {
        let word = mem::take(&mut self.word);
        if word.digits | word.underscores == 0 {
            self.counts.plain_word(self.text, word.start..end, word.letters, bound);
            return;
        }
        self.end_mixed(word);
        if word.letters | word.digits != 0 {
            self.counts.enter(self.text, word.start..end);
        }
    }

    /// The word was a number, an identifier, a formula or a gap.
    fn end_mixed(&mut self, word: Word) {
        let counts = &mut *self.counts;
        let start = self.text.get(word.start..).unwrap_or_default();
        if word.letters > 0 {
            counts.numbers += u32::from(start.first().is_some_and(u8::is_ascii_digit));
            counts.mixed += 1;
            counts.letters += word.letters;
        } else if word.digits > 0 {
            counts.numbers += 1;
            counts.long_numbers += u32::from(word.digits > 2);
            counts.years += u32::from(word.digits == 4 && matches!(start, [b'1', ..] | [b'2', b'0', ..]));
        } else {
            counts.gaps += u32::from(word.underscores > 1);
        }
    }

    /// A sentence may have ended.
    fn stop(&mut self) {
        let units = self.counts.units - self.sentence_from;
        if units > 16 {
            self.counts.sentences += 1;
            self.end_sentence();
        }
    }

    fn end_sentence(&mut self) {
        let units = self.counts.units - self.sentence_from;
        self.counts.longest_sentence = self.counts.longest_sentence.max(units);
        self.sentence_from = self.counts.units;
    }

    fn end_line(&mut self) {
        self.counts.lines.end(&self.line, self.counts.units - self.line_from, self.before);
        self.line_from = self.counts.units;
        self.end_sentence();
    }

    fn finish(mut self) {
        if self.word.open {
            self.end_word(self.text.len(), self.word.bound);
        }
        self.end_line();
        self.counts.lines.finish();
        self.counts.letters += self.counts.word_letters;
        if self.greek * 4 < self.counts.letters {
            self.counts.greek = self.greek;
            self.counts.other_script -= self.greek;
        }
    }
}

/// The last visible byte as white space leaves it: an apostrophe binds what follows it at once.
const fn behind_space(before: u8) -> u8 {
    if before == b'\'' { b' ' } else { before }
}
