//! Agents that go in a circle, in each dialect.

use super::*;

fn config_with(repeats: usize) -> Config {
    let tiers = json!({"SIMPLE": "plain", "MEDIUM": "codes", "COMPLEX": "sees", "REASONING": "hears"});
    let models = json!({"plain": {"tools": true, "context_window": 900_000}});
    config(
        json!({"tiers": tiers, "agentic": "judged"}),
        json!({"overrides": {"stall_repeats": repeats}, "models": models}),
    )
}

type Step = (&'static str, &'static str);

fn chat(steps: &[Step]) -> (Dialect, &'static str, Value) {
    let mut messages = vec![json!({"role": "user", "content": "Hello!"})];
    for (at, (call, answer)) in steps.iter().enumerate() {
        let id = format!("call_{at}");
        messages.push(json!({"role": "assistant", "content": null, "tool_calls": [
            {"id": id, "type": "function", "function": {"name": "run", "arguments": call}}]}));
        messages.push(json!({"role": "tool", "tool_call_id": id, "content": answer}));
    }
    (Dialect::ChatCompletions, "/v1/chat/completions", json!({"messages": messages}))
}

fn anthropic(steps: &[Step]) -> (Dialect, &'static str, Value) {
    let mut messages = vec![json!({"role": "user", "content": "Hello!"})];
    for (at, (call, answer)) in steps.iter().enumerate() {
        let id = format!("toolu_{at}");
        messages.push(json!({"role": "assistant", "content": [
            {"type": "text", "text": format!("Step {at}.")},
            {"type": "tool_use", "id": id, "name": "run", "input": {"command": call}}]}));
        messages.push(json!({"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": id, "content": [{"type": "text", "text": answer}]}]}));
    }
    (Dialect::Messages, "/v1/messages", json!({"messages": messages}))
}

fn responses(steps: &[Step]) -> (Dialect, &'static str, Value) {
    let mut input = vec![json!({"role": "user", "content": "Hello!"})];
    for (at, (call, answer)) in steps.iter().enumerate() {
        let id = format!("fc_{at}");
        input.push(json!({"type": "function_call", "call_id": id, "name": "run", "arguments": call}));
        input.push(json!({"type": "function_call_output", "call_id": id, "output": answer}));
    }
    (Dialect::Responses, "/v1/responses", json!({"input": input}))
}

fn gemini(config: &Config, steps: &[Step]) -> (Dialect, &'static str, Value) {
    let mut contents = vec![json!({"role": "user", "parts": [{"text": "Hello!"}]})];
    for (call, answer) in steps {
        contents.push(
            json!({"role": "model", "parts": [{"functionCall": {"name": "run", "args": {"c": call}}}]}),
        );
        contents.push(json!({"role": "user", "parts": [{"functionResponse": {"name": "run", "response": {"output": answer}}}]}));
    }
    let path = "/v1beta/models/smart/auto:generateContent";
    (config.paths.dialect(path.as_bytes()).unwrap(), path, json!({"contents": contents}))
}

/// The cause and the tier's model in each dialect, which have to be the same.
fn decided_in_all(config: &Config, steps: &[Step]) -> (&'static str, String) {
    let all = [chat(steps), anthropic(steps), responses(steps), gemini(config, steps)];
    let mut found = Vec::new();
    for (dialect, path, mut body) in all {
        body["model"] = json!("smart/auto");
        let (model, cause, _) =
            told(config, dialect, path.as_bytes(), &body.to_string(), RequestContext::default());
        found.push((dialect.name(), cause, model));
    }
    for (dialect, cause, model) in &found {
        assert_eq!((cause, model), (&found[0].1, &found[0].2), "{dialect}: {found:?}");
    }
    (found[0].1, found[0].2.clone())
}

#[test]
fn the_same_step_three_times_raises_the_tier_until_another_follows() {
    let config = config_with(3);
    let same: Step = ("ls", "a.txt");
    let stalled = ("stalled", "codes".to_owned());
    assert_eq!(decided_in_all(&config, &[same, same]).1, "plain");
    assert_eq!(decided_in_all(&config, &[same, same, same]), stalled);
    assert_eq!(decided_in_all(&config, &[("pwd", "/"), same, same, same, same]), stalled);
    assert_eq!(
        decided_in_all(&config, &[same, same, same, ("cat a.txt", "Hi")]).1,
        "plain",
        "the circle is left"
    );
    assert_eq!(decided_in_all(&config, &[same, ("ls", "b.txt"), same]).1, "plain", "the answer was another");
    assert_eq!(decided_in_all(&config, &[same, ("ls -l", "a.txt"), same]).1, "plain", "the call was another");
    let many: Vec<Step> = vec![same; 40];
    assert_eq!(decided_in_all(&config, &many), stalled);
}

#[test]
fn the_same_parallel_calls_twice_are_a_circle_too() {
    let config = config_with(2);
    let call = |n: usize, name: &str| json!({"id": format!("c{n}{name}"), "type": "function", "function": {"name": name, "arguments": "{}"}});
    let result = |n: usize, (name, text): &Step| json!({"role": "tool", "tool_call_id": format!("c{n}{name}"), "content": text});
    let chat = |turns: &[&[Step]]| {
        let mut messages = vec![json!({"role": "user", "content": "Hello!"})];
        for (n, turn) in turns.iter().enumerate() {
            let calls: Vec<Value> = turn.iter().map(|(name, _)| call(n, name)).collect();
            messages.push(json!({"role": "assistant", "content": null, "tool_calls": calls}));
            messages.extend(turn.iter().map(|step| result(n, step)));
        }
        let body = json!({"model": "smart/auto", "messages": messages}).to_string();
        told(&config, Dialect::ChatCompletions, b"/v1/chat/completions", &body, RequestContext::default()).1
    };
    let anthropic = |turns: &[&[Step]]| {
        let mut messages = vec![json!({"role": "user", "content": "Hello!"})];
        for turn in turns {
            let calls: Vec<Value> = turn
                .iter()
                .map(|(name, _)| json!({"type": "tool_use", "id": name, "name": name, "input": {}}))
                .collect();
            let results: Vec<Value> = turn
                .iter()
                .map(|(name, text)| json!({"type": "tool_result", "tool_use_id": name, "content": text}))
                .collect();
            messages.push(json!({"role": "assistant", "content": calls}));
            messages.push(json!({"role": "user", "content": results}));
        }
        let body = json!({"model": "smart/auto", "messages": messages}).to_string();
        told(&config, Dialect::Messages, b"/v1/messages", &body, RequestContext::default()).1
    };
    let both: &[Step] = &[("ls", "a"), ("pwd", "/")];
    for (turns, stalled) in [
        (&[both, both][..], true),
        (&[both, &[("pwd", "/"), ("ls", "a")]], true),
        (&[&[("cat", "x")], both, both], true),
        (&[both], false),
        (&[both, &[("ls", "a"), ("pwd", "/home")]], false),
        (&[both, &[("ls", "a"), ("df", "/")]], false),
        (&[both, &[("ls", "a")]], false),
        (&[both, both, &[("cat", "x")]], false),
    ] {
        assert_eq!(chat(turns) == "stalled", stalled, "{turns:?}");
        assert_eq!(anthropic(turns) == "stalled", stalled, "{turns:?}");
    }
}

#[test]
fn errors_one_after_the_other_raise_it_too() {
    let config = config_with(3);
    let errors: [Step; 3] =
        [("make", "Error: 1"), ("make x", "Traceback (most recent call last):\n x"), ("make y", "fatal: no")];
    let chat = |steps: &[Step]| {
        let (dialect, path, mut body) = chat(steps);
        body["model"] = json!("smart/auto");
        told(&config, dialect, path.as_bytes(), &body.to_string(), RequestContext::default()).1
    };
    assert_eq!(chat(&errors), "stalled");
    assert_ne!(chat(&errors[..2]), "stalled");
    assert_ne!(chat(&[errors[0], ("ls", "fine"), errors[1], errors[2]]), "stalled");
    let said = json!({"messages": [{"role": "user", "content": "Hello!"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "a", "input": {}}, {"type": "tool_use", "id": "2", "name": "b", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "is_error": true, "content": "x"},
            {"type": "tool_result", "tool_use_id": "2", "is_error": true, "content": "y"}]},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "3", "name": "c", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "3", "is_error": true, "content": "z"}]}],
        "model": "smart/auto"});
    let context = RequestContext::default();
    assert_eq!(told(&config, Dialect::Messages, b"/v1/messages", &said.to_string(), context).1, "stalled");
}

#[test]
fn a_person_s_word_ends_the_circle_and_it_is_off_by_default() {
    let same: Step = ("ls", "a.txt");
    let (dialect, path, mut body) = chat(&[same; 5]);
    body["model"] = json!("smart/auto");
    let of = |config: &Config, body: &Value| {
        told(config, dialect, path.as_bytes(), &body.to_string(), RequestContext::default()).1
    };
    assert_eq!(of(&config_with(3), &body), "stalled");
    assert_ne!(of(&config_with(0), &body), "stalled");
    assert_ne!(of(&config_with(6), &body), "stalled");
    body["messages"].as_array_mut().unwrap().push(json!({"role": "user", "content": "Hello again!"}));
    assert_ne!(of(&config_with(3), &body), "stalled");
}
