//! Native cost of a score and of a whole decision, by length of the prompt; and of adoption signals.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a bench that cannot be set up has to stop"
)]

use std::cell::RefCell;
use std::collections::HashMap;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use tiergate_core::chat::{Dialect, Tokens, view};
use tiergate_core::config;
use tiergate_core::engine::{Cause, Request, RequestContext, Scratch, decide, ranking};
use tiergate_core::fit::fit;
use tiergate_core::live;
use tiergate_core::route::{Condition, Conditions};
use tiergate_core::score::{self, Ask, Length};
use tiergate_core::signal;
use tiergate_core::tier::Tier;
use tiergate_core::time::{Millis, Timestamp};

/// Bytes of prompt.
const SIZES: [usize; 4] = [150, 2_000, 20_000, 200_000];

/// `benches/prompt.txt` over and over, cut at `bytes` (or up to three bytes before, at a character).
fn prompt(bytes: usize) -> String {
    let text = include_str!("prompt.txt");
    let mut prompt = text.repeat(bytes.div_ceil(text.len()));
    while prompt.len() > bytes || !prompt.is_char_boundary(prompt.len()) {
        prompt.pop();
    }
    prompt
}

fn scores(criterion: &mut Criterion) {
    for name in ["rules", "calibrated"] {
        let document = serde_json::json!({"scorer": name}).to_string();
        let config = config::parse(document.as_bytes()).expect("a right configuration");
        let mut scratch = score::Scratch::default();
        let mut group = criterion.benchmark_group(format!("score-{name}"));
        group.sampling_mode(SamplingMode::Flat);
        for bytes in SIZES {
            let text = prompt(bytes);
            let length = Length { ask: text.len(), read: text.len() };
            let ask = Ask { text: &text, length, tokens: u64::try_from(text.len() / 4).expect("small") };
            assert!(!config.scorer.score(&ask, &mut scratch).value.is_nan());
            group.throughput(Throughput::Bytes(text.len() as u64));
            group.bench_with_input(BenchmarkId::from_parameter(bytes), &ask, |bencher, ask| {
                bencher.iter(|| config.scorer.score(black_box(ask), &mut scratch));
            });
        }
        group.finish();
    }
}

fn decisions(criterion: &mut Criterion) {
    decisions_by(criterion, "decide", b"");
    decisions_by(criterion, "decide-rules", br#"{"scorer": "rules"}"#);
}

fn decisions_by(criterion: &mut Criterion, name: &str, config: &[u8]) {
    let config = config::parse(config).expect("a right configuration");
    let mut scratch = Scratch::default();
    let mut group = criterion.benchmark_group(name);
    group.sampling_mode(SamplingMode::Flat);
    for bytes in SIZES {
        let body = serde_json::json!({"messages": [{"role": "user", "content": prompt(bytes)}], "model": "smart/auto"});
        // As the OpenAI SDK writes it: messages first, model last.
        let body = format!("{{\"messages\":{},\"model\":{}}}", body["messages"], body["model"]);
        let request = Request {
            dialect: Dialect::ChatCompletions,
            path: b"/v1/chat/completions",
            body: body.as_bytes(),
        };
        assert!(
            decide(&config, &request, RequestContext::default(), &mut scratch).choice.cause
                <= Cause::FloorStructured
        );
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(bytes), &request, |bencher, request| {
            bencher.iter(|| decide(&config, black_box(request), RequestContext::default(), &mut scratch));
        });
    }
    group.finish();
}

/// A feed of 500 models, of which the last eight are the candidates `m0` to `m7`.
fn feed() -> Vec<u8> {
    let entry = |place: usize| {
        let trend = ["surging", "stable", "cooling"][place % 3];
        let name = match place {
            492.. => format!("m{}-candidate", place - 492),
            _ => format!("maker-{}/Family-{}.{}-{}b-instruct", place % 23, place % 9, place % 7, place),
        };
        serde_json::json!({
            "model": name, "trend": trend, "score": 0.001 * place as f64,
            "confidence": "normal", "velocity_delta_pct": place as f64 - 250.5, "platform": "all",
            "capabilities": ["chat", "code"], "action": "watch",
        })
    };
    let models: Vec<_> = (0..500).map(entry).collect();
    serde_json::json!({"contract_version": "1", "models": models}).to_string().into_bytes()
}

/// What adoption signals cost: a decision among eight candidates with a standing and without one, and the two steps
/// that a new feed takes, which no request waits for.
fn signals(criterion: &mut Criterion) {
    let names: Vec<String> = (0..8).map(|n| format!("m{n}-candidate")).collect();
    let document = serde_json::json!({
        "models": names.iter().map(|name| (name.clone(), serde_json::json!({}))).collect::<serde_json::Map<_, _>>(),
        "tiers": {"SIMPLE": names, "MEDIUM": names, "COMPLEX": names, "REASONING": names},
        "signals": {"cluster": "feed", "path": "/"},
    });
    let config = config::parse(document.to_string().as_bytes()).expect("a right configuration");
    let document = feed();
    let parsed = signal::parse(&document).expect("a right feed");
    let known = ranking(&config, &parsed);
    let mut scratch = Scratch::default();
    let body = br#"{"messages":[{"role":"user","content":"Hello!"}],"model":"smart/auto"}"#;
    let request = Request { dialect: Dialect::ChatCompletions, path: b"/v1/chat/completions", body };

    let mut group = criterion.benchmark_group("signals");
    for (name, ranking, cause) in
        [("decide-without", None, Cause::Score), ("decide-with", Some(&known), Cause::Momentum)]
    {
        let live = RequestContext { ranking, ..RequestContext::default() };
        assert_eq!(decide(&config, &request, live, &mut scratch).choice.cause, cause);
        group.bench_function(name, |bencher| {
            bencher.iter(|| decide(&config, black_box(&request), live, &mut scratch));
        });
    }
    assert_eq!(parsed.signals.len(), 500);
    group.bench_function("parse-500", |bencher| bencher.iter(|| signal::parse(black_box(&document))));
    group.bench_function("standing-500", |bencher| bencher.iter(|| ranking(&config, black_box(&parsed))));
    group.finish();
}

/// What eligibility and order cost: a decision among eight candidates of one tier, by strategy, with a condition of each.
/// The first row is what there was before: the configured order, and nothing known.
fn strategies(criterion: &mut Criterion) {
    let names: Vec<String> = (0..8).map(|n| format!("m{n}")).collect();
    let entry = |n: u32| {
        serde_json::json!({
            "input_price": n + 1, "output_price": 2 * n + 1, "context_window": 100_000, "max_output": 8000,
            "coder": n % 2 == 1, "tokens_per_minute": 1_000_000, "requests_per_minute": 1000,
            "benchmarks": {"gpqa_diamond": 40 + 6 * n, "livecodebench": 38 + 7 * n},
        })
    };
    let models: serde_json::Map<_, _> = names.iter().cloned().zip((0..8).map(entry)).collect();
    let body = br#"{"messages":[{"role":"user","content":"Hello!"}],"model":"smart/auto"}"#;
    let request = Request { dialect: Dialect::ChatCompletions, path: b"/v1/chat/completions", body };
    let mut scratch = Scratch::default();
    let mut group = criterion.benchmark_group("strategy");
    // And the model that serves: m0 is in cooldown, the odd ones are for code, the later ones are dearer, quicker and less busy.
    for (name, strategy, known, serves) in [
        ("configured-nothing-known", "configured", false, "m0"),
        ("configured", "configured", true, "m2"),
        ("cheapest", "cheapest", true, "m2"),
        ("weighted", "weighted", true, ""),
        ("least_busy", "least_busy", true, "m6"),
        ("lowest_latency", "lowest_latency", true, "m6"),
        ("usage", "usage", true, "m6"),
        ("completion", "completion", true, "m2"),
    ] {
        let document = serde_json::json!({
            "baseline": "m7",
            "models": models,
            "profiles": {"auto": {
                "tiers": {"SIMPLE": names, "MEDIUM": names, "COMPLEX": names, "REASONING": names},
                "strategy": strategy,
            }},
        });
        let config = config::parse(document.to_string().as_bytes()).expect("a right configuration");
        let mut conditions = Conditions::default();
        for (n, name) in (0u8..).zip(&names) {
            let condition = Condition {
                cooling: n == 0,
                in_flight: u32::from(16 - n),
                first_byte_ms: f32::from(900 - 100 * u16::from(n)),
                token_ms: f32::from(20 - n),
                tokens_this_minute: 90_000 - 10_000 * u64::from(n),
                requests_this_minute: 90 - 10 * u64::from(n),
            };
            conditions.set(&config.table.models[name], condition);
        }
        let live =
            RequestContext { conditions: known.then_some(&conditions), seed: 7, ..RequestContext::default() };
        let served = decide(&config, &request, live, &mut scratch).choice.model.map(|m| m.name.clone());
        assert!(serves.is_empty() || served.as_deref() == Some(serves), "{name}: {served:?}");
        group.bench_function(name, |bencher| {
            bencher.iter(|| decide(&config, black_box(&request), live, &mut scratch));
        });
    }
    group.finish();
}

/// What it costs to make a request of 20 KB fit its model: one that nothing is to be edited of, and one of which much is.
fn fits(criterion: &mut Criterion) {
    let config = config::parse(br#"{"fit_pinned": true}"#).expect("a right configuration");
    let prompt = serde_json::json!([{"role": "user", "content": prompt(20_000)}]);
    let none = format!(r#"{{"messages":{prompt},"model":"smart/auto","stream":true,"temperature":1}}"#);
    let all = format!(
        r#"{{"messages":{prompt},"model":"smart/auto","temperature":0,"top_p":0.5,"n":1,"seed":1,"stop":["a"],"logprobs":true,
            "max_tokens":900000,"thinking":{{"type":"enabled","budget_tokens":9000}},"presence_penalty":0.1,"top_k":3,
            "frequency_penalty":0.1,"parallel_tool_calls":true,"tool_choice":"auto","service_tier":"auto","store":true}}"#
    );
    let takes = &config.table.models["gpt-5.6"].takes;
    let mut group = criterion.benchmark_group("fit");
    for (name, body, edits) in [("none", &none, false), ("all", &all, true)] {
        let view = view(body.as_bytes(), b"", Dialect::ChatCompletions, &config.limits, &mut ());
        let fitted =
            || fit(body.as_bytes(), &view, Dialect::ChatCompletions, black_box(takes), config.fit, true);
        assert_eq!(!fitted().changes.is_empty(), edits);
        group.bench_function(name, |bencher| bencher.iter(fitted));
    }
    group.finish();
}

/// What the estimate of tokens costs, by length of the text.
fn tokens(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tokens");
    for bytes in SIZES {
        let text = prompt(bytes);
        let count = || {
            let mut tokens = Tokens::default();
            tokens.add(black_box(text.as_bytes()));
            tokens.count()
        };
        assert!(count() as usize > bytes / 8);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(BenchmarkId::from_parameter(bytes), |bencher| bencher.iter(count));
    }
    group.finish();
}

/// What the live state adds to a request: whether a model may be asked, an attempt from begin to end, and a conversation.
/// The store is a map; that of Envoy costs a host call each time.
fn live_state(criterion: &mut Criterion) {
    struct Map(RefCell<HashMap<String, (Vec<u8>, u32)>>);
    impl live::Store for Map {
        fn get(&self, key: &str) -> Option<(Vec<u8>, u32)> {
            self.0.borrow().get(key).cloned()
        }

        fn set(&self, key: &str, value: &[u8], _: Option<u32>) -> Result<(), live::Conflict> {
            self.0.borrow_mut().insert(key.to_owned(), (value.to_vec(), 1));
            Ok(())
        }
    }
    let store = Map(RefCell::default());
    let names: Vec<String> = (0..8).map(|n| format!("m{n}")).collect();
    let settings = live::LiveSettings {
        allowed_fails: 3,
        failure_percent: 50,
        minimum_requests: 5,
        cooldown: Millis::of_seconds(5),
        longest_cooldown: Millis::of_seconds(300),
        credentials: live::Credentials::Unknown,
    };
    let mut board = live::Board::new(settings, names.iter().map(String::as_str).enumerate(), 1);
    let now = Timestamp::of_seconds(1_800_000_000);
    let mut group = criterion.benchmark_group("live");
    group.bench_function("attempt", |bencher| {
        bencher.iter(|| {
            assert!(!board.state(black_box(3), now).due);
            let mut attempt = board.begin(3, now);
            black_box(board.state(3, now));
            board.answered(&mut attempt, now, &store);
            attempt.first_byte(now + Millis::of(50));
            let tokens = live::Tokens { input: 100, output: 50 };
            board.end(
                attempt,
                live::AttemptOutcome::Ok,
                (tokens, true),
                live::EndDetails::NONE,
                now + Millis::of(900),
                &store,
            );
            black_box(board.state(3, now + Millis::of(900)));
        });
    });
    let number = |salt| live::session(salt, [&b"auto"[..], b"user", black_box(b"someone")]);
    let known = |salt| live::SessionKey { tenant: 1, number: number(salt) };
    let rules = live::Retention {
        idle: Millis::of_seconds(300),
        own: Millis::of_seconds(60),
        others: Millis::of_seconds(60),
    };
    let memory = live::SessionTable::Conversations;
    live::hold(&store, memory, known(7), live::SessionPin::by("m3", Tier::Complex, now), rules);
    group.bench_function("conversation", |bencher| {
        bencher.iter(|| {
            let held = live::held(&store, memory, known(live::salt(&store, || 7)), rules, now);
            assert!(held.is_some_and(|held| held.is("m3")));
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    targets = signals, strategies, fits, tokens, live_state
}
// Many samples of few milliseconds: `scripts/bench.py` takes the least, as it does of the Python router's.
criterion_group! {
    name = decisions_and_scores;
    config = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .sample_size(1000)
        .nresamples(1000);
    targets = scores, decisions
}
criterion_main!(decisions_and_scores, benches);
