//! What each worker of the process has under way. A worker writes its counts into a place of its own while it has any,
//! with the time; counts that are not renewed are those of a worker that died, and end by themselves.

use std::collections::BTreeMap;

use super::Store;
use super::slots::{WORKER_SLOTS, worker_key};
use crate::sealed::{Reader, sealed, unsealed};
use crate::time::{Millis, Timestamp};

/// The last byte is the version of the format.
const MAGIC: &[u8; 4] = b"tgW\x01";
/// Counts that are older than this are those of a dead worker. Workers renew theirs every second.
const FRESH: Millis = Millis::of_seconds(5);
/// A place may be taken from a worker that has not been heard of for this long.
const GONE: Millis = Millis::of_seconds(10);
/// A worker reports no more models than this.
const MOST: usize = 512;

/// What one worker has under way: counts by model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Counts {
    holder: u64,
    at: Timestamp,
    by_model: Vec<(u64, u32)>,
}

impl Counts {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.holder.to_le_bytes());
        bytes.extend(self.at.millis().to_le_bytes());
        for (model, count) in self.by_model.iter().take(MOST) {
            bytes.extend(model.to_le_bytes());
            bytes.extend(count.to_le_bytes());
        }
        sealed(bytes)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(unsealed(bytes)?.strip_prefix(MAGIC)?);
        let mut counts = Self { holder: reader.number()?, at: reader.time()?, by_model: Vec::new() };
        while !reader.0.is_empty() && counts.by_model.len() < MOST {
            counts.by_model.push((reader.number()?, reader.count()?));
        }
        reader.0.is_empty().then_some(counts)
    }
}

/// A worker among the others.
#[derive(Debug)]
pub(super) struct WorkerRegistry {
    holder: u64,
    slot: Option<usize>,
    /// What lies in the store says that something is under way.
    told: bool,
}

impl WorkerRegistry {
    /// `holder`: a number that no other worker has.
    pub fn new(holder: u64) -> Self {
        Self { holder, slot: None, told: false }
    }

    /// Tells the others what is under way here.
    pub fn tell(&mut self, store: &impl Store, by_model: Vec<(u64, u32)>, now: Timestamp) {
        if by_model.is_empty() && !self.told {
            return;
        }
        let told = !by_model.is_empty();
        let counts = Counts { holder: self.holder, at: now, by_model };
        for _ in 0..3 {
            let Some((slot, cas)) = self.place(store, now) else { return };
            if store.set(&worker_key(slot), &counts.encode(), cas).is_err() {
                self.slot = None;
                continue;
            }
            // Written on a missing key by everybody: only what is there now counts.
            let there = store.get(&worker_key(slot)).and_then(|(bytes, _)| Counts::decode(&bytes));
            if there.is_some_and(|there| there.holder == self.holder) {
                (self.slot, self.told) = (Some(slot), told);
                return;
            }
            self.slot = None;
        }
    }

    /// The place of this worker, or one that it may take; none where all belong to others.
    fn place(&self, store: &impl Store, now: Timestamp) -> Option<(usize, Option<u32>)> {
        let read = |slot: usize| store.get(&worker_key(slot));
        if let Some(slot) = self.slot
            && let Some((bytes, cas)) = read(slot)
            && Counts::decode(&bytes).is_some_and(|counts| counts.holder == self.holder)
        {
            return Some((slot, Some(cas)));
        }
        (0..WORKER_SLOTS).find_map(|slot| {
            let Some((bytes, cas)) = read(slot) else { return Some((slot, None)) };
            let free = Counts::decode(&bytes).is_none_or(|counts| now.apart(counts.at) > GONE);
            free.then_some((slot, Some(cas)))
        })
    }

    /// What all other workers have under way, by model.
    pub fn others(&self, store: &impl Store, now: Timestamp) -> BTreeMap<u64, u32> {
        let mut sum: BTreeMap<u64, u32> = BTreeMap::new();
        for slot in 0..WORKER_SLOTS {
            // Places are taken in order, so that nothing lies behind one that was never taken.
            let Some((bytes, _)) = store.get(&worker_key(slot)) else { break };
            let Some(counts) = Counts::decode(&bytes) else { continue };
            if counts.holder == self.holder || now.apart(counts.at) > FRESH {
                continue;
            }
            for (model, count) in counts.by_model {
                let known = sum.entry(model).or_default();
                *known = known.saturating_add(count);
            }
        }
        sum
    }
}
