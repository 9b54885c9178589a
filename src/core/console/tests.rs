//! Who may ask for what, what workers keep and pass to each other, and what is tried.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::config::{self, Config, Console};
use crate::engine::{RequestContext, Scratch};
use crate::live::{Conflict, Store};
use crate::time::Timestamp;

mod feedback;

const NOW: Timestamp = Timestamp::of_millis(1_772_366_400_000);

/// Shared data, which may refuse the next writes.
#[derive(Default)]
struct Fake {
    entries: RefCell<BTreeMap<String, (Vec<u8>, u32)>>,
    conflicts: Cell<u32>,
}

impl Store for Fake {
    fn get(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        self.entries.borrow().get(key).cloned()
    }

    fn set(&self, key: &str, value: &[u8], cas: Option<u32>) -> Result<(), Conflict> {
        let mut entries = self.entries.borrow_mut();
        let known = entries.get(key).map_or(0, |(_, cas)| *cas);
        if self.conflicts.get() > 0 || cas.is_some_and(|cas| known != 0 && cas != known) {
            self.conflicts.set(self.conflicts.get().saturating_sub(1));
            return Err(Conflict);
        }
        entries.insert(key.to_owned(), (value.to_vec(), known + 1));
        Ok(())
    }
}

fn settings(path: &str, token: Option<&str>, feedback: Option<&str>) -> Console {
    Console {
        path: path.to_owned(),
        token: token.map(str::to_owned),
        feedback_token: feedback.map(str::to_owned),
        feedback_per_minute: 2,
    }
}

fn head(method: &str, path: &str, more: &[(&str, &str)]) -> Head {
    let mut head = Head::default();
    let first = [(":method", method), (":path", path), (":authority", "127.0.0.1:10002")];
    for (name, value) in first.iter().chain(more) {
        head.header(name, value.as_bytes().to_vec());
    }
    head
}

fn status(settings: &Console, head: &Head) -> u32 {
    admit(settings, head).map_or_else(|reply| reply.status, |_| 200)
}

#[test]
fn paths_lie_below_that_of_the_page_and_nowhere_else() {
    for (base, found, missing) in [
        (
            "",
            &["/", "/?x=1", "/api/models", "/api/models?config=1"][..],
            &["/api", "/api/other", "//", "/console"][..],
        ),
        (
            "/console",
            &["/console", "/console/", "/console/api/configs"],
            &["/", "/api/configs", "/consoles", "/console/x"],
        ),
    ] {
        let settings = settings(base, None, None);
        for path in found {
            assert_eq!(status(&settings, &head("GET", path, &[])), 200, "{base} {path}");
        }
        for path in missing {
            assert_eq!(status(&settings, &head("GET", path, &[])), 404, "{base} {path}");
        }
    }
    let settings = settings("", None, None);
    for (method, path) in
        [("POST", "/"), ("DELETE", "/api/models"), ("GET", "/api/route"), ("PUT", "/feedback")]
    {
        assert_eq!(status(&settings, &head(method, path, &[])), 405, "{method} {path}");
    }
}

#[test]
fn data_needs_the_token_and_the_page_does_not() {
    let both = settings("", Some("secret-secret-secret"), Some("app-app-app-app-app"));
    let json = ("content-type", "application/json");
    let with = |token: &str, method: &str, path: &str| {
        status(&both, &head(method, path, &[("authorization", token), json]))
    };
    assert_eq!(with("", "GET", "/"), 200);
    for wrong in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer secret-secret-secreT",
        "Bearer secret",
        "secret-secret-secret",
        "Basic secret-secret-secret",
        "Bearer secret-secret-secret-more",
        "Bearer app-app-app-app-app",
    ] {
        assert_eq!(with(wrong, "GET", "/api/decisions"), 401, "{wrong}");
    }
    for right in
        ["Bearer secret-secret-secret", "bearer secret-secret-secret", "BEARER  secret-secret-secret "]
    {
        assert_eq!(with(right, "GET", "/api/decisions"), 200, "{right}");
        assert_eq!(with(right, "POST", "/feedback"), 200, "{right}");
    }
    assert_eq!(with("Bearer app-app-app-app-app", "POST", "/feedback"), 200);
    assert_eq!(with("Bearer app-app-app-app-app", "POST", "/api/route"), 401);
    let apps = settings("", None, Some("app-app-app-app-app"));
    assert_eq!(status(&apps, &head("POST", "/feedback", &[json])), 401);
    assert_eq!(status(&apps, &head("GET", "/api/models", &[])), 200);
}

#[test]
fn without_a_token_only_hosts_that_no_site_can_name_are_answered() {
    let open = settings("", None, None);
    let closed = settings("", Some("secret-secret-secret"), None);
    for (host, may) in [
        ("localhost", true),
        ("LOCALHOST:10002", true),
        ("127.0.0.1", true),
        ("10.1.2.3:80", true),
        ("[::1]:10002", true),
        ("[::1]", true),
        ("evil.example", false),
        ("localhost.evil.example:10002", false),
        ("127.0.0.1.nip.io", false),
        ("", false),
        ("[evil]", false),
    ] {
        let head = head(
            "GET",
            "/api/models",
            &[(":authority", host), ("authorization", "Bearer secret-secret-secret")],
        );
        assert_eq!(status(&open, &head), if may { 200 } else { 403 }, "{host}");
        assert_eq!(status(&closed, &head), 200, "{host}");
    }
}

#[test]
fn other_sites_are_refused_and_forms_too() {
    let open = settings("", None, None);
    let post = |more: &[(&str, &str)]| status(&open, &head("POST", "/feedback", more));
    let json = ("content-type", "application/json; charset=utf-8");
    assert_eq!(post(&[json]), 200);
    assert_eq!(post(&[json, ("origin", "http://127.0.0.1:10002"), ("sec-fetch-site", "same-origin")]), 200);
    for wrong in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://127.0.0.1:3000"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        assert_eq!(post(&[json, wrong]), 403, "{wrong:?}");
    }
    for site in ["cross-site", "same-site"] {
        let get = |path: &str| status(&open, &head("GET", path, &[("sec-fetch-site", site)]));
        assert_eq!((get("/"), get("/api/decisions"), get("/api/models")), (200, 403, 403), "{site}");
    }
    assert_eq!(post(&[("content-type", "text/plain")]), 415);
    assert_eq!(post(&[]), 415);
}

#[test]
fn the_page_is_the_same_packed_and_unpacked_and_has_its_policy() {
    let packed = page(&head("GET", "/", &[("accept-encoding", "br, gzip;q=0.8")]));
    let plain = page(&head("GET", "/", &[("accept-encoding", "gzip;q=0, br")]));
    let has = |reply: &Reply, name: &str| reply.headers.iter().any(|(known, _)| *known == name);
    assert!(has(&packed, "content-encoding") && !has(&plain, "content-encoding"));
    assert!(packed.body.len() < 60_000);
    assert_eq!(crate::chat::unpack(&packed.body, crate::chat::Coding::Gzip).as_deref(), Some(&*plain.body));
    let text = String::from_utf8(plain.body.to_vec()).unwrap();
    assert_eq!(text, include_str!("page.html"), "make docs");
    let policy = plain.headers.iter().find(|(name, _)| *name == "content-security-policy").unwrap();
    assert!(policy.1.starts_with("default-src 'none'; script-src 'sha256-") && !policy.1.contains("unsafe"));
    // Ways by which text would become markup, and places outside.
    for way in ["innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "https://"] {
        assert!(!text.contains(way), "{way}");
    }
    assert_eq!(text.matches("http://").count(), 1, "the namespace of SVG alone");
}

#[test]
fn recent_decisions_of_all_workers_come_newest_first_and_are_bounded() {
    let store = Fake::default();
    let (mut one, mut two) = (Recent::new(1), Recent::new(2));
    for number in 0..100 {
        one.add(NOW + number * 2, format!("one {number}"));
        two.add(NOW + number * 2 + 1, format!("two {number}"));
    }
    assert!(all(&store).is_empty());
    one.tell(&store, NOW + 300);
    two.tell(&store, NOW + 300);
    let lines = all(&store);
    assert_eq!(lines.len(), 128);
    assert_eq!((lines[0].1.as_str(), lines[1].1.as_str()), ("two 99", "one 99"));
    assert!(lines.windows(2).all(|pair| pair[0].0 > pair[1].0));
    // Nothing new, nothing written.
    let before = store.entries.borrow().clone();
    one.tell(&store, NOW + 400);
    assert_eq!(*store.entries.borrow(), before);
}

#[test]
fn workers_that_come_and_go_take_no_more_places_than_there_are() {
    let store = Fake::default();
    for holder in 1..200 {
        let mut worker = Recent::new(holder);
        worker.add(NOW + holder, format!("{holder}"));
        worker.tell(&store, NOW + holder);
    }
    assert_eq!(store.entries.borrow().len(), 64);
    assert_eq!(all(&store)[0].1, "199");
}

#[test]
fn what_is_not_ours_and_what_is_too_long_is_no_decision() {
    let store = Fake::default();
    store.set("tiergate.decisions.00", b"rubbish", None).unwrap();
    let mut worker = Recent::new(7);
    worker.add(NOW, "x".repeat(3000));
    worker.add(NOW, "kept".to_owned());
    store.conflicts.set(2);
    worker.tell(&store, NOW);
    assert_eq!(all(&store), [(NOW, "kept".to_owned())]);
}

#[test]
fn costs_are_added_up_by_minute_and_hour() {
    let store = Fake::default();
    let (mut one, mut two) = (Savings::default(), Savings::default());
    one.add(NOW, 0.25, 1.0);
    one.add(NOW + 59_999, 0.25, 1.0);
    two.add(NOW + 60_000, 0.5, 2.0);
    one.tell(&store);
    store.conflicts.set(3);
    two.tell(&store);
    two.tell(&store);
    let report = savings(&store, NOW + 61_000);
    let bin = |time: Timestamp, requests: u64, cost: f64, baseline: f64| json!({"time_ms": time, "requests": requests, "cost_usd": cost, "baseline_usd": baseline});
    assert_eq!(report["minutes"], json!([bin(NOW, 2, 0.5, 2.0), bin(NOW + 60_000, 1, 0.5, 2.0)]));
    assert_eq!(report["hours"], json!([bin(NOW, 3, 1.0, 4.0)]));
    // Three hours later the minutes are gone, also those that nobody has overwritten.
    let later = NOW + 3 * 3_600_000 + 60_000;
    assert_eq!(savings(&store, later)["minutes"], json!([]));
    one.add(later, 1.0, 1.0);
    one.tell(&store);
    let report = savings(&store, later);
    assert_eq!(report["minutes"], json!([bin(later, 1, 1.0, 1.0)]));
    assert_eq!(report["hours"].as_array().unwrap().len(), 2);
    // Oldest first, over the seam of the ring too.
    let mut third = Savings::default();
    for minute in 0..4 {
        third.add(later + minute * 60_000, 1.0, 1.0);
    }
    third.tell(&store);
    let minutes = savings(&store, later + 200_000)["minutes"].clone();
    let times: Vec<u64> =
        minutes.as_array().unwrap().iter().map(|bin| bin["time_ms"].as_u64().unwrap()).collect();
    assert_eq!(times, [0, 1, 2, 3].map(|minute| (later + minute * 60_000).millis()));
}

fn example() -> Config {
    config::parse(
        br#"{"models": {"tiny": {"tools": false, "input_price": 1, "output_price": 2}, "big": {"cluster": "far",
            "upstream_model": "big-2", "input_price": 5, "output_price": 9}}, "baseline": "big",
            "tiers": {"SIMPLE": "tiny", "MEDIUM": ["tiny", "big"], "COMPLEX": "big", "REASONING": "big"}}"#,
    )
    .unwrap()
}

fn tried(body: &Value) -> (u32, Value) {
    let config = example();
    let trial = match Trial::read(body.to_string().as_bytes()) {
        Ok(trial) => trial,
        Err(reply) => return (reply.status, Value::Null),
    };
    let reply = route(&trial, &config, RequestContext::default(), &mut Scratch::default());
    (reply.status, serde_json::from_slice(&reply.body).unwrap())
}

#[test]
fn a_trial_tells_the_decision_and_the_request_that_leaves() {
    let (status, told) = tried(&json!({"prompt": "Hello!", "profile": "auto", "tools": true,
        "history": [{"role": "user", "content": "Good morning"}, {"role": "assistant", "content": "Hi"}]}));
    assert_eq!(status, 200);
    // Tiny takes no tools.
    assert_eq!((&told["model"], &told["cause"]), (&json!("big"), &json!("capability")));
    let tiny = told["considered"].as_array().unwrap().iter().find(|one| one["model"] == "tiny").unwrap();
    assert_eq!((&tiny["eligible"], &tiny["lacks"]), (&json!(false), &json!(["tools"])));
    assert_eq!(told["boundaries"].as_array().unwrap().len(), 3);
    let request = &told["request"];
    assert_eq!(request["headers"][0], json!(["x-tiergate-cluster", "far"]));
    let body: Value = serde_json::from_str(request["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["model"], "big-2");
    assert_eq!(body["messages"].as_array().unwrap().len(), 3);
}

#[test]
fn a_trial_of_a_whole_request_is_of_its_dialect() {
    let body =
        json!({"model": "smart/auto", "max_tokens": 9, "messages": [{"role": "user", "content": "Hello!"}]});
    let (_, told) = tried(&json!({"body": body, "path": "/v1/messages"}));
    assert_eq!((&told["dialect"], &told["model"]), (&json!("anthropic messages"), &json!("tiny")));
    for wrong in [
        json!({}),
        json!({"prompt": " "}),
        json!({"body": body, "path": "/v1/nothing"}),
        json!({"prompt": "x", "y": 1}),
        json!({"prompt": "x", "profile": "premum"}),
        json!({"prompt": "x", "profile": "free"}),
        json!({"prompt": "x", "history": [{"role": "usr", "content": "Hi"}]}),
    ] {
        assert_eq!(tried(&wrong).0, 400, "{wrong}");
    }
    let unknown = tried(&json!({"prompt": "x", "profile": "premum"})).1;
    assert!(unknown["error"]["message"].as_str().unwrap().contains("smart/eco, smart/premium"), "{unknown}");
    for (name, model) in [("eco", "tiny"), ("Premium", "tiny"), ("smart/eco", "tiny"), ("big", "big")] {
        let (status, told) = tried(&json!({"prompt": "Hello!", "profile": name}));
        assert_eq!((status, &told["model"]), (200, &json!(model)), "{name}");
    }
    // What the gateway would answer is shown.
    let (status, told) = tried(&json!({"prompt": "Hello!", "profile": "smart/nobody"}));
    assert_eq!((status, &told["problem"]["status"], &told["request"]), (200, &json!(404), &Value::Null));
}

#[test]
fn configurations_have_a_version_that_is_the_document() {
    let version = |text: &str| config::parse(text.as_bytes()).unwrap().version();
    let (one, other) =
        (r#"{"filter_state": true, "baseline": "claude-opus-5"}"#, r#"{"filter_state": true}"#);
    assert_eq!(version(one), version(r#" {"baseline":"claude-opus-5","filter_state":true}"#));
    assert_ne!(version(one), version(other));
    assert_eq!(version(one).len(), 16);
}
