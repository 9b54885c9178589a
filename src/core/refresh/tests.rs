//! The schedule, the records and the judgement of answers.

use proptest::prelude::*;

use super::record::place;
use super::*;
use crate::time::{Millis, Seconds, Timestamp};

const NOW: Timestamp = Timestamp::of_millis(1_767_225_600_000);
const SECOND: Millis = Millis::of_seconds(1);
const SCHEDULE: Schedule = Schedule {
    fresh: Duration::from_secs(300),
    stale: Duration::from_secs(86400),
    retry: Duration::from_secs(10),
    retry_max: Duration::from_secs(300),
    lease: Duration::from_secs(10),
    jitter: 0.1,
};

fn report(outcome: RefreshOutcome) -> FetchReport {
    FetchReport { outcome, retry_after: None, etag: Vec::new(), unchanged: false }
}

fn fetch(state: &State, now: Timestamp, holder: u64) -> State {
    match state.step(now, &SCHEDULE, holder) {
        RefreshStep::Fetch(taken) => taken,
        RefreshStep::Wait => panic!("a fetch is due: {state:?}"),
    }
}

fn endpoint() -> Endpoint {
    Endpoint {
        cluster: "feed".to_owned(),
        authority: "feed.example".to_owned(),
        path: "/signals?platform=a".to_owned(),
        headers: vec![("authorization".to_owned(), "Bearer x".to_owned())],
        timeout: Duration::from_secs(5),
        max_bytes: 1 << 20,
    }
}

#[test]
fn nothing_known_is_due_at_once() {
    let taken = fetch(&State::default(), NOW, 7);
    assert_eq!((taken.holder, taken.lease_end, taken.generation), (7, NOW + 10 * SECOND, 0));
    assert_eq!(taken.step(NOW + 9999, &SCHEDULE, 8), RefreshStep::Wait, "while the lease holds");
    assert_eq!(fetch(&taken, NOW + 10 * SECOND, 8).holder, 8, "a lease ends by itself");
}

#[test]
fn a_good_answer_holds_for_the_fresh_time_less_jitter() {
    let taken = fetch(&State::default(), NOW, 7);
    for (random, wait) in [(0, 300_000), (u64::MAX, 270_001), (u64::MAX / 2, 285_001)] {
        let next = taken.after(NOW, &SCHEDULE, random, report(RefreshOutcome::Updated));
        assert!(next.wait.get().abs_diff(wait) <= 1, "{random}: {:?}", next.wait);
        assert_eq!((next.due, next.lease_end, next.fetched_at), (NOW + next.wait, Timestamp::NEVER, NOW));
        assert_eq!(next.step(next.due - 1, &SCHEDULE, 8), RefreshStep::Wait);
        fetch(&next, next.due, 8);
    }
}

#[test]
fn failures_wait_twice_as_long_each_up_to_a_bound() {
    let mut state = State::default();
    for expected in [10, 20, 40, 80, 160, 300, 300] {
        state = fetch(&state, state.due.max(NOW), 7);
        state = state.after(NOW, &SCHEDULE, 0, report(RefreshOutcome::Status));
        assert_eq!(state.wait, expected * SECOND);
    }
    state.failures = u32::MAX;
    state = state.after(NOW, &SCHEDULE, 0, report(RefreshOutcome::Broken));
    assert_eq!((state.wait, state.failures), (300 * SECOND, u32::MAX));
    let again = state.after(NOW, &SCHEDULE, 0, report(RefreshOutcome::Updated));
    assert_eq!(again.failures, 0);
}

#[test]
fn what_the_server_asks_for_is_the_least() {
    let wait = |retry_after, random| {
        let report = FetchReport { retry_after: Some(retry_after), ..report(RefreshOutcome::RateLimited) };
        State::default().after(NOW, &SCHEDULE, random, report).wait
    };
    assert_eq!(wait(120 * SECOND, 0), 120 * SECOND);
    assert_eq!(wait(120 * SECOND, u64::MAX).seconds_up(), Seconds::of(132), "jitter comes on top");
    assert_eq!(wait(2 * SECOND, 0), 10 * SECOND, "not sooner than by the back-off");
    assert_eq!(wait(Millis::MAX, 0), 86400 * SECOND, "a day at most");
}

#[test]
fn a_failure_keeps_the_snapshot_and_304_renews_it() {
    let good = State::default().after(
        NOW,
        &SCHEDULE,
        0,
        FetchReport { etag: b"\"1\"".to_vec(), ..report(RefreshOutcome::Updated) },
    );
    assert_eq!((good.generation, good.etag.as_slice()), (NOW.millis(), &b"\"1\""[..]));
    for outcome in RefreshOutcome::ALL.into_iter().filter(|o| !o.is_good()) {
        let bad = good.after(NOW + SECOND, &SCHEDULE, 0, report(outcome));
        assert_eq!(
            (bad.generation, bad.fetched_at, &bad.etag),
            (NOW.millis(), NOW, &good.etag),
            "{outcome:?}"
        );
        assert_eq!(bad.outcome, Some(outcome));
    }
    let same = good.after(NOW + SECOND, &SCHEDULE, 0, report(RefreshOutcome::NotModified));
    assert_eq!((same.generation, same.fetched_at, &same.etag), (NOW.millis(), NOW + SECOND, &good.etag));
    let other = good.after(NOW, &SCHEDULE, 0, report(RefreshOutcome::Updated));
    assert_eq!((other.generation, other.etag.as_slice()), (NOW.millis() + 1, &b""[..]), "no number twice");
    let tag = b"\"2\"".to_vec();
    let again = FetchReport { etag: tag.clone(), unchanged: true, ..report(RefreshOutcome::Updated) };
    let again = good.after(NOW + SECOND, &SCHEDULE, 0, again);
    assert_eq!(
        (again.generation, again.fetched_at, again.etag),
        (NOW.millis(), NOW + SECOND, tag),
        "the same feed"
    );
}

#[test]
fn a_snapshot_is_used_up_to_the_bound() {
    assert!(!State::default().is_usable(NOW, &SCHEDULE));
    let good = State::default().after(NOW, &SCHEDULE, 0, report(RefreshOutcome::Updated));
    let bound = NOW + 86400 * SECOND;
    assert!(good.is_usable(bound, &SCHEDULE) && !good.is_usable(bound + 1, &SCHEDULE));
    assert_eq!(good.age(NOW + 5), Some(Millis::of(5)));
    assert_eq!(good.age(NOW - 5), Some(Millis::ZERO), "the clock was set back");
}

#[test]
fn a_clock_that_was_set_back_does_not_stop_fetching() {
    let hour_ago = NOW - 3600 * SECOND;
    let taken = fetch(&State::default(), NOW, 7);
    fetch(&taken, hour_ago, 8);
    for outcome in [RefreshOutcome::Updated, RefreshOutcome::Status] {
        let next = taken.after(NOW, &SCHEDULE, 0, report(outcome));
        let again = fetch(&next, hour_ago, 8);
        assert!(again.after(hour_ago, &SCHEDULE, 0, report(RefreshOutcome::Status)).fetched_at <= hour_ago);
    }
}

#[test]
fn identity_is_stable_and_tells_feeds_apart() {
    let own = identity(&endpoint(), &SCHEDULE);
    assert_eq!(
        own, 12_509_676_522_619_367_689,
        "another number: workers of two builds no longer share a fetch; raise the formats' versions"
    );
    let mut others: Vec<u64> = [
        Endpoint { cluster: "feed2".to_owned(), ..endpoint() },
        Endpoint { authority: "feed2.example".to_owned(), ..endpoint() },
        Endpoint { path: "/signals".to_owned(), ..endpoint() },
        Endpoint { headers: Vec::new(), ..endpoint() },
        Endpoint { timeout: Duration::from_secs(6), ..endpoint() },
        Endpoint { max_bytes: 1 << 21, ..endpoint() },
    ]
    .iter()
    .map(|endpoint| identity(endpoint, &SCHEDULE))
    .collect();
    others.push(identity(&endpoint(), &Schedule { fresh: Duration::from_secs(301), ..SCHEDULE }));
    others.push(own);
    others.sort_unstable();
    others.dedup();
    assert_eq!(others.len(), 8);
}

#[test]
fn every_feed_finds_its_slot() {
    let mut slots: Vec<Option<Vec<u8>>> = vec![None; SLOTS];
    // All want slot 5; all get one of their own, and find it again.
    let feeds: Vec<u64> = (0..SLOTS as u64).map(|n| n * SLOTS as u64 + 5).collect();
    for (n, &feed) in feeds.iter().enumerate() {
        let slot = place(feed, |slot| slots[slot].clone());
        assert_eq!(slot, (5 + n) % SLOTS);
        slots[slot] = Some(State { due: NOW + n as u64, ..State::default() }.encode(feed));
    }
    for (n, &feed) in feeds.iter().enumerate() {
        assert_eq!(place(feed, |slot| slots[slot].clone()), (5 + n) % SLOTS);
    }
    // No more room: the feed that has been due for longest gives way, or what is nobody's.
    assert_eq!(place(5 + 99 * 64, |slot| slots[slot].clone()), 5);
    slots[40] = Some(b"foreign".to_vec());
    assert_eq!(place(5 + 99 * 64, |slot| slots[slot].clone()), 40);
}

fn row(headers: &[(&str, &str)], body_size: usize) -> AnswerKind {
    let headers: Vec<(String, Vec<u8>)> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
    FetchAnswer::new(&headers, body_size).expect("has a status").verdict(1024, true)
}

#[test]
fn answers_are_told_apart() {
    for (status, outcome) in [
        ("304", RefreshOutcome::NotModified),
        ("503", RefreshOutcome::Unavailable),
        ("504", RefreshOutcome::Timeout),
        ("429", RefreshOutcome::RateLimited),
        ("301", RefreshOutcome::Redirected),
        ("308", RefreshOutcome::Redirected),
        ("204", RefreshOutcome::Status),
        ("206", RefreshOutcome::Status),
        ("401", RefreshOutcome::Status),
        ("404", RefreshOutcome::Status),
        ("500", RefreshOutcome::Status),
        ("", RefreshOutcome::Status),
        ("3000", RefreshOutcome::Status),
    ] {
        assert_eq!(row(&[(":status", status)], 0), AnswerKind::Done(outcome), "{status}");
    }
    assert_eq!(FetchAnswer::new(&[], 0).map(|answer| answer.body_size), None);
    let unasked = FetchAnswer { status: b"304", ..FetchAnswer::default() };
    assert_eq!(unasked.verdict(1024, false), AnswerKind::Done(RefreshOutcome::Status));
}

#[test]
fn a_body_is_read_only_where_it_can_be_a_feed() {
    let read = |extra: &[(&str, &str)], size| row(&[&[(":status", "200")], extra].concat(), size);
    assert_eq!(read(&[], 1024), AnswerKind::Read);
    assert_eq!(read(&[], 1025), AnswerKind::Done(RefreshOutcome::TooLarge));
    for good in [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/vnd.signals+json",
        "text/plain;charset=utf-8",
        "application/octet-stream",
    ] {
        assert_eq!(read(&[("content-type", good)], 9), AnswerKind::Read, "{good}");
    }
    for bad in ["text/html", "text/html; x=application/json", "application/jsonp", "application/xml"] {
        assert_eq!(read(&[("content-type", bad)], 9), AnswerKind::Done(RefreshOutcome::ContentType), "{bad}");
    }
    assert_eq!(read(&[("content-encoding", "identity")], 9), AnswerKind::Read);
    assert_eq!(read(&[("Content-Encoding", "gzip")], 9), AnswerKind::Done(RefreshOutcome::Compressed));
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    // 1994-11-06T08:49:00Z
    let now = Timestamp::of_millis(784_111_740_000);
    for (text, wait) in [
        ("120", Some(120_000)),
        ("0", Some(0)),
        ("99999999999999999999999", Some(u64::MAX)),
        ("Sun, 06 Nov 1994 08:49:37 GMT", Some(37_000)),
        ("Sun, 06 Nov 1994 08:48:37 GMT", Some(0)),
        ("Sun, 06 Nov 1904 08:48:37 GMT", None),
        ("-1", None),
        ("1.5", Some(1500)),
        ("soon", None),
        ("", None),
    ] {
        let answer = FetchAnswer { retry_after: Some(text.as_bytes()), ..FetchAnswer::default() };
        assert_eq!(answer.wait(now), wait.map(Millis::of), "{text}");
    }
    // A date may have comments, which may be nested: an upstream may not use up the stack with them.
    let nested = format!("{}Sun, 06 Nov 1994 08:49:37 GMT", "(".repeat(60_000));
    let answer = FetchAnswer { retry_after: Some(nested.as_bytes()), ..FetchAnswer::default() };
    assert_eq!(answer.wait(now), None);
    let odd = FetchAnswer { retry_after: Some(b"\xff"), ..FetchAnswer::default() };
    assert_eq!((odd.wait(now), FetchAnswer::default().wait(now)), (None, None));
}

/// Workers of another build read and write the same.
#[test]
fn times_lie_in_shared_data_as_milliseconds() {
    let state = fetch(&State::default(), NOW, 7).after(NOW, &SCHEDULE, 0, report(RefreshOutcome::Updated));
    let bytes = State { lease_end: NOW + 5, ..state }.encode(9);
    let number = |place: usize| u64::from_le_bytes(bytes[4 + 8 * place..][..8].try_into().unwrap());
    // What it is of, who fetched, the end of the lease, when it is due, the wait, when it was fetched, its number.
    let now = 1_767_225_600_000;
    assert_eq!([0, 1, 2, 3].map(number), [9, 7, now + 5, now + 300_000]);
    assert_eq!([4, 5, 6].map(number), [300_000, now, now]);
}

prop_compose! {
    fn any_state()(
        numbers in any::<[u64; 6]>(),
        failures: u32,
        outcome in prop::option::of(prop::sample::select(&RefreshOutcome::ALL[..])),
        told_stale: bool,
        etag in prop::collection::vec(any::<u8>(), 0..256),
    ) -> State {
        let [holder, lease_end, due, wait, fetched_at, generation] = numbers;
        let [lease_end, due, fetched_at] = [lease_end, due, fetched_at].map(Timestamp::of_millis);
        State { holder, lease_end, due, wait: Millis::of(wait), fetched_at, generation, failures, outcome, told_stale, etag }
    }
}

proptest! {
    #[test]
    fn records_come_back_as_they_were(state in any_state(), feed: u64, other: u64, body: Vec<u8>) {
        let bytes = state.encode(feed);
        prop_assert_eq!(State::decode(&bytes, feed), Some(state.clone()));
        let snapshot = Snapshot { generation: state.generation, body: &body };
        let stored = snapshot.encode(feed);
        prop_assert_eq!(Snapshot::decode(&stored, feed), Some(snapshot));
        if other != feed {
            prop_assert_eq!(State::decode(&bytes, other), None);
            prop_assert_eq!(Snapshot::decode(&stored, other), None);
        }
        prop_assert_eq!(State::decode(&stored, feed), None);
        prop_assert_eq!(Snapshot::decode(&bytes, feed), None);
    }

    #[test]
    fn damage_is_nothing_known(state in any_state(), feed: u64, at: prop::sample::Index, flip in 1..=255_u8) {
        let mut bytes = state.encode(feed);
        let at = at.index(bytes.len());
        prop_assert_eq!(State::decode(&bytes[..at], feed), None);
        bytes[at] ^= flip;
        prop_assert_eq!(State::decode(&bytes, feed), None);
        let snapshot = Snapshot { generation: 1, body: &bytes }.encode(feed);
        let cut = at.min(snapshot.len() - 1);
        prop_assert_eq!(Snapshot::decode(&snapshot[..cut], feed), None);
    }

    #[test]
    fn foreign_bytes_are_nothing_known(bytes: Vec<u8>, feed: u64) {
        prop_assert_eq!(State::decode(&bytes, feed), None);
        prop_assert_eq!(Snapshot::decode(&bytes, feed), None);
        place(feed, |_| Some(bytes.clone()));
    }

    #[test]
    fn no_number_makes_it_stop(state in any_state(), now in any::<u64>().prop_map(Timestamp::of_millis), random: u64, asked: Option<u64>,
        outcome in prop::sample::select(&RefreshOutcome::ALL[..])) {
        let report = FetchReport { outcome, retry_after: asked.map(Millis::of), etag: Vec::new(), unchanged: false };
        let next = state.after(now, &SCHEDULE, random, report);
        prop_assert!(next.wait <= 86400 * SECOND * 11 / 10);
        prop_assert_eq!(next.lease_end, Timestamp::NEVER);
        let later = now + next.wait;
        let due = matches!(next.step(later, &SCHEDULE, 1), RefreshStep::Fetch(_));
        prop_assert!(due);
        // Whatever the clock does, after a day and a lease somebody fetches.
        let _ = state.step(now, &SCHEDULE, 1);
        let _ = (state.age(now), state.is_usable(now, &SCHEDULE));
    }

    #[test]
    fn any_answer_can_be_judged(status: Vec<u8>, value: Vec<u8>, body_size: usize,
        now in any::<u64>().prop_map(Timestamp::of_millis)) {
        let headers = [
            (":status".to_owned(), status),
            ("content-type".to_owned(), value.clone()),
            ("retry-after".to_owned(), value),
        ];
        let answer = FetchAnswer::new(&headers, body_size).expect("has a status");
        let _ = (answer.verdict(1024, false), answer.wait(now));
    }
}
