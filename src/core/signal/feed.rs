//! The feed's contract: what is refused, and what is passed over.
//!
//! The document is read in one pass and without a tree of it. Every field is read as whatever it is, so that what is
//! wrong with it can be reported with its place; only what is no JSON stops the reading.

mod read;

use std::fmt;

use read::{Reader, Top};
use serde::Deserializer;
use serde::de::IgnoredAny;

/// Most models of a feed.
pub const MOST_MODELS: usize = 10_000;
/// Most characters of a name or a word.
pub const LONGEST: usize = 256;

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
    /// Change of velocity in percent, 0 where the feed gives none.
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
            Kind::Syntax => f.write_str("not JSON, or cut off"),
            Kind::Contract(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for FeedError {}

/// Reads a feed.
///
/// # Errors
/// The first thing that breaks the contract, with its place (`models[3].trend is missing`). No text of the feed is
/// in the message.
pub fn parse(document: &[u8]) -> Result<Feed, FeedError> {
    let syntax = || FeedError(Kind::Syntax);
    let document = std::str::from_utf8(document).map_err(|_| syntax())?;
    let mut reader = Reader::default();
    let mut json = serde_json::Deserializer::from_str(document);
    let read = json.deserialize_any(Top(&mut reader)).and_then(|()| json.end());
    if let Some(fault) = reader.fault {
        return Err(FeedError(Kind::Contract(fault)));
    }
    if read.is_err() {
        // A number or an escape that cannot be represented is JSON all the same.
        let json = serde_json::from_str::<IgnoredAny>(document).is_ok();
        let fault = format!("{} cannot be read", reader.place());
        return Err(FeedError(if json { Kind::Contract(fault) } else { Kind::Syntax }));
    }
    let Some(version) = reader.version else {
        return Err(FeedError(Kind::Contract(
            "there is neither `contract_version` nor `signal_version`".to_owned(),
        )));
    };
    if !reader.listed {
        return Err(FeedError(Kind::Contract("`models` is missing".to_owned())));
    }
    Ok(Feed { version, signals: reader.signals })
}
