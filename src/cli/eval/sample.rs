//! Estimates with bootstrap intervals.

use serde::{Serialize, Serializer};

use super::stats::quantile;

/// How often each unit of a file was drawn, in each round. A unit is a row, or all rows of one group: translations of
/// one prompt are no independent evidence.
pub struct Resamples {
    rounds: Vec<Vec<u16>>,
}

impl Resamples {
    pub fn new(units: usize, rounds: usize, seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let round = |_| {
            let mut drawn = vec![0_u16; units];
            for _ in 0..units {
                if let Some(times) = drawn.get_mut(random.usize(..units)) {
                    *times = times.saturating_add(1);
                }
            }
            drawn
        };
        Self { rounds: (0..rounds).map(round).collect() }
    }

    /// What `measure` says of rows, and of the same rows in every round. It gets a weight for each; `units` says
    /// which unit each belongs to.
    pub fn estimate(&self, units: &[usize], measure: impl Fn(&[f64]) -> Option<f64>) -> Estimate {
        let mut weights = vec![1.0; units.len()];
        let value = measure(&weights);
        if value.is_none() {
            return Estimate::default();
        }
        let round = |drawn: &Vec<u16>| {
            for (weight, unit) in weights.iter_mut().zip(units) {
                *weight = drawn.get(*unit).copied().map_or(0.0, f64::from);
            }
            measure(&weights)
        };
        Estimate { value, draws: self.rounds.iter().map(round).collect() }
    }
}

/// A number, and what it is in each round.
#[derive(Clone, Debug, Default)]
pub struct Estimate {
    pub value: Option<f64>,
    draws: Vec<Option<f64>>,
}

impl Estimate {
    /// The mean of those that have a value, round by round.
    pub fn mean<'e>(of: impl IntoIterator<Item = &'e Estimate>) -> Self {
        let of: Vec<&Estimate> = of.into_iter().filter(|one| one.value.is_some()).collect();
        let rounds = of.iter().map(|one| one.draws.len()).max().unwrap_or(0);
        let draw = |round| mean(of.iter().map(|one| one.draws.get(round).copied().flatten()));
        Self { value: mean(of.iter().map(|one| one.value)), draws: (0..rounds).map(draw).collect() }
    }

    /// 95 % of the rounds lie between these; none where fewer than half of them have a value.
    pub fn interval(&self) -> Option<(f64, f64)> {
        let mut draws: Vec<f64> = self.draws.iter().copied().flatten().collect();
        draws.sort_by(f64::total_cmp);
        let enough = draws.len() * 2 >= self.draws.len();
        Some((quantile(&draws, 0.025)?, quantile(&draws, 0.975)?)).filter(|_| enough)
    }
}

fn mean(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let (sum, count) = values.flatten().fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

#[derive(Serialize)]
struct Interval {
    value: f64,
    low: Option<f64>,
    high: Option<f64>,
}

/// `null` without a value.
impl Serialize for Estimate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let interval = self.value.map(|value| {
            let (low, high) = self.interval().unzip();
            Interval { value, low, high }
        });
        interval.serialize(serializer)
    }
}
