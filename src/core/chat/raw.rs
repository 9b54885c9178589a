//! A JSON string as the client sent it, and what is spelled in it.

use std::sync::LazyLock;

use memchr::{memchr, memchr2, memchr3, memmem};

use super::text::unescape;

/// Finds the escapes of ASCII characters. Made once: texts may be many and small.
static ESCAPE: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new(br"\u00"));

/// A string as the client sent it.
pub struct Text<'r> {
    /// Its bytes.
    pub raw: &'r [u8],
    /// Where the first ASCII character stands that is spelled like `\u003c`. Most encoders never do that: so
    /// backslashes, of which most texts have many, are looked at only where there is such a character.
    pub escape: Option<usize>,
}

impl<'r> Text<'r> {
    /// The string between its quotes.
    pub fn of(raw: &'r [u8]) -> Self {
        let mut text = Self { raw, escape: None };
        if has_code(raw) {
            text.escape = text.next_escape(0);
        }
        text
    }

    /// The next such character from `at` on.
    pub fn next_escape(&self, mut at: usize) -> Option<usize> {
        loop {
            let place = at + ESCAPE.find(self.from(at))?;
            let before = self.raw.get(..place).unwrap_or_default();
            if before.iter().rev().take_while(|b| **b == b'\\').count() % 2 == 0 {
                return Some(place);
            }
            at = place + 1;
        }
    }

    /// What follows from `at` on.
    pub fn from(&self, at: usize) -> &'r [u8] {
        self.raw.get(at..).unwrap_or_default()
    }

    /// The next place from `at` on, and before `limit`, where `byte` or an escape stands.
    pub fn find(&self, byte: u8, at: usize, limit: usize) -> Option<usize> {
        let rest = self.raw.get(at..limit)?;
        let found = if self.escape.is_some() { memchr2(byte, b'\\', rest) } else { memchr(byte, rest) };
        found.map(|found| at + found)
    }

    /// The first place from `at` on where something else stands than white space, raw or escaped.
    pub fn behind_blanks(&self, mut at: usize) -> usize {
        loop {
            // Long runs are of spaces.
            at += spaces(self.from(at));
            match self.from(at) {
                [b'\\', b'n' | b'r' | b't', ..] => at += 2,
                rest => match character(rest) {
                    Some((character, length)) if character.is_whitespace() => at += length,
                    _ => return at,
                },
            }
        }
    }

    /// How far to go on from `place` where nothing was found: over the whole of an escape, so that the second
    /// backslash of `\\` is not taken for the first of another.
    pub fn step(&self, place: usize) -> usize {
        if self.raw.get(place) == Some(&b'\\') { 2 } else { 1 }
    }

    /// Where an open tag ends whose name ends at `at`. It goes on at most to the next `<`: so all tags of a text
    /// together are looked at once. `pay` is asked for so many bytes at each stop; where it says no, the tag has no end.
    pub fn end_of_tag(&self, mut at: usize, mut pay: impl FnMut(usize) -> bool) -> Option<usize> {
        let (next, length) = character(self.from(at))?;
        if next == '>' {
            return Some(at + length);
        }
        if !next.is_whitespace() {
            return None;
        }
        loop {
            let rest = self.from(at);
            // Only an escape may spell one of the two, and most texts have none.
            let found = match self.escape {
                Some(_) => memchr3(b'<', b'>', b'\\', rest)?,
                None => memchr2(b'<', b'>', rest)?,
            };
            if !pay(found) {
                return None;
            }
            at += found;
            let (next, length) = character(self.from(at))?;
            match next {
                '<' => return None,
                '>' => {
                    let closed = at.checked_sub(1).and_then(|before| self.raw.get(before)) == Some(&b'/');
                    return (!closed).then_some(at + length);
                }
                _ => at += length,
            }
        }
    }

    /// Whether there are only blanks between `place` and the start of its line, or `from`.
    pub fn begins_line(&self, from: usize, place: usize) -> bool {
        let mut before = self.raw.get(from..place).unwrap_or_default();
        loop {
            before = before.trim_ascii_end();
            let Some((b'n' | b'r' | b't', escape)) = before.split_last() else { return before.is_empty() };
            let Some((b'\\', rest)) = escape.split_last() else { return false };
            if rest.iter().rev().take_while(|b| **b == b'\\').count() % 2 == 1 {
                return false;
            }
            if !before.ends_with(b"t") {
                return true;
            }
            before = rest;
        }
    }
}

/// Whether a backslash stands before a `u` anywhere. Told for many bytes at a time, without a branch for each, which takes
/// half as long as the search for its place.
fn has_code(raw: &[u8]) -> bool {
    const MANY: usize = 256;
    let mut rest = raw;
    while let (Some(first), Some(second)) = (rest.first_chunk::<MANY>(), rest.get(1..=MANY)) {
        let mut any = 0;
        for (first, second) in first.iter().zip(second) {
            any |= u8::from(*first == b'\\') & u8::from(*second == b'u');
        }
        if any != 0 {
            return true;
        }
        rest = rest.get(MANY..).unwrap_or_default();
    }
    memmem::find(rest, br"\u").is_some()
}

/// Bytes to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needles(Vec<u8>);

impl Needles {
    /// Bytes that may be counted several times.
    pub fn of(bytes: impl Iterator<Item = u8>) -> Self {
        let mut needles: Vec<u8> = bytes.collect();
        needles.sort_unstable();
        needles.dedup();
        Self(needles)
    }

    /// Whether it is one of them.
    pub fn has(&self, byte: u8) -> bool {
        self.0.contains(&byte)
    }

    /// The place of the first of them.
    pub fn find(&self, text: &[u8]) -> Option<usize> {
        if self.0.len() <= 3 {
            return Self::find_few(&self.0, text);
        }
        // More than SIMD looks for at once: chunk by chunk, so that no byte is looked at often.
        const CHUNK: usize = 256;
        text.chunks(CHUNK).enumerate().find_map(|(number, chunk)| {
            let few = self.0.chunks(3).filter_map(|few| Self::find_few(few, chunk));
            few.min().map(|found| number * CHUNK + found)
        })
    }

    fn find_few(few: &[u8], text: &[u8]) -> Option<usize> {
        match few {
            [a] => memchr(*a, text),
            [a, b] => memchr2(*a, *b, text),
            [a, b, c] => memchr3(*a, *b, *c, text),
            _ => None,
        }
    }
}

/// The character at the start of `raw`, of which only ASCII and escapes are exact, and its length.
pub fn character(raw: &[u8]) -> Option<(char, usize)> {
    match *raw.first()? {
        b'\\' => unescape(raw),
        byte @ 0..0x80 => Some((char::from(byte), 1)),
        _ => Some((char::REPLACEMENT_CHARACTER, 1)),
    }
}

/// How many spaces `raw` begins with.
pub fn spaces(raw: &[u8]) -> usize {
    const EIGHT: [u8; 8] = [b' '; 8];
    let (eights, _) = raw.as_chunks();
    let long = 8 * eights.iter().take_while(|eight| **eight == EIGHT).count();
    let rest = raw.get(long..).unwrap_or_default();
    long + rest.iter().take_while(|byte| **byte == b' ').count()
}

/// Whether `raw` begins with `bytes`. Markers are short: eight bytes at a time cost less than a call.
fn begins(raw: &[u8], bytes: &[u8]) -> bool {
    let Some(raw) = raw.get(..bytes.len()) else { return false };
    let ((eights, rest), (expected, end)) = (raw.as_chunks::<8>(), bytes.as_chunks::<8>());
    eights.iter().zip(expected).all(|(found, right)| found == right)
        && rest.iter().zip(end).all(|(found, right)| found == right)
}

/// The length of what `raw` begins with, if that spells `marker`.
pub fn spelled(raw: &[u8], marker: &str) -> Option<usize> {
    let bytes = marker.as_bytes();
    if begins(raw, bytes) {
        return Some(bytes.len());
    }
    // Most of what is no marker shows it at once.
    match (raw, bytes) {
        ([first, ..], [right, ..]) if first != right && *first != b'\\' => return None,
        ([first, next, ..], [_, right, ..]) if *first != b'\\' && next != right && *next != b'\\' => {
            return None;
        }
        _ => {}
    }
    let mut length = 0;
    for expected in marker.chars() {
        let rest = raw.get(length..)?;
        if rest.first() == Some(&b'\\') {
            let (found, escape) = unescape(rest)?;
            if found != expected {
                return None;
            }
            length += escape;
        } else if expected.is_ascii() {
            // Without a call for each.
            if rest.first().copied().map(char::from) != Some(expected) {
                return None;
            }
            length += 1;
        } else {
            let mut bytes = [0; 4];
            let bytes = expected.encode_utf8(&mut bytes).as_bytes();
            if !rest.starts_with(bytes) {
                return None;
            }
            length += bytes.len();
        }
    }
    Some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In whichever block of bytes it stands, and across the end of one.
    #[test]
    fn an_escape_is_found_at_any_place() {
        for place in 0..600 {
            for (escape, found) in
                [(r"\u003c", Some(place)), (r"\u4e2d", None), (r"\\u003c", None), (r"\n", None)]
            {
                let text = format!("{}{escape}{}", "x".repeat(place), "u".repeat(place % 300));
                assert_eq!(Text::of(text.as_bytes()).escape, found, "{text}");
            }
        }
    }
}
