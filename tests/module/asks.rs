//! What is judged: the newest thing a human asked, and what a short reply refers to.

use serde_json::{Value, json};
use tiergate_core::chat::Dialect;
use tiergate_core::engine::{self, Scratch};

use crate::fixture::{CHAT, CONFIG, GREETING, PROOF, exchange, start};
use crate::host::{Request, Vm};

const MESSAGES: &str = "/v1/messages";

/// Tier and cause that the client gets.
fn told(vm: &mut Vm, path: &str, body: &Value) -> (String, String) {
    let (_, response) = exchange(vm, &Request::post(path, body.to_string()));
    let header = |name| response.header(name).unwrap_or("none").to_owned();
    (header("x-tiergate-tier"), header("x-tiergate-cause"))
}

fn is(tier: &str, cause: &str) -> (String, String) {
    (tier.to_owned(), cause.to_owned())
}

fn user(text: &str) -> Value {
    json!({"role": "user", "content": text})
}

fn model(text: &str) -> Value {
    json!({"role": "assistant", "content": text})
}

fn body(messages: &[Value]) -> Value {
    json!({"model": "smart/auto", "max_tokens": 100, "messages": messages})
}

/// The same JSON in ASCII.
fn escaped(json: &str) -> String {
    json.encode_utf16()
        .map(|unit| match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
            _ => format!("\\u{unit:04x}"),
        })
        .collect()
}

/// A conversation that begins with a proof and ends with `reply`, after so many greetings.
fn after_a_proof(greetings: usize, reply: &str) -> Value {
    let mut messages = vec![user(PROOF), model("Suppose not. Then …")];
    for _ in 0..greetings {
        messages.extend([user(GREETING), model("Hello.")]);
    }
    messages.push(user(reply));
    body(&messages)
}

#[test]
fn a_reply_has_the_tier_of_the_work_it_is_about() {
    let mut vm = start();
    for reply in ["yes, do it", "continue", "why?", "go on", "继续", "продолжай", "weiter", "계속해", "ok"]
    {
        let got = told(&mut vm, CHAT, &after_a_proof(0, reply));
        assert_eq!(got, is("REASONING", "history"), "{reply}");
    }
    for reply in ["thanks!", "谢谢", "спасибо", "Hello!", "What is the capital of France?"] {
        let got = told(&mut vm, CHAT, &after_a_proof(0, reply));
        assert_eq!(got, is("SIMPLE", "score"), "{reply}");
    }
    let alone = told(&mut vm, CHAT, &body(&[user("continue")])).0;
    assert_ne!(alone, "REASONING", "without work there is nothing to go on with");
}

#[test]
fn what_lies_further_back_counts_less() {
    let mut vm = start();
    let tier = |vm: &mut Vm, greetings| told(vm, CHAT, &after_a_proof(greetings, "continue")).0;
    assert_eq!(tier(&mut vm, 3), "REASONING");
    assert_eq!(tier(&mut vm, 4), "COMPLEX", "a quarter of a tier for each ask between");
    assert_ne!(tier(&mut vm, 6), "COMPLEX", "six asks are looked at");
    let off = CONFIG.replacen('{', r#"{"conversation": {"history_turns": 0},"#, 1);
    let mut vm = Vm::start(&off).unwrap_or_else(|refused| panic!("{}", refused.text()));
    assert_ne!(tier(&mut vm, 0), "REASONING");
    let short = CONFIG.replacen('{', r#"{"conversation": {"reply_bytes": 4, "history_decay": 0},"#, 1);
    let mut vm = Vm::start(&short).unwrap_or_else(|refused| panic!("{}", refused.text()));
    assert_ne!(tier(&mut vm, 0), "REASONING", "`continue` has eight bytes");
    assert_eq!(told(&mut vm, CHAT, &after_a_proof(4, "go")).0, "REASONING", "no decay");
}

#[test]
fn thanks_end_the_work() {
    let mut vm = start();
    let ended = [user(PROOF), model("…"), user("thanks, bye"), model("Bye."), user("ok")];
    assert_eq!(told(&mut vm, CHAT, &body(&ended)).0, "SIMPLE");
}

#[test]
fn the_same_request_has_the_same_answer_in_every_worker() {
    let mut first = start();
    let mut second = start();
    told(&mut second, CHAT, &body(&[user(GREETING)]));
    for greetings in 0..8 {
        let request = after_a_proof(greetings, "weiter");
        assert_eq!(told(&mut first, CHAT, &request), told(&mut second, CHAT, &request));
    }
}

#[test]
fn a_system_prompt_and_tools_change_nothing_but_what_the_rules_say() {
    let mut vm = start();
    // About 6,000 tokens of an agent's instructions; nothing in them asks for structured output.
    let system =
        "You are a careful engineer. Prove every theorem, derive each step, design the architecture of \
                  distributed systems, write tests before the code, never skip a step. "
            .repeat(150);
    let tools: Vec<Value> = (0..50)
        .map(|n| {
            json!({"type": "function", "function": {"name": format!("tool_{n}"),
                "description": "Refactors a module, proves that it terminates and deploys it to production.",
                "parameters": {"type": "object", "properties": {"path": {"type": "string"}}}}})
        })
        .collect();
    for ask in [
        GREETING,
        PROOF,
        "Write a Python function that reads a log file and groups its errors by hour.",
        "qwrtz",
    ] {
        let plain = told(&mut vm, CHAT, &body(&[user(ask)]));
        let mut loaded = body(&[json!({"role": "system", "content": system}), user(ask)]);
        assert_eq!(told(&mut vm, CHAT, &loaded), plain, "{ask}: a system prompt");
        loaded["tools"] = json!(tools);
        let with_tools = told(&mut vm, CHAT, &loaded);
        // `tiny` takes no tools, so the next tier serves what it would have served.
        let wanted = if plain.0 == "SIMPLE" { is("MEDIUM", "capability") } else { plain };
        assert_eq!(with_tools, wanted, "{ask}: a system prompt and tools");
    }
}

#[test]
fn what_a_harness_injects_is_not_judged() {
    let mut vm = start();
    let reminder = "<system-reminder>\nDesign a distributed system and prove the theorem step by step.\n</system-reminder>";
    for (ask, tier) in [(GREETING, "SIMPLE"), (PROOF, "REASONING")] {
        for text in [
            format!("{reminder}\n{ask}"),
            format!("{ask}\n\n{reminder}"),
            format!("{reminder}{ask}{reminder}"),
        ] {
            assert_eq!(told(&mut vm, CHAT, &body(&[user(&text)])).0, tier, "{text}");
        }
    }
    let own = CONFIG.replacen(
        '{',
        r#"{"conversation": {"known_harnesses": false, "injected": [{"open": "<my-agent>", "close": "</my-agent>"}]},"#,
        1,
    );
    let mut vm = Vm::start(&own).unwrap_or_else(|refused| panic!("{}", refused.text()));
    let ours = format!("<my-agent n=\"1\">{PROOF}</my-agent> {GREETING}");
    assert_eq!(told(&mut vm, CHAT, &body(&[user(&ours)])).0, "SIMPLE");
    assert_ne!(
        told(&mut vm, CHAT, &body(&[user(&format!("{reminder} {GREETING}"))])).0,
        "SIMPLE",
        "switched off"
    );
}

#[test]
fn a_correction_asks_for_more_than_was_given() {
    let mut vm = start();
    let work = "Write a Python function that reads a log file and groups its errors by hour.";
    let answered = json!({"role": "assistant", "content": "Here it is."});
    for (ask, told_as) in [
        ("that is wrong, try again", ("COMPLEX", "correction")),
        ("das ist falsch", ("COMPLEX", "correction")),
        ("go on", ("MEDIUM", "history")),
    ] {
        let (tier, cause) = told(&mut vm, CHAT, &body(&[user(work), answered.clone(), user(ask)]));
        assert_eq!((tier.as_str(), cause.as_str()), told_as, "{ask}");
    }
    let off = CONFIG.replacen('{', r#"{"conversation": {"correction_raises": 0},"#, 1);
    let mut vm = Vm::start(&off).unwrap_or_else(|refused| panic!("{}", refused.text()));
    let (tier, cause) = told(&mut vm, CHAT, &body(&[user(work), answered, user("that is wrong, try again")]));
    assert_eq!((tier.as_str(), cause.as_str()), ("MEDIUM", "correction"));
}

#[test]
fn what_a_client_asks_for_by_itself_is_a_chore() {
    let title = format!(
        "Write a short title for this conversation. Reply with JSON only: {{\"title\": \"…\"}}\n<chat_history>\nUSER: {PROOF}\n</chat_history>"
    );
    let mut vm = start();
    let (tier, cause) = told(&mut vm, CHAT, &body(&[user(&title)]));
    assert_eq!((tier.as_str(), cause.as_str()), ("SIMPLE", "chore"));
    let dearer = CONFIG.replacen('{', r#"{"conversation": {"chore_tier": "MEDIUM"},"#, 1);
    let mut vm = Vm::start(&dearer).unwrap_or_else(|refused| panic!("{}", refused.text()));
    assert_eq!(told(&mut vm, CHAT, &body(&[user(&title)])).0, "MEDIUM");
}

#[test]
fn material_beside_an_ask_is_not_judged() {
    let mut vm = start();
    for (ask, tier) in [(GREETING, "SIMPLE"), (PROOF, "REASONING")] {
        let text = format!("<context>\n{PROOF} {PROOF}\n</context>\n\n{ask}");
        assert_eq!(told(&mut vm, CHAT, &body(&[user(&text)])).0, tier, "{ask}");
    }
}

#[test]
fn json_is_demanded_not_mentioned() {
    let mut vm = start();
    for (system, raised) in [
        ("The prices are in package.json.", false),
        ("You know JSON well.", false),
        ("Respond with valid JSON only.", true),
        ("Antworte nur in JSON.", true),
        ("请只返回 JSON。", true),
    ] {
        let system = json!({"role": "system", "content": system});
        let (_, cause) = told(&mut vm, CHAT, &body(&[system.clone(), user(GREETING)]));
        assert_eq!(cause == "floor_structured", raised, "{system}");
    }
}

#[test]
fn known_markers_are_switched_off_one_by_one() {
    let off = CONFIG.replacen('{', r#"{"conversation": {"markers_off": ["<user_info>"]},"#, 1);
    let mut vm = Vm::start(&off).unwrap_or_else(|refused| panic!("{}", refused.text()));
    for (tag, judged) in [("user_info", true), ("system-reminder", false)] {
        let text = format!("<{tag}>{PROOF}</{tag}> {GREETING}");
        assert_eq!(told(&mut vm, CHAT, &body(&[user(&text)])).0 != "SIMPLE", judged, "{tag}");
    }
}

#[test]
fn a_request_that_uses_up_its_budget_is_counted() {
    let mut vm = start();
    let count = |vm: &Vm| vm.process().metrics().counter("tiergate.scan_budget_exhausted");
    told(&mut vm, CHAT, &body(&[user("<user_info>x</user_info>Hello!")]));
    assert_eq!(count(&vm), 0);
    let text = format!("a{}</user_info>", "<user_info>".repeat(20_000));
    told(&mut vm, CHAT, &body(&[user(&text)]));
    assert_eq!(count(&vm), 1);
}

#[test]
fn a_tool_s_answer_keeps_the_tier_of_the_ask_it_serves() {
    let mut vm = start();
    for (ask, tier) in [
        (PROOF, "REASONING"),
        ("Write a Python function that reads a log file and groups its errors by hour.", "MEDIUM"),
    ] {
        let plain = told(&mut vm, CHAT, &body(&[user(ask)])).0;
        assert_eq!(plain, tier);
        let openai = body(&[
            user(ask),
            json!({"role": "assistant", "tool_calls": [{"id": "1", "type": "function",
                "function": {"name": "run", "arguments": "{}"}}]}),
            json!({"role": "tool", "tool_call_id": "1", "content": "Hello! What is the capital of France?"}),
        ]);
        assert_eq!(told(&mut vm, CHAT, &openai).0, tier);
        let anthropic = body(&[
            user(ask),
            json!({"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "run", "input": {}}]}),
            json!({"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "1", "content": "Hello! What is the capital of France?"},
                {"type": "text", "text": "<system-reminder>Be brief.</system-reminder>"},
            ]}),
        ]);
        assert_eq!(told(&mut vm, MESSAGES, &anthropic).0, tier);
    }
}

#[test]
fn the_module_judges_as_the_command_does() {
    let full = CONFIG.replacen(r#""headers": {"#, r#""headers": {"response": "full", "#, 1);
    let mut vm = Vm::start(&full).unwrap_or_else(|refused| panic!("{}", refused.text()));
    let config = tiergate_core::config::parse(full.as_bytes()).expect("the same configuration");
    let mut scratch = Scratch::default();
    let corpus = include_str!("../data/corpus.jsonl");
    // Every third: kinds and languages stand in blocks, so all of them are there.
    for line in corpus.lines().step_by(3) {
        let row: Value = serde_json::from_str(line).expect("a row");
        let mut messages: Vec<Value> = Vec::new();
        messages.extend(row.get("system").map(|text| json!({"role": "system", "content": text})));
        messages.extend(row.get("history").and_then(Value::as_array).into_iter().flatten().cloned());
        messages.push(json!({"role": "user", "content": row["prompt"]}));
        let body = body(&messages).to_string();
        let native = engine::Request {
            dialect: Dialect::ChatCompletions,
            path: CHAT.as_bytes(),
            body: body.as_bytes(),
        };
        let native = engine::decide(&config, &native, engine::RequestContext::default(), &mut scratch);
        let score = native.score.expect("a prompt");
        // Many clients escape what is beyond ASCII. The length of the rest of a long ask is estimated from its bytes.
        let whole = row["prompt"].as_str().is_some_and(|prompt| prompt.len() < 700);
        let sent = if whole { escaped(&body) } else { body.clone() };
        let (_, response) = exchange(&mut vm, &Request::post(CHAT, sent));
        let told = |name| response.header(name).map(ToOwned::to_owned);
        assert_eq!(told("x-tiergate-tier").as_deref(), native.choice.tier.map(|t| t.name()), "{}", row["id"]);
        assert_eq!(told("x-tiergate-cause").as_deref(), Some(native.choice.cause.name()), "{}", row["id"]);
        assert_eq!(told("x-tiergate-score"), Some(format!("{:.3}", score.value)), "{}", row["id"]);
        assert_eq!(told("x-tiergate-confidence"), Some(format!("{:.3}", score.confidence)), "{}", row["id"]);
    }
}
