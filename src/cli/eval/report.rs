//! What is reported, as JSON spells it. An estimate is `{"value", "low", "high"}`, or null where there is none.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::sample::Estimate;
use super::systems::NAMES;

/// One value for each system, in the order of [`NAMES`].
pub struct By<T>(Vec<T>);

impl<T> By<T> {
    pub fn of(values: impl Iterator<Item = T>) -> Self {
        Self(values.collect())
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &T)> {
        NAMES.into_iter().zip(&self.0)
    }

    /// What the system of that place has.
    pub fn get(&self, place: usize) -> Option<&T> {
        self.0.get(place)
    }
}

impl<T: Serialize> Serialize for By<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// All files, and what they say together.
#[derive(Serialize)]
pub struct Whole {
    /// Rounds of the bootstrap.
    pub rounds: usize,
    pub seed: u64,
    pub files: Vec<Report>,
    /// Files of which nothing could be measured.
    pub not_measured: Vec<String>,
    /// Over the files that have each of these.
    pub mean: By<Means>,
}

/// One file.
#[derive(Serialize)]
pub struct Report {
    pub file: String,
    /// Rows that were judged.
    pub rows: usize,
    /// Rows and groups of rows, which the bootstrap draws.
    pub units: usize,
    pub without_text: usize,
    pub bad_lines: usize,
    pub difficulty: Option<Difficulty>,
    pub routing: Vec<Routing>,
    pub tiers: Option<Labels>,
    pub languages: Option<Languages>,
    pub shares: By<Shares>,
}

/// Rank correlation of the score with 1 less the mean score of a panel of models.
#[derive(Serialize)]
pub struct Difficulty {
    pub panel: Vec<String>,
    pub rows: usize,
    pub rho: By<Estimate>,
}

/// A choice between two models.
#[derive(Serialize)]
pub struct Routing {
    pub weak: String,
    pub strong: String,
    /// Whether somebody named the pair.
    pub named: bool,
    pub rows: usize,
    pub weak_quality: Estimate,
    pub strong_quality: Estimate,
    pub scorers: By<Routed>,
}

#[derive(Serialize)]
pub struct Routed {
    pub apgr: Estimate,
    /// Mean score of the answers where COMPLEX and REASONING go to the strong model.
    pub quality: Estimate,
    /// Share of rows that do.
    pub strong_calls: Estimate,
    /// What as many strong calls give when they are dealt out at random.
    pub by_chance: Option<f64>,
}

/// Rows with a label.
#[derive(Serialize)]
pub struct Labels {
    pub rows: usize,
    pub scorers: By<Labelled>,
}

#[derive(Serialize)]
pub struct Labelled {
    pub exact: Estimate,
    pub within_one: Estimate,
    pub too_low: Estimate,
    pub too_high: Estimate,
    pub rho: Estimate,
    pub calibration_error: Estimate,
}

/// Rows whose group has an English one.
#[derive(Serialize)]
pub struct Languages {
    pub rows: usize,
    pub scorers: By<Spoken>,
}

/// Means over languages, and each of them.
#[derive(Serialize)]
pub struct Spoken {
    pub same_tier: Estimate,
    pub rho: Estimate,
    pub by_language: BTreeMap<String, Language>,
}

#[derive(Serialize)]
pub struct Language {
    pub rows: usize,
    pub same_tier: Estimate,
    pub rho: Estimate,
}

/// Share of rows in each tier, and of those that the scorer could not judge.
#[derive(Serialize)]
pub struct Shares {
    #[serde(rename = "SIMPLE")]
    pub simple: Estimate,
    #[serde(rename = "MEDIUM")]
    pub medium: Estimate,
    #[serde(rename = "COMPLEX")]
    pub complex: Estimate,
    #[serde(rename = "REASONING")]
    pub reasoning: Estimate,
    pub abstained: Estimate,
}

/// One system over all files.
#[derive(Serialize)]
pub struct Means {
    pub rho: Averaged,
    pub apgr: Averaged,
    pub exact: Averaged,
    pub within_one: Averaged,
    pub too_low: Averaged,
    pub same_tier: Averaged,
    pub language_rho: Averaged,
    pub abstained: Averaged,
}

/// A mean over so many files.
#[derive(Serialize)]
pub struct Averaged {
    pub files: usize,
    pub mean: Estimate,
}

impl Averaged {
    fn of<'e>(files: impl Iterator<Item = &'e Estimate>) -> Self {
        let files: Vec<&Estimate> = files.filter(|one| one.value.is_some()).collect();
        Self { files: files.len(), mean: Estimate::mean(files) }
    }
}

/// The means over files; a file of several pairs counts with their mean.
pub fn means(files: &[Report]) -> By<Means> {
    let of = |place: usize| {
        let labelled = || files.iter().filter_map(move |f| f.tiers.as_ref()?.scorers.get(place));
        let spoken = || files.iter().filter_map(move |f| f.languages.as_ref()?.scorers.get(place));
        let pairs = |file: &Report| {
            Estimate::mean(file.routing.iter().filter_map(|pair| Some(&pair.scorers.get(place)?.apgr)))
        };
        let apgr: Vec<Estimate> = files.iter().map(pairs).collect();
        Means {
            rho: Averaged::of(files.iter().filter_map(|f| f.difficulty.as_ref()?.rho.get(place))),
            apgr: Averaged::of(apgr.iter()),
            exact: Averaged::of(labelled().map(|l| &l.exact)),
            within_one: Averaged::of(labelled().map(|l| &l.within_one)),
            too_low: Averaged::of(labelled().map(|l| &l.too_low)),
            same_tier: Averaged::of(spoken().map(|s| &s.same_tier)),
            language_rho: Averaged::of(spoken().map(|s| &s.rho)),
            abstained: Averaged::of(files.iter().filter_map(|f| Some(&f.shares.get(place)?.abstained))),
        }
    };
    By::of((0..NAMES.len()).map(of))
}
