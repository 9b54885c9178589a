//! Which profile a name stands for, and what becomes of a request that names none, or one that does not exist.

use super::*;
use crate::chat::Problem;
use crate::live::Failure;

fn priced() -> Config {
    let tiers =
        json!({"SIMPLE": "plain", "MEDIUM": ["codes", "gratis"], "COMPLEX": "sees", "REASONING": "hears"});
    config(
        json!({"tiers": tiers}),
        json!({"models": {"gratis": {"input_price": 0, "output_price": 0}, "smart-eco": {"weight": 1}}, "virtual_models": {"Best": "auto"}}),
    )
}

fn ask<'c>(config: &'c Config, body: &str) -> Decision<'c> {
    ask_at(config, Dialect::ChatCompletions, "/v1/chat/completions", body)
}

fn ask_at<'c>(config: &'c Config, dialect: Dialect, path: &str, body: &str) -> Decision<'c> {
    let request = Request { dialect, path: path.as_bytes(), body: body.as_bytes() };
    decide(config, &request, RequestContext::default(), &mut Scratch::default())
}

fn hello(model: &str) -> String {
    json!({"model": model, "messages": [{"role": "user", "content": "Hello!"}]}).to_string()
}

#[test]
fn names_match_however_they_are_spelled() {
    let config = priced();
    for name in [
        "smart/auto",
        "SMART/Auto",
        " smart/auto\n",
        "smart-auto",
        "Smart-AUTO ",
        "best",
        "BEST",
        "smart/eco",
    ] {
        let decision = ask(&config, &hello(name));
        assert_eq!(decision.choice.profile.map(|p| p.name.as_str()), Some("auto"), "{name:?}");
        assert_ne!(decision.edit, Edit::None, "{name:?}");
    }
    let model = ask(&config, &hello("smart-eco"));
    assert_eq!(
        (model.choice.cause, model.choice.model.unwrap().name.as_str()),
        (Cause::Pinned, "smart-eco"),
        "a model's exact name"
    );
    for other in ["smart", "smartish/auto", "gpt-x", "smart-foo"] {
        assert_eq!(ask(&config, &hello(other)).choice.cause, Cause::Pinned, "{other}");
    }
}

#[test]
fn a_virtual_name_that_does_not_exist_is_an_error_that_names_those_that_do() {
    let config = priced();
    for name in ["smart/foo", "SMART/foo", "smart/"] {
        let decision = ask(&config, &hello(name));
        assert_eq!((decision.choice.cause, decision.edit), (Cause::NoSuchModel, Edit::None), "{name}");
        let Some(Problem::NoSuchModel { asked, known }) = decision.problem else { panic!("{name}") };
        assert_eq!(asked, name);
        assert!(known.contains(&"smart/auto".to_owned()) && known.contains(&"Best".to_owned()));
    }
}

#[test]
fn free_is_never_paid_for() {
    let config = priced();
    let free = ask(&config, &hello("smart/free"));
    assert_eq!(
        (free.choice.profile.unwrap().name.as_str(), free.choice.model.unwrap().name.as_str()),
        ("free", "gratis")
    );
    let images = json!({"model": "smart/free", "messages": [{"role": "user", "content": [{"type": "image_url"}, {"type": "text", "text": "what is it?"}]}]});
    assert_eq!(
        ask(&config, &images.to_string()).choice.model.unwrap().name,
        "gratis",
        "also where it cannot serve"
    );
    let paid = config::parse(br#"{"tiers": {"SIMPLE": "gpt-5.4-nano", "MEDIUM": "gpt-5.4-mini", "COMPLEX": "gpt-5.4", "REASONING": "gpt-5.6"}}"#).unwrap();
    for name in ["smart/free", "smart-free", "Smart/Free"] {
        assert_eq!(ask(&paid, &hello(name)).choice.cause, Cause::NoSuchModel, "{name}");
    }
    assert!(paid.notes.iter().any(|note| note.contains("smart/free is refused")), "{:?}", paid.notes);
}

#[test]
fn premium_is_better_than_auto() {
    let config = priced();
    let premium = ask(&config, &hello("smart/premium"));
    assert_eq!(
        (premium.choice.profile.unwrap().name.as_str(), premium.choice.model.unwrap().name.as_str()),
        ("premium", "codes")
    );
    assert_eq!(ask(&config, &hello("smart/auto")).choice.model.unwrap().name, "plain");
}

#[test]
fn a_request_without_a_model_is_routed() {
    let config = priced();
    for body in [
        r#"{"messages":[{"role":"user","content":"Hello!"}]}"#,
        r#"{"messages":[{"role":"user","content":"Hello!"}],"model":null}"#,
        r#"{"model":" ","messages":[{"role":"user","content":"Hello!"}]}"#,
    ] {
        let decision = ask(&config, body);
        assert_eq!(decision.choice.model.map(|m| m.name.as_str()), Some("plain"), "{body}");
        assert!(!decision.edit.spans().is_empty(), "{body}");
    }
    for (body, cause) in [
        (r#"{"temperature":1}"#, Cause::NoModel),
        (r#"{"messages":[],"model":7}"#, Cause::NoModel),
        (r#"{"messages":[],"model":["smart/auto"]}"#, Cause::Refused),
        (r#"{"messages":[],"model":{"a":"smart/auto"}}"#, Cause::Refused),
        (r#"{"messages":[{"role":"user","cont"#, Cause::Unparsable),
    ] {
        assert_eq!(ask(&config, body).choice.cause, cause, "{body}");
    }
    let none = self::config(json!({}), json!({"default_virtual_model": "none"}));
    assert_eq!(ask(&none, r#"{"messages":[]}"#).choice.cause, Cause::NoModel);
    let other = self::config(json!({}), json!({"default_virtual_model": "smart-auto"}));
    assert_eq!(ask(&other, r#"{"messages":[]}"#).choice.profile.unwrap().name, "auto");
    assert!(
        config::parse(br#"{"default_virtual_model": "smart/none"}"#)
            .unwrap_err()
            .to_string()
            .contains("default_virtual_model")
    );
}

#[test]
fn what_is_decided_is_what_the_upstream_reads() {
    let config = priced();
    let chat = Dialect::ChatCompletions;
    let body = hello("smart/auto");
    for path in [
        "/v1/chat/completions?model=sees",
        "/engines/sees/chat/completions",
        "/openai/deployments/sees/chat/completions",
    ] {
        let decision = ask_at(&config, chat, path, &body);
        assert_eq!(
            (decision.choice.cause, decision.choice.model.unwrap().name.as_str()),
            (Cause::Pinned, "sees"),
            "{path}"
        );
        // What reads the body finds the same model there.
        let decision = ask_at(&config, chat, path, &hello("hears"));
        assert_eq!(decision.choice.model.unwrap().name, "sees", "{path}");
        assert_eq!(decision.edit.spans().len(), 1, "{path}");
        assert_eq!(ask_at(&config, chat, path, &hello("sees")).edit, Edit::None, "{path}");
    }
    for path in ["/v1/chat/completions?model=smart/auto", "/engines/smart-auto/chat/completions"] {
        let decision = ask_at(&config, chat, path, &hello("sees"));
        assert_eq!(decision.choice.model.unwrap().name, "plain", "{path}");
        let Edit::Both(new, spans) = decision.edit else { panic!("{path}") };
        assert!(!String::from_utf8(new).unwrap().contains("smart"), "{path}");
        assert_eq!(spans.len(), 1, "{path}");
    }
    let twenty = format!(r#"{{{},"messages":[]}}"#, vec![r#""model":"smart/auto""#; 20].join(","));
    assert_eq!(ask(&config, &twenty).problem, Some(Problem::TooManyModels));
    let pinned = format!(r#"{{{},"model":"sees"}}"#, vec![r#""model":"x""#; 20].join(","));
    assert_eq!(ask(&config, &pinned).choice.cause, Cause::Pinned);
}

#[test]
fn a_model_that_litellm_asks_instead_is_the_one_that_is_reported() {
    let config = priced();
    for more in [r#""deployment_id":"sees""#, r#""extra_body":{"a":1,"model":"sees"}"#] {
        let body = |model: &str| format!(r#"{{"model":"{model}","messages":[],{more}}}"#);
        let pinned = ask(&config, &body("hears"));
        assert_eq!(
            (pinned.choice.cause, pinned.choice.model.unwrap().name.as_str()),
            (Cause::Pinned, "sees")
        );
        assert_eq!(pinned.edit, Edit::None);
        assert_eq!(ask(&config, &body("smart/auto")).problem, Some(Problem::TooManyModels));
    }
    let harmless = r#"{"model":"smart/auto","messages":[{"role":"user","content":"Hello!"}],
        "extra_body":{"top_k":5,"x":{"model":"sees"}},"deployment_id":null}"#;
    assert_eq!(ask(&config, harmless).choice.model.unwrap().name, "plain");
}

#[test]
fn what_comes_of_a_client_s_own_time_or_deployment_is_not_the_model_s() {
    use crate::chat::Steering::{Deployment, Nothing, Time};
    let rows = [
        (r#""temperature":1"#, Nothing, [false, false]),
        (r#""timeout":null"#, Nothing, [false, false]),
        (r#""timeout":0.0001"#, Time, [true, false]),
        (r#""stream_timeout":1"#, Time, [true, false]),
        (r#""specific_deployment":true,"timeout":1"#, Deployment, [true, true]),
        (r#""deployment_id":"sees""#, Deployment, [true, true]),
    ];
    let config = priced();
    for (field, steering, excused) in rows {
        let body = format!(r#"{{"model":"sees","messages":[],{field}}}"#);
        let found = ask(&config, &body).steering;
        assert_eq!(found, steering, "{field}");
        let failures = [Failure::Timeout, Failure::RateLimited];
        assert_eq!(failures.map(|failure| failure.is_steered(found)), excused, "{field}");
    }
}

#[test]
fn side_paths_get_the_default_model() {
    let config = priced();
    let default = "codes";
    let other = |path: &str, body: &str| {
        let call = Call { path: path.as_bytes(), body: body.as_bytes(), boundary: None };
        decide_other(&config, &call, &RequestContext::default())
    };
    let count = other("/v1/messages/count_tokens", &hello("smart-auto")).unwrap();
    assert_eq!((count.choice.cause, count.choice.model.unwrap().name.as_str()), (Cause::SidePath, default));
    assert_eq!(count.edit.spans().len(), 1);
    let pinned = other("/v1/messages/count_tokens", &hello("sees")).unwrap();
    assert_eq!((pinned.choice.cause, pinned.edit), (Cause::Pinned, Edit::None));
    assert!(other("/v1/messages/count_tokens", &hello("nobody-knows-it")).is_none());
    assert!(other("/v1/embeddings", "{").is_none());
    assert_eq!(other("/v1/embeddings", &hello("smart/nope")).unwrap().choice.cause, Cause::NoSuchModel);
    let batch = r#"{"requests":[{"params":{"model":"smart/auto"}},{"params":{"model":"sees"}},{"params":{"model":"SMART/auto"}}]}"#;
    assert_eq!(other("/v1/messages/batches", batch).unwrap().edit.spans().len(), 2, "a pinned one stays");
    let mixed = r#"{"requests":[{"params":{"model":"smart/auto"}},{"params":{"model":"smart/free"}}]}"#;
    assert_eq!(other("/v1/messages/batches", mixed).unwrap().problem, Some(Problem::MixedModels));
    let gemini = other("/v1beta/models/smart%2Fauto:countTokens", "{}").unwrap();
    assert_eq!(gemini.edit, Edit::Path(b"/v1beta/models/codes:countTokens".to_vec()));
}
