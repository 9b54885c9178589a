//! The rows of tests/data/signals.json, which the module's tests run too.

use serde_json::{Value, json};

use crate::chat::Dialect;
use crate::config;
use crate::engine::{Cause, Live, Request, Scratch, decide, standing};
use crate::tier::Tier;

fn rows() -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("../../../tests/data/signals.json")).unwrap();
    file["rows"].as_array().unwrap().clone()
}

/// The configuration of a row: its candidates serve SIMPLE, and every other tier the first of them.
fn config_of(row: &Value) -> config::Config {
    let candidates = row["candidates"].as_array().unwrap();
    let mut models = json!({});
    for name in candidates {
        let name = name.as_str().unwrap();
        models[name] = row["models"].get(name).cloned().unwrap_or_else(|| json!({}));
    }
    let mut signals = row.get("signals").cloned().unwrap_or_else(|| json!({}));
    signals["cluster"] = json!("feed");
    signals["path"] = json!("/signals");
    let document = json!({
        "models": models,
        "tiers": {"SIMPLE": candidates, "MEDIUM": candidates[0], "COMPLEX": candidates[0], "REASONING": candidates[0]},
        "signals": signals,
    });
    config::parse(document.to_string().as_bytes())
        .unwrap_or_else(|errors| panic!("{}: {errors}", row["name"]))
}

/// One test for both, since compiling a configuration for each row is what takes the time.
#[test]
fn every_row_orders_its_candidates_and_the_first_serves() {
    let body = br#"{"model":"smart/auto","messages":[{"role":"user","content":"Hello!"}]}"#;
    let request = Request { dialect: Dialect::ChatCompletions, path: b"/v1/chat/completions", body };
    let mut scratch = Scratch::default();
    let mut wrong = Vec::new();
    for row in rows() {
        let config = config_of(&row);
        let feed = super::super::parse(row["feed"].to_string().as_bytes()).unwrap();
        let standing = standing(&config, &feed);
        let candidates = config.table.candidates(&config.table.profiles["auto"], Tier::Simple, 0);
        let order: Vec<&str> = standing.order(candidates).iter().map(|m| m.name.as_str()).collect();
        let live = Live { standing: Some(&standing), now: 0 };
        let decision = decide(&config, &request, live, &mut scratch);
        let moved = row["order"][0] != row["candidates"][0];
        if json!(order) != row["order"]
            || decision.model.is_none_or(|first| row["order"][0] != json!(first.name))
            || moved != (decision.cause == Cause::Momentum)
        {
            wrong.push(format!("{}: {order:?}", row["name"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
