//! No document is fatal: any bytes give a configuration or a list of mistakes.

use proptest::prelude::*;

use super::*;

/// Any JSON value with keys and words that the document knows among them.
fn value() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "tiers",
        "profiles",
        "models",
        "auto",
        "SIMPLE",
        "MEDIUM",
        "COMPLEX",
        "REASONING",
        "gpt-5.5",
        "aliases",
        "rules",
        "dimensions",
        "codePresence",
        "steps",
        "at",
        "value",
        "weight",
        "promotions",
        "from",
        "until",
        "name",
        "2026-11-01",
        "profile",
        "tier",
        "headers",
        "cluster",
        "model_as",
        "x-a",
        "paths",
        "gemini",
        ":g",
        "keywords",
        "boundaries",
        "limits",
        "max_depth",
        "virtual_models",
        "smart/auto",
        "",
        "é\u{7}",
        "baseline",
        "$schema",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0..3i64).prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..6)
                .prop_map(|entries| entries.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        ]
    })
}

/// The places of a document, as JSON pointers.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(k, v)| {
                places(v, &format!("{at}/{}", k.replace('~', "~0").replace('/', "~1")), all)
            });
        }
        Value::Array(list) => list.iter().enumerate().for_each(|(i, v)| places(v, &format!("{at}/{i}"), all)),
        _ => {}
    }
}

fn full() -> Value {
    let mut document: Value = serde_json::from_str(include_str!("../defaults.json")).unwrap();
    document["promotions"] = json!([{"name": "a", "profile": "auto", "tier": "MEDIUM", "models": ["gpt-5.5"],
        "from": "2026-11-01", "until": "2026-12-01"}]);
    document["models"] = json!({"m": {"cluster": "c", "input_price": 1, "aliases": ["n"], "tools": true}});
    document["rules"] = json!({"dimensions": {"codePresence": {"weight": 0.2, "steps": [{"at": 1, "value": 0.5}]}},
        "boundaries": {"medium": 0.1}, "keywords": {"codePresence": ["abc"]}});
    document["headers"] = json!({"cluster": "x-c", "model_as": ["x-m"], "response": "none"});
    document["virtual_models"] = json!({"v": "auto"});
    document
}

fn sound(result: Result<Config, ConfigErrors>) {
    if let Err(errors) = result {
        assert!(errors.iter().count() > 0);
        assert!(errors.iter().all(|e| !e.path().is_empty() && !e.message().is_empty()));
        assert!(!errors.to_string().chars().any(|c| c.is_control() && c != '\n'));
        assert!(!errors.to_string().contains("cannot be compiled"), "{errors}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        sound(parse(&bytes));
    }

    #[test]
    fn any_value(value in value()) {
        sound(parse(value.to_string().as_bytes()));
    }

    #[test]
    fn a_good_document_with_one_value_replaced(at in any::<prop::sample::Index>(), new in value()) {
        let mut document = full();
        let mut all = Vec::new();
        places(&document, "", &mut all);
        *document.pointer_mut(&all[at.index(all.len())]).unwrap() = new;
        sound(parse(document.to_string().as_bytes()));
    }

    #[test]
    fn a_good_document_cut_or_with_a_byte_changed(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = full().to_string().into_bytes();
        let at = at.index(bytes.len());
        sound(parse(&bytes[..at]));
        bytes[at] = byte;
        sound(parse(&bytes));
    }
}

#[test]
fn deep_nesting_is_refused() {
    let errors = errors(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)));
    assert!(errors.contains("recursion limit exceeded"), "{errors}");
}

#[test]
fn errors_are_counted_beyond_a_hundred() {
    let keys: Vec<String> = (0..250).map(|i| format!("\"k{i}\": 1")).collect();
    let result = parse(format!("{{{}}}", keys.join(",")).as_bytes()).unwrap_err();
    assert_eq!((result.iter().count(), result.left_out()), (100, 150));
    assert!(result.to_string().ends_with("150 more errors are not shown"));
}
