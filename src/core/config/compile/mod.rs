//! Raw document -> compiled parts. Every mistake in the meaning is reported; nothing is guessed or skipped.

mod asks;
mod classifier;
pub(super) mod console;
mod derived;
mod discover;
mod fallbacks;
mod fit;
mod groups;
mod lists;
mod models;
mod names;
mod operator;
mod own;
mod profiles;
mod promotions;
mod rollout;
pub(super) mod rules;
mod signals;
mod strategy;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::error::Scope;
use super::raw;
use super::shipped;
use super::{Config, Fallbacks, Names};
use crate::discover::choose::DiscoverySettings;
use crate::operator::Operator;
use crate::rollout::Rollout;
use crate::route::{Profile, Table};
use crate::score::Scorer;
use crate::signal::SignalSettings;

/// Whether a model's name will do.
pub(super) fn name(name: &str, scope: &Scope<'_>) {
    names::model(name, scope);
}

/// Whether the document has tables of its own, which replace the shipped ones.
fn has_own(document: &raw::Document) -> bool {
    document.tiers.is_some() || document.profiles.is_some()
}

/// The profiles that count: the document's own, or else the shipped ones.
fn profiles_of<'d>(
    document: &'d raw::Document,
    shipped: &'d BTreeMap<String, raw::Profile>,
    of_tiers: &'d raw::Profile,
) -> BTreeMap<&'d str, &'d raw::Profile> {
    let counting = if has_own(document) { document.profiles.as_ref() } else { Some(shipped) };
    let mut profiles: BTreeMap<_, _> =
        counting.into_iter().flatten().map(|(name, profile)| (name.as_str(), profile)).collect();
    if document.tiers.is_some() {
        profiles.entry("auto").or_insert(of_tiers);
    }
    profiles
}

/// What names may stand for: the profiles, and those that are derived from them. The table of profiles is the
/// document's.
fn with_derived(
    document: &raw::Document,
    profiles: &BTreeMap<&str, &raw::Profile>,
    compiled: &BTreeMap<String, Arc<Profile>>,
) -> (BTreeMap<String, Arc<Profile>>, Rollout) {
    let mut rollout = rollout::compile(document, profiles);
    let mut named = compiled.clone();
    if has_own(document)
        && let Some(stand_in) = profiles::stand_in(compiled).cloned()
    {
        derived::add(&mut named, &stand_in);
        if !profiles.contains_key(derived::PREMIUM) {
            rollout.copy(&stand_in.name, derived::PREMIUM);
        }
    }
    (named, rollout)
}

/// All that names models.
struct Named {
    table: Table,
    names: Names,
    notes: Vec<String>,
    endpoints: Vec<(String, Arc<Profile>)>,
    operator: Operator,
    rollout: Rollout,
    signals: Option<SignalSettings>,
    discover: Option<DiscoverySettings>,
    classifier: Option<super::Classifier>,
    fallbacks: Fallbacks,
}

fn named(document: &raw::Document, root: &Scope<'_>) -> Named {
    let catalogue = shipped::catalogue(root.errors());
    let shipped_profiles = shipped::profiles(root.errors());
    let of_tiers = raw::Profile::default();
    let profiles = profiles_of(document, &shipped_profiles, &of_tiers);
    let models = models::compile(document, &catalogue, &profiles, root);
    let lists = lists::compile(&profiles, &models, root);
    let own = has_own(document);
    let compiled = profiles::compile(document, &profiles, own, &models, &lists, root);
    let (derived, rollout) = with_derived(document, &profiles, &compiled);
    let virtual_models =
        profiles::virtual_names(document, &shipped_profiles, &profiles, &derived, &models, &rollout, root);
    let (names, notes) = profiles::names(document, &derived, &virtual_models, root);
    let groups = groups::compile(document, &virtual_models, &profiles, &models, root);
    let operator = operator::compile(document, &profiles, &models, root);
    let endpoints = groups::endpoints(document, &groups, &models, root);
    let promotions = promotions::compile(document, &profiles, &models, &lists, root);
    let baseline = models.baseline(&document.baseline, &root.key("baseline"));
    let signals = signals::compile(document, &models, root);
    let discover = discover::compile(document, &models, root);
    let classifier = classifier::compile(document, &models, &derived, &virtual_models, root);
    let fallbacks = fallbacks::fallbacks(&document.fallbacks, &models, &root.key("fallbacks"));
    let table = Table {
        models: models.into_table(&virtual_models),
        profiles: compiled,
        virtual_models,
        groups,
        promotions,
        baseline,
        default_cluster: document.default_cluster.clone(),
    };
    Named { table, names, notes, endpoints, operator, rollout, signals, discover, classifier, fallbacks }
}

/// Compiles a document. Complete only if no error was added. `scorer`: that of the same document, where there is one
/// already.
pub(super) fn compile(
    document: &raw::Document,
    scorer: Option<&Arc<Scorer>>,
    root: &Scope<'_>,
) -> Option<Config> {
    names::cluster(&document.default_cluster, &root.key("default_cluster"));
    let named = named(document, root);
    let live = fallbacks::live(&document.live, &root.key("live"));
    let headers = wire::headers(&document.headers, &root.key("headers"));
    let paths = wire::paths(&document.paths, &root.key("paths"));
    let session = wire::session(&document.session, &root.key("session"));
    // The last ones: they end here if anything was wrong.
    let ask = asks::compile(&document.conversation, &root.key("conversation"))?;
    let scorer = match scorer {
        Some(scorer) => Arc::clone(scorer),
        None => Arc::new(rules::compile(document, root)?),
    };
    Some(Config {
        written: 0,
        version: 0,
        several_sign: fit::several_sign(&named.table),
        table: named.table,
        names: named.names,
        endpoints: named.endpoints,
        operator: named.operator,
        reads_forms: groups::read_forms(document),
        limits_attempts: document.models.values().any(|m| m.timeout_ms.is_some() || m.max_retries.is_some()),
        notes: named.notes,
        scorer,
        curve: strategy::curve(&document.completion),
        signals: named.signals,
        document: named.discover.is_some().then(|| Arc::new(document.clone())),
        discover: named.discover,
        classifier: named.classifier,
        rollout: named.rollout,
        position: document.position,
        live,
        fallbacks: named.fallbacks,
        session,
        overrides: wire::overrides(&document.overrides),
        fit: fit::policy(document),
        headers,
        models_endpoint: document.models_endpoint,
        paths,
        limits: wire::limits(&document.limits),
        ask,
        default_output_tokens: document.default_output_tokens,
        window_margin: document.eligibility.window_margin,
        filter_state: document.filter_state,
        gen_ai: document.gen_ai,
    })
}
