//! Which candidate serves: what the document says, and what is reported of a wrong one.

use super::*;
use crate::route::{Completion, Strategy};

/// Two models with everything and two with nothing, one list for all tiers, and a profile `auto` with these keys.
fn document(profile: &str, more: &str) -> String {
    let list = r#"["a", "b", "ab", "c"]"#;
    let tiers =
        format!(r#"{{"SIMPLE": {list}, "MEDIUM": {list}, "COMPLEX": {list}, "REASONING": ["c", "gpt-5"]}}"#);
    let mut document: Value = serde_json::from_str(&format!(
        r#"{{"models": {{
            "a": {{"audio": true, "structured_output": false, "coder": true, "tokens_per_minute": 9000,
                  "requests_per_minute": 9, "weight": 2.5, "benchmarks": {{"gpqa_diamond": 60, "livecodebench": 70}}}},
            "b": {{"benchmarks": {{"gpqa_diamond": 81}}, "aliases": ["bee"]}}, "ab": {{}}, "c": {{}}}},
            "profiles": {{"auto": {{"tiers": {tiers}}}}}}}"#
    ))
    .unwrap();
    let profile: Value = serde_json::from_str(profile).unwrap();
    for (key, value) in profile.as_object().unwrap() {
        document["profiles"]["auto"][key] = value.clone();
    }
    let more: Value = serde_json::from_str(more).unwrap();
    for (key, value) in more.as_object().unwrap() {
        document[key] = value.clone();
    }
    document.to_string()
}

#[test]
fn a_model_says_what_it_can_and_what_it_is_worth() {
    let config = good(&document("{}", "{}"));
    let a = &config.table.models["a"];
    assert!(a.audio && !a.structured_output && a.coder);
    assert_eq!((a.tokens_per_minute, a.requests_per_minute, a.weight), (Some(9000), Some(9), 2.5));
    assert_eq!((a.capability, config.table.models["b"].capability), (Some(65.0), Some(81.0)));
    let c = &config.table.models["c"];
    assert!(
        !c.audio && c.structured_output && !c.coder,
        "nothing is known: no ears, but a schema is not refused"
    );
    assert_eq!((c.tokens_per_minute, c.requests_per_minute, c.weight, c.capability), (None, None, 1.0, None));
    let catalogue = &config.table.models;
    assert!(catalogue["gpt-5"].pdf && !catalogue["xai/grok-4.6"].pdf && !c.pdf, "the catalogue's");
    assert!(catalogue["gemini/gemini-2.5-pro"].audio && !catalogue["gpt-5"].audio, "the catalogue's");
    assert_eq!((config.window_margin, config.overrides.code_score), (0.1, 0.5));
    let changed = r#"{"eligibility": {"window_margin": 0}, "overrides": {"code_score": 1}}"#;
    let changed = good(&document("{}", changed));
    assert_eq!((changed.window_margin, changed.overrides.code_score), (0.0, 1.0));
}

#[test]
fn a_strategy_has_its_numbers() {
    let strategy = |profile: &str, more: &str| good(&document(profile, more)).table.profiles["auto"].strategy;
    assert_eq!(strategy("{}", "{}"), Strategy::Configured);
    for (name, expected) in [
        ("configured", Strategy::Configured),
        ("cheapest", Strategy::Cheapest),
        ("weighted", Strategy::Weighted),
        ("least_busy", Strategy::LeastBusy),
        ("lowest_latency", Strategy::LowestLatency),
        ("usage", Strategy::Usage),
    ] {
        assert_eq!(strategy(&format!(r#"{{"strategy": "{name}"}}"#), "{}"), expected);
    }
    let Strategy::Completion(how) = strategy(r#"{"strategy": "completion"}"#, "{}") else { panic!() };
    assert_eq!((how.threshold, how.margin, how.all_tiers), (0.8, 0.0, true));
    // The catalogue has a figure of the third.
    assert!((how.usual - (65.0 + 81.0 + 85.7) / 3.0).abs() < 1e-9, "{}", how.usual);
    let profile = r#"{"strategy": "completion", "completion_threshold": 0.9, "fallback_quality_margin": 0.2,
        "completion_all_tiers": false, "block": ["b", "gpt-*"]}"#;
    let more = r#"{"completion": {"capability": 0.1, "difficulty": -2, "bias": 0}}"#;
    let Strategy::Completion(Completion { threshold, margin, all_tiers, usual, curve }) =
        strategy(profile, more)
    else {
        panic!()
    };
    assert_eq!((threshold, margin, all_tiers, usual), (0.9, 0.2, false, 65.0));
    assert_eq!((curve.capability, curve.difficulty, curve.bias), (0.1, -2.0, 0.0));
}

#[test]
fn a_candidate_has_an_order_of_its_own_or_its_model_s() {
    let config = good(
        r#"{"models": {"a": {"order": 2}, "b": {}}, "tiers": {"SIMPLE": ["b", {"model": "a", "order": 1}],
            "MEDIUM": ["a", "b"], "COMPLEX": {"model": "b", "order": 7}, "REASONING": "a"}}"#,
    );
    let orders = |tier| {
        let list = config.table.profiles["auto"].tiers.get(tier);
        list.iter().map(|m| (m.name.as_str(), m.order)).collect::<Vec<_>>()
    };
    assert_eq!(orders(Tier::Simple), [("b", u32::MAX), ("a", 1)]);
    assert_eq!(orders(Tier::Medium), [("a", 2), ("b", u32::MAX)]);
    assert_eq!(orders(Tier::Complex), [("b", 7)]);
}

#[test]
fn lists_leave_models_out_of_a_profile() {
    let medium = |lists: &str| names(&good(&document(lists, "{}")), "auto", Tier::Medium);
    assert_eq!(medium("{}"), ["a", "b", "ab", "c"]);
    assert_eq!(medium(r#"{"allow": ["a", "c"]}"#), ["a", "c"]);
    assert_eq!(medium(r#"{"allow": ["a*"]}"#), ["a", "ab"]);
    assert_eq!(medium(r#"{"allow": ["*"], "block": ["a*"]}"#), ["b", "c"]);
    assert_eq!(medium(r#"{"block": ["bee", "gpt-*"]}"#), ["a", "ab", "c"], "an alias is the model");
    let config = good(&document(r#"{"allow": ["gpt-5"]}"#, "{}"));
    assert_eq!(
        (names(&config, "auto", Tier::Medium).len(), names(&config, "auto", Tier::Reasoning)),
        (0, vec!["gpt-5".into()])
    );
    assert_eq!(config.table.profiles["auto"].default_model.name, "gpt-5", "the first that is left");
}

/// A name, keys of the profile, keys of the document, and the mistake's path and message.
type Row = (&'static str, &'static str, &'static str, &'static str, &'static str);

const ROWS: &[Row] = &[
    (
        "unknown model",
        r#"{"allow": ["gpt-55"]}"#,
        "{}",
        "profiles.auto.allow[0]",
        "unknown model \"gpt-55\"; did you mean",
    ),
    (
        "a pattern that matches no model",
        r#"{"block": ["a", "mistrall/*"]}"#,
        "{}",
        "profiles.auto.block[1]",
        "\"mistrall/*\" matches no model",
    ),
    ("a star inside", r#"{"block": ["a*b*"]}"#, "{}", "profiles.auto.block[0]", "is allowed only at the end"),
    (
        "nobody is left",
        r#"{"block": ["*"]}"#,
        "{}",
        "profiles.auto.block",
        "excludes all of the profile's models",
    ),
    (
        "nobody is allowed",
        r#"{"allow": ["gpt-4o"]}"#,
        "{}",
        "profiles.auto.allow",
        "excludes all of the profile's models",
    ),
    ("an empty list", r#"{"allow": []}"#, "{}", "profiles.auto.allow", "empty; give at least one item"),
    (
        "a default model that is left out",
        r#"{"block": ["a"], "default_model": "a"}"#,
        "{}",
        "profiles.auto.default_model",
        "\"a\": the profile's `allow` and `block` exclude it",
    ),
    (
        "a promotion of what is left out",
        r#"{"block": ["a"]}"#,
        r#"{"promotions": [{"name": "x", "profile": "auto", "tier": "SIMPLE", "models": "a",
            "from": "2026-01-01", "until": "2026-01-02"}]}"#,
        "promotions[0].models",
        "`allow` and `block` of profile \"auto\" exclude all of them",
    ),
    (
        "completion without figures",
        r#"{"strategy": "completion", "block": ["a", "b", "gpt-*"]}"#,
        "{}",
        "profiles.auto.strategy",
        "completion needs figures; give benchmarks",
    ),
    (
        "usage without limits",
        r#"{"strategy": "usage", "block": ["a"]}"#,
        "{}",
        "profiles.auto.strategy",
        "usage needs limits; give tokens_per_minute or requests_per_minute",
    ),
    (
        "cheapest without prices",
        r#"{"strategy": "cheapest", "block": ["gpt-5"]}"#,
        "{}",
        "profiles.auto.strategy",
        "cheapest needs prices",
    ),
    (
        "momentum without signals",
        r#"{"strategy": "momentum"}"#,
        "{}",
        "profiles.auto.strategy",
        "momentum needs signals",
    ),
    (
        "unknown strategy",
        r#"{"strategy": "cheap"}"#,
        "{}",
        "profiles.auto.strategy",
        "did you mean cheapest?",
    ),
    (
        "a threshold without completion",
        r#"{"completion_threshold": 0.5}"#,
        "{}",
        "profiles.auto.completion_threshold",
        "has no effect without strategy completion",
    ),
    (
        "all tiers without completion",
        r#"{"strategy": "weighted", "completion_all_tiers": true}"#,
        "{}",
        "profiles.auto.completion_all_tiers",
        "has no effect without strategy completion",
    ),
    (
        "a likelihood above 1",
        r#"{"strategy": "completion", "completion_threshold": 70}"#,
        "{}",
        "profiles.auto.completion_threshold",
        "70 is too large; give a number from 0 to 1",
    ),
    (
        "a figure above 100",
        "{}",
        r#"{"models": {"m": {"benchmarks": {"gpqa_diamond": 101}}}}"#,
        "models.m.benchmarks.gpqa_diamond",
        "101 is too large; give a number from 0 to 100",
    ),
    (
        "a figure that is none",
        "{}",
        r#"{"models": {"m": {"benchmarks": {"gpqa_diamond": "81%"}}}}"#,
        "models.m.benchmarks.gpqa_diamond",
        "give a number from 0 to 100",
    ),
    (
        "a benchmark without a name",
        "{}",
        r#"{"models": {"m": {"benchmarks": {"": 5}}}}"#,
        "models.m.benchmarks[\"\"]",
        "the name is empty",
    ),
    (
        "a limit of nothing",
        "{}",
        r#"{"models": {"m": {"requests_per_minute": 0}}}"#,
        "models.m.requests_per_minute",
        "0 is too small",
    ),
    ("a weight below 0", "{}", r#"{"models": {"m": {"weight": -1}}}"#, "models.m.weight", "-1 is too small"),
    (
        "more difficulty, more success",
        "{}",
        r#"{"completion": {"difficulty": 1}}"#,
        "completion.difficulty",
        "1 is too large; give a number from -100 to 0",
    ),
    (
        "a margin below 0",
        "{}",
        r#"{"eligibility": {"window_margin": -0.1}}"#,
        "eligibility.window_margin",
        "-0.1 is too small",
    ),
];

#[test]
fn every_mistake_is_told_with_its_path() {
    for (name, profile, more, path, message) in ROWS {
        let told = errors(&document(profile, more));
        let line = told.lines().find(|line| line.starts_with(&format!("{path}: ")));
        assert!(line.is_some_and(|line| line.contains(message)), "{name}\n{told}");
    }
}

#[test]
fn a_model_has_sixteen_benchmarks_at_most() {
    let figures: serde_json::Map<String, Value> = (0..17).map(|i| (format!("b{i}"), json!(50))).collect();
    let told = errors(&json!({"models": {"m": {"benchmarks": figures}}}).to_string());
    assert_eq!(told, "models.m.benchmarks: has 17 entries; give at most 16");
}

#[test]
fn benchmark_figures_of_1_are_made_figures_of_100() {
    let config = good(&with(
        r#"{"models": {"m": {"benchmarks": {"gpqa": 0.5, "code": 40}}, "n": {"benchmarks": {"gpqa": 1, "code": 0}}}}"#,
    ));
    let capability = |name: &str| config.table.models[name].capability;
    assert_eq!((capability("m"), capability("n")), (Some(45.0), Some(50.0)));
}

fn capability(more: &str, model: &str) -> Option<f64> {
    let document = format!(
        r#"{{"models": {{"own": {{"benchmarks": {{"gpqa_diamond": 60, "mine": 80}}}}, "bare": {{}}}},
            "tiers": {{"SIMPLE": ["own", "bare", "gemini/gemini-2.5-pro"], "MEDIUM": "own", "COMPLEX": "own", "REASONING": "own"}}{more}}}"#
    );
    good(&document).table.models[model].capability
}

#[test]
fn capability_is_the_mean_of_the_benchmarks_that_count() {
    assert_eq!(capability("", "own"), Some(70.0));
    assert_eq!(capability("", "bare"), None);
    // Of the catalogue's figures those that the document's models have too.
    assert_eq!(capability("", "gemini/gemini-2.5-pro"), Some(86.4));
    let only = |names: &str| format!(r#", "completion": {{"benchmarks": {names}}}"#);
    assert_eq!(capability(&only(r#"["mine"]"#), "own"), Some(80.0));
    assert_eq!(capability(&only(r#"["mine"]"#), "gemini/gemini-2.5-pro"), None);
    let both = only(r#"["gpqa_diamond", "livecodebench"]"#);
    assert_eq!(capability(&both, "gemini/gemini-2.5-pro"), Some((86.4 + 69.0) / 2.0));
    assert_eq!(capability(&both, "own"), Some(60.0));
    // Without figures of the document's own.
    let shipped = good(
        r#"{"tiers": {"SIMPLE": "gpt-5-nano", "MEDIUM": "gpt-5", "COMPLEX": "gpt-5", "REASONING": "gpt-5"}}"#,
    );
    assert_eq!(shipped.table.models["gpt-5"].capability, Some(85.7));
    // Shares of 1 in the document change nothing of the catalogue's.
    let shares = good(
        r#"{"models": {"s": {"benchmarks": {"gpqa_diamond": 0.5}}}, "tiers": {"SIMPLE": ["s", "gpt-5"], "MEDIUM": "s", "COMPLEX": "s", "REASONING": "s"}}"#,
    );
    assert_eq!(
        (shares.table.models["s"].capability, shares.table.models["gpt-5"].capability),
        (Some(50.0), Some(85.7))
    );
    assert_eq!(
        errors(r#"{"completion": {"benchmarks": ["gpqa_diamond", "nobody"]}}"#),
        "completion.benchmarks[1]: no model has a figure of \"nobody\"; give one under a model's benchmarks"
    );
}
