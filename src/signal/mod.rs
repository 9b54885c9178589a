//! Adoption signals ("momentum"): which models the ecosystem is moving to. A feed tells them ([`feed`]), names of the
//! feed are matched to candidates ([`matching`]), and what a signal is worth orders them ([`rank`]). When the feed is
//! fetched, and by which worker, is decided by [`refresh`]; the fetching is the shell's.

pub mod feed;
mod fold;
pub mod matching;
pub mod rank;
pub mod refresh;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

pub use feed::{Feed, FeedError, Signal, parse};
pub use matching::{By, Candidate, How, Index, Match};
pub use rank::Weights;
pub use refresh::Schedule;

/// What the configuration says about signals.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Where the feed is.
    pub endpoint: Endpoint,
    /// When it is fetched.
    pub schedule: Schedule,
    /// What a signal is worth.
    pub weights: Weights,
    /// Names in the feed by model name, tried before the model's own name.
    pub aliases: BTreeMap<String, Vec<String>>,
}

/// Where the feed is.
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
