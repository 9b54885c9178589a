//! What the targets share: an independent reading of JSON, and a configuration.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserializer;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;
use tiergate_core::chat;
use tiergate_core::config::{self, Config};

/// The members of a JSON object as another parser has them, in order, repeated ones too; none where it is no object.
pub fn members(body: &[u8]) -> Option<Vec<(String, String)>> {
    struct Members;

    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(String, String)>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some((key, value)) = map.next_entry::<String, Box<RawValue>>()? {
                members.push((key, value.get().to_owned()));
            }
            Ok(members)
        }
    }

    let mut parser = serde_json::Deserializer::from_slice(body);
    let members = parser.deserialize_map(Members).ok()?;
    parser.end().ok()?;
    Some(members)
}

/// Whether another parser takes it for JSON.
pub fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<&RawValue>(body).is_ok()
}

/// Families of `src/core/fit/families.tsv`, each of which is a model's name as well.
pub const FAMILIES: [&str; 12] = [
    "anthropic",
    "anthropic-adaptive",
    "anthropic-thinking",
    "deepseek",
    "gemini",
    "groq",
    "kimi",
    "mistral",
    "openai",
    "openai-reasoning",
    "qwen",
    "xai",
];

/// A configuration with all that an operator may decide: rules, tenants, groups, other endpoints and a list of models to
/// discover. It edits as much as any does, with a model of each family under the family's name.
pub fn configuration() -> Config {
    let models: BTreeMap<&str, serde_json::Value> =
        FAMILIES.iter().map(|family| (*family, serde_json::json!({"family": family}))).collect();
    let document = serde_json::json!({
        "fit": "strict", "fit_pinned": true, "session": {"mode": "pinned"}, "models": models,
        "routing_rules": [
            {"name": "words", "keywords": ["contract law", "lawsuit*", "NDA", "\u{5408}\u{540c}"], "min_tier": "COMPLEX"},
            {"name": "tickets", "regex": "(?i)\\bticket-\\d+", "model": FAMILIES[4]},
        ],
        "groups": {"a-group": [FAMILIES[5], FAMILIES[6]]},
        "endpoints": {"/embeddings": FAMILIES[7], "/audio/transcriptions": "a-group"},
        "overrides": {"stall_repeats": 3},
        "discover": {"cluster": "models"}, "models_endpoint": "merge",
        "tiers": {"SIMPLE": [FAMILIES[0]], "MEDIUM": [FAMILIES[1]], "COMPLEX": [FAMILIES[2]], "REASONING": [FAMILIES[3]]},
    });
    config::parse(document.to_string().as_bytes()).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// The body with a prefix in place of its own.
pub fn carried_out(body: &[u8], prefix: &chat::Prefix) -> Vec<u8> {
    let mut new = prefix.head.clone();
    new.extend_from_slice(&prefix.tail);
    new.extend_from_slice(&body[prefix.end..]);
    assert_eq!(new.len() as i64, body.len() as i64 + prefix.growth());
    new
}
