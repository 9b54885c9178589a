//! The file of weights: what `scripts/train.py` writes and the calibrated scorer reads.
//!
//! Lines of tab-separated cells; the first tells the version. Features that are not named weigh nothing.

use super::features::{self, Counts, Length};
use super::hits::Hits;
use super::lexicon::Concept;
use super::{Boundaries, Dimension};

/// The first line.
const MAGIC: &str = "tiergate-weights\t1";
/// How many hidden units there are.
pub const UNITS: usize = 16;

/// What one feature weighs, in 65,536ths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weight {
    /// In the difficulty.
    pub difficulty: i32,
    /// In the tier.
    pub tier: i32,
    /// In each hidden unit.
    pub units: [i32; UNITS],
    /// The feature's value in a usual ask: what it adds is told by the distance from that.
    pub usual: i32,
}

/// Where the sums begin, in 256ths of 65,536ths.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bias {
    /// The difficulty's.
    pub difficulty: i64,
    /// The tier's.
    pub tier: i64,
    /// Each hidden unit's.
    pub units: [i64; UNITS],
}

/// All weights.
#[derive(Debug)]
pub struct Weights {
    /// In the order of [`features::shape`].
    pub shape: Vec<(&'static str, Weight)>,
    /// In the order of [`features::dimensions`].
    pub dimensions: Vec<(Dimension, Weight)>,
    /// In the order of the lexicon. Keywords of a configuration weigh nothing.
    pub concepts: Vec<Weight>,
    /// Where the sums begin.
    pub bias: Bias,
    /// What each hidden unit weighs in the tier, in 65,536ths.
    pub out: [i64; UNITS],
    /// How much of the tier's sum counts for the difficulty, in 256ths.
    pub share: i64,
    /// Where tiers begin.
    pub boundaries: Boundaries,
    /// Confidence is told by a sigmoid of this times the distance to a boundary.
    pub steepness: f64,
}

impl Weights {
    /// Reads a file for a lexicon with these concepts. Fails with a message, that tells the line, where it cannot be
    /// read or names a feature that there is not.
    pub fn read(text: &str, known: &[Concept]) -> Result<Self, String> {
        let mut lines = text.lines();
        if lines.next() != Some(MAGIC) {
            return Err(format!("the first line must be {MAGIC:?}"));
        }
        let mut weights = Self::nothing(known.len());
        for (number, line) in lines.enumerate() {
            weights
                .line(line, known)
                .ok_or_else(|| format!("line {} is not understood: {:?}", number + 2, shortened(line)))?;
        }
        let edges = weights.boundaries;
        if weights.steepness <= 0.0 || edges.medium >= edges.complex || edges.complex >= edges.reasoning {
            return Err("boundaries must rise, and steepness be above 0".to_owned());
        }
        Ok(weights)
    }

    fn nothing(concepts: usize) -> Self {
        let mut shape = Vec::new();
        features::shape(&Counts::default(), 0, Length::default(), |name, _| {
            shape.push((name, Weight::default()));
        });
        let mut dimensions = Vec::new();
        features::dimensions(&Hits::default(), |dimension, _| {
            dimensions.push((dimension, Weight::default()));
        });
        Self {
            shape,
            dimensions,
            concepts: vec![Weight::default(); concepts],
            bias: Bias::default(),
            out: [0; UNITS],
            share: 0,
            boundaries: Boundaries { medium: 0.0, complex: 0.0, reasoning: 0.0 },
            steepness: 0.0,
        }
    }

    fn line(&mut self, line: &str, known: &[Concept]) -> Option<()> {
        let (key, rest) = line.split_once('\t')?;
        let mut cells = rest.split('\t');
        match key {
            "bias" => {
                let Bias { difficulty, tier, units } = &mut self.bias;
                *difficulty = cells.next()?.parse().ok()?;
                *tier = cells.next()?.parse().ok()?;
                for unit in units {
                    *unit = cells.next()?.parse().ok()?;
                }
            }
            "out" => {
                for weight in &mut self.out {
                    *weight = cells.next()?.parse().ok()?;
                }
            }
            "share" => self.share = cells.next()?.parse().ok()?,
            "boundaries" => {
                let edges = &mut self.boundaries;
                for edge in [&mut edges.medium, &mut edges.complex, &mut edges.reasoning] {
                    *edge = finite(cells.next()?)?;
                }
            }
            "steepness" => self.steepness = finite(cells.next()?)?,
            "feature" => {
                let weight = self.of(cells.next()?, known)?;
                weight.difficulty = cells.next()?.parse().ok()?;
                weight.tier = cells.next()?.parse().ok()?;
                weight.usual = cells.next()?.parse().ok()?;
                for unit in &mut weight.units {
                    *unit = cells.next()?.parse().ok()?;
                }
            }
            _ => return None,
        }
        cells.next().is_none().then_some(())
    }

    fn of(&mut self, name: &str, known: &[Concept]) -> Option<&mut Weight> {
        if let Some((_, weight)) = self.shape.iter_mut().find(|(shape, _)| *shape == name) {
            return Some(weight);
        }
        if let Some((_, weight)) = self.dimensions.iter_mut().find(|(d, _)| d.name() == name) {
            return Some(weight);
        }
        // Keywords of a configuration stand last: a name finds the shipped concept first.
        let place = known.iter().position(|concept| concept.name == name)?;
        self.concepts.get_mut(place)
    }

    /// Heap bytes.
    pub fn memory_usage(&self) -> usize {
        size_of_val(&*self.shape) + size_of_val(&*self.dimensions) + size_of_val(&*self.concepts)
    }
}

fn finite(cell: &str) -> Option<f64> {
    cell.parse().ok().filter(|value: &f64| value.is_finite())
}

/// The start of a line, for a message.
fn shortened(line: &str) -> &str {
    line.char_indices().nth(40).map_or(line, |(end, _)| line.get(..end).unwrap_or_default())
}
