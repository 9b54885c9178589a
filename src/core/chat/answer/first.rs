//! Whether an answer with a good status begins with an error.

use super::super::cursor::{Cursor, Kind};
use super::super::{Fault, decode};
use super::usage::Form;

/// Deepest nesting that is read.
const DEPTH: usize = 64;

/// What the beginning of an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// Nothing yet.
    Undecided,
    /// An answer.
    Good,
    /// An error in place of one, with the status that it names, or 500.
    Error(u16),
}

/// What the beginning of an answer in this form says. `whole`: it is all of it.
pub fn first(form: Form, body: &[u8], whole: bool) -> First {
    let found = match form {
        Form::Document => document(body),
        Form::Events => event(body),
    };
    if whole && found == First::Undecided { First::Good } else { found }
}

/// The first event that has data. Comments keep a connection alive and say nothing.
fn event(body: &[u8]) -> First {
    let end = memchr::memrchr2(b'\n', b'\r', body).unwrap_or_default();
    let lines = body.get(..end).unwrap_or_default().split(|&b| b == b'\n' || b == b'\r');
    let mut named_error = false;
    for line in lines {
        if let Some(name) = line.strip_prefix(b"event:") {
            named_error = name.trim_ascii() == b"error";
        }
        let Some(data) = line.strip_prefix(b"data:") else { continue };
        return match document(data) {
            First::Error(status) => First::Error(status),
            _ if named_error => First::Error(500),
            _ => First::Good,
        };
    }
    First::Undecided
}

/// A document, or the first of a list. It is good with the first field that only answers have.
fn document(body: &[u8]) -> First {
    let mut found = Found::default();
    let mut cursor = Cursor::new(body, DEPTH);
    let read = match cursor.kind() {
        Ok(Kind::Array) => cursor.each_element(|cursor| found.object(cursor, false)),
        Ok(Kind::Object) => found.object(&mut cursor, false),
        Ok(_) => Ok(()),
        Err(_) => return First::Undecided,
    };
    match (found.error, found.good, read) {
        (true, _, _) => First::Error(found.status.unwrap_or(500)),
        (_, true, _) | (_, _, Ok(())) => First::Good,
        _ => First::Undecided,
    }
}

#[derive(Default)]
struct Found {
    good: bool,
    error: bool,
    status: Option<u16>,
}

impl Found {
    fn object(&mut self, cursor: &mut Cursor<'_>, inside: bool) -> Result<(), Fault> {
        if cursor.kind()? != Kind::Object {
            return cursor.skip().map(drop);
        }
        let body = cursor.bytes();
        cursor.each_member(|cursor, key| {
            let key = decode(key.of(body));
            let kind = cursor.kind()?;
            match (&*key, kind) {
                ("error", Kind::Object) if !inside => {
                    self.error = true;
                    self.object(cursor, true)
                }
                ("error", Kind::String) if !inside => {
                    self.error = true;
                    cursor.skip().map(drop)
                }
                ("type", Kind::String) if !inside => {
                    self.error |= cursor.string()?.of(body) == b"error";
                    Ok(())
                }
                ("message", Kind::Object) | ("choices" | "content" | "candidates" | "output", _)
                    if !inside =>
                {
                    self.good |= kind != Kind::Scalar;
                    cursor.skip().map(drop)
                }
                ("code" | "status" | "status_code", Kind::String | Kind::Scalar) if self.error => {
                    let value = if kind == Kind::String { cursor.string()? } else { cursor.scalar()? };
                    let number =
                        std::str::from_utf8(value.of(body)).ok().and_then(|text| text.trim().parse().ok());
                    self.status = self.status.or(number.filter(|status| (400..600).contains(status)));
                    Ok(())
                }
                _ => cursor.skip().map(drop),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_in_good_answers() {
        use First::{Error, Good, Undecided};
        let rows = [
            (Form::Document, r#"{"error":{"message":"Rate limit exceeded","code":429}}"#, Error(429)),
            (Form::Document, r#"{"error":{"message":"x","code":"503"},"user_id":"u"}"#, Error(503)),
            (Form::Document, r#"{"error":"model is overloaded"}"#, Error(500)),
            (
                Form::Document,
                r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
                Error(500),
            ),
            (Form::Document, r#"[{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}]"#, Error(429)),
            (Form::Document, r#"{"id":"resp","object":"response","error":null,"output":[]}"#, Good),
            (Form::Document, r#"{"id":"c","choices":[{"mess"#, Good),
            (Form::Document, r#"{"id":"m","type":"message","content":[{"#, Good),
            (Form::Document, r#"[{"candidates":[{"#, Good),
            (Form::Document, r#"{"id":"c","model":"error"#, Undecided),
            (Form::Document, "  ", Undecided),
            (Form::Events, "data: {\"error\":{\"message\":\"x\",\"code\":502}}\n\n", Error(502)),
            (
                Form::Events,
                "event: error\r\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}\r\n\r\n",
                Error(500),
            ),
            (Form::Events, "event: error\ndata: overloaded\n\n", Error(500)),
            (Form::Events, ": OPENROUTER PROCESSING\n\ndata: {\"error\":{\"code\":429}}\n\n", Error(429)),
            (Form::Events, ": ping\n\n: ping\n\n", Undecided),
            (Form::Events, "data: {\"choices\":[{\"delta\":{\"cont", Undecided),
            (
                Form::Events,
                "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{}}\n\n",
                Good,
            ),
            (Form::Events, "data: {\"choices\":[{\"delta\":{\"content\":\"error\"}}]}\n\n", Good),
            (Form::Events, "data: [DONE]\n\n", Good),
        ];
        for (form, body, expected) in rows {
            assert_eq!(first(form, body.as_bytes(), false), expected, "{body}");
        }
        assert_eq!(first(Form::Document, b"not JSON", true), Good);
        assert_eq!(first(Form::Events, b": nothing\n", true), Good);
    }
}
