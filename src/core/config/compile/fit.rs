//! What each model takes: its family's rules, and its own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::super::check::unknown;
use super::super::error::{Scope, quoted};
use super::super::raw;
use crate::fit::{Action, Answer, Families, Level, Levels, Mode, Node, Policy, Rule, Takes};
use crate::route::Table;
use crate::tier::Tier;

/// How requests are fitted.
pub(super) fn policy(document: &raw::Document) -> Policy {
    Policy {
        mode: match document.fit {
            raw::Fit::Off => Mode::Off,
            raw::Fit::Known => Mode::Known,
            raw::Fit::Strict => Mode::Strict,
        },
        pinned: document.fit_pinned,
        keep_history: document.history == raw::HistoryMode::Keep,
        drop_tools: document.unkept_tools == raw::UnkeptTools::Drop,
        inject_usage: document.usage == raw::StreamUsage::Inject,
        downgrade_schema: document.unkept_schema == raw::UnkeptSchema::Json,
    }
}

/// Whether profiles list more than one model that signs its thoughts as Claude does.
pub(super) fn several_sign(table: &Table) -> bool {
    let profiles = table.profiles.values();
    let listed = profiles.flat_map(|profile| {
        Tier::ALL.into_iter().flat_map(|tier| profile.tiers.get(tier)).chain([&profile.default_model])
    });
    let listed = listed.chain(table.promotions.iter().flat_map(|promotion| &promotion.models));
    let mut signing = listed.filter(|model| model.takes.reads_claude()).map(|model| &model.upstream_model);
    signing.next().is_some_and(|first| signing.any(|other| other != first))
}

/// The shipped families of these names.
pub(super) fn families(wanted: &BTreeSet<&str>, root: &Scope<'_>) -> Families {
    Families::shipped(|name| wanted.contains(name)).unwrap_or_else(|error| {
        root.errors().elsewhere("shipped families".to_owned(), error);
        Families::default()
    })
}

/// What a model takes: an entry over a base, field by field.
pub(super) fn takes(entry: &raw::Model, base: &raw::Model, families: &Families, scope: &Scope<'_>) -> Takes {
    let family = entry.family.as_deref().or(base.family.as_deref());
    let found = family.and_then(|name| families.get(name));
    if let Some(name) = family.filter(|_| found.is_none()) {
        let message = unknown("family", name, Families::names(), "docs/fit.md lists them");
        scope.key("family").meaning(message);
    }
    // A family of its own: what the catalogue says belongs to another.
    let same = entry.family.is_none() || entry.family == base.family;
    let base_efforts = base.efforts.as_ref().filter(|_| same);
    let efforts = entry.efforts.as_ref().or(base_efforts);
    let base_default = base.default_effort.filter(|_| same);
    let mut takes = Takes {
        family: found.map(Arc::clone),
        efforts: efforts.into_iter().flatten().copied().collect::<Levels>(),
        default_effort: entry.default_effort.or(base_default),
        limit: entry.max_output.or(base.max_output),
        no_schema: entry.structured_output.or(base.structured_output) == Some(false),
        ..Takes::default()
    };
    if let Some(params) = &entry.params {
        own(params, &scope.key("params"), &mut takes);
    }
    takes
}

/// The model's own rules.
fn own(params: &raw::Params, scope: &Scope<'_>, takes: &mut Takes) {
    let mut node = Node::default();
    for (key, names, action) in [("take", &params.take, Action::Take), ("drop", &params.drop, Action::Drop)] {
        let scope = scope.key(key);
        for (i, name) in names.iter().flatten().enumerate() {
            add(&mut node, name, action.clone(), &scope.index(i));
        }
    }
    for (name, new) in params.rename.iter().flatten() {
        let scope = scope.key("rename");
        if name.contains('.') || new.contains('.') {
            let message = format!("{} is nested; only top-level parameters can be renamed", quoted(name));
            scope.key(name).meaning(message);
        }
        parameter(new, &scope.key(name));
        add(&mut node, name, Action::Rename(new.as_str().into()), &scope.key(name));
    }
    for (name, between) in params.clamp.iter().flatten() {
        let scope = scope.key("clamp");
        let scope = scope.key(name);
        match (between.min, between.max) {
            (None, None) => scope.meaning("neither min nor max; give one of them"),
            (Some(min), Some(max)) if min > max => scope.meaning("min is above max"),
            _ => {}
        }
        add(&mut node, name, Action::Clamp(between.min, between.max), &scope);
    }
    for (name, values) in params.values.iter().flatten() {
        let mut answers: Vec<(Box<str>, Answer)> = values
            .iter()
            .map(|(value, new)| {
                let answer = if new.is_null() { Answer::Drop } else { Answer::Json(new.to_string().into()) };
                (value.as_str().into(), answer)
            })
            .collect();
        // What is listed goes before all others.
        answers.sort_by_key(|(value, _)| &**value == "*");
        let scope = scope.key("values");
        let scope = scope.key(name);
        add(&mut node, name, Action::Values(answers), &scope);
    }
    takes.own = node;
    takes.set = set(params.set.as_ref(), &scope.key("set"));
}

/// Parameters that every request gets.
pub(super) fn set(given: Option<&BTreeMap<String, Value>>, scope: &Scope<'_>) -> Vec<(String, Vec<u8>)> {
    let mut set = Vec::new();
    for (name, value) in given.into_iter().flatten() {
        let scope = scope.key(name);
        parameter(name, &scope);
        let level = value.as_str().and_then(Level::named);
        if name == "reasoning_effort" && level.is_none() {
            let known: Vec<&str> = Level::ALL.into_iter().map(Level::name).collect();
            scope.meaning(format!("not a reasoning effort; give one of {}", known.join(", ")));
        }
        if name == "max_tokens" && value.as_u64().is_none_or(|tokens| tokens == 0) {
            scope.meaning("give a whole number above 0");
        }
        set.push((name.clone(), value.to_string().into_bytes()));
    }
    set
}

/// Names of members that a rule would break the request by.
const OF_THE_REQUEST: [&str; 5] = ["model", "messages", "input", "contents", "prompt"];

fn add(node: &mut Node, name: &str, action: Action, scope: &Scope<'_>) {
    parameter(name, scope);
    node.add(name, Rule { when: Vec::new(), action });
}

fn parameter(name: &str, scope: &Scope<'_>) {
    if OF_THE_REQUEST.contains(&name) {
        scope.meaning(format!("{} is part of the request itself; leave it out", quoted(name)));
    } else if name.split('.').any(str::is_empty) || name.chars().any(char::is_control) {
        scope.meaning(format!("{} is not a parameter name", quoted(name)));
    }
}
