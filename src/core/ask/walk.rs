//! Goes over the lines of a turn and puts them into sections: labels, tags, fences and drawn lines begin and end those.

use std::sync::LazyLock;

use memchr::memmem;

use super::lines::{is_option, is_question, said, trimmed};
use super::mail::{self, Quote, is_marked};
use super::mentions;
use super::sections::{Role, Section};
use super::wordings::Wordings;
use crate::chat::Span;

/// More sections are none of a template.
pub const MOST_SECTIONS: usize = 64;

/// A line that begins or ends a fence, behind the end of the line before it.
static FENCE: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new(br"\n```"));

/// What was found in the lines of a turn.
#[derive(Default)]
pub struct Walk {
    /// The sections, in order.
    pub sections: Vec<Section>,
    /// A text begins: what was cut out before it is none of a section that goes on.
    apart: bool,
    role: Role,
    fence: Option<u8>,
    /// The fence holds a file that a client attached.
    attached: bool,
    delimited: bool,
    /// The line before was a label with nothing behind it.
    labelled: bool,
    /// A mail that is quoted below something else goes on.
    quote: Option<Quote>,
    /// There was such a mail.
    pub quoted: bool,
    /// Files that a client attached go on, through all texts of the turn.
    pub referenced: bool,
    /// A label of attached documents stands right before this line: where their fence ends the rest is not theirs.
    attaches: bool,
    /// Where the form begins that an output parser asks for.
    pub parser: Option<usize>,
    /// Lines that were looked at more closely, for a mail may begin there.
    looks: u8,
    /// Where the text ends.
    end: usize,
    /// A line that ends with a label's colon began material: "Translate the following text:".
    pub led: bool,
    /// The first line that is not blank, and the last.
    pub first: Option<Span>,
    /// The last one.
    pub last: Option<Span>,
    /// Lines that are not blank.
    pub lines: usize,
    /// Those of them that begin as lines of logs do.
    pub logged: usize,
    /// Those that end with a question mark.
    pub questions: usize,
    /// Those that begin as the options of a question do: "A. …".
    pub options: usize,
    /// Bytes that are not blank.
    pub total: usize,
    /// The tag that is open around what a person typed.
    tag: Option<usize>,
    /// Some section stood between such tags.
    pub tagged: bool,
    /// What a person says last in material that is a written-down conversation.
    pub person: Option<Span>,
    /// The last line is the label of an answer that is still to come.
    pub awaits_answer: bool,
    /// The line before was blank.
    blank: bool,
    /// The line before was drawn, and began something.
    ruled: bool,
    /// The first lines of the last paragraphs that stand behind other lines, the last one first.
    pub paragraphs: [Option<Span>; 3],
}

impl Walk {
    /// Begins a text of the turn, that ends at a place.
    pub fn begin(&mut self, end: usize) {
        (self.role, self.apart, self.fence, self.delimited, self.tag) =
            (Role::Plain, true, None, false, None);
        (self.quote, self.end) = (None, end);
    }

    /// Goes on with a line. Whether another one is wanted.
    pub fn line(&mut self, body: &[u8], line: Span, words: &Wordings<'_>) -> bool {
        let line = trimmed(body, line);
        let raw = line.of(body);
        if raw.is_empty() {
            self.blank = true;
            return true;
        }
        if self.sections.len() > MOST_SECTIONS {
            return false;
        }
        let begins_paragraph = std::mem::take(&mut self.blank) && self.lines > 0;
        let said = said(raw);
        self.lines += 1;
        self.total += said;
        self.logged += usize::from(is_logged(raw));
        self.questions += usize::from(is_question(raw));
        self.options += usize::from(is_option(raw));
        self.first = self.first.or(Some(line));
        self.last = Some(line);
        self.awaits_answer = false;
        if self.refers(raw) || self.quotes(body, line, raw) {
            self.add(Role::Material, line, said);
            return true;
        }
        if self.parser.is_none() && self.fence.is_none() && is_parser(raw) && self.lines > 1 {
            self.parser = Some(line.start);
        }
        let attaches = std::mem::take(&mut self.attaches);
        if attaches && raw.starts_with(b"```") {
            (self.attached, self.quoted) = (true, true);
        }
        if self.fences(line, raw, said) || self.tags(body, line, words) {
            return true;
        }
        if is_rule(raw) {
            if !std::mem::take(&mut self.labelled)
                && matches!(self.role, Role::Plain | Role::Delimited | Role::Task)
            {
                self.delimited = !self.delimited;
                self.role = if self.delimited { Role::Delimited } else { Role::Plain };
                self.ruled = true;
            }
            return true;
        }
        let ruled = std::mem::take(&mut self.ruled);
        self.labelled = false;
        if let Some((role, length)) = words.label(raw)
            && self.takes(
                body,
                role,
                trimmed(body, Span { start: line.start + length, end: line.end }),
                ruled,
            )
        {
            self.attaches =
                self.role == Role::Material && self.lines == 1 && self.labelled && is_attached(raw);
            return true;
        }
        if begins_paragraph && matches!(self.role, Role::Plain | Role::Ask) {
            let [last, before, _] = self.paragraphs;
            self.paragraphs = [Some(line), last, before];
        }
        self.add(self.role, line, said);
        if self.role == Role::Plain && words.leads_to_material(raw) {
            (self.role, self.led) = (Role::Material, true);
        }
        true
    }

    /// Whether the line is of the files that Gemini CLI puts behind a prompt, in parts of their own, or what Continue says of files.
    fn refers(&mut self, raw: &[u8]) -> bool {
        const BEGIN: &[u8] = b"--- Content from referenced files ---";
        const END: &[u8] = b"--- End of content ---";
        let ends = self.referenced && raw == END;
        self.referenced = !ends && (self.referenced || raw == BEGIN);
        self.referenced || ends || is_codebase(raw)
    }

    /// Whether the line is of a mail that a client quotes below something else, or begins one.
    fn quotes(&mut self, body: &[u8], line: Span, raw: &[u8]) -> bool {
        const LOOKS: u8 = 32;
        match self.quote {
            Some(Quote::Rest) => return true,
            Some(Quote::Marked(from)) if line.start < from || is_marked(raw) => return true,
            Some(Quote::Marked(_)) => self.quote = None,
            None => {}
        }
        let free = matches!(self.role, Role::Plain | Role::Ask | Role::Task) || self.ruled;
        if self.lines < 2 || self.fence.is_some() || self.tag.is_some() || !free || self.looks >= LOOKS {
            return false;
        }
        if !mail::may_begin(raw) {
            return false;
        }
        self.looks += 1;
        self.quote = mail::begins(body, line, self.end);
        if self.quote.is_some() {
            (self.quoted, self.ruled) = (true, false);
            if self.delimited {
                (self.delimited, self.role) = (false, Role::Plain);
            }
        }
        self.quote.is_some()
    }

    /// Whether a label with `rest` behind it begins a section here. `ruled`: it stands right behind a drawn line.
    fn takes(&mut self, body: &[u8], role: Role, rest: Span, ruled: bool) -> bool {
        let speaks = matches!(role, Role::Person | Role::Answer);
        if speaks && matches!(self.role, Role::Material | Role::Delimited) {
            // A conversation is looked up as other texts are. Where the model is to answer it, it is none of them.
            if role == Role::Person && !rest.is_empty() {
                self.person = Some(rest);
            }
            self.awaits_answer = role == Role::Answer && rest.is_empty();
            if !rest.is_empty() {
                return false;
            }
        }
        if self.delimited && !ruled && matches!(role, Role::Task | Role::Material) {
            return false;
        }
        (self.role, self.delimited, self.apart) = (role, false, false);
        self.labelled = rest.is_empty();
        self.sections.push(Section { role, span: rest, said: said(rest.of(body)) });
        true
    }

    /// Whether the line is of a tag around what a person typed.
    fn tags(&mut self, body: &[u8], line: Span, words: &Wordings<'_>) -> bool {
        let raw = line.of(body);
        let (tag, inside) = match self.tag {
            Some(tag) => (tag, line),
            None => match words.opens_ask(raw) {
                Some((tag, length)) => {
                    self.sections.push(Section {
                        role: Role::Ask,
                        span: Span { start: line.end, end: line.end },
                        said: 0,
                    });
                    (self.tag, self.role) = (Some(tag), Role::Ask);
                    (tag, Span { start: line.start + length, end: line.end })
                }
                None => return false,
            },
        };
        let closes = words.closes_ask(inside.of(body), tag);
        let inside = trimmed(body, Span { end: closes.map_or(inside.end, |at| inside.start + at), ..inside });
        if !inside.is_empty() {
            for part in mentions::without(body, inside) {
                self.apart |= part.start > inside.start;
                self.add(Role::Ask, part, said(part.of(body)));
            }
            self.tagged = true;
        }
        if closes.is_some() {
            (self.tag, self.role, self.apart) = (None, Role::Plain, true);
        }
        true
    }

    /// Goes on over lines that are not looked at one by one: they are of the section that they begin in, but that fences in
    /// them may end or begin one.
    pub fn middle(&mut self, body: &[u8], lines: Span) -> bool {
        self.total += lines.len();
        if self.quote.is_some() || self.referenced {
            self.add(Role::Material, lines, lines.len());
            return true;
        }
        self.add(self.role, lines, lines.len());
        // Most texts have no such sign at all, which is found sooner than that they have no fence.
        let raw = lines.of(body);
        let fences = if memchr::memchr(b'`', raw).is_some() { FENCE.find_iter(raw).count() } else { 0 };
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

/// Whether a line is the label of documents that a client attached: "Attached document(s):".
fn is_attached(raw: &[u8]) -> bool {
    raw.get(..9).is_some_and(|begin| begin.eq_ignore_ascii_case(b"attached "))
}

/// Whether a line is what Continue writes around the files that it looked up.
fn is_codebase(raw: &[u8]) -> bool {
    raw == b"The following are the relevant files from the codebase:"
        || raw.starts_with(
            b"Use the above code to answer the following question. You should not reference any files",
        )
}

/// Whether a line begins the form that LangChain's parsers ask for, in Python and in JavaScript.
fn is_parser(raw: &[u8]) -> bool {
    raw.starts_with(b"The output should be formatted as a JSON instance that conforms to")
        || raw.starts_with(b"You must format your output as a JSON value that adheres to")
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
