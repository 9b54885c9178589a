//! The models that a call names which is no conversation: counting of tokens, embeddings, batches.

use super::cursor::{Cursor, Kind};
use super::{Fault, Limits, Span, decode};

/// Most of them that are read. A batch has one a request.
pub const MOST_ASKED: usize = 10_000;

/// What a body names.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The strings that name a model, rising, quotes included.
    pub spans: Vec<Span>,
    /// There are more than [`MOST_ASKED`].
    pub more: bool,
    /// Why the body could not be read to its end.
    pub fault: Option<Fault>,
}

impl Asked {
    /// The models of a body: its own, and in a batch those of its requests.
    pub fn of(body: &[u8], limits: &Limits) -> Self {
        let mut asked = Self::default();
        let mut cursor = Cursor::new(body, limits.max_depth);
        asked.fault = asked.members(&mut cursor, 0).err();
        if asked.fault == Some(Fault::NotJson) {
            while let Some(value) = cursor.next_value_of("model") {
                asked.push(body, value);
            }
        }
        asked
    }

    /// `model`, `requests: [{model}]` (Gemini) and `requests: [{params: {model}}]` (Anthropic).
    fn members(&mut self, cursor: &mut Cursor<'_>, depth: usize) -> Result<(), Fault> {
        let body = cursor.bytes();
        cursor.each_member(|cursor, key| {
            let kind = cursor.kind()?;
            match (&*decode(key.of(body)), kind, depth) {
                ("model", Kind::String, _) => {
                    let value = cursor.skip()?;
                    self.push(body, value);
                }
                ("requests", Kind::Array, 0) => cursor.each_element(|cursor| match cursor.kind()? {
                    Kind::Object => self.members(cursor, 1),
                    _ => cursor.skip().map(drop),
                })?,
                ("params", Kind::Object, 1) => self.members(cursor, 2)?,
                _ => drop(cursor.skip()?),
            }
            Ok(())
        })
    }

    fn push(&mut self, body: &[u8], value: Span) {
        if !value.of(body).starts_with(b"\"") {
            return;
        }
        if self.spans.len() < MOST_ASKED {
            self.spans.push(value);
        } else {
            self.more = true;
        }
    }
}

/// What a string says whose span has its quotes.
pub fn said(span: Span, body: &[u8]) -> std::borrow::Cow<'_, str> {
    let inside = Span { start: span.start.saturating_add(1), end: span.end.saturating_sub(1) };
    decode(inside.of(body))
}
