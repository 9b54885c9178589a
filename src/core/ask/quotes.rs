//! Quoted text: what an ask about a quotation quotes is not asked.

use memchr::{memchr, memmem};

/// The least bytes of a quotation that are left out.
const SHORTEST: usize = 12;

const MARKS: [(&str, &str); 9] = [
    ("\"", "\""),
    ("“", "”"),
    ("„", "“"),
    ("«", "»"),
    ("「", "」"),
    ("『", "』"),
    ("‘", "’"),
    ("`", "`"),
    ("'", "'"),
];

/// What is left of a text without its quotations; none where it has none.
pub fn without(text: &str) -> Option<String> {
    let mut left = String::new();
    let mut rest = text;
    let mut cut = false;
    // Marks that no quotation ends with from here on: each text is gone through once for each kind.
    let mut open_ended: Vec<&str> = Vec::new();
    while let Some((place, open, close)) = first(rest) {
        let (before, from) = rest.split_at_checked(place)?;
        let inside = from.get(open.len()..)?;
        left.push_str(before);
        let ends = if open_ended.contains(&close) { None } else { end(inside, close) };
        if ends.is_none() {
            open_ended.push(close);
        }
        match ends {
            Some(length)
                if length >= SHORTEST
                    && inside.get(..length).is_some_and(|i| i.contains(' ') || !i.is_ascii()) =>
            {
                left.push(' ');
                rest = inside.get(length + close.len()..)?;
                cut = true;
            }
            _ => {
                left.push_str(open);
                rest = inside;
            }
        }
    }
    left.push_str(rest);
    cut.then_some(left)
}

/// Where the first byte stands that a mark may begin with.
fn mark(bytes: &[u8]) -> Option<usize> {
    let may = |byte: u8| matches!(byte, b'"' | b'\'' | b'`' | 0xc2 | 0xe2 | 0xe3);
    // Blocks without a branch for each byte: most have none.
    let (blocks, _) = bytes.as_chunks::<32>();
    let none = |block: &&[u8; 32]| block.iter().fold(0, |any, byte| any | u8::from(may(*byte))) == 0;
    let from = 32 * blocks.iter().take_while(none).count();
    Some(from + bytes.get(from..)?.iter().position(|byte| may(*byte))?)
}

/// The first open mark: one that is also an apostrophe counts only where a word begins behind it and none before.
fn first(text: &str) -> Option<(usize, &'static str, &'static str)> {
    let mut from = 0;
    loop {
        let place = from + mark(text.as_bytes().get(from..)?)?;
        from = place + 1;
        let Some(rest) = text.get(place..) else { continue };
        let Some((open, close)) = MARKS.iter().find(|(open, _)| rest.starts_with(open)) else { continue };
        let before = text.get(..place)?.chars().next_back();
        if !(open.is_ascii() && before.is_some_and(char::is_alphanumeric)) {
            return Some((place, open, close));
        }
    }
}

/// Where bytes stand in others. Of one byte, as most marks are, nothing is prepared.
fn find(text: &[u8], bytes: &[u8]) -> Option<usize> {
    match bytes {
        [one] => memchr(*one, text),
        more => memmem::find(text, more),
    }
}

/// Where a quotation ends: at a mark that no letter follows.
fn end(inside: &str, close: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let found = from + find(inside.as_bytes().get(from..)?, close.as_bytes())?;
        let next = inside.get(found + close.len()..)?.chars().next();
        if !close.is_ascii() || next.is_none_or(|c| !c.is_alphanumeric()) {
            return Some(found);
        }
        from = found + close.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In whichever block of bytes they stand.
    #[test]
    fn quotations_are_found_at_any_place() {
        for place in 0..100 {
            let before = "x ".repeat(place);
            for (open, close) in [("\"", "\""), ("«", "»"), ("「", "」")] {
                let text = format!("{before}{open}the whole of the theorem{close} y");
                assert_eq!(without(&text), Some(format!("{before}  y")), "{text}");
            }
        }
    }

    #[test]
    fn quotations_are_left_out() {
        for (text, left) in [
            ("Translate \"the proof is step by step\" to French", Some("Translate   to French")),
            ("What does 'prove the whole theorem' mean?", Some("What does   mean?")),
            ("It's Peter's and that isn't all", None),
            ("«Докажите эту теорему» — что это значит?", Some("  — что это значит?")),
            ("「一歩ずつ証明してください」の意味は？", Some(" の意味は？")),
            ("Print \"ok\" twice", None),
            ("An open \"quote that never ends", None),
        ] {
            assert_eq!(without(text).as_deref(), left, "{text}");
        }
    }
}
