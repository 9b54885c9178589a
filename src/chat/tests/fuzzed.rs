//! What fuzzing has found, by name: bodies that this and another parser read differently.

use super::*;

#[test]
fn the_model_is_the_one_that_another_parser_reads() {
    for (name, body) in [
        ("a form feed in the name is no space", r#"{"model":"smart/a\futo"}"#),
        ("a backspace in the name is no space", r#"{"model":"smart/a\buto"}"#),
    ] {
        let other: Value = serde_json::from_str(body).unwrap();
        assert_eq!(seen(body, Dialect::ChatCompletions).model.as_deref(), other["model"].as_str(), "{name}");
    }
}
