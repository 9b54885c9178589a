//! How strategy `completion` does on files with results of models: over its threshold, and with a model left out of the
//! fit. What each number means is in docs/evaluation.md.

use std::collections::BTreeSet;

use serde::Serialize;
use tiergate_core::config::Config;
use tiergate_core::route::{self, Completion, Curve, Model, Strategy, Usage};

use super::rows::{Row, Set};

/// Thresholds that are tried: from 0.50 to 0.99.
const THRESHOLDS: std::ops::RangeInclusive<u8> = 50..=99;
/// Where a profile says nothing else.
const MARGIN: f64 = 0.0;
/// Bins of the calibration, a tenth wide each.
const BINS: usize = 10;

/// The models of a file that the configuration knows well enough.
pub struct Known<'c> {
    /// By their place in the file: the model, and what it is good for.
    models: Vec<(usize, &'c Model, f64)>,
    curve: Curve,
    margin: f64,
    /// Models of the file that are left out, with the reason.
    pub left_out: Vec<String>,
}

impl<'c> Known<'c> {
    /// Looks the models of a file up.
    pub fn of(config: &'c Config, set: &Set) -> Self {
        let how = config.table.profiles.values().find_map(|profile| match profile.strategy {
            Strategy::Completion(how) => Some(how),
            _ => None,
        });
        let (mut models, mut left_out) = (Vec::new(), Vec::new());
        for (place, name) in set.models.iter().enumerate() {
            match config.table.models.get(name) {
                None => left_out.push(format!("{name}: not in the configuration")),
                Some(model) => match model.capability {
                    None => left_out.push(format!("{name}: no benchmarks")),
                    Some(capability) => models.push((place, model.as_ref(), capability)),
                },
            }
        }
        let margin = how.map_or(MARGIN, |how: Completion| how.margin);
        Self { models, curve: config.curve, margin, left_out }
    }

    /// Whether there is anything to choose between.
    pub fn is_enough(&self) -> bool {
        self.models.len() > 1
    }

    fn name(&self, place: usize) -> &'c str {
        self.models.iter().find(|(at, ..)| *at == place).map_or("", |(_, model, _)| &model.name)
    }

    /// Results of known models, row by row: place, capability, difficulty, result.
    fn results(&self, set: &Set) -> Vec<Outcome> {
        let mut all = Vec::new();
        for row in &set.rows {
            for (place, _, capability) in &self.models {
                if let Some(result) = row.of(*place) {
                    all.push(Outcome {
                        place: *place,
                        capability: *capability,
                        difficulty: difficulty(row),
                        result,
                    });
                }
            }
        }
        all
    }
}

/// What a model made of a row.
#[derive(Clone, Copy)]
struct Outcome {
    place: usize,
    capability: f64,
    difficulty: f64,
    result: f64,
}

fn difficulty(row: &Row) -> f64 {
    let [_, calibrated] = &row.verdicts;
    calibrated.score.clamp(0.0, 1.0)
}

fn cost(model: &Model, usage: Usage) -> Option<f64> {
    let output = usage.output.min(model.max_output.unwrap_or(u64::MAX));
    route::cost(model, Usage { output, ..usage })
}

/// A file over the threshold.
#[derive(Serialize)]
pub struct Sweep {
    pub file: String,
    /// Rows that every known model has answered.
    pub rows: usize,
    pub frontier: Vec<Point>,
    /// Each model alone.
    pub alone: Vec<Point>,
    pub calibration: Calibration,
    pub left_out: Vec<String>,
}

/// What is reached, and what it costs, a thousand prompts.
#[derive(Serialize)]
pub struct Point {
    pub name: String,
    pub completed: f64,
    pub usd_per_1000: f64,
    /// Shares of the models, where there are several.
    pub models: Vec<(String, f64)>,
}

/// How far likelihoods are from what happens.
#[derive(Serialize)]
pub struct Calibration {
    pub results: usize,
    /// Mean distance of likelihood and share of successes, by the tenths of the likelihood.
    pub error: f64,
    /// Log loss, and that of the mean of all results.
    pub log_loss: f64,
    pub base_rate_log_loss: f64,
    pub bins: Vec<Bin>,
}

#[derive(Serialize)]
pub struct Bin {
    pub from: f64,
    pub results: usize,
    pub predicted: f64,
    pub completed: f64,
}

/// Tries every threshold.
pub fn sweep(known: &Known<'_>, set: &Set) -> Sweep {
    let all = |row: &&Row| known.models.iter().all(|(place, ..)| row.of(*place).is_some());
    let rows: Vec<&Row> = set.rows.iter().filter(all).collect();
    let frontier = THRESHOLDS
        .map(|percent| {
            let threshold = f64::from(percent) / 100.0;
            point(known, &rows, format!("{threshold:.2}"), |row| choose(known, row, threshold))
        })
        .collect();
    let alone = known
        .models
        .iter()
        .map(|(place, model, _)| point(known, &rows, model.name.clone(), |_| Some(*place)))
        .collect();
    let outcomes = known.results(set);
    Sweep {
        file: set.file.clone(),
        rows: rows.len(),
        frontier,
        alone,
        calibration: calibration(&outcomes, known.curve),
        left_out: known.left_out.clone(),
    }
}

/// As the gateway chooses: the cheapest that is likely enough, else the cheapest of those near the likeliest.
fn choose(known: &Known<'_>, row: &Row, threshold: f64) -> Option<usize> {
    let hard = difficulty(row);
    let likely = |capability: f64| known.curve.likelihood(capability, hard);
    let best = known.models.iter().map(|(_, _, capability)| likely(*capability)).fold(0.0, f64::max);
    let enough = if best >= threshold { threshold } else { best - known.margin };
    let price = |model: &Model| cost(model, row.usage).unwrap_or(f64::INFINITY);
    let able = known.models.iter().filter(|(_, _, capability)| likely(*capability) >= enough);
    able.min_by(|(_, a, _), (_, b, _)| price(a).total_cmp(&price(b))).map(|(place, ..)| *place)
}

fn point(known: &Known<'_>, rows: &[&Row], name: String, choose: impl Fn(&Row) -> Option<usize>) -> Point {
    let (mut completed, mut usd) = (0.0, 0.0);
    let mut counts: Vec<(usize, usize)> = known.models.iter().map(|(place, ..)| (*place, 0)).collect();
    for row in rows {
        let Some(place) = choose(row) else { continue };
        completed += row.of(place).unwrap_or_default();
        let model = known.models.iter().find(|(at, ..)| *at == place);
        usd += model.and_then(|(_, model, _)| cost(model, row.usage)).unwrap_or_default();
        if let Some((_, count)) = counts.iter_mut().find(|(at, _)| *at == place) {
            *count += 1;
        }
    }
    let share = |of: f64| of / rows.len().max(1) as f64;
    counts.retain(|(_, count)| *count > 0);
    Point {
        name,
        completed: share(completed),
        usd_per_1000: share(usd) * 1000.0,
        models: counts
            .iter()
            .map(|(place, count)| (known.name(*place).to_owned(), share(*count as f64)))
            .collect(),
    }
}

fn calibration(outcomes: &[Outcome], curve: Curve) -> Calibration {
    let mut bins: Vec<(usize, f64, f64)> = vec![(0, 0.0, 0.0); BINS];
    for one in outcomes {
        let likelihood = curve.likelihood(one.capability, one.difficulty);
        let at = ((likelihood * BINS as f64) as usize).min(BINS - 1);
        if let Some((count, predicted, completed)) = bins.get_mut(at) {
            *count += 1;
            *predicted += likelihood;
            *completed += one.result;
        }
    }
    let total = outcomes.len().max(1) as f64;
    let base = outcomes.iter().map(|one| one.result).sum::<f64>() / total;
    let of = |predict: &dyn Fn(&Outcome) -> f64| {
        outcomes.iter().map(|one| loss(predict(one), one.result)).sum::<f64>() / total
    };
    Calibration {
        results: outcomes.len(),
        error: bins.iter().map(|(_, predicted, completed)| (predicted - completed).abs()).sum::<f64>()
            / total,
        log_loss: of(&|one| curve.likelihood(one.capability, one.difficulty)),
        base_rate_log_loss: of(&|_| base),
        bins: bins
            .into_iter()
            .enumerate()
            .filter(|(_, (count, ..))| *count > 0)
            .map(|(at, (count, predicted, completed))| Bin {
                from: at as f64 / BINS as f64,
                results: count,
                predicted: predicted / count as f64,
                completed: completed / count as f64,
            })
            .collect(),
    }
}

fn loss(likelihood: f64, result: f64) -> f64 {
    let likelihood = likelihood.clamp(1e-6, 1.0 - 1e-6);
    -(result * likelihood.ln() + (1.0 - result) * (1.0 - likelihood).ln())
}

/// A file with one model left out of the fit.
#[derive(Serialize)]
pub struct Holdout {
    pub file: String,
    pub model: String,
    pub capability: f64,
    pub results: usize,
    /// What it completes, and what the fit to the others expects.
    pub completed: f64,
    pub predicted: f64,
    /// Log losses on its results: of the fit to the others, of the configured numbers, and of the mean of the others'
    /// results, which knows neither the model nor the prompt.
    pub log_loss: f64,
    pub configured_log_loss: f64,
    pub base_rate_log_loss: f64,
    /// The fit to the others.
    pub fit: [f64; 3],
}

/// Fits to the results of all models but one, and predicts that one; for each of `names`, or for all.
pub fn holdout(known: &Known<'_>, set: &Set, names: &BTreeSet<&str>) -> Vec<Holdout> {
    let outcomes = known.results(set);
    let wanted = known.models.iter().filter(|(place, ..)| {
        names.is_empty() || set.models.get(*place).is_some_and(|name| names.contains(name.as_str()))
    });
    let told = wanted.filter_map(|(place, model, capability)| {
        let (own, others): (Vec<Outcome>, Vec<Outcome>) =
            outcomes.iter().partition(|one| one.place == *place);
        if own.is_empty() || others.is_empty() {
            return None;
        }
        let curve = fit(&others);
        let mean = |of: &dyn Fn(&Outcome) -> f64| own.iter().map(of).sum::<f64>() / own.len() as f64;
        let base = others.iter().map(|one| one.result).sum::<f64>() / others.len() as f64;
        let by =
            |curve: Curve| mean(&|one| loss(curve.likelihood(one.capability, one.difficulty), one.result));
        Some(Holdout {
            file: set.file.clone(),
            model: model.name.clone(),
            capability: *capability,
            results: own.len(),
            completed: mean(&|one| one.result),
            predicted: mean(&|one| curve.likelihood(one.capability, one.difficulty)),
            log_loss: by(curve),
            configured_log_loss: by(known.curve),
            base_rate_log_loss: mean(&|one| loss(base, one.result)),
            fit: [curve.capability, curve.difficulty, curve.bias],
        })
    });
    told.collect()
}

/// The numbers under which the results are likeliest: Newton's method, with a little weight on small numbers, so that
/// there is an answer where all results are the same. Capability counts in hundreds here.
fn fit(outcomes: &[Outcome]) -> Curve {
    let mut numbers = [0.0_f64; 3];
    for _ in 0..50 {
        let mut slope = numbers.map(|number| -1e-3 * number);
        let mut bend = [[0.0_f64; 3]; 3];
        for one in outcomes {
            let x = [one.capability / 100.0, one.difficulty, 1.0];
            let sum: f64 = x.iter().zip(numbers).map(|(x, number)| x * number).sum();
            let p = 1.0 / (1.0 + (-sum).exp());
            for (i, slope) in slope.iter_mut().enumerate() {
                *slope += (one.result - p) * x.get(i).copied().unwrap_or_default();
            }
            for (row, xi) in bend.iter_mut().zip(x) {
                for (cell, xj) in row.iter_mut().zip(x) {
                    *cell += p * (1.0 - p) * xi * xj;
                }
            }
        }
        for (i, row) in bend.iter_mut().enumerate() {
            if let Some(cell) = row.get_mut(i) {
                *cell += 1e-3;
            }
        }
        let step = solved(bend, slope);
        for (number, step) in numbers.iter_mut().zip(step) {
            *number += step.clamp(-5.0, 5.0);
        }
        if step.iter().all(|step| step.abs() < 1e-9) {
            break;
        }
    }
    let [capability, difficulty, bias] = numbers;
    Curve { capability: capability / 100.0, difficulty, bias }
}

/// Cramer's rule.
fn solved(m: [[f64; 3]; 3], v: [f64; 3]) -> [f64; 3] {
    let determinant = |[[a, b, c], [d, e, f], [g, h, i]]: [[f64; 3]; 3]| {
        a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    };
    let whole = determinant(m);
    let mut out = [0.0; 3];
    for (column, value) in out.iter_mut().enumerate() {
        let mut changed = m;
        for (row, v) in changed.iter_mut().zip(v) {
            if let Some(cell) = row.get_mut(column) {
                *cell = v;
            }
        }
        *value = if whole.abs() > 1e-12 { determinant(changed) / whole } else { 0.0 };
    }
    out
}
