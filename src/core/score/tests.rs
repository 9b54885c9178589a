use std::collections::BTreeMap;

use super::fold::Folded;
use super::hits::Hits;
use super::lexicon::Lexicon;
use super::*;
use crate::tier::Tier;

mod any_text;
mod clothes;
mod learnt;
mod own;
mod replies;

fn folded(text: &str) -> String {
    let mut folded = Folded::default();
    folded.set(text);
    String::from_utf8(folded.text).unwrap()
}

/// Names of the concepts among `keywords` that `text` has.
fn found(keywords: &[&str], text: &str) -> Vec<String> {
    let keywords: Vec<_> = keywords.iter().map(|k| (Dimension::CodePresence, (*k).to_owned())).collect();
    let lexicon = Lexicon::new(&keywords, &[]).unwrap();
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
    RuleScorer::new(params, &[], Vec::new()).unwrap()
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
