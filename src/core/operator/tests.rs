//! Rules, hints, networks, and what tenants spend.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::*;
use crate::live::{Conflict, Store};
use crate::time::{Millis, Timestamp};

const DAY: Millis = Millis::of_seconds(24 * 60 * 60);
const NOW: Timestamp = Timestamp::of_millis(20_000 * 86_400_000 + 5);

fn operator(headers: &[&str]) -> Operator {
    Operator { headers: headers.iter().map(|&name| name.to_owned()).collect(), ..Operator::default() }
}

fn headers(operator: &Operator, sent: &[(&str, &str)]) -> Headers {
    let mut headers = Headers::default();
    for (name, value) in sent {
        headers.look(operator, name, value.as_bytes());
    }
    headers
}

#[test]
fn bounds_shift_then_hold() {
    use Tier::{Complex, Medium, Reasoning, Simple};
    let of = |bias, least, most, tier| Bounds { least, most, bias }.apply(tier);
    assert_eq!(of(1, None, None, Medium), Complex);
    assert_eq!(of(3, None, None, Medium), Reasoning);
    assert_eq!(of(-1, None, None, Medium), Simple);
    assert_eq!(of(-3, None, None, Simple), Simple);
    assert_eq!(of(0, Some(Complex), None, Simple), Complex);
    assert_eq!(of(2, None, Some(Medium), Simple), Medium);
    assert_eq!(of(0, Some(Complex), Some(Medium), Simple), Medium, "what may be spent goes first");
}

fn rule(name: &str, keywords: bool, regex: Option<&str>) -> Rule {
    Rule {
        name: name.into(),
        has_keywords: keywords,
        regex: regex.map(|regex| regex_lite::Regex::new(regex).unwrap()),
        headers: Vec::new(),
        paths: Vec::new(),
        profiles: Vec::new(),
        least: Shape::default(),
        effect: Effect::Tier(Bounds::default()),
    }
}

#[test]
fn keywords_are_words_of_their_own_in_any_case() {
    let words = [
        (0, "NDA"),
        (0, "contract law"),
        (1, "deploy*"),
        (2, "合同"),
        (3, "größe"),
        (4, "don't  panic"),
        (4, "naïve"),
    ];
    let keywords: Vec<(usize, String)> =
        words.iter().map(|(rule, word)| (*rule, (*word).to_owned())).collect();
    let rules = ["law", "ops", "zh", "de", "how"].map(|name| rule(name, true, None)).to_vec();
    let set = RuleSet::new(rules, &keywords).unwrap();
    let found = |text: &str| {
        set.find(Text(text), &Shape::default(), &Client::default(), "auto", |_| false)
            .map(|rule| rule.name.clone())
    };
    for (text, expected) in [
        ("Review this nda, please", Some("law")),
        ("What is an NDA?", Some("law")),
        ("agenda", None),
        ("NDAs", None),
        ("a question of Contract Law", Some("law")),
        ("contract lawyers", None),
        ("redeploy it", None),
        ("Deployment failed", Some("ops")),
        ("请审查这份合同。", Some("zh")),
        ("Die GRÖSSE", Some("de")),
        ("Die GRÖßE?", Some("de")),
        ("Die gro\u{308}ße", Some("de")),
        ("contract\n  law", Some("law")),
        ("contract\r\n\tlaw", Some("law")),
        ("contract\u{a0}law", Some("law")),
        ("contract\u{202f} LAW", Some("law")),
        ("contract\n\nlawyers", None),
        ("contract-law", None),
        ("contractlaw", None),
        ("Don\u{2019}t panic", Some("how")),
        ("Don't\u{a0}\u{a0}Panic", Some("how")),
        ("a naive question", Some("how")),
        ("a nai\u{308}ve question", Some("how")),
        ("naively", None),
        ("", None),
    ] {
        assert_eq!(found(text).as_deref(), expected, "{text:?}");
    }
}

#[test]
fn all_that_a_rule_names_has_to_hold_and_the_first_rule_decides() {
    let operator = operator(&["x-team", "x-tenant"]);
    let all = Rule {
        headers: vec![
            HeaderMatch { place: 0, values: vec!["legal".into(), "tax".into()] },
            HeaderMatch { place: 1, values: vec![] },
        ],
        paths: vec!["/v1/messages".into()],
        profiles: vec!["auto".into()],
        ..rule("all", false, Some(r"(?i)ticket-\d+"))
    };
    let set = RuleSet::new(vec![all, rule("rest", false, None)], &[]).unwrap();
    let found = |text: &str, sent: &[(&str, &str)], profile: &str, path: &str| {
        let headers = headers(&operator, sent);
        let client = Client { headers: Some(&headers), ..Client::default() };
        set.find(Text(text), &Shape::default(), &client, profile, |end| path.ends_with(end))
            .unwrap()
            .name
            .clone()
    };
    let sent = [("x-team", "tax"), ("x-tenant", "acme")];
    assert_eq!(found("see TICKET-17", &sent, "auto", "/v1/messages"), "all");
    assert_eq!(found("see TICKET", &sent, "auto", "/v1/messages"), "rest");
    assert_eq!(found("see TICKET-17", &sent, "eco", "/v1/messages"), "rest");
    assert_eq!(found("see TICKET-17", &sent, "auto", "/v1/responses"), "rest");
    assert_eq!(found("see TICKET-17", &sent[..1], "auto", "/v1/messages"), "rest", "no tenant");
    let other = [("x-team", "sales"), ("x-tenant", "acme")];
    assert_eq!(found("see TICKET-17", &other, "auto", "/v1/messages"), "rest");
    let twice = [("x-team", "sales"), ("x-team", "tax"), ("x-tenant", "acme")];
    assert_eq!(found("see TICKET-17", &twice, "auto", "/v1/messages"), "rest", "of several the first");
}

#[test]
fn hints_count_from_trusted_clients_alone() {
    let mut operator = operator(&["x-secret", HINTS[0], HINTS[1], HINTS[2]]);
    let network = |text| Network::new(text).unwrap();
    operator.trust = Some(Trust {
        header: Some((0, "open sesame".into())),
        networks: vec![network("10.1.0.0/16"), network("fd00::/8"), network("192.0.2.7")],
        hints: [1, 2, 3],
    });
    let hints = |sent: &[(&str, &str)], address: &str| {
        let headers = headers(&operator, sent);
        operator.trust.as_ref().unwrap().hints(&headers, || address.as_bytes().to_vec())
    };
    let raise = Bounds { least: Some(Tier::Complex), most: None, bias: 0 };
    let secret = ("x-secret", "open sesame");
    let least = (HINTS[0], "complex");
    assert_eq!(hints(&[secret, least], "203.0.113.1:1"), raise);
    assert_eq!(hints(&[("x-secret", "open sesamf"), least], "203.0.113.1:1"), Bounds::default());
    assert_eq!(hints(&[least], ""), Bounds::default());
    for near in ["10.1.2.3:4711", "[fd12::1]:80", "192.0.2.7:1", "10.1.0.0", "[::ffff:10.1.9.9]:1"] {
        assert_eq!(hints(&[least], near), raise, "{near}");
    }
    for far in ["10.2.0.1:1", "[fe80::1]:80", "192.0.2.8:1", "nobody"] {
        assert_eq!(hints(&[least], far), Bounds::default(), "{far}");
    }
    let all = [secret, (HINTS[0], "SIMPLE"), (HINTS[1], "Medium"), (HINTS[2], "-2")];
    let expected = Bounds { least: Some(Tier::Simple), most: Some(Tier::Medium), bias: -2 };
    assert_eq!(hints(&all, ""), expected);
    let wrong = [secret, (HINTS[0], "HARD"), (HINTS[2], "99")];
    assert_eq!(hints(&wrong, ""), Bounds::default());
    for none in ["10.0.0.0/33", "10.0.0", "", "/8", "fd00::/129"] {
        assert_eq!(Network::new(none), None, "{none:?}");
    }
    assert!(Network::new("0.0.0.0/0").is_some());
}

/// Envoy's shared data.
#[derive(Default)]
struct Shared(RefCell<BTreeMap<String, (Vec<u8>, u32)>>);

impl Store for Shared {
    fn get(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        self.0.borrow().get(key).cloned()
    }

    fn set(&self, key: &str, value: &[u8], cas: Option<u32>) -> Result<(), Conflict> {
        let mut entries = self.0.borrow_mut();
        let known = entries.get(key).map_or(0, |(_, cas)| *cas);
        if known != 0 && cas.is_some_and(|cas| cas != known) {
            return Err(Conflict);
        }
        entries.insert(key.to_owned(), (value.to_vec(), known + 1));
        Ok(())
    }
}

#[test]
fn workers_add_up_what_tenants_spend_in_a_day() {
    let shared = Shared::default();
    let (mut one, mut two) = (Spend::default(), Spend::default());
    let tenant = Tenants::number(b"acme");
    assert_eq!(one.of(&shared, tenant, NOW), 0);
    one.add(tenant, 300, NOW);
    two.add(tenant, 50, NOW);
    assert_eq!(
        (one.of(&shared, tenant, NOW), two.of(&shared, tenant, NOW)),
        (300, 50),
        "each its own, for now"
    );
    one.tick(&shared, NOW + 1000);
    two.tick(&shared, NOW + 1000);
    one.tick(&shared, NOW + 2000);
    assert_eq!((one.of(&shared, tenant, NOW), two.of(&shared, tenant, NOW)), (350, 350));
    let other = Tenants::number(b"other");
    assert_eq!(one.of(&shared, other, NOW), 0, "nobody spends for somebody else");
    let mut late = Spend::default();
    assert_eq!(late.of(&shared, tenant, NOW + 3000), 350, "a new worker knows it at once");
    assert_eq!(late.of(&shared, tenant, NOW + DAY), 0, "another day");
    late.add(tenant, 7, NOW + DAY);
    late.tick(&shared, NOW + DAY);
    one.tick(&shared, NOW + DAY + 1);
    assert_eq!(one.of(&shared, tenant, NOW + DAY + 1), 7);
    assert_eq!(shared.0.borrow().len(), 1, "the place of the day before is used again");
}

#[test]
fn thousands_of_tenants_take_no_more_places_than_there_are() {
    let shared = Shared::default();
    let mut spend = Spend::default();
    for tenant in 0..5000_u64 {
        spend.add(Tenants::number(&tenant.to_le_bytes()), 1, NOW);
        if tenant % 100 == 0 {
            spend.tick(&shared, NOW);
        }
    }
    spend.tick(&shared, NOW);
    assert!(shared.0.borrow().len() <= BUDGET_SLOTS);
    let some = Tenants::number(&7_u64.to_le_bytes());
    assert_eq!(spend.of(&shared, some, NOW), 1);
    shared.0.borrow_mut().values_mut().for_each(|(bytes, _)| bytes.truncate(9));
    assert_eq!(Spend::default().of(&shared, some, NOW), 0, "what is not ours is nothing known");
}

#[test]
fn who_makes_up_tenants_fills_no_memory_and_makes_no_tick_long() {
    let shared = Counted::default();
    let mut spend = Spend::default();
    // More than there are places for, each within a second of its own, and then as many at once.
    for tenant in 0..20_000_u64 {
        let number = Tenants::number(&tenant.to_le_bytes());
        spend.of(&shared, number, NOW);
        spend.add(number, 5, NOW);
        if tenant < 10_000 && tenant % 500 == 0 {
            spend.tick(&shared, NOW + 1000);
        }
    }
    assert!(spend.known() <= 1024, "{}", spend.known());
    for second in 2..5 {
        spend.tick(&shared, NOW + second * 1000);
    }
    shared.1.set(0);
    spend.tick(&shared, NOW + 6000);
    assert!(
        shared.1.get() <= 1024,
        "{} reads of shared data in a tick in which nobody spends",
        shared.1.get()
    );
    // Who has no place is still counted, by this worker.
    let late = Tenants::number(b"late");
    for _ in 0..3 {
        spend.of(&shared, late, NOW);
        spend.add(late, 5, NOW);
        spend.tick(&shared, NOW + 7000);
    }
    assert_eq!(spend.of(&shared, late, NOW), 15);
}

/// Shared data that counts how often it is read.
#[derive(Default)]
struct Counted(Shared, Cell<u64>);

impl Store for Counted {
    fn get(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        self.1.set(self.1.get() + 1);
        self.0.get(key)
    }

    fn set(&self, key: &str, value: &[u8], cas: Option<u32>) -> Result<(), Conflict> {
        self.0.set(key, value, cas)
    }
}

#[test]
fn what_a_request_has_can_be_a_rule() {
    let of = |least: Shape| RuleSet::new(vec![Rule { least, ..rule("it", false, None) }], &[]).unwrap();
    let request = Shape { tools: true, images: false, input_tokens: 900, system_tokens: 200, turns: 10 };
    for (least, holds) in [
        (Shape::default(), true),
        (Shape { tools: true, ..Shape::default() }, true),
        (Shape { images: true, ..Shape::default() }, false),
        (Shape { turns: 10, ..Shape::default() }, true),
        (Shape { turns: 11, ..Shape::default() }, false),
        (Shape { input_tokens: 901, ..Shape::default() }, false),
        (Shape { system_tokens: 200, tools: true, ..Shape::default() }, true),
        (Shape { system_tokens: 201, tools: true, ..Shape::default() }, false),
    ] {
        let found = of(least).find(Text("hi"), &request, &Client::default(), "auto", |_| false).is_some();
        assert_eq!(found, holds, "{least:?}");
    }
}
