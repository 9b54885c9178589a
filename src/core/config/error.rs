//! What is wrong with a document: every mistake with its path and what would be right.

use std::fmt;

use serde_json::Value;

/// Most mistakes that are told one by one; the rest are counted.
const MOST: usize = 100;
/// Most characters of an offending value that are shown.
const SHOWN: usize = 60;
/// Most characters of a message.
const LONGEST: usize = 1000;

/// One mistake in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    path: String,
    message: String,
}

impl ConfigError {
    /// Where in the document, such as `profiles.auto.tiers.SIMPLE[1]`; `document` for the whole, `line L column C`
    /// where it is no JSON.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong; what would be right.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// Everything that is wrong with a document, in the order of the paths. Displayed with one line a mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors {
    errors: Vec<ConfigError>,
    left_out: usize,
}

impl ConfigErrors {
    /// The mistakes that are told: at least one, at most 100.
    pub fn iter(&self) -> std::slice::Iter<'_, ConfigError> {
        self.errors.iter()
    }

    /// How many mistakes there are beyond those that are told.
    pub fn left_out(&self) -> usize {
        self.left_out
    }
}

impl<'e> IntoIterator for &'e ConfigErrors {
    type Item = &'e ConfigError;
    type IntoIter = std::slice::Iter<'e, ConfigError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.errors.iter().enumerate() {
            let end = if i == 0 { "" } else { "\n" };
            write!(f, "{end}{error}")?;
        }
        if self.left_out > 0 {
            write!(f, "\ndocument: {} more errors are not shown", self.left_out)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// A place in the document, as a chain to its root.
#[derive(Clone, Copy, Debug)]
pub(super) enum Path<'p> {
    /// The whole document.
    Root,
    /// Key of an object.
    Key(&'p Path<'p>, &'p str),
    /// Item of a list.
    Index(&'p Path<'p>, usize),
}

impl<'p> Path<'p> {
    /// The place under a key.
    pub const fn key(&'p self, key: &'p str) -> Path<'p> {
        Path::Key(self, key)
    }

    /// The place of an item.
    pub const fn index(&'p self, index: usize) -> Path<'p> {
        Path::Index(self, index)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Path::Root => f.write_str("document"),
            Path::Index(parent, index) => write!(f, "{parent}[{index}]"),
            Path::Key(parent, key) => {
                let plain = !key.is_empty()
                    && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
                match (parent, plain) {
                    (Path::Root, true) => f.write_str(key),
                    (_, true) => write!(f, "{parent}.{key}"),
                    (Path::Root, false) => write!(f, "[{}]", quoted(key)),
                    (_, false) => write!(f, "{parent}[{}]", quoted(key)),
                }
            }
        }
    }
}

/// Text in quotes, escaped, shortened to about 60 characters.
pub(super) fn quoted(text: &str) -> String {
    shortened(&Value::from(text).to_string())
}

/// A value as JSON, shortened to about 60 characters.
pub(super) fn shown(value: &Value) -> String {
    shortened(&value.to_string())
}

fn shortened(text: &str) -> String {
    if text.chars().nth(SHOWN).is_none() {
        return text.to_owned();
    }
    text.chars().take(SHOWN).chain(['…']).collect()
}

/// Collects mistakes.
#[derive(Debug, Default)]
pub(super) struct Errors {
    errors: Vec<ConfigError>,
    /// Places whose value cannot be used.
    broken: Vec<String>,
    left_out: usize,
}

impl Errors {
    /// A mistake that leaves the value at its path unusable: nothing else is told of that place.
    pub fn broken(&mut self, path: &Path<'_>, message: impl Into<String>) {
        if self.broken.len() < MOST {
            self.broken.push(path.to_string());
        }
        self.push(path.to_string(), message.into());
    }

    /// A mistake that leaves the rest of the document as readable as it was.
    pub fn add(&mut self, path: &Path<'_>, message: impl Into<String>) {
        self.push(path.to_string(), message.into());
    }

    /// A mistake in what the values mean. Not told where a value at the path, around or below it could not be used:
    /// it would be a consequence of that.
    pub fn meaning(&mut self, path: &Path<'_>, message: impl Into<String>) {
        let path = path.to_string();
        if !self.broken.iter().any(|b| within(b, &path) || within(&path, b)) {
            self.push(path, message.into());
        }
    }

    /// A mistake at a place that is no path.
    pub fn at(&mut self, place: String, message: String) {
        self.push(place, message);
    }

    /// Whether the value at exactly this path is told to be unusable.
    pub fn is_broken(&self, path: &Path<'_>) -> bool {
        let path = path.to_string();
        self.broken.contains(&path)
    }

    /// Whether nothing is wrong so far.
    pub fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// How many there are so far.
    pub fn len(&self) -> usize {
        self.errors.len().saturating_add(self.left_out)
    }

    /// All of them, in the order of the paths.
    pub fn finish(mut self) -> ConfigErrors {
        self.errors.sort_by(|a, b| a.path.cmp(&b.path));
        ConfigErrors { errors: self.errors, left_out: self.left_out }
    }

    fn push(&mut self, path: String, message: String) {
        if self.errors.len() < MOST {
            self.errors.push(ConfigError { path: one_line(&path), message: one_line(&message) });
        } else {
            self.left_out = self.left_out.saturating_add(1);
        }
    }
}

/// Text that stays on its line in a log and shows as it is: names come from the document. At most 1000 characters.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars().take(LONGEST) {
        if c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        {
            line.extend(c.escape_unicode());
        } else {
            line.push(c);
        }
    }
    line
}

/// Whether `inner` is the place `outer` or one below it.
fn within(outer: &str, inner: &str) -> bool {
    outer == "document"
        || inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
