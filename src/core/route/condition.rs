//! What is known of each model from the answers that it gave.

use super::Model;

/// How a model is doing. The default is a model that nothing is known of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Condition {
    /// Whether it failed so often that it is left alone for a while.
    pub cooling: bool,
    /// Requests that it has not answered yet.
    pub in_flight: u32,
    /// Milliseconds to the first byte of an answer, a moving average; 0 where nothing was measured.
    pub first_byte_ms: f32,
    /// Milliseconds of each output token after that, a moving average; 0 where nothing was measured.
    pub token_ms: f32,
    /// Tokens in and out in this minute.
    pub tokens_this_minute: u64,
    /// Requests in this minute.
    pub requests_this_minute: u64,
}

/// The [`Condition`] of each model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conditions {
    by_slot: Vec<Condition>,
}

impl Conditions {
    /// Notes a model's condition.
    pub fn set(&mut self, model: &Model, condition: Condition) {
        if self.by_slot.len() <= model.slot {
            self.by_slot.resize(model.slot + 1, Condition::default());
        }
        if let Some(place) = self.by_slot.get_mut(model.slot) {
            *place = condition;
        }
    }

    /// A model's condition.
    pub fn of(&self, model: &Model) -> Condition {
        self.by_slot.get(model.slot).copied().unwrap_or_default()
    }
}
