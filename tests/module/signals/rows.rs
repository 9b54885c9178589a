//! The table of `tests/data/signals.json` on the module.

use serde_json::{Map, Value, json};

use super::fleet::{serves, worker};
use crate::host::{Answer, Process};

#[test]
fn the_table_holds_on_the_module() {
    let table: Value =
        serde_json::from_str(include_str!("../../data/signals.json")).expect("the table is JSON");
    let rows = table["rows"].as_array().expect("rows");
    assert!(rows.len() > 100);
    for row in rows {
        let name = row["name"].as_str().expect("a name");
        let candidates = row["candidates"].as_array().expect("candidates");
        let mut models = Map::new();
        for candidate in candidates {
            models.insert(candidate.as_str().expect("a model").to_owned(), json!({}));
        }
        models.extend(row["models"].as_object().cloned().unwrap_or_default());
        let mut signals = row["signals"].as_object().cloned().unwrap_or_default();
        signals.insert("cluster".to_owned(), json!("feed"));
        signals.insert("path".to_owned(), json!("/signals"));
        let document = json!({
            "models": models,
            "tiers": {"SIMPLE": candidates, "MEDIUM": candidates, "COMPLEX": candidates, "REASONING": candidates},
            "signals": signals,
        });
        let process = Process::new();
        let mut vm = worker(&process, &document.to_string());
        vm.tick();
        let token = vm.dispatches()[0].token;
        vm.answer(token, Answer::new(200, &[], row["feed"].to_string()));
        assert_eq!(vm.trap(), None, "{name}");
        let counter = "tiergate.signals.fetches;outcome=updated";
        assert_eq!(process.metrics().counter(counter), 1, "{name}: {:?}", vm.logs());
        let (model, cause) = serves(&mut vm);
        let first = row["order"][0].as_str().expect("an order");
        assert_eq!(model, first, "{name}");
        let moved = candidates[0] != row["order"][0];
        assert_eq!(cause, if moved { "momentum" } else { "score" }, "{name}");
    }
}
