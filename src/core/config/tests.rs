//! What a document means, and what is reported of a wrong one. Rows are named; `json` documents are what Envoy hands over.

use serde_json::{Value, json};

use super::*;
use crate::ask::Markers;
use crate::score::{Dimension, Step};
use crate::tier::Tier;

/// The smallest useful document: one model a tier, all of the shipped catalogue.
const MINIMAL: &str = r#"{"tiers": {"SIMPLE": "gpt-5.6-luna", "MEDIUM": "gpt-5.4-mini",
    "COMPLEX": "claude-sonnet-5", "REASONING": "claude-opus-5"}}"#;

fn good(document: &str) -> Config {
    match parse(document.as_bytes()) {
        Ok(config) => config,
        Err(errors) => panic!("{document}\n{errors}"),
    }
}

fn errors(document: &str) -> String {
    parse(document.as_bytes()).map(|_| ()).unwrap_err().to_string()
}

fn names(config: &Config, profile: &str, tier: Tier) -> Vec<String> {
    config.table.profiles[profile].tiers.get(tier).iter().map(|m| m.name.clone()).collect()
}

/// The minimal document with more keys.
fn with(more: &str) -> String {
    let mut document: Value = serde_json::from_str(MINIMAL).unwrap();
    let more: Value = serde_json::from_str(more).unwrap_or_else(|e| panic!("{more}: {e}"));
    for (key, value) in more.as_object().unwrap() {
        document[key] = value.clone();
    }
    document.to_string()
}

mod defaults {
    use super::*;

    #[test]
    fn an_empty_document_gives_the_shipped_profiles() {
        for document in ["", " \n", "{}", "\u{feff}{}"] {
            let config = good(document);
            let profiles: Vec<_> = config.table.profiles.keys().map(String::as_str).collect();
            assert_eq!(profiles, ["agentic", "auto", "eco", "free", "premium"]);
            for name in profiles {
                assert_eq!(config.table.virtual_models[&format!("smart/{name}")].name, name);
            }
            assert_eq!(config.table.profiles["auto"].agentic_profile.as_deref(), Some("agentic"));
            assert_eq!(config.table.profiles["eco"].agentic_profile, None);
            assert_eq!(config.table.default_cluster, "litellm");
            assert_eq!(config.table.baseline.as_ref().unwrap().name, "claude-opus-5");
            assert_eq!(config.default_output_tokens, 1000);
            let limits = Limits { scan_head_bytes: 512, scan_tail_bytes: 256, max_depth: 128 };
            assert_eq!(config.limits, limits);
            assert_eq!((config.ask.history_turns, &config.ask.markers), (6, &Markers::default()));
            assert_eq!(config.headers.response, ResponseHeaders::Basic);
            assert_eq!(config.headers.cluster, "x-tiergate-cluster");
            assert_eq!(config.overrides.context_tokens, 100_000);
            assert_eq!(config.paths.gemini, [":generateContent", ":streamGenerateContent"]);
        }
    }

    #[test]
    fn each_shipped_tier_can_serve_tools_and_images_and_has_a_second_vendor() {
        let vendor = |name: &str| {
            let name = name.strip_prefix("openrouter/").unwrap_or(name);
            name.split(['/', '-']).next().unwrap_or_default().to_owned()
        };
        for profile in good("").table.profiles.values() {
            for tier in Tier::ALL {
                let list = profile.tiers.get(tier);
                let place = format!("{} {}", profile.name, tier.name());
                assert!((2..=3).contains(&list.len()), "{place}");
                assert!(list.iter().any(|m| m.tools && m.vision), "{place}: tools and vision");
                assert!(list.iter().all(|m| m.tools || profile.name != "agentic"), "{place}: tools");
                assert!(list.iter().all(|m| m.context_window.is_some() && m.max_output.is_some()), "{place}");
                let vendors: std::collections::BTreeSet<_> = list.iter().map(|m| vendor(&m.name)).collect();
                assert!(vendors.len() > 1, "{place}: {vendors:?}");
                let free = list.iter().all(|m| m.input_price == Some(0.0) && m.output_price == Some(0.0));
                assert_eq!(free, profile.name == "free", "{place}: price");
            }
        }
    }

    #[test]
    fn the_rule_numbers_are_the_table() {
        type Row = (&'static str, f64, &'static [(u32, f64)]);
        let table: [Row; 15] = [
            ("reasoningMarkers", 0.18, &[(1, 0.7), (2, 1.0)]),
            ("codePresence", 0.15, &[(1, 0.5), (2, 1.0)]),
            ("multiStepPatterns", 0.12, &[(1, 0.5)]),
            ("technicalTerms", 0.10, &[(2, 0.5), (4, 1.0)]),
            ("tokenCount", 0.08, &[]),
            ("creativeMarkers", 0.05, &[(1, 0.5), (2, 0.7)]),
            ("questionComplexity", 0.05, &[(4, 0.5)]),
            ("constraintCount", 0.04, &[(1, 0.3), (3, 0.7)]),
            ("agenticTask", 0.04, &[(1, 0.2), (3, 0.6), (4, 1.0)]),
            ("imperativeVerbs", 0.03, &[(1, 0.3), (2, 0.5)]),
            ("outputFormat", 0.03, &[(1, 0.4), (2, 0.7)]),
            ("referenceComplexity", 0.02, &[(1, 0.3), (2, 0.5)]),
            ("domainSpecificity", 0.02, &[(1, 0.5), (2, 0.8)]),
            ("simpleIndicators", 0.02, &[(1, -1.0)]),
            ("negationComplexity", 0.01, &[(2, 0.3), (3, 0.5)]),
        ];
        let params = params("{}");
        assert_eq!(params.rules.len(), table.len());
        for (rule, (name, weight, steps)) in params.rules.iter().zip(table) {
            let steps: Vec<Step> = steps.iter().map(|&(at, value)| Step { at, value }).collect();
            assert_eq!((rule.dimension.name(), rule.weight, &rule.steps), (name, weight, &steps));
        }
        let b = params.boundaries;
        assert_eq!((b.medium, b.complex, b.reasoning), (0.0, 0.3, 0.5));
        assert_eq!(
            (params.steepness, params.min_confidence, params.ambiguous_tier),
            (12.0, 0.7, Tier::Medium)
        );
        assert_eq!((params.tokens.short, params.tokens.long), (50, 500));
        assert_eq!((params.reasoning_override, params.reasoning_confidence), (2, 0.85));
    }
}

/// The numbers of a document, as the scorer gets them.
fn params(document: &str) -> crate::score::RuleParams {
    let document: raw::Document = serde_json::from_str(document).unwrap();
    let errors = error::Errors::default();
    let params = compile::rules::params(&document, &error::Scope::root(&errors));
    assert!(errors.is_empty(), "{}", errors.finish());
    params
}

mod console;
mod discovered;
mod fit;
mod meaning;

mod mistakes;

mod never_fatal;

mod routing;

#[cfg(feature = "schema")]
mod generated {
    use super::*;

    /// Compares a committed file with what the types generate; `TIERGATE_BLESS=1` writes it.
    fn committed(path: &str, text: &str) {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
        if std::env::var_os("TIERGATE_BLESS").is_some() {
            std::fs::write(&path, text).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(found == text, "{} is out of step with the types: run `make docs`", path.display());
    }

    #[test]
    fn the_committed_schema_is_that_of_the_types() {
        committed("src/core/config/tiergate.schema.json", &reference::schema());
    }

    #[test]
    fn the_committed_reference_is_that_of_the_types() {
        committed("docs/configuration.md", &reference::reference());
    }

    #[test]
    fn the_defaults_of_the_schema_are_those_of_an_empty_document() {
        let schema: Value = serde_json::from_str(check::SCHEMA).unwrap();
        let defaults: Value = schema["properties"]
            .as_object()
            .unwrap()
            .iter()
            .filter_map(|(key, schema)| Some((key.clone(), schema.get("default")?.clone())))
            .collect();
        assert_eq!(defaults, serde_json::to_value(raw::Document::default()).unwrap());
        good(&defaults.to_string());
    }
}
