//! Where a request goes, and why.

use std::sync::Arc;

use super::Cause;
use crate::ask::Budget;
use crate::chat::{self, Change, Problem, Span, Steering};
use crate::config::Config;
use crate::fit::Fitted;
use crate::live::{SessionKey, SessionPin};
use crate::rollout::{Control, NotRouted};
use crate::route::{self, Model, Needs, Profile, Usage};
use crate::score::Score;
use crate::tier::Tier;

/// How the request has to be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Not at all.
    None,
    /// Each of these values of the body becomes the decision's model.
    Body(Vec<Span>),
    /// The path becomes this.
    Path(Vec<u8>),
    /// Both.
    Both(Vec<u8>, Vec<Span>),
}

impl Edit {
    pub(super) fn of(path: Option<Vec<u8>>, spans: Vec<Span>) -> Self {
        match path {
            Some(path) if spans.is_empty() => Edit::Path(path),
            Some(path) => Edit::Both(path, spans),
            None if spans.is_empty() => Edit::None,
            None => Edit::Body(spans),
        }
    }

    /// The new path, if it is to change.
    pub fn path(&self) -> Option<&[u8]> {
        match self {
            Edit::Path(path) | Edit::Both(path, _) => Some(path),
            Edit::None | Edit::Body(_) => None,
        }
    }

    /// The values of the body that become the model; an empty span is the place for the member.
    pub fn spans(&self) -> &[Span] {
        match self {
            Edit::Body(spans) | Edit::Both(_, spans) => spans,
            Edit::None | Edit::Path(_) => &[],
        }
    }
}

/// A model, and why it. Headers, the log, metrics and `explain` all say this of a decision.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'c> {
    /// Why.
    pub cause: Cause,
    /// The profile that chose; none where the client did.
    pub profile: Option<&'c Profile>,
    /// The tier that was decided on; none where nothing was judged. The model is of its list, but for the causes
    /// `no_prompt` and `no_candidates`, where it is the default model.
    pub tier: Option<Tier>,
    /// The model; none where the table does not know it.
    pub model: Option<&'c Arc<Model>>,
    /// Estimated cost in USD, where the price is known.
    pub cost: Option<f64>,
}

/// Where a request goes, and why.
#[derive(Clone, Debug)]
pub struct Decision<'c> {
    /// What was chosen, and is carried out.
    pub choice: Choice<'c>,
    /// Who may serve in its place, in order: at most [`route::CHAIN`], all of whom can serve the request. Empty where
    /// the client chose, or nobody can.
    pub chain: Vec<&'c Arc<Model>>,
    /// The Envoy cluster.
    pub cluster: &'c str,
    /// What to change.
    pub edit: Edit,
    /// What else to change, so that the model takes the request.
    pub fitted: Fitted,
    /// Whether the conversation was held by this model before.
    pub stays: bool,
    /// The score, where the prompt was judged.
    pub score: Option<Score>,
    /// Whether the scorer is so unsure of the ask that the classifier's opinion is wanted: it could change the tier, and has
    /// not been given.
    pub unsure: bool,
    /// Estimated tokens of the ask.
    pub ask_tokens: u64,
    /// Estimated tokens of the request and its answer.
    pub usage: Usage,
    /// What the same would cost with the baseline, in USD, where there is one and its price is known.
    pub baseline_cost: Option<f64>,
    /// Share of the baseline's cost that is saved, where both prices are known.
    pub savings: Option<f64>,
    /// Names of the chain's models for LiteLLM, which asks them itself; empty where it is not to.
    pub tell: Vec<&'c str>,
    /// A conversation, and what it is to be held by from now on; none where that is known already, or it is not to be.
    pub hold: Option<(SessionKey, SessionPin)>,
    /// What a conversation or cache at the provider is known by that the request names, where it does.
    pub keeps: Option<SessionKey>,
    /// What was decided and not done, for the causes `shadow` and `control`.
    pub withheld: Option<Choice<'c>>,
    /// What was looked at in search of the words that a person typed.
    pub scan: Budget,
    /// The number of what is asked, the same for the requests of one conversation; 0 where nothing was read.
    pub subject: u64,
    /// What the client decides of the request that is the upstream's to decide.
    pub steering: Steering,
    /// What a model had to meet, where the request was judged.
    pub needs: Option<Needs>,
    /// Whether only the decision's chain may serve in its place: who asks may not use all models.
    pub bound: bool,
    /// The operator's rule that held; none where the model that it names does not serve.
    pub rule: Option<&'c str>,
    /// Why the request is not passed on, for the causes `no_such_model` and `refused`.
    pub problem: Option<Problem>,
}

impl<'c> Decision<'c> {
    /// What was decided, whether or not it is carried out.
    pub fn wanted(&self) -> &Choice<'c> {
        self.withheld.as_ref().unwrap_or(&self.choice)
    }

    /// Takes out the changes of the body: the model's name, and, unless each attempt makes them for itself, all that
    /// `fit` found.
    pub fn changes(&mut self, by_attempt: bool) -> Vec<Change> {
        let named = |model: &Model| chat::named(self.edit.spans(), &model.upstream_model, &self.tell);
        let mut changes = self.choice.model.and_then(|model| named(model)).unwrap_or_default();
        if !by_attempt {
            changes.append(&mut self.fitted.changes);
        }
        changes
    }
}

pub(super) fn no_such_model<'c>(config: &'c Config, asked: &str) -> Decision<'c> {
    let known = config.table.virtual_models.keys().cloned().collect();
    let problem = Some(Problem::NoSuchModel { asked: asked.trim().to_owned(), known });
    Decision { problem, ..undecided(config, Cause::NoSuchModel) }
}

/// A request that is answered with a problem.
pub fn refused(config: &Config, problem: Problem) -> Decision<'_> {
    Decision { problem: Some(problem), ..undecided(config, Cause::Refused) }
}

/// A request for a virtual model that cannot be judged: the default model, unless nothing of its profile is routed and
/// what is not goes on unchanged.
pub(super) fn unread<'c>(
    config: &'c Config,
    asked: &'c Profile,
    name: &str,
    cause: Cause,
    edit: impl FnOnce() -> Edit,
) -> Decision<'c> {
    let rollout = &config.rollout;
    if rollout.control(&asked.name) == Control::Unchanged && rollout.holds_all(&asked.name).is_some() {
        return unchanged(config, asked, name, cause);
    }
    to_default(asked, cause, edit())
}

/// Keeps a decision from being carried out: the request goes the way that the profile's control says. It is carried out all
/// the same where who asks may not use the control's model: nobody is refused because of a roll-out.
pub(super) fn withhold<'c>(
    config: &'c Config,
    asked: &'c Profile,
    name: &str,
    why: NotRouted,
    decision: Decision<'c>,
    edit: impl FnOnce() -> Edit,
) -> Decision<'c> {
    let cause = match why {
        NotRouted::Shadow => Cause::Shadow,
        NotRouted::Control => Cause::Control,
    };
    let instead = match config.rollout.control(&asked.name) {
        Control::DefaultModel => to_default(asked, cause, edit()),
        Control::Unchanged => unchanged(config, asked, name, cause),
    };
    let only = decision.needs.and_then(|needs| needs.only);
    if only.zip(instead.choice.model).is_some_and(|(only, model)| !only.has(model)) {
        return decision;
    }
    let usage = decision.usage;
    let both = instead.choice.model.zip(config.table.baseline.as_ref());
    let cost = instead.choice.model.and_then(|model| route::cost(model, usage));
    Decision {
        choice: Choice { cost, ..instead.choice },
        score: decision.score,
        ask_tokens: decision.ask_tokens,
        usage,
        baseline_cost: decision.baseline_cost,
        savings: both.and_then(|(model, baseline)| route::savings(model, baseline, usage)),
        keeps: decision.keeps,
        needs: decision.needs,
        withheld: Some(decision.choice),
        ..instead
    }
}

/// The request for a virtual model as a pinned one: nothing of it changes.
fn unchanged<'c>(config: &'c Config, asked: &'c Profile, name: &str, cause: Cause) -> Decision<'c> {
    let decision = pinned(config, name);
    Decision { choice: Choice { cause, profile: Some(asked), ..decision.choice }, ..decision }
}

pub(super) fn to_default(profile: &Profile, cause: Cause, edit: Edit) -> Decision<'_> {
    let model = &profile.default_model;
    chosen(Choice { profile: Some(profile), model: Some(model), ..bare(cause) }, &model.cluster, edit)
}

pub(super) fn pinned<'c>(config: &'c Config, name: &str) -> Decision<'c> {
    let model = config.table.models.get(name);
    let cluster = model.map_or(&config.table.default_cluster, |m| &m.cluster);
    chosen(Choice { model, ..bare(Cause::Pinned) }, cluster, Edit::None)
}

/// A request that nothing is known of goes to the default cluster as it is.
pub(super) fn undecided(config: &Config, cause: Cause) -> Decision<'_> {
    chosen(bare(cause), &config.table.default_cluster, Edit::None)
}

/// A choice of nothing.
pub(super) const fn bare<'c>(cause: Cause) -> Choice<'c> {
    Choice { cause, profile: None, tier: None, model: None, cost: None }
}

/// A decision that no prompt was judged for.
pub(super) fn chosen<'c>(choice: Choice<'c>, cluster: &'c str, edit: Edit) -> Decision<'c> {
    Decision {
        choice,
        chain: Vec::new(),
        cluster,
        edit,
        fitted: Fitted::default(),
        stays: false,
        score: None,
        unsure: false,
        ask_tokens: 0,
        usage: Usage::default(),
        baseline_cost: None,
        savings: None,
        withheld: None,
        scan: Budget::default(),
        subject: 0,
        tell: Vec::new(),
        hold: None,
        rule: None,
        bound: false,
        steering: Steering::Nothing,
        needs: None,
        keeps: None,
        problem: None,
    }
}
