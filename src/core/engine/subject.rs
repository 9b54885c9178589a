//! What a request is about, as a number: the same for the requests of one conversation, which begin alike.

use std::hash::{DefaultHasher, Hasher};

use crate::chat::{Span, View};

/// So many texts of each kind are looked at,
const MOST: usize = 4;
/// and so many bytes at their beginning and at their end.
const ENDS: usize = 256;

/// The number of what a request is about: by its user's id, its system text and the first turn of its user, or, where it
/// has none that can be read, by how its body begins and how long it is.
pub(super) fn subject(body: &[u8], view: &View<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut text = |text: &[u8]| {
        hasher.write_usize(text.len());
        hasher.write(text.get(..ENDS).unwrap_or(text));
        hasher.write(text.len().checked_sub(ENDS).and_then(|from| text.get(from..)).unwrap_or_default());
    };
    let of = |span: &Span| span.of(body);
    text(view.ids.user.as_ref().map_or(&[][..], of));
    for span in view.system.iter().take(MOST).chain(view.opening.iter().take(MOST)) {
        text(of(span));
    }
    if view.opening.is_empty() || view.fault.is_some() {
        text(body);
    }
    hasher.finish()
}
