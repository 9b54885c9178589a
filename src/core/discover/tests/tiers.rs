//! Tiers by size.

use serde_json::json;

use super::listed;
use crate::discover::tiers::{self, Bounds};
use crate::tier::{PerTier, Tier};

fn tiers_of(names: &[&str]) -> PerTier<Vec<String>> {
    let found = listed(&json!(names));
    let facts: Vec<_> = found.iter().map(|listed| &listed.facts).collect();
    let places = tiers::by_size(&facts, Bounds::default());
    let mut table: PerTier<Vec<String>> = PerTier::default();
    for tier in Tier::ALL {
        *table.get_mut(tier) = places.get(tier).iter().map(|at| found[*at].name.clone()).collect();
    }
    table
}

#[test]
fn sizes_make_tiers_the_largest_first_and_coders_last() {
    let table = tiers_of(&[
        "a-4b",
        "b-8b",
        "coder-7b",
        "c-14b",
        "d-27b",
        "e-30b-a3b",
        "coder-32b",
        "f-70b-thinking",
        "g-400b",
    ]);
    assert_eq!(table.simple, ["b-8b", "a-4b", "coder-7b"]);
    assert_eq!(table.medium, ["d-27b", "c-14b"]);
    assert_eq!(table.complex, ["g-400b", "f-70b-thinking", "e-30b-a3b", "coder-32b"]);
    assert_eq!(table.reasoning, ["f-70b-thinking", "g-400b", "e-30b-a3b", "coder-32b"]);
}

#[test]
fn a_tier_without_a_model_of_its_size_has_those_of_the_next() {
    let table = tiers_of(&["a-3b", "b-70b", "c-120b"]);
    assert_eq!(
        (table.simple, table.medium),
        (vec!["a-3b".to_owned()], vec!["b-70b".to_owned(), "c-120b".to_owned()])
    );
    let table = tiers_of(&["a-3b", "b-14b"]);
    assert_eq!((table.complex, table.reasoning), (vec!["b-14b".to_owned()], vec!["b-14b".to_owned()]));
    // Where all of a tier are made for code another one goes first for the rest.
    let table = tiers_of(&["a-3b", "coder-14b", "b-70b"]);
    assert_eq!(table.medium, ["b-70b", "coder-14b"]);
    assert_eq!(tiers_of(&["what", "ever"]).simple, Vec::<String>::new());
    // What a list calls 8.2 is what its name calls 8.
    assert_eq!(
        (Bounds::default().class(8.2), Bounds::default().class(27.4), Bounds::default().class(30.5)),
        (0, 1, 2)
    );
}
