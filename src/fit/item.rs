//! The members of a request's object, and what becomes of each.

use std::borrow::Cow;

use super::effort::{self, Form, Level, Levels};
use super::rule::{Action, Answer, Node, Rule, When};
use super::{Done, Fitted, Note, Takes};
use crate::chat::{self, Change, Cursor, Dialect, Member, Span, View, decode};

/// Deepest parameter that rules reach.
const DEPTH: usize = 8;

/// One member.
struct Item<'b> {
    name: Cow<'b, str>,
    value: Cow<'b, [u8]>,
    /// Where it stands; none where it is new.
    place: Option<Member>,
    renamed: bool,
    removed: bool,
}

/// What rules ask of the request as a whole.
#[derive(Clone, Copy)]
struct Facts {
    thinking: bool,
    /// The request says that it is not to.
    off: bool,
    tools: bool,
    /// The most output tokens that it allows.
    room: Option<u64>,
    /// The most that the model answers with.
    limit: Option<u64>,
    efforts: Levels,
}

/// The members of an object.
pub(super) struct Items<'b, 't> {
    list: Vec<Item<'b>>,
    takes: &'t Takes,
    node: Option<&'t Node>,
    dialect: Dialect,
    /// Whether tools are offered.
    pub tools: bool,
}

/// Names of the most output tokens.
const ROOM: [&str; 4] = ["max_tokens", "max_completion_tokens", "max_output_tokens", "max_tokens_to_sample"];

impl<'b, 't> Items<'b, 't> {
    /// The members of a body.
    pub fn top(
        body: &'b [u8],
        members: &[Member],
        takes: &'t Takes,
        node: Option<&'t Node>,
        dialect: Dialect,
    ) -> Self {
        Self { list: items(body, members), takes, node, dialect, tools: false }
    }

    fn has(&self, name: &str) -> bool {
        self.list.iter().any(|item| !item.removed && item.name == name)
    }

    /// Gives every request what the model is configured to get.
    pub fn set(&mut self) {
        for (name, json) in &self.takes.set {
            match (name.as_str(), self.dialect) {
                ("reasoning_effort", _) => {
                    if let Some(level) = effort::asked(name, json) {
                        self.set_effort(level);
                    }
                }
                ("max_tokens", Dialect::Responses) => self.put("max_output_tokens", json),
                ("max_tokens", Dialect::Gemini(_)) => self.put("generationConfig.maxOutputTokens", json),
                ("max_tokens", _) if self.has("max_completion_tokens") => {
                    self.put("max_completion_tokens", json)
                }
                (path, _) => self.put(path, json),
            }
        }
    }

    /// Has the request ask for JSON where it asks for a schema.
    pub fn downgrade(&mut self) {
        const JSON: &[u8] = br#"{"type":"json_object"}"#;
        match self.dialect {
            Dialect::ChatCompletions => self.put("response_format", JSON),
            Dialect::Responses => self.put("text.format", JSON),
            _ => {}
        }
    }

    /// Takes a thinking budget out: in the middle of calls Claude goes on with one only behind thoughts of its own.
    pub fn without_budget(&mut self) {
        let enabled =
            |item: &Item<'_>| item.name == "thinking" && effort::asked("thinking", &item.value).is_some();
        for item in self.list.iter_mut().filter(|item| enabled(item)) {
            item.removed = true;
        }
    }

    /// Has the request ask for a level, in the form that the model is told it.
    fn set_effort(&mut self, level: Level) {
        let level = self.efforts().nearest(level);
        let form = self.takes.family.as_ref().and_then(|family| family.form(self.dialect));
        let form = form.unwrap_or(match self.dialect {
            Dialect::Responses => Form::Reasoning,
            Dialect::Messages => Form::Budget,
            _ => Form::Effort,
        });
        if matches!(self.dialect, Dialect::Gemini(_) | Dialect::Completions) {
            return;
        }
        let (name, more) = form.names();
        for item in &mut self.list {
            item.removed |=
                effort::NAMES.contains(&&*item.name) && item.name != name && Some(&*item.name) != more;
        }
        if form == Form::Reasoning {
            self.put("reasoning.effort", format!("\"{}\"", level.name()).as_bytes());
            return;
        }
        let Some((value, second)) = form.write(level, self.room()) else { return };
        self.put(name, value.as_bytes());
        if second.is_some() {
            self.put("output_config.effort", format!("\"{}\"", level.name()).as_bytes());
        }
    }

    /// Gives a parameter a value, whether or not it is there.
    fn put(&mut self, path: &str, json: &[u8]) {
        let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
        let item = self.list.iter_mut().rfind(|item| !item.removed && item.name == name);
        match (item, rest) {
            (Some(item), None) => item.value = json.to_vec().into(),
            (Some(item), Some(rest)) => {
                if let Some(value) = with(&item.value, rest, json) {
                    item.value = value.into();
                }
            }
            (None, rest) => {
                let value = rest.map_or_else(|| json.to_vec(), |rest| within(rest, json));
                self.add(name.to_owned().into(), value);
            }
        }
    }

    fn add(&mut self, name: Cow<'b, str>, value: Vec<u8>) {
        self.list.push(Item { name, value: value.into(), place: None, renamed: false, removed: false });
    }

    /// The most output tokens that the request allows.
    fn room(&self) -> Option<u64> {
        let items = self.list.iter().rev().filter(|item| !item.removed && ROOM.contains(&&*item.name));
        let mut numbers = items.filter_map(|item| number(&item.value));
        // Token counts are far below 2^53, where f64 is exact.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        numbers.next().map(|number| number.max(0.0) as u64)
    }

    /// The reasoning efforts that the model takes.
    fn efforts(&self) -> Levels {
        match &self.takes.family {
            Some(family) if self.takes.efforts.is_empty() => family.efforts,
            _ => self.takes.efforts,
        }
    }

    /// What rules ask.
    fn facts(&self) -> Facts {
        let (takes, efforts) = (self.takes, self.efforts());
        let said = self.list.iter().rev().filter(|item| !item.removed);
        let off = |item: &Item<'_>| effort::asked(&item.name, &item.value) == Some(Level::None);
        let mut said = said.filter(|item| effort::NAMES.contains(&&*item.name));
        let default = takes.default_effort.map(|level| level != Level::None);
        let default = default.or_else(|| takes.family.as_ref().map(|family| family.thinks)).unwrap_or(false);
        let asked = said.find_map(|item| match effort::asked(&item.name, &item.value) {
            Some(level) => Some(efforts.nearest(level) != Level::None),
            None => effort::switches(&item.name, &item.value),
        });
        Facts {
            thinking: asked.unwrap_or(default),
            off: self.list.iter().any(|item| !item.removed && off(item)),
            tools: self.tools,
            room: self.room(),
            limit: takes.limit,
            efforts,
        }
    }

    /// Applies the rules of the model, then those of its family. `strict`: what neither names is taken out.
    pub fn apply(&mut self, strict: bool) {
        let facts = self.facts();
        // From the last on, because of a name that comes twice the last counts.
        for place in (0..self.list.len()).rev() {
            let Some(item) = self.list.get(place).filter(|item| !item.removed) else { continue };
            let told = item.name.clone();
            match self.node_of(&told) {
                Some(node) => self.apply_to(place, node, facts),
                None if strict && self.node.is_some() && item.place.is_some() => self.remove(place),
                None => {}
            }
            // Under another name other rules hold.
            if let Some(item) = self.list.get(place).filter(|item| !item.removed && item.name != told)
                && let Some(node) = self.node_of(&item.name)
            {
                self.apply_to(place, node, facts);
            }
        }
    }

    fn node_of(&self, name: &str) -> Option<&'t Node> {
        let takes = self.takes;
        takes.own.of(name.as_bytes()).or_else(|| self.node.and_then(|node| node.of(name.as_bytes())))
    }

    fn apply_to(&mut self, place: usize, node: &Node, facts: Facts) {
        for rule in &node.rules {
            let there = self.list.get(place).is_some_and(|item| !item.removed);
            if there && self.holds(rule, facts) {
                self.act(place, &rule.action, facts);
            }
        }
        if node.is_deep()
            && let Some(item) = self.list.get_mut(place).filter(|item| !item.removed)
            && let Some(value) = inner(&item.value, node, facts, DEPTH)
        {
            item.value = value.into();
        }
    }

    fn holds(&self, rule: &Rule, facts: Facts) -> bool {
        rule.when.iter().all(|when| match when {
            When::Thinking(thinking) => facts.thinking == *thinking,
            When::Off(off) => facts.off == *off,
            When::Tools(tools) => facts.tools == *tools,
            When::Has(name, there) => self.has(name) == *there,
        })
    }

    fn remove(&mut self, place: usize) {
        if let Some(item) = self.list.get_mut(place) {
            item.removed = true;
        }
    }

    fn act(&mut self, place: usize, action: &Action, facts: Facts) {
        match action {
            Action::Rename(new) => {
                if self.has(new) {
                    self.remove(place);
                } else if let Some(item) = self.list.get_mut(place) {
                    item.name = String::from(&**new).into();
                    item.renamed = true;
                }
            }
            Action::Convert(form) => self.convert(place, *form, facts),
            Action::Adaptive => {
                let level = self.list.get(place).and_then(|item| effort::asked(&item.name, &item.value));
                if level.is_some_and(|level| level != Level::None || !facts.efforts.has(Level::None)) {
                    self.convert(place, Form::Adaptive, facts);
                }
            }
            action => {
                let Some(item) = self.list.get_mut(place) else { return };
                match changed(&item.value, action, facts) {
                    Some(Answer::Drop) => item.removed = true,
                    Some(Answer::Json(json)) => item.value = json.into_string().into_bytes().into(),
                    Some(Answer::Keep) | None => {}
                }
            }
        }
    }

    /// Tells how much the model is to think in another form, unless it is told in that form already.
    fn convert(&mut self, place: usize, form: Form, facts: Facts) {
        let Some(item) = self.list.get(place) else { return };
        let level = effort::asked(&item.name, &item.value);
        let (name, more) = form.names();
        let same = item.name == name;
        // The second of two parameters that say it, or one that leaves it to the model.
        if !same && (level.is_none() || self.has(name)) {
            return self.remove(place);
        }
        let Some(level) = level else {
            // `adaptive` where that is not known.
            if form != Form::Adaptive {
                self.remove(place);
            }
            return;
        };
        let Some((value, second)) = form.write(facts.efforts.nearest(level), facts.room) else {
            return self.remove(place);
        };
        if let Some(item) = self.list.get_mut(place) {
            item.renamed |= !same;
            item.name = name.into();
            item.value = value.into_bytes().into();
        }
        if let (Some(second), Some(more)) = (second, more)
            && !self.has(more)
        {
            self.add(more.into(), second.into_bytes());
        }
    }

    /// What all that comes to, as changes of the body.
    pub fn changes(&self, body: &[u8], view: &View<'_>, fitted: &mut Fitted) {
        compose(&self.list, body, view.model_spans.last().copied(), &mut fitted.changes);
        let note = |name: &str, done| Note { name: name.to_owned(), done };
        for item in &self.list {
            let Some(place) = item.place else {
                if !item.removed {
                    fitted.notes.push(note(&item.name, Done::Added));
                }
                continue;
            };
            let told = decode(place.key.of(body));
            if item.removed {
                fitted.notes.push(note(&told, Done::Dropped));
            } else if item.renamed {
                fitted.notes.push(note(&told, Done::Renamed));
            } else if matches!(item.value, Cow::Owned(_)) && *item.value != *place.value.of(body) {
                fitted.notes.push(note(&told, Done::Changed));
            }
        }
    }
}

/// The members of an object, as they are.
fn items<'b>(body: &'b [u8], members: &[Member]) -> Vec<Item<'b>> {
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
fn members(value: &[u8]) -> Option<Vec<Member>> {
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

/// An object after the rules of the parameters in it; none where nothing changes.
fn inner(value: &[u8], node: &Node, facts: Facts, depth: usize) -> Option<Vec<u8>> {
    let depth = depth.checked_sub(1)?;
    let mut list = items(value, &members(value)?);
    for place in 0..list.len() {
        let Some(rules) = list.get(place).and_then(|item| node.of(item.name.as_bytes())) else { continue };
        for rule in &rules.rules {
            let holds = rule.when.iter().all(|when| match when {
                When::Thinking(thinking) => facts.thinking == *thinking,
                When::Off(off) => facts.off == *off,
                When::Tools(tools) => facts.tools == *tools,
                When::Has(name, there) => list.iter().any(|i| !i.removed && *i.name == **name) == *there,
            });
            let Some(item) = list.get_mut(place).filter(|_| holds) else { continue };
            match (&rule.action, changed(&item.value, &rule.action, facts)) {
                (Action::Rename(new), _) => {
                    item.name = String::from(&**new).into();
                    item.renamed = true;
                }
                (_, Some(Answer::Drop)) => item.removed = true,
                (_, Some(Answer::Json(json))) => item.value = json.into_string().into_bytes().into(),
                _ => {}
            }
        }
        if rules.is_deep()
            && let Some(item) = list.get_mut(place)
            && let Some(value) = inner(&item.value, rules, facts, depth)
        {
            item.value = value.into();
        }
    }
    let mut changes = Vec::new();
    compose(&list, value, None, &mut changes);
    spliced(value, changes)
}

/// What an action makes of a value; none where it stays.
fn changed(value: &[u8], action: &Action, facts: Facts) -> Option<Answer> {
    let most = |most: u64| {
        let number = number(value)?;
        // Token counts are far below 2^53, where f64 is exact.
        (number > most as f64).then(|| Answer::Json(most.to_string().into()))
    };
    match action {
        Action::Drop => Some(Answer::Drop),
        Action::Clamp(low, high) => {
            let number = number(value)?;
            let low = low.filter(|low| number < *low);
            low.or_else(|| high.filter(|high| number > *high))
                .map(|bound| Answer::Json(bound.to_string().into()))
        }
        Action::Limit => most(facts.limit?),
        Action::Budget => match facts.room {
            Some(room) if room <= effort::LEAST_BUDGET => Some(Answer::Drop),
            Some(room) => most(room.saturating_sub(1)),
            None => None,
        },
        Action::Values(answers) => {
            let answer = answers.iter().find(|(key, _)| is(value, key)).map(|(_, answer)| answer.clone());
            answer.filter(|answer| *answer != Answer::Keep)
        }
        Action::Effort(_) => {
            let levels = facts.efforts;
            let level = Level::named(&text(value)?)?;
            let nearest = levels.nearest(level);
            (nearest != level).then(|| Answer::Json(format!("\"{}\"", nearest.name()).into()))
        }
        Action::Without(name) => without(value, name),
        Action::Take | Action::Rename(_) | Action::Convert(_) | Action::Adaptive => None,
    }
}

/// A list without a string; none where that is not in it.
fn without(value: &[u8], name: &str) -> Option<Answer> {
    let list: Vec<&serde_json::value::RawValue> = serde_json::from_slice(value).ok()?;
    let rest: Vec<_> =
        list.iter().filter(|one| text(one.get().as_bytes()).is_none_or(|one| one != name)).collect();
    if rest.len() == list.len() {
        return None;
    }
    serde_json::to_string(&rest).ok().map(|json| Answer::Json(json.into()))
}

/// Whether a value is what a key of [`Action::Values`] says.
fn is(value: &[u8], key: &str) -> bool {
    match (value.first(), key) {
        (_, "*") | (Some(b'{'), "{}") | (Some(b'['), "[]") => true,
        (Some(b'"'), _) => text(value).is_some_and(|text| text == key),
        (Some(b'{' | b'['), _) => false,
        _ => value == key.as_bytes() || number(value).is_some_and(|n| key.parse() == Ok(n)),
    }
}

/// The text of a string.
fn text(value: &[u8]) -> Option<Cow<'_, str>> {
    value.strip_prefix(b"\"")?.strip_suffix(b"\"").map(decode)
}

fn number(value: &[u8]) -> Option<f64> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// An object with one member, at the end of a path.
fn within(path: &str, json: &[u8]) -> Vec<u8> {
    let mut value = json.to_vec();
    for name in path.rsplit('.') {
        value = [b"{", quoted(name).as_slice(), b":", &value, b"}"].concat();
    }
    value
}

/// An object with another value at the end of a path; none where it is no object.
fn with(value: &[u8], path: &str, json: &[u8]) -> Option<Vec<u8>> {
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
    spliced(value, changes)
}

fn spliced(value: &[u8], changes: Vec<Change>) -> Option<Vec<u8>> {
    let prefix = chat::splice_changes(value.to_vec(), changes)?;
    Some([&prefix.head, &prefix.tail, value.get(prefix.end..)?].concat())
}

fn quoted(name: &str) -> Vec<u8> {
    serde_json::to_vec(name).unwrap_or_default()
}

/// The changes that make of an object what its items say. `anchor`: a value behind which new members are put; without it,
/// the last one that stays.
fn compose(list: &[Item<'_>], body: &[u8], anchor: Option<Span>, changes: &mut Vec<Change>) {
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
