//! The top-level fields of a request, in every dialect.

use super::{Listener, Read, Reader, inside};
use crate::chat::cursor::{Cursor, Kind};
use crate::chat::{BuiltIn, Dialect, Span, Steering, said};

/// What a field is.
#[derive(Clone, Copy)]
enum Field {
    Model,
    /// The turns.
    Conversation,
    /// The prompt of other completions.
    Prompt,
    /// Text for the model that no user said.
    System,
    Tools,
    OutputLimit,
    /// The form that the answer is to have.
    AnswerFormat,
    /// A schema that the answer has to keep.
    Schema,
    MimeType,
    /// An object with more of these fields.
    Nested,
    Stream,
    Fallbacks,
    /// A model that LiteLLM asks in place of the one that is named.
    Instead,
    /// Members that LiteLLM adds to what it sends to the provider.
    Extra,
    /// What LiteLLM would decide of the request, and the client does.
    Steering(Steering),
}

/// Which dialects have a field.
#[derive(Clone, Copy)]
enum In {
    All,
    Chat,
    Completions,
    Responses,
    Messages,
    Gemini,
}

impl In {
    const fn has(self, dialect: Dialect) -> bool {
        match self {
            Self::All => true,
            Self::Chat => matches!(dialect, Dialect::ChatCompletions),
            Self::Completions => matches!(dialect, Dialect::Completions),
            Self::Responses => matches!(dialect, Dialect::Responses),
            Self::Messages => matches!(dialect, Dialect::Messages),
            Self::Gemini => matches!(dialect, Dialect::Gemini(_)),
        }
    }
}

/// Fields by their names. Most mean the same in every dialect that has them.
const FIELDS: [(&str, In, Field); 41] = [
    ("model", In::All, Field::Model),
    ("messages", In::Chat, Field::Conversation),
    ("messages", In::Messages, Field::Conversation),
    ("input", In::Responses, Field::Conversation),
    ("contents", In::Gemini, Field::Conversation),
    ("prompt", In::Completions, Field::Prompt),
    ("system", In::All, Field::System),
    ("instructions", In::All, Field::System),
    ("systemInstruction", In::All, Field::System),
    ("system_instruction", In::All, Field::System),
    ("tools", In::All, Field::Tools),
    ("functions", In::All, Field::Tools),
    ("max_tokens", In::All, Field::OutputLimit),
    ("max_completion_tokens", In::All, Field::OutputLimit),
    ("max_output_tokens", In::All, Field::OutputLimit),
    ("maxOutputTokens", In::All, Field::OutputLimit),
    ("max_tokens_to_sample", In::All, Field::OutputLimit),
    ("response_format", In::All, Field::AnswerFormat),
    ("text", In::All, Field::AnswerFormat),
    ("format", In::All, Field::AnswerFormat),
    // Before `output_config.format`, with a beta header.
    ("output_format", In::Messages, Field::AnswerFormat),
    ("responseSchema", In::Gemini, Field::Schema),
    ("response_schema", In::Gemini, Field::Schema),
    ("responseJsonSchema", In::Gemini, Field::Schema),
    ("responseMimeType", In::Gemini, Field::MimeType),
    ("response_mime_type", In::Gemini, Field::MimeType),
    ("stream", In::All, Field::Stream),
    ("fallbacks", In::All, Field::Fallbacks),
    ("deployment_id", In::All, Field::Instead),
    ("extra_body", In::All, Field::Extra),
    ("timeout", In::All, Field::Steering(Steering::Time)),
    ("request_timeout", In::All, Field::Steering(Steering::Time)),
    ("stream_timeout", In::All, Field::Steering(Steering::Time)),
    ("num_retries", In::All, Field::Steering(Steering::Time)),
    ("max_retries", In::All, Field::Steering(Steering::Time)),
    ("specific_deployment", In::All, Field::Steering(Steering::Deployment)),
    ("api_base", In::All, Field::Steering(Steering::Deployment)),
    ("base_url", In::All, Field::Steering(Steering::Deployment)),
    ("mock_response", In::All, Field::Steering(Steering::Deployment)),
    ("mock_timeout", In::All, Field::Steering(Steering::Deployment)),
    ("mock_testing_rate_limit_error", In::All, Field::Steering(Steering::Deployment)),
];

/// Objects with more fields, which mean there what they mean at the top.
const NESTED: [(&str, In); 3] =
    [("generationConfig", In::Gemini), ("generation_config", In::Gemini), ("output_config", In::Messages)];

fn field_of(key: &str, dialect: Dialect) -> Option<Field> {
    let found = FIELDS.iter().find(|(name, of, _)| *name == key && of.has(dialect));
    let nested = || NESTED.iter().any(|(name, of)| *name == key && of.has(dialect));
    found.map(|(_, _, field)| *field).or_else(|| nested().then_some(Field::Nested))
}

impl<L: Listener> Reader<'_, '_, L> {
    /// Reads a top-level field.
    pub(super) fn field(&mut self, key: &str, cursor: &mut Cursor<'_>) -> Read {
        let body = cursor.bytes();
        match field_of(key, self.dialect) {
            Some(Field::Model) => {
                let value = cursor.skip()?;
                self.model(value);
            }
            Some(Field::Conversation) => self.conversation(cursor)?,
            Some(Field::Prompt) => self.prompt(cursor)?,
            Some(Field::System) => self.system(cursor)?,
            Some(Field::Tools) => self.tools(key == "functions", cursor)?,
            Some(Field::OutputLimit) => self.output_limit(cursor)?,
            Some(Field::AnswerFormat) => self.answer_format(cursor)?,
            Some(Field::Schema) => {
                (self.view.structured, self.view.schema) = (true, true);
                cursor.skip()?;
            }
            Some(Field::MimeType) => {
                self.view.structured |= inside(cursor.skip()?).of(body) == b"application/json";
            }
            Some(Field::Nested) => self.nested(cursor)?,
            Some(Field::Stream) => self.view.stream = cursor.skip()?.of(body) == b"true",
            Some(Field::Fallbacks) => {
                self.view.fallbacks = true;
                cursor.skip()?;
            }
            Some(Field::Instead) => self.instead(cursor)?,
            Some(Field::Extra) => self.members(cursor, |reader, key, cursor| match key {
                "model" => reader.instead(cursor),
                _ => cursor.skip().map(drop),
            })?,
            Some(Field::Steering(steering)) => {
                if cursor.skip()?.of(body) != b"null" {
                    self.view.steering = self.view.steering.max(steering);
                }
            }
            None => self.view.ids.field(key, self.dialect, cursor)?,
        }
        Ok(())
    }

    /// The name of a model that serves in place of the one that is named; nothing where it is no string.
    fn instead(&mut self, cursor: &mut Cursor<'_>) -> Read {
        let value = cursor.skip()?;
        if value.of(self.body).starts_with(b"\"") {
            self.view.instead = Some(said(value, self.body));
            self.view.steering = Steering::Deployment;
        }
        Ok(())
    }

    /// Reads an object whose fields mean what they mean at the top; anything else is skipped.
    fn nested(&mut self, cursor: &mut Cursor<'_>) -> Read {
        self.members(cursor, |reader, key, cursor| match field_of(key, reader.dialect) {
            Some(Field::Model | Field::Conversation | Field::Nested) => cursor.skip().map(drop),
            _ => reader.field(key, cursor),
        })
    }

    /// `functions`: those of the first chats.
    fn tools(&mut self, functions: bool, cursor: &mut Cursor<'_>) -> Read {
        if cursor.kind()? != Kind::Array {
            return cursor.skip().map(drop);
        }
        let start = cursor.place();
        let (mut any, mut kinds, dialect) = (false, BuiltIn::default(), self.dialect);
        let whole = cursor.clone();
        let read = cursor.each_element(|cursor| {
            any = true;
            kinds = kinds.with(BuiltIn::of_tool(cursor, dialect)?);
            Ok(())
        });
        if read.is_err() {
            // The upstream judges what is in them.
            *cursor = whole;
            cursor.skip()?;
        }
        if any && functions {
            kinds = BuiltIn::FUNCTIONS;
        }
        self.view.tools |= any;
        let span = Span { start, end: cursor.behind() };
        self.view.tokens.add(span.of(cursor.bytes()));
        if !kinds.is_empty() {
            let before = self.view.built_in.map_or(BuiltIn::default(), |(_, kinds)| kinds);
            self.view.built_in = Some((dialect, before.with(kinds)));
        }
        Ok(())
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
}
