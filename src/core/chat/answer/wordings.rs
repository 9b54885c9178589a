//! The table of what providers write when they refuse: codes, and wordings of messages. One row each, with who writes it
//! and where that is known from.

use std::sync::LazyLock;

use memchr::memmem;

use super::refusal::Refusal;

const DATA: &str = include_str!("refusals.tsv");
/// The most bytes that a `*` of a pattern stands for.
const LONGEST_GAP: usize = 160;

/// What a row of the table says of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The request is wrong in a way that no model mends: what else the message says, it says of the client's own text.
    Invalid,
    /// The request was refused for this reason.
    Refused(Refusal),
}

/// A pattern: lower-case pieces that stand in this order, with no end of a sentence between them.
#[derive(Debug)]
struct Pattern {
    pieces: Vec<&'static str>,
    /// It begins a sentence.
    starts: bool,
    means: Meaning,
}

/// Codes are whole values, or their beginning (`*` at the end); of several that fit the first row counts.
#[derive(Debug, Default)]
struct Table {
    codes: Vec<(&'static str, Meaning)>,
    wordings: Vec<Pattern>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| Table::read(DATA));

impl Table {
    fn read(data: &'static str) -> Self {
        let mut table = Self::default();
        for line in data.lines().skip(1) {
            let mut cells = line.split('\t');
            let (Some(place), Some(means), Some(pattern)) = (cells.next(), cells.next(), cells.next()) else {
                continue;
            };
            let means = match Refusal::ALL.iter().find(|refusal| refusal.name() == means) {
                Some(refusal) => Meaning::Refused(*refusal),
                None => Meaning::Invalid,
            };
            if place == "code" {
                table.codes.push((pattern, means));
                continue;
            }
            let (starts, pattern) = match pattern.strip_prefix('^') {
                Some(rest) => (true, rest),
                None => (false, pattern),
            };
            table.wordings.push(Pattern { pieces: pattern.split('*').collect(), starts, means });
        }
        table
    }
}

/// What a code or a type of an error means, lower-case.
pub fn code(code: &str) -> Option<(usize, Meaning)> {
    let fits = |known: &str| match known.strip_suffix('*') {
        Some(start) => code.starts_with(start),
        None => code == known,
    };
    let found = TABLE.codes.iter().enumerate().find(|(_, (known, _))| fits(known));
    found.map(|(row, (_, means))| (row, *means))
}

/// What a message says, lower-case and without what it quotes, and the row that says so.
pub fn wording(text: &str, ignored: impl Fn(Meaning) -> bool) -> Option<(usize, Meaning)> {
    let rows = TABLE.wordings.iter().enumerate();
    let found = rows.filter(|(_, row)| !ignored(row.means)).find(|(_, row)| row.is_in(text));
    found.map(|(row, pattern)| (row, pattern.means))
}

/// Whether one word alone, lower-case, would be read as the reason of an error.
pub fn is_word(word: &str) -> bool {
    let words = TABLE.wordings.iter().filter(|row| row.pieces.iter().all(|piece| !piece.contains(' ')));
    words.into_iter().any(|row| row.is_in(word))
}

impl Pattern {
    fn is_in(&self, text: &str) -> bool {
        let Some((first, others)) = self.pieces.split_first() else { return false };
        memmem::find_iter(text.as_bytes(), first.as_bytes()).take(8).any(|at| {
            let before = text.get(..at).unwrap_or_default();
            let after = text.get(at + first.len()..).unwrap_or_default();
            (!self.starts || begins_sentence(before)) && follow(after, others)
        })
    }
}

/// Whether the pieces stand in a text one after the other.
fn follow(mut text: &str, pieces: &[&str]) -> bool {
    for piece in pieces {
        let Some(gap) = text.find(piece).filter(|gap| *gap <= LONGEST_GAP) else { return false };
        if text.get(..gap).is_some_and(|gap| gap.contains(". ")) {
            return false;
        }
        text = text.get(gap + piece.len()..).unwrap_or_default();
    }
    true
}

/// Whether what follows a text is the beginning of a sentence, or of the message in another's.
fn begins_sentence(before: &str) -> bool {
    let before = before.trim_end_matches(['"', '\'', '`', ' ']);
    before.chars().next_back().is_none_or(|last| ".:;!-({[\n".contains(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_can_match_and_says_where_it_is_from() {
        let known = ["invalid", "unserviceable", "foreign_history", "content_policy", "context_window"];
        let mut seen = std::collections::BTreeSet::new();
        for line in DATA.lines().skip(1) {
            let cells: Vec<&str> = line.split('\t').collect();
            let [place, means, pattern, provider, source] = cells[..] else { panic!("five columns: {line}") };
            assert!(["code", "text"].contains(&place) && known.contains(&means), "{line}");
            assert!(!provider.trim().is_empty() && !source.trim().is_empty(), "{line}");
            assert_eq!(pattern, pattern.to_lowercase(), "{line}");
            assert!(pattern.split('*').all(|piece| place == "code" || piece.chars().count() > 1), "{line}");
            assert!(seen.insert((place, pattern)), "twice: {line}");
        }
        assert_eq!(TABLE.codes.len() + TABLE.wordings.len(), seen.len());
    }
}
