//! Models that are preferred for code.

use super::*;

#[test]
fn a_code_ask_prefers_coders_in_the_strategy_s_order() {
    let models = models(&[
        |m| priced(m, 1.0, 1.0),
        |m| (priced(m, 4.0, 1.0), m.coder = true).1,
        |m| priced(m, 2.0, 1.0),
        |m| (priced(m, 3.0, 1.0), m.coder = true).1,
    ]);
    let plain = request(Tier::Simple, &NEEDS);
    assert_eq!(order(&models, Strategy::Cheapest, &plain), ["m0", "m2", "m3", "m1"]);
    let code = PickRequest { code: true, ..plain };
    assert_eq!(order(&models, Strategy::Cheapest, &code), ["m3", "m1", "m0", "m2"]);
    assert_eq!(order(&models, Strategy::Configured, &code), ["m1", "m3", "m0", "m2"]);
}

#[test]
fn an_ask_about_something_else_prefers_who_is_no_coder_if_need_be_of_the_next_tier() {
    let models = models(&[|m| m.coder = true, |_| {}, |m| (m.coder, m.tools) = (true, false), |_| {}]);
    let plain = |tier| PickRequest { plain: true, ..request(tier, &NEEDS) };
    assert_eq!(order(&models[..2], Strategy::Configured, &plain(Tier::Simple)), ["m1", "m0"]);
    let from = |tiers, tier| picked(&profile(&models, tiers, Strategy::Configured), &plain(tier));
    let names = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let (one, three) = (&[1][..], &[3][..]);
    assert_eq!(
        from([one, &[0], three, three], Tier::Medium),
        ("m3".into(), Why::NoCoder, names(&["m0", "m1"]))
    );
    assert_eq!(from([three, one, one, &[0]], Tier::Reasoning).0, "m1", "the next lower one");
    assert_eq!(from([three, &[2], &[0], &[0]], Tier::Complex).0, "m0", "nobody next to it is none");
    assert_eq!(from([&[0], &[0], &[0], &[0]], Tier::Simple), ("m0".into(), Why::Preferred, vec![]));
    let code = PickRequest { code: true, ..request(Tier::Medium, &NEEDS) };
    let only = profile(&models, [one, &[0], three, three], Strategy::Configured);
    assert_eq!(picked(&only, &code).0, "m0", "a coder for code");
    assert_eq!(picked(&only, &request(Tier::Medium, &NEEDS)).0, "m0", "nothing is known of the ask");
}
