//! The event with a stream's usage, taken out again where the client did not ask for it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

/// The longest event that is looked at, in bytes: one of usage is far shorter.
const LONGEST: usize = 16 * 1024;

/// Takes the event of usage out of a stream of events. All other bytes pass as they came, at the latest when their event is
/// whole; an event that cannot be the one passes at once.
#[derive(Debug, Default)]
pub struct ExtraUsage {
    /// The beginning of an event that may be the one.
    held: Vec<u8>,
    /// The event under way is not the one, and has begun to pass.
    passes: bool,
    /// The last byte of the event under way.
    last: u8,
    /// The line under way is empty so far.
    empty: bool,
    /// An event has ended with a carriage return, and whether it was the one: a line feed behind it is a part of it.
    ended: Option<bool>,
}

#[derive(Deserialize)]
struct Chunk {
    choices: Vec<Choice>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    delta: BTreeMap<String, Option<IgnoredAny>>,
    finish_reason: Option<IgnoredAny>,
}

impl Choice {
    /// Whether it says nothing.
    fn is_empty(&self) -> bool {
        self.finish_reason.is_none() && self.delta.values().all(Option::is_none)
    }
}

#[derive(Deserialize)]
struct Usage {
    #[serde(rename = "total_tokens")]
    _total: u64,
}

impl ExtraUsage {
    /// A piece of the stream: what passes on in its place, or none where the piece itself does.
    pub fn feed(&mut self, piece: &[u8], end_of_stream: bool) -> Option<Vec<u8>> {
        let held_before = self.held.len();
        let mut passed = Vec::with_capacity(piece.len().saturating_add(held_before));
        let mut removed = false;
        for &byte in piece {
            if let Some(gone) = self.ended.take()
                && byte == b'\n'
            {
                removed |= gone;
                passed.extend((!gone).then_some(byte));
                continue;
            }
            if self.passes {
                passed.push(byte);
            } else {
                self.held.push(byte);
            }
            if self.ends_with(byte) {
                let gone = !self.passes && is_usage(&self.held);
                if gone {
                    removed = true;
                    self.held.clear();
                }
                passed.append(&mut self.held);
                self.passes = false;
                self.ended = (byte == b'\r').then_some(gone);
            } else if !self.passes && self.held.len() >= LONGEST {
                passed.append(&mut self.held);
                self.passes = true;
            }
        }
        if !self.passes && (end_of_stream || !may_be_usage(&self.held)) && !self.held.is_empty() {
            passed.append(&mut self.held);
            self.passes = true;
        }
        let same = !removed && held_before == 0 && self.held.is_empty();
        (!same).then_some(passed)
    }

    /// Whether the event ends with this byte: with that of a blank line.
    fn ends_with(&mut self, byte: u8) -> bool {
        let half = byte == b'\n' && self.last == b'\r';
        self.last = byte;
        match byte {
            // The second half of a line's end.
            b'\n' if half => false,
            b'\n' | b'\r' if self.empty => {
                self.last = 0;
                true
            }
            b'\n' | b'\r' => {
                self.empty = true;
                false
            }
            _ => {
                self.empty = false;
                false
            }
        }
    }
}

/// The data of an event.
fn data(event: &[u8]) -> impl Iterator<Item = &[u8]> {
    event.split(|byte| matches!(byte, b'\n' | b'\r')).filter_map(|line| line.strip_prefix(b"data:"))
}

/// Whether an event is the one with the usage of a stream: tokens, and no choices, or, as LiteLLM writes it, an empty one.
fn is_usage(event: &[u8]) -> bool {
    let mut all = data(event);
    let (Some(only), None) = (all.next(), all.next()) else { return false };
    let chunk: Result<Chunk, _> = serde_json::from_slice(only);
    chunk.is_ok_and(|chunk| chunk.usage.is_some() && chunk.choices.iter().all(Choice::is_empty))
}

/// Whether an event that has begun so may be the one.
fn may_be_usage(begun: &[u8]) -> bool {
    let Some(data) = data(begun).next() else { return true };
    let data = data.trim_ascii_start();
    if data.first().is_some_and(|first| *first != b'{') {
        return false;
    }
    // A choice has begun that says something.
    let delta =
        memchr::memmem::find(data, br#""delta":"#).and_then(|place| data.get(place.saturating_add(8)..));
    let inside = delta.and_then(|delta| delta.trim_ascii_start().strip_prefix(b"{"));
    let key = inside.and_then(|inside| inside.trim_ascii_start().strip_prefix(b"\""));
    let value = key
        .and_then(|key| memchr::memmem::find(key, b"\":").and_then(|end| key.get(end.saturating_add(2)..)));
    value.and_then(|value| value.trim_ascii_start().first()).is_none_or(|first| *first == b'n')
}
