//! What a text has of the tables' words.

use std::sync::LazyLock;

use memchr::memmem;

use super::phrases::Found;
use super::sections::Role;
use super::tables::{Tables, concept, has, is_about};
use crate::chat::{Span, excerpt};
use crate::score::Folded;

/// Bytes at the beginning of a text in which words are looked for.
pub const PROBE: usize = 512;
/// The same, at its end.
pub const PROBE_END: usize = PROBE / 2;

/// Instructions on the form of an answer have one of these.
static LIKELY: LazyLock<[memmem::Finder<'static>; 6]> = LazyLock::new(|| {
    ["MUST", "SEARCH/REPLACE", "isting", "path/to", "format", "diff"].map(memmem::Finder::new)
});

/// What JSON may spell a `<` as.
const BRACKETS: [&[u8]; 3] = [b"<", b"\\u003c", b"\\u003C"];

/// Whether a text begins with a name, in capitals or not.
fn begins(text: &[u8], name: &[u8]) -> bool {
    text.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name))
}

/// How many bytes the `<` is that a line begins with, as JSON may spell it, and what is behind it.
fn bracket(line: &[u8]) -> Option<(usize, &[u8])> {
    BRACKETS.iter().find_map(|open| Some((open.len(), line.strip_prefix(*open)?)))
}

/// How many bytes the `>` is that a text begins with.
fn ends_bracket(text: &[u8]) -> Option<usize> {
    [&b">"[..], b"\\u003e", b"\\u003E"].iter().find(|close| text.starts_with(close)).map(|close| close.len())
}

/// The tables, and room to look words up with.
#[derive(Debug)]
pub struct Wordings<'t> {
    pub(super) tables: &'t Tables,
    pub(super) read: &'t mut Read,
}

/// A text that words were looked up in.
#[derive(Debug, Default)]
pub struct Read {
    /// What of the request it is; nothing where that is not known any more.
    pub parts: Vec<Span>,
    /// The text; of a long one, what it begins and ends with.
    pub text: String,
    /// The same, folded.
    pub folded: Folded,
    /// How many bytes of the request that is.
    pub bytes: usize,
}

impl Wordings<'_> {
    /// The role of the label that a line begins with, and how many bytes of the line are the label.
    pub fn label(&self, line: &[u8]) -> Option<(Role, usize)> {
        self.tables.label(line)
    }

    /// The number of the tag around what a person typed that a line begins with, and how many bytes of the line the tag is.
    pub fn opens_ask(&self, line: &[u8]) -> Option<(usize, usize)> {
        let (open, rest) = bracket(line)?;
        let tags = self.tables.tags.iter().map(String::as_bytes).enumerate();
        let (place, name) = tags.filter(|(_, name)| begins(rest, name)).max_by_key(|(_, name)| name.len())?;
        let behind = rest.get(name.len()..)?;
        let close = ends_bracket(behind)?;
        Some((place, open + name.len() + close))
    }

    /// Where in a line the tag of this number ends, and how many bytes that takes.
    pub fn closes_ask(&self, line: &[u8], place: usize) -> Option<usize> {
        let name = self.tables.tags.get(place)?.as_bytes();
        memchr::memchr_iter(b'/', line).find_map(|slash| {
            let behind = line.get(slash + 1..).filter(|behind| begins(behind, name))?;
            ends_bracket(behind.get(name.len()..)?)?;
            let before = line.get(..slash)?;
            // A slash may be escaped.
            let before = before.strip_suffix(b"\\").unwrap_or(before);
            BRACKETS.iter().find_map(|open| before.strip_suffix(*open)).map(<[u8]>::len)
        })
    }

    /// Whether a line ends with a label of material and a colon: "Answer from the following context:".
    pub fn leads_to_material(&self, line: &[u8]) -> bool {
        const LONGEST: usize = 200;
        let Some(line) = line.strip_suffix(b":").filter(|line| line.len() <= LONGEST) else { return false };
        let word = line.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
        let word = String::from_utf8_lossy(word).to_lowercase();
        self.tables.labels.get(&word) == Some(&Role::Material)
    }

    /// Folds what `parts` begin and end with.
    pub fn read(&mut self, body: &[u8], parts: &[Span]) -> &[u8] {
        let read = &mut *self.read;
        read.text.clear();
        read.bytes = excerpt(body, parts, PROBE, PROBE_END, &mut read.text);
        read.folded.set(&read.text);
        read.parts.clear();
        read.parts.extend_from_slice(parts);
        &read.folded.text
    }

    /// The concepts in what `parts` begin and end with.
    pub fn concepts(&mut self, body: &[u8], parts: &[Span]) -> u32 {
        self.read(body, parts);
        self.tables.words.concepts(&self.read.folded.text, 0)
    }

    /// Whether what `parts` say can be asked without what stands below: it is about that as a text, or does not point to it.
    pub fn stands_alone(&mut self, body: &[u8], parts: &[Span]) -> bool {
        if parts.is_empty() {
            return false;
        }
        let found = self.concepts(body, parts);
        is_about(found)
            || !has(found, concept::TEMPLATE)
                && !has(found, concept::GREETING)
                && !self.tables.points(&self.read.folded.text)
    }

    /// Whether a line begins with a paragraph on what the answer is to look like.
    pub fn begins_form(&mut self, body: &[u8], line: Span) -> bool {
        self.read(body, &[line]);
        let (words, text) = (self.tables.words, &self.read.folded.text);
        words.may_begin(text, concept::FORM) && has(words.concepts(text, 0), concept::FORM)
    }

    /// Whether one of them is a concept.
    pub fn has(&mut self, body: &[u8], parts: &[Span], concept: u8) -> bool {
        has(self.concepts(body, parts), concept)
    }

    /// Where instructions on the form of an answer begin, in the lines of `rest`.
    pub fn format_begins(&mut self, body: &[u8], rest: Span) -> Option<usize> {
        /// So many lines of such instructions are looked at.
        const LINES: usize = 12;
        let near = Span { start: rest.start, end: rest.end.min(rest.start + 4 * PROBE) };
        let raw = near.of(body);
        if !LIKELY.iter().any(|word| word.find(raw).is_some()) {
            return None;
        }
        let (mut begin, mut hits, mut lines) = (None, 0, 0);
        super::lines::each_line(body, near, |line| {
            let line = super::lines::trimmed(body, line);
            if line.is_empty() {
                return true;
            }
            self.read(body, &[line]);
            let mut here = 0;
            self.tables.words.find(&self.read.folded.text, 0, |found| {
                here += usize::from(found == Found::Concept(concept::FORMAT));
            });
            if here > 0 {
                begin = begin.or(Some(line.start));
            }
            hits += here;
            lines += 1;
            lines < LINES
        });
        begin.filter(|_| hits >= 3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else [`Wordings::begins_form`] would miss some.
    #[test]
    fn forms_are_told_where_a_text_begins() {
        assert!(Tables::new([]).unwrap().words.only_begins(concept::FORM));
    }
}
