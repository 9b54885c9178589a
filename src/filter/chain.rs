//! Who serves the next attempt at a request, and whose fault the failures of the earlier ones were.

use std::sync::Arc;

use super::{WorkerState, clock};
use tiergate_core::chat::Refusal;
use tiergate_core::live::{Failure, ModelFault};
use tiergate_core::route::{FallbackReason, Model, Plan, Progress};

/// Of the open failures of a request, with its number and that of who asks, it is known now whether they were the models': `served`, as another has served it.
pub fn settle(shared: &WorkerState, progress: &Progress, (request, asker): (u64, u64), served: bool) {
    let Some(health) = shared.health.as_ref().filter(|_| !progress.open.is_empty()) else { return };
    let now = clock::now();
    for open in &progress.open {
        let (Some(model), Some(failure)) =
            (shared.config.table.models.get(&open.model), Failure::of(open.kind))
        else {
            continue;
        };
        let fault =
            ModelFault { began: open.began, failure, wait: open.wait, request, asker, certain: served };
        let fault = (served || !progress.is_of_the_body(open)).then_some(fault);
        health.borrow_mut().settle(model, fault, now);
    }
}

/// Who serves the next attempt: a model that was not asked, or, with `again`, one that was asked once. None of those that
/// are in cooldown.
pub fn next(
    shared: &WorkerState,
    plan: &Plan,
    progress: &Progress,
    reason: FallbackReason,
    again: bool,
) -> Option<Arc<Model>> {
    let (table, chains) = (&shared.config.table, &shared.config.fallbacks.chains);
    without_cooling(shared, plan, |avoids| {
        let other = plan.next(table, chains, progress, reason, avoids);
        if again { other.or_else(|| plan.again(table, chains, progress, avoids)) } else { other }
            .map(Arc::clone)
    })
}

/// The model that was asked last, if it may be asked once more.
pub fn same(shared: &WorkerState, plan: &Plan, progress: &Progress) -> Option<Arc<Model>> {
    let (table, chains) = (&shared.config.table, &shared.config.fallbacks.chains);
    let found =
        without_cooling(shared, plan, |avoids| plan.again(table, chains, progress, avoids).map(Arc::clone));
    found.filter(|model| progress.tried.last() == Some(&model.name))
}

/// Looks for a model, with what says whether one is in cooldown.
fn without_cooling(
    shared: &WorkerState,
    plan: &Plan,
    find: impl FnOnce(&dyn Fn(&Model) -> bool) -> Option<Arc<Model>>,
) -> Option<Arc<Model>> {
    let mut health = shared.health.as_ref().map(|health| health.borrow_mut());
    let conditions = health.as_mut().map(|health| health.conditions(plan.asker, clock::now()));
    find(&|model| conditions.as_ref().is_some_and(|conditions| conditions.of(model).cooling))
}

/// What another model has to be, for a refusal.
pub const fn reason_of(refusal: Refusal) -> FallbackReason {
    match refusal {
        Refusal::ContextWindow => FallbackReason::ContextWindow,
        Refusal::ContentPolicy => FallbackReason::ContentPolicy,
        Refusal::Unserviceable | Refusal::ForeignHistory => FallbackReason::General,
    }
}
