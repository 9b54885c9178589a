//! Configurations: taken, refused whole, replaced while running, shared by workers.

use crate::fixture::{CHAT, CONFIG, GREETING, chat, exchange, model_in, start};
use crate::host::{Process, Request, Vm};

#[test]
fn a_wrong_configuration_is_refused_with_every_error() {
    let wrong = r#"{
      "defualt_cluster": "pool",
      "models": {"a": {"input_price": "cheap", "context_window": -1}, "b": {"aliases": ["a"]}},
      "tiers": {"SIMPLE": "a", "MEDIUM": "nobody", "COMPLEX": "b", "REASONING": "b"},
      "headers": {"response": "everything"},
      "virtual_models": {"smart/x": "no-such-profile"}
    }"#;
    let refused = Vm::start(wrong).err().expect("it is wrong");
    assert_eq!(refused.trap, None, "refused, not died");
    let text = refused.text();
    for path in [
        "defualt_cluster",
        "models.a.input_price",
        "models.a.context_window",
        "tiers.MEDIUM",
        "headers.response",
        "virtual_models",
    ] {
        assert!(text.contains(path), "{path} is missing in:\n{text}");
    }
    assert!(refused.logs.iter().any(|line| line.level >= 4), "told as an error");
}

#[test]
fn what_is_no_json_object_is_refused() {
    for wrong in ["{", "[]", "tiers: {}", "\u{feff}\"x\"", "{} {}", "null", "{\"tiers\":{},\"tiers\":{}}"] {
        let refused = Vm::start(wrong).err().unwrap_or_else(|| panic!("{wrong} was taken"));
        assert_eq!(refused.trap, None, "{wrong}");
        assert!(!refused.text().trim().is_empty(), "{wrong}: says why");
    }
}

#[test]
fn without_a_configuration_the_defaults_route() {
    for nothing in ["", "{}"] {
        let mut vm = Vm::start(nothing).unwrap_or_else(|refused| panic!("{}", refused.text()));
        for name in ["auto", "eco", "premium", "agentic", "free"] {
            let virtual_name = format!("smart/{name}");
            let (outcome, _) = exchange(&mut vm, &Request::post(CHAT, chat(&virtual_name, GREETING)));
            assert_ne!(model_in(&outcome.body), virtual_name);
            assert_eq!(outcome.header("x-tiergate-cluster"), Some("litellm"));
        }
    }
}

#[test]
fn an_update_takes_effect_and_a_wrong_one_does_not() {
    let mut vm = start();
    let request = Request::post(CHAT, chat("smart/auto", GREETING));
    let refused = vm.reconfigure(r#"{"tiers": 7}"#).expect_err("it is wrong");
    assert!(refused.text().contains("tiers"), "{}", refused.text());
    assert_eq!(model_in(&exchange(&mut vm, &request).0.body), "tiny-1", "the old one goes on serving");

    // A stream that began under the old configuration ends under it.
    let stream = vm.open();
    vm.reconfigure(&CONFIG.replace("tiny-1", "tiny-2"))
        .unwrap_or_else(|refused| panic!("{}", refused.text()));
    assert_eq!(model_in(&exchange(&mut vm, &request).0.body), "tiny-2");
    let body = chat("smart/auto", GREETING);
    let headers = [(":method", "POST"), (":path", CHAT), ("content-type", "application/json")];
    vm.request_headers(stream, crate::host::Headers::new(&headers), false);
    vm.request_chunk(stream, body.as_bytes(), true);
    assert_eq!(model_in(&vm.outcome(stream).body), "tiny-1");
    vm.finish(stream);
    assert_eq!(vm.trap(), None);
}

#[test]
fn many_updates_do_not_fill_the_memory() {
    let mut vm = start();
    let idle = vm.memory_size();
    for _ in 0..12 {
        exchange(&mut vm, &Request::post(CHAT, chat("smart/auto", GREETING)));
        vm.reconfigure(CONFIG).unwrap_or_else(|refused| panic!("{}", refused.text()));
    }
    // The old and the new configuration are there together for a while; a third is one too many.
    let now = vm.memory_size();
    assert!(now <= 2 * idle, "12 updates: {idle} bytes became {now}");
}

#[test]
fn workers_count_together() {
    let process = Process::new();
    let start =
        |process| Vm::start_in(process, CONFIG).unwrap_or_else(|refused| panic!("{}", refused.text()));
    let (mut one, mut other) = (start(&process), start(&process));
    for vm in [&mut one, &mut other] {
        exchange(vm, &Request::post(CHAT, chat("smart/auto", GREETING)));
    }
    let counters = process.metrics().counters();
    let requests = counters.iter().filter(|(name, _)| name.starts_with("tiergate.requests;"));
    assert_eq!(requests.map(|(_, count)| *count).collect::<Vec<_>>(), [2]);
}
