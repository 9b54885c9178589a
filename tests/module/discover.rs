//! The upstream's list of models: fetched by one worker, taken by all, and never a reason for a request to fail.

use serde_json::{Value, json};

use crate::fixture::{CHAT, GREETING, PROOF, chat, exchange, model_in};
use crate::host::{Answer, Request};
use crate::signals::fleet::Fleet;

const DOCUMENT: &str = r#"{"discover": {"cluster": "vllm", "every_seconds": 60}, "default_cluster": "vllm"}"#;

fn list(names: &[&str]) -> Answer {
    let data: Vec<Value> = names.iter().map(|name| json!({"id": name, "object": "model"})).collect();
    let body = json!({"object": "list", "data": data}).to_string();
    Answer::new(200, &[("content-type", "application/json")], body)
}

/// Who serves a prompt, by the body that goes on.
fn serves(fleet: &mut Fleet, worker: usize, prompt: &str) -> String {
    let request = Request::post(CHAT, chat("smart/auto", prompt));
    model_in(&exchange(&mut fleet.workers[worker], &request).0.body)
}

/// Workers that know a list.
fn knowing(names: &[&str]) -> Fleet {
    let mut fleet = Fleet::start(3, DOCUMENT);
    fleet.tick();
    fleet.answer(&list(names));
    fleet.tick();
    fleet
}

#[test]
fn one_worker_fetches_and_all_serve_what_is_listed() {
    let mut fleet = Fleet::start(3, DOCUMENT);
    assert_eq!(fleet.waiting(), 0, "starting fetches nothing");
    fleet.tick();
    let (_, call) = fleet.fetching();
    assert_eq!(call.cluster, "vllm");
    assert_eq!(call.headers.all(":path"), [b"/v1/models".as_slice()]);
    // Before there is a list the shipped tables serve.
    assert!(serves(&mut fleet, 0, GREETING).contains('-'));
    fleet.answer(&list(&["small-7b", "large-70b", "whisper-large", "bge-m3"]));
    fleet.tick();
    for worker in 0..3 {
        assert_eq!(serves(&mut fleet, worker, GREETING), "small-7b");
        assert_eq!(serves(&mut fleet, worker, PROOF), "large-70b");
    }
    let metrics = fleet.process.metrics();
    assert_eq!(metrics.counter("tiergate.discover.fetches;outcome=updated"), 1);
}

#[test]
fn a_model_that_disappears_is_out_and_one_that_comes_is_in() {
    let mut fleet = knowing(&["small-7b", "large-70b"]);
    assert!(fleet.next_fetch(60).is_some());
    fleet.answer(&list(&["other-8b", "large-70b"]));
    fleet.tick();
    for worker in 0..3 {
        assert_eq!(serves(&mut fleet, worker, GREETING), "other-8b");
    }
}

#[test]
fn an_empty_or_broken_list_changes_nothing() {
    let mut fleet = knowing(&["small-7b", "large-70b"]);
    let answers = [
        list(&[]),
        list(&["whisper-large", "bge-m3"]),
        Answer::new(200, &[("content-type", "application/json")], "{\"data\": [{"),
        Answer::new(200, &[("content-type", "text/html")], "<html>"),
        Answer::new(503, &[], ""),
        Answer::new(401, &[], "{\"error\": {}}"),
    ];
    for answer in answers {
        assert!(fleet.next_fetch(120).is_some(), "{answer:?}");
        fleet.answer(&answer);
        fleet.tick();
        for worker in 0..3 {
            assert_eq!(serves(&mut fleet, worker, GREETING), "small-7b", "{answer:?}");
        }
    }
    // Not even for a week.
    fleet.process.clock().advance(std::time::Duration::from_secs(604_800));
    fleet.tick();
    assert_eq!(serves(&mut fleet, 0, PROOF), "large-70b");
}

#[test]
fn a_worker_that_starts_later_takes_what_is_there() {
    let mut fleet = knowing(&["small-7b", "large-70b"]);
    let late = crate::signals::fleet::worker(&fleet.process, DOCUMENT);
    fleet.workers.push(late);
    assert_eq!(serves(&mut fleet, 3, GREETING), "small-7b", "before its first tick");
}

#[test]
fn requests_under_way_end_with_what_they_began_with() {
    let mut fleet = knowing(&["small-7b", "large-70b"]);
    let begun = fleet.workers[0].request(&Request::post(CHAT, chat("smart/auto", GREETING)));
    assert_eq!(model_in(&begun.body), "small-7b");
    assert!(fleet.next_fetch(60).is_some());
    fleet.answer(&list(&["other-8b", "large-70b"]));
    fleet.tick();
    let answer = fleet.workers[0].respond(begun.stream, &crate::host::Response::new(200));
    assert!(answer.forwarded);
    fleet.workers[0].finish(begun.stream);
    assert_eq!(fleet.workers[0].trap(), None);
    assert_eq!(serves(&mut fleet, 0, GREETING), "other-8b");
}

#[test]
fn signals_go_on_over_the_listed_models() {
    let document = r#"{"discover": {"cluster": "vllm"}, "signals": {"cluster": "feed", "path": "/s"}, "default_cluster": "vllm"}"#;
    let mut fleet = Fleet::start(1, document);
    fleet.tick();
    let calls = fleet.workers[0].dispatches().to_vec();
    assert_eq!(calls.len(), 2);
    for call in calls {
        let body = json!({"contract_version": "1", "models": [{"model": "tiny-3b", "trend": "surging", "score": 0.5, "confidence": "normal"}]});
        let answer = if call.cluster == "feed" {
            Answer::new(200, &[], body.to_string())
        } else {
            list(&["small-7b", "tiny-3b", "large-70b"])
        };
        fleet.workers[0].answer(call.token, answer);
    }
    fleet.tick();
    assert_eq!(serves(&mut fleet, 0, GREETING), "tiny-3b");
}
