//! How often the ask is cut right and a short text judged right, over sets of our own. Rows at even places were not
//! looked at while the tables were written; both halves have to be right often enough.

use super::*;
use crate::config::{self, Config};
use crate::engine::{Request, RequestContext, decide};
use crate::tier::Tier;

pub(super) const HARD: &str =
    "Prove by induction that every graph with more edges than vertices has a cycle; derive each step.";
pub(super) const DOCUMENT: &str = "Theorem: the replicated log is linearizable. Proof by induction, step by step: derive a contradiction \
    from two leaders in one term. Consensus needs a quorum; sharding, replication and leader election have trade-offs. Therefore \
    the algorithm is optimal, and its complexity follows from the recurrence by the master theorem.";
const ASKS: [&str; 4] = [
    "hello",
    "Who wrote this?",
    "Prove step by step that the square root of 2 is irrational.",
    "What is the capital of France?",
];

pub(super) fn judged(config: &Config, body: &str, dialect: Dialect) -> (Option<Judged>, String) {
    let mut heard = Heard::new(&config.ask.markers, body.len());
    let view = view(body.as_bytes(), b"", dialect, &config.limits, &mut heard);
    assert_eq!(view.fault, None, "{body}");
    let asks = heard.asks(body.as_bytes(), config.ask.history_turns);
    let answered = heard.has_answers();
    let mut scratch = Scratch::default();
    let mut judge = Judge {
        rules: &config.ask,
        scorer: &config.scorer,
        limits: &config.limits,
        body: body.as_bytes(),
        scratch: &mut scratch,
    };
    let judged = judge.judge(&view, &asks, answered, heard.budget());
    (judged, scratch.text)
}

/// Shares that are right at even and at odd places.
fn shares(name: &str, right: &[bool]) -> [f64; 2] {
    [0, 1].map(|half| {
        let rows: Vec<_> = right.iter().skip(half).step_by(2).collect();
        let share = rows.iter().filter(|right| ***right).count() as f64 / rows.len() as f64;
        println!("{name}: {share:.3} of {} right, {}", rows.len(), ["even places", "odd places"][half]);
        share
    })
}

/// Whether each short text of a table is taken for what it is.
fn kinds_right(table: &str) -> Vec<bool> {
    let config = config::parse(b"").unwrap();
    let mut right = Vec::new();
    for row in table.lines().filter(|row| !row.starts_with('#')) {
        let cells: Vec<_> = row.split('\t').collect();
        let body = json!({"model": "smart/auto", "messages": [
            {"role": "user", "content": HARD}, {"role": "assistant", "content": "Here it is."},
            {"role": "user", "content": cells[2]},
        ]});
        let (judged, _) = judged(&config, &body.to_string(), Dialect::ChatCompletions);
        let found = match judged.unwrap().why {
            Why::History => "goes_on",
            Why::Correction => "corrects",
            _ => "own",
        };
        right.push(found == cells[1]);
        if found != cells[1] {
            println!("{} {row} -> {found}", right.len() - 1);
        }
    }
    assert!(right.len() >= 200);
    right
}

#[test]
fn short_texts_behind_hard_work_are_told_apart() {
    for (name, table) in [
        ("follow-ups", include_str!("../../../../tests/data/followups.tsv")),
        ("follow-ups by others", include_str!("../../../../tests/data/followups-unseen.tsv")),
    ] {
        let shares = shares(name, &kinds_right(table));
        assert!(shares.iter().all(|share| *share >= 0.88), "{shares:?}");
    }
}

#[test]
fn whole_requests_of_clients_get_their_tier() {
    let config = config::parse(b"").unwrap();
    let mut scratch = crate::engine::Scratch::default();
    let mut right = Vec::new();
    for (place, row) in include_str!("../../../../tests/data/client-requests.jsonl").lines().enumerate() {
        let row: Value = serde_json::from_str(row).unwrap();
        let (path, body) = (row["path"].as_str().unwrap(), row["body"].to_string());
        let dialect = config.paths.dialect(path.as_bytes()).unwrap();
        let request = Request { dialect, path: path.as_bytes(), body: body.as_bytes() };
        let tier = decide(&config, &request, RequestContext::default(), &mut scratch).choice.tier;
        let name = tier.map_or("none", Tier::name);
        let expected = row["expect"].as_array().unwrap();
        right.push(expected.iter().any(|tier| tier == name));
        if right.last() == Some(&false) {
            println!("{place} {} {}: {name}, expected {expected:?}", row["client"], row["kind"]);
        }
    }
    let shares = shares("requests", &right);
    assert!(shares.iter().all(|share| *share >= 0.8), "{shares:?}");
}

/// Whether the ask is cut right out of each client's body, with a document in it.
fn cut_right(document: &str) -> Vec<bool> {
    let config = config::parse(b"").unwrap();
    let mut right = Vec::new();
    for (place, row) in include_str!("../../../../tests/data/client-bodies.jsonl").lines().enumerate() {
        let row: Value = serde_json::from_str(row).unwrap();
        let dialect = config.paths.dialect(row["path"].as_str().unwrap().as_bytes()).unwrap();
        let mut all = true;
        for ask in ASKS {
            let body = row["body"].to_string().replace("{ask}", ask).replace("{doc}", document);
            let (judged, text) = judged(&config, &body, dialect);
            let chore = judged.is_some_and(|judged| judged.why == Why::Chore);
            let cut = text.contains(ask) && text.len() <= ask.len() + 40;
            let good = if row["kind"] == "chore" { chore } else { cut && !chore };
            if !good {
                println!("{place} {}: {ask:?} -> chore {chore}, {text:?}", row["client"]);
            }
            all &= good;
        }
        right.push(all);
    }
    right
}

#[test]
fn the_ask_is_cut_out_of_what_clients_send() {
    let shares = shares("client bodies", &cut_right(DOCUMENT));
    assert!(shares.iter().all(|share| *share >= 0.85), "{shares:?}");
}

#[test]
fn the_ask_is_cut_out_however_long_the_material_is() {
    let document = format!("{DOCUMENT}\\n").repeat(150);
    let shares = shares("client bodies of 50 KB", &cut_right(&document));
    assert!(shares.iter().all(|share| *share >= 0.85), "{shares:?}");
}

#[test]
fn a_post_below_its_title_is_the_askers_own() {
    let config = config::parse(b"").unwrap();
    let code = "int total = 0;\nfor (int i = 0; i < count; i++) { total += values[i]; }\n".repeat(6);
    let told = "The manual says that a statement has no value, and yet this compiles and runs on all machines that we have. ".repeat(5);
    let options = ["A", "B", "C", "D"]
        .map(|letter| format!("{letter}. {}", "the rule holds for most of these cases ".repeat(3)));
    let log = "[ERROR] worker 7 lost its lease and gave up after three tries\n".repeat(8);
    for (whole, text) in [
        // The post asks on, shows code, or lists what to choose from.
        (true, format!("What does this expression mean in C?\n\n{told}\n\nIs that so on purpose?")),
        (true, format!("これはどういう意味ですか？\n\n{told}\n\n仕様ですか？")),
        (
            true,
            format!(
                "What is the meaning of a trailing comma here?\n\n{told}\n\n```c\n{code}```\n\nIt runs either way."
            ),
        ),
        (true, format!("According to the text, what does the author mean?\n{}", options.join("\n"))),
        // A text that somebody else wrote.
        (false, format!("Summarize this article.\n\n{told}\n\n{told}")),
        (false, format!("What went wrong here?\n\n{log}")),
    ] {
        for body in [chat_of(&text), escaped(&chat_of(&text))] {
            let (_, judged) = judged(&config, &body, Dialect::ChatCompletions);
            assert_eq!(judged.len() > 200, whole, "{text}\n->\n{judged}");
        }
    }
}

fn chat_of(text: &str) -> String {
    json!({"model": "smart/auto", "messages": [{"role": "user", "content": text}]}).to_string()
}

/// The same JSON, as clients send it that escape what is beyond ASCII.
fn escaped(body: &str) -> String {
    let mut units = [0; 2];
    body.chars()
        .map(|c| match c {
            c if c.is_ascii() => c.to_string(),
            c => c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04X}")).collect(),
        })
        .collect()
}
