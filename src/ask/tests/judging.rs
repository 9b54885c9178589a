//! What the newest turn is judged as.

use super::sets::{DOCUMENT, HARD, judged};
use super::*;
use crate::config;
use crate::tier::Tier;

fn judge(turns: &[&str]) -> (Tier, Why) {
    let config = config::parse(b"").unwrap();
    let roles = ["user", "assistant"].into_iter().cycle();
    let messages: Vec<_> =
        roles.zip(turns).map(|(role, text)| json!({"role": role, "content": text})).collect();
    let body = json!({"model": "smart/auto", "messages": messages}).to_string();
    let judged = judged(&config, &body, Dialect::ChatCompletions).0.unwrap();
    (judged.score.tier, judged.why)
}

#[test]
fn a_greeting_beside_a_document_is_simple() {
    for turn in [
        format!(
            "Using the provided context, answer the user.\n------------\n{DOCUMENT}\n------------\nREMEMBER: be brief.\n\nhi there"
        ),
        format!("hello\n\n\"\"\"\n{DOCUMENT}\n\"\"\""),
        format!("{DOCUMENT}\n\nGuten Tag!"),
        format!(
            "The original query is as follows: hi\nWe have provided an existing answer: It is unclear.\nWe have the \
            opportunity to refine the existing answer with some more context below.\n------------\n{DOCUMENT}\n------------\n\
            Given the new context, refine the original answer to better answer the query.\nRefined Answer: "
        ),
    ] {
        assert_eq!(judge(&[&turn]).0, Tier::Simple, "{turn}");
    }
}

#[test]
fn a_greeting_before_a_hard_ask_is_no_ask() {
    let (tier, _) = judge(&[&format!("Hello!\n{HARD}\nThanks")]);
    assert!(tier > Tier::Simple, "{tier:?}");
}

#[test]
fn who_asks_for_a_title_gets_simple() {
    for (turn, simple) in [
        ("Can you come up with a good title for my thesis about proofs of graph algorithms?", true),
        ("Write a subject line for a mail that asks the landlord to fix the heating.", true),
        ("Donne-moi un titre pour mon article sur les preuves par récurrence", true),
        ("給我一個標題", true),
        (
            "Design a distributed cache step by step, prove that it is linearizable, and give me a title for the page.",
            false,
        ),
    ] {
        let (tier, why) = judge(&[turn]);
        assert_eq!(tier == Tier::Simple, simple, "{turn}: {tier:?}");
        assert_ne!(why, Why::Chore, "{turn}");
    }
}

#[test]
fn notes_without_turns_before_them_go_on_with_their_work() {
    let notes = format!(
        "This session is being continued from a previous conversation that ran out of context. The conversation is \
         summarized below:\nAnalysis:\n{HARD}\nPlease continue the conversation from where we left it off."
    );
    let (tier, why) = judge(&[&notes]);
    assert!(tier >= Tier::Complex, "{tier:?}");
    assert_eq!(why, Why::History);
}
