//! Cutting out what an agent's harness put into a person's turn: blocks between an open and a close marker.
//!
//! The search is over the bytes of a JSON string as the client sent them, so a marker is found in every spelling that
//! JSON has for it: `<` may be `\u003c`, a newline is `\n`. Text without a marker costs two searches of SIMD width,
//! for what markers begin with and for `\u00`; nothing is copied. A block that never ends is text: the ask is worth
//! more than the cut.

use memchr::{memchr, memchr2, memchr3, memmem};

use super::Span;
use super::harness;
use super::text::unescape;

/// The most pairs; more of them are not looked for.
pub const MOST_MARKERS: usize = 256;

/// Open and close markers of injected blocks, compiled.
///
/// An open marker of the form `<name>` stands for an open tag: with attributes too, but not `<name/>`. Such a block
/// ends at the close that belongs to it where blocks of the same name are nested in it. If there are fewer closes
/// than opens, it ends at the first close; but where it begins within a line it is then taken for a mention of the
/// tag, not for a block. Any other marker is looked for as it is, and its block ends at the first close. Case counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Markers {
    /// By the second character of the open marker.
    list: Vec<Marker>,
    /// Where in the list those with a second character begin: of character n at n, up to n + 1.
    starts: Vec<u16>,
    /// What open markers begin with.
    firsts: Needles,
    /// The same, and the backslash.
    escaped: Needles,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Marker {
    /// Without the `>`, where it is a tag.
    open: String,
    close: String,
    tag: bool,
}

/// How much may still be looked at in one text without cutting anything, in bytes, so that no text takes long.
pub(super) struct Patience {
    /// In search of a first close.
    close: usize,
    /// Behind the first close, in search of the one that belongs to the open marker.
    nested: usize,
    /// A bit for each marker that is known to have no close from here on.
    hopeless: [u64; MOST_MARKERS / 64],
    /// Bytes that were looked at in search of closes, all in all.
    #[cfg(test)]
    pub(super) looked: usize,
}

impl Patience {
    pub(super) const fn with(length: usize) -> Self {
        // All markers may be looked for in vain in a text of usual size, eight of them in any.
        let close = length.saturating_mul(8).saturating_add(256 * 1024);
        Self {
            close,
            nested: length,
            hopeless: [0; MOST_MARKERS / 64],
            #[cfg(test)]
            looked: 0,
        }
    }

    fn is_hopeless(&self, marker: usize) -> bool {
        self.hopeless.get(marker / 64).is_none_or(|word| word >> (marker % 64) & 1 == 1)
    }

    fn give_up(&mut self, marker: usize) {
        if let Some(word) = self.hopeless.get_mut(marker / 64) {
            *word |= 1 << (marker % 64);
        }
    }
}

impl Default for Markers {
    /// [`Markers::DEFAULT`], compiled.
    fn default() -> Self {
        Self::new(Self::DEFAULT.iter().copied())
    }
}

impl Markers {
    /// Those of known agents' harnesses.
    pub const DEFAULT: &[(&str, &str)] = harness::KNOWN;

    /// Compiles pairs of open and close marker. Those that [`Markers::check`] refuses, and those beyond
    /// [`MOST_MARKERS`], are left out.
    pub fn new<'p>(pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> Self {
        let right = pairs.into_iter().filter(|(open, close)| Self::check(open, close).is_ok());
        let mut list: Vec<Marker> = right.take(MOST_MARKERS).map(Marker::of).collect();
        list.sort_by_key(Marker::second);
        let starts = (0..=128u8).map(|second| list.partition_point(|marker| marker.second() < second));
        let starts = starts.map(|start| u16::try_from(start).unwrap_or(u16::MAX)).collect();
        let firsts = || list.iter().filter_map(|marker| marker.open.bytes().next());
        let (plain, escaped) = (Needles::of(firsts()), Needles::of(firsts().chain([b'\\'])));
        Self { list, starts, firsts: plain, escaped }
    }

    /// Whether a pair can be looked for. Fails with what is wrong with it.
    pub fn check(open: &str, close: &str) -> Result<(), &'static str> {
        let begins = |marker: &str| {
            marker.bytes().next().is_some_and(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\' | b'/'))
        };
        if !begins(open) || !begins(close) {
            Err("a marker has to begin with a printable ASCII character other than `\"`, `\\` and `/`")
        } else if !open.as_bytes().get(1).is_some_and(u8::is_ascii) {
            Err("an open marker has to have two ASCII characters at least")
        } else {
            Ok(())
        }
    }

    /// Appends to `kept` what is left of a string of `body` (without its quotes) when injected blocks are cut out:
    /// pieces in order, none of white space alone.
    pub fn cut(&self, body: &[u8], part: Span, kept: &mut Vec<Span>) {
        self.cut_with(body, part, &mut Patience::with(part.len()), kept);
    }

    pub(super) fn cut_with(&self, body: &[u8], part: Span, patience: &mut Patience, kept: &mut Vec<Span>) {
        let text = Text::of(part.of(body));
        let firsts = if text.escapes { &self.escaped } else { &self.firsts };
        let mut keep = |start: usize, end: usize| {
            if !is_blank(text.raw.get(start..end).unwrap_or_default()) {
                kept.push(Span { start: part.start + start, end: part.start + end });
            }
        };
        let (mut from, mut at) = (0, 0);
        while let Some(found) = firsts.find(text.from(at)) {
            let place = at + found;
            match self.block(&text, from, place, patience) {
                Some(end) => {
                    keep(from, place);
                    (from, at) = (end, end);
                }
                None => at = place + text.step(place),
            }
        }
        keep(from, text.raw.len());
    }

    /// Where the block ends that begins at `place`, if one does. What was cut before it ends at `from`.
    fn block(&self, text: &Text<'_>, from: usize, place: usize, patience: &mut Patience) -> Option<usize> {
        let (_, length) = character(text.from(place))?;
        let (second, _) = character(text.from(place + length))?;
        let second = usize::try_from(u32::from(second)).ok()?;
        let range = usize::from(*self.starts.get(second)?)..usize::from(*self.starts.get(second + 1)?);
        for number in range {
            let Some(marker) = self.list.get(number).filter(|_| !patience.is_hopeless(number)) else {
                continue;
            };
            let Some(inside) = marker.opens(text, place) else { continue };
            let end = marker.end(text, number, inside, || text.begins_line(from, place), patience);
            if end.is_some() {
                return end;
            }
        }
        None
    }
}

impl Marker {
    fn of((open, close): (&str, &str)) -> Self {
        let name = open.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
        let named = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':');
        let tag = name.is_some_and(|name| !name.is_empty() && name.bytes().all(named));
        let open = if tag { open.trim_end_matches('>') } else { open };
        Self { open: open.to_owned(), close: close.to_owned(), tag }
    }

    fn second(&self) -> u8 {
        self.open.as_bytes().get(1).copied().unwrap_or_default()
    }

    /// Where its open marker ends, if it stands at `place`.
    fn opens(&self, text: &Text<'_>, place: usize) -> Option<usize> {
        let end = place + spelled(text.from(place), &self.open)?;
        if self.tag { text.end_of_tag(end) } else { Some(end) }
    }

    /// Where its block ends whose inside begins at `inside`.
    fn end(
        &self,
        text: &Text<'_>,
        number: usize,
        inside: usize,
        begins_line: impl Fn() -> bool,
        patience: &mut Patience,
    ) -> Option<usize> {
        let first_byte = self.close.bytes().next()?;
        let all = text.raw.len();
        let mut limit = all.min(inside.saturating_add(patience.close));
        let mut first = None;
        let mut depth = 1usize;
        let mut at = inside;
        while let Some(found) = text.find(first_byte, at, limit) {
            if let Some(length) = spelled(text.from(found), &self.close) {
                at = found + length;
                depth -= 1;
                if depth == 0 {
                    #[cfg(test)]
                    {
                        patience.looked += at - inside;
                    }
                    return Some(at);
                }
                if first.is_none() {
                    first = Some(at);
                    limit = all.min(at.saturating_add(patience.nested));
                }
            } else {
                depth += usize::from(self.tag && self.opens(text, found).is_some());
                at = found + text.step(found);
            }
        }
        #[cfg(test)]
        {
            patience.looked += limit - inside;
        }
        match first {
            Some(end) => {
                patience.nested -= limit.saturating_sub(end).min(patience.nested);
                begins_line().then_some(end)
            }
            None => {
                patience.close -= limit.saturating_sub(inside).min(patience.close);
                patience.give_up(number);
                None
            }
        }
    }
}

/// A string as the client sent it.
struct Text<'r> {
    raw: &'r [u8],
    /// Whether ASCII characters may be spelled like `\u003c`. Most encoders never do that: so backslashes, of which
    /// most texts have many, are looked at only where there is such an escape.
    escapes: bool,
}

impl<'r> Text<'r> {
    fn of(raw: &'r [u8]) -> Self {
        Self { raw, escapes: memmem::find(raw, br"\u00").is_some() }
    }

    fn from(&self, at: usize) -> &'r [u8] {
        self.raw.get(at..).unwrap_or_default()
    }

    /// The next place from `at` on, and before `limit`, where `byte` or an escape stands.
    fn find(&self, byte: u8, at: usize, limit: usize) -> Option<usize> {
        let rest = self.raw.get(at..limit)?;
        let found = if self.escapes { memchr2(byte, b'\\', rest) } else { memchr(byte, rest) };
        found.map(|found| at + found)
    }

    /// How far to go on from `place` where nothing was found: over the whole of an escape, so that the second
    /// backslash of `\\` is not taken for the first of another.
    fn step(&self, place: usize) -> usize {
        if self.raw.get(place) == Some(&b'\\') { 2 } else { 1 }
    }

    /// Where an open tag ends whose name ends at `at`. It goes on at most to the next `<`: so all tags of a text
    /// together are looked at once.
    fn end_of_tag(&self, mut at: usize) -> Option<usize> {
        let (next, length) = character(self.from(at))?;
        if next == '>' {
            return Some(at + length);
        }
        if !next.is_whitespace() {
            return None;
        }
        loop {
            at += memchr3(b'<', b'>', b'\\', self.from(at))?;
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
    fn begins_line(&self, from: usize, place: usize) -> bool {
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

/// Bytes to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Needles(Vec<u8>);

impl Needles {
    fn of(bytes: impl Iterator<Item = u8>) -> Self {
        let mut needles: Vec<u8> = bytes.collect();
        needles.sort_unstable();
        needles.dedup();
        Self(needles)
    }

    /// The place of the first of them.
    fn find(&self, text: &[u8]) -> Option<usize> {
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

/// The character at the start of `raw`, of which only ASCII and escapes are told exactly, and its length.
fn character(raw: &[u8]) -> Option<(char, usize)> {
    match *raw.first()? {
        b'\\' => unescape(raw),
        byte @ 0..0x80 => Some((char::from(byte), 1)),
        _ => Some((char::REPLACEMENT_CHARACTER, 1)),
    }
}

/// The length of what `raw` begins with, if that spells `marker`.
fn spelled(raw: &[u8], marker: &str) -> Option<usize> {
    let mut length = 0;
    for expected in marker.chars() {
        let rest = raw.get(length..)?;
        if rest.first() == Some(&b'\\') {
            let (found, escape) = unescape(rest)?;
            if found != expected {
                return None;
            }
            length += escape;
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

/// Whether a string says nothing: white space, raw or escaped.
fn is_blank(raw: &[u8]) -> bool {
    let mut at = 0;
    while at < raw.len() {
        match raw.get(at..).and_then(character) {
            Some((character, length)) if character.is_whitespace() => at += length,
            _ => return false,
        }
    }
    true
}
