//! The position `console`: what it takes, and that nothing else takes its section.

use super::*;

fn console(document: &str) -> Console {
    match filter(document.as_bytes()) {
        Ok(Filter::Console(settings)) => settings,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_console_needs_nothing_but_its_position() {
    let settings = console(r#"{"position": "console"}"#);
    let expected =
        Console { path: String::new(), token: None, feedback_token: None, feedback_per_minute: 60 };
    assert_eq!(settings, expected);
    let settings = console(
        r#"{"position": "console", "console": {"path": "/ops/console/", "token": "abcdefgh-abcdefgh",
            "feedback_token": "0123456789+/abc=", "feedback_per_minute": 5}}"#,
    );
    assert_eq!((settings.path.as_str(), settings.feedback_per_minute), ("/ops/console", 5));
    assert!(matches!(filter(b"{}"), Ok(Filter::Routes(_))));
}

#[test]
fn what_a_console_does_not_take_is_told_with_its_path() {
    for (document, path, message) in [
        (r#"{"position": "console", "filter_state": true}"#, "filter_state", "leave this out here"),
        (r#"{"console": {}}"#, "console", "with `position: console`"),
        (r#"{"position": "attempt", "console": {}}"#, "console", "with `position: console`"),
        (r#"{"position": "console", "console": {"path": "console"}}"#, "console.path", "not a path"),
        (r#"{"position": "console", "console": {"path": "/a?b"}}"#, "console.path", "not a path"),
        (r#"{"position": "console", "console": {"token": ""}}"#, "console.token", "at least 16"),
        (
            r#"{"position": "console", "console": {"token": "sixteen letters!"}}"#,
            "console.token",
            "letters, digits",
        ),
        (
            r#"{"position": "console", "console": {"token": "abcdefgh-abcdefgh", "feedback_token": "abcdefgh-abcdefgh"}}"#,
            "console.feedback_token",
            "once more",
        ),
        (
            r#"{"position": "console", "console": {"feedback_per_minute": -1}}"#,
            "console.feedback_per_minute",
            "small",
        ),
        (r#"{"position": "console", "console": {"listen": 1}}"#, "console.listen", "unknown key"),
    ] {
        for errors in [filter(document.as_bytes()).unwrap_err(), parse(document.as_bytes()).unwrap_err()] {
            let text = errors.to_string();
            assert!(text.contains(&format!("{path}: ")) && text.contains(message), "{document}\n{text}");
        }
    }
}
