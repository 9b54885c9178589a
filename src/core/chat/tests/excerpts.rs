//! Parts of long asks.

use super::super::*;

/// Cuts at every place of a text with escapes and wide characters: what is shown is always a part of the text.
#[test]
fn an_excerpt_never_cuts_a_character() {
    let pairs = r"\ud83d\ude00".repeat(9);
    for raw in [r#"ab\n\\c\u4f60\u597d 你好 \ud83d\ude00 \"q\" 😀 end"#, &pairs] {
        let whole = decode(raw.as_bytes()).into_owned();
        let span = Span { start: 0, end: raw.len() };
        for head in 0..raw.len() {
            for tail in 0..raw.len() - head {
                let mut shown = String::new();
                excerpt(raw.as_bytes(), &[span], head, tail, &mut shown);
                for piece in shown.split('\n') {
                    assert!(whole.contains(piece), "{raw} head {head} tail {tail}: {piece:?}");
                }
            }
        }
    }
}

#[test]
fn an_excerpt_shows_head_and_tail_of_all_parts() {
    let body = b"aaaabbbbcccc";
    let parts = [Span { start: 0, end: 4 }, Span { start: 4, end: 8 }, Span { start: 8, end: 12 }];
    let mut shown = String::new();
    excerpt(body, &parts, 5, 3, &mut shown);
    assert_eq!(shown.split_whitespace().collect::<String>(), "aaaabccc");
    shown.clear();
    excerpt(body, &parts, 6, 6, &mut shown);
    assert_eq!(shown, "aaaa\nbbbb\ncccc");
}

/// Clients escape differently what is beyond ASCII; the text is the same, and so is what is shown of it.
#[test]
fn how_a_client_escapes_changes_no_excerpt() {
    let text = "请设计一个订单系统,\nmust be \"fast\" 😀 и надёжно. ".repeat(9);
    let plain = serde_json::to_string(&text).expect("plain");
    let escaped: String = plain
        .encode_utf16()
        .map(|unit| match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
            _ => format!("\\u{unit:04x}"),
        })
        .collect();
    let shown = |sent: &str, head, tail| {
        // In two parts, cut at the same character.
        let raw = sent.trim_matches('"');
        let cut = raw.match_indices("must").nth(1).expect("a place").0;
        let parts = [Span { start: 0, end: cut }, Span { start: cut, end: raw.len() }];
        let mut shown = String::new();
        let read = excerpt(raw.as_bytes(), &parts, head, tail, &mut shown);
        assert!(read <= raw.len());
        shown
    };
    for (head, tail) in [(0, 0), (1, 0), (0, 1), (7, 5), (64, 0), (40, 300), (512, 256), (4096, 0)] {
        let shown_plain = shown(&plain, head, tail);
        assert_eq!(shown_plain, shown(&escaped, head, tail), "head {head} tail {tail}");
        // A character at the cut is shown whole at the head, and left out at the tail.
        assert!(
            shown_plain.len() <= (head + 3 + tail + 3).min(text.len() + 2),
            "{head} {tail}: {}",
            shown_plain.len()
        );
    }
    assert_eq!(shown(&plain, 4096, 0).replace('\n', ""), text.replace('\n', ""));
}
