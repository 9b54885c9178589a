//! Which concepts a text has.

use super::Dimension;
use super::concept::{Concept, Order};

/// Concepts found in one text. Kept and reused, so that scoring allocates nothing.
#[derive(Debug, Default)]
pub struct Hits {
    seen: Vec<u64>,
    /// Concepts of which the text has a word that only the rules count.
    plain: Vec<u64>,
    counts: [u32; Dimension::ALL.len()],
    /// A line that begins with "1. ".
    pub numbered: bool,
    /// That, or "1. " and "2. " within a line: counts for the rules only.
    pub listed: bool,
    /// A statement of SQL: counts for the rules only.
    pub statement: bool,
    first_at: Option<usize>,
    in_order: bool,
    /// Where the first and the last word stand that say something of what is asked.
    said: Option<(usize, usize)>,
}

impl Hits {
    /// Forgets everything; makes room for `concepts` concepts.
    pub fn clear(&mut self, concepts: usize) {
        self.seen.clear();
        self.seen.resize(concepts.div_ceil(64), 0);
        self.plain.clear();
        self.plain.resize(concepts.div_ceil(64), 0);
        self.counts = [0; Dimension::ALL.len()];
        self.numbered = false;
        self.listed = false;
        self.statement = false;
        self.first_at = None;
        self.in_order = false;
        self.said = None;
    }

    /// Where the first and the last word stand that say something of what is asked.
    pub(super) const fn said(&self) -> Option<(usize, usize)> {
        self.said
    }

    /// Notes a concept at a position; a concept counts once however often it is said.
    pub(super) fn add(&mut self, index: usize, concept: &Concept, at: usize) {
        match concept.order {
            Some(Order::First) => self.first_at = self.first_at.or(Some(at)),
            Some(Order::Then) => self.in_order |= self.first_at.is_some_and(|first| first < at),
            None => {}
        }
        if !concept.courteous {
            let (first, last) = self.said.unwrap_or((at, at));
            self.said = Some((first.min(at), last.max(at)));
        }
        let Some(word) = self.seen.get_mut(index / 64) else { return };
        let bit = 1u64 << (index % 64);
        if *word & bit == 0 {
            *word |= bit;
            if concept.order.is_none()
                && let Some(dimension) = concept.dimension
                && let Some(count) = self.counts.get_mut(dimension as usize)
            {
                *count += 1;
            }
        }
    }

    /// Notes a word of a concept that only the rules count.
    pub(super) fn add_plain(&mut self, index: usize) {
        if let Some(word) = self.plain.get_mut(index / 64) {
            *word |= 1 << (index % 64);
        }
    }

    /// Whether the rules find a concept in the text.
    pub fn has_for_rules(&self, index: usize) -> bool {
        self.has(index) || self.plain.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    /// How many of these concepts, all that there are, the rules find that count for a dimension.
    pub fn count_for_rules(&self, dimension: Dimension, concepts: &[Concept]) -> u32 {
        let mut more = u32::from(dimension == Dimension::MultiStepPatterns && self.listed && !self.numbered);
        for (place, (plain, seen)) in self.plain.iter().zip(&self.seen).enumerate() {
            let mut word = plain & !seen;
            while word != 0 {
                let concept = concepts.get(place * 64 + word.trailing_zeros() as usize);
                more += u32::from(concept.is_some_and(|c| c.dimension == Some(dimension)));
                word &= word - 1;
            }
        }
        self.count(dimension) + more
    }

    /// Whether the text has a concept.
    pub fn has(&self, index: usize) -> bool {
        self.seen.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    /// Whether the text has none.
    pub fn is_empty(&self) -> bool {
        self.seen.iter().all(|word| *word == 0)
    }

    /// Passes to `each` the places of the concepts that the text has, rising.
    #[inline]
    pub fn each(&self, mut each: impl FnMut(usize)) {
        for (place, word) in self.seen.iter().enumerate() {
            let mut word = *word;
            while word != 0 {
                each(place * 64 + word.trailing_zeros() as usize);
                word &= word - 1;
            }
        }
    }

    /// How many concepts of a dimension the text has.
    pub fn count(&self, dimension: Dimension) -> u32 {
        let words = self.counts.get(dimension as usize).copied().unwrap_or_default();
        match dimension {
            Dimension::MultiStepPatterns => words + u32::from(self.numbered) + u32::from(self.in_order),
            _ => words,
        }
    }
}
