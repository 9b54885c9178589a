//! When a model is left alone, and when it is tried again.

use super::*;

fn cooling(board: &Board, now: Timestamp) -> bool {
    board.state(0, now).cooling
}

#[test]
fn one_failure_more_than_allowed_cools_a_model_down() {
    let (store, mut worker) = (Fake::default(), board(1));
    fail(&mut worker, 0, 3, NOW, &store);
    assert!(!cooling(&worker, NOW), "three are allowed");
    fail(&mut worker, 0, 1, NOW, &store);
    assert!(cooling(&worker, NOW) && cooling(&worker, NOW + 4999));
    assert!(!cooling(&worker, NOW + 5000), "for five seconds");
    assert!(!worker.state(1, NOW).cooling, "the others are well");
    let began = worker.take_cooldowns();
    assert_eq!(
        began,
        [Cooldown { model: 0, of_one: false, failure: Failure::ServerError, length: Millis::of(5000) }]
    );
    assert_eq!(worker.take_cooldowns(), [], "told once");
}

#[test]
fn failures_count_within_a_minute() {
    let (store, mut worker) = (Fake::default(), board(1));
    for turn in 0..20 {
        fail(&mut worker, 0, 2, NOW + turn * 60 * SECOND, &store);
        assert!(!cooling(&worker, NOW + turn * 60 * SECOND), "turn {turn}");
    }
    let (store, mut worker) = (Fake::default(), board(1));
    for turn in 0..4 {
        fail(&mut worker, 0, 1, NOW + turn * 19 * SECOND, &store);
    }
    assert!(cooling(&worker, NOW + 57 * SECOND));
}

#[test]
fn which_statuses_are_failures() {
    use Failure::{RateLimited, ServerError, Timeout, Unserviceable};
    let rows = [
        (200, AttemptOutcome::Ok),
        (302, AttemptOutcome::Ok),
        (400, AttemptOutcome::Refused),
        (401, AttemptOutcome::Refused),
        (403, AttemptOutcome::Refused),
        (402, AttemptOutcome::Failed(Unserviceable)),
        // The path may be one that no server has.
        (404, AttemptOutcome::Refused),
        (408, AttemptOutcome::Failed(Timeout)),
        (413, AttemptOutcome::Refused),
        (422, AttemptOutcome::Refused),
        (429, AttemptOutcome::Failed(RateLimited)),
        (500, AttemptOutcome::Failed(ServerError)),
        (503, AttemptOutcome::Failed(ServerError)),
        (504, AttemptOutcome::Failed(Timeout)),
        (529, AttemptOutcome::Failed(ServerError)),
    ];
    for (status, outcome) in rows {
        assert_eq!(AttemptOutcome::of_status(status), outcome, "{status}");
        let (store, mut worker) = (Fake::default(), board(1));
        for _ in 0..10 {
            request(&mut worker, 0, outcome, NOW, &store);
        }
        assert_eq!(cooling(&worker, NOW), matches!(outcome, AttemptOutcome::Failed(_)), "{status}");
    }
}

#[test]
fn a_server_may_ask_for_a_longer_time_but_not_for_ever() {
    for (wait, length) in [(1, 1), (60_000, 60_000), (u64::MAX, 300_000), (0, 5_000)] {
        let (store, mut worker) = (Fake::default(), board(1));
        fail(&mut worker, 0, 3, NOW, &store);
        let attempt = worker.begin(0, NOW);
        worker.end(
            attempt,
            AttemptOutcome::Failed(Failure::RateLimited),
            NONE,
            EndDetails { wait: Some(Millis::of(wait)), ..EndDetails::NONE },
            NOW,
            &store,
        );
        assert_eq!(worker.take_cooldowns()[0].length, Millis::of(length), "{wait}");
        assert!(cooling(&worker, NOW + length - 1), "{wait}");
        assert!(!cooling(&worker, NOW + length), "{wait}");
    }
}

/// A worker whose first model has just cooled down, and the time.
fn cooled(store: &Fake<'_>) -> (Board, Timestamp) {
    let mut worker = board(1);
    fail(&mut worker, 0, 4, NOW, store);
    (worker, NOW + 5 * SECOND)
}

#[test]
fn one_request_at_a_time_tries_a_model_after_its_cooldown() {
    let store = Fake::default();
    let (mut worker, now) = cooled(&store);
    let mut other = board(2);
    other.tick(now, &store);
    assert!(worker.state(0, now).due && other.state(0, now).due);
    assert!(worker.probe(0, now, &store));
    assert!(cooling(&worker, now), "for its other requests");
    assert!(!other.probe(0, now, &store), "somebody else is trying it");
    assert!(cooling(&other, now) && !other.state(0, now).due, "and that is known now");

    // It fails: once is enough.
    let attempt = worker.begin(0, now);
    worker.end(attempt, AttemptOutcome::Failed(Failure::NoAnswer), NONE, EndDetails::NONE, now + 100, &store);
    assert!(cooling(&worker, now + 5099) && !cooling(&worker, now + 5100));

    // The next one succeeds.
    let now = now + 5100;
    assert!(worker.probe(0, now, &store));
    let mut attempt = worker.begin(0, now);
    worker.answered(&mut attempt, now + 50, &store);
    let well = ModelState { cooling: false, due: false, ..worker.state(0, now) };
    assert_eq!(worker.state(0, now + 50), ModelState { in_flight: 1, ..well });
    other.tick(now + 1000, &store);
    assert!(!cooling(&other, now + 1000) && !other.state(0, now + 1000).due);
    worker.end(attempt, AttemptOutcome::Ok, NONE, EndDetails::NONE, now + 60, &store);
    fail(&mut worker, 0, 3, now + 70, &store);
    assert!(!cooling(&worker, now + 70), "it may fail as often as any other");
}

#[test]
fn a_probe_that_comes_to_nothing_lets_another_try() {
    let store = Fake::default();
    let (mut worker, now) = cooled(&store);
    assert!(worker.probe(0, now, &store));
    let attempt = worker.begin(0, now);
    worker.end(attempt, AttemptOutcome::Cancelled, NONE, EndDetails::NONE, now + 10, &store);
    assert!(worker.probe(0, now + 10, &store), "the client went away");
    let mut other = board(2);
    assert!(!other.probe(0, now + 59_000, &store));
    assert!(other.probe(0, now + 61_000, &store), "whoever tried it has died");
}

#[test]
fn what_began_before_a_cooldown_changes_nothing() {
    let store = Fake::default();
    let mut worker = board(1);
    let mut good = worker.begin(0, NOW);
    let bad: Vec<Attempt> = (0..9).map(|_| worker.begin(0, NOW)).collect();
    fail(&mut worker, 0, 4, NOW + 10, &store);
    worker.answered(&mut good, NOW + 20, &store);
    worker.end(good, AttemptOutcome::Ok, NONE, EndDetails::NONE, NOW + 30, &store);
    assert!(cooling(&worker, NOW + 30), "an old answer is no news");
    for attempt in bad {
        worker.end(
            attempt,
            AttemptOutcome::Failed(Failure::Broken),
            NONE,
            EndDetails::NONE,
            NOW + 4000,
            &store,
        );
    }
    assert!(!cooling(&worker, NOW + 5010), "nor are old failures");
}

#[test]
fn a_model_that_answers_during_its_cooldown_is_well() {
    // It was asked because all others were in cooldown too.
    let store = Fake::default();
    let (mut worker, _) = cooled(&store);
    request(&mut worker, 0, AttemptOutcome::Ok, NOW + 100, &store);
    assert!(!cooling(&worker, NOW + 100));
}

#[test]
fn it_is_told_when_a_cooldown_ends() {
    let (store, mut worker) = (Fake::default(), board(1));
    assert_eq!(worker.changes_at(NOW), None);
    fail(&mut worker, 0, 4, NOW, &store);
    fail(&mut worker, 1, 4, NOW + 1000, &store);
    assert_eq!(worker.changes_at(NOW + 1000), Some(NOW + 5000));
    assert_eq!(worker.changes_at(NOW + 5000), Some(NOW + 6000));
    assert_eq!(worker.changes_at(NOW + 6000), None);
}

#[test]
fn what_an_end_without_an_answer_tells() {
    use Failure::{Broken, NoAnswer, Timeout};
    let failed = |failure| AttemptOutcome::Failed(failure);
    let (cancelled, gateway) = (AttemptOutcome::Cancelled, AttemptOutcome::Gateway);
    // What Envoy says; what it comes to with nothing of an answer, with its head, and with a part of its body.
    let rows: [(&str, [AttemptOutcome; 3]); 21] = [
        ("", [cancelled; 3]),
        ("via_upstream", [cancelled; 3]),
        ("downstream_remote_disconnect", [cancelled; 3]),
        ("http2.remote_reset", [cancelled; 3]),
        ("http2.remote_refuse", [cancelled; 3]),
        ("http2.violation.of.messaging.rule", [cancelled; 3]),
        ("http1.codec_error", [cancelled; 3]),
        (
            "upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}",
            [failed(NoAnswer), failed(Broken), failed(Broken)],
        ),
        (
            "upstream_reset_before_response_started{connection_timeout}",
            [failed(NoAnswer), failed(Broken), failed(Broken)],
        ),
        (
            "upstream_reset_after_response_started{protocol_error}",
            [failed(NoAnswer), failed(Broken), failed(Broken)],
        ),
        ("upstream_reset_before_response_started{overflow}", [gateway; 3]),
        ("upstream_reset_before_response_started{overload_manager}", [gateway; 3]),
        ("upstream_reset_before_response_started{local_connection_failure}", [gateway; 3]),
        ("no_healthy_upstream", [gateway; 3]),
        ("cluster_not_found", [gateway; 3]),
        ("route_not_found", [gateway; 3]),
        ("response_timeout", [failed(Timeout); 3]),
        ("upstream_response_timeout", [failed(Timeout); 3]),
        ("upstream_per_try_timeout", [failed(Timeout); 3]),
        // A client that does not read on holds the answer up as well.
        ("upstream_per_try_idle_timeout", [failed(Timeout), failed(Timeout), gateway]),
        ("stream_idle_timeout", [gateway, failed(Timeout), gateway]),
    ];
    for (details, expected) in rows {
        for (stage, expected) in [Stage::Asked, Stage::Answered, Stage::Begun].into_iter().zip(expected) {
            let end = AttemptEnd { details: details.as_bytes(), stage, goes_on: false, connected: true };
            assert_eq!(AttemptOutcome::without_answer(&end), expected, "{details} {stage:?}");
            let unsent = AttemptOutcome::without_answer(&AttemptEnd { connected: false, ..end });
            let timed_out = expected == failed(Timeout);
            assert_eq!(unsent, if timed_out { gateway } else { expected }, "{details} {stage:?}, not sent");
        }
    }
    for (stage, failure) in [(Stage::Asked, NoAnswer), (Stage::Answered, Broken)] {
        let end = AttemptEnd { details: b"", stage, goes_on: true, connected: true };
        assert_eq!(AttemptOutcome::without_answer(&end), failed(failure), "Envoy gave the attempt up");
    }
}

#[test]
fn a_clock_that_was_set_back_leaves_nobody_out() {
    let store = Fake::default();
    let (worker, _) = cooled(&store);
    assert!(!cooling(&worker, NOW - 3_600_000));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_cooldown_is_longer_than_it_can_be(
        fails in proptest::collection::vec((0_u64..2_000, proptest::option::of(proptest::num::u64::ANY)), 1..60),
    ) {
        let (store, mut worker) = (Fake::default(), board(1));
        let mut now = NOW;
        for (pause, wait) in fails {
            now = now + pause;
            let attempt = worker.begin(0, now);
            worker.end(attempt, AttemptOutcome::Failed(Failure::RateLimited), NONE, EndDetails { wait: wait.map(Millis::of), ..EndDetails::NONE }, now, &store);
            proptest::prop_assert!(!cooling(&worker, now + SETTINGS.longest_cooldown));
        }
    }
}
