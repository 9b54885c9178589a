//! What earlier models thought, which not every model takes back.

use super::family::Reads;
use super::members::remove;
use super::{Done, Fitted, Note};
use crate::chat::{Change, Cursor, Dialect, Fault, Kind, MAX_DEPTH, Sealed, Span, View, decode};

/// Whether a family reads all that a conversation has of a model's thoughts and keeps sealed.
pub const fn read_by(sealed: Sealed, reads: Reads) -> bool {
    (reads.claude || !sealed.claude) && (reads.openai || !sealed.openai) && (reads.gemini || !sealed.gemini)
}

/// Takes out of the conversation what the model cannot read. `needs`: it refuses a call of a tool without its thoughts,
/// so that empty ones are put in.
pub(super) fn strip(
    body: &[u8],
    view: &View<'_>,
    dialect: Dialect,
    reads: Reads,
    needs: bool,
    fitted: &mut Fitted,
) {
    let name: &[u8] = match dialect {
        Dialect::ChatCompletions | Dialect::Messages => b"messages",
        Dialect::Responses => b"input",
        Dialect::Gemini(_) => b"contents",
        Dialect::Completions => return,
    };
    let Some(member) = view.members.iter().rfind(|member| member.key.of(body) == name) else { return };
    let before = fitted.changes.len();
    let mut pass = Pass { dialect, reads, needs, changes: &mut fitted.changes };
    let whole = Walk { body, base: member.value };
    // What was read without a fault is read again without one.
    let _ = pass.turns(whole);
    if fitted.changes.len() > before {
        let name = String::from_utf8_lossy(name).into_owned();
        fitted.notes.push(Note { name: format!("{name} (thoughts of another model)"), done: Done::Dropped });
    }
}

/// A value of the body.
#[derive(Clone, Copy)]
struct Walk<'b> {
    body: &'b [u8],
    base: Span,
}

impl<'b> Walk<'b> {
    fn of(self) -> &'b [u8] {
        self.base.of(self.body)
    }

    fn cursor(self) -> Cursor<'b> {
        Cursor::new(self.of(), MAX_DEPTH)
    }

    /// A span of this value as one of the body.
    const fn at(self, start: usize, end: usize) -> Self {
        let base =
            Span { start: self.base.start.saturating_add(start), end: self.base.start.saturating_add(end) };
        Self { base, ..self }
    }

    /// The elements of a list; none where it is no list.
    fn elements(self) -> Result<Vec<Walk<'b>>, Fault> {
        let mut cursor = self.cursor();
        let mut found = Vec::new();
        if cursor.kind()? == Kind::Array {
            cursor.each_element(|cursor| {
                let start = cursor.place();
                cursor.skip()?;
                found.push(self.at(start, cursor.behind()));
                Ok(())
            })?;
        }
        Ok(found)
    }

    /// The members of an object, each with its key; none where it is no object.
    fn members(self) -> Result<Vec<(Walk<'b>, Walk<'b>)>, Fault> {
        let mut cursor = self.cursor();
        let mut found = Vec::new();
        if cursor.kind()? == Kind::Object {
            cursor.each_member(|cursor, key| {
                let start = cursor.place();
                cursor.skip()?;
                found.push((self.at(key.start, key.end), self.at(start, cursor.behind())));
                Ok(())
            })?;
        }
        Ok(found)
    }
}

struct Pass<'c> {
    dialect: Dialect,
    reads: Reads,
    needs: bool,
    changes: &'c mut Vec<Change>,
}

impl Pass<'_> {
    fn turns(&mut self, list: Walk<'_>) -> Result<(), Fault> {
        let turns = list.elements()?;
        let mut places = Vec::with_capacity(turns.len());
        let mut thought = false;
        for turn in turns {
            let before = self.changes.len();
            let goes = self.turn(turn)?;
            if goes {
                // It goes as a whole.
                self.changes.truncate(before);
            }
            if self.needs && self.dialect == Dialect::Responses && !goes {
                self.thoughts_before(turn, &mut thought)?;
            }
            places.push((turn.base, goes));
        }
        remove(places.into_iter(), self.changes);
        Ok(())
    }

    /// Puts thoughts in front of calls of tools that have none: a full stop, as LiteLLM takes white space for none. `thought`: they have some, or more calls stand between.
    fn thoughts_before(&mut self, item: Walk<'_>, thought: &mut bool) -> Result<(), Fault> {
        let members = item.members()?;
        let of = |name: &[u8]| {
            members.iter().rfind(|(key, _)| key.of() == name).map_or(&b""[..], |(_, value)| value.of())
        };
        match of(b"type") {
            br#""reasoning""# => *thought = true,
            br#""function_call""# | br#""custom_tool_call""# => {
                if !*thought {
                    let start = item.base.start;
                    let new =
                        br#"{"type":"reasoning","summary":[{"type":"summary_text","text":"."}]},"#.to_vec();
                    self.changes.push(Change { span: Span { start, end: start }, new });
                }
                *thought = true;
            }
            _ if of(b"role") == br#""assistant""# => {}
            _ => *thought = false,
        }
        Ok(())
    }

    /// One turn, or item; whether it goes as a whole.
    fn turn(&mut self, turn: Walk<'_>) -> Result<bool, Fault> {
        let members = turn.members()?;
        let value =
            |name: &str| members.iter().rfind(|(key, _)| &*decode(key.of()) == name).map(|(_, value)| *value);
        let kind = |name: &str| value(name).map_or(&b""[..], Walk::of);
        if self.dialect == Dialect::Responses {
            // What is not encrypted is plain text.
            let sealed = !matches!(kind("encrypted_content"), b"" | b"null");
            if kind("type") == br#""reasoning""# && !self.reads.openai && (sealed || !self.reads.plain) {
                return Ok(true);
            }
        } else if let Some(parts) = value("content").or_else(|| value("parts"))
            && self.parts(parts)?
        {
            return Ok(true);
        }
        let (dialect, reads) = (self.dialect, self.reads);
        let goes = |name: &str| match name {
            "id" => dialect == Dialect::Responses && !reads.openai,
            "thinking_blocks" => !reads.claude,
            "reasoning_content" | "reasoning" | "reasoning_details" => {
                dialect == Dialect::ChatCompletions && !reads.plain
            }
            _ => false,
        };
        self.cut(&members, goes);
        if self.dialect != Dialect::ChatCompletions {
            return Ok(false);
        }
        if let Some(calls) = value("tool_calls") {
            if !self.reads.gemini {
                for call in calls.elements()? {
                    self.cut(&call.members()?, |name| {
                        matches!(name, "extra_content" | "provider_specific_fields")
                    });
                }
            }
            let empty = matches!(kind("reasoning_content"), b"" | b"null" | br#""""#);
            if self.needs && empty && kind("role") == br#""assistant""# && !calls.elements()?.is_empty() {
                self.thoughtless(calls, value("reasoning_content"));
            }
        }
        Ok(false)
    }

    /// The parts of a turn; whether nothing of them is left.
    fn parts(&mut self, list: Walk<'_>) -> Result<bool, Fault> {
        let parts = list.elements()?;
        let mut places = Vec::with_capacity(parts.len());
        for part in parts {
            let members = part.members()?;
            let of = |name: &str| {
                members.iter().rfind(|(key, _)| key.of() == name.as_bytes()).map(|(_, v)| v.of())
            };
            let signed = of("signature").is_some_and(|signature| !matches!(signature, b"null" | br#""""#));
            let goes = match of("type") {
                Some(br#""thinking""#) => !(self.reads.claude && signed),
                Some(br#""redacted_thinking""#) => !self.reads.claude,
                _ => false,
            };
            if !goes && !self.reads.gemini {
                self.cut(&members, |name| matches!(name, "thoughtSignature" | "thought_signature"));
            }
            places.push((part.base, goes));
        }
        let all = !places.is_empty() && places.iter().all(|(_, goes)| *goes);
        remove(places.into_iter(), self.changes);
        Ok(all)
    }

    fn cut(&mut self, members: &[(Walk<'_>, Walk<'_>)], goes: impl Fn(&str) -> bool) {
        let places = members.iter().map(|(key, value)| {
            let whole = Span { start: key.base.start.saturating_sub(1), end: value.base.end };
            (whole, goes(&decode(key.of())))
        });
        remove(places, self.changes);
    }

    /// Thoughts where there are none. One space, because an empty string counts as none.
    fn thoughtless(&mut self, calls: Walk<'_>, there: Option<Walk<'_>>) {
        let change = match there {
            Some(there) => Change { span: there.base, new: br#"" ""#.to_vec() },
            None => {
                let end = calls.base.end;
                Change { span: Span { start: end, end }, new: br#","reasoning_content":" ""#.to_vec() }
            }
        };
        self.changes.push(change);
    }
}
