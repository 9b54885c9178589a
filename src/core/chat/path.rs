//! Which requests are LLM calls, and which model a path names.
//!
//! A path is read as servers read it: escapes are decoded, slashes that follow each other are one, one at the end is none,
//! and capitals do not matter. So no spelling of a path that an upstream serves passes the filter by.

use std::borrow::Cow;

use memchr::memmem;
use percent_encoding::percent_decode;

use super::Span;

/// Most parameters `model` of a query that are rewritten.
const MOST_MODELS: usize = 8;
/// What stands before a model's name in the paths of Azure's and of older OpenAI clients. LiteLLM reads them as well.
const BEFORE_MODEL: [&[u8]; 2] = [b"/openai/deployments/", b"/engines/"];
/// What stands before it in Gemini's.
const BEFORE_GEMINI: &[u8] = b"/models/";

/// How a request spells a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// OpenAI `POST …/chat/completions`.
    ChatCompletions,
    /// OpenAI `POST …/completions`.
    Completions,
    /// OpenAI `POST …/responses`.
    Responses,
    /// Anthropic `POST …/messages`.
    Messages,
    /// Gemini `POST …/models/MODEL:generateContent` and `:streamGenerateContent`. The span is the model in the path.
    Gemini(Span),
}

impl Dialect {
    /// The name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Dialect::ChatCompletions => "openai chat completions",
            Dialect::Completions => "openai completions",
            Dialect::Responses => "openai responses",
            Dialect::Messages => "anthropic messages",
            Dialect::Gemini(_) => "gemini",
        }
    }
}

/// Path suffixes of each dialect. Chat completions are looked for before completions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// For [`Dialect::ChatCompletions`].
    pub chat_completions: Vec<String>,
    /// For [`Dialect::Completions`].
    pub completions: Vec<String>,
    /// For [`Dialect::Responses`].
    pub responses: Vec<String>,
    /// For [`Dialect::Messages`].
    pub messages: Vec<String>,
    /// For [`Dialect::Gemini`]: what follows the model's name.
    pub gemini: Vec<String>,
    /// Of calls that name a model and are no conversation.
    pub other: Vec<String>,
}

impl Paths {
    /// The dialect of a request path (query string and all), if it is an LLM call.
    pub fn dialect(&self, path: &[u8]) -> Option<Dialect> {
        let plain = Plain::of(path);
        let ends = |suffixes: &[String]| suffixes.iter().any(|suffix| plain.before(suffix).is_some());
        if ends(&self.chat_completions) {
            return Some(Dialect::ChatCompletions);
        }
        if ends(&self.completions) {
            return Some(Dialect::Completions);
        }
        if ends(&self.responses) {
            return Some(Dialect::Responses);
        }
        if ends(&self.messages) {
            return Some(Dialect::Messages);
        }
        let end = self.gemini.iter().find_map(|suffix| plain.before(suffix))?;
        plain.gemini_model(end).map(Dialect::Gemini)
    }

    /// Whether a path is that of a call that names a model and is no conversation.
    pub fn is_other(&self, path: &[u8]) -> bool {
        let plain = Plain::of(path);
        self.other.iter().any(|suffix| plain.ends_as(suffix))
    }
}

/// Whether a path (query string and all) ends as a call of this suffix does.
pub fn ends_as(path: &[u8], suffix: &str) -> bool {
    Plain::of(path).ends_as(suffix)
}

/// The places of a path and its query that name a model, and what they say.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct PathModels {
    /// The places, rising.
    pub spans: Vec<Span>,
    /// The model that an upstream reads there: a deployment's name before a parameter, of parameters the last one.
    pub asked: Option<String>,
    /// There are more places than are rewritten.
    pub more: bool,
}

impl PathModels {
    /// What a path says: as a deployment or engine, as the model of Gemini's paths, and in the query.
    pub fn of(path: &[u8], dialect: Option<Dialect>) -> Self {
        let mut models = Self::default();
        let segment = match dialect {
            Some(Dialect::Gemini(span)) => Some(span),
            Some(_) => Plain::of(path).deployment(),
            None => {
                let plain = Plain::of(path);
                plain.deployment().or_else(|| plain.any_gemini_model())
            }
        };
        if let Some(span) = segment {
            models.spans.push(span);
        }
        models.query(path);
        if let Some(span) = segment {
            let name = percent_decode(span.of(path)).decode_utf8_lossy();
            models.asked = Some(name.into_owned()).filter(|name| !name.is_empty()).or(models.asked);
        }
        models
    }

    fn query(&mut self, path: &[u8]) {
        let Some(mark) = memchr::memchr(b'?', path) else { return };
        let mut start = mark + 1;
        for pair in path.get(start..).unwrap_or_default().split(|&b| b == b'&') {
            let end = start + pair.len();
            let equals = memchr::memchr(b'=', pair).unwrap_or(pair.len());
            let key = pair.get(..equals).unwrap_or_default();
            if key == b"model" || memchr::memchr(b'%', key).is_some() && percent_decode(key).eq(*b"model") {
                let value = Span { start: (start + equals + 1).min(end), end };
                if self.spans.len() > MOST_MODELS {
                    self.more = true;
                } else if !value.is_empty() {
                    self.spans.push(value);
                }
                self.asked = Some(form_decoded(value.of(path))).filter(|name| !name.is_empty());
            }
            start = end + 1;
        }
    }
}

/// A parameter's value.
fn form_decoded(value: &[u8]) -> String {
    let spaced: Vec<u8> = value.iter().map(|&b| if b == b'+' { b' ' } else { b }).collect();
    percent_decode(&spaced).decode_utf8_lossy().into_owned()
}

/// A path without its query, as a server reads it.
struct Plain<'p> {
    bytes: Cow<'p, [u8]>,
    /// Where each of its bytes begins in the path, and where the last one ends; empty where that is its own place.
    places: Vec<usize>,
}

impl<'p> Plain<'p> {
    fn of(path: &'p [u8]) -> Self {
        let bare = path.split(|&b| b == b'?').next().unwrap_or_default();
        if memchr::memchr(b'%', bare).is_none() && memmem::find(bare, b"//").is_none() {
            let bare = bare.strip_suffix(b"/").unwrap_or(bare);
            return Self { bytes: Cow::Borrowed(bare), places: Vec::new() };
        }
        let (mut bytes, mut places) = (Vec::with_capacity(bare.len()), Vec::with_capacity(bare.len() + 1));
        let mut at = 0;
        while let Some(&first) = bare.get(at) {
            let escaped = bare.get(at + 1..at + 3).filter(|_| first == b'%').and_then(hex);
            let byte = escaped.unwrap_or(first);
            if byte != b'/' || bytes.last() != Some(&b'/') {
                bytes.push(byte);
                places.push(at);
            }
            at += if escaped.is_some() { 3 } else { 1 };
        }
        if bytes.last() == Some(&b'/') {
            bytes.pop();
        } else {
            places.push(at);
        }
        Self { bytes: Cow::Owned(bytes), places }
    }

    /// Where a suffix begins, if the path ends so.
    fn before(&self, suffix: &str) -> Option<usize> {
        let start = self.bytes.len().checked_sub(suffix.len())?;
        self.bytes.get(start..)?.eq_ignore_ascii_case(suffix.as_bytes()).then_some(start)
    }

    /// Whether the path ends so; a suffix that begins with a colon follows the model's name in Gemini's paths.
    fn ends_as(&self, suffix: &str) -> bool {
        match suffix.strip_prefix(':') {
            Some(_) => self.before(suffix).is_some_and(|end| self.gemini_model(end).is_some()),
            None => self.before(suffix).is_some(),
        }
    }

    fn span(&self, start: usize, end: usize) -> Option<Span> {
        let place = |at: usize| {
            if self.places.is_empty() { Some(at) } else { self.places.get(at).copied() }
        };
        (start < end).then_some(Span { start: place(start)?, end: place(end)? })
    }

    /// Where something first stands, in whatever case.
    fn find(&self, wanted: &[u8]) -> Option<usize> {
        let slashes = memchr::memchr_iter(b'/', &self.bytes);
        let reads = |at: usize| self.bytes.get(at..at + wanted.len()).unwrap_or_default();
        let mut places = slashes.filter(|at| reads(*at).eq_ignore_ascii_case(wanted));
        places.next()
    }

    /// The model in a path of Gemini's whose verb begins at `end`.
    fn gemini_model(&self, end: usize) -> Option<Span> {
        let start = self.find(BEFORE_GEMINI)? + BEFORE_GEMINI.len();
        self.span(start, end)
    }

    /// The same, whatever the verb.
    fn any_gemini_model(&self) -> Option<Span> {
        let verb = memchr::memrchr(b':', &self.bytes)?;
        let alone = memchr::memchr(b'/', self.bytes.get(verb..)?).is_none();
        self.gemini_model(verb).filter(|_| alone)
    }

    /// The model in a path of the form `/openai/deployments/MODEL/chat/completions`.
    fn deployment(&self) -> Option<Span> {
        let start = BEFORE_MODEL.iter().find_map(|before| Some(self.find(before)? + before.len()))?;
        let rest = self.bytes.get(start..)?;
        // The name may have slashes: what follows it is one word, or `chat/completions`.
        let end = memchr::memrchr(b'/', rest)?;
        let name = rest.get(..end)?;
        let end = if name.to_ascii_lowercase().ends_with(b"/chat") { end - b"/chat".len() } else { end };
        self.span(start, start + end)
    }
}

/// The byte that two hexadecimal digits stand for.
fn hex(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
    u8::from_str_radix(digits, 16).ok()
}
