//! Requests that go on from what a provider keeps.

use std::collections::BTreeMap;

use super::super::state::{answer, answers, one_more};
use super::*;
use crate::time::{Millis, Timestamp};

const PROOF: &str = "Prove the theorem step by step and derive the formal proof by contradiction.";
const TENANT: &[u8] = b"alice's key";
const NOW: Timestamp = Timestamp::of_seconds(1_000_000);

/// One model of each provider a tier, and one that another profile has alone.
fn config(more: Value) -> Config {
    let mut document = json!({
        "models": {
            "low": {"provider": "openai"}, "mid": {"provider": "anthropic"}, "high": {"provider": "openai"},
            "also-high": {"provider": "openai", "vision": true}, "own": {}, "foreign": {"provider": "xai"},
        },
        "profiles": {"auto": {"tiers": {
            "SIMPLE": ["low", "mid"], "MEDIUM": ["mid", "low"], "COMPLEX": ["mid", "own"],
            "REASONING": ["high", "mid", "also-high"]}},
          "foreign": {"tiers": {"SIMPLE": "foreign", "MEDIUM": "foreign", "COMPLEX": "foreign", "REASONING": "foreign"}}},
    });
    merge(&mut document, more);
    config::parse(document.to_string().as_bytes()).unwrap_or_else(|errors| panic!("{errors}"))
}

/// Model, tier, cause and chain of a request, where this is remembered of answers.
fn follows(
    config: &Config,
    known: &[(SessionKey, SessionPin)],
    fields: Value,
) -> (String, &'static str, &'static str, Vec<String>) {
    let known: BTreeMap<SessionKey, SessionPin> = known.iter().copied().collect();
    let lookup = |memory, one| match memory {
        SessionTable::Answers => known.get(&one).copied(),
        SessionTable::Conversations => None,
    };
    let sessions = Some(Sessions { salt: &|| 7, tenant: TENANT, id: None, held: &lookup });
    let mut body = json!({"model": "smart/auto"});
    merge(&mut body, fields);
    let body = body.to_string();
    let request = Request { dialect: Dialect::Responses, path: b"/v1/responses", body: body.as_bytes() };
    let live = RequestContext { sessions, now: NOW, ..RequestContext::default() };
    let decision = decide(config, &request, live, &mut Scratch::default());
    let chain = decision.chain.iter().map(|model| model.name.clone()).collect();
    let model = decision.choice.model.map(|model| model.name.clone()).unwrap_or_default();
    (model, decision.choice.tier.map_or("", Tier::name), decision.choice.cause.name(), chain)
}

fn made(id: &str, model: &str, tier: Tier) -> (SessionKey, SessionPin) {
    (answer(7, TENANT, id.as_bytes()), SessionPin::by(model, tier, NOW))
}

fn tool_answer(id: &str) -> Value {
    json!({"previous_response_id": id, "input": [{"type": "function_call_output", "call_id": "1", "output": PROOF}]})
}

#[test]
fn what_goes_on_from_an_answer_goes_to_the_model_that_made_it() {
    let config = config(json!({}));
    let known = [made("resp_1", "high", Tier::Reasoning), made("resp_2", "low", Tier::Simple)];
    for fields in [
        json!({"previous_response_id": "resp_1", "input": "go on"}),
        json!({"previous_response_id": "resp_1", "input": "What is the capital of France?"}),
        tool_answer("resp_1"),
    ] {
        let (model, tier, cause, _) = follows(&config, &known, fields.clone());
        assert_eq!((model.as_str(), tier, cause), ("high", "REASONING", "state"), "{fields}");
    }
    let harder = json!({"previous_response_id": "resp_2", "input": PROOF});
    let (model, tier, cause, _) = follows(&config, &known, harder);
    assert_eq!((model.as_str(), tier, cause), ("low", "SIMPLE", "state"));
    let (.., cause, _) = follows(&config, &known, json!({"input": "Hello!"}));
    assert_eq!(cause, "score", "what goes on from nothing");
}

#[test]
fn only_models_of_the_same_provider_serve_in_its_place() {
    let config = config(json!({}));
    let known = [made("resp_1", "high", Tier::Reasoning), made("resp_2", "own", Tier::Complex)];
    let (.., chain) = follows(&config, &known, tool_answer("resp_1"));
    assert_eq!(chain, ["also-high", "low"]);
    let (model, .., chain) = follows(&config, &known, tool_answer("resp_2"));
    assert_eq!((model.as_str(), chain.len()), ("own", 0), "nobody knows its provider");
    // It cannot see: another of its provider does.
    let image = json!([{"role": "user", "content": [{"type": "input_image", "image_url": "data:,"}]}]);
    let (model, _, cause, _) =
        follows(&config, &known, json!({"previous_response_id": "resp_1", "input": image}));
    assert_eq!((model.as_str(), cause), ("also-high", "state"));
}

#[test]
fn a_conversation_at_the_provider_stays_where_it_was() {
    let config = config(json!({}));
    let request = |conversation: Value| {
        let body =
            json!({"model": "smart/auto", "conversation": conversation, "input": "Hello!"}).to_string();
        let lookup = |_, _| None;
        let sessions = Some(Sessions { salt: &|| 7, tenant: TENANT, id: None, held: &lookup });
        let live = RequestContext { sessions, now: NOW, ..RequestContext::default() };
        let request = Request { dialect: Dialect::Responses, path: b"/v1/responses", body: body.as_bytes() };
        decide(&config, &request, live, &mut Scratch::default()).keeps
    };
    let keeps = request(json!("conv_1")).unwrap();
    assert_eq!(request(json!({"id": "conv_1"})), Some(keeps));
    assert_ne!(request(json!("conv_2")), Some(keeps));
    let known = [(keeps, SessionPin::by("high", Tier::Reasoning, Timestamp::NEVER))];
    let fields = json!({"conversation": {"id": "conv_1"}, "input": "Hello!"});
    let (model, tier, cause, _) = follows(&config, &known, fields);
    assert_eq!((model.as_str(), tier, cause), ("high", "REASONING", "state"));
}

#[test]
fn where_nobody_knows_the_profile_says_who_serves() {
    let fields = json!({"previous_response_id": "resp_9", "input": "Hello!"});
    let (model, _, cause, _) = follows(&config(json!({})), &[], fields.clone());
    assert_eq!((model.as_str(), cause), ("mid", "unknown_state"), "the default model");
    let chosen = config(json!({"profiles": {"auto": {"default_model": "high"}}}));
    assert_eq!(follows(&chosen, &[], tool_answer("resp_9")).0, "high");
    let judged = config(json!({"profiles": {"auto": {"unknown_state": "judged"}}}));
    let (model, _, cause, _) = follows(&judged, &[], fields.clone());
    assert_eq!((model.as_str(), cause), ("low", "score"));
    // Without anything that is remembered, as the command decides.
    let body =
        json!({"model": "smart/auto", "previous_response_id": "resp_9", "input": "Hello!"}).to_string();
    let told =
        told(&config(json!({})), Dialect::Responses, b"/v1/responses", &body, RequestContext::default());
    assert_eq!((told.0.as_str(), told.1), ("mid", "unknown_state"));
}

#[test]
fn an_id_that_names_its_provider_goes_to_no_other() {
    let config = config(json!({}));
    // Made by LiteLLM's own code.
    let openai =
        "resp_bGl0ZWxsbTpjdXN0b21fbGxtX3Byb3ZpZGVyOm9wZW5haTttb2RlbF9pZDphYmM7cmVzcG9uc2VfaWQ6cmVzcF8x";
    let other =
        "resp_bGl0ZWxsbTpjdXN0b21fbGxtX3Byb3ZpZGVyOmdyb3E7bW9kZWxfaWQ6Tm9uZTtyZXNwb25zZV9pZDpyZXNwXzE=";
    let (model, _, cause, chain) =
        follows(&config, &[], json!({"previous_response_id": openai, "input": "go on"}));
    assert_eq!(
        (model.as_str(), cause),
        ("low", "unknown_state"),
        "of that provider, and for MEDIUM at least"
    );
    assert_eq!(chain, ["high"]);
    let (model, _, cause, _) = follows(&config, &[], json!({"previous_response_id": openai, "input": PROOF}));
    assert_eq!((model.as_str(), cause), ("high", "unknown_state"));
    let (model, _, cause, _) = follows(&config, &[], tool_answer(other));
    assert_eq!((model.as_str(), cause), ("mid", "unknown_state"), "the profile has none of that provider");
    for odd in ["resp_", "resp_bGl0ZWxsbTpjdXN0b21fbGxtX3Byb3ZpZGVyOm9wZW5haQ==", "resp_!!", "bGl0ZWxsbQ=="] {
        assert_eq!(follows(&config, &[], tool_answer(odd)).0, "mid", "{odd}");
    }
}

#[test]
fn a_profile_uses_no_model_that_is_not_its_own() {
    let config = config(json!({}));
    let known = [made("resp_1", "high", Tier::Reasoning)];
    let fields = json!({"model": "smart/foreign", "previous_response_id": "resp_1", "input": "go on"});
    let (model, _, cause, _) = follows(&config, &known, fields);
    assert_eq!((model.as_str(), cause), ("foreign", "unknown_state"));
    let known = [made("resp_1", "foreign", Tier::Reasoning)];
    let (model, _, cause, _) = follows(&config, &known, tool_answer("resp_1"));
    assert_eq!((model.as_str(), cause), ("mid", "unknown_state"));
}

#[test]
fn what_is_not_known_of_an_answer_all_of_a_client_s_answers_tell() {
    let config = config(json!({}));
    let at = |seconds: u64| NOW - seconds * 1000;
    let of = |model: &str, tier, seconds| SessionPin::by(model, tier, at(seconds));
    let idle = Millis::of_seconds(300);
    let one = one_more(None, idle, of("high", Tier::Reasoning, 20));
    let same = one_more(Some(one), idle, of("high", Tier::Simple, 10));
    assert_eq!(same, of("high", Tier::Reasoning, 10));
    let known = |held: SessionPin| [(answers(7, TENANT), held)];
    let (model, tier, cause, _) = follows(&config, &known(same), tool_answer("resp_9"));
    assert_eq!((model.as_str(), tier, cause), ("high", "REASONING", "state"));
    let several = one_more(Some(same), idle, of("low", Tier::Simple, 5));
    assert_eq!(follows(&config, &known(several), tool_answer("resp_9")).2, "unknown_state");
    let still = one_more(Some(several), idle, of("low", Tier::Simple, 1));
    assert_eq!(follows(&config, &known(still), tool_answer("resp_9")).2, "unknown_state");
    // After a while it begins anew.
    let before = of("high", Tier::Reasoning, 400);
    let anew = one_more(Some(before), idle, of("low", Tier::Simple, 1));
    assert_eq!(follows(&config, &known(anew), tool_answer("resp_9")).0, "low");
    assert_eq!(follows(&config, &known(before), tool_answer("resp_9")).2, "unknown_state");
    let conversation = json!({"conversation": "conv_9", "input": "Hello!"});
    assert_eq!(follows(&config, &known(same), conversation).2, "unknown_state", "that is no answer");
}

#[test]
fn another_client_s_answers_are_not_known() {
    let config = config(json!({}));
    let known = [(answer(7, b"mallory's key", b"resp_1"), SessionPin::by("high", Tier::Reasoning, NOW))];
    assert_eq!(follows(&config, &known, tool_answer("resp_1")).2, "unknown_state");
}

#[test]
fn what_a_model_has_made_stays_with_it_where_its_conversation_is_not_routed() {
    let known = [made("resp_1", "high", Tier::Reasoning)];
    let none = config(json!({"profiles": {"auto": {"percent": 0}}}));
    assert_eq!(follows(&none, &known, tool_answer("resp_1")).2, "state");
    assert_eq!(follows(&none, &[], tool_answer("resp_1")).2, "control");
    let shadow = config(json!({"mode": "shadow"}));
    assert_eq!(follows(&shadow, &known, tool_answer("resp_1")).2, "shadow", "nothing is carried out");
}
