//! Phrases of a data file, found in folded text in one pass.
//!
//! A row is a concept with spellings, separated by `|`. A spelling is one part or several, joined by `+`: the parts have to
//! stand in this order in one sentence. `^` in front: the text begins with it, but for words that only lead up to it. `$`
//! behind: the text ends with it, but for marks. `*` behind a part: letters may follow. In scripts with spaces a part is whole
//! words; in others it stands anywhere.

use crate::score::{Block, Folded, Index, IndexBuilder, Notes};

/// The size of the index' small tables, for some two thousand parts: 18 KiB.
const INDEX_BITS: u32 = 12;

/// One part of a spelling.
#[derive(Clone, Copy, Debug)]
struct Part {
    /// Letters may follow.
    open: bool,
    spelling: u32,
    place: u8,
}

#[derive(Clone, Copy, Debug)]
struct Spelling {
    concept: u8,
    parts: u8,
    start: bool,
    end: bool,
}

/// Phrases, compiled.
#[derive(Clone, Debug)]
pub struct Phrases {
    /// The texts of the parts.
    index: Index<INDEX_BITS>,
    /// The parts, by their texts.
    parts: Vec<Part>,
    /// Where the parts of each text begin in `parts`, by the number of the text, and where the last ones end.
    starts: Vec<u32>,
    spellings: Vec<Spelling>,
}

/// A spelling of several parts of which some were found: its number, how many, and where the last one ends.
type Reached = (u32, u8, usize);

/// What is found in a text, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A concept.
    Concept(u8),
    /// A sentence that had any of them ends.
    SentenceEnd,
}

/// Compiles phrases. What it takes is little and in few pieces: memory of a VM never shrinks.
struct Builder {
    /// All texts, one behind the other.
    bytes: Vec<u8>,
    /// Where the text of each part stands there.
    parts: Vec<(u32, u32, Part)>,
    spellings: Vec<Spelling>,
    folded: Folded,
}

impl Builder {
    /// With room for a table.
    fn of(table: &str) -> Self {
        let marks = |mark: char| table.matches(mark).count();
        let spellings = marks('|') + marks('\n');
        Self {
            bytes: Vec::with_capacity(table.len()),
            parts: Vec::with_capacity(spellings + marks('+')),
            spellings: Vec::with_capacity(spellings),
            folded: Folded::default(),
        }
    }

    fn add(&mut self, concept: u8, spelling: &str) {
        let bare = spelling.trim_start_matches('^').trim_end_matches('$');
        let number = u32::try_from(self.spellings.len()).unwrap_or(u32::MAX);
        let mut count = 0u8;
        for part in bare.split('+').map(str::trim).filter(|part| !part.is_empty()) {
            self.folded.set(part.strip_suffix('*').unwrap_or(part));
            let start = self.bytes.len();
            self.bytes.extend_from_slice(self.folded.text.trim_ascii());
            let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            let part = Part { open: part.ends_with('*'), spelling: number, place: count };
            self.parts.push((place(start), place(self.bytes.len()), part));
            count = count.saturating_add(1);
        }
        self.spellings.push(Spelling {
            concept,
            parts: count,
            start: spelling.starts_with('^'),
            end: spelling.ends_with('$'),
        });
    }

    fn finish(self) -> Phrases {
        let Self { bytes, mut parts, spellings, .. } = self;
        let text = |(start, end, _): &(u32, u32, Part)| {
            bytes.get(*start as usize..*end as usize).unwrap_or_default()
        };
        parts.sort_by(|a, b| text(a).cmp(text(b)));
        let mut index = IndexBuilder::with_capacity(parts.len(), bytes.len());
        let mut starts = Vec::with_capacity(parts.len() + 1);
        let mut from = 0;
        for alike in parts.chunk_by(|a, b| text(a) == text(b)) {
            let text = alike.first().map(text).unwrap_or_default();
            let closed = is_word(before(text, text.len())) && alike.iter().all(|(_, _, part)| !part.open);
            index.begin(starts.len());
            index.add(text, closed);
            starts.push(from);
            from += u32::try_from(alike.len()).unwrap_or_default();
        }
        starts.push(from);
        let parts = parts.iter().map(|(_, _, part)| *part).collect();
        Phrases { index: index.finish(), parts, starts, spellings }
    }
}

impl Phrases {
    /// Compiles the rows of a table whose concept is in `concepts`: the place there is its number.
    pub fn new(table: &str, concepts: &[&str]) -> Result<Self, String> {
        let mut builder = Builder::of(table);
        for row in table.lines().filter(|row| !row.starts_with('#')) {
            let mut cells = row.split('\t');
            let (Some(name), Some(_), Some(spellings)) = (cells.next(), cells.next(), cells.next()) else {
                continue;
            };
            let place = concepts.iter().position(|known| *known == name);
            let Some(concept) = place.and_then(|place| u8::try_from(place).ok()) else { continue };
            let spellings = spellings.split('|').map(str::trim).filter(|spelling| !spelling.is_empty());
            spellings.for_each(|spelling| builder.add(concept, spelling));
        }
        Ok(builder.finish())
    }

    /// Passes what a folded text has to `found`. `lead`: where the text begins, behind words that only lead up to it.
    pub fn find(&self, text: &[u8], lead: usize, found: impl FnMut(Found)) {
        let mut scan = Scan { phrases: self, text, lead, found, reached: Vec::new(), sentence_ends: None };
        let mut notes = Notes::default();
        let mut at = 0;
        let mut in_word = false;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            if let Some(block) = Block::of(rest) {
                let mut starts = block.starts(in_word);
                while starts != 0 {
                    let start = starts.trailing_zeros();
                    scan.note(at + start as usize, block.word_at(start), &mut notes);
                    starts &= starts - 1;
                }
                in_word = block.ends_in_word();
                at += Block::BYTES;
            } else {
                (at, in_word) = scan.by_character(at, in_word, &mut notes);
            }
        }
        scan.look_up(&mut notes);
        if scan.sentence_ends.is_some() {
            (scan.found)(Found::SentenceEnd);
        }
    }

    /// The parts that are spelled as the text of a number.
    fn parts_of(&self, number: usize) -> &[Part] {
        let place = |at: usize| self.starts.get(at).map(|start| *start as usize);
        let range = place(number).zip(place(number + 1));
        range.and_then(|(start, end)| self.parts.get(start..end)).unwrap_or_default()
    }

    /// Whether a folded text may have a concept of which all spellings stand where a text begins: whether one of them begins
    /// there as the text does.
    pub fn may_begin(&self, text: &[u8], concept: u8) -> bool {
        let mut notes = Notes::default();
        let mut found = false;
        self.index.note_start(text, 0, 0, &mut notes);
        self.index.look_up(text, &mut notes, |_, number, _, _| {
            let spellings =
                self.parts_of(number).iter().filter_map(|part| self.spellings.get(part.spelling as usize));
            found |= spellings.into_iter().any(|spelling| spelling.concept == concept);
        });
        found
    }

    /// Whether all spellings of a concept stand where a text begins.
    #[cfg(test)]
    #[cfg(test)]
    pub fn only_begins(&self, concept: u8) -> bool {
        self.spellings.iter().filter(|spelling| spelling.concept == concept).all(|spelling| spelling.start)
    }

    /// The concepts of a folded text: bit n is the concept n.
    pub fn concepts(&self, text: &[u8], lead: usize) -> u32 {
        let mut all = 0;
        self.find(text, lead, |found| {
            if let Found::Concept(number) = found {
                all |= 1u32.checked_shl(u32::from(number)).unwrap_or_default();
            }
        });
        all
    }
}

/// A search of one text.
struct Scan<'s, F> {
    phrases: &'s Phrases,
    text: &'s [u8],
    lead: usize,
    found: F,
    reached: Vec<Reached>,
    /// Where the sentence ends in which something was found last.
    sentence_ends: Option<usize>,
}

impl<F: FnMut(Found)> Scan<'_, F> {
    /// Notes what may begin at a place. `word`: letters that stand there in a row at least; 0 where that is not known.
    #[inline]
    fn note(&mut self, at: usize, word: u32, notes: &mut Notes) {
        if notes.is_full() {
            self.look_up(notes);
        }
        let rest = self.text.get(at..).unwrap_or_default();
        self.phrases.index.note_start(rest, at, word, notes);
    }

    /// Goes on for a block's length by characters. In scripts without spaces a part may begin anywhere.
    fn by_character(&mut self, from: usize, mut in_word: bool, notes: &mut Notes) -> (usize, bool) {
        let mut at = from;
        while at < from + Block::BYTES && at < self.text.len() {
            let character = after(self.text, at);
            let word = is_word(character);
            if word && !in_word || !word && character.is_some_and(|c| c > ' ') {
                self.note(at, 0, notes);
            }
            in_word = word;
            at += character.map_or(1, char::len_utf8);
        }
        (at, in_word)
    }

    fn look_up(&mut self, notes: &mut Notes) {
        let (phrases, text) = (self.phrases, self.text);
        phrases.index.look_up(text, notes, |start, number, _, length| {
            let place = (start, start + length);
            if self.sentence_ends.is_none_or(|ends| start >= ends) {
                if self.sentence_ends.is_some() {
                    (self.found)(Found::SentenceEnd);
                }
                self.reached.clear();
                self.sentence_ends = Some(end_of_sentence(text, start));
            }
            for part in phrases.parts_of(number) {
                let Some(spelling) = phrases.spellings.get(part.spelling as usize) else { continue };
                let right = (part.open || ends_word(text, place.1))
                    && !(part.place == 0 && spelling.start && start != self.lead)
                    && !(part.place + 1 == spelling.parts && spelling.end && !only_marks(text, place.1));
                if right && goes_on(*part, *spelling, place, &mut self.reached) {
                    (self.found)(Found::Concept(spelling.concept));
                }
            }
        });
    }
}

/// Whether a spelling is complete with a part of it.
fn goes_on(part: Part, spelling: Spelling, (start, end): (usize, usize), reached: &mut Vec<Reached>) -> bool {
    if spelling.parts < 2 {
        return true;
    }
    match reached.iter_mut().find(|(number, _, _)| *number == part.spelling) {
        None if part.place == 0 => reached.push((part.spelling, 1, end)),
        Some((_, count, before)) if *count == part.place && *before <= start => {
            (*count, *before) = (part.place + 1, end);
            return *count == spelling.parts;
        }
        _ => {}
    }
    false
}

/// Whether the character is a letter or digit of a script that puts spaces between words.
fn is_word(character: Option<char>) -> bool {
    character.is_some_and(|c| {
        c == '_'
            || c.is_alphanumeric()
                && matches!(u32::from(c), 0..0x600 | 0x700..0xE00 | 0x10A0..0x1100 | 0x1E00..0x2000)
    })
}

/// The character that ends before a place.
fn before(text: &[u8], at: usize) -> Option<char> {
    let head = text.get(..at)?;
    let start = head.iter().rposition(|byte| byte & 0xC0 != 0x80)?;
    std::str::from_utf8(head.get(start..)?).ok()?.chars().next()
}

/// The character that begins at a place.
fn after(text: &[u8], at: usize) -> Option<char> {
    let first = *text.get(at)?;
    if first.is_ascii() {
        return Some(char::from(first));
    }
    // As many bytes as the first has high bits.
    let length = first.leading_ones() as usize;
    std::str::from_utf8(text.get(at..at + length)?).ok()?.chars().next()
}

fn ends_word(text: &[u8], end: usize) -> bool {
    !is_word(before(text, end)) || !is_word(after(text, end))
}

fn only_marks(text: &[u8], from: usize) -> bool {
    let rest = text.get(from..).unwrap_or_default();
    std::str::from_utf8(rest).is_ok_and(|rest| !rest.chars().any(char::is_alphanumeric))
}

/// Where the sentence ends that a place is in.
fn end_of_sentence(text: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(byte) = text.get(at) {
        let gap = text.get(at + 1).is_none_or(u8::is_ascii_whitespace);
        match byte {
            b'\n' => return at,
            b'.' | b'!' | b'?' if gap => return at,
            0xE3 if text.get(at..at + 3) == Some("。".as_bytes()) => return at,
            _ => at += 1,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(spelling: &str, text: &str) -> bool {
        let phrases = Phrases::new(&format!("a\ten\t{spelling}\town"), &["a"]).unwrap();
        let mut folded = Folded::default();
        folded.set(text);
        phrases.concepts(&folded.text, 0) == 1
    }

    #[test]
    fn spellings_are_found_where_they_may_stand() {
        for (spelling, text, right) in [
            ("rename", "Please RENAME it.", true),
            ("rename", "renamed", false),
            ("rename*", "renamed", true),
            ("name", "rename", false),
            ("fix+typo*", "fix the typos", true),
            ("fix+typo*", "typo fix", false),
            ("fix+typo", "Fix it. A typo.", false),
            ("^go", "go on", true),
            ("^go", "to go", false),
            ("summary:$", "New summary: \n", true),
            ("summary:$", "Summary: rivers", false),
            ("überprüfe", "Bitte überprüfe das", true),
            ("falsch", "Das ist falsch!", true),
            ("falsch", "fälschlich", false),
            ("неверн*", "Это неверно", true),
            ("верно", "Это неверно", false),
            ("错了", "你错了吧", true),
            ("틀렸", "그건 틀렸어요", true),
            ("خطا", "هذا خطأ", true),
            ("a|b", "b", true),
        ] {
            assert_eq!(has(spelling, text), right, "{spelling:?} in {text:?}");
        }
    }
}
