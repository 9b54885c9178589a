//! Documents with an upstream's list in them.

use super::*;
use crate::discover::list::{self, Listed};
use crate::discover::read::Mistakes;

fn listed(list: &str) -> Vec<Listed> {
    let mut mistakes = Mistakes::default();
    let found = list::read(&serde_json::from_str(list).expect("JSON"), &mut mistakes);
    assert_eq!(mistakes.into_result("list"), Ok(()));
    found
}

fn with_list(document: &str, list: &str) -> Config {
    good(document).discovered(&listed(list)).unwrap_or_else(|errors| panic!("{errors}"))
}

const LIST: &str = r#"{"data": [{"id": "small-7b", "owned_by": "vllm", "max_model_len": 8192}, {"id": "middle-14b"},
    {"id": "large-70b"}, {"id": "vectors-embed"}, {"id": "whisper-1"}, {"id": "nobody-knows"}]}"#;

#[test]
fn listed_models_are_the_tables_where_the_document_has_none() {
    let config = with_list(r#"{"discover": {"cluster": "vllm"}}"#, LIST);
    assert_eq!(config.table.profiles.keys().collect::<Vec<_>>(), ["auto"]);
    assert_eq!(names(&config, "auto", Tier::Simple), ["small-7b"]);
    assert_eq!(names(&config, "auto", Tier::Medium), ["middle-14b"]);
    assert_eq!(names(&config, "auto", Tier::Reasoning), ["large-70b"]);
    let small = &config.table.models["small-7b"];
    assert_eq!(
        (small.cluster.as_str(), small.context_window, small.input_price),
        ("vllm", Some(8192), Some(0.0))
    );
    // Clients may ask for it by name, but nothing shows how strong it is.
    assert_eq!(config.table.models["nobody-knows"].cluster, "vllm");
    assert!(
        !config.table.models.contains_key("vectors-embed") && !config.table.models.contains_key("whisper-1")
    );
    assert_eq!(config.table.virtual_models["smart/eco"].name, "auto");
}

#[test]
fn a_model_that_is_gone_is_out_with_the_next_list() {
    let config = with_list(r#"{"discover": {"cluster": "vllm"}}"#, LIST);
    let next =
        config.discovered(&listed(r#"[{"id": "small-7b"}, {"id": "new-32b"}]"#)).expect("a configuration");
    assert_eq!(names(&next, "auto", Tier::Complex), ["new-32b"]);
    assert!(!next.table.models.contains_key("large-70b"));
}

#[test]
fn listed_models_stand_behind_those_that_the_document_names() {
    let document = with(
        r#"{"discover": {"cluster": "vllm", "sizes": [3, 10], "block": ["mid*"], "tiers": {"REASONING": ["nobody-*"]}},
            "models": {"large-70b": {"cluster": "own", "context_window": 5}}, "virtual_models": {"large-70b-auto": "auto"}}"#,
    );
    let config = with_list(
        &document,
        r#"["small-7b", "middle-14b", "large-70b", "nobody-knows", "large-70b-auto", "smart/auto", "openai/*"]"#,
    );
    assert_eq!(names(&config, "auto", Tier::Medium), ["gpt-5.4-mini", "small-7b"]);
    assert_eq!(names(&config, "auto", Tier::Complex), ["claude-sonnet-5", "large-70b"]);
    assert_eq!(names(&config, "auto", Tier::Reasoning)[1..], ["nobody-knows", "large-70b"]);
    let large = &config.table.models["large-70b"];
    assert_eq!((large.cluster.as_str(), large.context_window), ("own", Some(5)));
    assert!(!config.table.models.contains_key("openai/*") && !config.table.models.contains_key("middle-14b"));
    let allowed = with_list(r#"{"discover": {"cluster": "v", "allow": ["large-70b", "sm*"]}}"#, LIST);
    assert!(
        allowed.table.models.contains_key("small-7b") && !allowed.table.models.contains_key("middle-14b")
    );
    // Profiles of their own stay what they are, but for auto.
    let tiers = r#"{"SIMPLE": "gpt-5-nano", "MEDIUM": "gpt-5-nano", "COMPLEX": "gpt-5-nano", "REASONING": "gpt-5-nano"}"#;
    let document = format!(
        r#"{{"discover": {{"cluster": "v"}}, "profiles": {{"auto": {{"tiers": {tiers}}}, "eco": {{"tiers": {tiers}}}}}}}"#
    );
    let config = with_list(&document, LIST);
    assert_eq!(names(&config, "auto", Tier::Simple), ["gpt-5-nano", "small-7b"]);
    assert_eq!(names(&config, "eco", Tier::Simple), ["gpt-5-nano"]);
}

#[test]
fn any_list_gives_a_configuration_or_none() {
    let config = good(r#"{"discover": {"cluster": "v"}}"#);
    let names: Vec<String> = (0..2000).map(|n| format!("\"m{n}-7b\"")).collect();
    let many = config.discovered(&listed(&format!("[{}]", names.join(",")))).expect("a configuration");
    assert!(many.table.models.keys().filter(|name| name.ends_with("-7b")).count() <= 128);
    assert!(many.table.profiles["auto"].tiers.simple.len() <= 64);
    for odd in
        [r#"[" x", "y\n", "", "ü-7b", "a b-9b"]"#, r#"["gpt-5", "gpt-5-7b"]"#, "[]", r#"["nothing-known"]"#]
    {
        let mut mistakes = Mistakes::default();
        let found = list::read(&serde_json::from_str(odd).expect("JSON"), &mut mistakes);
        assert!(config.discovered(&found).is_ok(), "{odd}");
    }
}
