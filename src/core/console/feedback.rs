//! "Should have been …": what people say of a decision. It becomes a line of the access log.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::live::Store;
use crate::sealed::{Reader, sealed, unsealed};
use crate::tier::Tier;
use crate::time::{Millis, Seconds, Timestamp};

/// The last byte is the version of the format.
const MAGIC: &[u8; 4] = b"tgF\x01";
const KEY: &str = "tiergate.feedback";
/// How often an update is tried at most.
const TRIES: usize = 3;
/// Longest id of a request, in bytes.
const LONGEST: usize = 128;
const MINUTE: Millis = Millis::of_seconds(60);

/// Whether a decision was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Thumbs {
    Up,
    Down,
}

/// What is said of a decision.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feedback {
    request_id: String,
    tier: Option<Tier>,
    thumbs: Option<Thumbs>,
}

impl Feedback {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// What is wrong with it, in words that repeat nothing of it but names of fields.
    #[cold]
    pub fn read(body: &[u8]) -> Result<Self, String> {
        let wanted = "give an object with `request_id`, and with `tier` (SIMPLE, MEDIUM, COMPLEX or REASONING) or \
                      `thumbs` (up or down)";
        let feedback: Self = serde_json::from_slice(body).map_err(|_| wanted.to_owned())?;
        if feedback.tier.is_none() && feedback.thumbs.is_none() {
            return Err(wanted.to_owned());
        }
        // It goes into a log: nothing there may look like another field.
        let id = feedback.request_id.as_bytes();
        let plain = |b: &u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'\\' | b'<' | b'>' | b'&');
        if id.is_empty() || id.len() > LONGEST || !id.iter().all(plain) {
            return Err("`request_id` has to be the `x-request-id` of an answer".to_owned());
        }
        Ok(feedback)
    }

    /// What the access log gets. `decisions`: the recent ones, as JSON, the newest first. Whether the decision is among
    /// them.
    #[cold]
    pub fn record(&self, decisions: &[(Timestamp, String)], from: &str) -> (Value, bool) {
        let decided = decisions.iter().find_map(|(_, line)| {
            // Most lines do not have the id in them at all.
            memchr::memmem::find(line.as_bytes(), self.request_id.as_bytes())?;
            let line: Value = serde_json::from_str(line).ok()?;
            let field = |name: &str| line.get(name).cloned().unwrap_or(Value::Null);
            (field("request_id") == self.request_id.as_str()).then(|| {
                json!({
                    "time_ms": field("time_ms"), "tier": field("tier"), "model": field("model"),
                    "profile": field("profile"), "cause": field("cause"), "score": field("score"),
                    "confidence": field("confidence"),
                })
            })
        });
        let known = decided.is_some();
        let record = json!({"feedback": {
            "request_id": self.request_id, "tier": self.tier, "thumbs": self.thumbs, "from": from, "decided": decided,
        }});
        (record, known)
    }
}

/// Whether one more may be taken in this minute, of all workers together; else after what time.
///
/// # Errors
/// The time.
pub fn admits(store: &impl Store, now: Timestamp, per_minute: u32) -> Result<(), Seconds> {
    let minute = now.period(MINUTE);
    let wait = Timestamp::start_of(minute + 1, MINUTE).since(now).seconds_up();
    for _ in 0..TRIES {
        let known = store.get(KEY);
        let cas = known.as_ref().map(|(_, cas)| *cas);
        let count = known.and_then(|(bytes, _)| decode(&bytes));
        let count = count.filter(|(at, _)| *at == minute).map_or(0, |(_, count)| count);
        if count >= u64::from(per_minute) {
            return Err(wait);
        }
        let mut bytes = MAGIC.to_vec();
        bytes.extend(minute.to_le_bytes());
        bytes.extend((count + 1).to_le_bytes());
        if store.set(KEY, &sealed(bytes), cas).is_ok() {
            return Ok(());
        }
    }
    Err(Seconds::of(1))
}

fn decode(bytes: &[u8]) -> Option<(u64, u64)> {
    let mut reader = Reader(unsealed(bytes)?.strip_prefix(MAGIC)?);
    Some((reader.number()?, reader.number()?))
}
