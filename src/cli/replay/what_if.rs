//! What another configuration would have made of the requests of a log, as far as that is known without the prompts.
//!
//! The score is in the log, so that the boundaries of the rule scorer can be applied to it once more, and so can tables,
//! strategies and prices. What the filter has to read the prompt for cannot: another scorer, its keywords and weights,
//! and every rule over the scorer.

use std::collections::BTreeMap;

use serde::Serialize;

use super::record::Decided;
use super::report::usd;
use tiergate_core::config::Config;
use tiergate_core::engine::Cause;
use tiergate_core::route::{self, Needs, PickRequest, Profile, Usage};
use tiergate_core::tier::Tier;
use tiergate_core::time::Timestamp;

/// Changes of one kind that are listed one by one.
const MOST_TOLD: usize = 50;

/// Kinds of changes that are kept.
const MOST_KEPT: usize = 10_000;

/// Compares a log with a configuration.
pub struct WhatIf<'c> {
    config: &'c Config,
    /// For promotions.
    now: Timestamp,
    compared: u64,
    tier_changes: u64,
    model_changes: u64,
    tiers: Kinds,
    models: Kinds,
    priced: u64,
    before: f64,
    after: f64,
    untold: BTreeMap<&'static str, u64>,
    without_boundaries: u64,
}

type Kinds = BTreeMap<(String, String), (u64, f64)>;

/// What would be otherwise.
#[derive(Serialize)]
pub struct Changes {
    pub file: String,
    /// Requests of which it is known.
    pub compared: u64,
    pub tier_changes: u64,
    pub model_changes: u64,
    pub tiers: Vec<Change>,
    pub models: Vec<Change>,
    /// Estimated, of the requests for which both are known: `priced`.
    pub priced: u64,
    pub cost_before_usd: f64,
    pub cost_after_usd: f64,
    /// Requests of which it is not known, by the reason.
    pub not_told: BTreeMap<&'static str, u64>,
    /// What was taken to be as it was, or left out.
    pub assumptions: Vec<String>,
}

/// How many go from one to another.
#[derive(Serialize)]
pub struct Change {
    pub from: String,
    pub to: String,
    pub requests: u64,
    /// How much more they cost, where that is known.
    pub cost_change_usd: f64,
}

impl<'c> WhatIf<'c> {
    pub fn new(config: &'c Config, now: Timestamp) -> Self {
        Self {
            config,
            now,
            compared: 0,
            tier_changes: 0,
            model_changes: 0,
            tiers: Kinds::new(),
            models: Kinds::new(),
            priced: 0,
            before: 0.0,
            after: 0.0,
            untold: BTreeMap::new(),
            without_boundaries: 0,
        }
    }

    /// Takes note of a request; `number` is its line's, for strategies that take chance.
    pub fn add(&mut self, number: u64, decided: &Decided) {
        let (profile, tier) = match self.known(decided) {
            Ok(known) => known,
            Err(reason) => {
                *self.untold.entry(reason).or_default() += 1;
                return;
            }
        };
        let (wanted, by_boundaries) = self.tier(decided, tier);
        self.without_boundaries += u64::from(!by_boundaries);
        let usage = Usage {
            input: decided.input_tokens.unwrap_or_default(),
            output: decided.output_tokens.unwrap_or_default(),
        };
        let mut needs = Needs { usage, margin: self.config.window_margin, ..Needs::default() };
        for name in &decided.needs {
            needs.add(name);
        }
        let request = PickRequest {
            tier: wanted,
            needs: &needs,
            difficulty: decided.score.map_or(0.5, |score| score.clamp(0.0, 1.0)),
            code: false,
            plain: false,
            ranking: None,
            conditions: None,
            seed: number,
            now: self.now,
        };
        let pick = route::pick(&self.config.table, profile, &request);
        let cost = route::cost(pick.model, needs.usage_of(pick.model));
        let grows = decided.cost.zip(cost).map(|(before, after)| after - before);
        self.compared += 1;
        if let (Some(before), Some(after)) = (decided.cost, cost) {
            self.priced += 1;
            self.before += before;
            self.after += after;
        }
        let grows = grows.unwrap_or_default();
        if pick.tier != tier {
            self.tier_changes += 1;
            note(&mut self.tiers, tier.name(), pick.tier.name(), grows);
        }
        let model = decided.model.as_deref().unwrap_or_default();
        if pick.model.name != model {
            self.model_changes += 1;
            note(&mut self.models, model, &pick.model.name, grows);
        }
    }

    /// The profile and the tier that the decision was made with, or why nothing is known of it.
    fn known(&self, decided: &Decided) -> Result<(&'c Profile, Tier), &'static str> {
        let judged = Cause::ALL.into_iter().find(|cause| cause.name() == decided.cause);
        match judged {
            Some(Cause::Shadow | Cause::Control) => return Err("not carried out (roll-out)"),
            Some(Cause::State | Cause::UnknownState | Cause::Session) => {
                return Err("held by their conversation");
            }
            Some(Cause::Rule | Cause::Hint | Cause::Tenant | Cause::Budget) => {
                return Err("decided by a rule, a hint or a tenant's policy");
            }
            _ => {}
        }
        let tier = decided.tier.ok_or("not judged (a model by name, a group, no prompt)")?;
        if decided.input_tokens.is_none() {
            return Err("no tokens in the log (written by an older version)");
        }
        let name = decided.profile.as_deref().unwrap_or_default();
        let profile = self.config.table.profiles.get(name).ok_or("the configuration has no such profile")?;
        Ok((profile, tier))
    }

    /// The tier that the configuration wants, and whether its boundaries said so.
    fn tier(&self, decided: &Decided, tier: Tier) -> (Tier, bool) {
        let scorer = &self.config.scorer;
        let by_score = [Cause::Score, Cause::Ambiguous].iter().any(|cause| cause.name() == decided.cause);
        match decided.score.filter(|_| by_score && !scorer.is_calibrated()) {
            Some(score) => {
                let params = scorer.params();
                let (tier, confidence) = params.tier_of(score);
                (if confidence < params.min_confidence { params.ambiguous_tier } else { tier }, true)
            }
            None => (tier, false),
        }
    }

    /// What it comes to.
    pub fn changes(self, file: String) -> Changes {
        Changes {
            file,
            assumptions: self.assumptions(),
            compared: self.compared,
            tier_changes: self.tier_changes,
            model_changes: self.model_changes,
            tiers: most(self.tiers),
            models: most(self.models),
            priced: self.priced,
            cost_before_usd: usd(self.before),
            cost_after_usd: usd(self.after),
            not_told: self.untold,
        }
    }

    fn assumptions(&self) -> Vec<String> {
        let mut limits = Vec::new();
        if self.config.scorer.is_calibrated() {
            limits.push(
                "tiers are those of the log: the calibrated scorer needs the prompts (`tiergate diff` has them)".to_owned(),
            );
        } else {
            let boundaries = self.compared - self.without_boundaries;
            limits.push(format!(
                "{boundaries} tiers follow from the logged score and the boundaries of this configuration, as if the rules \
                 had judged before; {} are those of the log, because something else than the score decided",
                self.without_boundaries
            ));
        }
        limits.push(
            "weights, keywords, overrides and rules that read the prompt or the headers cannot be applied without them".to_owned(),
        );
        limits.push(
            "tools, images, audio, PDFs, schemas and tokens are known; whether an ask is about code, the state of the models, \
             signals and conversations are not"
                .to_owned(),
        );
        limits
    }
}

fn note(kinds: &mut Kinds, from: &str, to: &str, grows: f64) {
    let kind = (from.to_owned(), to.to_owned());
    if kinds.len() < MOST_KEPT || kinds.contains_key(&kind) {
        let (count, cost) = kinds.entry(kind).or_default();
        *count += 1;
        *cost += grows;
    }
}

fn most(kinds: Kinds) -> Vec<Change> {
    let change = |((from, to), (requests, cost)): ((String, String), (u64, f64))| Change {
        from,
        to,
        requests,
        cost_change_usd: usd(cost),
    };
    let mut all: Vec<Change> = kinds.into_iter().map(change).collect();
    all.sort_by_key(|change| std::cmp::Reverse(change.requests));
    all.truncate(MOST_TOLD);
    all
}
