//! What one request asks, found in a single pass over its bytes.

mod fields;
mod parts;
mod turns;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::cursor::{Cursor, Kind};
use super::ids::Ids;
use super::path::PathModels;
use super::{BuiltIn, Dialect, Fault, Limits, Span, Tokens, decode, said};
use turns::{Newest, Turn};

/// Most top-level `model` keys of a body that are rewritten.
pub const MOST_MODELS: usize = 16;

/// Texts of an opening that are kept, at most.
pub const LONGEST_OPENING: usize = 16;

/// Top-level members that are noted; of a body with more none is.
pub const MOST_MEMBERS: usize = 128;

/// A member of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its key, without the quotes, as it is spelled.
    pub key: Span,
    /// Its value.
    pub value: Span,
}

/// A model's thoughts in a conversation, by who can read them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sealed {
    /// Signed or redacted thinking blocks: Claude.
    pub claude: bool,
    /// Reasoning items, encrypted or by their id, and ids of other items: OpenAI.
    pub openai: bool,
    /// Thought signatures: Gemini.
    pub gemini: bool,
    /// Thoughts in plain text.
    pub plain: bool,
}

impl Sealed {
    /// Whether there is anything of the kind.
    pub const fn any(self) -> bool {
        self.claude || self.openai || self.gemini || self.plain
    }
}

/// What a client decides of its request that is LiteLLM's to decide. What comes of it says nothing of the model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Steering {
    /// Nothing.
    #[default]
    Nothing,
    /// How long it may take.
    Time,
    /// Who answers it.
    Deployment,
}

/// One LLM request, borrowed. Everything is a span of the body; nothing is copied.
#[derive(Debug, Default)]
pub struct View<'b> {
    /// The model that an upstream reads, as LiteLLM does. In chat and other completions, and in Gemini's dialect, that is
    /// the path's (its segment, then the query), then the body's; in the others the body's alone. Of several top-level
    /// `model` strings the last counts, as JSON parsers have it.
    pub model: Option<Cow<'b, str>>,
    /// A model that LiteLLM asks in place of that one, because the client names a deployment or adds a `model` to what the
    /// provider gets: `deployment_id`, `extra_body.model`.
    pub instead: Option<Cow<'b, str>>,
    /// What the client decides of its request.
    pub steering: Steering,
    /// The values of the top-level `model` keys, of whatever kind, quotes included: an upstream may read any of them.
    pub model_spans: Vec<Span>,
    /// All top-level members, in the order of the body. Empty where they are more than [`MOST_MEMBERS`].
    pub members: Vec<Member>,
    /// What the conversation has of a model's thoughts, which not every model takes back.
    pub sealed: Sealed,
    /// Whether the model has called tools in it.
    pub calls: bool,
    /// The places of the path that name a model.
    pub path_spans: Vec<Span>,
    /// There are more such values or places than are kept.
    pub more_models: bool,
    /// Behind the bracket that opens the body.
    pub inside: usize,
    /// Whether there is a conversation, or a prompt.
    pub converses: bool,
    /// Text of system prompts, developer messages and instructions.
    pub system: Vec<Span>,
    /// Whether tools are offered.
    pub tools: bool,
    /// Tools of a provider's own that are offered, and in which dialect; none where there are none.
    pub built_in: Option<(Dialect, BuiltIn)>,
    /// Whether any turn has an image, or a file that is looked at as one: a video.
    pub images: bool,
    /// Whether any turn has a PDF, or a file of an unknown kind.
    pub pdf: bool,
    /// Whether any turn has audio.
    pub audio: bool,
    /// Whether JSON or a schema is demanded of the answer.
    pub structured: bool,
    /// Whether the answer has to keep a schema.
    pub schema: bool,
    /// Whether the answer is to be streamed.
    pub stream: bool,
    /// The most output tokens the client wants.
    pub max_tokens: Option<u64>,
    /// Whether the client names fallbacks of its own.
    pub fallbacks: bool,
    /// What the client says of the person and the conversation.
    pub ids: Ids,
    /// All that stands in the user's turns before the first one of anybody else, of the first [`LONGEST_OPENING`] of its
    /// texts.
    pub opening: Vec<Span>,
    /// Where the first answer of a tool stands.
    pub first_tool: Option<usize>,
    /// Whether a tool answers in the newest turn, and where its text begins.
    newest: Newest,
    /// The newest turns.
    recent: Recent,
    /// Tokens of text and tools, estimated. Images and audio are not counted.
    pub tokens: Tokens,
    /// Why the body could not be read to its end. What stands above was found before that.
    pub fault: Option<Fault>,
}

impl View<'_> {
    /// Whether a tool has answered before the newest ask: the same for all requests of one run of tools.
    pub fn used_tools(&self, ask: &[Span]) -> bool {
        self.first_tool.is_some_and(|tool| ask.first().is_none_or(|ask| tool < ask.start))
    }

    /// Whether a tool answers in the newest turn.
    pub const fn ends_with_tool(&self) -> bool {
        self.newest.tool
    }

    /// The newest turns as they stand in the body, the newest last.
    pub fn recent(&self) -> impl Iterator<Item = Span> {
        let Recent { spans, count } = &self.recent;
        let from = count.saturating_sub(Recent::MOST);
        (from..*count).filter_map(move |at| spans.get(at % Recent::MOST).copied())
    }

    /// Whether the newest turn is the answer of a tool, and nobody asks in it: `ask` is what a person said last.
    pub fn is_tool_turn(&self, ask: &[Span]) -> bool {
        self.newest.tool && ask.first().zip(self.newest.text).is_none_or(|(asked, text)| asked.start < text)
    }
}

/// The newest turns, whole, in a ring.
#[derive(Debug)]
struct Recent {
    spans: [Span; Self::MOST],
    count: usize,
}

impl Default for Recent {
    fn default() -> Self {
        Self { spans: [Span { start: 0, end: 0 }; Self::MOST], count: 0 }
    }
}

impl Recent {
    /// So many are remembered.
    const MOST: usize = 24;

    fn push(&mut self, span: Span) {
        if let Some(place) = self.spans.get_mut(self.count % Self::MOST) {
            *place = span;
        }
        self.count = self.count.wrapping_add(1);
    }
}

/// Who hears what is said in a conversation while it is read.
pub trait Listener {
    /// A conversation begins, in place of one that was read before.
    fn restart(&mut self) {}
    /// The user says something: the texts of a turn.
    fn said(&mut self, _body: &[u8], _texts: &[Span]) {}
    /// The model answers.
    fn answered(&mut self) {}
}

/// Who hears nothing.
impl Listener for () {}

/// Reads a body (and, for Gemini, its path) in one pass.
pub fn view<'b>(
    body: &'b [u8],
    path: &'b [u8],
    dialect: Dialect,
    limits: &Limits,
    listener: &mut impl Listener,
) -> View<'b> {
    let mut reader = Reader {
        view: View::default(),
        body,
        dialect,
        turn: Turn::default(),
        listener,
        replied: false,
        string: None,
    };
    let mut cursor = Cursor::new(body, limits.max_depth);
    reader.view.inside = cursor.behind_open();
    reader.view.fault = reader.document(&mut cursor).err();
    let PathModels { spans, asked, more } = PathModels::of(path, Some(dialect));
    let in_path = asked.map(Cow::Owned);
    let in_body = reader.string.map(|span| said(span, body));
    reader.view.model = match dialect {
        Dialect::ChatCompletions | Dialect::Completions | Dialect::Gemini(_) => in_path.or(in_body),
        Dialect::Responses | Dialect::Messages => in_body,
    };
    reader.view.path_spans = spans;
    reader.view.more_models |= more;
    reader.view
}

/// The content of a string's span with quotes.
fn inside(span: Span) -> Span {
    Span { start: span.start.saturating_add(1), end: span.end.saturating_sub(1) }
}

/// Reads one body.
struct Reader<'b, 'l, L> {
    view: View<'b>,
    body: &'b [u8],
    dialect: Dialect,
    turn: Turn,
    listener: &'l mut L,
    /// Somebody other than the user has had a turn.
    replied: bool,
    /// The last top-level `model` that is a string.
    string: Option<Span>,
}

type Read = Result<(), Fault>;

impl<L: Listener> Reader<'_, '_, L> {
    fn document(&mut self, cursor: &mut Cursor<'_>) -> Read {
        let body = cursor.bytes();
        let mut members = Vec::with_capacity(16);
        let read = cursor.each_member(|cursor, key| {
            let start = cursor.place();
            self.field(&decode(key.of(body)), cursor)?;
            if members.len() <= MOST_MEMBERS {
                members.push(Member { key, value: Span { start, end: cursor.behind() } });
            }
            Ok(())
        });
        if members.len() <= MOST_MEMBERS {
            self.view.members = members;
        }
        let read = if read.is_ok() && !cursor.at_end() { Err(Fault::NotJson) } else { read };
        if read == Err(Fault::NotJson) {
            // An upstream that reads more than this may find another model there.
            while let Some(value) = cursor.next_value_of("model") {
                self.model(value);
            }
        }
        if read.is_ok() && cursor.is_too_deep() { Err(Fault::TooDeep) } else { read }
    }

    fn model(&mut self, value: Span) {
        if value.of(self.body).starts_with(b"\"") {
            self.string = Some(value);
        }
        if self.view.model_spans.len() < MOST_MODELS {
            self.view.model_spans.push(value);
        } else {
            self.view.more_models = true;
        }
    }

    /// Calls `member` for each member of an object; skips a value of another kind.
    fn members(
        &mut self,
        cursor: &mut Cursor<'_>,
        mut member: impl FnMut(&mut Self, &str, &mut Cursor<'_>) -> Read,
    ) -> Read {
        if cursor.kind()? != Kind::Object {
            return cursor.skip().map(drop);
        }
        let body = cursor.bytes();
        cursor.each_member(|cursor, key| member(self, &decode(key.of(body)), cursor))
    }
}
