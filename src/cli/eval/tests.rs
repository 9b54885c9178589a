//! The statistics against values worked out by hand, and identities.

use super::measure::measure;
use super::panel::{Notes, Panel};
use super::report;
use super::rows::{Label, Row, RowVerdict, Set};
use super::sample::{Estimate, Resamples};
use super::stats::{Classes, apgr, calibration_error, mean, quantile, spearman};
use tiergate_core::route::Usage;
use tiergate_core::tier::Tier;

fn near(a: Option<f64>, b: f64) {
    assert!(a.is_some_and(|a| (a - b).abs() < 1e-9), "{a:?}, not {b}");
}

fn rho(x: &[f64], y: &[f64]) -> Option<f64> {
    spearman(&Classes::new(x), &Classes::new(y), &vec![1.0; x.len()])
}

fn recovered(score: &[f64], gains: &[f64]) -> Option<f64> {
    apgr(&Classes::new(score), gains, &vec![1.0; score.len()])
}

/// Numbers without a pattern, from 0 to 1.
fn noise(count: usize) -> Vec<f64> {
    let mut random = fastrand::Rng::with_seed(7);
    (0..count).map(|_| random.f64()).collect()
}

/// Each value as often as its weight says.
fn repeated(values: &[f64], weights: &[f64]) -> Vec<f64> {
    values.iter().zip(weights).flat_map(|(v, w)| vec![*v; *w as usize]).collect()
}

#[test]
fn rank_correlation() {
    near(rho(&[1.0, 2.0, 5.0], &[-3.0, 0.1, 0.2]), 1.0);
    near(rho(&[1.0, 2.0, 5.0], &[0.2, 0.1, -3.0]), -1.0);
    // Ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4: 4.5 / sqrt(4.5 * 5).
    near(rho(&[1.0, 2.0, 2.0, 3.0], &[1.0, 2.0, 3.0, 4.0]), 0.9_f64.sqrt());
    // Without ties 1 - 6 * sum(d^2) / (n^3 - n), here with d = 1, 1, 1, 1, 0.
    near(rho(&[1.0, 2.0, 3.0, 4.0, 5.0], &[2.0, 1.0, 4.0, 3.0, 5.0]), 0.8);
    assert_eq!(rho(&[1.0, 1.0, 1.0], &[1.0, 2.0, 3.0]), None);
    // The two zeros are one value: ranks 1.5, 1.5, 3 against 2, 1, 3 give 1.5 / sqrt(1.5 * 2).
    near(rho(&[0.0, -0.0, 1.0], &[2.0, 1.0, 3.0]), 0.75_f64.sqrt());
    assert_eq!(rho(&[], &[]), None);
}

#[test]
fn a_weight_counts_as_so_many_of_the_same() {
    let (x, y) = (noise(40), noise(80).split_off(40));
    let gains: Vec<f64> = y.iter().map(|y| if *y > 0.4 { 1.0 } else { 0.0 }).collect();
    let weights: Vec<f64> = (0..40).map(|i| f64::from(i % 4)).collect();
    let (xs, ys, all) = (repeated(&x, &weights), repeated(&y, &weights), repeated(&gains, &weights));
    near(spearman(&Classes::new(&x), &Classes::new(&y), &weights), rho(&xs, &ys).expect("rho"));
    near(apgr(&Classes::new(&x), &gains, &weights), recovered(&xs, &all).expect("apgr"));
    near(mean(&y, &weights), ys.iter().sum::<f64>() / 60.0);
    let errors = [calibration_error(&x, &gains, &weights), calibration_error(&xs, &all, &[1.0; 60])];
    near(errors[0], errors[1].expect("an error"));
}

#[test]
fn recovered_gap() {
    // Two of four prompts gain. Best first, the shares are 0, 1/2, 1, 1, 1; worst first 0, 0, 0, 1/2, 1.
    let gains = [1.0, 1.0, 0.0, 0.0];
    near(recovered(&[4.0, 3.0, 2.0, 1.0], &gains), 0.75);
    near(recovered(&[1.0, 2.0, 3.0, 4.0], &gains), 0.25);
    // The two in the middle share one gain: 0, 1/2, 3/4, 1, 1.
    near(recovered(&[3.0, 2.0, 2.0, 1.0], &gains), (0.25 + 0.625 + 0.875 + 1.0) / 4.0);
    near(recovered(&[7.0; 4], &gains), 0.5);
    // However the gains lie, the reverse order recovers what this one does not.
    let (score, gains) = (noise(50), noise(100).split_off(50));
    let gains: Vec<f64> = gains.iter().map(|gain| gain - 0.2).collect();
    let reverse: Vec<f64> = score.iter().map(|score| -score).collect();
    near(Some(recovered(&score, &gains).expect("apgr") + recovered(&reverse, &gains).expect("apgr")), 1.0);
    // A strong model that is no better leaves no gap to recover.
    assert_eq!(recovered(&[1.0, 2.0], &[1.0, -1.0]), None);
    assert_eq!(recovered(&[1.0, 2.0], &[0.0, -1.0]), None);
}

#[test]
fn error_of_calibration() {
    let error = |confidence: &[f64], right: &[f64]| {
        calibration_error(confidence, right, &vec![1.0; confidence.len()])
    };
    let sure = [0.75, 0.75, 0.75, 0.75, 0.25, 0.25, 0.25, 0.25];
    near(error(&sure, &[1.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0]), 0.0);
    near(error(&[1.0, 1.0], &[0.0, 0.0]), 1.0);
    // Too sure by 0.4 in one bin and not sure enough by 0.4 in another: no bin makes up for another.
    near(error(&[0.9, 0.9, 0.6, 0.6], &[1.0, 0.0, 1.0, 1.0]), 0.4);
    // A bin is as wide as a tenth: 0.51 and 0.59 are of one.
    near(error(&[0.51, 0.59], &[0.0, 1.0]), 0.05);
    assert_eq!(error(&[], &[]), None);
}

#[test]
fn quantiles() {
    let four = [1.0, 2.0, 3.0, 4.0];
    near(quantile(&four, 0.0), 1.0);
    near(quantile(&four, 0.5), 2.5);
    near(quantile(&four, 1.0), 4.0);
    near(quantile(&[3.0], 0.975), 3.0);
    assert_eq!(quantile(&[], 0.5), None);
}

/// Half of 400 rows are 1: the mean of a sample of them strays by 0.025; by 0.05 where four of a kind are one unit.
#[test]
fn intervals_are_as_wide_as_theory_says() {
    let bounds = |units: usize, unit: fn(usize) -> usize| {
        let units_of: Vec<usize> = (0..400).map(unit).collect();
        let values: Vec<f64> = units_of.iter().map(|unit| (unit % 2) as f64).collect();
        let estimate = Resamples::new(units, 1000, 1).estimate(&units_of, |weights| mean(&values, weights));
        near(estimate.value, 0.5);
        estimate.interval().expect("an interval")
    };
    for ((low, high), strays) in [(bounds(400, |row| row), 0.025), (bounds(100, |row| row / 4), 0.05)] {
        let wide = 2.0 * 1.96 * strays;
        assert!(low < 0.5 && 0.5 < high && (0.9 * wide..1.1 * wide).contains(&(high - low)), "{low} {high}");
    }
    let none = Resamples::new(3, 0, 1).estimate(&[0, 1, 2], |weights| mean(&[1.0; 3], weights));
    assert_eq!((none.value, none.interval()), (Some(1.0), None));
}

#[test]
fn a_mean_of_estimates_leaves_out_what_has_none() {
    let resamples = Resamples::new(2, 50, 1);
    let one = resamples.estimate(&[0, 1], |weights| mean(&[0.0, 1.0], weights));
    let other = resamples.estimate(&[0, 1], |weights| mean(&[1.0, 0.0], weights));
    let both = Estimate::mean([&one, &Estimate::default(), &other]);
    // What one draws too high the other draws too low.
    assert_eq!((both.value, both.interval()), (Some(0.5), Some((0.5, 0.5))));
    assert_eq!(Estimate::mean([&Estimate::default()]).value, None);
}

/// A row that both scorers judge the same: tier, score, models' scores.
fn row(tier: Tier, score: f64, models: &[f64]) -> Row {
    let verdict = RowVerdict { tier, score, confidence: 0.5, abstained: false };
    let models = models.iter().copied().enumerate().collect();
    Row {
        verdicts: [verdict; 2],
        length: 1,
        usage: Usage { input: 1000, output: 1000 },
        models,
        label: None,
        lang: None,
        group: None,
        unit: 0,
    }
}

fn set(models: &[&str], rows: Vec<Row>) -> Set {
    let models = models.iter().map(|name| (*name).to_owned()).collect();
    let mut set = Set { file: "f.jsonl".to_owned(), models, units: rows.len(), rows, ..Set::default() };
    for (unit, row) in set.rows.iter_mut().enumerate() {
        row.unit = unit;
    }
    set
}

fn notes(json: &str) -> Notes {
    serde_json::from_str(json).expect("notes")
}

#[test]
fn the_panel_has_models_that_tell_something() {
    // Means 0.5, 1.0, 0.25 and 0; the last answers half of the rows only.
    let rows = [[1.0, 1.0, 1.0, 0.0, 1.0], [1.0, 1.0, 0.0, 0.0, 0.0], [0.0; 5], [0.0; 5]].into_iter();
    let mut rows: Vec<Row> = rows.map(|models| row(Tier::Simple, 0.0, &models)).collect();
    for (at, row) in rows.iter_mut().enumerate() {
        row.models[1].1 = 1.0;
        if at > 1 {
            row.models.pop();
        }
    }
    let set = set(&["half", "always", "quarter", "never", "rarely asked"], rows);
    let panel = Panel::new(&set, None, &[]);
    assert_eq!(panel.models, [0, 2]);
    assert_eq!(panel.hardness(&set), [Some(0.0), Some(0.5), Some(1.0), Some(1.0)]);
    let pairs = |panel: &Panel| -> Vec<(usize, usize, bool)> {
        panel.pairs.iter().map(|pair| (pair.weak, pair.strong, pair.named)).collect()
    };
    assert_eq!(pairs(&panel), [(2, 0, false)]);

    let given = [("never".to_owned(), "always".to_owned()), ("no".to_owned(), "always".to_owned())];
    assert_eq!(pairs(&Panel::new(&set, None, &given)), [(3, 1, true)]);
    // What is said of this file goes before what is said of all.
    let own =
        notes(r#"{"pairs": [["quarter", "always"], ["half", "nobody"]], "leave_out": ["half", "typo"]}"#);
    let panel = Panel::new(&set, Some(&own), &given);
    assert_eq!((panel.models.as_slice(), pairs(&panel)), (&[2][..], vec![(2, 1, true)]));
    assert!(panel.complaints[0].contains("\"typo\"") && panel.complaints[1].contains("\"nobody\""));
    assert!(Panel::new(&set, Some(&notes(r#"{"pairs": []}"#)), &given).pairs.is_empty());
    assert!(Panel::new(&set, Some(&notes(r#"{"leave_out": ["half"]}"#)), &[]).pairs.is_empty());
}

#[test]
fn quality_is_that_of_the_model_which_the_tier_chooses() {
    let rows = vec![
        row(Tier::Simple, 0.1, &[1.0, 1.0]),
        row(Tier::Medium, 0.2, &[0.4, 1.0]),
        row(Tier::Complex, 0.3, &[0.0, 0.5]),
        row(Tier::Reasoning, 0.4, &[0.0, 0.9]),
    ];
    let set = set(&["weak", "strong"], rows);
    let report = measure(&set, &Panel::new(&set, None, &[]), 20, 1);
    let routing = &report.routing[0];
    assert_eq!((routing.weak.as_str(), routing.strong.as_str(), routing.named), ("weak", "strong", false));
    let told = |name: &str| {
        let found = routing.scorers.iter().find(|(one, _)| *one == name).expect("a system").1;
        (found.quality.value, found.strong_calls.value, found.by_chance, found.apgr.value)
    };
    let (quality, calls, by_chance, apgr) = told("calibrated");
    // 1, 0.4, 0.5, 0.9; by chance half way from 0.35 to 0.85.
    near(quality, 0.7);
    near(calls, 0.5);
    near(by_chance, 0.6);
    // Gains of 0.9, 0.5, 0.6 and 0, of 2: 0, 0.45, 0.7, 1, 1.
    near(apgr, (0.225 + 0.575 + 0.85 + 1.0) / 4.0);
    near(told("always-cheapest").0, 0.35);
    near(told("always-strongest").0, 0.85);
    near(told("always-strongest").3, 0.5);
    assert_eq!(told("length").0, None);
}

#[test]
fn labels_count_by_the_label_and_acceptable_tiers_as_exact() {
    let labelled = |told: Tier, tier: Tier, acceptable: &[Tier]| Row {
        label: Some(Label { tier, acceptable: acceptable.to_vec() }),
        ..row(told, 0.0, &[])
    };
    let set = set(
        &[],
        vec![
            labelled(Tier::Simple, Tier::Simple, &[]),
            labelled(Tier::Medium, Tier::Complex, &[Tier::Medium]),
            labelled(Tier::Simple, Tier::Reasoning, &[]),
            labelled(Tier::Reasoning, Tier::Complex, &[]),
            row(Tier::Reasoning, 0.0, &[]),
        ],
    );
    let report = measure(&set, &Panel::default(), 20, 1);
    let labels = report.tiers.expect("labels");
    assert_eq!(labels.rows, 4);
    let one = labels.scorers.get(0).expect("rules");
    let values = [&one.exact, &one.within_one, &one.too_low, &one.too_high].map(|one| one.value);
    assert_eq!(values, [Some(0.5), Some(0.75), Some(0.5), Some(0.25)]);
    // Half sure, and right in half.
    near(one.calibration_error.value, 0.0);
    let share = |name: &str| report.shares.iter().find(|(one, _)| *one == name).expect("a system").1;
    near(share("rules").reasoning.value, 0.4);
    near(share("always-cheapest").simple.value, 1.0);
    assert!(report.difficulty.is_none() && report.routing.is_empty() && report.languages.is_none());
}

#[test]
fn languages_are_compared_with_the_english_row_of_the_group() {
    let said = |group: usize, lang: &str, tier: Tier, score: f64| Row {
        group: Some(group),
        lang: Some(lang.to_owned()),
        ..row(tier, score, &[])
    };
    let mut set = set(
        &[],
        vec![
            said(0, "en", Tier::Simple, 0.1),
            said(1, "en", Tier::Medium, 0.2),
            said(2, "en", Tier::Complex, 0.3),
            said(0, "de", Tier::Simple, 0.2),
            said(1, "de", Tier::Medium, 0.3),
            said(2, "de", Tier::Complex, 0.4),
            said(0, "fr", Tier::Medium, 0.5),
            said(1, "fr", Tier::Medium, 0.4),
            // No English row.
            said(3, "fr", Tier::Simple, 0.9),
        ],
    );
    for row in &mut set.rows {
        row.unit = row.group.unwrap_or_default();
    }
    set.units = 4;
    let report = measure(&set, &Panel::default(), 20, 1);
    let languages = report.languages.as_ref().expect("languages");
    assert_eq!(languages.rows, 5);
    let spoken = languages.scorers.get(1).expect("calibrated");
    let one = |lang: &str| spoken.by_language.get(lang).map(|l| (l.rows, l.same_tier.value, l.rho.value));
    assert_eq!(one("de"), Some((3, Some(1.0), Some(1.0))));
    assert_eq!(one("fr"), Some((2, Some(0.5), Some(-1.0))));
    assert_eq!(one("en"), None);
    near(spoken.same_tier.value, 0.75);
    near(spoken.rho.value, 0.0);
    let means = report::means(&[report]);
    near(means.get(1).and_then(|mean| mean.same_tier.mean.value), 0.75);
    assert_eq!(means.get(1).map(|mean| (mean.same_tier.files, mean.rho.files)), Some((1, 0)));
}
