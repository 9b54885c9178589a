//! When the feed is fetched, and by which worker.

use std::time::Duration;

/// When the feed is fetched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// A snapshot is fetched anew after this time, less jitter.
    pub fresh: Duration,
    /// An older snapshot is not used.
    pub stale: Duration,
    /// First wait after a failed fetch, less jitter; doubled with each further one.
    pub retry: Duration,
    /// Longest wait after a failed fetch.
    pub retry_max: Duration,
    /// How long a worker that fetches keeps the others from it.
    pub lease: Duration,
    /// Every wait is shortened by a random share of up to this much.
    pub jitter: f64,
}
