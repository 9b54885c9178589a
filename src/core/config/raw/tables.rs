//! Tables: which models each tier lists, in which profile.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Agentic, Control, Strategy, UnknownState};
use crate::tier::Tier;

/// Candidates of the four tiers, the preferred first: a model's name, `{model, set}`, or a list of these.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE", deny_unknown_fields)]
pub struct Tiers {
    /// Greetings, look-ups, short translations.
    #[cfg_attr(feature = "schema", schemars(required))]
    pub simple: Option<OneOrMany>,
    /// Everyday work: most code, most writing.
    #[cfg_attr(feature = "schema", schemars(required))]
    pub medium: Option<OneOrMany>,
    /// Work with many parts: design, long or constrained tasks.
    #[cfg_attr(feature = "schema", schemars(required))]
    pub complex: Option<OneOrMany>,
    /// Proofs, derivations, anything that needs a chain of thought.
    #[cfg_attr(feature = "schema", schemars(required))]
    pub reasoning: Option<OneOrMany>,
}

impl Tiers {
    /// The candidates of a tier, if given.
    pub const fn get(&self, tier: Tier) -> Option<&OneOrMany> {
        match tier {
            Tier::Simple => self.simple.as_ref(),
            Tier::Medium => self.medium.as_ref(),
            Tier::Complex => self.complex.as_ref(),
            Tier::Reasoning => self.reasoning.as_ref(),
        }
    }
}

/// A model's name, a model with parameters of the tier's own, or a list of these.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(untagged)]
pub enum OneOrMany {
    /// One name.
    One(String),
    /// One model with parameters.
    With(Listed),
    /// Candidates, the preferred first.
    Many(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64)))] Vec<Candidate>),
}

/// A model's name, or a model with parameters of the tier's own.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(untagged)]
pub enum Candidate {
    /// Its name.
    Name(String),
    /// With parameters.
    With(Listed),
}

/// A model with parameters of the tier's own.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// The model's name.
    #[cfg_attr(feature = "schema", schemars(required))]
    pub model: Option<String>,
    /// Parameters that requests get from this tier, as in a model's `params.set`. One model can so serve three tiers
    /// at three efforts.
    #[cfg_attr(feature = "schema", schemars(extend("type" = "object", "maxProperties" = 64)))]
    pub set: Option<BTreeMap<String, serde_json::Value>>,
    /// Its `order` as a candidate of this tier. Default: the model's.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1_000_000)))]
    pub order: Option<u32>,
}

impl Candidate {
    /// The model's name; empty if it is missing.
    pub fn name(&self) -> &str {
        match self {
            Candidate::Name(name) => name,
            Candidate::With(listed) => listed.model.as_deref().unwrap_or_default(),
        }
    }
}

impl OneOrMany {
    /// Whether it is a single entry, not a list.
    pub const fn is_single(&self) -> bool {
        !matches!(self, OneOrMany::Many(_))
    }

    /// The candidates: each model's name, and the entry that gives it parameters.
    pub fn listed(&self) -> Vec<(&str, Option<&Listed>)> {
        fn with(listed: &Listed) -> (&str, Option<&Listed>) {
            (listed.model.as_deref().unwrap_or_default(), Some(listed))
        }
        match self {
            OneOrMany::One(name) => vec![(name, None)],
            OneOrMany::With(listed) => vec![with(listed)],
            OneOrMany::Many(list) => list
                .iter()
                .map(|candidate| match candidate {
                    Candidate::Name(name) => (name.as_str(), None),
                    Candidate::With(listed) => with(listed),
                })
                .collect(),
        }
    }

    /// The same as a list.
    pub fn into_candidates(self) -> Vec<Candidate> {
        match self {
            OneOrMany::One(name) => vec![Candidate::Name(name)],
            OneOrMany::With(listed) => vec![Candidate::With(listed)],
            OneOrMany::Many(list) => list,
        }
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = String> + use<> {
        let names: Vec<String> = self.listed().into_iter().map(|(name, _)| name.to_owned()).collect();
        names.into_iter()
    }
}

/// A table of tiers, and how to choose within it.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Candidates of each tier. Default: the document's `tiers`.
    pub tiers: Option<Tiers>,
    /// Model that serves requests that could not be judged, and those that no candidate can serve. Default: the first
    /// of MEDIUM that the profile may use, else the first of another tier.
    pub default_model: Option<String>,
    /// Profile that serves agentic requests (`agentic` says which are) instead of this one. Default: `agentic` for
    /// profile `auto` if there is such a profile, else none. A profile that names itself has none.
    pub agentic_profile: Option<String>,
    /// What makes a request agentic. Default: `used`; for profile `agentic`, `offered`.
    pub agentic: Option<Agentic>,
    /// Which model serves a request that continues something that one provider keeps (`previous_response_id`, a
    /// `conversation`, Gemini's `cachedContent`), if the model that made it is unknown. Default: `default_model`.
    pub unknown_state: Option<UnknownState>,
    /// Which of a tier's eligible candidates is preferred. Default: `momentum` if the document has `signals`, else
    /// `configured`.
    pub strategy: Option<Strategy>,
    /// Share of the conversations that this profile routes, in percent, with two decimals; `control` says what happens
    /// to the others. A conversation stays on its side, and one that is routed stays routed when the number grows. It
    /// is identified by `user` (`metadata.user_id` in Anthropic's dialect) and the first human ask. Default: 100.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 100.0)))]
    pub percent: Option<f64>,
    /// What happens to requests that are not routed: those outside `percent`, and all in `mode: shadow`. Default:
    /// `default_model`.
    pub control: Option<Control>,
    /// The only models that this profile may use: names, or prefixes of names with a `*` at the end. Default: all that
    /// its tables list.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64)))]
    pub allow: Option<Vec<String>>,
    /// Models that this profile may not use, spelled as in `allow`; they are removed from its tables and promotions.
    /// For agentic requests the lists of the `agentic_profile` apply.
    #[cfg_attr(feature = "schema", schemars(length(max = 64)))]
    pub block: Option<Vec<String>>,
    /// For strategy `completion`: the likelihood of completing an ask from which on a model is chosen by its price.
    /// Default: 0.8.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 1.0)))]
    pub completion_threshold: Option<f64>,
    /// For strategy `completion`: if no model reaches the threshold, the cheapest of those whose likelihood is at most
    /// this much below the best serves. Default: 0: the likeliest.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 1.0)))]
    pub fallback_quality_margin: Option<f64>,
    /// For strategy `completion`: whether the candidates of all tiers are compared, whatever the decided tier.
    /// Default: true.
    pub completion_all_tiers: Option<bool>,
}

/// A list of candidates that applies for a limited time. Two promotions for one tier of one profile must not overlap.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Promotion {
    /// A name, for people.
    #[cfg_attr(feature = "schema", schemars(required))]
    pub name: Option<String>,
    /// Profile whose table changes.
    #[cfg_attr(feature = "schema", schemars(required))]
    pub profile: Option<String>,
    /// Tier whose list changes.
    #[cfg_attr(feature = "schema", schemars(required))]
    pub tier: Option<Tier>,
    /// Candidates in that time, the preferred first, as in a tier of a table.
    #[cfg_attr(feature = "schema", schemars(required))]
    pub models: Option<OneOrMany>,
    /// First moment at which it applies: `2026-11-01` (midnight UTC) or `2026-11-01T08:00:00+02:00` (RFC 3339).
    #[cfg_attr(feature = "schema", schemars(required))]
    pub from: Option<String>,
    /// First moment at which it no longer applies, after `from`. Same spelling.
    #[cfg_attr(feature = "schema", schemars(required))]
    pub until: Option<String>,
}
