//! The upstream's list of models.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::tier::Tier;

/// An upstream's list of models, fetched in the background. Its chat models count as if they were listed under
/// `models` with this cluster. By their size they become candidates of the document's `tiers`, behind those that are
/// named there; if the document has no `tiers`, of profile `auto`; if it has no `profiles` either, they replace the
/// shipped ones. A model that disappears from the list is removed. A list that is empty or cannot be read changes
/// nothing.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Discover {
    /// Envoy cluster that serves the models of the list that have no entry of their own.
    #[cfg_attr(feature = "schema", schemars(required, length(min = 1, max = 255)))]
    pub cluster: Option<String>,
    /// Envoy cluster that the list is fetched from. It must not have this filter among its upstream filters, so with
    /// `fallbacks.enabled` it has to differ from those of the models. Default: `cluster`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 255)))]
    pub list_cluster: Option<String>,
    /// Value of `:authority` (`Host`). Default: the cluster's name.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 255)))]
    pub authority: Option<String>,
    /// Path of the list, beginning with `/`: `/v1/models`, Ollama's `/api/tags`, LiteLLM's `/model/info`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 2048)))]
    pub path: String,
    /// More request headers, such as `authorization`. Names are lower-case.
    #[cfg_attr(feature = "schema", schemars(extend("maxProperties" = 32)))]
    pub headers: BTreeMap<String, String>,
    /// Longest wait for the whole answer, in milliseconds.
    #[cfg_attr(feature = "schema", schemars(range(min = 50, max = 60_000)))]
    pub timeout_ms: u64,
    /// Seconds after which the list is fetched again, less up to a tenth at random. One worker of the process fetches.
    /// After a failure the next try is in ten seconds, then twice as long each time, up to this value.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 86_400)))]
    pub every_seconds: u64,
    /// Largest list that is read, in bytes; a larger one is refused.
    #[cfg_attr(feature = "schema", schemars(range(min = 1024, max = 8_388_608)))]
    pub max_bytes: usize,
    /// The largest model of SIMPLE and the largest of MEDIUM, in billions of parameters; larger ones serve COMPLEX and
    /// REASONING. All parameters count, not the active ones.
    #[cfg_attr(
        feature = "schema",
        schemars(length(min = 2, max = 2), inner(range(min = 0.001, max = 1_000_000.0)))
    )]
    pub sizes: Vec<f64>,
    /// The only models that are taken from the list: names, or prefixes of names with a `*` at the end. Default: all
    /// that answer chats.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 256)))]
    pub allow: Option<Vec<String>>,
    /// Models that are not taken, spelled as in `allow`.
    #[cfg_attr(feature = "schema", schemars(length(max = 256)))]
    pub block: Vec<String>,
    /// Models that serve a tier whatever their size, spelled as in `allow`. The first pattern that matches counts,
    /// from SIMPLE to REASONING.
    pub tiers: DiscoverTiers,
}

/// Models by tier, whatever their size.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, rename_all = "UPPERCASE", deny_unknown_fields)]
pub struct DiscoverTiers {
    /// Of SIMPLE.
    #[cfg_attr(feature = "schema", schemars(length(max = 256)))]
    pub simple: Vec<String>,
    /// Of MEDIUM.
    #[cfg_attr(feature = "schema", schemars(length(max = 256)))]
    pub medium: Vec<String>,
    /// Of COMPLEX.
    #[cfg_attr(feature = "schema", schemars(length(max = 256)))]
    pub complex: Vec<String>,
    /// Of REASONING.
    #[cfg_attr(feature = "schema", schemars(length(max = 256)))]
    pub reasoning: Vec<String>,
}

impl DiscoverTiers {
    /// The patterns of a tier.
    pub fn get(&self, tier: Tier) -> &[String] {
        match tier {
            Tier::Simple => &self.simple,
            Tier::Medium => &self.medium,
            Tier::Complex => &self.complex,
            Tier::Reasoning => &self.reasoning,
        }
    }
}

impl Default for Discover {
    fn default() -> Self {
        Self {
            cluster: None,
            list_cluster: None,
            authority: None,
            path: "/v1/models".into(),
            headers: BTreeMap::new(),
            timeout_ms: 5000,
            every_seconds: 300,
            max_bytes: 1_048_576,
            sizes: vec![8.0, 27.0],
            allow: None,
            block: Vec::new(),
            tiers: DiscoverTiers::default(),
        }
    }
}
