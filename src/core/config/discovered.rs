//! A configuration with the models of an upstream's list in it.

use std::sync::Arc;

use super::error::{Errors, Scope};
use super::raw::{Candidate, Document, Model, OneOrMany, Tiers};
use super::{Config, ConfigErrors, compile};
use crate::discover::choose::Chosen;
use crate::discover::list::Listed;
use crate::fnv::Fnv;
use crate::tier::{PerTier, Tier};

/// Most models of a document, as the schema has it.
const MOST: usize = 256;
/// Most models of a tier, as the schema has it.
const MOST_OF_TIER: usize = 64;

impl Config {
    /// This configuration with what an upstream lists. `list` replaces what was listed before.
    ///
    /// # Errors
    /// Why the models and the document do not go together.
    pub fn discovered(&self, list: &[Listed]) -> Result<Config, ConfigErrors> {
        let errors = Errors::default();
        let config = self.discover.as_ref().zip(self.document.as_ref()).and_then(|(settings, document)| {
            let mut whole = document.as_ref().clone();
            add(&mut whole, &settings.choose(list), &settings.cluster, self);
            let mut config = compile::compile(&whole, Some(&self.scorer), &Scope::root(&errors))?;
            // The next list is added to what was written, not to what was listed.
            config.document = Some(Arc::clone(document));
            let mut version = Fnv::default();
            version.number(self.written);
            list.iter().for_each(|listed| version.text(&listed.name));
            (config.written, config.version) = (self.written, version.0);
            Some(config)
        });
        match config {
            Some(config) if errors.is_empty() => Ok(config),
            _ => {
                errors.elsewhere("discover".to_owned(), "the list gives no configuration".to_owned());
                Err(errors.finish())
            }
        }
    }
}

fn add(document: &mut Document, chosen: &Chosen<'_>, cluster: &str, before: &Config) {
    let mut known = Vec::new();
    for listed in &chosen.models {
        let name = listed.name.as_str();
        if document.models.len() >= MOST && !document.models.contains_key(name) {
            continue;
        }
        if !document.models.contains_key(name) && !is_free(name, document, before) {
            continue;
        }
        let entry = document
            .models
            .entry(name.to_owned())
            .or_insert_with(|| Model { cluster: Some(cluster.to_owned()), ..Model::default() });
        complete(entry, listed);
        known.push(name);
    }
    let mut tiers: PerTier<Vec<String>> = PerTier::default();
    for tier in Tier::ALL {
        let names = chosen.tiers.get(tier).iter().filter(|name| known.contains(*name));
        *tiers.get_mut(tier) = names.map(|name| (*name).to_owned()).collect();
    }
    if Tier::ALL.into_iter().any(|tier| tiers.get(tier).is_empty()) {
        return;
    }
    if let Some(own) = &mut document.tiers {
        behind(own, &tiers);
    } else if let Some(profiles) = &mut document.profiles {
        if let Some(own) = profiles.get_mut("auto").and_then(|profile| profile.tiers.as_mut()) {
            behind(own, &tiers);
        }
    } else {
        let list = |tier: Tier| {
            Some(OneOrMany::Many(tiers.get(tier).iter().cloned().map(Candidate::Name).collect()))
        };
        document.tiers = Some(Tiers {
            simple: list(Tier::Simple),
            medium: list(Tier::Medium),
            complex: list(Tier::Complex),
            reasoning: list(Tier::Reasoning),
        });
    }
}

/// Whether a listed name may become a model's: it will do as one, and nothing else has it.
fn is_free(name: &str, document: &Document, before: &Config) -> bool {
    let errors = Errors::default();
    compile::name(name, &Scope::root(&errors));
    let alias = |model: &Model| model.aliases.iter().flatten().any(|alias| alias == name);
    errors.is_empty()
        && !name.contains('*')
        && !before.table.virtual_models.contains_key(name)
        && !document.groups.contains_key(name)
        && !name.starts_with("smart/")
        && !document.models.values().any(alias)
}

/// What the document does not say of a model the list may.
fn complete(entry: &mut Model, listed: &Listed) {
    let facts = &listed.facts;
    let free = listed.local.then_some(0.0);
    entry.input_price = entry.input_price.or(facts.input_price).or(free);
    entry.output_price = entry.output_price.or(facts.output_price).or(free);
    entry.context_window = entry.context_window.or(facts.context_window);
    entry.max_output = entry.max_output.or(facts.max_output);
    entry.tools = entry.tools.or(facts.tools);
    entry.vision = entry.vision.or(facts.vision);
    entry.coder = entry.coder.or(facts.coder.then_some(true));
}

/// Puts names behind those of a table.
fn behind(own: &mut Tiers, more: &PerTier<Vec<String>>) {
    for tier in Tier::ALL {
        let list = match tier {
            Tier::Simple => &mut own.simple,
            Tier::Medium => &mut own.medium,
            Tier::Complex => &mut own.complex,
            Tier::Reasoning => &mut own.reasoning,
        };
        let mut names: Vec<Candidate> = list.take().map(OneOrMany::into_candidates).unwrap_or_default();
        for name in more.get(tier) {
            if names.len() < MOST_OF_TIER && !names.iter().any(|other| other.name() == name) {
                names.push(Candidate::Name(name.clone()));
            }
        }
        *list = Some(OneOrMany::Many(names));
    }
}
