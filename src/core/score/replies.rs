//! Spellings that mean something in short texts only: where they are all that is said, or the first of it.
//!
//! "More" and "great" say much of what a short reply wants, and nothing where they stand in a longer ask.

use super::words::{Class, classify, last_class};

/// The most bytes of a text that is looked at: about sixteen words, or thirty ideographs.
const LONGEST: usize = 96;

/// Where a spelling has to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It is all of the text, with others of its kind.
    Whole,
    /// The same, or the text begins with it, and then another word.
    Start,
    /// The text begins with it, whatever follows: for scripts without spaces, and Korean.
    Open,
}

impl Place {
    /// Tells a spelling's place by its end, and the spelling without that: `more` is a whole reply, `and*` begins one.
    /// In scripts without spaces, and in Korean, anything may follow a start, unless a space stands before the `*`.
    pub fn of(spelling: &str) -> (&str, Self) {
        match spelling.strip_suffix('*') {
            None => (spelling, Self::Whole),
            Some(start) if last_class(start.as_bytes()) == Some(Class::Word) || start.ends_with(' ') => {
                (start.trim_end(), Self::Start)
            }
            Some(start) => (start, Self::Open),
        }
    }
}

/// A spelling of a concept.
#[derive(Clone, Copy, Debug)]
struct Known {
    start: u32,
    length: u8,
    place: Place,
    concept: u16,
}

impl Known {
    /// Whether a text may begin with it, where another word follows or something else.
    fn begins(&self, apart: bool) -> bool {
        match self.place {
            Place::Whole => false,
            Place::Start => apart,
            Place::Open => true,
        }
    }
}

/// Spellings by concept.
#[derive(Debug, Default)]
pub struct Replies {
    /// By text.
    known: Vec<Known>,
    bytes: Vec<u8>,
    /// Most bytes of a spelling.
    longest: usize,
}

impl Replies {
    /// Adds a folded spelling of a concept. [`Replies::sort`] has to follow.
    pub fn add(&mut self, spelling: &[u8], place: Place, concept: usize) {
        let Some(line) = Line::of(spelling) else { return };
        let text = line.text();
        let (Ok(start), Ok(length)) = (u32::try_from(self.bytes.len()), u8::try_from(text.len())) else {
            return;
        };
        self.known.push(Known { start, length, place, concept: u16::try_from(concept).unwrap_or(u16::MAX) });
        self.bytes.extend_from_slice(text);
        self.longest = self.longest.max(text.len());
    }

    /// Sorts what was added, so that it can be found.
    pub fn sort(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        self.known.sort_by_key(|known| text_of(&bytes, known));
        self.bytes = bytes;
        self.known.shrink_to_fit();
        self.bytes.shrink_to_fit();
    }

    /// Heap bytes.
    pub fn memory_usage(&self) -> usize {
        self.known.capacity() * size_of::<Known>() + self.bytes.capacity()
    }

    /// Passes to `found` the concepts of a folded text, if it is short.
    pub fn find(&self, text: &[u8], mut found: impl FnMut(usize)) {
        let Some(line) = Line::of(text) else { return };
        let mut starts = |known: &Known, begins: bool| {
            if begins {
                found(usize::from(known.concept));
            }
        };
        if self.walk(line.text(), &mut starts) {
            self.walk(line.text(), &mut |known, _| found(usize::from(known.concept)));
        }
    }

    /// Goes through a text part by part, the longest spelling first, as far as it is known. Passes on each spelling
    /// of such a part, and whether the rest of the text may begin with it, whatever follows. Pictures that are not
    /// known are passed over. Whether all of the text is known.
    fn walk(&self, text: &[u8], found: &mut impl FnMut(&Known, bool)) -> bool {
        let mut any = false;
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let mut longest = None;
            for end in ends(rest).take_while(|end| *end <= self.longest) {
                let mut spellings = self.at(rest.get(..end).unwrap_or_default()).peekable();
                if spellings.peek().is_some() {
                    longest = Some(end);
                }
                let apart = matches!(rest.get(end), None | Some(b' '));
                spellings.filter(|known| known.begins(apart)).for_each(|known| found(known, true));
            }
            match longest {
                Some(end) => {
                    self.at(rest.get(..end).unwrap_or_default()).for_each(|known| found(known, false));
                    any = true;
                    at += end;
                }
                None if rest.starts_with(b" ") => at += 1,
                None => match picture(rest) {
                    Some(length) => at += length,
                    None => return false,
                },
            }
        }
        any
    }

    /// What is known of a spelling.
    fn at<'r>(&'r self, text: &'r [u8]) -> impl Iterator<Item = &'r Known> {
        let first = self.known.partition_point(|known| text_of(&self.bytes, known) < text);
        let from = self.known.iter().skip(first);
        from.take_while(move |known| text_of(&self.bytes, known) == text)
    }
}

fn text_of<'b>(bytes: &'b [u8], known: &Known) -> &'b [u8] {
    let start = known.start as usize;
    bytes.get(start..start + usize::from(known.length)).unwrap_or_default()
}

/// Where a spelling may end in a text: at the end of a word, and behind each character of a script without spaces.
fn ends(text: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let byte = *text.get(at)?;
        let (class, length) = classify(text, at, byte);
        at = (at + length).min(text.len());
        Some((class, at))
    })
    .filter(|(class, end)| {
        matches!(class, Class::Free | Class::Hangul) || matches!(text.get(*end), None | Some(b' '))
    })
    .map(|(_, end)| end)
}

/// The length of the emoji or dingbat at the start of a text.
fn picture(text: &[u8]) -> Option<usize> {
    match text {
        [0xF0, 0x9F, ..] if text.len() >= 4 => Some(4),
        [0xE2, 0x98..=0x9E, _, ..] => Some(3),
        _ => None,
    }
}

/// The words of a short text with a space between two, whatever stood there. Each picture is a word.
struct Line {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Line {
    /// The words of a text; `None` where it is too long.
    fn of(text: &[u8]) -> Option<Self> {
        let text = text.trim_ascii();
        if text.len() > LONGEST {
            return None;
        }
        let mut line = Self { bytes: [0; LONGEST], length: 0 };
        let mut apart = false;
        let mut at = 0;
        while let Some(&byte) = text.get(at) {
            let (class, length) = classify(text, at, byte);
            let character = text.get(at..(at + length).min(text.len()))?;
            at += length;
            // Not the colour of a skin.
            let pictured = picture(character).is_some() && !matches!(character, [_, _, 0x8F, 0xBB..=0xBF]);
            if class == Class::Break && !pictured {
                apart = true;
                continue;
            }
            if (apart || pictured) && line.length > 0 {
                line.push(b" ")?;
            }
            line.push(character)?;
            apart = pictured;
        }
        Some(line)
    }

    fn push(&mut self, bytes: &[u8]) -> Option<()> {
        self.bytes.get_mut(self.length..self.length + bytes.len())?.copy_from_slice(bytes);
        self.length += bytes.len();
        Some(())
    }

    fn text(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}
