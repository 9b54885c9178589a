//! What words stand for.

use super::Dimension;

/// One thing that many words of many languages stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concept {
    /// What it counts for; nothing, where it only tells what an ask is about.
    pub dimension: Option<Dimension>,
    /// Its id in the lexicon, or the keyword itself where it comes from the configuration.
    pub name: String,
    /// Part of a pair that only counts together, see [`Order`].
    pub order: Option<Order>,
}

/// "First … then": neither word means anything alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Opens a sequence.
    First,
    /// Goes on in a sequence, where one was opened before it.
    Then,
}
