//! Where requests go: every dialect, every cause.

mod rows;

use crate::fixture::{CHAT, CONFIG, GREETING, PROOF, chat, exchange, model_in, start};
use crate::host::{Request, Vm};
use rows::{Row, rows, rows_of_rules};

#[test]
fn every_row_goes_where_it_should() {
    each_goes_where_it_should(&mut start(), rows());
    let rules = CONFIG.replacen('{', r#"{"scorer": "rules","#, 1);
    let mut vm = Vm::start(&rules).unwrap_or_else(|refused| panic!("{}", refused.text()));
    each_goes_where_it_should(&mut vm, rows_of_rules());
}

fn each_goes_where_it_should(vm: &mut Vm, rows: Vec<Row>) {
    for row in rows {
        let request = Request::post(row.path, &row.body);
        let (outcome, response) = exchange(vm, &request);
        let got = (
            model_in(&outcome.body),
            outcome.header("x-tiergate-cluster"),
            outcome.header("x-tiergate-tier"),
            response.header("x-tiergate-cause"),
            outcome.header("x-gateway-model-name"),
        );
        let wanted = (row.model.to_owned(), Some(row.cluster), row.tier, Some(row.cause), Some(row.model));
        assert_eq!(got, wanted, "{}", row.name);
        assert_eq!(outcome.header(":path"), Some(row.path), "{}", row.name);
        assert!(!outcome.unbuffered, "{}: the headers wait for the body", row.name);
    }
}

#[test]
fn only_the_model_s_bytes_change() {
    let mut vm = start();
    let body = "\n{ \"temperature\":1.0e0,\"dup\":1,\"dup\":2 ,\"model\" :  \"smart/auto\" ,\
                \"messages\":[{\"role\":\"user\",\"content\":\"Hello\\u0021 \\ud83d\\ude00\"}]\t}\r\n";
    let (outcome, _) = exchange(&mut vm, &Request::post(CHAT, body));
    assert_eq!(String::from_utf8_lossy(&outcome.body), body.replace("smart/auto", "tiny-1"));
}

#[test]
fn gemini_names_its_model_in_the_path() {
    let mut vm = start();
    let body = |text: &str| format!(r#"{{"contents":[{{"role":"user","parts":[{{"text":"{text}"}}]}}]}}"#);
    let table = [
        (
            "/v1beta/models/smart/auto:generateContent",
            PROOF,
            "/v1beta/models/deep:generateContent",
            "thinkers",
        ),
        (
            "/v1beta/models/smart%2Fauto:generateContent",
            PROOF,
            "/v1beta/models/deep:generateContent",
            "thinkers",
        ),
        (
            "/v1beta/models/smart/auto:streamGenerateContent?alt=sse",
            GREETING,
            "/v1beta/models/tiny-1:streamGenerateContent?alt=sse",
            "small",
        ),
        (
            "/v1beta/models/gemini-x:generateContent",
            GREETING,
            "/v1beta/models/gemini-x:generateContent",
            "pool",
        ),
    ];
    for (path, text, path_after, cluster) in table {
        let request = Request::post(path, body(text));
        let (outcome, _) = exchange(&mut vm, &request);
        assert_eq!(outcome.header(":path"), Some(path_after), "{path}");
        assert_eq!(outcome.header("x-tiergate-cluster"), Some(cluster), "{path}");
        assert_eq!(outcome.body, request.body(), "{path}: the body stays");
    }
}

#[test]
fn what_makes_a_request_agentic_is_the_profile_s_to_say() {
    let config = CONFIG.replacen(
        "\"tiers\": {",
        "\"profiles\": {\"agentic\": {\"tiers\": AGENTIC}, \"auto\": {\"tiers\": {",
        1,
    );
    let config = config.replacen("\"deep\"},", "\"deep\"}}},", 1);
    let table = r#"{"SIMPLE": "big", "MEDIUM": "big", "COMPLEX": "big", "REASONING": "big"}"#;
    let config = config.replace("AGENTIC", table);
    const AT_ONCE: &str = "offered";
    const AGENTIC_ASK: &str =
        "Read the file, edit the config, run the tests, fix the failing ones, commit and deploy.";
    let offered = |tools: &str| chat("smart/auto", GREETING).replacen('{', tools, 1);
    let tools = r#"{"tools":[{"type":"function","function":{"name":"f"}}],"#;
    let turns = |last: &str| {
        format!(
            r#"{{"model":"smart/auto","messages":[{{"role":"user","content":"{GREETING}"}},
            {{"role":"assistant","tool_calls":[{{"id":"1","type":"function","function":{{"name":"f","arguments":""}}}}]}},
            {{"role":"tool","tool_call_id":"1","content":"42"}}{last}]}}"#
        )
    };
    let again = format!(r#",{{"role":"assistant","content":"42"}},{{"role":"user","content":"{GREETING}"}}"#);
    let rows = [
        (AT_ONCE, offered(tools), "agentic"),
        (AT_ONCE, offered("{\"tools\":[],"), "auto"),
        (AT_ONCE, offered("{"), "auto"),
        ("used", offered(tools), "auto"),
        ("used", turns(""), "auto"),
        ("used", turns(&again), "agentic"),
        ("judged", turns(&again), "auto"),
        ("judged", offered(tools), "auto"),
        ("judged", chat("smart/auto", AGENTIC_ASK), "agentic"),
        ("used", chat("smart/auto", AGENTIC_ASK), "agentic"),
    ];
    for (mode, body, profile) in rows {
        let config = config.replacen("\"auto\": {", &format!("\"auto\": {{\"agentic\": \"{mode}\", "), 1);
        let mut vm = Vm::start(&config).unwrap_or_else(|refused| panic!("{config}\n{}", refused.text()));
        let (outcome, _) = exchange(&mut vm, &Request::post(CHAT, body.as_str()));
        assert_eq!(outcome.decision()["profile"], profile, "{mode} {body}");
        assert_eq!(model_in(&outcome.body) == "big", profile == "agentic", "{mode} {body}");
    }
}

#[test]
fn a_model_without_tools_gets_none() {
    let mut vm = start();
    let body = chat("smart/auto", GREETING).replacen(
        '{',
        r#"{"tools":[{"type":"function","function":{"name":"f"}}],"#,
        1,
    );
    let (outcome, response) = exchange(&mut vm, &Request::post(CHAT, body));
    assert_eq!(outcome.header("x-tiergate-model"), Some("mid"), "tiny takes no tools");
    assert_eq!(response.header("x-tiergate-cause"), Some("capability"));
}

#[test]
fn nobody_can_serve_it() {
    let blind = r#"{"models":{"a":{"tools":false,"vision":false},"b":{"tools":false,"vision":false}},
        "tiers":{"SIMPLE":"a","MEDIUM":"b","COMPLEX":"a","REASONING":"a"},"default_cluster":"pool"}"#;
    let mut vm = Vm::start(blind).expect("the configuration is right");
    let body = r#"{"model":"smart/auto","messages":[{"role":"user","content":[{"type":"text","text":"Hello!"},
        {"type":"image_url","image_url":{"url":"data:,"}}]}]}"#;
    let (outcome, response) = exchange(&mut vm, &Request::post(CHAT, body));
    assert_eq!(response.header("x-tiergate-cause"), Some("no_candidates"));
    assert_eq!(model_in(&outcome.body), "b", "the default: first of MEDIUM");
    assert_eq!(outcome.header("x-tiergate-cluster"), Some("pool"));
}

/// What the body holds decides who may serve; who serves is the strategy's choice.
#[test]
fn who_can_serve_comes_before_who_is_preferred() {
    let config = r#"{"default_cluster": "pool", "baseline": "dear",
        "models": {
            "cheap": {"input_price": 1, "output_price": 1, "structured_output": false, "max_output": 500},
            "mid": {"input_price": 2, "output_price": 2, "context_window": 4000},
            "dear": {"input_price": 3, "output_price": 3, "audio": true}},
        "profiles": {"auto": {"strategy": "cheapest", "tiers": {"SIMPLE": ["dear", "mid", "cheap"],
            "MEDIUM": "dear", "COMPLEX": "dear", "REASONING": "dear"}}}}"#;
    let mut vm = Vm::start(config).unwrap_or_else(|refused| panic!("{}", refused.text()));
    let with = |field: &str| chat("smart/auto", GREETING).replacen('{', &format!("{{{field},"), 1);
    let audio = r#"{"model":"smart/auto","messages":[{"role":"user","content":[{"type":"text","text":"Hello!"},
        {"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}]}]}"#;
    let long = format!("{GREETING} {}", "\u{4f60}\u{597d}\u{ff0c}".repeat(1500));
    for (name, body, model, cause) in [
        ("anything", chat("smart/auto", GREETING), "cheap", "score"),
        (
            "a system prompt that fills the window",
            chat("smart/auto", GREETING).replacen(
                "\"messages\":[",
                &format!("\"messages\":[{{\"role\":\"system\",\"content\":\"{long}\"}},"),
                1,
            ),
            "cheap",
            "score",
        ),
        (
            "the same with more output",
            with(&format!(r#""max_tokens":600,"system":"{long}""#)),
            "dear",
            "score",
        ),
        ("much output", with(r#""max_tokens":600"#), "mid", "score"),
        ("audio", audio.to_owned(), "dear", "score"),
        ("a schema", with(r#""response_format":{"type":"json_schema"}"#), "dear", "floor_structured"),
    ] {
        let (outcome, response) = exchange(&mut vm, &Request::post(CHAT, body));
        assert_eq!(model_in(&outcome.body), model, "{name}");
        assert_eq!(response.header("x-tiergate-cause"), Some(cause), "{name}");
    }
}

#[test]
fn chance_spreads_requests_by_weight() {
    let config = r#"{"default_cluster": "pool", "baseline": "b", "models": {
            "a": {}, "b": {"weight": 3, "input_price": 1, "output_price": 1}, "c": {"weight": 0}},
        "profiles": {"auto": {"strategy": "weighted", "tiers": {"SIMPLE": ["c", "a", "b"], "MEDIUM": "a",
            "COMPLEX": "a", "REASONING": "a"}}}}"#;
    let mut vm = Vm::start(config).unwrap_or_else(|refused| panic!("{}", refused.text()));
    let (mut a, mut b) = (0, 0);
    for _ in 0..400 {
        let (outcome, _) = exchange(&mut vm, &Request::post(CHAT, chat("smart/auto", GREETING)));
        match model_in(&outcome.body).as_str() {
            "a" => a += 1,
            "b" => b += 1,
            other => panic!("{other} has no weight"),
        }
        vm.process().clock().advance(std::time::Duration::from_micros(7));
    }
    assert!((60..140).contains(&a) && b == 400 - a, "a quarter to a: {a}, three to b: {b}");
}

#[test]
fn a_promotion_holds_for_its_days() {
    let config = CONFIG.replacen(
        '{',
        r#"{"promotions":[{"name":"new year","profile":"auto","tier":"SIMPLE","models":["big"],
            "from":"2026-01-02","until":"2026-01-03"}],"#,
        1,
    );
    let mut vm = Vm::start(&config).unwrap_or_else(|refused| panic!("{}", refused.text()));
    let day = std::time::Duration::from_secs(24 * 60 * 60);
    for (date, model) in [("2026-01-01", "tiny-1"), ("2026-01-02", "big"), ("2026-01-03", "tiny-1")] {
        let (outcome, _) = exchange(&mut vm, &Request::post(CHAT, chat("smart/auto", GREETING)));
        assert_eq!(model_in(&outcome.body), model, "{date}");
        vm.process().clock().advance(day);
    }
}
