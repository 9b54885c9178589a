//! What people say of decisions.

use super::*;
use crate::time::Seconds;

#[test]
fn feedback_is_an_id_and_a_judgement_and_nothing_else() {
    for right in [
        r#"{"request_id": "5f9f1c2e-6b0a", "tier": "COMPLEX"}"#,
        r#"{"request_id": "a", "thumbs": "down"}"#,
        r#"{"request_id": "a", "thumbs": "up", "tier": "SIMPLE"}"#,
    ] {
        assert!(Feedback::read(right.as_bytes()).is_ok(), "{right}");
    }
    let long = format!(r#"{{"request_id": "{}", "thumbs": "up"}}"#, "a".repeat(129));
    for wrong in [
        "",
        "[]",
        "{}",
        r#"{"request_id": "a"}"#,
        r#"{"tier": "COMPLEX"}"#,
        r#"{"request_id": "", "thumbs": "up"}"#,
        r#"{"request_id": "a", "tier": "HARD"}"#,
        r#"{"request_id": "a", "thumbs": "sideways"}"#,
        r#"{"request_id": "a", "thumbs": "up", "comment": "the prompt was"}"#,
        r#"{"request_id": "a b", "thumbs": "up"}"#,
        r#"{"request_id": "a\",\"x\":\"", "thumbs": "up"}"#,
        r#"{"request_id": "a\nb", "thumbs": "up"}"#,
        r#"{"request_id": "ä", "thumbs": "up"}"#,
        r#"{"request_id": 7, "thumbs": "up"}"#,
        &long,
    ] {
        let message = Feedback::read(wrong.as_bytes()).unwrap_err();
        assert!(message.contains("request_id") && !message.contains("prompt was"), "{wrong}: {message}");
    }
}

#[test]
fn the_record_has_what_was_decided_if_that_is_known() {
    let feedback = Feedback::read(br#"{"request_id": "r-2", "tier": "COMPLEX"}"#).unwrap();
    let line = |id: &str, tier: &str| {
        json!({"time_ms": NOW, "request_id": id, "tier": tier, "model": "m", "cause": "score", "status": 200})
            .to_string()
    };
    let lines = [(NOW, line("r-22", "MEDIUM")), (NOW, line("r-2", "SIMPLE"))];
    let (record, known) = feedback.record(&lines, "api");
    assert!(known);
    assert_eq!(
        record,
        json!({"feedback": {"request_id": "r-2", "tier": "COMPLEX", "thumbs": null, "from": "api", "decided": {
            "time_ms": NOW, "tier": "SIMPLE", "model": "m", "profile": null, "cause": "score", "score": null,
            "confidence": null}}})
    );
    let (record, known) = feedback.record(&lines[..1], "console");
    assert!(!known);
    assert_eq!(record["feedback"]["decided"], Value::Null);
}

#[test]
fn no_more_feedback_is_taken_than_is_allowed_in_a_minute() {
    let store = Fake::default();
    assert_eq!(admits(&store, NOW, 2), Ok(()));
    assert_eq!(admits(&store, NOW + 1000, 2), Ok(()));
    assert_eq!(admits(&store, NOW + 1500, 2), Err(Seconds::of(59)));
    assert_eq!(admits(&store, NOW + 60_000, 2), Ok(()));
    assert_eq!(admits(&store, NOW + 60_000, 0), Err(Seconds::of(60)));
    // Who cannot count takes none.
    store.conflicts.set(3);
    assert_eq!(admits(&store, NOW + 120_000, 2), Err(Seconds::of(1)));
}
