//! Configurations: whatever the document, a configuration or a list of mistakes; and by one that is taken a request is
//! decided.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tiergate_core::config;
use tiergate_core::engine::{self, RequestContext, Request, Scratch};

const BODY: &[u8] = br#"{"model":"smart/auto","messages":[{"role":"user","content":"Prove that 2 is prime, as JSON."}],
    "tools":[{"type":"function","function":{"name":"f"}}],"temperature":1,"reasoning_effort":"high","max_tokens":90000}"#;

fuzz_target!(|data: &[u8]| {
    let config = match config::parse(data) {
        Ok(config) => config,
        Err(mistakes) => {
            assert!(!mistakes.to_string().is_empty());
            return;
        }
    };
    let path = b"/v1/chat/completions";
    let Some(dialect) = config.paths.dialect(path) else { return };
    let request = Request { dialect, path, body: BODY };
    let _ = engine::decide(&config, &request, RequestContext::default(), &mut Scratch::default());
});
