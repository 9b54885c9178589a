//! The lexicon: concepts in many languages, one automaton, one pass.
//!
//! The data is `lexicon.tsv`: one concept a row, one column a language, variants separated by `|`, a trailing `*`
//! lets letters follow. The automaton is walked as a trie from every place where a word can begin, so a hit inside
//! a word ("hi" in "this") never happens, and most words of a prompt cost three or four steps.

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, MatchKind};

use super::Dimension;
use super::fold::Folded;
use super::hits::Hits;

const DATA: &str = include_str!("lexicon.tsv");

/// One thing that many words of many languages stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concept {
    /// What it counts for.
    pub dimension: Dimension,
    /// Its id in the lexicon, or the keyword itself where it comes from the configuration.
    pub name: String,
    /// Part of a pair that only counts together, see [`Order`].
    pub order: Option<Order>,
}

/// "First … then": neither word means anything alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Opens a sequence.
    First,
    /// Goes on in a sequence, where one was opened before it.
    Then,
}

#[derive(Clone, Copy, Debug)]
struct Variant {
    concept: usize,
    /// Folded bytes.
    length: usize,
    /// Whether a letter right behind it makes it another word.
    closed: bool,
}

/// All concepts, compiled.
#[derive(Debug)]
pub struct Lexicon {
    automaton: NFA,
    root: StateID,
    starts: Starts,
    variants: Vec<Variant>,
    concepts: Vec<Concept>,
}

impl Lexicon {
    /// Compiles the shipped data and more keywords (each a concept of its own). Fails with a message where a row is
    /// malformed or the automaton cannot be built.
    pub fn new(keywords: &[(Dimension, String)]) -> Result<Self, String> {
        let mut concepts = Vec::new();
        let mut variants = Vec::new();
        let mut patterns: Vec<Vec<u8>> = Vec::new();
        let mut folded = Folded::default();
        let mut add = |concept: Concept, spellings: &mut dyn Iterator<Item = &str>| {
            let own = patterns.len();
            for spelling in spellings {
                let (text, open) = match spelling.strip_suffix('*') {
                    Some(stem) => (stem, true),
                    None => (spelling, false),
                };
                folded.set(text.trim());
                let pattern = folded.text.clone();
                let (Some(last), false) =
                    (last_class(&pattern), patterns.iter().skip(own).any(|p| *p == pattern))
                else {
                    continue;
                };
                variants.push(Variant {
                    concept: concepts.len(),
                    length: pattern.len(),
                    closed: last == Class::Word && !open,
                });
                patterns.push(pattern);
            }
            concepts.push(concept);
        };
        for (number, line) in
            DATA.lines().enumerate().filter(|(_, l)| !l.starts_with('#') && !l.is_empty()).skip(1)
        {
            let mut cells = line.split('\t');
            let dimension = cells.next().and_then(Dimension::from_name);
            let (Some(dimension), Some(name)) = (dimension, cells.next()) else {
                return Err(format!("lexicon line {}: no such dimension", number + 1));
            };
            let order = match name {
                "sequence_first" => Some(Order::First),
                "sequence_then" => Some(Order::Then),
                _ => None,
            };
            let concept = Concept { dimension, name: name.to_owned(), order };
            add(concept, &mut cells.flat_map(|cell| cell.split('|')).filter(|s| !s.is_empty()));
        }
        for (dimension, keyword) in keywords {
            let concept = Concept { dimension: *dimension, name: keyword.clone(), order: None };
            add(concept, &mut std::iter::once(keyword.as_str()));
        }
        let automaton = NFA::builder()
            .match_kind(MatchKind::Standard)
            .dense_depth(2)
            .build(&patterns)
            .map_err(|error| format!("lexicon: {error}"))?;
        let root = automaton.start_state(Anchored::Yes).map_err(|error| format!("lexicon: {error}"))?;
        let starts = Starts::of(&patterns);
        Ok(Self { automaton, root, starts, variants, concepts })
    }

    /// All concepts; their places are what [`Hits`] counts.
    pub fn concepts(&self) -> &[Concept] {
        &self.concepts
    }

    /// Heap bytes of the automaton.
    pub fn memory_usage(&self) -> usize {
        self.automaton.memory_usage() + self.variants.len() * size_of::<Variant>() + Starts::BYTES
    }

    /// Finds every concept in the text.
    pub fn find(&self, text: &[u8], hits: &mut Hits) {
        let mut at = 0;
        let mut before = Class::Break;
        let mut line_start = true;
        while let Some(&byte) = text.get(at) {
            match ascii_kind(byte) {
                AsciiKind::Space => {
                    line_start |= byte == b'\n';
                    before = Class::Break;
                    at += 1;
                    continue;
                }
                AsciiKind::Word => {
                    if before != Class::Word {
                        if line_start && byte.is_ascii_digit() {
                            hits.numbered |= is_list_number(text, at);
                        }
                        self.walk(text, at, hits);
                    }
                    before = Class::Word;
                    at += 1;
                    while text.get(at).is_some_and(|next| ascii_kind(*next) == AsciiKind::Word) {
                        at += 1;
                    }
                }
                AsciiKind::Symbol => {
                    // A symbol may begin a variant: three backticks, say.
                    self.walk(text, at, hits);
                    before = Class::Break;
                    at += 1;
                }
                AsciiKind::Other => {
                    let (class, length) = classify(text, at, byte);
                    if class == Class::Free || class != before {
                        self.walk(text, at, hits);
                        if class == Class::Word {
                            self.walk_behind_prefixes(text, at, byte, hits);
                        }
                    }
                    before = class;
                    at += length;
                }
            }
            line_start = false;
        }
    }

    /// Arabic writes the article and short words in front of a word without a space.
    fn walk_behind_prefixes(&self, text: &[u8], at: usize, first: u8, hits: &mut Hits) {
        if !(0xD8..=0xD9).contains(&first) {
            return;
        }
        const PREFIXES: [&str; 11] = ["وال", "بال", "فال", "كال", "لل", "ال", "و", "ف", "ب", "ل", "ك"];
        let word = text.get(at..).unwrap_or_default();
        for prefix in PREFIXES {
            if word.starts_with(prefix.as_bytes()) {
                self.walk(text, at + prefix.len(), hits);
            }
        }
    }

    #[inline]
    fn walk(&self, text: &[u8], start: usize, hits: &mut Hits) {
        let rest = text.get(start..).unwrap_or_default();
        if !self.starts.may_begin(rest) {
            return;
        }
        let mut state = self.root;
        // White space beyond one in a row: a phrase may be broken over two lines, or be typed with two spaces.
        let mut skipped = 0;
        let mut in_space = false;
        for (steps, &byte) in rest.iter().enumerate() {
            let byte = if byte > b' ' {
                in_space = false;
                byte
            } else if in_space {
                skipped += 1;
                continue;
            } else {
                in_space = true;
                b' '
            };
            state = self.automaton.next_state(Anchored::Yes, state, byte);
            if !self.automaton.is_special(state) {
                continue;
            }
            if self.automaton.is_dead(state) {
                return;
            }
            if self.automaton.is_match(state) {
                let end = start + steps + 1;
                self.record(text, end, steps + 1 - skipped, start, state, hits);
            }
        }
    }

    /// Notes the variants of `length` bytes that end at `end`.
    fn record(&self, text: &[u8], end: usize, length: usize, start: usize, state: StateID, hits: &mut Hits) {
        for index in 0..self.automaton.match_len(state) {
            let pattern = self.automaton.match_pattern(state, index);
            let Some(variant) = self.variants.get(pattern.as_usize()) else { continue };
            // The state also lists variants that end here but began later.
            if variant.length != length {
                continue;
            }
            let followed = text.get(end).is_some_and(|&next| classify(text, end, next).0 == Class::Word);
            if variant.closed && followed {
                continue;
            }
            if let Some(concept) = self.concepts.get(variant.concept) {
                hits.add(variant.concept, concept, start);
            }
        }
    }
}

/// The spellings of one concept of the shipped data in all languages, without their `*`.
pub fn spellings(concept: &str) -> impl Iterator<Item = &'static str> {
    let row = DATA.lines().find(|line| line.split('\t').nth(1) == Some(concept)).unwrap_or_default();
    row.split('\t')
        .skip(2)
        .flat_map(|cell| cell.split('|'))
        .map(|s| s.trim_end_matches('*'))
        .filter(|s| !s.is_empty())
}

/// How the variants begin: a filter that spares most words of a text the walk. In English text about half of the
/// words share their first four bytes with some variant of some language; the others cost one look here.
#[derive(Debug)]
struct Starts {
    bits: Box<[u64]>,
    /// For each first byte, the lengths of variants that begin with it: bit n for n bytes, where they are shorter
    /// than a whole key, and [`Starts::LONG`] for the others.
    lengths: [u8; 256],
}

impl Starts {
    const BITS: usize = 17;
    const BYTES: usize = (1 << Self::BITS) / 8;
    const LONG: u8 = 1 << 7;
    /// Bytes of a key that begins with an ASCII letter.
    const NARROW: usize = 4;
    /// Bytes of any other key: two Chinese characters, three Cyrillic letters.
    const WIDE: usize = 6;

    fn of(patterns: &[Vec<u8>]) -> Self {
        let mut starts = Self { bits: vec![0; Self::BYTES / 8].into(), lengths: [0; 256] };
        for pattern in patterns {
            let Some(&first) = pattern.first() else { continue };
            let whole = Self::key_length(first);
            let length = pattern.len().min(whole);
            if let Some(lengths) = starts.lengths.get_mut(usize::from(first)) {
                *lengths |= if length < whole { 1 << length } else { Self::LONG };
            }
            let slot = Self::slot(Self::load(pattern), length);
            if let Some(word) = starts.bits.get_mut(slot / 64) {
                *word |= 1 << (slot % 64);
            }
        }
        starts
    }

    /// Bytes of the key of a text that begins so.
    const fn key_length(first: u8) -> usize {
        if first.is_ascii() { Self::NARROW } else { Self::WIDE }
    }

    /// The first eight bytes, zeros where there are fewer.
    #[inline]
    fn load(text: &[u8]) -> u64 {
        let bytes = text.first_chunk().copied().unwrap_or_else(|| {
            let mut bytes = [0; 8];
            for (place, byte) in bytes.iter_mut().zip(text) {
                *place = *byte;
            }
            bytes
        });
        u64::from_le_bytes(bytes)
    }

    const fn slot(loaded: u64, length: usize) -> usize {
        let key = loaded & (u64::MAX >> (64 - 8 * length));
        (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - Self::BITS)) as usize
    }

    #[inline]
    fn has(&self, loaded: u64, length: usize) -> bool {
        let slot = Self::slot(loaded, length);
        self.bits.get(slot / 64).is_some_and(|word| word >> (slot % 64) & 1 == 1)
    }

    /// Whether some variant may begin as `text` does.
    #[inline]
    fn may_begin(&self, text: &[u8]) -> bool {
        let Some(&first) = text.first() else { return false };
        let lengths = self.lengths.get(usize::from(first)).copied().unwrap_or_default();
        if lengths == 0 {
            return false;
        }
        let loaded = Self::load(text);
        // Keys have single spaces; a text with other white space so early (below 0x20) is rare and goes through.
        let control = loaded.wrapping_sub(0x2020_2020) & !loaded & 0x8080_8080 != 0;
        if control || (lengths & Self::LONG != 0 && self.has(loaded, Self::key_length(first))) {
            return true;
        }
        let mut short = lengths & !Self::LONG;
        while short != 0 {
            if self.has(loaded, short.trailing_zeros() as usize) {
                return true;
            }
            short &= short - 1;
        }
        false
    }
}

/// What a byte of folded text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AsciiKind {
    /// White space, control characters.
    Space,
    /// A letter, digit or underscore.
    Word,
    /// Any other ASCII character.
    Symbol,
    /// Part of a longer character.
    Other,
}

#[inline]
fn ascii_kind(byte: u8) -> AsciiKind {
    const KINDS: [AsciiKind; 256] = {
        let mut kinds = [AsciiKind::Other; 256];
        let mut byte = 0u8;
        while byte < 0x80 {
            // A constant's index is checked when it is compiled.
            #[expect(clippy::indexing_slicing)]
            {
                kinds[byte as usize] = if byte <= b' ' {
                    AsciiKind::Space
                } else if byte.is_ascii_alphanumeric() || byte == b'_' {
                    AsciiKind::Word
                } else {
                    AsciiKind::Symbol
                };
            }
            byte += 1;
        }
        kinds
    };
    KINDS.get(usize::from(byte)).copied().unwrap_or(AsciiKind::Other)
}

/// How a character bounds words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// White space, punctuation, symbols.
    Break,
    /// A letter or digit of a script that puts spaces between words.
    Word,
    /// A character of a script that does not: a word may begin and end anywhere.
    Free,
    /// Korean: words begin after a space, and particles may follow.
    Hangul,
}

/// The class and length in bytes of the character that begins at `at` with `byte`.
#[inline]
fn classify(text: &[u8], at: usize, byte: u8) -> (Class, usize) {
    if byte < 0x80 {
        return (if ascii_kind(byte) == AsciiKind::Word { Class::Word } else { Class::Break }, 1);
    }
    let second = text.get(at + 1).copied().unwrap_or_default();
    match (byte, second) {
        (0x80..=0xC1, _) => (Class::Break, 1),
        // Latin-1 symbols; Arabic comma, semicolon and question mark are below U+0620.
        (0xC2, _) | (0xD8, 0x80..=0x9F) => (Class::Break, 2),
        (0xC3..=0xDF, _) => (Class::Word, 2),
        // Thai and Lao are written without spaces.
        (0xE0, 0xB8..=0xBB) => (Class::Free, 3),
        (0xE0..=0xE1, _) => (Class::Word, 3),
        // General punctuation, arrows, mathematical signs, box drawing, dingbats.
        (0xE2, 0x80..=0xB9) => (Class::Break, 3),
        // Chinese and Japanese punctuation.
        (0xE3, 0x80) => (Class::Break, 3),
        (0xEA, 0xB0..=0xBF) | (0xEB..=0xEC, _) | (0xED, 0x80..=0x9F) => (Class::Hangul, 3),
        (0xE2..=0xE9, _) => (Class::Free, 3),
        (0xEA..=0xEE, _) => (Class::Word, 3),
        (0xEF, _) => (Class::Break, 3),
        // Rare Chinese characters; the rest beyond the basic plane is mostly emoji.
        (0xF0, 0xA0..=0xAF) => (Class::Free, 4),
        _ => (Class::Break, 4),
    }
}

/// The class of the last character of a folded variant; `None` for the empty one.
fn last_class(pattern: &[u8]) -> Option<Class> {
    let at = pattern.iter().rposition(|b| b & 0xC0 != 0x80)?;
    let byte = *pattern.get(at)?;
    Some(classify(pattern, at, byte).0)
}

/// "1. " or "2) " at the start of a line.
fn is_list_number(text: &[u8], at: usize) -> bool {
    let rest = text.get(at..).unwrap_or_default();
    let digits = rest.iter().take(4).take_while(|b| b.is_ascii_digit()).count();
    let mark = rest.get(digits).copied().unwrap_or_default();
    let after = rest.get(digits + 1).is_some_and(u8::is_ascii_whitespace);
    digits < 4 && matches!(mark, b'.' | b')') && after
}
