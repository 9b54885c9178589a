//! What each model takes: its family's rules, and its own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::super::check::unknown;
use super::super::error::{Errors, Path, quoted};
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
pub(super) fn families(wanted: &BTreeSet<&str>, errors: &mut Errors) -> Families {
    Families::shipped(|name| wanted.contains(name)).unwrap_or_else(|error| {
        errors.at("shipped families".to_owned(), error);
        Families::default()
    })
}

/// What a model takes: an entry over a base, field by field.
pub(super) fn takes(
    entry: &raw::Model,
    base: &raw::Model,
    families: &Families,
    path: &Path<'_>,
    errors: &mut Errors,
) -> Takes {
    let family = entry.family.as_deref().or(base.family.as_deref());
    let found = family.and_then(|name| families.get(name));
    if let Some(name) = family.filter(|_| found.is_none()) {
        let message = unknown("family", name, Families::names(), "docs/fit.md lists them");
        errors.meaning(&path.key("family"), message);
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
        own(params, &path.key("params"), &mut takes, errors);
    }
    takes
}

/// The model's own rules.
fn own(params: &raw::Params, path: &Path<'_>, takes: &mut Takes, errors: &mut Errors) {
    let mut node = Node::default();
    for (key, names, action) in [("take", &params.take, Action::Take), ("drop", &params.drop, Action::Drop)] {
        let path = path.key(key);
        for (i, name) in names.iter().flatten().enumerate() {
            add(&mut node, name, action.clone(), &path.index(i), errors);
        }
    }
    for (name, new) in params.rename.iter().flatten() {
        let path = path.key("rename");
        if name.contains('.') || new.contains('.') {
            let message = format!("{} is nested; only top-level parameters can be renamed", quoted(name));
            errors.meaning(&path.key(name), message);
        }
        parameter(new, &path.key(name), errors);
        add(&mut node, name, Action::Rename(new.as_str().into()), &path.key(name), errors);
    }
    for (name, between) in params.clamp.iter().flatten() {
        let path = path.key("clamp");
        let path = path.key(name);
        match (between.min, between.max) {
            (None, None) => errors.meaning(&path, "neither min nor max; give one of them"),
            (Some(min), Some(max)) if min > max => errors.meaning(&path, "min is above max"),
            _ => {}
        }
        add(&mut node, name, Action::Clamp(between.min, between.max), &path, errors);
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
        let path = path.key("values");
        let path = path.key(name);
        add(&mut node, name, Action::Values(answers), &path, errors);
    }
    takes.own = node;
    takes.set = set(params.set.as_ref(), &path.key("set"), errors);
}

/// Parameters that every request gets.
pub(super) fn set(
    given: Option<&BTreeMap<String, Value>>,
    path: &Path<'_>,
    errors: &mut Errors,
) -> Vec<(String, Vec<u8>)> {
    let mut set = Vec::new();
    for (name, value) in given.into_iter().flatten() {
        let path = path.key(name);
        parameter(name, &path, errors);
        let level = value.as_str().and_then(Level::named);
        if name == "reasoning_effort" && level.is_none() {
            let known: Vec<&str> = Level::ALL.into_iter().map(Level::name).collect();
            errors.meaning(&path, format!("not a reasoning effort; give one of {}", known.join(", ")));
        }
        if name == "max_tokens" && value.as_u64().is_none_or(|tokens| tokens == 0) {
            errors.meaning(&path, "give a whole number above 0");
        }
        set.push((name.clone(), value.to_string().into_bytes()));
    }
    set
}

/// Names of members that a rule would break the request by.
const OF_THE_REQUEST: [&str; 5] = ["model", "messages", "input", "contents", "prompt"];

fn add(node: &mut Node, name: &str, action: Action, path: &Path<'_>, errors: &mut Errors) {
    parameter(name, path, errors);
    node.add(name, Rule { when: Vec::new(), action });
}

fn parameter(name: &str, path: &Path<'_>, errors: &mut Errors) {
    if OF_THE_REQUEST.contains(&name) {
        errors.meaning(path, format!("{} is part of the request itself; leave it out", quoted(name)));
    } else if name.split('.').any(str::is_empty) || name.chars().any(char::is_control) {
        errors.meaning(path, format!("{} is not a parameter name", quoted(name)));
    }
}
