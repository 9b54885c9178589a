//! The members of a request's object, and what becomes of each.

use std::borrow::Cow;

use serde_json::Value;

use super::effort::{self, Form, Level, Levels};
use super::members::{Item, compose, items, with, within};
use super::rule::{Action, Answer, Node};
use super::value::{DEPTH, Facts, changed, inner, number};
use super::{Done, Fitted, Note, Takes};
use crate::chat::{BuiltIn, Change, Cursor, Dialect, MAX_DEPTH, Member, Span, View, decode};

/// The members of an object.
pub(super) struct Items<'b, 't> {
    list: Vec<Item<'b>>,
    takes: &'t Takes,
    node: Option<&'t Node>,
    dialect: Dialect,
    /// Whether tools are offered.
    pub tools: bool,
    /// What becomes the first turn of the conversation.
    instructions: Option<Cow<'b, [u8]>>,
}

/// Whether a request asks for the usage of its stream.
pub(super) fn asks_usage(body: &[u8], members: &[Member]) -> bool {
    let member = members.iter().rfind(|member| &*decode(member.key.of(body)) == "stream_options");
    let value = member.and_then(|member| serde_json::from_slice::<Value>(member.value.of(body)).ok());
    value.is_some_and(|value| value.get("include_usage") == Some(&Value::Bool(true)))
}

/// Most names that a parameter gets one after another.
const MOST_NAMES: usize = 3;

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
        Self { list: items(body, members), takes, node, dialect, tools: false, instructions: None }
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

    /// Takes out tools of a provider's own that the model does not have. With the last tool goes what is said of tools.
    pub fn without_foreign_tools(&mut self) {
        let Some(family) = &self.takes.family else { return };
        let (dialect, known) = (self.dialect, family.tools(self.dialect));
        for item in self.list.iter_mut().filter(|item| item.name == "tools") {
            let mut kept = Vec::new();
            let mut cursor = Cursor::new(&item.value, MAX_DEPTH);
            // What was read without a fault is read again without one.
            let _ = cursor.each_element(|cursor| {
                let start = cursor.place();
                let kind = BuiltIn::of_tool(cursor, dialect)?;
                if known.has(kind) {
                    kept.push(Span { start, end: cursor.behind() }.of(&item.value));
                }
                Ok(())
            });
            let left = [b"[", kept.join(&b","[..]).as_slice(), b"]"].concat();
            item.removed = kept.is_empty();
            item.value = left.into();
        }
        let functions = known.has(BuiltIn::FUNCTIONS);
        for item in &mut self.list {
            item.removed |= !functions && matches!(&*item.name, "functions" | "function_call");
        }
        if !self.has("tools") {
            self.tools = false;
            for item in &mut self.list {
                item.removed |= matches!(&*item.name, "tool_choice" | "parallel_tool_calls" | "toolConfig");
            }
        }
    }

    /// Asks for the usage of a stream; whether that is done, as what a model is known not to take stays out.
    pub fn inject_usage(&mut self) -> bool {
        let drops = |node: &Node| node.rules.iter().any(|rule| rule.action == Action::Drop);
        if self.node_of("stream_options").is_some_and(drops) {
            return false;
        }
        self.put("stream_options.include_usage", b"true");
        true
    }

    /// Takes a thinking budget out: in the middle of calls Claude goes on with one only behind thoughts of its own.
    pub fn without_budget(&mut self) {
        let enabled =
            |item: &Item<'_>| item.name == "thinking" && effort::asked("thinking", &item.value).is_some();
        for item in self.list.iter_mut().filter(|item| enabled(item)) {
            item.removed = true;
        }
    }

    /// Has the request ask for a level, in the form that the model takes.
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
            litellm: takes.litellm,
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
            let mut told = item.name.clone();
            match self.node_of(&told) {
                Some(node) => self.apply_to(place, node, facts),
                None if strict && self.node.is_some() && item.place.is_some() => self.remove(place),
                None => {}
            }
            // Under another name other rules hold, which may give it another one.
            for _ in 0..MOST_NAMES {
                let item = self.list.get(place).filter(|item| !item.removed && item.name != told);
                let Some(name) = item.map(|item| item.name.clone()) else { break };
                if let Some(node) = self.node_of(&name) {
                    self.apply_to(place, node, facts);
                }
                told = name;
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
            if there && facts.hold(&rule.when, |name| self.has(name)) {
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
            Action::Quiet if facts.tools && facts.efforts.has(Level::None) => {
                self.put("reasoning_effort", br#""none""#);
            }
            Action::Instruct if self.has("input") => {
                if let Some(item) = self.list.get_mut(place) {
                    item.removed = true;
                    let told = item.value.starts_with(b"\"");
                    self.instructions = told.then(|| item.value.clone());
                }
            }
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

    /// Says how much the model is to think in another form, unless the request has that form already.
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

    /// Puts the instructions in front of the conversation.
    fn instruct(&self, body: &[u8], view: &View<'_>, fitted: &mut Fitted) {
        let Some(text) = &self.instructions else { return };
        let Some(input) = view.members.iter().rfind(|member| member.key.of(body) == b"input") else { return };
        let mut put = |place: usize, new: Vec<u8>| {
            fitted.changes.push(Change { span: Span { start: place, end: place }, new });
        };
        let turn = [br#"{"role":"system","content":"#.as_slice(), text, b"}"].concat();
        let Span { start, end } = input.value;
        let value = input.value.of(body);
        if value.starts_with(b"[") {
            let empty = value.iter().skip(1).all(|byte| byte.is_ascii_whitespace() || *byte == b']');
            let comma: &[u8] = if empty { b"" } else { b"," };
            put(start.saturating_add(1), [turn.as_slice(), comma].concat());
        } else {
            put(start, [b"[", turn.as_slice(), br#",{"role":"user","content":"#].concat());
            put(end, b"}]".to_vec());
        }
        fitted.notes.push(Note { name: "input".to_owned(), done: Done::Changed });
    }

    /// What all that comes to, as changes of the body.
    pub fn changes(&self, body: &[u8], view: &View<'_>, fitted: &mut Fitted) {
        compose(&self.list, body, view.model_spans.last().copied(), &mut fitted.changes);
        self.instruct(body, view, fitted);
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
