//! Requests that go on from something that one provider keeps: an earlier answer (`previous_response_id`), a conversation,
//! a cache. No other provider knows it.

use super::Sessions;
use crate::chat::View;
use crate::fnv::Fnv;
use crate::live::{self, SessionKey, SessionPin, SessionTable};
use crate::route::{self, Model, Needs, Pick, PickRequest, Profile, Table, UnknownState, Why};
use crate::tier::Tier;
use crate::time::{Millis, Timestamp};

/// What is known of what a request goes on from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum State {
    /// It goes on from nothing.
    None,
    /// This model made it.
    By(SessionPin),
    /// Its id has the name of its provider in it: the number of that.
    Of(u64),
    /// Nothing.
    Unknown,
}

/// The model of all that a client's earlier answers are from is not one.
const SEVERAL: u64 = 0;

/// What an answer is known by.
pub fn answer(salt: u64, tenant: &[u8], id: &[u8]) -> SessionKey {
    known(salt, tenant, b"answer", id)
}

/// What the model of a client's answers is known by.
pub fn answers(salt: u64, tenant: &[u8]) -> SessionKey {
    known(salt, tenant, b"answers", b"")
}

/// What of a client's answers is remembered after one more: the model that makes them, as long as it is one.
pub fn one_more(before: Option<SessionPin>, idle: Millis, new: SessionPin) -> SessionPin {
    let recent = before.filter(|before| new.at.since(before.at) <= idle);
    match recent {
        Some(before) if before.model != new.model => SessionPin { model: SEVERAL, ..new },
        Some(before) => SessionPin { tier: before.tier.max(new.tier), ..new },
        None => new,
    }
}

fn known(salt: u64, tenant: &[u8], kind: &[u8], id: &[u8]) -> SessionKey {
    let tenant = live::session(salt, [&b"tenant"[..], tenant]);
    SessionKey { tenant, number: live::session(salt, [kind, &tenant.to_le_bytes(), id]) }
}

/// What the conversation or cache is known by that a request names.
pub(super) fn kept(sessions: &Sessions<'_>, body: &[u8], view: &View<'_>) -> Option<SessionKey> {
    let id = view.ids.kept?.of(body);
    Some(known((sessions.salt)(), sessions.tenant, b"kept", id))
}

/// What a request goes on from. `idle`: how long the model of a client's answers is worth anything.
pub(super) fn state(
    sessions: Option<&Sessions<'_>>,
    body: &[u8],
    view: &View<'_>,
    (idle, now): (Millis, Timestamp),
) -> State {
    let ids = &view.ids;
    let Some(id) = ids.previous.or(ids.kept).map(|id| crate::chat::decode(id.of(body))) else {
        return State::None;
    };
    let remembered = sessions.and_then(|sessions| {
        let known = match ids.previous {
            Some(_) => answer((sessions.salt)(), sessions.tenant, id.as_bytes()),
            None => kept(sessions, body, view)?,
        };
        (sessions.held)(SessionTable::Answers, known)
    });
    if let Some(held) = remembered {
        return State::By(held);
    }
    if let Some(provider) = litellm(&id) {
        return State::Of(Fnv::of(provider.as_bytes()));
    }
    let recent = sessions.filter(|_| ids.previous.is_some()).and_then(|sessions| {
        let known = answers((sessions.salt)(), sessions.tenant);
        let held = (sessions.held)(SessionTable::Answers, known)?;
        (held.model != SEVERAL && now.since(held.at) <= idle).then_some(held)
    });
    recent.map_or(State::Unknown, State::By)
}

/// The provider in an id that LiteLLM made: `resp_` and the Base64 of
/// `litellm:custom_llm_provider:P;model_id:M;response_id:R`.
fn litellm(id: &str) -> Option<String> {
    const LONGEST: usize = 128;
    let start: String = id.strip_prefix("resp_")?.chars().take(LONGEST).collect();
    let text = base64(start.as_bytes());
    let text = text.strip_prefix(b"litellm:custom_llm_provider:")?;
    let provider = text.split(|&b| b == b';').next().filter(|provider| provider.len() < text.len())?;
    let provider = std::str::from_utf8(provider).ok()?;
    (!provider.is_empty() && provider != "None").then(|| provider.to_owned())
}

/// The bytes that a text in Base64 stands for, as far as it is one. Four letters are three bytes.
fn base64(text: &[u8]) -> Vec<u8> {
    let digit = |b: u8| match b {
        b'A'..=b'Z' => Some(b - b'A'),
        b'a'..=b'z' => Some(b - b'a' + 26),
        b'0'..=b'9' => Some(b - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    };
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for value in text.iter().map_while(|&b| digit(b)) {
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    bytes
}

/// Who serves a request by what it goes on from; none where that decides nothing. Whether it was known.
pub(super) fn follow<'c>(
    table: &'c Table,
    (profile, asked): (&'c Profile, &'c Profile),
    request: &PickRequest<'_>,
    state: State,
) -> Option<(Pick<'c>, bool)> {
    match state {
        State::None => None,
        State::By(held) => {
            let agentic = asked.agentic_profile.as_ref().and_then(|name| table.profiles.get(name));
            let profiles = [Some(profile), Some(asked), agentic.map(|profile| &**profile)];
            let listed = profiles.into_iter().flatten().flat_map(|one| table.listed(one, request.now));
            match listed.into_iter().find(|model| held.is(&model.name)) {
                Some(model) => Some((by(table, profile, request, model, held.tier), true)),
                // What the profile may not use does not serve, though it made the answer: its provider does.
                None => {
                    let maker = table.models.values().find(|model| held.is(&model.name));
                    follow(
                        table,
                        (profile, asked),
                        request,
                        match maker.and_then(|maker| provider(maker)) {
                            Some(provider) => State::Of(provider),
                            None => State::Unknown,
                        },
                    )
                }
            }
        }
        State::Of(provider) => {
            let needs = Needs { provider: Some(provider), ..*request.needs };
            let tier = request.tier.max(Tier::Medium);
            let pick = route::pick(table, profile, &PickRequest { needs: &needs, tier, ..*request });
            if pick.why == Why::Nobody {
                return follow(table, (profile, asked), request, State::Unknown);
            }
            let default = &profile.default_model;
            let pick = if needs.met_by(default) { pick.led_by(default, request.tier) } else { pick };
            Some((pick, false))
        }
        State::Unknown if profile.unknown_state == UnknownState::Judged => None,
        State::Unknown => {
            let default = &profile.default_model;
            let pick = route::pick(table, profile, request);
            request.needs.met_by(default).then(|| (pick.led_by(default, request.tier), false))
        }
    }
}

/// The model that made what the request goes on from serves it; where that cannot, another of its provider that can. In
/// their place only models of that provider.
fn by<'c>(
    table: &'c Table,
    profile: &'c Profile,
    request: &PickRequest<'_>,
    model: &'c std::sync::Arc<Model>,
    tier: Tier,
) -> Pick<'c> {
    let alone = Pick { model, tier, why: Why::Preferred, chain: Vec::new() };
    let Some(provider) = provider(model) else { return alone };
    let needs = Needs { provider: Some(provider), ..*request.needs };
    let pick = route::pick(table, profile, &PickRequest { needs: &needs, tier, ..*request });
    match pick.why {
        Why::Nobody => alone,
        _ if needs.met_by(model) => pick.led_by(model, tier),
        _ => pick,
    }
}

fn provider(model: &Model) -> Option<u64> {
    model.provider.as_ref().map(|provider| Fnv::of(provider.as_bytes()))
}
