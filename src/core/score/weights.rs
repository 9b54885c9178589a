//! The file of weights: what `research/train.py` writes and the calibrated scorer reads.
//!
//! Lines of tab-separated cells; the first has the version. Features that are not named weigh nothing.

use super::Dimension;
use super::concept::Concept;
use super::features::{self, Counts, Length};
use super::hits::Hits;

/// The first line.
const MAGIC: &str = "tiergate-weights\t2";
/// How many boundaries between tiers there are.
pub const EDGES: usize = 3;
/// How many sums there are: the difficulty's, and one for each boundary.
pub const COLUMNS: usize = 1 + EDGES;
/// What the sums are called in messages.
const SUMS: [&str; COLUMNS] = ["the difficulty", "MEDIUM", "COMPLEX", "REASONING"];
/// What stands before the name of a concept where it is weighed in short texts only.
pub const SHORT: &str = "short:";
/// Up to here `f64` holds every whole number.
const LARGEST: i128 = 1 << 53;

/// What one feature weighs, in 65,536ths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weight {
    /// In each sum.
    pub columns: [i32; COLUMNS],
    /// The feature's value in a usual ask: what it adds depends on the distance from that.
    pub usual: i32,
}

impl Weight {
    /// Adds another's columns. What a concept weighs in a usual ask is not given for short ones alone.
    fn add(&mut self, other: &Self) {
        for (column, more) in self.columns.iter_mut().zip(&other.columns) {
            *column = column.saturating_add(*more);
        }
        self.usual = other.usual;
    }
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
    /// The same in [short](features::is_short) texts.
    pub in_short: Vec<Weight>,
    /// Where the sums begin, in 256ths of 65,536ths.
    pub bias: [i64; COLUMNS],
    /// How many times worse than a tier too high it is to stay below MEDIUM, COMPLEX and REASONING.
    pub costs: [f64; EDGES],
}

impl Weights {
    /// Reads a file for a lexicon with these concepts. Fails with a message, which names the line, where it cannot be
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
        if weights.costs.iter().any(|cost| *cost <= 0.0) {
            return Err("the costs of the three boundaries must be above 0".to_owned());
        }
        for (short, concept) in weights.in_short.iter_mut().zip(&weights.concepts) {
            short.add(concept);
        }
        match weights.too_large() {
            Some(sum) => Err(format!("the weights of {sum} are so large that a sum could overflow")),
            None => Ok(weights),
        }
    }

    /// Names a sum that could be too large to be exact.
    fn too_large(&self) -> Option<&'static str> {
        let shape = self.shape.iter().map(|(_, weight)| weight);
        let counted = shape.chain(self.dimensions.iter().map(|(_, weight)| weight));
        let features = counted.map(|weight| (weight, features::LARGEST));
        let concepts = self.concepts.iter().chain(&self.in_short);
        let features = features.chain(concepts.map(|weight| (weight, features::ONE)));
        let mut most = self.bias.map(|bias| i128::from(bias).abs());
        for (weight, value) in features {
            for (most, weight) in most.iter_mut().zip(&weight.columns) {
                *most += i128::from(*weight).abs() * i128::from(value);
            }
        }
        most.iter().zip(SUMS).find(|(most, _)| **most > LARGEST).map(|(_, name)| name)
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
        let concepts = vec![Weight::default(); concepts];
        let in_short = concepts.clone();
        Self { shape, dimensions, concepts, in_short, bias: [0; COLUMNS], costs: [0.0; EDGES] }
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
            "costs" => {
                for cost in &mut self.costs {
                    *cost = finite(cells.next()?)?;
                }
            }
            "feature" => {
                let weight = self.of(cells.next()?, known)?;
                for number in weight.columns.iter_mut().chain([&mut weight.usual]) {
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
        let (list, name) = match name.strip_prefix(SHORT) {
            Some(name) => (&mut self.in_short, name),
            None => (&mut self.concepts, name),
        };
        list.get_mut(known.iter().position(|concept| concept.name == name)?)
    }

    /// What concepts weigh in a text with these counts.
    pub fn weighed(&self, counts: &Counts) -> &[Weight] {
        if features::is_short(counts) { &self.in_short } else { &self.concepts }
    }

    /// Heap bytes.
    pub fn memory_usage(&self) -> usize {
        size_of_val(&*self.shape) + size_of_val(&*self.dimensions) + 2 * size_of_val(&*self.concepts)
    }
}

fn finite(cell: &str) -> Option<f64> {
    cell.parse().ok().filter(|value: &f64| value.is_finite())
}

/// The start of a line, for a message.
fn shortened(line: &str) -> &str {
    line.char_indices().nth(40).map_or(line, |(end, _)| line.get(..end).unwrap_or_default())
}
