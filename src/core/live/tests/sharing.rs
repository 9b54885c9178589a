//! Several workers of one process.

use std::rc::Rc;

use proptest::prelude::*;

use super::*;

#[test]
fn a_failure_is_told_at_once_and_heard_at_the_next_tick() {
    let store = Fake::default();
    let mut workers: Vec<Board> = (1..=4).map(board).collect();
    for worker in &mut workers {
        fail(worker, 0, 1, NOW, &store);
    }
    assert!(workers[3].state(0, NOW).cooling, "one failure in each of four workers");
    for worker in &mut workers[..3] {
        assert!(!worker.state(0, NOW).cooling, "it has not looked yet");
        worker.tick(NOW + 800, &store);
        assert!(worker.state(0, NOW + 800).cooling);
    }
}

#[test]
fn a_good_request_costs_no_look_at_the_store() {
    let store = Fake::default();
    let mut worker = board(1);
    worker.tick(NOW, &store);
    let before = store.calls();
    for _ in 0..100 {
        let mut attempt = worker.begin(1, NOW);
        worker.answered(&mut attempt, NOW, &store);
        attempt.first_byte(NOW + 20);
        let tokens = Tokens { input: 7, output: 5 };
        worker.end(attempt, AttemptOutcome::Ok, (tokens, false), EndDetails::NONE, NOW + 50, &store);
        let _ = worker.state(1, NOW);
    }
    assert_eq!(store.calls(), before);
}

#[test]
fn latency_is_averaged_over_all_workers() {
    let store = Fake::default();
    let mut workers: Vec<Board> = (1..=2).map(board).collect();
    for (worker, (first, end)) in workers.iter_mut().zip([(100, 1100), (300, 5300)]) {
        let mut attempt = worker.begin(0, NOW);
        attempt.first_byte(NOW + first);
        attempt.first_byte(NOW + end);
        assert!(attempt.has_first_byte());
        let tokens = Tokens { input: 1, output: 100 };
        worker.end(attempt, AttemptOutcome::Ok, (tokens, true), EndDetails::NONE, NOW + end, &store);
        worker.tick(NOW + end, &store);
    }
    let now = NOW + 10 * SECOND;
    for worker in &mut workers {
        worker.tick(now, &store);
        let condition = worker.state(0, now);
        // The first sample is the average, the second has a weight of a fifth.
        assert!((condition.first_byte_ms - 140.0).abs() < 0.01, "{condition:?}");
        assert!((condition.token_ms - 18.0).abs() < 0.01, "{condition:?}");
    }
    let long_after = workers[0].state(0, now + 3_600_000);
    assert_eq!((long_after.first_byte_ms, long_after.token_ms), (0.0, 0.0), "too old to tell anything");
}

#[test]
fn failures_tell_nothing_of_speed() {
    let store = Fake::default();
    let mut worker = board(1);
    for outcome in
        [AttemptOutcome::Refused, AttemptOutcome::Cancelled, AttemptOutcome::Failed(Failure::ServerError)]
    {
        let mut attempt = worker.begin(0, NOW);
        attempt.first_byte(NOW + 1);
        worker.end(
            attempt,
            outcome,
            (Tokens { input: 0, output: 9 }, true),
            EndDetails::NONE,
            NOW + 5,
            &store,
        );
    }
    worker.tick(NOW + SECOND, &store);
    let condition = worker.state(0, NOW + SECOND);
    assert_eq!((condition.first_byte_ms, condition.token_ms), (0.0, 0.0));
}

#[test]
fn use_is_counted_by_the_minute() {
    let store = Fake::default();
    let (mut one, mut two) = (board(1), board(2));
    let tokens = Tokens { input: 30, output: 12 };
    for worker in [&mut one, &mut two] {
        let attempt = worker.begin(0, NOW);
        worker.end(attempt, AttemptOutcome::Ok, (tokens, false), EndDetails::NONE, NOW, &store);
        worker.tick(NOW + SECOND, &store);
    }
    let used = |board: &Board, now| {
        let condition = board.state(0, now);
        (condition.tokens_this_minute, condition.requests_this_minute)
    };
    assert_eq!(used(&one, NOW + SECOND), (42, 1));
    one.tick(NOW + 2 * SECOND, &store);
    assert_eq!(used(&one, NOW + 2 * SECOND), (84, 2));
    let attempt = one.begin(0, NOW + 59_999);
    assert_eq!(used(&one, NOW + 59_999), (84, 3));
    assert_eq!(used(&one, NOW + 60_000), (0, 0), "a new minute");
    one.end(attempt, AttemptOutcome::Ok, (tokens, false), EndDetails::NONE, NOW + 60_000, &store);
    one.tick(NOW + 61_000, &store);
    two.tick(NOW + 61_000, &store);
    assert_eq!(used(&two, NOW + 61_000), (42, 0), "counted when it is known");
}

#[test]
fn what_a_dead_worker_had_under_way_ends_by_itself() {
    let store = Fake::default();
    let (mut dies, mut lives) = (board(1), board(2));
    let _forgotten = [dies.begin(0, NOW), dies.begin(0, NOW)];
    dies.tick(NOW, &store);
    lives.tick(NOW + 100, &store);
    assert_eq!(lives.state(0, NOW).in_flight, 2);
    lives.tick(NOW + 4 * SECOND, &store);
    assert_eq!(lives.state(0, NOW).in_flight, 2);
    lives.tick(NOW + 6 * SECOND, &store);
    assert_eq!(lives.state(0, NOW).in_flight, 0);
    // Its place is taken by the next one.
    let attempt = lives.begin(0, NOW + 11 * SECOND);
    lives.tick(NOW + 11 * SECOND, &store);
    let workers = || store.keys().iter().filter(|key| key.starts_with("tiergate.worker.")).count();
    assert_eq!(workers(), 1);
    lives.end(attempt, AttemptOutcome::Ok, NONE, EndDetails::NONE, NOW + 12 * SECOND, &store);
}

#[test]
fn more_workers_than_places_do_no_harm() {
    let store = Fake::default();
    let mut workers: Vec<Board> = (1..=80).map(board).collect();
    let mut attempts = Vec::new();
    for worker in &mut workers {
        attempts.push(worker.begin(0, NOW));
        worker.tick(NOW, &store);
    }
    assert_eq!(store.keys().iter().filter(|key| key.starts_with("tiergate.worker.")).count(), WORKER_SLOTS);
    for worker in &mut workers {
        worker.tick(NOW + SECOND, &store);
        let seen = worker.state(0, NOW + SECOND).in_flight;
        assert!((64..=65).contains(&seen), "its own, and those that have a place: {seen}");
    }
    for (worker, attempt) in workers.iter_mut().zip(attempts) {
        worker.end(attempt, AttemptOutcome::Ok, NONE, EndDetails::NONE, NOW + SECOND, &store);
        worker.tick(NOW + 2 * SECOND, &store);
    }
    for worker in &mut workers {
        worker.tick(NOW + 3 * SECOND, &store);
        assert_eq!(worker.state(0, NOW + 3 * SECOND).in_flight, 0);
    }
}

#[test]
fn idle_workers_write_nothing() {
    let store = Fake::default();
    let mut worker = board(1);
    for tick in 0..10 {
        worker.tick(NOW + tick * SECOND, &store);
    }
    assert_eq!((store.writes.get(), store.keys().len()), (0, 0));
    let attempt = worker.begin(0, NOW);
    worker.end(attempt, AttemptOutcome::Ok, NONE, EndDetails::NONE, NOW, &store);
    worker.tick(NOW + 10 * SECOND, &store);
    let written = store.writes.get();
    worker.tick(NOW + 11 * SECOND, &store);
    assert_eq!(store.writes.get(), written, "what was told is not told again");
}

#[test]
fn a_failure_that_could_not_be_written_is_written_later() {
    let store = Fake::default();
    let mut worker = board(1);
    fail(&mut worker, 0, 3, NOW, &store);
    store.refuse.set(3);
    fail(&mut worker, 0, 1, NOW, &store);
    assert!(!worker.state(0, NOW).cooling);
    worker.tick(NOW + SECOND, &store);
    assert!(worker.state(0, NOW + SECOND).cooling);
    assert_eq!(worker.take_cooldowns().len(), 1);
    // However long nobody can write: what waits is bounded, and requests are served.
    store.refuse.set(u32::MAX);
    fail(&mut worker, 1, 1000, NOW + SECOND, &store);
    store.refuse.set(0);
    worker.tick(NOW + 2 * SECOND, &store);
    assert!(worker.state(1, NOW + 2 * SECOND).cooling);
}

#[test]
fn two_filters_that_share_a_board_tick_once() {
    let store = Fake::default();
    let mut worker = board(1);
    worker.tick(NOW, &store);
    let calls = store.calls();
    worker.tick(NOW + 300, &store);
    assert_eq!(store.calls(), calls);
    worker.tick(NOW + 1000, &store);
    assert!(store.calls() > calls);
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Begin(usize),
    AttemptEnd(usize, AttemptOutcome),
    Tick,
}

/// A worker and what it has under way.
struct Worker {
    board: Board,
    under_way: Vec<Attempt>,
}

impl Worker {
    fn step(&mut self, step: Step, now: Timestamp, store: &Fake<'_>) {
        match step {
            Step::Begin(model) => self.under_way.push(self.board.begin(model, now)),
            Step::AttemptEnd(which, outcome) if !self.under_way.is_empty() => {
                let mut attempt = self.under_way.swap_remove(which % self.under_way.len());
                if outcome == AttemptOutcome::Ok {
                    self.board.answered(&mut attempt, now, store);
                }
                self.board.end(
                    attempt,
                    outcome,
                    (Tokens { input: 1, output: 2 }, false),
                    EndDetails::NONE,
                    now,
                    store,
                );
            }
            Step::AttemptEnd(..) => {}
            Step::Tick => {
                self.board.tick(now, store);
            }
        }
    }
}

fn steps() -> impl Strategy<Value = Step> {
    let outcome = prop_oneof![
        Just(AttemptOutcome::Ok),
        Just(AttemptOutcome::Refused),
        Just(AttemptOutcome::Cancelled),
        Just(AttemptOutcome::Failed(Failure::ServerError)),
    ];
    prop_oneof![
        3 => (0..MODELS.len()).prop_map(Step::Begin),
        3 => (0..100_usize, outcome).prop_map(|(which, outcome)| Step::AttemptEnd(which, outcome)),
        2 => Just(Step::Tick),
    ]
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    /// Workers that come in between each other's reads and writes. The records are there, as a swap on a missing key
    /// succeeds for everybody; then nothing is lost, and in the end nothing is under way.
    #[test]
    fn nothing_is_lost_or_leaked_whoever_comes_in_between(
        script in proptest::collection::vec((0..3_usize, steps(), 0..4_usize), 1..120),
        between in proptest::collection::vec((0..3_usize, steps()), 0..60),
    ) {
        let store = Rc::new(Fake::default());
        let workers: Rc<Vec<RefCell<Worker>>> = Rc::new(
            (1..=3).map(|n| RefCell::new(Worker { board: board(n), under_way: Vec::new() })).collect(),
        );
        for model in 0..MODELS.len() {
            let mut worker = workers[0].borrow_mut();
            fail(&mut worker.board, model, 1, NOW, &*store);
        }
        let now = Rc::new(Cell::new(NOW));
        let begun = Rc::new(Cell::new(MODELS.len() as u64));
        let count = |step: &Step, begun: &Cell<u64>| {
            if let Step::Begin(_) = step { begun.set(begun.get() + 1); }
        };
        let mut left = between.into_iter();
        let inner = Rc::new(Fake::default());
        // The same store without the hook, for whoever comes in between.
        let hooked = Rc::clone(&store);
        let (others, clock, counter) = (Rc::clone(&workers), Rc::clone(&now), Rc::clone(&begun));
        store.between.replace(Some(Box::new(move || {
            let Some((who, step)) = left.next() else { return };
            let Ok(mut worker) = others[who].try_borrow_mut() else { return };
            inner.entries.swap(&hooked.entries);
            inner.last.set(hooked.last.get());
            count(&step, &counter);
            worker.step(step, clock.get(), &inner);
            hooked.last.set(inner.last.get());
            inner.entries.swap(&hooked.entries);
        })));
        for (who, step, pause) in script {
            // Within one minute, so that the counts are comparable.
            now.set((now.get() + 300 * pause as u64).min(NOW + 55 * SECOND));
            if let Step::Begin(_) = step { begun.set(begun.get() + 1); }
            workers[who].borrow_mut().step(step, now.get(), &store);
        }
        store.between.replace(None);
        for (turn, worker) in workers.iter().enumerate() {
            let mut worker = worker.borrow_mut();
            while !worker.under_way.is_empty() {
                worker.step(Step::AttemptEnd(0, AttemptOutcome::Ok), NOW + 56 * SECOND, &store);
            }
            prop_assert_eq!(worker.board.in_flight_here(), 0, "worker {}", turn);
        }
        for second in [57, 58] {
            for worker in workers.iter() {
                worker.borrow_mut().board.tick(NOW + second * SECOND, &*store);
            }
        }
        for worker in workers.iter() {
            let board = &worker.borrow().board;
            let conditions: Vec<ModelState> =
                (0..MODELS.len()).map(|model| board.state(model, NOW + 58 * SECOND)).collect();
            prop_assert!(conditions.iter().all(|c| c.in_flight == 0), "{:?}", conditions);
            let requests: u64 = conditions.iter().map(|c| c.requests_this_minute).sum();
            prop_assert_eq!(requests, begun.get(), "{:?}", conditions);
        }
        prop_assert!(store.keys().len() <= MODELS.len() + 3, "{:?}", store.keys());
    }

    /// Writes that fail at any time: what is lost is lost, but nothing is invented, leaked or blocked.
    #[test]
    fn writes_that_fail_corrupt_nothing(
        script in proptest::collection::vec((0..3_usize, steps(), 0..5_u32), 1..120),
    ) {
        let store = Fake::default();
        let mut workers: Vec<Worker> =
            (1..=3).map(|n| Worker { board: board(n), under_way: Vec::new() }).collect();
        let mut begun = 0;
        for (turn, (who, step, refuse)) in script.into_iter().enumerate() {
            store.refuse.set(refuse);
            begun += u64::from(matches!(step, Step::Begin(_)));
            workers[who].step(step, NOW + 400 * turn as u64, &store);
        }
        store.refuse.set(0);
        let end = NOW + 51 * SECOND;
        for worker in &mut workers {
            while !worker.under_way.is_empty() {
                worker.step(Step::AttemptEnd(0, AttemptOutcome::Cancelled), end, &store);
            }
        }
        for second in [52, 53] {
            for worker in &mut workers {
                worker.board.tick(NOW + second * SECOND, &store);
            }
        }
        for worker in &workers {
            let conditions: Vec<ModelState> =
                (0..MODELS.len()).map(|model| worker.board.state(model, NOW + 53 * SECOND)).collect();
            prop_assert!(conditions.iter().all(|c| c.in_flight == 0), "{:?}", conditions);
            prop_assert!(conditions.iter().map(|c| c.requests_this_minute).sum::<u64>() <= begun);
        }
    }
}
