//! Who serves when a model does not.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Model, Table};
use crate::chat::Steering;
use crate::time::{Millis, Timestamp};

/// Why another model is to serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FallbackReason {
    /// The model failed, or gave no answer.
    General,
    /// The request was too long for it.
    ContextWindow,
    /// Its provider did not want to serve what is asked.
    ContentPolicy,
}

/// What the configuration says: for a model (by its slot), who serves in its place.
#[derive(Clone, Debug, Default)]
pub struct Chains {
    /// For [`FallbackReason::General`].
    pub general: BTreeMap<usize, Vec<Arc<Model>>>,
    /// For [`FallbackReason::ContextWindow`].
    pub context_window: BTreeMap<usize, Vec<Arc<Model>>>,
    /// For [`FallbackReason::ContentPolicy`].
    pub content_policy: BTreeMap<usize, Vec<Arc<Model>>>,
    /// For a reason, who serves in the place of any model, behind those that are named for it or by the decision.
    pub any: BTreeMap<FallbackReason, Vec<Arc<Model>>>,
    /// Of a composite cluster: the clusters whose models its attempts reach, that of the first attempt first.
    pub composite: BTreeMap<String, Vec<String>>,
}

impl Chains {
    fn of(&self, reason: FallbackReason, model: &Model) -> Option<&[Arc<Model>]> {
        let chains = match reason {
            FallbackReason::General => &self.general,
            FallbackReason::ContextWindow => &self.context_window,
            FallbackReason::ContentPolicy => &self.content_policy,
        };
        chains.get(&model.slot).map(Vec::as_slice)
    }

    /// Whether an attempt (from 1) at a request that was sent to the cluster of `first` reaches `model`.
    pub fn reaches(&self, first: &Model, attempt: u32, model: &Model) -> bool {
        let Some(order) = self.composite.get(&first.cluster) else { return model.cluster == first.cluster };
        let place = usize::try_from(attempt).ok().and_then(|attempt| attempt.checked_sub(1));
        place.and_then(|place| order.get(place)).is_some_and(|cluster| *cluster == model.cluster)
    }
}

/// Who serves a request, and who may in its place: what one attempt has to know from the decision. Models are named by
/// their keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The model of the first attempt.
    pub model: String,
    /// Further models, in order, as the decision has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<String>,
    /// Whether the first attempt has to change more of the request than its model, to have it fit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fits: bool,
    /// Whether no other model may serve, whatever chains are configured: the request goes on from what one provider keeps.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bound: bool,
    /// The number of the request among those that are alive in its worker.
    #[serde(default)]
    pub stream: u64,
    /// The number of what is asked, for failures.
    #[serde(default)]
    pub request: u64,
    /// The number of the credential that asks; 0 where there is none, or all are alike.
    #[serde(default, skip_serializing_if = "is_none")]
    pub asker: u64,
    /// What the client decides of the request.
    #[serde(default)]
    pub steering: Steering,
}

/// Whether there is no number.
#[cfg_attr(
    not(target_arch = "wasm32"),
    expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")
)]
const fn is_none(number: &u64) -> bool {
    *number == 0
}

/// What became of the attempts so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The number of the last attempt, from 1.
    pub attempt: u32,
    /// Models that were tried, the last one last. Never empty.
    pub tried: Vec<String>,
    /// Why the next attempt needs another model.
    pub reason: FallbackReason,
    /// Those that were asked twice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub twice: Vec<String>,
    /// Failures of which it is not known yet whether the model caused them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<Open>,
    /// The answer came from the upstream's cache of answers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cached: bool,
}

/// A failure that may have been the body's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// The model.
    pub model: String,
    /// How it failed: a number of the caller's.
    pub kind: usize,
    /// Whether a body can bring this about.
    pub suspect: bool,
    /// Whether it counts only where another model has served the request: the client's key may be what is wrong.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub doubtful: bool,
    /// When the model was asked.
    pub began: Timestamp,
    /// How long it asked to be left alone.
    pub wait: Option<Millis>,
}

impl Progress {
    /// The first attempt, at this model.
    pub fn begun(model: &Model) -> Self {
        Self {
            attempt: 1,
            tried: vec![model.name.clone()],
            reason: FallbackReason::General,
            twice: Vec::new(),
            open: Vec::new(),
            cached: false,
        }
    }

    /// Whether a failure was the body's, as far as anybody can know where no model has served the request: where two
    /// have failed in the same way it was what they were asked.
    pub fn is_of_the_body(&self, open: &Open) -> bool {
        let same = |other: &Open| other.kind == open.kind && other.model != open.model;
        open.doubtful || open.suspect && self.open.iter().any(same)
    }

    /// The next attempt goes to this model.
    pub fn go_on(&mut self, model: &Model, attempt: u32) {
        if self.tried.contains(&model.name) {
            self.twice.push(model.name.clone());
        }
        // The last one is who serves.
        self.tried.retain(|name| *name != model.name);
        self.tried.push(model.name.clone());
        self.attempt = attempt;
        self.reason = FallbackReason::General;
    }
}

impl Plan {
    /// The plan of a decision.
    pub fn new(model: &Model, chain: &[&Arc<Model>]) -> Self {
        Self {
            model: model.key().into_owned(),
            chain: chain.iter().map(|model| model.key().into_owned()).collect(),
            fits: false,
            bound: false,
            stream: 0,
            request: 0,
            asker: 0,
            steering: Steering::Nothing,
        }
    }

    /// Who serves the next attempt: the first that it reaches, that was not tried, and that is not to be avoided, of the
    /// chain that is configured for this reason for the model that was tried last, then of that of the first; where none is
    /// configured, or the plan is bound, of the decision's; last, unless it is bound, of the chain for any model. A request that was too long goes to a larger window only;
    /// one that is not known is none. None where there is no model.
    pub fn next<'t>(
        &self,
        table: &'t Table,
        chains: &'t Chains,
        progress: &Progress,
        reason: FallbackReason,
        avoids: impl Fn(&Model) -> bool,
    ) -> Option<&'t Arc<Model>> {
        let last = table.models.get(progress.tried.last()?)?;
        let first = table.keyed(&self.model)?;
        let configured = [last, first].into_iter().filter(|_| !self.bound);
        let mut all: Vec<&Arc<Model>> =
            configured.filter_map(|model| chains.of(reason, model)).flatten().collect();
        if all.is_empty() {
            all.extend(self.chain.iter().filter_map(|key| table.keyed(key)));
        }
        all.extend(chains.any.get(&reason).filter(|_| !self.bound).into_iter().flatten());
        let new = |model: &Model| !progress.tried.contains(&model.name);
        let larger = |model: &Model| {
            reason != FallbackReason::ContextWindow
                || last.context_window.is_none_or(|window| model.context_window > Some(window))
        };
        let attempt = progress.attempt.saturating_add(1);
        all.into_iter().find(|model| {
            new(model) && larger(model) && chains.reaches(first, attempt, model) && !avoids(model)
        })
    }

    /// Who is asked again in the next attempt where nobody is left that was not: of those that it reaches, that were
    /// asked once and that are not to be avoided, the one that was asked last.
    pub fn again<'t>(
        &self,
        table: &'t Table,
        chains: &Chains,
        progress: &Progress,
        avoids: impl Fn(&Model) -> bool,
    ) -> Option<&'t Arc<Model>> {
        let first = table.keyed(&self.model)?;
        let attempt = progress.attempt.saturating_add(1);
        let tried = progress.tried.iter().rev().filter_map(|name| table.models.get(name));
        tried.into_iter().find(|model| {
            let twice = progress.twice.contains(&model.name);
            !twice && !avoids(model) && chains.reaches(first, attempt, model)
        })
    }
}
