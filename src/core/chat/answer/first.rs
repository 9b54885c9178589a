//! Whether an answer with a good status begins with an error.

use super::super::cursor::{Cursor, Kind};
use super::super::{Fault, decode};
use super::usage::Form;

/// Deepest nesting that is read.
const DEPTH: usize = 64;
/// Streams may begin with it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// Types of events that come before an answer, or before the error in place of one: Anthropic's, and those of OpenAI's
/// responses.
const OPENING: [&[u8]; 4] = [b"ping", b"response.created", b"response.queued", b"response.in_progress"];
/// What stands for success where others write the code of an error.
const SUCCESS: [&[u8]; 9] = [b"", b"0", b"200", b"20000", b"null", b"ok", b"OK", b"success", b"Success"];

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

/// What the beginning of an answer in this form says. `whole`: it is all of it. One that ends with nothing in it is no
/// answer.
pub fn first(form: Form, body: &[u8], whole: bool) -> First {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    let found = match form {
        Form::Document => document(body).first(),
        Form::Events => events(body, whole),
    };
    let nothing = form == Form::Events || body.trim_ascii().is_empty();
    match found {
        First::Undecided if whole && nothing => First::Error(500),
        First::Undecided if whole => First::Good,
        found => found,
    }
}

/// The first event that says something. Comments keep a connection alive, and some events only open the stream.
fn events(body: &[u8], whole: bool) -> First {
    let end = if whole { body.len() } else { memchr::memrchr2(b'\n', b'\r', body).unwrap_or_default() };
    let lines = body.get(..end).unwrap_or_default().split(|&b| b == b'\n' || b == b'\r');
    let mut name: &[u8] = b"";
    for line in lines {
        if let Some(named) = line.strip_prefix(b"event:") {
            name = named.trim_ascii();
        }
        let Some(data) = line.strip_prefix(b"data:") else {
            // A document where events were promised.
            if whole && line.trim_ascii_start().starts_with(b"{") {
                return document(body).first();
            }
            continue;
        };
        let data = data.trim_ascii();
        let found = document(data);
        match found.first() {
            First::Error(status) => return First::Error(status),
            _ if name == b"error" || data == b"[DONE]" => return First::Error(500),
            _ if name == b"ping" || found.opens || data.is_empty() => {}
            _ => return First::Good,
        }
    }
    First::Undecided
}

/// A document, or the first of a list.
fn document(body: &[u8]) -> Found {
    let mut found = Found::default();
    let mut cursor = Cursor::new(body, DEPTH);
    let read = match cursor.kind() {
        Ok(Kind::Array) => cursor.each_element(|cursor| found.object(cursor)),
        Ok(Kind::Object) => found.object(&mut cursor),
        Ok(_) => Ok(()),
        Err(fault) => Err(fault),
    };
    found.ended = read.is_ok();
    found
}

/// What a document says.
#[derive(Default)]
struct Found {
    /// All of it was read.
    ended: bool,
    /// It has a field that only answers have.
    good: bool,
    /// It is an error.
    error: bool,
    status: Option<u16>,
    /// It comes before an answer.
    opens: bool,
    /// It has a code that is none of success (`code`, `error_code`, `base_resp`).
    coded: bool,
    /// It says that it failed (`success`).
    failed: bool,
    /// It has a message, or a list of errors.
    message: bool,
    /// A code that needs no message (`base_resp`).
    alone: bool,
    /// It has something in it that may be what was asked for.
    payload: bool,
}

impl Found {
    /// It is good with the first field that only answers have. What may be an error is one where the document ends
    /// without such a field.
    fn first(&self) -> First {
        let seems = self.alone || (self.message && (self.coded || self.failed));
        if self.error || (self.ended && seems && !self.good && !self.payload) {
            First::Error(self.status.unwrap_or(500))
        } else if self.good || self.ended {
            First::Good
        } else {
            First::Undecided
        }
    }

    /// A whole document.
    fn object(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        members(cursor, |cursor, key, kind| {
            match (key, kind) {
                ("error", _) => return self.error_of(cursor, kind),
                ("response", Kind::Object) => return self.response(cursor),
                ("base_resp", Kind::Object) => return self.base_resp(cursor),
                ("type" | "object", Kind::String) => return self.kind(cursor),
                ("choices", Kind::Array) => return self.choices(cursor),
                ("code" | "status" | "status_code" | "error_code", Kind::String | Kind::Scalar) => {
                    return self.code(cursor, matches!(key, "code" | "error_code"));
                }
                ("success", Kind::Scalar) => {
                    self.failed |= cursor.scalar()?.of(cursor.bytes()) == b"false";
                    return Ok(());
                }
                ("message", Kind::Object) | ("choices" | "content" | "candidates" | "output", _) => {
                    self.good |= kind != Kind::Scalar;
                }
                ("message" | "msg" | "error_msg", Kind::String) => self.message = true,
                ("data" | "result" | "results", _) => self.payload |= kind != Kind::Scalar,
                ("errors", Kind::Array) => {
                    let errors = cursor.skip()?.of(cursor.bytes());
                    self.message |= errors.len() > 2;
                    return Ok(());
                }
                _ => {}
            }
            cursor.skip().map(drop)
        })
    }

    fn kind(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        let kind = cursor.string()?.of(cursor.bytes());
        self.error |= matches!(kind, b"error" | b"response.failed");
        self.opens |= OPENING.contains(&kind);
        Ok(())
    }

    fn error_of(&mut self, cursor: &mut Cursor<'_>, kind: Kind) -> Result<(), Fault> {
        match kind {
            Kind::Object => {
                self.error = true;
                members(cursor, |cursor, key, kind| match (key, kind) {
                    ("code" | "status" | "status_code", Kind::String | Kind::Scalar) => {
                        self.code(cursor, false)
                    }
                    _ => cursor.skip().map(drop),
                })
            }
            Kind::String => {
                self.error |= !cursor.string()?.of(cursor.bytes()).is_empty();
                Ok(())
            }
            _ => cursor.skip().map(drop),
        }
    }

    /// What an event of OpenAI's responses carries.
    fn response(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        members(cursor, |cursor, key, kind| match key {
            "error" => self.error_of(cursor, kind),
            _ => cursor.skip().map(drop),
        })
    }

    /// MiniMax's.
    fn base_resp(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        members(cursor, |cursor, key, kind| match (key, kind) {
            ("status_code", Kind::Scalar) => {
                self.alone |= !SUCCESS.contains(&cursor.scalar()?.of(cursor.bytes()));
                Ok(())
            }
            _ => cursor.skip().map(drop),
        })
    }

    /// An answer, whose first choice may be an error (OpenRouter).
    fn choices(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        self.good = true;
        let mut is_first = true;
        cursor.each_element(|cursor| {
            if !std::mem::take(&mut is_first) || cursor.kind()? != Kind::Object {
                return cursor.skip().map(drop);
            }
            members(cursor, |cursor, key, kind| match key {
                "error" => self.error_of(cursor, kind),
                _ => cursor.skip().map(drop),
            })
        })
    }

    /// A code, which may be a status. `says`: one that is none of success says that something is wrong.
    fn code(&mut self, cursor: &mut Cursor<'_>, says: bool) -> Result<(), Fault> {
        let value = if cursor.kind()? == Kind::String { cursor.string()? } else { cursor.scalar()? };
        let value = value.of(cursor.bytes());
        self.coded |= says && !SUCCESS.contains(&value);
        let number = std::str::from_utf8(value).ok().and_then(|text| text.trim().parse().ok());
        self.status = self.status.or(number.filter(|status| (400..600).contains(status)));
        Ok(())
    }
}

/// Calls `member` with the key and the kind of each member of the object that begins here; passes over any other value.
fn members(
    cursor: &mut Cursor<'_>,
    mut member: impl FnMut(&mut Cursor<'_>, &str, Kind) -> Result<(), Fault>,
) -> Result<(), Fault> {
    if cursor.kind()? != Kind::Object {
        return cursor.skip().map(drop);
    }
    let body = cursor.bytes();
    cursor.each_member(|cursor, key| {
        let kind = cursor.kind()?;
        member(cursor, &decode(key.of(body)), kind)
    })
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
            (Form::Document, "{\"error\":\"model runner has unexpectedly stopped\"}\n", Error(500)),
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
            (Form::Events, "data: [DONE]\n\n", Error(500)),
            (Form::Events, "\u{feff}data: {\"error\":{\"code\":429}}\n\n", Error(429)),
        ];
        for (form, body, expected) in rows {
            assert_eq!(first(form, body.as_bytes(), false), expected, "{body}");
        }
        for (form, body, expected) in [
            (Form::Document, "not JSON", Good),
            (Form::Document, "{}", Good),
            (Form::Document, "", Error(500)),
            (Form::Document, " \n", Error(500)),
            (Form::Events, "", Error(500)),
            (Form::Events, ": nothing\n", Error(500)),
            (Form::Events, "data: [DONE]", Error(500)),
            (Form::Events, "data: {\"choices\":[{\"delta\":{}}]}", Good),
            (Form::Events, "{\"choices\":[{\"message\":{}}]}", Good),
            (Form::Events, "{\"error\":{\"code\":503}}", Error(503)),
        ] {
            assert_eq!(first(form, body.as_bytes(), true), expected, "{body}");
        }
    }

    /// Errors in keys of their own, and good answers that have these keys as well.
    #[test]
    fn errors_in_the_forms_of_providers() {
        use First::{Error, Good, Undecided};
        for (body, expected) in [
            // MiniMax
            (
                r#"{"id":"","choices":null,"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}"#,
                Error(500),
            ),
            (r#"{"choices":[{"message":{}}],"base_resp":{"status_code":0,"status_msg":""}}"#, Good),
            (r#"{"id":"","choices":null,"base_resp":{"status_co"#, Undecided),
            // Baidu
            (r#"{"error_code":336007,"error_msg":"too many characters","id":"as-1"}"#, Error(500)),
            (r#"{"id":"as-1","result":"Hello","error_code":0,"error_msg":""}"#, Good),
            // DashScope, Xunfei
            (r#"{"code":"Throttling.RateQuota","message":"limit exceeded","request_id":"x"}"#, Error(500)),
            (r#"{"status_code":400,"code":"InvalidParameter","message":"no"}"#, Error(400)),
            (r#"{"status_code":200,"code":"","message":"","request_id":"x"}"#, Good),
            (r#"{"code":10013,"message":"no","sid":"x"}"#, Error(500)),
            (r#"{"code":0,"message":"Success","sid":"x","choices":[{"message":{}}]}"#, Good),
            (r#"{"code":1,"message":"warned","data":[{"embedding":[0.5]}]}"#, Good),
            (r#"{"code":7}"#, Good),
            // Cloudflare, Zhipu
            (r#"{"success":false,"errors":[{"code":3040,"message":"no"}],"result":null}"#, Error(500)),
            (r#"{"success":true,"errors":[],"messages":[],"result":{"response":"Hello"}}"#, Good),
            (r#"{"code":500,"msg":"404 NOT_FOUND","success":false}"#, Error(500)),
            // vLLM
            (
                r#"{"object":"error","message":"out of memory","type":"InternalServerError","code":503}"#,
                Error(503),
            ),
            // OpenRouter
            (
                r#"{"id":"g","choices":[{"finish_reason":"error","error":{"code":502,"message":"no"},"message":{"content":""}}]}"#,
                Error(502),
            ),
            (r#"{"id":"g","choices":[{"error":null,"message":{"content":"{"error":1}"}}]}"#, Good),
            // OpenAI's responses
            (
                r#"{"object":"response","status":"failed","error":{"code":"server_error"},"output":[]}"#,
                Error(500),
            ),
        ] {
            assert_eq!(first(Form::Document, body.as_bytes(), false), expected, "{body}");
            // An event is read when its line is whole.
            let expected = if expected == Undecided { Good } else { expected };
            let event = format!("data: {body}\n\n");
            assert_eq!(first(Form::Events, event.as_bytes(), false), expected, "{event}");
        }
    }

    #[test]
    fn errors_behind_events_that_only_open_a_stream() {
        use First::{Error, Good, Undecided};
        let created = "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"error\":null,\"output\":[]}}\n\n";
        let ping = "event: ping\ndata: {\"type\":\"ping\"}\n\n";
        let failed = "event: response.failed\ndata: {\"type\":\"response.failed\",\"response\":{\"status\":\"failed\",\"error\":{\"code\":\"server_error\"}}}\n\n";
        let error = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}\n\n";
        let item = "event: response.output_item.added\ndata: {\"type\":\"response.output_item.added\"}\n\n";
        for (events, expected) in [
            (vec![failed], Error(500)),
            (vec![created], Undecided),
            (vec![created, failed], Error(500)),
            (vec![created, item, failed], Good),
            (vec![ping], Undecided),
            (vec!["data: \n\n", ping, error], Error(500)),
            (vec![ping, "event: message_start\ndata: {\"type\":\"message_start\"}\n\n"], Good),
        ] {
            let events = events.concat();
            assert_eq!(first(Form::Events, events.as_bytes(), false), expected, "{events}");
            if expected == Undecided {
                assert_eq!(first(Form::Events, events.as_bytes(), true), Error(500), "{events}");
            }
        }
    }
}
