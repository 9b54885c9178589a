//! Where the records of models and of workers lie. Every value begins with a magic that names its format and is sealed;
//! what is anything else is nothing known.

use super::record::Record;
use crate::store::{Found, Holds, Places, Store};
use crate::time::{Millis, Timestamp};

/// Places for models.
pub const MODEL_SLOTS: usize = 512;
/// Places for workers.
pub const WORKER_SLOTS: usize = 64;

/// A model is looked for in so many places, from that of its hash on.
const NEIGHBOURS: usize = 16;
/// A record that nobody has written for so long may give way.
const ABANDONED: Millis = Millis::of_seconds(3_600);

/// The key of a model's record.
pub(super) fn model_key(slot: usize) -> String {
    format!("tiergate.live.{slot:03}")
}

/// The key of what a worker has under way.
pub(super) fn worker_key(slot: usize) -> String {
    format!("tiergate.worker.{slot:02}")
}

/// Reads the record of a model at its place, if it is still there.
pub(super) fn look(store: &impl Store, slot: usize, identity: u64) -> Option<Found<Record>> {
    let (bytes, cas) = store.get(&model_key(slot))?;
    let (known, record) = Record::decode(&bytes)?;
    (known == identity).then_some(Found { slot, value: Some(record), cas: Some(cas) })
}

/// Finds a model's record, or the place for one. If all are taken, the model gives way that was seen last the longest
/// ago.
pub(super) fn find(store: &impl Store, identity: u64, now: Timestamp) -> Found<Record> {
    let places = Places { slots: MODEL_SLOTS, neighbours: NEIGHBOURS };
    let read = |bytes: &[u8]| match Record::decode(bytes) {
        Some((known, record)) if known == identity => Holds::Wanted(record),
        Some((_, record)) if now.apart(record.touched) < ABANDONED => Holds::Other(record.touched.millis()),
        _ => Holds::Nothing,
    };
    let home = || Found { slot: (identity % MODEL_SLOTS as u64) as usize, value: None, cas: None };
    places.find(|slot| store.get(&model_key(slot)), identity, read).unwrap_or_else(home)
}
