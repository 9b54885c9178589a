//! Dialects by path, and the model in it.

use super::*;

#[test]
fn paths_name_the_dialect() {
    let paths = Paths {
        chat_completions: vec!["/chat/completions".into()],
        completions: vec!["/completions".into()],
        responses: vec!["/responses".into()],
        messages: vec!["/messages".into()],
        gemini: vec![":generateContent".into(), ":streamGenerateContent".into()],
        other: vec!["/embeddings".into(), ":countTokens".into()],
    };
    let gemini = |path: &str| match paths.dialect(path.as_bytes()) {
        Some(Dialect::Gemini(span)) => String::from_utf8(span.of(path.as_bytes()).to_vec()).unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(paths.dialect(b"/v1/chat/completions"), Some(Dialect::ChatCompletions));
    assert_eq!(paths.dialect(b"/v1/chat/completions?x=/completions"), Some(Dialect::ChatCompletions));
    assert_eq!(paths.dialect(b"/v1/completions"), Some(Dialect::Completions));
    assert_eq!(paths.dialect(b"/v1/responses"), Some(Dialect::Responses));
    assert_eq!(paths.dialect(b"/v1/messages"), Some(Dialect::Messages));
    assert_eq!(gemini("/v1beta/models/smart/auto:generateContent"), "smart/auto");
    assert_eq!(gemini("/v1/p/x/models/m-1:streamGenerateContent?alt=sse"), "m-1");
    for other in
        ["/v1/models", "/v1/messages/count_tokens", "/v1/embeddings", "/", "", "/models/:generateContent"]
    {
        assert_eq!(paths.dialect(other.as_bytes()), None, "{other}");
    }
    for (path, dialect) in [
        ("/v1/chat%2Fcompletions", Dialect::ChatCompletions),
        ("/v1/%63hat/completions", Dialect::ChatCompletions),
        ("/v1//chat//completions/", Dialect::ChatCompletions),
        ("/v1/chat/completions%2F?x", Dialect::ChatCompletions),
        ("/V1/Chat/Completions", Dialect::ChatCompletions),
        ("/v1/messages/", Dialect::Messages),
        ("/openai/deployments/a/b/chat/completions", Dialect::ChatCompletions),
    ] {
        assert_eq!(paths.dialect(path.as_bytes()), Some(dialect), "{path}");
    }
    assert_eq!(gemini("/v1beta//models/smart%2fauto%3AgenerateContent/"), "smart%2fauto");
    assert_eq!(gemini("/V1beta/Models/m:generateContent"), "m");
    // Escaped twice, servers look for another path.
    assert_eq!(paths.dialect(b"/v1/chat%252Fcompletions"), None);
    assert!(paths.is_other(b"/v1/embeddings?x") && paths.is_other(b"/v1beta/models/m:countTokens"));
    assert!(!paths.is_other(b"/v1/embeddings/x") && !paths.is_other(b"/x:countTokens"));
    let path = b"/v1beta/models/smart%2Fauto:generateContent?alt=sse";
    let Some(Dialect::Gemini(span)) = paths.dialect(path) else { panic!() };
    let asked = view(b"{}", path, Dialect::Gemini(span), &limits(), &mut ()).model;
    assert_eq!(asked.as_deref(), Some("smart/auto"));
    let new = rewrite_path(path, span, "gemini/x y").unwrap();
    assert_eq!(String::from_utf8(new).unwrap(), "/v1beta/models/gemini/x%20y:generateContent?alt=sse");
}

#[test]
fn a_path_names_its_model_in_every_place_that_is_read() {
    let chat = Some(Dialect::ChatCompletions);
    let rows: &[(&str, Option<&str>, &str)] = &[
        ("/v1/chat/completions", None, "/v1/chat/completions"),
        ("/v1/chat/completions?model=a", Some("a"), "/v1/chat/completions?model=n/w"),
        (
            "/v1/chat/completions?x=1&model=smart%2Fa+b&y",
            Some("smart/a b"),
            "/v1/chat/completions?x=1&model=n/w&y",
        ),
        ("/v1/chat/completions?model=a&%6Dodel=b", Some("b"), "/v1/chat/completions?model=n/w&%6Dodel=n/w"),
        ("/v1/chat/completions?model=a&model=", None, "/v1/chat/completions?model=n/w&model="),
        (
            "/v1/chat/completions?models=a&xmodel=b&Model=c",
            None,
            "/v1/chat/completions?models=a&xmodel=b&Model=c",
        ),
        (
            "/openai/deployments/a/chat/completions?api-version=1",
            Some("a"),
            "/openai/deployments/n/w/chat/completions?api-version=1",
        ),
        (
            "/openai/deployments/smart/auto/chat/completions",
            Some("smart/auto"),
            "/openai/deployments/n/w/chat/completions",
        ),
        ("/OpenAI/Deployments/a/chat/completions", Some("a"), "/OpenAI/Deployments/n/w/chat/completions"),
        ("/engines/a%2Fb/chat/completions?model=c", Some("a/b"), "/engines/n/w/chat/completions?model=n/w"),
        ("/%65ngines/a/completions", Some("a"), "/%65ngines/n/w/completions"),
        ("/engines//chat/completions", Some("chat"), "/engines//n/w/completions"),
    ];
    for (path, asked, rewritten) in rows {
        let found = PathModels::of(path.as_bytes(), chat);
        assert_eq!(found.asked.as_deref(), *asked, "{path}");
        let new = rewrite_path_at(path.as_bytes(), &found.spans, "n/w").unwrap();
        assert_eq!(String::from_utf8(new).unwrap(), *rewritten);
    }
    let many = format!("/v1/chat/completions?{}", "model=a&".repeat(50));
    assert!(PathModels::of(many.as_bytes(), chat).more);
    let count = PathModels::of(b"/v1beta/models/smart/auto:countTokens?key=k", None);
    assert_eq!(count.asked.as_deref(), Some("smart/auto"));
    assert_eq!(PathModels::of(b"/v1/threads/t:1/messages", None), PathModels::default());
}

#[test]
fn the_model_is_the_one_that_litellm_reads() {
    let gemini = Dialect::Gemini(Span { start: 15, end: 16 });
    for (dialect, path, asked) in [
        (Dialect::ChatCompletions, "/v1/chat/completions?model=q", "q"),
        (Dialect::Completions, "/engines/e/completions?model=q", "e"),
        (Dialect::ChatCompletions, "/v1/chat/completions?model=", "b"),
        (Dialect::Messages, "/v1/messages?model=q", "b"),
        (Dialect::Responses, "/v1/responses?model=q", "b"),
        (gemini, "/v1beta/models/g:generateContent", "g"),
    ] {
        let view = view(br#"{"model":"b"}"#, path.as_bytes(), dialect, &limits(), &mut ());
        assert_eq!(view.model.as_deref(), Some(asked), "{path}");
    }
    assert_eq!(
        view(b"{}", b"/v1beta/models/g:generateContent", gemini, &limits(), &mut ()).model.as_deref(),
        Some("g")
    );
}

#[test]
fn errors_are_in_the_clients_dialect() {
    use serde_json::json;
    let problem = Problem::NoSuchModel { asked: "smart/x".into(), known: vec!["smart/auto".into()] };
    let message = "The virtual model \"smart/x\" does not exist. Available: smart/auto.";
    for (path, wanted) in [
        (
            "/v1/chat/completions",
            json!({"error": {"message": message, "type": "invalid_request_error", "param": "model", "code": "model_not_found"}}),
        ),
        ("/v1/messages", json!({"type": "error", "error": {"type": "not_found_error", "message": message}})),
        (
            "/v1beta/models/smart%2Fx%3AgenerateContent",
            json!({"error": {"code": 404, "message": message, "status": "NOT_FOUND"}}),
        ),
    ] {
        let body: Value = serde_json::from_slice(&problem.body(ErrorForm::of(path.as_bytes()))).unwrap();
        assert_eq!(body, wanted, "{path}");
    }
}

#[test]
fn a_compressed_body_is_unpacked_within_a_bound() {
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use std::io::Write;
    fn pack(data: &[u8], how: &str) -> Vec<u8> {
        macro_rules! with {
            ($encoder:ident) => {{
                let mut encoder = $encoder::new(Vec::new(), Compression::fast());
                encoder.write_all(data).unwrap();
                encoder.finish().unwrap()
            }};
        }
        match how {
            "gzip" => with!(GzEncoder),
            "zlib" => with!(ZlibEncoder),
            _ => with!(DeflateEncoder),
        }
    }
    let body = br#"{"model":"smart/auto"}"#;
    for (how, coding) in [("gzip", "gzip"), ("gzip", " X-Gzip"), ("zlib", "deflate"), ("bare", "DEFLATE")] {
        assert_eq!(
            unpack(&pack(body, how), Coding::of(coding.as_bytes())).as_deref(),
            Some(&body[..]),
            "{how}"
        );
    }
    let most = vec![b' '; MOST_UNPACKED];
    assert_eq!(unpack(&pack(&most, "zlib"), Coding::Deflate).map(|body| body.len()), Some(MOST_UNPACKED));
    let bomb = [&most[..], b" "].concat();
    assert_eq!(unpack(&pack(&bomb, "zlib"), Coding::Deflate), None);
    assert_eq!(unpack(&bomb[..99], Coding::Gzip), None);
    let packed = pack(body, "gzip");
    assert_eq!(unpack(&packed[..packed.len() - 9], Coding::Gzip), None, "cut off");
    assert_eq!(Coding::Identity.and(b"gzip").and(b"br"), Coding::Other);
    assert_eq!(Coding::of(b"gzip, br"), Coding::Other);
}

#[test]
fn a_batch_names_its_models() {
    let body = r#"{"requests":[{"custom_id":"1","params":{"model":"a","messages":[{"model":"x"}]}},{"model":"b"},7],"model":"c","x":{"model":"y"}}"#;
    let asked = Asked::of(body.as_bytes(), &limits());
    let names: Vec<_> = asked.spans.iter().map(|span| said(*span, body.as_bytes())).collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert!(!asked.more);
}

#[test]
fn a_body_without_a_model_gets_one() {
    let body = b" {\n\"messages\":[]}".to_vec();
    let at = view(&body, b"", Dialect::Messages, &limits(), &mut ()).inside;
    let place = [Span { start: at, end: at }];
    for (fallbacks, wanted) in [
        (&[][..], " {\"model\":\"m\",\n\"messages\":[]}"),
        (&["f"][..], " {\"model\":\"m\",\"fallbacks\":[\"f\"],\n\"messages\":[]}"),
    ] {
        let prefix = splice_with(body.clone(), &place, "m", fallbacks).unwrap();
        let new = [&prefix.head[..], &prefix.tail, &body[prefix.end..]].concat();
        assert_eq!(String::from_utf8(new).unwrap(), wanted);
    }
}
