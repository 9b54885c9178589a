//! Changing parts of a request and nothing else: the model, and what does not fit it.

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

/// One change of a body: these bytes become others. Where the span is empty, they are put in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The bytes that are replaced.
    pub span: Span,
    /// What stands there instead.
    pub new: Vec<u8>,
}

/// The changes that make the string `model` of the JSON values at `spans` (quotes included), and put behind the last of
/// them a member `fallbacks` with these models, if there are any. A span that is empty is the place
/// of a member that is to come: behind the bracket that opens the body, before another member. `None` where there is no
/// span.
pub fn named(spans: &[Span], model: &str, fallbacks: &[&str]) -> Option<Vec<Change>> {
    let value = serde_json::to_vec(model).ok()?;
    let (last, before) = spans.split_last()?;
    let mut changes: Vec<Change> =
        before.iter().map(|&span| Change { span, new: member(span, &value, &[]) }).collect();
    let mut more = Vec::new();
    if !fallbacks.is_empty() {
        more.extend_from_slice(br#","fallbacks":"#);
        more.extend(serde_json::to_vec(fallbacks).ok()?);
    }
    changes.push(Change { span: *last, new: member(*last, &value, &more) });
    Some(changes)
}

/// Replaces the JSON values at `spans` (rising, quotes included) with the string `model`; every other byte stays.
/// `None` where there is no span, or one does not fit the body.
pub fn splice(body: Vec<u8>, spans: &[Span], model: &str) -> Option<Prefix> {
    splice_with(body, spans, model, &[])
}

/// The same, and behind the last of the values a member `fallbacks` with these models, if there are any.
pub fn splice_with(body: Vec<u8>, spans: &[Span], model: &str, fallbacks: &[&str]) -> Option<Prefix> {
    splice_changes(body, named(spans, model, fallbacks)?)
}

/// Carries changes out, in any order, in one pass; every byte that none of them names stays. `None` where there is no
/// change, two overlap, or one does not fit the body. Of changes at one place, what is put in between comes first, in the
/// order of the list.
pub fn splice_changes(mut body: Vec<u8>, mut changes: Vec<Change>) -> Option<Prefix> {
    changes.sort_by_key(|change| (change.span.start, change.span.end));
    let rising = changes.windows(2).all(|pair| match pair {
        [one, next] => one.span.end <= next.span.start,
        _ => true,
    });
    let (first, end) = (changes.first()?.span, changes.last()?.span.end);
    if !rising || changes.iter().any(|change| change.span.end < change.span.start) || end > body.len() {
        return None;
    }
    let grown = changes.iter().map(|change| change.new.len()).sum::<usize>();
    let mut tail = Vec::with_capacity((end - first.start).saturating_add(grown));
    let mut from = first.start;
    for change in changes {
        tail.extend_from_slice(body.get(from..change.span.start)?);
        tail.extend_from_slice(&change.new);
        from = change.span.end;
    }
    // The head of the body is the body itself: it is not copied.
    body.truncate(first.start);
    if body.capacity() - body.len() >= tail.len() {
        body.append(&mut tail);
    }
    Some(Prefix { end, head: body, tail })
}

/// A whole body with changes carried out; `None` where [`splice_changes`] gives none.
pub fn changed(body: &[u8], changes: Vec<Change>) -> Option<Vec<u8>> {
    let prefix = splice_changes(body.to_vec(), changes)?;
    Some([&prefix.head, &prefix.tail, body.get(prefix.end..)?].concat())
}

/// What stands for the model at `span`: the value or, where the span is empty and so a place between members, the member.
fn member(span: Span, value: &[u8], more: &[u8]) -> Vec<u8> {
    if span.is_empty() { [br#""model":"#, value, more, b","].concat() } else { [value, more].concat() }
}

/// Replaces the bytes of `path` at each of `spans` (rising) with the name of a model.
pub fn rewrite_path_at(path: &[u8], spans: &[Span], model: &str) -> Option<Vec<u8>> {
    // From the last on, so that the places before stay where they are.
    spans.iter().rev().try_fold(path.to_vec(), |path, span| rewrite_path(&path, *span, model))
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
