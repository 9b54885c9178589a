//! What a file shows about each system.

use std::collections::BTreeMap;

use super::panel::{Pair, Panel};
use super::report::{
    By, Difficulty, Labelled, Labels, Language, Languages, Report, Routed, Routing, Shares, Spoken,
};
use super::rows::{Label, Set};
use super::sample::{Estimate, Resamples};
use super::stats::{Classes, apgr, calibration_error, mean, spearman};
use super::systems::{self, System};
use tiergate_core::tier::Tier;

/// Some rows of a file.
struct Part<'p> {
    rows: Vec<usize>,
    /// The unit of each.
    units: Vec<usize>,
    resamples: &'p Resamples,
}

impl<'p> Part<'p> {
    fn new(set: &Set, resamples: &'p Resamples, rows: Vec<usize>) -> Self {
        let units = pick(&rows, |row| set.rows.get(row).map(|row| row.unit));
        Self { rows, units, resamples }
    }

    fn estimate(&self, measure: impl Fn(&[f64]) -> Option<f64>) -> Estimate {
        self.resamples.estimate(&self.units, measure)
    }

    /// The mean over the rows of what `value` says.
    fn mean(&self, value: impl Fn(usize) -> Option<f64>) -> Estimate {
        let values = pick(&self.rows, value);
        self.estimate(|weights| mean(&values, weights))
    }

    /// The share of rows of which `is` says so.
    fn share<T: Copy>(&self, of: Option<&Vec<T>>, is: impl Fn(usize, T) -> Option<bool>) -> Estimate {
        let Some(of) = of else { return Estimate::default() };
        self.mean(|row| Some(f64::from(u8::from(is(row, *of.get(row)?)?))))
    }

    fn classes(&self, values: &[f64]) -> Classes {
        Classes::new(&pick(&self.rows, |row| values.get(row).copied()))
    }
}

/// `value` of each row; it has one of every row that it is asked for.
fn pick<T>(rows: &[usize], value: impl Fn(usize) -> Option<T>) -> Vec<T> {
    rows.iter().filter_map(|row| value(*row)).collect()
}

/// Measures a file.
pub fn measure(set: &Set, panel: &Panel, rounds: usize, seed: u64) -> Report {
    let resamples = Resamples::new(set.units, rounds, seed);
    let systems = systems::all(set, seed);
    let routing = panel.pairs.iter().map(|pair| routing(set, pair, &resamples, &systems));
    Report {
        file: set.file.clone(),
        rows: set.rows.len(),
        units: set.units,
        without_text: set.without_text,
        bad_lines: set.bad_lines,
        difficulty: difficulty(set, panel, &resamples, &systems),
        routing: routing.collect(),
        tiers: labels(set, &resamples, &systems),
        languages: languages(set, &resamples, &systems),
        shares: shares(set, &resamples, &systems),
    }
}

fn difficulty(set: &Set, panel: &Panel, resamples: &Resamples, systems: &[System]) -> Option<Difficulty> {
    let hardness = panel.hardness(set);
    let hard = |row: usize| hardness.get(row).copied().flatten();
    let rows: Vec<usize> = (0..set.rows.len()).filter(|row| hard(*row).is_some()).collect();
    if rows.is_empty() {
        return None;
    }
    let part = Part::new(set, resamples, rows);
    let classes = Classes::new(&pick(&part.rows, hard));
    let rho = |system: &System| {
        let score = part.classes(&system.score);
        part.estimate(|weights| spearman(&score, &classes, weights))
    };
    Some(Difficulty {
        panel: panel.models.iter().filter_map(|model| set.models.get(*model).cloned()).collect(),
        rows: part.rows.len(),
        rho: By::of(systems.iter().map(rho)),
    })
}

fn routing(set: &Set, pair: &Pair, resamples: &Resamples, systems: &[System]) -> Routing {
    let score = |row: usize, model: usize| set.rows.get(row).and_then(|row| row.of(model));
    let both = |row: usize| score(row, pair.weak).zip(score(row, pair.strong));
    let rows: Vec<usize> = (0..set.rows.len()).filter(|row| both(*row).is_some()).collect();
    let part = Part::new(set, resamples, rows);
    let gains = pick(&part.rows, |row| both(row).map(|(weak, strong)| strong - weak));
    let (weak, strong) = (part.mean(|row| score(row, pair.weak)), part.mean(|row| score(row, pair.strong)));
    let routed = |system: &System| {
        let classes = part.classes(&system.score);
        let tier = system.tier.as_ref();
        let to_strong = |tier: Tier| tier >= Tier::Complex;
        let quality = tier.map_or_else(Estimate::default, |tier| {
            part.mean(|row| score(row, if to_strong(*tier.get(row)?) { pair.strong } else { pair.weak }))
        });
        let strong_calls = part.share(tier, |_, tier| Some(to_strong(tier)));
        let by_chance = strong_calls.value.zip(weak.value).zip(strong.value);
        Routed {
            apgr: part.estimate(|weights| apgr(&classes, &gains, weights)),
            quality,
            by_chance: by_chance.map(|((share, weak), strong)| weak + share * (strong - weak)),
            strong_calls,
        }
    };
    let name = |model: usize| set.models.get(model).cloned().unwrap_or_default();
    Routing {
        weak: name(pair.weak),
        strong: name(pair.strong),
        named: pair.named,
        rows: part.rows.len(),
        scorers: By::of(systems.iter().map(routed)),
        weak_quality: weak,
        strong_quality: strong,
    }
}

fn labels(set: &Set, resamples: &Resamples, systems: &[System]) -> Option<Labels> {
    let label = |row: usize| set.rows.get(row).and_then(|row| row.label.as_ref());
    let rows: Vec<usize> = (0..set.rows.len()).filter(|row| label(*row).is_some()).collect();
    if rows.is_empty() {
        return None;
    }
    let part = Part::new(set, resamples, rows);
    let number = |tier: Tier| tier as i32;
    let labels = Classes::new(&pick(&part.rows, |row| Some(f64::from(number(label(row)?.tier)))));
    let right = |label: &Label, tier: Tier| label.tier == tier || label.acceptable.contains(&tier);
    let labelled = |system: &System| {
        let share = |is: &dyn Fn(&Label, Tier) -> bool| {
            part.share(system.tier.as_ref(), |row, tier| Some(is(label(row)?, tier)))
        };
        let score = part.classes(&system.score);
        let error = system.confidence.as_ref().zip(system.tier.as_ref()).map(|(confidence, tier)| {
            let confidence = pick(&part.rows, |row| confidence.get(row).copied());
            let right =
                pick(&part.rows, |row| Some(f64::from(u8::from(right(label(row)?, *tier.get(row)?)))));
            part.estimate(|weights| calibration_error(&confidence, &right, weights))
        });
        Labelled {
            exact: share(&right),
            within_one: share(&|label, tier| (number(tier) - number(label.tier)).abs() <= 1),
            too_low: share(&|label, tier| tier < label.tier),
            too_high: share(&|label, tier| tier > label.tier),
            rho: part.estimate(|weights| spearman(&score, &labels, weights)),
            calibration_error: error.unwrap_or_default(),
        }
    };
    Some(Labels { rows: part.rows.len(), scorers: By::of(systems.iter().map(labelled)) })
}

fn languages(set: &Set, resamples: &Resamples, systems: &[System]) -> Option<Languages> {
    let in_groups =
        || set.rows.iter().enumerate().filter_map(|(at, row)| Some((at, row.group?, row.lang.as_deref()?)));
    let english: BTreeMap<usize, usize> =
        in_groups().filter(|(_, _, lang)| *lang == "en").map(|(at, group, _)| (group, at)).collect();
    // By language its rows, each with the English one.
    let mut pairs: BTreeMap<&str, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for (at, group, lang) in in_groups().filter(|(_, _, lang)| *lang != "en") {
        if let Some(original) = english.get(&group) {
            let (here, there) = pairs.entry(lang).or_default();
            here.push(at);
            there.push(*original);
        }
    }
    if pairs.is_empty() {
        return None;
    }
    let rows = pairs.values().map(|(here, _)| here.len()).sum();
    let parts: Vec<(&str, Part<'_>, Vec<usize>)> = pairs
        .into_iter()
        .map(|(lang, (here, there))| (lang, Part::new(set, resamples, here), there))
        .collect();
    let spoken = |system: &System| {
        let by_language: BTreeMap<String, Language> = parts
            .iter()
            .map(|(lang, part, there)| ((*lang).to_owned(), language(system, part, there)))
            .collect();
        Spoken {
            same_tier: Estimate::mean(by_language.values().map(|one| &one.same_tier)),
            rho: Estimate::mean(by_language.values().map(|one| &one.rho)),
            by_language,
        }
    };
    Some(Languages { rows, scorers: By::of(systems.iter().map(spoken)) })
}

/// `there` are the originals of the part's rows.
fn language(system: &System, part: &Part<'_>, there: &[usize]) -> Language {
    let (here_score, there_score) =
        (part.classes(&system.score), Classes::new(&pick(there, |row| system.score.get(row).copied())));
    let same = system.tier.as_ref().map(|tier| {
        let same = |(here, there): (&usize, &usize)| tier.get(*here) == tier.get(*there);
        let same: Vec<f64> =
            part.rows.iter().zip(there).map(|pair| f64::from(u8::from(same(pair)))).collect();
        part.estimate(|weights| mean(&same, weights))
    });
    Language {
        rows: part.rows.len(),
        same_tier: same.unwrap_or_default(),
        rho: part.estimate(|weights| spearman(&here_score, &there_score, weights)),
    }
}

fn shares(set: &Set, resamples: &Resamples, systems: &[System]) -> By<Shares> {
    let part = Part::new(set, resamples, (0..set.rows.len()).collect());
    let of = |system: &System| {
        let share = |wanted: Tier| part.share(system.tier.as_ref(), |_, tier| Some(tier == wanted));
        Shares {
            simple: share(Tier::Simple),
            medium: share(Tier::Medium),
            complex: share(Tier::Complex),
            reasoning: share(Tier::Reasoning),
            abstained: part.share(system.abstained.as_ref(), |_, abstained| Some(abstained)),
        }
    };
    By::of(systems.iter().map(of))
}
