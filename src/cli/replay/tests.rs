//! Logs of a few lines, with numbers worked out by hand.

use std::io::{self, Read};

use super::chart::escaped;
use super::page::page;
use super::report::Report;
use super::{Options, Reader};
use tiergate_core::config;

use super::what_if::WhatIf;
use tiergate_core::time::Timestamp;

fn options() -> Options {
    Options { config: None, json: false, html: None, labels: None, logs: Vec::new() }
}

fn read(log: &str) -> Report {
    let mut reader = Reader::default();
    reader.file("a.log", log.as_bytes()).unwrap();
    reader.report(&options())
}

fn line(time: &str, ms: u64, decision: &str) -> String {
    let decision = serde_json::to_string(decision).unwrap();
    format!(
        r#"{{"time":"{time}","status":200,"duration_ms":{ms},"first_byte_ms":"{}","tiergate":{decision}}}"#,
        ms / 2
    ) + "\n"
}

#[test]
fn costs_and_savings_are_sums() {
    let log = [
        line(
            "2026-11-26T21:00:00.000Z",
            10,
            r#"{"model":"a","tier":"SIMPLE","cause":"score","cost":1,"baseline_cost":4}"#,
        ),
        line(
            "2026-11-26T21:59:59.000Z",
            30,
            r#"{"model":"b","tier":"COMPLEX","cause":"score","cost":2,"baseline_cost":4,
            "attempts":2,"served":"c"}"#,
        ),
        line("2026-11-26T22:00:00.000Z", 50, r#"{"model":null,"tier":null,"cause":"pinned"}"#),
    ];
    let report = read(&log.concat());
    let total = &report.total;
    assert_eq!((total.requests, total.retried, total.compared_requests, total.priced_requests), (3, 1, 2, 2));
    assert_eq!(
        (total.cost_usd, total.baseline_usd, total.saved_usd, total.savings),
        (3.0, 8.0, 5.0, Some(0.625))
    );
    let names = |rows: &[super::report::Row]| {
        rows.iter().map(|row| (row.name.clone(), row.requests)).collect::<Vec<_>>()
    };
    let named = |pairs: &[(&str, u64)]| {
        pairs.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect::<Vec<_>>()
    };
    assert_eq!(names(&report.by.tier), named(&[("SIMPLE", 1), ("COMPLEX", 1), ("none", 1)]));
    // The one that answered.
    assert_eq!(names(&report.by.model), named(&[("a", 1), ("c", 1), ("none", 1)]));
    assert_eq!(names(&report.by.cause), named(&[("score", 2), ("pinned", 1)]));
    assert_eq!(names(&report.by.time), named(&[("2026-11-26T21", 2), ("2026-11-26T22", 1)]));
    assert_eq!(report.by.time[0].tiers.complex, 1);
    assert_eq!(total.duration_ms.unwrap().mean, 30.0);
    assert_eq!(total.first_byte_ms.unwrap().mean, 15.0);
}

#[test]
fn what_the_answers_told_goes_before_the_estimate() {
    let told = r#"{"tiergate":{"model":"a","cause":"score","cost":5},"cost_usd":"0.25","gen_ai.usage.input_tokens":"7",
        "gen_ai.usage.output_tokens":3}"#
        .replace('\n', "");
    let report =
        read(&format!("{told}\n{{\"tiergate\":{{\"model\":\"a\",\"cause\":\"score\",\"cost\":5}}}}\n"));
    assert_eq!(
        (report.total.spend_usd, report.total.priced_requests, report.total.metered_requests),
        (5.25, 2, 1)
    );
    assert_eq!((report.total.input_tokens, report.total.output_tokens), (7.0, 3.0));
}

#[test]
fn quantiles_are_within_their_accuracy() {
    let log: String = (1..=1000).map(|ms| line("2026-11-26T21:00:00Z", ms, r#"{"cause":"score"}"#)).collect();
    let told = read(&log).total.duration_ms.unwrap();
    assert_eq!(told.mean, 500.5);
    for (value, truth) in [(told.p50, 500.0), (told.p95, 950.0), (told.p99, 990.0)] {
        assert!((value - truth).abs() <= truth * 0.011, "{value}, not {truth}");
    }
}

#[test]
fn what_is_no_request_is_counted_for_what_it_is() {
    let log = [
        "{\"time\":\"2026-11-26T21:00:00Z\",\"tiergate\":null}\n",
        "{\"tiergate\":\"-\"}\n{\"status\":200}\n\n",
        "{\"tiergate\":\"{\\\"feedback\\\":{\\\"request_id\\\":\\\"r\\\",\\\"tier\\\":\\\"COMPLEX\\\"}}\"}\n",
        "[info] starting\n",
        "{\"tiergate\":\"{\\\"model\\\":\"}\n",
        "{\"tiergate\":\"{\\\"tier\\\":\\\"HUGE\\\",\\\"cause\\\":\\\"score\\\"}\"}\n",
        "{\"tiergate\":",
    ];
    let report = read(&log.concat());
    assert_eq!((report.lines, report.other_requests, report.feedback, report.total.requests), (8, 3, 1, 0));
    assert_eq!(report.broken.lines, 4);
    let lines: Vec<u64> = report.broken.shown.iter().map(|mistake| mistake.line).collect();
    assert_eq!(lines, [6, 7, 8, 9]);
    assert!(report.broken.shown[2].error.contains("HUGE"), "{}", report.broken.shown[2].error);
}

#[test]
fn what_a_collector_writes_before_a_line_does_not_matter() {
    let report = read("gateway-1  | {\"tiergate\":{\"cause\":\"score\"}}\n");
    assert_eq!((report.total.requests, report.broken.lines), (1, 0));
}

/// As many bytes as are asked for, without a line's end.
struct Endless(usize);

impl Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let size = into.len().min(self.0);
        into[..size].fill(b'x');
        self.0 -= size;
        Ok(size)
    }
}

#[test]
fn a_line_without_an_end_is_one_broken_line() {
    let mut reader = Reader::default();
    let after = "\n{\"tiergate\":{\"cause\":\"score\"}}\n";
    reader.file("a.log", Endless(50_000_000).chain(after.as_bytes())).unwrap();
    let report = reader.report(&options());
    assert_eq!((report.broken.lines, report.total.requests), (1, 1));
    assert_eq!(report.broken.shown[0].line, 1);
}

#[test]
fn very_many_hours_become_days_and_months() {
    let day = |day: u64| format!("{:04}-{:02}-{:02}", 2020 + day / 336, day / 28 % 12 + 1, day % 28 + 1);
    let log = |days: u64| -> String {
        let hours = (0..days).flat_map(|d| (0..24).map(move |hour| (d, hour)));
        hours
            .map(|(d, hour)| line(&format!("{}T{hour:02}:00:00Z", day(d)), 1, r#"{"cause":"score"}"#))
            .collect()
    };
    let report = read(&log(40));
    assert_eq!((report.by.time_unit, report.by.time.len()), ("day", 40));
    assert!(report.by.time.iter().all(|row| row.requests == 24 && row.duration_ms.unwrap().count == 24));
    let report = read(&log(1000));
    assert_eq!((report.by.time_unit, report.by.time.len()), ("month", 36));
    assert_eq!(report.by.time.iter().map(|row| row.requests).sum::<u64>(), 24_000);
}

#[test]
fn names_are_bounded() {
    let name = |n: u64| line("2026-11-26T21:00:00Z", 1, &format!(r#"{{"model":"m{n}","cause":"score"}}"#));
    let report = read(&(0..3000).map(name).collect::<String>());
    assert_eq!(report.by.model.len(), 1001);
    assert_eq!((report.by.model[0].name.as_str(), report.by.model[0].requests), ("(others)", 2000));
}

const OTHER: &str = r#"{"scorer": "rules", "baseline": "d", "rules": {"boundaries": {"medium": 0.0, "complex": 0.3, "reasoning": 0.7},
    "confidence": {"minimum": 0.5}},
    "models": {"a": {"input_price": 1, "output_price": 2}, "b": {"input_price": 10, "output_price": 20},
    "c": {"tools": false}, "e": {}, "d": {"input_price": 100, "output_price": 200}},
    "profiles": {"auto": {"tiers": {"SIMPLE": "a", "MEDIUM": ["b", "e"], "COMPLEX": ["c", "e"], "REASONING": "d"}}}}"#;

fn compared(decisions: &[&str]) -> super::what_if::Changes {
    let config = config::parse(OTHER.as_bytes()).unwrap();
    let mut reader = Reader { what_if: Some(WhatIf::new(&config, Timestamp::NEVER)), ..Reader::default() };
    let log: String = decisions.iter().map(|decision| line("2026-11-26T21:00:00Z", 1, decision)).collect();
    reader.file("a.log", log.as_bytes()).unwrap();
    reader.report(&options()).with_config.unwrap()
}

#[test]
fn another_configuration_changes_tiers_models_and_cost() {
    let changes = compared(&[
        // Below the boundary: it stays, and costs (1000 x 1 + 500 x 2) / 1e6.
        r#"{"model":"a","tier":"SIMPLE","profile":"auto","cause":"score","score":-0.05,"input_tokens":1000,"output_tokens":500,
            "cost":0.002}"#,
        // MEDIUM begins earlier here: ten times the price.
        r#"{"model":"a","tier":"SIMPLE","profile":"auto","cause":"score","score":0.2,"input_tokens":1000,"output_tokens":500,
            "cost":0.002}"#,
        // What is listed first takes no tools.
        r#"{"model":"c","tier":"COMPLEX","profile":"auto","cause":"score","score":0.6,"input_tokens":10,"output_tokens":5,
            "needs":["tools"]}"#,
        // Something else than the score decided: the tier stands.
        r#"{"model":"x","tier":"SIMPLE","profile":"auto","cause":"chore","score":0.95,"input_tokens":10,"output_tokens":5}"#,
    ]);
    assert_eq!((changes.compared, changes.tier_changes, changes.model_changes), (4, 1, 3));
    assert_eq!((changes.priced, changes.cost_before_usd, changes.cost_after_usd), (2, 0.004, 0.022));
    assert_eq!((changes.tiers[0].from.as_str(), changes.tiers[0].to.as_str()), ("SIMPLE", "MEDIUM"));
    let models: Vec<(&str, &str)> = changes.models.iter().map(|c| (c.from.as_str(), c.to.as_str())).collect();
    assert!(models.contains(&("c", "e")) && models.contains(&("x", "a")), "{models:?}");
}

#[test]
fn what_cannot_be_told_is_said() {
    let changes = compared(&[
        r#"{"model":"a","tier":"SIMPLE","profile":"auto","cause":"session","input_tokens":1}"#,
        r#"{"model":"a","tier":"SIMPLE","profile":"auto","cause":"rule","input_tokens":1}"#,
        r#"{"model":"a","tier":"SIMPLE","profile":"gone","cause":"score","input_tokens":1}"#,
        r#"{"model":"a","tier":"SIMPLE","profile":"auto","cause":"score"}"#,
        r#"{"model":"a","cause":"pinned"}"#,
    ]);
    assert_eq!((changes.compared, changes.not_told.len()), (0, 5));
    assert_eq!(changes.not_told.values().sum::<u64>(), 5);
}

#[test]
fn a_page_runs_nothing_of_what_a_log_holds() {
    let evil = "</svg><script>alert(1)</script>\"'&";
    let decision =
        serde_json::json!({"model": evil, "cause": evil, "cost": 1, "baseline_cost": 2}).to_string();
    let page = page(&read(&line("2026-11-26T21:00:00Z", 1, &decision)));
    assert!(!page.contains("<script") && page.contains(&escaped(evil)));
    for outside in ["http:", "https:", "src=", "href=", "url(", "@import"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("prefers-color-scheme: dark") && page.matches("<svg viewBox").count() >= 4);
}
