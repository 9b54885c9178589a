//! How often the ask is cut right and a short text told right, over sets of our own. Rows at even places were not looked at while
//! the tables were written; both halves have to be right often enough.

use super::*;
use crate::config::{self, Config};

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
        println!("{name}: {share:.3} of {} right, {}", rows.len(), ["kept out", "seen"][half]);
        share
    })
}

#[test]
fn short_texts_behind_hard_work_are_told_apart() {
    let config = config::parse(b"").unwrap();
    let mut right = Vec::new();
    let rows = include_str!("../../../tests/data/followups.tsv").lines().filter(|row| !row.starts_with('#'));
    for row in rows {
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
    let shares = shares("follow-ups", &right);
    assert!(shares.iter().all(|share| *share >= 0.88), "{shares:?}");
}

/// Whether the ask is cut right out of each client's body, with a document in it.
fn cut_right(document: &str) -> Vec<bool> {
    let config = config::parse(b"").unwrap();
    let mut right = Vec::new();
    for (place, row) in include_str!("../../../tests/data/client-bodies.jsonl").lines().enumerate() {
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
