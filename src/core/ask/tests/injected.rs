//! What a harness injects is cut out, and nothing else.

use super::*;

/// What is left of the JSON string `raw` (without quotes), decoded; a bar stands between pieces.
fn left_of(markers: &Markers, raw: &str) -> String {
    let mut kept = Vec::new();
    let mut budget = Budget::of(raw.len());
    markers.cut(raw.as_bytes(), Span { start: 0, end: raw.len() }, &mut budget, &mut kept, &mut Vec::new());
    let pieces: Vec<_> = kept.iter().map(|span| decode(span.of(raw.as_bytes())).into_owned()).collect();
    pieces.join("|")
}

fn left(raw: &str) -> String {
    left_of(&Markers::default(), raw)
}

#[test]
fn blocks_are_cut_out() {
    for (raw, rest) in [
        ("Hello.", "Hello."),
        ("", ""),
        (r" \n\t\r\u0020 ", ""),
        ("<system-reminder>x</system-reminder>", ""),
        ("a<system-reminder>x</system-reminder>b", "a|b"),
        (r"<system-reminder>\nx\n</system-reminder>\n\nFix it.", "\n\nFix it."),
        ("<user_info>x</user_info> <rule/> <user_info>y</user_info>", " <rule/> "),
        ("<user_info></user_info>", ""),
        // Blocks of different names in one another.
        ("a<additional_data>x<attached_files>y</attached_files>z</additional_data>b", "a|b"),
        // Attributes.
        (r#"<environment_details type=\"x\">y</environment_details>Go."#, "Go."),
        (r"<environment_details\n  a='b/c'\n>y</environment_details>Go.", "Go."),
        (r#"<file_content path=\"a.rs\">fn main() {}</file_content>Go."#, "Go."),
        // Other names that begin alike.
        ("<user_information>x</user_information>", "<user_information>x</user_information>"),
        ("<reminderInstructions>x</reminderInstructions>y", "y"),
        // Case counts.
        ("<System-Reminder>x</System-Reminder>", "<System-Reminder>x</System-Reminder>"),
        // Self-closing: no block begins.
        ("<system-reminder/>a</system-reminder>", "<system-reminder/>a</system-reminder>"),
        ("<system-reminder at='x' />a</system-reminder>", "<system-reminder at='x' />a</system-reminder>"),
        // A human's words in an agent's wrapper stay.
        ("<user_query>Fix it.</user_query><user_info>x</user_info>", "<user_query>Fix it.</user_query>"),
        // So does what people quote in tags of their own, and what a harness puts into the same tags does not.
        ("<context>My notes.</context>Why?", "<context>My notes.</context>Why?"),
        (r"<context>\nThe current date is May 1.\n</context>\nWhy?", "\nWhy?"),
        (r"<rules>Be brief.</rules>Why?", "<rules>Be brief.</rules>Why?"),
        (r"<rules>\nThe rules section has a number of rules.\n</rules>Why?", "Why?"),
        // Markers that are no tags count where the text begins, or behind a block.
        (r"\n [Request interrupted by user]", ""),
        ("<user_info>x</user_info> [Request interrupted by user]Go on", "Go on"),
        ("Go on [Request interrupted by user]", "Go on [Request interrupted by user]"),
        (r"Go on \u005bRequest interrupted by user]", "Go on [Request interrupted by user]"),
        (r"\u005bRequest interrupted by user]Go on", "Go on"),
        ("[Request interrupted by user]", ""),
        ("[Request interrupted by user for tool use]Go on", "Go on"),
        (
            r"# Context from my IDE setup:\n\n## Open tabs:\n- a\n\n## My request for Codex:\nFix it.",
            "\nFix it.",
        ),
        (r"# Context from my IDE setup:\n\n## Open tabs:\n- a\n\n## My request:\nFix it.", "\nFix it."),
    ] {
        assert_eq!(left(raw), rest, "{raw}");
    }
}

#[test]
fn markers_are_found_in_every_spelling() {
    for raw in [
        r"\u003csystem-reminder\u003ex\u003c/system-reminder\u003eFix it.",
        r"\u003Csystem-reminder\u003Ex\u003C\/system-reminder\u003EFix it.",
        r"<system-reminder>x<\/system-reminder>Fix it.",
        r"<system\u002dreminder>\u003e<\u002Fsystem-reminder>Fix it.",
        r"\u003csystem-reminder>x</system-reminder\u003eFix it.",
        r#"\u003cenvironment_details a=\"b\"\u003ex\u003c/environment_details\u003eFix it."#,
        r"\u003ccontext\u003e\u000aThe current date is\u0020May.\u003c/context>Fix it.",
    ] {
        assert_eq!(left(raw), "Fix it.", "{raw}");
    }
    // An escaped backslash in front of what only looks like an escape.
    let text = r"\\u003csystem-reminder>x</system-reminder>";
    assert_eq!(left(text), r"\u003csystem-reminder>x</system-reminder>");

    let odd = [("[[\"a\\b\"\n/é😀", "\t]]")];
    let markers = Markers::new(odd, []);
    for raw in [
        r#"[[\"a\\b\"\n/é😀x\t]]Fix it."#,
        r#"\u005b[\u0022a\u005cb\"\u000a\/\u00e9\ud83d\ude00x\u0009]\u005D"#,
    ] {
        assert_eq!(left_of(&markers, raw), decode(raw.as_bytes()), "a close may not begin with a tab");
    }
    let markers = Markers::new([("[[\"a\\b\"\n/é😀", "]]")], []);
    for raw in [
        r#"[[\"a\\b\"\n/é😀x\t]]Fix it."#,
        r#"[[\u0022a\u005cb\"\u000a\/\u00e9\ud83d\ude00x\u0009]\u005DFix it."#,
    ] {
        assert_eq!(left_of(&markers, raw), "Fix it.", "{raw}");
    }
}

#[test]
fn a_block_that_never_ends_is_text() {
    for raw in [
        "Fix it. <system-reminder>",
        "What does <system-reminder> mean?",
        "<system-reminder>Fix it.</system-reminder",
        "<system-reminder>Fix it.</system-reminde>",
        "<system-reminder Fix it.",
        "<system-reminder",
        "<system-reminder a='b'",
        "</system-reminder>Fix it.",
        "[Request interrupted by user: fix it.",
        "<",
    ] {
        assert_eq!(left(raw), raw, "{raw}");
    }
    assert_eq!(left("Is <user_info> cut?<user_query>x</user_query><git_status>y</git_status>"), {
        "Is <user_info> cut?<user_query>x</user_query>"
    });
}

#[test]
fn nested_blocks_end_where_they_belong() {
    for (raw, rest) in [
        ("<reminder>a<reminder>b</reminder>c</reminder>Fix it.", "Fix it."),
        ("<reminder>a<reminder x='y'>b</reminder><reminder>c</reminder>d</reminder>Fix it.", "Fix it."),
        ("a<reminder>b</reminder>c<reminder>d</reminder>e", "a|c|e"),
        // Named in the block, without a close: the block ends at the first one.
        (r"<reminder>\nOf <reminder> tags.\n</reminder>\nFix it.", "\nFix it."),
        (r"<reminder>Of <reminder> tags.</reminder>Fix it.<reminder>x</reminder>", "Fix it."),
        // Named by the human before a block: the ask stays.
        (r"Why is <reminder> here?\n<reminder>x</reminder>", "Why is <reminder> here?\n"),
        (r"Why is `<reminder>` here?\n  \t<reminder>x</reminder>", "Why is `<reminder>` here?\n  \t"),
        // A block of another kind stands before it, and no line begins it.
        ("<user_info>x</user_info> <reminder>Of <reminder> tags.</reminder>Fix it.", "Fix it."),
        (r"C:\\n<reminder>Of <reminder> tags.</reminder>", r"C:\n<reminder>Of "),
    ] {
        assert_eq!(left(raw), rest, "{raw}");
    }
}

#[test]
fn pairs_that_cannot_be_looked_for_are_told() {
    for (open, close, right) in [
        ("<a>", "</a>", true),
        ("[[", "]]", true),
        ("--- begin", "---", true),
        ("^[[", "]]", true),
        ("^", "]]", false),
        ("^^", "]]", false),
        ("", "</a>", false),
        ("<a>", "", false),
        ("<", ">", false),
        (" <a>", "</a>", false),
        ("\"a", "\"", false),
        ("/*", "*/", false),
        ("<é>", "</é>", false),
        ("<a>", "\n", false),
    ] {
        assert_eq!(Markers::check(open, close).is_ok(), right, "{open:?} {close:?}");
        let shown = open.trim_start_matches('^');
        let raw = serde_json::to_string(&format!("{shown}x{close}Fix it.")).unwrap();
        let raw = raw.trim_matches('"');
        let cut = left_of(&Markers::new([(open, close)], []), raw) == "Fix it.";
        assert_eq!(cut, right, "{open:?} {close:?}");
    }
    for (open, close) in Markers::known().iter().chain(&Markers::tags()) {
        assert_eq!(Markers::check(open, close), Ok(()), "{open}");
    }
}

/// A configuration may name more first characters than are looked for at once.
#[test]
fn many_kinds_of_markers_are_found() {
    let names: Vec<_> = "!#$%&()*+,-.:;<=>?@[]_`{|}~aZ0".chars().map(|c| format!("{c}{c}begin")).collect();
    let markers = Markers::new(names.iter().map(|open| (open.as_str(), "end.")), []);
    for open in &names {
        for text in ["", "\n\u{3c}b\n"] {
            let pad = "word ".repeat(100);
            let raw = serde_json::to_string(&format!("{pad}{text}{open} x end.Go on{pad}")).unwrap();
            let expected = format!("{pad}{text}|Go on{pad}");
            assert_eq!(left_of(&markers, raw.trim_matches('"')), expected, "{open}");
        }
    }
    let unclosed: Vec<_> = (0..2 * MOST_MARKERS).map(|n| format!("<m{n}>")).collect();
    let markers = Markers::new(unclosed.iter().map(|open| (open.as_str(), "</m>")), []);
    assert_eq!(left_of(&markers, "<m0>x</m>"), "");
    assert_eq!(left_of(&markers, "<m1023>x</m>"), "<m1023>x</m>");
}

/// However a request abuses the markers, each byte is looked at a few times, not once for each of them.
#[test]
fn no_text_takes_long() {
    const BYTES: usize = 1 << 20;
    let markers = Markers::default();
    let opens: String =
        Markers::known().iter().map(|(open, _)| open.trim_start_matches('^').replace('\n', "\\n")).collect();
    let fill = |unit: &str| unit.repeat(BYTES / unit.len());
    for (name, text) in [
        ("no close", fill("<system-reminder>")),
        ("no end of the tag", fill("<system-reminder ")),
        ("escaped", fill(r"\u003csystem-reminder\u003e")),
        ("blocks", fill("<reminder>b</reminder>")),
        ("one close for all opens", format!("a{}</reminder>", fill("<reminder>"))),
        ("more opens than closes", fill("a<reminder><reminder>b</reminder>")),
        ("more closes than opens", fill("<reminder>b</reminder></reminder>")),
        ("each marker once", opens.clone() + &fill("word ")),
    ] {
        let mut kept = Vec::new();
        let mut budget = Budget::of(2 * text.len());
        let all = budget.left();
        // A request of two parts has one budget.
        for _ in 0..2 {
            let whole = Span { start: 0, end: text.len() };
            markers.cut(text.as_bytes(), whole, &mut budget, &mut kept, &mut Vec::new());
        }
        assert!(budget.looked() <= all, "{name}: {} bytes", budget.looked());
    }
}

/// A text as people paste it, with tags that are none of ours, is looked at whole.
#[test]
fn ordinary_texts_stay_within_the_budget() {
    let page = "<li class=\\\"a\\\">One line of a list with some words in it</li>\\n".repeat(200);
    let text = format!("{page}<user_info>x</user_info>Go on");
    let mut budget = Budget::of(text.len());
    let mut kept = Vec::new();
    let whole = Span { start: 0, end: text.len() };
    Markers::default().cut(text.as_bytes(), whole, &mut budget, &mut kept, &mut Vec::new());
    assert!(!budget.is_exhausted());
    assert_eq!(kept.len(), 2, "the block at the end is found");
}

/// What is not looked at counts as said.
#[test]
fn behind_the_end_of_the_budget_all_is_said() {
    let text = "<reminder>b</reminder>Fix it.";
    let mut kept = Vec::new();
    let mut budget = Budget::default();
    let whole = Span { start: 0, end: text.len() };
    Markers::default().cut(text.as_bytes(), whole, &mut budget, &mut kept, &mut Vec::new());
    assert!(budget.is_exhausted());
    assert_eq!(kept, [whole]);
}

/// Spells each character in one of the ways that JSON has.
fn spell(text: &str, ways: &[u8]) -> String {
    let ways = ways.iter().cycle();
    let spelled = text.chars().zip(ways).map(|(character, way)| {
        let mut units = [0; 2];
        let units = character.encode_utf16(&mut units);
        match (way % 4, character) {
            (0, _) => units.iter().map(|unit| format!("\\u{unit:04x}")).collect(),
            (1, _) => units.iter().map(|unit| format!("\\u{unit:04X}")).collect(),
            (2, '/') => r"\/".to_owned(),
            _ => serde_json::to_string(&character)
                .unwrap()
                .trim_start_matches('"')
                .strip_suffix('"')
                .unwrap()
                .to_owned(),
        }
    });
    spelled.collect()
}

/// A human's text without markers: any characters, and those that markers and escapes are made of.
fn words() -> impl Strategy<Value = String> {
    const ODD: &[&str] = &[
        "<", ">", "</", "/>", "\\", "\"", "\\u003c", "\n", "\t", "[", "]", "#", "<system-", "&lt;", "😀", " ",
    ];
    let piece = prop_oneof![proptest::sample::select(ODD).prop_map(str::to_owned), "\\PC{0,12}"];
    proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

fn visible(text: &str) -> String {
    text.split_whitespace().collect()
}

proptest! {
    /// Wherever a block of a default marker is put into a text (where it may stand), and however it is spelled, the ask
    /// stays what it was.
    #[test]
    fn an_injected_block_changes_nothing(
        words in proptest::collection::vec(words(), 2..5),
        pairs in proptest::collection::vec(proptest::sample::select(Markers::known()), 4),
        inside in "[a-z =/\"\\\\\n😀]{0,20}",
        attribute in proptest::option::of("[a-z]{1,3}=\"[a-z ]{0,5}\""),
        // Half of the bodies are spelled as most clients do.
        ways in prop_oneof![Just(vec![3u8]), proptest::collection::vec(any::<u8>(), 1..40)],
        as_parts in any::<bool>(),
    ) {
        let mut parts = vec![];
        for (place, word) in words.iter().enumerate() {
            parts.push(word.clone());
            // The close of this one belongs to another pair too.
            if let Some((open, close)) = pairs.get(place).filter(|(_, close)| close != "## My request:")
                && place + 1 < words.len()
            {
                let open = match (&attribute, open.strip_suffix('>')) {
                    (Some(attribute), Some(tag)) => format!("{tag} {attribute}>"),
                    _ => open.clone(),
                };
                match open.strip_prefix('^') {
                    Some(open) if !as_parts => parts.insert(0, format!("{open}{inside}{close}")),
                    Some(open) => parts.push(format!("{open}{inside}{close}")),
                    None => parts.push(format!("{open}{inside}{close}")),
                }
            }
        }
        let spelled: Vec<_> = parts.iter().map(|part| spell(part, &ways)).collect();
        let content = if as_parts {
            let parts: Vec<_> = spelled.iter().map(|part| format!(r#"{{"type":"text","text":"{part}"}}"#)).collect();
            format!("[{}]", parts.join(","))
        } else {
            format!("\"{}\"", spelled.concat())
        };
        let body = format!(r#"{{"messages":[{{"role":"user","content":{content}}}]}}"#);
        prop_assert!(serde_json::from_str::<Value>(&body).is_ok());
        let asks = asks_of(&body, Dialect::ChatCompletions, 0);
        prop_assert_eq!(visible(&text(&body, &asks.newest)), visible(&words.concat()), "{}", body);
    }

    /// Whatever the bytes are, the pieces lie within them, in order.
    #[test]
    fn pieces_of_any_bytes_are_in_order(
        bytes in proptest::collection::vec(any::<u8>(), 0..60),
        pieces in proptest::collection::vec(
            proptest::sample::select(&["<reminder>", "<reminder ", "</reminder>", "\\u003c", "\\", "reminder>", ">",
                "\\u003", "[Request interrupted by user", "]", "\n", "\\n", "x"][..]),
            0..30,
        ),
        cut in any::<proptest::sample::Index>(),
    ) {
        let mut body = pieces.concat().into_bytes();
        let at = cut.index(body.len() + 1);
        body.splice(at..at, bytes);
        let mut kept = Vec::new();
        let mut budget = Budget::of(body.len());
        Markers::default().cut(&body, Span { start: 0, end: body.len() }, &mut budget, &mut kept, &mut Vec::new());
        let mut end = 0;
        for piece in kept {
            prop_assert!(end <= piece.start && piece.start < piece.end && piece.end <= body.len());
            end = piece.end;
        }
    }
}
