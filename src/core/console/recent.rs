//! The recent decisions. Each worker keeps its own in memory and gives them to the others from time to time, in a place of
//! its own: nobody waits for anybody, and a request makes no host call for it.

use std::collections::VecDeque;

use crate::live::Store;
use crate::sealed::{Reader, sealed, unsealed};
use crate::time::Timestamp;

/// The last byte is the version of the format.
const MAGIC: &[u8; 4] = b"tgD\x01";
/// Decisions that a worker keeps.
const KEPT: usize = 64;
/// Longest line that is kept, in bytes. Names are short; what is longer is somebody's mistake.
const LONGEST: usize = 2048;
/// Places for workers.
const PLACES: usize = 64;
/// How often a place is looked for at most.
const TRIES: usize = 3;

fn key(place: usize) -> String {
    format!("tiergate.decisions.{place:02}")
}

/// The recent decisions of a worker.
#[derive(Debug)]
pub struct Recent {
    holder: u64,
    place: Option<usize>,
    /// When each request ended, and its decision as JSON.
    lines: VecDeque<(Timestamp, String)>,
    /// There is something that the others have not got.
    new: bool,
}

/// What lies in a place.
struct Slot {
    holder: u64,
    at: Timestamp,
    lines: Vec<(Timestamp, String)>,
}

impl Recent {
    /// `holder`: a number that no other worker has.
    pub const fn new(holder: u64) -> Self {
        Self { holder, place: None, lines: VecDeque::new(), new: false }
    }

    /// A request has ended.
    pub fn add(&mut self, at: Timestamp, line: String) {
        if line.len() > LONGEST {
            return;
        }
        if self.lines.len() >= KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back((at, line));
        self.new = true;
    }

    /// Gives the others what they have not got.
    pub fn tell(&mut self, store: &impl Store, now: Timestamp) {
        if !self.new {
            return;
        }
        let value = self.encode(now);
        for _ in 0..TRIES {
            let (place, cas) = self.find(store);
            if store.set(&key(place), &value, cas).is_ok() {
                self.place = Some(place);
                self.new = false;
                return;
            }
        }
    }

    /// The worker's place: the one that it has, else one that nobody ever had, else the one that was written the longest
    /// ago.
    fn find(&self, store: &impl Store) -> (usize, Option<u32>) {
        let read = |place: usize| store.get(&key(place));
        if let Some(place) = self.place
            && let Some((bytes, cas)) = read(place)
            && decode(&bytes).is_some_and(|slot| slot.holder == self.holder)
        {
            return (place, Some(cas));
        }
        let mut oldest = (0, None, Timestamp::of_millis(u64::MAX));
        for place in 0..PLACES {
            let Some((bytes, cas)) = read(place) else { return (place, None) };
            let at = decode(&bytes).map_or(Timestamp::NEVER, |slot| slot.at);
            if at < oldest.2 {
                oldest = (place, Some(cas), at);
            }
        }
        (oldest.0, oldest.1)
    }

    fn encode(&self, now: Timestamp) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.holder.to_le_bytes());
        bytes.extend(now.millis().to_le_bytes());
        for (at, line) in &self.lines {
            bytes.extend(at.millis().to_le_bytes());
            bytes.extend(u32::try_from(line.len()).unwrap_or_default().to_le_bytes());
            bytes.extend(line.as_bytes());
        }
        sealed(bytes)
    }
}

fn decode(bytes: &[u8]) -> Option<Slot> {
    let mut reader = Reader(unsealed(bytes)?.strip_prefix(MAGIC)?);
    let mut slot = Slot { holder: reader.number()?, at: reader.time()?, lines: Vec::new() };
    while !reader.0.is_empty() && slot.lines.len() < KEPT {
        let (at, length) = (reader.time()?, usize::try_from(reader.count()?).ok()?);
        let (line, rest) = reader.0.split_at_checked(length)?;
        reader.0 = rest;
        slot.lines.push((at, std::str::from_utf8(line).ok()?.to_owned()));
    }
    Some(slot)
}

/// The recent decisions of all workers, the newest first, as JSON.
pub fn all(store: &impl Store) -> Vec<(Timestamp, String)> {
    // Places are taken in order, so that nothing lies behind one that was never taken.
    let places = (0..PLACES).map_while(|place| store.get(&key(place)));
    let mut workers: Vec<Vec<(Timestamp, String)>> =
        places.filter_map(|(bytes, _)| decode(&bytes)).map(|slot| slot.lines).collect();
    // Each worker's lines are in order.
    let mut lines = Vec::new();
    while let Some(newest) = workers.iter_mut().max_by_key(|lines| lines.last().map(|(at, _)| *at))
        && let Some(line) = newest.pop()
    {
        lines.push(line);
    }
    lines
}
