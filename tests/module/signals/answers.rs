//! Every answer there is: what is bad keeps the last good feed, is counted, said once, and tried again in time.

use std::ops::RangeInclusive;

use serde_json::json;

use super::fleet::{FIRST, Fleet, SECOND, config, feed, surging};
use crate::host::{Answer, Headers};

/// Back-off of the first failure: 10 s less up to a tenth, and the tick that notices.
const SOON: RangeInclusive<u64> = 9..=11;

fn json_answer(body: impl AsRef<[u8]>) -> Answer {
    Answer::new(200, &[("content-type", "application/json")], body)
}

/// Name, outcome, answer, seconds until the next try.
fn bad_answers() -> Vec<(&'static str, &'static str, Answer, RangeInclusive<u64>)> {
    let good = feed(FIRST, "surging");
    let drifted = good.replace("trend", "direction");
    let odd_bytes = Answer {
        headers: Some(Headers::new(&[
            (":status", b"200".as_slice()),
            ("content-type", b"\xff\xfe"),
            ("etag", b"\xff"),
            ("retry-after", b"\xff"),
        ])),
        ..Answer::default()
    };
    let status = |status, headers: &[(&str, &str)]| Answer::new(status, headers, "sorry");
    vec![
        ("cut off", "broken", Answer::default(), SOON),
        (
            "headers without a status",
            "broken",
            Answer { headers: Some(Headers::new(&[("x", "y")])), ..Answer::default() },
            SOON,
        ),
        ("refused", "unavailable", status(503, &[]), SOON),
        ("hangs", "timeout", status(504, &[]), SOON),
        ("500", "status", status(500, &[]), SOON),
        ("404", "status", status(404, &[]), SOON),
        ("204", "status", Answer::new(204, &[], ""), SOON),
        ("304 that nobody asked for", "status", Answer::new(304, &[], ""), SOON),
        ("429", "rate_limited", status(429, &[]), SOON),
        ("429 with seconds", "rate_limited", status(429, &[("retry-after", "60")]), 60..=67),
        ("503 with a short wait", "unavailable", status(503, &[("retry-after", "1")]), SOON),
        ("503 with a wait", "unavailable", status(503, &[("retry-after", "120")]), 120..=133),
        ("redirect", "redirected", status(302, &[("location", "/elsewhere")]), SOON),
        ("gzip", "compressed", Answer::new(200, &[("content-encoding", "gzip")], "\u{1f}"), SOON),
        ("HTML", "content_type", Answer::new(200, &[("content-type", "text/html")], "<html>"), SOON),
        ("a type that is no text", "content_type", odd_bytes, SOON),
        ("10 MB", "too_large", json_answer(vec![b' '; 10 << 20]), SOON),
        ("one byte too many", "too_large", json_answer(vec![b' '; (1 << 20) + 1]), SOON),
        ("no JSON", "not_json", json_answer("sorry"), SOON),
        ("no body", "not_json", json_answer(""), SOON),
        ("half a body", "not_json", json_answer(&good[..good.len() / 2]), SOON),
        ("no UTF-8", "not_json", json_answer(b"\xff\xfe"), SOON),
        ("a model lacks its trend", "contract", json_answer(drifted), SOON),
        ("no version", "contract", json_answer(r#"{"models": []}"#), SOON),
    ]
}

#[test]
fn what_is_bad_keeps_the_last_good_feed() {
    for (name, outcome, answer, next) in bad_answers() {
        let mut fleet = Fleet::surging(2, &config(&json!({})));
        fleet.next_fetch(301).unwrap_or_else(|| panic!("{name}: nobody fetches"));
        let worker = fleet.answer(&answer);
        assert_eq!(fleet.fetched(outcome), 1, "{name}: {:?}", fleet.process.metrics().counters());
        let buffers = fleet.workers[worker]
            .take_host_calls()
            .get(&("proxy_on_http_call_response", "proxy_get_buffer_bytes"))
            .copied();
        let reads = if ["not_json", "contract"].contains(&outcome) { 2 } else { 1 };
        assert_eq!(buffers, Some(reads), "{name}: a body that cannot be a feed is not read");
        fleet.tick();
        assert!(fleet.all_serve(SECOND), "{name}");
        assert_eq!(fleet.warnings(), 1, "{name}: {:?}", fleet.logs());
        let said = fleet.logs().pop().expect("a warning").message;
        assert!(said.contains(outcome) && said.chars().count() < 500, "{name}: {said}");
        println!("{said}");

        let seconds = fleet.next_fetch(1000).unwrap_or_else(|| panic!("{name}: given up"));
        assert!(next.contains(&seconds), "{name}: next after {seconds} s");
        fleet.answer(&answer);
        fleet.tick();
        assert!(fleet.all_serve(SECOND), "{name}");
        assert_eq!(fleet.warnings(), 1, "{name}: said once");
        let seconds = fleet.next_fetch(1000).unwrap_or_else(|| panic!("{name}: given up"));
        let least = if *next.start() == 9 { 18 } else { *next.start() };
        assert!(seconds >= least, "{name}: then after {seconds} s");

        fleet.answer(&surging(FIRST));
        fleet.tick();
        assert!(fleet.all_serve(FIRST), "{name}");
        let last = fleet.logs().pop().map(|line| line.level);
        assert_eq!(fleet.warnings(), 1, "{name}");
        assert!(fleet.logs().iter().filter(|line| line.level == 2).count() == 2, "{name}: {last:?}");
        assert_eq!(fleet.age(), Some(0));
    }
}

#[test]
fn what_cannot_be_sent_is_tried_again() {
    for endpoints in [true, false] {
        let mut fleet = Fleet::surging(2, &config(&json!({})));
        let down = |down| {
            let known: &[&str] = if down { &["other"] } else { &["feed"] };
            if endpoints { fleet.process.set_clusters(known) } else { fleet.process.set_empty("feed", down) }
        };
        down(true);
        let mut tries = Vec::new();
        for second in 1..=360 {
            let before = fleet.fetched("not_sent");
            fleet.run(1);
            if fleet.fetched("not_sent") > before {
                tries.push(second);
            }
        }
        assert!(tries.len() >= 3 && (270..=301).contains(&tries[0]), "{tries:?}");
        assert!(
            SOON.contains(&(tries[1] - tries[0])) && (18..=21).contains(&(tries[2] - tries[1])),
            "{tries:?}"
        );
        assert!(fleet.all_serve(SECOND));
        assert_eq!(fleet.warnings(), 1, "{:?}", fleet.logs());
        if endpoints {
            fleet.process.set_clusters(&["feed"])
        } else {
            fleet.process.set_empty("feed", false)
        }
        fleet.next_fetch(301).expect("tried again");
        fleet.answer(&surging(FIRST));
        fleet.tick();
        assert!(fleet.all_serve(FIRST));
    }
}

#[test]
fn a_feed_that_was_never_there_leaves_the_configured_order() {
    let mut fleet = Fleet::start(2, &config(&json!({})));
    fleet.tick();
    fleet.answer(&Answer::new(503, &[], ""));
    for _ in 0..8 {
        fleet.next_fetch(301).expect("tried again");
        fleet.answer(&Answer::new(503, &[], ""));
        assert!(fleet.all_serve(FIRST));
    }
    assert_eq!((fleet.fetched("unavailable"), fleet.age(), fleet.warnings()), (9, None, 1));
    let said = fleet.logs().pop().expect("a warning").message;
    assert!(said.contains("no good feed yet"), "{said}");
}

#[test]
fn other_trouble_is_said_again() {
    let mut fleet = Fleet::surging(2, &config(&json!({})));
    for (n, status) in [503, 503, 500, 503].into_iter().enumerate() {
        fleet.next_fetch(301).expect("tried again");
        fleet.answer(&Answer::new(status, &[], ""));
        assert_eq!(fleet.warnings(), [1, 1, 2, 3][n]);
    }
}

#[test]
fn a_good_answer_may_be_plain_or_have_trailers() {
    for kind in [
        None,
        Some("text/plain; charset=utf-8"),
        Some("application/octet-stream"),
        Some("application/problem+json"),
    ] {
        let mut fleet = Fleet::start(1, &config(&json!({})));
        fleet.tick();
        let headers: Vec<(&str, &str)> = kind.map(|kind| ("content-type", kind)).into_iter().collect();
        let answer = Answer { trailers: 2, ..Answer::new(200, &headers, feed(SECOND, "surging")) };
        fleet.answer(&answer);
        assert!(fleet.all_serve(SECOND), "{kind:?}");
    }
}

#[test]
fn retry_after_may_be_a_date() {
    let mut fleet = Fleet::surging(2, &config(&json!({})));
    fleet.process.clock().set(1_767_225_600_000_000_000);
    fleet.next_fetch(301).expect("fetches");
    fleet.process.clock().set(1_767_229_200_000_000_000);
    // Ten minutes later.
    fleet.answer(&Answer::new(503, &[("retry-after", "Thu, 01 Jan 2026 01:10:00 GMT")], ""));
    let seconds = fleet.next_fetch(1000).expect("tried again");
    assert!((600..=661).contains(&seconds), "{seconds}");
}

#[test]
fn an_etag_goes_round() {
    let mut fleet = Fleet::start(2, &config(&json!({})));
    fleet.tick();
    fleet.answer(&Answer::new(200, &[("etag", "\"v1\"")], feed(SECOND, "surging")));
    fleet.tick();
    for round in 0..3 {
        fleet.next_fetch(301).expect("fetches again");
        assert_eq!(fleet.fetching().1.headers.text("if-none-match"), Some("\"v1\""));
        assert!(fleet.age().is_some_and(|age| age >= 269), "{:?}", fleet.age());
        fleet.answer(&Answer::new(304, &[("etag", "\"v1\"")], ""));
        fleet.tick();
        assert_eq!((fleet.fetched("not_modified"), fleet.age()), (round + 1, Some(0)));
        assert!(fleet.all_serve(SECOND));
    }
    fleet.next_fetch(301).expect("fetches again");
    fleet.answer(&Answer::new(200, &[], feed(FIRST, "surging")));
    fleet.tick();
    assert!(fleet.all_serve(FIRST));
    fleet.next_fetch(301).expect("fetches again");
    assert_eq!(fleet.fetching().1.headers.get("if-none-match"), None, "the new feed has no tag");
    assert_eq!(fleet.warnings(), 0);
}

#[test]
fn drift_is_told_with_its_place_and_no_more_of_the_feed_than_that() {
    let mut fleet = Fleet::surging(1, &config(&json!({})));
    fleet.next_fetch(301).expect("fetches again");
    let long = "x".repeat(100_000);
    let lacking = json!({"model": SECOND, "trend": "surging", "confidence": "normal", "action": long});
    fleet.answer(&json_answer(json!({"contract_version": "1", "models": [lacking]}).to_string()));
    let said = fleet.logs().pop().expect("a warning").message;
    assert!(said.contains("models[0]") && said.contains("score"), "{said}");
    assert!(said.chars().count() < 500, "{said}");
    fleet.next_fetch(301).expect("fetches again");
    let long = json!({"model": long, "trend": "surging", "score": 1, "confidence": "normal"});
    fleet.answer(&json_answer(json!({"contract_version": "1", "models": [long]}).to_string()));
    assert!(fleet.all_serve(SECOND));
    assert_eq!((fleet.fetched("contract"), fleet.warnings()), (2, 1));
}
