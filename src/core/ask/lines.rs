//! Lines of a JSON string as the client sent it.

use std::sync::LazyLock;

use memchr::memmem;

use crate::chat::Span;
use crate::chat::raw::spaces;

static NEW_LINE: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new(END));

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// One line, without its end.
    Line(Span),
    /// The lines in the middle of a long text, all at once.
    Middle(Span),
}

/// Passes each line of a piece of `body` to `each`, without its end, until that says no.
pub fn each_line(body: &[u8], piece: Span, mut each: impl FnMut(Span) -> bool) {
    each_part(body, piece, usize::MAX, |part| match part {
        Part::Line(line) | Part::Middle(line) => each(line),
    });
}

/// Passes the lines within `near` bytes of both ends of a piece of `body` to `each`, and what is between them at once, until
/// that says no.
pub fn each_part(body: &[u8], piece: Span, near: usize, mut each: impl FnMut(Part) -> bool) {
    let raw = piece.of(body);
    let span = |start: usize, end: usize| Span { start: piece.start + start, end: piece.start + end };
    let mut start = 0;
    let mut middle = near.checked_mul(2).filter(|both| *both < raw.len()).map(|_| near);
    while let Some(end) = end_of_line(raw, start) {
        if !each(Part::Line(span(start, end))) {
            return;
        }
        start = end + END.len();
        if middle.is_some_and(|middle| start >= middle) {
            middle = None;
            let from = start.max(raw.len().saturating_sub(near + END.len()));
            let tail = end_of_line(raw, from).filter(|tail| from > start && *tail > start);
            if let Some(tail) = tail {
                if !each(Part::Middle(span(start, tail))) {
                    return;
                }
                start = tail + END.len();
            }
        }
    }
    each(Part::Line(span(start, raw.len())));
}

/// The first line of a piece of `body`.
pub fn first(body: &[u8], piece: Span) -> Span {
    let end = end_of_line(piece.of(body), 0).map_or(piece.end, |end| piece.start + end);
    Span { start: piece.start, end }
}

/// The last line of a piece of `body`.
pub fn last(body: &[u8], piece: Span) -> Span {
    let raw = piece.of(body);
    let mut end = raw.len();
    while let Some(place) = raw.get(..end).and_then(|head| memmem::rfind(head, END)) {
        if !is_escaped(raw, place) {
            return Span { start: piece.start + place + END.len(), end: piece.end };
        }
        end = place;
    }
    piece
}

/// A line's end, as JSON spells it.
const END: &[u8] = br"\n";

/// Where the line ends that a place is in; none in the last.
fn end_of_line(raw: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let place = at + NEW_LINE.find(raw.get(at..)?)?;
        if !is_escaped(raw, place) {
            return Some(place);
        }
        at = place + 1;
    }
}

/// Whether the backslash at a place is escaped itself: behind an odd number of them an `n` ends no line.
fn is_escaped(raw: &[u8], place: usize) -> bool {
    let before = raw.get(..place).unwrap_or_default();
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// A line without the white space at both ends, plain or escaped.
pub fn trimmed(body: &[u8], line: Span) -> Span {
    let (mut start, mut end) = (line.start, line.end);
    loop {
        match body.get(start..end) {
            Some(rest @ [b' ', ..]) => start += spaces(rest),
            Some([b'\t', ..]) => start += 1,
            Some([b'\\', b't' | b'r' | b'n', ..]) => start += 2,
            _ => break,
        }
    }
    loop {
        match body.get(start..end) {
            Some([.., b' ' | b'\t']) => end -= 1,
            Some([rest @ .., b'\\', b't' | b'r' | b'n'])
                if rest.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 0 =>
            {
                end -= 2;
            }
            _ => break,
        }
    }
    Span { start, end }
}

/// Escapes are read in so many bytes of a piece. One that is longer is long in any case.
const LONGEST_READ: usize = 16 * 1024;

/// How long a piece of a JSON string is in UTF-8, whichever way its client escaped it: about as long where it is no string.
pub fn said(raw: &[u8]) -> usize {
    let (mut length, mut at) = (raw.len(), 0usize);
    let read = raw.get(..LONGEST_READ).unwrap_or(raw);
    while let Some(found) = read.get(at..).and_then(|rest| memchr::memchr(b'\\', rest)) {
        let place = at + found;
        let code = match raw.get(place + 1) {
            Some(b'u') => raw.get(place + 2..place + 6).and_then(|digits| std::str::from_utf8(digits).ok()),
            _ => None,
        };
        match code.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
            Some(code) => {
                // Of a pair each half counts for two of its four bytes.
                length -= match code {
                    0..0x80 => 5,
                    0x80..0x800 | 0xd800..0xe000 => 4,
                    _ => 3,
                };
                at = place + 6;
            }
            None => {
                length -= 1;
                at = place + 2;
            }
        }
    }
    length
}

/// Whether a line ends with a question mark, escaped or not.
pub fn is_question(raw: &[u8]) -> bool {
    let raw = raw.trim_ascii_end();
    let escaped = |mark: &[u8]| {
        raw.len()
            .checked_sub(mark.len())
            .and_then(|start| raw.get(start..))
            .is_some_and(|end| end.eq_ignore_ascii_case(mark))
    };
    raw.ends_with(b"?")
        || raw.ends_with("？".as_bytes())
        || raw.ends_with("؟".as_bytes())
        || escaped(b"\\uff1f")
        || escaped(b"\\u061f")
}

/// Whether a line begins as an option of a question does.
pub const fn is_option(raw: &[u8]) -> bool {
    matches!(raw, [b'A'..=b'J', b'.' | b')', ..] | [b'(', b'A'..=b'J', b')', ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str, near: usize) -> Vec<(bool, String)> {
        let body = serde_json::to_string(text).unwrap();
        let mut parts = Vec::new();
        each_part(body.as_bytes(), Span { start: 1, end: body.len() - 1 }, near, |part| {
            let (whole, span) = match part {
                Part::Line(span) => (true, span),
                Part::Middle(span) => (false, span),
            };
            parts.push((whole, String::from_utf8_lossy(span.of(body.as_bytes())).into_owned()));
            true
        });
        parts
    }

    /// Each place is looked at once: a body of nothing but such places took minutes.
    #[test]
    fn the_last_line_is_found_in_front_of_many_escaped_ends() {
        let said = format!("first\nlast {}", "\\n".repeat(300_000));
        let body = serde_json::to_string(&said).unwrap();
        let piece = Span { start: 1, end: body.len() - 1 };
        let found = last(body.as_bytes(), piece);
        assert_eq!(found, Span { start: piece.start + "first\\n".len(), end: piece.end });
        assert_eq!(first(body.as_bytes(), piece), Span { start: 1, end: 1 + "first".len() });
    }

    #[test]
    fn lines_in_the_middle_come_at_once() {
        let line = |text: &str| (true, text.to_owned());
        let middle = |text: &str| (false, text.to_owned());
        assert_eq!(parts("a\nbb\nccc", 100), [line("a"), line("bb"), line("ccc")]);
        let long = parts("first\n1\n2\n3\n4\n5\n6\n7\n8\n9\nlast one", 8);
        assert_eq!(long, [line("first"), line("1"), middle(r"2\n3\n4\n5\n6\n7\n8\n9"), line("last one")]);
        // A line is never cut, however long.
        let line_of = "x".repeat(50);
        assert_eq!(parts(&format!("a\n{line_of}"), 4), [line("a"), line(&line_of)]);
        // An `n` behind a backslash that is said ends no line.
        assert_eq!(parts("C:\\new\nb", 100), [line(r"C:\\new"), line("b")]);
    }
}
