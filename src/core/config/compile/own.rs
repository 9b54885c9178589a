//! Dimensions of the operator's own.

use std::collections::BTreeMap;

use super::super::check::unknown;
use super::super::error::{Scope, quoted};
use super::super::raw::{OwnKeywords, RawOwnDimension};
use super::operator::regex;
use super::rules::{keyword, steps};
use crate::score::{Dimension, OwnDimension};

/// Most dimensions of one's own: each may have an expression, which is one more pass over the ask.
const MOST_DIMENSIONS: usize = 16;
/// Most keywords of each.
const MOST_KEYWORDS: usize = 256;
/// What a dimension is worth that does not say it.
const WEIGHT: f64 = 0.1;
const STEPS: [(u32, f64); 2] = [(1, 0.5), (2, 1.0)];

/// Compiles them.
pub(super) fn compile(all: &BTreeMap<String, RawOwnDimension>, root: &Scope<'_>) -> Vec<OwnDimension> {
    let scope = root.key("rules");
    let scope = scope.key("dimensions");
    if all.len() > MOST_DIMENSIONS {
        scope.meaning(format!("{} of your own; give at most {MOST_DIMENSIONS}", all.len()));
    }
    all.iter().filter_map(|(name, own)| dimension(name, own, &scope.key(name))).collect()
}

fn dimension(name: &str, own: &RawOwnDimension, scope: &Scope<'_>) -> Option<OwnDimension> {
    if own.keywords.is_none() && own.regex.is_none() {
        let known = Dimension::ALL.into_iter().map(Dimension::name);
        scope.meaning(unknown("dimension", name, known, "one of your own needs `keywords` or a `regex`"));
        return None;
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
        let message = "not a name of a dimension; use up to 64 letters, digits, `-` and `_` of ASCII";
        scope.meaning(message.to_owned());
    }
    Some(OwnDimension {
        name: name.to_owned(),
        weight: own.weight.unwrap_or(WEIGHT),
        steps: steps(own.steps.as_deref(), &STEPS, &scope.key("steps")),
        keywords: keywords(own.keywords.as_ref(), &scope.key("keywords")),
        regex: own.regex.as_deref().and_then(|text| regex(text, &scope.key("regex"))),
    })
}

fn keywords(given: Option<&OwnKeywords>, scope: &Scope<'_>) -> Vec<String> {
    let mut all = Vec::new();
    let mut take = |words: &[String], scope: &Scope<'_>| {
        if words.is_empty() {
            scope.meaning("empty; give at least one keyword".to_owned());
        }
        for (i, word) in words.iter().enumerate() {
            match keyword(word) {
                Ok(()) => all.push(word.clone()),
                Err(message) => scope.index(i).meaning(format!("{}: {message}", quoted(word))),
            }
        }
    };
    match given {
        None => {}
        Some(OwnKeywords::All(words)) => take(words, scope),
        Some(OwnKeywords::ByLanguage(languages)) => {
            languages.iter().for_each(|(language, words)| take(words, &scope.key(language)));
        }
    }
    if all.len() > MOST_KEYWORDS {
        scope.meaning(format!("{} keywords; give at most {MOST_KEYWORDS}", all.len()));
    }
    all
}

/// The least and the greatest score, with what these dimensions add to it.
pub(super) fn widened(all: &BTreeMap<String, RawOwnDimension>, (least, most): (f64, f64)) -> (f64, f64) {
    all.values().fold((least, most), |(least, most), own| {
        let weight = own.weight.unwrap_or(WEIGHT);
        let given = own.steps.iter().flatten().filter_map(|step| step.value);
        let default = STEPS.iter().map(|(_, value)| *value).filter(|_| own.steps.is_none());
        let (low, high) = given
            .chain(default)
            .map(|value| value * weight)
            .fold((0.0, 0.0), |(low, high), v| (f64::min(low, v), f64::max(high, v)));
        (least + low, most + high)
    })
}
