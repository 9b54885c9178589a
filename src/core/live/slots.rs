//! Keys, and how values lie under them. Keys never go away, so there are so many and no more. Every value begins with a
//! magic that names its format and is sealed; what is anything else is nothing known.

use super::Store;
use super::record::Record;

/// Places for models.
pub const MODEL_SLOTS: usize = 512;
/// Places for workers.
pub const WORKER_SLOTS: usize = 64;

/// A model is looked for in so many places, from that of its hash on.
const NEIGHBOURS: usize = 16;
/// A record that nobody has written for so long may give way, in milliseconds.
const ABANDONED: u64 = 3_600_000;

/// The key of a model's record.
pub(super) fn model_key(slot: usize) -> String {
    format!("tiergate.live.{slot:03}")
}

/// The key of what a worker has under way.
pub(super) fn worker_key(slot: usize) -> String {
    format!("tiergate.worker.{slot:02}")
}

/// Where a model's record is, or would be.
pub(super) struct Found {
    pub slot: usize,
    /// The record, where there is one of this model.
    pub record: Option<Record>,
    /// The number to replace what is there under.
    pub cas: Option<u32>,
}

/// Reads the record of a model at its place, if it is still there.
pub(super) fn look(store: &impl Store, slot: usize, identity: u64) -> Option<Found> {
    let (bytes, cas) = store.get(&model_key(slot))?;
    let (known, record) = Record::decode(&bytes)?;
    (known == identity).then_some(Found { slot, record: Some(record), cas: Some(cas) })
}

/// Finds a model's record, or the place for one: the first that is free or holds nothing of ours, else the one whose
/// model was seen last the longest ago.
pub(super) fn find(store: &impl Store, identity: u64, now: u64) -> Found {
    let home = (identity % MODEL_SLOTS as u64) as usize;
    let mut free: Option<Found> = None;
    let mut oldest: Option<(u64, Found)> = None;
    for step in 0..NEIGHBOURS {
        let slot = (home + step) % MODEL_SLOTS;
        let Some((bytes, cas)) = store.get(&model_key(slot)) else {
            // Nothing goes away, so nothing lies behind a place that was never used.
            return free.unwrap_or(Found { slot, record: None, cas: None });
        };
        let here = Found { slot, record: None, cas: Some(cas) };
        match Record::decode(&bytes) {
            Some((known, record)) if known == identity => return Found { record: Some(record), ..here },
            Some((_, record)) if now.abs_diff(record.touched) < ABANDONED => {
                if oldest.as_ref().is_none_or(|(touched, _)| record.touched < *touched) {
                    oldest = Some((record.touched, here));
                }
            }
            _ => free = free.or(Some(here)),
        }
    }
    free.or(oldest.map(|(_, found)| found)).unwrap_or(Found { slot: home, record: None, cas: None })
}
