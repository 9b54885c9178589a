//! Calls that name a model and are no conversation.

use super::decision::{no_such_model, refused, to_default};
use super::{Cause, Decision, Edit, path_edit};
use crate::chat::{self, PathModels, Problem};
use crate::config::{Config, Name};
use crate::route::Profile;

/// Decides about a call that is no conversation: a virtual model becomes its profile's default model, wherever it is
/// named. None where none is.
pub fn decide_other<'c>(config: &'c Config, path: &[u8], body: &[u8]) -> Option<Decision<'c>> {
    let in_path = PathModels::of(path, None);
    let in_body = chat::Asked::of(body, &config.limits);
    let find = |name: &str| match config.names.find(&config.table, name) {
        Name::Virtual(profile) => Some(Ok(profile)),
        Name::Missing => Some(Err(no_such_model(config, name))),
        Name::Other => None,
    };
    let (mut asked, mut spans) = (None::<&Profile>, Vec::new());
    let named = in_body.spans.iter().map(|&span| (span, chat::said(span, body)));
    for (span, name) in named {
        match find(&name) {
            None => {}
            Some(Err(problem)) => return Some(problem),
            Some(Ok(profile)) => {
                let other = asked.replace(profile);
                if other.is_some_and(|other| other.default_model.slot != profile.default_model.slot) {
                    return Some(refused(config, Problem::MixedModels));
                }
                spans.push(span);
            }
        }
    }
    let mut path_spans = Vec::new();
    if let Some(name) = &in_path.asked {
        match find(name) {
            None => {}
            Some(Err(problem)) => return Some(problem),
            Some(Ok(profile)) => {
                asked.get_or_insert(profile);
                path_spans = in_path.spans;
            }
        }
    }
    let profile = asked?;
    if in_body.more || in_path.more {
        return Some(refused(config, Problem::TooManyModels));
    }
    let edit = Edit::of(path_edit(path, &path_spans, &profile.default_model), spans);
    Some(to_default(profile, Cause::SidePath, edit))
}
