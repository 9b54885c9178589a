//! Second opinions: a request waits for the classifier's answer, whatever that is, and goes on once.

use serde_json::{Value, json};

use crate::fixture::{CHAT, CONFIG, GREETING, NEUTRAL, assert_sound, chat, exchange, model_in};
use crate::host::{Answer, Outcome, Request, Response, Vm};

/// A word that stands in prompts and nowhere else.
const CANARY: &str = "zebrafinch";

/// An answer of the classifier with these words.
pub fn says(content: &str) -> Answer {
    let body = json!({"choices": [{"message": {"role": "assistant", "content": content}}]}).to_string();
    Answer::new(200, &[("content-type", "application/json")], body)
}

fn start(more: &Value) -> Vm {
    let mut document: Value = serde_json::from_str(CONFIG).unwrap();
    document["classifier"] = json!({"model": "judge", "cluster": "judges", "band": 1.0, "max_share": 1.0});
    for (key, value) in more.as_object().unwrap() {
        document["classifier"][key] = value.clone();
    }
    document["headers"]["response"] = json!("full");
    Vm::start(&document.to_string()).unwrap_or_else(|refused| panic!("{}", refused.text()))
}

/// A request that waits.
fn waiting(vm: &mut Vm, request: &Request) -> u32 {
    let outcome = vm.request(request);
    assert!(outcome.paused && !outcome.forwarded && outcome.trap.is_none(), "it waits: {outcome:?}");
    outcome.stream
}

/// The request goes on after this answer.
fn after(vm: &mut Vm, stream: u32, answer: Answer) -> (Outcome, String) {
    let token = vm.dispatches()[0].token;
    vm.answer(token, answer);
    let outcome = vm.outcome(stream);
    assert_sound(&outcome);
    let response = vm.respond(stream, &Response::new(200));
    let cause = response.header("x-tiergate-cause").unwrap().to_owned();
    vm.finish(stream);
    assert_eq!(vm.trap(), None);
    (outcome, cause)
}

fn greeting() -> Request {
    Request::post(CHAT, chat("smart/auto", GREETING))
}

#[test]
fn the_request_waits_and_goes_to_the_tier_that_is_named() {
    let mut vm = start(&json!({}));
    let stream = waiting(&mut vm, &greeting());
    let call = vm.dispatches()[0].clone();
    assert_eq!((call.cluster.as_str(), call.timeout.as_millis()), ("judges", 1000));
    let asked: Value = serde_json::from_slice(&call.body).unwrap();
    assert_eq!(asked["model"], "judge");
    assert!(asked["messages"][1]["content"].as_str().unwrap().contains(GREETING));
    let (outcome, cause) = after(&mut vm, stream, says(r#"{"tier": "REASONING"}"#));
    assert_eq!((model_in(&outcome.body).as_str(), cause.as_str()), ("deep", "second_opinion"));
    assert_eq!(outcome.headers.text("x-tiergate-tier"), Some("REASONING"));
    // The same ask is not asked again.
    let (outcome, response) = exchange(&mut vm, &greeting());
    assert_eq!(model_in(&outcome.body), "deep");
    assert_eq!(response.header("x-tiergate-cause"), Some("second_opinion"));
    let metrics = vm.process().metrics();
    assert_eq!(metrics.counter("tiergate.second_opinions;outcome=raises"), 1);
    assert_eq!(metrics.counter("tiergate.second_opinions;outcome=remembered"), 1);
    assert_eq!(metrics.histogram("tiergate.second_opinion_ms").len(), 1);
}

#[test]
fn whatever_comes_back_the_request_goes_on() {
    let answers = [
        ("broken", Answer::default()),
        ("timeout", Answer::new(504, &[], "upstream request timeout")),
        ("failed", Answer::new(503, &[], "")),
        ("failed", Answer { headers: Some(crate::host::Headers::new(&[("x", "y")])), ..Answer::default() }),
        ("refused", Answer::new(400, &[], "{}")),
        ("nonsense", says("REASONING")),
        ("nonsense", Answer::new(200, &[("content-type", "text/html")], "<html>")),
        ("nonsense", Answer::new(200, &[], vec![b' '; 1_000_000])),
    ];
    for (outcome, answer) in answers {
        let mut vm = start(&json!({}));
        let stream = waiting(&mut vm, &greeting());
        let (went, cause) = after(&mut vm, stream, answer);
        assert_eq!((model_in(&went.body).as_str(), cause.as_str()), ("tiny-1", "score"), "{outcome}");
        let name = format!("tiergate.second_opinions;outcome={outcome}");
        assert_eq!(vm.process().metrics().counter(&name), 1, "{outcome}");
    }
}

#[test]
fn a_client_that_leaves_costs_nothing_and_its_answer_reaches_nobody() {
    let mut vm = start(&json!({}));
    let stream = waiting(&mut vm, &greeting());
    vm.finish(stream);
    let token = vm.dispatches()[0].token;
    // Meanwhile another one asks.
    let other = waiting(&mut vm, &Request::post(CHAT, chat("smart/auto", NEUTRAL)));
    vm.answer(token, says(r#"{"tier": "REASONING"}"#));
    assert_eq!(vm.trap(), None);
    assert!(vm.outcome(other).paused, "the answer is another's");
    let (_, cause) = after(&mut vm, other, says(r#"{"tier": "MEDIUM"}"#));
    assert_eq!(cause, "second_opinion");
    assert_eq!(vm.process().metrics().counter("tiergate.second_opinions;outcome=left"), 1);
    assert!(vm.dispatches().is_empty());
}

#[test]
fn the_proxy_may_answer_a_request_that_waits() {
    let mut vm = start(&json!({}));
    let stream = waiting(&mut vm, &greeting());
    vm.respond(stream, &Response::new(408));
    vm.answer(vm.dispatches()[0].token, says(r#"{"tier": "REASONING"}"#));
    vm.finish(stream);
    assert_eq!(vm.trap(), None);
    assert_eq!(vm.process().metrics().counter("tiergate.second_opinions;outcome=left"), 1);
}

#[test]
fn the_same_ask_is_not_asked_twice_at_once() {
    let mut vm = start(&json!({}));
    let stream = waiting(&mut vm, &greeting());
    let (outcome, response) = exchange(&mut vm, &greeting());
    assert_eq!(response.header("x-tiergate-cause"), Some("score"), "the second one does not wait");
    assert_eq!(model_in(&outcome.body), "tiny-1");
    assert_eq!(vm.dispatches().len(), 1);
    after(&mut vm, stream, says(r#"{"tier": "MEDIUM"}"#));
}

#[test]
fn requests_with_trailers_and_packed_ones_wait_too() {
    let mut vm = start(&json!({}));
    let request = greeting().without("content-length").trailers(&[("x-checksum", "1")]);
    let stream = waiting(&mut vm, &request);
    let (outcome, _) = after(&mut vm, stream, says(r#"{"tier": "COMPLEX"}"#));
    assert_eq!(model_in(&outcome.body), "big");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut packed, chat("smart/auto", NEUTRAL).as_bytes()).unwrap();
    let request = Request::post(CHAT, packed.finish().unwrap()).header("content-encoding", "gzip");
    let stream = waiting(&mut vm, &request);
    let (outcome, _) = after(&mut vm, stream, says(r#"{"tier": "COMPLEX"}"#));
    assert_eq!(model_in(&outcome.body), "big");
    assert_eq!(outcome.header("content-encoding"), None);
}

#[test]
fn who_is_not_asked() {
    for (what, mut vm, body) in [
        ("it is sure", start(&json!({"band": 0.1})), chat("smart/auto", GREETING)),
        ("the client chose", start(&json!({})), chat("mid", GREETING)),
        ("there is no ask", start(&json!({})), r#"{"model":"smart/auto","messages":[]}"#.to_owned()),
    ] {
        exchange(&mut vm, &Request::post(CHAT, body));
        assert!(vm.dispatches().is_empty(), "{what}");
    }
}

#[test]
fn a_cluster_that_is_not_there_holds_nobody_up() {
    let mut vm = start(&json!({}));
    vm.process().set_clusters(&["small"]);
    let (_, response) = exchange(&mut vm, &greeting());
    assert_eq!(response.header("x-tiergate-cause"), Some("score"));
    assert_eq!(vm.process().metrics().counter("tiergate.second_opinions;outcome=not_sent"), 1);
}

#[test]
fn no_word_of_a_prompt_is_kept_where_others_read() {
    let mut vm = start(&json!({}));
    let stream = waiting(&mut vm, &Request::post(CHAT, chat("smart/auto", &format!("Hello, {CANARY}!"))));
    let (outcome, _) = after(&mut vm, stream, says(&format!("{CANARY} is REASONING")));
    assert!(
        !outcome
            .headers
            .iter()
            .any(|(_, value)| value.windows(CANARY.len()).any(|part| part == CANARY.as_bytes()))
    );
    let logged = vm.logs().iter().any(|line| line.message.contains(CANARY));
    let shared = vm.process().shared_data().iter().any(|(key, value)| {
        key.contains(CANARY) || value.windows(CANARY.len()).any(|part| part == CANARY.as_bytes())
    });
    assert!(!logged && !shared);
    assert!(!vm.process().metrics().names().iter().any(|name| name.contains(CANARY)));
}
