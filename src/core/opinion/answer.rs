//! What an answer says.

use super::{OpinionEnd, OpinionOutcome};
use crate::chat::{Cursor, Fault, Kind, Span, decode};
use crate::tier::Tier;

/// A longer answer is not read, in bytes.
pub const LARGEST_ANSWER: usize = 64 * 1024;
/// Deeper answers are none of ours.
const DEEPEST: usize = 32;

/// What an answer of OpenAI's chat dialect comes to, by its status and its body.
pub fn read(status: u16, body: &[u8]) -> OpinionEnd {
    match status {
        200 => {}
        // What the proxy itself answers where nothing came in time, and what a gateway behind it does.
        408 | 504 => return OpinionEnd::Without(OpinionOutcome::Timeout),
        400 | 413 | 422 => return OpinionEnd::Without(OpinionOutcome::Refused),
        _ => return OpinionEnd::Without(OpinionOutcome::Failed),
    }
    if body.len() > LARGEST_ANSWER {
        return OpinionEnd::Without(OpinionOutcome::Nonsense);
    }
    let choice = first_choice(body).unwrap_or_default();
    if choice.refused {
        return OpinionEnd::Without(OpinionOutcome::Refused);
    }
    choice
        .content
        .as_deref()
        .and_then(tier)
        .map_or(OpinionEnd::Without(OpinionOutcome::Nonsense), OpinionEnd::Tier)
}

/// What the first choice says.
#[derive(Default)]
struct FirstChoice {
    content: Option<String>,
    refused: bool,
}

fn first_choice(body: &[u8]) -> Option<FirstChoice> {
    let choices = members(body, |key| key == b"choices")?.pop()?;
    let mut first = None;
    let mut cursor = Cursor::new(choices.of(body), DEEPEST);
    cursor
        .each_element(|cursor| {
            let value = cursor.skip()?;
            first = first.or(Some(value));
            Ok(())
        })
        .ok()?;
    let choice = first?.of(choices.of(body));
    let message = members(choice, |key| key == b"message")?.pop()?.of(choice);
    let text = |of: &[u8], name: &[u8]| {
        let value = members(of, |key| key == name)?.pop()?.of(of);
        let inside = value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        Some(decode(inside).into_owned())
    };
    let refusal = text(message, b"refusal").is_some_and(|refusal| !refusal.is_empty());
    let filtered = text(choice, b"finish_reason").is_some_and(|reason| reason == "content_filter");
    Some(FirstChoice { content: text(message, b"content"), refused: refusal || filtered })
}

/// The values of an object's members that `wanted` names; none where it is not a whole object.
fn members(bytes: &[u8], wanted: impl Fn(&[u8]) -> bool) -> Option<Vec<Span>> {
    let mut found = Vec::new();
    let mut cursor = Cursor::new(bytes, DEEPEST);
    if cursor.kind() != Ok(Kind::Object) {
        return None;
    }
    cursor
        .each_member(|cursor, key| -> Result<(), Fault> {
            let value = cursor.skip()?;
            found.extend(wanted(key.of(bytes)).then_some(value));
            Ok(())
        })
        .ok()?;
    cursor.at_end().then_some(found)
}

/// The tier that a text names: a JSON object with one, and nothing else but the fence that some models put around code.
fn tier(text: &str) -> Option<Tier> {
    let text = text.trim();
    let fenced = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    let bare = fenced.map_or(text, without_info).trim().as_bytes();
    let values = members(bare, |key| key == b"tier")?;
    // Of two nobody knows which one counts.
    let [value] = values.as_slice() else { return None };
    let name = value.of(bare).strip_prefix(b"\"")?.strip_suffix(b"\"")?.trim_ascii();
    Tier::ALL.into_iter().find(|tier| tier.name().as_bytes().eq_ignore_ascii_case(name))
}

/// What is inside a fence without its info string, which names the language: the first line, or a word before the object.
fn without_info(inside: &str) -> &str {
    match inside.split_once('\n') {
        Some((info, rest)) if !info.contains('{') => rest,
        _ => inside.trim_start_matches(|c: char| c != '{' && !c.is_whitespace()),
    }
}
