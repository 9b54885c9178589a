//! One worker fetches, the others read; requests do neither.

use std::time::Duration;

use serde_json::json;

use super::fleet::{FIRST, Fleet, SECOND, config, feed, serves, surging, worker};
use crate::fixture::{CHAT, CONFIG, GREETING, chat, exchange};
use crate::host::{Answer, Process, Request, Vm};

#[test]
fn without_signals_and_live_state_there_is_no_timer() {
    let without = CONFIG.replacen('{', r#"{"live": {"enabled": false}, "#, 1);
    let vm = Vm::start(&without).unwrap_or_else(|refused| panic!("{}", refused.text()));
    assert_eq!(vm.tick_period(), None);
    assert_eq!(vm.process().shared_data().keys().count(), 0);
}

#[test]
fn starting_fetches_nothing() {
    let fleet = Fleet::start(2, &config(&json!({})));
    assert_eq!(fleet.waiting(), 0);
    assert_eq!(fleet.workers[0].tick_period(), Some(Duration::from_secs(1)));
    let data = fleet.process.shared_data();
    // Beside the number that keys hashes of requests.
    let keys: Vec<&str> = data.keys().filter(|key| *key != "tiergate.session.salt").collect();
    assert_eq!(keys.len(), 1, "the state is there: {keys:?}");
    assert!(keys[0].starts_with("tiergate.signals.") && keys[0].ends_with(".state"), "{keys:?}");
}

#[test]
fn the_first_request_does_not_wait() {
    let mut fleet = Fleet::start(2, &config(&json!({})));
    assert_eq!(fleet.serves(0), (FIRST.to_owned(), "score".to_owned()), "before any tick");
    fleet.tick();
    assert_eq!(fleet.waiting(), 1);
    assert_eq!(fleet.serves(0), (FIRST.to_owned(), "score".to_owned()), "before the answer");
    fleet.answer(&surging(SECOND));
    fleet.tick();
    assert!(fleet.all_serve(SECOND));
}

#[test]
fn the_call_is_what_is_configured() {
    let mut fleet = Fleet::start(1, &config(&json!({})));
    fleet.tick();
    let (_, call) = fleet.fetching();
    assert_eq!((call.cluster.as_str(), call.timeout), ("feed", Duration::from_secs(5)));
    assert_eq!(call.body, b"");
    for (name, value) in [
        (":method", "GET"),
        (":path", "/v1/signals?platform=all%20models"),
        (":authority", "feed.example"),
        ("accept", "application/json"),
        ("accept-encoding", "identity"),
        ("user-agent", "tiergate/0.1.0"),
        ("authorization", "Bearer secret"),
    ] {
        assert_eq!(call.headers.all(name), [value.as_bytes()], "{name}");
    }
    assert_eq!(call.headers.get("if-none-match"), None);
}

#[test]
fn four_workers_fetch_once_a_period() {
    let mut fleet = Fleet::start(4, &config(&json!({})));
    fleet.tick();
    fleet.answer(&surging(SECOND));
    fleet.tick();
    assert!(fleet.all_serve(SECOND));
    for (n, model) in [FIRST, SECOND, FIRST].into_iter().enumerate() {
        let seconds = fleet.next_fetch(1000).expect("somebody fetches");
        assert!((270..=301).contains(&seconds), "after {seconds} s");
        fleet.run(3);
        assert_eq!(fleet.waiting(), 1, "and nobody else while it waits");
        fleet.answer(&surging(model));
        fleet.tick();
        assert!(fleet.all_serve(model), "period {n}");
        assert_eq!(fleet.waiting(), 0);
    }
    assert_eq!(fleet.fetched("updated"), 4);
    assert_eq!(fleet.process.metrics().counters().iter().filter(|(n, _)| n.contains("fetches")).count(), 1);
}

#[test]
fn gateways_do_not_ask_in_step() {
    let waits: std::collections::BTreeSet<u64> = (0..8)
        .map(|before| {
            let process = Process::new();
            for _ in 0..before {
                process.next_vm();
            }
            let mut fleet = Fleet { workers: vec![worker(&process, &config(&json!({})))], process };
            fleet.tick();
            fleet.answer(&surging(SECOND));
            fleet.next_fetch(400).expect("fetches again")
        })
        .collect();
    assert!(waits.len() > 3, "{waits:?}");
}

#[test]
fn a_tick_is_cheap() {
    let mut fleet = Fleet::start(2, &config(&json!({})));
    fleet.tick();
    let fetcher = fleet.answer(&surging(SECOND));
    let follower = &mut fleet.workers[1 - fetcher];
    follower.take_host_calls();
    follower.tick();
    assert_eq!(
        follower.take_host_calls()[&("proxy_on_tick", "proxy_get_shared_data")],
        2,
        "reads the snapshot"
    );
    fleet.next_fetch(301).expect("fetches again");
    let fetcher = fleet.answer(&surging(SECOND));
    let follower = &mut fleet.workers[1 - fetcher];
    follower.take_host_calls();
    follower.tick();
    let calls = follower.take_host_calls();
    assert_eq!(calls[&("proxy_on_tick", "proxy_get_shared_data")], 1, "the same feed again: {calls:?}");
    assert_eq!((fleet.age(), fleet.fetched("updated")), (Some(0), 2));
    for worker in &mut fleet.workers {
        worker.tick();
        worker.take_host_calls();
        worker.tick();
        let calls = worker.take_host_calls();
        println!("{calls:?}");
        assert_eq!(calls[&("proxy_on_tick", "proxy_get_shared_data")], 1, "and never again: {calls:?}");
        // The SDK informs the host which context it works for.
        assert!(calls.values().sum::<u64>() <= 4, "time, state, age: {calls:?}");
    }
}

#[test]
fn a_request_makes_no_more_host_calls() {
    let calls = |fleet: &mut Fleet| {
        let request = Request::post(CHAT, chat("smart/auto", GREETING));
        exchange(&mut fleet.workers[0], &request);
        fleet.workers[0].take_host_calls();
        exchange(&mut fleet.workers[0], &request);
        let calls = fleet.workers[0].take_host_calls();
        assert!(calls.keys().all(|(_, function)| !function.contains("shared")), "{calls:?}");
        calls.values().sum::<u64>()
    };
    let mut fleet = Fleet::start(1, &config(&json!({})));
    let without = calls(&mut fleet);
    fleet.tick();
    fleet.answer(&surging(FIRST));
    assert_eq!(calls(&mut fleet), without, "the first stays the first");
    fleet.next_fetch(301);
    fleet.answer(&surging(SECOND));
    assert_eq!(calls(&mut fleet), without + 1, "the counter of what was moved");
    assert_eq!(fleet.process.metrics().counter("tiergate.signals.reordered"), 2);
}

#[test]
fn a_holder_that_dies_is_replaced_within_one_lease() {
    let mut fleet = Fleet::surging(3, &config(&json!({})));
    fleet.next_fetch(301);
    let (dead, _) = fleet.fetching();
    fleet.workers.remove(dead);
    let seconds = fleet.next_fetch(60).expect("another takes over");
    assert!(seconds <= 10, "after {seconds} s");
    fleet.answer(&surging(FIRST));
    fleet.tick();
    assert!(fleet.all_serve(FIRST));
}

#[test]
fn a_late_answer_counts_only_while_nobody_else_has_the_lease() {
    let mut fleet = Fleet::surging(2, &config(&json!({})));
    fleet.next_fetch(301);
    // Nobody else came.
    fleet.process.clock().advance(Duration::from_secs(60));
    fleet.answer(&surging(FIRST));
    fleet.tick();
    assert!(fleet.all_serve(FIRST));
    assert_eq!(fleet.waiting(), 0);

    // Somebody else came.
    fleet.next_fetch(301);
    let (holder, call) = fleet.fetching();
    fleet.process.clock().advance(Duration::from_secs(60));
    fleet.workers[1 - holder].tick();
    assert_eq!(fleet.waiting(), 2);
    fleet.workers[holder].answer(call.token, surging(SECOND));
    fleet.tick();
    assert!(fleet.all_serve(FIRST), "dropped");
    let other = fleet.answer(&surging(SECOND));
    assert_eq!(other, 1 - holder);
    fleet.tick();
    assert!(fleet.all_serve(SECOND));
}

#[test]
fn feeds_of_one_process_do_not_disturb_each_other() {
    let process = Process::new();
    let configs = [config(&json!({})), config(&json!({"path": "/other"}))];
    let workers = configs.iter().map(|config| worker(&process, config)).collect();
    let mut fleet = Fleet { process, workers };
    fleet.tick();
    assert_eq!(fleet.waiting(), 2);
    for (n, model) in [(0, FIRST), (1, SECOND)] {
        let call = fleet.workers[n].dispatches()[0].clone();
        assert_eq!(call.headers.text(":path").expect("a path").starts_with("/other"), n == 1);
        fleet.workers[n].answer(call.token, surging(model));
    }
    fleet.tick();
    assert_eq!((fleet.serves(0).0, fleet.serves(1).0), (FIRST.to_owned(), SECOND.to_owned()));
    let first = fleet.next_fetch(301).expect("each has its own period");
    assert!(first >= 270);
    assert_eq!(fleet.keys(), 4);
}

#[test]
fn a_worker_that_starts_later_knows_what_the_others_know() {
    let fleet = Fleet::surging(1, &config(&json!({})));
    let mut late = worker(&fleet.process, &config(&json!({})));
    assert_eq!(serves(&mut late).0, SECOND, "before its first tick");
    late.tick();
    assert_eq!(late.dispatches().len(), 0);
}

#[test]
fn a_profile_may_keep_its_order() {
    let mut document: serde_json::Value = serde_json::from_str(&config(&json!({}))).expect("JSON");
    let tiers = document.as_object_mut().expect("an object").remove("tiers");
    document["profiles"] = json!({"auto": {"strategy": "configured", "tiers": tiers}});
    let config = document.to_string();
    let mut fleet = Fleet::start(1, &config);
    fleet.tick();
    fleet.answer(&Answer::new(200, &[], feed(SECOND, "surging")));
    assert_eq!(fleet.serves(0).0, FIRST);
}
