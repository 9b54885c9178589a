//! `tiergate signals` and `tiergate explain --feed`.

use std::fmt::Write as _;

use serde_json::Value;

use super::{file, text, tiergate};

const CONFIG: &str = r#"{"models": {"claude-opus-4-5": {}, "gpt-5.4": {}, "house": {"upstream_model": "openai/gpt-5.4-nano"}, "other": {}},
    "tiers": {"SIMPLE": ["claude-opus-4-5", "gpt-5.4", "house"], "MEDIUM": "other", "COMPLEX": "other", "REASONING": "other"},
    "signals": {"cluster": "feed", "path": "/", "aliases": {"other": ["grok-4.6"]}}}"#;

const FEED: &str = r#"{"contract_version": "1", "models": [
    {"model": "Claude Opus 4.5", "trend": "cooling", "score": 0.5, "confidence": "normal"},
    {"model": "gpt-5.4-nano", "trend": "surging", "score": 0.5, "confidence": "normal"},
    {"model": "xai/grok-4.6", "trend": "stable", "score": 1, "confidence": "normal"},
    {"model": "gpt-5.4-mini", "trend": "surging", "score": 1, "confidence": "normal"}]}"#;

fn json(arguments: &[&str]) -> Value {
    let done = tiergate(arguments, "");
    assert!(done.status.success(), "{}", text(&done.stderr));
    serde_json::from_slice(&done.stdout).expect("JSON")
}

fn refusal(arguments: &[&str]) -> String {
    let done = tiergate(arguments, "");
    assert_eq!(done.status.code(), Some(1), "{}", text(&done.stdout));
    text(&done.stderr)
}

#[test]
fn match_tells_who_why_and_what_it_changes() {
    let (config, feed) = (file("match.json", CONFIG), file("match-feed.json", FEED));
    let arguments = ["signals", "match", "--config", &config, "--feed", &feed];
    let report = json(&[&arguments[..], &["--json"]].concat());
    let row = |at: usize| {
        let row = &report["matches"][at];
        ["candidate", "signal", "by", "rule"].map(|key| row[key].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(row(0), ["claude-opus-4-5", "Claude Opus 4.5", "name", "name"]);
    assert_eq!(row(1), ["house", "gpt-5.4-nano", "upstream_model", "name"]);
    assert_eq!(row(2), ["other", "xai/grok-4.6", "alias", "alias"]);
    assert_eq!(report["matches"].as_array().map(Vec::len), Some(3));
    assert_eq!(report["matches"][1]["momentum"], 3.15);
    let orders = report["orders"].as_array().expect("a list");
    assert_eq!(orders.len(), 1, "{report}");
    assert_eq!(orders[0]["order"], serde_json::json!(["house", "gpt-5.4", "claude-opus-4-5"]));
    assert_eq!(report["candidates_without_signal"], serde_json::json!(["gpt-5.4"]));
    assert_eq!(report["signals_without_candidate"], serde_json::json!(["gpt-5.4-mini"]));
    let said = text(&tiergate(&arguments, "").stdout);
    for part in
        ["auto SIMPLE: house, gpt-5.4, claude-opus-4-5", "(alias grok-4.6)", "signals without a candidate"]
    {
        assert!(said.contains(part), "{part} in:\n{said}");
    }
}

#[test]
fn match_takes_defaults_where_the_configuration_has_no_signals() {
    let plain =
        CONFIG.replace(r#"{"cluster": "feed", "path": "/", "aliases": {"other": ["grok-4.6"]}}"#, "0");
    let plain = plain.replace(",\n    \"signals\": 0", "");
    let feed = file("plain-feed.json", FEED);
    let report =
        json(&["signals", "match", "--config", &file("plain.json", &plain), "--feed", &feed, "--json"]);
    assert_eq!(report["orders"][0]["order"][0], "house");
    let shipped = json(&["signals", "match", "--feed", &feed, "--json"]);
    assert!(shipped["matches"].as_array().is_some_and(|all| !all.is_empty()), "{shipped}");
}

#[test]
fn a_refused_feed_tells_the_place() {
    let broken = file("broken-feed.json", &FEED.replacen("\"trend\"", "\"tendency\"", 1));
    for command in [&["signals", "match"][..], &["explain", "Hello!"]] {
        let said = refusal(&[command, &["--feed", &broken]].concat());
        assert!(said.contains("models[0].trend is missing"), "{said}");
    }
}

#[test]
fn explain_decides_as_with_the_feed() {
    let (config, feed) = (file("explain.json", CONFIG), file("explain-feed.json", FEED));
    let before = json(&["explain", "--config", &config, "--json", "Hello!"]);
    assert_eq!(
        (before["model"].as_str(), before["cause"].as_str()),
        (Some("claude-opus-4-5"), Some("score"))
    );
    let after = json(&["explain", "--config", &config, "--feed", &feed, "--json", "Hello!"]);
    assert_eq!((after["model"].as_str(), after["cause"].as_str()), (Some("house"), Some("momentum")));
    assert_eq!(after["candidates"]["SIMPLE"], serde_json::json!(["house", "gpt-5.4", "claude-opus-4-5"]));
}

/// Ten days up to 2026-11-10 of counts that stay, and then the last count.
fn series(model: &str, source: &str, days: u32, before: f64, last: f64) -> String {
    (11 - days..=10).fold(String::new(), |mut rows, day| {
        let count = if day == 10 { last } else { before };
        let _ = writeln!(rows, "2026-11-{day:02},{model},{source},{count}");
        rows
    })
}

fn build(name: &str, rows: &str, more: &[&str]) -> Value {
    let history = file(name, &format!("date,model,source,count\n{rows}"));
    json(&[&["signals", "build", &history], more].concat())
}

fn entry<'f>(feed: &'f Value, model: &str) -> &'f Value {
    let models = feed["models"].as_array().expect("a list");
    models.iter().find(|entry| entry["model"] == model).expect("the model")
}

#[test]
fn build_names_the_trend_of_the_last_day() {
    let rows = [
        (150.01, "surging"),
        (150.0, "accelerating"),
        (110.0, "accelerating"),
        (109.99, "stable"),
        (100.0, "stable"),
        (95.01, "stable"),
        (95.0, "decelerating"),
        (70.0, "decelerating"),
        (69.99, "cooling"),
        (0.0, "cooling"),
    ];
    let history: String =
        rows.iter().map(|(last, _)| series(&format!("model-{last}"), "downloads", 7, 100.0, *last)).collect();
    let feed = build("trends.csv", &history, &[]);
    for (last, trend) in rows {
        let entry = entry(&feed, &format!("model-{last}"));
        assert_eq!(
            (entry["trend"].as_str(), entry["confidence"].as_str()),
            (Some(trend), Some("normal")),
            "{entry}"
        );
    }
    assert_eq!(entry(&feed, "model-110")["velocity_delta_pct"], 10.0);
    assert_eq!(entry(&feed, "model-0")["score"], 0.0);
    assert_eq!(entry(&feed, "model-150.01")["score"], 1.0);
    assert_eq!(feed["generated_at"], "2026-11-10");
}

#[test]
fn build_is_careful_with_little_data() {
    let mut rows = String::new();
    for days in [1, 2, 3, 6, 7] {
        rows += &series(&format!("days-{days}"), "downloads", days, 100.0, 200.0);
    }
    rows += "2026-11-08,gap,downloads,5\n2026-11-07,gap,downloads,5\n2026-11-10,gap,downloads,50\n";
    rows += &series("from-nothing", "downloads", 7, 0.0, 5.0);
    rows += &series("nothing", "downloads", 7, 0.0, 0.0);
    let feed = build("little.csv", &rows, &[]);
    let told = |model: &str| {
        let entry = entry(&feed, model);
        (
            entry["trend"].as_str().unwrap_or("").to_owned(),
            entry["confidence"].as_str().unwrap_or("").to_owned(),
        )
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(told("days-1"), pair("insufficient_history", "insufficient"));
    assert_eq!(told("days-2"), pair("insufficient_history", "insufficient"));
    assert_eq!(told("days-3"), pair("surging", "low"));
    assert_eq!(told("days-6"), pair("surging", "low"));
    assert_eq!(told("days-7"), pair("surging", "normal"));
    assert_eq!(told("gap"), pair("insufficient_history", "insufficient"));
    assert_eq!(told("from-nothing"), pair("surging", "normal"));
    assert_eq!(told("nothing"), pair("stable", "normal"));
}

#[test]
fn build_combines_sources_by_weight() {
    let rows = series("alpha", "downloads", 7, 100.0, 200.0)
        + &series("alpha", "board-rank", 7, 2.0, 4.0)
        + &series("beta", "downloads", 7, 100.0, 100.0)
        + &series("beta", "board-rank", 7, 2.0, 1.0);
    let even = build("weights.csv", &rows, &[]);
    // Twice the downloads, half the rank.
    assert_eq!(entry(&even, "alpha")["velocity_delta_pct"], 25.0);
    assert_eq!(entry(&even, "beta")["velocity_delta_pct"], 50.0);
    assert_eq!(
        (&entry(&even, "alpha")["score"], &entry(&even, "beta")["score"]),
        (&0.625.into(), &0.75.into())
    );
    let tilted = build("weights.csv", &rows, &["--weight", "downloads=3"]);
    assert_eq!(entry(&tilted, "alpha")["velocity_delta_pct"], 62.5);
    assert_eq!(tilted["sources"]["downloads"]["weight"], 3.0);
    assert_eq!(tilted["sources"]["board-rank"]["counts"], "rank");
}

#[test]
fn build_takes_totals_apart() {
    let totals: String = (1..=10).fold(String::new(), |mut rows, day| {
        let total = if day == 10 { 1100 } else { 100 * day };
        let _ = writeln!(rows, "2026-11-{day:02},alpha,stars,{total}");
        rows
    });
    let feed = build("totals.csv", &totals, &["--cumulative", "stars"]);
    // 100 a day, and 200 on the last.
    assert_eq!(entry(&feed, "alpha")["velocity_delta_pct"], 100.0);
    assert_eq!(feed["sources"]["stars"]["counts"], "cumulative");
}

#[test]
fn build_reads_lines_of_json_in_any_order_and_is_repeatable() {
    let rows = series("alpha", "downloads", 8, 100.0, 130.0) + &series("beta", "downloads", 8, 50.0, 40.0);
    let csv = build("order.csv", &rows, &[]);
    let mut lines: Vec<String> = rows
        .lines()
        .map(|row| {
            let cells: Vec<&str> = row.split(',').collect();
            let [date, model, source, count] = cells[..] else { panic!("four cells in {row}") };
            format!(r#"{{"source":"{source}","count":{count},"date":"{date}","model":"{model}","more":[1]}}"#)
        })
        .collect();
    lines.reverse();
    lines.push(lines[0].clone());
    let jsonl = file("order.history", &lines.join("\n"));
    assert_eq!(json(&["signals", "build", &jsonl]), csv);
    let yesterday = json(&["signals", "build", &jsonl, "--date", "2026-11-09"]);
    assert_eq!(
        (&yesterday["generated_at"], &yesterday["models"][0]["trend"]),
        (&"2026-11-09".into(), &"stable".into())
    );
}

#[test]
fn build_writes_a_file_that_the_filter_would_take() {
    let history = file(
        "whole.csv",
        &format!("date,model,source,count\n{}", series("gpt-5.4", "tokens", 9, 10.0, 20.0)),
    );
    let out = file("whole-feed.json", "an older one");
    let done = tiergate(&["signals", "build", &history, "--out", &out], "");
    assert!(done.status.success() && done.stdout.is_empty(), "{}", text(&done.stderr));
    let report =
        json(&["signals", "match", "--config", &file("whole.json", CONFIG), "--feed", &out, "--json"]);
    assert_eq!(report["orders"][0]["order"][0], "gpt-5.4");
    let written = std::fs::read_to_string(&out).expect("a file");
    assert!(tiergate_core::signal::parse(written.as_bytes()).is_ok());
    let said = refusal(&["signals", "build", &history, "--out", "/nowhere/at/all.json"]);
    assert!(said.contains("/nowhere/at/all.json"), "{said}");
}

#[test]
fn build_tells_mistakes_with_file_and_line() {
    let csv = "date,model,source,count\n2026-13-01,a,s,1\n2026-11-01,a,s,-1\n2026-11-01,a,s,many\n2026-11-02,,s,1\n2026-11-03,a,rank,0\n2026-11-04,a,s,1\n2026-11-04,a,s,2\n2026-11-05,a,s\n2026-11-06,a,s,NaN\n";
    let said = refusal(&["signals", "build", &file("mistakes.csv", csv)]);
    for (line, what) in [
        (2, "date: \"2026-13-01\" is not a date"),
        (3, "count: -1 cannot be"),
        (4, "count: "),
        (5, "model: give a name"),
        (6, "ranks begin with 1"),
        (8, "2 here, but 1 for the same day, model and source at"),
        (9, "3 columns where the first line has 4"),
        (10, "count: NaN cannot be"),
    ] {
        let begin = format!("mistakes.csv:{line}: ");
        let found = said.lines().find(|told| told.contains(&begin)).unwrap_or_default();
        assert!(found.contains(what), "{line} {what} in:\n{said}");
    }
    let jsonl = "{\"date\":\"2026-11-01\",\"model\":\"a\",\"source\":\"s\",\"count\":1}\n\n{\"date\":\"2026-11-01\"}\nno\n";
    let said = refusal(&["signals", "build", &file("mistakes.jsonl", jsonl)]);
    assert!(
        said.contains("mistakes.jsonl:3: missing field `model`") && said.contains("mistakes.jsonl:4: "),
        "{said}"
    );
    let headless = refusal(&["signals", "build", &file("headless.csv", "2026-11-01,a,s,1\n")]);
    assert!(headless.contains("headless.csv:1: date: there is no column"), "{headless}");
    let good = file("good.csv", "date,model,source,count\n2026-11-01,a,s,1\n");
    let empty = file("empty.csv", "date,model,source,count\n");
    for (arguments, what) in [
        (vec![good.as_str(), "--weight", "t=1"], "there is no source \"t\"; there are: s"),
        (vec![&good, "--weight", "s=0"], "every source has the weight 0"),
        (vec![&good, "--date", "2026-10-01"], "no data up to that day"),
        (vec![&empty], "no data up to that day"),
        (vec!["/nowhere/at/all.csv"], "/nowhere/at/all.csv"),
    ] {
        let said = refusal(&[&["signals", "build"][..], &arguments].concat());
        assert!(said.contains(what), "{what} in: {said}");
    }
}

/// What the hubs answer, in their shape.
const MODELS: &str = r#"[{"id": "deepseek-ai/DeepSeek-V4", "modelId": "deepseek-ai/DeepSeek-V4", "likes": 900, "downloads": 18400},
    {"id": "Qwen/Qwen4-9B", "likes": 12, "downloads": 70, "downloadsAllTime": 5000, "tags": ["chat"]}]"#;
const REPOSITORY: &str = r#"{"id": 7, "full_name": "openai/gpt-oss", "stargazers_count": 321, "forks_count": 5}
    {"total_count": 1, "items": [{"full_name": "a/b, \"c\"", "stargazers_count": 1}]}"#;

#[test]
fn collect_puts_the_hubs_counts_into_a_history_that_makes_a_feed() {
    let (models, repository) = (file("hub-models.json", MODELS), file("hub-repository.json", REPOSITORY));
    let history = file("collected.csv", "date,model,source,count\n2026-11-20,openai/gpt-oss,stars,300\n");
    let collect = |date: &str, files: &[&str]| {
        let named = ["--name", "deepseek-ai/DeepSeek-V4=deepseek/deepseek-v4-pro", "--date", date];
        let done =
            tiergate(&[&["signals", "collect", "--history", &history], &named[..], files].concat(), "");
        assert!(done.status.success(), "{}", text(&done.stderr));
    };
    collect("2026-11-21", &[&models, &repository]);
    let rows = std::fs::read_to_string(&history).expect("the history");
    let want = "date,model,source,count
2026-11-20,openai/gpt-oss,stars,300
2026-11-21,Qwen/Qwen4-9B,downloads,70
2026-11-21,Qwen/Qwen4-9B,downloads_total,5000
2026-11-21,Qwen/Qwen4-9B,likes,12
2026-11-21,\"a/b, \"\"c\"\"\",stars,1
2026-11-21,deepseek/deepseek-v4-pro,downloads,18400
2026-11-21,deepseek/deepseek-v4-pro,likes,900
2026-11-21,openai/gpt-oss,forks,5
2026-11-21,openai/gpt-oss,stars,321
";
    assert_eq!(rows, want);
    // The same once more, and newer counts of the day, replace what is there.
    let more = file("hub-more.json", &MODELS.replace("\"downloads\": 70", "\"downloads\": 71"));
    collect("2026-11-21", &[&more]);
    let rows = std::fs::read_to_string(&history).expect("the history");
    assert_eq!(rows, want.replace("downloads,70\n", "downloads,71\n"));
    let feed = json(&["signals", "build", &history, "--cumulative", "stars"]);
    assert_eq!(feed["models"].as_array().map(Vec::len), Some(4));
    assert_eq!(feed["sources"]["stars"]["counts"], "cumulative");
}

#[test]
fn collect_refuses_what_is_no_export_and_writes_nothing() {
    let good = file("hub-good.json", MODELS);
    let history = file("kept.csv", "date,model,source,count\n2026-11-20,m,stars,300\n");
    let before = std::fs::read_to_string(&history).expect("the history");
    for (content, told) in [
        ("[]", "there is no count in it"),
        ("{", "EOF"),
        ("3", "give the JSON of models or repositories"),
        (r#"[{"id": "m", "downloads": 1}, {"downloads": 2}]"#, "[1]: neither a model of Hugging Face"),
        (r#"[{"id": "m", "downloads": -1}]"#, "[0]: downloads: -1 is no count"),
        (r#"[{"id": "m", "downloads": "many"}]"#, "is no count"),
        (r#"[{"id": "m", "tags": []}]"#, "neither downloads nor stars"),
    ] {
        let bad = file("hub-bad.json", content);
        let said = refusal(&["signals", "collect", "--history", &history, &good, &bad]);
        assert!(said.contains("hub-bad.json") && said.contains(told), "{content}: {said}");
    }
    let said = refusal(&["signals", "collect", "--history", "history.jsonl", &good]);
    assert!(said.contains("name it .csv"), "{said}");
    assert_eq!(std::fs::read_to_string(&history).expect("the history"), before);
}
