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
/// How many sums there are: the difficulty's, the tier's, and each hidden unit's.
pub const COLUMNS: usize = 2 + UNITS;
/// Bits that a hidden unit loses before it is weighed: so its sum stands in 256ths, as a feature does.
pub const SHIFT: u32 = 16;
/// Up to here `f64` holds every whole number.
const LARGEST: i128 = 1 << 53;

/// What one feature weighs, in 65,536ths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weight {
    /// In each sum.
    pub columns: [i32; COLUMNS],
    /// The feature's value in a usual ask: what it adds is told by the distance from that.
    pub usual: i32,
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
    /// Where the sums begin, in 256ths of 65,536ths.
    pub bias: [i64; COLUMNS],
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
        match weights.too_large() {
            Some(sum) => Err(format!("the weights of {sum} are so large that a sum could overflow")),
            None => Ok(weights),
        }
    }

    /// Names a sum that could be so large that it cannot be told exactly.
    fn too_large(&self) -> Option<String> {
        let shape = self.shape.iter().map(|(_, weight)| weight);
        let counted = shape.chain(self.dimensions.iter().map(|(_, weight)| weight));
        let features = counted.map(|weight| (weight, features::LARGEST));
        let features = features.chain(self.concepts.iter().map(|weight| (weight, features::ONE)));
        let mut most = self.bias.map(|bias| i128::from(bias).abs());
        for (weight, value) in features {
            for (most, weight) in most.iter_mut().zip(&weight.columns) {
                *most += i128::from(*weight).abs() * i128::from(value);
            }
        }
        let names = ["the difficulty".to_owned(), "the tier".to_owned()];
        let names = names.into_iter().chain((1..).map(|unit| format!("hidden unit {unit}")));
        if let Some((_, name)) = most.iter().zip(names).find(|(most, _)| **most > LARGEST) {
            return Some(name);
        }
        let [difficulty, tier, units @ ..] = most;
        let hidden = units.iter().zip(&self.out);
        let hidden: i128 = hidden.map(|(most, out)| (most >> SHIFT) * i128::from(*out).abs()).sum();
        let tier = tier + hidden;
        let shared = tier.saturating_mul(i128::from(self.share).abs());
        let largest = tier.max(difficulty.saturating_add(shared));
        (largest > i128::from(i64::MAX)).then(|| "out and share".to_owned())
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
            bias: [0; COLUMNS],
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
                for bias in &mut self.bias {
                    *bias = cells.next()?.parse().ok()?;
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
                let [difficulty, tier, units @ ..] = &mut weight.columns;
                let usual = &mut weight.usual;
                for number in [difficulty, tier, usual].into_iter().chain(units) {
                    *number = cells.next()?.parse().ok()?;
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
