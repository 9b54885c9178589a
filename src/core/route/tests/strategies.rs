//! The order of a tier's candidates under each strategy.

use super::*;

#[test]
fn cheapest_is_by_this_request_s_input_and_output() {
    let models = models(&[
        |_| {},
        |m| priced(m, 1.0, 10.0),
        |m| priced(m, 5.0, 1.0),
        |m| (priced(m, 1.0, 40.0), m.max_output = Some(10)).1,
    ]);
    let by = |input, output| {
        let needs = Needs { usage: Usage { input, output }, ..NEEDS };
        order(&models, Strategy::Cheapest, &request(Tier::Simple, &needs))
    };
    assert_eq!(by(10_000, 5000), ["m3", "m2", "m1", "m0"], "m3 answers with 10 tokens at most");
    assert_eq!(by(10_000, 5), ["m1", "m3", "m2", "m0"], "no price is the dearest");
}

#[test]
fn weights_are_shares_of_the_requests() {
    let models = models(&[|m| m.weight = 1.0, |m| m.weight = 3.0, |m| m.weight = 0.0, |m| m.weight = 1.0]);
    let mut served = BTreeMap::new();
    let mut second = BTreeMap::new();
    let rounds = 20_000u64;
    for seed in 0..rounds {
        // As the clock of a host counts.
        let seed = 1_700_000_000_000_000_000 + seed * 1000;
        let order =
            order(&models, Strategy::Weighted, &PickRequest { seed, ..request(Tier::Simple, &NEEDS) });
        assert_eq!(order[3], "m2", "the weight of 0 comes last");
        *served.entry(order[0].clone()).or_insert(0u32) += 1;
        if order[0] == "m1" {
            *second.entry(order[1].clone()).or_insert(0u32) += 1;
        }
    }
    let share = |of: &BTreeMap<String, u32>, name: &str| {
        f64::from(of[name]) / of.values().map(|&n| f64::from(n)).sum::<f64>()
    };
    for (name, expected) in [("m0", 0.2), ("m1", 0.6), ("m3", 0.2)] {
        assert!((share(&served, name) - expected).abs() < 0.02, "{name}: {}", share(&served, name));
    }
    assert!((share(&second, "m0") - 0.5).abs() < 0.03, "the chain is shuffled by weight too");
}

#[test]
fn least_busy_has_the_fewest_in_flight() {
    let models = models(&[|_| {}, |_| {}, |_| {}, |_| {}]);
    let busy = |in_flight| Condition { in_flight, ..Condition::default() };
    let conditions = conditions(&models, &[(0, busy(3)), (1, busy(1)), (2, busy(2)), (3, busy(1))]);
    let request = PickRequest { conditions: Some(&conditions), ..request(Tier::Simple, &NEEDS) };
    assert_eq!(order(&models, Strategy::LeastBusy, &request), ["m1", "m3", "m2", "m0"]);
}

#[test]
fn lowest_latency_is_of_the_whole_answer() {
    let models = models(&[|_| {}, |_| {}, |_| {}, |m| m.max_output = Some(1)]);
    let pace = |first_byte_ms, token_ms| Condition { first_byte_ms, token_ms, ..Condition::default() };
    let known = [(0, pace(100.0, 20.0)), (1, pace(900.0, 1.0)), (3, pace(3000.0, 100.0))];
    let conditions = conditions(&models, &known);
    let by = |output| {
        let needs = Needs { usage: Usage { input: 10, output }, ..NEEDS };
        let request = PickRequest { conditions: Some(&conditions), ..request(Tier::Simple, &needs) };
        order(&models, Strategy::LowestLatency, &request)
    };
    assert_eq!(by(10), ["m2", "m0", "m1", "m3"], "a short answer; m2 was never measured");
    assert_eq!(by(1000), ["m2", "m1", "m3", "m0"], "a long one; m3 ends after one token");
}

#[test]
fn usage_is_the_greater_share_of_the_limits() {
    let models = models(&[
        |m| (m.tokens_per_minute, m.requests_per_minute) = (Some(10_000), Some(10)),
        |m| m.tokens_per_minute = Some(100_000),
        |m| m.requests_per_minute = Some(2),
        |m| m.tokens_per_minute = Some(4000),
    ]);
    let used = |tokens_this_minute, requests_this_minute| Condition {
        tokens_this_minute,
        requests_this_minute,
        ..Condition::default()
    };
    // With this request (1,500 tokens): 0.8 of requests, 0.515 of tokens, 0.5 of requests, 1.0 of tokens.
    let known = [(0, used(2500, 7)), (1, used(50_000, 900)), (2, used(1 << 40, 0)), (3, used(2500, 0))];
    let conditions = conditions(&models, &known);
    let request = PickRequest { conditions: Some(&conditions), ..request(Tier::Simple, &NEEDS) };
    assert_eq!(order(&models, Strategy::Usage, &request), ["m2", "m1", "m0", "m3"]);
    let more = Needs { usage: Usage { input: 1001, output: 500 }, ..NEEDS };
    let request = PickRequest { needs: &more, ..request };
    assert_eq!(order(&models, Strategy::Usage, &request), ["m2", "m1", "m0"], "m3 would be over its limit");
    let all = Needs { usage: Usage { input: 1 << 30, output: 500 }, ..NEEDS };
    let some = profile(&models, [&[0, 1, 3], &[3], &[3], &[3]], Strategy::Usage);
    let request = PickRequest { needs: &all, ..request };
    assert_eq!(picked(&some, &request).1, Why::Preferred, "all would be over, so none counts as if it were");
}

#[test]
fn a_lower_order_goes_first_under_every_strategy() {
    let models = models(&[
        |m| (priced(m, 1.0, 1.0), m.capability = Some(90.0)).1,
        |m| (priced(m, 9.0, 9.0), m.order = 2).1,
        |m| (priced(m, 3.0, 3.0), m.order = 1, m.coder = true).2,
        |m| (priced(m, 5.0, 5.0), m.order = 1).1,
    ]);
    let plain = request(Tier::Simple, &NEEDS);
    assert_eq!(order(&models, Strategy::Configured, &plain), ["m2", "m3", "m1", "m0"], "none is the last");
    assert_eq!(order(&models, Strategy::Cheapest, &plain), ["m2", "m3", "m1", "m0"]);
    let mut ranking = SignalRanking::default();
    ranking.set(&models[3], 1.0);
    ranking.set(&models[0], 5.0);
    let momentum = PickRequest { ranking: Some(&ranking), ..plain };
    assert_eq!(order(&models, Strategy::Momentum, &momentum), ["m3", "m2", "m1", "m0"]);
    // Where all of order 1 are in cooldown it is the next one's turn.
    let known = [(2, COOLING), (3, COOLING)];
    let conditions = conditions(&models, &known);
    let request = PickRequest { conditions: Some(&conditions), ..plain };
    let profile = profile(&models, [&[0, 1, 2, 3], &[], &[], &[]], Strategy::Cheapest);
    assert_eq!(picked(&profile, &request), ("m1".into(), Why::Health, vec!["m0".into()]));
}

#[test]
fn a_move_has_to_pay_for_the_cache_that_it_loses() {
    let priced = |slot, input, cached, output| Model {
        input_price: Some(input),
        cached_input_price: cached,
        output_price: Some(output),
        ..model(slot)
    };
    let (dear, cheap) = (priced(0, 10.0, Some(1.0), 50.0), priced(1, 2.0, None, 10.0));
    let usage = |input, output| Usage { input, output };
    let pays = |usage, cached| pays_to_move((&dear, usage), (&cheap, usage), cached);
    // 100,000 tokens: 0.1 USD from the cache and 0.2 anew; 1,000 tokens out: 0.05 and 0.01.
    assert!(!pays(usage(100_000, 1000), 100_000));
    // Half of it is new: 0.05 + 0.5 against 0.2.
    assert!(pays(usage(100_000, 1000), 50_000));
    // Much to be answered: 0.1 + 0.5 against 0.2 + 0.1.
    assert!(pays(usage(100_000, 10_000), 100_000));
    // Nothing that short is in a cache.
    assert!(pays(usage(1000, 10), 1000));
    // A tenth less is not enough: 10 against 9.5.
    let near = priced(2, 9.5, None, 50.0);
    assert!(!pays_to_move((&dear, usage(1000, 0)), (&near, usage(1000, 0)), 0));
    // Nobody knows what the cached part costs.
    let unknown = Model { cached_input_price: None, ..dear.clone() };
    assert!(!pays_to_move((&unknown, usage(9000, 10)), (&cheap, usage(9000, 10)), 8000));
    assert!(!pays_to_move((&dear, usage(9000, 10)), (&model(3), usage(9000, 10)), 0));
}
