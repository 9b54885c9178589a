use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::chat::{self, Limits};

mod families;
mod history;
mod properties;

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

/// The body after fitting, and what was reported of it.
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
