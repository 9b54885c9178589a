use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

mod tokens;

const LIMITS: Limits = Limits { scan_head_bytes: 1024, scan_tail_bytes: 1024, max_depth: 128 };

fn seen<'b>(body: &'b str, dialect: Dialect) -> View<'b> {
    view(body.as_bytes(), b"/v1/x", dialect, &LIMITS)
}

fn text(body: &str, spans: &[Span]) -> String {
    let mut text = String::new();
    excerpt(body.as_bytes(), spans, usize::MAX / 2, 0, &mut text);
    text
}

/// name, dialect, body, the ask
const ASKS: &[(&str, Dialect, &str, &str)] = &[
    (
        "string content",
        Dialect::ChatCompletions,
        r#"{"messages":[{"role":"user","content":"hello"}],"model":"m"}"#,
        "hello",
    ),
    (
        "parts",
        Dialect::ChatCompletions,
        r#"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]}"#,
        "a\nb",
    ),
    (
        "role after content",
        Dialect::ChatCompletions,
        r#"{"model":"m","messages":[{"content":"late","role":"user"},{"content":"no","role":"assistant"}]}"#,
        "late",
    ),
    (
        "newest user turn",
        Dialect::ChatCompletions,
        r#"{"model":"m","messages":[{"role":"user","content":"old"},{"role":"assistant","content":"x"},{"role":"user","content":"new"}]}"#,
        "new",
    ),
    (
        "a tool's answer is no ask",
        Dialect::ChatCompletions,
        r#"{"model":"m","messages":[{"role":"user","content":"fix it"},{"role":"assistant","content":null,"tool_calls":[]},{"role":"tool","content":"prove the theorem"}]}"#,
        "fix it",
    ),
    (
        "anthropic tool result is no ask",
        Dialect::Messages,
        r#"{"model":"m","messages":[{"role":"user","content":"look"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"n","input":{"text":"x"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"theorem"}]}]}]}"#,
        "look",
    ),
    (
        "anthropic thinking is no ask",
        Dialect::Messages,
        r#"{"model":"m","messages":[{"role":"user","content":[{"type":"thinking","text":"hm"},{"type":"text","text":"yes"}]}]}"#,
        "yes",
    ),
    ("responses, string", Dialect::Responses, r#"{"model":"m","input":"hi there"}"#, "hi there"),
    (
        "responses, items",
        Dialect::Responses,
        r#"{"model":"m","input":[{"role":"user","content":[{"type":"input_text","text":"one"}]},{"type":"function_call_output","call_id":"c","output":"two"}]}"#,
        "one",
    ),
    ("completions, string", Dialect::Completions, r#"{"model":"m","prompt":"once"}"#, "once"),
    ("completions, several", Dialect::Completions, r#"{"prompt":["a","b"],"model":"m"}"#, "a\nb"),
    ("completions, tokens", Dialect::Completions, r#"{"prompt":[1,2,3],"model":"m"}"#, ""),
    (
        "gemini",
        Dialect::Gemini(Span { start: 1, end: 3 }),
        r#"{"contents":[{"parts":[{"text":"salut"}]},{"role":"model","parts":[{"text":"no"}]}]}"#,
        "salut",
    ),
    (
        "escapes",
        Dialect::ChatCompletions,
        r#"{"messages":[{"role":"user","content":"a\n\"b\" \u4f60\ud83d\ude00 \\ é"}],"model":"m"}"#,
        "a\n\"b\" 你😀 \\ é",
    ),
    (
        "escaped keys",
        Dialect::ChatCompletions,
        r#"{"m\u0065ssages":[{"ro\u006ce":"us\u0065r","content":"x"}],"mod\u0065l":"m"}"#,
        "x",
    ),
    (
        "of two conversations the last counts",
        Dialect::ChatCompletions,
        r#"{"messages":[{"role":"user","content":"first"}],"model":"m","messages":[{"role":"user","content":"second"}]}"#,
        "second",
    ),
    (
        "odd values are skipped",
        Dialect::ChatCompletions,
        r#"{"model":"m","messages":[null,1,[],{"role":"user","content":{"type":"text","text":"x"}},{"role":7,"content":8}]}"#,
        "x",
    ),
];

#[test]
fn the_ask_is_the_newest_text_of_a_user() {
    for (name, dialect, body, ask) in ASKS {
        let view = seen(body, *dialect);
        assert_eq!(view.fault, None, "{name}");
        assert_eq!(text(body, &view.ask), *ask, "{name}");
        assert!(view.model.is_some(), "{name}");
    }
}

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
        assert!(view.ask.is_empty(), "{dialect:?}");
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
        let found = view.user.map(|span| text(body, &[span]));
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
        (r#"{"a":[1}"#, Fault::NotJson),
        (r#"{"a":{"b":]}"#, Fault::NotJson),
    ] {
        assert_eq!(seen(body, Dialect::ChatCompletions).fault, Some(fault), "{body}");
    }
    let deep = format!("{{\"model\":\"m\",\"x\":{}{}}}", "[".repeat(127), "]".repeat(127));
    assert_eq!(seen(&deep, Dialect::ChatCompletions).fault, None);
    let deeper = format!("{{\"model\":\"m\",\"x\":{}{}}}", "[".repeat(128), "]".repeat(128));
    assert_eq!(seen(&deeper, Dialect::ChatCompletions).fault, Some(Fault::TooDeep));
}

#[test]
fn only_the_top_level_model_counts_and_the_last_of_several() {
    let body = r#"{"messages":[{"role":"user","content":"\"model\":\"x\"","model":"y"}],"model":"a","metadata":{"model":"z"},"model":"b"}"#;
    let view = seen(body, Dialect::ChatCompletions);
    assert_eq!(view.model.as_deref(), Some("b"));
    assert_eq!(view.model_spans.len(), 2);
    for odd in [r#"{"model":7}"#, r#"{"model":null}"#, r#"{"model":{"model":"x"}}"#, r#"{"Model":"x"}"#] {
        assert_eq!(seen(odd, Dialect::ChatCompletions).model, None, "{odd}");
    }
    assert_eq!(
        seen(r#"{"model":"smart\/\u0061uto"}"#, Dialect::Messages).model.as_deref(),
        Some("smart/auto")
    );
}

#[test]
fn paths_name_the_dialect() {
    let paths = Paths {
        chat_completions: vec!["/chat/completions".into()],
        completions: vec!["/completions".into()],
        responses: vec!["/responses".into()],
        messages: vec!["/messages".into()],
        gemini: vec![":generateContent".into(), ":streamGenerateContent".into()],
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
    let path = b"/v1beta/models/smart%2Fauto:generateContent?alt=sse";
    let Some(Dialect::Gemini(span)) = paths.dialect(path) else { panic!() };
    let asked = view(b"{}", path, Dialect::Gemini(span), &LIMITS).model;
    assert_eq!(asked.as_deref(), Some("smart/auto"));
    let new = rewrite_path(path, span, "gemini/x y").unwrap();
    assert_eq!(String::from_utf8(new).unwrap(), "/v1beta/models/gemini/x%20y:generateContent?alt=sse");
}

/// Cuts at every place of a text with escapes and wide characters: what is shown is always a part of the text.
#[test]
fn an_excerpt_never_cuts_a_character() {
    let raw = r#"ab\n\\c\u4f60\u597d 你好 \ud83d\ude00 \"q\" 😀 end"#;
    let whole = decode(raw.as_bytes()).into_owned();
    let span = Span { start: 0, end: raw.len() };
    for head in 0..raw.len() {
        for tail in 0..raw.len() - head {
            let mut shown = String::new();
            excerpt(raw.as_bytes(), &[span], head, tail, &mut shown);
            // A surrogate pair of escapes may be cut in two; its halves show as U+FFFD.
            for piece in shown.split(['\n', char::REPLACEMENT_CHARACTER]) {
                assert!(whole.contains(piece), "head {head} tail {tail}: {piece:?}");
            }
        }
    }
}

#[test]
fn an_excerpt_shows_head_and_tail_of_all_parts() {
    let body = b"aaaabbbbcccc";
    let parts = [Span { start: 0, end: 4 }, Span { start: 4, end: 8 }, Span { start: 8, end: 12 }];
    let mut shown = String::new();
    excerpt(body, &parts, 5, 3, &mut shown);
    assert_eq!(shown.split_whitespace().collect::<String>(), "aaaabccc");
    shown.clear();
    excerpt(body, &parts, 6, 6, &mut shown);
    assert_eq!(shown, "aaaa\nbbbb\ncccc");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9f64).prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(Value::from("model")),
        Just(Value::from("\"\\\u{0}\n{}[]\"model\":\"x\"")),
    ];
    leaf.prop_recursive(5, 48, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((key(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] =
        &["model", "messages", "content", "role", "tools", "input", "prompt", "contents", "parts", "text"];
    prop_oneof![proptest::sample::select(KNOWN).prop_map(str::to_owned), "\\PC{0,8}"]
}

const DIALECTS: &[Dialect] =
    &[Dialect::ChatCompletions, Dialect::Completions, Dialect::Responses, Dialect::Messages];

proptest! {
    /// For any document: parsing the new body gives the same document but for `model`, and every byte outside the
    /// model's value is the same.
    #[test]
    fn splicing_changes_the_model_alone(
        members in proptest::collection::vec((key(), any_json()), 0..5),
        asked in "\\PC{0,12}",
        new in "\\PC{0,40}",
        at in 0usize..6,
        pretty in any::<bool>(),
        dialect in proptest::sample::select(DIALECTS),
    ) {
        let mut members: Vec<(String, Value)> = members.into_iter().filter(|(k, _)| k != "model").collect();
        members.insert(at.min(members.len()), ("model".to_owned(), Value::from(asked.clone())));
        let write = |v: &Value| if pretty { serde_json::to_string_pretty(v) } else { serde_json::to_string(v) }.unwrap();
        let fields: Vec<String> =
            members.iter().map(|(k, v)| format!("{}: {}", serde_json::to_string(k).unwrap(), write(v))).collect();
        let body = format!(" {{{}\t}}\n", fields.join(" ,\r\n"));

        let seen = view(body.as_bytes(), b"", dialect, &LIMITS);
        prop_assert_eq!(seen.fault, None);
        prop_assert_eq!(seen.model.as_deref(), Some(asked.as_str()));
        let spans = seen.model_spans.clone();
        let prefix = splice(body.clone().into_bytes(), &spans, &new).unwrap();
        let mut spliced = [&prefix.head[..], &prefix.tail, &body.as_bytes()[prefix.end..]].concat();
        prop_assert_eq!(spliced.len() as i64, body.len() as i64 + prefix.growth());

        let mut before: Value = serde_json::from_str(&body).unwrap();
        let after: Value = serde_json::from_slice(&spliced).unwrap();
        before["model"] = json!(new);
        prop_assert_eq!(before, after);

        let value = serde_json::to_vec(&new).unwrap();
        let span = spans[0];
        prop_assert_eq!(&spliced[span.start..span.start + value.len()], &value[..]);
        spliced.splice(span.start..span.start + value.len(), body.as_bytes()[span.start..span.end].iter().copied());
        prop_assert_eq!(spliced, body.into_bytes());
    }

    /// Whatever the bytes are, reading ends, and every span lies within them.
    #[test]
    fn any_bytes_are_read_without_a_fault_of_ours(
        mut body in proptest::collection::vec(any::<u8>(), 0..200),
        json in any_json(),
        flips in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..4),
        dialect in proptest::sample::select(DIALECTS),
    ) {
        let mut text = format!("{{\"model\":\"m\",\"messages\":{json},\"input\":{json},\"prompt\":{json}}}").into_bytes();
        for (index, byte) in flips {
            let at = index.index(text.len());
            text[at] = byte;
        }
        for body in [&mut body, &mut text] {
            let seen = view(body, b"/models/m:generateContent", dialect, &LIMITS);
            for span in seen.ask.iter().chain(&seen.system).chain(&seen.model_spans) {
                prop_assert!(span.start <= span.end && span.end <= body.len());
            }
            let mut shown = String::new();
            excerpt(body, &seen.ask, 16, 16, &mut shown);
        }
    }

    /// Several `model` keys: every one is rewritten.
    #[test]
    fn every_model_key_is_rewritten(count in 1usize..5, new in "\\PC{0,20}") {
        let body = format!("{{{}}}", vec!["\"model\":\"smart/auto\""; count].join(","));
        let spans = seen(&body, Dialect::ChatCompletions).model_spans;
        prop_assert_eq!(spans.len(), count);
        let prefix = splice(body.clone().into_bytes(), &spans, &new).unwrap();
        let spliced = [&prefix.head[..], &prefix.tail, &body.as_bytes()[prefix.end..]].concat();
        let written = format!("\"model\":{}", serde_json::to_string(&new).unwrap());
        prop_assert_eq!(String::from_utf8(spliced).unwrap(), format!("{{{}}}", vec![written; count].join(",")));
    }
}
