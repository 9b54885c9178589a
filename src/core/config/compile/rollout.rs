//! How much of the traffic is routed.

use std::collections::BTreeMap;

use super::super::raw;
use crate::rollout::{Control, Part, Rollout};

/// Compiles the mode and the profiles' parts. Ranges are the schema's.
pub(super) fn compile(document: &raw::Document, profiles: &BTreeMap<&str, &raw::Profile>) -> Rollout {
    let part = |profile: &raw::Profile| Part {
        percent: profile.percent.unwrap_or(Part::WHOLE.percent),
        control: match profile.control {
            None | Some(raw::Control::DefaultModel) => Control::DefaultModel,
            Some(raw::Control::Unchanged) => Control::Unchanged,
        },
    };
    let parts = profiles.iter().map(|(name, profile)| ((*name).to_owned(), part(profile)));
    Rollout::new(document.mode == raw::Mode::Shadow, parts.filter(|(_, part)| *part != Part::WHOLE).collect())
}
