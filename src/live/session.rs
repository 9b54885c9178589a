//! Which model a conversation is held by. A fixed number of places; where all that a conversation may lie in are taken, the
//! one that was used the longest ago gives way. A place holds numbers only: what a conversation is told by is hashed with
//! a salt that the process made up.

use std::hash::{DefaultHasher, Hasher};

use super::Store;
use crate::fnv::Fnv;
use crate::sealed::{Reader, sealed, unsealed};
use crate::tier::Tier;

/// Places for conversations.
pub const SESSION_SLOTS: usize = 4096;
/// The last byte is the version of the format.
const MAGIC: &[u8; 4] = b"tgC\x01";
/// A conversation is looked for in so many places, from that of its number on.
const NEIGHBOURS: usize = 4;
/// So much of each text tells a conversation, in bytes.
const MOST: usize = 4096;
const SALT: &str = "tiergate.session.salt";

/// What a conversation is held by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Number of the model's name.
    pub model: u64,
    /// The tier that it serves.
    pub tier: Tier,
    /// When it served last.
    pub at: u64,
}

impl Held {
    /// Held by a model from now on.
    pub fn by(model: &str, tier: Tier, now: u64) -> Self {
        Self { model: Fnv::of(model.as_bytes()), tier, at: now }
    }

    /// Whether it is held by the model of this name.
    pub fn is(&self, model: &str) -> bool {
        self.model == Fnv::of(model.as_bytes())
    }

    fn encode(&self, session: u64) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        let numbers = [session, self.model, self.tier as u64, self.at];
        bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        sealed(bytes)
    }

    fn decode(bytes: &[u8]) -> Option<(u64, Self)> {
        let mut reader = Reader(unsealed(bytes)?.strip_prefix(MAGIC)?);
        let (session, model, tier, at) =
            (reader.number()?, reader.number()?, reader.number()?, reader.number()?);
        let tier = *Tier::ALL.get(usize::try_from(tier).ok()?)?;
        reader.0.is_empty().then_some((session, Self { model, tier, at }))
    }
}

/// The number of a conversation: of what it is told by, in this process.
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

/// What a conversation is held by, unless it was quiet for longer than `idle` milliseconds. A time that is ahead counts
/// as now, for the clock was set back.
pub fn held(store: &impl Store, session: u64, idle: u64, now: u64) -> Option<Held> {
    places(session).find_map(|slot| {
        let (known, held) = Held::decode(&store.get(&key(slot))?.0)?;
        (known == session && now.saturating_sub(held.at) <= idle).then_some(held)
    })
}

/// Writes down what a conversation is held by from now on. Where somebody else writes at the same time, it may be lost.
pub fn hold(store: &impl Store, session: u64, held: Held) {
    // The place of this conversation, else one that holds nothing of ours, else the oldest.
    let mut best: Option<(u64, usize, Option<u32>)> = None;
    for slot in places(session) {
        let entry = store.get(&key(slot));
        let cas = entry.as_ref().map(|(_, cas)| *cas);
        let age = match entry.and_then(|(bytes, _)| Held::decode(&bytes)) {
            Some((known, _)) if known == session => {
                best = Some((0, slot, cas));
                break;
            }
            Some((_, other)) => other.at.saturating_add(1),
            None => 1,
        };
        if best.is_none_or(|(known, ..)| age < known) {
            best = Some((age, slot, cas));
        }
    }
    if let Some((_, slot, cas)) = best {
        let _ = store.set(&key(slot), &held.encode(session), cas);
    }
}

fn places(session: u64) -> impl Iterator<Item = usize> {
    let home = (session % SESSION_SLOTS as u64) as usize;
    (0..NEIGHBOURS).map(move |step| (home + step) % SESSION_SLOTS)
}

fn key(slot: usize) -> String {
    format!("tiergate.session.{slot:04}")
}
