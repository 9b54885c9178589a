//! Conversations that keep their model.

use std::fmt;

use memchr::memmem;

use super::Cause;
use crate::ask::Heard;
use crate::chat::{Span, View};
use crate::config::Config;
use crate::live::{self, SessionKey, SessionPin, SessionTable};
use crate::route::{self, Model, Pick, PickRequest, Profile, Why};
use crate::tier::Tier;
use crate::time::{Millis, Timestamp};

/// Who asks, and what is remembered of conversations.
#[derive(Clone, Copy)]
pub struct Sessions<'l> {
    /// The process's own number, which goes into all that conversations are known by.
    pub salt: &'l dyn Fn() -> u64,
    /// Who asks: a credential. Nothing where the request has none.
    pub tenant: &'l [u8],
    /// The conversation's id, where the request's headers have one.
    pub id: Option<&'l [u8]>,
    /// Looks something up.
    pub held: &'l dyn Fn(SessionTable, SessionKey) -> Option<SessionPin>,
}

impl fmt::Debug for Sessions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}

/// What the conversation is known by that a request is of: who asks, and its header, its body's ids, or the words that it
/// begins with, if it may be known by them: `heard` is what the user said. None where nothing shows it.
pub(super) fn conversation(
    sessions: &Sessions<'_>,
    config: &Config,
    asked: &Profile,
    (body, view): (&[u8], &View<'_>),
    heard: Option<&mut Heard<'_>>,
) -> Option<SessionKey> {
    let id = |span: Option<Span>| span.map(|span| span.of(body)).filter(|id| !id.is_empty());
    let ids = &view.ids;
    let person = id(ids.user);
    let told = sessions.id.filter(|id| !id.is_empty()).map(|id| ("header", id));
    let told = told.or_else(|| Some(("session", id(ids.session)?)));
    let told = told.or_else(|| Some(("user", person.filter(|id| has_session(id))?)));
    let told = told.or_else(|| Some(("cache", id(ids.cache_key).filter(|_| config.session.cache_key)?)));
    let mut words = Vec::new();
    let (kind, texts) = match told {
        Some((kind, id)) => (kind, vec![id]),
        None => {
            words.extend(opening(view, body, heard?));
            ("words", words.iter().map(|span: &Span| span.of(body)).collect())
        }
    };
    if texts.is_empty() {
        return None;
    }
    let salt = (sessions.salt)();
    let tenant = live::session(salt, [&b"tenant"[..], sessions.tenant]);
    let of_whom = tenant.to_le_bytes();
    let known = [asked.name.as_bytes(), kind.as_bytes(), &of_whom, person.unwrap_or_default()];
    Some(SessionKey { tenant, number: live::session(salt, known.into_iter().chain(texts)) })
}

/// Whether a person's id has the id of a session in it, as Claude Code writes it: `…_session_…`, or JSON.
fn has_session(user: &[u8]) -> bool {
    [&b"_session_"[..], b"session_id"].iter().any(|mark| memmem::find(user, mark).is_some())
}

/// The person's words before anybody answered; where a harness had all of those turns, the first that the person said.
fn opening(view: &View<'_>, body: &[u8], heard: &mut Heard<'_>) -> Vec<Span> {
    let words = heard.words(body, &view.opening);
    if words.is_empty() { heard.first_ask(body) } else { words }
}

/// What serves a conversation that is held: its model, unless that cannot serve the request, is in cooldown, or a higher
/// tier is wanted; then whoever is picked, but of no lower tier. What a tool answered goes to the model that called it,
/// if that can serve it at all. None where it is as if the conversation were not held, as where nobody can serve it.
pub(super) fn stay<'c>(
    table: &'c route::Table,
    profile: &'c Profile,
    request: &PickRequest<'_>,
    pick: &Pick<'c>,
    held: SessionPin,
    tool_turn: bool,
) -> Option<Pick<'c>> {
    let model = table.listed(profile, request.now).find(|model| held.is(&model.name))?;
    // Where all are in cooldown, none is.
    let well = !request.avoids(model) || request.avoids(pick.model);
    if request.needs.met_by(model) && (tool_turn || request.tier <= held.tier && well) {
        return Some(pick.clone().led_by(model, held.tier));
    }
    let higher = (request.tier < held.tier)
        .then(|| route::pick(table, profile, &PickRequest { tier: held.tier, ..*request }));
    higher.filter(|pick| pick.why != Why::Nobody)
}

/// What holds a conversation whose client may have no higher tier than `most`; none where its model is of higher ones only.
pub(super) fn within(
    table: &route::Table,
    profile: &Profile,
    held: SessionPin,
    (most, now): (Tier, Timestamp),
) -> Option<SessionPin> {
    if most == Tier::Reasoning {
        return Some(held);
    }
    let model = table.listed(profile, now).find(|model| held.is(&model.name))?;
    let tier = held.tier.min(most);
    (table.tier_of(profile, model, now) <= most).then_some(SessionPin { tier, ..held })
}

/// Whether a conversation that is held leaves its model for a cheaper one: the ask needs a lower tier, and pays for reading
/// the whole conversation once more. `ask`: tokens of the newest ask, which no model has in its prompt cache.
pub(super) fn moves_down(
    table: &route::Table,
    profile: &Profile,
    request: &PickRequest<'_>,
    held: SessionPin,
    ask: u64,
) -> bool {
    if request.tier >= held.tier {
        return false;
    }
    let Some(model) = table.listed(profile, request.now).find(|model| held.is(&model.name)) else {
        return false;
    };
    let pick = route::pick(table, profile, request);
    let (here, there) = (request.needs.usage_of(model), request.needs.usage_of(pick.model));
    let cached = here.input.saturating_sub(ask);
    pick.why != Why::Nobody
        && pick.model.slot != model.slot
        && route::pays_to_move((model, here), (pick.model, there), cached)
}

/// What a conversation is to be held by after a decision; none where that need not be written down. `judged`: there was
/// an ask to judge; without one a conversation goes on as it was, but does not begin.
pub(super) fn hold(
    (cause, judged): (Cause, bool),
    model: &Model,
    tier: Tier,
    held: Option<SessionPin>,
    now: Timestamp,
) -> Option<SessionPin> {
    /// That a conversation goes on is written down no more often.
    const OFTEN: Millis = Millis::of_seconds(10);
    if matches!(cause, Cause::NoCandidates | Cause::NoPrompt | Cause::UnknownState)
        || !judged && !matches!(cause, Cause::Session | Cause::State)
    {
        return None;
    }
    let same = held.filter(|held| held.is(&model.name));
    let new = SessionPin::by(&model.name, same.map_or(tier, |held| held.tier.max(tier)), now);
    let known = same.is_some_and(|held| held.tier == new.tier && now.apart(held.at) < OFTEN);
    (!known).then_some(new)
}
