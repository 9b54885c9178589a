//! The calibrated scorer: a small model over the features of an ask, learnt by `research/train.py`.
//!
//! For each boundary between tiers a sum over the features says how likely a person would put the ask above it. The ask
//! is put above it where staying below would cost more: an ask that is sent too low costs [`Weights::costs`] times what
//! one costs that is sent too high. The difficulty, which ranks asks by how likely models fail at them, is a sum of
//! its own. Weights and features are whole numbers and so are their sums: the host and wasm agree to the last bit.
//!
//! Sums are added up as `f64`, of which processors multiply several at once, as they do not with whole numbers of 64
//! bits. Nothing is rounded: weights with which a sum could pass 2 to the 53rd are refused.

use serde::Serialize;

use super::concept::Concept;
use super::features::{self, Counts, Length};
use super::fold::Folded;
use super::hits::Hits;
use super::weights::{COLUMNS, EDGES, Weight, Weights};
use crate::sigmoid::sigmoid;
use crate::tier::Tier;

/// The shipped weights.
const SHIPPED: &str = include_str!("weights.tsv");
/// What stands for a sum of 1: features count in 256ths, weights in 65,536ths.
const ONE: f64 = 256.0 * 65_536.0;

/// How hard an ask is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// How hard it is, 0 to 1: harder asks have more.
    pub difficulty: f64,
    /// The tier that it needs; a guess where `abstained`.
    pub tier: Tier,
    /// How likely that tier is the one a person would choose, 0 to 1.
    pub confidence: f64,
    /// Whether there was next to nothing to judge by.
    pub abstained: bool,
}

/// What one feature added.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Contribution<'n> {
    /// The feature: of the text's shape, a dimension, or a concept.
    pub feature: &'n str,
    /// What it added to the difficulty, compared with a usual ask, before that was brought to 0..1.
    pub difficulty: f64,
    /// How many tiers higher a person is expected to put the ask because of it: its part of the sums, times how much the
    /// likelihoods of an ask like this one change with them.
    pub tier: f64,
}

/// How near an ask is to a boundary between tiers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Boundary {
    /// The tier above it.
    pub tier: Tier,
    /// How far the ask reaches: of the calibrated scorer the likelihood that it is above, of the rules its score.
    pub reached: f64,
    /// From where on an ask is above.
    pub needed: f64,
}

/// The sums over the features of one ask: whole numbers.
#[derive(Clone, Copy, Debug)]
struct Sums([f64; COLUMNS]);

impl Sums {
    #[inline]
    fn add(&mut self, weight: &Weight, value: i32) {
        let value = f64::from(value);
        for (sum, weight) in self.0.iter_mut().zip(&weight.columns) {
            *sum += f64::from(*weight) * value;
        }
    }
}

/// The calibrated scorer: weights, by feature.
#[derive(Debug)]
pub struct Calibrated {
    weights: Weights,
    /// From this likelihood on an ask is put above each boundary.
    edges: [f64; EDGES],
}

impl Calibrated {
    /// The scorer with the shipped weights, for a lexicon with these concepts.
    pub(super) fn shipped(concepts: &[Concept]) -> Result<Self, String> {
        Self::new(SHIPPED, concepts)
    }

    /// The scorer with the weights of `text`, which `research/train.py` wrote. Fails with a message, which names the
    /// line, where it cannot be read or names a feature that there is not.
    pub(super) fn new(text: &str, concepts: &[Concept]) -> Result<Self, String> {
        Weights::read(text, concepts).map(|weights| {
            let edges = edges(&weights, 1.0);
            Self { weights, edges }
        })
    }

    /// The same scorer, where sending an ask too low costs `bias` times what the weights take it to cost.
    pub(super) fn with_bias(self, bias: f64) -> Self {
        Self { edges: edges(&self.weights, bias), ..self }
    }

    /// Heap bytes.
    pub fn memory_usage(&self) -> usize {
        self.weights.memory_usage()
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
        let weights = &self.weights;
        let mut sums = self.begin();
        // Told first and weighed then: one loop, with the sums in registers.
        let mut values = [0; features::SHAPES];
        let mut places = values.iter_mut();
        features::shape(counts, folded.questions, length, |_, value| {
            if let Some(place) = places.next() {
                *place = value;
            }
        });
        for ((_, weight), value) in weights.shape.iter().zip(values) {
            if value != 0 {
                sums.add(weight, value);
            }
        }
        let mut next = weights.dimensions.iter();
        features::dimensions(hits, |_, value| {
            if let Some((_, weight)) = next.next()
                && value != 0
            {
                sums.add(weight, value);
            }
        });
        let mut concepts = 0u32;
        let weighed = weights.weighed(counts);
        hits.each(|place| {
            if let Some(weight) = weighed.get(place) {
                // One that weighs nothing is no evidence of anything.
                concepts += u32::from(*weight != Weight::default());
                sums.add(weight, features::ONE);
            }
        });
        self.verdict(&sums, !features::says_something(counts, concepts))
    }

    /// The features of the ask that was last judged: name, weight and value of each.
    fn found<'c>(
        &self,
        concepts: &'c [Concept],
        (folded, hits, length, counts): (&Folded, &Hits, Length, &Counts),
    ) -> Vec<(&'c str, &Weight, i32)> {
        let weights = &self.weights;
        let mut found: Vec<(&'c str, &Weight, i32)> = Vec::new();
        let mut next = weights.shape.iter();
        features::shape(counts, folded.questions, length, |name, value| {
            found.extend(next.next().map(|(_, weight)| (name, weight, value)));
        });
        let mut next = weights.dimensions.iter();
        features::dimensions(hits, |dimension, value| {
            found.extend(next.next().map(|(_, weight)| (dimension.name(), weight, value)));
        });
        hits.each(|place| {
            if let (Some(concept), Some(weight)) = (concepts.get(place), weights.weighed(counts).get(place)) {
                found.push((&concept.name, weight, features::ONE));
            }
        });
        found
    }

    fn sums(&self, found: &[(&str, &Weight, i32)]) -> Sums {
        let mut sums = self.begin();
        for (_, weight, value) in found {
            sums.add(weight, *value);
        }
        sums
    }

    /// How near the ask that was last judged is to each boundary.
    pub(super) fn boundaries(
        &self,
        concepts: &[Concept],
        judged: (&Folded, &Hits, Length, &Counts),
    ) -> Vec<Boundary> {
        let reached = Self::likelihoods(&self.sums(&self.found(concepts, judged)));
        let above = Tier::ALL.into_iter().skip(1).zip(reached).zip(self.edges);
        above.map(|((tier, reached), needed)| Boundary { tier, reached, needed }).collect()
    }

    fn begin(&self) -> Sums {
        Sums(self.weights.bias.map(|bias| bias as f64))
    }

    /// How likely the ask is above each boundary. Never more likely above a higher one.
    fn likelihoods(sums: &Sums) -> [f64; EDGES] {
        let [_, medium, complex, reasoning] = sums.0.map(|sum| sigmoid(sum / ONE));
        let complex = complex.min(medium);
        [medium, complex, reasoning.min(complex)]
    }

    fn verdict(&self, sums: &Sums, abstained: bool) -> Judgement {
        let [medium, complex, reasoning] = Self::likelihoods(sums);
        let [to_medium, to_complex, to_reasoning] = self.edges;
        let (tier, confidence) = if reasoning >= to_reasoning && complex >= to_complex {
            (Tier::Reasoning, reasoning)
        } else if complex >= to_complex {
            (Tier::Complex, complex - reasoning)
        } else if medium >= to_medium {
            (Tier::Medium, medium - complex)
        } else {
            (Tier::Simple, 1.0 - medium)
        };
        let [difficulty, ..] = sums.0;
        Judgement { difficulty: sigmoid(difficulty / ONE), tier, confidence, abstained }
    }

    /// What the features of the ask that was last judged added, compared with a usual ask, most first. What length
    /// added is reported as one.
    pub(super) fn reasons<'c>(
        &self,
        concepts: &'c [Concept],
        folded: &Folded,
        hits: &Hits,
        length: Length,
        counts: &Counts,
    ) -> Vec<Contribution<'c>> {
        let found = self.found(concepts, (folded, hits, length, counts));
        // How much the expected tier changes with each sum.
        let slopes = Self::likelihoods(&self.sums(&found)).map(|above| above * (1.0 - above));
        let mut reasons: Vec<Contribution<'c>> = Vec::new();
        for (feature, weight, value) in found {
            let more = f64::from(value - weight.usual) / ONE;
            let [difficulty, edges @ ..] = weight.columns;
            let difficulty = more * f64::from(difficulty);
            let tier: f64 =
                edges.iter().zip(slopes).map(|(edge, slope)| more * f64::from(*edge) * slope).sum();
            let feature = if feature.starts_with("length_over") { "length" } else { feature };
            match reasons.iter_mut().find(|r| r.feature == feature) {
                Some(known) => {
                    known.difficulty += difficulty;
                    known.tier += tier;
                }
                None => reasons.push(Contribution { feature, difficulty, tier }),
            }
        }
        reasons.retain(|r| r.difficulty != 0.0 || r.tier != 0.0);
        reasons.sort_by(|a, b| b.weight().total_cmp(&a.weight()).then_with(|| a.feature.cmp(b.feature)));
        reasons
    }
}

impl Contribution<'_> {
    fn weight(&self) -> f64 {
        self.difficulty.abs() + self.tier.abs()
    }
}

/// From which likelihood on an ask is put above each boundary.
fn edges(weights: &Weights, bias: f64) -> [f64; EDGES] {
    weights.costs.map(|cost| 1.0 / (1.0 + cost * bias))
}
