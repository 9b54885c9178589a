//! What is remembered of conversations, and whose places are taken for it.

use super::*;
use crate::tier::Tier;

const IDLE: Millis = Millis::of_seconds(300);
const RULES: Retention =
    Retention { idle: IDLE, own: Millis::of_seconds(60), others: Millis::of_seconds(60) };
const MEMORY: SessionTable = SessionTable::Conversations;

/// The `n`th entry of a tenant in one and the same set as all other entries with the same `set`.
fn of(tenant: u64, n: u64, set: u64) -> SessionKey {
    let number = (n * SESSION_SETS as u64 + set) ^ tenant.rotate_left(32);
    SessionKey { tenant, number }
}

fn by(name: &str, now: Timestamp) -> SessionPin {
    SessionPin::by(name, Tier::Simple, now)
}

fn keep(store: &Fake<'_>, known: SessionKey, now: Timestamp) {
    hold(store, MEMORY, known, by("alpha", now), RULES);
}

fn kept(store: &Fake<'_>, known: SessionKey, now: Timestamp) -> bool {
    held(store, MEMORY, known, RULES, now).is_some()
}

#[test]
fn a_conversation_is_held_until_it_is_quiet_for_too_long() {
    let store = Fake::default();
    let known = of(1, 0, 5);
    let held = |known, now| super::held(&store, MEMORY, known, RULES, now);
    let entry = SessionPin::by("alpha", Tier::Complex, NOW);
    assert_eq!(held(known, NOW), None);
    hold(&store, MEMORY, known, entry, RULES);
    assert_eq!(held(known, NOW + IDLE), Some(entry));
    assert_eq!(held(known, NOW + IDLE + 1), None);
    assert_eq!(held(known, NOW - SECOND), Some(entry), "the clock was set back");
    assert_eq!(held(of(1, 1, 5), NOW), None, "another in the same set");
    assert_eq!(held(of(2, 0, 5), NOW), None, "another tenant's");
    assert_eq!(super::held(&store, SessionTable::Answers, known, RULES, NOW), None, "another table");
    assert!(entry.is("alpha") && !entry.is("bravo"));
    let moved = SessionPin::by("bravo", Tier::Reasoning, NOW + 1);
    hold(&store, MEMORY, known, moved, RULES);
    assert_eq!(held(known, NOW + 1), Some(moved));
    assert_eq!(store.keys().len(), 1);
}

#[test]
fn a_lookup_costs_one_call_and_a_write_two() {
    let store = Fake::default();
    keep(&store, of(1, 0, 5), NOW);
    assert_eq!(store.calls(), 2);
    assert!(kept(&store, of(1, 0, 5), NOW));
    assert_eq!(store.calls(), 3);
}

#[test]
fn places_are_bounded() {
    let store = Fake::default();
    for n in 0..20_000_u64 {
        let known = SessionKey { tenant: n % 7, number: session(1, [&n.to_le_bytes()[..]]) };
        hold(&store, MEMORY, known, by("alpha", NOW + n), RULES);
        hold(&store, SessionTable::Answers, known, by("alpha", NOW + n), RULES);
    }
    assert_eq!(store.keys().len(), 2 * SESSION_SETS);
    let longest = store.entries.borrow().values().map(|(bytes, _)| bytes.len()).max().unwrap();
    assert!(longest <= 12 + 40 * WAYS, "{longest}");
}

#[test]
fn a_crowd_of_one_tenant_leaves_another_its_share() {
    let store = Fake::default();
    // Two of another's in a set, then many of one's own, as fast and as slowly as it likes.
    for pause in [Millis::ZERO, SECOND, 70 * SECOND] {
        for n in 0..2 {
            keep(&store, of(1, n, 5), NOW);
        }
        for n in 0..100 {
            let now = NOW + n * pause;
            keep(&store, of(2, n, 5), now);
            // The other goes on now and then.
            (0..2).for_each(|n| keep(&store, of(1, n, 5), now));
        }
        let now = NOW + 99 * pause;
        assert!((0..2).all(|n| kept(&store, of(1, n, 5), now)), "{pause:?}");
    }
}

#[test]
fn a_tenant_with_more_than_its_share_gives_way_to_one_with_less() {
    let store = Fake::default();
    for n in 0..8 {
        keep(&store, of(1, n, 5), NOW + n);
    }
    for n in 0..8 {
        keep(&store, of(2, n, 5), NOW + 10);
    }
    let count = |tenant| (0..8).filter(|&n| kept(&store, of(tenant, n, 5), NOW + 10)).count();
    assert_eq!((count(1), count(2)), (4, 4));
    assert!((4..8).all(|n| kept(&store, of(1, n, 5), NOW + 10)), "the oldest went");
}

#[test]
fn tenants_that_somebody_makes_up_do_not_drive_out_one_that_is_in_use() {
    let store = Fake::default();
    keep(&store, of(1, 0, 5), NOW);
    for tenant in 2..1000 {
        keep(&store, of(tenant, 0, 5), NOW + tenant);
    }
    assert!(kept(&store, of(1, 0, 5), NOW + 1000));
    // One that has been quiet for a while does give way to a newcomer.
    keep(&store, of(5000, 0, 5), NOW + 65 * SECOND);
    assert!(kept(&store, of(5000, 0, 5), NOW + 65 * SECOND) && !kept(&store, of(1, 0, 5), NOW + 65 * SECOND));
}

#[test]
fn a_flood_of_one_s_own_does_not_drive_out_what_is_in_use() {
    let store = Fake::default();
    let conversation = |n: u64| SessionKey { tenant: 1, number: session(3, [&n.to_le_bytes()[..]]) };
    for n in 0..50 {
        keep(&store, conversation(n), NOW);
    }
    for n in 50..10_050 {
        keep(&store, conversation(n), NOW + n);
    }
    assert!((0..50).all(|n| kept(&store, conversation(n), NOW + 11 * SECOND)));
    // Places of what was quiet for a minute are free again.
    let late = NOW + 80 * SECOND;
    keep(&store, conversation(20_000), late);
    assert!(kept(&store, conversation(20_000), late));
}

/// A store in which another worker writes after the first read.
struct Meddled {
    store: Fake<'static>,
    other: Cell<Option<SessionKey>>,
}

impl Store for Meddled {
    fn get(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        let value = self.store.get(key);
        if let Some(other) = self.other.take() {
            keep(&self.store, other, NOW);
        }
        value
    }

    fn set(&self, key: &str, value: &[u8], cas: Option<u32>) -> Result<(), Conflict> {
        self.store.set(key, value, cas)
    }
}

#[test]
fn what_two_write_at_once_stays() {
    let store = Fake::default();
    let all = [of(3, 0, 5), of(1, 0, 5), of(2, 0, 5)];
    keep(&store, all[0], NOW);
    let store = Meddled { store, other: Cell::new(Some(all[1])) };
    hold(&store, MEMORY, all[2], by("alpha", NOW), RULES);
    assert!(all.iter().all(|known| kept(&store.store, *known, NOW)));
}

#[test]
fn what_is_not_ours_is_nothing_known() {
    let store = Fake::default();
    let known = of(1, 0, 5);
    keep(&store, known, NOW);
    let (key, (bytes, _)) =
        store.entries.borrow().iter().next().map(|(k, v)| (k.clone(), v.clone())).unwrap();
    for place in 0..bytes.len() {
        let mut broken = bytes.clone();
        broken[place] ^= 1;
        store.set(&key, &broken, None).unwrap();
        assert!(!kept(&store, known, NOW), "byte {place}");
    }
    for other in [&b""[..], b"tgC\x02", &bytes[..20]] {
        store.set(&key, other, None).unwrap();
        assert!(!kept(&store, known, NOW));
    }
    hold(&store, MEMORY, known, by("bravo", NOW), RULES);
    let found = held(&store, MEMORY, known, RULES, NOW);
    assert!(found.is_some_and(|held| held.is("bravo")), "and is replaced");
}

#[test]
fn a_clock_that_was_set_back_by_days_blocks_no_place() {
    let store = Fake::default();
    for n in 0..8 {
        keep(&store, of(1, n, 5), NOW + 1000 * IDLE);
    }
    keep(&store, of(1, 9, 5), NOW);
    assert!(kept(&store, of(1, 9, 5), NOW));
}

#[test]
fn the_salt_is_one_for_all_workers_and_tells_conversations_apart() {
    let store = Fake::default();
    assert_eq!(salt(&store, || 11), 11);
    assert_eq!(salt(&store, || 22), 11, "the second worker takes the first one's");
    let texts: [&[u8]; 2] = [b"auto", b"hello"];
    assert_eq!(session(1, texts), session(1, texts));
    assert_ne!(session(1, texts), session(2, texts));
    let glued: [&[u8]; 2] = [b"autoh", b"ello"];
    assert_ne!(session(1, texts), session(1, glued));
}
