//! The calibrated scorer: a linear model over the features of an ask, learnt by `scripts/train.py`.
//!
//! Two sums are made of the same features. One ranks asks by how likely models fail at them: the difficulty. The
//! other was fitted to tiers that people chose: it is compared with three boundaries. Weights and features are whole
//! numbers and so are their sums: the host and wasm agree to the last bit, in any order.

use serde::Serialize;

use super::features::{self, Counts, Length};
use super::fold::Folded;
use super::hits::Hits;
use super::lexicon::Concept;
use super::{Boundaries, Dimension};
use crate::tier::Tier;

/// The shipped weights.
const SHIPPED: &str = include_str!("weights.tsv");
/// The first line of a file of weights.
const MAGIC: &str = "tiergate-weights\t1";
/// What stands for a sum of 1: features count in 256ths, weights in 65,536ths.
const UNIT: f64 = 256.0 * 65_536.0;

/// How hard an ask is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// How hard it is, 0 to 1: harder asks have more.
    pub difficulty: f64,
    /// The tier that it needs; a guess where `abstained`.
    pub tier: Tier,
    /// How likely that tier is the one a person would choose, 0.25 to 1.
    pub confidence: f64,
    /// Whether there was next to nothing to judge by.
    pub abstained: bool,
}

/// What one feature added.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reason<'n> {
    /// The feature: of the text's shape, a dimension, or a concept.
    pub feature: &'n str,
    /// What it added to the difficulty, compared with a usual ask, before that was brought to 0..1.
    pub difficulty: f64,
    /// What it added to the sum that the tier is told by, where tiers are about 1 apart.
    pub tier: f64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Weight {
    difficulty: i32,
    tier: i32,
    /// The feature's value in a usual ask: what it adds is told by the distance from that.
    usual: i32,
}

/// A sum over features, for each of the two questions.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    difficulty: i64,
    tier: i64,
}

impl Sum {
    #[inline]
    fn add(&mut self, weight: Weight, value: i32) {
        self.difficulty += i64::from(weight.difficulty) * i64::from(value);
        self.tier += i64::from(weight.tier) * i64::from(value);
    }
}

/// The calibrated scorer: weights, by feature.
#[derive(Debug)]
pub struct Calibrated {
    /// In the order of [`features::shape`].
    shape: Vec<(&'static str, Weight)>,
    /// In the order of [`features::dimensions`].
    dimensions: Vec<(Dimension, Weight)>,
    /// In the order of the lexicon. Keywords of a configuration weigh nothing.
    concepts: Vec<Weight>,
    bias: Sum,
    boundaries: Boundaries,
    steepness: f64,
}

impl Calibrated {
    /// The scorer with the shipped weights, for a lexicon with these concepts.
    pub fn shipped(concepts: &[Concept]) -> Result<Self, String> {
        Self::new(SHIPPED, concepts)
    }

    /// The scorer with the weights of `text`, which `scripts/train.py` wrote. Fails with a message, that tells the
    /// line, where it cannot be read or names a feature that there is not.
    pub fn new(text: &str, concepts: &[Concept]) -> Result<Self, String> {
        let mut lines = text.lines();
        if lines.next() != Some(MAGIC) {
            return Err(format!("weights: the first line must be {MAGIC:?}"));
        }
        let mut shape = Vec::new();
        features::shape(&Counts::default(), 0, Length::default(), |name, _| {
            shape.push((name, Weight::default()));
        });
        let mut dimensions = Vec::new();
        features::dimensions(&Hits::default(), |dimension, _| {
            dimensions.push((dimension, Weight::default()));
        });
        let boundaries = Boundaries { medium: 0.0, complex: 0.0, reasoning: 0.0 };
        let concepts_by_name = concepts;
        let mut read = Self {
            shape,
            dimensions,
            concepts: vec![Weight::default(); concepts.len()],
            bias: Sum::default(),
            boundaries,
            steepness: 0.0,
        };
        for (number, line) in lines.enumerate() {
            let wrong = || format!("weights line {}: {line:?} is not understood", number + 2);
            let cells: Vec<&str> = line.split('\t').collect();
            match cells.as_slice() {
                ["bias", difficulty, tier] => {
                    let value = |cell: &str| cell.parse::<i64>().map_err(|_| wrong());
                    read.bias = Sum { difficulty: value(difficulty)?, tier: value(tier)? };
                }
                ["boundaries", medium, complex, reasoning] => {
                    let value = |cell: &str| finite(cell).ok_or_else(wrong);
                    read.boundaries = Boundaries {
                        medium: value(medium)?,
                        complex: value(complex)?,
                        reasoning: value(reasoning)?,
                    };
                }
                ["steepness", steepness] => read.steepness = finite(steepness).ok_or_else(wrong)?,
                ["feature", name, difficulty, tier, usual] => {
                    let value = |cell: &str| cell.parse::<i32>().map_err(|_| wrong());
                    let weight =
                        Weight { difficulty: value(difficulty)?, tier: value(tier)?, usual: value(usual)? };
                    *read.weight_of(name, concepts_by_name).ok_or_else(wrong)? = weight;
                }
                _ => return Err(wrong()),
            }
        }
        let edges = read.boundaries;
        if read.steepness <= 0.0 || edges.medium >= edges.complex || edges.complex >= edges.reasoning {
            return Err("weights: boundaries must rise, and steepness be above 0".to_owned());
        }
        Ok(read)
    }

    fn weight_of(&mut self, name: &str, concepts: &[Concept]) -> Option<&mut Weight> {
        if let Some((_, weight)) = self.shape.iter_mut().find(|(shape, _)| *shape == name) {
            return Some(weight);
        }
        if let Some((_, weight)) = self.dimensions.iter_mut().find(|(d, _)| d.name() == name) {
            return Some(weight);
        }
        // Keywords of a configuration stand last: a name finds the shipped concept first.
        let place = concepts.iter().position(|concept| concept.name == name)?;
        self.concepts.get_mut(place)
    }

    /// Heap bytes.
    pub fn memory_usage(&self) -> usize {
        size_of_val(&*self.shape) + size_of_val(&*self.dimensions) + size_of_val(&*self.concepts)
    }

    /// Judges a folded text whose concepts were found. Leaves in `counts` what its shape is.
    pub(super) fn judge(
        &self,
        folded: &Folded,
        hits: &Hits,
        length: Length,
        counts: &mut Counts,
    ) -> Judgement {
        counts.set(&folded.text);
        let mut sum = self.bias;
        let mut weights = self.shape.iter();
        features::shape(counts, folded.questions, length, |_, value| {
            if let Some((_, weight)) = weights.next() {
                sum.add(*weight, value);
            }
        });
        let mut weights = self.dimensions.iter();
        features::dimensions(hits, |_, value| {
            if let Some((_, weight)) = weights.next() {
                sum.add(*weight, value);
            }
        });
        let mut concepts = 0u32;
        hits.each(|place| {
            concepts += 1;
            if let Some(weight) = self.concepts.get(place) {
                sum.add(*weight, features::ONE);
            }
        });
        self.verdict(sum, !features::says_something(counts, concepts))
    }

    fn verdict(&self, sum: Sum, abstained: bool) -> Judgement {
        let edges = &self.boundaries;
        let at = sum.tier as f64 / UNIT;
        let tier = if at < edges.medium {
            Tier::Simple
        } else if at < edges.complex {
            Tier::Medium
        } else if at < edges.reasoning {
            Tier::Complex
        } else {
            Tier::Reasoning
        };
        let above = |edge: f64| sigmoid(self.steepness * (at - edge));
        let (low, high) = match tier {
            Tier::Simple => (1.0, above(edges.medium)),
            Tier::Medium => (above(edges.medium), above(edges.complex)),
            Tier::Complex => (above(edges.complex), above(edges.reasoning)),
            Tier::Reasoning => (above(edges.reasoning), 0.0),
        };
        let confidence = (low - high).max(0.25);
        Judgement { difficulty: sigmoid(sum.difficulty as f64 / UNIT), tier, confidence, abstained }
    }

    /// What the features of the ask that was last judged added, most first. What length added is told as one.
    pub(super) fn reasons<'c>(
        &self,
        concepts: &'c [Concept],
        folded: &Folded,
        hits: &Hits,
        length: Length,
        counts: &Counts,
    ) -> Vec<Reason<'c>> {
        let mut reasons: Vec<Reason<'c>> = Vec::new();
        let mut tell = |feature: &'c str, weight: Weight, value: i32| {
            let added = |w: i32| f64::from(w) * f64::from(value - weight.usual) / UNIT;
            let (difficulty, tier) = (added(weight.difficulty), added(weight.tier));
            let feature = if feature.starts_with("length_over") { "length" } else { feature };
            match reasons.iter_mut().find(|r| r.feature == feature) {
                Some(known) => {
                    known.difficulty += difficulty;
                    known.tier += tier;
                }
                None => reasons.push(Reason { feature, difficulty, tier }),
            }
        };
        let mut weights = self.shape.iter();
        features::shape(counts, folded.questions, length, |name, value| {
            if let Some((_, weight)) = weights.next() {
                tell(name, *weight, value);
            }
        });
        let mut weights = self.dimensions.iter();
        features::dimensions(hits, |dimension, value| {
            if let Some((_, weight)) = weights.next() {
                tell(dimension.name(), *weight, value);
            }
        });
        hits.each(|place| {
            if let (Some(concept), Some(weight)) = (concepts.get(place), self.concepts.get(place)) {
                tell(&concept.name, *weight, features::ONE);
            }
        });
        reasons.retain(|r| r.difficulty != 0.0 || r.tier != 0.0);
        reasons.sort_by(|a, b| b.weight().total_cmp(&a.weight()).then_with(|| a.feature.cmp(b.feature)));
        reasons
    }
}

impl Reason<'_> {
    fn weight(&self) -> f64 {
        self.difficulty.abs() + self.tier.abs()
    }
}

fn finite(cell: &str) -> Option<f64> {
    cell.parse().ok().filter(|value: &f64| value.is_finite())
}

/// `libm`'s, which is the same code on every target.
fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}
