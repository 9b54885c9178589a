//! Who may serve in the place of a model that fails.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::route::fallback::*;
use crate::route::{Model, Table};
use crate::time::Timestamp;

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

/// Five models in a row; windows of 10, 10, 20, unknown and 30.
fn table() -> Table {
    let windows = [Some(10), Some(10), Some(20), None, Some(30)];
    let document = serde_json::json!({
        "models": NAMES.iter().zip(windows).map(|(name, window)| {
            let entry = window.map_or(serde_json::json!({}), |w| serde_json::json!({"context_window": w}));
            ((*name).to_owned(), entry)
        }).collect::<serde_json::Map<_, _>>(),
        "tiers": {"SIMPLE": "a", "MEDIUM": "a", "COMPLEX": "a", "REASONING": "a"},
    });
    crate::config::parse(document.to_string().as_bytes()).unwrap_or_else(|errors| panic!("{errors}")).table
}

fn plan(chain: &[&str]) -> Plan {
    Plan {
        model: "a".to_owned(),
        chain: chain.iter().map(|&name| name.to_owned()).collect(),
        fits: false,
        bound: false,
        stream: 0,
        request: 0,
        asker: 0,
        steering: crate::chat::Steering::Nothing,
    }
}

fn tried(names: &[&str]) -> Progress {
    let tried: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    Progress {
        attempt: names.len() as u32,
        tried,
        reason: FallbackReason::General,
        twice: vec![],
        open: vec![],
        cached: false,
    }
}

fn next<'t>(
    table: &'t Table,
    chains: &'t Chains,
    chain: &[&str],
    names: &[&str],
    reason: FallbackReason,
    avoided: &[&str],
) -> Option<&'t str> {
    let avoids = |model: &Model| avoided.contains(&model.name.as_str());
    plan(chain).next(table, chains, &tried(names), reason, avoids).map(|model| model.name.as_str())
}

#[test]
fn the_decision_s_chain_in_its_order() {
    let (table, none) = (table(), Chains::default());
    let all = &["b", "c", "e"];
    /// tried, reason, avoided, next
    type Row = (&'static [&'static str], FallbackReason, &'static [&'static str], Option<&'static str>);
    let rows: [Row; 11] = [
        (&["a"], FallbackReason::General, &[], Some("b")),
        (&["a", "b"], FallbackReason::General, &[], Some("c")),
        (&["a", "c"], FallbackReason::General, &[], Some("b")),
        (&["a", "b", "c", "e"], FallbackReason::General, &[], None),
        (&["a"], FallbackReason::General, &["b", "c"], Some("e")),
        (&["a"], FallbackReason::General, &["b", "c", "e"], None),
        (&["a"], FallbackReason::ContextWindow, &[], Some("c")),
        (&["a", "b"], FallbackReason::ContextWindow, &["c"], Some("e")),
        (&["a", "c"], FallbackReason::ContextWindow, &[], Some("e")),
        (&["a", "e"], FallbackReason::ContextWindow, &[], None),
        (&["a"], FallbackReason::ContentPolicy, &[], Some("b")),
    ];
    for (names, reason, avoided, expected) in rows {
        let found = next(&table, &none, all, names, reason, avoided);
        assert_eq!(found, expected, "{names:?} {reason:?} without {avoided:?}");
    }
}

#[test]
fn the_chain_for_any_model_comes_last() {
    let table = table();
    let model = |name: &str| Arc::clone(&table.models[name]);
    let slot = |name: &str| table.models[name].slot;
    let chains = Chains {
        general: BTreeMap::from([(slot("b"), vec![model("c")])]),
        any: BTreeMap::from([(FallbackReason::General, vec![model("e"), model("a")])]),
        ..Chains::default()
    };
    let of = |chain, names: &[&str], reason| next(&table, &chains, chain, names, reason, &[]);
    assert_eq!(of(&[], &["a"], FallbackReason::General), Some("e"), "the client chose");
    assert_eq!(of(&["d"], &["a"], FallbackReason::General), Some("d"), "the decision's chain goes before");
    assert_eq!(of(&["d"], &["a", "d"], FallbackReason::General), Some("e"));
    assert_eq!(of(&["d"], &["a", "d", "e"], FallbackReason::General), None);
    assert_eq!(of(&[], &["b"], FallbackReason::General), Some("c"), "its own chain goes before");
    assert_eq!(of(&[], &["a"], FallbackReason::ContentPolicy), None, "another reason");
    let bound = Plan { bound: true, ..plan(&[]) };
    let avoids = |_: &Model| false;
    assert_eq!(bound.next(&table, &chains, &tried(&["a"]), FallbackReason::General, avoids), None);
}

#[test]
fn windows_that_are_not_known() {
    let (table, none) = (table(), Chains::default());
    let of = |chain: &[&str], names: &[&str]| {
        next(&table, &none, chain, names, FallbackReason::ContextWindow, &[]).map(str::to_owned)
    };
    assert_eq!(of(&["d"], &["a"]), None, "nobody knows that it is larger");
    assert_eq!(of(&["b"], &["a", "d"]).as_deref(), Some("b"), "nobody knows that it is not");
}

#[test]
fn configured_chains_go_before_the_decision_s() {
    let table = table();
    let model = |name: &str| Arc::clone(&table.models[name]);
    let slot = |name: &str| table.models[name].slot;
    let chains = Chains {
        general: BTreeMap::from([
            (slot("a"), vec![model("e"), model("b")]),
            (slot("e"), vec![model("a"), model("d")]),
        ]),
        content_policy: BTreeMap::from([(slot("a"), vec![model("c")])]),
        ..Chains::default()
    };
    let of = |names: &[&str], reason| next(&table, &chains, &["c"], names, reason, &[]);
    assert_eq!(of(&["a"], FallbackReason::General), Some("e"));
    assert_eq!(of(&["a", "e"], FallbackReason::General), Some("d"), "its own chain");
    assert_eq!(of(&["a", "e", "d"], FallbackReason::General), Some("b"), "the first one's again");
    assert_eq!(of(&["a", "e", "d", "b"], FallbackReason::General), None);
    assert_eq!(of(&["a"], FallbackReason::ContentPolicy), Some("c"));
    assert_eq!(
        of(&["a", "e"], FallbackReason::ContentPolicy),
        Some("c"),
        "that of the first, as it has none"
    );
    assert_eq!(of(&["a"], FallbackReason::ContextWindow), Some("c"), "none is configured");
    let bound = Plan { bound: true, ..plan(&["c"]) };
    let next =
        |names: &[&str]| bound.next(&table, &chains, &tried(names), FallbackReason::General, |_| false);
    assert_eq!(next(&["a"]).map(|model| model.name.as_str()), Some("c"), "only what the decision says");
    assert!(next(&["a", "c"]).is_none());
}

/// `a` and `b` at one provider, `c` and `e` at another.
fn two_providers() -> (Table, Chains) {
    let document = serde_json::json!({
        "models": {"a": {"cluster": "one"}, "b": {"cluster": "one"}, "c": {"cluster": "two"},
                   "e": {"cluster": "two"}},
        "tiers": {"SIMPLE": "a", "MEDIUM": "a", "COMPLEX": "a", "REASONING": "a"},
        "fallbacks": {"composite": {"one": ["one", "two", "one", "two"]}},
    });
    let config = crate::config::parse(document.to_string().as_bytes());
    let config = config.unwrap_or_else(|errors| panic!("{errors}"));
    (config.table, config.fallbacks.chains)
}

#[test]
fn an_attempt_goes_to_models_of_the_cluster_that_it_reaches() {
    let (table, chains) = two_providers();
    let of = |chains: &'_ Chains, chain: &[&str], names: &[&str]| {
        next(&table, chains, chain, names, FallbackReason::General, &[]).map(str::to_owned)
    };
    assert_eq!(of(&chains, &["b", "c"], &["a"]).as_deref(), Some("c"), "the second attempt is at two");
    assert_eq!(of(&chains, &["b", "c"], &["a", "c"]).as_deref(), Some("b"), "the third at one again");
    assert_eq!(of(&chains, &["b", "c", "e"], &["a", "c", "b"]).as_deref(), Some("e"));
    assert_eq!(of(&chains, &["b", "c", "e"], &["a", "c", "b", "e"]), None);
    assert_eq!(of(&chains, &["b"], &["a"]), None, "nobody of two");
    let none = Chains::default();
    assert_eq!(of(&none, &["c", "b"], &["a"]).as_deref(), Some("b"), "no composite cluster: only one");
    assert_eq!(of(&none, &["c", "e"], &["a"]), None);
}

#[test]
fn who_is_asked_again_is_of_the_cluster_that_is_reached() {
    let (table, chains) = two_providers();
    let again = |chains: &Chains, names: &[&str]| {
        plan(&[]).again(&table, chains, &tried(names), |_| false).map(|model| model.name.clone())
    };
    assert_eq!(again(&chains, &["a"]), None);
    assert_eq!(again(&chains, &["a", "c"]).as_deref(), Some("a"));
    assert_eq!(again(&chains, &["a", "c", "b"]).as_deref(), Some("c"));
    assert_eq!(again(&Chains::default(), &["a", "b"]).as_deref(), Some("b"));
}

#[test]
fn a_model_is_asked_twice_at_most() {
    let table = table();
    let chains = Chains::default();
    let mut progress = Progress::begun(&table.models["a"]);
    let again = |progress: &Progress, avoided: &str| {
        let found = plan(&[]).again(&table, &chains, progress, |model| model.name == avoided);
        found.map(Arc::clone)
    };
    assert!(again(&progress, "a").is_none(), "it is in cooldown");
    let model = again(&progress, "").unwrap();
    progress.go_on(&model, 2);
    assert_eq!((progress.attempt, progress.tried.len()), (2, 1));
    assert!(again(&progress, "").is_none());
}

#[test]
fn two_models_that_fail_alike_were_asked_something_that_nobody_serves() {
    let open = |model: &str, kind, suspect| Open {
        model: model.to_owned(),
        kind,
        suspect,
        doubtful: false,
        began: Timestamp::NEVER,
        wait: None,
    };
    let body = |all: &[Open]| {
        let progress = Progress { open: all.to_vec(), ..tried(&["a"]) };
        all.iter().map(|open| progress.is_of_the_body(open)).collect::<Vec<bool>>()
    };
    assert_eq!(body(&[open("a", 0, true)]), [false]);
    let doubtful = Open { doubtful: true, ..open("a", 6, false) };
    assert_eq!(body(&[doubtful]), [true], "the client's key may be what is wrong");
    assert_eq!(body(&[open("a", 0, true), open("b", 0, true)]), [true, true]);
    assert_eq!(body(&[open("a", 0, true), open("a", 0, true)]), [false, false], "one model");
    assert_eq!(body(&[open("a", 0, true), open("b", 1, true)]), [false, false], "in different ways");
    assert_eq!(body(&[open("a", 6, false), open("b", 6, false)]), [false, false], "no body does that");
}

#[test]
fn names_that_are_not_known_are_passed_over() {
    let (table, none) = (table(), Chains::default());
    assert_eq!(next(&table, &none, &["nobody", "b"], &["a"], FallbackReason::General, &[]), Some("b"));
    assert_eq!(next(&table, &none, &["b"], &["nobody"], FallbackReason::General, &[]), None);
    assert_eq!(next(&table, &none, &["b"], &[], FallbackReason::General, &[]), None);
}
