//! What models take, and requests get.

use super::*;
use crate::fit::{Level, Mode, Takes};

fn takes<'c>(config: &'c Config, model: &str) -> &'c Takes {
    &config.table.models[model].takes
}

fn family(config: &Config, model: &str) -> String {
    takes(config, model).family.as_ref().map(|family| family.name.clone()).unwrap_or_default()
}

#[test]
fn the_catalogue_says_what_its_models_take() {
    let config = good(r#"{"fit_pinned": true}"#);
    assert_eq!(config.fit.mode, Mode::Known);
    for (model, name) in [
        ("gpt-4.1", "openai"),
        ("gpt-5.6", "openai-reasoning"),
        ("claude-sonnet-4-6", "anthropic-thinking"),
        ("claude-opus-5", "anthropic-adaptive"),
        ("claude-fable-5-1", "anthropic-always"),
        ("gemini/gemini-2.5-pro", "gemini"),
        ("deepseek/deepseek-v4-pro", "deepseek"),
        ("moonshot/kimi-k3", "kimi"),
    ] {
        assert_eq!(family(&config, model), name);
    }
    assert!(config.table.models.values().all(|model| model.takes.family.is_some()));
    assert_eq!(takes(&config, "gpt-5.4").default_effort, Some(Level::None));
    assert!(!takes(&config, "gpt-5").efforts.has(Level::None));
}

#[test]
fn a_model_of_ones_own_says_its_family() {
    let config = good(&with(
        r#"{"fit": "strict", "models": {
            "house": {"family": "openai-reasoning", "efforts": ["low", "high"], "default_effort": "low"},
            "gpt-5.4": {"family": "openai"}, "plain": {},
            "own": {"params": {"take": ["top_k"], "drop": ["user"], "rename": {"a": "b"}, "clamp": {"x": {"max": 1}},
                "values": {"tool_choice": {"required": "auto", "*": null}}}}}}"#,
    ));
    assert_eq!(config.fit.mode, Mode::Strict);
    assert_eq!(family(&config, "house"), "openai-reasoning");
    assert_eq!(takes(&config, "house").efforts.nearest(Level::None), Level::Low);
    assert_eq!(family(&config, "gpt-5.4"), "openai");
    assert!(takes(&config, "gpt-5.4").efforts.is_empty(), "those of the catalogue are another family's");
    assert_eq!(takes(&config, "plain"), &Takes { litellm: true, ..Takes::default() });
    for name in ["top_k", "user", "a", "x", "tool_choice"] {
        assert!(takes(&config, "own").own.of(name.as_bytes()).is_some(), "{name}");
    }
}

#[test]
fn litellm_is_told_by_the_cluster_or_by_a_key() {
    let config = good(&with(
        r#"{"models": {"a": {"cluster": "my-litellm"}, "b": {"cluster": "openai"}, "c": {"cluster": "proxy", "litellm": true},
            "d": {"cluster": "litellm", "litellm": false}}}"#,
    ));
    let of = |model| takes(&config, model).litellm;
    assert_eq!(["a", "b", "c", "d"].map(of), [true, false, true, false]);
}

#[test]
fn off_is_false_in_yaml() {
    for document in [r#"{"fit": "off"}"#, r#"{"fit": false}"#] {
        assert_eq!(good(&with(document)).fit.mode, Mode::Off);
    }
    assert!(errors(&with(r#"{"fit": true}"#)).contains("give off, known or strict"));
}

#[test]
fn one_model_serves_three_tiers_in_three_ways() {
    let config = good(
        r#"{"models": {"m": {"params": {"set": {"max_tokens": 9, "top_p": 1}}}}, "tiers": {
            "SIMPLE": {"model": "m", "set": {"reasoning_effort": "low", "max_tokens": 2000}},
            "MEDIUM": [{"model": "m", "set": {"reasoning_effort": "high"}}, "gpt-5.4"],
            "COMPLEX": "m", "REASONING": "m"}}"#,
    );
    let first = |tier| &config.table.profiles["auto"].tiers.get(tier)[0];
    let simple = first(Tier::Simple);
    assert_eq!(simple.variant.as_deref(), Some("max_tokens=2000,reasoning_effort=low"));
    let set = |name: &str, json: &str| (name.to_owned(), json.as_bytes().to_vec());
    assert_eq!(
        simple.takes.set,
        [set("top_p", "1"), set("max_tokens", "2000"), set("reasoning_effort", "\"low\"")]
    );
    assert_eq!(first(Tier::Complex).variant, None);
    assert_eq!(simple.slot, first(Tier::Complex).slot, "it is one model");
    for tier in Tier::ALL {
        let model = first(tier);
        assert_eq!(config.table.keyed(&model.key()), Some(model));
    }
}

#[test]
fn mistakes_are_told_with_their_place() {
    let found = errors(&with(
        r#"{"models": {"m": {"family": "openai-resoning", "params": {
            "drop": ["messages"], "rename": {"a.b": "c"}, "clamp": {"x": {}, "y": {"min": 2, "max": 1}},
            "set": {"reasoning_effort": "much", "max_tokens": 0.5}, "values": {"t..u": {"a": "b"}}}}},
          "promotions": [{"name": "p", "profile": "auto", "tier": "SIMPLE", "from": "2026-01-01", "until": "2027-01-01",
            "models": [{"model": "m", "set": {"model": "x"}}]}]}"#,
    ));
    for wanted in [
        "models.m.family: unknown family \"openai-resoning\"; did you mean openai-reasoning",
        "models.m.params.drop[0]: \"messages\" is part of the request itself",
        "models.m.params.rename",
        "models.m.params.clamp.x: neither min nor max",
        "models.m.params.clamp.y: min is above max",
        "models.m.params.set.reasoning_effort: not a reasoning effort; give one of none, minimal",
        "models.m.params.set.max_tokens: give a whole number above 0",
        "models.m.params.values[\"t..u\"]: \"t..u\" is not a parameter name",
        "promotions[0].models[0].set.model: \"model\" is part of the request itself",
    ] {
        assert!(found.contains(wanted), "{wanted}\nis not found in\n{found}");
    }
}

#[test]
fn keys_that_are_not_known_are_told_too() {
    let found = errors(&with(
        r#"{"models": {"m": {"params": {"keep": []}, "efforts": ["lots"]}}, "tiers": {"SIMPLE": "m", "MEDIUM": {"set": {}},
            "COMPLEX": {"model": "m", "sett": {}}, "REASONING": [{"model": "nobody"}]}}"#,
    ));
    for wanted in [
        "models.m.params.keep: unknown key",
        "models.m.efforts[0]: unknown value \"lots\"",
        "tiers.MEDIUM.model: missing",
        "tiers.COMPLEX.sett: unknown key",
    ] {
        assert!(found.contains(wanted), "{wanted}\nis not found in\n{found}");
    }
}
