//! Adoption signals ("momentum"): which models the ecosystem is moving to. A feed lists them ([`feed`]), names of the
//! feed are matched to candidates ([`matching`]), and what a signal is worth orders them ([`rank`]).

pub mod feed;
mod fold;
pub mod matching;
pub mod rank;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::refresh::{Endpoint, Schedule};

pub use feed::{Feed, FeedError, Signal, parse};
pub use matching::{By, Candidate, How, Index, Match};
pub use rank::Weights;

/// What the configuration says about signals.
#[derive(Clone, Debug, PartialEq)]
pub struct SignalSettings {
    /// Where the feed is.
    pub endpoint: Endpoint,
    /// When it is fetched.
    pub schedule: Schedule,
    /// What a signal is worth.
    pub weights: Weights,
    /// Names in the feed by model name, tried before the model's own name.
    pub aliases: BTreeMap<String, Vec<String>>,
}
