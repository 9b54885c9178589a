//! What is asked, what an answer says, who may ask, and when nobody does.

use proptest::prelude::*;

use super::clients::BURST;
use super::memory::PLACES;
use super::*;

const SECOND: Millis = Millis::of_seconds(1);
const START: Timestamp = Timestamp::NEVER;

fn settings(share: f64) -> OpinionSettings {
    OpinionSettings {
        band: 0.6,
        share,
        timeout: SECOND,
        remember: Millis::of_seconds(3600),
        allowed_fails: 3,
        rest: 30 * SECOND,
        template: Template::new(300, RUBRIC, [("temperature", "0".to_owned())]),
    }
}

fn said(content: &str) -> Vec<u8> {
    let content = serde_json::to_string(content).unwrap();
    format!(
        r#"{{"choices":[{{"finish_reason":"stop","message":{{"role":"assistant","content":{content}}}}}]}}"#
    )
    .into_bytes()
}

/// Asks, and ends the ask at once.
fn ask(
    opinions: &mut Opinions,
    share: f64,
    who: &str,
    text: &str,
    end: OpinionEnd,
    now: Timestamp,
) -> Option<OpinionOutcome> {
    let settings = settings(share);
    match opinions.begin(&settings, who.as_bytes(), text, now) {
        OpinionStep::Ask(asking) => {
            opinions.end(&settings, &asking, end, now);
            None
        }
        OpinionStep::Known(_) => Some(OpinionOutcome::Remembered),
        OpinionStep::Not(outcome) => Some(outcome),
    }
}

const WELL: OpinionEnd = OpinionEnd::Tier(Tier::Complex);
const FAILED: OpinionEnd = OpinionEnd::Without(OpinionOutcome::Failed);

#[test]
fn an_object_with_one_tier_is_an_answer() {
    for (text, tier) in [
        (r#"{"tier": "SIMPLE"}"#, Tier::Simple),
        (r#" {"why": ["a", {"tier": "SIMPLE"}], "tier": "Complex"} "#, Tier::Complex),
        ("```json\n{\"tier\": \"MEDIUM\"}\n```", Tier::Medium),
        ("```\n{\"tier\":\" reasoning \"}```", Tier::Reasoning),
        ("```JSON\n{\"tier\": \"MEDIUM\"}\n```", Tier::Medium),
        ("```jsonc\r\n{\"tier\": \"MEDIUM\"}\r\n```", Tier::Medium),
        ("``` json title=\"tier\"\n{\n\"tier\": \"MEDIUM\"}\n```", Tier::Medium),
        ("```JSON5 {\"tier\": \"MEDIUM\"}```", Tier::Medium),
        ("```{\"tier\":\n\"MEDIUM\"}```", Tier::Medium),
    ] {
        assert_eq!(read(200, &said(text)), OpinionEnd::Tier(tier), "{text}");
    }
}

#[test]
fn anything_else_is_none() {
    for text in [
        "",
        "REASONING",
        "\"REASONING\"",
        r#"["REASONING"]"#,
        r#"[{"tier": "REASONING"}]"#,
        r#"{"tier": ["REASONING"]}"#,
        r#"{"tier": "HARD"}"#,
        r#"{"tier": 3}"#,
        r#"{"Tier": "SIMPLE"}"#,
        r#"{"tier": "SIMPLE", "tier": "REASONING"}"#,
        r#"{"tier": "SIMPLE"} or {"tier": "MEDIUM"}"#,
        r#"The tier is {"tier": "SIMPLE"}"#,
        r#"{"tier": "SIMPLE""#,
    ] {
        assert_eq!(read(200, &said(text)), OpinionEnd::Without(OpinionOutcome::Nonsense), "{text}");
    }
    for body in
        ["", "{", "null", "[]", r#"{"choices":[]}"#, r#"{"choices":{}}"#, r#"{"choices":[{"message":null}]}"#]
    {
        assert_eq!(read(200, body.as_bytes()), OpinionEnd::Without(OpinionOutcome::Nonsense), "{body}");
    }
    let long = [said(r#"{"tier": "SIMPLE"}"#), vec![b' '; LARGEST_ANSWER]].concat();
    assert_eq!(read(200, &long), OpinionEnd::Without(OpinionOutcome::Nonsense));
    let refusal = br#"{"choices":[{"message":{"content":null,"refusal":"no"}}]}"#;
    assert_eq!(read(200, refusal), OpinionEnd::Without(OpinionOutcome::Refused));
    let filtered =
        br#"{"choices":[{"finish_reason":"content_filter","message":{"content":"{\"tier\":\"SIMPLE\"}"}}]}"#;
    assert_eq!(read(200, filtered), OpinionEnd::Without(OpinionOutcome::Refused));
    for (status, outcome) in [
        (504, OpinionOutcome::Timeout),
        (503, OpinionOutcome::Failed),
        (429, OpinionOutcome::Failed),
        (302, OpinionOutcome::Failed),
        (0, OpinionOutcome::Failed),
        (400, OpinionOutcome::Refused),
    ] {
        assert_eq!(read(status, &said(r#"{"tier": "SIMPLE"}"#)), OpinionEnd::Without(outcome), "{status}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read(body in proptest::collection::vec(any::<u8>(), 0..400), text in ".{0,200}") {
        read(200, &body);
        read(200, &said(&text));
    }

    #[test]
    fn any_ask_stands_between_marks_that_are_not_in_it(text in "(?s).{0,700}", key in any::<u64>()) {
        let opinions = Opinions::new(key);
        let body = opinions.body(&settings(1.0), "judge", &text);
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let quoted = body["messages"][1]["content"].as_str().unwrap();
        let mark = quoted.lines().next().unwrap();
        prop_assert!(mark.starts_with("material-"));
        prop_assert_eq!(quoted.matches(mark).count(), 2);
        prop_assert!(quoted.len() < 300 + 400);
        prop_assert_eq!(body["model"].as_str(), Some("judge"));
    }
}

#[test]
fn of_a_long_ask_the_beginning_and_the_end_are_sent() {
    let template = settings(1.0).template;
    let ask = format!("begin {} end", "\u{e9}".repeat(4000));
    let clipped = template.clip(&ask);
    assert!(clipped.starts_with("begin ") && clipped.ends_with(" end") && clipped.len() <= 310, "{clipped}");
    assert_eq!(template.clip("short"), "short");
}

#[test]
fn an_answer_is_remembered_for_who_asked_and_for_a_while() {
    let mut opinions = Opinions::new(7);
    let mut step = |who: &str, now| opinions.begin(&settings(1.0), who.as_bytes(), "ask", now);
    let OpinionStep::Ask(asking) = step("a", START) else { panic!() };
    assert_eq!(step("a", START + 1), OpinionStep::Not(OpinionOutcome::Same));
    assert!(matches!(step("b", START + 1), OpinionStep::Ask(_)), "another client's ask is another");
    opinions.end(&settings(1.0), &asking, WELL, START + 2);
    let mut step = |who: &str, now| opinions.begin(&settings(1.0), who.as_bytes(), "ask", now);
    assert_eq!(step("a", START + 3), OpinionStep::Known(Tier::Complex));
    assert_eq!(step("a", START + 3600 * SECOND + 1), OpinionStep::Known(Tier::Complex));
    assert!(matches!(step("a", START + 3600 * SECOND + 2), OpinionStep::Ask(_)));
}

#[test]
fn what_had_no_usable_answer_is_not_asked_again_at_once() {
    let mut opinions = Opinions::new(7);
    let end = OpinionEnd::Without(OpinionOutcome::Nonsense);
    assert_eq!(ask(&mut opinions, 1.0, "a", "ask", end, START), None);
    assert_eq!(ask(&mut opinions, 1.0, "a", "ask", WELL, START + 1), Some(OpinionOutcome::Unanswered));
    assert_eq!(ask(&mut opinions, 1.0, "a", "ask", WELL, START + 30 * SECOND), None);
}

#[test]
fn ones_own_failures_open_ones_own_circuit_and_nobody_elses() {
    let mut opinions = Opinions::new(7);
    for who in ["a", "b"] {
        opinions.accepted(&settings(1.0), who.as_bytes(), START);
    }
    for n in 0..3 {
        assert_eq!(ask(&mut opinions, 1.0, "a", &format!("{n}"), FAILED, START + n), None);
    }
    assert_eq!(ask(&mut opinions, 1.0, "a", "more", WELL, START + 10), Some(OpinionOutcome::Open));
    assert_eq!(ask(&mut opinions, 1.0, "b", "more", WELL, START + 10), None);
    // One tries after the rest; it fails, and the rest begins anew.
    assert_eq!(ask(&mut opinions, 1.0, "a", "probe", FAILED, START + 31 * SECOND), None);
    assert_eq!(ask(&mut opinions, 1.0, "a", "after", WELL, START + 32 * SECOND), Some(OpinionOutcome::Open));
    assert_eq!(ask(&mut opinions, 1.0, "a", "again", WELL, START + 62 * SECOND), None);
    assert_eq!(ask(&mut opinions, 1.0, "a", "closed", WELL, START + 62 * SECOND), None);
}

#[test]
fn while_one_tries_nobody_else_does() {
    let mut opinions = Opinions::new(7);
    for n in 0..3 {
        ask(&mut opinions, 1.0, "a", &format!("{n}"), FAILED, START + n);
    }
    let now = START + 40 * SECOND;
    let OpinionStep::Ask(probe) = opinions.begin(&settings(1.0), b"a", "probe", now) else { panic!() };
    assert_eq!(ask(&mut opinions, 1.0, "a", "other", WELL, now), Some(OpinionOutcome::Open));
    // It never comes back: after twice the timeout another one tries.
    assert_eq!(ask(&mut opinions, 1.0, "a", "third", WELL, now + 2 * SECOND - 1), Some(OpinionOutcome::Open));
    assert_eq!(ask(&mut opinions, 1.0, "a", "fourth", WELL, now + 2 * SECOND), None);
    opinions.end(&settings(1.0), &probe, OpinionEnd::Without(OpinionOutcome::Left), now + 2 * SECOND);
    assert_eq!(ask(&mut opinions, 1.0, "a", "fifth", WELL, now + 2 * SECOND), None);
}

#[test]
fn failures_of_several_clients_open_the_circuit_of_all() {
    let mut opinions = Opinions::new(7);
    for who in ["a", "b", "c"] {
        opinions.accepted(&settings(1.0), who.as_bytes(), START);
    }
    for (n, who) in ["a", "b", "a"].into_iter().enumerate() {
        assert_eq!(ask(&mut opinions, 1.0, who, &format!("{n}"), FAILED, START + 1), None);
    }
    assert_eq!(ask(&mut opinions, 1.0, "c", "ask", WELL, START + 2), Some(OpinionOutcome::Open));
    assert_eq!(ask(&mut opinions, 1.0, "c", "ask", WELL, START + 31 * SECOND), None, "it tries for all");
    assert_eq!(ask(&mut opinions, 1.0, "b", "ask", WELL, START + 31 * SECOND), None);
}

#[test]
fn newcomers_are_no_second_client() {
    let mut opinions = Opinions::new(7);
    for who in ["a", "b"] {
        opinions.accepted(&settings(1.0), who.as_bytes(), START);
    }
    for n in 0..2 {
        ask(&mut opinions, 1.0, "made up", &format!("{n}"), FAILED, START + 1);
        ask(&mut opinions, 1.0, "a", &format!("{n}"), FAILED, START + 1);
    }
    assert_eq!(ask(&mut opinions, 1.0, "b", "ask", WELL, START + 2), None);
}

#[test]
fn words_that_the_model_refuses_open_nothing_for_others() {
    let mut opinions = Opinions::new(7);
    for who in ["a", "b", "c"] {
        opinions.accepted(&settings(1.0), who.as_bytes(), START);
    }
    for n in 0..20 {
        let who = if n % 2 == 0 { "a" } else { "b" };
        ask(
            &mut opinions,
            1.0,
            who,
            &format!("{n}"),
            OpinionEnd::Without(OpinionOutcome::Nonsense),
            START + 1,
        );
    }
    assert_eq!(ask(&mut opinions, 1.0, "a", "ask", WELL, START + 2), Some(OpinionOutcome::Open));
    assert_eq!(ask(&mut opinions, 1.0, "c", "ask", WELL, START + 2), None);
}

#[test]
fn a_client_gets_its_share_of_what_is_answered() {
    let mut opinions = Opinions::new(7);
    opinions.accepted(&settings(0.2), b"a", START);
    let mut asked = 0;
    for n in 0..1000 {
        asked += u32::from(ask(&mut opinions, 0.2, "a", &format!("{n}"), WELL, START + n).is_none());
        opinions.accepted(&settings(0.2), b"a", START + n);
    }
    assert!((200..=204).contains(&asked), "{asked} of 1000");
}

#[test]
fn made_up_credentials_spend_nobodys_share_but_that_of_newcomers() {
    let mut opinions = Opinions::new(7);
    opinions.accepted(&settings(0.2), b"known", START);
    let asked: u32 = (0..5000)
        .map(|n| {
            u32::from(
                ask(&mut opinions, 0.2, &format!("made-up-{n}"), &format!("{n}"), FAILED, START + n)
                    .is_none(),
            )
        })
        .sum();
    assert!(asked <= BURST as u32, "{asked}");
    assert_eq!(opinions.clients.len(), 1);
    assert_eq!(ask(&mut opinions, 0.2, "known", "ask", WELL, START + 5001), None);
}

#[test]
fn what_is_kept_is_bounded() {
    let mut opinions = Opinions::new(7);
    for n in 0..3 * PLACES as u64 {
        opinions.accepted(&settings(1.0), &n.to_le_bytes(), START + n);
        ask(&mut opinions, 1.0, "a", &format!("{n}"), WELL, START + n);
    }
    assert!(opinions.clients.len() <= 512);
    let mut going = Vec::new();
    for n in 0..200 {
        if let OpinionStep::Ask(asking) =
            opinions.begin(&settings(1.0), format!("{}", n / 4).as_bytes(), &format!("ask {n}"), START)
        {
            going.push(asking);
        }
    }
    assert!(going.len() <= MOST_UNDER_WAY, "{}", going.len());
    for asking in &going {
        opinions.end(&settings(1.0), asking, OpinionEnd::Without(OpinionOutcome::Left), START + 1);
    }
    assert!(opinions.under_way.is_empty());
    assert_eq!(ask(&mut opinions, 1.0, "z", "ask", WELL, START + 2), None);
}

#[test]
fn every_outcome_has_a_word_of_its_own() {
    let mut words: Vec<&str> = OpinionOutcome::ALL.iter().map(|outcome| outcome.name()).collect();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), OpinionOutcome::ALL.len());
}
