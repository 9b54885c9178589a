//! What a person typed in a request: wrappers cut off, chores and replies recognised, and how hard it is.
//!
//! `chat` finds the turns; this room says which of their words a person typed and has `score` judge them.

mod budget;
mod chores;
mod followups;
mod injected;
mod judge;
mod lines;
mod mail;
mod marker;
mod mentions;
mod messages;
mod phrases;
mod quotes;
mod sections;
mod structure;
mod tables;
mod turns;
mod walk;
mod wordings;

#[cfg(test)]
mod tests;

pub use budget::Budget;
pub use followups::Followup;
pub use injected::{MOST_MARKERS, Markers, Pair};
pub use judge::{Judge, Judged, Scratch, Why, demands_structure};
pub use sections::Role;
pub use tables::Tables;
pub use turns::{Asks, Heard, REMEMBERED, Turns};

use crate::tier::Tier;

/// What counts as the ask, and what becomes of one that is none or goes on from others.
#[derive(Clone, Debug)]
pub struct Rules {
    /// What injected blocks and material begin and end with: they are no part of an ask.
    pub markers: Markers,
    /// Words and labels.
    pub tables: Tables,
    /// The most human asks before the newest that count, below [`REMEMBERED`].
    pub history_turns: usize,
    /// Bytes beyond which an ask is no reply.
    pub reply_bytes: usize,
    /// So many tiers an earlier ask counts less for each ask between it and a reply.
    pub history_decay: f64,
    /// The tier of what clients ask for by themselves.
    pub chore_tier: Tier,
    /// How many tiers above the work one is that says the work is wrong.
    pub correction_raises: u8,
}
