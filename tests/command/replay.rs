//! `tiergate replay`, `tiergate explain --watch` and `tiergate diff`.

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use serde_json::{Value, json};

use super::{SHORT, file, text, tiergate};

fn line(id: &str, decision: &Value) -> String {
    json!({"time": "2026-11-26T21:00:00.000Z", "request_id": id, "status": 200, "duration_ms": 1200, "first_byte_ms": 300,
        "attempts": 1, "cluster": "litellm", "tiergate": decision.to_string()})
    .to_string()
        + "\n"
}

fn decision(model: &str, tier: &str, cost: f64) -> Value {
    json!({"model": model, "tier": tier, "profile": "auto", "cause": "score", "score": 0.2, "confidence": 0.9,
        "input_tokens": 1000, "output_tokens": 100, "cost": cost, "baseline_cost": 1.0, "decision_us": 40})
}

const CONFIG: &str = r#"
models:
  a: {input_price: 1, output_price: 1}
  b: {input_price: 10, output_price: 10}
  c: {input_price: 100, output_price: 100}
baseline: c
tiers: {SIMPLE: a, MEDIUM: b, COMPLEX: c, REASONING: c}
"#;

#[test]
fn a_log_as_table_json_and_page() {
    let log = line("1", &decision("a", "SIMPLE", 0.25))
        + &line("2", &decision("b", "MEDIUM", 0.5))
        + "not a line of the log\n"
        + "{\"status\":200,\"tiergate\":null}\n";
    let log = file("replay.log", &log);
    let page = format!("{log}.html");
    let table = tiergate(&["replay", &log, "--html", &page], "");
    assert!(table.status.success(), "{}", text(&table.stderr));
    let said = text(&table.stdout);
    assert!(said.contains("2 requests, 1 others, 4 lines"), "{said}");
    // (2 - 0.75) of 2.
    assert!(said.contains("saved 1.2500 USD (62.5 %) of the baseline's 2.0000 USD"), "{said}");
    assert!(text(&table.stderr).starts_with(&format!("{log}:3: ")), "{}", text(&table.stderr));
    let page = fs::read_to_string(page).expect("the page");
    assert!(page.starts_with("<!doctype html>") && page.contains("62.5 %"));

    let report = tiergate(&["replay", "--json", &log, &log], "");
    let report: Value = serde_json::from_slice(&report.stdout).expect("JSON");
    assert_eq!((&report["total"]["requests"], &report["broken"]["lines"]), (&4.into(), &2.into()));
    assert_eq!(report["by"]["model"][0]["name"], "a");

    let from_stdin = tiergate(&["replay", "-"], &fs::read_to_string(&log).expect("the log"));
    assert!(text(&from_stdin.stdout).contains("2 requests"));
    assert_eq!(tiergate(&["replay", "/nowhere.log"], "").status.code(), Some(1));
    assert_eq!(tiergate(&["replay", "-"], "nothing\nof a log\n").status.code(), Some(1));
}

#[test]
fn feedback_and_prompts_become_labelled_lines() {
    let said = |id: &str, tier: Value, thumbs: Value| {
        let told = json!({"feedback": {"request_id": id, "tier": tier, "thumbs": thumbs, "from": "api",
            "decided": {"tier": "SIMPLE", "model": "a"}}});
        json!({"request_id": "the post's own", "status": 202, "tiergate": told.to_string()}).to_string()
            + "\n"
    };
    let log = said("r1", "COMPLEX".into(), Value::Null)
        + &said("r2", Value::Null, "up".into())
        + &said("r3", Value::Null, "down".into())
        + &said("gone", "MEDIUM".into(), Value::Null)
        // Of two the last counts.
        + &said("r1", "REASONING".into(), "down".into());
    let prompts = [
        r#"{"request_id": "r1", "prompt": "Prove it.", "system": "Be brief."}"#,
        r#"{"id": "r2", "prompt": "Hello!"}"#,
        r#"{"request_id": "r3", "prompt": "Why?"}"#,
        r#"{"request_id": "unsaid", "prompt": "Who?"}"#,
    ];
    let (log, prompts) = (file("said.log", &log), file("said.jsonl", &prompts.join("\n")));
    let done = tiergate(&["replay", "--labels", &prompts, &log], "");
    let lines: Vec<Value> =
        text(&done.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let expected = [
        json!({"id": "r1", "request_id": "r1", "prompt": "Prove it.", "system": "Be brief.", "tier": "REASONING"}),
        json!({"id": "r2", "prompt": "Hello!", "tier": "SIMPLE"}),
    ];
    assert_eq!(lines, expected);
    assert!(
        text(&done.stderr).contains("1 requests has no prompt here, 1 names no tier"),
        "{}",
        text(&done.stderr)
    );
    let labelled = file("labelled.jsonl", &text(&done.stdout));
    let measured = tiergate(&["eval", "--rounds", "0", "--json", &labelled], "");
    let report: Value = serde_json::from_slice(&measured.stdout).expect("JSON");
    assert_eq!(report["files"][0]["tiers"]["rows"], 2);
}

#[test]
fn packed_logs_are_unpacked() {
    let log = file("packed.log", &line("1", &decision("a", "SIMPLE", 0.25)));
    assert!(Command::new("gzip").args(["-kf", &log]).status().expect("gzip").success());
    let done = tiergate(&["replay", &format!("{log}.gz")], "");
    assert!(text(&done.stdout).starts_with("1 requests"), "{}", text(&done.stderr));
    // One that is cut off, as after a full disk, is read to where that is.
    let packed = std::fs::read(format!("{log}.gz")).expect("a file");
    let cut = format!("{log}.cut.gz");
    std::fs::write(&cut, &packed[..packed.len() - 4]).expect("a file");
    let done = tiergate(&["replay", "--json", &cut, &log], "");
    assert!(done.status.success(), "{}", text(&done.stderr));
    let report: Value = serde_json::from_slice(&done.stdout).expect("JSON");
    assert_eq!(
        (&report["total"]["requests"], &report["broken"]["lines"]),
        (&json!(2), &json!(1)),
        "{report}"
    );
    assert!(text(&done.stderr).contains("cut.gz:2: the packed log cannot be read from here on"));
}

#[test]
fn what_another_configuration_would_cost() {
    // 1,100 tokens at 1 USD a million are 0.0011 USD, at 10 USD 0.011.
    let log = file(
        "if.log",
        &(line("1", &decision("a", "SIMPLE", 0.0011)) + &line("2", &decision("x", "MEDIUM", 0.5))),
    );
    let config = file("if.yaml", CONFIG);
    let done = tiergate(&["replay", "--json", "--config", &config, &log], "");
    let report: Value = serde_json::from_slice(&done.stdout).expect("JSON");
    let changes = &report["with_config"];
    assert_eq!((&changes["compared"], &changes["tier_changes"]), (&2.into(), &0.into()));
    assert_eq!((&changes["models"][0]["from"], &changes["models"][0]["to"]), (&"x".into(), &"b".into()));
    assert_eq!((&changes["cost_before_usd"], &changes["cost_after_usd"]), (&0.5011.into(), &0.0121.into()));
    assert!(!changes["assumptions"].as_array().expect("a list").is_empty());
}

#[test]
fn diff_tells_what_changes() {
    let (a, same) = (file("diff-a.yaml", CONFIG), file("diff-same.yaml", CONFIG));
    let b = file(
        "diff-b.yaml",
        &CONFIG.replace("SIMPLE: a", "SIMPLE: b").replace("REASONING: c", "REASONING: a"),
    );
    let prompts = file(
        "diff.jsonl",
        "{\"id\": \"hi\", \"prompt\": \"Hello!\"}\n{\"prompt\": \"Prove that there are infinitely many primes.\"}\n\
         What is the capital of Portugal?\n{\"prompt\": 3}\n",
    );
    let done = tiergate(&["diff", &a, &b, &prompts, "--json"], "");
    let report: Value = serde_json::from_slice(&done.stdout).expect("JSON");
    assert_eq!((&report["prompts"], &report["bad_lines"]), (&3.into(), &1.into()), "{report}");
    assert_eq!((&report["tier_changes"], &report["model_changes"]), (&0.into(), &3.into()), "{report}");
    // The dearest change first: from the dearest model to the cheapest.
    let first = &report["changed"][0];
    assert_eq!(
        (&first["id"], &first["a"]["model"], &first["b"]["model"]),
        (&2.into(), &"c".into(), &"a".into())
    );
    assert!(first["cost_change_usd"].as_f64().expect("a number") < 0.0);
    assert!(text(&done.stderr).contains("diff.jsonl:4: "));

    let nothing = tiergate(&["diff", &a, &same], "");
    assert!(text(&nothing.stdout).starts_with("24 prompts: 0 change their tier, 0 their model"));
    let rules = file("diff-rules.yaml", &format!("scorer: rules\n{CONFIG}"));
    let scorers = tiergate(&["diff", &a, &rules], "");
    assert!(!text(&scorers.stdout).contains(" 0 change their tier"), "{}", text(&scorers.stdout));
    assert_eq!(tiergate(&["diff", &a, &file("diff-bad.yaml", "tiers: 3")], "").status.code(), Some(1));
}

/// The command while it runs, and the lines that it has printed.
struct Running(Child, Receiver<String>);

impl Running {
    fn watch(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tiergate"))
            .args(["explain", "--watch"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        let (send, lines) = mpsc::channel();
        let err = send.clone();
        let (out, stderr) = (child.stdout.take().expect("a pipe"), child.stderr.take().expect("a pipe"));
        std::thread::spawn(move || {
            BufReader::new(out).lines().map_while(Result::ok).try_for_each(|line| send.send(line))
        });
        std::thread::spawn(move || {
            BufReader::new(stderr).lines().map_while(Result::ok).try_for_each(|line| err.send(line))
        });
        Self(child, lines)
    }

    fn next(&self) -> String {
        self.1.recv_timeout(Duration::from_secs(20)).expect("a line")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn watch_follows_a_log_through_pieces_and_rotation() {
    let log = format!("{}.absent", file("watch.log", ""));
    let _ = fs::remove_file(&log);
    let running = Running::watch(&[&log, "--json", "--from-start"]);
    assert!(running.next().contains("waiting"));
    let append = |bytes: &str| {
        let mut file = OpenOptions::new().create(true).append(true).open(&log).expect("the log");
        file.write_all(bytes.as_bytes()).expect("written");
    };
    let id = || -> String {
        let told: Value = serde_json::from_str(&running.next()).expect("JSON");
        told["request_id"].as_str().expect("an id").to_owned()
    };
    let told = decision("a", "SIMPLE", 0.25);
    append(&line("one", &told));
    assert_eq!(id(), "one");
    // A line that comes in pieces is one line, and what is no decision is none.
    let two = line("two", &told);
    let (begin, end) = two.split_at(40);
    append(&format!("{{\"tiergate\":null}}\n{begin}"));
    append(end);
    assert_eq!(id(), "two");
    // Another file takes the name; what the old one got last counts.
    append(&line("three", &told));
    fs::rename(&log, format!("{log}.1")).expect("renamed");
    append(&line("four", &told));
    assert_eq!((id(), id()), ("three".to_owned(), "four".to_owned()));
    // It is cut off in its place, and is shorter than before.
    fs::write(&log, line("5", &told)).expect("cut");
    assert_eq!(id(), "5");
}

#[test]
fn watch_prints_a_decision_a_line() {
    let served = json!({"model": "a", "tier": "SIMPLE", "cause": "score", "score": 0.1, "confidence": 0.9, "cost": 0.25,
        "baseline_cost": 1.0, "attempts": 2, "served": "b\u{1b}[31m"});
    let done =
        tiergate(&["explain", "--watch", "-"], &(line("1", &served) + "broken\n" + "{\"tiergate\":\"-\"}"));
    assert!(done.status.success());
    let said = text(&done.stdout);
    assert_eq!(
        said,
        "2026-11-26T21:00:00.000Z 200 SIMPLE    b?[31m  score  score 0.100 confidence 0.90  0.2500 USD, saved 75 %  1200 ms  \
         after a\n"
    );
    assert!(text(&done.stderr).contains("cannot be read"));
    let both = tiergate(&["explain", "--watch", "-", "--config", &file("w.json", SHORT)], "");
    assert_eq!(both.status.code(), Some(2));
}
