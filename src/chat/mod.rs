//! One LLM request, borrowed from its bytes: dialect, messages, tools, images, limits, the model's bytes. And of its
//! answer: the tokens it took, and why it was refused.

mod answer;
mod budget;
mod cursor;
mod files;
mod harness;
mod ids;
mod injected;
mod path;
mod raw;
mod splice;
mod text;
mod tokens;
mod turns;
mod view;

#[cfg(test)]
mod tests;

pub use answer::{
    AnswerReader, Encoding, First, Form, IdReader, LONGEST_REFUSAL, Refusal, Search, UsedTokens, Waits,
    first, is_of_one_key, refusal, wait_in,
};
pub use budget::Budget;
pub use cursor::{Cursor, Fault, Kind, MAX_DEPTH, Span};
pub use ids::Ids;
pub use injected::{MOST_MARKERS, Markers};
pub use path::{Dialect, Paths};
pub use splice::{Change, Prefix, named, rewrite_path, splice, splice_changes, splice_with};
pub use text::{decode, excerpt};
pub use tokens::Tokens;
pub use turns::{REMEMBERED, Turns};
pub use view::{LONGEST_OPENING, MOST_MEMBERS, Member, Sealed, View, view};

/// Bounds on reading a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes judged from the start of the ask.
    pub scan_head_bytes: usize,
    /// Bytes judged from the end of the ask, where it is longer than the head.
    pub scan_tail_bytes: usize,
    /// Deepest nesting of arrays and objects that is read; a body beyond it is not parsed. At most [`MAX_DEPTH`].
    pub max_depth: usize,
    /// The most human asks before the newest that are told, below [`REMEMBERED`].
    pub history_turns: usize,
    /// What injected blocks begin and end with: they are no part of an ask.
    pub markers: Markers,
}
