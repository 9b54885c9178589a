//! What becomes of one value.

use std::borrow::Cow;

use serde_json::Value;

use super::effort::{self, Level, Levels};
use super::members::{compose, items, members, with};
use super::rule::{Action, Answer, Node, When};
use crate::chat::{self, decode};

/// Deepest parameter that rules reach.
pub(super) const DEPTH: usize = 8;

/// What rules ask of the request as a whole.
#[derive(Clone, Copy)]
pub(super) struct Facts {
    pub thinking: bool,
    /// The request says that it is not to.
    pub off: bool,
    pub tools: bool,
    /// LiteLLM stands before the model.
    pub litellm: bool,
    /// The most output tokens that it allows.
    pub room: Option<u64>,
    /// The most that the model answers with.
    pub limit: Option<u64>,
    pub efforts: Levels,
}

impl Facts {
    /// Whether the conditions of a rule hold; `has`: whether a parameter is there.
    pub fn hold(&self, when: &[When], has: impl Fn(&str) -> bool) -> bool {
        when.iter().all(|when| match when {
            When::Thinking(thinking) => self.thinking == *thinking,
            When::Off(off) => self.off == *off,
            When::Tools(tools) => self.tools == *tools,
            When::Litellm(litellm) => self.litellm == *litellm,
            When::Has(name, there) => has(name) == *there,
        })
    }
}

/// An object after the rules of the parameters in it; none where nothing changes.
pub(super) fn inner(value: &[u8], node: &Node, facts: Facts, depth: usize) -> Option<Vec<u8>> {
    let depth = depth.checked_sub(1)?;
    let mut list = items(value, &members(value)?);
    for place in 0..list.len() {
        let Some(rules) = list.get(place).and_then(|item| node.of(item.name.as_bytes())) else { continue };
        for rule in &rules.rules {
            let holds = facts.hold(&rule.when, |name| list.iter().any(|i| !i.removed && i.name == name));
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
    chat::changed(value, changes)
}

/// What an action makes of a value; none where it stays.
pub(super) fn changed(value: &[u8], action: &Action, facts: Facts) -> Option<Answer> {
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
        Action::Budget => budget(value, facts.room),
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
        Action::Take
        | Action::Rename(_)
        | Action::Convert(_)
        | Action::Adaptive
        | Action::Quiet
        | Action::Instruct => None,
    }
}

/// `thinking` with a budget that is allowed: at least [`effort::LEAST_BUDGET`] and below the output limit. Where there is no
/// room for the least, the model is not to think.
fn budget(value: &[u8], room: Option<u64>) -> Option<Answer> {
    let asked: Value = serde_json::from_slice(value).ok()?;
    if asked.get("type")?.as_str()? != "enabled" {
        return None;
    }
    let most = room.map_or(u64::MAX, |room| room.saturating_sub(1));
    if most < effort::LEAST_BUDGET {
        return Some(Answer::Drop);
    }
    let told = asked.get("budget_tokens").and_then(Value::as_u64);
    let tokens = told.unwrap_or(Level::High.budget()).max(effort::LEAST_BUDGET).min(most);
    if told == Some(tokens) {
        return None;
    }
    let new = with(value, "budget_tokens", tokens.to_string().as_bytes())?;
    Some(Answer::Json(String::from_utf8(new).ok()?.into()))
}

/// A list without a string; none where that is not in it.
pub(super) fn without(value: &[u8], name: &str) -> Option<Answer> {
    let list: Vec<&serde_json::value::RawValue> = serde_json::from_slice(value).ok()?;
    let rest: Vec<_> =
        list.iter().filter(|one| text(one.get().as_bytes()).is_none_or(|one| one != name)).collect();
    if rest.len() == list.len() {
        return None;
    }
    serde_json::to_string(&rest).ok().map(|json| Answer::Json(json.into()))
}

/// Whether a value is what a key of [`Action::Values`] says.
pub(super) fn is(value: &[u8], key: &str) -> bool {
    match (value.first(), key) {
        (_, "*") | (Some(b'{'), "{}") | (Some(b'['), "[]") => true,
        (Some(b'"'), _) => text(value).is_some_and(|text| text == key),
        (Some(b'{'), _) => key.strip_prefix('{').and_then(|key| key.strip_suffix('}')).is_some_and(|kind| {
            let members = members(value).unwrap_or_default();
            members.iter().any(|member| {
                member.key.of(value) == b"type"
                    && text(member.value.of(value)).is_some_and(|text| text == kind)
            })
        }),
        (Some(b'['), _) => false,
        _ => value == key.as_bytes() || number(value).is_some_and(|n| key.parse() == Ok(n)),
    }
}

/// The text of a string.
pub(super) fn text(value: &[u8]) -> Option<Cow<'_, str>> {
    value.strip_prefix(b"\"")?.strip_suffix(b"\"").map(decode)
}

pub(super) fn number(value: &[u8]) -> Option<f64> {
    std::str::from_utf8(value).ok()?.parse().ok()
}
