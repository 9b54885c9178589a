//! Native cost of a score and of a whole decision, by length of the prompt.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a bench that cannot be set up has to stop"
)]

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tiergate::chat::Dialect;
use tiergate::config;
use tiergate::engine::{Cause, Live, Request, Scratch, decide};

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

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    targets = decisions
}
criterion_main!(benches);
