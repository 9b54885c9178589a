//! Which turns are asks, in every dialect.

use super::*;

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
        assert_eq!(text(body, &asks_of(body, *dialect, 0).newest), *ask, "{name}");
    }
}

/// The newest ask, then those before it.
fn asks(body: &str, dialect: Dialect, history_turns: usize) -> Vec<String> {
    let asks = asks_of(body, dialect, history_turns);
    let newest = (!asks.newest.is_empty()).then(|| text(body, &asks.newest));
    newest.into_iter().chain(asks.earlier.iter().map(|spans| text(body, spans))).collect()
}

/// A chat of a user's turns, each answered.
fn chat(turns: impl IntoIterator<Item = String>) -> String {
    let turns = turns.into_iter().flat_map(|content| {
        [json!({"role": "user", "content": content}), json!({"role": "assistant", "content": "Done."})]
    });
    json!({"model": "m", "messages": turns.collect::<Vec<_>>()}).to_string()
}

const REMINDER: &str = "<system-reminder>\nProve the theorem.\n</system-reminder>";

/// name, dialect, body, asks from the newest on
const HISTORIES: &[(&str, Dialect, &str, &[&str])] = &[
    ("nobody asks", Dialect::ChatCompletions, r#"{"messages":[{"role":"system","content":"s"}]}"#, &[]),
    (
        "a part of the turn is injected",
        Dialect::Messages,
        r#"{"messages":[{"role":"user","content":[{"type":"text","text":"<system-reminder>x</system-reminder>"},{"type":"text","text":"fix it"}]}]}"#,
        &["fix it"],
    ),
    (
        "the newest turn is injected",
        Dialect::Messages,
        r#"{"messages":[{"role":"user","content":"fix it"},{"role":"assistant","content":"k"},{"role":"user","content":"\n<system-reminder>\nx\n</system-reminder>\n<user_info>y</user_info>"}]}"#,
        &["fix it"],
    ),
    (
        "anthropic: a reminder beside a tool's result",
        Dialect::Messages,
        r#"{"messages":[{"role":"user","content":"one"},{"role":"user","content":"two"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"n","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"theorem"},{"type":"text","text":"<system-reminder>x</system-reminder>"}]}]}"#,
        &["two", "one"],
    ),
    (
        "anthropic: a person beside a tool's result",
        Dialect::Messages,
        r#"{"messages":[{"role":"user","content":"one"},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"theorem"},{"type":"text","text":"no, stop"}]}]}"#,
        &["no, stop", "one"],
    ),
    (
        "anthropic: interrupted",
        Dialect::Messages,
        r#"{"messages":[{"role":"user","content":"one"},{"role":"user","content":[{"type":"text","text":"[Request interrupted by user for tool use]"}]}]}"#,
        &["one"],
    ),
    (
        "openai: tools and their answers",
        Dialect::ChatCompletions,
        r#"{"messages":[{"role":"user","content":"one"},{"role":"assistant","content":"a"},{"role":"user","content":"two"},{"role":"assistant","tool_calls":[]},{"role":"tool","content":"theorem"}]}"#,
        &["two", "one"],
    ),
    (
        "responses: the harness speaks first",
        Dialect::Responses,
        r##"{"input":[{"role":"user","content":[{"type":"input_text","text":"# AGENTS.md instructions for /r\n\n<INSTRUCTIONS>\nx\n</INSTRUCTIONS>"},{"type":"input_text","text":"<environment_context>\n  <cwd>/r</cwd>\n</environment_context>"}]},{"role":"user","content":[{"type":"input_text","text":"one"}]},{"type":"function_call_output","call_id":"c","output":"two"}]}"##,
        &["one"],
    ),
    (
        "gemini: a function's answer",
        Dialect::Gemini(Span { start: 0, end: 0 }),
        r#"{"contents":[{"role":"user","parts":[{"text":"one"}]},{"role":"model","parts":[{"text":"no"}]},{"role":"user","parts":[{"text":"two"}]},{"role":"model","parts":[{"functionCall":{"name":"f"}}]},{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"text":"theorem"}}}]}]}"#,
        &["two", "one"],
    ),
    (
        "completions: one turn",
        Dialect::Completions,
        r#"{"prompt":"<user_info>x</user_info>Go on"}"#,
        &["Go on"],
    ),
    (
        "white space is no turn",
        Dialect::ChatCompletions,
        r#"{"messages":[{"role":"user","content":"one"},{"role":"user","content":" \n\t\u0020"}]}"#,
        &["one"],
    ),
    (
        "of two conversations the last counts, with its history",
        Dialect::ChatCompletions,
        r#"{"messages":[{"role":"user","content":"a"},{"role":"user","content":"b"}],"messages":[{"role":"user","content":"c"},{"role":"user","content":"d"}]}"#,
        &["d", "c"],
    ),
];

#[test]
fn the_asks_are_what_humans_said() {
    for (name, dialect, body, expected) in HISTORIES {
        assert_eq!(asks(body, *dialect, 6), *expected, "{name}");
    }
}

#[test]
fn earlier_asks_are_the_newest_ones_first() {
    let body = chat((0..10).map(|n| format!("ask {n}")));
    let told = |most| asks(&body, Dialect::ChatCompletions, most);
    assert_eq!(told(0), ["ask 9"]);
    assert_eq!(told(2), ["ask 9", "ask 8", "ask 7"]);
    assert_eq!(told(100).len(), 10);
    // What is injected takes nobody's place.
    let body = chat((0..10).map(|n| if n % 2 == 0 { format!("ask {n}") } else { REMINDER.to_owned() }));
    assert_eq!(asks(&body, Dialect::ChatCompletions, 2), ["ask 8", "ask 6", "ask 4"]);
}

#[test]
fn a_long_conversation_is_remembered_from_its_end() {
    for turns in [31, 32, 33, 63, 64, 65, 66, 200, 1000] {
        let body = chat((0..turns).map(|n| format!("ask {n}")));
        let expected: Vec<_> = (turns - 4..turns).rev().map(|n| format!("ask {n}")).collect();
        assert_eq!(asks(&body, Dialect::ChatCompletions, 3), expected, "{turns}");
    }
}

/// An agent may work for hundreds of turns on one ask.
#[test]
fn injected_turns_never_push_out_the_ask() {
    for injected in [1, 63, 64, 65, 500] {
        let turns = ["old", "older ask {REMINDER}", "the ask"].map(|t| t.replace("{REMINDER}", REMINDER));
        let body = chat(turns.into_iter().chain((0..injected).map(|_| REMINDER.to_owned())));
        let told = asks(&body, Dialect::ChatCompletions, 6);
        assert_eq!(told, ["the ask", "older ask ", "old"], "{injected}");
    }
}

#[test]
fn all_text_costs_tokens() {
    // Of the same length, and no injection.
    let plain = REMINDER.replace("system-reminder", "system-remimder");
    assert_ne!(plain, REMINDER);
    let tokens = |text: &str| {
        let body = chat([format!("hello {text}"), text.to_owned()]);
        heard(&body, Dialect::ChatCompletions, &Markers::default()).0.tokens.count()
    };
    assert_eq!(tokens(REMINDER), tokens(&plain));
    assert!(tokens(REMINDER) > tokens(""));
}

fn first_ask(body: &str, dialect: Dialect) -> String {
    let markers = Markers::default();
    let first = heard(body, dialect, &markers).1.first_ask(body.as_bytes());
    text(body, &first)
}

#[test]
fn the_first_ask_stays_while_a_conversation_goes_on() {
    for turns in [1, 2, 31, 32, 33, 63, 64, 65, 66, 200, 1000] {
        let body = chat((0..turns).map(|n| format!("ask {n}")));
        assert_eq!(first_ask(&body, Dialect::ChatCompletions), "ask 0", "{turns}");
    }
}

#[test]
fn what_a_harness_says_first_is_no_first_ask() {
    for (injected, more) in [(1, 0), (1, 3), (70, 0), (70, 70), (3, 500)] {
        let turns = (0..injected).map(|_| REMINDER.to_owned()).chain(["the ask".to_owned()]);
        let body = chat(turns.chain((0..more).map(|n| format!("more {n}"))));
        assert_eq!(first_ask(&body, Dialect::ChatCompletions), "the ask", "{injected} {more}");
    }
}

#[test]
fn where_nobody_asks_there_is_no_first_ask() {
    for body in
        [r#"{"messages":[]}"#, r#"{"model":"m"}"#, r#"{"messages":[{"role":"system","content":"x"}]}"#]
    {
        assert_eq!(first_ask(body, Dialect::ChatCompletions), "", "{body}");
    }
    let body = r#"{"messages":[{"role":"user","content":"a"}],"messages":[{"role":"user","content":"b"}]}"#;
    assert_eq!(first_ask(body, Dialect::ChatCompletions), "b", "of two conversations the last counts");
}

#[test]
fn a_turn_of_a_tool_is_told_from_an_ask() {
    let gemini = Dialect::Gemini(Span { start: 0, end: 0 });
    let rows: &[(Dialect, &str, bool)] = &[
        (
            Dialect::ChatCompletions,
            r#"{"messages":[{"role":"user","content":"a"},{"role":"tool","content":"b"}]}"#,
            true,
        ),
        (
            Dialect::ChatCompletions,
            r#"{"messages":[{"role":"tool","content":"b"},{"role":"user","content":"a"}]}"#,
            false,
        ),
        (Dialect::ChatCompletions, r#"{"messages":[]}"#, false),
        (
            Dialect::Messages,
            r#"{"messages":[{"role":"user","content":"a"},{"role":"user","content":[{"type":"tool_result","content":"b"}]}]}"#,
            true,
        ),
        (
            Dialect::Messages,
            r#"{"messages":[{"role":"user","content":[{"type":"tool_result","content":"b"},{"type":"text","text":"stop"}]}]}"#,
            false,
        ),
        (
            Dialect::Messages,
            r#"{"messages":[{"role":"user","content":"a"},{"role":"user","content":[{"type":"tool_result","content":"b"},{"type":"text","text":"<system-reminder>x</system-reminder>"}]}],"system":"s"}"#,
            true,
        ),
        (
            Dialect::Responses,
            r#"{"input":[{"role":"user","content":"a"},{"type":"function_call_output","output":"b"}]}"#,
            true,
        ),
        (
            gemini,
            r#"{"contents":[{"parts":[{"text":"a"}]},{"role":"user","parts":[{"functionResponse":{"name":"f"}}]}]}"#,
            true,
        ),
        (gemini, r#"{"contents":[{"parts":[{"text":"a"}]}]}"#, false),
    ];
    for (dialect, body, tool) in rows {
        let markers = Markers::default();
        let (view, mut heard) = heard(body, *dialect, &markers);
        assert_eq!(view.is_tool_turn(&heard.asks(body.as_bytes(), 0).newest), *tool, "{body}");
    }
}
