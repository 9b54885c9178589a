//! What of a turn a person typed, where a template or a pasted text stands around it: by labels, delimiters and the place
//! of a short question beside a long text.

use super::budget::{Budget, STOP};
use super::lines::{Part, each_part, is_question, said, trimmed};
use super::messages;
use super::tables::{concept, has, is_about};
use super::walk::{MOST_SECTIONS, Walk};
use super::wordings::Wordings;
use crate::chat::{Span, decode};

/// Material that is shorter is no long text beside an ask.
pub const SHORTEST_MATERIAL: usize = 48;
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

/// Lines of a turn that belong together.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// What they are.
    pub role: Role,
    /// All of them.
    pub span: Span,
    /// Bytes that are not blank.
    pub said: usize,
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
    /// Whether they stand between tags for what a person typed.
    pub tagged: bool,
}

impl Typed {
    /// Cuts off what stands behind a place, where words stand before it.
    fn end_at(&mut self, body: &[u8], place: usize) {
        let before = |part: &&Span| part.start < place;
        let mut kept: Vec<Span> = self.parts.iter().filter(before).copied().collect();
        if let Some(last) = kept.last_mut() {
            *last = trimmed(body, Span { start: last.start, end: last.end.min(place) });
            if !last.is_empty() {
                (self.parts, self.cut) = (kept, true);
            }
        }
    }
}

/// The words that a person typed among the texts of a turn. `cut`: material between tags was cut out of it already.
pub fn typed(body: &[u8], texts: &[Span], cut: bool, words: &mut Wordings<'_>, budget: &mut Budget) -> Typed {
    let newest = messages::newest(body, texts, words, budget);
    let (texts, cut) =
        newest.as_ref().map_or((texts, cut), |(left, thread)| (left.as_slice(), cut || *thread));
    let whole = || Typed { parts: texts.to_vec(), material: cut, ..Typed::default() };
    let mut walk = Walk::default();
    for text in texts {
        if !budget.pay(text.len()) {
            return whole();
        }
        walk.begin(text.end);
        each_part(body, *text, NEAR, |part| {
            budget.pay(STOP)
                && match part {
                    Part::Line(line) => walk.line(body, line, words),
                    Part::Middle(lines) => walk.middle(body, lines),
                }
        });
    }
    if budget.is_exhausted() || walk.referenced || walk.sections.len() > MOST_SECTIONS {
        return whole();
    }
    let mut typed = walk.typed(body, cut, words).unwrap_or_else(whole);
    if let Some(form) = walk.form(body, words) {
        typed.end_at(body, form);
    }
    // A template that ends with the name of what it wants is one, whatever stands between tags in it.
    let cued = walk.tagged && walk.last.is_some_and(|last| is_cue(body, last, words));
    typed.tagged = walk.tagged && !cued;
    typed.material |= cut || walk.said(Role::Material) >= SHORTEST_MATERIAL;
    typed
}

/// Whether a line says where the product of a chore goes.
fn is_cue(body: &[u8], line: Span, words: &mut Wordings<'_>) -> bool {
    line.of(body).ends_with(b":") && words.has(body, &[line], concept::CUE)
}

/// Whether a line has a question mark, escaped or not.
fn asks(raw: &[u8]) -> bool {
    memchr::memchr(b'?', raw).is_some()
        || !(raw.is_ascii() && memchr::memchr(b'\\', raw).is_none()) && decode(raw).contains(['?', '？', '؟'])
}

impl Walk {
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
        if self.tagged {
            return typed(self.parts(|role| role == Role::Ask));
        }
        if let Some(ask) = asked
            && (open && plain.is_empty() || !plain.is_empty() && words.has(body, &plain, concept::TEMPLATE))
        {
            return typed(vec![ask.span]);
        }
        if let Some(person) = self.person.filter(|_| self.awaits_answer) {
            return typed(vec![person]);
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
            if self.quoted && !words.stands_alone(body, &plain) {
                return self.beside(body, words).and_then(|question| typed(vec![question]));
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

    /// Where the paragraphs begin that end the turn and say what the answer is to look like.
    fn form(&self, body: &[u8], words: &mut Wordings<'_>) -> Option<usize> {
        /// So many bytes of each are looked at.
        const NEAR: usize = 160;
        // A parser's ends with its schema. Where something follows that is the ask.
        if self.parser.is_some() && self.last?.of(body).starts_with(b"```") {
            return self.parser;
        }
        let mut begins = None;
        for line in self.paragraphs.into_iter().flatten() {
            let signs = line.of(body).iter().take_while(|byte| b"(*-_#>[ ".contains(byte)).count();
            let start = line.start + signs;
            let begin = Span { start, end: line.end.min(start + NEAR) };
            if words.begins_form(body, begin) {
                begins = Some(line.start);
            }
        }
        begins
    }

    /// Whether the text beside a question is the asker's own: it asks on, shows code or lists options. A title and the
    /// post below it are of this kind. `asks`: the question ends with its mark.
    fn is_own(&self, asks: bool, logged: bool) -> bool {
        self.options > 2 || !logged && (self.questions > usize::from(asks) || self.said(Role::Code) > 0)
    }

    /// A short question before or behind a long text that it is about.
    fn beside(&self, body: &[u8], words: &mut Wordings<'_>) -> Option<Span> {
        let (first, last) = (self.first?, self.last?);
        let logged = self.lines >= 4 && self.logged * 2 >= self.lines;
        for line in [first, last] {
            let length = said(line.of(body));
            let rest = self.total.saturating_sub(length);
            if length <= LONGEST_QUESTION && rest >= 300.max(3 * length) {
                let asks = asks(line.of(body));
                let own = self.is_own(is_question(line.of(body)), logged);
                // Words make no difference then.
                let found = if own && line != last { 0 } else { words.concepts(body, &[line]) };
                let fact = has(found, concept::FACT) && !has(found, concept::HARD);
                let about = !own && (is_about(found) || fact && (asks || line == last))
                    // In front of an ask too stands a greeting.
                    || has(found, concept::GREETING) && line == last
                    || asks && !own && (logged || self.total >= 2000 && rest >= 8 * length);
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
