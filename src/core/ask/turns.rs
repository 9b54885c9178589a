//! The turns of the user: the newest ones are kept while a conversation is read, and cut when it is at its end.

use super::budget::Budget;
use super::injected::Markers;
use crate::chat::{Listener, Span};

/// So many human turns are remembered at most: the ask, and those before it.
pub const REMEMBERED: usize = 32;

/// Texts of several turns, in one list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turns {
    spans: Vec<Span>,
    /// Where each turn's texts end in `spans`, and whether material was cut out of it.
    ends: Vec<(usize, bool)>,
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
        let end = self.ends.get(place).map_or(0, |(end, _)| *end);
        let before = place.checked_sub(1).and_then(|before| self.ends.get(before));
        self.spans.get(before.map_or(0, |(end, _)| *end)..end).unwrap_or_default()
    }

    /// Whether material was cut out of the turn at a place.
    pub fn is_cut(&self, place: usize) -> bool {
        self.ends.get(place).is_some_and(|(_, cut)| *cut)
    }

    /// The texts of each turn.
    pub fn iter(&self) -> impl Iterator<Item = &[Span]> {
        (0..self.len()).map(|place| self.get(place))
    }

    /// Adds the texts that `write` appends as a turn; none where it appends nothing. `write` says whether it cut material.
    fn add(&mut self, write: impl FnOnce(&mut Vec<Span>) -> bool) {
        let before = self.spans.len();
        let cut = write(&mut self.spans);
        if self.spans.len() > before {
            self.ends.push((self.spans.len(), cut));
        }
    }

    fn clear(&mut self) {
        self.spans.clear();
        self.ends.clear();
    }
}

/// What the user says in a conversation while it is read: the newest turns that have text, oldest first.
///
/// What a harness injected, and material between tags, is cut out of them at the end, and of no more of them than are
/// needed. Only where there are too many to remember it is cut out at once, so that a long run of turns that hold nothing else
/// does not push out the ask that it serves.
#[derive(Debug)]
pub struct Heard<'m> {
    markers: &'m Markers,
    turns: Turns,
    /// So many of them are cut already.
    cut: usize,
    /// The first human turn, where the turns above no longer begin with it.
    first: Vec<Span>,
    answered: bool,
    /// How many turns there were.
    count: u64,
    budget: Budget,
}

/// The newest human turn, and those before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asks {
    /// The newest turn's texts.
    pub newest: Vec<Span>,
    /// Whether material was cut out of it.
    pub cut: bool,
    /// Turns before it, newest first.
    pub earlier: Turns,
    /// How many turns of the user there are, those that tools and harnesses fill too.
    pub turns: u64,
}

impl Listener for Heard<'_> {
    fn restart(&mut self) {
        self.turns.clear();
        self.cut = 0;
        self.first.clear();
        self.answered = false;
        self.count = 0;
    }

    fn said(&mut self, body: &[u8], texts: &[Span]) {
        self.count += 1;
        self.turns.add(|spans| {
            spans.extend_from_slice(texts);
            false
        });

        if self.turns.len() >= 2 * REMEMBERED {
            self.forget(body);
        }
    }

    fn answered(&mut self) {
        self.answered = true;
    }
}

impl<'m> Heard<'m> {
    /// Nothing yet, of a body of so many bytes.
    pub fn new(markers: &'m Markers, body: usize) -> Self {
        Self {
            markers,
            turns: Turns::default(),
            cut: 0,
            first: Vec::new(),
            answered: false,
            count: 0,
            budget: Budget::of(body),
        }
    }

    /// Whether the model has answered in this conversation.
    pub const fn has_answers(&self) -> bool {
        self.answered
    }

    /// What may still be looked at.
    pub const fn budget(&mut self) -> &mut Budget {
        &mut self.budget
    }

    /// Keeps the newest human turns only. Each turn is cut once, so this costs no more than it saves.
    fn forget(&mut self, body: &[u8]) {
        let mut human = Turns::default();
        for place in 0..self.turns.len() {
            human.add(|spans| self.append_to(place, body, spans));
        }
        if self.first.is_empty() {
            self.first.extend_from_slice(human.get(0));
        }
        let mut kept = Turns::default();
        for place in human.len().saturating_sub(REMEMBERED)..human.len() {
            kept.add(|spans| {
                spans.extend_from_slice(human.get(place));
                human.is_cut(place)
            });
        }
        self.cut = kept.len();
        self.turns = kept;
    }

    /// Appends what the human said in a turn. Whether material was cut out.
    fn append_to(&mut self, place: usize, body: &[u8], spans: &mut Vec<Span>) -> bool {
        let (turns, markers) = (&self.turns, self.markers);
        let texts = turns.get(place);
        if place < self.cut {
            spans.extend_from_slice(texts);
            return turns.is_cut(place);
        }
        let before = spans.len();
        let mut material = Vec::new();
        texts.iter().for_each(|text| markers.cut(body, *text, &mut self.budget, spans, &mut material));
        if spans.len() > before {
            return !material.is_empty();
        }
        // Nothing else was said: then that was.
        spans.append(&mut material);
        false
    }

    /// What a human said in texts, without what a harness injected and without material.
    pub fn words(&mut self, body: &[u8], texts: &[Span]) -> Vec<Span> {
        let mut words = Vec::new();
        let mut material = Vec::new();
        texts.iter().for_each(|text| {
            self.markers.cut(body, *text, &mut self.budget, &mut words, &mut material);
        });
        if words.is_empty() { material } else { words }
    }

    /// What a human said in the first user turn that has any of it, without what a harness injected: all requests of a
    /// conversation have it in common. Empty where nobody asks.
    pub fn first_ask(&mut self, body: &[u8]) -> Vec<Span> {
        let mut first = self.first.clone();
        for place in 0..self.turns.len() {
            if !first.is_empty() {
                break;
            }
            self.append_to(place, body, &mut first);
        }
        first
    }

    /// The newest human turn, and at most `most` before it.
    pub fn asks(&mut self, body: &[u8], most: usize) -> Asks {
        let mut asks = Asks { turns: self.count, ..Asks::default() };
        for place in (0..self.turns.len()).rev() {
            if asks.newest.is_empty() {
                asks.cut = self.append_to(place, body, &mut asks.newest);
            } else if asks.earlier.len() < most {
                asks.earlier.add(|spans| self.append_to(place, body, spans));
            } else {
                break;
            }
        }
        asks
    }
}
