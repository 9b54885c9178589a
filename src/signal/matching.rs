//! Which signal of a feed is about a candidate.

use super::Feed;

/// The names a candidate goes by.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'c> {
    /// The name in the configuration.
    pub name: &'c str,
    /// The name written into requests.
    pub upstream_model: &'c str,
    /// Names in the feed that the configuration gives.
    pub aliases: &'c [String],
}

/// How a candidate was matched, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// An alias is the signal's model.
    Alias,
    /// An alias is contained in the signal's model.
    AliasContained,
    /// The folded names are equal.
    Name,
    /// One folded name contains the other.
    NameContained,
}

/// A candidate's signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// Place in [`Feed::signals`].
    pub signal: usize,
    /// Why.
    pub how: How,
}

/// The signal about a candidate, if there is one.
pub fn find(candidate: &Candidate<'_>, feed: &Feed) -> Option<Match> {
    let _ = (candidate, feed);
    None
}
