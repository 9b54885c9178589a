//! What words stand for.

use super::Dimension;

/// One thing that many words of many languages stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concept {
    /// What it counts for; nothing, where it only says what an ask is about.
    pub dimension: Option<Dimension>,
    /// Its id in the lexicon, or the keyword itself where it comes from the configuration.
    pub name: String,
    /// Part of a pair that only counts together, see [`Order`].
    pub order: Option<Order>,
    /// Whether it is about the people who talk, so that a sentence without any other may be a mere remark.
    pub courteous: bool,
}

/// Concepts of sentences that say nothing of what is asked: "Sorry to bother you on a Sunday, I feel so lost."
const COURTEOUS: [&str; 12] = [
    "politeness",
    "greeting",
    "thanks",
    "small_talk",
    "closing",
    "continuation",
    "reply",
    "go_on",
    "feelings_relations",
    "statement_feeling",
    "speed_and_time",
    "live_data",
];

impl Concept {
    /// A concept by its name.
    pub fn new(dimension: Option<Dimension>, name: String, order: Option<Order>) -> Self {
        let courteous = COURTEOUS.contains(&name.as_str());
        Self { dimension, name, order, courteous }
    }
}

/// "First … then": neither word means anything alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Opens a sequence.
    First,
    /// Goes on in a sequence, where one was opened before it.
    Then,
}
