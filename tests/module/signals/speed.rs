//! How long the module takes over a feed. `make bench` runs it.

use std::fmt::Write;
use std::time::Instant;

use serde_json::json;

use super::fleet::{Fleet, SECOND, config};
use crate::host::Answer;

/// Signals in the feed.
const SIGNALS: usize = 500;
const ROUNDS: u64 = 51;

fn large_feed() -> String {
    let mut models = String::new();
    for n in 0..SIGNALS {
        let model = if n == SIGNALS / 2 {
            SECOND.to_owned()
        } else {
            format!("provider-{}/family-{n}-large", n % 20)
        };
        let comma = if n == 0 { "" } else { "," };
        write!(
            models,
            r#"{comma}{{"model":"{model}","trend":"{}","score":0.{n:03},"confidence":"normal","velocity_delta_pct":{}.5,"platform":"all","capabilities":["chat","code"],"action":"watch"}}"#,
            ["surging", "stable", "cooling"][n % 3],
            n % 90
        )
        .expect("a String takes everything");
    }
    format!(r#"{{"contract_version":"1","models":[{models}]}}"#)
}

/// Parsing alone: the answer's callback for a feed whose last model breaks the contract, which is read to the end and
/// refused. Taking it: the tick of a worker that reads, parses and matches a new snapshot.
#[test]
#[ignore = "measures; run with --ignored --nocapture"]
#[allow(clippy::disallowed_methods)]
fn a_feed_of_500_models() {
    let mut body = large_feed();
    let mut broken = body.clone();
    let last = broken.rfind("score").expect("there is a last model");
    broken.replace_range(last..last + 5, "other");
    let mut fleet = Fleet::start(2, &config(&json!({})));
    let (mut parse, mut take) = (Vec::new(), Vec::new());
    fleet.tick();
    for round in 1..=ROUNDS {
        // The same feed twice would not be read again.
        body.push(' ');
        let (worker, call) = fleet.fetching();
        let answer = Answer::new(200, &[], &broken);
        let start = Instant::now();
        fleet.workers[worker].answer(call.token, answer);
        parse.push(start.elapsed().as_micros());
        assert_eq!(fleet.fetched("contract"), round);
        fleet.next_fetch(301).expect("fetches again");

        let worker = fleet.answer(&Answer::new(200, &[], &body));
        let follower = &mut fleet.workers[1 - worker];
        let start = Instant::now();
        follower.tick();
        take.push(start.elapsed().as_micros());
        assert!(fleet.all_serve(SECOND));
        fleet.next_fetch(301).expect("fetches again");
    }
    let median = |micros: &mut Vec<u128>| {
        micros.sort_unstable();
        micros[micros.len() / 2]
    };
    let (parse, take) = (median(&mut parse), median(&mut take));
    println!(
        "feed of {SIGNALS} models, {} bytes, under wasmtime, medians of {ROUNDS}: parsed in {parse} us, taken by a worker in {take} us",
        body.len()
    );
    assert!(parse < 2000, "{parse} us");
}
