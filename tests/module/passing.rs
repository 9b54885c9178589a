//! What goes through untouched, and what a client may not forge on any way through.

use crate::fixture::{CHAT, GREETING, assert_sound, chat, exchange, start};
use crate::host::{Headers, Request, Vm};

/// A request that goes on as it came, and where to.
struct Row {
    name: &'static str,
    request: Request,
    cluster: &'static str,
    /// The cause the client gets; none where the request is no LLM call.
    cause: Option<&'static str>,
}

fn rows() -> Vec<Row> {
    let row = |name, request, cluster, cause| Row { name, request, cluster, cause };
    let virtual_chat = chat("smart/auto", GREETING);
    let odd_pinned =
        b"{\"model\":\"gpt-x\",\"messages\":[{\"role\":\"user\",\"content\":\"\xff\xfe\"}]} trailing"
            .to_vec();
    vec![
        row(
            "a model of the table, pinned",
            Request::post(CHAT, chat("big", GREETING)),
            "large",
            Some("pinned"),
        ),
        row(
            "a model nobody knows, pinned",
            Request::post(CHAT, chat("gpt-x", GREETING)),
            "pool",
            Some("pinned"),
        ),
        row(
            "pinned, in pieces",
            Request::post_chunked(CHAT, &[r#"{"mod"#, r#"el":"big","messages":"#, "[]}"]),
            "large",
            Some("pinned"),
        ),
        row("pinned and odd", Request::post_chunked(CHAT, &[odd_pinned]), "pool", None),
        row("no model", Request::post(CHAT, r#"{"content":[]}"#), "pool", Some("no_model")),
        row(
            "a model that is no string",
            Request::post(CHAT, r#"{"model":7,"messages":[]}"#),
            "pool",
            Some("no_model"),
        ),
        row("not JSON", Request::post(CHAT, "model=smart/auto"), "pool", Some("unparsable")),
        row("JSON, but no object", Request::post(CHAT, r#"["smart/auto"]"#), "pool", Some("unparsable")),
        row(
            "cut off before the model",
            Request::post(CHAT, r#"{"messages":[{"role":"user","cont"#),
            "pool",
            Some("unparsable"),
        ),
        row("no body", Request::new("POST", CHAT), "pool", Some("no_body")),
        row("an empty body", Request::post_chunked(CHAT, &[""]), "pool", Some("no_body")),
        row(
            "an encoded body, pinned in the path",
            Request::post("/v1beta/models/gpt-x:generateContent", "packed").header("content-encoding", "br"),
            "pool",
            Some("pinned"),
        ),
        row("another path", Request::post("/v1/files", &virtual_chat), "pool", None),
        row(
            "a path that only contains it",
            Request::post("/v1/chat/completions/x", &virtual_chat),
            "pool",
            None,
        ),
        row("GET", Request::new("GET", CHAT), "pool", None),
        row("GET of something else", Request::new("GET", "/healthz"), "pool", None),
        row(
            "a form",
            Request::post("/v1/embeddings", "a=b")
                .without("content-type")
                .header("content-type", "multipart/form-data"),
            "pool",
            None,
        ),
        row(
            "an upgrade",
            Request::new("GET", CHAT)
                .header("connection", "upgrade")
                .header("upgrade", "websocket")
                .chunk("\x01\x02")
                .endless(),
            "pool",
            None,
        ),
        row(
            "an upgrade by POST",
            Request::post_chunked(CHAT, &["\x01\x02"])
                .header("connection", "keep-alive, Upgrade")
                .header("upgrade", "websocket")
                .endless(),
            "pool",
            None,
        ),
        row("CONNECT", Request::new("CONNECT", CHAT).chunk("bytes").endless(), "pool", None),
    ]
}

#[test]
fn what_is_not_ours_goes_on_as_it_came() {
    let mut vm = start();
    for row in rows() {
        let mut outcome = vm.request(&row.request);
        // An endless stream is never complete; that its headers went on at once is what counts.
        outcome.forwarded |= row.request.is_endless() && outcome.unbuffered;
        assert_sound(&outcome);
        assert_eq!(outcome.body, row.request.body(), "{}: every byte as the client sent it", row.name);
        assert_eq!(outcome.header("x-tiergate-cluster"), Some(row.cluster), "{}", row.name);
        let response = vm.respond(outcome.stream, &crate::host::Response::new(200));
        if row.name != "pinned and odd" {
            assert_eq!(response.header("x-tiergate-cause"), row.cause, "{}", row.name);
        }
        vm.finish(outcome.stream);
    }
}

#[test]
fn what_is_no_llm_call_is_not_buffered_and_not_counted() {
    let mut vm = start();
    for row in rows().into_iter().filter(|row| row.cause.is_none() && row.name != "pinned and odd") {
        let outcome = vm.request(&row.request);
        assert!(outcome.unbuffered, "{}", row.name);
        assert_eq!(outcome.header("x-tiergate-model"), None, "{}", row.name);
        let response = vm.respond(outcome.stream, &crate::host::Response::new(200));
        assert_eq!(response.headers, Headers::new(&[(":status", "200")]), "{}", row.name);
        let state = vm.finish(outcome.stream);
        assert!(state.is_empty(), "{}: {state:?}", row.name);
    }
    assert!(vm.process().metrics().counters().is_empty());
}

#[test]
fn forged_headers_are_removed_on_every_way_through() {
    let mut vm = start();
    let mut requests: Vec<(&str, Request)> = rows().into_iter().map(|row| (row.name, row.request)).collect();
    requests.push(("routed", Request::post(CHAT, chat("smart/auto", GREETING))));
    requests.push(("broken", Request::post(CHAT, r#"{"model":"smart/auto","messages":[{"#)));
    requests.push(("gemini", Request::post("/v1beta/models/smart/auto:generateContent", "{}")));
    for (name, mut request) in requests {
        for header in [
            "x-tiergate-cluster",
            "x-tiergate-model",
            "x-tiergate-tier",
            "x-tiergate-chain",
            "x-gateway-model-name",
        ] {
            for value in ["forged", "forged again", "and again"] {
                request = request.header(header, value);
            }
        }
        let outcome = vm.request(&request);
        let forged: Vec<_> = outcome
            .headers
            .iter()
            .filter(|(_, value)| value.starts_with(b"forged") || *value == b"and again")
            .collect();
        assert!(forged.is_empty(), "{name}: {forged:?}");
        assert_eq!(outcome.headers.all("x-tiergate-cluster").len(), 1, "{name}");
    }
    assert_eq!(vm.trap(), None);
}

#[test]
fn configured_header_names_are_guarded_as_well() {
    let config = r#"{"default_cluster":"pool","headers":{"cluster":"x-route-to","model":"x-llm","tier":"x-level"},
        "models":{"a":{"cluster":"one"}},"tiers":{"SIMPLE":"a","MEDIUM":"a","COMPLEX":"a","REASONING":"a"}}"#;
    let mut vm = Vm::start(config).unwrap_or_else(|refused| panic!("{}", refused.text()));
    for request in [Request::post(CHAT, chat("smart/auto", GREETING)), Request::new("GET", "/")] {
        let forged = request
            .clone()
            .header("x-route-to", "evil")
            .header("x-route-to", "evil")
            .header("x-llm", "evil")
            .header("x-level", "evil");
        let outcome = vm.request(&forged);
        assert!(outcome.headers.iter().all(|(_, value)| value != b"evil"), "{outcome:?}");
        assert_eq!(outcome.headers.all("x-route-to").len(), 1, "{outcome:?}");
    }
}

#[test]
fn header_values_need_not_be_text() {
    let mut vm = start();
    for name in [
        "x-odd",
        "user-agent",
        "content-type",
        "content-encoding",
        "x-tiergate-model",
        "content-length",
        ":path",
        "upgrade",
    ] {
        for body in [chat("smart/auto", GREETING), chat("gpt-x", GREETING)] {
            let request = Request::post(CHAT, &body).without(name).header(name, b"\xff\xfe\x80");
            let outcome = vm.request(&request);
            assert_eq!(outcome.trap, None, "{name}");
            // A coding that nobody knows is refused.
            assert!(outcome.forwarded || name == "content-encoding", "{name}");
        }
    }
    let (outcome, _) =
        exchange(&mut vm, &Request::post(CHAT, chat("smart/auto", GREETING)).header("x-odd", b"\xff"));
    assert_eq!(outcome.headers.get("x-odd"), Some(b"\xff".as_slice()), "and they go on as they came");
}

#[test]
fn a_pinned_alias_goes_on_by_the_name_that_its_upstream_knows() {
    let mut vm = start();
    let outcome = vm.request(&Request::post(CHAT, chat("wee", GREETING)));
    assert_sound(&outcome);
    assert_eq!(outcome.body, chat("tiny-1", GREETING).into_bytes());
    assert_eq!(outcome.header("x-tiergate-cluster"), Some("small"));
}
