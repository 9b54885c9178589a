//! What an ask wears is not judged.

use crate::score::clothes::Clothes;
use crate::score::fold::Folded;
use crate::score::{Ask, Basis, Length, Scorer, Scratch};
use crate::tier::Tier;

fn inside(text: &str) -> (String, u32) {
    let mut folded = Folded::default();
    folded.set(text);
    Clothes::new().take_off(&mut folded);
    (String::from_utf8(folded.text).unwrap(), folded.questions)
}

/// What is left of each text is the second, with its question marks.
fn leaves(rows: &[(&str, &str, u32)]) {
    for (text, left, questions) in rows {
        assert_eq!(inside(text), ((*left).to_owned(), *questions), "{text:?}");
    }
}

#[test]
fn courtesies_before_and_behind_are_left_out() {
    leaves(&[
        (
            "Hi! Could you please help me with this? Sort three numbers. Thank you so much!",
            "sort three numbers.",
            0,
        ),
        ("hello everyone,\n\nhow do I sort a list?\n\nThanks in advance", "how do i sort a list?", 1),
        ("Sort these three lines, please.", "sort these three lines", 0),
        ("你好，麻烦帮我一下：什么是区块链技术？谢谢！", "什么是区块链技术?", 1),
        (
            "Здравствуйте! Помогите, пожалуйста. Как работает двигатель? Большое спасибо!",
            "как работает двигатель?",
            1,
        ),
        (
            "Bonjour ! Pouvez-vous m'aider s'il vous plaît ? Qui a peint Guernica ?",
            "qui a peint guernica ?",
            1,
        ),
        (
            "¡Hola! ¿Me puedes ayudar, por favor? ¿Quién pintó el Guernica? ¡Muchas gracias!",
            "¿quien pinto el guernica?",
            1,
        ),
        (
            "안녕하세요, 부탁드려요. 파이썬으로 정렬을 설명해 줘 감사합니다!",
            "파이썬으로 정렬을 설명해 줘 감사합니다!",
            0,
        ),
    ]);
}

#[test]
fn courtesies_in_words_of_their_own_are_left_out() {
    leaves(&[
        (
            "Hey, I hope you are all having a great day. Would you give me a hand? Sort three numbers.",
            "sort three numbers.",
            0,
        ),
        ("Sort three numbers! I'd be really grateful for your help", "sort three numbers!", 0),
        (
            "Hola, ¿me podrías ayudar con esta duda? Necesito tu ayuda. ¿Quién pintó el Guernica?",
            "¿quien pinto el guernica?",
            1,
        ),
        ("Trie ces trois nombres. Je vous remercie d'avance pour votre aide.", "trie ces trois nombres.", 0),
    ]);
}

#[test]
fn marks_around_an_ask_are_left_out() {
    leaves(&[
        ("## Request\n\nsort three numbers", "sort three numbers", 0),
        ("\"sort three numbers\"", "sort three numbers", 0),
        ("**sort three numbers**\n**and print them**", "sort three numbers\nand print them", 0),
        ("**Task:** sort `a ** b` and 2**3", "task: sort `a ** b` and 2**3", 0),
    ]);
}

#[test]
fn what_says_something_stays() {
    let texts = [
        // All that there is.
        "hello, thank you!",
        "ok, thanks",
        "## request",
        // No courtesies: what is asked about.
        "hello world in cobol",
        "how do you say thank you",
        "hint: sort three numbers",
        "the compiler says please",
        "could you help me sort this? two words and three numbers.",
        "three numbers. how would you sort them with my help?",
        // Headings of more than one part, and with words of their own.
        "# task\nsort three numbers\n# form\njson",
        "# how would you sort three numbers in cobol\nplease do",
        // A quotation in an ask.
        "\"veni\" and \"vidi\" mean what?\"",
    ];
    for text in texts {
        assert_eq!(inside(text).0, text);
    }
}

#[test]
fn a_greeting_counts_where_it_says_the_most() {
    let scorer = Scorer::calibrated(super::plain(), None, Tier::Medium).unwrap();
    for text in ["Hi, my name is Anna.", "Hello, I am number 5!"] {
        let length = Length { ask: text.len(), read: text.len() };
        let score = scorer.score(&Ask { text, length, tokens: 5 }, &mut Scratch::default());
        assert_eq!((score.tier, score.verdict), (Tier::Simple, Basis::Learnt), "{text}");
    }
}

#[test]
fn a_text_of_nothing_but_courtesies_ends_soon() {
    let text = "hi, ".repeat(100_000);
    assert_eq!(inside(&text).0, text);
    let text = format!("sort{}", " thank you so much".repeat(100_000));
    assert_eq!(inside(&text).0, text);
}
