//! What holds a conversation that this process does not know, by what the conversation itself says: its turns are all in
//! the request. So replicas of the gateway that share nothing come to the same model.

use super::judge::Case;
use super::sessions::{Sessions, conversation};
use super::state::State;
use crate::ask::{self, Asks, Heard, Judge, REMEMBERED, Why as AskWhy};
use crate::live::SessionPin;
use crate::route::{self, PickRequest, Profile, Why};
use crate::tier::Tier;

/// The number that strategies choose by: with `session.mode: derived` it is the conversation's own, the same in every
/// process, and else that of the request.
pub(super) fn seed(case: Case<'_, '_>, state: State, heard: &mut Heard<'_>) -> u64 {
    let Case { config, asked, body, view, context, .. } = case;
    let Some(sessions) = context.sessions.filter(|_| config.session.derived) else { return context.seed };
    let words = (state == State::None).then_some(heard);
    let everywhere = Sessions { salt: &|| 0, tenant: &[], ..sessions };
    conversation(&everywhere, config, asked, (body, view), words).map_or(context.seed, |known| known.number)
}

/// The pin that a conversation under way would have from its turns so far: the highest tier of the first and the newest of
/// them, but not above `most`, and who is picked for that. None for one that begins.
pub(super) fn pin(
    case: Case<'_, '_>,
    profile: &Profile,
    request: &PickRequest<'_>,
    most: Tier,
    heard: &mut Heard<'_>,
) -> Option<SessionPin> {
    let Case { config, body, view, context, .. } = case;
    if !config.session.derived || !heard.has_answers() {
        return None;
    }
    let first = Asks { newest: heard.first_ask(body), ..Asks::default() };
    let asks = heard.asks(body, REMEMBERED);
    let earlier = asks.earlier.iter().map(|turn| Asks { newest: turn.to_vec(), ..Asks::default() });
    // Not the one that explains the decision.
    let mut scratch = ask::Scratch::default();
    let (scorer, limits) = (&config.scorer, &config.limits);
    let mut judge = Judge { rules: &config.ask, scorer, limits, body, scratch: &mut scratch };
    let judged = std::iter::once(first).chain(earlier).filter_map(|turn| {
        let judged = judge.judge(view, &turn, false, heard.budget())?;
        (judged.why != AskWhy::Chore).then_some(judged.score.tier)
    });
    let tier = judged.max()?.min(most);
    let pick = route::pick(&config.table, profile, &PickRequest { tier, ..*request });
    (pick.why != Why::Nobody).then(|| SessionPin::by(&pick.model.name, pick.tier, context.now))
}
