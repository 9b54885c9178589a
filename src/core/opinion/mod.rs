//! A second opinion: what a small model says of an ask that the scorer is not sure of.
//!
//! Everything here is decided without a host: whether an ask may go out, what is sent, what an answer says, and what is
//! learnt from it.
//!
//! Clients do not get in each other's way. Each one that the upstream has ever answered has an account of its own: its
//! share of asks, and a circuit that its own failures open. All others have one account together, so that whoever makes
//! up credentials spends nobody's share but that of other newcomers. What was answered is remembered for the client that
//! asked.

mod answer;
mod circuit;
mod clients;
mod memory;
mod prompt;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hasher};

use crate::tier::Tier;
use crate::time::{Millis, Timestamp};
use circuit::SharedCircuit;
use clients::Clients;
use memory::Answers;

pub use answer::{LARGEST_ANSWER, read};
pub use prompt::{RUBRIC, Template};

/// So many asks are under way in one worker,
pub const MOST_UNDER_WAY: usize = 64;
/// and so many of one client.
pub const MOST_OF_ONE: u32 = 16;

/// When a second opinion is asked for, and how often.
#[derive(Clone, Debug, PartialEq)]
pub struct OpinionSettings {
    /// An ask is unsure below this confidence, 0 to 1.
    pub band: f64,
    /// The share of a client's requests that may be asked about; from 1 on all.
    pub share: f64,
    /// How long an answer is waited for.
    pub timeout: Millis,
    /// How long an answer is remembered.
    pub remember: Millis,
    /// So many failures in a row open a circuit,
    pub allowed_fails: u32,
    /// for this long.
    pub rest: Millis,
    /// What is sent.
    pub template: Template,
}

/// An ask that is under way.
#[derive(Debug, PartialEq, Eq)]
pub struct Asking {
    number: u64,
    client: u64,
    began: Timestamp,
}

/// What is to be done about an unsure ask.
#[derive(Debug, PartialEq, Eq)]
pub enum OpinionStep {
    /// The answer is known already.
    Known(Tier),
    /// It is to be asked, and [`Opinions::end`] takes what came of it.
    Ask(Asking),
    /// The scorer's tier stands.
    Not(OpinionOutcome),
}

/// What became of an unsure ask. A closed list: metrics and logs use these words and no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OpinionOutcome {
    /// The model named the scorer's tier,
    Agrees,
    /// a higher one,
    Raises,
    /// or a lower one.
    Lowers,
    /// One of these three, remembered.
    Remembered,
    /// No answer in time.
    Timeout,
    /// An answer that says the model cannot serve: 5xx, 429, 401, 403, 404 and what is no success otherwise.
    Failed,
    /// The answer broke off.
    Broken,
    /// Nothing could be sent.
    NotSent,
    /// The model refused this ask: 400, 413, 422, or a refusal in an answer.
    Refused,
    /// An answer that names no tier.
    Nonsense,
    /// The client went away first.
    Left,
    /// Not asked: a circuit is open.
    Open,
    /// Not asked: the client has had its share.
    Share,
    /// Not asked: too many asks are under way.
    Busy,
    /// Not asked: the same ask of the same client is under way.
    Same,
    /// Not asked: the same ask has had no usable answer lately.
    Unanswered,
}

impl OpinionOutcome {
    /// All outcomes.
    pub const ALL: [Self; 16] = [
        Self::Agrees,
        Self::Raises,
        Self::Lowers,
        Self::Remembered,
        Self::Timeout,
        Self::Failed,
        Self::Broken,
        Self::NotSent,
        Self::Refused,
        Self::Nonsense,
        Self::Left,
        Self::Open,
        Self::Share,
        Self::Busy,
        Self::Same,
        Self::Unanswered,
    ];

    /// The word for metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Agrees => "agrees",
            Self::Raises => "raises",
            Self::Lowers => "lowers",
            Self::Remembered => "remembered",
            Self::Timeout => "timeout",
            Self::Failed => "failed",
            Self::Broken => "broken",
            Self::NotSent => "not_sent",
            Self::Refused => "refused",
            Self::Nonsense => "nonsense",
            Self::Left => "left",
            Self::Open => "open",
            Self::Share => "share",
            Self::Busy => "busy",
            Self::Same => "same",
            Self::Unanswered => "unanswered",
        }
    }

    /// What the answer `tier` comes to beside that of the scorer.
    pub fn of(tier: Tier, scored: Tier) -> Self {
        match tier.cmp(&scored) {
            std::cmp::Ordering::Less => Self::Lowers,
            std::cmp::Ordering::Equal => Self::Agrees,
            std::cmp::Ordering::Greater => Self::Raises,
        }
    }
}

/// How an ask ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpinionEnd {
    /// With a tier.
    Tier(Tier),
    /// Without one.
    Without(OpinionOutcome),
}

/// What a worker knows of second opinions.
#[derive(Debug)]
pub struct Opinions {
    key: u64,
    clients: Clients,
    circuit: SharedCircuit,
    memory: Answers,
    under_way: BTreeSet<u64>,
}

impl Opinions {
    /// Knows nothing yet. `key`: chance that nobody outside knows.
    pub fn new(key: u64) -> Self {
        Self {
            key,
            clients: Clients::default(),
            circuit: SharedCircuit::default(),
            memory: Answers::default(),
            under_way: BTreeSet::new(),
        }
    }

    /// What is to be done about an ask of who has this credential.
    pub fn begin(
        &mut self,
        settings: &OpinionSettings,
        credential: &[u8],
        ask: &str,
        now: Timestamp,
    ) -> OpinionStep {
        let clipped = settings.template.clip(ask);
        let number = self.keyed(&[b"ask", credential, clipped.as_bytes()]);
        match self.memory.get(number, settings, now) {
            Some(Some(tier)) => return OpinionStep::Known(tier),
            Some(None) => return OpinionStep::Not(OpinionOutcome::Unanswered),
            None => {}
        }
        if self.under_way.contains(&number) {
            return OpinionStep::Not(OpinionOutcome::Same);
        }
        let client = self.client(credential);
        let account = self.clients.account(client);
        if self.under_way.len() >= MOST_UNDER_WAY || account.under_way >= MOST_OF_ONE {
            return OpinionStep::Not(OpinionOutcome::Busy);
        }
        if !account.has_share(settings.share) {
            return OpinionStep::Not(OpinionOutcome::Share);
        }
        // The client's own first: where that is open the ask must not be the one that tries for all.
        let lease = settings.timeout * 2;
        if account.circuit.is_open(now) || !self.circuit.admits(now, lease) {
            return OpinionStep::Not(OpinionOutcome::Open);
        }
        account.circuit.admits(now, lease);
        account.spend();
        self.under_way.insert(number);
        OpinionStep::Ask(Asking { number, client: self.clients.key(client), began: now })
    }

    /// The request's body that asks about `ask`.
    pub fn body(&self, settings: &OpinionSettings, model: &str, ask: &str) -> Vec<u8> {
        // Who wrote the ask cannot know the mark, and so cannot write it; the same ask gets the same one, for caches.
        let clipped = settings.template.clip(ask);
        let mark = self.keyed(&[b"mark", clipped.as_bytes()]);
        settings.template.body(model, &clipped, mark)
    }

    /// What came of an ask.
    pub fn end(&mut self, settings: &OpinionSettings, asking: &Asking, end: OpinionEnd, now: Timestamp) {
        self.under_way.remove(&asking.number);
        let account = self.clients.account(asking.client);
        account.under_way = account.under_way.saturating_sub(1);
        let (rest, most) = (settings.rest, settings.allowed_fails);
        match end {
            OpinionEnd::Tier(tier) => {
                account.circuit.well();
                self.circuit.well();
                self.memory.put(asking.number, Some(tier), now);
            }
            // Which words a client sends decides about itself alone.
            OpinionEnd::Without(OpinionOutcome::Refused | OpinionOutcome::Nonsense) => {
                account.circuit.failed(most, rest, now);
                self.circuit.unknown();
                self.memory.put(asking.number, None, now);
            }
            OpinionEnd::Without(OpinionOutcome::Left) => {
                // Who leaves early says nothing; who waited long was served badly.
                if now.since(asking.began) * 2 >= settings.timeout {
                    account.circuit.failed(most, rest, now);
                } else {
                    account.circuit.unknown();
                }
                self.circuit.unknown();
            }
            OpinionEnd::Without(_) => {
                account.circuit.failed(most, rest, now);
                self.circuit.failed(asking.client, most, rest, now);
            }
        }
    }

    /// The upstream has answered a request of who has this credential, and well: it is a client, and earns its share.
    pub fn accepted(&mut self, settings: &OpinionSettings, credential: &[u8], now: Timestamp) {
        let client = self.client(credential);
        self.clients.accepted(client, settings.share, now);
    }

    fn client(&self, credential: &[u8]) -> u64 {
        self.keyed(&[b"client", credential])
    }

    /// A number of these texts that nobody outside can make, or make two texts have.
    fn keyed(&self, texts: &[&[u8]]) -> u64 {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.key);
        for text in texts {
            hasher.write_usize(text.len());
            hasher.write(text);
        }
        hasher.finish()
    }
}
