//! Dimensions of the operator's own.

use std::collections::BTreeMap;

use super::super::check::unknown;
use super::super::error::{Errors, Path, quoted};
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
pub(super) fn compile(all: &BTreeMap<String, RawOwnDimension>, errors: &mut Errors) -> Vec<OwnDimension> {
    let root = Path::Root;
    let path = root.key("rules");
    let path = path.key("dimensions");
    if all.len() > MOST_DIMENSIONS {
        errors.meaning(&path, format!("{} of your own; give at most {MOST_DIMENSIONS}", all.len()));
    }
    all.iter().filter_map(|(name, own)| dimension(name, own, &path.key(name), errors)).collect()
}

fn dimension(
    name: &str,
    own: &RawOwnDimension,
    path: &Path<'_>,
    errors: &mut Errors,
) -> Option<OwnDimension> {
    if own.keywords.is_none() && own.regex.is_none() {
        let known = Dimension::ALL.into_iter().map(Dimension::name);
        errors.meaning(
            path,
            unknown("dimension", name, known, "one of your own needs `keywords` or a `regex`"),
        );
        return None;
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
        let message = "not a name of a dimension; use up to 64 letters, digits, `-` and `_` of ASCII";
        errors.meaning(path, message.to_owned());
    }
    Some(OwnDimension {
        name: name.to_owned(),
        weight: own.weight.unwrap_or(WEIGHT),
        steps: steps(own.steps.as_deref(), &STEPS, &path.key("steps"), errors),
        keywords: keywords(own.keywords.as_ref(), &path.key("keywords"), errors),
        regex: own.regex.as_deref().and_then(|text| regex(text, &path.key("regex"), errors)),
    })
}

fn keywords(given: Option<&OwnKeywords>, path: &Path<'_>, errors: &mut Errors) -> Vec<String> {
    let mut all = Vec::new();
    let mut take = |words: &[String], path: &Path<'_>, errors: &mut Errors| {
        if words.is_empty() {
            errors.meaning(path, "empty; give at least one keyword".to_owned());
        }
        for (i, word) in words.iter().enumerate() {
            match keyword(word) {
                Ok(()) => all.push(word.clone()),
                Err(message) => errors.meaning(&path.index(i), format!("{}: {message}", quoted(word))),
            }
        }
    };
    match given {
        None => {}
        Some(OwnKeywords::All(words)) => take(words, path, errors),
        Some(OwnKeywords::ByLanguage(languages)) => {
            languages.iter().for_each(|(language, words)| take(words, &path.key(language), errors));
        }
    }
    if all.len() > MOST_KEYWORDS {
        errors.meaning(path, format!("{} keywords; give at most {MOST_KEYWORDS}", all.len()));
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
