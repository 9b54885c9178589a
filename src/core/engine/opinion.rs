//! Whether a second opinion of an ask is wanted, and where it counts.

use super::Cause;
use super::judge::Case;
use super::operator::only;
use crate::ask::{Judged, Why};
use crate::config::Classifier;
use crate::route::{Completion, Profile, Strategy};
use crate::score::Basis;
use crate::tier::Tier;

/// The classifier's tier, where it was asked and the ask is one that it judges.
pub(super) fn given(case: Case<'_, '_>, judged: Judged) -> Option<Tier> {
    let classifier = case.config.classifier.as_ref()?;
    case.context.opinion.filter(|_| is_unsure(classifier, judged))
}

/// Whether the classifier is to be asked. `scored`: why the tier is wanted that is; `cause`: why the model serves.
pub(super) fn is_wanted(
    case: Case<'_, '_>,
    profile: &Profile,
    judged: Option<Judged>,
    (scored, cause): (Cause, Cause),
) -> bool {
    let Some(classifier) = &case.config.classifier else { return false };
    // Who goes by something else than the tier learns nothing from it.
    let by_tier = !matches!(profile.strategy, Strategy::Completion(Completion { all_tiers: true, .. }));
    let open = matches!(
        scored,
        Cause::Score | Cause::Ambiguous | Cause::Abstain | Cause::OverrideContext | Cause::FloorStructured
    );
    let held = matches!(cause, Cause::Session | Cause::State | Cause::UnknownState | Cause::NoCandidates);
    by_tier
        && open
        && !held
        && case.context.opinion.is_none()
        && judged.is_some_and(|judged| is_unsure(classifier, judged))
        && may_be_shown(case, classifier)
}

/// Whether the scorer is unsure of the ask itself: of what the work before, or a client's template, shows it is not
/// asked about.
fn is_unsure(classifier: &Classifier, judged: Judged) -> bool {
    match judged.why {
        Why::Scored(Basis::Abstained | Basis::Ambiguous) => true,
        Why::Scored(Basis::Sum | Basis::Learnt) => judged.score.confidence < classifier.settings.band,
        Why::Scored(Basis::ReasoningMarkers) | Why::History | Why::Correction | Why::Chore => false,
    }
}

/// Whether the tenant's prompts may go to the classifier: where its models are restricted, only to one of these.
fn may_be_shown(case: Case<'_, '_>, classifier: &Classifier) -> bool {
    let Some(only) = only(case.config, &case.context.client) else { return true };
    classifier.targets.iter().all(|target| target.known.as_ref().is_some_and(|model| only.has(model)))
}
