//! What chat bots put around a message: who wrote it and when, and the messages before it.

use super::budget::Budget;
use super::lines::{Part, each_part, first, last, trimmed};
use super::wordings::Wordings;
use crate::chat::Span;

/// So many messages of others and their times are a thread.
const THREAD: usize = 3;
/// A name, a time and the like are no longer.
const LONGEST: usize = 120;
/// Messages are looked for in so many bytes of both ends of a text.
const NEAR: usize = 3072;

/// What stands between brackets at the beginning of a message, before a colon.
const KEYS: [&[u8]; 7] = [
    b"current time",
    b"current date",
    b"current date and time",
    b"user",
    b"timestamp",
    b"message time",
    b"channel",
];

/// What stands in front of a message.
#[derive(Clone, Copy, Debug)]
struct Stamp {
    /// Its bytes.
    length: usize,
    /// It names the day and the time.
    dated: bool,
    /// Its bytes without the name, where that may be a word of the message.
    alone: Option<usize>,
    /// It names the sender.
    named: bool,
}

/// The texts of a turn without what stands around the newest message, if anything does, and whether messages of others stood
/// before it. A message that points to those is left among them.
pub fn newest(
    body: &[u8],
    texts: &[Span],
    words: &mut Wordings<'_>,
    budget: &mut Budget,
) -> Option<(Vec<Span>, bool)> {
    let (head, end) = (*texts.first()?, *texts.last()?);
    // Behind more blanks than this there is no stamp.
    let head = trimmed(body, Span { end: head.end.min(head.start + NEAR), ..head });
    let end = trimmed(body, Span { start: end.start.max(end.end.saturating_sub(LONGEST)), ..end });
    let may =
        matches!(head.of(body), [b'[' | b'<', ..]) || end.of(body).ends_with(b"]") || named_first(body, head);
    if !may {
        return None;
    }
    if let [text] = texts
        && stamp(first(body, head).of(body)).is_some_and(|stamp| stamp.named)
        && let Some((count, message)) = thread(body, *text, budget)
        && count > 1
    {
        let message = message.filter(|_| count >= THREAD)?;
        let message = unmentioned(body, message);
        return words.stands_alone(body, &[message]).then(|| (vec![message], true));
    }
    let mut left = texts.to_vec();
    if let Some(last) = left.last_mut() {
        *last = without_id(body, *last);
    }
    if let Some(first) = left.first_mut() {
        *first = opened(body, *first);
    }
    let said = |texts: &[Span]| texts.iter().map(|text| trimmed(body, *text).len()).sum::<usize>();
    (said(&left) > 0 && said(&left) < said(texts)).then_some((left, false))
}

/// Whether a text begins with a name and a day in brackets.
fn named_first(body: &[u8], text: Span) -> bool {
    let near = Span { end: text.end.min(text.start + LONGEST), ..text };
    memchr::memchr(b'(', near.of(body)).is_some() && stamp(near.of(body)).is_some_and(|stamp| stamp.dated)
}

/// A text without what stands in front of its message.
fn opened(body: &[u8], text: Span) -> Span {
    const MOST: usize = 4;
    let mut left = trimmed(body, text);
    for _ in 0..MOST {
        let line = first(body, left).of(body);
        let length = match stamp(line) {
            Some(stamp) if stamp.dated => stamp.alone.unwrap_or(stamp.length),
            _ => match keyed(line) {
                Some(length) => length,
                None => break,
            },
        };
        left = trimmed(body, Span { start: left.start + length, ..left });
    }
    // Where two lines are stamped they are of a log or the like.
    if left.of(body).starts_with(b"[") || rest_is_stamped(body, left) {
        text
    } else {
        unmentioned(body, left)
    }
}

fn rest_is_stamped(body: &[u8], text: Span) -> bool {
    let line = first(body, text);
    let rest = trimmed(body, Span { start: line.end, end: text.end.min(line.end + LONGEST) });
    matches!(rest.of(body), [b'[', b'0'..=b'9', ..])
}

/// A text without the number of its message that is its last line.
fn without_id(body: &[u8], text: Span) -> Span {
    let text = trimmed(body, text);
    if !text.of(body).ends_with(b"]") {
        return text;
    }
    let near = Span { start: text.start.max(text.end.saturating_sub(LONGEST)), ..text };
    let line = trimmed(body, last(body, near));
    if line.of(body).starts_with(b"[message_id:") {
        trimmed(body, Span { end: line.start, ..text })
    } else {
        text
    }
}

/// A message without the sign of whom it is to, in front of it.
fn unmentioned(body: &[u8], message: Span) -> Span {
    let Some(rest) = message.of(body).strip_prefix(b"<@") else { return message };
    let length = rest.iter().take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()).count();
    if length < 3 || rest.get(length) != Some(&b'>') {
        return message;
    }
    trimmed(body, Span { start: message.start + length + 3, ..message })
}

/// How many messages a text has, and the last one with all that follows it. None where something stands behind that which may
/// be no part of it.
fn thread(body: &[u8], text: Span, budget: &mut Budget) -> Option<(usize, Option<Span>)> {
    if !budget.pay(text.len()) {
        return None;
    }
    let (mut count, mut newest, mut whole, mut blank) = (0, None, true, false);
    each_part(body, text, NEAR, |part| {
        let Part::Line(line) = part else { return true };
        let line = trimmed(body, line);
        let raw = line.of(body);
        match stamp(raw).filter(|stamp| stamp.named) {
            Some(stamp) => {
                count += 1;
                newest = Some(Span { start: line.start + stamp.length, end: text.end });
                whole = true;
            }
            None => whole &= raw.is_empty() || !blank,
        }
        blank = raw.is_empty();
        true
    });
    Some((
        count,
        newest.filter(|_| whole).map(|newest| trimmed(body, newest)).filter(|newest| !newest.is_empty()),
    ))
}

/// `[Current time: …]` and the like.
fn keyed(line: &[u8]) -> Option<usize> {
    let (inside, length) = between(line, b'[', b']')?;
    let key = inside.get(..memchr::memchr(b':', inside)?)?.to_ascii_lowercase();
    KEYS.contains(&key.as_slice()).then_some(length)
}

/// What stands between two signs that a line begins with, and how many bytes that is with them.
fn between(line: &[u8], open: u8, close: u8) -> Option<(&[u8], usize)> {
    let near = line.get(..LONGEST).unwrap_or(line);
    let rest = near.strip_prefix(&[open])?;
    let inside = rest.get(..memchr::memchr(close, rest)?)?;
    (!inside.contains(&open)).then_some((inside, inside.len() + 2))
}

/// `[TIME] `, `[TIME] Name: `, `[TIME] Name (U01AB23CD): `, `Name (TIME): `.
fn stamp(line: &[u8]) -> Option<Stamp> {
    let (mut stamp, mut rest) = (Stamp { length: 0, dated: false, alone: None, named: false }, line);
    if let Some((inside, length)) = between(line, b'[', b']') {
        if !has_clock(inside) {
            return None;
        }
        (stamp.length, stamp.dated) = (length, has_day(inside));
        rest = line.get(length..)?;
        let blanks = rest.iter().take_while(|byte| **byte == b' ').count();
        (stamp.length, rest) = (length + blanks, rest.get(blanks..)?);
    }
    let near = rest.get(..LONGEST).unwrap_or(rest);
    let bare = near.iter().take_while(|byte| !matches!(byte, b':' | b'(')).count();
    let name = near.get(..bare).unwrap_or_default();
    let mut end = bare;
    if let Some((inside, length)) = near.get(bare..).and_then(|rest| between(rest, b'(', b')')) {
        let timed = has_clock(inside) && has_day(inside);
        if !timed && !is_number(inside) {
            return (stamp.length > 0).then_some(stamp);
        }
        stamp.dated |= timed;
        end += length;
    }
    let named = is_name(name) && matches!(near.get(end..), Some([b':', b' ', ..]));
    if !named || stamp.length == 0 && !stamp.dated {
        return (stamp.length > 0).then_some(stamp);
    }
    // Without a number or a time the name may be the first word of a message.
    let alone = Some(stamp.length).filter(|_| end == bare);
    Some(Stamp { length: stamp.length + end + 2, dated: stamp.dated, named: true, alone })
}

/// Whether it is a person's name: it begins with a capital, and is not the level of a log.
fn is_name(name: &[u8]) -> bool {
    let name = name.trim_ascii();
    let begins =
        name.first().is_some_and(|byte| byte.is_ascii_uppercase() || !byte.is_ascii() || *byte == b'\\');
    let level = name.len() > 2 && name.iter().all(|byte| byte.is_ascii_uppercase());
    let other = |byte: &u8| b"[]{}<>/=|,;!?\"".contains(byte);
    begins && !level && name.len() <= 64 && !name.iter().any(other)
}

/// Whether it is the number of a user: `U01AB23CD`, `482910385`.
fn is_number(inside: &[u8]) -> bool {
    inside.len() >= 6
        && inside.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && inside.iter().any(u8::is_ascii_digit)
}

/// Whether a time of the day stands in it.
fn has_clock(inside: &[u8]) -> bool {
    inside.windows(4).any(|four| {
        matches!(four, [hour, b':', ten, minute] if hour.is_ascii_digit() && ten.is_ascii_digit() && minute.is_ascii_digit())
    })
}

/// Whether a day stands in it: `2026-11-26`, `26.11.26`, `26/11/2026`.
fn has_day(inside: &[u8]) -> bool {
    inside.windows(6).any(|six| {
        matches!(six, [a, b'-' | b'.' | b'/', b, c, b'-' | b'.' | b'/', d]
            if [a, b, c, d].iter().all(|byte| byte.is_ascii_digit()))
    })
}
