//! Objects as lists of members, and back to changes of the body.

use std::borrow::Cow;

use crate::chat::{self, Change, Cursor, Member, Span, decode};

/// One member.
pub(super) struct Item<'b> {
    pub name: Cow<'b, str>,
    pub value: Cow<'b, [u8]>,
    /// Where it stands; none where it is new.
    pub place: Option<Member>,
    pub renamed: bool,
    pub removed: bool,
}

/// The members of an object, as they are.
pub(super) fn items<'b>(body: &'b [u8], members: &[Member]) -> Vec<Item<'b>> {
    let item = |member: &Member| Item {
        name: decode(member.key.of(body)),
        value: member.value.of(body).into(),
        place: Some(*member),
        renamed: false,
        removed: false,
    };
    let mut list = Vec::with_capacity(members.len().saturating_add(2));
    list.extend(members.iter().map(item));
    list
}

/// The members of a value; none where it is no object.
pub(super) fn members(value: &[u8]) -> Option<Vec<Member>> {
    let mut members = Vec::new();
    let mut cursor = Cursor::new(value, chat::MAX_DEPTH);
    let read = cursor.each_member(|cursor, key| {
        let start = cursor.place();
        cursor.skip()?;
        members.push(Member { key, value: Span { start, end: cursor.behind() } });
        Ok(())
    });
    read.is_ok().then_some(members)
}

/// An object with one member, at the end of a path.
pub(super) fn within(path: &str, json: &[u8]) -> Vec<u8> {
    let mut value = json.to_vec();
    for name in path.rsplit('.') {
        value = [b"{", quoted(name).as_slice(), b":", &value, b"}"].concat();
    }
    value
}

/// An object with another value at the end of a path; none where it is no object.
pub(super) fn with(value: &[u8], path: &str, json: &[u8]) -> Option<Vec<u8>> {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let Some(members) = members(value) else { return Some(within(path, json)) };
    let mut list = items(value, &members);
    match list.iter_mut().rfind(|item| item.name == name) {
        Some(item) => {
            item.value = match rest {
                Some(rest) => with(&item.value, rest, json)?.into(),
                None => json.to_vec().into(),
            };
        }
        None => {
            let value = rest.map_or_else(|| json.to_vec(), |rest| within(rest, json));
            let name = name.to_owned().into();
            list.push(Item { name, value: value.into(), place: None, renamed: false, removed: false });
        }
    }
    if members.is_empty() {
        return Some(within(path, json));
    }
    let mut changes = Vec::new();
    compose(&list, value, None, &mut changes);
    chat::changed(value, changes)
}

pub(super) fn quoted(name: &str) -> Vec<u8> {
    serde_json::to_vec(name).unwrap_or_default()
}

/// The changes that make of an object what its items say. `anchor`: a value behind which new members are put; without it,
/// the last one that stays.
pub(super) fn compose(list: &[Item<'_>], body: &[u8], anchor: Option<Span>, changes: &mut Vec<Change>) {
    let whole = |member: Member| Span { start: member.key.start.saturating_sub(1), end: member.value.end };
    let places = list.iter().filter_map(|item| item.place.map(|place| (whole(place), item.removed)));
    remove(places, changes);
    let mut last = None;
    for item in list.iter().filter(|item| !item.removed) {
        let Some(place) = item.place else { continue };
        last = Some(place.value);
        if item.renamed {
            let name = quoted(&item.name);
            let span =
                Span { start: place.key.start.saturating_sub(1), end: place.key.end.saturating_add(1) };
            changes.push(Change { span, new: name });
        }
        if let Cow::Owned(value) = &item.value
            && **value != *place.value.of(body)
        {
            changes.push(Change { span: place.value, new: value.clone() });
        }
    }
    let mut added = Vec::new();
    for item in list.iter().filter(|item| item.place.is_none() && !item.removed) {
        added.extend([b",", quoted(&item.name).as_slice(), b":", &item.value].concat());
    }
    if added.is_empty() {
        return;
    }
    if let Some(anchor) = anchor.or(last) {
        changes.push(Change { span: Span { start: anchor.end, end: anchor.end }, new: added });
    } else if let Some(first) = list.iter().find_map(|item| item.place) {
        let start = whole(first).start;
        added.remove(0);
        changes.push(Change { span: Span { start, end: start }, new: added });
    }
}

/// Takes members or elements out, each with a comma: the one behind it or, where nothing is left behind it, the one before.
/// `places`: all of them in order, each with whether it goes.
pub(super) fn remove(places: impl Iterator<Item = (Span, bool)>, changes: &mut Vec<Change>) {
    let mut kept: Option<Span> = None;
    let mut gone: Option<Span> = None;
    let mut cut = |start, end| changes.push(Change { span: Span { start, end }, new: Vec::new() });
    for (place, goes) in places {
        if goes {
            gone = Some(Span { start: gone.map_or(place.start, |gone| gone.start), end: place.end });
            continue;
        }
        if let Some(run) = gone.take() {
            cut(run.start, place.start);
        }
        kept = Some(place);
    }
    if let Some(run) = gone {
        cut(kept.map_or(run.start, |kept| kept.end), run.end);
    }
}
