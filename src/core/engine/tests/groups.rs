//! Names that stand for several deployments, models by their own names, and calls that are no conversation.

use super::*;
use crate::chat::Problem;

fn grouped(more: Value) -> Config {
    let mut document = json!({
        "models": {
            "azure-gpt-4": {"upstream_model": "azure/gpt-4", "cluster": "azure"},
            "openai-gpt-4": {"upstream_model": "gpt-4-0613", "vision": true, "aliases": ["four"]},
            "embed-a": {"upstream_model": "a/embed"}, "embed-b": {"upstream_model": "b/embed"},
            "whisper": {"upstream_model": "azure/whisper"},
        },
        "groups": {
            "gpt-4": {"models": ["azure-gpt-4", "openai-gpt-4"], "strategy": "configured"},
            "embedders": {"models": ["embed-a", {"model": "embed-b", "order": 1}], "strategy": "configured"},
        },
        "endpoints": {"/embeddings": "embedders", "/audio/transcriptions": "whisper"},
    });
    merge(&mut document, more);
    config(json!({}), document)
}

fn chat(config: &Config, fields: Value, context: RequestContext<'_>) -> (String, &'static str, Vec<String>) {
    let mut with = json!({"model": "gpt-4"});
    merge(&mut with, fields);
    decided(config, with, context)
}

fn edited(config: &Config, model: &str) -> (Edit, &'static str) {
    let body = json!({"model": model, "messages": [{"role": "user", "content": "Hello!"}]}).to_string();
    let path = b"/v1/chat/completions";
    let request = Request { dialect: Dialect::ChatCompletions, path, body: body.as_bytes() };
    let decision = decide(config, &request, RequestContext::default(), &mut Scratch::default());
    (decision.edit, decision.choice.cause.name())
}

#[test]
fn a_group_is_served_by_a_deployment_that_can_and_nothing_is_judged() {
    let config = grouped(json!({}));
    let known = RequestContext::default();
    let deployment = |name: &str, rest: &[&str]| {
        (name.to_owned(), "group", rest.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(chat(&config, json!({}), known), deployment("azure-gpt-4", &["openai-gpt-4"]));
    let hard = "Prove the theorem step by step and derive the formal proof by contradiction.";
    let hard = json!({"messages": [{"role": "user", "content": hard}]});
    assert_eq!(chat(&config, hard, known), deployment("azure-gpt-4", &["openai-gpt-4"]));
    let image = json!({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}]});
    assert_eq!(chat(&config, image, known), deployment("openai-gpt-4", &[]), "only it sees");
    let mut conditions = Conditions::default();
    let cooling = Condition { cooling: true, ..Condition::default() };
    conditions.set(&config.table.models["azure-gpt-4"], cooling);
    let (model, cause, _) =
        chat(&config, json!({}), RequestContext { conditions: Some(&conditions), ..known });
    assert_eq!((model.as_str(), cause), ("openai-gpt-4", "health"));
    // No tier is reported, as none was decided on.
    let request = Request {
        dialect: Dialect::ChatCompletions,
        path: b"/v1/chat/completions",
        body: br#"{"model":"gpt-4","messages":[]}"#,
    };
    let decision = decide(&config, &request, known, &mut Scratch::default());
    assert_eq!((decision.choice.tier, decision.score.is_some(), decision.cluster), (None, false, "azure"));
}

#[test]
fn without_a_strategy_deployments_take_turns() {
    let config = grouped(json!({"groups": {"pair": ["embed-a", "embed-b"]}}));
    let served = |seed| {
        chat(&config, json!({"model": "pair"}), RequestContext { seed, ..RequestContext::default() }).0
    };
    let first = (0..200).filter(|&seed| served(seed * 1000) == "embed-a").count();
    assert!((60..140).contains(&first), "{first} of 200");
}

#[test]
fn a_model_by_its_name_is_asked_for_by_the_name_that_its_upstream_knows() {
    let config = grouped(json!({}));
    let body = r#"{"messages":[{"content":"Hello!","role":"user"}],"model":"#;
    for (name, changed) in
        [("azure-gpt-4", true), ("four", true), ("plain", false), ("nobody-knows-it", false)]
    {
        let (edit, cause) = edited(&config, name);
        assert_eq!(cause, "pinned", "{name}");
        let start = body.len();
        let value = Span { start, end: start + name.len() + 2 };
        assert_eq!(edit, if changed { Edit::Body(vec![value]) } else { Edit::None }, "{name}");
    }
    let twenty = format!(r#"{{{},"model":"four"}}"#, vec![r#""model":"x""#; 20].join(","));
    let path = b"/v1/chat/completions";
    let request = Request { dialect: Dialect::ChatCompletions, path, body: twenty.as_bytes() };
    let decision = decide(&config, &request, RequestContext::default(), &mut Scratch::default());
    assert_eq!(decision.problem, Some(Problem::TooManyModels));
}

#[test]
fn names_in_paths_are_rewritten_too() {
    let config = grouped(json!({}));
    let unread = |path: &str| {
        let decision = decide_unread(
            &config,
            &Client::default(),
            (Dialect::ChatCompletions, path.as_bytes()),
            Cause::NoBody,
        );
        decision.edit.path().map(|path| String::from_utf8(path.to_vec()).unwrap())
    };
    let path = |name: &str| format!("/openai/deployments/{name}/chat/completions");
    assert_eq!(unread(&path("gpt-4")), Some(path("azure/gpt-4")));
    assert_eq!(unread(&path("four")), Some(path("gpt-4-0613")));
    assert_eq!(unread(&path("plain")), None);
}

#[test]
fn calls_that_are_no_conversation_follow_groups_pins_and_endpoints() {
    let config = grouped(json!({}));
    let of = |path: &str, body: &str, boundary: Option<&str>| {
        let boundary = boundary.map(str::as_bytes);
        let call = Call { path: path.as_bytes(), body: body.as_bytes(), boundary };
        let decision = decide_other(&config, &call, &RequestContext::default())?;
        let model = decision.choice.model?;
        let mut new = body.to_owned();
        for change in call.written(decision.edit.spans(), model).into_iter().rev() {
            let text = String::from_utf8(change.new).unwrap();
            new.replace_range(change.span.start..change.span.end, &text);
        }
        Some((model.name.clone(), decision.choice.cause.name(), new))
    };
    let some = |model: &str, cause, new: &str| Some((model.to_owned(), cause, new.to_owned()));
    let embed = "/v1/embeddings";
    let a = |name: &str| format!(r#"{{"model":"{name}","input":"hi"}}"#);
    assert_eq!(of(embed, &a("embedders"), None), some("embed-b", "group", &a("b/embed")), "order 1");
    assert_eq!(of(embed, &a("smart/auto"), None), some("embed-b", "side_path", &a("b/embed")));
    assert_eq!(of(embed, &a("embed-a"), None), some("embed-a", "pinned", &a("a/embed")));
    assert_eq!(of(embed, &a("text-embedding-9"), None), None);
    assert_eq!(of("/v1/rerank", &a("smart/auto"), None), some("plain", "side_path", &a("plain")));
    let form = |model: &str| {
        format!(
            "--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\nRIFF\r\n\
             --X\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n{model}\r\n--X--\r\n"
        )
    };
    let speech = "/v1/audio/transcriptions";
    for (asked, cause) in [("smart/auto", "side_path"), ("whisper", "pinned")] {
        assert_eq!(of(speech, &form(asked), Some("X")), some("whisper", cause, &form("azure/whisper")));
    }
    assert_eq!(of(speech, &form("whisper-1"), Some("X")), None);
    let batch = r#"{"requests":[{"params":{"model":"four"}},{"params":{"model":"azure-gpt-4"}}]}"#;
    assert_eq!(of("/v1/messages/batches", batch, None), None, "several by name: as they came");
    let batch = r#"{"requests":[{"params":{"model":"gpt-4"}},{"params":{"model":"smart/auto"}}]}"#;
    let call = Call { path: b"/v1/messages/batches", body: batch.as_bytes(), boundary: None };
    let decision = decide_other(&config, &call, &RequestContext::default()).unwrap();
    assert_eq!(decision.problem, Some(Problem::MixedModels));
}

#[test]
fn groups_are_in_the_list_of_models() {
    let config = grouped(json!({}));
    let list: Value = serde_json::from_str(&crate::engine::listing::alone(
        &config,
        crate::engine::listing::Shape::OpenAi,
        Timestamp::NEVER,
    ))
    .unwrap();
    let names: Vec<&str> =
        list["data"].as_array().unwrap().iter().filter_map(|one| one["id"].as_str()).collect();
    assert!(names.contains(&"gpt-4") && names.contains(&"smart/auto"), "{names:?}");
    assert!(
        crate::engine::listing::one(
            &config,
            "gpt-4",
            crate::engine::listing::Shape::Anthropic,
            Timestamp::NEVER
        )
        .is_some()
    );
}
