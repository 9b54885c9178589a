//! No text is fatal to the calibrated scorer, and its result depends on the text alone.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::super::features::{Counts, shape};
use super::*;

/// Text of what the scan distinguishes: words, numbers, gaps, entities, lists, code, and characters of one to four bytes.
fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[a-z]{1,12}",
        "[a-z0-9_]{1,12}",
        "[0-9]{1,4}[.,]?[0-9]{0,4}",
        "[a-z]{60,140}",
        "[ ]{1,3}",
        "[\n\t\r ]{1,3}",
        "[.,:;!?'\"()|`\\\\/$%^*+=<>{}\\-]{1,2}",
        "&(#39|quot|lt|amp|x);?",
        "[éßжعλ한語の。、กि²≤𝑥🙂\u{301}]{1,3}",
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
}

static SCORER: LazyLock<(RuleScorer, Calibrated)> = LazyLock::new(|| {
    let scorer = plain();
    let learnt = scorer.calibrated().unwrap();
    (scorer, learnt)
});

fn judged(text: &str, scratch: &mut Scratch) -> Judgement {
    let (scorer, learnt) = &*SCORER;
    scorer.score(text, 1, scratch);
    scorer.judge_by(learnt, Length { ask: text.len(), read: text.len() }, scratch)
}

fn features(folded: &[u8]) -> Vec<(&'static str, i32)> {
    let mut counts = Counts::default();
    counts.set(folded);
    let mut features = Vec::new();
    shape(&counts, 0, Length::default(), |name, value| features.push((name, value)));
    features
}

proptest! {
    /// The scan looks at some bytes together: where their borders fall in a text does not matter. White space before
    /// the first line is nothing, so it may move them.
    #[test]
    fn where_a_text_begins_does_not_matter(text in text(), spaces in 1usize..130) {
        let folded = folded(&text);
        let moved = " ".repeat(spaces) + &folded;
        prop_assert_eq!(features(folded.as_bytes()), features(moved.as_bytes()));
    }

    /// Any text is judged, and by itself alone.
    #[test]
    fn no_text_is_fatal(text in text(), other in text()) {
        let judgement = judged(&text, &mut Scratch::default());
        prop_assert!((0.0..=1.0).contains(&judgement.difficulty));
        prop_assert!((0.0..=1.0).contains(&judgement.confidence));
        let mut used = Scratch::default();
        judged(&other, &mut used);
        prop_assert_eq!(judged(&text, &mut used), judgement);
    }
}
