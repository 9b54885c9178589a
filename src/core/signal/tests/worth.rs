//! What a signal is worth, to the digit.

use std::collections::BTreeMap;

use super::super::{Signal, Weights};

fn weights() -> Weights {
    let words = |pairs: &[(&str, f64)]| -> BTreeMap<String, f64> {
        pairs.iter().map(|(word, value)| ((*word).to_owned(), *value)).collect()
    };
    Weights {
        trend: words(&[
            ("surging", 3.0),
            ("accelerating", 2.0),
            ("stable", 0.0),
            ("cooling", -2.0),
            ("Hot", 7.0),
            ("hot", 5.0),
        ]),
        confidence: words(&[("normal", 1.0), ("low", 0.5), ("insufficient", 0.0)]),
        score: 0.3,
        velocity: 0.25,
        velocity_limit: 2.0,
    }
}

fn worth(trend: &str, score: f64, confidence: &str, velocity_delta_pct: f64) -> f64 {
    let (model, trend, confidence) = ("m".to_owned(), trend.to_owned(), confidence.to_owned());
    weights().momentum(&Signal { model, trend, score, confidence, velocity_delta_pct })
}

#[test]
fn the_sum_is_the_contracts() {
    for (trend, score, confidence, velocity, expected) in [
        ("surging", 0.5, "normal", 100.0, 3.4),
        ("surging", 0.5, "low", 100.0, 1.7),
        ("surging", 0.5, "insufficient", 100.0, 0.0),
        ("surging", 2.0, "normal", 900.0, 3.8),
        ("cooling", -1.0, "normal", -900.0, -2.5),
        ("cooling", 1.0, "low", -40.0, -0.9),
        ("stable", 0.0, "normal", 0.0, 0.0),
        ("unheard-of", 1.0, "normal", 0.0, 0.3),
        ("surging", 1.0, "unheard-of", 0.0, 0.0),
        ("hot", 0.0, "normal", 0.0, 5.0),
        ("Hot", 0.0, "normal", 0.0, 7.0),
        (" SURGING\t", 0.0, "\nNormal ", 0.0, 3.0),
    ] {
        let got = worth(trend, score, confidence, velocity);
        assert!(
            (got - expected).abs() < 1e-12,
            "{trend} {score} {confidence} {velocity}: {got}, not {expected}"
        );
    }
}

#[test]
fn nothing_is_never_below_nothing() {
    assert!(worth("cooling", 0.0, "insufficient", -100.0).is_sign_positive());
}

#[test]
fn a_limit_below_zero_is_not_fatal() {
    let signal = Signal {
        model: "m".to_owned(),
        trend: "stable".to_owned(),
        score: 0.0,
        confidence: "normal".to_owned(),
        velocity_delta_pct: 50.0,
    };
    assert!(Weights { velocity_limit: -1.0, ..weights() }.momentum(&signal).is_finite());
}
