//! Conversations that are held by their model.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::*;
use crate::operator::{Bounds, Headers};

mod derived;

const PROOF: &str = "Prove the theorem step by step and derive the formal proof by contradiction.";

/// Two models for easy asks and two for hard ones; the second of each sees.
const DOCUMENT: &str = r#"{
    "models": {"low": {"context_window": 5000}, "also-low": {"vision": true}, "high": {}, "also-high": {"vision": true}},
    "tiers": {"SIMPLE": ["low", "also-low"], "MEDIUM": ["also-low", "low"], "COMPLEX": "high",
              "REASONING": ["high", "also-high"]},
    "session": {"mode": "pinned"}
}"#;

fn config() -> Config {
    config::parse(DOCUMENT.as_bytes()).unwrap_or_else(|errors| panic!("{errors}"))
}

/// Requests one after the other, and what they are held by.
struct Talk {
    config: Config,
    held: RefCell<BTreeMap<SessionKey, SessionPin>>,
    conditions: Conditions,
    dialect: Dialect,
    tenant: &'static [u8],
    headers: Headers,
    client: Client<'static>,
    now: Timestamp,
}

impl Talk {
    fn new() -> Self {
        let (held, conditions, headers, client) = Default::default();
        let (dialect, now) = (Dialect::ChatCompletions, Timestamp::of_seconds(1_000_000));
        Self { config: config(), held, conditions, dialect, tenant: b"alice's key", headers, client, now }
    }

    /// Model, tier and cause.
    fn with(&self, id: Option<&[u8]>, body: Value) -> (String, &'static str, &'static str) {
        let lookup = |memory, known| match memory {
            SessionTable::Conversations => self.held.borrow().get(&known).copied(),
            SessionTable::Answers => None,
        };
        let sessions = Some(Sessions { salt: &|| 7, tenant: self.tenant, id, held: &lookup });
        let conditions = Some(&self.conditions);
        let client = Client { headers: Some(&self.headers), ..self.client };
        let live =
            RequestContext { conditions, sessions, client, now: self.now, ..RequestContext::default() };
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
        let model = decision.choice.model.map(|model| model.name.clone()).unwrap_or_default();
        (model, decision.choice.tier.map_or("", Tier::name), decision.choice.cause.name())
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
fn a_conversation_leaves_a_model_above_the_highest_tier_that_its_client_may_have() {
    let tenants = json!({"header": "x-tenant", "policies": {"capped": {"max_tier": "MEDIUM"},
        "poor": {"daily_budget_usd": 1, "over_budget_tier": "MEDIUM"}}});
    let easy = "What is the capital of France?";
    let hinted = Bounds { most: Some(Tier::Medium), ..Bounds::default() };
    for mode in ["pinned", "derived"] {
        let talk = |tenant: &str, client| {
            let mut document: Value = serde_json::from_str(DOCUMENT).unwrap();
            merge(&mut document, json!({"session": {"mode": mode}, "tenants": tenants}));
            let config = config::parse(document.to_string().as_bytes()).unwrap();
            let mut headers = Headers::default();
            headers.look(&config.operator, "x-tenant", tenant.as_bytes());
            Talk { config, headers, client, ..Talk::new() }
        };
        for (tenant, cause, client) in [
            ("capped", "tenant", Client::default()),
            ("poor", "budget", Client { spent: 1_000_000, ..Client::default() }),
            ("other", "hint", Client { hints: hinted, ..Client::default() }),
        ] {
            // What was held before it was bounded.
            let free = talk("other", Client::default());
            assert_eq!(free.says(asks(&[PROOF])), is("high", "REASONING", "score"));
            let held = free.held;
            let talk = Talk { held, ..talk(tenant, client) };
            assert_eq!(talk.says(asks(&[PROOF, PROOF])), is("also-low", "MEDIUM", cause), "{mode}");
            let stays = talk.says(asks(&[PROOF, PROOF, easy]));
            assert_eq!(stays, is("also-low", "MEDIUM", "session"), "{mode}: it stays within the bound");
        }
        let talk = talk("poor", Client::default());
        talk.says(asks(&[PROOF]));
        assert_eq!(talk.says(asks(&[PROOF, easy])), is("high", "REASONING", "session"), "not used up");
    }
}

#[test]
fn without_sessions_each_request_is_decided_by_itself() {
    let config = config();
    let messages = asks(&["Hello!", PROOF, "What is the capital of France?"]);
    assert_eq!(decided(&config, json!({"messages": messages}), RequestContext::default()).0, "low");
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

/// How many conversations these requests are of: an id in a header, and the body.
fn conversations(dialect: Dialect, requests: &[(Option<&str>, Value)]) -> usize {
    let talk = Talk { dialect, ..Talk::new() };
    // Each twice: the same one again.
    for (id, body) in requests.iter().chain(requests) {
        talk.with(id.map(str::as_bytes), body.clone());
    }
    let held = talk.held.borrow();
    held.len()
}

fn hello(more: Value) -> Value {
    let mut body = json!({"messages": asks(&["Hello!"])});
    merge(&mut body, more);
    body
}

/// Two requests that differ only in their ids: the id in a header, and more of the body.
type Pair = [(Option<&'static str>, Value); 2];

#[test]
fn ids_tell_conversations_apart_whatever_is_said() {
    let chat = Dialect::ChatCompletions;
    let rows: [(Dialect, &str, Pair); 7] = [
        (chat, "a header", [(Some("one"), json!({})), (Some("two"), json!({}))]),
        (
            chat,
            "a session's id",
            [
                (None, json!({"metadata": {"session_id": "one"}})),
                (None, json!({"metadata": {"session_id": "two"}})),
            ],
        ),
        (
            chat,
            "the key of a cache",
            [(None, json!({"prompt_cache_key": "one"})), (None, json!({"prompt_cache_key": "two"}))],
        ),
        (
            Dialect::Messages,
            "Claude Code's id of a person",
            [
                (None, json!({"metadata": {"user_id": "user_ab_account_cd_session_one"}})),
                (None, json!({"metadata": {"user_id": "user_ab_account_cd_session_two"}})),
            ],
        ),
        (
            Dialect::Messages,
            "the same in JSON",
            [
                (None, json!({"metadata": {"user_id": r#"{"device_id": "ab", "session_id": "one"}"#}})),
                (None, json!({"metadata": {"user_id": r#"{"device_id": "ab", "session_id": "two"}"#}})),
            ],
        ),
        (chat, "a person", [(None, json!({"user": "one"})), (None, json!({"user": "two"}))]),
        (chat, "words", [(None, json!({})), (None, json!({"messages": asks(&["Good morning!"])}))]),
    ];
    for (dialect, name, [one, two]) in rows {
        let requests = [(one.0, hello(one.1)), (two.0, hello(two.1))];
        assert_eq!(conversations(dialect, &requests), 2, "{name}");
    }
}

#[test]
fn one_id_is_one_conversation_whatever_is_said() {
    let easy = json!({"messages": asks(&["What is the capital of France?"])});
    for (id, more) in [
        (Some("one"), json!({})),
        (None, json!({"metadata": {"session_id": "one"}})),
        (None, json!({"prompt_cache_key": "one"})),
    ] {
        let mut other = easy.clone();
        merge(&mut other, more.clone());
        let requests = [(id, hello(more.clone())), (id, other)];
        assert_eq!(conversations(Dialect::ChatCompletions, &requests), 1, "{id:?} {more}");
    }
    // A person is no conversation.
    let mut other = easy;
    merge(&mut other, json!({"user": "one"}));
    assert_eq!(
        conversations(Dialect::ChatCompletions, &[(None, hello(json!({"user": "one"}))), (None, other)]),
        2
    );
}

#[test]
fn a_key_of_a_cache_that_is_no_conversation_s_can_be_left_out() {
    let document = json!({"tiers": {"SIMPLE": "low", "MEDIUM": "low", "COMPLEX": "low", "REASONING": "low"},
        "models": {"low": {}}, "session": {"mode": "pinned", "prompt_cache_key": false}});
    let config = config::parse(document.to_string().as_bytes()).unwrap_or_else(|errors| panic!("{errors}"));
    let talk = Talk { config, ..Talk::new() };
    talk.with(None, hello(json!({"prompt_cache_key": "app"})));
    talk.with(None, json!({"prompt_cache_key": "app", "messages": asks(&["Good morning!"])}));
    assert_eq!(talk.held.borrow().len(), 2);
}

#[test]
fn without_an_id_the_person_s_words_tell_a_conversation() {
    let turn = |text: &str| json!({"role": "user", "content": text});
    let answer = json!({"role": "assistant", "content": "Done."});
    let system = |text: &str| json!({"role": "system", "content": text});
    let environment = |date: &str| {
        turn(&format!(
            "<environment_context>\n  <cwd>/home/me</cwd>\n  <date>{date}</date>\n</environment_context>"
        ))
    };
    let talks = |rows: &[Value]| {
        let requests: Vec<_> = rows.iter().map(|turns| (None, json!({"messages": turns}))).collect();
        conversations(Dialect::ChatCompletions, &requests)
    };
    let (hello, proof) = (turn("Hello!"), turn(PROOF));
    // What a harness puts first is the same in all conversations of a folder, and changes within one.
    assert_eq!(talks(&[json!([environment("1"), hello]), json!([environment("1"), proof])]), 2);
    assert_eq!(talks(&[json!([environment("1"), hello]), json!([environment("2"), hello])]), 1);
    assert_eq!(
        talks(&[json!([environment("1"), answer, hello]), json!([environment("1"), answer, proof])]),
        2
    );
    assert_eq!(talks(&[json!([system("It is ten."), hello]), json!([system("It is eleven."), hello])]), 1);
    // An instruction of the client's own, and the words that it is about in a turn of their own.
    let title = turn("Write a title for this conversation:");
    assert_eq!(talks(&[json!([title, hello]), json!([title, proof])]), 2);
    assert_eq!(talks(&[json!([hello]), json!([hello, answer, proof])]), 1, "it goes on");
    assert_eq!(talks(&[json!([system("Be brief.")])]), 0, "nothing tells it");
}

#[test]
fn no_conversation_is_two_clients() {
    let mut talk = Talk::new();
    let said = asks(&["Hello!", PROOF]);
    for (id, more) in [
        (None, json!({})),
        (None, json!({"user": "alice"})),
        (Some(&b"one"[..]), json!({})),
        (None, json!({"metadata": {"session_id": "one"}})),
    ] {
        let with = |messages: Value| {
            let mut body = json!({"messages": messages});
            merge(&mut body, more.clone());
            body
        };
        talk.tenant = b"alice's key";
        assert_eq!(talk.with(id, with(asks(&["Hello!"]))).0, "low");
        for stranger in [&b"mallory's key"[..], b""] {
            talk.tenant = stranger;
            assert_eq!(talk.with(id, with(said.clone())).0, "high");
        }
        talk.tenant = b"alice's key";
        assert_eq!(talk.with(id, with(asks(&["Hello!", "Hello!"]))).0, "low", "{id:?} {more}");
    }
    let held = talk.held.borrow();
    let tenants: std::collections::BTreeSet<u64> = held.keys().map(|known| known.tenant).collect();
    assert_eq!(tenants.len(), 3, "the person is no tenant: who makes up many has one share all the same");
}

#[test]
fn each_virtual_model_has_its_own_conversations() {
    let document = json!({"models": {"low": {}}, "session": {"mode": "pinned"},
        "profiles": {
            "auto": {"tiers": {"SIMPLE": "low", "MEDIUM": "low", "COMPLEX": "low", "REASONING": "low"}},
            "eco": {"tiers": {"SIMPLE": "low", "MEDIUM": "low", "COMPLEX": "low", "REASONING": "low"}}}});
    let config = config::parse(document.to_string().as_bytes()).unwrap_or_else(|errors| panic!("{errors}"));
    let talk = Talk { config, ..Talk::new() };
    talk.with(None, hello(json!({})));
    talk.with(None, hello(json!({"model": "smart/eco"})));
    assert_eq!(talk.held.borrow().len(), 2);
}

#[test]
fn that_a_conversation_goes_on_is_written_down_now_and_then() {
    let mut talk = Talk::new();
    let mut writes = Vec::new();
    // At the end the clock is set back.
    for seconds in [0, 3, 9, 11, 12, 22, -500, -495, -400] {
        talk.now = Timestamp::of_seconds(1_000_000_u64.saturating_add_signed(seconds));
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

#[test]
fn a_client_s_own_chore_is_of_no_conversation() {
    let talk = Talk::new();
    let said = |text: &str| talk.with(Some(b"one"), json!({"messages": asks(&[text])}));
    assert_eq!(said(PROOF), is("high", "REASONING", "score"));
    let title = "Write a title of five words for this conversation, nothing else.\nConversation:\nUser: ";
    let title = format!("{title}{PROOF}\nAssistant: Suppose not. Then there is a contradiction.");
    assert_eq!(said(&title), is("low", "SIMPLE", "chore"), "the model of the work is too dear for it");
    assert_eq!(said("What is the capital of France?"), is("high", "REASONING", "session"), "which goes on");
}
