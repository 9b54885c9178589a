//! The console: what it costs requests, what it shows, and that workers inform each other.

use std::time::Duration;

use serde_json::Value;

use crate::fixture::{CHAT, CONFIG, GREETING, PROOF, chat, exchange, start};
use crate::host::{HostCalls, Outcome, Process, Request, Vm};

const CONSOLE: &str = r#"{"position": "console", "console": {"feedback_per_minute": 2}}"#;
const HOST: &str = "127.0.0.1:10002";

/// A worker with a router, which sees requests, and a console.
struct Worker {
    vm: Vm,
    console: u32,
}

impl Worker {
    fn start(process: &Process) -> Self {
        let mut vm = Vm::start_in(process, CONFIG).unwrap_or_else(|refused| panic!("{}", refused.text()));
        let router = vm.add(CONSOLE).unwrap_or_else(|refused| panic!("{}", refused.text()));
        let console = vm.switch(router);
        Self { vm, console }
    }

    fn ask(&mut self, id: &str, prompt: &str) {
        exchange(&mut self.vm, &Request::post(CHAT, chat("smart/auto", prompt)).header("x-request-id", id));
    }

    /// Sends a request to the console.
    fn console(&mut self, request: Request) -> Outcome {
        let router = self.vm.switch(self.console);
        let request = request.without(":authority").header(":authority", HOST);
        let mut outcome = self.vm.request(&request);
        outcome.filter_state = self.vm.finish(outcome.stream);
        self.vm.switch(router);
        assert_eq!(self.vm.trap(), None);
        assert!(!outcome.forwarded, "nothing goes on to an upstream");
        outcome
    }

    fn json(&mut self, request: Request) -> (u32, Value) {
        let answer = self.console(request).local_response.expect("the console answers everything");
        (answer.status, serde_json::from_slice(&answer.body).expect("the answer is JSON"))
    }

    fn decisions(&mut self) -> Vec<String> {
        let (status, told) = self.json(Request::new("GET", "/api/decisions"));
        assert_eq!(status, 200);
        let all = told["decisions"].as_array().expect("a list").iter();
        all.map(|decision| decision["request_id"].as_str().expect("an id").to_owned()).collect()
    }

    fn tick(&mut self) {
        let router = self.vm.switch(self.console);
        self.vm.tick();
        self.vm.switch(router);
    }
}

/// Host calls of one routed request and its answer.
fn cost(vm: &mut Vm) -> HostCalls {
    let request = Request::post(CHAT, chat("smart/auto", GREETING)).header("x-request-id", "1");
    exchange(vm, &request);
    vm.take_host_calls();
    exchange(vm, &request);
    vm.take_host_calls()
}

#[test]
fn a_request_costs_two_host_calls_more_where_there_is_a_console() {
    let before = cost(&mut start());
    let mut worker = Worker::start(&Process::new());
    let with = cost(&mut worker.vm);
    let total = |calls: &HostCalls| calls.values().sum::<u64>();
    assert_eq!(total(&with), total(&before) + 2, "{with:?}");
    assert_eq!(with.get(&("proxy_on_done", "proxy_get_property")), Some(&1));
    assert!(!with.keys().any(|(_, function)| function.contains("shared_data")), "{with:?}");
}

#[test]
fn a_console_needs_little_memory() {
    let before = start().memory_size();
    let mut worker = Worker::start(&Process::new());
    for number in 0..200 {
        worker.ask(&number.to_string(), PROOF);
    }
    worker.decisions();
    let grown = worker.vm.memory_size() - before;
    assert!(grown <= 512 * 1024, "{} KiB", grown / 1024);
    assert!(worker.vm.memory_size() < 6 * 1024 * 1024, "{}", worker.vm.memory_size());
}

#[test]
fn workers_show_each_others_decisions_and_no_prompt() {
    let process = Process::new();
    let (mut one, mut two) = (Worker::start(&process), Worker::start(&process));
    one.ask("first", GREETING);
    process.clock().advance(Duration::from_secs(1));
    two.ask("second", PROOF);
    assert_eq!(one.decisions(), ["first"]);
    two.tick();
    assert_eq!(one.decisions(), ["second", "first"]);
    let (_, told) = one.json(Request::new("GET", "/api/savings"));
    assert_eq!(told["minutes"][0]["requests"], 2, "{told}");
    let shared = process.shared_data();
    let has = |text: &str| {
        shared.iter().any(|(_, value)| value.windows(text.len()).any(|part| part == text.as_bytes()))
    };
    assert!(has("second") && !has("theorem"));
}

#[test]
fn a_console_that_goes_takes_nothing_from_the_one_that_stays() {
    let mut worker = Worker::start(&Process::new());
    worker.ask("before", GREETING);
    // A listener that Envoy makes and then refuses, or one of two that is taken away again.
    let router = worker.vm.add(CONSOLE).unwrap_or_else(|refused| panic!("{}", refused.text()));
    let second = worker.vm.switch(router);
    worker.ask("meanwhile", GREETING);
    worker.vm.remove(second);
    worker.ask("after", GREETING);
    assert_eq!(worker.decisions(), ["after", "meanwhile", "before"]);
    let (_, told) = worker.json(Request::new("GET", "/api/savings"));
    assert_eq!(told["minutes"][0]["requests"], 3, "{told}");
}

#[test]
fn a_decision_is_shown_as_it_ended() {
    let mut worker = Worker::start(&Process::new());
    worker.vm.set_property(&["response", "code"], &429u64.to_le_bytes());
    worker.ask("limited", PROOF);
    let (_, told) = worker.json(Request::new("GET", "/api/decisions"));
    let decision = &told["decisions"][0];
    assert_eq!((&decision["tier"], &decision["model"]), (&"REASONING".into(), &"deep".into()));
    assert_eq!((&decision["status"], &decision["attempts"]), (&429.into(), &1.into()));
    let (_, configs) = worker.json(Request::new("GET", "/api/configs"));
    assert_eq!(decision["config"], configs["configs"][0]["version"]);
}

#[test]
fn a_trial_changes_nothing() {
    let mut worker = Worker::start(&Process::new());
    let before = worker.vm.process().metrics().counters();
    let trial = Request::post("/api/route", r#"{"prompt": "Hello!"}"#);
    let (status, told) = worker.json(trial);
    assert_eq!((status, &told["model"]), (200, &"tiny".into()));
    assert_eq!(worker.vm.process().metrics().counters(), before);
    assert!(worker.decisions().is_empty());
    let (status, told) = worker.json(Request::post("/api/route", r#"{"config": "0", "prompt": "Hello!"}"#));
    assert_eq!(status, 404, "{told}");
}

#[test]
fn feedback_is_told_to_the_access_log_and_limited() {
    let mut worker = Worker::start(&Process::new());
    worker.ask("judged", GREETING);
    let say = |body: &str| Request::post("/feedback", body);
    let outcome = worker.console(say(r#"{"request_id": "judged", "tier": "COMPLEX"}"#));
    assert_eq!(outcome.local_response.as_ref().map(|answer| answer.status), Some(202));
    let told = outcome.decision();
    assert_eq!(told["feedback"]["decided"]["tier"], "SIMPLE", "{told}");
    let wrong = worker.console(say(r#"{"request_id": "judged", "comment": "x"}"#));
    assert!(wrong.filter_state.is_empty());
    assert_eq!(worker.json(say(r#"{"request_id": "other", "thumbs": "up"}"#)).0, 202);
    let third = worker.console(say(r#"{"request_id": "other", "thumbs": "up"}"#));
    let answer = third.local_response.expect("an answer");
    assert_eq!(answer.status, 429);
    assert!(answer.headers.text("retry-after").is_some() && third.filter_state.is_empty());
}

#[test]
fn everything_else_is_not_there_and_a_console_alone_says_what_it_lacks() {
    let mut worker = Worker::start(&Process::new());
    for path in ["/v1/models", "/v1/chat/completions", "/api", "/%2e"] {
        assert_eq!(worker.json(Request::new("GET", path)).0, 404, "{path}");
    }
    let page = worker.console(Request::new("GET", "/").header("accept-encoding", "gzip"));
    let page = page.local_response.expect("the page");
    assert_eq!((page.status, page.headers.text("content-encoding")), (200, Some("gzip")));
    assert!(page.headers.text("content-security-policy").is_some_and(|policy| policy.contains("sha256-")));

    let mut alone = Vm::start(CONSOLE).unwrap_or_else(|refused| panic!("{}", refused.text()));
    let outcome =
        alone.request(&Request::new("GET", "/api/models").without(":authority").header(":authority", HOST));
    assert_eq!(outcome.local_response.map(|answer| answer.status), Some(503));
}
