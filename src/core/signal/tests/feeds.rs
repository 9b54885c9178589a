//! What is read of a feed, and what refuses it.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{Feed, parse};

fn entry() -> Value {
    json!({"model": "gpt-5.4", "trend": "surging", "score": 0.5, "confidence": "normal"})
}

fn parsed(document: &Value) -> Result<Feed, String> {
    parse(document.to_string().as_bytes()).map_err(|error| {
        assert!(error.is_contract(), "{error}: {document}");
        error.to_string()
    })
}

fn refused(document: &Value) -> String {
    parsed(document).expect_err("it breaks the contract")
}

#[test]
fn a_feed_is_read() {
    let mut first = entry();
    first["velocity_delta_pct"] = json!(-12.5);
    let feed = parsed(&json!({"contract_version": "1", "models": [first, entry()]})).unwrap();
    assert_eq!((feed.version.as_str(), feed.signals.len()), ("1", 2));
    assert_eq!((feed.signals[0].velocity_delta_pct, feed.signals[1].velocity_delta_pct), (-12.5, 0.0));
    assert_eq!((feed.signals[1].score, feed.signals[1].trend.as_str()), (0.5, "surging"));
    let escaped = parse(br#"{"models":[],"\u0063ontract_version":"\u00e9"}"#).unwrap();
    assert_eq!(escaped.version, "\u{e9}");
}

#[test]
fn a_version_is_a_string_or_an_integer() {
    let version = |top: Value| {
        let mut top = top;
        top["models"] = json!([]);
        parsed(&top).map(|feed| feed.version)
    };
    assert_eq!(version(json!({"contract_version": "2026-01"})), Ok("2026-01".to_owned()));
    assert_eq!(version(json!({"signal_version": 3})), Ok("3".to_owned()));
    assert_eq!(version(json!({"signal_version": -3, "contract_version": null})), Ok("-3".to_owned()));
    assert_eq!(version(json!({"signal_version": 3, "contract_version": "a"})), Ok("a".to_owned()));
    for wrong in [
        json!({}),
        json!({"contract_version": 1}),
        json!({"contract_version": null}),
        json!({"contract_version": ""}),
        json!({"contract_version": ["1"]}),
        json!({"signal_version": "1"}),
        json!({"signal_version": 1.5}),
        json!({"signal_version": null}),
        json!({"contract_version": "1", "signal_version": "1"}),
        json!({"contract_version": 1, "signal_version": 1}),
    ] {
        assert!(version(wrong.clone()).is_err_and(|e| e.contains("_version`")), "{wrong}");
    }
}

#[test]
fn each_of_the_four_is_needed_and_of_its_type() {
    for key in ["model", "trend", "score", "confidence"] {
        let mut broken = entry();
        broken.as_object_mut().unwrap().remove(key);
        let document = json!({"contract_version": "1", "models": [entry(), entry(), broken, {}]});
        assert_eq!(refused(&document), format!("models[2].{key} is missing"));
        for wrong in [
            Value::Null,
            json!([]),
            json!({}),
            json!(true),
            json!(if key == "score" { json!("1") } else { json!(1) }),
        ] {
            let mut broken = entry();
            broken[key] = wrong;
            let document = json!({"contract_version": "1", "models": [entry(), broken]});
            let said = refused(&document);
            assert!(said.starts_with(&format!("models[1].{key} must be a ")), "{said}");
        }
    }
}

#[test]
fn other_breaches_tell_their_place() {
    let with = |key: &str, value: Value| {
        let mut entry = entry();
        entry[key] = value;
        json!({"contract_version": "1", "models": [entry]})
    };
    let rows = [
        (json!([]), "the document must be an object, not a list"),
        (json!(null), "the document must be an object, not null"),
        (json!("<html>"), "the document must be an object, not a string"),
        (json!({"contract_version": "1"}), "`models` is missing"),
        (json!({"contract_version": "1", "models": null}), "`models` must be a list, not null"),
        (json!({"contract_version": "1", "models": {}}), "`models` must be a list, not an object"),
        (json!({"contract_version": "1", "models": ["gpt"]}), "models[0] must be an object, not a string"),
        (
            json!({"contract_version": "1", "models": [["a", "surging", 1, "normal"]]}),
            "models[0] must be an object, not a list",
        ),
        (with("model", json!("")), "models[0].model is empty"),
        (with("model", json!("x".repeat(257))), "models[0].model has more than 256 characters"),
        (
            with("velocity_delta_pct", json!("12")),
            "models[0].velocity_delta_pct must be a finite number, not a string",
        ),
    ];
    for (document, said) in rows {
        assert_eq!(refused(&document), said);
    }
    for (document, said) in [
        (
            r#"{"contract_version":"1","models":[{"model":"a","score":1e999}]}"#,
            "models[0].score cannot be read",
        ),
        (
            r#"{"contract_version":"1","models":[{"model":"a","model":"a"}]}"#,
            "models[0].model is given twice",
        ),
        (r#"{"models":[],"models":[]}"#, "`models` is given twice"),
    ] {
        let error = parse(document.as_bytes()).unwrap_err();
        assert!(error.is_contract());
        assert_eq!(error.to_string(), said);
    }
    assert!(parsed(&with("model", json!("\u{e9}".repeat(256)))).is_ok());
}

#[test]
fn too_many_models_are_refused() {
    let feed = |count| json!({"contract_version": "1", "models": vec![entry(); count]});
    assert_eq!(parsed(&feed(10_000)).unwrap().signals.len(), 10_000);
    assert_eq!(refused(&feed(10_001)), "`models` has more than 10000 entries");
}

#[test]
fn what_is_no_json_is_told_apart() {
    let whole = json!({"contract_version": "1", "models": [entry()]}).to_string();
    for cut in 0..whole.len() {
        assert!(!parse(&whole.as_bytes()[..cut]).unwrap_err().is_contract(), "{cut}");
    }
    let nested = format!("{{\"contract_version\":\"1\",\"x\":{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for other in
        ["", " ", "<html></html>", "{", "nul", &format!("{whole}x"), &format!("{whole}{whole}"), &nested]
    {
        assert!(!parse(other.as_bytes()).unwrap_err().is_contract(), "{:?}", other.get(..40));
    }
    let deep = format!("{nested},\"models\":[]}}");
    assert!(parse(deep.as_bytes()).is_ok(), "depth that nobody asked for costs nothing");
    assert!(!parse(b"{\"contract_version\":\"\xff\",\"models\":[]}").unwrap_err().is_contract());
}

proptest! {
    #[test]
    fn no_bytes_are_fatal(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn no_change_of_a_feed_is_fatal(place in 0_usize..200, byte in any::<u8>()) {
        let mut bytes = json!({"contract_version": "1", "models": [entry(), entry()]}).to_string().into_bytes();
        let place = place % bytes.len();
        bytes[place] = byte;
        let _ = parse(&bytes);
    }
}
