//! How state and snapshot lie in shared data. Keys never go away there, so there are [`SLOTS`] of each and no more.
//! Every value begins with a magic that names the format and with the feed it is for; what is anything else is nothing
//! known.

use super::{FetchKind, RefreshOutcome, State};
use crate::sealed::{Reader, sealed, unsealed};
use crate::store::{Holds, Places};
use crate::time::Millis;

/// So many things of a kind have a place of their own.
pub const SLOTS: usize = 64;

/// The last byte is the version of the format.
const STATE: &[u8; 4] = b"tgS\x01";
const SNAPSHOT: &[u8; 4] = b"tgF\x01";
/// A longer etag is not kept.
const LONGEST_ETAG: usize = 256;

/// The shared data key of a state.
pub fn state_key(kind: FetchKind, slot: usize) -> String {
    format!("tiergate.{}.{slot:02}.state", kind.name())
}

/// The shared data key of a snapshot.
pub fn snapshot_key(kind: FetchKind, slot: usize) -> String {
    format!("tiergate.{}.{slot:02}.snapshot", kind.name())
}

/// The slot of a feed: the one that has its state, else the first that is free, else the one whose feed has been due
/// for longest, which nobody fetches any more. `state` reads the state of a slot, if there is any.
pub fn place(identity: u64, mut state: impl FnMut(usize) -> Option<Vec<u8>>) -> usize {
    let places = Places { slots: SLOTS, neighbours: SLOTS };
    let get = |slot| state(slot).map(|bytes| (bytes, 0));
    let read = |bytes: &[u8]| match decode(bytes) {
        Some((known, _)) if known == identity => Holds::Wanted(()),
        Some((_, state)) => Holds::Other(state.due.max(state.lease_end).millis()),
        None => Holds::Nothing,
    };
    places.find(get, identity, read).map_or(0, |found| found.slot)
}

impl State {
    /// The value for shared data.
    pub fn encode(&self, identity: u64) -> Vec<u8> {
        let etag = if self.etag.len() <= LONGEST_ETAG { self.etag.as_slice() } else { &[] };
        let mut bytes = STATE.to_vec();
        let numbers = [
            identity,
            self.holder,
            self.lease_end.millis(),
            self.due.millis(),
            self.wait.get(),
            self.fetched_at.millis(),
            self.generation,
        ];
        for number in numbers {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(self.failures.to_le_bytes());
        let place =
            |outcome| RefreshOutcome::ALL.iter().position(|&known| known == outcome).unwrap_or_default();
        bytes.push(self.outcome.map_or(0, |outcome| place(outcome) as u8 + 1));
        bytes.push(u8::from(self.told_stale));
        bytes.extend(etag);
        sealed(bytes)
    }

    /// The state of the feed `identity`; none where the bytes are anything else.
    pub fn decode(bytes: &[u8], identity: u64) -> Option<State> {
        decode(bytes).filter(|(known, _)| *known == identity).map(|(_, state)| state)
    }
}

/// The state of any feed, and which feed's it is.
fn decode(bytes: &[u8]) -> Option<(u64, State)> {
    let mut reader = Reader(unsealed(bytes)?.strip_prefix(STATE)?);
    let identity = reader.number()?;
    let mut state = State {
        holder: reader.number()?,
        lease_end: reader.time()?,
        due: reader.time()?,
        wait: Millis::of(reader.number()?),
        fetched_at: reader.time()?,
        generation: reader.number()?,
        failures: reader.count()?,
        ..State::default()
    };
    let [outcome, told_stale] = reader.take::<2>()?;
    state.outcome = match usize::from(outcome).checked_sub(1) {
        None => None,
        Some(place) => Some(*RefreshOutcome::ALL.get(place)?),
    };
    state.told_stale = told_stale != 0;
    state.etag = reader.0.to_vec();
    Some((identity, state))
}

/// A feed as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot<'s> {
    /// [`State::generation`] of the state that was written with it.
    pub generation: u64,
    /// The body of the answer.
    pub body: &'s [u8],
}

impl<'s> Snapshot<'s> {
    /// The value for shared data.
    pub fn encode(&self, identity: u64) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.body.len() + 28);
        bytes.extend(SNAPSHOT);
        for number in [identity, self.generation, self.body.len() as u64] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(self.body);
        bytes
    }

    /// The snapshot of the feed `identity`; none where the bytes are anything else.
    pub fn decode(bytes: &'s [u8], identity: u64) -> Option<Self> {
        let mut reader = Reader(bytes.strip_prefix(SNAPSHOT)?);
        let known = reader.number()?;
        let generation = reader.number()?;
        let length = reader.number()?;
        (known == identity && length == reader.0.len() as u64).then_some(Self { generation, body: reader.0 })
    }
}
