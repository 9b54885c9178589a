//! Tokens that an answer says it took, read while it passes. Nothing of it is kept but a few numbers and the key at
//! hand, so that it does not matter how long the answer is or where it is split.

use memchr::{memchr2, memchr3};

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One JSON document, or one after the other (Gemini's may be a list that grows).
    Document,
    /// Server-sent events with a JSON document each.
    Events,
}

impl Form {
    /// The form of an answer by its content type; none where it is neither JSON nor events.
    pub fn of(content_type: &[u8]) -> Option<Self> {
        let essence = content_type.split(|&b| b == b';').next().unwrap_or_default().trim_ascii();
        let subtype = essence.rsplit(|&b| b == b'/' || b == b'+').next().unwrap_or_default();
        if essence.eq_ignore_ascii_case(b"text/event-stream") {
            Some(Form::Events)
        } else if [&b"json"[..], b"x-ndjson", b"ndjson"]
            .iter()
            .any(|known| subtype.eq_ignore_ascii_case(known))
        {
            Some(Form::Document)
        } else {
            None
        }
    }
}

/// Tokens that an answer reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UsedTokens {
    /// Of the request, cached ones and all.
    pub input: u64,
    /// Of the answer, thoughts and all.
    pub output: u64,
}

/// A number that providers report under a key of `usage` (Gemini: `usageMetadata`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    /// OpenAI's and Gemini's, with all that is part of the prompt.
    Prompt,
    /// Anthropic's, and that of OpenAI's responses.
    Input,
    /// Anthropic's, which `Input` does not have in it.
    CacheCreation,
    CacheRead,
    /// Gemini's, which `Prompt` does not have in it.
    ToolPrompt,
    Output,
    /// Gemini's, which `Output` does not have in it.
    Thoughts,
    /// OpenAI's, which `Output` has in it with most providers, and with some has not.
    Reasoning,
    /// Of request and answer together.
    Total,
}

const FIELDS: [(&[u8], Field); 13] = [
    (b"prompt_tokens", Field::Prompt),
    (b"promptTokenCount", Field::Prompt),
    (b"input_tokens", Field::Input),
    (b"cache_creation_input_tokens", Field::CacheCreation),
    (b"cache_read_input_tokens", Field::CacheRead),
    (b"toolUsePromptTokenCount", Field::ToolPrompt),
    (b"completion_tokens", Field::Output),
    (b"output_tokens", Field::Output),
    (b"candidatesTokenCount", Field::Output),
    (b"thoughtsTokenCount", Field::Thoughts),
    (REASONING, Field::Reasoning),
    (b"total_tokens", Field::Total),
    (b"totalTokenCount", Field::Total),
];
const REASONING: &[u8] = b"reasoning_tokens";
/// No answer takes more: a greater number is a mistake of the upstream's, which counters of tokens and money would never
/// get over.
const MOST_TOKENS: u32 = 100_000_000;
/// No key that matters is longer.
const LONGEST_KEY: usize = 32;
/// No value that matters lies deeper: an element of a list, its `response`, the `usage` of that, its details.
const DEEPEST: usize = 5;

/// What an open object or array is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// Nothing that matters.
    #[default]
    Elsewhere,
    /// A list of documents.
    List,
    /// A document.
    Document,
    /// The `response`, `message` or `x_groq` in an event.
    Wrapped,
    /// `choices` of a document.
    Choices,
    /// One of them (Kimi's streams have the usage in it).
    Choice,
    /// `usage` of one of these.
    Usage,
    /// What `usage` says of the output separately.
    Details,
}

/// What the bytes at hand are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The start of a line of events; so many bytes of `data:` have been seen.
    LineStart(usize),
    /// A line of events that is none of data.
    OtherLine,
    /// Between values.
    Structure,
    /// In a string; whether the last byte was a backslash.
    Text { escaped: bool },
    /// In a number that matters.
    Number,
}

/// Reads the tokens out of an answer while it passes.
#[derive(Debug)]
pub struct UsageReader {
    form: Form,
    state: State,
    /// What is open, the outermost first; deeper ones are only counted.
    open: [Place; DEEPEST],
    depth: usize,
    /// The next string of the object at hand is a key.
    key_next: bool,
    /// The key at hand, as far as it can matter.
    key: [u8; LONGEST_KEY],
    key_length: usize,
    /// The string at hand is read into `key`.
    keeping: bool,
    number: Option<u32>,
    /// The number at hand has come to its fraction, which is nothing but zeros in a count of tokens.
    in_fraction: bool,
    /// The line of events at hand is empty so far.
    line_empty: bool,
    /// What the `usage` at hand says.
    told: [u32; 9],
    told_any: bool,
    /// The greatest of those before it.
    used: Option<UsedTokens>,
}

impl UsageReader {
    /// A reader at the start of an answer.
    pub fn new(form: Form) -> Self {
        Self {
            form,
            state: if form == Form::Events { State::LineStart(0) } else { State::Structure },
            open: [Place::default(); DEEPEST],
            depth: 0,
            key_next: false,
            key: [0; LONGEST_KEY],
            key_length: 0,
            keeping: false,
            number: None,
            in_fraction: false,
            line_empty: true,
            told: [0; 9],
            told_any: false,
            used: None,
        }
    }

    /// Reads the next piece of the answer, wherever it is split.
    pub fn feed(&mut self, mut bytes: &[u8]) {
        loop {
            // What cannot matter is skipped at once: most of an answer is text.
            let skipped = match self.state {
                State::Text { escaped: false } if !self.keeping => match self.form {
                    Form::Events => memchr3(b'"', b'\\', b'\n', bytes),
                    Form::Document => memchr2(b'"', b'\\', bytes),
                },
                State::OtherLine => memchr2(b'\n', b'\n', bytes),
                _ => Some(0),
            };
            let Some(rest) = skipped.and_then(|skipped| bytes.get(skipped..)) else { return };
            let Some((&byte, rest)) = rest.split_first() else { return };
            self.byte(byte);
            bytes = rest;
        }
    }

    /// The tokens that were reported so far; none where nothing was. What is reported again in the course of
    /// a stream is a sum so far, each complete in itself, and the greatest counts.
    pub fn usage(&self) -> Option<UsedTokens> {
        if !self.told_any {
            return self.used;
        }
        let now = self.at_hand();
        let before = self.used.unwrap_or_default();
        Some(UsedTokens { input: now.input.max(before.input), output: now.output.max(before.output) })
    }

    /// What the `usage` at hand comes to.
    fn at_hand(&self) -> UsedTokens {
        let of = |field: Field| u64::from(self.told.get(field as usize).copied().unwrap_or_default());
        let sum = |fields: &[Field]| fields.iter().fold(0_u64, |sum, &field| sum.saturating_add(of(field)));
        // Where the whole prompt is reported, what was cached is part of it.
        let input = match of(Field::Prompt) {
            0 => sum(&[Field::Input, Field::CacheCreation, Field::CacheRead]),
            _ => sum(&[Field::Prompt, Field::ToolPrompt]),
        };
        let output = sum(&[Field::Output, Field::Thoughts]);
        // What is left of the total was thought (xAI, Gemini in OpenAI's dialect); so was what is more than the answer
        // of which it would be a part (Perplexity).
        let rest = of(Field::Total).saturating_sub(input);
        let output = if rest > output && input > 0 {
            rest
        } else if of(Field::Reasoning) > output {
            output.saturating_add(of(Field::Reasoning))
        } else {
            output
        };
        UsedTokens { input, output }
    }

    /// The `usage` at hand ends.
    fn settle(&mut self) {
        self.used = self.usage();
        self.told = [0; 9];
        self.told_any = false;
    }

    fn byte(&mut self, byte: u8) {
        if self.form == Form::Events && byte == b'\n' {
            self.end_line();
            return;
        }
        match self.state {
            State::LineStart(seen) => self.line_start(seen, byte),
            State::OtherLine => {}
            State::Text { escaped: true } => {
                self.keep(byte);
                self.state = State::Text { escaped: false };
            }
            State::Text { escaped: false } => match byte {
                b'"' => self.state = State::Structure,
                b'\\' => {
                    self.keep(byte);
                    self.state = State::Text { escaped: true };
                }
                _ => self.keep(byte),
            },
            State::Number => self.digit(byte),
            State::Structure => self.structure(byte),
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.keeping {
            // One that does not fit is none that matters: its length shows it.
            if let Some(place) = self.key.get_mut(self.key_length) {
                *place = byte;
            }
            self.key_length = self.key_length.saturating_add(1);
        }
    }

    fn line_start(&mut self, seen: usize, byte: u8) {
        const DATA: &[u8] = b"data:";
        // A stream may begin with a byte order mark.
        if seen == 0 && matches!(byte, b'\r' | 0xef | 0xbb | 0xbf) {
            return;
        }
        self.line_empty = false;
        self.state = match DATA.get(seen) {
            Some(&expected) if expected != byte => State::OtherLine,
            _ if seen + 1 < DATA.len() => State::LineStart(seen + 1),
            _ => State::Structure,
        };
    }

    fn end_line(&mut self) {
        self.commit();
        // An empty line ends an event. No string of JSON goes over a line, so that one that does is none.
        if self.line_empty || matches!(self.state, State::Text { .. }) {
            self.settle();
            (self.depth, self.key_next, self.key_length) = (0, false, 0);
        }
        self.state = State::LineStart(0);
        self.line_empty = true;
    }

    fn structure(&mut self, byte: u8) {
        match byte {
            b'"' => {
                self.keeping = self.key_next && self.place() != Place::Elsewhere;
                if self.keeping {
                    self.key_length = 0;
                }
                self.key_next = false;
                self.state = State::Text { escaped: false };
            }
            b'{' | b'[' => self.enter(byte == b'{'),
            b'}' | b']' => {
                if self.place() == Place::Usage {
                    self.settle();
                }
                self.depth = self.depth.saturating_sub(1);
                (self.key_next, self.key_length) = (false, 0);
            }
            b',' => (self.key_next, self.key_length) = (true, 0),
            b'0'..=b'9'
                if matches!(self.place(), Place::Usage | Place::Details)
                    && !self.key_next
                    && self.key_length > 0 =>
            {
                self.number = Some(0);
                self.in_fraction = false;
                self.state = State::Number;
                self.digit(byte);
            }
            // Of a negative number no digit counts.
            b'-' => self.key_length = 0,
            _ => {}
        }
    }

    /// The innermost object or array.
    fn place(&self) -> Place {
        self.depth.checked_sub(1).and_then(|top| self.open.get(top)).copied().unwrap_or_default()
    }

    fn enter(&mut self, object: bool) {
        let key = self.key.get(..self.key_length).unwrap_or_default();
        let place = match (self.depth, self.place()) {
            (0, _) if object => Place::Document,
            (0, _) => Place::List,
            (_, Place::List) if object => Place::Document,
            (_, Place::Document | Place::Wrapped | Place::Choice)
                if object && matches!(key, b"usage" | b"usageMetadata") =>
            {
                Place::Usage
            }
            (_, Place::Document) if !object && key == b"choices" => Place::Choices,
            (_, Place::Choices) if object => Place::Choice,
            (_, Place::Document) if object && matches!(key, b"response" | b"message" | b"x_groq") => {
                Place::Wrapped
            }
            (_, Place::Usage)
                if object && matches!(key, b"completion_tokens_details" | b"output_tokens_details") =>
            {
                Place::Details
            }
            _ => Place::Elsewhere,
        };
        if let Some(slot) = self.open.get_mut(self.depth) {
            *slot = place;
        }
        self.depth = self.depth.saturating_add(1);
        (self.key_next, self.key_length) = (object, 0);
    }

    fn digit(&mut self, byte: u8) {
        match byte {
            b'.' => self.in_fraction = true,
            b'0' if self.in_fraction => {}
            b'0'..=b'9' if !self.in_fraction => {
                let digit = u32::from(byte - b'0');
                self.number = self.number.and_then(|number| number.checked_mul(10)?.checked_add(digit));
            }
            // No count of tokens.
            b'0'..=b'9' | b'e' | b'E' => self.number = None,
            b'+' | b'-' if self.number.is_none() => {}
            _ => {
                self.commit();
                self.state = State::Structure;
                self.structure(byte);
            }
        }
    }

    fn commit(&mut self) {
        let Some(number) = self.number.take().filter(|number| *number <= MOST_TOKENS) else { return };
        let key = self.key.get(..self.key_length).unwrap_or_default();
        if self.place() == Place::Details && key != REASONING {
            return;
        }
        let Some((_, field)) = FIELDS.iter().find(|(name, _)| *name == key) else { return };
        if let Some(told) = self.told.get_mut(*field as usize) {
            *told = number.max(*told);
            self.told_any = true;
        }
    }
}
