//! What conversations are held by.

use super::*;
use crate::tier::Tier;

const IDLE: u64 = 300 * SECOND;

#[test]
fn a_conversation_is_held_until_it_is_quiet_for_too_long() {
    let store = Fake::default();
    let held = Held::by("alpha", Tier::Complex, NOW);
    assert_eq!(super::held(&store, 5, IDLE, NOW), None);
    hold(&store, 5, held);
    assert_eq!(super::held(&store, 5, IDLE, NOW + IDLE), Some(held));
    assert_eq!(super::held(&store, 5, IDLE, NOW + IDLE + 1), None);
    assert_eq!(super::held(&store, 5, IDLE, NOW - SECOND), Some(held), "the clock was set back");
    assert_eq!(super::held(&store, 5 + SESSION_SLOTS as u64, IDLE, NOW), None, "another in the same place");
    assert!(held.is("alpha") && !held.is("bravo"));
    let moved = Held::by("bravo", Tier::Reasoning, NOW + 1);
    hold(&store, 5, moved);
    assert_eq!(super::held(&store, 5, IDLE, NOW + 1), Some(moved));
    assert_eq!(store.keys().len(), 1);
}

#[test]
fn places_are_bounded_and_the_oldest_gives_way() {
    let store = Fake::default();
    let crowd = |n: u64| 9 + n * SESSION_SLOTS as u64;
    for n in 0..5 {
        hold(&store, crowd(n), Held::by("alpha", Tier::Simple, NOW + n));
    }
    assert_eq!(super::held(&store, crowd(0), IDLE, NOW), None, "the oldest of five that share four places");
    for n in 1..5 {
        assert!(super::held(&store, crowd(n), IDLE, NOW).is_some(), "{n}");
    }
    for n in 0..20_000_u64 {
        hold(&store, session(1, [&n.to_le_bytes()[..]]), Held::by("alpha", Tier::Simple, NOW));
    }
    assert!(store.keys().len() <= SESSION_SLOTS);
}

#[test]
fn what_is_not_ours_is_nothing_known() {
    let store = Fake::default();
    hold(&store, 5, Held::by("alpha", Tier::Simple, NOW));
    let (key, (bytes, _)) =
        store.entries.borrow().iter().next().map(|(k, v)| (k.clone(), v.clone())).unwrap();
    for place in 0..bytes.len() {
        let mut broken = bytes.clone();
        broken[place] ^= 1;
        store.set(&key, &broken, None).unwrap();
        assert_eq!(super::held(&store, 5, IDLE, NOW), None, "byte {place}");
    }
    for other in [&b""[..], b"tgC\x02", &bytes[..20]] {
        store.set(&key, other, None).unwrap();
        assert_eq!(super::held(&store, 5, IDLE, NOW), None);
    }
    hold(&store, 5, Held::by("bravo", Tier::Simple, NOW));
    assert!(super::held(&store, 5, IDLE, NOW).is_some_and(|held| held.is("bravo")), "and is replaced");
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
