//! One pass over folded text: what stands in it, counted.

use super::line::{Line, Lines};
use super::script::{Kind, character};

/// Bits of the set of words that were seen.
const SEEN_BITS: u32 = 10;

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
    /// Words (or ideographs) that were entered into the set.
    pub entered: u32,
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
        }
    }
}

/// A run of letters, digits and underscores.
#[derive(Clone, Copy, Debug)]
struct Word {
    letters: u32,
    digits: u32,
    underscores: u32,
    hash: u32,
    first: u8,
    second: u8,
}

impl Counts {
    /// Counts what stands in `text`, in place of what was there.
    pub fn set(&mut self, text: &[u8]) {
        *self = Self::default();
        let mut greek = 0;
        let mut word = Word::default();
        let mut line = Line::default();
        let mut sentence = 0;
        // The last visible byte, and the one before the current word.
        let mut before = b' ';
        let mut opened = b' ';
        let mut underscores = 0;
        let mut at = 0;
        while let Some(&byte) = text.get(at) {
            let run = Run::of(text.get(at..).unwrap_or_default(), &mut word.hash);
            if run.length > 0 {
                let units = 15 * run.length;
                self.units += units;
                sentence += units;
                if run.letters > 0 && before == b'\\' && byte.is_ascii_alphabetic() {
                    self.commands += 1;
                }
                if word.first == 0 {
                    opened = before;
                    word.first = byte;
                    word.second = text.get(at + 1).copied().unwrap_or_default();
                }
                self.letters += run.letters;
                underscores += run.underscores;
                word.letters += run.letters;
                word.digits += run.digits;
                word.underscores += run.underscores;
                line.see(text, at, byte, units);
                at += run.length as usize;
                before = text.get(at - 1).copied().unwrap_or_default();
                continue;
            }
            if byte == b' ' && word.first == 0 {
                line.see(text, at, byte, 0);
                before = if before == b'\'' { b' ' } else { before };
                at += 1;
                continue;
            }
            let (byte, kind, size, units) = match entity(text, at, byte) {
                Some((meant, size)) => (meant, Kind::Other, size, 12),
                None => {
                    let (kind, size, units) = character(text, at, byte);
                    (byte, kind, size, units)
                }
            };
            self.commas += u32::from(kind == Kind::Comma);
            if byte < 0x80
                && let Some(count) = self.ascii.get_mut(usize::from(byte))
            {
                *count = count.saturating_add(1);
            }
            self.units += units;
            sentence += units;
            match kind {
                Kind::Letter | Kind::Foreign => {
                    self.letters += 1;
                    if word.first == 0 {
                        opened = before;
                    }
                    if kind == Kind::Foreign {
                        self.other_script += 1;
                        greek += u32::from(matches!(byte, 0xCE | 0xCF));
                    }
                    word.letters += 1;
                    self.commands += u32::from(before == b'\\');
                    word.grow(text, at, size);
                }
                other => {
                    if word.first != 0 {
                        let fraction = matches!(byte, b'.' | b',')
                            && word.letters == 0
                            && text.get(at + 1).is_some_and(u8::is_ascii_digit);
                        if fraction {
                            self.decimals += u32::from(byte == b'.');
                        } else {
                            let label = line.has_no_word() && matches!(byte, b'.' | b')' | b':' | b',');
                            self.end_word(word, label || byte == b'\'' || opened == b'\'');
                        }
                        line.end_word();
                        word = Word::default();
                    }
                    match other {
                        Kind::Ideograph => {
                            self.letters += 1;
                            self.enter(hash_of(text, at, size * 2));
                        }
                        Kind::Sign => self.signs += 1,
                        Kind::Stop => {
                            // Folding leaves no space before an ideograph.
                            let ends = size > 1 || text.get(at + 1).is_none_or(|b| *b <= b' ' || *b >= 0x80);
                            if ends && sentence > 16 {
                                self.sentences += 1;
                                self.longest_sentence = self.longest_sentence.max(sentence);
                                sentence = 0;
                            }
                        }
                        _ => {}
                    }
                    self.gaps += u32::from(matches!((before, byte), (b'(', b')')));
                }
            }
            if byte == b'\n' {
                self.lines.end(&line, before);
                line = Line::default();
                self.longest_sentence = self.longest_sentence.max(sentence);
                sentence = 0;
            } else {
                line.see(text, at, byte, units);
            }
            if !matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
                before = byte;
            } else {
                before = if before == b'\'' { b' ' } else { before };
            }
            at += size;
        }
        if word.first != 0 {
            self.end_word(word, opened == b'\'');
        }
        self.lines.end(&line, before);
        self.lines.finish();
        self.longest_sentence = self.longest_sentence.max(sentence);
        if let Some(count) = self.ascii.get_mut(usize::from(b'_')) {
            *count = u16::try_from(underscores).unwrap_or(u16::MAX);
        }
        if greek * 4 < self.letters {
            self.greek = greek;
            self.other_script -= greek;
        }
    }

    /// A word has ended. `bound`: if it is a lone letter, it is a label or part of a word with an apostrophe.
    fn end_word(&mut self, word: Word, bound: bool) {
        if word.letters == 0 && word.digits == 0 {
            self.gaps += u32::from(word.underscores > 1);
            return;
        }
        if word.letters == 0 {
            self.numbers += 1;
            self.long_numbers += u32::from(word.digits > 2);
            let year = word.digits == 4 && (word.first == b'1' || (word.first, word.second) == (b'2', b'0'));
            self.years += u32::from(year);
        } else if word.digits > 0 || word.underscores > 0 {
            self.numbers += u32::from(word.first.is_ascii_digit());
            self.mixed += 1;
        } else {
            self.words += 1;
            self.word_letters += word.letters;
            self.long_words += u32::from(word.letters > 9);
            let lone = word.letters == 1 && b"bcdfghjlmnpqrtx".contains(&word.first);
            self.variables += u32::from(lone && !bound);
        }
        self.enter(word.hash);
    }

    fn enter(&mut self, hash: u32) {
        self.entered += 1;
        let bit = hash.wrapping_mul(0x9E37_79B9) >> (32 - SEEN_BITS);
        if let Some(part) = self.seen.get_mut(bit as usize / 64) {
            *part |= 1 << (bit % 64);
        }
    }

    /// How many different words there are, roughly: hashes that collide count once.
    pub fn different(&self) -> u32 {
        self.seen.iter().map(|part| part.count_ones()).sum()
    }

    /// How often these ASCII characters stand in the text, together.
    pub fn of(&self, characters: &[u8]) -> u32 {
        let count = |c: &u8| self.ascii.get(usize::from(*c)).copied().unwrap_or_default();
        characters.iter().map(|c| u32::from(count(c))).sum()
    }
}

/// Where a hash begins.
const BASIS: u32 = 0x811C_9DC5;

/// A run of ASCII letters, digits and underscores.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    length: u32,
    letters: u32,
    digits: u32,
    underscores: u32,
}

impl Run {
    /// The run that `text` begins with, its bytes added to a word's hash.
    #[inline]
    fn of(text: &[u8], hash: &mut u32) -> Self {
        let mut packed = 0;
        let mut length = 0;
        for &byte in text {
            let part = PARTS.get(usize::from(byte)).copied().unwrap_or_default();
            if part == 0 {
                break;
            }
            packed += part;
            length += 1;
            *hash = add_to(*hash, byte);
        }
        let count = |shift: u32| (packed >> shift & 0x1F_FFFF) as u32;
        Self { length, letters: count(0), digits: count(21), underscores: count(42) }
    }
}

/// What each byte adds to a run: a letter, a digit or an underscore, each counted in 21 bits.
const PARTS: [u64; 256] = {
    let mut parts = [0; 256];
    let mut byte = 0u8;
    while byte < 128 {
        let part = match byte {
            b'a'..=b'z' | b'A'..=b'Z' => 1,
            b'0'..=b'9' => 1 << 21,
            b'_' => 1 << 42,
            _ => 0,
        };
        #[expect(clippy::indexing_slicing, reason = "a constant: it would not compile")]
        {
            parts[byte as usize] = part;
        }
        byte += 1;
    }
    parts
};

impl Default for Word {
    fn default() -> Self {
        Self { letters: 0, digits: 0, underscores: 0, hash: BASIS, first: 0, second: 0 }
    }
}

impl Word {
    #[inline]
    fn grow(&mut self, text: &[u8], at: usize, size: usize) {
        if self.first == 0 {
            self.first = text.get(at).copied().unwrap_or_default();
            self.second = text.get(at + 1).copied().unwrap_or_default();
        }
        let bytes = text.get(at..at + size).unwrap_or_default();
        self.hash = bytes.iter().fold(self.hash, |hash, byte| add_to(hash, *byte));
    }
}

/// One step of FNV-1a.
#[inline]
const fn add_to(hash: u32, byte: u8) -> u32 {
    (hash ^ byte as u32).wrapping_mul(0x0100_0193)
}

fn hash_of(text: &[u8], at: usize, size: usize) -> u32 {
    text.get(at..at + size).unwrap_or_default().iter().fold(BASIS, |hash, byte| add_to(hash, *byte))
}

/// The character that an HTML entity stands for, and its length: text is often pasted with them.
#[inline]
fn entity(text: &[u8], at: usize, byte: u8) -> Option<(u8, usize)> {
    if byte != b'&' {
        return None;
    }
    const ENTITIES: [(&[u8], u8); 5] =
        [(b"&#39;", b'\''), (b"&quot;", b'"'), (b"&lt;", b'<'), (b"&gt;", b'>'), (b"&amp;", b'&')];
    let rest = text.get(at..)?;
    ENTITIES.iter().find(|(name, _)| rest.starts_with(name)).map(|(name, meant)| (*meant, name.len()))
}
