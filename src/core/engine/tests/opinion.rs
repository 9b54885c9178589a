//! When a second opinion is wanted, and where it counts.

use super::*;
use crate::engine::Cause;
use crate::opinion::Opinions;

const UNSURE: &str = "qwrtz";

fn with(more: Value) -> Config {
    let tiers = json!({"SIMPLE": "plain", "MEDIUM": "codes", "COMPLEX": "sees", "REASONING": "hears"});
    let classifier = json!({"classifier": {"model": "judge", "cluster": "judges", "band": 1.0}});
    let mut document = json!({"profiles": {"auto": {"tiers": tiers}}});
    merge(&mut document, classifier);
    merge(&mut document, more);
    config(json!({}), document)
}

fn judged<'c>(config: &'c Config, fields: Value, live: RequestContext<'_>) -> Decision<'c> {
    let mut body = json!({"model": "smart/auto", "messages": [{"role": "user", "content": "Hello!"}]});
    merge(&mut body, fields);
    let body = body.to_string();
    let path = b"/v1/chat/completions";
    let request = Request { dialect: Dialect::ChatCompletions, path, body: body.as_bytes() };
    decide(config, &request, live, &mut Scratch::default())
}

fn given(tier: Tier) -> RequestContext<'static> {
    RequestContext { opinion: Some(tier), ..RequestContext::default() }
}

#[test]
fn an_unsure_ask_goes_where_the_opinion_says() {
    let config = with(json!({}));
    let before = judged(&config, json!({}), RequestContext::default());
    assert!(before.unsure);
    assert_eq!(before.choice.cause, Cause::Score);
    let after = judged(&config, json!({}), given(Tier::Reasoning));
    assert!(!after.unsure);
    assert_eq!((after.choice.cause, after.choice.tier), (Cause::SecondOpinion, Some(Tier::Reasoning)));
    assert_eq!(after.choice.model.unwrap().name, "hears");
}

#[test]
fn the_classifier_reads_an_ask_up_to_its_bytes_and_sees_where_it_is_cut() {
    // What it is sent of an ask of so many words of six bytes, and one of four.
    let sent = |ask_bytes: usize, words: usize| {
        let config = with(json!({"classifier": {"ask_bytes": ask_bytes}}));
        let words: String = (0..words).map(|n| format!("w{n:04} ")).collect();
        let content = format!("{words}end.");
        let body =
            json!({"model": "smart/auto", "messages": [{"role": "user", "content": content}]}).to_string();
        let (dialect, path, body) = (Dialect::ChatCompletions, b"/v1/chat/completions", body.as_bytes());
        let mut scratch = Scratch::default();
        assert!(
            decide(&config, &Request { dialect, path, body }, RequestContext::default(), &mut scratch).unsure
        );
        let settings = &config.classifier.as_ref().unwrap().settings;
        let sent = Opinions::new(7).body(settings, "judge", &scratch.shown(&config, body));
        let sent: Value = serde_json::from_slice(&sent).unwrap();
        let sent = sent["messages"][1]["content"].as_str().unwrap().to_owned();
        let inside: Vec<&str> = sent.lines().take_while(|line| !line.starts_with("That was")).collect();
        let inside = inside[1..inside.len() - 1].join("\n");
        (inside == content, inside)
    };
    for (ask_bytes, words) in [(2000, 100), (2000, 300), (8000, 1200), (32_768, 5400)] {
        assert!(sent(ask_bytes, words).0, "{words} words in {ask_bytes} bytes: whole");
    }
    for (ask_bytes, words) in [(2000, 400), (2000, 9000), (8000, 1400), (200, 100), (32_768, 20_000)] {
        let (_, text) = sent(ask_bytes, words);
        let (head, tail) = text.split_once("\n[...]\n").expect("it shows where it is cut");
        assert!(head.starts_with("w0000 w0001 ") && tail.ends_with(" end."));
        assert!(head.len().abs_diff(ask_bytes * 2 / 3) < 4 && tail.len().abs_diff(ask_bytes / 3) < 4);
        assert!(!text.replace("\n[...]\n", "").contains('\n'), "cut once");
    }
}

#[test]
fn below_the_band_and_without_anything_to_judge_by() {
    let config = with(json!({"classifier": {"band": 0.0}}));
    assert!(!judged(&config, json!({}), RequestContext::default()).unsure);
    let abstains = json!({"messages": [{"role": "user", "content": UNSURE}]});
    let decision = judged(&config, abstains, RequestContext::default());
    assert_eq!((decision.choice.cause, decision.unsure), (Cause::Abstain, true));
    // What is sure keeps its tier, whatever anybody says.
    assert_eq!(judged(&config, json!({}), given(Tier::Reasoning)).choice.cause, Cause::Score);
}

#[test]
fn without_a_classifier_nothing_is_unsure() {
    let config = plain();
    assert!(!judged(&config, json!({}), RequestContext::default()).unsure);
    assert_eq!(judged(&config, json!({}), given(Tier::Reasoning)).choice.cause, Cause::Score);
}

#[test]
fn what_raises_tiers_raises_the_opinions_too() {
    let config = with(json!({}));
    let json = json!({"response_format": {"type": "json_object"}});
    let decision = judged(&config, json.clone(), RequestContext::default());
    assert_eq!((decision.choice.cause, decision.unsure), (Cause::FloorStructured, true));
    assert_eq!(judged(&config, json.clone(), given(Tier::Simple)).choice.cause, Cause::FloorStructured);
    assert_eq!(judged(&config, json, given(Tier::Complex)).choice.cause, Cause::SecondOpinion);
}

#[test]
fn nobody_waits_where_the_opinion_would_not_count() {
    let unsure = |more: Value, fields: Value| judged(&with(more), fields, RequestContext::default()).unsure;
    let all = |value: Value| unsure(value, json!({}));
    assert!(all(json!({})));
    assert!(!all(json!({"mode": "shadow"})));
    assert!(!all(json!({"routing_rules": [{"name": "r", "keywords": ["hello"], "tier": "COMPLEX"}]})));
    assert!(!all(json!({"routing_rules": [{"name": "r", "keywords": ["hello"], "model": "sees"}]})));
    let conversation = json!({"messages": [
        {"role": "user", "content": "Prove the theorem by induction, step by step."},
        {"role": "assistant", "content": "So."}, {"role": "user", "content": "continue"}]});
    assert!(!unsure(json!({}), conversation));
    assert!(!unsure(json!({}), json!({"messages": []})));
}

#[test]
fn a_tenant_with_restricted_models_is_not_shown_to_others() {
    let tenants = |model: &str| {
        json!({"tenants": {"header": "x-tenant", "policies": {"t": {"allow": ["plain", "codes"]}}},
               "classifier": {"model": model}})
    };
    let unsure = |config: &Config| {
        let mut headers = crate::operator::Headers::default();
        headers.look(&config.operator, "x-tenant", b"t");
        let client = Client { headers: Some(&headers), ..Client::default() };
        judged(config, json!({}), RequestContext { client, ..RequestContext::default() }).unsure
    };
    assert!(unsure(&with(tenants("codes"))));
    assert!(!unsure(&with(tenants("hears"))));
    assert!(!unsure(&with(tenants("judge"))));
}

#[test]
fn auto_is_the_cheapest_model_of_the_profiles() {
    let config = with(json!({"classifier": {"model": "auto"}}));
    let names: Vec<&str> =
        config.classifier.as_ref().unwrap().targets.iter().map(|target| target.model.as_str()).collect();
    // `plain` is cheaper, and its window too small for an ask.
    assert_eq!(names, ["codes", "sees", "hears"]);
}
