//! A request on its way to a model.

use crate::time::Timestamp;

/// A request that is under way to a model. It has to be given back to [`Board::end`](super::Board::end).
#[derive(Debug)]
#[must_use = "what is under way has to end"]
pub struct Attempt {
    pub(super) model: usize,
    pub(super) began: Timestamp,
    pub(super) first_byte: Option<Timestamp>,
    pub(super) probe: bool,
}

impl Attempt {
    /// The model that it went to.
    pub fn model(&self) -> usize {
        self.model
    }

    /// When it went there.
    pub fn began(&self) -> Timestamp {
        self.began
    }

    /// Notes when the first byte of the answer came; later ones change nothing.
    pub fn first_byte(&mut self, now: Timestamp) {
        self.first_byte.get_or_insert(now);
    }

    /// When the first byte of the answer came, if it has.
    pub fn first_byte_at(&self) -> Option<Timestamp> {
        self.first_byte
    }

    /// Whether a byte of the answer has come.
    pub fn has_first_byte(&self) -> bool {
        self.first_byte.is_some()
    }
}
