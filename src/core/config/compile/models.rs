//! Models: the document's entries over the shipped catalogue, found by name and by alias.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::check::unknown;
use super::super::error::{Scope, quoted};
use super::super::raw;
use super::{fit, names};
use crate::fit::Takes;
use crate::route::{LAST, Model, Profile};
use crate::tier::Tier;

/// All models that can be referred to.
pub(super) struct Models {
    by_name: BTreeMap<String, Arc<Model>>,
    aliases: BTreeMap<String, Arc<Model>>,
    /// Names in the document: of its own entries, and of the catalogue's that its tables use.
    in_use: BTreeSet<String>,
}

/// Compiles the models of the document and of the catalogue.
pub(super) fn compile(
    document: &raw::Document,
    catalogue: &BTreeMap<String, raw::Model>,
    profiles: &BTreeMap<&str, &raw::Profile>,
    root: &Scope<'_>,
) -> Models {
    let scope = root.key("models");
    let nothing = raw::Model::default();
    let in_use = in_use(document, profiles);
    let base = |name: &str, entry: &raw::Model| {
        catalogue.get(name).or_else(|| catalogue.get(entry.upstream_model.as_deref().unwrap_or(name)))
    };
    // What nobody is sent to is not made to fit.
    let used = |name: &str| document.fit_pinned || in_use.contains(name);
    let own = document.models.iter().flat_map(|(name, entry)| {
        entry.family.as_deref().or_else(|| base(name, entry).and_then(|base| base.family.as_deref()))
    });
    let shipped =
        catalogue.iter().filter(|(name, _)| used(name)).filter_map(|(_, entry)| entry.family.as_deref());
    let families = fit::families(&own.chain(shipped).collect(), root);
    let figures = Figures { scales: scales(document, root), counted: counted(document, catalogue, root) };
    let model = |slot, name: &str, entry: &raw::Model, of: (&raw::Model, Takes)| {
        model(slot, name, entry, of, &document.default_cluster, &figures)
    };
    let mut by_name = BTreeMap::new();
    for (name, entry) in catalogue {
        let slot = by_name.len();
        let takes = match used(name) {
            true => fit::takes(&nothing, entry, &families, &scope.key(name)),
            false => Takes::default(),
        };
        by_name.insert(name.clone(), model(slot, name, &nothing, (entry, takes)));
    }
    for (slot, (name, entry)) in (by_name.len()..).zip(&document.models) {
        let scope = scope.key(name);
        spelling(name, entry, &scope);
        let upstream = entry.upstream_model.as_deref().unwrap_or(name);
        let base = catalogue.get(name).or_else(|| catalogue.get(upstream)).unwrap_or(&nothing);
        let takes = fit::takes(entry, base, &families, &scope);
        by_name.insert(name.clone(), model(slot, name, entry, (base, takes)));
    }
    let mut models = Models { by_name, aliases: BTreeMap::new(), in_use };
    for (name, entry) in &document.models {
        let scope = scope.key(name);
        let scope = scope.key("aliases");
        for (i, alias) in entry.aliases.iter().flatten().enumerate() {
            models.alias(name, alias, &scope.index(i));
        }
    }
    models
}

/// Whether the names of an entry will do.
fn spelling(name: &str, entry: &raw::Model, scope: &Scope<'_>) {
    names::model(name, scope);
    if let Some(cluster) = &entry.cluster {
        names::cluster(cluster, &scope.key("cluster"));
    }
    if let Some(upstream) = &entry.upstream_model {
        names::upstream(upstream, &scope.key("upstream_model"));
    }
    for benchmark in entry.benchmarks.iter().flat_map(BTreeMap::keys) {
        names::model(benchmark, &scope.key("benchmarks").key(benchmark));
    }
}

/// An entry over a base, field by field; with what the model takes.
fn model(
    slot: usize,
    name: &str,
    entry: &raw::Model,
    (base, takes): (&raw::Model, Takes),
    default_cluster: &str,
    figures: &Figures,
) -> Arc<Model> {
    let cluster = entry.cluster.as_deref().unwrap_or(default_cluster);
    let litellm = entry.litellm.unwrap_or_else(|| cluster.contains("litellm"));
    Arc::new(Model {
        slot,
        name: name.to_owned(),
        upstream_model: entry.upstream_model.clone().unwrap_or_else(|| name.to_owned()),
        cluster: cluster.to_owned(),
        provider: entry.provider.clone().or_else(|| base.provider.clone()).or_else(|| {
            let upstream = entry.upstream_model.as_deref().unwrap_or(name);
            upstream.split_once('/').map(|(provider, _)| provider.to_owned())
        }),
        input_price: entry.input_price.or(base.input_price),
        cached_input_price: entry.cached_input_price.or(base.cached_input_price),
        output_price: entry.output_price.or(base.output_price),
        context_window: entry.context_window.or(base.context_window),
        max_output: entry.max_output.or(base.max_output),
        tools: entry.tools.or(base.tools).unwrap_or(true),
        vision: entry.vision.or(base.vision).unwrap_or(false),
        audio: entry.audio.or(base.audio).unwrap_or(false),
        pdf: entry.pdf.or(base.pdf).unwrap_or(false),
        structured_output: entry.structured_output.or(base.structured_output).unwrap_or(true),
        coder: entry.coder.or(base.coder).unwrap_or(false),
        tokens_per_minute: entry.tokens_per_minute,
        requests_per_minute: entry.requests_per_minute,
        timeout_ms: entry.timeout_ms,
        max_retries: entry.max_retries,
        order: entry.order.unwrap_or(LAST),
        weight: entry.weight.unwrap_or(1.0),
        takes: Takes { litellm, ..takes },
        variant: None,
        capability: figures.capability(entry, base),
    })
}

/// A model with parameters of a tier's own, which go before its own for the same parameter.
fn variant(model: &Model, set: Vec<(String, Vec<u8>)>) -> Model {
    let mut model = model.clone();
    let text = |json: &[u8]| String::from_utf8_lossy(json).replace('"', "");
    let label: Vec<String> = set.iter().map(|(name, json)| format!("{name}={}", text(json))).collect();
    model.variant = (!label.is_empty()).then(|| label.join(","));
    model.takes.set.retain(|(name, _)| set.iter().all(|(other, _)| other != name));
    model.takes.set.extend(set);
    model
}

/// What each benchmark's figures are multiplied with to be of 100: 100 where all models have it as shares of 1. One that
/// is a share for some models and of 100 for others is a mistake.
fn scales(document: &raw::Document, root: &Scope<'_>) -> BTreeMap<String, f64> {
    let mut largest: BTreeMap<&str, (f64, &str)> = BTreeMap::new();
    let figures = || {
        let models = document.models.iter();
        models.flat_map(|(name, entry)| {
            entry.benchmarks.iter().flatten().map(move |(key, figure)| (name.as_str(), key.as_str(), *figure))
        })
    };
    for (name, benchmark, figure) in figures() {
        let known = largest.entry(benchmark).or_insert((figure, name));
        if figure > known.0 {
            *known = (figure, name);
        }
    }
    let scope = root.key("models");
    for (name, benchmark, figure) in figures() {
        let Some((most, other)) = largest.get(benchmark).filter(|(most, _)| *most > 1.0) else { continue };
        if figure > 0.0 && figure <= 1.0 {
            let message = format!(
                "{figure} is a share of 1, and model {} has {most} of 100; give both on one scale, such as {}",
                quoted(other),
                figure * 100.0
            );
            scope.key(name).key("benchmarks").key(benchmark).meaning(message);
        }
    }
    let scale = |most: f64| if most <= 1.0 { 100.0 } else { 1.0 };
    largest.into_iter().map(|(benchmark, (most, _))| (benchmark.to_owned(), scale(most))).collect()
}

/// The benchmark of the catalogue that counts where the document says nothing of any.
const USUAL_BENCHMARK: &str = "gpqa_diamond";

/// The names of the benchmarks that count.
fn counted(
    document: &raw::Document,
    catalogue: &BTreeMap<String, raw::Model>,
    root: &Scope<'_>,
) -> BTreeSet<String> {
    let of = |models: &BTreeMap<String, raw::Model>| -> BTreeSet<String> {
        models.values().flat_map(|entry| entry.benchmarks.iter().flat_map(BTreeMap::keys)).cloned().collect()
    };
    let own = of(&document.models);
    let named = &document.completion.benchmarks;
    if named.is_empty() {
        return if own.is_empty() { BTreeSet::from([USUAL_BENCHMARK.to_owned()]) } else { own };
    }
    let shipped = of(catalogue);
    let scope = root.key("completion");
    let scope = scope.key("benchmarks");
    for (i, name) in named.iter().enumerate() {
        if !own.contains(name) && !shipped.contains(name) {
            let message =
                format!("no model has a figure of {}; give one under a model's benchmarks", quoted(name));
            scope.index(i).meaning(message);
        }
    }
    named.iter().cloned().collect()
}

/// What makes a model's capability of its figures.
struct Figures {
    /// What the document's figures are multiplied with to be of 100. The catalogue's are of 100.
    scales: BTreeMap<String, f64>,
    counted: BTreeSet<String>,
}

impl Figures {
    /// The mean of the figures that count, of 100: the document's, or the catalogue's where it has none.
    fn capability(&self, entry: &raw::Model, base: &raw::Model) -> Option<f64> {
        let scale = |name: &str| match entry.benchmarks {
            Some(_) => self.scales.get(name).copied().unwrap_or(1.0),
            None => 1.0,
        };
        let all = entry.benchmarks.as_ref().or(base.benchmarks.as_ref())?;
        let counted = all.iter().filter(|(name, _)| self.counted.contains(*name));
        let of_100: Vec<f64> = counted.map(|(name, figure)| figure * scale(name)).collect();
        (!of_100.is_empty()).then(|| of_100.iter().sum::<f64>() / of_100.len() as f64)
    }
}

/// Every name that the document gives an entry or refers to.
fn in_use(document: &raw::Document, profiles: &BTreeMap<&str, &raw::Profile>) -> BTreeSet<String> {
    let tables = document.tiers.iter().chain(profiles.values().filter_map(|p| p.tiers.as_ref()));
    let mut names: BTreeSet<String> = document.models.keys().cloned().collect();
    for tiers in tables {
        names.extend(Tier::ALL.into_iter().filter_map(|t| tiers.get(t)).flat_map(raw::OneOrMany::names));
    }
    names.extend(profiles.values().filter_map(|p| p.default_model.clone()));
    names
        .extend(document.promotions.iter().filter_map(|p| p.models.as_ref()).flat_map(raw::OneOrMany::names));
    names.extend(document.groups.values().flat_map(raw::Group::models).map(|one| one.name().to_owned()));
    names.extend(document.routing_rules.iter().filter_map(|rule| rule.model.clone()));
    names.extend(document.endpoints.values().filter(|name| !document.groups.contains_key(*name)).cloned());
    let raw::Fallbacks { general, context_window, content_policy, .. } = &document.fallbacks;
    for (name, list) in [general, context_window, content_policy].into_iter().flatten() {
        names.extend((name != super::fallbacks::ANY).then(|| name.clone()));
        names.extend(list.iter().cloned());
    }
    names
}

impl Models {
    fn alias(&mut self, name: &str, alias: &str, scope: &Scope<'_>) {
        names::model(alias, scope);
        if alias == name {
            scope.meaning(format!("alias {} is the model's own name; leave it out", quoted(alias)));
            return;
        }
        if self.by_name.contains_key(alias) && self.in_use.contains(alias) {
            scope.meaning(format!("alias {} is a model's name; choose another", quoted(alias)));
            return;
        }
        let Some(model) = self.by_name.get(name) else { return };
        if let Some(other) = self.aliases.insert(alias.to_owned(), Arc::clone(model)) {
            let (alias, other) = (quoted(alias), quoted(&other.name));
            scope.meaning(format!("alias {alias} also belongs to model {other}; keep one of them"));
        }
    }

    /// The model of a name or an alias.
    pub fn get(&self, name: &str) -> Option<&Arc<Model>> {
        self.aliases.get(name).or_else(|| self.by_name.get(name))
    }

    /// The name or alias of a model that the document gives or uses, which no virtual name may be.
    pub fn is_in_use(&self, name: &str) -> bool {
        self.aliases.contains_key(name) || (self.by_name.contains_key(name) && self.in_use.contains(name))
    }

    /// The Envoy clusters of all models that there are.
    pub fn clusters(&self) -> impl Iterator<Item = &str> {
        self.by_name.values().map(|model| model.cluster.as_str())
    }

    /// All models that there are.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Model>> {
        self.by_name.values()
    }

    /// The names of all models that there are.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// The model that a place refers to; reports where there is none.
    pub fn find(&self, name: &str, scope: &Scope<'_>) -> Option<Arc<Model>> {
        if let Some(model) = self.get(name) {
            return Some(Arc::clone(model));
        }
        let known = self.by_name.keys().chain(self.aliases.keys()).map(String::as_str);
        scope.meaning(unknown("model", name, known, "name one of `models` or of the shipped catalogue"));
        None
    }

    /// The models that a list refers to, in its order; reports unknown ones and those listed twice.
    pub fn list(&self, list: &raw::OneOrMany, scope: &Scope<'_>) -> Vec<Arc<Model>> {
        let listed = list.listed();
        let mut found: Vec<Arc<Model>> = Vec::with_capacity(listed.len());
        for (i, (name, entry)) in listed.into_iter().enumerate() {
            let place = scope.index(i);
            let place = if list.is_single() { scope } else { &place };
            let of_name = entry.map(|_| place.key("model"));
            if entry.is_some_and(|entry| entry.model.is_none()) {
                continue;
            }
            let Some(mut model) = self.find(name, of_name.as_ref().unwrap_or(place)) else {
                continue;
            };
            if let Some(entry) = entry {
                let set = fit::set(entry.set.as_ref(), &place.key("set"));
                let mut changed = variant(&model, set);
                changed.order = entry.order.unwrap_or(changed.order);
                model = Arc::new(changed);
            }
            if found.iter().any(|m| m.name == model.name) {
                place.meaning(format!("model {} is listed twice; keep one of them", quoted(&model.name)));
            } else {
                found.push(model);
            }
        }
        found
    }

    /// The baseline, which needs prices.
    pub fn baseline(&self, name: &str, scope: &Scope<'_>) -> Option<Arc<Model>> {
        let model = self.find(name, scope)?;
        if model.input_price.is_none() || model.output_price.is_none() {
            let place = format!("models[{}]", quoted(name));
            scope.meaning(format!("the baseline has no price; give {place} input_price and output_price"));
        }
        Some(model)
    }

    /// By name and by alias. A virtual name hides a model of the catalogue that is not in use.
    pub fn into_table(self, virtual_models: &BTreeMap<String, Arc<Profile>>) -> BTreeMap<String, Arc<Model>> {
        let hidden: Vec<&String> = virtual_models.keys().filter(|name| !self.is_in_use(name)).collect();
        let mut table = self.by_name;
        table.extend(self.aliases);
        for name in hidden {
            table.remove(name);
        }
        table
    }
}
