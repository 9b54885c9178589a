//! What one request asks, found in a single pass over its bytes.

use std::borrow::Cow;

use memchr::memmem;

use super::cursor::{Cursor, Kind};
use super::files::{File, Media};
use super::ids::Ids;
use super::path::PathModels;
use super::{Dialect, Fault, Limits, Span, Tokens, decode, said};

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

/// One LLM request, borrowed. Everything is a span of the body; nothing is copied.
#[derive(Debug, Default)]
pub struct View<'b> {
    /// The model that an upstream reads, as LiteLLM does. In chat and other completions, and in Gemini's dialect, that is
    /// the path's (its segment, then the query), then the body's; in the others the body's alone. Of several top-level
    /// `model` strings the last counts, as JSON parsers have it.
    pub model: Option<Cow<'b, str>>,
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
    /// Whether any turn has an image, or a file that is looked at as one: a video.
    pub images: bool,
    /// Whether any turn has a PDF, or a file of a kind that nothing tells.
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

    /// Whether the newest turn is the answer of a tool, and nobody asks in it: `ask` is what a person said last.
    pub fn is_tool_turn(&self, ask: &[Span]) -> bool {
        self.newest.tool && ask.first().zip(self.newest.text).is_none_or(|(asked, text)| asked.start < text)
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

/// Adds a text to a list that stays short: nobody writes thousands of parts, so what is beyond them is read together with
/// what the client sent in between.
fn add_text(texts: &mut Vec<Span>, text: Span) {
    const MOST: usize = 4096;
    let full = texts.len() >= MOST;
    match texts.last_mut() {
        Some(last) if full => last.end = last.end.max(text.end),
        _ => texts.push(text),
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Role {
    User,
    System,
    Assistant,
    /// A tool, or a role that nobody knows: none of them is a person who asks.
    #[default]
    Other,
}

/// The turn that is being read: its role may come after its content.
#[derive(Debug, Default)]
struct Turn {
    role: Role,
    texts: Vec<Span>,
    /// A tool answers in it.
    tool: bool,
}

/// What is to be known of the newest turn.
#[derive(Debug, Default)]
struct Newest {
    tool: bool,
    /// Where its text begins.
    text: Option<usize>,
}

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

    /// A top-level field. Dialects share one list: none gives another's field a different meaning, but for `prompt`
    /// and `input`, which are the conversation in one of them only.
    fn field(&mut self, key: &str, cursor: &mut Cursor<'_>) -> Read {
        match (key, self.dialect) {
            ("model", _) => {
                let value = cursor.skip()?;
                self.model(value);
                Ok(())
            }
            ("messages", Dialect::ChatCompletions | Dialect::Messages)
            | ("input", Dialect::Responses)
            | ("contents", Dialect::Gemini(_)) => self.conversation(cursor),
            ("prompt", Dialect::Completions) => self.prompt(cursor),
            ("system" | "instructions" | "systemInstruction" | "system_instruction", _) => {
                self.turn = Turn { role: Role::System, ..Turn::default() };
                self.content(cursor)?;
                self.end_turn();
                Ok(())
            }
            ("tools" | "functions", _) => {
                let kind = cursor.kind()?;
                let span = cursor.skip()?;
                if kind == Kind::Array {
                    let empty = inside(span).of(cursor.bytes()).iter().all(u8::is_ascii_whitespace);
                    self.view.tools |= !empty;
                    self.view.tokens.add(span.of(cursor.bytes()));
                }
                Ok(())
            }
            (
                "max_tokens"
                | "max_completion_tokens"
                | "max_output_tokens"
                | "maxOutputTokens"
                | "max_tokens_to_sample",
                _,
            ) => self.output_limit(cursor),
            ("response_format" | "text" | "format", _) => self.answer_format(cursor),
            ("responseSchema" | "response_schema" | "responseJsonSchema", Dialect::Gemini(_)) => {
                self.view.structured = true;
                self.view.schema = true;
                cursor.skip().map(drop)
            }
            ("responseMimeType" | "response_mime_type", Dialect::Gemini(_)) => {
                let body = cursor.bytes();
                let span = cursor.skip()?;
                self.view.structured |= inside(span).of(body) == b"application/json";
                Ok(())
            }
            ("generationConfig" | "generation_config", Dialect::Gemini(_)) => self.nested(cursor),
            ("output_config", Dialect::Messages) => self.nested(cursor),
            ("stream", _) => {
                let body = cursor.bytes();
                self.view.stream = cursor.skip()?.of(body) == b"true";
                Ok(())
            }
            ("fallbacks", _) => {
                self.view.fallbacks = true;
                cursor.skip().map(drop)
            }
            _ => self.view.ids.field(key, self.dialect, cursor),
        }
    }

    /// Reads an object whose fields mean what they mean at the top; anything else is skipped.
    fn nested(&mut self, cursor: &mut Cursor<'_>) -> Read {
        self.members(cursor, |reader, key, cursor| match key {
            "model" | "generationConfig" | "generation_config" | "output_config" | "messages"
            | "contents" => cursor.skip().map(drop),
            _ => reader.field(key, cursor),
        })
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

    fn output_limit(&mut self, cursor: &mut Cursor<'_>) -> Read {
        let body = cursor.bytes();
        let span = cursor.skip()?;
        let number = std::str::from_utf8(span.of(body)).ok().and_then(|text| text.parse().ok());
        self.view.max_tokens = number.or(self.view.max_tokens);
        Ok(())
    }

    /// `response_format: {"type": "json_schema", …}`, or `text: {"format": {"type": …}}` of the responses dialect.
    fn answer_format(&mut self, cursor: &mut Cursor<'_>) -> Read {
        self.members(cursor, |reader, key, cursor| match key {
            "type" => reader.answer_type(cursor),
            "format" => reader.members(cursor, |reader, key, cursor| match key {
                "type" => reader.answer_type(cursor),
                _ => cursor.skip().map(drop),
            }),
            _ => cursor.skip().map(drop),
        })
    }

    fn answer_type(&mut self, cursor: &mut Cursor<'_>) -> Read {
        let body = cursor.bytes();
        let kind = inside(cursor.skip()?).of(body);
        self.view.structured |= matches!(kind, b"json_object" | b"json_schema");
        self.view.schema |= kind == b"json_schema";
        Ok(())
    }

    /// The prompt of the completions dialect: a string, or several. Token numbers cannot be judged.
    fn prompt(&mut self, cursor: &mut Cursor<'_>) -> Read {
        self.restart();
        self.turn = Turn { role: Role::User, ..Turn::default() };
        match cursor.kind()? {
            Kind::Array => cursor.each_element(|cursor| self.string_or_skip(cursor))?,
            _ => self.string_or_skip(cursor)?,
        }
        self.end_turn();
        Ok(())
    }

    /// The turns: a list of objects, or (responses) a string.
    fn conversation(&mut self, cursor: &mut Cursor<'_>) -> Read {
        self.restart();
        match cursor.kind()? {
            Kind::Array => cursor.each_element(|cursor| self.message(cursor)),
            Kind::String => {
                self.turn = Turn { role: Role::User, ..Turn::default() };
                self.string_or_skip(cursor)?;
                self.end_turn();
                Ok(())
            }
            _ => cursor.skip().map(drop),
        }
    }

    /// Forgets an earlier conversation: of a repeated key the last counts.
    fn restart(&mut self) {
        self.view.converses = true;
        self.listener.restart();
        self.view.opening.clear();
        self.view.first_tool = None;
        (self.view.newest, self.replied) = (Newest::default(), false);
    }

    fn message(&mut self, cursor: &mut Cursor<'_>) -> Read {
        // Gemini's role may be absent and is then the user's.
        let role = if matches!(self.dialect, Dialect::Gemini(_)) { Role::User } else { Role::Other };
        self.turn = Turn { role, texts: std::mem::take(&mut self.turn.texts), tool: false };
        self.turn.texts.clear();
        if cursor.kind()? == Kind::String {
            self.turn.role = Role::User;
            self.string_or_skip(cursor)?;
        } else {
            let body = cursor.bytes();
            self.members(cursor, |reader, key, cursor| match key {
                "role" => {
                    let value = cursor.skip()?;
                    reader.turn.role = match &*decode(inside(value).of(body)) {
                        "user" => Role::User,
                        "system" | "developer" => Role::System,
                        "assistant" | "model" => Role::Assistant,
                        "tool" | "function" => {
                            reader.tool_answers(value);
                            Role::Other
                        }
                        _ => Role::Other,
                    };
                    Ok(())
                }
                // Responses: `function_call_output` and the like.
                "type" => {
                    let value = cursor.skip()?;
                    let kind = inside(value).of(body);
                    if kind.ends_with(b"_output") {
                        reader.tool_answers(value);
                    }
                    reader.view.sealed.openai |= kind == b"reasoning";
                    Ok(())
                }
                "id" if reader.dialect == Dialect::Responses => {
                    reader.view.sealed.openai = true;
                    cursor.skip().map(drop)
                }
                "thinking_blocks" => {
                    reader.view.sealed.claude = true;
                    cursor.skip().map(drop)
                }
                "reasoning_content" | "reasoning" | "reasoning_details" => {
                    reader.view.sealed.plain = true;
                    cursor.skip().map(drop)
                }
                "content" | "parts" => reader.content(cursor),
                // Calls and answers of tools cost tokens, but nobody asks in them.
                "tool_calls" | "arguments" | "output" | "function_call" => {
                    let span = cursor.skip()?;
                    if key == "tool_calls" {
                        reader.view.calls = true;
                        // Gemini's signatures stand in the calls.
                        reader.view.sealed.gemini |=
                            memmem::find(span.of(body), b"thought_signature").is_some();
                    }
                    reader.view.tokens.add(span.of(body));
                    Ok(())
                }
                _ => cursor.skip().map(drop),
            })?;
        }
        self.view.newest =
            Newest { tool: self.turn.tool, text: self.turn.texts.first().map(|text| text.start) };
        self.end_turn();
        Ok(())
    }

    /// A tool answers, here.
    fn tool_answers(&mut self, here: Span) {
        self.turn.tool = true;
        self.view.first_tool.get_or_insert(here.start);
    }

    fn end_turn(&mut self) {
        self.turn.texts.iter().for_each(|text| self.view.tokens.add(text.of(self.body)));
        let says = self.turn.texts.iter().any(|text| !text.is_empty());
        match self.turn.role {
            Role::User if says => {
                if !self.replied {
                    let room = LONGEST_OPENING.saturating_sub(self.view.opening.len());
                    self.view.opening.extend(self.turn.texts.iter().take(room));
                }
                self.listener.said(self.body, &self.turn.texts);
            }
            Role::Assistant => {
                self.replied = true;
                self.listener.answered();
            }
            Role::System => {
                self.turn.texts.drain(..).for_each(|text| add_text(&mut self.view.system, text));
            }
            Role::User => {}
            Role::Other => self.replied = true,
        }
    }

    /// Content: a string, a list of parts, one part, or (Gemini's system instruction) an object with parts.
    fn content(&mut self, cursor: &mut Cursor<'_>) -> Read {
        match cursor.kind()? {
            Kind::Array => cursor.each_element(|cursor| self.part(cursor)),
            _ => self.part(cursor),
        }
    }

    /// One part. Its text counts as said in the turn unless its type tells that a tool or the model said it.
    fn part(&mut self, cursor: &mut Cursor<'_>) -> Read {
        if cursor.kind()? != Kind::Object {
            return self.string_or_skip(cursor);
        }
        let body = cursor.bytes();
        let mut text = None;
        let mut said = true;
        let (mut is_file, mut file) = (false, File::default());
        cursor.each_member(|cursor, key| {
            match &*decode(key.of(body)) {
                "type" => match inside(cursor.skip()?).of(body) {
                    b"text" | b"input_text" | b"output_text" => {}
                    b"image" | b"image_url" | b"input_image" => {
                        self.view.images = true;
                        said = false;
                    }
                    b"input_audio" => {
                        self.view.audio = true;
                        said = false;
                    }
                    b"tool_result" => {
                        self.tool_answers(key);
                        said = false;
                    }
                    b"thinking" | b"redacted_thinking" => {
                        self.view.sealed.claude = true;
                        said = false;
                    }
                    // OpenAI's chat, Anthropic's, OpenAI's responses.
                    b"file" | b"document" | b"input_file" => (is_file, said) = (true, false),
                    _ => said = false,
                },
                "thoughtSignature" | "thought_signature" => {
                    self.view.sealed.gemini = true;
                    cursor.skip()?;
                }
                "text" if cursor.kind()? == Kind::String => text = Some(cursor.string()?),
                "image_url" => {
                    self.view.images = true;
                    cursor.skip()?;
                }
                name @ ("file" | "source" | "file_data" | "filename" | "file_url" | "title")
                    if !matches!((name, cursor.kind()?), ("file_data", Kind::Object)) =>
                {
                    file.field(name, cursor)?;
                }
                "inlineData" | "inline_data" | "fileData" | "file_data" => self.media(cursor)?,
                "thought" => {
                    said &= cursor.skip()?.of(body) != b"true";
                }
                // What a tool answered or was asked, in Anthropic's and Gemini's spelling.
                "content" if cursor.kind()? == Kind::Array => {
                    cursor.each_element(|cursor| self.tool_answer(cursor))?;
                }
                name @ ("content" | "input" | "functionResponse" | "functionCall" | "thinking") => {
                    if name == "functionResponse" {
                        self.tool_answers(key);
                    }
                    let span = cursor.skip()?;
                    self.view.tokens.add(span.of(body));
                }
                // Gemini's system instruction.
                "parts" if cursor.kind()? == Kind::Array => {
                    cursor.each_element(|cursor| self.plain_part(cursor))?
                }
                _ => drop(cursor.skip()?),
            }
            Ok(())
        })?;
        if is_file {
            self.file(file, Media::Pdf);
        }
        match text {
            Some(text) if said => add_text(&mut self.turn.texts, text),
            Some(text) => self.view.tokens.add(text.of(body)),
            None => {}
        }
        Ok(())
    }

    /// Gemini's data. What tells no type may be an image.
    fn media(&mut self, cursor: &mut Cursor<'_>) -> Read {
        let mut file = File::default();
        self.members(cursor, |_, key, cursor| match key {
            "mimeType" | "mime_type" => file.field(key, cursor),
            _ => cursor.skip().map(drop),
        })?;
        self.file(file, Media::Image);
        Ok(())
    }

    /// A file, which is `otherwise` where nothing tells what it is.
    fn file(&mut self, file: File, otherwise: Media) {
        match file.media().or(otherwise) {
            Media::Pdf | Media::Unknown => self.view.pdf = true,
            Media::Image => self.view.images = true,
            Media::Audio => self.view.audio = true,
            Media::Text => {}
        }
        if let Some(text) = file.text {
            self.view.tokens.add(text.of(self.body));
        }
    }

    /// A part of what a tool answered: nobody asks in it, but an image in it has to be seen.
    fn tool_answer(&mut self, cursor: &mut Cursor<'_>) -> Read {
        let body = cursor.bytes();
        let (mut is_file, mut file) = (false, File::default());
        self.members(cursor, |reader, key, cursor| {
            if key == "source" {
                return file.field(key, cursor);
            }
            let value = cursor.skip()?;
            match key {
                "type" => match inside(value).of(body) {
                    b"image" => reader.view.images = true,
                    b"document" => is_file = true,
                    _ => {}
                },
                "text" => reader.view.tokens.add(inside(value).of(body)),
                _ => {}
            }
            Ok(())
        })?;
        if is_file {
            self.file(file, Media::Pdf);
        }
        Ok(())
    }

    /// A part of Gemini's system instruction: only its text matters.
    fn plain_part(&mut self, cursor: &mut Cursor<'_>) -> Read {
        self.members(cursor, |reader, key, cursor| match key {
            "text" => reader.string_or_skip(cursor),
            _ => cursor.skip().map(drop),
        })
    }

    fn string_or_skip(&mut self, cursor: &mut Cursor<'_>) -> Read {
        match cursor.kind()? {
            Kind::String => add_text(&mut self.turn.texts, cursor.string()?),
            _ => drop(cursor.skip()?),
        }
        Ok(())
    }
}
