//! Whose fault a failure was.

use super::*;

const ALONE: EndDetails = EndDetails { weight: Weight::Open, ..EndDetails::NONE };

fn cooling(board: &Board, now: Timestamp) -> bool {
    board.state(0, now).cooling
}

/// A request that fails in a way that its body may have brought about.
fn open(board: &mut Board, request: u64, now: Timestamp, store: &impl Store) {
    let attempt = board.begin(0, now);
    let told = EndDetails { request, ..ALONE };
    board.end(attempt, AttemptOutcome::Failed(Failure::ServerError), NONE, told, now, store);
}

/// One that was the model's.
fn certain(board: &mut Board, request: u64, now: Timestamp, store: &impl Store) {
    let attempt = board.begin(0, now);
    let told = EndDetails { request, ..EndDetails::NONE };
    board.end(attempt, AttemptOutcome::Failed(Failure::ServerError), NONE, told, now, store);
}

#[test]
fn one_body_that_fails_again_and_again_says_nothing() {
    let (store, mut worker) = (Fake::default(), board(1));
    for turn in 0..100 {
        open(&mut worker, 7, NOW + turn * 500, &store);
    }
    assert!(!cooling(&worker, NOW + 50_000));
}

#[test]
fn different_bodies_that_fail_while_others_are_served_say_nothing() {
    let (store, mut abused, mut other) = (Fake::default(), board(1), board(2));
    for turn in 0..600 {
        let now = NOW + turn * 100;
        // One client's requests fail in one worker; another client, with fewer, is served by the other one.
        for each in 0..3 {
            open(&mut abused, 1 + turn * 3 + each, now, &store);
        }
        request(&mut other, 0, AttemptOutcome::Ok, now, &store);
        if turn % 10 == 9 {
            abused.tick(now, &store);
            other.tick(now, &store);
        }
        assert!(!cooling(&abused, now) && !cooling(&other, now), "turn {turn}");
    }
}

#[test]
fn different_bodies_that_all_fail_are_a_model_that_fails() {
    let (store, mut worker) = (Fake::default(), board(1));
    for turn in 0..6 {
        open(&mut worker, 1 + turn, NOW + turn * 1000, &store);
    }
    assert!(cooling(&worker, NOW + 5 * SECOND));
    // However many they are, and however much went well before.
    let (store, mut worker) = (Fake::default(), board(1));
    for _ in 0..16 {
        request(&mut worker, 0, AttemptOutcome::Ok, NOW, &store);
    }
    let cooled = (0..800).find(|turn| {
        open(&mut worker, 1 + turn, NOW + 1000 + turn * 10, &store);
        !worker.take_cooldowns().is_empty()
    });
    assert!(cooled.is_some(), "within eight seconds");
}

#[test]
fn where_others_are_served_failures_are_to_be_of_different_requests_and_half_of_all() {
    let (store, mut worker) = (Fake::default(), board(1));
    for _ in 0..10 {
        request(&mut worker, 0, AttemptOutcome::Ok, NOW, &store);
    }
    for _ in 0..50 {
        certain(&mut worker, 7, NOW, &store);
    }
    assert!(!cooling(&worker, NOW), "all of one conversation");
    let (store, mut worker) = (Fake::default(), board(1));
    for _ in 0..10 {
        request(&mut worker, 0, AttemptOutcome::Ok, NOW, &store);
    }
    for number in 1..=9 {
        certain(&mut worker, number, NOW, &store);
    }
    assert!(!cooling(&worker, NOW), "nine of nineteen");
    certain(&mut worker, 10, NOW, &store);
    assert!(cooling(&worker, NOW), "ten of twenty");
}

#[test]
fn an_outage_is_noticed_within_seconds_however_much_went_well_before() {
    let (store, mut worker) = (Fake::default(), board(1));
    for turn in 0..3000 {
        request(&mut worker, 0, AttemptOutcome::Ok, NOW + turn * 10, &store);
    }
    let outage = NOW + 30_000;
    let noticed = (0..1000).find(|turn| {
        certain(&mut worker, 1 + turn, outage + turn * 10, &store);
        cooling(&worker, outage + turn * 10)
    });
    assert!(noticed.is_some_and(|turn| turn * 10 <= 4_500), "{noticed:?}");
}

#[test]
fn nothing_cools_down_before_so_many_answers() {
    let settings = LiveSettings { minimum_requests: 10, ..SETTINGS };
    let store = Fake::default();
    let mut worker = Board::new(settings, MODELS.into_iter().enumerate(), 1);
    for number in 1..=9 {
        certain(&mut worker, number, NOW, &store);
        assert!(!cooling(&worker, NOW), "{number}");
    }
    certain(&mut worker, 10, NOW, &store);
    assert!(cooling(&worker, NOW));
}

#[test]
fn a_wait_is_honoured_at_once() {
    let (store, mut worker) = (Fake::default(), board(1));
    for _ in 0..100 {
        request(&mut worker, 0, AttemptOutcome::Ok, NOW, &store);
    }
    let attempt = worker.begin(0, NOW);
    let told = EndDetails { wait: Some(Millis::of(20_000)), ..EndDetails::NONE };
    worker.end(attempt, AttemptOutcome::Failed(Failure::RateLimited), NONE, told, NOW, &store);
    assert!(cooling(&worker, NOW + 19_999) && !cooling(&worker, NOW + 20_000));
    let settings = LiveSettings { allowed_fails: NEVER, ..SETTINGS };
    let mut worker = Board::new(settings, MODELS.into_iter().enumerate(), 2);
    let attempt = worker.begin(1, NOW);
    worker.end(attempt, AttemptOutcome::Failed(Failure::RateLimited), NONE, told, NOW, &store);
    assert!(!worker.state(1, NOW).cooling, "not where nothing is to");
}

#[test]
fn what_is_known_later_counts_later() {
    let (store, mut worker) = (Fake::default(), board(1));
    let fault = |request| ModelFault {
        began: NOW,
        failure: Failure::ServerError,
        wait: None,
        request,
        asker: 0,
        certain: true,
    };
    for request in 1..=4 {
        let attempt = worker.begin(0, NOW);
        let told = EndDetails { request, weight: Weight::Later, ..EndDetails::NONE };
        worker.end(attempt, AttemptOutcome::Failed(Failure::ServerError), NONE, told, NOW, &store);
        assert_eq!(worker.state(0, NOW).in_flight, 0);
    }
    for request in 1..=3 {
        worker.settle(0, Some(fault(request)), NOW, &store);
    }
    worker.settle(0, None, NOW, &store);
    assert!(!cooling(&worker, NOW), "one was the body's");
    worker.settle(0, Some(fault(5)), NOW, &store);
    assert!(cooling(&worker, NOW));
}

#[test]
fn a_probe_with_a_body_that_no_model_takes_is_tried_again() {
    let (store, mut worker) = (Fake::default(), board(1));
    fail(&mut worker, 0, 4, NOW, &store);
    let now = NOW + 5 * SECOND;
    assert!(worker.probe(0, now, &store));
    let attempt = worker.begin(0, now);
    let told = EndDetails { weight: Weight::Later, ..EndDetails::NONE };
    worker.end(attempt, AttemptOutcome::Failed(Failure::ServerError), NONE, told, now, &store);
    assert!(!worker.probe(0, now, &store), "nobody knows yet what it says");
    worker.settle(0, None, now, &store);
    assert!(worker.probe(0, now, &store));
}
