//! The strategy `completion`.

use super::*;

/// Even odds at a capability of 50 and a difficulty of 0.5.
const HOW: Completion = Completion {
    threshold: 0.8,
    margin: 0.1,
    all_tiers: true,
    usual: 60.0,
    curve: Curve { capability: 0.1, difficulty: -2.0, bias: -4.0 },
};

/// m0 cheap and weak, m1 middling, m2 dear and strong, m3 unknown; one a tier.
fn models() -> Vec<Arc<Model>> {
    super::models(&[
        |m| (priced(m, 1.0, 1.0), m.capability = Some(40.0)).1,
        |m| (priced(m, 2.0, 2.0), m.capability = Some(70.0)).1,
        |m| (priced(m, 9.0, 9.0), m.capability = Some(90.0)).1,
        |m| priced(m, 1.5, 1.5),
    ])
}

fn by(how: Completion, tier: Tier, difficulty: f64) -> (String, Why, Vec<String>) {
    let models = models();
    let profile = profile(&models, [&[0], &[1], &[2], &[2, 3]], Strategy::Completion(how));
    picked(&profile, &PickRequest { difficulty, ..request(tier, &NEEDS) })
}

#[test]
fn the_likelihood_is_the_sigmoid_of_the_sum() {
    let curve = HOW.curve;
    assert!((curve.likelihood(50.0, 0.5) - 0.5).abs() < 1e-12);
    assert!((curve.likelihood(60.0, 0.0) - 1.0 / (1.0 + (-2.0f64).exp())).abs() < 1e-12);
    assert!(curve.likelihood(60.0, 0.2) > curve.likelihood(60.0, 0.3));
}

#[test]
fn the_cheapest_over_the_threshold_serves() {
    // At 0: 0.5, 0.95, 0.99, and 0.88 of the usual 60.
    let (name, why, chain) = by(HOW, Tier::Medium, 0.0);
    assert_eq!((name.as_str(), why), ("m3", Why::Strategy));
    assert_eq!(chain, ["m1", "m2", "m0"], "by price, then the rest by likelihood");
    // At 0.5: 0.27, 0.88, 0.98, 0.73.
    assert_eq!(by(HOW, Tier::Medium, 0.5), ("m1".into(), Why::Preferred, strings(&["m2", "m3", "m0"])));
    let easy = Completion { threshold: 0.4, ..HOW };
    assert_eq!(by(easy, Tier::Simple, 0.0).0, "m0");
}

#[test]
fn where_none_reaches_it_the_cheapest_near_the_best_serves() {
    let hard = Completion { threshold: 0.995, ..HOW };
    // 0.95 is within 0.1 of 0.99; 0.88 is not.
    assert_eq!(by(hard, Tier::Medium, 0.0).0, "m1");
    assert_eq!(by(Completion { margin: 0.0, ..hard }, Tier::Medium, 0.0).0, "m2");
    assert_eq!(by(Completion { margin: 1.0, ..hard }, Tier::Medium, 0.0).0, "m0");
}

#[test]
fn it_can_be_kept_to_the_tier() {
    let kept = Completion { all_tiers: false, ..HOW };
    assert_eq!(by(kept, Tier::Medium, 0.0), ("m1".into(), Why::Preferred, strings(&["m2", "m3", "m0"])));
    assert_eq!(by(kept, Tier::Reasoning, 0.0).0, "m3");
}

#[test]
fn the_best_that_the_rest_is_compared_with_is_one_that_may_serve() {
    let models = models();
    let hard = Completion { threshold: 1.0, margin: 0.0, ..HOW };
    let profile = profile(&models, [&[0], &[1], &[2], &[2, 3]], Strategy::Completion(hard));
    let conditions = conditions(&models, &[(2, COOLING)]);
    let request =
        PickRequest { conditions: Some(&conditions), difficulty: 0.0, ..request(Tier::Medium, &NEEDS) };
    let (name, why, chain) = picked(&profile, &request);
    assert_eq!((name.as_str(), why, chain), ("m1", Why::Health, strings(&["m3", "m0"])));
}

#[test]
fn a_coder_is_preferred_only_among_those_that_are_likely_enough() {
    let mut models = models();
    for (slot, coder) in [(0, true), (2, true)] {
        models[slot] = Arc::new(Model { coder, ..(*models[slot]).clone() });
    }
    let profile = profile(&models, [&[0], &[1], &[2], &[2, 3]], Strategy::Completion(HOW));
    let request = PickRequest { difficulty: 0.0, code: true, ..request(Tier::Medium, &NEEDS) };
    let (name, _, chain) = picked(&profile, &request);
    assert_eq!((name.as_str(), chain), ("m2", strings(&["m3", "m1", "m0"])));
}

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|&n| n.to_owned()).collect()
}
