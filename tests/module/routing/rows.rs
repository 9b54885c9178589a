//! Requests of every dialect and cause, and where each has to go.

use crate::fixture::{CHAT, GREETING, NEUTRAL, PROOF, chat};

/// One request and where it has to go.
pub struct Row {
    pub name: &'static str,
    pub path: &'static str,
    pub body: String,
    /// The model written into the body.
    pub model: &'static str,
    pub cluster: &'static str,
    pub tier: Option<&'static str>,
    pub cause: &'static str,
}

fn row(name: &'static str, path: &'static str, body: impl Into<String>, to: To, cause: &'static str) -> Row {
    let (model, cluster, tier) = match to {
        To::Tiny => ("tiny-1", "small", Some("SIMPLE")),
        To::Mid => ("vendor/mid-2", "middle", Some("MEDIUM")),
        To::Big => ("big", "large", Some("COMPLEX")),
        To::Deep => ("deep", "thinkers", Some("REASONING")),
        To::Default => ("vendor/mid-2", "middle", None),
    };
    Row { name, path, body: body.into(), model, cluster, tier, cause }
}

#[derive(Clone, Copy)]
enum To {
    Tiny,
    Mid,
    Big,
    Deep,
    /// The profile's default model, without a tier.
    Default,
}

pub fn rows() -> Vec<Row> {
    let long = format!(
        r#"{{"model":"smart/auto","messages":[{{"role":"user","content":"{}"}},{{"role":"assistant","content":"I see."}},{{"role":"user","content":"{GREETING}"}}]}}"#,
        "What is the capital of France? ".repeat(15_000)
    );
    vec![
        row("chat, text", CHAT, chat("smart/auto", GREETING), To::Tiny, "score"),
        row(
            "chat, model last",
            CHAT,
            format!(r#"{{"messages":[{{"role":"user","content":"{GREETING}"}}],"model":"smart/auto"}}"#),
            To::Tiny,
            "score",
        ),
        row(
            "chat, parts",
            CHAT,
            format!(
                r#"{{"model":"smart/auto","messages":[{{"role":"user","content":[{{"type":"text","text":"{PROOF}"}}]}}]}}"#
            ),
            To::Deep,
            "score",
        ),
        row(
            "chat, the newest ask counts",
            CHAT,
            format!(
                r#"{{"model":"smart/auto","messages":[{{"role":"user","content":"{PROOF}"}},
                {{"role":"assistant","content":"Done."}},{{"role":"user","content":"{GREETING}"}}]}}"#
            ),
            To::Tiny,
            "score",
        ),
        row(
            "chat under another prefix",
            "/openai/v1/chat/completions?x=1",
            chat("smart/auto", PROOF),
            To::Deep,
            "score",
        ),
        row(
            "completions, text",
            "/v1/completions",
            format!(r#"{{"model":"smart/auto","prompt":"{PROOF}"}}"#),
            To::Deep,
            "score",
        ),
        row(
            "completions, list",
            "/v1/completions",
            format!(r#"{{"model":"smart/auto","prompt":["{GREETING}"]}}"#),
            To::Tiny,
            "score",
        ),
        row(
            "responses, text",
            "/v1/responses",
            format!(r#"{{"model":"smart/auto","input":"{PROOF}"}}"#),
            To::Deep,
            "score",
        ),
        row(
            "responses, items",
            "/v1/responses",
            format!(
                r#"{{"model":"smart/auto","instructions":"Be kind.",
                "input":[{{"role":"user","content":[{{"type":"input_text","text":"{GREETING}"}}]}}]}}"#
            ),
            To::Tiny,
            "score",
        ),
        row(
            "messages, text",
            "/v1/messages",
            format!(
                r#"{{"model":"smart/auto","max_tokens":50,"messages":[{{"role":"user","content":"{PROOF}"}}]}}"#
            ),
            To::Deep,
            "score",
        ),
        row(
            "messages, parts",
            "/v1/messages",
            format!(
                r#"{{"model":"smart/auto","system":[{{"type":"text","text":"Be kind."}}],"max_tokens":50,
                "messages":[{{"role":"user","content":[{{"type":"text","text":"{GREETING}"}}]}}]}}"#
            ),
            To::Tiny,
            "score",
        ),
        row("nothing to judge by", CHAT, chat("smart/auto", "qwrtz"), To::Mid, "abstain"),
        row("a lot of input", CHAT, long, To::Big, "override_context"),
        row(
            "structured output by response_format",
            CHAT,
            chat("smart/auto", GREETING).replacen('{', r#"{"response_format":{"type":"json_object"},"#, 1),
            To::Mid,
            "floor_structured",
        ),
        row(
            "structured output by the system prompt",
            CHAT,
            format!(
                r#"{{"model":"smart/auto","messages":[{{"role":"system","content":"Answer in JSON that follows the schema."}},
                {{"role":"user","content":"{GREETING}"}}]}}"#
            ),
            To::Mid,
            "floor_structured",
        ),
        row(
            "an image that the tier's model cannot see",
            CHAT,
            format!(
                r#"{{"model":"smart/auto","messages":[{{"role":"user","content":[{{"type":"text","text":"{GREETING}"}},
                {{"type":"image_url","image_url":{{"url":"data:image/png;base64,AAAA"}}}}]}}]}}"#
            ),
            To::Mid,
            "capability",
        ),
        row("no user text", CHAT, r#"{"model":"smart/auto","messages":[]}"#, To::Mid, "no_prompt"),
        row("no messages at all", CHAT, r#"{"model":"smart/auto"}"#, To::Mid, "no_prompt"),
        row("a virtual name by profile", CHAT, chat("smart/premium", PROOF), To::Deep, "score"),
        row(
            "a key of the same name further down",
            CHAT,
            chat("smart/auto", GREETING).replacen('{', r#"{"metadata":{"model":"other"},"#, 1),
            To::Tiny,
            "score",
        ),
        row(
            "model with an escaped slash",
            CHAT,
            chat("smart/auto", GREETING).replace("t/a", r"t\/a"),
            To::Tiny,
            "score",
        ),
        row(
            "model with an escaped letter",
            CHAT,
            chat("smart/auto", GREETING).replace("sm", r"\u0073m"),
            To::Tiny,
            "score",
        ),
        row(
            "key with an escaped letter",
            CHAT,
            chat("smart/auto", GREETING).replace("\"model", r#""m\u006fdel"#),
            To::Tiny,
            "score",
        ),
    ]
}

/// What the rule scorer judges otherwise.
pub fn rows_of_rules() -> Vec<Row> {
    vec![
        row("rules: a greeting", CHAT, chat("smart/auto", GREETING), To::Tiny, "score"),
        row("rules: markers of reasoning", CHAT, chat("smart/auto", PROOF), To::Deep, "override_reasoning"),
        row("rules: neither easy nor hard", CHAT, chat("smart/auto", NEUTRAL), To::Mid, "ambiguous"),
    ]
}
