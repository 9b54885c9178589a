//! A cursor over JSON bytes that reads what it is asked for and skips the rest, without building a tree.
//!
//! It is lenient inside values that nobody asked for (it counts brackets and matches strings, not commas), because
//! the upstream judges the body, not the gateway. Every loop moves forward, nothing recurses.

use memchr::memchr;

use super::decode;

/// A half-open range of bytes of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The bytes of the span; empty where it does not fit.
    pub fn of(self, body: &[u8]) -> &[u8] {
        body.get(self.start..self.end).unwrap_or_default()
    }

    /// Length in bytes.
    pub const fn len(self) -> usize {
        self.end.saturating_sub(self.start)
    }

    /// Whether it holds no bytes.
    pub const fn is_empty(self) -> bool {
        self.end <= self.start
    }
}

/// Why a body could not be read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It ended in the middle of a value.
    Truncated,
    /// It is no JSON object.
    NotJson,
    /// It nests deeper than the limit.
    TooDeep,
}

/// What kind of value begins at the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A string.
    String,
    /// An object.
    Object,
    /// An array.
    Array,
    /// A number, `true`, `false` or `null`.
    Scalar,
}

/// So many bytes behind an escaped quote are looked at one by one.
const NEAR: usize = 24;

/// Deepest nesting that may be configured.
pub const MAX_DEPTH: usize = 1024;

/// A position in a body.
#[derive(Clone, Debug)]
pub struct Cursor<'b> {
    bytes: &'b [u8],
    at: usize,
    depth: usize,
    max_depth: usize,
    too_deep: bool,
}

impl<'b> Cursor<'b> {
    /// A cursor at the start of `bytes`, behind a byte order mark. It notes nesting deeper than `max_depth` and goes on.
    pub fn new(bytes: &'b [u8], max_depth: usize) -> Self {
        let at = if bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        Self { bytes, at, depth: 0, max_depth, too_deep: false }
    }

    /// Whether anything that was read nests deeper than it may.
    pub const fn is_too_deep(&self) -> bool {
        self.too_deep
    }

    /// Behind the bracket that opens the document.
    pub fn behind_open(&mut self) -> usize {
        self.peek();
        self.at.saturating_add(1)
    }

    /// The bytes under the cursor.
    pub const fn bytes(&self) -> &'b [u8] {
        self.bytes
    }

    /// Skips white space; the next byte, if there is one.
    fn peek(&mut self) -> Option<u8> {
        while let Some(&byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    /// Skips white space; where the next value begins.
    pub fn place(&mut self) -> usize {
        self.peek();
        self.at
    }

    /// Where the cursor stands: behind the value that was read last.
    pub const fn behind(&self) -> usize {
        self.at
    }

    /// Whether nothing but white space is left.
    pub fn at_end(&mut self) -> bool {
        self.peek().is_none()
    }

    /// The kind of the value that begins here.
    pub fn kind(&mut self) -> Result<Kind, Fault> {
        match self.peek() {
            None => Err(Fault::Truncated),
            Some(b'"') => Ok(Kind::String),
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            // `NaN` and `Infinity` too, which Python's parser takes.
            Some(b'-' | b'0'..=b'9' | b't' | b'f' | b'n' | b'N' | b'I') => Ok(Kind::Scalar),
            Some(_) => Err(Fault::NotJson),
        }
    }

    /// Reads a string; the span of what is between the quotes, escapes as they are.
    pub fn string(&mut self) -> Result<Span, Fault> {
        match self.peek() {
            Some(b'"') => {}
            Some(_) => return Err(Fault::NotJson),
            None => return Err(Fault::Truncated),
        }
        self.at += 1;
        let start = self.at;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            // Looking for quotes alone, and back over the backslashes before one, stops less often than looking
            // for both: prompts hold more `\n` than `\"`.
            let Some(found) = memchr(b'"', rest) else {
                self.at = self.bytes.len();
                return Err(Fault::Truncated);
            };
            let quote = self.at + found;
            self.at = quote + 1;
            let text = self.bytes.get(start..quote).unwrap_or_default();
            let escapes = text.iter().rev().take_while(|&&b| b == b'\\').count();
            if escapes % 2 == 0 || self.quote_is_near() {
                return Ok(Span { start, end: self.at - 1 });
            }
        }
    }

    /// Goes on behind an escaped quote: where there is one, another is near, and looking for each takes longer than what
    /// stands in between. Whether the string ends there.
    fn quote_is_near(&mut self) -> bool {
        let end = self.at.saturating_add(NEAR);
        while self.at < end
            && let Some(byte) = self.bytes.get(self.at)
        {
            match byte {
                b'"' => {
                    self.at += 1;
                    return true;
                }
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        false
    }

    /// Reads a number, `true`, `false` or `null`; its span.
    pub fn scalar(&mut self) -> Result<Span, Fault> {
        self.peek();
        let start = self.at;
        let rest = self.bytes.get(start..).unwrap_or_default();
        let length = rest
            .iter()
            .take_while(|b| matches!(b, b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'+' | b'-' | b'.'))
            .count();
        self.at = start + length;
        if length == 0 {
            return Err(if rest.is_empty() { Fault::Truncated } else { Fault::NotJson });
        }
        Ok(Span { start, end: self.at })
    }

    /// Skips one value of any kind; its span.
    pub fn skip(&mut self) -> Result<Span, Fault> {
        match self.kind()? {
            Kind::String => self.string().map(|s| Span { start: s.start - 1, end: s.end + 1 }),
            Kind::Scalar => self.scalar(),
            Kind::Object | Kind::Array => self.skip_container(),
        }
    }

    fn skip_container(&mut self) -> Result<Span, Fault> {
        let start = self.at;
        let mut open = 0_usize;
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => {
                    open += 1;
                    self.too_deep |= self.depth + open > self.max_depth;
                }
                b'}' | b']' => {
                    open = open.saturating_sub(1);
                    if open == 0 {
                        self.at += 1;
                        return Ok(Span { start, end: self.at });
                    }
                }
                _ => {}
            }
            self.at += 1;
        }
        Err(Fault::Truncated)
    }

    /// After a fault: the value of the next member `name` of an outermost object, where there is one. An upstream whose
    /// parser forgives more may read it.
    pub fn next_value_of(&mut self, name: &str) -> Option<Span> {
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'"' => {
                    let key = self.string().ok()?;
                    if self.depth == 1 && self.peek() == Some(b':') && decode(key.of(self.bytes)) == name {
                        self.at += 1;
                        if let Ok(value) = self.skip() {
                            return Some(value);
                        }
                    }
                    continue;
                }
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
        }
        None
    }

    /// Calls `member` with the span of each key of the object that begins here; `member` must read the value.
    pub fn each_member(
        &mut self,
        mut member: impl FnMut(&mut Self, Span) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.each(b'{', b'}', |cursor| {
            let key = cursor.string()?;
            match cursor.peek() {
                Some(b':') => cursor.at += 1,
                Some(_) => return Err(Fault::NotJson),
                None => return Err(Fault::Truncated),
            }
            member(cursor, key)
        })
    }

    /// Calls `element` at each element of the array that begins here; `element` must read it.
    pub fn each_element(&mut self, element: impl FnMut(&mut Self) -> Result<(), Fault>) -> Result<(), Fault> {
        self.each(b'[', b']', element)
    }

    fn each(
        &mut self,
        open: u8,
        close: u8,
        mut item: impl FnMut(&mut Self) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        match self.peek() {
            Some(byte) if byte == open => {}
            Some(_) => return Err(Fault::NotJson),
            None => return Err(Fault::Truncated),
        }
        self.depth += 1;
        self.too_deep |= self.depth > self.max_depth;
        self.at += 1;
        if self.peek() == Some(close) {
            self.at += 1;
            self.depth -= 1;
            return Ok(());
        }
        loop {
            item(self)?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(byte) if byte == close => {
                    self.at += 1;
                    self.depth -= 1;
                    return Ok(());
                }
                Some(_) => return Err(Fault::NotJson),
                None => return Err(Fault::Truncated),
            }
        }
    }
}
