//! The first candidate that can serve the request.

use std::sync::Arc;

use super::{Model, Profile, Table, Usage};
use crate::tier::Tier;

/// What a request needs of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// It offers tools.
    pub tools: bool,
    /// It shows images.
    pub vision: bool,
    /// Tokens it takes.
    pub usage: Usage,
}

impl Needs {
    /// Whether the model can serve the request. A window that is not known is taken to be wide enough.
    pub fn met_by(&self, model: &Model) -> bool {
        (model.tools || !self.tools)
            && (model.vision || !self.vision)
            && model.context_window.is_none_or(|window| self.usage.input <= window)
    }
}

/// A candidate, and the tier whose list it came from.
#[derive(Clone, Copy, Debug)]
pub struct Pick<'t> {
    /// The model.
    pub model: &'t Arc<Model>,
    /// The tier it serves.
    pub tier: Tier,
}

/// The first candidate of `tier` that meets the needs; where there is none, of the next higher tiers, then of the
/// next lower. `now` is Unix time in seconds.
pub fn pick<'t>(
    table: &'t Table,
    profile: &'t Profile,
    tier: Tier,
    needs: &Needs,
    now: u64,
) -> Option<Pick<'t>> {
    let higher = Tier::ALL.into_iter().filter(|&t| t >= tier);
    let lower = Tier::ALL.into_iter().rev().filter(|&t| t < tier);
    higher.chain(lower).find_map(|tier| {
        let model = table.candidates(profile, tier, now).iter().find(|m| needs.met_by(m))?;
        Some(Pick { model, tier })
    })
}
