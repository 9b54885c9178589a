use proptest::prelude::*;
use serde_json::Value;

use super::*;

mod excerpts;
mod fuzzed;
mod paths;
mod splicing;
mod tokens;
mod views;

fn limits() -> Limits {
    Limits { scan_head_bytes: 1024, scan_tail_bytes: 1024, max_depth: 128 }
}

fn seen<'b>(body: &'b str, dialect: Dialect) -> View<'b> {
    view(body.as_bytes(), b"/v1/x", dialect, &limits(), &mut ())
}

fn text(body: &str, spans: &[Span]) -> String {
    let mut text = String::new();
    excerpt(body.as_bytes(), spans, usize::MAX / 2, 0, &mut text);
    text
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9f64).prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(Value::from("model")),
        Just(Value::from("a<user_info>\\</user_info>b<reminder>")),
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
            let seen = view(body, b"/models/m:generateContent", dialect, &limits(), &mut ());
            for span in seen.opening.iter().chain(&seen.system).chain(&seen.model_spans) {
                prop_assert!(span.start <= span.end && span.end <= body.len());
            }
            let mut shown = String::new();
            excerpt(body, &seen.opening, 16, 16, &mut shown);
        }
    }
}
