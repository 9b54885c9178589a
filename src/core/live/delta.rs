//! What one worker has seen of a model since its last report to the others.

use super::average::Samples;
use crate::time::{Millis, Timestamp};

/// Tokens and requests are counted by this time.
const MINUTE: Millis = Millis::of_seconds(60);

/// What a worker has seen of a model since its last report to the others.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Delta {
    pub successes: u32,
    pub first_byte: Samples,
    pub per_token: Samples,
    pub minute: u64,
    pub tokens: u64,
    pub requests: u64,
}

impl Delta {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Counts use in the minute of `now`; what was of another is given up.
    pub fn count(&mut self, now: Timestamp, tokens: u64, requests: u64) {
        if self.minute != minute_of(now) {
            (self.minute, self.tokens, self.requests) = (minute_of(now), 0, 0);
        }
        self.tokens = self.tokens.saturating_add(tokens);
        self.requests = self.requests.saturating_add(requests);
    }
}

/// The number of a minute since the Unix epoch.
pub(super) const fn minute_of(now: Timestamp) -> u64 {
    now.period(MINUTE)
}
