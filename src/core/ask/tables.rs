//! Tables of words: their concepts, the labels of sections, and tags.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::phrases::Phrases;
use super::sections::Role;
use crate::chat::raw::character;

/// Numbers of concepts of `wordings.tsv`.
pub mod concept {
    /// What a client's chore makes.
    pub const PRODUCT: u8 = 0;
    /// That it is to be made.
    pub const VERB: u8 = 1;
    /// What it is made of.
    pub const TARGET: u8 = 2;
    /// How short, or in which form.
    pub const LIMIT: u8 = 3;
    /// Its key in JSON.
    pub const KEY: u8 = 4;
    /// Where the answer goes.
    pub const CUE: u8 = 5;
    /// Text to be filled in.
    pub const FIM: u8 = 6;
    /// Only a client's chore says so.
    pub const SUGGEST: u8 = 7;
    /// A summary that stands for a conversation.
    pub const NOTES: u8 = 8;
    /// The form of an answer.
    pub const FORMAT: u8 = 9;
    /// An ask about a text, not about what the text is about.
    pub const ABOUT: u8 = 10;
    /// An ask that a text beside it is the task of.
    pub const HARD: u8 = 11;
    /// JSON.
    pub const JSON: u8 = 12;
    /// That an answer has to have a form.
    pub const DEMAND: u8 = 13;
    /// Words of templates around what was looked up.
    pub const TEMPLATE: u8 = 14;
    /// Nothing but a greeting.
    pub const GREETING: u8 = 15;
    /// A person wants a few words to call something by.
    pub const TITLE: u8 = 16;
    /// A system text for conversations, not for a chore.
    pub const CONVERSES: u8 = 17;
    /// The answer is to be no JSON, or the JSON is none of the answer's.
    pub const PLAIN: u8 = 18;
    /// A paragraph says what the answer is to look like.
    pub const FORM: u8 = 19;
    /// A question for one fact of a text beside it.
    pub const FACT: u8 = 20;
}

const CONCEPTS: [&str; 21] = [
    "product",
    "verb",
    "target",
    "limit",
    "key",
    "cue",
    "fim",
    "suggest",
    "notes",
    "format",
    "about",
    "hard",
    "json",
    "demand",
    "template",
    "greeting",
    "title",
    "converses",
    "plain",
    "form",
    "fact",
];

/// Numbers of concepts of `followups.tsv`.
pub mod followup {
    /// What was given is wrong.
    pub const CORRECTION: u8 = 0;
    /// A question about what was given.
    pub const DOUBT: u8 = 1;
    /// A small chore on the work.
    pub const WORK: u8 = 2;
    /// Something else.
    pub const TOPIC: u8 = 3;
    /// The end.
    pub const CLOSE: u8 = 4;
}

const FOLLOWUPS: [&str; 5] = ["correction", "doubt", "work", "topic", "close"];

/// Bytes of a label that are looked at.
const LONGEST_LABEL: usize = 64;

/// Whether a set of concepts has one.
pub const fn has(set: u32, concept: u8) -> bool {
    set >> concept & 1 == 1
}

/// Whether these concepts are of an ask about a text, not about what the text is about.
pub const fn is_about(set: u32) -> bool {
    has(set, concept::ABOUT) && !has(set, concept::HARD)
}

/// The shipped phrases, compiled once: no configuration changes them.
static PHRASES: LazyLock<Result<Shipped, String>> = LazyLock::new(|| {
    let words = include_str!("wordings.tsv");
    Ok(Shipped {
        words: Phrases::new(words, &CONCEPTS)?,
        about: Phrases::new(words, &["about", "hard"])?,
        points: Phrases::new(words, &["points"])?,
        followups: Phrases::new(include_str!("followups.tsv"), &FOLLOWUPS)?,
    })
});

struct Shipped {
    words: Phrases,
    /// Those of two concepts among them: a look for these alone costs a fraction.
    about: Phrases,
    /// Words that point to a text beside an ask. They are frequent, and looked for only where there is one.
    points: Phrases,
    followups: Phrases,
}

/// All tables, compiled.
#[derive(Clone, Debug)]
pub struct Tables {
    pub(super) words: &'static Phrases,
    about: &'static Phrases,
    points: &'static Phrases,
    pub(super) followups: &'static Phrases,
    pub(super) labels: HashMap<String, Role>,
    /// Names of tags around what a person typed.
    pub(super) tags: Vec<String>,
    /// A bit for each hash of how a label begins: most lines begin otherwise.
    begins: [u64; Begin::BITS / 64],
}

/// How a label begins: its first four bytes in small letters, or all of it, without a number and signs behind it.
struct Begin(usize);

impl Begin {
    const BITS: usize = 1 << 13;

    fn of(text: &[u8]) -> Self {
        let head = text.get(..4).unwrap_or(text);
        let ends =
            |byte: &u8| matches!(byte, b':' | b'*' | b'_' | b'[' | b']' | b'(' | b')' | b'#' | b'0'..=b'9');
        let end = head.iter().position(ends).unwrap_or(head.len());
        let label = head.get(..end).unwrap_or_default();
        let behind = label.iter().rev().take_while(|byte| matches!(byte, b' ' | b'-' | b'"' | b'\'')).count();
        let letters = label.iter().take(end - behind);
        let key = letters.fold(0u32, |key, byte| key << 8 | u32::from(byte.to_ascii_lowercase()));
        // Fibonacci hashing.
        Self((key.wrapping_mul(0x9E37_79B9) >> 19) as usize)
    }

    const fn word(&self) -> usize {
        self.0 / 64
    }

    const fn bit(&self) -> u64 {
        1 << (self.0 % 64)
    }
}

impl Tables {
    /// The shipped tables, and labels of one's own.
    pub fn new<'l>(more: impl IntoIterator<Item = (Role, &'l str)>) -> Result<Self, String> {
        let mut labels = HashMap::new();
        let mut tags = Vec::new();
        for row in include_str!("labels.tsv").lines().filter(|row| !row.starts_with('#')) {
            let mut cells = row.split('\t');
            let (Some(name), Some(spellings)) = (cells.next(), cells.nth(1)) else { continue };
            if name == "tag" {
                tags.extend(spellings.split('|').map(str::to_owned));
            }
            let Some(role) = Role::named(name) else { continue };
            for label in spellings.split('|') {
                labels.entry(label.to_owned()).or_insert(role);
            }
        }
        labels.extend(more.into_iter().map(|(role, label)| (label.trim().to_lowercase(), role)));
        let Shipped { words, about, points, followups } = PHRASES.as_ref().map_err(Clone::clone)?;
        let mut begins = [0; Begin::BITS / 64];
        for begin in labels.keys().map(|label| Begin::of(label.as_bytes())) {
            if let Some(word) = begins.get_mut(begin.word()) {
                *word |= begin.bit();
            }
        }
        Ok(Self { words, about, points, followups, labels, tags, begins })
    }

    /// Whether a folded text is of an ask about a text.
    pub(super) fn is_about(&self, text: &[u8]) -> bool {
        self.about.concepts(text, 0) == 1
    }

    /// Whether a folded text points to what stands beside it, or is a reply to it.
    pub(super) fn points(&self, text: &[u8]) -> bool {
        self.points.concepts(text, 0) != 0
    }

    /// The role of the label that a line begins with, and how many bytes of the line are the label.
    pub(super) fn label(&self, line: &[u8]) -> Option<(Role, usize)> {
        let head = line.get(..LONGEST_LABEL).unwrap_or(line);
        if !self.may_begin(head) {
            return None;
        }
        if !memchr::memchr_iter(b'\\', head).any(|place| head.get(place + 1) == Some(&b'u')) {
            return self.label_of(line);
        }
        // Many clients escape what is beyond ASCII.
        let (mut text, mut places, mut at) = (Vec::new(), Vec::new(), 0);
        while text.len() <= LONGEST_LABEL
            && let Some(rest) = line.get(at..)
            && let Some(first) = rest.first()
        {
            let mut bytes = [0; 4];
            let (more, length) = match character(rest).filter(|_| *first == b'\\') {
                Some((one, length)) => (one.encode_utf8(&mut bytes).as_bytes(), length.max(1)),
                None => (std::slice::from_ref(first), 1),
            };
            text.extend_from_slice(more);
            places.resize(text.len(), at);
            at += length;
        }
        places.push(at);
        let (role, end) = self.label_of(&text)?;
        Some((role, *places.get(end)?))
    }

    /// Whether a line may begin with a label, behind what decorates it. What is beyond ASCII, or escaped, may be of either case.
    fn may_begin(&self, line: &[u8]) -> bool {
        let mut rest = line;
        while let [
            b'#' | b'*' | b'_' | b'>' | b'=' | b'[' | b']' | b'<' | b'`' | b'"' | b'\'' | b'(' | b')' | b'-'
            | b' ',
            behind @ ..,
        ] = rest
        {
            rest = behind;
        }
        let begin = Begin::of(rest);
        let beyond = |byte: &u8| !byte.is_ascii() || *byte == b'\\';
        rest.iter().take(4).any(beyond)
            || !rest.is_empty() && self.begins.get(begin.word()).is_some_and(|word| word & begin.bit() != 0)
    }

    fn label_of(&self, line: &[u8]) -> Option<(Role, usize)> {
        let head = line.get(..LONGEST_LABEL).unwrap_or(line);
        let decoration = head.iter().take_while(|byte| b"#*_>=[ <".contains(byte) || **byte == b'`').count();
        let bare = head.get(decoration..)?;
        let wide = memchr::memchr_iter(0xef, bare)
            .find(|place| bare.get(*place..).is_some_and(|rest| rest.starts_with("：".as_bytes())));
        let plain = memchr::memchr(b':', bare);
        let (length, colon) = match (plain, wide) {
            (Some(plain), Some(wide)) if wide < plain => (wide, "：".len()),
            (Some(plain), _) => (plain, 1),
            (None, Some(wide)) => (wide, "：".len()),
            (None, None) => (bare.len(), 0),
        };
        // Without a colon it has to look like a heading and to be all of the line.
        let upper = || bare.len() >= 5 && !bare.iter().any(u8::is_ascii_lowercase) && bare.is_ascii();
        let open = bare.starts_with("【".as_bytes());
        if colon == 0 && (line.len() > head.len() || decoration == 0 && !upper() && !open) {
            return None;
        }
        if !self.may_begin(bare.get(..length)?) {
            return None;
        }
        let label = std::str::from_utf8(bare.get(..length)?).ok()?;
        let edge = |c: char| c.is_whitespace() || "#*_>=[]<`\"'()【】-".contains(c);
        let label = label.trim_matches(edge);
        if label.is_empty() || label.len() > 60 {
            return None;
        }
        let label = label.to_lowercase();
        // "Document 3", "Source [2]".
        let counted = label.trim_end_matches(|c: char| c.is_ascii_digit() || edge(c));
        let role = self.labels.get(&label).or_else(|| self.labels.get(counted))?;
        let mut end = decoration + length + colon;
        while matches!(line.get(end), Some(b'*' | b'_' | b' ')) {
            end += 1;
        }
        Some((*role, end))
    }
}
