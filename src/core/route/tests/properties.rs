//! What holds for any profile, request and state.

use proptest::prelude::*;
use proptest::strategy::Strategy as Values;

use super::Strategy;
use super::*;
use crate::time::Timestamp;

/// Eight models of which any may lack anything.
fn any_models() -> impl Values<Value = Vec<Arc<Model>>> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let sizes = (prop::option::of(1u64..4000), prop::option::of(1u64..2000), prop::option::of(1u64..9));
    let worth = (prop::option::of(0.0..9.0f64), 0.0..3.0f64, prop::option::of(0.0..100.0f64));
    prop::collection::vec((flags, sizes, worth), 8).prop_map(|all| {
        let made = all.into_iter().enumerate().map(|(slot, (flags, sizes, worth))| {
            let (tools, vision, audio, structured_output, coder) = flags;
            let (context_window, max_output, requests_per_minute) = sizes;
            let (price, weight, capability) = worth;
            Arc::new(Model {
                tools,
                vision,
                audio,
                structured_output,
                coder,
                context_window,
                max_output,
                requests_per_minute,
                input_price: price,
                output_price: price,
                weight,
                capability,
                ..model(slot)
            })
        });
        made.collect()
    })
}

fn any_strategy() -> impl Values<Value = Strategy> {
    let completion = |all_tiers| {
        let curve = Curve { capability: 0.05, difficulty: -2.0, bias: -1.0 };
        Strategy::Completion(Completion { threshold: 0.7, margin: 0.1, all_tiers, usual: 50.0, curve })
    };
    prop::sample::select(vec![
        Strategy::Configured,
        Strategy::Momentum,
        Strategy::Cheapest,
        Strategy::Weighted,
        Strategy::LeastBusy,
        Strategy::LowestLatency,
        Strategy::Usage,
        completion(true),
        completion(false),
    ])
}

fn any_needs() -> impl Values<Value = Needs> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (flags, prop::option::of(1u64..2000), 0u64..3000).prop_map(|(flags, limit, input)| {
        let (tools, vision, audio, pdf, schema) = flags;
        let usage = Usage { input, output: limit.unwrap_or(300) };
        Needs { tools, vision, audio, pdf, schema, limit, usage, margin: 0.1, ..Needs::default() }
    })
}

fn any_conditions() -> impl Values<Value = Vec<Condition>> {
    let one = (any::<bool>(), 0u32..4, 0.0..9.0f32, 0.0..9.0f32, 0u64..9);
    let condition = one.prop_map(|(cooling, in_flight, first_byte_ms, token_ms, requests)| Condition {
        cooling,
        in_flight,
        first_byte_ms,
        token_ms,
        tokens_this_minute: 0,
        requests_this_minute: requests,
    });
    prop::collection::vec(condition, 8)
}

/// The places of a tier's candidates: some, none twice.
fn any_tier() -> impl Values<Value = Vec<usize>> {
    prop::sample::subsequence((0..8).collect::<Vec<usize>>(), 0..6).prop_shuffle()
}

/// The tiers in the order in which they are asked.
fn asked(tier: Tier) -> Vec<Tier> {
    let mut order: Vec<Tier> = Tier::ALL.into_iter().filter(|t| *t >= tier).collect();
    order.extend(Tier::ALL.into_iter().rev().filter(|t| *t < tier));
    order
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_request_goes_to_who_can_serve_it(
        models in any_models(),
        tiers in prop::array::uniform4(any_tier()),
        strategy in any_strategy(),
        needs in any_needs(),
        conditions in any_conditions(),
        tier in prop::sample::select(Tier::ALL.to_vec()),
        (code, seed, difficulty) in (any::<bool>(), any::<u64>(), 0.0..1.0f64),
    ) {
        let mut known = Conditions::default();
        let mut ranking = SignalRanking::default();
        for (model, condition) in models.iter().zip(&conditions) {
            known.set(model, *condition);
            ranking.set(model, f64::from(condition.in_flight) - 1.0);
        }
        let lists = [&tiers[0][..], &tiers[1][..], &tiers[2][..], &tiers[3][..]];
        let profile = profile(&models, lists, strategy);
        let request = PickRequest {
            tier,
            needs: &needs,
            difficulty,
            code,
            plain: false,
            ranking: Some(&ranking),
            conditions: Some(&known),
            seed,
            now: Timestamp::NEVER,
        };
        let table = table();
        let pick = pick(&table, &profile, &request);
        let able: Vec<&Arc<Model>> =
            asked(tier).into_iter().flat_map(|t| profile.tiers.get(t)).filter(|m| needs.met_by(m)).collect();
        if able.is_empty() {
            prop_assert_eq!(pick.why, Why::Nobody);
            prop_assert!(pick.chain.is_empty());
            return Ok(());
        }

        // Never to one that must refuse it, while another can serve it.
        prop_assert_ne!(pick.why, Why::Nobody);
        prop_assert!(needs.met_by(pick.model));
        prop_assert!(pick.chain.iter().all(|m| needs.met_by(m)));
        prop_assert!(profile.tiers.get(pick.tier).iter().any(|m| m.slot == pick.model.slot));

        // Nobody twice, and four at most.
        let mut slots: Vec<usize> = pick.chain.iter().map(|m| m.slot).collect();
        slots.push(pick.model.slot);
        let named = slots.len();
        slots.sort_unstable();
        slots.dedup();
        prop_assert_eq!(slots.len(), named);
        prop_assert!(named <= 1 + CHAIN);

        // Nobody in cooldown, unless all are.
        let cooling = |m: &Arc<Model>| known.of(m).cooling;
        let over = |m: &Arc<Model>| {
            strategy == Strategy::Usage
                && m.requests_per_minute.is_some_and(|most| known.of(m).requests_this_minute + 1 > most)
        };
        let barred = |m: &Arc<Model>| cooling(m) || over(m);
        if able.iter().any(|m| !barred(m)) {
            prop_assert!(!barred(pick.model) && pick.chain.iter().all(|m| !barred(m)));
        }

        // The first tier with somebody to serve it, unless the strategy compares all.
        let compares_all = matches!(strategy, Strategy::Completion(Completion { all_tiers: true, .. }));
        let free = |m: &Arc<Model>| needs.met_by(m) && (able.iter().all(|a| barred(a)) || !barred(m));
        if !compares_all {
            let first = asked(tier).into_iter().find(|&t| profile.tiers.get(t).iter().any(free));
            prop_assert_eq!(Some(pick.tier), first);
        }

        // Of the candidates that a code ask is to prefer there is none left that is no coder's better.
        let others: Vec<&Arc<Model>> = profile.tiers.get(pick.tier).iter().filter(|m| free(m)).collect();
        if code && !matches!(strategy, Strategy::Completion(_)) {
            prop_assert!(pick.model.coder || others.iter().all(|m| !m.coder));
        }

        // The best by the strategy's measure; of equals the one listed first.
        let output = |m: &Arc<Model>| needs.usage.output.min(m.max_output.unwrap_or(u64::MAX)) as f64;
        let measure = |m: &Arc<Model>| match strategy {
            Strategy::Configured => Some(0.0),
            Strategy::Momentum => Some(-(f64::from(known.of(m).in_flight) - 1.0)),
            Strategy::Cheapest => Some(m.input_price.map_or(f64::MAX, |p| p * (needs.usage.input as f64 + output(m)))),
            Strategy::LeastBusy => Some(f64::from(known.of(m).in_flight)),
            Strategy::LowestLatency => {
                Some(f64::from(known.of(m).first_byte_ms) + f64::from(known.of(m).token_ms) * output(m))
            }
            _ => None,
        };
        let rivals: Vec<&&Arc<Model>> = others.iter().filter(|m| !code || m.coder == pick.model.coder).collect();
        if let Some(own) = measure(pick.model) {
            let tolerance = 1e-9 * own.abs().max(1.0);
            for rival in &rivals {
                prop_assert!(measure(rival).is_none_or(|its| its >= own - tolerance));
            }
            let first = rivals.iter().find(|m| measure(m) == Some(own)).map(|m| m.slot);
            if strategy != Strategy::Cheapest {
                prop_assert_eq!(first, Some(pick.model.slot));
            }
        }

        // The same again gives the same.
        let again = super::super::pick(&table, &profile, &request);
        prop_assert_eq!(again.model.slot, pick.model.slot);
    }

    #[test]
    fn equals_keep_the_configured_order(strategy in any_strategy(), tier in any_tier(), code in any::<bool>()) {
        prop_assume!(strategy != Strategy::Weighted && !tier.is_empty());
        let models: Vec<_> = (0..8).map(|slot| Arc::new(Model { capability: Some(50.0), ..model(slot) })).collect();
        let profile = profile(&models, [&tier, &[], &[], &[]], strategy);
        let (first, why, rest) = picked(&profile, &PickRequest { code, ..request(Tier::Simple, &NEEDS) });
        let named: Vec<String> = std::iter::once(first).chain(rest).collect();
        let listed: Vec<String> = tier.iter().take(1 + CHAIN).map(|slot| format!("m{slot}")).collect();
        prop_assert_eq!(named, listed);
        prop_assert_eq!(why, Why::Preferred);
    }
}
