//! Which models show how hard a row is, and between which two a router would have to choose.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::rows::Set;

/// A model of the panel has a score in at least this share of the rows, and a mean score between these.
const COVERAGE: f64 = 0.95;
const MEANS: std::ops::RangeInclusive<f64> = 0.10..=0.99;

/// A weak and a strong model, by name.
pub type Names = (String, String);

/// What is known of a file beside what stands in it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notes {
    /// Weak and strong models to choose between. Empty: none.
    pairs: Option<Vec<Names>>,
    /// Models that are not to be of the panel.
    #[serde(default)]
    leave_out: Vec<String>,
}

/// Notes by file name without ending.
pub type Sets = BTreeMap<String, Notes>;

pub fn sets(file: &Path) -> Result<Sets, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))
}

/// Two models by their place in the file's list.
pub struct Pair {
    pub weak: usize,
    pub strong: usize,
    /// Whether somebody named it; else it is the weakest and the strongest of the panel.
    pub named: bool,
}

#[derive(Default)]
pub struct Panel {
    /// Places of the models.
    pub models: Vec<usize>,
    pub pairs: Vec<Pair>,
    /// What was asked for and could not be found.
    pub complaints: Vec<String>,
}

impl Panel {
    /// `notes` are this file's, `pairs` are for every file that has both models.
    pub fn new(set: &Set, notes: Option<&Notes>, pairs: &[Names]) -> Self {
        let place = |name: &str| set.models.iter().position(|model| model == name);
        let complain = |what: &str| format!("{}: {what}", set.file);
        let mut complaints = Vec::new();
        let left_out = notes.map_or(&[][..], |notes| &notes.leave_out);
        for name in left_out.iter().filter(|name| place(name).is_none()) {
            complaints.push(complain(&format!("no row has the model {name:?}, which should be left out")));
        }
        let mut means: Vec<(usize, f64)> = Vec::new();
        for (model, name) in set.models.iter().enumerate() {
            let scores: Vec<f64> = set.rows.iter().filter_map(|row| row.of(model)).collect();
            let mean = scores.iter().sum::<f64>() / scores.len() as f64;
            let covered = scores.len() as f64 >= COVERAGE * set.rows.len() as f64;
            if covered && MEANS.contains(&mean) && !left_out.contains(name) {
                means.push((model, mean));
            }
        }
        let together =
            |(weak, strong): (usize, usize)| set.rows.iter().any(|r| r.of(weak).and(r.of(strong)).is_some());
        let found = |(weak, strong): &Names| {
            let both = place(weak).zip(place(strong)).filter(|places| together(*places))?;
            Some(Pair { weak: both.0, strong: both.1, named: true })
        };
        let mut chosen: Vec<Pair> = pairs.iter().filter_map(found).collect();
        let own = notes.and_then(|notes| notes.pairs.as_ref());
        if let Some(own) = own {
            chosen = own.iter().filter_map(found).collect();
            for (weak, strong) in own.iter().filter(|names| found(names).is_none()) {
                complaints.push(complain(&format!("no row has both {weak:?} and {strong:?}")));
            }
        }
        let models = means.iter().map(|(model, _)| *model).collect();
        if chosen.is_empty() && own.is_none() {
            means.sort_by(|a, b| a.1.total_cmp(&b.1));
            if let [(weak, _), .., (strong, _)] = means[..] {
                chosen.push(Pair { weak, strong, named: false });
            }
        }
        Self { models, pairs: chosen, complaints }
    }

    /// Whether these two are routed between.
    pub fn has(&self, set: &Set, (weak, strong): &Names) -> bool {
        let name = |model: usize| set.models.get(model);
        self.pairs.iter().any(|pair| name(pair.weak) == Some(weak) && name(pair.strong) == Some(strong))
    }

    /// How hard each row is: 1 less the mean score of the panel's models. None where a row has none of them.
    pub fn hardness(&self, set: &Set) -> Vec<Option<f64>> {
        let of = |row: &super::rows::Row| {
            let scores: Vec<f64> = self.models.iter().filter_map(|model| row.of(*model)).collect();
            // Rounded, so that the same scores in another order are the same.
            let mean = scores.iter().sum::<f64>() / scores.len() as f64;
            (!scores.is_empty()).then(|| 1.0 - (mean * 1e9).round() / 1e9)
        };
        set.rows.iter().map(of).collect()
    }
}
