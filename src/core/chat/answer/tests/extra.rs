//! The event of usage that the client did not ask for.

use proptest::prelude::*;

use super::super::ExtraUsage;

const USAGE: &str =
    r#"{"id":"c","choices": [ ],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}"#;

/// A stream as events, each with the one that is taken out marked.
const EVENTS: [(&str, bool); 12] = [
    (r#"{"id":"c","choices":[{"index":0,"delta":{"content":"hi"}}],"usage":null}"#, false),
    // What says tokens and how it ends, or more.
    (r#"{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"total_tokens":3}}"#, false),
    (r#"{"choices":[{"delta":{"content":"!"}}],"usage":{"total_tokens":3}}"#, false),
    (r#"{"choices":[{"delta": {"role":null,"tool_calls":[]}}],"usage":{"total_tokens":3}}"#, false),
    // As LiteLLM writes it.
    (r#"{"choices":[{"index":0,"delta":{"content":null}}],"usage":{"total_tokens":3}}"#, true),
    // What has no choices and says no tokens: Azure's first event.
    (r#"{"choices":[],"prompt_filter_results":[]}"#, false),
    (r#"{"choices":[],"usage":null}"#, false),
    (r#"{"choices":[{"delta":{"content":"data: {\"choices\":[],\"usage\":{\"total_tokens\":1}}"}}]}"#, false),
    ("[DONE]", false),
    ("{broken", false),
    (r#"{"error":{"message":"no"}}"#, false),
    (USAGE, true),
];

fn run(pieces: &[&[u8]]) -> Vec<u8> {
    let mut extra = ExtraUsage::default();
    let mut out = Vec::new();
    for piece in pieces {
        out.extend(extra.feed(piece, false).unwrap_or_else(|| piece.to_vec()));
    }
    out.extend(extra.feed(b"", true).unwrap_or_default());
    out
}

proptest! {
    /// However a stream is split and its lines end, that event goes and every other byte stays.
    #[test]
    fn one_event_goes(
        events in proptest::collection::vec(0..EVENTS.len(), 0..8),
        line in proptest::sample::select(&["\n", "\r\n", "\r"][..]),
        comment in any::<bool>(),
        whole in any::<bool>(),
        cuts in proptest::collection::vec(0usize..2000, 0..12),
    ) {
        let (mut stream, mut wanted) = (String::new(), String::new());
        for (at, place) in events.iter().enumerate() {
            let (data, goes) = EVENTS[*place];
            let head = if comment { format!(": waits{line}{line}") } else { String::new() };
            let ends = if whole || at + 1 < events.len() { line } else { "" };
            let event = format!("data: {data}{line}{ends}");
            stream.push_str(&head);
            wanted.push_str(&head);
            stream.push_str(&event);
            // Without a blank line it is no event.
            if !goes || ends.is_empty() {
                wanted.push_str(&event);
            }
        }
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(stream.len())).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &stream.as_bytes()[pair[0]..pair[1]]).collect();
        prop_assert_eq!(String::from_utf8(run(&pieces)).unwrap(), wanted);
    }
}

#[test]
fn what_is_not_the_event_waits_for_nothing() {
    for begun in ["data: [DO", r#"data: {"choices":[{"delta":{"content":"half"#] {
        let mut extra = ExtraUsage::default();
        assert_eq!(extra.feed(begun.as_bytes(), false), None, "{begun} passes at once");
    }
    let mut extra = ExtraUsage::default();
    assert_eq!(extra.feed(b"data: {\"id\":", false).as_deref(), Some(&b""[..]), "it may be the event");
    assert_eq!(extra.feed(b"1", false).as_deref(), Some(&b""[..]));
    let begun = extra.feed(br#","choices":[{"delta":{"role":"a"#, false);
    assert_eq!(begun.as_deref(), Some(&br#"data: {"id":1,"choices":[{"delta":{"role":"a"#[..]));
    assert_eq!(extra.feed(b"\"}}]}\n\n", false), None);
}

#[test]
fn no_more_than_a_bound_is_held() {
    let mut extra = ExtraUsage::default();
    let long = format!("data: {{\"id\":\"{}", "x".repeat(100_000));
    assert_eq!(extra.feed(long.as_bytes(), false), None, "it is too long for the event");
    let done = extra.feed(b"\"}\n\ndata: ", false).unwrap();
    assert_eq!(done, b"\"}\n\n", "the next event may be the one again");
}
