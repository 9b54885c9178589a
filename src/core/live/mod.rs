//! What is learnt from traffic: which models fail, how fast they are, how much they are used, and how much is under way.
//!
//! All workers of a process share it, in a bounded number of slots of a key-value store: one a model ([`Record`]), one a
//! worker (what it has under way); and some for conversations ([`SessionPin`]), which are looked at with each request. Of models a
//! worker looks at its own [`Board`] while it serves requests, and at the store on its ticks. Updates are made by
//! compare-and-swap with a bounded number of tries; one may be lost, none may block, and a value that is not ours is
//! replaced, never misread.

mod attempt;
mod average;
mod board;
mod delta;
mod limits;
mod record;
mod session;
mod slots;
#[cfg(test)]
mod tests;
mod workers;

use crate::chat::Steering;
use crate::time::{Millis, Timestamp};

pub use crate::store::{Conflict, Store};
pub use attempt::Attempt;
pub use average::Average;
pub use board::{Board, Cooldown, ModelState};
pub use record::{Phase, Record};
pub use session::{
    Retention, SESSION_SETS, SessionKey, SessionPin, SessionTable, WAYS, held, hold, salt, session,
};
pub use slots::{MODEL_SLOTS, WORKER_SLOTS};

/// Where so many failures are allowed nothing puts a model into cooldown, also no server that asks for it.
pub const NEVER: u32 = 1_000_000;

/// When a model is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveSettings {
    /// More failures than this within a minute put a model into cooldown.
    pub allowed_fails: u32,
    /// If at least so many of a hundred of the model's recent answers are failures.
    pub failure_percent: u32,
    /// And if there were at least so many answers.
    pub minimum_requests: u32,
    /// How long a cooldown is where the server names no time.
    pub cooldown: Millis,
    /// A server may ask for no longer a cooldown than this.
    pub longest_cooldown: Millis,
    /// Whose a limit is that a provider has for a key.
    pub credentials: Credentials,
}

/// Whose keys reach the providers, and so whose a limit is that a provider has for a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Credentials {
    /// Nobody knows: a limit is that of the credential that met it, until another credential meets one too while next
    /// to nobody is served.
    #[default]
    Unknown,
    /// All requests use one key: a limit is everybody's.
    Shared,
    /// Each client brings its own: a limit is never another's.
    Own,
}

/// How a model failed. A closed list: metrics and logs use these words and no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Failure {
    /// 5xx.
    ServerError,
    /// 429.
    RateLimited,
    /// 408, 504, or the proxy's own timeout.
    Timeout,
    /// 404: no such model.
    NotFound,
    /// The connection was refused, broke off or timed out before there was an answer.
    NoAnswer,
    /// The answer broke off.
    Broken,
    /// The provider says that it cannot serve the model: no money, no quota, no such model.
    Unserviceable,
}

impl Failure {
    /// All kinds of failure.
    pub const ALL: [Failure; 7] = [
        Failure::ServerError,
        Failure::RateLimited,
        Failure::Timeout,
        Failure::NotFound,
        Failure::NoAnswer,
        Failure::Broken,
        Failure::Unserviceable,
    ];

    /// The failure of a place in [`Failure::ALL`].
    pub fn of(place: usize) -> Option<Self> {
        Self::ALL.get(place).copied()
    }

    /// Whether it was the model, whatever was asked. What an answer of this status says may be about the body alone:
    /// servers answer 500 to bodies that they do not understand.
    pub const fn is_certain(self, status: u16) -> bool {
        match self {
            Failure::RateLimited | Failure::Timeout | Failure::NoAnswer | Failure::Broken => true,
            Failure::ServerError => matches!(status, 502 | 503 | 529),
            Failure::NotFound | Failure::Unserviceable => false,
        }
    }

    /// Whether it is the client's own doing: of a time that it set itself, or of a deployment that it chose.
    pub const fn is_steered(self, steering: Steering) -> bool {
        match steering {
            Steering::Nothing => false,
            Steering::Time => matches!(self, Failure::Timeout),
            Steering::Deployment => true,
        }
    }

    /// The word for metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Failure::ServerError => "server_error",
            Failure::RateLimited => "rate_limited",
            Failure::Timeout => "timeout",
            Failure::NotFound => "not_found",
            Failure::NoAnswer => "no_answer",
            Failure::Broken => "broken",
            Failure::Unserviceable => "unserviceable",
        }
    }
}

/// How far an attempt had come when it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nothing of an answer had come.
    Asked,
    /// The head of an answer had come.
    Answered,
    /// A byte of its body had come.
    Begun,
}

/// What is known of an attempt that ended without the whole answer.
#[derive(Clone, Copy, Debug)]
pub struct AttemptEnd<'d> {
    /// What the proxy says of the end (Envoy's response code details); empty where it says nothing.
    pub details: &'d [u8],
    /// How far it had come.
    pub stage: Stage,
    /// The request is still there: the proxy has given up this attempt at it.
    pub goes_on: bool,
    /// There was a connection to the upstream, so that the request could be sent.
    pub connected: bool,
}

/// Reasons for a reset that are the proxy's own: its limits, and what it could not do on this side.
const OWN_RESETS: [&[u8]; 5] = [
    b"{overflow",
    b"{overload",
    b"{local_reset",
    b"{local_refused_stream_reset",
    b"{local_connection_failure",
];

fn has(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

/// What a failure weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// It was the model: the body has nothing to do with it, or another model has served the same.
    Certain,
    /// It may have been the body. Such failures count where next to nobody else is served.
    Open,
    /// Nobody knows yet: [`Board::settle`] follows.
    Later,
    /// Nothing: the same request has counted before.
    Nothing,
}

/// What the end of a request says beside its outcome.
#[derive(Clone, Copy, Debug)]
pub struct EndDetails {
    /// How long the server asked to be left alone.
    pub wait: Option<Millis>,
    /// The number of what was asked; failures of the same are one where others are served. 0 where it is not known.
    pub request: u64,
    /// The number of the credential that asked; 0 where there is none.
    pub asker: u64,
    /// What the failure weighs.
    pub weight: Weight,
}

impl EndDetails {
    /// Where nothing is known of the request.
    pub const NONE: Self = Self { wait: None, request: 0, asker: 0, weight: Weight::Certain };
}

/// A failure of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelFault {
    /// When the request went to the model.
    pub began: Timestamp,
    /// How it failed.
    pub failure: Failure,
    /// How long the server asked to be left alone.
    pub wait: Option<Millis>,
    /// The number of what was asked; 0 where it is not known.
    pub request: u64,
    /// The number of the credential that asked; 0 where there is none.
    pub asker: u64,
    /// It was the model, whatever was asked.
    pub certain: bool,
}

/// What became of an attempt. A closed list: metrics and logs use these words and no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AttemptOutcome {
    /// A good answer, whole.
    Ok,
    /// The model would not serve this request, which says nothing of the next: any 4xx that is no failure.
    Refused,
    /// The client went away.
    Cancelled,
    /// The proxy ended it for a reason of its own: a limit, a timeout before the request was sent, no host that is well.
    Gateway,
    /// The model failed.
    Failed(Failure),
}

impl AttemptOutcome {
    /// What an answer of this HTTP status comes to, if its body says no more. 401 and 403 are no failures: the key may
    /// be the client's own, and nobody may put a model into cooldown with a wrong one. Nor is 404: the path may be one
    /// that no server has.
    pub const fn of_status(status: u16) -> Self {
        match status {
            0..400 => AttemptOutcome::Ok,
            402 => AttemptOutcome::Failed(Failure::Unserviceable),
            408 | 504 => AttemptOutcome::Failed(Failure::Timeout),
            429 => AttemptOutcome::Failed(Failure::RateLimited),
            400..500 => AttemptOutcome::Refused,
            _ => AttemptOutcome::Failed(Failure::ServerError),
        }
    }

    /// What an attempt comes to that ended without the whole answer of an upstream.
    pub fn without_answer(end: &AttemptEnd<'_>) -> Self {
        let failed = AttemptOutcome::Failed(if end.stage == Stage::Asked {
            Failure::NoAnswer
        } else {
            Failure::Broken
        });
        let details = end.details;
        if details.is_empty() || details == b"via_upstream" {
            // Envoy gave the attempt up and goes on with the request; else the client went away.
            return if end.goes_on { failed } else { AttemptOutcome::Cancelled };
        }
        if let Some(reason) = details.strip_prefix(b"upstream_reset_") {
            return if OWN_RESETS.iter().any(|own| has(reason, own)) {
                AttemptOutcome::Gateway
            } else {
                failed
            };
        }
        let timeout = match details {
            b"response_timeout" | b"upstream_response_timeout" | b"upstream_max_stream_duration_reached" => {
                true
            }
            b"upstream_per_try_timeout" => true,
            // Where the body has begun, it may be the client that does not read on.
            b"upstream_per_try_idle_timeout" => end.stage != Stage::Begun,
            b"stream_idle_timeout" => end.stage == Stage::Answered,
            _ => false,
        };
        if timeout {
            return if end.connected {
                AttemptOutcome::Failed(Failure::Timeout)
            } else {
                AttemptOutcome::Gateway
            };
        }
        if details.starts_with(b"downstream_")
            || details.starts_with(b"http1.")
            || details.starts_with(b"http2.")
        {
            return AttemptOutcome::Cancelled;
        }
        AttemptOutcome::Gateway
    }

    /// The word for metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            AttemptOutcome::Ok => "ok",
            AttemptOutcome::Refused => "refused",
            AttemptOutcome::Cancelled => "cancelled",
            AttemptOutcome::Gateway => "gateway",
            AttemptOutcome::Failed(failure) => failure.name(),
        }
    }
}

/// Tokens that an answer reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Of the request.
    pub input: u64,
    /// Of the answer.
    pub output: u64,
}
