//! The turns of a conversation: who has one, and what stands in it.

use memchr::memmem;

use super::{LONGEST_OPENING, Listener, Read, Reader, inside};
use crate::chat::cursor::{Cursor, Kind};
use crate::chat::{Dialect, Span, decode};

/// Adds a text to a list that stays short: nobody writes thousands of parts, so what is beyond them is read together with
/// what the client sent in between.
pub(super) fn add_text(texts: &mut Vec<Span>, text: Span) {
    const MOST: usize = 4096;
    let full = texts.len() >= MOST;
    match texts.last_mut() {
        Some(last) if full => last.end = last.end.max(text.end),
        _ => texts.push(text),
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Role {
    User,
    System,
    Assistant,
    /// A tool, or a role that nobody knows: none of them is a person who asks.
    #[default]
    Other,
}

/// The turn that is being read: its role may come after its content.
#[derive(Debug, Default)]
pub(super) struct Turn {
    pub role: Role,
    pub texts: Vec<Span>,
    /// A tool answers in it.
    pub tool: bool,
}

/// What is to be known of the newest turn.
#[derive(Debug, Default)]
pub(super) struct Newest {
    pub tool: bool,
    /// Where its text begins.
    pub text: Option<usize>,
}

impl Role {
    fn named(name: &str) -> Self {
        match name {
            "user" => Self::User,
            "system" | "developer" => Self::System,
            "assistant" | "model" => Self::Assistant,
            _ => Self::Other,
        }
    }
}

impl<L: Listener> Reader<'_, '_, L> {
    /// The turns: a list of objects, or (responses) a string.
    pub(super) fn conversation(&mut self, cursor: &mut Cursor<'_>) -> Read {
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

    /// The prompt of the completions dialect: a string, or several. Token numbers cannot be judged.
    pub(super) fn prompt(&mut self, cursor: &mut Cursor<'_>) -> Read {
        self.restart();
        self.turn = Turn { role: Role::User, ..Turn::default() };
        match cursor.kind()? {
            Kind::Array => cursor.each_element(|cursor| self.string_or_skip(cursor))?,
            _ => self.string_or_skip(cursor)?,
        }
        self.end_turn();
        Ok(())
    }

    /// Text for the model that no user said.
    pub(super) fn system(&mut self, cursor: &mut Cursor<'_>) -> Read {
        self.turn = Turn { role: Role::System, ..Turn::default() };
        self.content(cursor)?;
        self.end_turn();
        Ok(())
    }

    /// Forgets an earlier conversation: of a repeated key the last counts.
    fn restart(&mut self) {
        self.view.converses = true;
        self.listener.restart();
        self.view.opening.clear();
        self.view.first_tool = None;
        (self.view.newest, self.replied) = (Newest::default(), false);
        self.view.recent.count = 0;
    }

    fn message(&mut self, cursor: &mut Cursor<'_>) -> Read {
        // Gemini's role may be absent and is then the user's.
        let role = if matches!(self.dialect, Dialect::Gemini(_)) { Role::User } else { Role::Other };
        let start = cursor.place();
        self.turn = Turn { role, texts: std::mem::take(&mut self.turn.texts), tool: false };
        self.turn.texts.clear();
        if cursor.kind()? == Kind::String {
            self.turn.role = Role::User;
            self.string_or_skip(cursor)?;
        } else {
            self.members(cursor, |reader, key, cursor| reader.of_message(key, cursor))?;
        }
        self.view.newest =
            Newest { tool: self.turn.tool, text: self.turn.texts.first().map(|text| text.start) };
        self.view.recent.push(Span { start, end: cursor.behind() });
        self.end_turn();
        Ok(())
    }

    /// A member of a turn.
    fn of_message(&mut self, key: &str, cursor: &mut Cursor<'_>) -> Read {
        if matches!(key, "content" | "parts") {
            return self.content(cursor);
        }
        let body = cursor.bytes();
        let value = cursor.skip()?;
        match key {
            "role" => {
                let name = decode(inside(value).of(body));
                self.turn.role = Role::named(&name);
                if matches!(&*name, "tool" | "function") {
                    self.tool_answers(value);
                }
            }
            // Responses: `function_call_output` and the like.
            "type" => {
                let kind = inside(value).of(body);
                if kind.ends_with(b"_output") {
                    self.tool_answers(value);
                }
                self.view.sealed.openai |= kind == b"reasoning";
            }
            "id" if self.dialect == Dialect::Responses => self.view.sealed.openai = true,
            "thinking_blocks" => self.view.sealed.claude = true,
            "reasoning_content" | "reasoning" | "reasoning_details" => self.view.sealed.plain = true,
            // Calls and answers of tools cost tokens, but nobody asks in them.
            "tool_calls" | "arguments" | "output" | "function_call" => {
                if key == "tool_calls" {
                    self.view.calls = true;
                    // Gemini's signatures stand in the calls.
                    self.view.sealed.gemini |= memmem::find(value.of(body), b"thought_signature").is_some();
                }
                self.view.tokens.add(value.of(body));
            }
            _ => {}
        }
        Ok(())
    }

    /// A tool answers, here.
    pub(super) fn tool_answers(&mut self, here: Span) {
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

    pub(super) fn string_or_skip(&mut self, cursor: &mut Cursor<'_>) -> Read {
        match cursor.kind()? {
            Kind::String => add_text(&mut self.turn.texts, cursor.string()?),
            _ => drop(cursor.skip()?),
        }
        Ok(())
    }
}
