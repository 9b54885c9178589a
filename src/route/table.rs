//! What the configuration says about models and profiles, compiled.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::tier::{PerTier, Tier};

/// One model a request can be sent to.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Its place in tables of what is known about models: a number of its own, below 512.
    pub slot: usize,
    /// The name in configuration, headers and metrics.
    pub name: String,
    /// The name written into the request.
    pub upstream_model: String,
    /// The Envoy cluster that serves it.
    pub cluster: String,
    /// Input price in USD per million tokens, if known.
    pub input_price: Option<f64>,
    /// Output price in USD per million tokens, if known.
    pub output_price: Option<f64>,
    /// Input window in tokens, if known.
    pub context_window: Option<u64>,
    /// Most output tokens, if known.
    pub max_output: Option<u64>,
    /// Whether it takes `tools`.
    pub tools: bool,
    /// Whether it takes images.
    pub vision: bool,
}

/// One way to choose: a list of candidates a tier.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The name in configuration, headers and metrics.
    pub name: String,
    /// Candidates of each tier, preferred first. Never empty.
    pub tiers: PerTier<Vec<Arc<Model>>>,
    /// Serves whatever could not be judged.
    pub default_model: Arc<Model>,
    /// The profile that serves agentic requests instead of this one.
    pub agentic_profile: Option<String>,
    /// Which of the candidates that can serve a request is preferred.
    pub strategy: Strategy,
}

/// Which of the candidates that can serve a request is preferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// The one listed first.
    Configured,
    /// The one with the best [`Standing`]; of equals, the one listed first.
    Momentum,
}

/// What adoption signals say of each model: above 0 it goes before models without a signal, below 0 behind them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    by_slot: Vec<f64>,
}

impl Standing {
    /// Notes a model's standing; what is not a number counts as 0.
    pub fn set(&mut self, model: &Model, standing: f64) {
        if self.by_slot.len() <= model.slot {
            self.by_slot.resize(model.slot + 1, 0.0);
        }
        if let Some(place) = self.by_slot.get_mut(model.slot) {
            *place = if standing.is_nan() { 0.0 } else { standing };
        }
    }

    /// A model's standing; 0 where nothing is known.
    pub fn of(&self, model: &Model) -> f64 {
        self.by_slot.get(model.slot).copied().unwrap_or_default()
    }

    /// Candidates by standing, the best first; equals in the order they have.
    pub fn order<'m>(&self, candidates: &'m [Arc<Model>]) -> Vec<&'m Arc<Model>> {
        let mut order: Vec<&Arc<Model>> = candidates.iter().collect();
        order.sort_by(|a, b| self.of(b).partial_cmp(&self.of(a)).unwrap_or(Ordering::Equal));
        order
    }
}

/// A tier's list for a while.
#[derive(Clone, Debug)]
pub struct Promotion {
    /// The name, for people.
    pub name: String,
    /// The profile it changes.
    pub profile: String,
    /// The tier it changes.
    pub tier: Tier,
    /// The candidates in that time. Never empty.
    pub models: Vec<Arc<Model>>,
    /// First second it holds, Unix time.
    pub from: u64,
    /// First second it holds no longer, Unix time.
    pub until: u64,
}

/// All models and profiles.
#[derive(Clone, Debug)]
pub struct Table {
    /// Models by name, and by every alias.
    pub models: BTreeMap<String, Arc<Model>>,
    /// Profiles by name.
    pub profiles: BTreeMap<String, Arc<Profile>>,
    /// Profiles by virtual model name (`smart/auto`).
    pub virtual_models: BTreeMap<String, Arc<Profile>>,
    /// Changes for a while.
    pub promotions: Vec<Promotion>,
    /// The model that savings are measured against.
    pub baseline: Option<Arc<Model>>,
    /// The Envoy cluster of everything that names no own.
    pub default_cluster: String,
}

impl Table {
    /// The candidates of a tier at a time (Unix seconds): those of the promotion that holds, else the profile's.
    /// Of two promotions that hold, the one listed first counts.
    pub fn candidates<'t>(&'t self, profile: &'t Profile, tier: Tier, now: u64) -> &'t [Arc<Model>] {
        self.promotions
            .iter()
            .find(|p| p.tier == tier && p.from <= now && now < p.until && p.profile == profile.name)
            .map_or_else(|| profile.tiers.get(tier).as_slice(), |p| p.models.as_slice())
    }
}
