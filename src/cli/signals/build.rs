//! `tiergate signals build`: a feed from a history of counts. The rules are in docs/signals.md.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use time::Date;

use super::super::{write_whole, written};
use super::history::{self, Counts, day, is_rank};
use tiergate_core::signal::{feed, parse};

/// The contract that the output keeps.
const CONTRACT: &str = "1";
/// Growth in percent where there was nothing the day before.
const FROM_NOTHING: f64 = 100.0;
/// Growth above this many percent is surging; from 10 on accelerating; above -5 stable; down to -30 decelerating.
const SURGING: f64 = 50.0;
const ACCELERATING: f64 = 10.0;
const DECELERATING: f64 = -5.0;
const COOLING: f64 = -30.0;
/// Fewer days of data are insufficient.
const FEWEST_DAYS: usize = 3;
/// Fewer days of data are of low confidence.
const NORMAL_DAYS: usize = 7;

#[derive(Args)]
pub struct Options {
    /// CSV with a header, or JSONL: date, model, source, count
    #[arg(required = true, value_name = "HISTORY")]
    files: Vec<PathBuf>,
    /// Write here, whole or not at all; standard output without it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The newest day that counts; that of the data without it
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    date: Option<Date>,
    /// Weight of a source; 1 for those that are not named
    #[arg(long = "weight", value_name = "SOURCE=NUMBER", value_parser = weight)]
    weights: Vec<(String, f64)>,
    /// A source whose counts are running totals, such as stars: its days are the differences
    #[arg(long = "cumulative", value_name = "SOURCE")]
    cumulative: Vec<String>,
}

fn weight(text: &str) -> Result<(String, f64), String> {
    let right = "write it as downloads=2, with a number from 0 to 1000";
    let (source, number) = text.rsplit_once('=').filter(|(source, _)| !source.is_empty()).ok_or(right)?;
    let number: f64 = number.trim().parse().map_err(|_| right)?;
    if (0.0..=1000.0).contains(&number) { Ok((source.to_owned(), number)) } else { Err(right.to_owned()) }
}

#[derive(Serialize)]
struct Document<'d> {
    contract_version: &'static str,
    /// The newest day of the data, so that the same data gives the same bytes.
    generated_at: String,
    sources: BTreeMap<&'d str, Source>,
    models: Vec<Entry<'d>>,
}

#[derive(Serialize)]
struct Source {
    weight: f64,
    counts: &'static str,
}

#[derive(Serialize)]
struct Entry<'d> {
    model: &'d str,
    trend: &'static str,
    score: f64,
    confidence: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    velocity_delta_pct: Option<f64>,
    days: usize,
}

pub fn run(options: &Options, out: &mut dyn Write) -> Result<(), String> {
    let counts = history::read(&options.files)?;
    let text = build(&counts, options)?;
    match &options.out {
        Some(file) => write_whole(file, &text).map_err(|error| format!("{}: {error}", file.display())),
        None => out.write_all(text.as_bytes()).map_err(written),
    }
}

/// A source: its weight, whether its counts are ranks, and its counts of each model by day.
type Weighed<'c> = (f64, bool, BTreeMap<&'c str, BTreeMap<Date, f64>>);

fn build(counts: &Counts, options: &Options) -> Result<String, String> {
    let weights = weights(counts, options)?;
    let all = || counts.values().flat_map(BTreeMap::values).flat_map(BTreeMap::keys);
    let newest = all().filter(|&&d| options.date.is_none_or(|last| d <= last)).max();
    let newest =
        *newest.ok_or("there is no data up to that day; give a history with rows, or another --date")?;
    let newest = options.date.unwrap_or(newest);

    // What each source says per day, and on which days there is anything of a model.
    let mut days: BTreeMap<&str, BTreeSet<Date>> = BTreeMap::new();
    let mut sources = Vec::new();
    for (source, models) in counts {
        let mut per_day = BTreeMap::new();
        for (model, series) in models {
            let known = series.range(..=newest).map(|(day, _)| *day);
            days.entry(model).or_default().extend(known);
            let cumulative = options.cumulative.contains(source);
            per_day.insert(model.as_str(), if cumulative { differences(series) } else { series.clone() });
        }
        sources.push((weights.get(source.as_str()).copied().unwrap_or(1.0), is_rank(source), per_day));
    }
    days.retain(|_, days| !days.is_empty());
    if days.len() > feed::MOST_MODELS {
        return Err(format!("{} models; a feed has at most {}", days.len(), feed::MOST_MODELS));
    }

    let bests: Vec<f64> = sources.iter().map(|(_, rank, series)| best(series, *rank, newest)).collect();
    let models = days.into_iter().map(|(model, days)| entry(model, days.len(), &sources, &bests, newest));
    let models = models.collect();
    let stated = |source: &'_ String| {
        let counts = match (is_rank(source), options.cumulative.contains(source)) {
            (true, _) => "rank",
            (false, true) => "cumulative",
            (false, false) => "per day",
        };
        Source { weight: weights.get(source.as_str()).copied().unwrap_or(1.0), counts }
    };
    let document = Document {
        contract_version: CONTRACT,
        generated_at: format!("{:04}-{:02}-{:02}", newest.year(), u8::from(newest.month()), newest.day()),
        sources: counts.keys().map(|source| (source.as_str(), stated(source))).collect(),
        models,
    };
    let mut text = serde_json::to_string_pretty(&document).map_err(|error| error.to_string())?;
    text.push('\n');
    // What the filter would refuse is not written.
    parse(text.as_bytes()).map_err(|error| format!("the result would not be a valid feed: {error}"))?;
    Ok(text)
}

/// What the sources, each with its largest count of the newest day, say of one model.
fn entry<'m>(model: &'m str, days: usize, sources: &[Weighed<'_>], bests: &[f64], newest: Date) -> Entry<'m> {
    let (mut share, mut shares) = (0.0, 0.0);
    let (mut growth, mut growths) = (0.0, 0.0);
    for ((weight, rank, series), best) in sources.iter().zip(bests) {
        let series = series.get(model);
        if *best > 0.0 {
            let now = series.and_then(|days| days.get(&newest));
            share += weight * now.map_or(0.0, |&count| strength(count, *rank) / best);
            shares += weight;
        }
        if let Some(percent) = series.and_then(|days| growth_of(days, *rank, newest)) {
            growth += weight * percent;
            growths += weight;
        }
    }
    let growth = (growths > 0.0).then(|| rounded(growth / growths, 100.0));
    let (trend, confidence) = words(growth, days);
    Entry {
        model,
        trend,
        score: if shares > 0.0 { rounded(share / shares, 10_000.0) } else { 0.0 },
        confidence,
        velocity_delta_pct: growth,
        days,
    }
}

/// The weights that are stated, all of sources that there are.
fn weights<'o>(counts: &Counts, options: &'o Options) -> Result<BTreeMap<&'o str, f64>, String> {
    let known = || counts.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let mut weights = BTreeMap::new();
    for (source, weight) in &options.weights {
        if weights.insert(source.as_str(), *weight).is_some() {
            return Err(format!("--weight {source}: given twice; keep one of them"));
        }
    }
    for source in weights.keys().copied().chain(options.cumulative.iter().map(String::as_str)) {
        if !counts.contains_key(source) {
            return Err(format!("there is no source {source:?}; there are: {}", known()));
        }
    }
    if let Some(rank) = options.cumulative.iter().find(|source| is_rank(source)) {
        return Err(format!("--cumulative {rank}: ranks are no totals"));
    }
    if !counts.is_empty() && counts.keys().all(|source| weights.get(source.as_str()) == Some(&0.0)) {
        return Err("every source has the weight 0; give one of them more".to_owned());
    }
    Ok(weights)
}

/// Daily figures of running totals: of each day whose day before is known. A total that falls counts as nothing new.
fn differences(totals: &BTreeMap<Date, f64>) -> BTreeMap<Date, f64> {
    let of = |(day, total): (&Date, &f64)| {
        let before = totals.get(&day.previous_day()?)?;
        Some((*day, (total - before).max(0.0)))
    };
    totals.iter().filter_map(of).collect()
}

/// A figure of which more is better. Ranks are 1 or more.
fn strength(count: f64, rank: bool) -> f64 {
    if rank { 1.0 / count } else { count }
}

/// The greatest strength of a source on a day; 0 where it says nothing.
fn best(models: &BTreeMap<&str, BTreeMap<Date, f64>>, rank: bool, day: Date) -> f64 {
    models.values().filter_map(|days| days.get(&day)).map(|&count| strength(count, rank)).fold(0.0, f64::max)
}

/// Growth in percent from the day before to the day; none where one of them is missing.
fn growth_of(days: &BTreeMap<Date, f64>, rank: bool, day: Date) -> Option<f64> {
    let now = strength(*days.get(&day)?, rank);
    let before = strength(*days.get(&day.previous_day()?)?, rank);
    Some(match (before > 0.0, now > 0.0) {
        (true, _) => (now / before - 1.0) * 100.0,
        (false, true) => FROM_NOTHING,
        (false, false) => 0.0,
    })
}

/// Rounded to one part in `parts`, so that figures are short and the same everywhere; never -0.
fn rounded(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts + 0.0
}

/// Trend and confidence.
fn words(growth: Option<f64>, days: usize) -> (&'static str, &'static str) {
    let Some(growth) = growth.filter(|_| days >= FEWEST_DAYS) else {
        return ("insufficient_history", "insufficient");
    };
    let trend = match growth {
        g if g > SURGING => "surging",
        g if g >= ACCELERATING => "accelerating",
        g if g > DECELERATING => "stable",
        g if g >= COOLING => "decelerating",
        _ => "cooling",
    };
    (trend, if days < NORMAL_DAYS { "low" } else { "normal" })
}
