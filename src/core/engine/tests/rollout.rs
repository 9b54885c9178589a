//! What is decided and not done leaves nothing behind; and invariants of all decisions, whatever the request.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

/// All that reads or writes something beside the model: conversations, LiteLLM's fallbacks.
fn with(rollout: Value) -> Config {
    let mut document = json!({"session": {"mode": "pinned"}, "fallbacks": {"litellm": true},
                              "default_cluster": "pool"});
    let mut profile = json!({});
    merge(if rollout["mode"].is_null() { &mut profile } else { &mut document }, rollout);
    config(profile, document)
}

/// Compiled once: each of them has a scorer.
static ALL: LazyLock<[(&str, Config); 6]> = LazyLock::new(|| {
    [
        ("whole", with(json!({}))),
        ("shadow", with(json!({"mode": "shadow"}))),
        (
            "shadow, unchanged",
            with(json!({"mode": "shadow", "profiles": {"auto": {"control": "unchanged"}}})),
        ),
        ("none", with(json!({"percent": 0}))),
        ("half", with(json!({"percent": 50}))),
        ("half, unchanged", with(json!({"percent": 50, "control": "unchanged"}))),
    ]
});

/// A conversation that may be held.
fn live(held: &dyn Fn(SessionTable, SessionKey) -> Option<SessionPin>) -> RequestContext<'_> {
    let sessions = Some(Sessions { salt: &|| 1, tenant: b"someone", id: Some(b"id"), held });
    RequestContext { sessions, now: Timestamp::of_seconds(7), ..RequestContext::default() }
}

#[test]
fn what_is_not_done_holds_no_conversation_and_names_nobody_else() {
    let nobody = |_, _| None;
    for (name, config) in &*ALL {
        let body = r#"{"model": "smart/auto", "messages": [{"role": "user", "content": "Hello!"}]}"#;
        let request = Request {
            dialect: Dialect::ChatCompletions,
            path: b"/v1/chat/completions",
            body: body.as_bytes(),
        };
        let decision = decide(config, &request, live(&nobody), &mut Scratch::default());
        let done = decision.withheld.is_none();
        if *name == "whole" {
            assert!(
                done && decision.hold.is_some() && !decision.chain.is_empty() && !decision.tell.is_empty()
            );
        } else if !name.starts_with("half") {
            assert!(!done, "{name}");
        }
        if !done {
            let left = (decision.hold, decision.chain.len(), decision.tell.len());
            assert_eq!(left, (None, 0, 0), "{name}");
        }
    }
}

const SHARDS: &[&str] = &[
    r#"{"role": "user", "content": "Hello!"}"#,
    r#"{"role": "user", "content": "yes"}"#,
    r#"{"role": "user", "content": "Prove it step by step, derive the formal proof by contradiction."}"#,
    r#"{"role": "user", "content": "<system-reminder>x</system-reminder>\u4f60\ud83d\ude00\ud83d"}"#,
    r#"{"role": "assistant", "content": "Done. Shall I go on?"}"#,
    r#"{"role": "tool", "content": "42"}"#,
    r#"{"role": "system", "content": "Answer in JSON."}"#,
    r#"{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}"#,
    r#"{"parts": [{"text": "Hello!"}, {"inlineData": {"mimeType": "audio/wav", "data": ""}}]}"#,
    r#"{"type": "function_call_output", "output": "42"}"#,
    r#""Hello!""#,
    "[]",
    "null",
];

const FIELDS: &[&str] = &[
    r#","tools":[{"type":"function"}]"#,
    r#","user":"u\u0031""#,
    r#","metadata":{"session_id":"s","user_id":"u"}"#,
    r#","max_tokens":18446744073709551615"#,
    r#","max_completion_tokens":-1"#,
    r#","max_tokens":99999999999999999999999999"#,
    r#","response_format":{"type":"json_schema"}"#,
    r#","fallbacks":["other"]"#,
    r#","model":"smart/eco""#,
    r#","system":"Be brief.","instructions":"Be brief.""#,
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 128, ..Default::default() })]

    #[test]
    fn whatever_the_request_a_decision_can_be_carried_out(
        turns in prop::collection::vec(prop::sample::select(SHARDS), 0..6),
        fields in prop::collection::vec(prop::sample::select(FIELDS), 0..4),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        damaged in any::<bool>(),
        which in 0..5_usize,
        seed in any::<u64>(),
        held_by in prop::sample::select(&["", "plain", "sees", "gone"][..]),
    ) {
        let turns = turns.join(",");
        let dialects: [(Dialect, &[u8], &str); 5] = [
            (Dialect::ChatCompletions, b"/v1/chat/completions", "messages"),
            (Dialect::Completions, b"/v1/completions", "prompt"),
            (Dialect::Responses, b"/v1/responses", "input"),
            (Dialect::Messages, b"/v1/messages", "messages"),
            (Dialect::Gemini(Span { start: 8, end: 18 }), b"/models/smart/auto:generateContent", "contents"),
        ];
        let (dialect, path, key) = dialects[which];
        let mut body = format!("{{\"model\":\"smart/auto\",\"{key}\":[{turns}]{}}}", fields.concat()).into_bytes();
        for (index, byte) in flips.into_iter().filter(|_| damaged) {
            let at = index.index(body.len());
            body[at] = byte;
        }
        let request = Request { dialect, path, body: &body };
        let held = |_, _| (!held_by.is_empty()).then(|| SessionPin::by(held_by, Tier::Complex, Timestamp::NEVER));
        let mut scratch = Scratch::default();
        for (name, config) in &*ALL {
            let live = RequestContext { seed, ..live(&held) };
            let decision = decide(config, &request, live, &mut scratch);
            let again = decide(config, &request, live, &mut Scratch::default());
            let told = |d: &Decision<'_>| (d.choice.cause, d.choice.tier, d.choice.model.map(|m| m.slot), d.edit.clone(), d.hold);
            prop_assert_eq!(told(&decision), told(&again), "{}", name);
            // No client makes a counter of money worthless with one request.
            prop_assert!(decision.choice.cost.unwrap_or_default() < 1_000.0, "{}: {:?}", name, decision.choice.cost);
            prop_assert!(!decision.chain.iter().any(|other| decision.choice.model.is_some_and(|m| m.slot == other.slot)));
            if decision.withheld.is_some() {
                prop_assert!(decision.hold.is_none() && decision.chain.is_empty() && decision.tell.is_empty());
            }
            if decision.score.is_none() && decision.hold.is_some() {
                prop_assert_eq!(decision.choice.cause, Cause::Session);
            }
            let Edit::Body(spans) = &decision.edit else { continue };
            let model = decision.choice.model.map(|model| model.upstream_model.clone()).unwrap_or_default();
            let spliced = chat::splice_with(body.clone(), spans, &model, &decision.tell);
            let Some(prefix) = spliced else { prop_assert!(false, "{}: nothing to splice", name); continue };
            let new = [&prefix.head, &prefix.tail, &body[prefix.end..]].concat();
            // What was JSON stays JSON, and names the model.
            if serde_json::from_slice::<Value>(&body).is_ok() {
                let new: Value = serde_json::from_slice(&new).unwrap();
                prop_assert_eq!(&new["model"], &json!(model), "{}", name);
            }
        }
    }
}
