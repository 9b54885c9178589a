//! Changing the model of a request and nothing else.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

use super::Span;

/// What must be escaped in a path: all but the unreserved characters, and those that model names use.
const ESCAPED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/').remove(b'@');

/// What replaces the first `end` bytes of a body: `head`, then `tail`.
///
/// Two parts, because a proxy's buffer can be changed only at its start, and the head of a body whose model
/// comes last is the body itself: adding the name to it would copy it once more.
#[derive(Debug, PartialEq, Eq)]
pub struct Prefix {
    /// How many bytes of the old body are replaced.
    pub end: usize,
    /// The new bytes, first part.
    pub head: Vec<u8>,
    /// The new bytes, second part; often empty.
    pub tail: Vec<u8>,
}

impl Prefix {
    /// How much longer the new body is than the old one, in bytes; negative where it is shorter.
    pub fn growth(&self) -> i64 {
        let new = self.head.len().saturating_add(self.tail.len());
        i64::try_from(new).unwrap_or(i64::MAX).saturating_sub(i64::try_from(self.end).unwrap_or(i64::MAX))
    }
}

/// Replaces the JSON values at `spans` (rising, quotes included) with the string `model`; every other byte stays.
/// `None` where there is no span, or one does not fit the body.
pub fn splice(body: Vec<u8>, spans: &[Span], model: &str) -> Option<Prefix> {
    splice_with(body, spans, model, &[])
}

/// The same, and behind the last of the values a member `fallbacks` with these models, if there are any.
pub fn splice_with(mut body: Vec<u8>, spans: &[Span], model: &str, fallbacks: &[&str]) -> Option<Prefix> {
    let last = spans.last()?;
    let value = serde_json::to_vec(model).ok()?;
    let mut more = Vec::new();
    if !fallbacks.is_empty() {
        more.extend_from_slice(br#","fallbacks":"#);
        more.extend(serde_json::to_vec(fallbacks).ok()?);
    }
    body.get(last.start..last.end)?;
    if spans.len() == 1 {
        let value = [value, more].concat();
        body.truncate(last.start);
        if body.capacity() - body.len() >= value.len() {
            body.extend_from_slice(&value);
            return Some(Prefix { end: last.end, head: body, tail: Vec::new() });
        }
        return Some(Prefix { end: last.end, head: body, tail: value });
    }
    let mut head = Vec::with_capacity(last.end + spans.len() * value.len() + more.len());
    let mut from = 0;
    for span in spans {
        head.extend_from_slice(body.get(from..span.start)?);
        head.extend_from_slice(&value);
        from = span.end;
    }
    head.append(&mut more);
    Some(Prefix { end: last.end, head, tail: Vec::new() })
}

/// Replaces the bytes of `path` at `span` with the name of a model, percent-encoded where a path segment needs it
/// (`/` stays, as upstreams that name models with a slash expect).
pub fn rewrite_path(path: &[u8], span: Span, model: &str) -> Option<Vec<u8>> {
    let mut new = Vec::with_capacity(path.len() + model.len());
    new.extend_from_slice(path.get(..span.start)?);
    new.extend(percent_encoding::utf8_percent_encode(model, ESCAPED).flat_map(str::bytes));
    new.extend_from_slice(path.get(span.end..)?);
    Some(new)
}
