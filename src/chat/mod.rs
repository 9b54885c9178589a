//! One LLM request, borrowed from its bytes: dialect, messages, tools, images, limits, the model's bytes. And of its
//! answer: the tokens it took, and why it was refused.

mod answer;
mod cursor;
mod path;
mod splice;
mod text;
mod view;

#[cfg(test)]
mod tests;

pub use answer::{Form, LONGEST_REFUSAL, Refusal, UsageReader, UsedTokens, refusal};
pub use cursor::{Fault, MAX_DEPTH, Span};
pub use path::{Dialect, Paths};
pub use splice::{Prefix, rewrite_path, splice};
pub use text::{decode, excerpt};
pub use view::{View, view};

/// Bounds on reading a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes judged from the start of the ask.
    pub scan_head_bytes: usize,
    /// Bytes judged from the end of the ask, where it is longer than the head.
    pub scan_tail_bytes: usize,
    /// Deepest nesting of arrays and objects that is read; a body beyond it is not parsed. At most [`MAX_DEPTH`].
    pub max_depth: usize,
}
