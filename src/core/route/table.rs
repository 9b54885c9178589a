//! What the configuration says about models and profiles, compiled.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::fit::Takes;
use crate::sigmoid::sigmoid;
use crate::tier::{PerTier, Tier};
use crate::time::Timestamp;

/// The order of candidates that have none.
pub const LAST: u32 = u32::MAX;

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
    /// Its provider, in LiteLLM's words, if known.
    pub provider: Option<String>,
    /// Input price in USD per million tokens, if known.
    pub input_price: Option<f64>,
    /// Price of input that is in the provider's prompt cache, in USD per million tokens, if known.
    pub cached_input_price: Option<f64>,
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
    /// Whether it takes audio.
    pub audio: bool,
    /// Whether it reads PDFs.
    pub pdf: bool,
    /// Whether it can be held to a JSON schema.
    pub structured_output: bool,
    /// Whether it is preferred for code.
    pub coder: bool,
    /// Tokens that may be sent and answered in a minute, if limited.
    pub tokens_per_minute: Option<u64>,
    /// Requests that may be sent in a minute, if limited.
    pub requests_per_minute: Option<u64>,
    /// Milliseconds that an attempt may take until its answer begins, if that is its own.
    pub timeout_ms: Option<u64>,
    /// How many more attempts are made, if that is its own.
    pub max_retries: Option<u64>,
    /// Candidates of a lower order go before those of a higher one; [`LAST`] where it has none.
    pub order: u32,
    /// Its share of the requests that [`Strategy::Weighted`] spreads, next to the others' weights.
    pub weight: f64,
    /// The mean of its benchmark figures, 0 to 100, if it has any.
    pub capability: Option<f64>,
    /// What it takes of a request, and gets.
    pub takes: Takes,
    /// Where a tier lists it with parameters of its own: those, for people.
    pub variant: Option<String>,
}

impl Model {
    /// What distinguishes it from all others, variants too.
    pub fn key(&self) -> Cow<'_, str> {
        match &self.variant {
            None => Cow::Borrowed(&self.name),
            Some(variant) => format!("{}\n{variant}", self.name).into(),
        }
    }
}

/// One way to choose: a list of candidates a tier.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The name in configuration, headers and metrics.
    pub name: String,
    /// Candidates of each tier, in the configured order. At least one tier has some.
    pub tiers: PerTier<Vec<Arc<Model>>>,
    /// Serves whatever could not be judged.
    pub default_model: Arc<Model>,
    /// The profile that serves agentic requests instead of this one.
    pub agentic_profile: Option<String>,
    /// What makes a request agentic.
    pub agentic: Agentic,
    /// Who serves a request that goes on from something that is not known.
    pub unknown_state: UnknownState,
    /// Which of the candidates that can serve a request is preferred.
    pub strategy: Strategy,
}

/// What makes a request agentic: each of these, or an agentic ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agentic {
    /// It offers tools.
    Offered,
    /// Its conversation has used tools before the newest ask.
    Used,
    /// The ask alone.
    Judged,
}

/// Who serves a request that goes on from something that a provider keeps, where it is not known which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownState {
    /// The profile's default model.
    DefaultModel,
    /// Who would serve it otherwise.
    Judged,
}

/// Which of the candidates that can serve a request is preferred; of equals, the one listed first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Strategy {
    /// The one listed first.
    Configured,
    /// The one with the best [`SignalRanking`].
    Momentum,
    /// The one that costs least for this request.
    Cheapest,
    /// One by chance, by weight.
    Weighted,
    /// The one with the fewest requests in flight.
    LeastBusy,
    /// The one that is expected to have answered first.
    LowestLatency,
    /// The one that has used the least of its limits in this minute.
    Usage,
    /// The cheapest that is likely enough to complete the ask.
    Completion(Completion),
}

/// How [`Strategy::Completion`] chooses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Completion {
    /// How likely a model has to complete the ask to be chosen by its price.
    pub threshold: f64,
    /// Where none is that likely: how far from the likeliest one may be that is.
    pub margin: f64,
    /// Whether the candidates of all tiers are compared, and not those of the tier alone.
    pub all_tiers: bool,
    /// What a model without benchmark figures counts as, 0 to 100.
    pub usual: f64,
    /// From capability and difficulty to likelihood.
    pub curve: Curve,
}

/// How likely a model completes an ask: sigmoid(capability x `capability` + difficulty x `difficulty` + `bias`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve {
    /// Of each point of capability, 0 to 100.
    pub capability: f64,
    /// Of the difficulty, 0 to 1.
    pub difficulty: f64,
    /// Added to both.
    pub bias: f64,
}

impl Curve {
    /// The likelihood, 0 to 1.
    pub fn likelihood(&self, capability: f64, difficulty: f64) -> f64 {
        sigmoid(self.capability * capability + self.difficulty * difficulty + self.bias)
    }
}

/// What adoption signals say of each model: above 0 it goes before models without a signal, below 0 behind them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SignalRanking {
    by_slot: Vec<f64>,
}

impl SignalRanking {
    /// Notes a model's rank; what is not a number counts as 0.
    pub fn set(&mut self, model: &Model, ranking: f64) {
        if self.by_slot.len() <= model.slot {
            self.by_slot.resize(model.slot + 1, 0.0);
        }
        if let Some(place) = self.by_slot.get_mut(model.slot) {
            *place = if ranking.is_nan() { 0.0 } else { ranking };
        }
    }

    /// A model's rank; 0 where nothing is known.
    pub fn of(&self, model: &Model) -> f64 {
        self.by_slot.get(model.slot).copied().unwrap_or_default()
    }

    /// Candidates by rank, the best first; equals in the order they have.
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
    /// The candidates in that time.
    pub models: Vec<Arc<Model>>,
    /// When it begins.
    pub from: Timestamp,
    /// When it is over.
    pub until: Timestamp,
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
    /// Deployments by the name that stands for all of them.
    pub groups: BTreeMap<String, Arc<Profile>>,
    /// Changes for a while.
    pub promotions: Vec<Promotion>,
    /// The model that savings are measured against.
    pub baseline: Option<Arc<Model>>,
    /// The Envoy cluster of everything that names no own.
    pub default_cluster: String,
}

impl Table {
    /// The model of a key, with the parameters of the tier that lists it.
    pub fn keyed(&self, key: &str) -> Option<&Arc<Model>> {
        let Some((name, _)) = key.split_once('\n') else { return self.models.get(key) };
        let profiles = self.profiles.values().chain(self.groups.values()).flat_map(|profile| {
            Tier::ALL
                .into_iter()
                .flat_map(|tier| profile.tiers.get(tier))
                .chain(std::iter::once(&profile.default_model))
        });
        let mut all = profiles.chain(self.promotions.iter().flat_map(|promotion| &promotion.models));
        all.find(|model| model.name == name && model.key() == key)
    }

    /// A table that knows virtual names alone.
    pub const fn of_names(virtual_models: BTreeMap<String, Arc<Profile>>) -> Self {
        Self {
            models: BTreeMap::new(),
            profiles: BTreeMap::new(),
            virtual_models,
            groups: BTreeMap::new(),
            promotions: Vec::new(),
            baseline: None,
            default_cluster: String::new(),
        }
    }

    /// All models that a profile may send requests to at a time; some of them more than once.
    pub fn listed<'t>(
        &'t self,
        profile: &'t Profile,
        now: Timestamp,
    ) -> impl Iterator<Item = &'t Arc<Model>> {
        let tiers = Tier::ALL.into_iter().flat_map(move |tier| self.candidates(profile, tier, now));
        tiers.chain(std::iter::once(&profile.default_model))
    }

    /// The lowest tier that lists a model at a time; the highest there is where none does.
    pub fn tier_of(&self, profile: &Profile, model: &Model, now: Timestamp) -> Tier {
        let lists =
            |tier: &Tier| self.candidates(profile, *tier, now).iter().any(|listed| listed.slot == model.slot);
        Tier::ALL.into_iter().find(lists).unwrap_or(Tier::Reasoning)
    }

    /// The candidates of a tier at a time: those of the promotion that holds, else the profile's.
    /// Of two promotions that hold, the one listed first counts.
    pub fn candidates<'t>(&'t self, profile: &'t Profile, tier: Tier, now: Timestamp) -> &'t [Arc<Model>] {
        self.promotions
            .iter()
            .find(|p| p.tier == tier && p.from <= now && now < p.until && p.profile == profile.name)
            .map_or_else(|| profile.tiers.get(tier).as_slice(), |p| p.models.as_slice())
    }
}
