//! The rows of tests/data/signals.json, which the module's tests run too.

use serde_json::{Map, Value, json};

use crate::chat::Dialect;
use crate::config::{self, Config};
use crate::engine::{Cause, Request, RequestContext, Scratch, decide, ranking};
use crate::signal::parse;
use crate::tier::Tier;
use crate::time::Timestamp;

/// A configuration with a profile `rN` for each row: its candidates serve SIMPLE, and the first of them all else.
fn config_of(rows: &[&Value]) -> Config {
    let (mut models, mut profiles) = (Map::new(), Map::new());
    for (number, row) in rows.iter().enumerate() {
        let candidates = row["candidates"].as_array().unwrap();
        for name in candidates.iter().filter_map(Value::as_str) {
            models.insert(name.to_owned(), row["models"].get(name).cloned().unwrap_or_else(|| json!({})));
        }
        let first = &candidates[0];
        let tiers = json!({"SIMPLE": candidates, "MEDIUM": first, "COMPLEX": first, "REASONING": first});
        profiles.insert(format!("r{number}"), json!({"tiers": tiers}));
    }
    let mut signals = rows[0].get("signals").cloned().unwrap_or_else(|| json!({}));
    signals["cluster"] = json!("feed");
    signals["path"] = json!("/signals");
    let document = json!({"models": models, "profiles": profiles, "signals": signals});
    config::parse(document.to_string().as_bytes())
        .unwrap_or_else(|errors| panic!("{}: {errors}", rows[0]["name"]))
}

#[test]
fn every_row_orders_its_candidates_and_the_first_serves() {
    let file: Value = serde_json::from_str(include_str!("../../../../tests/data/signals.json")).unwrap();
    let rows = file["rows"].as_array().unwrap();
    // Most rows share a configuration (of at most 32 profiles), since compiling one is what takes the time.
    let (own, plain): (Vec<&Value>, Vec<&Value>) =
        rows.iter().partition(|row| row.get("models").is_some() || row.get("signals").is_some());
    let mut wrong: Vec<String> = plain.chunks(32).flat_map(check).collect();
    wrong.extend(own.iter().flat_map(|row| check(&[row])));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The rows that do not hold, and what came instead.
fn check(rows: &[&Value]) -> Vec<String> {
    let config = config_of(rows);
    let mut scratch = Scratch::default();
    let mut wrong = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        let feed = parse(row["feed"].to_string().as_bytes()).unwrap();
        let ranking = ranking(&config, &feed);
        let profile = format!("r{number}");
        let candidates =
            config.table.candidates(&config.table.profiles[&profile], Tier::Simple, Timestamp::NEVER);
        let order: Vec<&str> = ranking.order(candidates).iter().map(|m| m.name.as_str()).collect();
        let body =
            json!({"model": format!("smart/{profile}"), "messages": [{"role": "user", "content": "Hello!"}]});
        let body = body.to_string();
        let path = b"/v1/chat/completions";
        let request = Request { dialect: Dialect::ChatCompletions, path, body: body.as_bytes() };
        let live = RequestContext { ranking: Some(&ranking), ..RequestContext::default() };
        let decision = decide(&config, &request, live, &mut scratch);
        let moved = row["order"][0] != row["candidates"][0];
        if json!(order) != row["order"]
            || decision.choice.model.is_none_or(|first| row["order"][0] != json!(first.name))
            || moved != (decision.choice.cause == Cause::Momentum)
        {
            wrong.push(format!("{}: {order:?}", row["name"]));
        }
    }
    wrong
}
