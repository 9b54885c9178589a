//! The turns of the user: the newest ones are kept while a conversation is read, and cut when it is at its end.

use super::Span;
use super::budget::Budget;
use super::injected::Markers;

/// So many human turns are remembered at most: the ask, and those before it.
pub const REMEMBERED: usize = 32;

/// Texts of several turns, in one list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turns {
    spans: Vec<Span>,
    /// Where each turn's texts end in `spans`.
    ends: Vec<usize>,
}

impl Turns {
    /// How many turns.
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The texts of the turn at a place; empty where there is none.
    pub fn get(&self, place: usize) -> &[Span] {
        let end = self.ends.get(place).copied().unwrap_or_default();
        let start =
            place.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        self.spans.get(start..end).unwrap_or_default()
    }

    /// The texts of each turn.
    pub fn iter(&self) -> impl Iterator<Item = &[Span]> {
        (0..self.len()).map(|place| self.get(place))
    }

    /// Adds the texts that `write` appends as a turn; none where it appends nothing.
    fn add(&mut self, write: impl FnOnce(&mut Vec<Span>)) {
        let before = self.spans.len();
        write(&mut self.spans);
        if self.spans.len() > before {
            self.ends.push(self.spans.len());
        }
    }

    fn clear(&mut self) {
        self.spans.clear();
        self.ends.clear();
    }
}

/// The newest turns of the user that have text, oldest first.
///
/// What a harness injected is cut out of them at the end, and of no more of them than are needed. Only where there
/// are too many to remember it is cut out at once, so that a long run of turns that hold nothing else does not push
/// out the ask that it serves.
#[derive(Debug, Default)]
pub struct Recent {
    turns: Turns,
    /// So many of them are cut already.
    cut: usize,
    /// The first human turn, where the turns above no longer begin with it.
    first: Vec<Span>,
}

impl Recent {
    /// Forgets all.
    pub fn clear(&mut self) {
        self.turns.clear();
        self.cut = 0;
        self.first.clear();
    }

    /// Adds a turn.
    pub fn push(&mut self, texts: &[Span], body: &[u8], markers: &Markers, budget: &mut Budget) {
        self.turns.add(|spans| spans.extend_from_slice(texts));
        if self.turns.len() >= 2 * REMEMBERED {
            self.forget(body, markers, budget);
        }
    }

    /// Keeps the newest human turns only. Each turn is cut once, so this costs no more than it saves.
    fn forget(&mut self, body: &[u8], markers: &Markers, budget: &mut Budget) {
        let mut human = Turns::default();
        for place in 0..self.turns.len() {
            human.add(|spans| self.append(place, body, markers, budget, spans));
        }
        if self.first.is_empty() {
            self.first.extend_from_slice(human.get(0));
        }
        let mut kept = Turns::default();
        for place in human.len().saturating_sub(REMEMBERED)..human.len() {
            kept.add(|spans| spans.extend_from_slice(human.get(place)));
        }
        self.cut = kept.len();
        self.turns = kept;
    }

    /// Appends what the human said in a turn.
    fn append(
        &self,
        place: usize,
        body: &[u8],
        markers: &Markers,
        budget: &mut Budget,
        spans: &mut Vec<Span>,
    ) {
        let texts = self.turns.get(place);
        if place < self.cut {
            spans.extend_from_slice(texts);
        } else {
            texts.iter().for_each(|text| markers.cut(body, *text, budget, spans));
        }
    }

    /// The first human turn.
    pub fn first(&self, body: &[u8], markers: &Markers, budget: &mut Budget) -> Vec<Span> {
        let mut first = self.first.clone();
        for place in 0..self.turns.len() {
            if !first.is_empty() {
                break;
            }
            self.append(place, body, markers, budget, &mut first);
        }
        first
    }

    /// The newest human turn, and at most `most` before it, newest first.
    pub fn asks(
        &self,
        body: &[u8],
        markers: &Markers,
        budget: &mut Budget,
        most: usize,
    ) -> (Vec<Span>, Turns) {
        let mut ask = Vec::new();
        let mut earlier = Turns::default();
        for place in (0..self.turns.len()).rev() {
            if ask.is_empty() {
                self.append(place, body, markers, budget, &mut ask);
            } else if earlier.len() < most {
                earlier.add(|spans| self.append(place, body, markers, budget, spans));
            } else {
                break;
            }
        }
        (ask, earlier)
    }
}
