//! Limits that credentials have met at a model. A provider that has had enough of one key (its rate, its money, what it
//! may use) says nothing of other keys: so each such credential leaves the model alone by itself. Credentials are numbers
//! of the caller's; no key is stored.

use super::{Failure, ModelFault};
use crate::sealed::Reader;
use crate::time::{Millis, Timestamp};

/// So many credentials of a model are remembered: those that leave it alone, then those that failed last.
const MOST: usize = 16;
/// What failed longer ago counts no more.
const MINUTE: Millis = Millis::of_seconds(60);

/// What one credential has met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Limit {
    asker: u64,
    /// When it failed last.
    at: Timestamp,
    /// How often, since it was last left alone.
    fails: u64,
    /// Until when it leaves the model alone; never where it never had to.
    until: Timestamp,
}

/// What credentials have met at a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CredentialLimits(Vec<Limit>);

impl Failure {
    /// Whether a provider may answer so to one key and serve others.
    pub const fn may_be_of_the_key(self) -> bool {
        matches!(self, Failure::RateLimited | Failure::Unserviceable | Failure::NotFound)
    }
}

impl CredentialLimits {
    /// Notes that a credential failed. It is to leave the model alone for `length` where `asked`, where the
    /// last time is over and it failed again, or where `is_too_often` says so of its failures: then true.
    pub fn note(
        &mut self,
        now: Timestamp,
        fault: &ModelFault,
        length: Millis,
        asked: bool,
        is_too_often: impl Fn(u64) -> bool,
    ) -> bool {
        self.0.retain(|limit| limit.until > now || limit.at <= now && now.since(limit.at) < MINUTE);
        let known = self.0.iter().position(|limit| limit.asker == fault.asker);
        let mut limit = match known {
            Some(place) => self.0.remove(place),
            None => Limit { asker: fault.asker, at: now, fails: 0, until: Timestamp::NEVER },
        };
        limit.fails = limit.fails.saturating_add(1);
        limit.at = now;
        let again = limit.until.is_set() && limit.until <= now;
        let waits = asked || again || is_too_often(limit.fails);
        if waits {
            (limit.until, limit.fails) = (now + length, 0);
        }
        if self.0.len() < MOST || self.make_room(now, limit) {
            self.0.push(limit);
        }
        waits
    }

    /// Forgets one credential for the sake of `limit`: one that need not wait, or the one whose wait ends first. A
    /// credential that fails without having to wait takes no place of those that wait, so that keys which somebody
    /// made up do not end another's wait by failing once each. Whether there is room now.
    fn make_room(&mut self, now: Timestamp, limit: Limit) -> bool {
        let waits_until = |limit: &Limit| if limit.until > now { limit.until } else { Timestamp::NEVER };
        let Some((place, first)) = self.0.iter().enumerate().min_by_key(|(_, limit)| waits_until(limit))
        else {
            return false;
        };
        if waits_until(&limit) < waits_until(first) {
            return false;
        }
        self.0.remove(place);
        true
    }

    /// How long a credential still leaves the model alone. One that ends later than it can is over: the
    /// clock was set back.
    pub fn waits(&self, asker: u64, now: Timestamp, longest: Millis) -> Option<Millis> {
        self.waiting(now, longest).find(|(waiting, _)| *waiting == asker).map(|(_, left)| left)
    }

    /// Those that leave it alone, each with the time that is left.
    pub fn waiting(&self, now: Timestamp, longest: Millis) -> impl Iterator<Item = (u64, Millis)> {
        self.0.iter().filter_map(move |limit| Some((limit.asker, now.left_until(limit.until, longest)?)))
    }

    /// The value for the store: how many there are, and all of them.
    pub fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend((self.0.len() as u64).to_le_bytes());
        for limit in &self.0 {
            let numbers = [limit.asker, limit.at.millis(), limit.fails, limit.until.millis()];
            bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        }
    }

    /// Those of the store; none where the bytes are anything else.
    pub fn decode(reader: &mut Reader<'_>) -> Option<Self> {
        let count = usize::try_from(reader.number()?).ok().filter(|count| *count <= MOST)?;
        let mut limits = Vec::with_capacity(count);
        for _ in 0..count {
            let (asker, at) = (reader.number()?, reader.time()?);
            limits.push(Limit { asker, at, fails: reader.number()?, until: reader.time()? });
        }
        Some(Self(limits))
    }
}
