//! An agent that goes in a circle: the same call of a tool with the same answer, or one error after the other, several times
//! in the newest turns. Told from the body alone, so that it is over as soon as another call or answer is the newest.

use std::collections::VecDeque;

use crate::chat::{self, Cursor, Fault, Kind, Span, View};
use crate::fnv::Fnv;

/// Of a call or an answer so many bytes at its beginning and at its end count.
const ENDS: usize = 2048;
/// How errors of tools begin, in small letters.
const ERRORS: [&str; 9] = [
    "error",
    "traceback (most recent call last)",
    "exception",
    "fatal:",
    "failed",
    "command failed",
    "exit code 1",
    "<tool_use_error>",
    "{\"error\"",
];

/// What tools were asked and answered in the newest turns.
#[derive(Debug, Default)]
struct Run {
    /// Calls whose answers have not come yet.
    open: VecDeque<u64>,
    /// Numbers of a call and its answer, in the order of the answers.
    steps: Vec<(u64, u64)>,
    /// The same by turns: what was asked in one, and what was answered to that.
    rounds: Vec<Round>,
    /// A call has come since the last answer: the next answer begins a round.
    asked: bool,
    /// Errors at the end of the steps.
    errors: usize,
}

/// The calls of one turn with their answers, in whatever order they stand.
#[derive(Debug, Default, PartialEq, Eq)]
struct Round {
    calls: u64,
    answers: u64,
    size: usize,
}

/// Whether the conversation ends in a circle of at least so many steps: `repeats`, 0 where that is not looked for.
pub(super) fn is_stalled(body: &[u8], view: &View<'_>, repeats: usize) -> bool {
    if repeats == 0 || !view.ends_with_tool() {
        return false;
    }
    let mut run = Run::default();
    for span in view.recent() {
        let mut cursor = Cursor::new(span.of(body), chat::MAX_DEPTH);
        // What is cut off or odd ends the run that is known.
        if run.turn(&mut cursor).is_err() {
            return false;
        }
    }
    run.errors >= repeats || run.repeated() >= repeats
}

impl Run {
    /// How often the last step was made, one time after the other: one call, or all calls of a turn.
    fn repeated(&self) -> usize {
        fn at_the_end<T: PartialEq>(all: &[T]) -> usize {
            let Some(last) = all.last() else { return 0 };
            all.iter().rev().take_while(|step| *step == last).count()
        }
        at_the_end(&self.steps).max(at_the_end(&self.rounds))
    }

    /// One message or item.
    fn turn(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        if cursor.kind()? != Kind::Object {
            return cursor.skip().map(drop);
        }
        let mut item = Item::default();
        item.read(cursor, self, 0)?;
        if item.is_answer {
            self.answer(item.content, item.failed);
        } else if item.is_call {
            self.call(item.call);
        }
        Ok(())
    }

    fn call(&mut self, call: u64) {
        self.open.push_back(call);
        self.asked = true;
    }

    fn answer(&mut self, answer: u64, failed: bool) {
        // Answers come in the order of their calls.
        let call = self.open.pop_front().unwrap_or_default();
        self.steps.push((call, answer));
        if std::mem::take(&mut self.asked) || self.rounds.is_empty() {
            self.rounds.push(Round::default());
        }
        if let Some(round) = self.rounds.last_mut() {
            round.calls = round.calls.wrapping_add(call);
            round.answers = round.answers.wrapping_add(answer);
            round.size = round.size.saturating_add(1);
        }
        self.errors = if failed { self.errors.saturating_add(1) } else { 0 };
    }
}

/// A message, an item or a part, as far as it is a call or an answer of a tool.
#[derive(Debug, Default)]
struct Item {
    is_call: bool,
    is_answer: bool,
    call: u64,
    content: u64,
    failed: bool,
}

impl Item {
    fn read(&mut self, cursor: &mut Cursor<'_>, run: &mut Run, depth: usize) -> Result<(), Fault> {
        /// Calls and answers stand no deeper in a turn.
        const DEEPEST: usize = 4;
        if depth > DEEPEST {
            return cursor.skip().map(drop);
        }
        let depth = depth.saturating_add(1);
        let body = cursor.bytes();
        cursor.each_member(|cursor, key| {
            let kind = cursor.kind()?;
            match (key.of(body), kind) {
                (b"role", Kind::String) => {
                    let role = cursor.skip()?;
                    self.is_answer |= matches!(role.of(body), b"\"tool\"" | b"\"function\"");
                }
                (b"type", Kind::String) => {
                    let kind = cursor.skip()?.of(body);
                    self.is_answer |= kind == b"\"tool_result\"" || kind.ends_with(b"_output\"");
                    self.is_call |= kind == b"\"tool_use\"" || kind.ends_with(b"_call\"");
                }
                (b"is_error", _) => self.failed |= cursor.skip()?.of(body) == b"true",
                (b"name" | b"arguments" | b"input" | b"args", _) => {
                    let value = cursor.skip()?;
                    self.call = mixed(self.call, value.of(body));
                }
                (b"functionCall" | b"function_call", Kind::Object) => {
                    let mut call = Item::default();
                    call.read(cursor, run, depth)?;
                    run.call(call.call);
                }
                (b"functionResponse" | b"function_response", Kind::Object) => {
                    let mut answer = Item::default();
                    answer.read(cursor, run, depth)?;
                    run.answer(answer.content, answer.failed);
                }
                (b"function", Kind::Object) => self.read(cursor, run, depth)?,
                // Parts of Anthropic's and Gemini's turns, and the calls of chat completions.
                (b"content" | b"parts" | b"tool_calls", Kind::Array) if !self.is_answer => {
                    self.parts(cursor, run, (key.of(body) == b"tool_calls", depth))?;
                }
                (b"content" | b"output" | b"response", _) => {
                    let value = cursor.skip()?;
                    self.content = mixed(0, value.of(body));
                    self.failed |= is_error(value, body);
                }
                _ => drop(cursor.skip()?),
            }
            Ok(())
        })
    }

    fn parts(
        &mut self,
        cursor: &mut Cursor<'_>,
        run: &mut Run,
        (calls, depth): (bool, usize),
    ) -> Result<(), Fault> {
        let start = cursor.place();
        let body = cursor.bytes();
        let mut said = false;
        cursor.each_element(|cursor| {
            if cursor.kind()? != Kind::Object {
                return cursor.skip().map(drop);
            }
            let mut part = Item::default();
            part.read(cursor, run, depth)?;
            if part.is_answer {
                run.answer(part.content, part.failed);
            } else if part.is_call || calls {
                run.call(part.call);
            }
            said |= !part.is_answer && !part.is_call;
            Ok(())
        })?;
        // An answer whose parts are all text is the answer of a tool whose role comes behind it.
        let whole = Span { start, end: cursor.behind() };
        if said {
            self.content = mixed(0, whole.of(body));
        }
        Ok(())
    }
}

/// A number for what was said before and this.
fn mixed(before: u64, text: &[u8]) -> u64 {
    let mut hash = Fnv::default();
    hash.number(before);
    hash.number(text.len() as u64);
    hash.bytes(text.get(..ENDS).unwrap_or(text));
    hash.bytes(text.len().checked_sub(ENDS).and_then(|from| text.get(from..)).unwrap_or_default());
    hash.0
}

/// Whether what a tool answered begins as an error does.
fn is_error(value: Span, body: &[u8]) -> bool {
    const LONGEST: usize = 64;
    let mut text = value.of(body);
    // A list of parts: the first that is text.
    if text.starts_with(b"[")
        && let Some(at) = memchr::memmem::find(text.get(..ENDS).unwrap_or(text), b"\"text\":")
    {
        text = text.get(at.saturating_add(7)..).unwrap_or_default();
    }
    let start = chat::decode(text.get(..LONGEST).unwrap_or(text)).to_lowercase();
    let start = start.trim_start_matches(|c: char| c.is_whitespace() || c == '"');
    ERRORS.iter().any(|error| start.starts_with(error))
}
