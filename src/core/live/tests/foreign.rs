//! What lies in the store and is not ours, or no longer.

use proptest::prelude::*;

use super::super::record::Record;
use super::super::slots::{find, model_key, worker_key};
use super::*;
use crate::tier::Tier;

/// All values that a little traffic leaves behind.
fn left_behind() -> Vec<(String, Vec<u8>)> {
    let store = Fake::default();
    let mut worker = board(1);
    for model in 0..MODELS.len() {
        fail(&mut worker, model, 4, NOW, &store);
        let attempt = worker.begin(model, NOW);
        worker.tick(NOW + SECOND * (1 + model as u64), &store);
        worker.forget(&attempt);
    }
    let entries = store.entries.borrow();
    entries.iter().map(|(key, (value, _))| (key.clone(), value.clone())).collect()
}

/// Whether what a worker knows about models is nothing, and whether it can still learn and report.
fn works_from_scratch(store: &Fake<'_>) {
    let (mut one, mut two) = (board(7), board(8));
    one.tick(NOW, store);
    for model in 0..MODELS.len() {
        assert_eq!(one.state(model, NOW), ModelState::default());
    }
    fail(&mut one, 1, 4, NOW, store);
    let attempt = one.begin(2, NOW);
    one.tick(NOW + SECOND, store);
    two.tick(NOW + SECOND, store);
    assert!(two.state(1, NOW + SECOND).cooling);
    assert_eq!(two.state(2, NOW + SECOND).in_flight, 1);
    one.end(attempt, AttemptOutcome::Ok, NONE, EndDetails::NONE, NOW + SECOND, store);
}

fn filled(values: impl Fn(usize) -> Vec<u8>) -> Fake<'static> {
    let store = Fake::default();
    let keys = (0..MODEL_SLOTS).map(model_key).chain((0..WORKER_SLOTS).map(worker_key));
    for (place, key) in keys.enumerate() {
        store.set(&key, &values(place), None).unwrap();
    }
    store
}

/// The number at a place of a value, behind its magic.
fn number(value: &[u8], place: usize) -> u64 {
    u64::from_le_bytes(value[4 + 8 * place..][..8].try_into().unwrap())
}

/// Workers of another build read and write the same.
#[test]
fn times_lie_in_the_store_as_milliseconds_of_the_epoch() {
    let store = Fake::default();
    fail(&mut board(1), 0, 4, NOW + 7, &store);
    let written = store.entries.borrow().values().next().unwrap().0.clone();
    // When it was written, its bucket of two seconds, when the cooldown began and when it ends.
    let times = [1, 2, 3, 4].map(|place| number(&written, place));
    assert_eq!(times, [1_767_225_600_007, 883_612_800, 1_767_225_600_007, 1_767_225_605_007]);

    let store = Fake::default();
    let rules = Retention { idle: SECOND, own: SECOND, others: SECOND };
    let known = SessionKey { tenant: 3, number: 4 };
    hold(&store, SessionTable::Conversations, known, SessionPin::by("alpha", Tier::Complex, NOW + 7), rules);
    let written = store.entries.borrow().values().next().unwrap().0.clone();
    // The tenant, the conversation, the tier, and when its model served last.
    assert_eq!([0, 1, 3, 4].map(|place| number(&written, place)), [3, 4, 2, 1_767_225_600_007]);
}

#[test]
fn other_versions_and_other_formats_are_replaced() {
    for (_, value) in left_behind() {
        works_from_scratch(&filled(|_| {
            let mut other = value.clone();
            other[3] += 1;
            other
        }));
        works_from_scratch(&filled(|place| value[..place % value.len()].to_vec()));
    }
    works_from_scratch(&filled(|_| Vec::new()));
    works_from_scratch(&filled(|_| b"tgL\x01".to_vec()));
    works_from_scratch(&filled(|_| vec![0; 4096]));
}

#[test]
fn a_value_under_the_wrong_key_is_not_read() {
    // The record of one model where that of another would be, and counts of a worker in its place.
    for (_, value) in left_behind() {
        let store = Fake::default();
        store.set(&model_key(find(&store, crate::fnv::Fnv::of(b"bravo"), NOW).slot), &value, None).unwrap();
        let mut worker = Board::new(SETTINGS, [(0, "bravo")], 5);
        worker.tick(NOW + SECOND, &store);
        let known = Record::decode(&value).is_some_and(|(model, _)| model == crate::fnv::Fnv::of(b"bravo"));
        assert_eq!(worker.state(0, NOW + SECOND).cooling, known);
    }
}

#[test]
fn models_of_one_hash_have_places_of_their_own() {
    // Twenty names that all belong into one place: more than are looked for.
    let names: Vec<String> = (0..)
        .map(|n| format!("model-{n}"))
        .filter(|name| crate::fnv::Fnv::of(name.as_bytes()) % MODEL_SLOTS as u64 == 511)
        .take(20)
        .collect();
    let store = Fake::default();
    let mut worker = Board::new(SETTINGS, names.iter().map(String::as_str).enumerate(), 1);
    for model in 0..16 {
        fail(&mut worker, model, 4, NOW, &store);
    }
    let mut other = Board::new(SETTINGS, names.iter().map(String::as_str).enumerate(), 2);
    other.tick(NOW + SECOND, &store);
    for (model, name) in names.iter().enumerate().take(16) {
        assert!(other.state(model, NOW + SECOND).cooling, "{}", name);
    }
    // One more takes the place of whoever was seen last the longest ago, and none of them blocks.
    for model in 16..20 {
        fail(&mut worker, model, 4, NOW + SECOND, &store);
        assert!(worker.state(model, NOW + SECOND).cooling);
    }
    assert_eq!(store.keys().len(), 16);
}

#[test]
fn a_model_that_nobody_asks_for_gives_its_place_away() {
    let names: Vec<String> = (0..)
        .map(|n| format!("model-{n}"))
        .filter(|name| crate::fnv::Fnv::of(name.as_bytes()) % MODEL_SLOTS as u64 == 7)
        .take(2)
        .collect();
    let store = Fake::default();
    let mut old = Board::new(SETTINGS, [(0, names[0].as_str())], 1);
    fail(&mut old, 0, 1, NOW, &store);
    let mut new = Board::new(SETTINGS, [(0, names[1].as_str())], 2);
    fail(&mut new, 0, 1, NOW + 3_700_000, &store);
    assert_eq!(store.keys(), ["tiergate.live.007"]);
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn arbitrary_bytes_are_nothing_known(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        works_from_scratch(&filled(|_| bytes.clone()));
    }

    /// A byte that was changed is found out; only a whole value of ours is one.
    #[test]
    fn a_damaged_value_is_nothing_known(which in 0..4_usize, at in any::<prop::sample::Index>(), by in 1..=255_u8) {
        let values = left_behind();
        let (_, value) = &values[which % values.len()];
        let mut damaged = value.clone();
        let at = at.index(damaged.len());
        damaged[at] ^= by;
        works_from_scratch(&filled(|_| damaged.clone()));
    }

    /// Whatever models there are, keys stay within their bounds.
    #[test]
    fn keys_are_bounded(names in proptest::collection::vec(".{0,40}", 1..20), holders in proptest::collection::vec(any::<u64>(), 1..6)) {
        let store = Fake::default();
        for (turn, holder) in holders.into_iter().enumerate() {
            let now = NOW + turn as u64;
            let mut board = Board::new(SETTINGS, names.iter().map(String::as_str).enumerate(), holder);
            for model in 0..names.len() {
                fail(&mut board, model, 1, now, &store);
                let _ = board.begin(model, now);
            }
            board.tick(now, &store);
        }
        for key in store.keys() {
            let (kind, number) = key.rsplit_once('.').unwrap();
            let most = if kind == "tiergate.live" { MODEL_SLOTS } else { WORKER_SLOTS };
            prop_assert!(kind == "tiergate.live" || kind == "tiergate.worker", "{}", key);
            prop_assert!(number.parse::<usize>().unwrap() < most, "{}", key);
        }
        prop_assert!(store.keys().len() <= MODEL_SLOTS + WORKER_SLOTS);
    }
}
