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
        Ok(Self { automaton, root, variants, concepts })
    }

    /// All concepts; their places are what [`Hits`] counts.
    pub fn concepts(&self) -> &[Concept] {
        &self.concepts
    }

    /// Heap bytes of the automaton.
    pub fn memory_usage(&self) -> usize {
        self.automaton.memory_usage() + self.variants.len() * size_of::<Variant>()
    }

    /// Finds every concept in the text.
    pub fn find(&self, text: &[u8], hits: &mut Hits) {
        let mut at = 0;
        let mut before = Class::Break;
        let mut line_start = true;
        while let Some(&byte) = text.get(at) {
            let (class, length) = classify(text, at, byte);
            match class {
                Class::Break => {
                    // A symbol may begin a variant (three backticks, say), white space never does.
                    if byte > b' ' {
                        self.walk(text, at, hits);
                    }
                }
                Class::Free => self.walk(text, at, hits),
                Class::Hangul if before != Class::Hangul => self.walk(text, at, hits),
                Class::Word if before != Class::Word => {
                    if line_start && byte.is_ascii_digit() {
                        hits.numbered |= is_list_number(text, at);
                    }
                    self.walk(text, at, hits);
                    self.walk_behind_prefixes(text, at, byte, hits);
                }
                Class::Hangul | Class::Word => {}
            }
            line_start = byte == b'\n' || (line_start && byte == b' ');
            before = class;
            at += length;
            if class == Class::Word {
                while text.get(at).is_some_and(|b| b.is_ascii_alphanumeric()) {
                    at += 1;
                }
            }
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
        let mut state = self.root;
        for (steps, &byte) in text.iter().skip(start).enumerate() {
            // A phrase may be broken over two lines.
            let byte = if byte == b'\n' { b' ' } else { byte };
            state = self.automaton.next_state(Anchored::Yes, state, byte);
            if !self.automaton.is_special(state) {
                continue;
            }
            if self.automaton.is_dead(state) {
                return;
            }
            if self.automaton.is_match(state) {
                self.record(text, start, start + steps + 1, state, hits);
            }
        }
    }

    fn record(&self, text: &[u8], start: usize, end: usize, state: StateID, hits: &mut Hits) {
        for index in 0..self.automaton.match_len(state) {
            let pattern = self.automaton.match_pattern(state, index);
            let Some(variant) = self.variants.get(pattern.as_usize()) else { continue };
            // The state also lists variants that end here but began later.
            if variant.length != end - start {
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
        let word = byte.is_ascii_alphanumeric() || byte == b'_';
        return (if word { Class::Word } else { Class::Break }, 1);
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
    digits < 4 && matches!(mark, b'.' | b')') && rest.get(digits + 1) == Some(&b' ')
}
