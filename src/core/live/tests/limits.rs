//! Limits of one credential: 429, 402 and the like.

use super::*;

const LIMITED: AttemptOutcome = AttemptOutcome::Failed(Failure::RateLimited);

/// A request of a credential fails; how long the provider asks to be left alone.
fn limited(board: &mut Board, asker: u64, wait: Option<Millis>, now: Timestamp, store: &impl Store) {
    failed(board, asker, Failure::RateLimited, wait, now, store);
}

fn failed(
    board: &mut Board,
    asker: u64,
    failure: Failure,
    wait: Option<Millis>,
    now: Timestamp,
    store: &impl Store,
) {
    let attempt = board.begin(0, now);
    let told = EndDetails { wait, asker, request: now.millis(), ..EndDetails::NONE };
    board.end(attempt, AttemptOutcome::Failed(failure), NONE, told, now, store);
}

fn served(board: &mut Board, times: u32, now: Timestamp, store: &impl Store) {
    for _ in 0..times {
        request(board, 0, AttemptOutcome::Ok, now, store);
    }
}

fn with(credentials: Credentials) -> Board {
    Board::new(LiveSettings { credentials, ..SETTINGS }, MODELS.into_iter().enumerate(), 1)
}

#[test]
fn a_wait_is_that_of_the_credential_that_got_it() {
    let store = Fake::default();
    let (mut worker, mut other) = (board(1), board(2));
    limited(&mut worker, 7, Some(20 * SECOND), NOW, &store);
    other.tick(NOW + SECOND, &store);
    for board in [&worker, &other] {
        assert!(board.limits(0, 7, NOW + SECOND), "its own, in every worker");
        assert!(!board.limits(0, 8, NOW + SECOND) && !board.limits(1, 7, NOW + SECOND));
        assert!(!board.state(0, NOW + SECOND).cooling, "nobody else's");
        assert_eq!(board.changes_at(NOW + SECOND), Some(NOW + 20 * SECOND));
        assert!(!board.limits(0, 7, NOW + 20 * SECOND) && !board.has_limits(NOW + 20 * SECOND));
    }
    let cooldowns = worker.take_cooldowns();
    assert_eq!(cooldowns.len(), 1);
    assert!(cooldowns[0].of_one && cooldowns[0].length == 20 * SECOND);
}

#[test]
fn one_credential_moves_nobody_however_often_it_fails() {
    for wait in [None, Some(Millis::ZERO), Some(300 * SECOND)] {
        for failure in [Failure::RateLimited, Failure::Unserviceable, Failure::NotFound] {
            let store = Fake::default();
            let mut worker = board(1);
            for time in 0..200 {
                failed(&mut worker, 7, failure, wait, NOW + 100 * time, &store);
                assert!(!worker.state(0, NOW + 100 * time).cooling, "{failure:?} {wait:?} {time}");
            }
            assert!(worker.limits(0, 7, NOW + 20 * SECOND), "but itself: {failure:?} {wait:?}");
        }
    }
}

#[test]
fn without_a_wait_it_takes_more_failures_than_are_allowed() {
    let store = Fake::default();
    let mut worker = board(1);
    for time in 0..3 {
        limited(&mut worker, 7, None, NOW + time, &store);
        assert!(!worker.limits(0, 7, NOW + time));
    }
    limited(&mut worker, 7, None, NOW + 3, &store);
    assert!(worker.limits(0, 7, NOW + 3));
    // It fails again after that: so it waits again.
    let later = NOW + 6 * SECOND;
    assert!(!worker.limits(0, 7, later));
    limited(&mut worker, 7, None, later, &store);
    assert!(worker.limits(0, 7, later));
    // Where it is served too, a few are none too many.
    let (store, mut worker) = (Fake::default(), board(1));
    served(&mut worker, 40, NOW, &store);
    for time in 0..10 {
        limited(&mut worker, 7, None, NOW + time, &store);
    }
    assert!(!worker.limits(0, 7, NOW + 10));
}

#[test]
fn made_up_keys_end_nobody_s_wait() {
    let store = Fake::default();
    let mut worker = board(1);
    served(&mut worker, 50, NOW, &store);
    limited(&mut worker, 7, Some(30 * SECOND), NOW, &store);
    for asker in 100..200 {
        let now = NOW + Millis::of(asker);
        served(&mut worker, 1, now, &store);
        failed(&mut worker, asker, Failure::Unserviceable, None, now, &store);
    }
    assert!(worker.limits(0, 7, NOW + SECOND));
    // One that has to wait is still taken.
    limited(&mut worker, 8, Some(30 * SECOND), NOW + SECOND, &store);
    assert!(worker.limits(0, 8, NOW + SECOND));
}

#[test]
fn a_limit_that_several_meet_while_nobody_is_served_is_everybody_s() {
    let store = Fake::default();
    let mut worker = board(1);
    limited(&mut worker, 7, Some(20 * SECOND), NOW, &store);
    limited(&mut worker, 8, Some(300 * SECOND), NOW + SECOND, &store);
    assert!(worker.state(0, NOW + 2 * SECOND).cooling);
    let cooldowns = worker.take_cooldowns();
    assert!(!cooldowns[1].of_one);
    assert_eq!(cooldowns[1].length, 19 * SECOND, "no longer than the first of them waits");
    let later = NOW + 20 * SECOND;
    assert!(!worker.state(0, later).cooling && worker.limits(0, 8, later));
}

#[test]
fn two_limited_credentials_move_nobody_who_is_served() {
    let store = Fake::default();
    let mut worker = board(1);
    for time in 0..50 {
        let now = NOW + time * SECOND;
        served(&mut worker, 3, now, &store);
        limited(&mut worker, 7 + time % 2, Some(SECOND), now, &store);
        assert!(!worker.state(0, now).cooling, "{time}");
    }
}

#[test]
fn where_clients_bring_their_own_keys_no_limit_is_another_s() {
    let store = Fake::default();
    let mut worker = with(Credentials::Own);
    for asker in 1..40 {
        limited(&mut worker, asker, Some(20 * SECOND), NOW + asker, &store);
    }
    assert!(!worker.state(0, NOW + 50).cooling);
    assert!(worker.limits(0, 39, NOW + 50), "the last of them are remembered");
}

#[test]
fn a_shared_key_is_everybody_s_and_so_is_none() {
    for (board, asker) in [(&mut with(Credentials::Shared), 7), (&mut board(1), 0)] {
        let store = Fake::default();
        limited(board, asker, Some(20 * SECOND), NOW, &store);
        assert!(board.state(0, NOW).cooling && !board.has_limits(NOW));
    }
}

#[test]
fn what_says_nothing_of_a_key_counts_as_before() {
    let store = Fake::default();
    let mut worker = board(1);
    for time in 0..4 {
        failed(&mut worker, 7, Failure::NoAnswer, None, NOW + time, &store);
    }
    assert!(worker.state(0, NOW + 4).cooling && !worker.has_limits(NOW + 4));
}

#[test]
fn who_tries_a_model_after_a_cooldown_and_meets_a_limit_has_found_out_nothing() {
    let store = Fake::default();
    let mut worker = board(1);
    fail(&mut worker, 0, 4, NOW, &store);
    let later = NOW + 6 * SECOND;
    assert!(worker.state(0, later).due && worker.probe(0, later, &store));
    let attempt = worker.begin(0, later);
    let told = EndDetails { wait: Some(60 * SECOND), asker: 7, ..EndDetails::NONE };
    worker.end(attempt, LIMITED, NONE, told, later, &store);
    assert!(worker.state(0, later).due, "somebody else may try it");
}

#[test]
fn where_nothing_may_cool_a_model_no_credential_leaves_it() {
    let store = Fake::default();
    let settings = LiveSettings { allowed_fails: NEVER, ..SETTINGS };
    let mut worker = Board::new(settings, MODELS.into_iter().enumerate(), 1);
    for time in 0..20 {
        limited(&mut worker, 7, Some(20 * SECOND), NOW + time, &store);
    }
    assert!(!worker.has_limits(NOW + 20));
}

#[test]
fn a_clock_that_was_set_back_ends_a_wait() {
    let store = Fake::default();
    let mut worker = board(1);
    limited(&mut worker, 7, Some(300 * SECOND), NOW, &store);
    assert!(!worker.limits(0, 7, NOW - 3600 * SECOND));
}
