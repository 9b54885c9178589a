//! One LLM request, borrowed from its bytes: dialect, messages, tools, images, limits, the model's bytes. And of its
//! answer: the tokens it took, and why it was refused.

mod answer;
mod asked;
mod built_in;
mod cursor;
mod files;
mod form;
mod ids;
mod path;
mod problem;
pub(crate) mod raw;
mod splice;
mod text;
mod tokens;
mod unpack;
mod view;

#[cfg(test)]
mod tests;

pub use answer::{
    AnswerReader, Encoding, ExtraUsage, First, Form, IdReader, Insertion, LONGEST_REFUSAL, Refusal, Search,
    UsedTokens, Waits, first, is_of_one_key, refusal, routing, wait_in,
};
pub use asked::{Asked, MOST_ASKED, said};
pub use built_in::BuiltIn;
pub use cursor::{Cursor, Fault, Kind, MAX_DEPTH, Span};
pub use form::{boundary, model_fields};
pub use ids::Ids;
pub use path::{Dialect, PathModels, Paths, ends_as};
pub use problem::{ErrorForm, Problem};
pub use splice::{
    Change, Prefix, changed, named, rewrite_path, rewrite_path_at, splice, splice_changes, splice_with,
};
pub use text::{decode, excerpt};
pub use tokens::Tokens;
pub use unpack::{Coding, MOST_UNPACKED, unpack};
pub use view::{LONGEST_OPENING, Listener, MOST_MEMBERS, MOST_MODELS, Member, Sealed, Steering, View, view};

/// Bounds on reading a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes judged from the start of the ask.
    pub scan_head_bytes: usize,
    /// Bytes judged from the end of the ask, where it is longer than the head.
    pub scan_tail_bytes: usize,
    /// Deepest nesting of arrays and objects that is read; a body beyond it is not parsed. At most [`MAX_DEPTH`].
    pub max_depth: usize,
}
