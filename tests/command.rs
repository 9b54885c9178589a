//! The `tiergate` command as a user runs it.
#![expect(clippy::expect_used, reason = "a test that cannot go on has to stop")]

#[path = "command/completion.rs"]
mod completion;
#[path = "command/eval.rs"]
mod eval;
#[path = "command/init.rs"]
mod init;
#[path = "command/replay.rs"]
mod replay;
#[path = "command/signals.rs"]
mod signals;

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn tiergate(arguments: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tiergate"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    child.stdin.take().expect("a pipe").write_all(stdin.as_bytes()).expect("it reads");
    child.wait_with_output().expect("it ends")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn file(name: &str, content: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).expect("a file");
    path.to_str().expect("UTF-8").to_owned()
}

const SHORT: &str = r#"{"models": {"a": {}, "b": {}, "c": {}, "d": {}},
    "tiers": {"SIMPLE": "a", "MEDIUM": "b", "COMPLEX": "c", "REASONING": "d"}}"#;

#[test]
fn check_tells_all_mistakes_and_fails() {
    let good = tiergate(&["check", &file("good.json", SHORT)], "");
    assert!(good.status.success(), "{}", text(&good.stderr));
    let bad = SHORT.replace("\"d\"}", "\"e\"}").replace("{\"a\": {}", "{\"a\": {\"tools\": 3}");
    let bad = tiergate(&["check", &file("bad.json", &bad)], "");
    assert_eq!(bad.status.code(), Some(1));
    let said = text(&bad.stderr);
    assert!(said.contains("tiers.REASONING") && said.contains("models.a.tools"), "{said}");
    assert_eq!(tiergate(&["check", "/nowhere/at/all.json"], "").status.code(), Some(1));
}

#[test]
fn score_answers_each_line_in_its_place() {
    let lines = [
        r#"{"id": "hi", "prompt": "Hello!"}"#,
        r#"{"id": 2, "prompt": "Prove by induction that the theorem holds, step by step."}"#,
        "",
        r#"{"id": "both", "prompt": "x", "messages": []}"#,
        r#"{"id": "neither"}"#,
        r#"{"id": "cut", "prompt": "#,
        r#"{"id": "talk", "messages": [{"role": "user", "content": "Hello!"}], "tools": [{"type": "function"}]}"#,
        r#"{"id": "old", "prompt": "Hello!", "system": "Answer in JSON.", "history": [{"role": "user", "content": "x"}]}"#,
    ];
    let done = tiergate(&["score", "--config", &file("score.json", SHORT)], &lines.join("\n"));
    assert!(done.status.success(), "{}", text(&done.stderr));
    let answers: Vec<Value> =
        text(&done.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let told = |at: usize| {
        let answer = &answers[at];
        (answer["id"].clone(), answer["tier"].as_str(), answer["model"].as_str(), answer["error"].is_string())
    };
    assert_eq!(answers.len(), 7);
    assert_eq!(told(0), ("hi".into(), Some("SIMPLE"), Some("a"), false));
    assert_eq!(told(1), (2.into(), Some("REASONING"), Some("d"), false));
    assert_eq!(told(2), ("both".into(), None, None, true));
    assert_eq!(told(3), ("neither".into(), None, None, true));
    assert_eq!(told(4), ("cut".into(), None, None, true));
    assert_eq!(told(5), ("talk".into(), Some("SIMPLE"), Some("a"), false));
    assert_eq!(told(6), ("old".into(), Some("MEDIUM"), Some("b"), false));
    assert_eq!(answers[6]["cause"], "floor_structured");
    for key in ["score", "confidence"] {
        assert!(answers[0][key].is_number(), "{}", answers[0]);
    }
}

#[test]
fn features_and_the_calibrated_score_are_told() {
    let lines = [
        r#"{"id": 1, "prompt": "Prove that 3 divides n."}"#,
        r#"{"id": 2, "prompt": "qwrtz"}"#,
        r#"{"id": 3, "prompt": 7}"#,
    ]
    .join("\n");
    let answers = |args: &[&str]| -> Vec<Value> {
        let done = tiergate(args, &lines);
        assert!(done.status.success(), "{}", text(&done.stderr));
        text(&done.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    };
    let known = answers(&["features"]);
    assert_eq!(
        (&known[0]["features"]["numbers"], &known[0]["features"]["prove"]),
        (&1.0.into(), &1.0.into())
    );
    assert!(known[1]["features"]["prove"].is_null() && known[2]["error"].is_string());

    let told = answers(&["score", "--scorer", "calibrated", "--reasons"]);
    assert_eq!((&told[0]["cause"], &told[0]["tier"]), (&"score".into(), &"REASONING".into()));
    assert!(told[0]["reasons"][0]["tier"].is_number());
    assert_eq!((&told[1]["cause"], &told[1]["tier"]), (&"abstain".into(), &"MEDIUM".into()));
    assert!(told[2]["error"].is_string());
    let wrong = tiergate(&["score", "--scorer", "calibrated", "--weights", &file("w.tsv", "x")], "");
    assert!(
        text(&wrong.stderr).contains("calibrated.weights: the first line") && wrong.status.code() == Some(1)
    );
}

#[test]
fn explain_tells_what_shadow_mode_does_not_do() {
    let shadow = file("shadow.json", &SHORT.replacen('{', r#"{"mode": "shadow", "#, 1));
    let said = text(&tiergate(&["explain", "--config", &shadow, "Hello!"], "").stdout);
    assert!(
        said.contains("cause       shadow\n") && said.contains("model       b (cluster litellm)\n"),
        "{said}"
    );
    assert!(said.contains("not done    SIMPLE a (score)\n"), "{said}");
    let json = tiergate(&["explain", "--config", &shadow, "--json", "Hello!"], "");
    let json: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!((&json["model"], &json["shadow"]["model"]), (&Value::from("b"), &Value::from("a")));
}

#[test]
fn explain_takes_a_prompt_or_a_body_of_any_dialect() {
    let said = text(&tiergate(&["explain", "Hello!"], "").stdout);
    assert!(said.contains("tier        SIMPLE") && said.contains("simpleIndicators"), "{said}");
    for (body, dialect) in [
        (
            r#"{"model":"smart/auto","messages":[{"role":"user","content":"Hello!"}]}"#,
            "openai chat completions",
        ),
        (
            r#"{"model":"smart/auto","system":"x","messages":[{"role":"user","content":"Hello!"}]}"#,
            "anthropic messages",
        ),
        (r#"{"model":"smart/auto","input":"Hello!"}"#, "openai responses"),
        (r#"{"model":"smart/auto","prompt":"Hello!"}"#, "openai completions"),
        (r#"{"contents":[{"parts":[{"text":"Hello!"}]}]}"#, "gemini"),
    ] {
        let done = tiergate(&["explain", "--json"], body);
        let report: Value = serde_json::from_slice(&done.stdout).expect("JSON");
        assert_eq!(
            (report["dialect"].as_str(), report["tier"].as_str()),
            (Some(dialect), Some("SIMPLE")),
            "{report}"
        );
    }
    let pinned = tiergate(&["explain", "--json"], r#"{"model":"gpt-5","messages":[]}"#);
    let report: Value = serde_json::from_slice(&pinned.stdout).expect("JSON");
    assert_eq!((report["cause"].as_str(), report["tier"].is_null()), (Some("pinned"), true));
}

#[test]
fn models_shows_a_profile_and_refuses_an_unknown_one() {
    let said = text(&tiergate(&["models", "--config", &file("models.json", SHORT)], "").stdout);
    assert!(said.contains("profile auto (smart/agentic, smart/auto"), "{said}");
    // What requests may ask for as smart/NAME goes by its name here too.
    let config = file("models.json", SHORT);
    let eco = text(&tiergate(&["models", "--config", &config, "--profile", "eco"], "").stdout);
    assert!(eco.starts_with("profile auto ("), "{eco}");
    let eco = tiergate(&["explain", "--config", &config, "--profile", "eco", "Hello!"], "");
    assert!(text(&eco.stdout).contains("model       a "), "{}", text(&eco.stderr));
    let unknown = tiergate(&["explain", "--config", &config, "--profile", "free", "Hello!"], "");
    assert!(
        text(&unknown.stderr).contains("there are: agentic, auto, eco, premium"),
        "{}",
        text(&unknown.stderr)
    );
    let unknown = tiergate(&["models", "--profile", "nope"], "");
    assert_eq!(unknown.status.code(), Some(1));
    assert!(text(&unknown.stderr).contains("there are: agentic, auto, eco, free, premium"));
}

#[test]
fn explain_prints_what_each_candidate_is_weighed_by() {
    let document = r#"{"models": {"cheap": {"benchmarks": {"a": 40, "b": 60}, "input_price": 1, "output_price": 1},
        "dear": {"benchmarks": {"a": 90, "b": 90}, "input_price": 9, "output_price": 9}}, "baseline": "dear",
        "profiles": {"auto": {"strategy": "completion", "tiers": {"SIMPLE": ["cheap", "dear"], "MEDIUM": "dear",
        "COMPLEX": "dear", "REASONING": "dear"}}}}"#;
    let path = file("weighed.json", document);
    let said = text(&tiergate(&["explain", "--config", &path, "--json", "Hello!"], "").stdout);
    let report: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    let of = |at: usize, key: &str| {
        report.pointer(&format!("/considered/{at}/{key}")).cloned().unwrap_or_default()
    };
    assert_eq!((of(0, "model"), of(1, "model")), ("cheap".into(), "dear".into()));
    assert_eq!((of(0, "capability"), of(1, "capability")), (50.0.into(), 90.0.into()));
    let number = |at, key| of(at, key).as_f64().expect("a number");
    assert!(0.0 < number(0, "likelihood") && number(0, "likelihood") < number(1, "likelihood"));
    assert!((number(1, "cost_usd") / number(0, "cost_usd") - 9.0).abs() < 1e-6);
    assert_eq!(of(1, "tiers"), serde_json::json!(["SIMPLE", "MEDIUM", "COMPLEX", "REASONING"]));
    let said = text(&tiergate(&["explain", "--config", &path, "Hello!"], "").stdout);
    assert!(said.contains("capability likelihood"), "{said}");
}
