//! What is remembered of conversations: which model one is held by, and which model made an answer that its provider
//! keeps. Two tables of a fixed number of places, a set of [`WAYS`] of them in each value of the store. A place holds
//! numbers only: what a conversation is known by is hashed with a salt that the process made up.
//!
//! Whose places they are: each is of a tenant, by its credential. In a full set a new entry takes the place of one of
//! the tenant that has the most there, and of another's only where that one is left with no fewer than the newcomer
//! has. So however many entries a tenant makes up, each of `n` tenants of a set keeps [`WAYS`]` / n` places, rounded
//! down. A tenant that has none in a full set of tenants with one each takes the oldest of them, but none that was used
//! within [`Retention::others`].

use std::hash::{DefaultHasher, Hasher};

use super::Store;
use crate::fnv::Fnv;
use crate::sealed::{Reader, sealed, unsealed};
use crate::tier::Tier;
use crate::time::{Millis, Timestamp};

/// Values of the store for each table.
pub const SESSION_SETS: usize = 512;
/// Places in each of them.
pub const WAYS: usize = 8;
/// The last byte is the version of the format.
const MAGIC: &[u8; 4] = b"tgC\x02";
/// So much of each text is hashed, in bytes.
const MOST: usize = 4096;
const SALT: &str = "tiergate.session.salt";
/// How often a write is tried that others get in the way of.
const TRIES: usize = 3;

/// What is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionTable {
    /// The model that a conversation is held by.
    Conversations,
    /// The model that made an answer.
    Answers,
}

impl SessionTable {
    fn key(self, set: usize) -> String {
        match self {
            SessionTable::Conversations => format!("tiergate.session.{set:04}"),
            SessionTable::Answers => format!("tiergate.answer.{set:04}"),
        }
    }
}

/// How long an entry lasts without use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// After that it is forgotten.
    pub idle: Millis,
    /// Until then it does not give way to another entry of its own tenant.
    pub own: Millis,
    /// Until then it does not give way to a tenant that has none, where all have one.
    pub others: Millis,
}

/// What an entry is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionKey {
    /// The number of the tenant.
    pub tenant: u64,
    /// The number of the conversation or answer.
    pub number: u64,
}

/// Which model serves a conversation, or made an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionPin {
    /// Number of the model's name.
    pub model: u64,
    /// The tier that it serves.
    pub tier: Tier,
    /// When it served last.
    pub at: Timestamp,
}

impl SessionPin {
    /// A pin to a model, from now on.
    pub fn by(model: &str, tier: Tier, now: Timestamp) -> Self {
        Self { model: Fnv::of(model.as_bytes()), tier, at: now }
    }

    /// Whether it is held by the model of this name.
    pub fn is(&self, model: &str) -> bool {
        self.model == Fnv::of(model.as_bytes())
    }
}

/// An entry of a set.
type Entry = (SessionKey, SessionPin);

fn encode(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    for (known, held) in entries {
        let numbers = [known.tenant, known.number, held.model, held.tier as u64, held.at.millis()];
        bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    }
    sealed(bytes)
}

/// The entries of a value; none where it is not ours.
fn decode(bytes: &[u8]) -> Option<Vec<Entry>> {
    let mut reader = Reader(unsealed(bytes)?.strip_prefix(MAGIC)?);
    let mut entries = Vec::with_capacity(WAYS);
    while !reader.0.is_empty() {
        let (tenant, number, model) = (reader.number()?, reader.number()?, reader.number()?);
        let tier = *Tier::ALL.get(usize::try_from(reader.number()?).ok()?)?;
        let held = SessionPin { model, tier, at: reader.time()? };
        entries.push((SessionKey { tenant, number }, held));
    }
    (entries.len() <= WAYS).then_some(entries)
}

/// The number of what these texts say, in this process.
pub fn session<'t>(salt: u64, texts: impl IntoIterator<Item = &'t [u8]>) -> u64 {
    // SipHash, and the salt, which nobody outside knows, before all else.
    let mut hasher = DefaultHasher::new();
    hasher.write_u64(salt);
    for text in texts {
        let text = text.get(..MOST).unwrap_or(text);
        hasher.write_usize(text.len());
        hasher.write(text);
    }
    hasher.finish()
}

/// The salt of the process: what lies there, else `fresh`. Of several workers that come first the last one's stays, so it
/// is read anew each time.
pub fn salt(store: &impl Store, fresh: impl FnOnce() -> u64) -> u64 {
    let read = || Some(u64::from_le_bytes(unsealed(&store.get(SALT)?.0)?.try_into().ok()?));
    read().unwrap_or_else(|| {
        let fresh = fresh();
        let _ = store.set(SALT, &sealed(fresh.to_le_bytes().to_vec()), None);
        read().unwrap_or(fresh)
    })
}

/// What is remembered of something, unless that was longer ago than the rules allow. A time that is ahead counts as now,
/// for the clock was set back.
pub fn held(
    store: &impl Store,
    memory: SessionTable,
    known: SessionKey,
    rules: Retention,
    now: Timestamp,
) -> Option<SessionPin> {
    let entries = decode(&store.get(&memory.key(set_of(known)))?.0)?;
    let (_, held) = entries.into_iter().find(|(other, _)| *other == known)?;
    (now.since(held.at) <= rules.idle).then_some(held)
}

/// Remembers something from now on, if it may have a place. Where others write at the same time, it may be lost.
pub fn hold(store: &impl Store, memory: SessionTable, known: SessionKey, held: SessionPin, rules: Retention) {
    let key = memory.key(set_of(known));
    for _ in 0..TRIES {
        let (bytes, cas) = store.get(&key).map_or((None, None), |(bytes, cas)| (Some(bytes), Some(cas)));
        let mut entries = bytes.and_then(|bytes| decode(&bytes)).unwrap_or_default();
        if !admit(&mut entries, (known, held), rules) || store.set(&key, &encode(&entries), cas).is_ok() {
            return;
        }
    }
}

fn set_of(known: SessionKey) -> usize {
    // Both numbers are hashes already.
    ((known.tenant.rotate_left(32) ^ known.number) % SESSION_SETS as u64) as usize
}

/// Puts an entry into a set. Whether it got a place.
fn admit(entries: &mut Vec<Entry>, new: Entry, rules: Retention) -> bool {
    let (SessionKey { tenant, .. }, SessionPin { at: now, .. }) = new;
    let age = |entry: &Entry| now.since(entry.1.at);
    // One that is far ahead is from before the clock was set back.
    entries
        .retain(|entry| entry.0 != new.0 && age(entry) <= rules.idle && entry.1.at.since(now) <= rules.idle);
    if entries.len() >= WAYS {
        let count = |tenant| entries.iter().filter(|entry| entry.0.tenant == tenant).count();
        let own = count(tenant);
        let others = entries.iter().filter(|entry| entry.0.tenant != tenant);
        let most = others.map(|entry| count(entry.0.tenant)).max().unwrap_or_default();
        let (gives_way, youngest): (&dyn Fn(&Entry) -> bool, Millis) = if own + 2 <= most {
            (&|entry| entry.0.tenant != tenant && count(entry.0.tenant) == most, Millis::ZERO)
        } else if own == 0 {
            (&|_| true, rules.others)
        } else {
            (&|entry| entry.0.tenant == tenant, rules.own)
        };
        let candidates = entries.iter().enumerate().filter(|(_, entry)| gives_way(entry));
        let oldest = candidates.max_by_key(|(_, entry)| age(entry));
        let Some(place) = oldest.filter(|(_, entry)| age(entry) >= youngest).map(|(place, _)| place) else {
            return false;
        };
        entries.swap_remove(place);
    }
    entries.push(new);
    true
}
