//! What the filter answers itself, and requests that reach it in ways that it once let pass.

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use serde_json::Value;
use std::io::Write;

use crate::fixture::{CHAT, CONFIG, GREETING, chat, exchange, model_in, start};
use crate::host::{LocalResponse, Request, Vm};

fn answer(request: &Request) -> LocalResponse {
    let mut vm = start();
    let outcome = vm.request(request);
    assert_eq!(outcome.trap, None);
    assert!(!outcome.forwarded, "it does not go on as well");
    outcome.local_response.expect("an answer of the filter's own")
}

fn body_of(answer: &LocalResponse) -> Value {
    assert_eq!(answer.headers.get("content-type"), Some(b"application/json".as_slice()));
    serde_json::from_slice(&answer.body).unwrap()
}

#[test]
fn a_virtual_model_that_does_not_exist_is_an_error_of_the_dialect() {
    let nope = chat("smart/nope", GREETING);
    let openai = answer(&Request::post(CHAT, &nope));
    assert_eq!((openai.status, &body_of(&openai)["error"]["code"]), (404, &Value::from("model_not_found")));
    assert!(body_of(&openai)["error"]["message"].as_str().unwrap().contains("smart/auto"));
    let anthropic = answer(&Request::post("/v1/messages", &nope));
    assert_eq!(body_of(&anthropic)["error"]["type"], "not_found_error");
    let gemini = answer(&Request::post("/v1beta/models/smart%2Fnope:generateContent", "{}"));
    assert_eq!((gemini.status, &body_of(&gemini)["error"]["status"]), (404, &Value::from("NOT_FOUND")));
    let side = answer(&Request::post("/v1/messages/count_tokens", &nope));
    assert_eq!(body_of(&side)["type"], "error");
}

#[test]
fn what_cannot_be_read_is_refused() {
    let body = chat("smart/auto", GREETING);
    for (request, status) in [
        (Request::post(CHAT, &body).header("content-encoding", "br"), 415),
        (Request::post(CHAT, &body).header("content-encoding", "gzip"), 413),
        (
            Request::post(CHAT, &body)
                .without("content-type")
                .header("content-type", "application/x-www-form-urlencoded"),
            415,
        ),
        // The proxy unpacked it, and stopped where it grew too much.
        (Request::post(CHAT, &body[..body.len() - 9]).header("x-tiergate-packed", "gzip"), 413),
    ] {
        assert_eq!(answer(&request).status, status);
    }
}

#[test]
fn who_may_not_use_all_models_does_not_get_them_by_a_form() {
    let policy = r#"{"tenants": {"header": "x-tenant", "policies": {"acme": {"block": ["deep"]}}}, "#;
    let config = CONFIG.replacen('{', policy, 1);
    let mut vm = Vm::start(&config).unwrap_or_else(|refused| panic!("{}", refused.text()));
    let speech = "/v1/audio/transcriptions";
    let field = |model: &str| {
        format!("--X\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\n{model}\r\n--X--\r\n")
    };
    let multipart = "multipart/form-data; boundary=X";
    for (kind, body, tenant, status) in [
        (multipart, field("deep"), "acme", Some(403)),
        (multipart, field("tiny"), "acme", None),
        (multipart, field("deep"), "other", None),
        ("multipart/form-data", field("deep"), "acme", Some(415)),
        ("application/x-www-form-urlencoded", "model=deep".to_owned(), "acme", Some(415)),
        ("application/x-www-form-urlencoded", "model=deep".to_owned(), "other", None),
    ] {
        let request = Request::post(speech, &body).without("content-type").header("content-type", kind);
        let outcome = vm.request(&request.header("x-tenant", tenant));
        assert_eq!(outcome.trap, None);
        let answered = outcome.local_response.as_ref().map(|answer| answer.status);
        assert_eq!(answered, status, "{kind} {body:?} of {tenant}");
        assert_eq!(outcome.forwarded, status.is_none());
        vm.finish(outcome.stream);
    }
}

#[test]
fn requests_are_routed_however_they_are_spelled() {
    let mut vm = start();
    let body = chat("smart/auto", GREETING);
    for path in
        ["/v1/chat%2Fcompletions", "/v1/%63hat/completions", "/v1//chat/completions/", "/V1/Chat/Completions"]
    {
        assert_eq!(model_in(&exchange(&mut vm, &Request::post(path, &body)).0.body), "tiny-1", "{path}");
    }
    for kind in ["text/plain", "application/x-ndjson", "application/json, text/plain", "image/png", ""] {
        let request = Request::post(CHAT, &body).without("content-type").header("content-type", kind);
        assert_eq!(model_in(&exchange(&mut vm, &request).0.body), "tiny-1", "{kind}");
    }
    // Without `connection: upgrade` it is a request like any other.
    let request = Request::post(CHAT, &body).header("upgrade", "websocket");
    assert_eq!(model_in(&exchange(&mut vm, &request).0.body), "tiny-1");
    for name in ["SMART/AUTO", " smart/auto ", "smart-auto"] {
        assert_eq!(model_in(&exchange(&mut vm, &Request::post(CHAT, chat(name, GREETING))).0.body), "tiny-1");
    }
    let without = body.replacen(r#""model":"smart/auto","#, "", 1);
    assert_eq!(model_in(&exchange(&mut vm, &Request::post(CHAT, &without)).0.body), "tiny-1");
}

#[test]
fn every_place_that_names_the_model_is_rewritten() {
    let mut vm = start();
    let body = chat("smart/auto", GREETING);
    for (path, after) in [
        ("/v1/chat/completions?model=smart%2Fauto&x=1", "/v1/chat/completions?model=tiny-1&x=1"),
        ("/openai/deployments/smart-auto/chat/completions", "/openai/deployments/tiny-1/chat/completions"),
    ] {
        let (outcome, _) = exchange(&mut vm, &Request::post(path, &body));
        assert_eq!((outcome.header(":path"), model_in(&outcome.body).as_str()), (Some(after), "tiny-1"));
        assert_eq!(outcome.header("x-tiergate-cluster"), Some("small"));
    }
    let (outcome, response) = exchange(&mut vm, &Request::post("/v1/chat/completions?model=big", &body));
    assert_eq!(outcome.header("x-tiergate-model"), Some("big"), "what LiteLLM reads");
    assert_eq!(response.header("x-tiergate-cause"), Some("pinned"));
    let deep = format!("{}1{}", "[".repeat(300), "]".repeat(300));
    let broken = format!(r#"{{"model":"smart/auto","x":{deep},"model":"smart/auto","messages":[]}}"#);
    let (outcome, _) = exchange(&mut vm, &Request::post(CHAT, &broken));
    assert!(!String::from_utf8_lossy(&outcome.body).contains("smart/"), "also behind the fault");
}

#[test]
fn a_compressed_request_is_unpacked_where_the_proxy_does_not() {
    let mut vm = start();
    let body = chat("smart/auto", GREETING);
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(body.as_bytes()).unwrap();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(body.as_bytes()).unwrap();
    for (coding, packed) in [("deflate", zlib.finish().unwrap()), ("gzip", gzip.finish().unwrap())] {
        let (outcome, _) = exchange(&mut vm, &Request::post(CHAT, packed).header("content-encoding", coding));
        assert_eq!(String::from_utf8_lossy(&outcome.body), body.replace("smart/auto", "tiny-1"), "{coding}");
        assert_eq!(outcome.header("content-encoding"), None);
    }
}

#[test]
fn side_paths_get_the_default_model() {
    let mut vm = start();
    let (outcome, response) =
        exchange(&mut vm, &Request::post("/v1/messages/count_tokens", chat("smart/auto", GREETING)));
    assert_eq!(model_in(&outcome.body), "vendor/mid-2");
    assert_eq!(outcome.header("x-tiergate-cluster"), Some("middle"));
    assert_eq!(response.header("x-tiergate-cause"), Some("side_path"));
    let body = chat("text-embedding-3", GREETING);
    let (outcome, response) = exchange(&mut vm, &Request::post("/v1/embeddings", &body));
    assert_eq!((outcome.body, outcome.headers.get("x-tiergate-model")), (body.into_bytes(), None));
    assert_eq!(response.header("x-tiergate-cause"), None);
}

/// Bodies of about 4 MB that are made to cost memory.
fn costly_bodies() -> Vec<(&'static str, String)> {
    let often = |unit: &str| vec![unit; (4 << 20) / (unit.len() + 1)].join(",");
    let turns = |turns: &str| format!(r#"{{"model":"smart/auto","messages":[{turns}]}}"#);
    let user = |content: &str| format!(r#"{{"role":"user","content":{content}}}"#);
    let call = r#"{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}]}"#;
    vec![
        ("tiny parts", turns(&user(&format!("[{}]", often(r#"{"type":"text","text":"a"}"#))))),
        ("tiny turns", turns(&often(&user("\"a\"")))),
        ("tool calls", turns(&format!("{},{}", often(call), user("\"a\"")))),
        (
            "system texts",
            turns(&format!("{},{}", often(r#"{"role":"system","content":"a"}"#), user("\"a\""))),
        ),
        (
            "members",
            format!(r#"{{"model":"smart/auto",{},"messages":[{}]}}"#, often(r#""k":1"#), user("\"a\"")),
        ),
        (
            "tools",
            format!(
                r#"{{"model":"smart/auto","tools":[{}],"messages":[{}]}}"#,
                often(r#"{"type":"function","function":{"name":"f"}}"#),
                user("\"a\"")
            ),
        ),
        ("lines", turns(&user(&format!("\"{}\"", "\\n> a".repeat(600_000))))),
        ("blocks", turns(&user(&format!("\"{}\"", "<user_info>a</user_info>b".repeat(160_000))))),
        (
            "nested",
            format!(
                r#"{{"model":"smart/auto","x":{}1{},"messages":[{}]}}"#,
                "[".repeat(1 << 21),
                "]".repeat(1 << 21),
                user("\"a\"")
            ),
        ),
        ("open", turns(&user(&format!("[{}", r#"{"text":["#.repeat(400_000))))),
    ]
}

#[test]
fn no_body_costs_much_more_memory_than_itself() {
    for (name, body) in costly_bodies() {
        let mut vm = start();
        exchange(&mut vm, &Request::post(CHAT, chat("smart/auto", &"x".repeat(body.len()))));
        let before = vm.memory_size();
        for _ in 0..3 {
            exchange(&mut vm, &Request::post(CHAT, &body));
        }
        let grown = vm.memory_size() - before;
        assert!(grown < 1 << 20, "{name}: {grown} bytes more than a plain body of that size");
    }
}

/// Where the first and the last `model` stand at both ends, what lies between them is written anew.
#[test]
fn many_model_keys_cost_the_body_once_more_at_most() {
    let mut vm = start();
    let keys = |count: usize| {
        let between = format!(r#""k":"{}""#, "x".repeat((4 << 20) / count.max(1)));
        let keys = vec![format!(r#""model":"smart/auto",{between}"#); count].join(",");
        format!(r#"{{{keys},"messages":[{{"role":"user","content":"Hello!"}}]}}"#)
    };
    exchange(&mut vm, &Request::post(CHAT, keys(1)));
    let before = vm.memory_size();
    for count in [2, 16] {
        exchange(&mut vm, &Request::post(CHAT, keys(count)));
    }
    let grown = vm.memory_size() - before;
    assert!(grown < 5 << 20, "{grown} bytes more than with one");
    let outcome = vm.request(&Request::post(CHAT, keys(100_000)));
    assert_eq!(
        outcome.local_response.map(|response| response.status),
        Some(400),
        "refused before anything is decided"
    );
    assert!(vm.memory_size() - before < 6 << 20);
}
