//! What is fetched in the background, when, and by which worker: feeds of signals, lists of models.
//!
//! The workers of a process share one [`State`] of each thing in shared data. Whoever finds a fetch due takes the lease:
//! it writes the state with its own number in it by compare-and-swap, and only the one whose write succeeds fetches. What
//! comes of the fetch is written the same way.

mod answer;
mod record;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::fnv::Fnv;
use crate::time::{Millis, Timestamp};

pub use answer::{AnswerKind, FetchAnswer};
pub use record::{SLOTS, Snapshot, place, snapshot_key, state_key};

/// What is fetched. Each kind has slots of its own in shared data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchKind {
    /// A feed of adoption signals.
    Signals,
    /// An upstream's list of models.
    Models,
}

impl FetchKind {
    /// The word for keys, metrics and logs: that of the section of the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            FetchKind::Signals => "signals",
            FetchKind::Models => "discover",
        }
    }
}

/// Where something is fetched from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The Envoy cluster.
    pub cluster: String,
    /// The `:authority` header.
    pub authority: String,
    /// The `:path` header, query and all.
    pub path: String,
    /// More request headers.
    pub headers: Vec<(String, String)>,
    /// Longest wait for an answer.
    pub timeout: Duration,
    /// Largest body that is read, in bytes.
    pub max_bytes: usize,
}

/// A server may ask for no longer a wait than this.
const LONGEST_RETRY_AFTER: Millis = Millis::of_seconds(24 * 60 * 60);

/// When it is fetched.
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

/// What became of a fetch. A closed list: metrics and logs use these words and no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefreshOutcome {
    /// A body that keeps its contract.
    Updated,
    /// 304: the last body still holds.
    NotModified,
    /// 503, which is also what Envoy answers for a refused connection.
    Unavailable,
    /// 504, which is also what Envoy answers when the timeout has passed.
    Timeout,
    /// 429.
    RateLimited,
    /// A status that no other word is for.
    Status,
    /// 3xx; redirects are not followed.
    Redirected,
    /// The body is compressed.
    Compressed,
    /// The content type is not JSON's.
    ContentType,
    /// The body is larger than is read.
    TooLarge,
    /// The connection broke off before the answer was whole.
    Broken,
    /// The body is not JSON.
    NotJson,
    /// The body is JSON that breaks the contract.
    Contract,
    /// The call could not be made: Envoy has no such cluster, or the cluster has no endpoint.
    NotSent,
}

impl RefreshOutcome {
    /// All outcomes.
    pub const ALL: [RefreshOutcome; 14] = [
        RefreshOutcome::Updated,
        RefreshOutcome::NotModified,
        RefreshOutcome::Unavailable,
        RefreshOutcome::Timeout,
        RefreshOutcome::RateLimited,
        RefreshOutcome::Status,
        RefreshOutcome::Redirected,
        RefreshOutcome::Compressed,
        RefreshOutcome::ContentType,
        RefreshOutcome::TooLarge,
        RefreshOutcome::Broken,
        RefreshOutcome::NotJson,
        RefreshOutcome::Contract,
        RefreshOutcome::NotSent,
    ];

    /// The word for metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            RefreshOutcome::Updated => "updated",
            RefreshOutcome::NotModified => "not_modified",
            RefreshOutcome::Unavailable => "unavailable",
            RefreshOutcome::Timeout => "timeout",
            RefreshOutcome::RateLimited => "rate_limited",
            RefreshOutcome::Status => "status",
            RefreshOutcome::Redirected => "redirected",
            RefreshOutcome::Compressed => "compressed",
            RefreshOutcome::ContentType => "content_type",
            RefreshOutcome::TooLarge => "too_large",
            RefreshOutcome::Broken => "broken",
            RefreshOutcome::NotJson => "not_json",
            RefreshOutcome::Contract => "contract",
            RefreshOutcome::NotSent => "not_sent",
        }
    }

    /// Whether what is there is known to be good at the time of the answer.
    pub const fn is_good(self) -> bool {
        matches!(self, RefreshOutcome::Updated | RefreshOutcome::NotModified)
    }
}

/// What the workers of a process know together about one thing that is fetched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Number of the last fetch that was begun, 0 before the first. A worker makes one up for each fetch.
    pub holder: u64,
    /// Until then nobody else fetches; never when no fetch is under way.
    pub lease_end: Timestamp,
    /// The next fetch is due then.
    pub due: Timestamp,
    /// The wait that `due` is the end of: it cannot be further off.
    pub wait: Millis,
    /// When the snapshot was last known to be good.
    pub fetched_at: Timestamp,
    /// Number of the snapshot, 0 where there is none. No two snapshots of a thing have the same.
    pub generation: u64,
    /// Fetches that failed since the last good one.
    pub failures: u32,
    /// What became of the last fetch.
    pub outcome: Option<RefreshOutcome>,
    /// Whether somebody has said that the snapshot is too old to be used.
    pub told_stale: bool,
    /// The server's tag of the snapshot, empty where it gave none.
    pub etag: Vec<u8>,
}

/// What is to be done now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefreshStep {
    /// Nothing.
    Wait,
    /// Write this state by compare-and-swap; whoever succeeds fetches.
    Fetch(State),
}

/// What a fetch brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchReport {
    /// What became of it.
    pub outcome: RefreshOutcome,
    /// How long the server asked to be left alone.
    pub retry_after: Option<Millis>,
    /// The server's tag of the answer, empty where it gave none.
    pub etag: Vec<u8>,
    /// The body is the one that is there already, byte for byte.
    pub unchanged: bool,
}

impl State {
    /// Whether a fetch is due. `holder` is a number made up for it, not 0. An end of a lease or of a wait that is
    /// further off than it can be counts as passed: the clock was set back.
    pub fn step(&self, now: Timestamp, schedule: &Schedule, holder: u64) -> RefreshStep {
        let lease = Millis::from(schedule.lease);
        let pending = |end, longest| now.left_until(end, longest).is_some();
        if pending(self.lease_end, lease) || pending(self.due, self.wait) {
            return RefreshStep::Wait;
        }
        RefreshStep::Fetch(State { holder, lease_end: now + lease, ..self.clone() })
    }

    /// The state after the holder's fetch. `random` is any number: it jitters the wait.
    pub fn after(&self, now: Timestamp, schedule: &Schedule, random: u64, report: FetchReport) -> State {
        let good = report.outcome.is_good();
        let failures = if good { 0 } else { self.failures.saturating_add(1) };
        let wait = if good {
            shortened(schedule.fresh.into(), schedule.jitter, random)
        } else {
            let base = doubled(schedule.retry.into(), failures).min(schedule.retry_max.into());
            let asked = report.retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER);
            // What the server asks for is the least; jitter comes on top.
            let asked = asked + share(asked, schedule.jitter, random);
            shortened(base, schedule.jitter, random).max(asked)
        };
        let mut next = State {
            lease_end: Timestamp::NEVER,
            due: now + wait,
            wait,
            failures,
            outcome: Some(report.outcome),
            // Not in the future, should the clock have been set back.
            fetched_at: if good { now } else { self.fetched_at.min(now) },
            told_stale: self.told_stale && !good,
            ..self.clone()
        };
        if report.outcome == RefreshOutcome::Updated {
            next.etag = report.etag;
        }
        // A file that is served as it is comes again and again: nobody has to read it once more.
        if report.outcome == RefreshOutcome::Updated && !report.unchanged {
            // Grows also when the state was lost: a worker that knows an older snapshot sees that this is another.
            next.generation = now.millis().max(self.generation.saturating_add(1));
        }
        next
    }

    /// Age of the snapshot; none where there is no snapshot.
    pub fn age(&self, now: Timestamp) -> Option<Millis> {
        (self.generation != 0).then(|| now.since(self.fetched_at))
    }

    /// Whether there is a snapshot that is not too old to be used.
    pub fn is_usable(&self, now: Timestamp, schedule: &Schedule) -> bool {
        self.age(now).is_some_and(|age| age <= schedule.stale.into())
    }
}

/// What a fetch is for: two configurations with the same number share it. The same in every build, as workers of an
/// old and a new build may run side by side.
pub fn identity(endpoint: &Endpoint, schedule: &Schedule) -> u64 {
    let Endpoint { cluster, authority, path, headers, timeout, max_bytes } = endpoint;
    let Schedule { fresh, stale, retry, retry_max, lease, jitter } = schedule;
    let mut hash = Fnv::default();
    for text in [cluster, authority, path] {
        hash.text(text);
    }
    hash.number(headers.len() as u64);
    for (name, value) in headers {
        hash.text(name);
        hash.text(value);
    }
    for duration in [timeout, fresh, stale, retry, retry_max, lease] {
        hash.number(Millis::from(*duration).get());
    }
    hash.number(*max_bytes as u64);
    hash.number(jitter.to_bits());
    hash.0
}

/// `first`, doubled with each failure after the first.
fn doubled(first: Millis, failures: u32) -> Millis {
    let factor = 1_u64.checked_shl(failures.saturating_sub(1)).unwrap_or(u64::MAX);
    first * factor
}

fn shortened(wait: Millis, jitter: f64, random: u64) -> Millis {
    wait - share(wait, jitter, random)
}

/// A random share of `wait`, up to `jitter` of it.
fn share(wait: Millis, jitter: f64, random: u64) -> Millis {
    let random = (random >> 11) as f64 / (1_u64 << 53) as f64;
    Millis::of((wait.as_f64() * jitter.clamp(0.0, 1.0) * random) as u64).min(wait)
}
