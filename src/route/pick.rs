//! The candidate that serves the request.

use std::sync::Arc;

use super::{Model, Profile, Standing, Strategy, Table, Usage};
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
    /// Whether adoption signals preferred it to a candidate that is listed before it.
    pub moved: bool,
}

/// The preferred candidate of `tier` among those that meet the needs; where there is none, of the next higher tiers,
/// then of the next lower. `now` is Unix time in seconds.
pub fn pick<'t>(
    table: &'t Table,
    profile: &'t Profile,
    tier: Tier,
    needs: &Needs,
    standing: Option<&Standing>,
    now: u64,
) -> Option<Pick<'t>> {
    let standing = standing.filter(|_| profile.strategy == Strategy::Momentum);
    let higher = Tier::ALL.into_iter().filter(|&t| t >= tier);
    let lower = Tier::ALL.into_iter().rev().filter(|&t| t < tier);
    higher.chain(lower).find_map(|tier| {
        let mut able = table.candidates(profile, tier, now).iter().filter(|m| needs.met_by(m));
        let mut model = able.next()?;
        let mut moved = false;
        if let Some(standing) = standing {
            let mut best = standing.of(model);
            for other in able {
                let its = standing.of(other);
                if its > best {
                    (model, best, moved) = (other, its, true);
                }
            }
        }
        Some(Pick { model, tier, moved })
    })
}
