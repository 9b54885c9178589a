//! Pins that are found in the conversation itself, and moves down.

use super::*;

/// The same conversation, of which each turn comes to another process.
fn derived() -> [Talk; 3] {
    let config = || {
        let document = json!({
            "models": {"low": {}, "high": {}, "a": {}, "b": {}, "c": {}, "d": {}},
            "tiers": {"SIMPLE": "low", "MEDIUM": "low", "COMPLEX": "high", "REASONING": "high"},
            "groups": {"several": {"models": ["a", "b", "c", "d"], "strategy": "weighted"}},
            "session": {"mode": "derived"},
        });
        config::parse(document.to_string().as_bytes()).unwrap_or_else(|errors| panic!("{errors}"))
    };
    [0; 3].map(|_| Talk { config: config(), ..Talk::new() })
}

#[test]
fn a_derived_pin_is_the_same_in_a_process_that_never_saw_the_conversation() {
    let [one, two, three] = derived();
    assert_eq!(one.says(asks(&[PROOF])).0, "high");
    // Easy from here on: what holds it is in the conversation.
    let second = asks(&[PROOF, "What is the capital of France?"]);
    assert_eq!(one.says(second.clone()), two.says(second));
    let third = asks(&[PROOF, "What is the capital of France?", "And what is the capital of Italy?"]);
    assert_eq!(three.says(third.clone()), is("high", "REASONING", "session"));
    // A pinned conversation would go on by its newest ask there.
    let pinned = Talk { config: config(), ..Talk::new() };
    assert_eq!(pinned.says(third).0, "low");
}

#[test]
fn a_hard_ask_in_the_middle_of_a_conversation_holds_it_everywhere() {
    let [one, two, _] = derived();
    let talk = asks(&["What is the capital of France?", PROOF, "What is the capital of Italy?"]);
    assert_eq!(one.says(talk.clone()), is("high", "REASONING", "session"));
    assert_eq!(two.says(talk), is("high", "REASONING", "session"));
    assert_eq!(two.says(asks(&["What is the capital of Spain?"])), is("low", "SIMPLE", "score"));
}

#[test]
fn chance_is_the_same_for_a_conversation_in_every_process() {
    let [one, two, _] = derived();
    let ask =
        |talk: &Talk, ask: &str| talk.with(None, json!({"model": "several", "messages": asks(&[ask])})).0;
    let mut seen = std::collections::BTreeSet::new();
    for number in 0..40 {
        let text = format!("Is {number} a prime number?");
        let chosen = ask(&one, &text);
        assert_eq!(chosen, ask(&two, &text));
        seen.insert(chosen);
    }
    assert!(seen.len() > 2, "{seen:?}");
}

/// A conversation at the dearer model whose newest ask is easy, behind so many words.
fn easy_after(words: usize, session: Value) -> (String, &'static str, &'static str) {
    let document = json!({
        "models": {"low": {"input_price": 1, "output_price": 5},
                   "high": {"input_price": 5, "cached_input_price": 0.5, "output_price": 25}},
        "tiers": {"SIMPLE": "low", "MEDIUM": "low", "COMPLEX": "high", "REASONING": "high"},
        "session": {"mode": "pinned"}, "default_output_tokens": 10,
    });
    let mut document = document;
    merge(&mut document["session"], session);
    let config = config::parse(document.to_string().as_bytes()).unwrap_or_else(|errors| panic!("{errors}"));
    let talk = Talk { config, ..Talk::new() };
    let first = json!([{"role": "user", "content": PROOF}]);
    assert_eq!(talk.with(Some(b"c"), json!({"messages": first})).0, "high");
    let messages = json!([{"role": "user", "content": PROOF}, {"role": "assistant", "content": "so ".repeat(words)},
                          {"role": "user", "content": "What is the capital of France?"}]);
    talk.with(Some(b"c"), json!({"messages": messages}))
}

#[test]
fn a_conversation_moves_down_only_where_that_pays() {
    let if_cheaper = || json!({"move_down": "if_cheaper"});
    // There is next to nothing in the cache.
    assert_eq!(easy_after(10, if_cheaper()), ("low".to_owned(), "SIMPLE", "score"));
    // Reading 20,000 tokens anew costs twice as much as taking them from the cache.
    assert_eq!(easy_after(20_000, if_cheaper()), ("high".to_owned(), "REASONING", "session"));
    assert_eq!(easy_after(10, json!({})), ("high".to_owned(), "REASONING", "session"));
}
