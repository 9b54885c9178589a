//! How many instructions of the module a request takes, by callback: the same in every run, on any machine.

use crate::fixture::{CHAT, assert_sound};
use crate::host::{Request, Response, Vm};

/// Bytes of prompt.
const SIZES: [usize; 5] = [150, 1_000, 2_000, 20_000, 200_000];

/// As `benches/decide.rs` makes it.
fn prompt(bytes: usize) -> String {
    let text = include_str!("../../benches/prompt.txt");
    let mut prompt = text.repeat(bytes.div_ceil(text.len()));
    while prompt.len() > bytes || !prompt.is_char_boundary(prompt.len()) {
        prompt.pop();
    }
    prompt
}

#[test]
#[ignore = "measures; run with --ignored --nocapture"]
fn instructions_of_a_request() {
    let mut vm = Vm::start_counting("{}").unwrap_or_else(|refused| panic!("{}", refused.text()));
    println!("instructions of the module a request, default configuration, under wasmtime");
    println!(
        "{:>8} {:>16} {:>13} {:>17} {:>14}",
        "prompt", "request headers", "request body", "response headers", "response body"
    );
    for bytes in SIZES {
        let prompt = serde_json::json!([{"role": "user", "content": prompt(bytes)}]);
        let body = format!(r#"{{"messages":{prompt},"model":"smart/auto"}}"#);
        // The first one defines metrics.
        for _ in 0..2 {
            vm.take_work();
            let outcome = vm.request(&Request::post(CHAT, &body));
            assert_sound(&outcome);
            vm.respond(outcome.stream, &Response::json("{}"));
            vm.finish(outcome.stream);
        }
        let work = vm.take_work();
        let of = |callback| work.get(callback).copied().unwrap_or_default();
        println!(
            "{bytes:>8} {:>16} {:>13} {:>17} {:>14}",
            of("proxy_on_request_headers"),
            of("proxy_on_request_body"),
            of("proxy_on_response_headers"),
            of("proxy_on_response_body"),
        );
        assert!(of("proxy_on_request_body") > 10_000, "{work:?}");
    }
}
