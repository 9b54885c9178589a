//! The lexicon: concepts in many languages, found in one pass.
//!
//! The data is `lexicon.tsv`: one concept a row, one column a language, variants separated by `|`, a trailing `*`
//! lets letters follow. Only places where a word can begin are looked at, so "hi" is never found in "this".

use super::Dimension;
use super::fold::Folded;
use super::hits::Hits;
use super::index::{Builder, Index, Notes};
use super::replies::{Place, Replies};
use super::words::{Block, Class, classify, has_list_number, last_class};

const DATA: &str = include_str!("lexicon.tsv");

/// What asks are about: concepts of the same form that no rule counts.
const TOPICS: &str = include_str!("topics.tsv");

/// What short replies want, likewise.
const REPLIES: &str = include_str!("replies.tsv");

/// One thing that many words of many languages stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concept {
    /// What it counts for; nothing, where it only tells what an ask is about.
    pub dimension: Option<Dimension>,
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

/// All concepts, compiled.
#[derive(Debug)]
pub struct Lexicon {
    index: Index,
    replies: Replies,
    concepts: Vec<Concept>,
}

impl Lexicon {
    /// Compiles the shipped data and more keywords (each a concept of its own). Fails with a message where a row is
    /// malformed.
    pub fn new(keywords: &[(Dimension, String)]) -> Result<Self, String> {
        let mut concepts = Vec::new();
        let mut builder = Builder::default();
        let mut replies = Replies::default();
        let mut folded = Folded::default();
        let mut add = |concept: Concept, spellings: &mut dyn Iterator<Item = &str>| {
            builder.begin(concepts.len());
            for spelling in spellings {
                if concept.dimension.is_none()
                    && let Some(reply) = spelling.strip_prefix('^')
                {
                    let (text, place) = Place::of(reply);
                    folded.set(text);
                    replies.add(&folded.text, place, concepts.len());
                    continue;
                }
                let (text, open) = match spelling.strip_suffix('*') {
                    Some(stem) => (stem, true),
                    None => (spelling, false),
                };
                folded.set(text.trim());
                if let Some(last) = last_class(&folded.text) {
                    builder.add(&folded.text, last == Class::Word && !open);
                }
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
            let concept = Concept { dimension: Some(dimension), name: name.to_owned(), order };
            add(concept, &mut cells.flat_map(|cell| cell.split('|')).filter(|s| !s.is_empty()));
        }
        let rows = |data: &'static str| data.lines().filter(|l| !l.starts_with('#') && !l.is_empty()).skip(1);
        for line in rows(TOPICS).chain(rows(REPLIES)) {
            let mut cells = line.split('\t');
            let name = cells.next().unwrap_or_default().to_owned();
            let concept = Concept { dimension: None, name, order: None };
            add(concept, &mut cells.flat_map(|cell| cell.split('|')).filter(|s| !s.is_empty()));
        }
        for (dimension, keyword) in keywords {
            let concept = Concept { dimension: Some(*dimension), name: keyword.clone(), order: None };
            add(concept, &mut std::iter::once(keyword.as_str()));
        }
        replies.sort();
        Ok(Self { index: builder.finish(), replies, concepts })
    }

    /// All concepts; their places are what [`Hits`] counts.
    pub fn concepts(&self) -> &[Concept] {
        &self.concepts
    }

    /// The place of a shipped concept that counts for no dimension.
    pub fn place_of(&self, name: &str) -> Option<usize> {
        self.concepts.iter().position(|concept| concept.dimension.is_none() && concept.name == name)
    }

    /// Heap bytes.
    pub fn memory_usage(&self) -> usize {
        self.index.memory_usage() + self.replies.memory_usage()
    }

    /// Finds every concept in the text.
    pub fn find(&self, text: &[u8], hits: &mut Hits) {
        hits.numbered |= has_list_number(text);
        self.replies.find(text, |number| {
            if let Some(concept) = self.concepts.get(number) {
                hits.add(number, concept, 0);
            }
        });
        let mut notes = Notes::default();
        let mut at = 0;
        let mut before = Class::Break;
        while at < text.len() {
            let rest = text.get(at..).unwrap_or_default();
            if let Some(block) = Block::of(rest) {
                let mut starts = block.starts(before == Class::Word);
                while starts != 0 {
                    let start = starts.trailing_zeros();
                    self.look(text, at + start as usize, block.word_at(start), &mut notes, hits);
                    starts &= starts - 1;
                }
                before = if block.ends_in_word() { Class::Word } else { Class::Break };
                at += Block::BYTES;
            } else {
                let end = at + Block::BYTES;
                (at, before) = self.find_by_character(text, at, end, before, &mut notes, hits);
            }
        }
        self.look_up(text, &mut notes, hits);
    }

    /// Goes on from `at`, where a character of class `before` ended, to the first character at or behind `end`.
    fn find_by_character(
        &self,
        text: &[u8],
        mut at: usize,
        end: usize,
        mut before: Class,
        notes: &mut Notes,
        hits: &mut Hits,
    ) -> (usize, Class) {
        while at < end
            && let Some(&byte) = text.get(at)
        {
            let (class, length) = classify(text, at, byte);
            let begins = match class {
                Class::Break => byte > b' ',
                Class::Free => true,
                Class::Word | Class::Hangul => class != before,
            };
            if begins {
                self.look(text, at, 0, notes, hits);
                if class == Class::Word {
                    self.look_behind_prefixes(text, at, byte, notes, hits);
                }
            }
            before = class;
            at += length;
        }
        (at, before)
    }

    /// Arabic writes the article and short words in front of a word without a space.
    fn look_behind_prefixes(&self, text: &[u8], at: usize, first: u8, notes: &mut Notes, hits: &mut Hits) {
        if !(0xD8..=0xD9).contains(&first) {
            return;
        }
        const PREFIXES: [&str; 11] = ["وال", "بال", "فال", "كال", "لل", "ال", "و", "ف", "ب", "ل", "ك"];
        let word = text.get(at..).unwrap_or_default();
        for prefix in PREFIXES {
            if word.starts_with(prefix.as_bytes()) {
                self.look(text, at + prefix.len(), 0, notes, hits);
            }
        }
    }

    /// Notes what may begin at `start`.
    #[inline]
    fn look(&self, text: &[u8], start: usize, word: u32, notes: &mut Notes, hits: &mut Hits) {
        if notes.is_full() {
            self.look_up(text, notes, hits);
        }
        let rest = text.get(start..).unwrap_or_default();
        self.index.note_start(rest, start, word, notes);
    }

    #[inline(never)]
    fn look_up(&self, text: &[u8], notes: &mut Notes, hits: &mut Hits) {
        self.index.look_up(text, notes, |start, number, closed, length| {
            let end = start + length;
            let followed = text.get(end).is_some_and(|&next| classify(text, end, next).0 == Class::Word);
            if closed && followed {
                return;
            }
            if let Some(concept) = self.concepts.get(number) {
                hits.add(number, concept, start);
            }
        });
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
