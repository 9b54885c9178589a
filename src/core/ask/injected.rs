//! Cutting out what an agent's harness put into a person's turn: blocks between an open and a close marker.
//!
//! The search is over the bytes of a JSON string as the client sent them, so a marker is found in every spelling that
//! JSON has for it: `<` may be `\u003c`, a newline is `\n`. Text without a marker costs two searches of SIMD width,
//! for what markers begin with and for `\u00`; nothing is copied. A block that never ends is text: the ask is worth
//! more than the cut.

use super::budget::{Budget, STOP};
use super::marker::{Marker, Search, first_characters};
use super::sections::SHORTEST_MATERIAL;
use crate::chat::Span;
use crate::chat::raw::{Needles, Text, character};

/// What a block begins with, and what it ends with.
pub type Pair<'p> = (&'p str, &'p str);

const KNOWN: &str = include_str!("markers.tsv");
const TAGS: &str = include_str!("tags.tsv");

/// The most pairs; more of them are not looked for.
pub const MOST_MARKERS: usize = 512;

/// Open and close markers of injected blocks, compiled.
///
/// An open marker of the form `<name>` stands for an open tag: with attributes too, but not `<name/>`. Such a block
/// ends at the close that belongs to it where blocks of the same name are nested in it. If there are fewer closes
/// than opens, it ends at the first close; but where it begins within a line it is then taken for a mention of the
/// tag, not for a block. Any other marker is looked for as it is, and its block ends at the first close. A `^` in front
/// of an open marker is not part of it: it counts only where the text begins, or behind another block, white space
/// aside. Such a marker costs nothing, where one more character that others begin with slows the search. Case counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Markers {
    /// By the second character of the open marker.
    list: Vec<Marker>,
    /// Where in the list those with a second character begin: of character n at n, up to n + 1.
    starts: Vec<u16>,
    /// What open markers begin with that may stand anywhere.
    firsts: Needles,
    /// The least bytes of a block.
    shortest: usize,
}

impl Default for Markers {
    /// Those of known agents' harnesses, and known tags around material.
    fn default() -> Self {
        let (known, tags) = (Self::known(), Self::tags());
        Self::new(borrowed(&known), borrowed(&tags))
    }
}

/// Pairs of which text is borrowed.
fn borrowed(pairs: &[(String, String)]) -> impl Iterator<Item = Pair<'_>> {
    pairs.iter().map(|(open, close)| (open.as_str(), close.as_str()))
}

/// The pairs of a table.
fn rows(table: &str) -> Vec<(String, String)> {
    let rows = table.lines().filter(|row| !row.starts_with('#'));
    let pair = |row: &str| {
        let mut cells = row.split('\t').map(|cell| cell.replace("\\n", "\n"));
        Some((cells.next()?, cells.next()?))
    };
    rows.filter_map(pair).collect()
}

/// The next place in a text where a marker may stand as it is, and where it may be escaped: each is looked for once.
struct Firsts {
    plain: Option<usize>,
    escaped: Option<usize>,
}

impl Firsts {
    /// The first such place from `at` on.
    #[inline]
    fn next(&mut self, markers: &Markers, text: &Text<'_>, at: usize) -> Option<usize> {
        if self.plain.is_some_and(|place| place < at) {
            self.plain = markers.firsts.find(text.from(at)).map(|found| at + found);
        }
        if self.escaped.is_some_and(|place| place < at) {
            self.escaped = text.next_escape(at);
        }
        match (self.plain, self.escaped) {
            (Some(plain), Some(escaped)) => Some(plain.min(escaped)),
            (plain, escaped) => plain.or(escaped),
        }
    }
}

impl Markers {
    /// Those of known agents' harnesses.
    pub fn known() -> Vec<(String, String)> {
        rows(KNOWN)
    }

    /// Tags around material.
    pub fn tags() -> Vec<(String, String)> {
        rows(TAGS)
    }

    /// Compiles pairs: of injected blocks, and of material. Those that [`Markers::check`] refuses, and those beyond
    /// [`MOST_MARKERS`], are left out.
    pub fn new<'p>(
        injected: impl IntoIterator<Item = Pair<'p>>,
        material: impl IntoIterator<Item = Pair<'p>>,
    ) -> Self {
        let injected = injected.into_iter().map(|pair| (pair, false));
        let all = injected.chain(material.into_iter().map(|pair| (pair, true)));
        let right = all.filter(|((open, close), _)| Self::check(open, close).is_ok());
        let mut list: Vec<Marker> = right.take(MOST_MARKERS).map(Marker::of).collect();
        list.sort_by_key(Marker::second);
        let starts = (0..=128u8).map(|second| list.partition_point(|marker| marker.second() < second));
        let starts = starts.map(|start| u16::try_from(start).unwrap_or(u16::MAX)).collect();
        let anywhere = list.iter().filter(|marker| !marker.leading);
        let firsts = Needles::of(anywhere.filter_map(|marker| marker.open.bytes().next()));
        let shortest = list.iter().map(|marker| marker.open.len() + marker.close.len()).min();
        Self { list, starts, firsts, shortest: shortest.unwrap_or(usize::MAX) }
    }

    /// Whether a pair can be looked for. Fails with what is wrong with it.
    pub fn check(open: &str, close: &str) -> Result<(), &'static str> {
        let open = open.strip_prefix('^').unwrap_or(open);
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
    /// pieces in order, none of white space alone; and to `material` blocks of material, which are cut out too. What is
    /// behind the place where the budget ends is left.
    pub fn cut(
        &self,
        body: &[u8],
        part: Span,
        budget: &mut Budget,
        kept: &mut Vec<Span>,
        material: &mut Vec<Span>,
    ) {
        if part.len() < self.shortest {
            // As people say yes and no.
            let text = Text { raw: part.of(body), escape: None };
            if !budget.pay(part.len()) || text.behind_blanks(0) < part.len() {
                kept.push(part);
            }
            return;
        }
        let mut search = Search { budget, hopeless: [0; MOST_MARKERS / 64] };
        let text = Text::of(part.of(body));
        // `said`: where something else stands than white space.
        let mut keep = |start: usize, said: usize, end: usize| {
            if said < end {
                kept.push(Span { start: part.start + start, end: part.start + end });
            }
        };
        let mut firsts = Firsts { plain: self.firsts.find(text.raw), escaped: text.escape };
        let mut start = text.behind_blanks(0);
        // A blank begins no marker.
        let (mut from, mut at) = (0, start);
        // The whole text is gone through once, whatever stands in it.
        let may = search.budget.pay(text.raw.len() + STOP);
        loop {
            if !may {
                break;
            }
            let place = match firsts.next(self, &text, at) {
                Some(next) if at > start => next,
                None if at > start => break,
                _ => start,
            };
            if !search.budget.pay(STOP) {
                break;
            }
            match self.block(&text, from, place, place == start, &mut search) {
                Some((end, is_material)) => {
                    keep(from, start, place);
                    if is_material {
                        material.push(Span { start: part.start + place, end: part.start + end });
                    }
                    start = text.behind_blanks(end);
                    (from, at) = (end, start);
                }
                None => at = place + text.step(place),
            }
        }
        keep(from, start, text.raw.len());
    }

    /// Where the block ends that begins at `place`, if one does, and whether it is material. What was cut before it ends
    /// at `from`; `leading`: there are only blanks in between.
    #[inline]
    fn block(
        &self,
        text: &Text<'_>,
        from: usize,
        place: usize,
        leading: bool,
        search: &mut Search<'_>,
    ) -> Option<(usize, bool)> {
        let second = match text.from(place) {
            [first, second, ..] if *first != b'\\' && *second != b'\\' => *second,
            rest => {
                // Escapes take several times as long to look at.
                if !search.budget.pay(STOP) {
                    return None;
                }
                let (first, length) = character(rest)?;
                if !leading && !u8::try_from(first).is_ok_and(|first| self.firsts.has(first)) {
                    return None;
                }
                let (second, _) = character(text.from(place + length))?;
                u8::try_from(second).ok()?
            }
        };
        let second = usize::from(second);
        // The first bytes of most of what is no marker show it.
        let range = usize::from(*self.starts.get(second)?)..usize::from(*self.starts.get(second + 1)?);
        if range.is_empty() {
            return None;
        }
        let (near, known) = first_characters(text.from(place));
        for number in range {
            let Some(marker) = self.list.get(number) else { continue };
            if (near ^ marker.prefix) & marker.mask & known != 0 {
                continue;
            }
            if search.is_hopeless(number) || marker.leading && !leading {
                continue;
            }
            if !search.budget.pay(STOP) {
                return None;
            }
            let Some(inside) = marker.opens(text, place, search.budget) else { continue };
            let end = marker.end(text, number, inside, || text.begins_line(from, place), search);
            // People name tags within a line, and quote what is short.
            let right = |end: &usize| {
                !marker.material || end - place >= SHORTEST_MATERIAL && text.begins_line(from, place)
            };
            if let Some(end) = end.filter(right) {
                return Some((end, marker.material));
            }
        }
        None
    }
}
