//! Shadow mode and percentages: what is decided and not done.

use std::time::Duration;

use serde_json::json;

use crate::fixture::{CHAT, CONFIG, GREETING, PROOF, chat, exchange, model_in};
use crate::host::{Outcome, Request, Response, ResponseOutcome, Vm};

/// `CONFIG` with a mode, and with a part of profile `auto`. `mid` is its default model.
fn start(mode: &str, part: &str) -> Vm {
    let more = format!(r#"{{"mode": "{mode}", "profiles": {{"auto": {part}}}, "#);
    let config = CONFIG.replacen('{', &more, 1);
    Vm::start(&config).unwrap_or_else(|refused| panic!("{}", refused.text()))
}

fn ask(vm: &mut Vm, body: &str) -> (Outcome, ResponseOutcome) {
    exchange(vm, &Request::post(CHAT, body))
}

/// A conversation after so many more turns.
fn conversation(first: &str, turns: usize, user: Option<&str>) -> String {
    let mut messages = vec![json!({"role": "user", "content": first})];
    for turn in 0..turns {
        messages.push(json!({"role": "assistant", "content": "Done."}));
        messages.push(json!({"role": "user", "content": format!("{PROOF} {turn}")}));
    }
    let mut body = json!({"model": "smart/auto", "messages": messages});
    if let Some(user) = user {
        body["user"] = json!(user);
    }
    body.to_string()
}

#[test]
fn in_shadow_mode_the_default_model_serves_and_the_decision_is_told() {
    let mut vm = start("shadow", "{}");
    let (outcome, response) = ask(&mut vm, &chat("smart/auto", PROOF));
    assert_eq!(model_in(&outcome.body), "vendor/mid-2");
    for (name, value) in [("cluster", "middle"), ("model", "mid")] {
        assert_eq!(outcome.header(&format!("x-tiergate-{name}")), Some(value));
    }
    assert_eq!(outcome.header("x-gateway-model-name"), Some("vendor/mid-2"));
    assert_eq!(outcome.header("x-tiergate-tier"), None, "the upstream serves no tier");
    for (name, value) in [
        ("model", Some("mid")),
        ("tier", None),
        ("cause", Some("shadow")),
        ("shadow-model", Some("deep")),
        ("shadow-tier", Some("REASONING")),
        ("shadow-cause", Some("score")),
    ] {
        assert_eq!(response.header(&format!("x-tiergate-{name}")), value, "{name}");
    }
    let line = outcome.decision();
    assert_eq!((&line["model"], &line["cause"]), (&json!("mid"), &json!("shadow")));
    assert_eq!(
        line["shadow"],
        json!({"model": "deep", "tier": "REASONING", "profile": "auto", "cause": "score"})
    );
}

#[test]
fn in_shadow_mode_nothing_changes_where_control_is_unchanged() {
    let part = r#"{"control": "unchanged"}"#;
    let mut vm = start("shadow", part);
    let gemini = "/v1beta/models/smart/auto:generateContent";
    let contents = format!(r#"{{"contents":[{{"parts":[{{"text":"{PROOF}"}}]}}]}}"#);
    for (path, body, encoding, cause) in [
        (CHAT, &*chat("smart/auto", PROOF), "identity", "shadow"),
        (CHAT, r#"{"model":"smart/auto","messages":["#, "identity", "unparsable"),
        (gemini, &*contents, "identity", "shadow"),
        (gemini, "zzz", "br", "encoded"),
    ] {
        let request = Request::post(path, body).header("content-encoding", encoding);
        let (outcome, response) = exchange(&mut vm, &request);
        assert_eq!((&*outcome.body, outcome.header(":path")), (body.as_bytes(), Some(path)));
        assert_eq!(outcome.header("x-tiergate-cluster"), Some("pool"));
        for name in ["x-tiergate-model", "x-tiergate-tier", "x-gateway-model-name"] {
            assert_eq!(outcome.header(name), None, "{name} of {path} {body}");
        }
        assert_eq!(response.header("x-tiergate-cause"), Some(cause), "{path} {body}");
    }
}

#[test]
fn a_model_that_clients_ask_for_already_is_watched_as_it_is() {
    let more = r#"{"mode": "shadow", "profiles": {"auto": {"control": "unchanged"}},
        "virtual_models": {"big": "auto", "wee": "auto"}, "#;
    let mut vm =
        Vm::start(&CONFIG.replacen('{', more, 1)).unwrap_or_else(|refused| panic!("{}", refused.text()));
    for (asked, model, cluster) in [("big", "big", "large"), ("wee", "tiny", "small")] {
        let body = chat(asked, PROOF);
        let (outcome, response) = ask(&mut vm, &body);
        assert_eq!(outcome.body, body.as_bytes());
        assert_eq!(outcome.header("x-tiergate-cluster"), Some(cluster));
        assert_eq!(response.header("x-tiergate-model"), Some(model));
        assert_eq!(response.header("x-tiergate-shadow-model"), Some("deep"));
    }
}

#[test]
fn headers_that_clients_forge_are_removed_in_shadow_mode_too() {
    let mut vm = start("shadow", r#"{"control": "unchanged"}"#);
    let request = Request::post(CHAT, chat("smart/auto", GREETING))
        .header("x-tiergate-cluster", "elsewhere")
        .header("x-tiergate-model", "forged");
    let (outcome, _) = exchange(&mut vm, &request);
    assert_eq!(outcome.header("x-tiergate-cluster"), Some("pool"));
    assert_eq!(outcome.header("x-tiergate-model"), None);
}

#[test]
fn what_was_done_and_what_was_not_are_counted_apart() {
    let mut vm = start("shadow", "{}");
    for prompt in [PROOF, PROOF, GREETING] {
        ask(&mut vm, &chat("smart/auto", prompt));
    }
    ask(&mut vm, &chat("gpt-x", PROOF));
    let metrics = vm.process().metrics();
    let count = |name: &str| metrics.counter(name);
    assert_eq!(count("tiergate.requests;profile=auto;tier=none;model=mid;cause=shadow"), 3);
    assert_eq!(count("tiergate.requests;profile=none;tier=none;model=other;cause=pinned"), 1);
    assert_eq!(count("tiergate.requests_shadow;profile=auto;tier=REASONING;model=deep;cause=score"), 2);
    assert_eq!(count("tiergate.requests_shadow;profile=auto;tier=SIMPLE;model=tiny;cause=score"), 1);
    let shadow =
        metrics.counters().into_iter().filter(|(name, _)| name.starts_with("tiergate.requests_shadow"));
    assert_eq!(shadow.count(), 2, "{:?}", metrics.counters());

    // Per token deep costs ten times what mid costs, which served; tiny a tenth.
    let (done, not_done) = (count("tiergate.control_cost_nanousd"), count("tiergate.shadow_cost_nanousd"));
    assert_eq!(count("tiergate.cost_nanousd"), done, "cost is of what was done");
    let ratio = not_done as f64 / done as f64;
    assert!((6.0..7.5).contains(&ratio), "two of ten and one of a tenth, in three: {ratio}");
}

#[test]
fn a_conversation_stays_on_its_side() {
    let mut vm = start("route", r#"{"percent": 50}"#);
    let mut sides = [0, 0];
    for n in 0..40 {
        let first = format!("{GREETING} {n}");
        let mut routed = |turns, user| {
            let (_, response) = ask(&mut vm, &conversation(&first, turns, user));
            response.header("x-tiergate-cause") != Some("control")
        };
        let side = routed(0, None);
        for turns in [1, 2, 40] {
            assert_eq!(routed(turns, None), side, "{first}, {turns} turns later");
        }
        sides[usize::from(side)] += 1;
    }
    assert!(sides.iter().all(|n| *n >= 8), "{sides:?}");
}

#[test]
fn users_with_the_same_words_are_told_apart() {
    let mut vm = start("route", r#"{"percent": 50}"#);
    let routed = (0..40).filter(|n| {
        let body = conversation(GREETING, 0, Some(&format!("user-{n}")));
        let (_, response) = ask(&mut vm, &body);
        response.header("x-tiergate-cause") != Some("control")
    });
    let routed = routed.count();
    assert!((8..=32).contains(&routed), "{routed} of 40");
}

#[test]
fn outside_of_the_part_the_control_serves() {
    for (control, model, cluster) in
        [("default_model", "vendor/mid-2", "middle"), ("unchanged", "smart/auto", "pool")]
    {
        let mut vm = start("route", &format!(r#"{{"percent": 0, "control": "{control}"}}"#));
        let (outcome, response) = ask(&mut vm, &chat("smart/auto", PROOF));
        assert_eq!(model_in(&outcome.body), model);
        assert_eq!(outcome.header("x-tiergate-cluster"), Some(cluster));
        assert_eq!(response.header("x-tiergate-cause"), Some("control"));
        assert_eq!(response.header("x-tiergate-shadow-model"), Some("deep"));
    }
}

#[test]
fn inside_of_the_part_all_is_as_without_it() {
    let mut vm = start("route", r#"{"percent": 99.99}"#);
    let mut plain = start("route", "{}");
    for prompt in [GREETING, PROOF] {
        let (with, told) = ask(&mut vm, &chat("smart/auto", prompt));
        let (without, expected) = ask(&mut plain, &chat("smart/auto", prompt));
        assert_eq!(with.body, without.body);
        for name in ["x-tiergate-model", "x-tiergate-tier", "x-tiergate-cause", "x-tiergate-shadow-model"] {
            assert_eq!(told.header(name), expected.header(name), "{name}");
        }
    }
}

#[test]
fn the_profile_that_was_asked_for_says_how_much() {
    let more = r#"{"profiles": {"auto": {"agentic_profile": "agentic"}, "agentic": {"percent": 0}}, "#;
    let mut vm =
        Vm::start(&CONFIG.replacen('{', more, 1)).unwrap_or_else(|refused| panic!("{}", refused.text()));
    let tools = r#"{"tools":[{"type":"function","function":{"name":"f"}}],"#;
    let body = |model: &str| chat(model, GREETING).replacen('{', tools, 1);
    let (_, response) = ask(&mut vm, &body("smart/auto"));
    assert_ne!(response.header("x-tiergate-cause"), Some("control"));
    let (_, response) = ask(&mut vm, &body("smart/agentic"));
    assert_eq!(response.header("x-tiergate-cause"), Some("control"));
}

#[test]
fn what_is_not_done_holds_no_conversation_and_who_serves_is_watched() {
    for (mode, serves, other, held) in [("shadow", "mid", "deep", 0), ("route", "deep", "mid", 1)] {
        let more = format!(r#"{{"mode": "{mode}", "session": {{"mode": "pinned"}}, "#);
        let mut vm =
            Vm::start(&CONFIG.replacen('{', &more, 1)).unwrap_or_else(|refused| panic!("{}", refused.text()));
        let gauge = |vm: &mut Vm, model: &str| {
            vm.process().clock().advance(Duration::from_secs(1));
            vm.tick();
            vm.process().metrics().gauge(&format!("tiergate.in_flight;model={model}"))
        };
        let outcome = vm.request(&Request::post(CHAT, chat("smart/auto", PROOF)));
        assert_eq!((gauge(&mut vm, serves), gauge(&mut vm, other)), (Some(1), None), "{mode}");
        vm.respond(outcome.stream, &Response::new(200));
        vm.finish(outcome.stream);
        assert_eq!((gauge(&mut vm, serves), gauge(&mut vm, other)), (Some(0), None), "{mode}");
        let ended = |model: &str| {
            vm.process().metrics().counter(&format!("tiergate.attempts;model={model};outcome=ok"))
        };
        assert_eq!((ended(serves), ended(other)), (1, 0), "{mode}");
        let data = vm.process().shared_data();
        let place = |key: &&str| key.strip_prefix("tiergate.session.").is_some_and(|place| place != "salt");
        assert_eq!(data.keys().filter(place).count(), held, "{mode}: {:?}", data.keys().collect::<Vec<_>>());
    }
}

/// For `docs/phases.md`.
#[test]
fn what_is_not_done_costs_little() {
    let mut vm = start("shadow", "{}");
    let request = Request::post(CHAT, chat("smart/auto", GREETING));
    for _ in 0..2 {
        vm.take_host_calls();
        exchange(&mut vm, &request);
    }
    let calls = vm.take_host_calls();
    assert!(calls.values().sum::<u64>() <= 24, "{calls:?}");
}
