//! Why a model would not serve a request, told by the body of its answer.

use super::super::cursor::{Cursor, Kind};
use super::super::{Fault, decode};

/// No error body that is longer is read.
pub const LONGEST_REFUSAL: usize = 64 * 1024;
/// Deepest nesting of an error body.
const DEPTH: usize = 32;
/// Longest text that is looked at.
const LONGEST_TEXT: usize = 4096;

/// A reason that another model may not have. A closed list: headers, metrics and configuration use these words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// The request has more tokens than the model takes.
    ContextWindow,
    /// The model's provider does not want to serve what is asked.
    ContentPolicy,
}

impl Refusal {
    /// The word for headers, metrics and configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Refusal::ContextWindow => "context_window",
            Refusal::ContentPolicy => "content_policy",
        }
    }
}

/// Codes and types of errors, lower-case, where they are the whole value. Sources: the error references of OpenAI,
/// Azure OpenAI, Anthropic and Alibaba, llama.cpp's server, LiteLLM's exceptions.
const CODES: [(&str, Refusal); 11] = [
    ("context_length_exceeded", Refusal::ContextWindow),
    ("exceed_context_size_error", Refusal::ContextWindow),
    ("contextwindowexceedederror", Refusal::ContextWindow),
    ("content_policy_violation", Refusal::ContentPolicy),
    ("content_filter", Refusal::ContentPolicy),
    ("content_filter_error", Refusal::ContentPolicy),
    ("contentpolicyviolationerror", Refusal::ContentPolicy),
    ("responsibleaipolicyviolation", Refusal::ContentPolicy),
    ("moderation_blocked", Refusal::ContentPolicy),
    ("data_inspection_failed", Refusal::ContentPolicy),
    ("datainspectionfailed", Refusal::ContentPolicy),
];

/// What messages have in them, lower-case: providers whose codes say no more than `invalid_request_error`, and gateways
/// that put the provider's message into one of their own.
const PHRASES: [(&str, Refusal); 21] = [
    ("context_length_exceeded", Refusal::ContextWindow),
    ("contextwindowexceedederror", Refusal::ContextWindow),
    ("maximum context length", Refusal::ContextWindow),
    ("exceeds the context window", Refusal::ContextWindow),
    ("exceed context limit", Refusal::ContextWindow),
    ("exceeds the context limit", Refusal::ContextWindow),
    ("exceeds the available context size", Refusal::ContextWindow),
    ("longer than the model's context length", Refusal::ContextWindow),
    ("prompt is too long", Refusal::ContextWindow),
    ("input is too long for requested model", Refusal::ContextWindow),
    ("exceeds the maximum number of tokens allowed", Refusal::ContextWindow),
    ("reduce the length of the", Refusal::ContextWindow),
    ("content_policy_violation", Refusal::ContentPolicy),
    ("contentpolicyviolationerror", Refusal::ContentPolicy),
    ("responsibleaipolicyviolation", Refusal::ContentPolicy),
    ("content_filter_policy", Refusal::ContentPolicy),
    ("content management policy", Refusal::ContentPolicy),
    ("content filtering policy", Refusal::ContentPolicy),
    ("our safety system", Refusal::ContentPolicy),
    ("violating our usage policy", Refusal::ContentPolicy),
    ("data_inspection_failed", Refusal::ContentPolicy),
];

/// Why a request was refused, in the dialects of OpenAI, Anthropic and Gemini and of LiteLLM; none where the error is
/// another, or the body is no JSON object (or list of one).
pub fn refusal(body: &[u8]) -> Option<Refusal> {
    let mut found = Found::default();
    let mut cursor = Cursor::new(body, DEPTH);
    // What was read before a fault counts: a body may be cut off behind what matters.
    let _ = match cursor.kind().ok()? {
        Kind::Array => cursor.each_element(|cursor| found.object(cursor, 0)),
        _ => found.object(&mut cursor, 0),
    };
    found.code.or(found.phrase)
}

#[derive(Default)]
struct Found {
    code: Option<Refusal>,
    phrase: Option<Refusal>,
}

impl Found {
    /// An object whose fields may tell: the document, its `error`, and what these have inside.
    fn object(&mut self, cursor: &mut Cursor<'_>, depth: usize) -> Result<(), Fault> {
        if cursor.kind()? != Kind::Object {
            return cursor.skip().map(drop);
        }
        let body = cursor.bytes();
        cursor.each_member(|cursor, key| {
            let key = decode(key.of(body));
            match (&*key, cursor.kind()?) {
                ("code" | "type" | "status", Kind::String) => {
                    let code = lower(cursor.string()?.of(body));
                    let known = CODES.iter().find(|(name, _)| *name == code).map(|(_, refusal)| *refusal);
                    self.code = self.code.or(known);
                    Ok(())
                }
                ("message" | "error" | "detail", Kind::String) => {
                    let text = lower(cursor.string()?.of(body));
                    let known = PHRASES.iter().find(|(phrase, _)| text.contains(phrase));
                    self.phrase = self.phrase.or(known.map(|(_, refusal)| *refusal));
                    Ok(())
                }
                ("error" | "innererror" | "detail", Kind::Object) if depth < 3 => {
                    self.object(cursor, depth + 1)
                }
                _ => cursor.skip().map(drop),
            }
        })
    }
}

fn lower(raw: &[u8]) -> String {
    decode(raw.get(..LONGEST_TEXT).unwrap_or(raw)).to_ascii_lowercase()
}
