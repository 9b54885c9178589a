//! Lines of a JSON string as the client sent it.

use std::sync::LazyLock;

use memchr::memmem;

use crate::chat::Span;

static NEW_LINE: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new(br"\n"));

/// Passes each line of a piece of `body` to `each`, without its end, until that says no.
pub fn each_line(body: &[u8], piece: Span, mut each: impl FnMut(Span) -> bool) {
    let raw = piece.of(body);
    let mut start = 0;
    let mut at = 0;
    while let Some(found) = raw.get(at..).and_then(|rest| NEW_LINE.find(rest)) {
        let place = at + found;
        let before = raw.get(start..place).unwrap_or_default();
        at = place + 2;
        // Behind an odd number of backslashes it is one of them that stands there, and an `n`.
        if before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1 {
            at = place + 1;
            continue;
        }
        if !each(Span { start: piece.start + start, end: piece.start + place }) {
            return;
        }
        start = at;
    }
    each(Span { start: piece.start + start, end: piece.end });
}

/// A line without the white space at both ends, plain or escaped.
pub fn trimmed(body: &[u8], line: Span) -> Span {
    let (mut start, mut end) = (line.start, line.end);
    loop {
        match body.get(start..end) {
            Some([b' ' | b'\t', ..]) => start += 1,
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

/// How long a piece of a JSON string is in UTF-8, whichever way its client escaped it: about as long where it is no string.
pub fn said(raw: &[u8]) -> usize {
    let (mut length, mut at) = (raw.len(), 0usize);
    while let Some(found) = raw.get(at..).and_then(|rest| memchr::memchr(b'\\', rest)) {
        let place = at + found;
        let digits = raw.get(place + 2..place + 6).and_then(|digits| std::str::from_utf8(digits).ok());
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        match (raw.get(place + 1), code) {
            (Some(b'u'), Some(code)) => {
                // Of a pair each half counts for two of its four bytes.
                length -= match code {
                    0..0x80 => 5,
                    0x80..0x800 | 0xd800..0xe000 => 4,
                    _ => 3,
                };
                at = place + 6;
            }
            _ => {
                length -= 1;
                at = place + 2;
            }
        }
    }
    length
}
