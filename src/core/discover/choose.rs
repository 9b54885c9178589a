//! Which models of a list are taken, and which tiers they serve.

use super::facts::Facts;
use super::list::Listed;
use super::tiers::{self, Bounds};
use crate::refresh::{Endpoint, Schedule};
use crate::tier::{PerTier, Tier};

/// Most models that are taken from a list: the first ones.
pub const MOST: usize = 128;
/// Most of them in one tier.
const MOST_OF_TIER: usize = 32;

/// What the configuration says about an upstream's list.
#[derive(Clone, Debug, PartialEq)]
pub struct DiscoverySettings {
    /// The Envoy cluster that serves the models.
    pub cluster: String,
    /// Where the list is.
    pub endpoint: Endpoint,
    /// When it is fetched.
    pub schedule: Schedule,
    /// Which sizes serve which tiers.
    pub bounds: Bounds,
    /// The only models that are taken.
    pub allow: Option<Vec<Pattern>>,
    /// Models that are not.
    pub block: Vec<Pattern>,
    /// Models of a tier, whatever their size.
    pub tiers: PerTier<Vec<Pattern>>,
}

/// A name, or the beginning of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    beginning: String,
    whole: bool,
}

impl Pattern {
    /// A name, or a beginning with a `*` behind it. None where a `*` stands elsewhere.
    pub fn new(text: &str) -> Option<Self> {
        let beginning = text.strip_suffix('*');
        let whole = beginning.is_none();
        let beginning = beginning.unwrap_or(text);
        (!beginning.contains('*')).then(|| Self { beginning: beginning.to_owned(), whole })
    }

    /// Whether it is meant.
    pub fn matches(&self, name: &str) -> bool {
        if self.whole { name == self.beginning } else { name.starts_with(&self.beginning) }
    }
}

/// What is taken of a list.
#[derive(Debug, Default)]
pub struct Chosen<'l> {
    /// The models, in the order of the list.
    pub models: Vec<&'l Listed>,
    /// Names of each tier, preferred first. All are empty where nothing shows where a model belongs.
    pub tiers: PerTier<Vec<&'l str>>,
}

impl DiscoverySettings {
    /// What is taken of a list.
    pub fn choose<'l>(&self, list: &'l [Listed]) -> Chosen<'l> {
        let on = |patterns: &[Pattern], name: &str| patterns.iter().any(|pattern| pattern.matches(name));
        let wanted = |listed: &&Listed| {
            let name = listed.name.as_str();
            self.allow.as_deref().is_none_or(|allow| on(allow, name)) && !on(&self.block, name)
        };
        let chats = list.iter().filter(|listed| listed.other.is_none());
        let models: Vec<&Listed> = chats.filter(wanted).take(MOST).collect();
        let told = |name: &str| Tier::ALL.into_iter().find(|tier| on(self.tiers.get(*tier), name));
        let free: Vec<&Listed> =
            models.iter().copied().filter(|listed| told(&listed.name).is_none()).collect();
        let facts: Vec<&Facts> = free.iter().map(|listed| &listed.facts).collect();
        let by_size = tiers::by_size(&facts, self.bounds);
        let mut names: PerTier<Vec<&str>> = PerTier::default();
        for tier in Tier::ALL {
            let own = models.iter().filter(|listed| told(&listed.name) == Some(tier));
            let sized = by_size.get(tier).iter().filter_map(|at| free.get(*at));
            let all = own.chain(sized).map(|listed| listed.name.as_str());
            *names.get_mut(tier) = all.take(MOST_OF_TIER).collect();
        }
        fill(&mut names);
        Chosen { models, tiers: names }
    }
}

/// A tier without a model has those of the next higher one, else of the next lower.
fn fill(names: &mut PerTier<Vec<&str>>) {
    let there = names.clone();
    for (at, tier) in Tier::ALL.into_iter().enumerate() {
        let higher = Tier::ALL.into_iter().skip(at);
        let lower = Tier::ALL.into_iter().take(at).rev();
        let mut others = higher.chain(lower).map(|tier| there.get(tier));
        if let Some(list) = others.find(|list| !list.is_empty()) {
            names.get_mut(tier).clone_from(list);
        }
    }
}
