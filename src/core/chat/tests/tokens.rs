//! Tokens of text, estimated.

use super::super::Tokens;
use super::*;

fn counted(texts: &[&str]) -> u64 {
    let mut tokens = Tokens::default();
    texts.iter().for_each(|text| tokens.add(text.as_bytes()));
    tokens.count()
}

/// As the content of a JSON string, with everything beyond ASCII escaped or not.
fn spelled(text: &str, escaped: bool) -> String {
    let json = Value::from(text).to_string();
    let inner = json.trim_matches('"');
    if !escaped {
        return inner.to_owned();
    }
    let escape = |c: char| c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect();
    inner.chars().map(|c| if c.is_ascii() { c.to_string() } else { escape(c) }).collect()
}

/// Sentences, and their tokens in o200k_base (tiktoken).
const SENTENCES: &[(&str, u64)] = &[
    ("The quick brown fox jumps over the lazy dog and runs into the forest.", 15),
    ("请帮我写一个函数，用来计算两个日期之间相差多少天，并处理闰年。", 22),
    ("この関数の計算量を説明してください。もっと速い方法はありますか。", 19),
    ("두 날짜 사이의 일수를 계산하는 함수를 작성해 주세요.", 14),
    ("Напишите, пожалуйста, функцию, которая считает дни между двумя датами.", 15),
    ("اكتب دالة تحسب عدد الأيام بين تاريخين مع مراعاة السنوات الكبيسة.", 20),
    ("दो तारीखों के बीच दिनों की संख्या गिनने वाला फ़ंक्शन लिखें।", 19),
    ("for i in range(10):\n    print(f\"{i}: {values[i] ** 2}\")", 21),
];

#[test]
fn every_script_is_estimated_within_a_third() {
    for (text, real) in SENTENCES {
        for escaped in [false, true] {
            let told = counted(&[&spelled(text, escaped)]);
            let off = told.abs_diff(*real);
            assert!(off * 3 <= *real, "{told} instead of {real}, escaped {escaped}: {text}");
        }
    }
}

#[test]
fn escapes_cost_what_they_stand_for() {
    for (text, _) in SENTENCES.iter().chain(&[("a \u{1f600} b \u{7ff} c \u{ffff} \t\"q\" \\ /", 0)]) {
        assert_eq!(counted(&[&spelled(text, true)]), counted(&[&spelled(text, false)]), "{text}");
    }
}

/// Of long texts only samples are read: they show about the same as all of it, read in pieces that are read whole.
#[test]
fn samples_of_a_long_text_stand_for_the_whole() {
    let all: Vec<&str> = SENTENCES.iter().map(|(text, _)| *text).collect();
    let mixed = all.join("\n");
    for (name, text) in
        [("English", all[0]), ("Chinese", all[1]), ("code", all[7]), ("mixed", mixed.as_str())]
    {
        for size in [4_000, 40_000, 400_000] {
            for escaped in [false, true] {
                let long = spelled(&format!("{text} ").repeat(size / text.len()), escaped);
                let one = counted(&[&spelled(&format!("{text} {text} "), escaped)]);
                let whole = one as f64 / 2.0 * (size / text.len()) as f64;
                let told = counted(&[&long]) as f64;
                assert!((told / whole - 1.0).abs() < 0.15, "{name} of {size}: {told} instead of {whole}");
            }
        }
    }
}

#[test]
fn many_short_texts_are_sampled_as_one_long_one() {
    let texts = vec!["The quick brown fox jumps over the lazy dog and runs into the forest. "; 2000];
    let (apart, together) = (counted(&texts) as f64, counted(&[&texts.concat()]) as f64);
    assert!((apart / together - 1.0).abs() < 0.1, "{apart} and {together}");
}

#[test]
fn nothing_has_no_tokens() {
    assert_eq!(counted(&[]), 0);
    assert_eq!(counted(&["", ""]), 0);
    assert!(counted(&["x"]) > 0);
}

proptest! {
    /// Whatever the bytes: no panic, no more than a few tokens a byte, and the same each time.
    #[test]
    fn any_bytes_can_be_estimated(texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..3000), 0..4)) {
        let count = || {
            let mut tokens = Tokens::default();
            texts.iter().for_each(|text| tokens.add(text));
            tokens.count()
        };
        let bytes: usize = texts.iter().map(Vec::len).sum();
        prop_assert!(count() <= 2 * bytes as u64 + 1);
        prop_assert_eq!(count(), count());
    }

    #[test]
    fn cut_escapes_can_be_estimated(text in r#"(\\|u|[0-9a-f]|"|é|你){0,60}"#) {
        for cut in 0..=text.len() {
            let mut tokens = Tokens::default();
            tokens.add(&text.as_bytes()[..cut]);
            prop_assert!(tokens.count() <= 2 * text.len() as u64 + 1);
        }
    }
}

#[test]
fn what_tokenizers_split_more_counts_as_long() {
    let tokens = |text: &str| {
        let mut tokens = Tokens::default();
        tokens.add(text.as_bytes());
        tokens
    };
    // One letter again and again, base64, and a script that older tokenizers know little of.
    let base64 = "QmFzZTY0IGlzIG5vdCBwcm9zZQ0K7f9aXk2".repeat(5_000);
    for text in ["x".repeat(500_000), base64, "हिन्दी में एक लंबा पाठ ".repeat(8_000)]
    {
        let tokens = tokens(&text);
        assert!(tokens.most() > 100_000, "{} of {}", tokens.most(), tokens.count());
        assert!(tokens.most() >= tokens.count());
    }
    // Of prose the two are much the same: an ordinary text of 80,000 tokens is no longer than it is.
    let prose = tokens(&"The committee met on Tuesday and agreed on nothing. ".repeat(7_000));
    assert!((80_000..100_000).contains(&prose.most()), "{}", prose.most());
    assert_eq!(tokens("").most(), 0);
}
