//! Which requests are LLM calls, told by the path alone.

use super::Span;

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
}

impl Paths {
    /// The dialect of a request path (query string and all), if it is an LLM call.
    pub fn dialect(&self, path: &[u8]) -> Option<Dialect> {
        let bare = path.split(|&b| b == b'?').next().unwrap_or_default();
        let ends = |suffixes: &[String]| suffixes.iter().any(|s| bare.ends_with(s.as_bytes()));
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
        let suffix = self.gemini.iter().find(|s| bare.ends_with(s.as_bytes()))?;
        let marker = b"/models/";
        let start = memchr::memmem::find(bare, marker)? + marker.len();
        let end = bare.len() - suffix.len();
        (start < end).then_some(Dialect::Gemini(Span { start, end }))
    }
}
