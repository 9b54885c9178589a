//! What is learnt from answers, and who serves when a model does not.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::error::{Errors, Path, quoted};
use super::super::raw;
use super::super::{Fallbacks, Live};
use super::models::Models;
use crate::live::Settings;
use crate::route::{Chains, Model};

/// Compiles the section `live`. None where nothing is to be learnt.
pub(super) fn live(raw: &raw::Live, path: &Path<'_>, errors: &mut Errors) -> Option<Live> {
    if raw.max_cooldown_time < raw.cooldown_time {
        let message = format!(
            "{} is below `cooldown_time`; give at least {}",
            raw.max_cooldown_time, raw.cooldown_time
        );
        errors.meaning(&path.key("max_cooldown_time"), message);
    }
    let settings = Settings {
        allowed_fails: raw.allowed_fails,
        cooldown: raw.cooldown_time.saturating_mul(1000),
        longest_cooldown: raw.max_cooldown_time.saturating_mul(1000),
    };
    raw.enabled.then_some(Live { settings, usage: raw.usage })
}

/// Compiles the section `fallbacks`.
pub(super) fn fallbacks(
    raw: &raw::Fallbacks,
    models: &Models,
    path: &Path<'_>,
    errors: &mut Errors,
) -> Fallbacks {
    let chains = Chains {
        general: chains(&raw.general, &path.key("general"), models, errors),
        context_window: chains(&raw.context_window, &path.key("context_window"), models, errors),
        content_policy: chains(&raw.content_policy, &path.key("content_policy"), models, errors),
    };
    Fallbacks { enabled: raw.enabled, chains }
}

fn chains(
    raw: &BTreeMap<String, Vec<String>>,
    path: &Path<'_>,
    models: &Models,
    errors: &mut Errors,
) -> BTreeMap<usize, Vec<Arc<Model>>> {
    let mut chains = BTreeMap::new();
    for (name, list) in raw {
        let path = path.key(name);
        let model = models.find(name, &path, errors);
        let chain = models.list(list, &path, false, errors);
        let Some(model) = model else { continue };
        if chain.iter().any(|other| other.slot == model.slot) {
            let message = format!("model {} is in its own chain; leave it out", quoted(&model.name));
            errors.meaning(&path, message);
        }
        if chains.insert(model.slot, chain).is_some() {
            let message =
                format!("model {} is listed under two names; keep one of them", quoted(&model.name));
            errors.meaning(&path, message);
        }
    }
    chains
}
