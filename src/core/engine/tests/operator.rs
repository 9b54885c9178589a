//! Rules of the operator, hints of clients, and policies of tenants: what they make of a decision.

use super::*;
use crate::chat::Problem;
use crate::operator::{Bounds, Headers};

const EASY: &str = "What is the capital of France?";

fn ruled(rules: Value, more: Value) -> Config {
    let mut document = json!({
        "models": {"simple": {"input_price": 1, "output_price": 1}, "medium": {"weight": 1}, "complex": {"weight": 1}, "reasoning": {"weight": 1}},
        "routing_rules": rules,
        "tenants": {"header": "x-tenant"},
    });
    merge(&mut document, more);
    let tiers =
        json!({"SIMPLE": "simple", "MEDIUM": "medium", "COMPLEX": "complex", "REASONING": "reasoning"});
    config(json!({"tiers": tiers}), document)
}

/// The model, the cause and the rule of an ask with these headers.
fn asked(
    config: &Config,
    prompt: &str,
    sent: &[(&str, &str)],
    client: Client<'_>,
) -> (String, &'static str, String) {
    let mut headers = Headers::default();
    for (name, value) in sent {
        headers.look(&config.operator, name, value.as_bytes());
    }
    let client = Client { headers: Some(&headers), ..client };
    let body = json!({"model": "smart/auto", "messages": [{"role": "user", "content": prompt}]}).to_string();
    let path = b"/v1/chat/completions";
    let request = Request { dialect: Dialect::ChatCompletions, path, body: body.as_bytes() };
    let context = RequestContext { client, ..RequestContext::default() };
    let decision = decide(config, &request, context, &mut Scratch::default());
    let model = decision.choice.model.map(|model| model.name.clone()).unwrap_or_default();
    (model, decision.choice.cause.name(), decision.rule.unwrap_or_default().to_owned())
}

fn told<'a>(model: &'a str, cause: &'static str, rule: &'a str) -> (String, &'static str, String) {
    (model.to_owned(), cause, rule.to_owned())
}

#[test]
fn a_rule_decides_the_tier_or_the_model() {
    let rules = json!([
        {"name": "law", "keywords": ["NDA"], "tier": "REASONING"},
        {"name": "ticket", "regex": "(?i)ticket-[0-9]+", "min_tier": "COMPLEX"},
        {"name": "interns", "headers": {"x-team": ["interns"]}, "max_tier": "SIMPLE"},
        {"name": "vision", "keywords": ["logo*"], "model": "codes"},
        {"name": "easy", "keywords": ["capital"], "tier": "SIMPLE"},
    ]);
    let config = ruled(rules, json!({}));
    let none = Client::default();
    assert_eq!(asked(&config, "Review this NDA.", &[], none), told("reasoning", "rule", "law"));
    assert_eq!(asked(&config, "See ticket-17.", &[], none), told("complex", "rule", "ticket"));
    // As the documents say, expressions know only ASCII.
    let german =
        ruled(json!([{"name": "de", "regex": "(?i)prüfung|\\bna\\b", "tier": "REASONING"}]), json!({}));
    for (text, rule) in [("Prüfung", "de"), ("PRüFUNG", "de"), ("PRÜFUNG", ""), ("nah", ""), ("naß", "de")]
    {
        assert_eq!(asked(&german, text, &[], none).2, rule, "{text}");
    }
    let team = [("x-team", "interns")];
    let proof = "Prove the theorem step by step and derive the formal proof by contradiction.";
    assert_eq!(asked(&config, proof, &team, none), told("simple", "rule", "interns"));
    assert_eq!(
        asked(&config, "Draw two logos", &[], none),
        told("codes", "rule", "vision"),
        "not of the profile"
    );
    assert_eq!(
        asked(&config, EASY, &[], none),
        told("simple", "rule", "easy"),
        "told though nothing changed"
    );
    assert_eq!(asked(&config, "Hello!", &[], none).2, "");
}

#[test]
fn what_a_rule_reads_of_an_ask_is_bounded() {
    let config = ruled(json!([{"name": "law", "keywords": ["NDA"], "tier": "REASONING"}]), json!({}));
    let at = |place: usize| {
        let prompt = format!("{} NDA", "x ".repeat(place / 2));
        asked(&config, &prompt, &[], Client::default()).2
    };
    assert_eq!((at(3000).as_str(), at(9000).as_str()), ("law", ""));
}

#[test]
fn a_model_that_cannot_serve_is_passed_over_though_a_rule_names_it() {
    let config = ruled(json!([{"name": "r", "keywords": ["logo"], "model": "plain"}]), json!({}));
    let tools = json!({"model": "smart/auto", "tools": [{"type": "function"}],
        "messages": [{"role": "user", "content": "A logo"}]});
    assert_ne!(decided(&config, tools, RequestContext::default()).0, "plain");
}

#[test]
fn nobody_climbs_by_the_words_of_a_rule_that_names_a_model() {
    let rules = json!([{"name": "top", "keywords": ["zebra"], "model": "reasoning"},
        {"name": "listed", "keywords": ["lion"], "model": "medium"},
        {"name": "elsewhere", "keywords": ["tiger"], "model": "codes"}]);
    let policies = json!({"tenants": {"policies": {"capped": {"max_tier": "MEDIUM"}, "top": {"max_tier": "REASONING"},
        "poor": {"daily_budget_usd": 1, "over_budget_tier": "MEDIUM"}, "narrow": {"allow": ["simple"]}}}});
    let config = ruled(rules, policies);
    let most = |tier| Bounds { most: Some(tier), ..Bounds::default() };
    let poor = Client { spent: 1_000_000, ..Client::default() };
    let hinted = |tier| Client { hints: most(tier), ..Client::default() };
    let none = Client::default();
    for (tenant, client, [top, listed, elsewhere]) in [
        ("other", none, [true, true, true]),
        ("capped", none, [false, true, false]),
        ("top", none, [true, true, true]),
        ("poor", none, [true, true, true]),
        ("poor", poor, [false, true, false]),
        ("other", hinted(Tier::Complex), [false, true, false]),
        ("other", hinted(Tier::Simple), [false, false, false]),
        ("narrow", none, [false, false, false]),
    ] {
        let of = |word: &str, model: &str, rule: &str, may: bool| {
            let expected = if may { told(model, "rule", rule) } else { told("simple", "score", "") };
            let prompt = format!("What is a {word}?");
            assert_eq!(asked(&config, &prompt, &[("x-tenant", tenant)], client), expected, "{tenant} {word}");
        };
        of("zebra", "reasoning", "top", top);
        of("lion", "medium", "listed", listed);
        of("tiger", "codes", "elsewhere", elsewhere);
    }
}

#[test]
fn hints_move_the_tier_and_a_policy_goes_before_them() {
    let policies = json!({"tenants": {"policies": {
        "acme": {"max_tier": "MEDIUM"}, "vip": {"bias": 1, "min_tier": "MEDIUM"}, "*": {"bias": 0}}}});
    let config = ruled(json!([]), policies);
    let hinted = |hints, tenant: &str| {
        let client = Client { hints, ..Client::default() };
        let (model, cause, _) = asked(&config, EASY, &[("x-tenant", tenant)], client);
        (model, cause)
    };
    let least = Bounds { least: Some(Tier::Complex), ..Bounds::default() };
    let is = |model: &str, cause| (model.to_owned(), cause);
    assert_eq!(hinted(Bounds::default(), "nobody"), is("simple", "score"));
    assert_eq!(hinted(least, "nobody"), is("complex", "hint"));
    assert_eq!(hinted(least, "acme"), is("medium", "tenant"));
    assert_eq!(hinted(Bounds::default(), "vip"), is("medium", "tenant"));
    assert_eq!(hinted(Bounds { bias: 1, ..Bounds::default() }, "vip"), is("complex", "tenant"));
    assert_eq!(
        hinted(Bounds { least: Some(Tier::Simple), ..Bounds::default() }, "acme"),
        is("simple", "score")
    );
}

#[test]
fn a_used_up_budget_lowers_the_tier() {
    let policies = json!({"tenants": {"policies": {"acme": {"daily_budget_usd": 0.5},
        "rich": {"daily_budget_usd": 0.5, "over_budget_tier": "MEDIUM"}}}});
    let config = ruled(json!([{"name": "law", "keywords": ["NDA"], "tier": "REASONING"}]), policies);
    let spent = |usd: f64, tenant: &str| {
        let client = Client { spent: (usd * 1e6) as u64, ..Client::default() };
        let (model, cause, _) = asked(&config, "Review this NDA.", &[("x-tenant", tenant)], client);
        (model, cause)
    };
    assert_eq!(spent(0.49, "acme"), ("reasoning".to_owned(), "rule"));
    assert_eq!(spent(0.5, "acme"), ("simple".to_owned(), "budget"));
    assert_eq!(spent(9.0, "rich"), ("medium".to_owned(), "budget"));
    assert_eq!(spent(9.0, "other"), ("reasoning".to_owned(), "rule"), "no policy");
}

#[test]
fn a_tenant_uses_only_the_models_that_it_may() {
    let policies = json!({
        "groups": {"pair": {"models": ["complex", "simple"], "strategy": "configured"}},
        "tenants": {"policies": {"acme": {"allow": ["simple", "me*"]}, "careful": {"block": ["simple"]},
            "none": {"allow": ["gpt-4o"]}}},
    });
    let config = ruled(json!([]), policies);
    let of = |model: &str, tenant: &str| {
        let mut headers = Headers::default();
        headers.look(&config.operator, "x-tenant", tenant.as_bytes());
        let client = Client { headers: Some(&headers), ..Client::default() };
        let proof = "Prove the theorem step by step and derive the formal proof by contradiction.";
        let body = json!({"model": model, "messages": [{"role": "user", "content": proof}]}).to_string();
        let request = Request {
            dialect: Dialect::ChatCompletions,
            path: b"/v1/chat/completions",
            body: body.as_bytes(),
        };
        let context = RequestContext { client, ..RequestContext::default() };
        let decision = decide(&config, &request, context, &mut Scratch::default());
        let refused = decision.problem == Some(Problem::NotAllowed);
        assert_eq!(refused, decision.choice.cause == Cause::Refused);
        let chain: Vec<&str> = decision.chain.iter().map(|model| model.name.as_str()).collect();
        (decision.choice.model.map(|model| model.name.clone()), chain.join(","), decision.bound)
    };
    let some = |name: &str, chain: &str, bound| (Some(name.to_owned()), chain.to_owned(), bound);
    let no = (None, String::new(), false);
    assert_eq!(of("smart/auto", "acme"), some("medium", "simple", true));
    assert_eq!(of("smart/auto", "careful"), some("reasoning", "complex,medium", true));
    assert_eq!(of("smart/auto", "none"), no, "nobody of the profile");
    assert_eq!(of("complex", "acme"), no);
    assert_eq!(of("simple", "acme"), some("simple", "", true));
    assert_eq!(of("strange-model", "acme"), no, "nobody knows what that is");
    assert_eq!(of("strange-model", "careful").0, None);
    assert_eq!(of("pair", "acme"), some("simple", "", true));
    assert_eq!(of("complex", "other"), some("complex", "", false));
}

#[test]
fn nobody_is_refused_because_of_a_roll_out() {
    let policies = json!({"tenants": {"policies": {"acme": {"allow": ["simple"]}, "careful": {"block": ["medium"]},
        "none": {"allow": ["gpt-4o"]}}}});
    let shares = [
        json!({"mode": "shadow"}),
        json!({"profiles": {"auto": {"percent": 0}}}),
        json!({"mode": "shadow", "virtual_models": {"medium": "auto"}, "profiles": {"auto": {"control": "unchanged"}}}),
    ];
    for share in shares {
        let mut document = policies.clone();
        merge(&mut document, share.clone());
        merge(&mut document["profiles"]["auto"], json!({"default_model": "medium"}));
        let config = ruled(json!([]), document);
        let of = |tenant: &str, model: &str| {
            let mut headers = Headers::default();
            headers.look(&config.operator, "x-tenant", tenant.as_bytes());
            let client = Client { headers: Some(&headers), ..Client::default() };
            let fields = json!({"model": model, "messages": [{"role": "user", "content": EASY}]});
            let (model, cause, _) =
                decided(&config, fields, RequestContext { client, ..RequestContext::default() });
            (model, cause)
        };
        let name = if share["virtual_models"].is_null() { "smart/auto" } else { "medium" };
        let control = if share["mode"].is_null() { "control" } else { "shadow" };
        let is = |model: &str, cause| (model.to_owned(), cause);
        assert_eq!(of("acme", name), is("simple", "score"), "{share}");
        assert_eq!(of("careful", name), is("simple", "score"), "{share}");
        assert_eq!(of("other", name), is("medium", control), "{share}");
        assert_eq!(of("none", name), is("", "refused"), "{share}");
        assert_eq!(of("acme", "complex"), is("", "refused"), "{share}: the client's own choice");
    }
}

#[test]
fn a_tenant_gets_no_model_that_it_may_not_use_by_another_way() {
    let policies = json!({
        "models": {"nickname": {"aliases": ["nick"]}},
        "groups": {"pair": ["simple", "medium"]},
        "tenants": {"policies": {"acme": {"allow": ["simple", "medium"]}, "careful": {"block": ["complex"]}}},
    });
    let config = ruled(json!([]), policies);
    let of = |tenant: &str, path: &str, body: &[u8], boundary: Option<&[u8]>| {
        let mut headers = Headers::default();
        headers.look(&config.operator, "x-tenant", tenant.as_bytes());
        let client = Client { headers: Some(&headers), ..Client::default() };
        let context = RequestContext { client, ..RequestContext::default() };
        let path = path.as_bytes();
        let decision = match config.paths.dialect(path) {
            Some(dialect) => {
                let request = Request { dialect, path, body };
                Some(decide(&config, &request, context, &mut Scratch::default()))
            }
            None => decide_other(&config, &Call { path, body, boundary }, &context),
        };
        decision.and_then(|decision| decision.problem)
    };
    let batch = |models: &[&str]| {
        let one = |model: &&str| json!({"custom_id": "1", "params": {"model": model, "messages": []}});
        json!({"requests": models.iter().map(one).collect::<Vec<_>>()}).to_string()
    };
    let form = |models: &[&str]| {
        let field = |model: &&str| {
            format!("--X\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\n{model}\r\n")
        };
        models.iter().map(field).collect::<String>() + "--X--\r\n"
    };
    let (embeds, batches, speech) = ("/v1/embeddings", "/v1/messages/batches", "/v1/audio/transcriptions");
    let chat = "/v1/chat/completions";
    let wide: Vec<u8> = json!({"model": "complex", "messages": []})
        .to_string()
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let own = json!({"model": "simple", "fallbacks": ["complex"], "messages": []}).to_string();
    let instead = json!({"model": "simple", "extra_body": {"model": "complex"}, "messages": []}).to_string();
    let deployment = json!({"model": "simple", "deployment_id": "complex", "messages": []}).to_string();
    let complex = json!({"model": "complex", "messages": []}).to_string();
    let many = batch(&vec!["simple"; 10_001]);
    let no = Some(Problem::NotAllowed);
    // A path, a body, and what becomes of it for either tenant.
    type Row = (&'static str, Vec<u8>, [Option<Problem>; 2]);
    let rows: [Row; 18] = [
        (batches, batch(&["simple", "medium"]).into_bytes(), [None, None]),
        (batches, batch(&["simple", "complex"]).into_bytes(), [no.clone(), no.clone()]),
        (batches, batch(&["smart/auto", "complex"]).into_bytes(), [no.clone(), no.clone()]),
        (batches, batch(&["simple", "stranger"]).into_bytes(), [no.clone(), None]),
        (batches, many.into_bytes(), [Some(Problem::TooManyModels), Some(Problem::TooManyModels)]),
        (embeds, br#"{"model": "stranger", "input": "x"}"#.to_vec(), [no.clone(), None]),
        (embeds, br#"{"model": "complex", "input": "x"}"#.to_vec(), [no.clone(), no.clone()]),
        (embeds, br#"{"model": "pair", "input": "x"}"#.to_vec(), [None, None]),
        (embeds, br#"{"input": "x"}"#.to_vec(), [None, None]),
        (embeds, Vec::new(), [None, None]),
        (embeds, wide.clone(), [no.clone(), no.clone()]),
        (chat, wide, [no.clone(), no.clone()]),
        (chat, own.into_bytes(), [no.clone(), no.clone()]),
        (chat, instead.into_bytes(), [no.clone(), no.clone()]),
        (chat, deployment.into_bytes(), [no.clone(), no.clone()]),
        ("/v1/chat/completions?model=simple", complex.clone().into_bytes(), [no.clone(), no.clone()]),
        ("/openai/deployments/simple/chat/completions", complex.into_bytes(), [no.clone(), no.clone()]),
        ("/v1/realtime?model=stranger", Vec::new(), [no.clone(), None]),
    ];
    for (path, body, expected) in rows {
        for (tenant, expected) in ["acme", "careful"].into_iter().zip(expected) {
            let said = String::from_utf8_lossy(body.get(..120).unwrap_or(&body)).into_owned();
            assert_eq!(of(tenant, path, &body, None), expected, "{tenant} {path} {said}");
        }
        assert_eq!(of("other", path, &body, None), None, "who has no policy may all");
    }
    assert_eq!(of("acme", speech, form(&["simple", "complex"]).as_bytes(), Some(b"X")), no);
    assert_eq!(of("acme", speech, form(&["simple"]).as_bytes(), Some(b"X")), None);
    assert!(config.reads_forms, "the models of forms are looked at");
}

#[test]
fn what_a_request_has_moves_its_tier() {
    let rules = json!([
        {"name": "deep", "min_turns": 4, "min_tier": "COMPLEX"},
        {"name": "briefed", "min_system_tokens": 500, "bias": 2},
        {"name": "tools", "tools": true, "bias": 1},
        {"name": "picture", "images": true, "bias": 1},
        {"name": "long", "min_input_tokens": 5000, "min_tier": "MEDIUM"},
    ]);
    let vision = json!({"models": {"simple": {"vision": true}, "medium": {"vision": true}}});
    let config = ruled(rules, vision);
    let ask = json!({"role": "user", "content": EASY});
    let tool = json!([{"type": "function", "function": {"name": "f", "parameters": {}}}]);
    let picture = json!({"role": "user", "content": [{"type": "text", "text": EASY},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]});
    let answer = json!({"role": "assistant", "content": "Paris."});
    let turns = |n: usize| {
        Value::Array((0..n).flat_map(|_| [ask.clone(), answer.clone()]).chain([ask.clone()]).collect())
    };
    let system = |words: usize| json!([{"role": "system", "content": "be kind ".repeat(words)}, ask]);
    for (body, model, rule) in [
        (json!({"messages": [ask]}), "simple", ""),
        (json!({"messages": [ask], "tools": tool}), "medium", "tools"),
        (json!({"messages": [picture]}), "medium", "picture"),
        (json!({"messages": turns(2)}), "simple", ""),
        (json!({"messages": turns(3)}), "complex", "deep"),
        (json!({"messages": system(10)}), "simple", ""),
        (json!({"messages": system(300)}), "complex", "briefed"),
        (
            json!({"messages": [json!({"role": "assistant", "content": "word ".repeat(9000)}), ask]}),
            "medium",
            "long",
        ),
    ] {
        let mut body = body;
        body["model"] = "smart/auto".into();
        let body = body.to_string();
        let request = Request {
            dialect: Dialect::ChatCompletions,
            path: b"/v1/chat/completions",
            body: body.as_bytes(),
        };
        let decision = decide(&config, &request, RequestContext::default(), &mut Scratch::default());
        let served = decision.choice.model.map(|model| model.name.as_str()).unwrap_or_default();
        assert_eq!(
            (served, decision.rule.unwrap_or_default()),
            (model, rule),
            "{}",
            body.get(..200).unwrap_or(&body)
        );
    }
}
