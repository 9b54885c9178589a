//! One marker: whether it stands at a place, and where its block ends.

use super::budget::{Budget, STOP};
use super::injected::{MOST_MARKERS, Pair};
use crate::chat::raw::{Text, character, spelled};

/// What a block begins and ends with, compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// Without the `>`, where it is a tag.
    pub open: String,
    pub close: String,
    pub tag: bool,
    /// Whether it counts only where the text begins.
    pub leading: bool,
    /// Whether its blocks are what was looked up or pasted: long ones are cut out where something else was said.
    pub material: bool,
    /// The first bytes of the open marker, and which of the eight they are.
    pub prefix: u64,
    pub mask: u64,
    /// Those of the close marker.
    close_prefix: u64,
    close_mask: u64,
}

/// A search of one text: what may be spent on it, and a bit for each marker that is known to have no close from here on.
pub struct Search<'b> {
    pub budget: &'b mut Budget,
    pub hopeless: [u64; MOST_MARKERS / 64],
}

impl Search<'_> {
    pub fn is_hopeless(&self, marker: usize) -> bool {
        self.hopeless.get(marker / 64).is_none_or(|word| word >> (marker % 64) & 1 == 1)
    }

    fn give_up(&mut self, marker: usize) {
        if let Some(word) = self.hopeless.get_mut(marker / 64) {
            *word |= 1 << (marker % 64);
        }
    }
}

impl Marker {
    pub fn of(((open, close), material): (Pair<'_>, bool)) -> Self {
        let (open, leading) = open.strip_prefix('^').map_or((open, false), |open| (open, true));
        let name = open.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
        let named = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':');
        let tag = name.is_some_and(|name| !name.is_empty() && name.bytes().all(named));
        let open = if tag { open.trim_end_matches('>') } else { open };
        let (prefix, mask) = prefix(open);
        let (close_prefix, close_mask) = self::prefix(close);
        let (open, close) = (open.to_owned(), close.to_owned());
        Self { open, close, tag, leading, material, prefix, mask, close_prefix, close_mask }
    }

    pub fn second(&self) -> u8 {
        self.open.as_bytes().get(1).copied().unwrap_or_default()
    }

    /// Where its open marker ends, if it stands at `place`.
    pub fn opens(&self, text: &Text<'_>, place: usize, budget: &mut Budget) -> Option<usize> {
        let end = place + spelled(text.from(place), &self.open)?;
        if self.tag { text.end_of_tag(end, |bytes| budget.pay(bytes + STOP)) } else { Some(end) }
    }

    /// Where its block ends whose inside begins at `inside`.
    pub fn end(
        &self,
        text: &Text<'_>,
        number: usize,
        inside: usize,
        begins_line: impl Fn() -> bool,
        search: &mut Search<'_>,
    ) -> Option<usize> {
        let first_byte = self.close.bytes().next()?;
        let all = text.raw.len();
        let limit = all.min(inside.saturating_add(search.budget.left()));
        let mut first = None;
        let mut depth = 1usize;
        let mut at = inside;
        while let Some(found) = text.find(first_byte, at, limit) {
            if !search.budget.pay(found - at + STOP) {
                return None;
            }
            if let [b'\\', escaped, ..] = text.from(found)
                && *escaped != b'u'
            {
                // It stands for nothing that a marker begins with.
                at = found + 2;
                continue;
            }
            let (near, known) = first_characters(text.from(found));
            let may_close = (near ^ self.close_prefix) & self.close_mask & known == 0;
            let may_open = self.tag && (near ^ self.prefix) & self.mask & known == 0;
            if (may_close || may_open) && !search.budget.pay(STOP) {
                return None;
            }
            let closes = if may_close { spelled(text.from(found), &self.close) } else { None };
            if let Some(length) = closes {
                at = found + length;
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
                first = first.or(Some(at));
            } else {
                depth += usize::from(may_open && self.opens(text, found, search.budget).is_some());
                at = found + text.step(found);
            }
        }
        if !search.budget.pay(all.saturating_sub(at)) {
            return None;
        }
        if first.is_none() {
            search.give_up(number);
        }
        first.filter(|_| begins_line())
    }
}

/// The first eight bytes of a marker, and a mask of those that it has.
fn prefix(marker: &str) -> (u64, u64) {
    let mask = u64::MAX.checked_shr(8 * 8usize.saturating_sub(marker.len()) as u32).unwrap_or_default();
    (first_bytes(marker.as_bytes()) & mask, mask)
}

/// The first eight bytes, and a mask of what is known of them: where there are escapes, what stands before the first, or if
/// that is little, all up to what is beyond ASCII, with escapes read.
pub fn first_characters(text: &[u8]) -> (u64, u64) {
    /// Bits of so many bytes exclude most of what is no marker.
    const FEW: u32 = 3 * 8;
    let near = first_bytes(text);
    // The highest bit of the first byte that is a backslash.
    let unlike = near ^ BACKSLASHES;
    let backslash = unlike.wrapping_sub(ONES) & !unlike & HIGH;
    if backslash == 0 {
        return (near, u64::MAX);
    }
    let before = backslash.trailing_zeros().saturating_sub(7);
    if before >= FEW {
        return (near, (1 << before) - 1);
    }
    let (mut near, mut rest, mut place) = (0, text, 0);
    while place < 64
        && let Some((character, length)) = character(rest)
        && character.is_ascii()
    {
        near |= u64::from(u32::from(character)) << place;
        rest = rest.get(length..).unwrap_or_default();
        place += 8;
    }
    (near, if place == 64 { u64::MAX } else { (1 << place) - 1 })
}

const ONES: u64 = u64::from_le_bytes([1; 8]);
const HIGH: u64 = ONES << 7;
const BACKSLASHES: u64 = u64::from_le_bytes([b'\\'; 8]);

/// The first eight bytes, or zeros where there are fewer.
fn first_bytes(text: &[u8]) -> u64 {
    match text.first_chunk() {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => {
            let mut bytes = [0; 8];
            text.iter().zip(&mut bytes).for_each(|(from, to)| *to = *from);
            u64::from_le_bytes(bytes)
        }
    }
}
