//! What Cline, Roo Code and Kilo Code write in place of a file that a person mentions: `'a.rs' (see below for file content)`.

use memchr::memmem;

use super::lines::trimmed;
use crate::chat::Span;

/// The parts of a line without such mentions; all of it where it has none, or nothing else.
pub fn without(body: &[u8], line: Span) -> Vec<Span> {
    const SEE: &[u8] = b"(see below for ";
    /// What is seen there is named in so many bytes.
    const LONGEST: usize = 24;
    let (mut parts, mut from) = (Vec::new(), line.start);
    let rest = |from: usize| Span { start: from, ..line };
    while let Some(found) = memmem::find(rest(from).of(body), SEE) {
        let open = from + found;
        let behind = rest(open + SEE.len()).of(body);
        let near = behind.get(..LONGEST).unwrap_or(behind);
        let Some(length) = memchr::memchr(b')', near) else { break };
        let before = trimmed(body, Span { start: from, end: open });
        parts.push(trimmed(body, Span { end: before.start + unquoted(before.of(body)), ..before }));
        from = open + SEE.len() + length + 1;
    }
    parts.push(trimmed(body, rest(from)));
    parts.retain(|part| !part.is_empty());
    if parts.is_empty() { vec![line] } else { parts }
}

/// How many bytes stand before the quoted name that a text ends with; all where it ends with none.
fn unquoted(text: &[u8]) -> usize {
    let name = text.strip_suffix(b"'");
    name.and_then(|inside| memchr::memrchr(b'\'', inside)).unwrap_or(text.len())
}
