//! What is wrong with a document: every mistake with its path and what would be right.

use std::cell::RefCell;
use std::fmt;

use serde_json::Value;

/// Most mistakes that are reported one by one; the rest are counted.
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
    /// The mistakes that are reported: at least one, at most 100.
    pub fn iter(&self) -> std::slice::Iter<'_, ConfigError> {
        self.errors.iter()
    }

    /// How many mistakes there are beyond those that are reported.
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

/// A place in the document, and where mistakes in it are noted. All that is compiled out of a place gets its scope.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s> {
    path: Path<'s>,
    errors: &'s Errors,
}

impl<'s> Scope<'s> {
    /// The whole document.
    pub const fn root(errors: &'s Errors) -> Self {
        Self { path: Path::Root, errors }
    }

    /// The place under a key.
    pub const fn key<'k>(&'k self, key: &'k str) -> Scope<'k> {
        Scope { path: Path::Key(&self.path, key), errors: self.errors }
    }

    /// The place of an item.
    pub const fn index(&self, index: usize) -> Scope<'_> {
        Scope { path: Path::Index(&self.path, index), errors: self.errors }
    }

    /// Where the mistakes of the whole document are noted.
    pub const fn errors(&self) -> &'s Errors {
        self.errors
    }

    /// A mistake that leaves the value here unusable: nothing else is reported of that place.
    pub fn broken(&self, message: impl Into<String>) {
        let mut collected = self.errors.0.borrow_mut();
        if collected.broken.len() < MOST {
            collected.broken.push(self.path.to_string());
        }
        collected.push(self.path.to_string(), message.into());
    }

    /// A mistake that leaves the rest of the document as readable as it was.
    pub fn add(&self, message: impl Into<String>) {
        self.errors.elsewhere(self.path.to_string(), message.into());
    }

    /// A mistake in what the values mean. Not reported where a value here, around or below could not be used: it would be
    /// a consequence of that.
    pub fn meaning(&self, message: impl Into<String>) {
        let path = self.path.to_string();
        let mut collected = self.errors.0.borrow_mut();
        if !collected.broken.iter().any(|b| within(b, &path) || within(&path, b)) {
            collected.push(path, message.into());
        }
    }

    /// Whether the value at exactly this place is reported as unusable.
    pub fn is_broken(&self) -> bool {
        self.errors.0.borrow().broken.contains(&self.path.to_string())
    }
}

/// A place in the document, as a chain to its root.
#[derive(Clone, Copy, Debug)]
enum Path<'p> {
    /// The whole document.
    Root,
    /// Key of an object.
    Key(&'p Path<'p>, &'p str),
    /// Item of a list.
    Index(&'p Path<'p>, usize),
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

/// The mistakes of a document so far.
#[derive(Debug, Default)]
pub(super) struct Errors(RefCell<Collected>);

#[derive(Debug, Default)]
struct Collected {
    errors: Vec<ConfigError>,
    /// Places whose value cannot be used.
    broken: Vec<String>,
    left_out: usize,
}

impl Errors {
    /// A mistake at a place that is no path.
    pub fn elsewhere(&self, place: String, message: String) {
        self.0.borrow_mut().push(place, message);
    }

    /// Whether nothing is wrong so far.
    pub fn is_empty(&self) -> bool {
        self.0.borrow().errors.is_empty()
    }

    /// How many there are so far.
    pub fn len(&self) -> usize {
        let collected = self.0.borrow();
        collected.errors.len().saturating_add(collected.left_out)
    }

    /// All of them, in the order of the paths.
    pub fn finish(self) -> ConfigErrors {
        let Collected { mut errors, left_out, .. } = self.0.into_inner();
        errors.sort_by(|a, b| a.path.cmp(&b.path));
        ConfigErrors { errors, left_out }
    }
}

impl Collected {
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
