//! What of a turn a person typed, where a template or a pasted text stands around it: by labels, delimiters and the place
//! of a short question beside a long text.

use super::budget::{Budget, STOP};
use super::lines::{self, Part, each_part, said, trimmed};
use super::wordings::{Wordings, concept, has, is_about};
use crate::chat::{Span, decode};

/// Material that is shorter is no long text beside an ask.
pub const SHORTEST_MATERIAL: usize = 48;
/// More sections are none of a template.
const MOST_SECTIONS: usize = 64;
/// Templates and questions stand within so many bytes of either end of a text: lines in between are not looked at one by one.
const NEAR: usize = 3072;
/// A question beside a pasted text is no longer.
const LONGEST_QUESTION: usize = 240;

/// What a section of a turn is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Under no label.
    #[default]
    Plain,
    /// Looked up or pasted.
    Material,
    /// What a person asks.
    Ask,
    /// What is to be done with it.
    Task,
    /// Where the answer goes.
    End,
    /// A side of a written-down conversation.
    Person,
    /// The other side.
    Answer,
    /// Between two lines of dashes or quotes.
    Delimited,
    /// A fence with code in it.
    Code,
    /// A fence with something else.
    Data,
}

impl Role {
    /// The role of a row of labels.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "material" => Self::Material,
            "ask" => Self::Ask,
            "task" => Self::Task,
            "end" => Self::End,
            "person" => Self::Person,
            "answer" => Self::Answer,
            _ => return None,
        })
    }
}

#[derive(Clone, Copy, Debug)]
struct Section {
    role: Role,
    span: Span,
    /// Bytes that are not blank.
    said: usize,
}

/// What was typed in a turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// Its words.
    pub parts: Vec<Span>,
    /// Whether something else stood beside it.
    pub cut: bool,
    /// Whether a written-down conversation or other material stood in the turn.
    pub material: bool,
    /// Whether the words stand behind a template's task and its material: then the task is none of theirs.
    pub behind_task: bool,
}

/// The words that a person typed among the texts of a turn. `cut`: material between tags was cut out of it already.
pub fn typed(body: &[u8], texts: &[Span], cut: bool, words: &mut Wordings<'_>, budget: &mut Budget) -> Typed {
    let whole = || Typed { parts: texts.to_vec(), material: cut, ..Typed::default() };
    let mut walk = Walk::default();
    for text in texts {
        if !budget.pay(text.len()) {
            return whole();
        }
        walk.role = Role::Plain;
        walk.apart = true;
        walk.fence = None;
        walk.delimited = false;
        each_part(body, *text, NEAR, |part| {
            budget.pay(STOP)
                && match part {
                    Part::Line(line) => walk.line(body, line, words),
                    Part::Middle(lines) => walk.middle(body, lines),
                }
        });
    }
    if budget.is_exhausted() || walk.sections.len() > MOST_SECTIONS {
        return whole();
    }
    let mut typed = walk.typed(body, cut, words).unwrap_or_else(whole);
    typed.material |= cut || walk.said(Role::Material) >= SHORTEST_MATERIAL;
    typed
}

/// A line that begins or ends a fence, behind the end of the line before it.
const FENCE: &[u8] = br"\n```";

#[derive(Default)]
struct Walk {
    /// A text begins: what was cut out before it is none of a section that goes on.
    apart: bool,
    sections: Vec<Section>,
    role: Role,
    fence: Option<u8>,
    /// The fence holds a file that a client attached.
    attached: bool,
    delimited: bool,
    /// The line before was a label with nothing behind it.
    labelled: bool,
    /// A line that ends with a label's colon began material: "Translate the following text:".
    led: bool,
    first: Option<Span>,
    last: Option<Span>,
    /// Lines that are not blank, and those of them that begin as lines of logs do.
    lines: usize,
    logged: usize,
    total: usize,
}

impl Walk {
    fn line(&mut self, body: &[u8], line: Span, words: &Wordings<'_>) -> bool {
        let line = trimmed(body, line);
        let raw = line.of(body);
        if raw.is_empty() {
            return true;
        }
        if self.sections.len() > MOST_SECTIONS {
            return false;
        }
        let said = said(raw);
        self.lines += 1;
        self.total += said;
        self.logged += usize::from(is_logged(raw));
        self.first = self.first.or(Some(line));
        self.last = Some(line);
        if self.fences(line, raw, said) {
            return true;
        }
        if is_rule(raw) {
            if !std::mem::take(&mut self.labelled)
                && matches!(self.role, Role::Plain | Role::Delimited | Role::Task)
            {
                self.delimited = !self.delimited;
                self.role = if self.delimited { Role::Delimited } else { Role::Plain };
            }
            return true;
        }
        let label = words.label(raw);
        self.labelled = false;
        if let Some((role, length)) = label
            && !(matches!(role, Role::Person | Role::Answer)
                && matches!(self.role, Role::Material | Role::Delimited)
                && line.len() > length)
            && !(self.delimited && matches!(role, Role::Task | Role::Material))
        {
            self.role = role;
            self.delimited = false;
            let rest = trimmed(body, Span { start: line.start + length, end: line.end });
            self.labelled = rest.is_empty();
            self.apart = false;
            let said = lines::said(rest.of(body));
            self.sections.push(Section { role, span: rest, said });
            return true;
        }
        self.add(self.role, line, said);
        if self.role == Role::Plain && words.leads_to_material(raw) {
            (self.role, self.led) = (Role::Material, true);
        }
        true
    }

    /// Goes on over lines that are not looked at one by one: they are of the section that they begin in, but that fences in
    /// them may end or begin one.
    fn middle(&mut self, body: &[u8], lines: Span) -> bool {
        self.total += lines.len();
        self.add(self.role, lines, lines.len());
        let fences = memchr::memmem::find_iter(lines.of(body), FENCE).count();
        if fences % 2 == 1 {
            let open = self.fence.take().is_none();
            self.fence = open.then_some(b'`');
            self.role = match self.role {
                Role::Plain if open => Role::Code,
                Role::Code | Role::Data => Role::Plain,
                role => role,
            };
            if std::mem::take(&mut self.attached) {
                self.role = Role::Plain;
            }
        }
        true
    }

    /// Whether the line is of a fence, or begins or ends one.
    fn fences(&mut self, line: Span, raw: &[u8], said: usize) -> bool {
        let mark = match raw {
            [b'`', b'`', b'`', ..] => Some(b'`'),
            [b'~', b'~', b'~', ..] => Some(b'~'),
            _ => None,
        };
        match (self.fence, mark) {
            (Some(open), Some(mark)) if open == mark => {
                self.fence = None;
                self.add(self.role, line, said);
                if matches!(self.role, Role::Code | Role::Data) || std::mem::take(&mut self.attached) {
                    self.role = Role::Plain;
                }
            }
            (None, Some(mark)) => {
                self.fence = Some(mark);
                if self.role == Role::Plain {
                    let kind = raw.get(3..).unwrap_or_default().to_ascii_lowercase();
                    let kind = kind.trim_ascii();
                    // Behind the language a client names the file that it attached.
                    let attached = kind.iter().any(|byte| b" ./".contains(byte));
                    let data = matches!(
                        kind,
                        b"text"
                            | b"txt"
                            | b"log"
                            | b"logs"
                            | b"csv"
                            | b"json"
                            | b"xml"
                            | b"yaml"
                            | b"console"
                            | b"output"
                            | b"markdown"
                            | b"md"
                            | b"plaintext"
                    );
                    if attached {
                        (self.role, self.attached) = (Role::Material, true);
                        self.add(self.role, line, said);
                        return true;
                    }
                    self.role = if data { Role::Data } else { Role::Code };
                }
                self.add(self.role, line, said);
            }
            (Some(_), _) => self.add(self.role, line, said),
            (None, None) => return false,
        }
        true
    }

    fn add(&mut self, role: Role, line: Span, said: usize) {
        let apart = std::mem::take(&mut self.apart);
        match self.sections.last_mut() {
            Some(last) if last.role == role && !apart => {
                if last.said == 0 {
                    last.span.start = line.start;
                }
                last.span.end = line.end;
                last.said += said;
            }
            _ => self.sections.push(Section { role, span: line, said }),
        }
    }

    fn said(&self, role: Role) -> usize {
        self.sections.iter().filter(|section| section.role == role).map(|section| section.said).sum()
    }

    fn parts(&self, of: impl Fn(Role) -> bool) -> Vec<Span> {
        let sections = self.sections.iter().filter(|section| of(section.role) && section.said > 0);
        sections.map(|section| section.span).collect()
    }

    fn typed(&self, body: &[u8], cut: bool, words: &mut Wordings<'_>) -> Option<Typed> {
        let typed =
            |parts: Vec<Span>| (!parts.is_empty()).then_some(Typed { parts, cut: true, ..Typed::default() });
        let material = if cut { SHORTEST_MATERIAL } else { 0 } + self.said(Role::Material);
        let ends = self.sections.iter().any(|section| section.role == Role::End);
        let plain = self.parts(|role| matches!(role, Role::Plain | Role::Code | Role::Data));
        let open = material >= SHORTEST_MATERIAL
            || ends
            || self.said(Role::Task) > 0
            || self.said(Role::Delimited) >= SHORTEST_MATERIAL;
        let asked = self.sections.iter().rfind(|section| section.role == Role::Ask && section.said > 0);
        if let Some(ask) = asked
            && open
            && (plain.is_empty() || words.has(body, &plain, concept::TEMPLATE))
        {
            return typed(vec![ask.span]);
        }
        // A written-down conversation goes on with what its last person says.
        if let Some(last) =
            self.sections.iter().rfind(|section| section.role == Role::Person && section.said > 0)
            && self.sections.last().is_some_and(|last| last.role == Role::Answer && last.said == 0)
        {
            return typed(vec![last.span]);
        }
        if let Some(parts) = self.before_format(body, words) {
            return typed(parts);
        }
        if material >= SHORTEST_MATERIAL {
            if self.led && !cut && words.has(body, &plain, concept::HARD) {
                return None;
            }
            if !plain.is_empty() {
                let behind_task = self.sections.iter().position(|section| section.role == Role::Task)
                    < self.sections.iter().position(|section| section.role == Role::Plain)
                    && self.said(Role::Task) > 0;
                return typed(plain).map(|typed| Typed { behind_task, ..typed });
            }
            let task = self.parts(|role| role == Role::Task);
            return if task.is_empty() {
                self.beside(body, words).and_then(|q| typed(vec![q]))
            } else {
                typed(task)
            };
        }
        let weak = self.said(Role::Delimited) + self.said(Role::Data);
        let outside = self.parts(|role| !matches!(role, Role::Delimited | Role::Data));
        if weak >= 200 && !outside.is_empty() {
            let found = words.concepts(body, &outside);
            if is_about(found) || has(found, concept::GREETING) {
                return typed(outside);
            }
        }
        self.beside(body, words).and_then(|question| typed(vec![question]))
    }

    /// What stands before instructions on the form of the answer that a client appended.
    fn before_format(&self, body: &[u8], words: &mut Wordings<'_>) -> Option<Vec<Span>> {
        let (first, last) = (self.first?, self.last?);
        if self.lines < 4 || self.total < 200 {
            return None;
        }
        let rest = Span { start: first.end, end: last.end };
        let typed = words.format_begins(body, rest)?;
        let parts = trimmed(body, Span { start: first.start, end: typed });
        (!parts.is_empty() && parts.len() * 2 < last.end - first.start).then(|| vec![parts])
    }

    /// A short question before or behind a long text that it is about.
    fn beside(&self, body: &[u8], words: &mut Wordings<'_>) -> Option<Span> {
        let (first, last) = (self.first?, self.last?);
        let logged = self.lines >= 4 && self.logged * 2 >= self.lines;
        for line in [first, last] {
            let length = said(line.of(body));
            let rest = self.total.saturating_sub(length);
            if length <= LONGEST_QUESTION && rest >= 300.max(3 * length) {
                let asks = decode(line.of(body)).trim_end().ends_with(['?', '？', '؟']);
                let found = words.concepts(body, &[line]);
                let about = is_about(found)
                    // In front of an ask too stands a greeting.
                    || has(found, concept::GREETING) && line == last
                    || asks && (logged || self.total >= 2000 && rest >= 8 * length);
                if about {
                    return Some(line);
                }
            }
        }
        // "Summarize: …"
        let raw = first.of(body);
        // As it may be escaped, at six bytes a letter.
        let colon = raw.iter().take(6 * LONGEST_QUESTION).position(|byte| *byte == b':')?;
        let before = Span { start: first.start, end: first.start + colon };
        let asked = said(before.of(body));
        let behind = self.total.saturating_sub(asked);
        ((6..LONGEST_QUESTION).contains(&asked)
            && behind >= SHORTEST_MATERIAL.max(asked)
            && is_about(words.concepts(body, &[before])))
        .then_some(before)
    }
}

/// Whether a line is drawn: of one sign, three times at least.
fn is_rule(raw: &[u8]) -> bool {
    match raw {
        [sign @ (b'-' | b'=' | b'_' | b'*' | b'#' | b'+' | b'\''), rest @ ..] => {
            rest.len() >= 2 && rest.iter().all(|byte| byte == sign)
        }
        [b'\\', b'"', rest @ ..] => rest.len() >= 4 && rest.chunks(2).all(|pair| pair == b"\\\""),
        _ => false,
    }
}

/// Whether a line begins as those of logs and traces do.
fn is_logged(raw: &[u8]) -> bool {
    let begins: &[&[u8]] = match raw {
        [b'0'..=b'9', b'0'..=b'9', ..] => return true,
        [b'[', next, ..] => return next.is_ascii_alphanumeric(),
        [b'a', ..] => &[b"at "],
        [b'C', ..] => &[b"Caused by"],
        [b'D', ..] => &[b"DEBUG"],
        [b'E', ..] => &[b"ERROR", b"E   "],
        [b'F', ..] => &[b"FATAL", b"File "],
        [b'I', ..] => &[b"INFO"],
        [b'T', ..] => &[b"Traceback"],
        [b'W', ..] => &[b"WARN"],
        [b'e', ..] => &[b"error"],
        [b'n', ..] => &[b"npm "],
        [b'w', ..] => &[b"warning"],
        _ => return false,
    };
    begins.iter().any(|begin| raw.starts_with(begin))
}
