//! What documents mean.

use super::*;
use crate::time::Timestamp;

#[test]
fn four_tiers_with_one_model_each_are_a_document() {
    let config = good(MINIMAL);
    assert_eq!(config.table.profiles.keys().collect::<Vec<_>>(), ["auto"]);
    assert_eq!(names(&config, "auto", Tier::Complex), ["claude-sonnet-5"]);
    assert_eq!(config.table.profiles["auto"].default_model.name, "gpt-5.4-mini");
    assert_eq!(config.table.profiles["auto"].agentic_profile, None);
    for name in ["auto", "eco", "agentic"] {
        assert_eq!(config.table.virtual_models[&format!("smart/{name}")].name, "auto");
    }
    assert!(!config.table.virtual_models.contains_key("smart/free"), "all of them cost something");
    let luna = &config.table.models["gpt-5.6-luna"];
    assert_eq!(
        (luna.input_price, luna.output_price, luna.cluster.as_str()),
        (Some(0.2), Some(1.2), "litellm")
    );
}

#[test]
fn own_profiles_replace_the_shipped_ones() {
    let tiers = r#"{"SIMPLE": "local", "MEDIUM": ["local"], "COMPLEX": "local", "REASONING": "local"}"#;
    let config = good(&format!(
        r#"{{"models": {{"local": {{}}}}, "profiles": {{"house": {{"tiers": {tiers}}}, "zoo": {{"tiers": {tiers}}}}},
            "virtual_models": {{"best": "zoo", "smart/eco": "zoo"}}}}"#
    ));
    assert_eq!(config.table.profiles.keys().collect::<Vec<_>>(), ["house", "zoo"]);
    let stands_for = |name: &str| config.table.virtual_models[name].name.as_str();
    assert_eq!(stands_for("smart/auto"), "house", "the first by name, as there is no auto");
    assert_eq!(stands_for("smart/eco"), "zoo", "the document says so");
    assert_eq!((stands_for("smart/zoo"), stands_for("best")), ("zoo", "zoo"));
    for profile in config.table.profiles.values() {
        assert!(Tier::ALL.iter().all(|&t| profile.tiers.get(t).iter().all(|m| m.name == "local")));
    }
    let local = &config.table.models["local"];
    assert!(local.tools && !local.vision && local.input_price.is_none() && local.context_window.is_none());
}

#[test]
fn a_profile_without_tiers_uses_the_documents() {
    let config = good(&with(
        r#"{"profiles": {"eco": {"default_model": "gpt-5-nano"}, "agentic": {}, "auto": {"agentic_profile": "auto"}}}"#,
    ));
    assert_eq!(config.table.profiles.keys().collect::<Vec<_>>(), ["agentic", "auto", "eco"]);
    assert_eq!(names(&config, "eco", Tier::Simple), ["gpt-5.6-luna"]);
    assert_eq!(config.table.profiles["eco"].default_model.name, "gpt-5-nano");
    assert_eq!(config.table.profiles["auto"].agentic_profile, None, "a profile that names itself has none");
    let config = good(&with(r#"{"profiles": {"eco": {}, "agentic": {}}}"#));
    assert_eq!(config.table.profiles["auto"].agentic_profile.as_deref(), Some("agentic"));
}

#[test]
fn entries_overlay_the_catalogue_field_by_field() {
    let config = good(
        r#"{"default_cluster": "gw", "models": {
            "gpt-5.4-nano": {"cluster": "openai", "output_price": 9, "vision": false, "aliases": ["nano"]},
            "small": {"upstream_model": "gpt-5.6-luna", "max_output": 5},
            "own": {"tools": false}}}"#,
    );
    let nano = &config.table.models["nano"];
    assert_eq!((nano.name.as_str(), nano.cluster.as_str()), ("gpt-5.4-nano", "openai"));
    assert_eq!(
        (nano.input_price, nano.output_price, nano.context_window),
        (Some(0.2), Some(9.0), Some(272_000))
    );
    assert!(nano.tools && !nano.vision);
    let small = &config.table.models["small"];
    assert_eq!((small.upstream_model.as_str(), small.cluster.as_str()), ("gpt-5.6-luna", "gw"));
    assert_eq!(
        (small.input_price, small.max_output),
        (Some(0.2), Some(5)),
        "the catalogue's by upstream name"
    );
    assert!(!config.table.models["own"].tools);
    assert_eq!(
        names(&config, "auto", Tier::Simple)[0],
        "gpt-5.6-luna",
        "entries alone keep the shipped profiles"
    );
}

#[test]
fn an_alias_or_a_virtual_name_may_be_a_catalogue_name_that_is_not_in_use() {
    let config = good(&with(
        r#"{"models": {"local": {"aliases": ["gpt-4o"]}}, "virtual_models": {"gpt-4.1": "auto"}}"#,
    ));
    assert_eq!(config.table.models["gpt-4o"].name, "local");
    assert_eq!(config.table.virtual_models["gpt-4.1"].name, "auto");
    assert!(!config.table.models.contains_key("gpt-4.1"));
}

#[test]
fn tables_may_use_aliases() {
    let config = good(
        r#"{"models": {"gpt-5.4-nano": {"aliases": ["nano"]}},
            "tiers": {"SIMPLE": "nano", "MEDIUM": "nano", "COMPLEX": "nano", "REASONING": "gpt-5.5"}}"#,
    );
    assert_eq!(names(&config, "auto", Tier::Simple), ["gpt-5.4-nano"]);
}

#[test]
fn the_doubles_of_a_protobuf_struct_are_integers_where_integers_belong() {
    let config = good(
        r#"{"models": {"m": {"context_window": 128000.0, "max_output": 1.28e5, "input_price": 2.0}},
            "default_output_tokens": 500.0, "limits": {"max_depth": 64.0},
            "overrides": {"reasoning_markers": 3e0},
            "rules": {"dimensions": {"codePresence": {"steps": [{"at": 1.0, "value": 1}, {"at": 2.0, "value": 1.0}]}}}}"#,
    );
    let m = &config.table.models["m"];
    assert_eq!((m.context_window, m.max_output, m.input_price), (Some(128_000), Some(128_000), Some(2.0)));
    assert_eq!((config.default_output_tokens, config.limits.max_depth), (500, 64));
}

/// A document as the Struct that Envoy makes of its YAML: fractions and large integers are texts.
fn as_struct(document: &str) -> Vec<u8> {
    use prost_types::{ListValue, Struct, Value as Dynamic, value::Kind};
    fn object(fields: &serde_json::Map<String, serde_json::Value>) -> Struct {
        Struct { fields: fields.iter().map(|(key, value)| (key.clone(), any(value))).collect() }
    }
    fn any(value: &serde_json::Value) -> Dynamic {
        let kind = match value {
            serde_json::Value::Null => Kind::NullValue(0),
            serde_json::Value::Bool(truth) => Kind::BoolValue(*truth),
            serde_json::Value::Number(number) => match number.as_i64().and_then(|n| i32::try_from(n).ok()) {
                Some(small) => Kind::NumberValue(small.into()),
                None => Kind::StringValue(number.to_string()),
            },
            serde_json::Value::String(text) => Kind::StringValue(text.clone()),
            serde_json::Value::Array(list) => {
                Kind::ListValue(ListValue { values: list.iter().map(any).collect() })
            }
            serde_json::Value::Object(fields) => Kind::StructValue(object(fields)),
        };
        Dynamic { kind: Some(kind) }
    }
    let document: serde_json::Value = serde_json::from_str(document).unwrap();
    prost::Message::encode_to_vec(&object(document.as_object().unwrap()))
}

#[test]
fn regression_fractions_in_envoys_yaml_are_numbers() {
    let document = r#"{"models": {"1.5": {"input_price": 0.25, "context_window": 900000000, "aliases": ["2.5"]}},
        "tiers": {"SIMPLE": "1.5", "MEDIUM": ["2.5"], "COMPLEX": "1.5", "REASONING": "1.5"}, "baseline": "gpt-5.5",
        "overrides": {"agentic_score": 0.75}, "rules": {"dimensions": {"codePresence": {"weight": 0.4}}}}"#;
    let config = parse(&as_struct(document)).unwrap();
    let model = &config.table.models["1.5"];
    assert_eq!((model.input_price, model.context_window), (Some(0.25), Some(900_000_000)));
    assert_eq!(config.overrides.agentic_score, 0.75);
    assert_eq!(names(&config, "auto", Tier::Medium), ["1.5"]);
    // A text that is no number stays a mistake, and so does a number in quotes in JSON.
    for (wrong, told) in
        [("\"dear\"", "\"dear\" is a string"), ("1000001.5", "too large"), ("\"nan\"", "is a string")]
    {
        let said = parse(&as_struct(&document.replace("0.25", wrong))).unwrap_err().to_string();
        assert!(said.contains("input_price") && said.contains(told), "{said}");
    }
    assert!(errors(&document.replace("0.25", "\"0.25\"")).contains("\"0.25\" is a string"));
}

#[test]
fn a_dimension_keeps_what_is_not_overridden() {
    let params = params(
        r#"{"rules": {"dimensions": {"codePresence": {"weight": 0.4}, "outputFormat": {"steps": [{"at": 5, "value": 1}]}},
            "boundaries": {"complex": 0.2}}, "overrides": {"reasoning_markers": 7}}"#,
    );
    let rule = |d| params.rules.iter().find(|r| r.dimension == d).unwrap();
    assert_eq!(rule(Dimension::CodePresence).weight, 0.4);
    assert_eq!(rule(Dimension::CodePresence).steps.len(), 2);
    assert_eq!(rule(Dimension::OutputFormat).weight, 0.03);
    assert_eq!(rule(Dimension::OutputFormat).steps, [Step { at: 5, value: 1.0 }]);
    assert_eq!((params.boundaries.medium, params.boundaries.complex), (0.0, 0.2));
    assert_eq!(params.reasoning_override, 7);
}

#[test]
fn a_promotion_holds_from_its_first_second_to_the_one_before_its_end() {
    let config = good(&with(
        r#"{"promotions": [
            {"name": "a", "profile": "auto", "tier": "MEDIUM", "models": "gpt-5.5", "from": "2026-11-01", "until": "2026-12-01"},
            {"name": "b", "profile": "auto", "tier": "MEDIUM", "models": ["gpt-5", "gpt-5.5"],
             "from": "2026-12-01T02:00:00+02:00", "until": "2026-12-01T00:00:01.5Z"}]}"#,
    ));
    let (from, until) = (1_793_491_200, 1_796_083_200);
    let first = |tier, now| {
        let auto = &config.table.profiles["auto"];
        config.table.candidates(auto, tier, now)[0].name.as_str()
    };
    for (now, medium) in [
        (0, "gpt-5.4-mini"),
        (from - 1, "gpt-5.4-mini"),
        (from, "gpt-5.5"),
        (until - 1, "gpt-5.5"),
        (until, "gpt-5"),
        (until + 1, "gpt-5.4-mini"),
    ] {
        assert_eq!(first(Tier::Medium, Timestamp::of_seconds(now)), medium, "{now}");
        assert_eq!(first(Tier::Simple, Timestamp::of_seconds(now)), "gpt-5.6-luna", "{now}");
    }
}

#[test]
fn every_key_of_the_example_document_is_known() {
    let config = good(
        &json!({
            "$schema": "https://example.org/tiergate.schema.json",
            "default_cluster": "litellm",
            "baseline": "claude-opus-5",
            "models": {
                "gpt-5.4-nano": {
                    "cluster": "openai", "upstream_model": "gpt-5.4-nano", "input_price": 0.2, "output_price": 1.25,
                    "context_window": 272000, "max_output": 128000, "tools": true, "vision": true, "aliases": ["nano"],
                },
                "glm": {"upstream_model": "zai/glm-5.3-flash"},
            },
            "profiles": {
                "auto": {
                    "tiers": {"SIMPLE": ["gpt-5.4-nano"], "MEDIUM": ["gpt-5-mini", "glm"], "COMPLEX": "gpt-5.5",
                              "REASONING": ["claude-opus-5"]},
                    "default_model": "gpt-5-mini", "agentic_profile": "agentic",
                },
                "agentic": {"tiers": {"SIMPLE": "nano", "MEDIUM": "glm", "COMPLEX": "gpt-5.5", "REASONING": "gpt-5.5"}},
            },
            "virtual_models": {"smart/auto": "auto", "best": "agentic"},
            "scorer": "rules",
            "rules": {"keywords": {"codePresence": ["kubectl", "terraform*", "関数"]}},
            "overrides": {"reasoning_markers": 2, "reasoning_confidence": 0.85, "context_tokens": 100000,
                          "context_tier": "COMPLEX", "structured_tier": "MEDIUM", "agentic_score": 0.5},
            "promotions": [{"name": "launch", "profile": "auto", "tier": "MEDIUM", "models": ["glm"],
                            "from": "2026-11-01", "until": "2026-12-01"}],
            "headers": {"cluster": "x-tiergate-cluster", "model": "x-tiergate-model", "tier": "x-tiergate-tier",
                        "model_as": ["x-gateway-model-name"], "response": "full"},
            "paths": {"chat_completions": ["/chat/completions"], "completions": [], "responses": ["/responses"],
                      "messages": ["/messages"], "gemini": [":generateContent"]},
            "limits": {"scan_head_bytes": 1024, "scan_tail_bytes": 0, "max_depth": 128},
            "default_output_tokens": 1000,
            "filter_state": true,
        })
        .to_string(),
    );
    assert_eq!(config.headers.response, ResponseHeaders::Full);
    assert_eq!(config.headers.model_as, ["x-gateway-model-name"]);
    assert!(config.paths.completions.is_empty());
    assert_eq!(config.table.models["glm"].input_price, Some(0.15));
}

#[test]
fn a_models_name_may_stand_for_a_profile_whose_control_is_unchanged() {
    let config = good(&with(
        r#"{"profiles": {"auto": {"control": "unchanged", "percent": 10}}, "virtual_models": {"gpt-5.4-mini": "auto"}}"#,
    ));
    assert_eq!(config.table.virtual_models["gpt-5.4-mini"].name, "auto");
    assert_eq!(config.table.models["gpt-5.4-mini"].name, "gpt-5.4-mini", "it is where the others go");
    assert_eq!(names(&config, "auto", Tier::Medium), ["gpt-5.4-mini"]);
}

/// A protobuf Struct of one section with one text: what Envoy makes of `{section: {key: 0.5}}` in its YAML.
fn text_in_a_struct(section: &str, key: &str, text: &str) -> Vec<u8> {
    let field = |tag: u8, bytes: &[u8]| [&[tag, u8::try_from(bytes.len()).unwrap()][..], bytes].concat();
    let entry =
        |key: &str, value: Vec<u8>| field(0x0a, &[field(0x0a, key.as_bytes()), field(0x12, &value)].concat());
    entry(section, field(0x2a, &entry(key, field(0x1a, text.as_bytes()))))
}

#[test]
fn a_number_that_envoy_made_a_text_of_is_a_number() {
    let parsed = |text: &str| parse(&text_in_a_struct("eligibility", "window_margin", text));
    assert_eq!(parsed("0.25").unwrap().window_margin, 0.25);
    assert_eq!(parsed("3").unwrap().window_margin, 3.0);
    for (text, told) in
        [("much", "\"much\" is a string"), ("NaN", "\"NaN\" is a string"), ("1e9", "from 0 to 10")]
    {
        let errors = parsed(text).map(drop).unwrap_err().to_string();
        assert!(errors.contains(told), "{errors}");
    }
    let errors = errors(r#"{"eligibility": {"window_margin": "0.25"}}"#);
    assert!(errors.contains("\"0.25\" is a string"), "JSON has numbers of its own: {errors}");
    let cluster = parse(&text_in_a_struct("headers", "cluster", "12")).unwrap().headers.cluster;
    assert_eq!(cluster, "12", "a text stays one");
}

#[test]
fn built_in_markers_are_switched_off_one_by_one() {
    let all = ["<user_info>", "<system-reminder>", "<environment_details>"];
    let block = |open: &str| format!("{open}x{}Why?", open.replace('<', "</"));
    let cut = |config: &Config, text: &str| {
        let (mut kept, mut budget) = (Vec::new(), crate::ask::Budget::of(text.len()));
        let part = crate::chat::Span { start: 0, end: text.len() };
        config.ask.markers.cut(text.as_bytes(), part, &mut budget, &mut kept, &mut Vec::new());
        kept.iter()
            .map(|span| String::from_utf8_lossy(span.of(text.as_bytes())).into_owned())
            .collect::<String>()
    };
    for off in all {
        let config = good(&format!(r#"{{"conversation": {{"markers_off": ["{off}"]}}}}"#));
        for open in all {
            let text = block(open);
            let left = if open == off { text.as_str() } else { "Why?" };
            assert_eq!(cut(&config, &text), left, "{open} without {off}");
        }
    }
}
