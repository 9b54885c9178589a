//! The calibrated scorer.

use super::super::features::{Counts, SHAPES, shape};
use super::*;

/// A named feature of a text's shape, where 1 is 1.
fn feature(name: &str, text: &str) -> f64 {
    let mut folded = Folded::default();
    folded.set(text);
    let mut counts = Counts::default();
    counts.set(&folded.text);
    let length = Length { ask: text.len(), read: text.len() };
    let mut found = None;
    shape(&counts, folded.questions, length, |known, value| {
        if known == name {
            found = Some(f64::from(value) / f64::from(FEATURE_ONE));
        }
    });
    found.expect(name)
}

fn judged(text: &str) -> Judgement {
    thread_local! {
        static SCORER: (RuleScorer, Calibrated) = {
            let scorer = plain();
            let learnt = scorer.calibrated().unwrap();
            (scorer, learnt)
        };
    }
    SCORER.with(|(scorer, learnt)| {
        let mut scratch = Scratch::default();
        scorer.score(text, 1, &mut scratch);
        scorer.judge_by(learnt, Length { ask: text.len(), read: text.len() }, &mut scratch)
    })
}

#[test]
fn features_count_what_they_say() {
    // Counts are logarithms to base two of one more.
    for (name, text, value) in [
        ("numbers", "3 apples, 1,234.5 pears and 7 plums", 2.0),
        ("decimals", "3.5 and 1,234.5, not 7.", 1.5),
        ("years", "from 1848 to 2024, 3000 miles", 1.5),
        ("variables", "let x and n be", 1.5),
        ("variables", "a I l'amour don't z w", 0.0),
        ("variables", "B. Rome", 0.0),
        ("lettered", "Which?\nA. red\nB. blue\nC. green", 1.0),
        ("lettered", "a) red\nb) blue\nc) green", 1.0),
        ("lettered", "A cat sat.\nB", 0.0),
        ("numbered", "1. wash\n2. dry\n(3) fold", 2.0),
        ("bullets", "- a\n* b\n• c", 2.0),
        ("headings", "# Task\n## More", 1.5),
        ("rows", "| a | b |\n| 1 | 2 |", 1.5),
        ("code_lines", "for (;;) {\n    run();\n}", 2.0),
        ("commands", r"\frac{1}{2} \alpha", 1.5),
        ("greek", "the angle α and β", 1.5),
        ("greek", "γεια σου κόσμε", 0.0),
        ("signs", "x² ≤ 3 × π", 2.0),
        ("gaps", "The ____ sat", 1.0),
        ("gaps", "正确的是（ ）", 1.0),
        ("commas", "a, b、c، d", 2.0),
        ("apostrophes", "it&#39;s", 1.0),
        ("sentences", "One is here. Two is here! 三在这里。", 2.0),
        ("sentences", "version 1.2.3 of x.y", 0.0),
        ("blank_lines", "a\n\nb\n\n", 1.0),
        ("questions", "why? なぜ？ لماذا؟", 2.0),
        ("no_question", "do it", 1.0),
        ("other_script", "สวัสดี नमस्ते नमस्ते नमस्ते", 1.0),
    ] {
        assert_eq!(feature(name, text), value, "{name} of {text:?}");
    }
}

#[test]
fn a_translation_is_about_as_long() {
    let english = feature("length", "Please explain how a refrigerator keeps food cold in summer.");
    for text in [
        "请解释一下冰箱在夏天是怎样让食物保持低温的。",
        "冷蔵庫が夏に食べ物を冷たく保つ仕組みを説明してください。",
        "냉장고가 여름에 음식을 어떻게 차갑게 유지하는지 설명해 주세요.",
        "Пожалуйста, объясните, как холодильник сохраняет еду холодной летом.",
        "Bitte erkläre, wie ein Kühlschrank Lebensmittel im Sommer kalt hält.",
        "يرجى شرح كيف تحافظ الثلاجة على برودة الطعام في الصيف.",
        "कृपया समझाएँ कि रेफ्रिजरेटर गर्मियों में भोजन को ठंडा कैसे रखता है।",
        "Εξηγήστε πώς ένα ψυγείο διατηρεί το φαγητό κρύο το καλοκαίρι.",
    ] {
        assert!((feature("length", text) - english).abs() < 0.6, "{text}: {}", feature("length", text));
    }
}

#[test]
fn an_excerpt_is_as_long_as_its_ask() {
    let text = "word ".repeat(100);
    let mut folded = Folded::default();
    folded.set(&text);
    let mut counts = Counts::default();
    counts.set(&folded.text);
    let length = |ask| {
        let mut found = 0;
        shape(&counts, 0, Length { ask, read: 500 }, |name, value| {
            if name == "length" {
                found = value;
            }
        });
        found
    };
    assert!((length(2000) - length(500) - 2 * FEATURE_ONE).abs() < 3);
    assert_eq!(length(0), length(500));
}

#[test]
fn names_of_features_are_names_of_one() {
    let scorer = plain();
    let mut scratch = Scratch::default();
    scorer.score("hello", 1, &mut scratch);
    let mut names = std::collections::BTreeSet::new();
    let mut counts = Counts::default();
    counts.set(b"");
    shape(&counts, 0, Length::default(), |name, _| assert!(names.insert(name.to_owned()), "{name}"));
    assert_eq!(names.len(), SHAPES);
    for dimension in Dimension::ALL {
        assert!(names.insert(dimension.name().to_owned()));
    }
    for concept in Lexicon::new(&[], &[]).unwrap().concepts() {
        assert!(names.insert(concept.name.clone()), "{}", concept.name);
    }
}

#[test]
fn tiers_are_what_a_person_would_say() {
    for (text, tier) in [
        ("hi", Tier::Simple),
        ("thanks!", Tier::Simple),
        ("What is the capital of Peru?", Tier::Simple),
        ("¿Cuál es la capital de Perú?", Tier::Simple),
        ("Wie heißt die Hauptstadt von Peru?", Tier::Simple),
        ("Write a Python function that merges two sorted lists and explain how it works.", Tier::Medium),
        (
            "Schreibe eine E-Mail an meinen Vermieter wegen der kaputten Heizung und bitte um einen Termin.",
            Tier::Medium,
        ),
        ("Prove that there is no largest prime number.", Tier::Reasoning),
        ("证明素数有无穷多个。", Tier::Reasoning),
        ("Докажите, что простых чисел бесконечно много.", Tier::Reasoning),
    ] {
        assert_eq!(judged(text).tier, tier, "{text}: {:?}", judged(text));
    }
}

#[test]
fn harder_asks_have_more_difficulty() {
    for (easy, hard) in [
        (
            "Name three fruits that are red.",
            "Find all functions f with f(x + f(y)) = f(x) + y for all integers x, y.",
        ),
        ("Say thank you to my teacher.", "Prove that the group of units of a finite field is cyclic."),
        ("总结一下这篇文章。", "求所有满足 a^2 + b^2 = 7c^2 的整数三元组，并证明。"),
    ] {
        let (easy, hard) = (judged(easy).difficulty, judged(hard).difficulty);
        assert!(easy < hard && (0.0..=1.0).contains(&easy) && (0.0..=1.0).contains(&hard));
    }
}

#[test]
fn nothing_to_judge_by_is_told() {
    for (text, nothing) in [
        ("", true),
        ("   \n", true),
        ("qwrtz", true),
        ("🜚🜚", true),
        ("...", true),
        // A reply, without what it replies to.
        ("👍", true),
        ("ok", true),
        ("hello", false),
        // Few words, none of which is a concept: their length says that they are easy.
        ("Which sea is north of Turkey?", false),
        ("B2C nedir?", false),
        ("2+2", false),
        ("Przetłumacz to zdanie na angielski, proszę", false),
    ] {
        assert_eq!(judged(text).abstained, nothing, "{text:?}");
    }
}

#[test]
fn clothes_do_not_change_the_tier() {
    for text in [
        "Write a Python function that merges two sorted lists and explain how it works.",
        "What is the capital of Peru?",
        "Prove that there is no largest prime number.",
    ] {
        let tier = judged(text).tier;
        for other in [
            text.to_uppercase(),
            text.to_lowercase(),
            format!("  {text}\n"),
            text.replace(' ', "  "),
            format!("Please, {text} Thank you!"),
            format!("**{text}**"),
        ] {
            assert_eq!(judged(&other).tier, tier, "{other}");
        }
    }
}

#[test]
fn bias_moves_all_boundaries_one_way() {
    let score = |bias: f64, text: &str| {
        let scorer = Scorer::calibrated(plain(), None, Tier::Medium).unwrap().with_bias(bias);
        let length = Length { ask: text.len(), read: text.len() };
        scorer.score(&Ask { text, length, tokens: 10 }, &mut Scratch::default())
    };
    let mut moved = 0;
    for text in [
        "What is the capital of Peru?",
        "Why is the sky blue?",
        "Write a Python function that merges two sorted lists and explain how it works.",
        "Design a multi-tenant billing system that survives the loss of a region.",
        "Find all integers n for which n^2 + 1 divides n^3 + 3.",
    ] {
        let [cheap, usual, careful] = [0.2, 1.0, 5.0].map(|bias| score(bias, text));
        assert!(cheap.tier <= usual.tier && usual.tier <= careful.tier, "{text}");
        assert_eq!(cheap.value, careful.value, "the difficulty is as it was: {text}");
        assert!((0.0..=1.0).contains(&careful.confidence));
        moved += usize::from(cheap.tier < careful.tier);
    }
    assert!(moved > 1, "boundaries moved for {moved} of five");
}

#[test]
fn reasons_add_up() {
    let scorer = plain();
    let learnt = scorer.calibrated().unwrap();
    let mut scratch = Scratch::default();
    let logit = |d: f64| libm::log(d / (1.0 - d));
    let told =
        |text: &str, scratch: &mut Scratch| {
            let length = Length { ask: text.len(), read: text.len() };
            scorer.score(text, 1, scratch);
            let judged = scorer.judge_by(&learnt, length, scratch);
            let reasons = scorer.reasons(&learnt, length, scratch);
            assert!(reasons.windows(2).all(|w| {
                w[0].difficulty.abs() + w[0].tier.abs() >= w[1].difficulty.abs() + w[1].tier.abs()
            }));
            assert_eq!(reasons.iter().filter(|r| r.feature == "length").count(), 1);
            (logit(judged.difficulty), reasons.iter().map(|r| r.difficulty).sum::<f64>())
        };
    let (plain, why) = told("Prove that it is so, as it has to be.", &mut scratch);
    let (other, other_why) = told("Prove that it is so, as it has to b.", &mut scratch);
    assert!(((plain - other) - (why - other_why)).abs() < 0.1, "{plain} {other} {why} {other_why}");
}

#[test]
fn weights_that_cannot_be_read_are_refused() {
    let scorer = plain();
    let shipped = include_str!("../weights.tsv");
    assert!(scorer.calibrated_with(shipped).is_ok());
    assert!(shipped.len() < 256 * 1024);
    let more = |line: &str| format!("{shipped}{line}\n");
    for (text, why) in [
        ("", "first line"),
        ("tiergate-weights\t1\n", "first line"),
        ("tiergate-weights\t2\n", "costs"),
        ("tiergate-weights\t2\nfeature\tno_such_thing\t1\t1\t1\t1\t1\n", "line 2"),
        ("tiergate-weights\t2\ncosts\tNaN\t1\t1\n", "line 2"),
        ("tiergate-weights\t2\ncosts\t1\t2\n", "line 2"),
        ("tiergate-weights\t2\ncosts\t1\t2\t3\t4\n", "line 2"),
        ("tiergate-weights\t2\ncosts\t1\t0\t2\n", "above 0"),
        (&more(&format!("bias\t{}\t0\t0\t0", 1i64 << 53)), "the difficulty"),
        (&more(&format!("bias\t0\t0\t{}\t0", -(1i64 << 53))), "COMPLEX"),
    ] {
        let error = scorer.calibrated_with(text).unwrap_err();
        assert!(error.contains(why), "{error}");
    }
}
