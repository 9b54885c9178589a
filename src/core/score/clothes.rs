//! What an ask wears: courtesies before and behind it, a heading over it, quotation marks and bold type around it. None of
//! that makes it harder, so the calibrated scorer looks at what is inside.

use super::fold::Folded;
use super::words::{Class, classify, last_class};

const DATA: &str = include_str!("courtesies.tsv");

/// What has to be left: a text of fewer bytes keeps its clothes, which may be all that it says.
const LEAST: usize = 12;
/// A heading of more bytes says more than that an ask follows.
const HEADING: usize = 24;
/// A sentence of more bytes is no courtesy, whatever its words.
const SENTENCE: usize = 96;

/// Courtesies of many languages, folded.
#[derive(Debug, Default)]
pub struct Clothes {
    bytes: Vec<u8>,
    /// By their first byte.
    before: Vec<Known>,
    /// By their last byte.
    behind: Vec<Known>,
    /// Words of which a courtesy may be made up, by their bytes; `apart` are those that make it one.
    words: Vec<Known>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    start: u32,
    length: u8,
    /// The byte that it is found by.
    key: u8,
    /// Whether a stop has to stand before it; of a word, whether it marks a courtesy.
    apart: bool,
}

impl Clothes {
    /// The shipped courtesies.
    pub fn new() -> Self {
        let mut all = Self::default();
        let mut folded = Folded::default();
        for line in DATA.lines().filter(|line| !line.starts_with('#')).skip(1) {
            let (kind, cells) = line.split_once('\t').unwrap_or_default();
            for spelling in cells.split(['\t', '|']) {
                folded.set(spelling);
                match kind {
                    "marks" | "words" => words(&folded.text).for_each(|word| all.add(kind, word)),
                    _ => all.add(kind, &folded.text),
                }
            }
        }
        all.before.sort_by_key(|known| known.key);
        all.behind.sort_by_key(|known| known.key);
        let bytes = std::mem::take(&mut all.bytes);
        // What marks a courtesy stands first: of equal words the first is found.
        all.words.sort_by_key(|known| (spelling(&bytes, *known), !known.apart));
        all.words.dedup_by_key(|known| spelling(&bytes, *known));
        all.bytes = bytes;
        all.bytes.shrink_to_fit();
        all.words.shrink_to_fit();
        all.before.shrink_to_fit();
        all.behind.shrink_to_fit();
        all
    }

    fn add(&mut self, kind: &str, text: &[u8]) {
        let (Ok(start), Ok(length)) = (u32::try_from(self.bytes.len()), u8::try_from(text.len())) else {
            return;
        };
        let (list, key) = match kind {
            "before" => (&mut self.before, text.first()),
            "marks" | "words" => (&mut self.words, text.first()),
            _ => (&mut self.behind, text.last()),
        };
        let Some(&key) = key else { return };
        list.push(Known { start, length, key, apart: matches!(kind, "after" | "marks") });
        self.bytes.extend_from_slice(text);
    }

    /// Heap bytes.
    pub fn memory_usage(&self) -> usize {
        let lists = [&self.before, &self.behind, &self.words];
        self.bytes.len() + lists.into_iter().map(|list| size_of_val(&**list)).sum::<usize>()
    }

    /// Takes off what the text wears, and says whether that was more than marks of type.
    pub fn take_off(&self, folded: &mut Folded) -> bool {
        let text = &*folded.text;
        let mut inside = text.trim_ascii();
        inside = inside.get(heading(inside)..).unwrap_or_default();
        inside = inside.get(self.courtesies_before(inside)..).unwrap_or_default();
        inside = inside.get(..self.courtesies_behind(inside)).unwrap_or_default().trim_ascii();
        inside = unquoted(inside);
        if inside.len() < LEAST {
            return false;
        }
        let some = inside.len() < text.len();
        let start = inside.as_ptr().addr() - text.as_ptr().addr();
        let end = start + inside.len();
        if some {
            folded.keep(start..end);
        }
        plain_type(&mut folded.text);
        some
    }

    fn known(list: &[Known], key: u8) -> impl Iterator<Item = &Known> {
        let from = list.partition_point(|known| known.key < key);
        list.iter().skip(from).take_while(move |known| known.key == key)
    }

    fn spelling(&self, known: Known) -> &[u8] {
        spelling(&self.bytes, known)
    }

    /// Whether a sentence is a courtesy in words of its own: all of them say nothing, and one of them is polite.
    fn is_courtesy(&self, sentence: &[u8]) -> bool {
        let mut marked = false;
        sentence.len() <= SENTENCE
            && words(sentence).all(|word| {
                let known = self.words.binary_search_by_key(&word, |known| self.spelling(*known));
                let known = known.ok().and_then(|at| self.words.get(at));
                marked |= known.is_some_and(|known| known.apart);
                known.is_some() || word.len() == 1
            })
            && marked
    }

    /// How many bytes of courtesies the text begins with, up to a stop behind one.
    fn courtesies_before(&self, text: &[u8]) -> usize {
        let (mut at, mut stopped) = (0, 0);
        loop {
            // Spanish opens an exclamation and a question with a mark of their own.
            let opening = matches!(text.get(at..), Some([0xC2, 0xA1 | 0xBF, ..]));
            let from = at + if opening { 2 } else { 0 };
            let Some((rest, &key)) = text.get(from..).and_then(|rest| Some((rest, rest.first()?))) else {
                break;
            };
            let length = Self::known(&self.before, key)
                .map(|known| self.spelling(*known))
                .filter(|spelling| {
                    rest.starts_with(spelling) && ends_word(spelling, text, from + spelling.len())
                })
                .map(<[u8]>::len)
                .max();
            let length = length.or_else(|| {
                let sentence = first_sentence(rest)?;
                self.is_courtesy(sentence).then_some(sentence.len())
            });
            let Some(length) = length else { break };
            let (next, stop) = behind_stops(text, from + length);
            if stop {
                stopped = next;
            }
            at = next;
        }
        stopped
    }

    /// Where the courtesies at the end of a text begin, with the stops between them.
    fn courtesies_behind(&self, text: &[u8]) -> usize {
        let mut end = text.len();
        loop {
            let inside = before_stops(text.get(..end).unwrap_or_default());
            let Some(&key) = inside.last() else { return end };
            let start = Self::known(&self.behind, key)
                .filter_map(|known| {
                    let left = unopened(inside.strip_suffix(self.spelling(*known))?);
                    let begins = begins_word(left, inside);
                    (begins && (!known.apart || is_apart(left))).then_some(left.len())
                })
                .min();
            let start = start.or_else(|| {
                let start = last_sentence(inside)?;
                inside.get(start..).is_some_and(|sentence| self.is_courtesy(sentence)).then_some(start)
            });
            match start {
                Some(start) => {
                    let left = text.get(..start).unwrap_or_default().trim_ascii_end();
                    end = left.strip_suffix(b",").unwrap_or(left).len();
                }
                None => return end,
            }
        }
    }
}

fn spelling(bytes: &[u8], known: Known) -> &[u8] {
    let start = known.start as usize;
    bytes.get(start..start + usize::from(known.length)).unwrap_or_default()
}

/// The words of a text, of scripts that write them apart; of others, each run of characters.
fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let mut start = at;
        while let Some(&byte) = text.get(at) {
            let (class, length) = classify(text, at, byte);
            at += length;
            if class == Class::Break {
                if let Some(word) = text.get(start..at - length).filter(|word| !word.is_empty()) {
                    return Some(word);
                }
                start = at;
            }
        }
        text.get(start..).filter(|word| !word.is_empty() && start < at)
    })
}

/// The first sentence of a text without its stop, if it has one and more follows, and it is short.
fn first_sentence(text: &[u8]) -> Option<&[u8]> {
    let near = text.get(..SENTENCE.min(text.len())).unwrap_or_default();
    let end = near.iter().position(|byte| matches!(byte, b'.' | b'!' | b'?' | b':' | b'\n'))?;
    near.get(..end).filter(|sentence| !sentence.is_empty())
}

/// Where the last sentence of a text begins, if another stands before it and it is short.
fn last_sentence(text: &[u8]) -> Option<usize> {
    let from = text.len().saturating_sub(SENTENCE);
    let near = text.get(from..).unwrap_or_default();
    let stop = near.iter().rposition(|byte| matches!(byte, b'.' | b'!' | b'?' | b'\n'))?;
    Some(from + stop + 1)
}

/// Bytes of a heading that the text begins with, and that only says that an ask follows.
fn heading(text: &[u8]) -> usize {
    if text.first() != Some(&b'#') {
        return 0;
    }
    let line = memchr::memchr(b'\n', text).unwrap_or(text.len());
    let (title, rest) = text.split_at_checked(line).unwrap_or_default();
    let title = title.trim_ascii();
    let marks = title.iter().take_while(|byte| **byte == b'#').count();
    let named = title.get(marks..).is_some_and(|name| name.first() == Some(&b' ') && name.len() <= HEADING);
    let only = !rest.windows(2).any(|two| two == b"\n#");
    if named && only && !title.contains(&b'?') && marks < 7 {
        line + rest.len() - rest.trim_ascii_start().len()
    } else {
        0
    }
}

/// A text within one pair of quotation marks.
fn unquoted(text: &[u8]) -> &[u8] {
    let inside = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\""));
    inside.filter(|inside| !inside.contains(&b'"')).unwrap_or(text).trim_ascii()
}

/// Takes the marks of bold type out: those that open behind white space, and those that close them in the same line.
fn plain_type(text: &mut Vec<u8>) {
    let Some(first) = memchr::memmem::find(text, b"**") else { return };
    let is_space = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_whitespace);
    let (mut to, mut at, mut open) = (first, first, false);
    while let Some(&byte) = text.get(at) {
        let mark = byte == b'*' && text.get(at + 1) == Some(&b'*');
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        // What is written behind is never read again, but for the byte before, which stays where no mark was.
        let opens = !open && is_space(before) && !is_space(text.get(at + 2));
        let closes = open && !is_space(before);
        if mark && (opens || closes) {
            open = opens;
            at += 2;
            continue;
        }
        open &= byte != b'\n';
        if let Some(place) = text.get_mut(to) {
            *place = byte;
        }
        to += 1;
        at += 1;
    }
    text.truncate(to);
}

/// Whether a word that is spelled so may end at `end`.
fn ends_word(spelling: &[u8], text: &[u8], end: usize) -> bool {
    let Some(&next) = text.get(end) else { return true };
    let last = last_class(spelling);
    last == Some(Class::Free) || !matches!(classify(text, end, next).0, Class::Word | Class::Hangul)
}

/// The text without a mark at its end that opens a question or an exclamation.
fn unopened(text: &[u8]) -> &[u8] {
    let marks = [b"\xC2\xA1", b"\xC2\xBF"];
    marks.into_iter().find_map(|mark| text.strip_suffix(mark)).unwrap_or(text)
}

/// Whether a word may begin where `left` ends in `text`.
fn begins_word(left: &[u8], text: &[u8]) -> bool {
    let first = text.get(left.len()).map(|byte| classify(text, left.len(), *byte).0);
    let free = matches!(first, Some(Class::Free | Class::Break));
    free || !matches!(last_class(left), Some(Class::Word | Class::Hangul))
}

/// Whether a stop or the end of a line stands at the end of a text.
fn is_apart(left: &[u8]) -> bool {
    let text = left.trim_ascii_end();
    let line = left.get(text.len()..).is_some_and(|space| space.contains(&b'\n'));
    line || before_stops(text).len() < text.len()
}

/// Whether a character of so many bytes, that is no letter, ends what stands before it.
fn is_stop(text: &[u8], at: usize, byte: u8, length: usize) -> bool {
    match byte {
        b',' | b'.' | b'!' | b'?' | b';' | b':' | b'~' | b'\n' => true,
        0..0x80 => false,
        // The upside-down marks of Spanish belong to what follows.
        _ => length > 1 && classify(text, at, byte).0 == Class::Break && byte != 0xC2,
    }
}

/// Where the white space and stops that stand at `at` end, and whether there is a stop among them.
fn behind_stops(text: &[u8], mut at: usize) -> (usize, bool) {
    let mut stop = at >= text.len();
    while let Some(&byte) = text.get(at) {
        let (_, length) = classify(text, at, byte);
        let stops = is_stop(text, at, byte, length);
        if !stops && !byte.is_ascii_whitespace() {
            break;
        }
        stop |= stops;
        at += length;
    }
    (at, stop)
}

/// The text without the white space and stops at its end.
fn before_stops(mut text: &[u8]) -> &[u8] {
    while let Some(at) = text.iter().rposition(|byte| byte & 0xC0 != 0x80)
        && let Some(&byte) = text.get(at)
        && (is_stop(text, at, byte, text.len() - at) || byte.is_ascii_whitespace())
        && let Some(left) = text.get(..at)
    {
        text = left;
    }
    text
}
