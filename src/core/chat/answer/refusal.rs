//! Why a model would not serve a request, by the body of its answer: by codes and types first, then by the wordings
//! of messages.

use super::super::cursor::{Cursor, Kind};
use super::super::{Fault, decode};
use super::message::{names_a_place, unquoted};
use super::wordings::{self, Meaning};

/// No error body that is longer is read.
pub const LONGEST_REFUSAL: usize = 64 * 1024;
/// Deepest nesting of an error body.
const DEPTH: usize = 32;
/// Deepest nesting of objects that say something of the error.
const DEEPEST: usize = 8;
/// Longest text that is looked at.
const LONGEST_TEXT: usize = 4096;
/// The most text of a body that is looked at.
const MOST_TEXT: usize = 4 * LONGEST_TEXT;

/// A reason that another model may not have. A closed list: headers, metrics and configuration use these words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// The request has more tokens than the model takes.
    ContextWindow,
    /// The model's provider does not want to serve what is asked.
    ContentPolicy,
    /// The provider cannot serve the model now, whatever is asked: no money, no quota, no such model.
    Unserviceable,
    /// The conversation has something in it that only the model that began it takes, or lacks what this one wants.
    ForeignHistory,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Refusal; 4] =
        [Refusal::ContextWindow, Refusal::ContentPolicy, Refusal::Unserviceable, Refusal::ForeignHistory];

    /// The word for headers, metrics and configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Refusal::ContextWindow => "context_window",
            Refusal::ContentPolicy => "content_policy",
            Refusal::Unserviceable => "unserviceable",
            Refusal::ForeignHistory => "foreign_history",
        }
    }

    /// Whether an answer of this status may be a refusal.
    pub const fn may_be(status: u16) -> bool {
        matches!(status, 400 | 402 | 403 | 404 | 410 | 412 | 413 | 422)
    }
}

/// Why a request was refused, by status and body of the answer; none where the error is another. The body may be JSON,
/// events or plain text, whatever its content type says.
pub fn refusal(status: u16, body: &[u8]) -> Option<Refusal> {
    if !Refusal::may_be(status) {
        return None;
    }
    let mut found = Found::default();
    found.document(body, 0);
    found.refusal().or(match status {
        402 => Some(Refusal::Unserviceable),
        // No server says so of a request that is not too large for it.
        413 => Some(Refusal::ContextWindow),
        _ => None,
    })
}

/// What an error says of itself. Of several rows of the table the first counts.
#[derive(Default)]
struct Found {
    code: Option<(usize, Refusal)>,
    wording: Option<(usize, Refusal)>,
    /// A code says that the request is wrong.
    invalid: bool,
    /// Text that was looked at, in bytes.
    looked_at: usize,
}

impl Found {
    fn refusal(&self) -> Option<Refusal> {
        let wording = self.wording.map(|(_, refusal)| refusal);
        let wording = wording.filter(|refusal| !self.invalid || *refusal == Refusal::ForeignHistory);
        self.code.map(|(_, refusal)| refusal).or(wording)
    }

    /// A whole body, or one that stands in a string of another.
    fn document(&mut self, body: &[u8], depth: usize) {
        let body = body.trim_ascii_start();
        let is_events =
            [&b"data:"[..], b"event:", b"id:", b"retry:", b":"].iter().any(|start| body.starts_with(start));
        if is_events {
            let lines = body.split(|&b| b == b'\n' || b == b'\r');
            for line in lines.filter_map(|line| line.strip_prefix(b"data:")) {
                self.document(line, depth + 1);
            }
            return;
        }
        match body {
            // What was read before a fault counts: a body may be cut off behind what matters.
            [b'{' | b'[' | b'"', ..] if depth <= DEEPEST => {
                let _ = self.value(&mut Cursor::new(body, DEPTH), depth);
            }
            // A page for people.
            [] | [b'<', b'!' | b'?' | b'a'..=b'z' | b'A'..=b'Z', ..] => {}
            _ => self.text(&String::from_utf8_lossy(body.get(..LONGEST_TEXT).unwrap_or(body))),
        }
    }

    /// A value that says something of the error.
    fn value(&mut self, cursor: &mut Cursor<'_>, depth: usize) -> Result<(), Fault> {
        match cursor.kind()? {
            Kind::Object if depth <= DEEPEST => self.object(cursor, depth),
            Kind::Array if depth <= DEEPEST => cursor.each_element(|cursor| self.value(cursor, depth + 1)),
            Kind::String => {
                let raw = cursor.string()?.of(cursor.bytes());
                let raw = raw.get(..LONGEST_TEXT).unwrap_or(raw);
                let text = decode(raw);
                if depth <= DEEPEST && text.trim_start().starts_with(['{', '[']) {
                    self.document(text.as_bytes(), depth + 1);
                }
                self.text(&text);
                Ok(())
            }
            _ => cursor.skip().map(drop),
        }
    }

    fn object(&mut self, cursor: &mut Cursor<'_>, depth: usize) -> Result<(), Fault> {
        let body = cursor.bytes();
        cursor.each_member(|cursor, key| {
            let key = decode(key.of(body)).to_ascii_lowercase();
            let kind = cursor.kind()?;
            match &*key {
                "code" | "type" | "status" | "reason" | "error_type" | "error_code" | "errorcode"
                | "status_code" | "__type" | "blockreason"
                    if matches!(kind, Kind::String | Kind::Scalar) =>
                {
                    let value = if kind == Kind::String { cursor.string()? } else { cursor.scalar()? };
                    self.code(value.of(body));
                    Ok(())
                }
                "message" | "msg" | "error" | "errors" | "detail" | "details" | "raw" | "error_msg"
                | "error_message" | "errormessage" | "status_msg" | "description" | "metadata" | "cause"
                | "base_resp" | "innererror" | "inner_error" | "response" | "choices" => {
                    self.value(cursor, depth + 1)
                }
                _ => cursor.skip().map(drop),
            }
        })
    }

    fn code(&mut self, raw: &[u8]) {
        // No code is longer.
        let Some(code) = Some(decode(raw)).filter(|code| code.len() <= 128) else { return };
        // AWS writes a name space before it.
        let code = code.rsplit('#').next().unwrap_or_default().trim().to_ascii_lowercase();
        match wordings::code(&code) {
            Some((_, Meaning::Invalid)) => self.invalid = true,
            Some((row, Meaning::Refused(refusal))) => self.code = earlier(self.code, (row, refusal)),
            None => {}
        }
    }

    fn text(&mut self, text: &str) {
        self.looked_at = self.looked_at.saturating_add(text.len());
        if self.looked_at > MOST_TEXT {
            return;
        }
        let plain = unquoted(text);
        let about_a_place = names_a_place(&plain);
        // What is said of a place of the body is no refusal, but for what a place of the conversation has or lacks.
        let foreign = Meaning::Refused(Refusal::ForeignHistory);
        match wordings::wording(&plain, |means| about_a_place && means != foreign) {
            Some((row, Meaning::Refused(refusal))) => self.wording = earlier(self.wording, (row, refusal)),
            Some((_, Meaning::Invalid)) | None => {}
        }
    }
}

fn earlier(known: Option<(usize, Refusal)>, new: (usize, Refusal)) -> Option<(usize, Refusal)> {
    Some(known.map_or(new, |known| if new.0 < known.0 { new } else { known }))
}
