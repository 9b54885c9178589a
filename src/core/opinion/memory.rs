//! Answers, remembered by the keyed number of what was asked, in a fixed number of places.

use super::OpinionSettings;
use crate::tier::Tier;
use crate::time::Timestamp;

/// Places: one for each number, which the next number of the same place takes.
pub const PLACES: usize = 1024;

#[derive(Clone, Copy, Debug)]
struct Entry {
    number: u64,
    at: Timestamp,
    /// None where there was no usable answer.
    tier: Option<Tier>,
}

/// What was answered.
#[derive(Debug, Default)]
pub struct Answers(Vec<Option<Entry>>);

impl Answers {
    /// What is remembered; the inner one is none where there was no usable answer, which is remembered as long as a circuit
    /// is open.
    pub fn get(&self, number: u64, settings: &OpinionSettings, now: Timestamp) -> Option<Option<Tier>> {
        let entry = (*self.0.get(place(number))?)?;
        let lasts = if entry.tier.is_some() { settings.remember } else { settings.rest };
        let age = now.since(entry.at);
        (entry.number == number && age < lasts).then_some(entry.tier)
    }

    /// Remembers an answer.
    pub fn put(&mut self, number: u64, tier: Option<Tier>, now: Timestamp) {
        // Most workers never ask.
        if self.0.is_empty() {
            self.0.resize(PLACES, None);
        }
        if let Some(slot) = self.0.get_mut(place(number)) {
            *slot = Some(Entry { number, at: now, tier });
        }
    }
}

const fn place(number: u64) -> usize {
    (number % PLACES as u64) as usize
}
