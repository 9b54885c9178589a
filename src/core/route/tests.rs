//! Who is picked, who may serve in its place, and why.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::tier::{PerTier, Tier};
use crate::time::Timestamp;

mod coders;
mod completion;
mod fallback;
mod properties;
mod strategies;

/// A model that can do everything and has no price.
fn model(slot: usize) -> Model {
    Model {
        slot,
        name: format!("m{slot}"),
        upstream_model: format!("m{slot}"),
        cluster: "c".into(),
        provider: None,
        input_price: None,
        cached_input_price: None,
        output_price: None,
        context_window: None,
        max_output: None,
        tools: true,
        vision: true,
        audio: true,
        pdf: true,
        structured_output: true,
        coder: false,
        tokens_per_minute: None,
        requests_per_minute: None,
        timeout_ms: None,
        max_retries: None,
        order: LAST,
        weight: 1.0,
        capability: None,
        takes: crate::fit::Takes::default(),
        variant: None,
    }
}

/// Models `m0` and so on, each changed by its closure.
fn models(change: &[fn(&mut Model)]) -> Vec<Arc<Model>> {
    let changed = change.iter().enumerate().map(|(slot, change)| {
        let mut model = model(slot);
        change(&mut model);
        Arc::new(model)
    });
    changed.collect()
}

fn priced(model: &mut Model, input: f64, output: f64) {
    (model.input_price, model.output_price) = (Some(input), Some(output));
}

/// A profile whose tiers list the models at these places; the default model is the first of MEDIUM.
fn profile(models: &[Arc<Model>], tiers: [&[usize]; 4], strategy: Strategy) -> Profile {
    let list = |tier: &[usize]| tier.iter().map(|&at| Arc::clone(&models[at])).collect::<Vec<_>>();
    let [simple, medium, complex, reasoning] = tiers.map(list);
    let default_model = medium.first().unwrap_or(&models[0]).clone();
    let tiers = PerTier { simple, medium, complex, reasoning };
    Profile {
        name: "p".into(),
        tiers,
        default_model,
        agentic_profile: None,
        agentic: Agentic::Used,
        unknown_state: UnknownState::DefaultModel,
        strategy,
    }
}

fn table() -> Table {
    Table {
        models: BTreeMap::new(),
        profiles: BTreeMap::new(),
        virtual_models: BTreeMap::new(),
        groups: BTreeMap::new(),
        promotions: Vec::new(),
        baseline: None,
        default_cluster: "c".into(),
    }
}

const NEEDS: Needs = Needs {
    tools: false,
    vision: false,
    audio: false,
    pdf: false,
    provider: None,
    only: None,
    schema: false,
    thoughts: crate::chat::Sealed { claude: false, openai: false, gemini: false, plain: false },
    built_in: None,
    limit: None,
    usage: Usage { input: 1000, output: 500 },
    margin: 0.0,
};

fn request(tier: Tier, needs: &Needs) -> PickRequest<'_> {
    PickRequest {
        tier,
        needs,
        difficulty: 0.5,
        code: false,
        plain: false,
        ranking: None,
        conditions: None,
        seed: 0,
        now: Timestamp::NEVER,
    }
}

/// Who is picked, why, and who may serve in its place.
fn picked(profile: &Profile, request: &PickRequest<'_>) -> (String, Why, Vec<String>) {
    let table = table();
    let pick = pick(&table, profile, request);
    (pick.model.name.clone(), pick.why, pick.chain.iter().map(|m| m.name.clone()).collect())
}

fn conditions(models: &[Arc<Model>], known: &[(usize, Condition)]) -> Conditions {
    let mut conditions = Conditions::default();
    for (slot, condition) in known {
        conditions.set(&models[*slot], *condition);
    }
    conditions
}

const COOLING: Condition = Condition {
    cooling: true,
    in_flight: 0,
    first_byte_ms: 0.0,
    token_ms: 0.0,
    tokens_this_minute: 0,
    requests_this_minute: 0,
};

/// Four models in SIMPLE alone, in this strategy's order, with what is known of them.
fn order(models: &[Arc<Model>], strategy: Strategy, request: &PickRequest<'_>) -> Vec<String> {
    let places: Vec<usize> = (0..models.len()).collect();
    let (first, _, rest) = picked(&profile(models, [&places, &[], &[], &[]], strategy), request);
    std::iter::once(first).chain(rest).collect()
}

#[test]
fn what_a_model_cannot_do_rules_it_out() {
    type Row = (&'static str, fn(&mut Model), fn(&mut Needs), bool);
    let rows: &[Row] = &[
        ("no tools", |m| m.tools = false, |n| n.tools = true, false),
        ("no eyes", |m| m.vision = false, |n| n.vision = true, false),
        ("no ears", |m| m.audio = false, |n| n.audio = true, false),
        ("no PDFs", |m| m.pdf = false, |n| n.pdf = true, false),
        ("no schema", |m| m.structured_output = false, |n| n.schema = true, false),
        ("nothing that is asked for", |m| (m.tools, m.vision, m.audio) = (false, false, false), |_| {}, true),
        ("input and output fit exactly", |m| m.context_window = Some(1500), |_| {}, true),
        ("one token too many", |m| m.context_window = Some(1499), |_| {}, false),
        ("no margin left", |m| m.context_window = Some(1599), |n| n.margin = 0.1, false),
        ("just the margin", |m| m.context_window = Some(1600), |n| n.margin = 0.1, true),
        (
            "it answers with less than is assumed",
            |m| (m.context_window, m.max_output) = (Some(1100), Some(100)),
            |_| {},
            true,
        ),
        (
            "more output is asked for than it gives",
            |m| m.max_output = Some(499),
            |n| n.limit = Some(500),
            false,
        ),
        ("as much output as it gives", |m| m.max_output = Some(500), |n| n.limit = Some(500), true),
        ("nothing is known", |_| {}, |n| (n.usage.input, n.limit) = (1 << 40, Some(1 << 40)), true),
    ];
    for (name, change, ask, can) in rows {
        let (mut model, mut needs) = (model(0), NEEDS);
        change(&mut model);
        ask(&mut needs);
        assert_eq!(needs.met_by(&model), *can, "{name}");
    }
}

#[test]
fn next_the_higher_tiers_then_the_lower_then_the_default() {
    let models = models(&[|m| m.tools = true, |m| m.tools = false, |m| m.tools = false, |m| m.tools = true]);
    let needs = Needs { tools: true, ..NEEDS };
    let from = |tiers, tier| picked(&profile(&models, tiers, Strategy::Configured), &request(tier, &needs));
    let (simple, plain) = (&[0][..], &[1][..]);
    let (name, why, chain) = from([simple, plain, &[2], &[3]], Tier::Medium);
    assert_eq!((name.as_str(), why, chain), ("m3", Why::Capability, vec!["m0".to_owned()]));
    let (name, why, _) = from([simple, plain, &[2], &[1]], Tier::Medium);
    assert_eq!((name.as_str(), why), ("m0", Why::Capability));
    let (name, why, chain) = from([plain, plain, &[2], &[1]], Tier::Medium);
    assert_eq!((name.as_str(), why, chain.len()), ("m1", Why::Nobody, 0), "the default model");
}

#[test]
fn where_only_room_is_lacking_the_widest_window_serves() {
    let models = models(&[
        |m| m.context_window = Some(1000),
        |m| m.context_window = Some(1400),
        |m| (m.context_window, m.vision) = (Some(9000), false),
        |m| m.context_window = Some(1400),
    ]);
    let profile = profile(&models, [&[0], &[0], &[1], &[2, 3]], Strategy::Configured);
    let needs = Needs { vision: true, ..NEEDS };
    assert_eq!(picked(&profile, &request(Tier::Simple, &needs)), ("m1".into(), Why::Nobody, vec![]));
    // A default model outside of the tiers that can serve it does.
    let able = Profile { default_model: Arc::new(model(7)), ..profile.clone() };
    assert_eq!(picked(&able, &request(Tier::Simple, &needs)).0, "m7");
    // What no model takes at all goes to the default model.
    let needs = Needs { audio: true, ..NEEDS };
    let deaf = Arc::new(Model { audio: false, ..model(0) });
    let tiers = PerTier { simple: vec![Arc::clone(&deaf)], ..PerTier::default() };
    let profile = Profile { default_model: deaf, tiers, ..profile };
    assert_eq!(picked(&profile, &request(Tier::Simple, &needs)).0, "m0");
}

#[test]
fn a_candidate_in_cooldown_is_passed_over_and_told() {
    let models = models(&[|_| {}, |_| {}, |_| {}, |_| {}]);
    let profile = profile(&models, [&[0, 1, 2], &[3], &[3], &[3]], Strategy::Configured);
    let with = |cooling: &[usize]| {
        let known: Vec<_> = cooling.iter().map(|&slot| (slot, COOLING)).collect();
        let conditions = conditions(&models, &known);
        picked(&profile, &PickRequest { conditions: Some(&conditions), ..request(Tier::Simple, &NEEDS) })
    };
    let names = |list: &[&str]| list.iter().map(|&n| n.to_owned()).collect::<Vec<_>>();
    assert_eq!(with(&[0]), ("m1".into(), Why::Health, names(&["m2", "m3"])));
    assert_eq!(with(&[1]), ("m0".into(), Why::Preferred, names(&["m2", "m3"])), "it would not have served");
    assert_eq!(with(&[0, 1, 2]), ("m3".into(), Why::Health, vec![]), "the next tier");
    assert_eq!(with(&[0, 1, 2, 3]), ("m0".into(), Why::Preferred, names(&["m1", "m2", "m3"])), "all: none");
}

#[test]
fn a_candidate_that_cannot_serve_does_not_count_as_healthy() {
    let models = models(&[|_| {}, |m| m.tools = false]);
    let profile = profile(&models, [&[0, 1], &[1], &[1], &[1]], Strategy::Configured);
    let conditions = conditions(&models, &[(0, COOLING)]);
    let needs = Needs { tools: true, ..NEEDS };
    let request = PickRequest { conditions: Some(&conditions), ..request(Tier::Simple, &needs) };
    assert_eq!(picked(&profile, &request).0, "m0", "all that can serve are in cooldown, so none is");
}

#[test]
fn the_chain_is_the_rest_of_the_tier_then_the_preferred_of_the_others() {
    let models: Vec<_> = (0..9).map(|slot| Arc::new(model(slot))).collect();
    let profile = |tiers| profile(&models, tiers, Strategy::Configured);
    let chain = |tiers, tier| picked(&profile(tiers), &request(tier, &NEEDS)).2;
    assert_eq!(chain([&[0, 1], &[2, 3], &[1, 4], &[5, 6]], Tier::Simple), ["m1", "m2", "m5"]);
    assert_eq!(chain([&[0, 1], &[2, 3], &[4], &[5]], Tier::Complex), ["m5", "m2", "m0"], "lower ones last");
    assert_eq!(
        chain([&[0, 1, 2, 3, 4, 5], &[6], &[7], &[8]], Tier::Simple),
        ["m1", "m2", "m3", "m4"],
        "four at most"
    );
}
