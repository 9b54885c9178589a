//! Bodies in every state: in pieces, with trailers, broken, hostile.

use crate::fixture::{CHAT, GREETING, PROOF, assert_sound, chat, exchange, model_in, start};
use crate::host::{Request, Vm};

#[test]
fn a_body_may_be_split_anywhere() {
    let mut vm = start();
    let body = chat("smart/auto", PROOF);
    for at in 0..=body.len() {
        let (head, tail) = body.split_at(at);
        for request in
            [Request::post_chunked(CHAT, &[head, tail]), Request::post_chunked(CHAT, &[head, tail, ""])]
        {
            let (outcome, _) = exchange(&mut vm, &request);
            assert_eq!(String::from_utf8_lossy(&outcome.body), chat("deep", PROOF), "split at {at}");
            assert_eq!(outcome.header("x-tiergate-cluster"), Some("thinkers"), "split at {at}");
        }
    }
    let bytes: Vec<&[u8]> = body.as_bytes().chunks(1).collect();
    let (outcome, _) = exchange(&mut vm, &Request::post_chunked(CHAT, &bytes));
    assert_eq!(model_in(&outcome.body), "deep", "byte by byte");
}

#[test]
fn with_trailers_the_end_is_told_elsewhere() {
    let mut vm = start();
    for chunks in [
        vec![chat("smart/auto", PROOF)],
        vec![r#"{"model":"sma"#.to_owned(), chat("rt/auto", PROOF)[10..].to_owned()],
    ] {
        let request = Request::post_chunked(CHAT, &chunks).trailers(&[("x-checksum", "1")]);
        let (outcome, response) = exchange(&mut vm, &request);
        assert_eq!(String::from_utf8_lossy(&outcome.body), chat("deep", PROOF));
        assert_eq!(outcome.header("x-tiergate-cluster"), Some("thinkers"));
        assert_eq!(response.header("x-tiergate-cause"), Some("score"));
        let trailers = outcome.trailers.expect("the trailers go on");
        assert_eq!(trailers.text("x-checksum"), Some("1"));
    }
    let (outcome, response) =
        exchange(&mut vm, &Request::post_chunked::<&str>(CHAT, &[]).trailers(&[("a", "b")]));
    assert_eq!(response.header("x-tiergate-cause"), Some("no_body"), "trailers and no body");
    assert_eq!(outcome.body, b"");
    let pinned = Request::post(CHAT, chat("big", GREETING)).trailers(&[("a", "b")]);
    let (outcome, _) = exchange(&mut vm, &pinned);
    assert_eq!(outcome.body, pinned.body());
    let other = Request::post("/v1/embeddings", "{}").trailers(&[("a", "b")]);
    assert_eq!(exchange(&mut vm, &other).0.body, b"{}");
}

#[test]
fn a_broken_body_of_a_virtual_model_goes_to_the_default_model() {
    let mut vm = start();
    let whole = chat("smart/auto", PROOF);
    let after_model = whole.find(",\"messages").expect("the body has messages");
    for end in after_model + 1..whole.len() {
        let body = &whole[..end];
        let (outcome, response) = exchange(&mut vm, &Request::post(CHAT, body));
        assert_eq!(
            String::from_utf8_lossy(&outcome.body),
            body.replace("smart/auto", "vendor/mid-2"),
            "cut at {end}: only the model changes"
        );
        assert_eq!(response.header("x-tiergate-cause"), Some("unparsable"), "cut at {end}");
        assert_eq!(outcome.header("x-tiergate-cluster"), Some("middle"), "cut at {end}");
    }
    for end in 1..after_model - 1 {
        let body = &whole[..end];
        let (outcome, response) = exchange(&mut vm, &Request::post(CHAT, body));
        assert_eq!(String::from_utf8_lossy(&outcome.body), body, "cut at {end}, in the model: untouched");
        assert_eq!(outcome.header("x-tiergate-cluster"), Some("pool"), "cut at {end}");
        assert_eq!(response.header("x-tiergate-cause"), Some("unparsable"), "cut at {end}");
    }
}

#[test]
fn text_that_is_no_utf8_is_not_fatal() {
    let mut vm = start();
    let body = b"{\"model\":\"smart/auto\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello \xff\xfe\xc3 there\"}]}";
    let (outcome, _) = exchange(&mut vm, &Request::post(CHAT, body));
    let expected: Vec<u8> = body.iter().copied().skip(21).collect();
    assert!(outcome.body.ends_with(&expected), "everything after the model stays");
    assert!(
        !String::from_utf8_lossy(&outcome.body).contains("smart/auto"),
        "no upstream knows a virtual model"
    );
}

#[test]
fn of_several_models_the_last_one_is_asked_for() {
    let mut vm = start();
    let rest = format!(r#""messages":[{{"role":"user","content":"{GREETING}"}}]"#);
    let body = format!(r#"{{"model":"gpt-x",{rest},"model":"smart/eco","model":"smart/auto"}}"#);
    let (outcome, _) = exchange(&mut vm, &Request::post(CHAT, &body));
    let all = format!(r#"{{"model":"tiny-1",{rest},"model":"tiny-1","model":"tiny-1"}}"#);
    assert_eq!(String::from_utf8_lossy(&outcome.body), all, "virtual: every one is rewritten");

    let body = format!(r#"{{"model":"smart/auto",{rest},"model":"big"}}"#);
    let (outcome, response) = exchange(&mut vm, &Request::post(CHAT, &body));
    assert_eq!(String::from_utf8_lossy(&outcome.body), body, "pinned: untouched");
    assert_eq!(outcome.header("x-tiergate-cluster"), Some("large"));
    assert_eq!(response.header("x-tiergate-cause"), Some("pinned"));
}

#[test]
fn hostile_nesting_is_bounded() {
    let mut vm = start();
    let before = vm.memory_size();
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let deep = format!("{}1{}", open.repeat(200_000), close.repeat(200_000));
        let body = format!(r#"{{"model":"smart/auto","x":{deep},"messages":[]}}"#);
        let (outcome, response) = exchange(&mut vm, &Request::post(CHAT, &body));
        assert_eq!(response.header("x-tiergate-cause"), Some("unparsable"));
        assert_eq!(model_in_text(&outcome.body), "vendor/mid-2");
    }
    let grown = vm.memory_size() - before;
    assert!(grown < 16 << 20, "two bodies of about 1 MB cost {grown} bytes of memory");
}

/// The first `"model":"…"` of a body that is no proper JSON.
fn model_in_text(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let start = text.find(r#""model":""#).expect("a model") + 9;
    let end = start + text[start..].find('"').expect("the end of the model");
    text[start..end].to_owned()
}

#[test]
fn memory_does_not_grow_with_requests() {
    let mut vm = start();
    let request = Request::post(CHAT, chat("smart/auto", &"Tell me more about the sea. ".repeat(4_000)));
    for _ in 0..20 {
        exchange(&mut vm, &request);
    }
    let before = vm.memory_size();
    for _ in 0..300 {
        exchange(&mut vm, &request);
    }
    assert_eq!(vm.memory_size(), before);
}

/// A generator with a seed: the same mutations in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits fit") % bound.max(1)
    }
}

/// Changes a body a little: flips, drops, doubles and moves bytes, and puts in what JSON cares about.
fn mutate(random: &mut Random, body: &mut Vec<u8>) {
    const BITS: [&[u8]; 12] = [
        b"\"",
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b"\\u",
        b"\xff",
        b"\0",
        b"\"model\":\"smart/auto\",",
        b"\\ud800",
    ];
    for _ in 0..=random.below(4) {
        let at = random.below(body.len() + 1);
        match random.below(6) {
            0 if at < body.len() => body[at] = u8::try_from(random.below(256)).expect("a byte"),
            1 if at < body.len() => drop(body.remove(at)),
            2 => body.truncate(at),
            3 => {
                let end = (at + random.below(12)).min(body.len());
                let piece = body[at..end].to_vec();
                let to = random.below(body.len() + 1);
                body.splice(to..to, piece);
            }
            _ => drop(body.splice(at..at, BITS[random.below(BITS.len())].iter().copied())),
        }
    }
}

/// Cuts a body in pieces.
fn pieces(random: &mut Random, mut body: &[u8]) -> Vec<Vec<u8>> {
    let mut pieces = Vec::new();
    while pieces.len() < 4 && random.below(3) > 0 {
        let (head, tail) = body.split_at(random.below(body.len() + 1));
        pieces.push(head.to_vec());
        body = tail;
    }
    pieces.push(body.to_vec());
    pieces
}

#[test]
fn no_mutated_body_stops_a_request_or_the_vm() {
    let gemini = "/v1beta/models/smart%2Fauto:generateContent";
    let seeds: [(&str, String); 6] = [
        (CHAT, chat("smart/auto", PROOF)),
        (CHAT, chat("big", GREETING)),
        (
            CHAT,
            r#"{"messages":[{"role":"system","content":"json schema"},{"role":"user","content":[{"type":"text",
            "text":"\u4f60\u597d \ud83d\ude00 \"x\""},{"type":"image_url","image_url":{"url":"u"}}]}],"tools":[{}],
            "max_tokens":12,"stream":true,"user":"u","response_format":{"type":"json_object"},"model":"smart/eco"}"#
                .to_owned(),
        ),
        (
            "/v1/messages",
            r#"{"model":"smart/premium","system":[{"type":"text","text":"a"}],"max_tokens":1e2,"messages":[{"role":
            "user","content":[{"type":"tool_result","content":[{"type":"image"}]},{"type":"text","text":"prove it"}]}]}"#
                .to_owned(),
        ),
        ("/v1/responses", r#"{"model":"smart/auto","instructions":"x","input":[{"role":"user","content":"y"}]}"#.to_owned()),
        (gemini, r#"{"contents":[{"parts":[{"text":"hi"}]}],"generationConfig":{"maxOutputTokens":5}}"#.to_owned()),
    ];
    let mut vm = start();
    let mut random = Random(0x5eed_0002);
    let mut routed = 0;
    for round in 0..4_000 {
        let (path, seed) = &seeds[random.below(seeds.len())];
        let mut body = seed.clone().into_bytes();
        mutate(&mut random, &mut body);
        let mut request = Request::post_chunked(path, &pieces(&mut random, &body));
        if random.below(4) == 0 {
            request = request.trailers(&[("t", "1")]);
        } else if random.below(2) == 0 {
            request = Request::post(path, &body);
        }
        let told = format!("round {round}: {:?}", String::from_utf8_lossy(&body));
        routed += usize::from(check_mutated(&mut vm, &request, &body, &told));
    }
    assert!(routed > 1_000, "enough of them still name a virtual model: {routed}");
}

/// Sends a mutated body; whether it was rewritten.
fn check_mutated(vm: &mut Vm, request: &Request, body: &[u8], told: &str) -> bool {
    let outcome = vm.request(request);
    assert!(outcome.trap.is_none(), "{told}: {outcome:?}");
    if let Some(refusal) = &outcome.local_response {
        // A virtual name that does not exist, or more than a request may cost: an error, never a loss.
        assert!(matches!(refusal.status, 400 | 404 | 413), "{told}: {outcome:?}");
        assert!(serde_json::from_slice::<serde_json::Value>(&refusal.body).is_ok(), "{told}: {outcome:?}");
        vm.finish(outcome.stream);
        return false;
    }
    assert!(outcome.forwarded, "{told}: {outcome:?}");
    assert_sound(&outcome);
    vm.finish(outcome.stream);
    if outcome.body == body {
        return outcome.header(":path").is_some_and(|path| !path.contains("smart"));
    }
    assert!(outcome.header("x-tiergate-model").is_some(), "{told}: a changed body has a model");
    // A body that is JSON stays the same JSON but for its model.
    if let (Ok(mut was), Ok(mut is)) = (
        serde_json::from_slice::<serde_json::Value>(body),
        serde_json::from_slice::<serde_json::Value>(&outcome.body),
    ) {
        let model = is["model"].as_str().map(str::to_owned).unwrap_or_default();
        assert!(["tiny-1", "vendor/mid-2", "big", "deep"].contains(&model.as_str()), "{told}: {model}");
        was["model"] = serde_json::Value::Null;
        is["model"] = serde_json::Value::Null;
        assert_eq!(was, is, "{told}");
    } else {
        assert!(serde_json::from_slice::<serde_json::Value>(body).is_err(), "{told}: was JSON, is no longer");
    }
    true
}
