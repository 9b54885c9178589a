//! JSON strings as text: decoding escapes, and excerpts of long asks.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Range;

use memchr::{memchr, memchr_iter};

use super::Span;

/// The text of a JSON string's content (without quotes). Bytes that are no UTF-8 and broken escapes become U+FFFD.
pub fn decode(raw: &[u8]) -> Cow<'_, str> {
    if memchr(b'\\', raw).is_none() {
        return String::from_utf8_lossy(raw);
    }
    let mut text = String::with_capacity(raw.len());
    decode_into(raw, &mut text);
    Cow::Owned(text)
}

/// Appends the text of a JSON string's content to `text`. An escape that is cut off at the end is left out.
pub fn decode_into(raw: &[u8], text: &mut String) {
    // Told once for all pieces.
    let valid = std::str::from_utf8(raw).ok();
    let push = |piece: Range<usize>, text: &mut String| match valid.and_then(|valid| valid.get(piece.clone()))
    {
        Some(piece) => text.push_str(piece),
        None => text.push_str(&String::from_utf8_lossy(raw.get(piece).unwrap_or_default())),
    };
    let mut at = 0;
    while let Some(plain) = memchr(b'\\', raw.get(at..).unwrap_or_default()) {
        push(at..at + plain, text);
        at += plain + 2;
        let Some(kind) = raw.get(at - 1) else { return };
        match *kind {
            b'n' => text.push('\n'),
            b't' => text.push('\t'),
            b'r' => text.push('\r'),
            b'b' => text.push('\u{8}'),
            b'f' => text.push('\u{c}'),
            b'u' => {
                let digits = raw.get(at..).unwrap_or_default();
                let Some((character, length)) = unicode(digits) else {
                    text.push(char::REPLACEMENT_CHARACTER);
                    // Cut off at the end: nothing more to read. Else what follows is read as text.
                    if digits.len() < 4 {
                        return;
                    }
                    continue;
                };
                at += length;
                text.push(character);
            }
            other => text.push(char::from(other)),
        }
    }
    push(at..raw.len(), text);
}

/// The character that the escape at the start of `raw` stands for, and the escape's length. `None` where it is broken
/// or cut off.
pub fn unescape(raw: &[u8]) -> Option<(char, usize)> {
    let character = match *raw.get(1)? {
        b'n' => '\n',
        b't' => '\t',
        b'r' => '\r',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'u' => {
            let (character, length) = unicode(raw.get(2..)?)?;
            return Some((character, length + 2));
        }
        other => char::from(other),
    };
    Some((character, 2))
}

/// The character that `raw`, what follows a `\u`, stands for, and how many bytes of it do: four, or ten with the
/// second half of a pair. A half without the other is U+FFFD.
fn unicode(raw: &[u8]) -> Option<(char, usize)> {
    let (unit, rest) = hex(raw)?;
    if (0xD800..0xDC00).contains(&unit)
        && let Some(low_escape) = rest.strip_prefix(b"\\u")
        && let Some((low, _)) = hex(low_escape)
        && (0xDC00..0xE000).contains(&low)
        && let Some(character) = char::from_u32(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))
    {
        return Some((character, 10));
    }
    Some((char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER), 4))
}

fn hex(raw: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = raw.split_at_checked(4)?;
    let mut unit = 0;
    for &digit in digits {
        unit = unit * 16 + char::from(digit).to_digit(16)?;
    }
    Some((unit, rest))
}

/// Appends to `text` the first `head` and the last `tail` bytes of the strings in `parts`, in order and one a line; all
/// of them where they are no longer than `head + tail`. These are bytes of the text: how a client escapes it makes no
/// difference. Tells how many bytes as the client sent them that were.
pub fn excerpt(body: &[u8], parts: &[Span], head: usize, tail: usize, text: &mut String) -> usize {
    // What was read stands before `first` and from `last` on: positions in parts.
    let end = (parts.len(), 0);
    let (mut first, over) = place(body, parts, (0, 0), head);
    let mut last = end;
    let more = tail.saturating_add(1).saturating_sub(over);
    if surely_holds(body, parts, first, more) || place(body, parts, first, more).0 < end {
        last = place_from_end(body, parts, tail);
    } else {
        first = end;
    }
    let mut read = 0;
    for (at, part) in parts.iter().enumerate() {
        let raw = part.of(body);
        let size = raw.len();
        let inside = |place: (usize, usize)| match at.cmp(&place.0) {
            Ordering::Less => size,
            Ordering::Equal => place.1,
            Ordering::Greater => 0,
        };
        for piece in [0..inside(first), inside(last)..size] {
            if !piece.is_empty() {
                if !text.is_empty() && !text.ends_with('\n') {
                    text.push('\n');
                }
                read += piece.len();
                decode_into(raw.get(piece).unwrap_or_default(), text);
            }
        }
    }
    read
}

/// Where so many bytes of text behind a position end: the part, and how many bytes of it as the client sent them; and how
/// many bytes of text more that is, to the end of a character. Where there are fewer, the number of parts.
fn place(body: &[u8], parts: &[Span], from: (usize, usize), mut size: usize) -> ((usize, usize), usize) {
    let mut begin = from.1;
    for (at, part) in parts.iter().enumerate().skip(from.0) {
        let (length, found) = walk(part.of(body).get(begin..).unwrap_or_default(), size);
        if found >= size {
            return ((at, begin + length), found - size);
        }
        size -= found;
        begin = 0;
    }
    ((parts.len(), 0), 0)
}

/// Whether the string that `from` lies in surely has so many bytes of text behind it, found without reading it as text.
fn surely_holds(body: &[u8], parts: &[Span], from: (usize, usize), size: usize) -> bool {
    let Some(rest) = parts.get(from.0).and_then(|part| part.of(body).get(from.1..)) else { return false };
    let near = rest.get(..size.saturating_mul(2)).unwrap_or(rest);
    // An escape begins with a backslash and takes at most five bytes more than it stands for.
    near.len() >= size.saturating_add(5 * memchr_iter(b'\\', near).count())
}

/// Where the last so many bytes of text begin, counted as [`place`] does.
fn place_from_end(body: &[u8], parts: &[Span], mut size: usize) -> (usize, usize) {
    for (at, part) in parts.iter().enumerate().rev() {
        if size == 0 {
            return (at + 1, 0);
        }
        let raw = part.of(body);
        let mut found = 0;
        // An escape takes at most six bytes for each that it stands for; most texts have few.
        for spare in [size / 8, size, size.saturating_mul(5)] {
            let bytes = size.saturating_add(spare).saturating_add(12);
            let mut from = boundary(raw, raw.len().saturating_sub(bytes));
            if from > 0 && is_second_half(raw.get(from..).unwrap_or_default()) {
                // It is shown with the first, or not at all.
                from += 6;
            }
            let near = raw.get(from..).unwrap_or_default();
            found = walk(near, usize::MAX).1;
            if found >= size {
                return (at, from + walk(near, found - size).0);
            }
            if from == 0 {
                break;
            }
        }
        size -= found;
    }
    (0, 0)
}

/// Whether `raw` begins with the escape of the second half of a pair, which is no character by itself.
const fn is_second_half(raw: &[u8]) -> bool {
    matches!(raw, [b'\\', b'u', b'd' | b'D', b'c'..=b'f' | b'C'..=b'F', _, _, ..])
}

/// Reads until so much text has been seen, to the end of its last character; returns how much of `raw` that was, and how
/// many bytes of text.
fn walk(raw: &[u8], size: usize) -> (usize, usize) {
    let (mut at, mut seen) = (0, 0);
    while seen < size && at < raw.len() {
        let rest = raw.get(at..).unwrap_or_default();
        let near = rest.get(..size - seen).unwrap_or(rest);
        match memchr(b'\\', near) {
            Some(0) => {
                let (length, stands_for) =
                    unescape(rest).map_or((2, 3), |(c, length)| (length, c.len_utf8()));
                at = raw.len().min(at + length);
                seen += stands_for;
            }
            Some(plain) => {
                at += plain;
                seen += plain;
            }
            None => {
                let mut length = near.len();
                while rest.get(length).is_some_and(|b| b & 0xC0 == 0x80) {
                    length += 1;
                }
                at += length;
                seen += length;
            }
        }
    }
    (at, seen)
}

/// So many backslashes in a row are counted: in a text of nothing else a place counts as the beginning of an escape.
const LONGEST_RUN: usize = 64;

/// The first position from `at` on that is neither inside an escape nor inside a UTF-8 sequence.
pub(super) fn boundary(raw: &[u8], mut at: usize) -> usize {
    // An escape that reaches over `at` begins at most five bytes before it (`\uXXXX`).
    for back in (1..=5.min(at)).rev() {
        let start = at - back;
        if raw.get(start) != Some(&b'\\') {
            continue;
        }
        let before = raw.get(..start).unwrap_or_default().iter().rev().take(LONGEST_RUN);
        if before.take_while(|&&b| b == b'\\').count() % 2 == 1 {
            continue;
        }
        let length = if raw.get(start + 1) == Some(&b'u') { 6 } else { 2 };
        if start + length > at {
            at = start + length;
            break;
        }
    }
    while raw.get(at).is_some_and(|b| b & 0xC0 == 0x80) {
        at += 1;
    }
    at
}
