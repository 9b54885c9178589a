//! Names that stand for several deployments.

use serde::Deserialize;

use super::{Candidate, Strategy};

/// The deployments of a group: a list of models, or the list and a strategy.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(untagged)]
pub enum Group {
    /// Its models.
    Models(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64)))] Vec<Candidate>),
    /// Its models, and how one of them is chosen.
    With(Deployments),
}

/// The deployments of a group, and how one of them is chosen.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Deployments {
    /// Its models: names, or `{model, set, order}`.
    #[cfg_attr(feature = "schema", schemars(required, length(min = 1, max = 64)))]
    pub models: Option<Vec<Candidate>>,
    /// Which of the eligible models is preferred. Default: `weighted`, at random. `completion` is not allowed, because
    /// it needs a judged ask, which no group has.
    pub strategy: Option<Strategy>,
}

impl Group {
    /// Its models.
    pub fn models(&self) -> &[Candidate] {
        match self {
            Group::Models(models) => models,
            Group::With(deployments) => deployments.models.as_deref().unwrap_or_default(),
        }
    }

    /// How one of them is chosen.
    pub fn strategy(&self) -> Strategy {
        match self {
            Group::Models(_) => None,
            Group::With(deployments) => deployments.strategy,
        }
        .unwrap_or(Strategy::Weighted)
    }

    /// Whether its models are under the key `models`.
    pub const fn is_long(&self) -> bool {
        matches!(self, Group::With(_))
    }
}
