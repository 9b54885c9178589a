//! The lexicon: concepts in many languages, found in one pass.
//!
//! The data is `lexicon.tsv`: one concept a row, one column a language, variants separated by `|`, a trailing `*`
//! lets letters follow. Only places where a word can begin are looked at, so "hi" is never found in "this".

use std::ops::Range;

use super::concept::{Concept, Order};
use super::fold::Folded;
use super::hits::Hits;
use super::index::{Builder, Index, Notes};
use super::replies::{Place, Replies};
use super::words::{Block, Class, classify, has_list_in_line, has_list_number, last_class};
use super::{Dimension, OwnDimension};

const DATA: &str = include_str!("lexicon.tsv");

/// What asks are about: concepts of the same form that no rule counts.
const TOPICS: &str = include_str!("topics.tsv");

/// Plain words of concepts, which only the rules count.
const PLAIN: &str = include_str!("plain.tsv");

/// Marks the number of a concept where a spelling of [`PLAIN`] stands for it.
const PLAIN_MARK: usize = 1 << 15;

/// What short replies want, likewise.
const REPLIES: &str = include_str!("replies.tsv");

/// All concepts, compiled.
#[derive(Debug)]
pub struct Lexicon {
    index: Index<14>,
    replies: Replies,
    concepts: Vec<Concept>,
    /// Where the keywords of each dimension of the operator's own are among the concepts.
    own: Vec<Range<usize>>,
}

impl Lexicon {
    /// Compiles the shipped data, more keywords and those of dimensions of one's own (each a concept of its own). Fails
    /// with a message where a row is malformed.
    pub fn new(keywords: &[(Dimension, String)], dimensions: &[OwnDimension]) -> Result<Self, String> {
        let mut building = Building::default();
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
            let concept = Concept::new(Some(dimension), name.to_owned(), order);
            building.concept(concept, spelled(cells));
        }
        for line in rows(TOPICS).chain(rows(REPLIES)) {
            let mut cells = line.split('\t');
            let name = cells.next().unwrap_or_default().to_owned();
            building.concept(Concept::new(None, name, None), spelled(cells));
        }
        for line in rows(PLAIN) {
            let mut cells = line.split('\t');
            let dimension = cells.next().and_then(Dimension::from_name);
            let name = cells.next().unwrap_or_default();
            building.plain(dimension, name, spelled(cells));
        }
        for (dimension, keyword) in keywords {
            let concept = Concept::new(Some(*dimension), keyword.clone(), None);
            building.concept(concept, std::iter::once(keyword.as_str()));
        }
        let mut own = Vec::with_capacity(dimensions.len());
        for dimension in dimensions {
            let first = building.concepts.len();
            dimension.keywords.iter().for_each(|keyword| building.own(keyword));
            own.push(first..building.concepts.len());
        }
        let Building { concepts, builder, mut replies, .. } = building;
        replies.sort();
        Ok(Self { index: builder.finish(), replies, concepts, own })
    }

    /// The places of the keywords of each dimension of the operator's own.
    pub fn own(&self) -> &[Range<usize>] {
        &self.own
    }

    /// All concepts; their places are what [`Hits`] counts.
    pub fn concepts(&self) -> &[Concept] {
        &self.concepts
    }

    /// The place of a shipped concept that counts for no dimension.
    pub fn place_of(&self, name: &str) -> Option<usize> {
        self.concepts.iter().position(|concept| concept.dimension.is_none() && concept.name == name)
    }

    /// The place of a shipped concept of a dimension.
    pub fn place_in(&self, dimension: Dimension, name: &str) -> Option<usize> {
        self.concepts.iter().position(|concept| concept.dimension == Some(dimension) && concept.name == name)
    }

    /// Heap bytes.
    pub fn memory_usage(&self) -> usize {
        self.index.memory_usage() + self.replies.memory_usage()
    }

    /// Finds every concept in the text.
    pub fn find(&self, text: &[u8], hits: &mut Hits) {
        hits.numbered |= has_list_number(text);
        hits.listed |= hits.numbered || has_list_in_line(text);
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
            if number >= PLAIN_MARK {
                hits.add_plain(number - PLAIN_MARK);
            } else if let Some(concept) = self.concepts.get(number) {
                hits.add(number, concept, start);
            }
        });
    }
}

/// A lexicon that is being compiled.
#[derive(Default)]
struct Building {
    concepts: Vec<Concept>,
    builder: Builder,
    replies: Replies,
    folded: Folded,
}

impl Building {
    fn concept<'s>(&mut self, concept: Concept, spellings: impl Iterator<Item = &'s str>) {
        let number = self.concepts.len();
        self.builder.begin(number);
        for spelling in spellings {
            match spelling.strip_prefix('^') {
                Some(reply) if concept.dimension.is_none() => {
                    let (text, place) = Place::of(reply);
                    self.folded.set(text);
                    self.replies.add(&self.folded.text, place, number);
                }
                _ => self.spelling(spelling),
            }
        }
        self.concepts.push(concept);
    }

    /// Spellings that only the rules count, of a concept that there is or of one of their own.
    fn plain<'s>(
        &mut self,
        dimension: Option<Dimension>,
        name: &str,
        spellings: impl Iterator<Item = &'s str>,
    ) {
        let known = self.concepts.iter().position(|c| c.dimension == dimension && c.name == name);
        let number = known.unwrap_or_else(|| {
            self.concepts.push(Concept::new(dimension, name.to_owned(), None));
            self.concepts.len() - 1
        });
        self.builder.begin(PLAIN_MARK + number);
        spellings.for_each(|spelling| self.spelling(spelling));
    }

    /// A keyword of a dimension of the operator's own: no other dimension, nor a learnt weight, counts it.
    fn own(&mut self, keyword: &str) {
        let number = self.concepts.len();
        self.concepts.push(Concept::new(None, keyword.to_owned(), None));
        self.builder.begin(PLAIN_MARK + number);
        self.spelling(keyword);
    }

    fn spelling(&mut self, spelling: &str) {
        let (text, open) = match spelling.strip_suffix('*') {
            Some(stem) => (stem, true),
            None => (spelling, false),
        };
        self.folded.set(text.trim());
        if let Some(last) = last_class(&self.folded.text) {
            self.builder.add(&self.folded.text, last == Class::Word && !open);
        }
    }
}

fn rows(data: &'static str) -> impl Iterator<Item = &'static str> {
    data.lines().filter(|l| !l.starts_with('#') && !l.is_empty()).skip(1)
}

fn spelled<'c>(cells: impl Iterator<Item = &'c str>) -> impl Iterator<Item = &'c str> {
    cells.flat_map(|cell| cell.split('|')).filter(|s| !s.is_empty())
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
