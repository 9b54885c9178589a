//! The feed's contract.

use std::fmt;

/// What the feed says about one model.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    /// The model, as the feed spells it.
    pub model: String,
    /// A word such as `surging`.
    pub trend: String,
    /// Strength, 0 to 1; clamped where it is used.
    pub score: f64,
    /// A word such as `normal`.
    pub confidence: String,
    /// Change of velocity in percent, 0 where the feed tells none.
    pub velocity_delta_pct: f64,
}

/// A feed that keeps the contract.
#[derive(Clone, Debug, PartialEq)]
pub struct Feed {
    /// `contract_version` or `signal_version`, as text.
    pub version: String,
    /// In the feed's order.
    pub signals: Vec<Signal>,
}

/// Why a feed was refused. Nothing of a refused feed is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedError(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// Not JSON, or cut off.
    Syntax,
    /// JSON, but not the contract's.
    Contract(String),
}

impl FeedError {
    /// Whether it is JSON that breaks the contract.
    pub fn is_contract(&self) -> bool {
        matches!(self.0, Kind::Contract(_))
    }
}

impl fmt::Display for FeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Syntax => f.write_str("not JSON"),
            Kind::Contract(what) => f.write_str(what),
        }
    }
}

/// Reads a feed.
///
/// # Errors
/// The first thing that breaks the contract.
pub fn parse(document: &[u8]) -> Result<Feed, FeedError> {
    let _ = document;
    Err(FeedError(Kind::Syntax))
}
