//! The candidate that serves the request.

use std::sync::Arc;

use super::{Conditions, Model, Profile, Standing, Strategy, Table, Usage};
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
#[derive(Clone, Debug)]
pub struct Pick<'t> {
    /// The model.
    pub model: &'t Arc<Model>,
    /// The tier it serves.
    pub tier: Tier,
    /// Whether adoption signals preferred it to a candidate that is listed before it.
    pub moved: bool,
    /// Who may serve in its place, in order.
    pub chain: Vec<&'t Arc<Model>>,
}

/// Most candidates that are named behind the one that serves.
const CHAIN: usize = 4;

/// The preferred candidate of `tier` among those that meet the needs; where there is none, of the next higher tiers,
/// then of the next lower. `now` is Unix time in seconds.
pub fn pick<'t>(
    table: &'t Table,
    profile: &'t Profile,
    tier: Tier,
    needs: &Needs,
    standing: Option<&Standing>,
    conditions: Option<&Conditions>,
    now: u64,
) -> Option<Pick<'t>> {
    let standing = standing.filter(|_| profile.strategy == Strategy::Momentum);
    let higher = Tier::ALL.into_iter().filter(|&t| t >= tier);
    let lower = Tier::ALL.into_iter().rev().filter(|&t| t < tier);
    higher.chain(lower).find_map(|tier| {
        let listed: Vec<&Arc<Model>> =
            table.candidates(profile, tier, now).iter().filter(|m| needs.met_by(m)).collect();
        let cooling = |m: &Model| conditions.is_some_and(|conditions| conditions.of(m).cooling);
        let all = listed.iter().all(|m| cooling(m));
        let mut able = listed.iter().copied().filter(|m| all || !cooling(m));
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
        let others = listed.iter().copied().filter(|m| m.slot != model.slot && (all || !cooling(m)));
        Some(Pick { model, tier, moved, chain: others.take(CHAIN).collect() })
    })
}
