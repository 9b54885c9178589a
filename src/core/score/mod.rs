//! How hard a prompt is: text -> [`Score`], by rules over a multilingual lexicon, or by weights that were learnt over
//! what the same pass finds.

mod calibrated;
mod clothes;
mod concept;
mod dimension;
mod features;
mod fold;
mod fold_table;
mod hits;
mod index;
mod lexicon;
mod own;
mod params;
mod remarks;
mod replies;
mod rules;
mod scorer;
mod sql;
mod swar;
mod weights;
mod words;

#[cfg(test)]
mod tests;

pub use calibrated::{Boundary, Calibrated, Contribution, Judgement};
pub use dimension::Dimension;
pub use features::{Length, ONE as FEATURE_ONE};
pub(crate) use fold::Folded;
pub(crate) use index::{Builder as IndexBuilder, Index, Notes};
pub use own::OwnDimension;
pub use params::{Boundaries, Rule, RuleParams, Step, TokenRule};
pub use rules::{Basis, Part, RuleScorer, Score, Scratch};
pub use scorer::{Ask, Explanation, Reply, Scorer};
pub(crate) use words::Block;
