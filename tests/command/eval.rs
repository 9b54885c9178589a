//! `tiergate eval`.

use serde_json::Value;

use super::{file, text, tiergate};

/// Two greetings that both models answer, two proofs of which the large one finds one, and a German greeting.
const ROWS: &str = r#"{"id": 1, "prompt": "Hello!", "models": {"small": 1, "large": 1}, "label": "SIMPLE", "group": "g", "lang": "en"}
{"id": 2, "prompt": "Thank you!", "models": {"small": 1, "large": 1}, "tier": "simple"}
{"id": 3, "prompt": "Prove by induction that the theorem holds for all n, step by step.", "models": {"small": 0, "large": 1}, "label": "COMPLEX", "acceptable": ["REASONING"]}
{"id": 4, "prompt": "Derive the formula step by step, then prove the lemma by contradiction.", "models": {"small": 0, "large": 0, "rare": null}, "label": "REASONING"}
{"id": 5, "prompt": "Hallo!", "models": {"small": 1, "large": 1}, "group": "g", "lang": "de"}
"#;

fn json(arguments: &[&str]) -> Value {
    let done = tiergate(&[&["eval", "--json"], arguments].concat(), "");
    assert!(done.status.success(), "{}", text(&done.stderr));
    serde_json::from_slice(&done.stdout).expect("JSON")
}

#[test]
fn scorers_and_controls_are_measured_on_the_same_rows() {
    let path = file("eval.jsonl", ROWS);
    let report = json(&[&path]);
    let told = &report["files"][0];
    assert_eq!((&told["rows"], &told["bad_lines"]), (&5.into(), &0.into()));
    assert_eq!(told["difficulty"]["panel"], serde_json::json!(["large", "small"]));
    let pair = &told["routing"][0];
    assert_eq!((&pair["weak"], &pair["strong"]), (&"small".into(), &"large".into()));
    let value = |of: &Value| of["value"].as_f64().map(|value| (value * 1000.0).round() / 1000.0);
    for (system, quality, calls) in [
        ("rules", 0.8, 0.4),
        ("calibrated", 0.8, 0.4),
        ("always-cheapest", 0.6, 0.0),
        ("always-strongest", 0.8, 1.0),
    ] {
        let one = &pair["scorers"][system];
        assert_eq!(value(&one["quality"]), Some(quality), "{system}: {one}");
        assert_eq!(value(&one["strong_calls"]), Some(calls), "{system}: {one}");
    }
    assert_eq!(value(&pair["scorers"]["always-cheapest"]["apgr"]), Some(0.5));
    assert!(told["difficulty"]["rho"]["always-cheapest"].is_null());
    for scorer in ["rules", "calibrated"] {
        assert!(value(&told["difficulty"]["rho"][scorer]) > Some(0.7), "{told}");
        let tiers = &told["tiers"]["scorers"][scorer];
        assert_eq!((value(&tiers["exact"]), value(&tiers["too_low"])), (Some(1.0), Some(0.0)));
        assert_eq!(value(&tiers["too_high"]), Some(0.25));
        assert_eq!(value(&told["languages"]["scorers"][scorer]["by_language"]["de"]["same_tier"]), Some(1.0));
        assert_eq!(value(&told["shares"][scorer]["SIMPLE"]), Some(0.6));
    }
    let exact = &told["tiers"]["scorers"]["always-cheapest"]["exact"];
    assert_eq!(value(exact), Some(0.5));
    assert!(exact["low"].as_f64() < Some(0.5) && exact["high"].as_f64() > Some(0.5), "{exact}");

    let said = text(&tiergate(&["eval", &path], "").stdout);
    for part in [
        "eval.jsonl: 5 rows",
        "small (0.600) or large (0.800), the weakest and the strongest of the panel",
        "always-strongest  0.500 [0.50, 0.50]  0.800",
        "within one",
        "language: 1 row beside the English one, in 1 language",
        "abstained",
        "200 rounds, seed 1",
    ] {
        assert!(said.contains(part), "{part} in:\n{said}");
    }
    assert_eq!(said, text(&tiergate(&["eval", &path], "").stdout));
    assert!(!said.contains("mean over files"));
    let two = text(&tiergate(&["eval", "--rounds", "0", &path, &path], "").stdout);
    assert!(two.contains("routing: APGR, 2 files") && !two.contains("rounds"), "{two}");
}

#[test]
fn a_row_is_judged_as_score_judges_it() {
    let rows = r#"{"id": 1, "prompt": "Hello!"}
{"id": 2, "prompt": "Hello!", "system": "Answer in JSON."}
{"id": 3, "messages": [{"role": "user", "content": "Prove by induction that the theorem holds, step by step."}]}
{"id": 4, "prompt": "and why?", "history": [{"role": "user", "content": "Hello!"}]}
"#;
    let path = file("eval-score.jsonl", rows);
    let shares = &json(&[&path])["files"][0]["shares"];
    for scorer in ["rules", "calibrated"] {
        let told = text(&tiergate(&["score", "--scorer", scorer, &path], "").stdout);
        for tier in ["SIMPLE", "MEDIUM", "COMPLEX", "REASONING"] {
            let rows = told.lines().filter(|line| line.contains(&format!("\"tier\":\"{tier}\""))).count();
            assert_eq!(shares[scorer][tier]["value"], rows as f64 / 4.0, "{scorer} {tier} in {told}");
        }
    }
}

#[test]
fn pairs_and_models_that_are_left_out_can_be_named() {
    let path = file("eval-named.jsonl", ROWS);
    let pairs = |arguments: &[&str]| -> Vec<(Value, Value)> {
        let report = json(&[arguments, &[&path]].concat());
        let all = report["files"][0]["routing"].as_array().cloned().unwrap_or_default();
        all.iter().map(|pair| (pair["strong"].clone(), pair["named"].clone())).collect()
    };
    assert_eq!(pairs(&[]), [("large".into(), false.into())]);
    assert_eq!(pairs(&["--pairs", "large,small"]), [("small".into(), true.into())]);
    let sets = file("sets.json", r#"{"eval-named": {"pairs": [], "leave_out": ["small"]}, "other": {}}"#);
    assert!(pairs(&["--sets", &sets]).is_empty());
    let report = json(&["--sets", &sets, &path]);
    assert_eq!(report["files"][0]["difficulty"]["panel"], serde_json::json!(["large"]));

    let unknown = tiergate(&["eval", "--pairs", "small,huge", &path], "");
    assert!(unknown.status.success() && text(&unknown.stderr).contains("small,huge"));
    let sets = file("wrong-sets.json", r#"{"eval-named": {"pair": []}}"#);
    let wrong = tiergate(&["eval", "--sets", &sets, &path], "");
    assert!(text(&wrong.stderr).contains("wrong-sets.json") && wrong.status.code() == Some(1));
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_is_measured() {
    let bad = [
        r#"{"id": 1, "prompt": "Hello!"}"#,
        r#"{"id": 2, "prompt": "Hello!", "label": "HARD"}"#,
        r#"{"id": 3, "prompt": "Hello!", "models": {"small": 3}}"#,
        "",
        r#"{"id": 4, "prompt": "#,
        r#"{"id": 5, "prompt": 7}"#,
        r#"{"id": 6, "prompt": ""}"#,
    ];
    let path = file("eval-bad.jsonl", &bad.join("\n"));
    let done = tiergate(&["eval", &path, "/nowhere/at/all.jsonl"], "");
    assert!(done.status.success(), "{}", text(&done.stderr));
    let said = text(&done.stdout);
    assert!(said.contains("1 row, 1 without text to judge, 4 bad lines left out"), "{said}");
    let told = text(&done.stderr);
    for (line, what) in [(2, "HARD"), (3, "\"small\" is not from 0 to 1"), (5, "EOF"), (6, "a string")] {
        let begin = format!("eval-bad.jsonl:{line}: ");
        let found = told.lines().find(|told| told.contains(&begin)).unwrap_or_default();
        assert!(found.contains(what), "{line} {what} in:\n{told}");
    }
    assert!(told.contains("/nowhere/at/all.jsonl: "), "{told}");

    let empty = file("eval-empty.jsonl", "{}\n");
    for files in [&["/nowhere/at/all.jsonl"][..], &[&empty]] {
        let done = tiergate(&[&["eval"], files].concat(), "");
        assert_eq!((done.status.code(), done.stdout.is_empty()), (Some(1), true));
        assert!(text(&done.stderr).contains(files[0]));
    }
}
