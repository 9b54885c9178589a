//! JSON strings as text: decoding escapes, and excerpts of long asks.

use std::borrow::Cow;

use memchr::memchr;

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
pub fn decode_into(mut raw: &[u8], text: &mut String) {
    while let Some(found) = memchr(b'\\', raw) {
        push_lossy(raw.get(..found).unwrap_or_default(), text);
        let escape = raw.get(found + 1..).unwrap_or_default();
        let Some((&kind, rest)) = escape.split_first() else { return };
        raw = rest;
        match kind {
            b'n' => text.push('\n'),
            b't' => text.push('\t'),
            b'r' => text.push('\r'),
            b'b' | b'f' => text.push(' '),
            b'u' => {
                let Some((character, length)) = unicode(raw) else {
                    text.push(char::REPLACEMENT_CHARACTER);
                    // Cut off at the end: nothing more to read. Else what follows is read as text.
                    if raw.len() < 4 {
                        return;
                    }
                    continue;
                };
                raw = raw.get(length..).unwrap_or_default();
                text.push(character);
            }
            other => text.push(char::from(other)),
        }
    }
    push_lossy(raw, text);
}

fn push_lossy(raw: &[u8], text: &mut String) {
    match std::str::from_utf8(raw) {
        Ok(valid) => text.push_str(valid),
        Err(_) => text.push_str(&String::from_utf8_lossy(raw)),
    }
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

/// Appends to `text` the first `head` and the last `tail` bytes of the strings in `parts`, in order and one a
/// line; all of them where they are no longer than `head + tail`. Lengths are in bytes as the client sent them.
pub fn excerpt(body: &[u8], parts: &[Span], head: usize, tail: usize, text: &mut String) {
    let total: usize = parts.iter().map(|p| p.len()).sum();
    let whole = total <= head.saturating_add(tail);
    let mut offset = 0;
    for part in parts {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        let raw = part.of(body);
        if whole {
            decode_into(raw, text);
            continue;
        }
        if offset < head {
            let end = raw.len().min(head - offset);
            decode_into(raw.get(..end).unwrap_or_default(), text);
        }
        let tail_start = (total - tail).saturating_sub(offset);
        if tail_start < raw.len() {
            if tail_start > 0 {
                text.push('\n');
            }
            let start = boundary(raw, tail_start.max(head.saturating_sub(offset)));
            decode_into(raw.get(start..).unwrap_or_default(), text);
        }
        offset += raw.len();
    }
}

/// The first position from `at` on that is neither inside an escape nor inside a UTF-8 sequence.
pub(super) fn boundary(raw: &[u8], mut at: usize) -> usize {
    // An escape that reaches over `at` begins at most five bytes before it (`\uXXXX`).
    for back in (1..=5.min(at)).rev() {
        let start = at - back;
        if raw.get(start) != Some(&b'\\') {
            continue;
        }
        let run = raw.get(..start).unwrap_or_default().iter().rev().take_while(|&&b| b == b'\\').count();
        if run % 2 == 1 {
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
