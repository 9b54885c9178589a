//! Whatever a request holds.

use super::*;

const NAMES: [&str; 29] = [
    "temperature",
    "top_p",
    "n",
    "seed",
    "stop",
    "logprobs",
    "max_tokens",
    "max_completion_tokens",
    "reasoning_effort",
    "reasoning",
    "thinking",
    "verbosity",
    "response_format",
    "parallel_tool_calls",
    "tool_choice",
    "prompt_cache_key",
    "service_tier",
    "store",
    "metadata",
    "text",
    "include",
    "output_config",
    "instructions",
    "stop_sequences",
    "max_output_tokens",
    "tools",
    "input",
    "foo",
    "ba\\r",
];

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!("low")),
        Just(json!("none")),
        Just(json!("required")),
        Just(json!({"type": "enabled", "budget_tokens": 4096})),
        Just(json!({"type": "json_schema", "json_schema": {"name": "x"}})),
        Just(json!({"effort": "max", "summary": "auto"})),
        Just(json!({"verbosity": "low", "format": {"type": "text"}})),
        Just(json!(["reasoning.encrypted_content", "x\",\"}"])),
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..200_000i64).prop_map(Value::from),
        (0.0..2.0f64).prop_map(Value::from),
        "\\PC{0,9}".prop_map(Value::from),
    ]
}

proptest! {
    /// Whatever a request says and wherever it goes: what comes out is the same document but for what is reported, and
    /// another pass finds nothing left to do.
    #[test]
    fn only_what_is_told_changes(
        members in proptest::collection::vec((proptest::sample::select(&NAMES[..]), value()), 0..9),
        place in 0usize..9,
        pretty in any::<bool>(),
        name in proptest::sample::select(
            &["openai", "openai-reasoning", "anthropic", "anthropic-thinking", "anthropic-adaptive", "anthropic-always",
              "gemini", "deepseek", "qwen", "mistral", "xai", "glm", "kimi", "groq", "minimax", "openrouter"][..]),
        dialect in proptest::sample::select(&[CHAT, Dialect::Responses, Dialect::Messages][..]),
        strict in any::<bool>(),
        efforts in proptest::collection::vec(proptest::sample::select(&Level::ALL[..]), 0..4),
    ) {
        let mut seen = std::collections::BTreeSet::new();
        let mut members: Vec<(String, Value)> =
            members.into_iter().filter(|(n, _)| seen.insert(*n)).map(|(n, v)| (n.to_owned(), v)).collect();
        members.insert(place.min(members.len()), ("model".to_owned(), json!("m")));
        members.push(("messages".to_owned(), json!([{"role": "user", "content": "x, y"}])));
        let write = |v: &Value| if pretty { serde_json::to_string_pretty(v) } else { serde_json::to_string(v) }.unwrap();
        let fields: Vec<String> =
            members.iter().map(|(k, v)| format!("{} : {}", serde_json::to_string(k).unwrap(), write(v))).collect();
        let body = format!("\n{{ {} }}", fields.join(" ,\t"));
        let takes = takes(name, &efforts);
        let mode = if strict { Mode::Strict } else { Mode::Known };
        let (new, notes) = fitted(&body, dialect, &takes, mode);
        let before: Value = serde_json::from_str(&body).unwrap();
        let after: Value = serde_json::from_str(&new).expect("JSON");
        let told = |key: &str| notes.iter().any(|note| note.name == key);
        for (key, value) in before.as_object().unwrap() {
            if !told(key) {
                prop_assert_eq!(after.get(key), Some(value), "{} in {}", key, new);
            }
        }
        let mut added = 0;
        for key in after.as_object().unwrap().keys() {
            added += usize::from(before.get(key).is_none());
        }
        let may_add = notes.iter().filter(|note| matches!(note.done, Done::Added | Done::Renamed)).count();
        prop_assert!(added <= may_add, "{added} new in {new}");
        // The white space between what stays is still there.
        if notes.is_empty() {
            prop_assert_eq!(&new, &body);
        }
        let (again, _) = fitted(&new, dialect, &takes, mode);
        prop_assert_eq!(again, new);
    }
}

#[test]
fn levels_become_the_nearest() {
    let some: Levels = [Low, High].into_iter().collect();
    for (asked, found) in [(No, Low), (Minimal, Low), (Low, Low), (Medium, High), (Xhigh, High), (Max, High)]
    {
        assert_eq!(some.nearest(asked), found);
    }
    let off: Levels = [No, High].into_iter().collect();
    assert_eq!(off.nearest(Minimal), High, "no thought only where none is asked for");
    assert_eq!(off.nearest(No), No);
    assert_eq!(Levels::default().nearest(Max), Max);
}
