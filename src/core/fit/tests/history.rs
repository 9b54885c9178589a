//! What earlier turns keep and lose.

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
