//! Dimensions of the operator's own, and what makes an ask one about code.

use super::super::sql::has_statement;
use super::*;

fn own(name: &str, keywords: &[&str], regex: Option<&str>) -> OwnDimension {
    OwnDimension {
        name: name.to_owned(),
        weight: 0.5,
        steps: vec![Step { at: 1, value: 0.5 }, Step { at: 2, value: 1.0 }],
        keywords: keywords.iter().map(|word| (*word).to_owned()).collect(),
        regex: regex.map(|text| regex_lite::Regex::new(text).unwrap()),
    }
}

fn scorer() -> RuleScorer {
    let all = vec![
        own("legal", &["indemnity", "liabilit*", "haftung*", "赔偿"], None),
        own("ticket", &["ticket"], Some("(?i)abc-[0-9]+")),
    ];
    RuleScorer::new(plain().params().clone(), &[], all).unwrap()
}

/// Value and concepts of a dimension.
fn part<'s>(scorer: &'s RuleScorer, scratch: &Scratch, name: &str) -> Option<(f64, Vec<&'s str>)> {
    let parts = scorer.explain(100, scratch);
    parts.into_iter().find(|part| part.dimension == name).map(|part| (part.value, part.concepts))
}

#[test]
fn own_dimensions_count_words_and_matches() {
    let scorer = scorer();
    let mut scratch = Scratch::default();
    let rows: &[(&str, Option<f64>, Option<f64>)] = &[
        ("Who bears the indemnity?", Some(0.5), None),
        ("Indemnity, indemnity!", Some(0.5), None),
        ("Indemnity and liability", Some(1.0), None),
        ("Haftungsfragen", Some(0.5), None),
        ("谁赔偿", Some(0.5), None),
        ("see ABC-1", None, Some(0.5)),
        ("see ABC-1 and abc-22", None, Some(1.0)),
        ("the ticket ABC-1", None, Some(1.0)),
        ("disability", None, None),
    ];
    for (text, legal, ticket) in rows {
        scorer.score(text, 100, &mut scratch);
        let found = |name| part(&scorer, &scratch, name).map(|(value, _)| value);
        assert_eq!((found("legal"), found("ticket")), (*legal, *ticket), "{text}");
    }
}

#[test]
fn an_explanation_shows_only_what_hit() {
    let scorer = scorer();
    let mut scratch = Scratch::default();
    let rows: &[(&str, &[&str])] = &[
        ("the ticket", &["ticket"]),
        ("see ABC-1", &["(?i)abc-[0-9]+"]),
        ("the ticket ABC-1", &["ticket", "(?i)abc-[0-9]+"]),
    ];
    for (text, concepts) in rows {
        scorer.score(text, 100, &mut scratch);
        let found = part(&scorer, &scratch, "ticket").map(|(_, concepts)| concepts);
        assert_eq!(found.as_deref(), Some(*concepts), "{text}");
    }
}

#[test]
fn own_dimensions_raise_the_sum_and_nothing_else() {
    let (with, without) = (scorer(), plain());
    let mut scratch = Scratch::default();
    let before = without.score("Who bears the indemnity?", 100, &mut scratch).value;
    let after = with.score("Who bears the indemnity?", 100, &mut scratch).value;
    assert!((after - before - 0.25).abs() < 1e-9, "{before} {after}");
    // Nothing stays of a text when the next is judged.
    assert_eq!(with.score("zzzz", 100, &mut scratch), without.score("zzzz", 100, &mut scratch));
    // Learnt weights see nothing of them.
    let seen = |scorer: &RuleScorer, scratch: &mut Scratch| {
        let mut names = Vec::new();
        scorer.score("prove the indemnity", 1, scratch);
        scorer.features(Length { ask: 19, read: 19 }, scratch, |name, value| {
            names.push((name.to_owned(), value));
        });
        names
    };
    assert_eq!(seen(&with, &mut scratch), seen(&without, &mut scratch));
}

#[test]
fn statements_of_sql_are_known_by_their_shape() {
    for (text, is) in [
        ("select name from users where age > 30", true),
        ("why is select id, total from orders so slow", true),
        ("select\n  city,\n  count(*) as n\nfrom shops\ngroup by city", true),
        ("select distinct a.name, o.total from accounts a", true),
        ("select * from t", true),
        ("select max(price) from offers", true),
        ("insert into users (name) values ('x')", true),
        ("update users set name = 'x' where id = 3", true),
        ("delete from orders where paid", true),
        ("create table shops (id int)", true),
        ("please select a restaurant from the list", false),
        ("select one from each group", false),
        ("help me select tea, coffee or milk from my menu", false),
        ("select the best, and take it from there", false),
        ("update the calendar, set an alarm", false),
        ("preselect x, y from z", false),
        ("selections from homer", false),
        ("create table of contents", false),
        ("select ", false),
        ("select from", false),
    ] {
        assert_eq!(has_statement(text.as_bytes()), is, "{text}");
    }
}

#[test]
fn a_coder_is_for_asks_about_code_with_either_scorer() {
    let rules = plain();
    let scorer = Scorer::calibrated(plain(), None, Tier::Medium).unwrap();
    let mut scratch = Scratch::default();
    for (text, is) in [
        ("Implementiere einen Algorithmus für Sortierung", true),
        ("SELECT name FROM users WHERE age > 30 is slow", true),
        ("Write a class for a stack", true),
        ("写一个异步函数", true),
        ("Implement a function that reverses a list", true),
        ("Реализуй алгоритм сортировки", true),
        ("Write an email to my class about the trip", false),
        ("What is the function of the heart?", false),
        ("Write a story about a class of wizards", false),
        ("Please select a restaurant from the list", false),
        ("Who invented the algorithm?", false),
    ] {
        let ask = Ask { text, length: Length { ask: text.len(), read: text.len() }, tokens: 10 };
        assert_eq!(scorer.score(&ask, &mut scratch).code >= 0.5, is, "{text}");
        if is {
            assert!(rules.score(text, 10, &mut scratch).code >= 0.5, "rules: {text}");
        }
    }
}
