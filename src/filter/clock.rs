//! The host's clock, and chance.

use std::hash::{BuildHasher, RandomState};
use std::time::UNIX_EPOCH;

use proxy_wasm::hostcalls;
use tiergate_core::time::Timestamp;

/// Nanoseconds since the Unix epoch.
fn nanos() -> u64 {
    let time = hostcalls::get_current_time().unwrap_or(UNIX_EPOCH);
    time.duration_since(UNIX_EPOCH).map_or(0, |d| u64::try_from(d.as_nanos()).unwrap_or(u64::MAX))
}

/// What time it is. A host call.
pub fn now() -> Timestamp {
    Timestamp::of_millis(nanos() / 1_000_000)
}

/// A number that no other worker comes up with.
pub fn random(now: Timestamp) -> u64 {
    RandomState::new().hash_one(now)
}

/// When the filter began to work on a request, exactly enough to measure how long that takes.
#[derive(Clone, Copy, Default)]
pub struct Started {
    nanos: u64,
}

impl Started {
    /// Now. A host call.
    pub fn now() -> Self {
        Self { nanos: nanos() }
    }

    /// The time.
    pub const fn at(self) -> Timestamp {
        Timestamp::of_millis(self.nanos / 1_000_000)
    }

    /// Microseconds since then. A host call.
    pub fn micros(self) -> u64 {
        nanos().saturating_sub(self.nanos) / 1000
    }

    /// Another number for each request.
    pub const fn seed(self) -> u64 {
        self.nanos
    }
}
