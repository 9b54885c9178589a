//! The table of causes: each word of the closed list is reached, and no other is ever reported.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tiergate_core::engine::Cause;

use crate::fixture::{CHAT, CONFIG, GREETING, NEUTRAL, PROOF, assert_sound, chat};
use crate::host::{Request, Response, Vm};
use crate::signals::fleet::{Fleet, config as with_signals};

/// `CONFIG` with these keys too.
fn config(more: Value) -> String {
    let mut document: Value = serde_json::from_str(CONFIG).unwrap();
    merge(&mut document, more);
    document.to_string()
}

fn merge(into: &mut Value, more: Value) {
    match more {
        Value::Object(more) => more.into_iter().for_each(|(key, value)| merge(&mut into[key], value)),
        value => *into = value,
    }
}

fn vm(more: Value) -> Vm {
    Vm::start(&config(more)).unwrap_or_else(|refused| panic!("{}", refused.text()))
}

/// Sends a request and answers it with this status. The cause that the client gets.
fn told(vm: &mut Vm, request: &Request, status: u32) -> String {
    let outcome = vm.request(request);
    assert_sound(&outcome);
    let response = vm.respond(outcome.stream, &Response::new(status));
    let cause = response.header("x-tiergate-cause").unwrap_or("none").to_owned();
    vm.finish(outcome.stream);
    assert_eq!(vm.trap(), None);
    cause
}

/// The cause that a client gets whose request the filter answers.
fn answered(request: &Request) -> String {
    let answer = vm(json!({})).request(request).local_response.unwrap();
    String::from_utf8(answer.headers.get("x-tiergate-cause").unwrap().to_vec()).unwrap()
}

fn asked(vm: &mut Vm, body: &str) -> String {
    told(vm, &Request::post(CHAT, body), 200)
}

/// What an instance of the filter reports of the last of these bodies.
fn last(more: Value, bodies: &[String]) -> String {
    let mut vm = vm(more);
    bodies.iter().map(|body| asked(&mut vm, body)).last().unwrap()
}

fn greeting() -> String {
    chat("smart/auto", GREETING)
}

/// A chat with these fields.
fn with(prompt: &str, more: Value) -> String {
    let mut body: Value = serde_json::from_str(&chat("smart/auto", prompt)).unwrap();
    merge(&mut body, more);
    body.to_string()
}

fn conversation(turns: &[&str]) -> String {
    let role = |place: usize| if place.is_multiple_of(2) { "user" } else { "assistant" };
    let turns: Vec<Value> =
        turns.iter().enumerate().map(|(n, text)| json!({"role": role(n), "content": text})).collect();
    json!({"model": "smart/auto", "messages": turns}).to_string()
}

const RESPONSES: &str = "/v1/responses";

/// A short reply to an answer that the provider keeps.
fn follow_up() -> Request {
    let body = json!({"model": "smart/auto", "previous_response_id": "resp_1", "input": "Hello!"});
    Request::post(RESPONSES, body.to_string())
}

/// What leads to each cause.
fn reach(cause: Cause) -> String {
    let plain = |body: String| last(json!({}), &[body]);
    match cause {
        Cause::Score => plain(greeting()),
        Cause::Ambiguous => last(json!({"scorer": "rules"}), &[chat("smart/auto", NEUTRAL)]),
        Cause::Abstain => plain(chat("smart/auto", "qwrtz")),
        Cause::SecondOpinion => {
            let mut vm = vm(json!({"classifier": {"model": "judge", "cluster": "judges", "band": 1.0}}));
            let stream = vm.request(&Request::post(CHAT, greeting())).stream;
            let token = vm.dispatches()[0].token;
            vm.answer(token, crate::opinion::says(r#"{"tier": "COMPLEX"}"#));
            assert_sound(&vm.outcome(stream));
            let response = vm.respond(stream, &Response::new(200));
            response.header("x-tiergate-cause").unwrap_or("none").to_owned()
        }
        Cause::History => plain(conversation(&[PROOF, "Suppose not.", "continue"])),
        Cause::Correction => plain(conversation(&[PROOF, "Suppose not.", "that is wrong, try again"])),
        Cause::Chore => {
            let ask =
                "Write a title of five words for this conversation, nothing else.\nConversation:\nUser: ";
            plain(chat(
                "smart/auto",
                &format!("{ask}{PROOF}\nAssistant: Suppose not. Then there is a contradiction."),
            ))
        }
        Cause::OverrideReasoning => last(json!({"scorer": "rules"}), &[chat("smart/auto", PROOF)]),
        Cause::OverrideContext => {
            let long = "What is the capital of France? ".repeat(15_000);
            plain(conversation(&[&long, "I see.", GREETING]))
        }
        Cause::FloorStructured => plain(with(GREETING, json!({"response_format": {"type": "json_object"}}))),
        Cause::NoCoder => last(json!({"models": {"tiny": {"coder": true}}}), &[greeting()]),
        Cause::Stalled => {
            let call = json!({"role": "assistant", "tool_calls": [{"id": "1", "type": "function",
                "function": {"name": "run", "arguments": "{}"}}]});
            let failed = json!({"role": "tool", "tool_call_id": "1", "content": "Error: no such file"});
            let ask = json!({"role": "user", "content": GREETING});
            let body = json!({"model": "smart/auto", "messages": [ask, call, failed, call, failed]});
            last(json!({"overrides": {"stall_repeats": 2}}), &[body.to_string()])
        }
        Cause::Rule => {
            let rule = json!([{"name": "hello", "keywords": ["hello"], "tier": "COMPLEX"}]);
            last(json!({"routing_rules": rule}), &[greeting()])
        }
        Cause::Hint => {
            let mut vm = vm(json!({"client_hints": {"header": "x-key", "value": "a-long-secret"}}));
            let hinted = Request::post(CHAT, greeting()).header("x-key", "a-long-secret");
            told(&mut vm, &hinted.header("x-tiergate-min-tier", "COMPLEX"), 200)
        }
        Cause::Tenant => last(
            json!({"tenants": {"header": "x-tenant", "policies": {"*": {"min_tier": "COMPLEX"}}}}),
            &[greeting()],
        ),
        Cause::Budget => {
            let policies = json!({"*": {"daily_budget_usd": 0}});
            last(
                json!({"tenants": {"header": "x-tenant", "policies": policies}}),
                &[chat("smart/auto", PROOF)],
            )
        }
        Cause::Session => {
            let easy = "What is the capital of France?";
            let talk = [conversation(&[PROOF]), conversation(&[PROOF, "Done.", easy])];
            last(json!({"session": {"mode": "pinned"}}), &talk)
        }
        Cause::State => {
            let mut vm = vm(json!({}));
            let first = vm.request(&Request::post(
                RESPONSES,
                json!({"model": "smart/auto", "input": PROOF}).to_string(),
            ));
            vm.respond(first.stream, &Response::json(r#"{"id": "resp_1", "object": "response"}"#));
            vm.finish(first.stream);
            told(&mut vm, &follow_up(), 200)
        }
        Cause::UnknownState => told(&mut vm(json!({})), &follow_up(), 200),
        Cause::Momentum => {
            let mut fleet = Fleet::surging(1, &with_signals(&json!({})));
            asked(&mut fleet.workers[0], &greeting())
        }
        Cause::Health => {
            let mut vm = vm(json!({"tiers": {"SIMPLE": ["tiny", "mid"]}, "live": {"allowed_fails": 0}}));
            told(&mut vm, &Request::post(CHAT, greeting()), 500);
            asked(&mut vm, &greeting())
        }
        Cause::Strategy => {
            let figures = |figure: u64| json!({"benchmarks": {"gpqa_diamond": figure}});
            let more = json!({
                "models": {"tiny": figures(10), "mid": figures(90), "big": figures(90), "deep": figures(90)},
                "completion": {"capability": 0.1, "difficulty": 0, "bias": -4},
                "profiles": {"auto": {"strategy": "completion"}},
            });
            last(more, &[greeting()])
        }
        Cause::Capability => {
            plain(with(GREETING, json!({"tools": [{"type": "function", "function": {"name": "f"}}]})))
        }
        Cause::NoCandidates => plain(with(GREETING, json!({"max_tokens": 900_000}))),
        Cause::NoPrompt => plain(r#"{"model":"smart/auto","messages":[]}"#.to_owned()),
        Cause::Shadow => last(json!({"mode": "shadow"}), &[greeting()]),
        Cause::Control => last(json!({"profiles": {"auto": {"percent": 0}}}), &[greeting()]),
        Cause::Group => last(json!({"groups": {"both": ["tiny", "mid"]}}), &[chat("both", GREETING)]),
        Cause::Pinned => plain(chat("tiny", GREETING)),
        Cause::SidePath => told(&mut vm(json!({})), &Request::post("/v1/embeddings", greeting()), 200),
        Cause::NoModel => plain(r#"{"temperature":1}"#.to_owned()),
        Cause::Unparsable => plain(greeting().trim_end_matches('}').to_owned()),
        Cause::Encoded => {
            let path = "/v1beta/models/smart/auto:generateContent";
            told(&mut vm(json!({})), &Request::post(path, "zzz").header("content-encoding", "br"), 200)
        }
        Cause::NoBody => told(&mut vm(json!({})), &Request::new("POST", CHAT), 200),
        Cause::NoSuchModel => answered(&Request::post(CHAT, chat("smart/nope", GREETING))),
        Cause::Refused => answered(&Request::post(CHAT, greeting()).header("content-encoding", "br")),
    }
}

#[test]
fn each_cause_is_reached() {
    for cause in Cause::ALL {
        assert_eq!(reach(cause), cause.name());
    }
    let names: BTreeSet<&str> = Cause::ALL.into_iter().map(Cause::name).collect();
    assert_eq!(names.len(), Cause::ALL.len());
}

#[test]
fn the_documented_table_is_the_list() {
    let design = include_str!("../../docs/design.md");
    let table = design.split("**Causes.**").nth(1).unwrap().split("\n\nWith `encoded`").next().unwrap();
    let documented: Vec<&str> =
        table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert_eq!(documented, Cause::ALL.map(Cause::name));
}
