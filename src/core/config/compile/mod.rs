//! Raw document -> compiled parts. Every mistake in the meaning is told; nothing is guessed or skipped in silence.

mod asks;
mod derived;
mod discover;
mod fallbacks;
mod fit;
mod groups;
mod lists;
mod models;
mod names;
mod operator;
mod profiles;
mod promotions;
mod rollout;
pub(super) mod rules;
mod signals;
mod strategy;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Config;
use super::error::{Errors, Path};
use super::raw;
use super::shipped;
use crate::route::Table;
use crate::score::Scorer;

/// Whether a model's name will do.
pub(super) fn name(name: &str, path: &Path<'_>, errors: &mut Errors) {
    names::model(name, path, errors);
}

/// Compiles a document. Complete only where nothing was told. `scorer`: that of the same document, where there is one
/// already.
pub(super) fn compile(
    document: &raw::Document,
    scorer: Option<&Arc<Scorer>>,
    errors: &mut Errors,
) -> Option<Config> {
    let root = Path::Root;
    let catalogue = shipped::catalogue(errors);
    let shipped_profiles = shipped::profiles(errors);
    names::cluster(&document.default_cluster, &root.key("default_cluster"), errors);

    let own = document.tiers.is_some() || document.profiles.is_some();
    let mut profiles: BTreeMap<&str, &raw::Profile> = BTreeMap::new();
    let of_tiers = raw::Profile::default();
    if own {
        profiles.extend(document.profiles.iter().flatten().map(|(name, profile)| (name.as_str(), profile)));
        if document.tiers.is_some() {
            profiles.entry("auto").or_insert(&of_tiers);
        }
    } else {
        profiles.extend(shipped_profiles.iter().map(|(name, profile)| (name.as_str(), profile)));
    }

    let models = models::compile(document, &catalogue, &profiles, errors);
    let lists = lists::compile(&profiles, &models, errors);
    let compiled = profiles::compile(document, &profiles, own, &models, &lists, errors);
    let mut rollout = rollout::compile(document, &profiles);
    // What names may stand for; the table of profiles is the document's.
    let mut named = compiled.clone();
    if own && let Some(stand_in) = profiles::stand_in(&compiled).cloned() {
        derived::add(&mut named, &stand_in);
        if !profiles.contains_key(derived::PREMIUM) {
            rollout.copy(&stand_in.name, derived::PREMIUM);
        }
    }
    let virtual_models =
        profiles::virtual_names(document, &shipped_profiles, &profiles, &named, &models, &rollout, errors);
    let (names, notes) = profiles::names(document, &named, &virtual_models, errors);
    let groups = groups::compile(document, &virtual_models, &profiles, &models, errors);
    let operator = operator::compile(document, &profiles, &models, errors);
    let endpoints = groups::endpoints(document, &groups, &models, errors);
    let promotions = promotions::compile(document, &profiles, &models, &lists, errors);
    let baseline = models.baseline(&document.baseline, &root.key("baseline"), errors);
    let signals = signals::compile(document, &models, errors);
    let discover = discover::compile(document, &models, errors);
    let live = fallbacks::live(&document.live, &root.key("live"), errors);
    let fallbacks = fallbacks::fallbacks(&document.fallbacks, &models, &root.key("fallbacks"), errors);
    let headers = wire::headers(&document.headers, &root.key("headers"), errors);
    let paths = wire::paths(&document.paths, &root.key("paths"), errors);
    let limits = wire::limits(&document.limits);
    let ask = asks::compile(&document.conversation, &root.key("conversation"), errors)?;
    let scorer = match scorer {
        Some(scorer) => Arc::clone(scorer),
        None => Arc::new(rules::compile(document, errors)?),
    };

    let table = Table {
        models: models.into_table(&virtual_models),
        profiles: compiled,
        virtual_models,
        groups,
        promotions,
        baseline,
        default_cluster: document.default_cluster.clone(),
    };
    Some(Config {
        several_sign: fit::several_sign(&table),
        table,
        names,
        endpoints,
        operator,
        reads_forms: groups::read_forms(document),
        notes,
        scorer,
        signals,
        document: discover.is_some().then(|| Arc::new(document.clone())),
        discover,
        rollout,
        position: document.position,
        live,
        fallbacks,
        session: wire::session(&document.session, &root.key("session"), errors),
        overrides: wire::overrides(&document.overrides),
        fit: fit::policy(document),
        headers,
        models_endpoint: document.models_endpoint,
        paths,
        limits,
        ask,
        default_output_tokens: document.default_output_tokens,
        window_margin: document.eligibility.window_margin,
        filter_state: document.filter_state,
    })
}
