//! From a body to a model: what each need, list and strategy of a configuration does to a decision.

mod files;
mod groups;
mod listing;
mod names;
mod operator;
mod opinion;
mod rollout;
mod sessions;
mod stall;
mod state;

use serde_json::{Value, json};

use super::*;
use crate::config;
use crate::live::{SessionKey, SessionPin, SessionTable};
use crate::route::Condition;
use crate::tier::Tier;

/// One model of each kind. `plain` can do next to nothing; each of the others lacks one thing less.
const MODELS: &str = r#"{
    "plain": {"tools": false, "structured_output": false, "context_window": 10000, "max_output": 1000,
              "input_price": 1, "output_price": 1},
    "hears": {"audio": true, "input_price": 4, "output_price": 4},
    "sees": {"vision": true, "input_price": 3, "output_price": 3},
    "codes": {"input_price": 2, "output_price": 2}
}"#;

/// The models in one list for all tiers, in the order above, with more keys of profile `auto` and of the document.
fn config(profile: Value, document: Value) -> Config {
    let list = json!(["plain", "codes", "sees", "hears"]);
    let tiers = json!({"SIMPLE": list, "MEDIUM": list, "COMPLEX": list, "REASONING": list});
    let mut whole = json!({"baseline": "hears", "models": serde_json::from_str::<Value>(MODELS).unwrap()});
    whole["profiles"]["auto"] = json!({"tiers": tiers});
    merge(&mut whole, document);
    merge(&mut whole["profiles"]["auto"], profile);
    config::parse(whole.to_string().as_bytes()).unwrap_or_else(|errors| panic!("{whole}\n{errors}"))
}

fn merge(into: &mut Value, more: Value) {
    match more {
        Value::Object(more) => more.into_iter().for_each(|(key, value)| merge(&mut into[key], value)),
        value => *into = value,
    }
}

fn plain() -> Config {
    config(json!({}), json!({}))
}

/// The model, the cause and the chain of a chat request with these fields.
fn decided(config: &Config, fields: Value, live: RequestContext<'_>) -> (String, &'static str, Vec<String>) {
    let mut body = json!({"model": "smart/auto", "messages": [{"role": "user", "content": "Hello!"}]});
    merge(&mut body, fields);
    let body = body.to_string();
    told(config, Dialect::ChatCompletions, b"/v1/chat/completions", &body, live)
}

fn told(
    config: &Config,
    dialect: Dialect,
    path: &[u8],
    body: &str,
    live: RequestContext<'_>,
) -> (String, &'static str, Vec<String>) {
    let request = Request { dialect, path, body: body.as_bytes() };
    let decision = decide(config, &request, live, &mut Scratch::default());
    let chain = decision.chain.iter().map(|m| m.name.clone()).collect();
    (decision.choice.model.map(|m| m.name.clone()).unwrap_or_default(), decision.choice.cause.name(), chain)
}

#[test]
fn every_need_of_a_body_finds_a_model_that_meets_it() {
    let part = |part: Value| json!({"messages": [{"role": "user", "content": [part]}]});
    let format = |kind: &str| json!({"response_format": {"type": kind}});
    let long = "word ".repeat(9500);
    let rows = [
        ("nothing", json!({}), "plain"),
        ("tools", json!({"tools": [{"type": "function"}]}), "codes"),
        ("a schema", format("json_schema"), "codes"),
        ("JSON without a schema", format("json_object"), "plain"),
        ("an image", part(json!({"type": "image_url", "image_url": {"url": "data:,"}})), "sees"),
        (
            "audio",
            part(json!({"type": "input_audio", "input_audio": {"data": "", "format": "wav"}})),
            "hears",
        ),
        ("more output than it gives", json!({"max_tokens": 1001}), "codes"),
        ("as much as it gives", json!({"max_tokens": 1000}), "plain"),
        ("more input than has room", json!({"messages": [{"role": "user", "content": long}]}), "codes"),
    ];
    let config = plain();
    for (name, fields, model) in rows {
        assert_eq!(decided(&config, fields, RequestContext::default()).0, model, "{name}");
    }
}

#[test]
fn what_other_dialects_show_is_told_by_its_type() {
    let config = plain();
    let gemini = |data: Value| {
        let path = b"/v1beta/models/smart/auto:generateContent";
        let dialect = config.paths.dialect(path).unwrap();
        let body = json!({"contents": [{"parts": [{"text": "Hello!"}, data]}]}).to_string();
        told(&config, dialect, path, &body, RequestContext::default()).0
    };
    for (kind, model) in [
        ("audio/mp3", "hears"),
        ("Audio/WAV", "hears"),
        ("image/png", "sees"),
        ("video/mp4", "sees"),
        ("text/plain", "plain"),
    ] {
        assert_eq!(gemini(json!({"inlineData": {"mimeType": kind, "data": ""}})), model, "{kind}");
        assert_eq!(gemini(json!({"file_data": {"file_uri": "x", "mime_type": kind}})), model, "{kind}");
    }
    assert_eq!(gemini(json!({"inlineData": {"data": ""}})), "sees", "no type may be an image");
    let responses = |fields: Value| {
        let mut body = json!({"model": "smart/auto", "input": "Hello!"});
        merge(&mut body, fields);
        told(&config, Dialect::Responses, b"/v1/responses", &body.to_string(), RequestContext::default()).0
    };
    let audio = json!({"input": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}]});
    assert_eq!(responses(audio), "hears");
    assert_eq!(responses(json!({"text": {"format": {"type": "json_schema"}}})), "codes");
    assert_eq!(responses(json!({"text": {"format": {"type": "text"}}})), "plain");
}

#[test]
fn the_margin_is_free_besides_input_and_output() {
    // 7,950 tokens of input and 1,000 of output in a window of 10,000, by an estimate of about one token a word.
    let body = json!({"messages": [{"role": "user", "content": "word ".repeat(7950)}]});
    let with = |margin: f64| config(json!({}), json!({"eligibility": {"window_margin": margin}}));
    assert_eq!(decided(&with(0.0), body.clone(), RequestContext::default()).0, "plain");
    assert_eq!(decided(&with(0.3), body, RequestContext::default()).0, "codes");
}

#[test]
fn a_code_ask_prefers_a_coder_and_another_does_not() {
    let config = config(json!({}), json!({"models": {"codes": {"coder": true}}}));
    let ask = |text: &str| {
        decided(&config, json!({"messages": [{"role": "user", "content": text}]}), RequestContext::default())
            .0
    };
    assert_eq!(ask("Write a Python function with unit tests that parses a CSV file."), "codes");
    assert_eq!(ask("Write a poem about the sea."), "plain");
}

#[test]
fn a_decision_names_who_may_serve_in_its_place() {
    let config = plain();
    let (model, cause, chain) = decided(&config, json!({}), RequestContext::default());
    assert_eq!((model.as_str(), cause), ("plain", "score"));
    assert_eq!(chain, ["codes", "sees", "hears"]);
    let tools = json!({"tools": [{"type": "function"}]});
    assert_eq!(
        decided(&config, tools, RequestContext::default()).2,
        ["sees", "hears"],
        "only who can serve it"
    );
    let nobody = json!({"messages": []});
    let (model, cause, chain) = decided(&config, nobody, RequestContext::default());
    assert_eq!((model.as_str(), cause, chain.len()), ("plain", "no_prompt", 3));
    let pinned = decided(&config, json!({"model": "sees"}), RequestContext::default());
    assert_eq!(pinned, ("sees".into(), "pinned", vec![]));
}

#[test]
fn a_model_in_cooldown_is_passed_over_for_every_kind_of_ask() {
    let config = plain();
    let mut conditions = Conditions::default();
    conditions.set(&config.table.models["plain"], Condition { cooling: true, ..Condition::default() });
    let live = RequestContext { conditions: Some(&conditions), ..RequestContext::default() };
    for fields in [json!({}), json!({"messages": []})] {
        let (model, cause, chain) = decided(&config, fields, live);
        assert_eq!((model.as_str(), cause), ("codes", "health"));
        assert_eq!(chain, ["sees", "hears"]);
    }
    for name in ["codes", "sees", "hears"] {
        conditions.set(&config.table.models[name], Condition { cooling: true, ..Condition::default() });
    }
    let live = RequestContext { conditions: Some(&conditions), ..RequestContext::default() };
    for (fields, cause) in [(json!({}), "score"), (json!({"messages": []}), "no_prompt")] {
        let (model, told, _) = decided(&config, fields, live);
        assert_eq!((model.as_str(), told), ("plain", cause), "all in cooldown means none is");
    }
}

#[test]
fn allow_and_block_hold_for_tables_promotions_and_the_default_model() {
    let promotion = json!({"promotions": [{"name": "x", "profile": "auto", "tier": "SIMPLE",
        "models": ["plain", "hears", "sees"], "from": "2026-01-01", "until": "2027-01-01"}]});
    let during = RequestContext { now: Timestamp::of_seconds(1_770_000_000), ..RequestContext::default() };
    let blocked = config(json!({"block": ["pl*"]}), promotion.clone());
    assert_eq!(decided(&blocked, json!({}), RequestContext::default()).0, "codes");
    assert_eq!(decided(&blocked, json!({}), during).0, "hears");
    assert_eq!(blocked.table.profiles["auto"].default_model.name, "codes");
    let allowed = config(json!({"allow": ["sees", "hear*"], "block": ["hears"]}), promotion);
    assert_eq!(decided(&allowed, json!({}), RequestContext::default()), ("sees".into(), "score", vec![]));
    assert_eq!(decided(&allowed, json!({}), during).0, "sees");
    // What its lists leave nobody for goes to the default, never to a model that they leave out.
    let audio = json!({"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]});
    let (model, cause, _) = decided(&allowed, audio, RequestContext::default());
    assert_eq!((model.as_str(), cause), ("sees", "no_candidates"));
}

#[test]
fn each_strategy_can_be_chosen() {
    let with = |strategy: &str, models: Value| {
        let config = config(json!({"strategy": strategy}), json!({"models": models}));
        let mut conditions = Conditions::default();
        for (name, in_flight, first_byte_ms, requests_this_minute) in
            [("plain", 4, 900.0, 9), ("codes", 1, 800.0, 8), ("sees", 2, 100.0, 7), ("hears", 3, 700.0, 1)]
        {
            let condition =
                Condition { in_flight, first_byte_ms, requests_this_minute, ..Condition::default() };
            conditions.set(&config.table.models[name], condition);
        }
        let live = RequestContext { conditions: Some(&conditions), ..RequestContext::default() };
        decided(&config, json!({}), live)
    };
    let limits = json!({"plain": {"requests_per_minute": 10}, "codes": {"requests_per_minute": 10},
        "sees": {"requests_per_minute": 10}, "hears": {"requests_per_minute": 3}});
    assert_eq!(with("configured", json!({})).0, "plain");
    // Nearly all of the cost is that of the answer.
    assert_eq!(with("cheapest", json!({"plain": {"input_price": 50}})).0, "plain");
    assert_eq!(with("cheapest", json!({"plain": {"output_price": 50}})).0, "codes");
    assert_eq!(with("least_busy", json!({})).0, "codes");
    assert_eq!(with("lowest_latency", json!({})).0, "sees");
    assert_eq!(with("usage", limits).0, "hears");
    let weights = json!({"plain": {"weight": 0}, "codes": {"weight": 0}, "hears": {"weight": 0}});
    assert_eq!(with("weighted", weights).0, "sees");
}

#[test]
fn completion_compares_all_tiers_and_says_so() {
    let figures = json!({"models": {
        "plain": {"benchmarks": {"gpqa_diamond": 20}},
        "codes": {"benchmarks": {"gpqa_diamond": 60, "livecodebench": 80}},
        "sees": {"benchmarks": {"gpqa_diamond": 90}}},
        "completion": {"capability": 0.1, "difficulty": -1, "bias": -4}});
    let tiers = json!({"SIMPLE": "plain", "MEDIUM": "sees", "COMPLEX": "codes", "REASONING": "hears"});
    let with = |more: Value| {
        let mut profile = json!({"strategy": "completion", "completion_threshold": 0.8, "tiers": tiers});
        merge(&mut profile, more);
        decided(&config(profile, figures.clone()), json!({}), RequestContext::default())
    };
    let (model, cause, chain) = with(json!({}));
    assert_eq!((model.as_str(), cause), ("codes", "strategy"));
    assert_eq!(chain, ["sees", "hears", "plain"]);
    let (model, cause, _) = with(json!({"completion_all_tiers": false}));
    assert_eq!((model.as_str(), cause), ("plain", "score"));
}

#[test]
fn litellm_is_told_the_chain_of_its_own_models() {
    let told = |document: Value, fields: Value| {
        let config = config(json!({}), document);
        let mut body = json!({"model": "smart/auto", "messages": [{"role": "user", "content": "Hello!"}]});
        merge(&mut body, fields);
        let (dialect, path, body) = (Dialect::ChatCompletions, b"/v1/chat/completions", body.to_string());
        let request = Request { dialect, path, body: body.as_bytes() };
        let decision = decide(&config, &request, RequestContext::default(), &mut Scratch::default());
        decision.tell.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()
    };
    let on = json!({"fallbacks": {"litellm": true},
        "models": {"codes": {"upstream_model": "vendor/codes"}, "sees": {"cluster": "elsewhere"}}});
    assert_eq!(told(on.clone(), json!({})), ["vendor/codes", "hears"]);
    assert!(told(on.clone(), json!({"fallbacks": []})).is_empty(), "the client's own stay");
    assert!(told(on, json!({"model": "codes"})).is_empty(), "a pinned model");
    assert!(told(json!({}), json!({})).is_empty());
}
