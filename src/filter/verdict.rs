//! What an answer that is no good says of the model.

use tiergate_core::chat::{self, Refusal};
use tiergate_core::live::{AttemptOutcome, Failure};

/// What an answer comes to.
#[derive(Clone, Copy, Debug)]
pub struct AnswerVerdict {
    pub outcome: AttemptOutcome,
    /// The word for metrics.
    pub label: &'static str,
    /// Why another model may serve what this one refuses.
    pub refusal: Option<Refusal>,
    /// The status that says so.
    pub status: u16,
    /// The client's own key or path may be what is wrong.
    pub doubtful: bool,
}

impl AnswerVerdict {
    /// By the status alone.
    pub fn of_status(status: u16) -> Self {
        let outcome = AttemptOutcome::of_status(status);
        Self { outcome, label: outcome.name(), refusal: None, status, doubtful: false }
    }

    /// By the status and what the body says, or the beginning of it.
    pub fn of(status: u16, body: &[u8]) -> Self {
        let by_status = Self::of_status(status);
        if status == 429 {
            return if chat::is_of_one_key(body) {
                Self::of_outcome(AttemptOutcome::Refused, 429)
            } else {
                by_status
            };
        }
        let Some(refusal) = chat::refusal(status, body) else {
            // A wrong path, as far as anybody says.
            return by_status;
        };
        let outcome = match (refusal, status) {
            (Refusal::Unserviceable, 404) => AttemptOutcome::Failed(Failure::NotFound),
            (Refusal::Unserviceable, _) => AttemptOutcome::Failed(Failure::Unserviceable),
            _ => AttemptOutcome::Refused,
        };
        Self { outcome, label: refusal.name(), refusal: Some(refusal), status, doubtful: false }
    }

    /// Of an error in an answer with a good status, which names this one.
    pub fn inside(status: u16, body: &[u8]) -> Self {
        let read = Self::of(if Refusal::may_be(status) || status == 429 { status } else { 400 }, body);
        if read.refusal.is_some() || status == 429 { read } else { Self::of_status(status) }
    }

    /// Of an answer with a good status and nothing in it.
    pub fn nothing() -> Self {
        Self::of_status(500)
    }

    /// The same, where this status of a refusal that says no more has the next model asked.
    #[must_use]
    pub fn or_next(self, next_on: &[u16]) -> Self {
        if self.outcome != AttemptOutcome::Refused
            || self.refusal.is_some()
            || !next_on.contains(&self.status)
        {
            return self;
        }
        let failure = if self.status == 404 { Failure::NotFound } else { Failure::Unserviceable };
        Self { doubtful: true, ..Self::of_outcome(AttemptOutcome::Failed(failure), self.status) }
    }

    fn of_outcome(outcome: AttemptOutcome, status: u16) -> Self {
        Self { outcome, label: outcome.name(), refusal: None, status, doubtful: false }
    }

    /// Whether the body of an answer of this status may say more than the status.
    pub fn is_in_body(status: u16) -> bool {
        status == 429 || Refusal::may_be(status)
    }

    /// How the model failed, if it did.
    pub fn failure(&self) -> Option<Failure> {
        match self.outcome {
            AttemptOutcome::Failed(failure) => Some(failure),
            _ => None,
        }
    }

    /// Whether the same model may answer well if it is asked again at once.
    pub fn is_worth_another_try(&self) -> bool {
        self.failure().is_some_and(|failure| {
            !matches!(failure, Failure::RateLimited | Failure::Unserviceable | Failure::NotFound)
        })
    }
}
