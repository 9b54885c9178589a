//! What requests cost and would have cost with the baseline, by minute and by hour. Each worker adds up what it has seen
//! and adds that to what lies in shared data from time to time.

use serde_json::{Value, json};

use crate::live::Store;
use crate::sealed::{Reader, sealed, unsealed};
use crate::time::{Millis, Timestamp};

/// The last byte is the version of the format.
const MAGIC: &[u8; 4] = b"tgV\x01";
const KEY: &str = "tiergate.savings";
/// A minute and an hour, and how many of each are kept: three hours, and seven days.
const MINUTE: (Millis, usize) = (Millis::of_seconds(60), 180);
const HOUR: (Millis, usize) = (Millis::of_seconds(3600), 168);
/// How often an update is tried at most.
const TRIES: usize = 3;
/// Minutes that a worker may have to report: more than one only where updates fail.
const WAITING: usize = 4;

/// What was counted in a minute or an hour.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Bin {
    /// Which one, counted from the Unix epoch.
    at: u64,
    requests: u64,
    cost: f64,
    baseline: f64,
}

impl Bin {
    fn add(&mut self, other: &Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.cost += other.cost;
        self.baseline += other.baseline;
    }
}

/// What a worker has counted and not reported.
#[derive(Debug, Default)]
pub struct Savings {
    waiting: Vec<Bin>,
}

/// A ring of bins, each in the place of its number.
fn put(bins: &mut [Bin], at: u64, more: &Bin) {
    let Some(place) = usize::try_from(at % bins.len().max(1) as u64).ok().and_then(|i| bins.get_mut(i))
    else {
        return;
    };
    if place.at == at {
        place.add(more);
    } else if place.at < at {
        *place = Bin { at, ..*more };
    }
}

impl Savings {
    /// A request was decided: its cost and the baseline's, in USD.
    pub fn add(&mut self, now: Timestamp, cost: f64, baseline: f64) {
        let bin = Bin { at: now.period(MINUTE.0), requests: 1, cost, baseline };
        if !(cost.is_finite() && baseline.is_finite()) {
            return;
        }
        match self.waiting.iter_mut().find(|known| known.at == bin.at) {
            Some(known) => known.add(&bin),
            None => {
                if self.waiting.len() >= WAITING {
                    self.waiting.remove(0);
                }
                self.waiting.push(bin);
            }
        }
    }

    /// Adds what was counted to what lies in the store.
    pub fn tell(&mut self, store: &impl Store) {
        if self.waiting.is_empty() {
            return;
        }
        for _ in 0..TRIES {
            let (mut bins, cas) = read(store);
            for bin in &self.waiting {
                put(&mut bins.0, bin.at, bin);
                put(&mut bins.1, Timestamp::start_of(bin.at, MINUTE.0).period(HOUR.0), bin);
            }
            if store.set(KEY, &encode(&bins), cas).is_ok() {
                self.waiting.clear();
                return;
            }
        }
    }
}

type Bins = (Vec<Bin>, Vec<Bin>);

fn read(store: &impl Store) -> (Bins, Option<u32>) {
    let empty = || (vec![Bin::default(); MINUTE.1], vec![Bin::default(); HOUR.1]);
    match store.get(KEY) {
        Some((bytes, cas)) => (decode(&bytes).unwrap_or_else(empty), Some(cas)),
        None => (empty(), None),
    }
}

fn encode((minutes, hours): &Bins) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    for bin in minutes.iter().chain(hours) {
        let numbers = [bin.at, bin.requests, bin.cost.to_bits(), bin.baseline.to_bits()];
        bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    }
    sealed(bytes)
}

fn decode(bytes: &[u8]) -> Option<Bins> {
    let mut reader = Reader(unsealed(bytes)?.strip_prefix(MAGIC)?);
    let mut bins = |count: usize| {
        let mut bins = Vec::with_capacity(count);
        for _ in 0..count {
            let (at, requests) = (reader.number()?, reader.number()?);
            let (cost, baseline) = (f64::from_bits(reader.number()?), f64::from_bits(reader.number()?));
            (cost.is_finite() && baseline.is_finite()).then_some(())?;
            bins.push(Bin { at, requests, cost, baseline });
        }
        Some(bins)
    };
    Some((bins(MINUTE.1)?, bins(HOUR.1)?))
}

/// What was counted, by minute and by hour, the oldest first.
#[cold]
pub fn report(store: &impl Store, now: Timestamp) -> Value {
    let ((minutes, hours), _) = read(store);
    let list = |bins: &[Bin], (length, kept): (Millis, usize)| -> Vec<Value> {
        let newest = now.period(length);
        let oldest = newest.saturating_sub(kept as u64 - 1);
        // The oldest lies behind the newest.
        let from = usize::try_from(oldest % kept as u64).unwrap_or_default();
        let (behind, before) = bins.split_at(from.min(bins.len()));
        let bins = before.iter().chain(behind).copied();
        let bins = bins.filter(|bin| bin.requests > 0 && (oldest..=newest).contains(&bin.at));
        let row = |bin: Bin| {
            json!({
                "time_ms": Timestamp::start_of(bin.at, length).millis(),
                "requests": bin.requests,
                "cost_usd": bin.cost,
                "baseline_usd": bin.baseline,
            })
        };
        bins.map(row).collect()
    };
    json!({"now_ms": now.millis(), "minutes": list(&minutes, MINUTE), "hours": list(&hours, HOUR)})
}
