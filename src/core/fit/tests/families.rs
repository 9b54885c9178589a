//! Claude, and what is neither of Anthropic nor of OpenAI.

use super::*;

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
