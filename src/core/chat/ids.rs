//! What a request says of the person and the conversation that it is of.

use super::cursor::{Cursor, Fault, Kind, Span};
use super::{Dialect, decode};

/// Ids that a client gives, as spans of the body without quotes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ids {
    /// The end user's: `user`, or Anthropic's `metadata.user_id`.
    pub user: Option<Span>,
    /// The conversation's: `metadata.session_id`.
    pub session: Option<Span>,
    /// `prompt_cache_key`.
    pub cache_key: Option<Span>,
    /// The answer that the request goes on from, which the provider keeps: `previous_response_id`.
    pub previous: Option<Span>,
    /// What else the request refers to that one provider keeps: `conversation` of the responses dialect, Gemini's
    /// `cachedContent`.
    pub kept: Option<Span>,
}

impl Ids {
    /// Reads a top-level field, if it is one of an id.
    pub(super) fn field(
        &mut self,
        key: &str,
        dialect: Dialect,
        cursor: &mut Cursor<'_>,
    ) -> Result<(), Fault> {
        match (key, dialect) {
            ("user", _) => string(&mut self.user, cursor),
            ("prompt_cache_key", _) => string(&mut self.cache_key, cursor),
            ("previous_response_id", Dialect::Responses) => string(&mut self.previous, cursor),
            ("conversation", Dialect::Responses) => match cursor.kind()? {
                Kind::Object => members(cursor, |key, cursor| match key {
                    "id" => string(&mut self.kept, cursor),
                    _ => cursor.skip().map(drop),
                }),
                _ => string(&mut self.kept, cursor),
            },
            ("cachedContent" | "cached_content", Dialect::Gemini(_)) => string(&mut self.kept, cursor),
            ("metadata", _) if cursor.kind()? == Kind::Object => {
                members(cursor, |key, cursor| match (key, dialect) {
                    ("user_id", Dialect::Messages) => string(&mut self.user, cursor),
                    ("session_id", _) => string(&mut self.session, cursor),
                    _ => cursor.skip().map(drop),
                })
            }
            _ => cursor.skip().map(drop),
        }
    }
}

/// Notes a string that is not empty; skips anything else.
fn string(place: &mut Option<Span>, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
    match cursor.kind()? {
        Kind::String => *place = Some(cursor.string()?).filter(|span| !span.is_empty()),
        _ => drop(cursor.skip()?),
    }
    Ok(())
}

fn members(
    cursor: &mut Cursor<'_>,
    mut member: impl FnMut(&str, &mut Cursor<'_>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let body = cursor.bytes();
    cursor.each_member(|cursor, key| member(&decode(key.of(body)), cursor))
}
