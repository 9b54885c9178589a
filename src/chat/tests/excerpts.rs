//! Parts of long asks.

use super::super::*;

/// Cuts at every place of a text with escapes and wide characters: what is shown is always a part of the text.
#[test]
fn an_excerpt_never_cuts_a_character() {
    let raw = r#"ab\n\\c\u4f60\u597d 你好 \ud83d\ude00 \"q\" 😀 end"#;
    let whole = decode(raw.as_bytes()).into_owned();
    let span = Span { start: 0, end: raw.len() };
    for head in 0..raw.len() {
        for tail in 0..raw.len() - head {
            let mut shown = String::new();
            excerpt(raw.as_bytes(), &[span], head, tail, &mut shown);
            // A surrogate pair of escapes may be cut in two; its halves show as U+FFFD.
            for piece in shown.split(['\n', char::REPLACEMENT_CHARACTER]) {
                assert!(whole.contains(piece), "head {head} tail {tail}: {piece:?}");
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
