//! Where the mail begins that a client quotes below what a person typed.

use super::lines::{each_line, trimmed};
use crate::chat::{Span, decode};

/// How far a quoted mail goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quote {
    /// To the end of the text.
    Rest,
    /// Over the lines that begin with `>`, from a place on.
    Marked(usize),
}

/// A line of a mail's head is no longer, in bytes of the request.
const LONGEST: usize = 320;

/// What stands between dashes in front of a mail, in small letters.
const TITLES: [&str; 16] = [
    "original message",
    "forwarded message",
    "forwarded conversation",
    "ursprüngliche nachricht",
    "originalnachricht",
    "weitergeleitete nachricht",
    "message d'origine",
    "message transféré",
    "mensaje original",
    "mensaje reenviado",
    "messaggio originale",
    "messaggio inoltrato",
    "mensagem original",
    "mensagem encaminhada",
    "oorspronkelijk bericht",
    "doorgestuurd bericht",
];

/// Apple's, which has a colon instead of dashes.
const BEGINS: [&str; 6] = [
    "begin forwarded message:",
    "anfang der weitergeleiteten nachricht:",
    "début du message réexpédié :",
    "inicio del mensaje reenviado:",
    "inizio messaggio inoltrato:",
    "início da mensagem encaminhada:",
];

/// How a line begins that says who wrote when, and what it says.
const WROTE: [(&str, &str); 8] = [
    ("On ", " wrote"),
    ("Am ", " schrieb"),
    ("Le ", " a écrit"),
    ("El ", " escribió"),
    ("Il ", " ha scritto"),
    ("Em ", " escreveu"),
    ("Op ", " schreef"),
    ("Den ", " skrev"),
];

/// The first name in a mail's head.
const FROM: [&str; 5] = ["from", "von", "de", "da", "van"];

/// The other names there, and which of them stand in front of what the mail is about.
const HEADS: [&str; 22] = [
    "sent",
    "date",
    "to",
    "cc",
    "reply-to",
    "gesendet",
    "datum",
    "an",
    "envoyé",
    "à",
    "enviado",
    "fecha",
    "para",
    "data",
    "inviato",
    "a",
    "verzonden",
    "aan",
    "enviada em",
    "enviado el",
    "date de l'envoi",
    "bcc",
];
const SUBJECTS: [&str; 6] = ["subject", "betreff", "objet", "asunto", "assunto", "oggetto"];

/// Whether a line may begin a mail: few others begin as those do.
pub fn may_begin(raw: &[u8]) -> bool {
    let head = raw.strip_prefix(b"*").unwrap_or(raw);
    let head = head.strip_prefix(b"*").unwrap_or(head);
    raw.len() <= LONGEST
        && match head {
            [b'-', b'-', b'-', ..] => raw.ends_with(b"-"),
            [b'B' | b'b', b'e', b'g', ..] | [b'D', b'\xc3' | b'\\', ..] | [b'A', b'n', b'f', ..] => true,
            [b'I', b'n', b'i' | b'\\', ..] | [b'I', b'n', b'\xc3', ..] => true,
            [b'O', b'n' | b'p', ..] | [b'A', b'm', ..] | [b'L', b'e', ..] | [b'E', b'l' | b'm', ..] => true,
            [b'I', b'l', ..] | [b'D', b'e' | b'a', ..] | [b'V', b'o' | b'a', ..] => true,
            [b'F', b'r', b'o', b'm', ..] => true,
            _ => false,
        }
}

/// How far the mail goes that begins with this line; none where it begins none. `end`: where the text ends.
pub fn begins(body: &[u8], line: Span, end: usize) -> Option<Quote> {
    let raw = line.of(body);
    if is_title(raw) || is_head(body, line, end) {
        return Some(Quote::Rest);
    }
    wrote(body, line, end)
}

/// Whether a line begins with `>`, as JSON may spell it.
pub fn is_marked(raw: &[u8]) -> bool {
    [&b">"[..], b"\\u003e", b"\\u003E"].iter().any(|mark| raw.starts_with(mark))
}

fn is_title(raw: &[u8]) -> bool {
    if raw.starts_with(b"---") {
        let text = decode(raw).to_lowercase();
        let title = text.trim_matches(['-', ' ']);
        return text.ends_with('-') && TITLES.contains(&title);
    }
    raw.ends_with(b":") && raw.len() < 64 && BEGINS.contains(&decode(raw).to_lowercase().as_str())
}

/// "On Thursday, Ana wrote:", with marked lines below it, or with an address in it.
fn wrote(body: &[u8], line: Span, end: usize) -> Option<Quote> {
    let raw = line.of(body);
    let (_, verb) = WROTE.iter().find(|(begin, _)| raw.starts_with(begin.as_bytes()))?;
    if !raw.iter().any(u8::is_ascii_digit) {
        return None;
    }
    let mut said = decode(raw).into_owned();
    let mut below = lines(body, line.end, end);
    if !said.trim_end().ends_with(':') {
        // Long lines are wrapped in front of the verb, or in front of the address.
        said.push(' ');
        said.push_str(&decode(below.next()?.of(body)));
    }
    if !said.trim_end().ends_with(':') || !said.contains(verb) {
        return None;
    }
    match below.next() {
        Some(next) if is_marked(next.of(body)) => Some(Quote::Marked(next.start)),
        _ => said.contains('@').then_some(Quote::Rest),
    }
}

/// Whether a mail's head begins with this line: three lines at least, one of which says what the mail is about.
fn is_head(body: &[u8], line: Span, end: usize) -> bool {
    const MOST: usize = 6;
    if !name(line.of(body)).is_some_and(|name| FROM.contains(&name.as_str())) {
        return false;
    }
    let (mut heads, mut subject) = (0, false);
    for next in lines(body, line.end, end).take(MOST) {
        let Some(name) = name(next.of(body)) else { break };
        let about = SUBJECTS.contains(&name.as_str());
        if !about && !HEADS.contains(&name.as_str()) {
            break;
        }
        (heads, subject) = (heads + 1, subject || about);
    }
    heads >= 2 && subject
}

/// The name in front of a line's colon, in small letters.
fn name(raw: &[u8]) -> Option<String> {
    const NEAR: usize = 40;
    let near = raw.get(..NEAR).unwrap_or(raw);
    let name = near.get(..memchr::memchr(b':', near)?)?;
    Some(decode(name).trim_matches(|c: char| c == '*' || c.is_whitespace()).to_lowercase())
}

/// The lines that are not blank from the end of another one on, as far as a mail's head may go.
fn lines(body: &[u8], from: usize, end: usize) -> impl Iterator<Item = Span> {
    const NEAR: usize = 6 * LONGEST;
    let mut found = Vec::new();
    let near = Span { start: from.min(end), end: end.min(from + NEAR) };
    each_line(body, near, |line| {
        let line = trimmed(body, line);
        if !line.is_empty() {
            found.push(line);
        }
        found.len() < 8
    });
    found.into_iter()
}
