//! Wrong documents: a name, a document, and for each mistake its path and what the message has to say.

use super::*;

mod settings;
mod tables;

/// Each row's document adds these keys to the minimal one.
type Row = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

#[test]
fn each_is_told_with_its_path_and_nothing_else_is() {
    for (name, more, expected) in tables::ROWS.iter().chain(settings::ROWS) {
        let result = parse(with(more).as_bytes());
        let errors = result.map(|_| ()).expect_err(name);
        let told = errors.to_string();
        for (path, message) in *expected {
            let found = errors.iter().any(|e| e.path() == *path && e.message().contains(message));
            assert!(found, "{name}: expected {path}: {message}\ntold:\n{told}");
        }
        assert_eq!(errors.iter().count(), expected.len(), "{name}: told:\n{told}");
    }
}

#[test]
fn ten_mistakes_are_told_together() {
    let told = errors(
        r#"{
            "defualt_cluster": "x",
            "models": {"a": {"input_price": "cheap", "aliases": ["b"]}, "b": {"vision": 1}, "b": {}},
            "profiles": {
                "auto": {"tiers": {"SIMPLE": ["gpt-5.6-lunar", 3], "MEDIUM": [], "COMPLEX": "a"}, "agentic_profile": "agents"}
            },
            "rules": {"boundaries": {"complex": 0.6}},
            "promotions": [{"name": "p", "profile": "auto", "tier": "HARD", "models": "a", "from": "1.11.2026", "until": "2026-12-01"}],
            "headers": {"model": "Host"}
        }"#,
    );
    let paths: Vec<&str> = told.lines().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(
        paths,
        [
            "defualt_cluster",
            "headers.model",
            "models.a.aliases[0]",
            "models.a.input_price",
            "models.b",
            "models.b.vision",
            "profiles.auto.agentic_profile",
            "profiles.auto.tiers.MEDIUM",
            "profiles.auto.tiers.REASONING",
            "profiles.auto.tiers.SIMPLE[0]",
            "profiles.auto.tiers.SIMPLE[1]",
            "promotions[0].from",
            "promotions[0].tier",
            "rules.boundaries.reasoning",
        ],
        "{told}"
    );
}

#[test]
fn duplicate_keys_are_told_wherever_they_are() {
    let told = errors(
        r#"{"models": {"m": {"tools": true, "tools": false}, "m": {}}, "models": {},
            "promotions": [{"name": "a", "name": "a"}], "x\u0061": 1, "xa": 2}"#,
    );
    for path in [
        "models: the key",
        "models.m: the key",
        "models.m.tools: the key",
        "promotions[0].name: the key",
        "xa: the key",
    ] {
        assert!(told.contains(path), "{path}\n{told}");
    }
}

#[test]
fn a_profile_needs_a_table() {
    let told = errors(r#"{"profiles": {"eco": {}}}"#);
    assert!(told.starts_with("profiles.eco.tiers: missing; give a model for each of SIMPLE"), "{told}");
}

#[test]
fn too_many_models_are_refused() {
    let models: serde_json::Map<String, Value> = (0..257).map(|i| (format!("m{i}"), json!({}))).collect();
    let told = errors(&json!({"models": models}).to_string());
    assert_eq!(told, "models: has 257 entries; give at most 256");
}

#[test]
fn wrong_syntax_is_told_with_line_and_column() {
    for (document, expected) in [
        ("{\n  \"tiers\": }", "line 2 column 12: expected value; the document has to be JSON"),
        ("{\"a\": 1", "line 1 column 7: EOF while parsing an object"),
        ("tiers:\n  SIMPLE: x", "in Envoy's YAML it is a google.protobuf.Struct"),
        ("{} {}", "line 1 column 4: trailing characters"),
        ("{\"a\": \"\u{1}\"}", "line 1 column 8: control character"),
    ] {
        let told = errors(document);
        assert!(told.contains(expected), "{document}\n{told}");
    }
    assert!(errors("[]").starts_with("document: [] is a list; give an object"));
    assert!(parse(b"{\"baseline\": \"\xff\"}").is_err());
}
