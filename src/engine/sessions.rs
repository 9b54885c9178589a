//! Conversations that keep their model.

use std::fmt;

use super::Cause;
use crate::chat::{Span, View};
use crate::live::{self, Held};
use crate::route::{self, Model, Pick, Profile, Why, Wish};
use crate::tier::Tier;

/// What conversations are held by.
#[derive(Clone, Copy)]
pub struct Sessions<'l> {
    /// The process's own number, which goes into those of conversations.
    pub salt: u64,
    /// The conversation's id, where the request's headers tell one.
    pub id: Option<&'l [u8]>,
    /// Looks a conversation up.
    pub held: &'l dyn Fn(u64) -> Option<Held>,
}

impl fmt::Debug for Sessions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}

/// The number of the conversation that a request is of: by its header, its body's ids, or how it begins. None where
/// nothing tells it.
pub(super) fn conversation(
    sessions: &Sessions<'_>,
    asked: &Profile,
    body: &[u8],
    view: &View<'_>,
) -> Option<u64> {
    /// System text may come in many parts.
    const MOST: usize = 16;
    let of = |kind: &str, texts: &mut dyn Iterator<Item = &[u8]>| {
        let texts: Vec<&[u8]> = texts.take(2 * MOST).collect();
        let told = texts.iter().any(|text| !text.is_empty());
        let all = [asked.name.as_bytes(), kind.as_bytes()].into_iter().chain(texts);
        told.then(|| live::session(sessions.salt, all))
    };
    let id = |span: Option<Span>| span.map(|span| span.of(body));
    of("header", &mut sessions.id.into_iter())
        .or_else(|| of("session", &mut id(view.session).into_iter()))
        .or_else(|| of("user", &mut id(view.user).into_iter()))
        .or_else(|| {
            let spans = view.system.iter().take(MOST).chain(view.opening.iter().take(MOST));
            of("opening", &mut spans.map(|span| span.of(body)))
        })
}

/// What serves a conversation that is held: its model, unless that cannot serve the request, is in cooldown, or a higher
/// tier is wanted; then whoever is picked, but of no lower tier. What a tool answered goes to the model that called it,
/// if that can serve it at all. None where it is as if the conversation were not held, as where nobody can serve it.
pub(super) fn stay<'c>(
    table: &'c route::Table,
    profile: &'c Profile,
    wish: &Wish<'_>,
    pick: &Pick<'c>,
    held: Held,
    tool_turn: bool,
) -> Option<Pick<'c>> {
    let model = table.listed(profile, wish.now).find(|model| held.is(&model.name))?;
    // Where all are in cooldown, none is.
    let well = !wish.avoids(model) || wish.avoids(pick.model);
    if wish.needs.met_by(model) && (tool_turn || wish.tier <= held.tier && well) {
        return Some(pick.clone().led_by(model, held.tier));
    }
    let higher =
        (wish.tier < held.tier).then(|| route::pick(table, profile, &Wish { tier: held.tier, ..*wish }));
    higher.filter(|pick| pick.why != Why::Nobody)
}

/// What a conversation is to be held by after a decision; none where that need not be written down. `judged`: there was
/// an ask to judge; without one a conversation goes on as it was, but does not begin.
pub(super) fn hold(
    (cause, judged): (Cause, bool),
    model: &Model,
    tier: Tier,
    held: Option<Held>,
    now: u64,
) -> Option<Held> {
    /// That a conversation goes on is written down no more often, in milliseconds.
    const OFTEN: u64 = 10_000;
    if matches!(cause, Cause::NoCandidates | Cause::NoPrompt) || !judged && cause != Cause::Session {
        return None;
    }
    let now = now.saturating_mul(1000);
    let same = held.filter(|held| held.is(&model.name));
    let new = Held::by(&model.name, same.map_or(tier, |held| held.tier.max(tier)), now);
    let known = same.is_some_and(|held| held.tier == new.tier && now.abs_diff(held.at) < OFTEN);
    (!known).then_some(new)
}
