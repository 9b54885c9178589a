//! The scorer: numbers and keywords of the rules, or learnt weights.

use std::collections::BTreeMap;

use super::super::error::{Scope, quoted};
use super::super::raw::{self, Dimensions, RawOwnDimension, RawStep};
use super::own;
use crate::score::{Boundaries, Dimension, Rule, RuleParams, RuleScorer, Scorer, Step, TokenRule};

/// Most keywords a dimension.
const MOST_KEYWORDS: usize = 2000;
/// Most characters of a keyword.
const LONGEST_KEYWORD: usize = 128;

/// Compiles the scorer. None where its numbers or keywords are wrong.
pub(super) fn compile(document: &raw::Document, root: &Scope<'_>) -> Option<Scorer> {
    let scope = root.key("rules");
    let scope = scope.key("keywords");
    let params = params(document, root);
    let keywords = keywords(&document.rules, &scope);
    let own = own::compile(&document.rules.dimensions.own, root);
    // An automaton over the lexicon is much work, and lost on a document that is refused.
    if !root.errors().is_empty() {
        return None;
    }
    let rules = RuleScorer::new(params, &keywords, own).map_err(|message| scope.meaning(message)).ok()?;
    if document.scorer == raw::Scorer::Rules {
        return Some(Scorer::rules(rules));
    }
    let raw::Calibrated { unknown_tier, bias, weights } = &document.calibrated;
    Scorer::calibrated(rules, weights.as_deref(), *unknown_tier)
        .map(|scorer| scorer.with_bias(bias.number()))
        .map_err(|message| root.key("calibrated").key("weights").meaning(message))
        .ok()
}

/// Compiles the scorer's numbers.
pub(in super::super) fn params(document: &raw::Document, root: &Scope<'_>) -> RuleParams {
    let scope = root.key("rules");
    let dimensions = scope.key("dimensions");
    let rules = &document.rules;
    let params = RuleParams {
        rules: Dimension::ALL.into_iter().map(|d| rule(d, &rules.dimensions, &dimensions)).collect(),
        tokens: TokenRule { short: rules.token_count.short, long: rules.token_count.long },
        boundaries: Boundaries {
            medium: rules.boundaries.medium,
            complex: rules.boundaries.complex,
            reasoning: rules.boundaries.reasoning,
        },
        steepness: rules.confidence.steepness,
        min_confidence: rules.confidence.minimum,
        ambiguous_tier: rules.confidence.ambiguous_tier,
        reasoning_override: document.overrides.reasoning_markers,
        reasoning_confidence: document.overrides.reasoning_confidence,
    };
    if params.tokens.long < params.tokens.short {
        let message =
            format!("{} is below `short`; give at least {}", params.tokens.long, params.tokens.short);
        scope.key("token_count").key("long").meaning(message);
    }
    boundaries(&params, &rules.dimensions.own, &scope.key("boundaries"));
    params
}

fn rule(dimension: Dimension, dimensions: &Dimensions, scope: &Scope<'_>) -> Rule {
    let scope = scope.key(dimension.name());
    let scope = scope.key("steps");
    let (given, default) = (dimensions.get(dimension), Dimensions::numbers(dimension));
    if dimension == Dimension::TokenCount && given.steps.as_ref().is_some_and(|steps| !steps.is_empty()) {
        scope.meaning("tokenCount has no steps; its lengths are `rules.token_count`");
    }
    let steps = steps(given.steps.as_deref(), default.steps, &scope);
    Rule { dimension, weight: given.weight.unwrap_or(default.weight), steps }
}

/// The steps that are given, which have to rise; the default ones where none are.
pub(super) fn steps(given: Option<&[RawStep]>, default: &[(u32, f64)], scope: &Scope<'_>) -> Vec<Step> {
    let Some(steps) = given else { return default.iter().map(|&(at, value)| Step { at, value }).collect() };
    let mut last = 0;
    for (i, step) in steps.iter().enumerate() {
        let Some(at) = step.at else { continue };
        if i > 0 && at <= last {
            let message = format!("{at} is not above the step before; give more than {last}");
            scope.index(i).key("at").meaning(message);
        }
        last = at;
    }
    steps.iter().filter_map(|s: &RawStep| Some(Step { at: s.at?, value: s.value? })).collect()
}

/// Boundaries rise, and every tier can be reached with the weights there are.
fn boundaries(params: &RuleParams, own: &BTreeMap<String, RawOwnDimension>, scope: &Scope<'_>) {
    let Boundaries { medium, complex, reasoning } = params.boundaries;
    let before = scope.errors().len();
    if complex <= medium {
        scope.key("complex").meaning(format!("{complex} is not above `medium`; give more than {medium}"));
    }
    if reasoning <= complex {
        scope
            .key("reasoning")
            .meaning(format!("{reasoning} is not above `complex`; give more than {complex}"));
    }
    if scope.errors().len() > before {
        return;
    }
    let (least, most) = own::widened(own, range(params));
    let reach = format!("the weights give scores from {least:.3} to {most:.3}");
    if medium <= least {
        scope.key("medium").meaning(format!("SIMPLE is out of reach below {medium}; {reach}"));
    }
    if reasoning > most {
        scope.key("reasoning").meaning(format!("REASONING is out of reach from {reasoning} on; {reach}"));
    }
}

/// The least and the greatest score.
fn range(params: &RuleParams) -> (f64, f64) {
    params.rules.iter().fold((0.0, 0.0), |(least, most), rule| {
        let tokens = [-rule.weight, rule.weight];
        let steps = rule.steps.iter().map(|s| s.value * rule.weight);
        let values = if rule.dimension == Dimension::TokenCount { tokens.to_vec() } else { steps.collect() };
        let low = values.iter().copied().fold(0.0, f64::min);
        let high = values.iter().copied().fold(0.0, f64::max);
        (least + low, most + high)
    })
}

fn keywords(rules: &raw::Rules, scope: &Scope<'_>) -> Vec<(Dimension, String)> {
    let mut all = Vec::new();
    for (&dimension, words) in &rules.keywords {
        let scope = scope.key(dimension.name());
        if words.len() > MOST_KEYWORDS {
            scope.meaning(format!("{} keywords; give at most {MOST_KEYWORDS}", words.len()));
            continue;
        }
        for (i, word) in words.iter().enumerate() {
            match keyword(word) {
                Ok(()) => all.push((dimension, word.clone())),
                Err(message) => scope.index(i).meaning(format!("{}: {message}", quoted(word))),
            }
        }
    }
    all
}

/// Whether a keyword will do.
pub(super) fn keyword(word: &str) -> Result<(), String> {
    let stem = word.strip_suffix('*').unwrap_or(word);
    let written = stem.chars().filter(|c| c.is_alphanumeric() || c.is_ascii_punctuation()).count();
    let han = stem.chars().any(|c| matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'));
    if stem.trim() != stem || stem.chars().any(char::is_control) {
        Err("white space around it or a control character; leave it out".to_owned())
    } else if stem.contains('*') {
        Err("`*` is allowed only at the end; it allows letters to follow".to_owned())
    } else if written < if han { 1 } else { 2 } {
        Err("too short to be useful; give at least two characters".to_owned())
    } else if word.chars().count() > LONGEST_KEYWORD {
        Err(format!("too long; give at most {LONGEST_KEYWORD} characters"))
    } else {
        Ok(())
    }
}
