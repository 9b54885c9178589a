//! Conversations that are held by their model.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::*;

const PROOF: &str = "Prove the theorem step by step and derive the formal proof by contradiction.";

/// Two models for easy asks and two for hard ones; the second of each sees.
fn config() -> Config {
    let document = json!({
        "models": {"low": {"context_window": 5000}, "also-low": {"vision": true}, "high": {},
                   "also-high": {"vision": true}},
        "tiers": {"SIMPLE": ["low", "also-low"], "MEDIUM": ["also-low", "low"], "COMPLEX": "high",
                  "REASONING": ["high", "also-high"]},
        "session": {"mode": "pinned"},
    });
    config::parse(document.to_string().as_bytes()).unwrap_or_else(|errors| panic!("{errors}"))
}

/// Requests one after the other, and what they are held by.
struct Talk {
    config: Config,
    held: RefCell<BTreeMap<u64, Held>>,
    conditions: Conditions,
    dialect: Dialect,
    now: u64,
}

impl Talk {
    fn new() -> Self {
        let (held, conditions) = Default::default();
        Self { config: config(), held, conditions, dialect: Dialect::ChatCompletions, now: 1_000_000 }
    }

    /// Model, tier and cause.
    fn with(&self, id: Option<&[u8]>, body: Value) -> (String, &'static str, &'static str) {
        let lookup = |known| self.held.borrow().get(&known).copied();
        let sessions = Some(Sessions { salt: 7, id, held: &lookup });
        let conditions = Some(&self.conditions);
        let live = Live { conditions, sessions, now: self.now, ..Live::default() };
        let path: &[u8] = match self.dialect {
            Dialect::Messages => b"/v1/messages",
            Dialect::Responses => b"/v1/responses",
            _ => b"/v1/chat/completions",
        };
        let mut whole = json!({"model": "smart/auto"});
        merge(&mut whole, body);
        let body = whole.to_string();
        let request = Request { dialect: self.dialect, path, body: body.as_bytes() };
        let decision = decide(&self.config, &request, live, &mut Scratch::default());
        if let Some((known, held)) = decision.hold {
            self.held.borrow_mut().insert(known, held);
        }
        let model = decision.model.map(|model| model.name.clone()).unwrap_or_default();
        (model, decision.tier.map_or("", Tier::name), decision.cause.name())
    }

    fn says(&self, messages: Value) -> (String, &'static str, &'static str) {
        self.with(None, json!({"messages": messages}))
    }

    fn cool(&mut self, names: &[&str]) {
        self.conditions = Conditions::default();
        for name in names {
            let condition = Condition { cooling: true, ..Condition::default() };
            self.conditions.set(&self.config.table.models[*name], condition);
        }
    }
}

fn is(model: &str, tier: &'static str, cause: &'static str) -> (String, &'static str, &'static str) {
    (model.to_owned(), tier, cause)
}

/// A conversation of these asks, each answered but the last.
fn asks(asks: &[&str]) -> Value {
    let turns = asks.iter().flat_map(|ask| {
        [json!({"role": "user", "content": ask}), json!({"role": "assistant", "content": "Done."})]
    });
    let mut turns: Vec<Value> = turns.collect();
    turns.pop();
    json!(turns)
}

#[test]
fn a_conversation_keeps_its_model_and_moves_only_up() {
    let talk = Talk::new();
    assert_eq!(talk.says(asks(&["Hello!"])), is("low", "SIMPLE", "score"));
    assert_eq!(talk.says(asks(&["Hello!", PROOF])), is("high", "REASONING", "score"));
    let easy = "What is the capital of France?";
    assert_eq!(talk.says(asks(&["Hello!", PROOF, easy])), is("high", "REASONING", "session"));
    assert_eq!(talk.says(asks(&["Hello!", PROOF, easy, PROOF])), is("high", "REASONING", "score"));
    assert_eq!(
        talk.says(asks(&["Good morning!", easy])),
        is("low", "SIMPLE", "score"),
        "another conversation"
    );
}

#[test]
fn without_sessions_each_request_is_decided_by_itself() {
    let config = config();
    let messages = asks(&["Hello!", PROOF, "What is the capital of France?"]);
    assert_eq!(decided(&config, json!({"messages": messages}), Live::default()).0, "low");
}

#[test]
fn a_model_in_cooldown_is_left_for_another_of_its_tier() {
    let mut talk = Talk::new();
    assert_eq!(talk.says(asks(&["Hello!"])), is("low", "SIMPLE", "score"));
    talk.cool(&["low"]);
    assert_eq!(talk.says(asks(&["Hello!", "Hello!"])), is("also-low", "SIMPLE", "health"));
    talk.cool(&[]);
    let stays = talk.says(asks(&["Hello!", "Hello!", "Hello!"]));
    assert_eq!(stays, is("also-low", "SIMPLE", "session"), "it does not go back");
    talk.cool(&["low", "also-low", "high", "also-high"]);
    let stays = talk.says(asks(&["Hello!", "Hello!", "Hello!"]));
    assert_eq!(stays, is("also-low", "SIMPLE", "session"), "all in cooldown means none is");
}

#[test]
fn a_model_that_cannot_serve_the_request_is_left_and_not_for_a_lower_tier() {
    let talk = Talk::new();
    assert_eq!(talk.says(asks(&["Hello!"])), is("low", "SIMPLE", "score"));
    let mut long = asks(&["Hello!", "Hello!"]);
    long[1] = json!({"role": "assistant", "content": "word ".repeat(6000)});
    assert_eq!(talk.says(long), is("also-low", "SIMPLE", "score"), "no room in the window");
    let image = json!([{"role": "user", "content": PROOF}, {"role": "assistant", "content": "Done."},
        {"role": "user", "content": [{"type": "text", "text": "Hello!"},
                                     {"type": "image_url", "image_url": {"url": "data:,"}}]}]);
    assert_eq!(talk.says(image.clone()), is("also-low", "SIMPLE", "score"), "by itself");
    let talk = Talk::new();
    assert_eq!(talk.says(asks(&[PROOF])), is("high", "REASONING", "score"));
    assert_eq!(talk.says(image), is("also-high", "REASONING", "session"));
}

#[test]
fn the_answer_of_a_tool_goes_to_the_model_that_asked() {
    let call = json!({"role": "assistant", "content": null, "tool_calls": [{"id": "1", "type": "function",
        "function": {"name": "f", "arguments": "{}"}}]});
    let chat = json!([{"role": "user", "content": "Hello!"}, call,
                      {"role": "tool", "tool_call_id": "1", "content": PROOF}]);
    let anthropic = json!([{"role": "user", "content": "Hello!"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "f", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": PROOF}]}]);
    let responses = json!([{"role": "user", "content": "Hello!"},
        {"type": "function_call", "call_id": "1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "1", "output": PROOF}]);
    let rows = [
        (Dialect::ChatCompletions, "messages", chat),
        (Dialect::Messages, "messages", anthropic),
        (Dialect::Responses, "input", responses),
    ];
    for (dialect, key, turns) in rows {
        let mut talk = Talk { dialect, ..Talk::new() };
        let first = talk.with(None, json!({key: [{"role": "user", "content": "Hello!"}]}));
        assert_eq!(first, is("low", "SIMPLE", "score"), "{dialect:?}");
        // Neither a cooldown nor a tier that is asked for another way changes it.
        talk.cool(&["low"]);
        let structured = json!({key: turns, "response_format": {"type": "json_object"},
                                "text": {"format": {"type": "json_object"}}});
        assert_eq!(talk.with(None, structured), is("low", "SIMPLE", "session"), "{dialect:?}");
        let mut more = turns;
        more.as_array_mut().unwrap().push(json!({"role": "user", "content": "Hello!"}));
        assert_eq!(talk.with(None, json!({key: more})), is("also-low", "SIMPLE", "health"), "{dialect:?}");
    }
}

#[test]
fn what_tells_a_conversation() {
    let hello = |more: Value| {
        let mut body = json!({"messages": asks(&["Hello!"])});
        merge(&mut body, more);
        body
    };
    let rows: [(Option<&[u8]>, Value); 5] = [
        (Some(b"one"), json!({"user": "u"})),
        (None, json!({"metadata": {"session_id": "one"}, "user": "u"})),
        (None, json!({"user": "one"})),
        (None, json!({"messages": asks(&["Hello!"])})),
        (
            None,
            json!({"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]}),
        ),
    ];
    let talk = Talk::new();
    for (id, more) in &rows {
        talk.with(*id, hello(more.clone()));
    }
    assert_eq!(talk.held.borrow().len(), rows.len(), "each is another conversation");
    for (id, more) in &rows {
        talk.with(*id, hello(more.clone()));
    }
    assert_eq!(talk.held.borrow().len(), rows.len(), "and the same one again");
    talk.with(None, json!({"model": "smart/eco", "user": "one", "messages": asks(&["Hello!"])}));
    talk.with(None, json!({"messages": []}));
    assert_eq!(
        talk.held.borrow().len(),
        rows.len(),
        "smart/eco stands for auto here; nothing tells the last"
    );
}

#[test]
fn that_a_conversation_goes_on_is_written_down_now_and_then() {
    let mut talk = Talk::new();
    let mut writes = Vec::new();
    // At the end the clock is set back.
    for seconds in [0, 3, 9, 11, 12, 22, -500, -495, -400] {
        talk.now = 1_000_000_u64.saturating_add_signed(seconds);
        let before = talk.held.borrow().clone();
        talk.says(asks(&["Hello!"]));
        if *talk.held.borrow() != before {
            writes.push(seconds);
        }
    }
    assert_eq!(writes, [0, 11, 22, -500, -400]);
}

#[test]
fn where_nobody_can_serve_a_conversation_it_stays_where_it_is() {
    let document = json!({
        "models": {"low": {"context_window": 1000}, "high": {"context_window": 1000}, "narrow": {"context_window": 500}},
        "tiers": {"SIMPLE": "low", "MEDIUM": "narrow", "COMPLEX": "high", "REASONING": "high"},
        "profiles": {"auto": {"default_model": "narrow"}},
        "default_output_tokens": 100,
        "session": {"mode": "pinned"},
    });
    let config = config::parse(document.to_string().as_bytes()).unwrap_or_else(|errors| panic!("{errors}"));
    let talk = Talk { config, ..Talk::new() };
    assert_eq!(talk.says(asks(&[PROOF])), is("high", "REASONING", "score"));
    let mut long = asks(&[PROOF, "Hello!"]);
    long[1] = json!({"role": "assistant", "content": "word ".repeat(6000)});
    assert_eq!(talk.says(long), is("low", "SIMPLE", "no_candidates"), "as without sessions");
    assert_eq!(talk.says(asks(&[PROOF, "Hello!"])), is("high", "REASONING", "session"), "and it goes on");
}

#[test]
fn without_an_ask_no_conversation_begins() {
    let mut talk = Talk::new();
    let silent = json!([{"role": "system", "content": "Be brief."}]);
    let default = talk.says(silent.clone());
    assert_eq!(default.2, "no_prompt");
    talk.cool(&[&default.0]);
    assert_eq!(talk.says(silent).2, "health");
    assert_eq!(*talk.held.borrow(), BTreeMap::new());
}
