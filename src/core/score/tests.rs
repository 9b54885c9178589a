use std::collections::BTreeMap;

use super::fold::Folded;
use super::hits::Hits;
use super::lexicon::Lexicon;
use super::*;
use crate::tier::Tier;

mod any_text;
mod replies;

fn folded(text: &str) -> String {
    let mut folded = Folded::default();
    folded.set(text);
    String::from_utf8(folded.text).unwrap()
}

/// Names of the concepts among `keywords` that `text` has.
fn found(keywords: &[&str], text: &str) -> Vec<String> {
    let keywords: Vec<_> = keywords.iter().map(|k| (Dimension::CodePresence, (*k).to_owned())).collect();
    let lexicon = Lexicon::new(&keywords).unwrap();
    let mut hits = Hits::default();
    hits.clear(lexicon.concepts().len());
    lexicon.find(folded(text).as_bytes(), &mut hits);
    let own = lexicon.concepts().len() - keywords.len();
    let seen = lexicon.concepts().iter().enumerate().skip(own).filter(|(i, _)| hits.has(*i));
    seen.map(|(_, c)| c.name.clone()).collect()
}

#[test]
fn folding_makes_one_spelling_of_several() {
    for (text, one) in [
        ("HELLO World", "hello world"),
        ("Ｐｙｔｈｏｎ　３", "python 3"),
        ("Café CAFE\u{301} straße Łódź", "cafe cafe strasse lodz"),
        ("Ёлка ЙОД", "елка йод"),
        ("مُثَلَّث أحمد إلى", "مثلث احمد الي"),
        ("don’t “quote” – dash", "don't \"quote\" - dash"),
        ("プログラム 証明", "プログラム証明"),
        ("用 Rust 编写 a b", "用rust编写a b"),
        ("한국어 파이썬 코드", "한국어 파이썬 코드"),
        ("Việt Nam", "viet nam"),
        ("ΑΒΓ", "αβγ"),
    ] {
        assert_eq!(folded(text), one, "{text}");
        assert_eq!(folded(&folded(text)), folded(text), "folding twice: {text}");
    }
    let mut marks = Folded::default();
    marks.set("? ？ ؟ ;");
    assert_eq!(marks.questions, 3);
}

#[test]
fn words_are_respected() {
    let rows: &[(&str, &str, bool)] = &[
        ("klass", "a klass b", true),
        ("klass", "klassical", false),
        ("klass", "subklass", false),
        ("klass", "Klass.", true),
        ("klass", "(klass)", true),
        ("klass", "klass_x", false),
        ("klass*", "klassical", true),
        ("two words", "two\nwords", true),
        ("two words", "TWO   words!", true),
        ("two words", "two \r\n\t words", true),
        ("two words", "two wor", false),
        ("two words", "two wordsmith", false),
        ("q++", "q++11", true),
        ("q++", "aq++", false),
        ("=>>", "a=>>b", true),
        // Chinese and Japanese write no spaces.
        ("函数体", "写一个函数体吧", true),
        ("プログラマ", "私はプログラマです", true),
        ("klass", "用klass写", true),
        // Korean: particles may follow, nothing may stand before.
        ("함수식", "함수식을 써", true),
        ("함수식", "새함수식", false),
        // Arabic: the article and short words may stand before.
        ("خوارزميات", "الخوارزميات", true),
        ("خوارزميات", "والخوارزميات", true),
        ("خوارزميات", "بخوارزميات", true),
        ("خوارزميات", "خَوَارِزْمِيَّات", true),
        ("خوارزميات", "سخوارزميات", false),
        // Accents typed or left out, in the text or in the keyword.
        ("démontrez", "demontrez", true),
        ("demontrez", "Démontrez", true),
        ("größe", "GROSSE", true),
        ("größe", "großes", false),
        ("докажите", "ДОКАЖИТЕ!", true),
        ("докажите", "недокажите", false),
    ];
    for (keyword, text, hit) in rows {
        assert_eq!(!found(&[keyword], text).is_empty(), *hit, "{keyword} in {text}");
    }
}

#[test]
fn the_shipped_lexicon_has_sixty_concepts_a_language() {
    let data = include_str!("lexicon.tsv");
    let mut rows = data.lines().filter(|l| !l.starts_with('#') && !l.is_empty());
    let languages: Vec<&str> = rows.next().unwrap().split('\t').skip(2).collect();
    assert_eq!(languages.len(), 9);
    let mut cells: BTreeMap<&str, usize> = BTreeMap::new();
    let mut names = std::collections::BTreeSet::new();
    for row in rows {
        let columns: Vec<&str> = row.split('\t').collect();
        assert_eq!(columns.len(), 11, "{row}");
        assert!(names.insert(columns[1]), "two rows for {}", columns[1]);
        for (language, cell) in languages.iter().zip(&columns[2..]) {
            *cells.entry(language).or_default() += usize::from(!cell.is_empty());
            assert!(cell.is_empty() || cell.split('|').all(|v| !v.trim().is_empty()), "empty variant: {row}");
        }
    }
    for (language, count) in cells {
        assert!(count >= 60, "{language} has {count}");
    }
}

/// A scorer with one rule a dimension: weight 1, a hit is worth 1.
fn plain() -> RuleScorer {
    let rules = Dimension::ALL.map(|dimension| Rule {
        dimension,
        weight: 1.0,
        steps: vec![Step { at: 1, value: 1.0 }],
    });
    let params = RuleParams {
        rules: rules.to_vec(),
        tokens: TokenRule { short: 50, long: 500 },
        boundaries: Boundaries { medium: 0.0, complex: 0.3, reasoning: 0.5 },
        steepness: 12.0,
        min_confidence: 0.7,
        ambiguous_tier: Tier::Medium,
        reasoning_override: 2,
        reasoning_confidence: 0.85,
    };
    RuleScorer::new(params, &[]).unwrap()
}

#[test]
fn sequences_count_in_their_order_only() {
    let scorer = plain();
    let mut scratch = Scratch::default();
    for (text, several) in [
        ("First open the box, then close it.", true),
        ("Then came winter; at first it was mild.", false),
        ("1. wash\n2. dry", true),
        ("Please: 1. wash it 2. dry it", true),
        ("at 2. and 1. of May", false),
        ("in 1999. We", false),
        ("version 1. x", false),
        ("Сначала откройте файл, затем закройте.", true),
        ("Zuerst öffnen, dann schließen.", true),
        ("首先打开文件，然后关闭。", true),
    ] {
        scorer.score(text, 100, &mut scratch);
        let steps = scorer.explain(100, &scratch).iter().any(|p| p.dimension == "multiStepPatterns");
        assert_eq!(steps, several, "{text}");
    }
}

#[test]
fn plain_words_count_for_the_rules_only() {
    let scorer = plain();
    let mut scratch = Scratch::default();
    for (text, dimension) in [
        ("Prove Euclid's lemma.", "reasoningMarkers"),
        ("Beweise den Satz.", "reasoningMarkers"),
        ("SELECT id FROM orders WHERE total > 5", "codePresence"),
        ("my class has a method", "codePresence"),
        ("写一个异步函数", "codePresence"),
        ("the architecture of our shop", "technicalTerms"),
        ("архитектура магазина", "technicalTerms"),
        ("verify the backup", "agenticTask"),
        ("fix the door", "imperativeVerbs"),
        ("a table, please", "outputFormat"),
        ("not today", "negationComplexity"),
        ("ohne Zucker", "negationComplexity"),
        ("sin azúcar", "negationComplexity"),
    ] {
        scorer.score(text, 100, &mut scratch);
        let parts = scorer.explain(100, &scratch);
        let part = parts.iter().find(|p| p.dimension == dimension);
        assert!(part.is_some_and(|p| !p.concepts.is_empty()), "{text}: {parts:?}");
    }
    // One concept is one hit, in plain words and in others.
    let score = scorer.score("Prove that it is a proof.", 100, &mut scratch);
    assert_ne!(score.verdict, Basis::ReasoningMarkers);
    // Learnt weights see nothing of them.
    let seen = |text: &str, scratch: &mut Scratch| {
        let mut names = Vec::new();
        scorer.score(text, 1, scratch);
        scorer.features(Length { ask: text.len(), read: text.len() }, scratch, |name, value| {
            names.push((name.to_owned(), value));
        });
        names
    };
    assert_eq!(seen("verify that abcd", &mut scratch), seen("verifx that abcd", &mut scratch));
}

#[test]
fn an_explanation_adds_up_to_the_score() {
    let scorer = plain();
    let mut scratch = Scratch::default();
    for text in ["Prove the theorem step by step? In JSON, at most 3 lines.", "hello", "", "写一个函数"]
    {
        for tokens in [10, 100, 1000] {
            let score = scorer.score(text, tokens, &mut scratch);
            let sum: f64 = scorer.explain(tokens, &scratch).iter().map(|p| p.added).sum();
            assert!((sum - score.value).abs() < 1e-9, "{text}");
            assert!((0.5..=1.0).contains(&score.confidence), "{text}");
        }
    }
}

#[test]
fn a_greeting_is_simple_in_nine_languages() {
    let scorer = plain();
    let mut scratch = Scratch::default();
    for text in
        ["hello", "你好", "こんにちは", "안녕하세요", "Привет", "Guten Morgen", "¡Hola!", "Olá", "مرحبا"]
    {
        scorer.score(text, 3, &mut scratch);
        let parts = scorer.explain(3, &scratch);
        assert!(parts.iter().any(|p| p.dimension == "simpleIndicators"), "{text}: {parts:?}");
    }
}

#[test]
fn a_proof_has_two_reasoning_markers_in_nine_languages() {
    let scorer = plain();
    let mut scratch = Scratch::default();
    for text in [
        "Prove by induction that the sum of the first n odd numbers is n squared.",
        "用数学归纳法证明前 n 个奇数之和等于 n 的平方。",
        "数学的帰納法を用いて、最初の n 個の奇数の和が n の二乗であることを証明してください。",
        "수학적 귀납법으로 처음 n개의 홀수의 합이 n의 제곱임을 증명하세요.",
        "Докажите методом математической индукции, что сумма первых n нечётных чисел равна n в квадрате.",
        "Beweise durch vollständige Induktion, dass die Summe der ersten n ungeraden Zahlen n Quadrat ist.",
        "Demuestra por inducción que la suma de los primeros n números impares es n al cuadrado.",
        "Prove por indução que a soma dos primeiros n números ímpares é n ao quadrado.",
        "أثبت بالاستقراء الرياضي أن مجموع أول n من الأعداد الفردية يساوي مربع n.",
    ] {
        let score = scorer.score(text, 30, &mut scratch);
        assert_eq!((score.tier, score.verdict), (Tier::Reasoning, Basis::ReasoningMarkers), "{text}");
        assert!(score.confidence >= 0.85, "{text}");
    }
}

#[test]
fn structure_is_noticed_in_system_prompts() {
    let scorer = plain();
    for (text, asked) in [
        ("Answer as JSON.", true),
        ("Follow this Schema: {}", true),
        ("请以JSON格式回答", true),
        ("You are a kind assistant.", false),
        ("", false),
    ] {
        assert_eq!(scorer.mentions_structure(text), asked, "{text}");
    }
}

mod learnt {
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
        for concept in Lexicon::new(&[]).unwrap().concepts() {
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
        let told = |text: &str, scratch: &mut Scratch| {
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
        let shipped = include_str!("weights.tsv");
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
}
