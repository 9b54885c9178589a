//! What all tests share: one small configuration, prompts whose tier is beyond doubt, and what must hold for every
//! request whatever it is.

use crate::host::{Outcome, Request, Response, ResponseOutcome, Vm};

/// Four tiers with one model each, every model with a cluster of its own. `tiny` cannot see and takes no tools.
pub const CONFIG: &str = r#"{
  "default_cluster": "pool",
  "baseline": "deep",
  "filter_state": true,
  "models": {
    "tiny": {"cluster": "small", "upstream_model": "tiny-1", "input_price": 0.1, "output_price": 0.4,
             "context_window": 500000, "max_output": 8000, "tools": false, "vision": false, "aliases": ["wee"]},
    "mid":  {"cluster": "middle", "upstream_model": "vendor/mid-2", "input_price": 1, "output_price": 4,
             "context_window": 500000, "max_output": 8000, "tools": true, "vision": true},
    "big":  {"cluster": "large", "input_price": 3, "output_price": 15,
             "context_window": 1000000, "max_output": 8000, "tools": true, "vision": true},
    "deep": {"cluster": "thinkers", "input_price": 10, "output_price": 40,
             "context_window": 1000000, "max_output": 8000, "tools": true, "vision": true}
  },
  "tiers": {"SIMPLE": "tiny", "MEDIUM": "mid", "COMPLEX": "big", "REASONING": "deep"},
  "headers": {"model_as": ["x-gateway-model-name"]}
}"#;

/// The path of most tests.
pub const CHAT: &str = "/v1/chat/completions";
/// A SIMPLE prompt.
pub const GREETING: &str = "Hello!";
/// A REASONING prompt: more than two reasoning markers.
pub const PROOF: &str = "Prove the theorem step by step and derive the formal proof by contradiction.";

/// Neither easy nor hard by the rules.
pub const NEUTRAL: &str = "The garden behind the old house was quiet in the morning, and the two brothers walked slowly \
    along the path to the river, where the boat lay. They had brought bread, apples and a blanket, and they stayed until \
    the light was nearly gone, talking about the summer and about the people they knew.";

/// `CONFIG` with another `headers.response`.
pub fn config_with_response(detail: &str) -> String {
    let changed = CONFIG.replace(r#""headers": {"#, &format!(r#""headers": {{"response": "{detail}", "#));
    assert_ne!(changed, CONFIG);
    changed
}

/// A filter with `CONFIG`.
pub fn start() -> Vm {
    Vm::start(CONFIG).unwrap_or_else(|refused| panic!("the test configuration is right:\n{}", refused.text()))
}

/// A chat completions body with `model` first and one user message.
pub fn chat(model: &str, prompt: &str) -> String {
    let (model, prompt) = (serde_json::json!(model), serde_json::json!(prompt));
    format!(r#"{{"model":{model},"messages":[{{"role":"user","content":{prompt}}}]}}"#)
}

/// Sends a request, answers it with an empty 200, ends the stream, and checks what must hold for every request.
pub fn exchange(vm: &mut Vm, request: &Request) -> (Outcome, ResponseOutcome) {
    let mut outcome = vm.request(request);
    assert_sound(&outcome);
    let response = vm.respond(outcome.stream, &Response::new(200));
    assert!(response.forwarded && !response.held, "a response always goes on, at once: {response:?}");
    outcome.filter_state = vm.finish(outcome.stream);
    assert_eq!(vm.trap(), None);
    (outcome, response)
}

/// Whatever the request: it went on whole, the VM lives, it is routable, and its length is set right.
pub fn assert_sound(outcome: &Outcome) {
    assert_eq!(outcome.trap, None, "the filter died");
    assert!(outcome.forwarded, "a request always goes on: {outcome:?}");
    assert!(!outcome.paused, "nothing is held back for ever: {outcome:?}");
    assert_eq!(outcome.local_response, None);
    assert_eq!(outcome.headers.all("x-tiergate-cluster").len(), 1, "exactly one cluster: {outcome:?}");
    for name in ["x-tiergate-model", "x-tiergate-tier", "x-gateway-model-name", "content-length"] {
        assert!(outcome.headers.all(name).len() <= 1, "{name} at most once: {outcome:?}");
    }
    if let Some(length) = outcome.header("content-length") {
        assert_eq!(length, outcome.body.len().to_string(), "content-length: {outcome:?}");
    }
}

/// The `model` of a JSON body.
pub fn model_in(body: &[u8]) -> String {
    let document: serde_json::Value = serde_json::from_slice(body).expect("the forwarded body is JSON");
    document["model"].as_str().expect("the forwarded body names a model").to_owned()
}
