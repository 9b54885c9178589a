//! How names fold, and which rule matched.

use proptest::prelude::*;

use super::super::fold::{Folded, fold};
use super::super::{By, Candidate, Feed, How, Index, Signal};

fn feed(models: &[&str]) -> Feed {
    let signal = |model: &&str| Signal {
        model: (*model).to_owned(),
        trend: "surging".to_owned(),
        score: 0.5,
        confidence: "normal".to_owned(),
        velocity_delta_pct: 0.0,
    };
    Feed { version: "1".to_owned(), signals: models.iter().map(signal).collect() }
}

#[test]
fn names_fold_to_words() {
    for (name, whole, core, date) in [
        ("Claude Opus 4.5", " claude opus 4 5", " claude opus 4 5", ""),
        ("anthropic/claude_opus-4.0", " anthropic claude opus 4", " claude opus 4", ""),
        ("gpt-5-2025-08-07", " gpt 5 20250807", " gpt 5", "20250807"),
        ("GPT4o", " gpt 4o", " gpt 4o", ""),
        ("Qwen3-30B-A3B-Instruct", " qwen 3 30b a3b instruct", " qwen 3 30b a3b", ""),
        ("deepseek-v3.1", " deepseek 3 1", " deepseek 3 1", ""),
        ("gpt-4-0613", " gpt 4 0613", " gpt 4 0613", ""),
        ("llama3.1:8b-instruct-q4_k_m", " llama 3 1 8b instruct q4 k m", " llama 3 1 8b", ""),
        ("z-ai/glm-5.2:free", " z ai glm 5 2 free", " glm 5 2", ""),
        ("command-r+", " command r plus", " command r plus", ""),
        ("model-2025-13-40", " model 2025 13 40", " model 2025 13 40", ""),
        ("", "", "", ""),
        ("-/:", "", "", ""),
    ] {
        let expected = Folded { whole: whole.to_owned(), core: core.to_owned(), date: date.to_owned() };
        assert_eq!(fold(name), expected, "{name}");
    }
}

#[test]
fn the_rule_is_told() {
    let feed = feed(&["acme/grok-4.6-tuned", "grok-4.5", "Claude Opus 4.5", "gpt-5.4-preview"]);
    let index = Index::new(&feed);
    let told = |name: &str, upstream_model: &str, aliases: &[&str]| {
        let aliases: Vec<String> = aliases.iter().map(|alias| (*alias).to_owned()).collect();
        index.find(&Candidate { name, upstream_model, aliases: &aliases }).map(|m| (m.signal, m.how, m.by))
    };
    assert_eq!(told("house", "house", &["x", "grok-4.6", "grok-4.5"]), Some((1, How::Alias, By::Alias(2))));
    assert_eq!(told("house", "house", &["x", "grok-4.6"]), Some((0, How::AliasContained, By::Alias(1))));
    assert_eq!(told("claude-opus-4-5", "house", &[]), Some((2, How::Name, By::Name)));
    assert_eq!(told("house", "openai/gpt-5.4", &[]), Some((3, How::NameContained, By::UpstreamModel)));
    assert_eq!(told("gpt-5.4", "claude-opus-4.5", &[]), Some((2, How::Name, By::UpstreamModel)));
    assert_eq!(told("house", "house", &["-"]), None);
    assert_eq!(told("", "", &[""]), None);
}

proptest! {
    #[test]
    fn no_names_are_fatal(models in proptest::collection::vec(".{0,30}", 0..6), name in ".{0,30}", alias in ".{0,12}") {
        let models: Vec<&str> = models.iter().map(String::as_str).collect();
        let index = Index::new(&feed(&models));
        let aliases = [alias];
        let _ = index.find(&Candidate { name: &name, upstream_model: &name, aliases: &aliases });
    }

    #[test]
    fn spelling_does_not_matter(words in proptest::collection::vec("[a-z]{4,8}|[1-9]|[1-9]{2}b", 2..5), with in "[-_. ]") {
        let (plain, other) = (words.join("-"), words.join(&with).to_uppercase());
        prop_assert_eq!(fold(&plain), fold(&other));
    }
}
