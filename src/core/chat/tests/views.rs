//! What is found in a body besides the ask.

use super::*;

#[test]
fn system_text_is_found_in_every_dialect() {
    for (dialect, body) in [
        (
            Dialect::ChatCompletions,
            r#"{"messages":[{"role":"system","content":"s"},{"role":"developer","content":"t"}]}"#,
        ),
        (
            Dialect::Messages,
            r#"{"system":[{"type":"text","text":"s"},{"type":"text","text":"t"}],"messages":[]}"#,
        ),
        (Dialect::Responses, r#"{"instructions":"s","input":[{"role":"system","content":"t"}]}"#),
        (
            Dialect::Gemini(Span { start: 0, end: 0 }),
            r#"{"systemInstruction":{"parts":[{"text":"s"},{"text":"t"}]},"contents":[]}"#,
        ),
    ] {
        let view = seen(body, dialect);
        assert_eq!(text(body, &view.system), "s\nt", "{dialect:?}");
    }
}

#[test]
fn needs_are_found_in_every_dialect() {
    let gemini = Dialect::Gemini(Span { start: 0, end: 0 });
    /// dialect, body, tools, images, structured, most tokens
    type Row = (Dialect, &'static str, bool, bool, bool, Option<u64>);
    let rows: &[Row] = &[
        (Dialect::ChatCompletions, r#"{"tools":[{}],"max_tokens":7}"#, true, false, false, Some(7)),
        (
            Dialect::ChatCompletions,
            r#"{"tools":[ ],"max_completion_tokens":8}"#,
            false,
            false,
            false,
            Some(8),
        ),
        (
            Dialect::ChatCompletions,
            r#"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:,"}}]}]}"#,
            false,
            true,
            false,
            None,
        ),
        (Dialect::ChatCompletions, r#"{"response_format":{"type":"json_schema"}}"#, false, false, true, None),
        (Dialect::ChatCompletions, r#"{"response_format":{"type":"text"}}"#, false, false, false, None),
        (
            Dialect::Messages,
            r#"{"max_tokens":9,"messages":[{"role":"user","content":[{"type":"image","source":{"data":""}}]}]}"#,
            false,
            true,
            false,
            Some(9),
        ),
        (
            Dialect::Messages,
            r#"{"messages":[{"role":"user","content":[{"type":"tool_result","content":[{"type":"image"}]}]}]}"#,
            false,
            true,
            false,
            None,
        ),
        (
            Dialect::Messages,
            r#"{"output_format":{"type":"json_schema","schema":{}}}"#,
            false,
            false,
            true,
            None,
        ),
        (Dialect::Responses, r#"{"text":{"format":{"type":"json_object"}}}"#, false, false, true, None),
        (
            gemini,
            r#"{"generationConfig":{"maxOutputTokens":5,"responseMimeType":"application/json"}}"#,
            false,
            false,
            true,
            Some(5),
        ),
        (gemini, r#"{"contents":[{"parts":[{"inlineData":{}}]}],"tools":[1]}"#, true, true, false, None),
    ];
    for (dialect, body, tools, images, structured, max_tokens) in rows {
        let view = seen(body, *dialect);
        let found = (view.tools, view.images, view.structured, view.max_tokens);
        assert_eq!(found, (*tools, *images, *structured, *max_tokens), "{body}");
    }
}

#[test]
fn streaming_and_the_end_user_are_found() {
    for (dialect, body, stream, user) in [
        (Dialect::ChatCompletions, r#"{"stream":true,"user":"u-1"}"#, true, Some("u-1")),
        (Dialect::Responses, r#"{"user":"u-2","stream":false}"#, false, Some("u-2")),
        (Dialect::Messages, r#"{"stream": true ,"metadata":{"user_id":"u-3"}}"#, true, Some("u-3")),
        (Dialect::Completions, r#"{"stream":"true","user":7}"#, false, None),
    ] {
        let view = seen(body, dialect);
        let found = view.ids.user.map(|span| text(body, &[span]));
        assert_eq!((view.stream, found.as_deref()), (stream, user), "{body}");
    }
}

#[test]
fn a_broken_body_tells_what_it_can() {
    let whole = r#"{"model":"m","messages":[{"role":"user","content":"hello"}]}"#;
    for cut in 0..whole.len() {
        let view = seen(whole.get(..cut).unwrap(), Dialect::ChatCompletions);
        assert_eq!(view.fault, Some(Fault::Truncated), "cut at {cut}");
        assert_eq!(view.model.is_some(), cut >= r#"{"model":"m""#.len(), "cut at {cut}");
    }
    for (body, fault) in [
        ("[]", Fault::NotJson),
        ("hello", Fault::NotJson),
        (r#"{"model":"m"} x"#, Fault::NotJson),
        (r#"{"model":"m",}"#, Fault::NotJson),
        (r#"{"a":[1}"#, Fault::Truncated),
    ] {
        assert_eq!(seen(body, Dialect::ChatCompletions).fault, Some(fault), "{body}");
    }
    // What the upstream's parser takes is read to the end.
    for body in
        [r#"{"a":NaN,"model":"m"}"#, r#"{"a":[-Infinity,Infinity],"model":"m"}"#, "\u{FEFF}{\"model\":\"m\"}"]
    {
        let view = seen(body, Dialect::ChatCompletions);
        assert_eq!((view.fault, view.model.as_deref()), (None, Some("m")), "{body}");
    }
    let deep = format!("{{\"model\":\"m\",\"x\":{}{}}}", "[".repeat(127), "]".repeat(127));
    assert_eq!(seen(&deep, Dialect::ChatCompletions).fault, None);
    let deeper = format!("{{\"model\":\"m\",\"x\":{}{}}}", "[".repeat(128), "]".repeat(128));
    assert_eq!(seen(&deeper, Dialect::ChatCompletions).fault, Some(Fault::TooDeep));
}

#[test]
fn models_behind_a_fault_are_found() {
    let deep = format!("{{\"model\":\"a\",\"x\":{}1{},\"model\":\"b\"}}", "[".repeat(200), "]".repeat(200));
    for (body, spans) in [
        (deep.as_str(), 2),
        (r#"{"model":"a","x":@,"model":"b"}"#, 2),
        (r#"{"model":"a","messages":[{"content":@,"model":"c"}],"model":"b"}"#, 2),
        (r#"{"model":"a","x":[1,@],"y":""model":"c"","model":"b"} tail"#, 2),
        ("{\"model\":\"a\"}\n{\"model\":\"b\"}", 2),
        (r#"{"model":"b","x":@,"model":"#, 1),
    ] {
        let view = seen(body, Dialect::ChatCompletions);
        assert!(view.fault.is_some(), "{body}");
        assert_eq!((view.model.as_deref(), view.model_spans.len()), (Some("b"), spans), "{body}");
        assert!(view.model_spans.iter().all(|span| span.of(body.as_bytes()).starts_with(b"\"")), "{body}");
    }
}

#[test]
fn lists_are_bounded() {
    let models = vec![r#""model":"m""#; 100_000].join(",");
    let view = seen(&format!("{{{models}}}"), Dialect::ChatCompletions).model_spans.len();
    assert_eq!(view, MOST_MODELS);
    let parts: Vec<String> = (0..50_000).map(|n| format!(r#"{{"type":"text","text":"part {n}"}}"#)).collect();
    let parts = parts.join(",");
    let body = format!(r#"{{"system":[{parts}],"messages":[{{"role":"user","content":[{parts}]}}]}}"#);
    let view = seen(&body, Dialect::Messages);
    for list in [&view.system, &view.opening] {
        assert!(list.len() <= 4096, "{}", list.len());
        assert!(text(&body, list).starts_with("part 0"));
    }
    assert!(text(&body, &view.system).ends_with("part 49999"));
    let tokens = view.tokens.count();
    assert!((200_000..3_000_000).contains(&tokens), "{tokens}: those that were not kept count as well");
}

#[test]
fn only_the_top_level_model_counts_and_the_last_of_several() {
    let body = r#"{"messages":[{"role":"user","content":"\"model\":\"x\"","model":"y"}],"model":"a","metadata":{"model":"z"},"model":"b"}"#;
    let view = seen(body, Dialect::ChatCompletions);
    assert_eq!(view.model.as_deref(), Some("b"));
    assert_eq!(view.model_spans.len(), 2);
    for (body, values) in [
        (r#"{"model":"a","model":["x"]}"#, &[r#""a""#, r#"["x"]"#][..]),
        (r#"{"model":{"y":"]}"},"model":"a","model":null}"#, &[r#"{"y":"]}"}"#, r#""a""#, "null"]),
    ] {
        let view = seen(body, Dialect::ChatCompletions);
        assert_eq!(view.model.as_deref(), Some("a"), "{body}");
        let found: Vec<_> = view.model_spans.iter().map(|span| span.of(body.as_bytes())).collect();
        assert_eq!(found, values.iter().map(|value| value.as_bytes()).collect::<Vec<_>>());
    }
    for odd in [r#"{"model":7}"#, r#"{"model":null}"#, r#"{"model":{"model":"x"}}"#, r#"{"Model":"x"}"#] {
        assert_eq!(seen(odd, Dialect::ChatCompletions).model, None, "{odd}");
    }
    assert_eq!(
        seen(r#"{"model":"smart\/\u0061uto"}"#, Dialect::Messages).model.as_deref(),
        Some("smart/auto")
    );
}

#[test]
fn ids_are_found() {
    let ids = |body: &str, dialect: Dialect| {
        let Ids { user, session, cache_key, previous, kept } = seen(body, dialect).ids;
        [user, session, cache_key, previous, kept].map(|span| span.map(|span| text(body, &[span])))
    };
    let some = |ids: [&str; 5]| ids.map(|id| (!id.is_empty()).then(|| id.to_owned()));
    let body = r#"{"user":"u","metadata":{"session_id":"s","user_id":"v"},"prompt_cache_key":"c",
        "previous_response_id":"p","conversation":{"id":"k","x":["id"]},"cachedContent":"g"}"#;
    let gemini = Dialect::Gemini(Span { start: 0, end: 0 });
    assert_eq!(ids(body, Dialect::ChatCompletions), some(["u", "s", "c", "", ""]));
    assert_eq!(ids(body, Dialect::Responses), some(["u", "s", "c", "p", "k"]));
    assert_eq!(ids(body, Dialect::Messages), some(["v", "s", "c", "", ""]));
    assert_eq!(ids(body, gemini), some(["u", "s", "c", "", "g"]));
    assert_eq!(ids(r#"{"conversation":"k"}"#, Dialect::Responses), some(["", "", "", "", "k"]));
    let odd =
        r#"{"user":7,"metadata":"s","prompt_cache_key":"","previous_response_id":null,"conversation":["k"]}"#;
    assert_eq!(ids(odd, Dialect::Responses), some([""; 5]));
    assert_eq!(ids(r#"{"metadata":{"session_id":7}}"#, Dialect::Messages), some([""; 5]));
}

#[test]
fn the_opening_is_what_the_user_says_before_anybody_answers() {
    let opening = |turns: &str| {
        let body = format!(r#"{{"messages":[{turns}]}}"#);
        text(&body, &seen(&body, Dialect::ChatCompletions).opening)
    };
    let (system, first, second) = (
        r#"{"role":"system","content":"sys"}"#,
        r#"{"role":"user","content":"first"}"#,
        r#"{"role":"user","content":[{"type":"text","text":"second"}]}"#,
    );
    let answer = r#"{"role":"assistant","content":"a"}"#;
    assert_eq!(opening(""), "");
    assert_eq!(opening(&[system, first, answer, second].join(",")), "first");
    assert_eq!(opening(&[first, system, second, answer].join(",")), "first\nsecond");
    assert_eq!(opening(&[answer, first].join(",")), "");
    let many = vec![second; 40].join(",");
    assert_eq!(opening(&many), vec!["second"; LONGEST_OPENING].join("\n"));
}
