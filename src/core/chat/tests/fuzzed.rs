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

/// Every string of up to nine of these, against the rule of JSON read byte by byte; padded, so that both ways of looking for
/// its end are taken.
#[test]
fn a_string_ends_at_the_first_quote_that_is_not_escaped() {
    fn ends(text: &[u8]) -> Option<usize> {
        let mut at = 0;
        loop {
            match text.get(at)? {
                b'"' => return Some(at),
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
    }
    for padding in [0, 40] {
        for number in 0..3usize.pow(9) {
            let digits = (0..9).scan(number, |rest, _| {
                let digit = *rest % 3;
                *rest /= 3;
                Some(b"\\\"a"[digit])
            });
            let mut text: Vec<u8> = digits.collect();
            text.splice(4..4, std::iter::repeat_n(b'a', padding));
            let body = [b"\"", text.as_slice()].concat();
            let found = Cursor::new(&body, 8).string().ok().map(|span| span.end - 1);
            assert_eq!(found, ends(&text), "{}", String::from_utf8_lossy(&text));
        }
    }
}
