//! Work is linear: no body that a grammar of hostile bodies makes costs more than its size accounts for.
//!
//! A shape is a recipe for bodies of any size. The part that counts looked-at bytes is exact and runs in `cargo test`;
//! the part that takes the time wants an optimised build and a quiet machine: `make linear`.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot be set up has to stop")]

use std::time::{Duration, Instant};

use tiergate_core::config::{self, Config};
use tiergate_core::engine::{Request, RequestContext, Scratch, decide};

mod grammar;
use grammar::{Shape, plain};

/// How often a byte may be looked at in search of asks, and what any request may take besides.
const TIMES: usize = 8;
const BESIDES: usize = 512 * 1024;

fn config() -> Config {
    config::parse(b"").expect("the shipped configuration")
}

/// Bytes that were looked at in search of asks.
fn looked(config: &Config, shape: &Shape, bytes: usize, scratch: &mut Scratch) -> usize {
    let (body, path, dialect) = shape.build(bytes);
    let request = Request { dialect, path: path.as_bytes(), body: &body };
    decide(config, &request, RequestContext::default(), scratch).scan.looked()
}

#[test]
fn every_byte_is_looked_at_a_few_times() {
    let config = config();
    let mut scratch = Scratch::default();
    for seed in 0..300 {
        let shape = Shape::seeded(seed);
        for bytes in [8 * 1024, 64 * 1024] {
            let looked = looked(&config, &shape, bytes, &mut scratch);
            assert!(
                looked <= TIMES * bytes + BESIDES,
                "seed {seed}, {bytes} bytes: {looked} looked at\n{shape:?}"
            );
        }
    }
}

#[test]
fn the_worst_shapes_known_end_soon() {
    let config = config();
    let mut scratch = Scratch::default();
    for shape in grammar::known() {
        let bytes = 512 * 1024;
        let looked = looked(&config, &shape, bytes, &mut scratch);
        assert!(looked <= TIMES * bytes + BESIDES, "{looked} looked at\n{shape:?}");
    }
}

/// The least of several times, so that what else the machine does counts little.
fn time(config: &Config, shape: &Shape, bytes: usize, runs: u32, scratch: &mut Scratch) -> Duration {
    let (body, path, dialect) = shape.build(bytes);
    let request = Request { dialect, path: path.as_bytes(), body: &body };
    let runs = (0..runs).map(|_| {
        #[expect(clippy::disallowed_methods, reason = "a test that takes the time")]
        let begin = Instant::now();
        std::hint::black_box(decide(config, &request, RequestContext::default(), scratch));
        begin.elapsed()
    });
    runs.min().unwrap_or_default()
}

const SMALL: usize = 32 * 1024;
const LARGE: usize = 512 * 1024;

/// Growth from the small size to the large one as a power, and how many times the large one takes the time of a plain
/// body: a chat in paragraphs (`plain`), or one of the same turns and parts that holds plain words, where that takes
/// longer.
fn growth(config: &Config, shape: &Shape, plain: Duration, runs: u32, scratch: &mut Scratch) -> (f64, f64) {
    let small = time(config, shape, SMALL, runs * 3, scratch).as_secs_f64();
    let large = time(config, shape, LARGE, runs, scratch).as_secs_f64();
    let calm = time(config, &shape.calm(), LARGE, runs, scratch).max(plain).as_secs_f64();
    let power = (large / small).log2() / (LARGE as f64 / SMALL as f64).log2();
    (power, large / calm)
}

/// `LINEAR_SHAPES` says how many shapes, `LINEAR_SEED` which is the first.
#[test]
#[ignore = "takes minutes, and wants an optimised build: make linear"]
fn no_shape_grows_faster_than_its_size() {
    const POWER: f64 = 1.15;
    const RATIO: f64 = 5.0;
    let number = |name: &str, default: u64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (first, shapes) = (number("LINEAR_SEED", 0), number("LINEAR_SHAPES", 20_000));
    let config = config();
    let mut scratch = Scratch::default();
    let base = time(&config, &plain(), LARGE, 50, &mut scratch);
    println!("a plain body of {LARGE} bytes: {base:?}");
    let (mut worst, mut wrong) = (Vec::new(), Vec::new());
    let known = grammar::known().into_iter();
    for (place, shape) in known.chain((first..first + shapes).map(Shape::seeded)).enumerate() {
        let (mut power, mut ratio) = growth(&config, &shape, base, 2, &mut scratch);
        // Again and more often, before it is blamed.
        for runs in [5, 20, 60] {
            if power <= POWER && ratio <= RATIO {
                break;
            }
            (power, ratio) = growth(&config, &shape, base, runs, &mut scratch);
        }
        worst.push((ratio, power, place));
        if power > POWER || ratio > RATIO {
            println!("shape {place}: power {power:.2}, {ratio:.1} times a plain body\n{shape:?}");
            wrong.push(place);
        }
    }
    worst.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (ratio, power, place) in worst.iter().take(5) {
        println!("dearest: shape {place}, {ratio:.2} times a plain body, power {power:.2}");
    }
    let steepest = worst.iter().map(|w| w.1).fold(f64::MIN, f64::max);
    println!("{} shapes, the steepest of power {steepest:.3}", worst.len());
    assert!(wrong.is_empty(), "{} shapes are too dear: {wrong:?}", wrong.len());
}
