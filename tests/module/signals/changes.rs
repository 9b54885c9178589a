//! What changes under way: age, the clock, shared data, the configuration.

use std::time::Duration;

use serde_json::json;

use super::fleet::{FIRST, Fleet, SECOND, config, serves, surging};
use crate::host::Answer;
use crate::host::Vm;

fn reconfigure(vm: &mut Vm, config: &str) {
    vm.reconfigure(config).unwrap_or_else(|refused| panic!("{}", refused.text()));
}

#[test]
fn a_feed_that_is_too_old_is_not_used_and_that_is_said_once() {
    let mut fleet = Fleet::surging(3, &config(&json!({"stale_seconds": 600})));
    let mut seconds = 0;
    while seconds < 600 {
        seconds += fleet.next_fetch(301).expect("tried again");
        fleet.answer(&Answer::new(503, &[], ""));
    }
    fleet.run(1);
    assert!(fleet.all_serve(FIRST));
    assert_eq!(fleet.serves(0).1, "score");
    let told =
        |fleet: &Fleet| fleet.logs().iter().filter(|line| line.message.contains("no longer used")).count();
    assert_eq!(told(&fleet), 1, "{:?}", fleet.logs());
    fleet.next_fetch(301).expect("tried again");
    fleet.answer(&Answer::new(503, &[], ""));
    fleet.run(5);
    assert_eq!(told(&fleet), 1);
    fleet.next_fetch(301).expect("tried again");
    fleet.answer(&surging(SECOND));
    fleet.run(1);
    assert!(fleet.all_serve(SECOND));
}

#[test]
fn what_was_too_old_is_used_again_when_it_still_holds() {
    let mut fleet = Fleet::start(2, &config(&json!({"stale_seconds": 300})));
    fleet.tick();
    fleet.answer(&Answer::new(200, &[("etag", "\"v1\"")], super::fleet::feed(SECOND, "surging")));
    fleet.tick();
    fleet.process.clock().advance(Duration::from_secs(400));
    fleet.tick();
    assert!(fleet.all_serve(FIRST));
    fleet.answer(&Answer::new(304, &[], ""));
    fleet.tick();
    assert!(fleet.all_serve(SECOND));
}

#[test]
fn a_clock_that_is_set_back_does_not_stop_fetching() {
    let mut fleet = Fleet::surging(2, &config(&json!({})));
    let back = 1_767_225_600_000_000_000 - 30 * 86_400_000_000_000;
    fleet.process.clock().set(back);
    fleet.tick();
    fleet.answer(&surging(FIRST));
    fleet.tick();
    assert!(fleet.all_serve(FIRST));
    let seconds = fleet.next_fetch(301).expect("fetches again");
    assert!(seconds >= 270);
    // While somebody fetches.
    fleet.process.clock().set(back - 86_400_000_000_000);
    fleet.tick();
    assert_eq!(fleet.waiting(), 2, "the lease ends too far off to be one");
    fleet.run(5);
    assert_eq!(fleet.waiting(), 2);
}

#[test]
fn foreign_bytes_are_replaced() {
    let good = Fleet::surging(1, &config(&json!({})));
    let old: Vec<(String, Vec<u8>)> =
        good.process.shared_data().iter().map(|(key, value)| (key.to_owned(), value.to_vec())).collect();
    type Damage = fn(&[u8]) -> Vec<u8>;
    let damages: [Damage; 6] = [
        |_| Vec::new(),
        |_| b"somebody else's".to_vec(),
        |value| value[..value.len() / 2].to_vec(),
        |value| [value, b"more"].concat(),
        |value| value.iter().map(|byte| byte ^ 0x10).collect(),
        |_| vec![0xff; 4096],
    ];
    for (n, damage) in damages.iter().enumerate() {
        for hit in ["state", "snapshot", "a"] {
            let mut fleet = Fleet::surging(2, &config(&json!({})));
            for (key, value) in &old {
                if key.contains(hit) {
                    fleet.process.shared_data().set(key, &damage(value), 0);
                }
            }
            fleet.tick();
            if hit != "snapshot" {
                assert_eq!(fleet.waiting(), 1, "{n} {hit}: fetched at once, by one");
            } else {
                fleet.next_fetch(301).expect("fetches again");
                assert_eq!(fleet.fetching().1.headers.get("if-none-match"), None, "{n} {hit}");
            }
            fleet.answer(&surging(FIRST));
            fleet.tick();
            assert!(fleet.all_serve(FIRST), "{n} {hit}");
            assert!(fleet.next_fetch(301).is_some_and(|seconds| seconds >= 269), "{n} {hit}");
        }
    }
}

#[test]
fn foreign_bytes_under_every_key_are_replaced_too() {
    let mut fleet = Fleet::surging(2, &config(&json!({})));
    for slot in 0..100 {
        for kind in ["state", "snapshot"] {
            fleet.process.shared_data().set(&format!("tiergate.signals.{slot:02}.{kind}"), b"other", 0);
        }
    }
    fleet.tick();
    fleet.answer(&surging(FIRST));
    fleet.tick();
    assert!(fleet.all_serve(FIRST));
    let data = fleet.process.shared_data();
    assert_eq!(data.keys().filter(|key| key.starts_with("tiergate.signals.")).count(), 200);
}

#[test]
fn an_update_of_the_weights_takes_what_is_there() {
    let mut fleet = Fleet::surging(1, &config(&json!({})));
    reconfigure(&mut fleet.workers[0], &config(&json!({"weights": {"trend": {"surging": -1}}})));
    assert_eq!(fleet.serves(0), (FIRST.to_owned(), "score".to_owned()));
    reconfigure(&mut fleet.workers[0], &config(&json!({"weights": {"score": 1}})));
    assert_eq!(fleet.serves(0).0, SECOND, "before the first tick");
    fleet.tick();
    assert_eq!(fleet.waiting(), 0, "and nothing is fetched for it");
}

#[test]
fn an_update_of_the_endpoint_fetches_the_new_one() {
    let mut fleet = Fleet::surging(2, &config(&json!({})));
    fleet.next_fetch(301).expect("fetches again");
    for vm in &mut fleet.workers {
        reconfigure(vm, &config(&json!({"path": "/new"})));
    }
    assert!(fleet.all_serve(FIRST));
    fleet.tick();
    assert!(fleet.fetching().1.headers.text(":path").is_some_and(|path| path.starts_with("/new?")));
    fleet.answer(&surging(SECOND));
    fleet.tick();
    assert!(fleet.all_serve(SECOND));
    // And back: what was known of the first is still there.
    for vm in &mut fleet.workers {
        reconfigure(vm, &config(&json!({})));
        assert_eq!(serves(vm).0, SECOND);
    }
    // Signals may go away.
    let mut without: serde_json::Value = serde_json::from_str(&config(&json!({}))).expect("JSON");
    without.as_object_mut().expect("an object").remove("signals");
    for vm in &mut fleet.workers {
        reconfigure(vm, &without.to_string());
        assert_eq!(serves(vm).0, FIRST);
    }
}

#[test]
fn many_updates_do_not_fill_shared_data() {
    let mut fleet = Fleet::start(1, &config(&json!({})));
    for n in 0..80 {
        reconfigure(&mut fleet.workers[0], &config(&json!({"path": format!("/{n}")})));
        fleet.run(1);
        fleet.answer(&surging(if n % 2 == 0 { FIRST } else { SECOND }));
        assert_eq!(fleet.serves(0).0, if n % 2 == 0 { FIRST } else { SECOND });
    }
    let keys = fleet.keys();
    assert!(keys <= 128, "{keys}");
    let seconds = fleet.next_fetch(301).expect("the last one goes on");
    assert!(seconds >= 269);
}
