//! Keys, and how values lie under them. Keys never go away, so there are so many and no more. Every value begins with a
//! magic that names its format and ends with a checksum; what is anything else is nothing known.

use super::Store;
use super::record::Record;
use crate::fnv::Fnv;

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

/// A value with its checksum.
pub(super) fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = Fnv::of(&bytes);
    bytes.extend(sum.to_le_bytes());
    bytes
}

/// A value without its checksum, if that is right.
pub(super) fn unsealed(bytes: &[u8]) -> Option<&[u8]> {
    let (bytes, sum) = bytes.split_last_chunk::<8>()?;
    (u64::from_le_bytes(*sum) == Fnv::of(bytes)).then_some(bytes)
}

/// Reads numbers one after the other.
pub(super) struct Reader<'r>(pub &'r [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*head)
    }

    pub fn number(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    pub fn count(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }
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
