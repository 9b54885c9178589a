//! Native cost of a score and of a whole decision, by length of the prompt; and of adoption signals.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a bench that cannot be set up has to stop"
)]

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tiergate::chat::Dialect;
use tiergate::config;
use tiergate::engine::{Cause, Live, Request, Scratch, decide, standing};
use tiergate::score::Length;
use tiergate::signal;

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

fn decisions(criterion: &mut Criterion) {
    let config = config::parse(b"").expect("the shipped configuration");
    let mut scratch = Scratch::default();
    let mut group = criterion.benchmark_group("score");
    for bytes in SIZES {
        let text = prompt(bytes);
        let tokens = u64::try_from(text.len() / 4).expect("small");
        assert!(!config.scorer.score(&text, tokens, &mut scratch.score).value.is_nan());
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(bytes), &text, |bencher, text| {
            bencher.iter(|| config.scorer.score(black_box(text), tokens, &mut scratch.score));
        });
    }
    group.finish();

    // What the calibrated scorer costs in all: the rules' pass finds the concepts.
    let calibrated = config.scorer.calibrated().expect("the shipped weights");
    let mut group = criterion.benchmark_group("calibrated");
    for bytes in SIZES {
        let text = prompt(bytes);
        let tokens = u64::try_from(text.len() / 4).expect("small");
        let length = Length { ask: text.len(), read: text.len() };
        let scratch = &mut scratch.score;
        config.scorer.score(&text, tokens, scratch);
        assert!(!config.scorer.judge_by(&calibrated, length, scratch).abstained);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(bytes), &text, |bencher, text| {
            bencher.iter(|| {
                config.scorer.score(black_box(text), tokens, scratch);
                config.scorer.judge_by(&calibrated, length, scratch)
            });
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("decide");
    for bytes in SIZES {
        let body = serde_json::json!({"messages": [{"role": "user", "content": prompt(bytes)}], "model": "smart/auto"});
        // As the OpenAI SDK writes it: messages first, model last.
        let body = format!("{{\"messages\":{},\"model\":{}}}", body["messages"], body["model"]);
        let request = Request {
            dialect: Dialect::ChatCompletions,
            path: b"/v1/chat/completions",
            body: body.as_bytes(),
        };
        assert!(decide(&config, &request, Live::default(), &mut scratch).cause <= Cause::FloorStructured);
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(bytes), &request, |bencher, request| {
            bencher.iter(|| decide(&config, black_box(request), Live::default(), &mut scratch));
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
    let known = standing(&config, &parsed);
    let mut scratch = Scratch::default();
    let body = br#"{"messages":[{"role":"user","content":"Hello!"}],"model":"smart/auto"}"#;
    let request = Request { dialect: Dialect::ChatCompletions, path: b"/v1/chat/completions", body };

    let mut group = criterion.benchmark_group("signals");
    for (name, standing, cause) in
        [("decide-without", None, Cause::Score), ("decide-with", Some(&known), Cause::Momentum)]
    {
        let live = Live { standing, ..Live::default() };
        assert_eq!(decide(&config, &request, live, &mut scratch).cause, cause);
        group.bench_function(name, |bencher| {
            bencher.iter(|| decide(&config, black_box(&request), live, &mut scratch));
        });
    }
    assert_eq!(parsed.signals.len(), 500);
    group.bench_function("parse-500", |bencher| bencher.iter(|| signal::parse(black_box(&document))));
    group.bench_function("standing-500", |bencher| bencher.iter(|| standing(&config, black_box(&parsed))));
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    targets = decisions, signals
}
criterion_main!(benches);
