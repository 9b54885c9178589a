//! What the filter reports: response headers, metrics, filter state, logs. And what it never reports.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::fixture::{
    CHAT, CONFIG, GREETING, PROOF, assert_sound, chat, config_with_response, exchange, start,
};
use crate::host::{Headers, Request, Response, Vm};

/// A word that stands in prompts and nowhere else.
const CANARY: &str = "zebrafinch";

/// Host calls of one routed request and its response, for `docs/phases.md`.
const MOST_HOST_CALLS: u64 = 20;

fn own_headers(headers: &Headers) -> BTreeMap<String, String> {
    let text = |value: &[u8]| String::from_utf8(value.to_vec()).expect("our headers are text");
    headers
        .iter()
        .filter(|(name, _)| name.starts_with("x-tiergate-"))
        .map(|(name, value)| (name.to_owned(), text(value)))
        .collect()
}

#[test]
fn the_client_is_told_as_much_as_configured() {
    let basic = ["x-tiergate-cause", "x-tiergate-model", "x-tiergate-tier"];
    let full = [
        "x-tiergate-cause",
        "x-tiergate-confidence",
        "x-tiergate-model",
        "x-tiergate-profile",
        "x-tiergate-savings",
        "x-tiergate-score",
        "x-tiergate-tier",
    ];
    for (detail, names) in [("none", &[][..]), ("basic", &basic[..]), ("full", &full[..])] {
        let config = config_with_response(detail);
        let mut vm = Vm::start(&config).unwrap_or_else(|refused| panic!("{}", refused.text()));
        let (_, response) = exchange(&mut vm, &Request::post(CHAT, chat("smart/auto", GREETING)));
        let told = own_headers(&response.headers);
        assert_eq!(told.keys().map(String::as_str).collect::<Vec<_>>(), names, "{detail}");
        if detail == "full" {
            assert_eq!(told["x-tiergate-model"], "tiny");
            assert_eq!(told["x-tiergate-tier"], "SIMPLE");
            assert_eq!(told["x-tiergate-profile"], "auto");
            let number =
                |name: &str| told[name].parse::<f64>().unwrap_or_else(|_| panic!("{name}: {}", told[name]));
            assert!((0.0..0.5).contains(&number("x-tiergate-score")), "a greeting is easy");
            assert!((0.5..=1.0).contains(&number("x-tiergate-confidence")));
            assert!((0.98..=1.0).contains(&number("x-tiergate-savings")), "tiny costs a hundredth of deep");
        }
    }
}

#[test]
fn streams_are_told_too_and_never_held() {
    let mut vm = start();
    let outcome = vm.request(&Request::post(CHAT, chat("smart/auto", GREETING)));
    let events = ["data: {\"a", "\":1}\n\n", "", "data: [DONE]\n\n", ""];
    let answer = Response::new(200).header("content-type", "text/event-stream");
    let answer = events.iter().fold(answer, |answer, event| answer.chunk(event));
    let response = vm.respond(outcome.stream, &answer);
    assert!(response.forwarded && !response.held);
    assert_eq!(response.body, events.concat().as_bytes());
    assert_eq!(response.header("x-tiergate-cause"), Some("score"));
    let outcome = vm.request(&Request::post(CHAT, chat("smart/auto", GREETING)));
    let response = vm.respond(outcome.stream, &Response::json("{}").trailers(&[("grpc-status", "0")]));
    assert!(response.forwarded && !response.held && response.trailers.is_some());
}

#[test]
fn an_upstream_cannot_speak_for_the_filter() {
    let mut vm = start();
    let outcome = vm.request(&Request::post(CHAT, chat("smart/auto", GREETING)));
    let response = vm.respond(outcome.stream, &Response::new(200).header("x-tiergate-model", "forged"));
    assert_eq!(response.header("x-tiergate-model"), Some("tiny"));
}

#[test]
fn every_decision_is_counted_once() {
    let mut vm = start();
    vm.process().clock().set_step(Duration::from_micros(3));
    let hello = Request::post(CHAT, chat("smart/auto", GREETING));
    for request in [
        &hello,
        &hello,
        &Request::post(CHAT, chat("smart/auto", PROOF)),
        &Request::post(CHAT, chat("gpt-x", GREETING)),
        &Request::post(CHAT, chat("gpt-y", GREETING)),
        &Request::new("POST", CHAT),
        &Request::new("GET", "/healthz"),
    ] {
        exchange(&mut vm, request);
    }
    let metrics = vm.process().metrics();
    let counted = |profile: &str, tier: &str, model: &str, cause: &str| {
        metrics
            .counter(&format!("tiergate.requests;profile={profile};tier={tier};model={model};cause={cause}"))
    };
    assert_eq!(counted("auto", "SIMPLE", "tiny", "score"), 2, "{:?}", metrics.counters());
    assert_eq!(counted("auto", "REASONING", "deep", "score"), 1, "{:?}", metrics.counters());
    assert_eq!(
        counted("none", "none", "other", "pinned"),
        2,
        "unknown names make no series: {:?}",
        metrics.counters()
    );
    assert_eq!(counted("none", "none", "other", "no_body"), 1, "{:?}", metrics.counters());
    let requests = metrics.counters().into_iter().filter(|(name, _)| name.starts_with("tiergate.requests;"));
    assert_eq!(requests.map(|(_, count)| count).sum::<u64>(), 6);
    assert_eq!(metrics.histograms().len(), 1);
    let times = metrics.histogram("tiergate.decision_us");
    assert_eq!(times.len(), 6);
    assert!(times.iter().all(|micros| (1..100).contains(micros)), "microseconds: {times:?}");
}

#[test]
fn costs_are_added_up_beside_the_baselines() {
    let mut vm = start();
    let costs = |vm: &Vm| {
        let metrics = vm.process().metrics();
        ["tiergate.cost_nanousd", "tiergate.baseline_cost_nanousd"].map(|name| metrics.counter(name))
    };
    exchange(&mut vm, &Request::post(CHAT, chat("gpt-x", GREETING)));
    assert_eq!(costs(&vm), [0, 0], "nothing is known of what a pinned model saves");

    exchange(&mut vm, &Request::post(CHAT, chat("smart/auto", GREETING)));
    let [cheap, dear] = costs(&vm);
    assert!(cheap > 0);
    assert!((99 * cheap..=101 * cheap).contains(&dear), "tiny costs a hundredth of deep: {cheap} {dear}");

    exchange(&mut vm, &Request::post(CHAT, chat("smart/auto", PROOF)));
    let [cost, baseline] = costs(&vm);
    assert!(cost > cheap);
    assert_eq!(cost - cheap, baseline - dear, "deep is the baseline");
}

#[test]
fn a_model_without_a_price_adds_nothing_to_the_costs() {
    let config = CONFIG.replace(r#""input_price": 0.1, "output_price": 0.4,"#, "");
    assert_ne!(config, CONFIG);
    let mut vm = Vm::start(&config).unwrap_or_else(|refused| panic!("{}", refused.text()));
    exchange(&mut vm, &Request::post(CHAT, chat("smart/auto", GREETING)));
    let counters = vm.process().metrics().counters();
    assert!(counters.keys().all(|name| !name.contains("cost")), "{counters:?}");
}

#[test]
fn the_access_log_knows_the_decision() {
    let mut vm =
        Vm::start(&config_with_response("none")).unwrap_or_else(|refused| panic!("{}", refused.text()));
    vm.process().clock().set_step(Duration::from_micros(3));
    let (outcome, _) = exchange(&mut vm, &Request::post(CHAT, chat("smart/auto", GREETING)));
    let decision = outcome.decision();
    for (name, value) in [("model", "tiny"), ("tier", "SIMPLE"), ("profile", "auto"), ("cause", "score")] {
        assert_eq!(decision[name], value, "{decision}");
    }
    for number in ["score", "confidence", "savings", "decision_us"] {
        assert!(decision[number].is_number(), "{decision}");
    }
    let (outcome, _) = exchange(&mut vm, &Request::post(CHAT, chat("gpt-x", GREETING)));
    assert_eq!(outcome.decision()["cause"], "pinned");
}

#[test]
fn no_prompt_text_is_ever_told() {
    tells_no_prompt_text("{");
}

#[test]
fn no_prompt_text_is_told_of_conversations_and_decisions_that_are_not_carried_out() {
    tells_no_prompt_text(r#"{"session": {"mode": "pinned"}, "fallbacks": {"litellm": true},"#);
    tells_no_prompt_text(
        r#"{"mode": "shadow", "session": {"mode": "pinned"}, "fallbacks": {"enabled": true},"#,
    );
}

fn tells_no_prompt_text(more: &str) {
    let config = config_with_response("full").replacen('{', more, 1);
    let mut vm = Vm::start(&config).unwrap_or_else(|refused| panic!("{}", refused.text()));
    let prompt = format!("{CANARY} prove step by step {CANARY}");
    let valid = chat("smart/auto", &prompt);
    let mut odd = valid.clone().into_bytes();
    odd.splice(odd.len() - 6..odd.len() - 6, *b"\xff\xfe");
    let mut bodies: Vec<Vec<u8>> = vec![valid.clone().into_bytes(), odd, chat("gpt-x", &prompt).into_bytes()];
    bodies.extend((1..valid.len()).map(|end| valid.as_bytes()[..end].to_vec()));
    bodies.push(format!("{CANARY} is no JSON").into_bytes());
    bodies.push(
        format!(r#"{{"model":"smart/auto","{CANARY}":"{CANARY}","user":"{CANARY}","messages":"{CANARY}"}}"#)
            .into_bytes(),
    );
    bodies.push(
        format!(
            r#"{{"model":"smart/auto","system":"{CANARY}","tools":[{{"name":"{CANARY}"}}],"max_tokens":"{CANARY}",
            "messages":[{{"role":"{CANARY}","content":"{CANARY}"}},{{"role":"user","content":[{{"type":"{CANARY}"}}]}}]}}"#
        )
        .into_bytes(),
    );
    for body in &bodies {
        for path in [
            CHAT,
            "/v1/messages",
            "/v1/responses",
            "/v1/completions",
            "/v1beta/models/smart/auto:generateContent",
        ] {
            let outcome = vm.request(&Request::post(path, body));
            assert_sound(&outcome);
            let response = vm.respond(outcome.stream, &Response::json(body));
            let state = vm.finish(outcome.stream);
            let told = format!("{:?} {:?} {:?} {:?}", outcome.headers, outcome.logs, response.headers, state);
            assert!(!told.contains(CANARY), "{path}: {:?}\n{told}", String::from_utf8_lossy(body));
        }
    }
    let logs = format!("{:?}", vm.logs());
    assert!(!logs.contains(CANARY), "{logs}");
    let process = vm.process();
    assert!(process.metrics().names().iter().all(|name| !name.contains(CANARY)));
    let shared = format!(
        "{:?}",
        process
            .shared_data()
            .iter()
            .map(|(key, value)| (key.to_owned(), String::from_utf8_lossy(value).into_owned()))
            .collect::<Vec<_>>()
    );
    assert!(!shared.contains(CANARY), "{shared}");
}

#[test]
fn an_ordinary_request_is_not_worth_a_log_line() {
    let mut vm = start();
    let (outcome, _) = exchange(&mut vm, &Request::post(CHAT, chat("smart/auto", GREETING)));
    assert_eq!(outcome.logs, []);
}

#[test]
fn host_calls_are_few() {
    let mut vm = start();
    let request = Request::post(CHAT, chat("smart/auto", GREETING));
    exchange(&mut vm, &request);
    vm.take_host_calls();
    exchange(&mut vm, &request);
    let calls = vm.take_host_calls();
    for ((callback, function), count) in &calls {
        println!("{count} {function} in {callback}");
    }
    let total: u64 = calls.values().sum();
    println!("{total} host calls for a routed request");
    assert!(total <= MOST_HOST_CALLS, "{total}: {calls:?}");

    let outcome = vm.request(&request);
    vm.take_host_calls();
    vm.respond(outcome.stream, &Response::json("{}"));
    let calls = vm.take_host_calls();
    let clock = calls.iter().filter(|((_, function), _)| *function == "proxy_get_current_time_nanoseconds");
    let clock: u64 = clock.map(|(_, count)| count).sum();
    assert_eq!(clock, 1, "a body that comes at once begins when it ends: {calls:?}");

    exchange(&mut vm, &Request::new("GET", "/healthz"));
    let calls = vm.take_host_calls();
    assert!(calls.values().sum::<u64>() <= 3, "what is no LLM call costs next to nothing: {calls:?}");
}

#[test]
fn a_pinned_conversation_costs_few_host_calls() {
    let pinned = CONFIG.replacen('{', r#"{"session": {"mode": "pinned"},"#, 1);
    let mut vm = Vm::start(&pinned).unwrap_or_else(|refused| panic!("{}", refused.text()));
    let request = Request::post(CHAT, chat("smart/auto", GREETING));
    exchange(&mut vm, &request);
    vm.take_host_calls();
    exchange(&mut vm, &request);
    let calls = vm.take_host_calls();
    let total: u64 = calls.values().sum();
    assert!(total <= MOST_HOST_CALLS + 5, "{total}: {calls:?}");
    assert!(
        !calls.keys().any(|(_, function)| *function == "proxy_set_shared_data"),
        "nothing new: {calls:?}"
    );
}

#[test]
fn an_answer_that_its_provider_keeps_costs_few_host_calls() {
    let mut vm = start();
    let request = |previous: Option<&str>| {
        let mut body = serde_json::json!({"model": "smart/auto", "input": GREETING});
        if let Some(previous) = previous {
            body["previous_response_id"] = previous.into();
        }
        Request::post("/v1/responses", body.to_string())
    };
    let mut asked = |previous: Option<&str>, id: &str| {
        let outcome = vm.request(&request(previous));
        vm.respond(outcome.stream, &Response::json(format!(r#"{{"id": "{id}", "output": []}}"#)));
        vm.finish(outcome.stream);
        let calls = vm.take_host_calls();
        let of = |name: &str| {
            calls.iter().filter(|((_, function), _)| *function == name).map(|(_, count)| count).sum::<u64>()
        };
        (of("proxy_get_shared_data"), of("proxy_set_shared_data"), calls.values().sum::<u64>())
    };
    asked(None, "resp_1");
    let (reads, writes, all) = asked(None, "resp_2");
    assert!((reads, writes) <= (3, 1) && all <= MOST_HOST_CALLS + 8, "{reads} {writes} {all}");
    let (reads, writes, _) = asked(Some("resp_2"), "resp_3");
    assert!((reads, writes) <= (5, 1), "{reads} {writes}");
}

#[test]
fn a_worker_is_small() {
    let mut vm = Vm::start(CONFIG).unwrap_or_else(|refused| panic!("{}", refused.text()));
    let idle = vm.memory_size();
    exchange(&mut vm, &Request::post(CHAT, chat("smart/auto", &"x ".repeat(500_000))));
    println!("{idle} bytes idle, {} after a body of 1 MB", vm.memory_size());
    assert!(idle < 6_000_000, "{idle}");
    assert!(vm.memory_size() < idle + (6 << 20), "{}", vm.memory_size());
}
