use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::chat::{self, Limits};

const CHAT: Dialect = Dialect::ChatCompletions;

fn limits() -> Limits {
    Limits { scan_head_bytes: 64, scan_tail_bytes: 0, max_depth: 128 }
}

fn family(name: &str) -> Arc<Family> {
    let families = Families::shipped(|_| true).unwrap();
    Arc::clone(families.get(name).unwrap_or_else(|| panic!("no family {name}")))
}

fn takes(name: &str, efforts: &[Level]) -> Takes {
    Takes {
        family: Some(family(name)),
        efforts: efforts.iter().copied().collect(),
        limit: Some(8000),
        ..Takes::default()
    }
}

/// The body after fitting, and what was told of it.
fn fitted(body: &str, dialect: Dialect, takes: &Takes, mode: Mode) -> (String, Vec<Note>) {
    let view = chat::view(body.as_bytes(), b"/v1/x", dialect, &limits(), &mut ());
    assert_eq!(view.fault, None, "{body}");
    let Fitted { changes, notes, .. } =
        fit(body.as_bytes(), &view, dialect, takes, Policy { mode, ..Policy::default() }, true);
    if changes.is_empty() {
        return (body.to_owned(), notes);
    }
    let new = chat::changed(body.as_bytes(), changes).expect("changes that do not overlap");
    (String::from_utf8(new).unwrap(), notes)
}

fn becomes(takes: &Takes, dialect: Dialect, rows: &[(&str, &str)]) {
    for (before, after) in rows {
        let (found, _) = fitted(before, dialect, takes, Mode::Known);
        assert_eq!(&found, after, "of {before}");
        let (again, _) = fitted(&found, dialect, takes, Mode::Known);
        assert_eq!(again, found, "fitted twice");
    }
}

use Level::{High, Low, Max, Medium, Minimal, None as No, Xhigh};

#[test]
fn members_go_with_a_comma() {
    let takes = takes("mistral", &[]);
    becomes(
        &takes,
        CHAT,
        &[
            (r#"{"n":2,"model":"m"}"#, r#"{"model":"m"}"#),
            (r#"{"model":"m" , "n": 2 }"#, r#"{"model":"m" }"#),
            (r#"{ "n":2 , "logprobs":true,  "model":"m","store":true,"user":"u"}"#, r#"{ "model":"m"}"#),
            (r#"{"model":"m","n":2,"x":1,"store":false}"#, r#"{"model":"m","x":1}"#),
            (r#"{"n":2}"#, "{}"),
            (r#"{"n":2, "n":[1,"}"]}"#, "{}"),
            (r#"{"\u006e":2,"model":"m"}"#, r#"{"model":"m"}"#),
            (r#"{"model":"m","x":"n\":2"}"#, r#"{"model":"m","x":"n\":2"}"#),
        ],
    );
}

#[test]
fn models_of_openai_that_reason() {
    let takes = takes("openai-reasoning", &[No, Low, Medium, High, Xhigh]);
    becomes(
        &takes,
        CHAT,
        &[
            (r#"{"max_tokens":10,"model":"m"}"#, r#"{"max_completion_tokens":10,"model":"m"}"#),
            (r#"{"max_tokens":10,"max_completion_tokens":20}"#, r#"{"max_completion_tokens":20}"#),
            (r#"{"max_tokens":9000,"x":1}"#, r#"{"max_completion_tokens":8000,"x":1}"#),
            (r#"{"temperature":0,"top_p":0.5,"stop":["a"]}"#, "{}"),
            (r#"{"temperature":1.0}"#, r#"{"temperature":1.0}"#),
            (
                r#"{"temperature":0,"reasoning_effort":"none","logprobs":true}"#,
                r#"{"temperature":0,"reasoning_effort":"none","logprobs":true}"#,
            ),
            (r#"{"reasoning_effort":"minimal"}"#, r#"{"reasoning_effort":"low"}"#),
            (r#"{"reasoning_effort":"max"}"#, r#"{"reasoning_effort":"xhigh"}"#),
            (
                r#"{"thinking":{"type":"enabled","budget_tokens":9000},"model":"m"}"#,
                r#"{"reasoning_effort":"medium","model":"m"}"#,
            ),
            (
                r#"{"thinking":{"type":"disabled"},"temperature":0}"#,
                r#"{"reasoning_effort":"none","temperature":0}"#,
            ),
            (r#"{"thinking":{"type":"adaptive"},"x":1}"#, r#"{"x":1}"#),
            (
                r#"{"thinking":{"type":"enabled","budget_tokens":9000},"reasoning_effort":"low"}"#,
                r#"{"reasoning_effort":"low"}"#,
            ),
            (r#"{"top_k":3,"cache_control":{"type":"ephemeral"}}"#, "{}"),
        ],
    );
    becomes(
        &takes,
        Dialect::Responses,
        &[
            (
                r#"{"reasoning":{"summary":"auto","effort":"minimal"},"temperature":0.5}"#,
                r#"{"reasoning":{"summary":"auto","effort":"low"}}"#,
            ),
            (r#"{"max_output_tokens":9999}"#, r#"{"max_output_tokens":8000}"#),
        ],
    );
}

#[test]
fn what_the_default_effort_decides() {
    let mut takes = takes("openai-reasoning", &[No, Low, Medium]);
    becomes(&takes, CHAT, &[(r#"{"temperature":0}"#, "{}")]);
    takes.default_effort = Some(No);
    becomes(
        &takes,
        CHAT,
        &[
            (r#"{"temperature":0}"#, r#"{"temperature":0}"#),
            (r#"{"temperature":0,"reasoning_effort":"low"}"#, r#"{"reasoning_effort":"low"}"#),
        ],
    );
}

#[test]
fn models_of_openai_that_do_not_reason() {
    let takes = takes("openai", &[]);
    becomes(
        &takes,
        CHAT,
        &[(r#"{"reasoning_effort":"high","temperature":0,"verbosity":"low"}"#, r#"{"temperature":0}"#)],
    );
    becomes(
        &takes,
        Dialect::Responses,
        &[
            (
                r#"{"include":["a","reasoning.encrypted_content"],"reasoning":{"effort":"low"},"model":"m"}"#,
                r#"{"include":["a"],"model":"m"}"#,
            ),
            (
                r#"{"text":{"verbosity":"low","format":{"type":"text"}}}"#,
                r#"{"text":{"format":{"type":"text"}}}"#,
            ),
            (r#"{"text":{"verbosity":"medium"}}"#, r#"{"text":{"verbosity":"medium"}}"#),
        ],
    );
}

#[test]
fn claude_with_a_budget() {
    let takes = takes("anthropic-thinking", &[No, Low, Medium, High]);
    becomes(
        &takes,
        CHAT,
        &[
            (r#"{"seed":1,"n":1,"temperature":1.7,"logit_bias":{}}"#, r#"{"temperature":1}"#),
            (r#"{"reasoning_effort":"minimal","temperature":0.2}"#, r#"{"reasoning_effort":"low"}"#),
            (
                r#"{"reasoning_effort":"high","tool_choice":{"type":"function","function":{"name":"f"}},"tools":[]}"#,
                r#"{"reasoning_effort":"high","tool_choice":"auto","tools":[]}"#,
            ),
        ],
    );
    becomes(
        &takes,
        Dialect::Messages,
        &[
            (
                r#"{"max_tokens":3000,"thinking":{"type":"enabled","budget_tokens":10000},"temperature":0,"top_p":0.5,"top_k":3}"#,
                r#"{"max_tokens":3000,"thinking":{"type":"enabled","budget_tokens":2999},"top_p":0.95}"#,
            ),
            (
                r#"{"thinking":{"type":"enabled","budget_tokens":1024},"tool_choice":{"type":"tool","name":"f"}}"#,
                r#"{"thinking":{"type":"enabled","budget_tokens":1024},"tool_choice":{"type":"auto"}}"#,
            ),
            (r#"{"temperature":0,"top_p":0.5}"#, r#"{"temperature":0}"#),
        ],
    );
}

#[test]
fn claude_that_thinks_as_it_likes() {
    let mut takes = takes("anthropic-adaptive", &[No, Low, Medium, High, Xhigh, Max]);
    becomes(
        &takes,
        Dialect::Messages,
        &[
            (
                r#"{"thinking":{"type":"enabled","budget_tokens":9000},"model":"m","temperature":0.3,"top_p":1,"top_k":9}"#,
                r#"{"thinking":{"type":"adaptive"},"model":"m","output_config":{"effort":"medium"}}"#,
            ),
            (
                r#"{"output_config":{"effort":"low"},"thinking":{"type":"enabled","budget_tokens":9000}}"#,
                r#"{"output_config":{"effort":"low"},"thinking":{"type":"adaptive"}}"#,
            ),
            (
                r#"{"thinking":{"type":"disabled"},"temperature":1}"#,
                r#"{"thinking":{"type":"disabled"},"temperature":1}"#,
            ),
            (r#"{"thinking":{"type":"adaptive"}}"#, r#"{"thinking":{"type":"adaptive"}}"#),
        ],
    );
    takes.efforts = [Low, Medium].into_iter().collect();
    becomes(
        &takes,
        Dialect::Messages,
        &[(
            r#"{"thinking":{"type":"disabled"},"model":"m"}"#,
            r#"{"thinking":{"type":"adaptive"},"model":"m","output_config":{"effort":"low"}}"#,
        )],
    );
}

#[test]
fn other_families() {
    becomes(
        &takes("glm", &[]),
        CHAT,
        &[
            (r#"{"reasoning_effort":"low","max_completion_tokens":5}"#, r#"{"max_tokens":5}"#),
            (r#"{"reasoning_effort":"none","tool_choice":"required"}"#, r#"{"tool_choice":"auto"}"#),
        ],
    );
    becomes(
        &takes("deepseek", &[]),
        CHAT,
        &[
            (
                r#"{"reasoning_effort":"none","logprobs":true}"#,
                r#"{"thinking":{"type":"disabled"},"logprobs":true}"#,
            ),
            (r#"{"reasoning_effort":"medium","logprobs":true}"#, r#"{"reasoning_effort":"high"}"#),
        ],
    );
    becomes(
        &takes("groq", &[]),
        Dialect::Messages,
        &[
            (r#"{"thinking":{"type":"disabled"},"x":1}"#, r#"{"x":1}"#),
            (r#"{"thinking":{"type":"adaptive"},"x":1}"#, r#"{"thinking":{"type":"adaptive"},"x":1}"#),
        ],
    );
    becomes(&takes("qwen", &[]), CHAT, &[(r#"{"reasoning_effort":"none"}"#, r#"{"enable_thinking":false}"#)]);
    becomes(
        &takes("kimi", &[Low, High, Max]),
        CHAT,
        &[
            (
                r#"{"temperature":0.3,"top_p":0.95,"n":1,"reasoning_effort":"medium"}"#,
                r#"{"top_p":0.95,"n":1,"reasoning_effort":"high"}"#,
            ),
            (r#"{"thinking":{"type":"disabled"},"x":1}"#, r#"{"reasoning_effort":"low","x":1}"#),
        ],
    );
    becomes(
        &takes("gemini", &[]),
        CHAT,
        &[(r#"{"presence_penalty":0.0,"frequency_penalty":0.1,"seed":3}"#, r#"{"presence_penalty":0.0}"#)],
    );
    becomes(
        &takes("gemini", &[]),
        Dialect::Gemini(chat::Span { start: 0, end: 1 }),
        &[(
            r#"{"generationConfig":{"maxOutputTokens":10000,"temperature":0},"contents":[]}"#,
            r#"{"generationConfig":{"maxOutputTokens":8000,"temperature":0},"contents":[]}"#,
        )],
    );
}

#[test]
fn a_budget_has_room_or_goes() {
    becomes(
        &takes("anthropic-thinking", &[]),
        Dialect::Messages,
        &[
            (
                r#"{"thinking":{"type":"enabled","budget_tokens":2048},"max_tokens":1024,"x":1}"#,
                r#"{"max_tokens":1024,"x":1}"#,
            ),
            (
                r#"{"thinking":{"type":"enabled"},"max_tokens":3000}"#,
                r#"{"thinking":{"type":"enabled","budget_tokens":2999},"max_tokens":3000}"#,
            ),
            (
                r#"{"thinking":{"budget_tokens":5, "type":"enabled"},"max_tokens":3000}"#,
                r#"{"thinking":{"budget_tokens":1024, "type":"enabled"},"max_tokens":3000}"#,
            ),
        ],
    );
}

#[test]
fn tools_and_efforts_in_openai_s_chats() {
    let mut takes = takes("openai-reasoning", &[No, Low, Medium]);
    let both =
        r#"{"model":"m","tools":[{"type":"function","function":{"name":"f"}}],"reasoning_effort":"low"}"#;
    let quiet = both.replace("\"low\"", "\"none\"");
    let silent = both.replace(r#","reasoning_effort":"low""#, "");
    let told = silent.replace(r#""m","#, r#""m","reasoning_effort":"none","#);
    becomes(&takes, CHAT, &[(both, &quiet), (&silent, &told)]);
    takes.litellm = true;
    becomes(&takes, CHAT, &[(both, both), (&silent, &silent)]);
    takes.litellm = false;
    takes.efforts = [Minimal, Low].into_iter().collect();
    becomes(&takes, CHAT, &[(both, both)]);
}

#[test]
fn instructions_become_a_turn() {
    becomes(
        &takes("xai", &[]),
        Dialect::Responses,
        &[
            (
                r#"{"instructions":"do \"it\"","input":"hi","model":"m"}"#,
                r#"{"input":[{"role":"system","content":"do \"it\""},{"role":"user","content":"hi"}],"model":"m"}"#,
            ),
            (
                r#"{"input":[ {"role":"user"}],"instructions":"a"}"#,
                r#"{"input":[{"role":"system","content":"a"}, {"role":"user"}]}"#,
            ),
            (r#"{"input":[ ],"instructions":"a"}"#, r#"{"input":[{"role":"system","content":"a"} ]}"#),
            (r#"{"input":"hi","instructions":null}"#, r#"{"input":"hi"}"#),
            (r#"{"instructions":"a","model":"m"}"#, r#"{"instructions":"a","model":"m"}"#),
        ],
    );
}

#[test]
fn choices_of_tools() {
    let takes = takes("qwen", &[]);
    let of = |choice: &str| format!(r#"{{"tool_choice":{choice}}}"#);
    let named = of(r#"{"type":"function","function":{"name":"f"}}"#);
    let some = of(r#"{"allowed_tools":{"mode":"auto"},"type":"allowed_tools"}"#);
    becomes(
        &takes,
        CHAT,
        &[(&named, &named), (&some, &of("\"auto\"")), (&of("\"required\""), &of("\"auto\""))],
    );
}

#[test]
fn a_name_leads_to_another_name() {
    becomes(
        &takes("openai-reasoning", &[]),
        CHAT,
        &[
            (r#"{"max_output_tokens":9000}"#, r#"{"max_completion_tokens":8000}"#),
            (r#"{"stop_sequences":["a"],"x":1}"#, r#"{"x":1}"#),
        ],
    );
    becomes(&takes("openai", &[]), CHAT, &[(r#"{"stop_sequences":["a"]}"#, r#"{"stop":["a"]}"#)]);
    becomes(
        &takes("openai-reasoning", &[]),
        Dialect::Responses,
        &[(
            r#"{"max_tokens":5,"reasoning_effort":"low","seed":1}"#,
            r#"{"max_output_tokens":5,"reasoning":{"effort":"low"}}"#,
        )],
    );
}

#[test]
fn strict_takes_out_what_is_not_known() {
    let takes = takes("xai", &[]);
    let body = r#"{"model":"m","messages":[],"foo":1,"top_p":0.1}"#;
    assert_eq!(fitted(body, CHAT, &takes, Mode::Known).0, body);
    assert_eq!(fitted(body, CHAT, &takes, Mode::Strict).0, r#"{"model":"m","messages":[],"top_p":0.1}"#);
    assert_eq!(fitted(body, CHAT, &takes, Mode::Off).0, body);
    let unknown = Takes::default();
    assert_eq!(fitted(body, CHAT, &unknown, Mode::Strict).0, body, "nothing is known of the model");
}

#[test]
fn what_every_request_gets() {
    let with = |name: &str, efforts: &[Level], set: &[(&str, &str)]| Takes {
        set: set.iter().map(|(name, json)| ((*name).to_owned(), json.as_bytes().to_vec())).collect(),
        ..takes(name, efforts)
    };
    let low = &[("reasoning_effort", "\"low\""), ("max_tokens", "200")];
    becomes(
        &with("openai-reasoning", &[Minimal, Low], low),
        CHAT,
        &[
            (
                r#"{"model":"m","x":1}"#,
                r#"{"model":"m","reasoning_effort":"low","max_completion_tokens":200,"x":1}"#,
            ),
            (
                r#"{"reasoning_effort":"high","max_completion_tokens":9,"model":"m"}"#,
                r#"{"reasoning_effort":"low","max_completion_tokens":200,"model":"m"}"#,
            ),
        ],
    );
    becomes(
        &with("openai-reasoning", &[], low),
        Dialect::Responses,
        &[(
            r#"{"model":"m","reasoning":{"effort":"high","summary":"auto"}}"#,
            r#"{"model":"m","max_output_tokens":200,"reasoning":{"effort":"low","summary":"auto"}}"#,
        )],
    );
    becomes(
        &with("anthropic-adaptive", &[Low, High], &[("reasoning_effort", "\"high\"")]),
        Dialect::Messages,
        &[(
            r#"{"thinking":{"type":"enabled","budget_tokens":5000},"model":"m"}"#,
            r#"{"thinking":{"type":"adaptive"},"model":"m","output_config":{"effort":"high"}}"#,
        )],
    );
    becomes(
        &with("openai", &[], &[("response_format.type", "\"json_object\""), ("top_p", "0.5")]),
        CHAT,
        &[
            (r#"{"x":1}"#, r#"{"x":1,"response_format":{"type":"json_object"},"top_p":0.5}"#),
            (
                r#"{"n":2,"response_format":{}}"#,
                r#"{"n":2,"response_format":{"type":"json_object"},"top_p":0.5}"#,
            ),
        ],
    );
}

#[test]
fn own_rules_go_before_the_family_s() {
    let mut takes = takes("openai-reasoning", &[]);
    let rule = |action| Rule { when: Vec::new(), action };
    takes.own.add("temperature", rule(Action::Take));
    takes.own.add("metadata", rule(Action::Drop));
    takes.own.add("x", rule(Action::Clamp(Some(1.0), Some(2.5))));
    becomes(
        &takes,
        CHAT,
        &[
            (r#"{"temperature":0,"metadata":{"a":1},"x":0}"#, r#"{"temperature":0,"x":1}"#),
            (r#"{"x":3}"#, r#"{"x":2.5}"#),
            (r#"{"x":"3"}"#, r#"{"x":"3"}"#),
        ],
    );
}

mod history {
    use super::*;

    const SIGNED: &str = r#"{"type":"thinking","thinking":"hm","signature":"Eq"}"#;

    #[test]
    fn thoughts_of_claude() {
        let body = format!(
            r#"{{"model":"m","messages":[{{"role":"user","content":"a"}},{{"role":"assistant","content":[{SIGNED}, {{"type":"tool_use","id":"t","name":"f","input":{{}}}}]}},{{"role":"assistant","content":[{{"type":"redacted_thinking","data":"x"}}]}}]}}"#
        );
        let stripped = r#"{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{}}]}]}"#;
        becomes(&takes("openai-reasoning", &[]), Dialect::Messages, &[(&body, stripped)]);
        becomes(&takes("anthropic-adaptive", &[]), Dialect::Messages, &[(&body, &body)]);
        let unsigned = body.replace(r#","signature":"Eq""#, "");
        let (new, _) = fitted(&unsigned, Dialect::Messages, &takes("anthropic-adaptive", &[]), Mode::Known);
        assert!(!new.contains("hm") && new.contains("redacted_thinking"), "{new}");
    }

    #[test]
    fn thoughts_in_chats() {
        let body = r#"{"messages":[{"role":"assistant","reasoning_content":"hm","thinking_blocks":[],"tool_calls":[{"id":"c","extra_content":{"google":{"thought_signature":"s"}}}]},{"role":"tool","content":"x"}],"model":"m"}"#;
        becomes(
            &takes("mistral", &[]),
            CHAT,
            &[(
                body,
                r#"{"messages":[{"role":"assistant","tool_calls":[{"id":"c"}]},{"role":"tool","content":"x"}],"model":"m"}"#,
            )],
        );
        becomes(
            &takes("deepseek", &[]),
            CHAT,
            &[
                (
                    body,
                    r#"{"messages":[{"role":"assistant","reasoning_content":"hm","tool_calls":[{"id":"c"}]},{"role":"tool","content":"x"}],"model":"m"}"#,
                ),
                (
                    r#"{"messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"c"}]}]}"#,
                    r#"{"messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"c"}],"reasoning_content":" "}]}"#,
                ),
            ],
        );
    }

    #[test]
    fn items_of_openai() {
        let body = r#"{"input":[{"type":"message","role":"user","content":"a"},{"type":"reasoning","id":"rs_1","encrypted_content":"g","summary":[]},{"id":"fc_1","type":"function_call","call_id":"c","name":"f","arguments":"{}"}]}"#;
        becomes(&takes("openai", &[]), Dialect::Responses, &[(body, body)]);
        becomes(
            &takes("anthropic-thinking", &[]),
            Dialect::Responses,
            &[(
                body,
                r#"{"input":[{"type":"message","role":"user","content":"a"},{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}]}"#,
            )],
        );
    }
}

#[test]
fn calls_of_tools_have_thoughts_in_responses() {
    let call = r#"{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}"#;
    let output = r#"{"type":"function_call_output","call_id":"c","output":"x"}"#;
    let blank = r#"{"type":"reasoning","summary":[{"type":"summary_text","text":"."}]}"#;
    let sealed = r#"{"type":"reasoning","encrypted_content":"gAAA","summary":[]}"#;
    let plain = r#"{"type":"reasoning","summary":[{"type":"summary_text","text":"so"}]}"#;
    let of = |items: &[&str]| format!(r#"{{"input":[{}],"model":"m"}}"#, items.join(","));
    becomes(
        &takes("deepseek", &[]),
        Dialect::Responses,
        &[
            (&of(&[sealed, call, call, output, call]), &of(&[blank, call, call, output, blank, call])),
            (&of(&[plain, call, output]), &of(&[plain, call, output])),
        ],
    );
    becomes(
        &takes("mistral", &[]),
        Dialect::Responses,
        &[(&of(&[sealed, call, output, plain, call]), &of(&[call, output, call]))],
    );
}

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
    /// Whatever a request says and wherever it goes: what comes out is the same document but for what is told, and
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
