//! What is remembered of a request once its upstream has taken it. Nothing is before that: who makes up a credential gets no
//! place.

use proxy_wasm::hostcalls;
use proxy_wasm::types::BufferType;

use super::clock;
use super::health::SharedData;
use super::watch::Head;
use tiergate_core::chat::{IdReader, Search};
use tiergate_core::config::Config;
use tiergate_core::engine::{Decision, state};
use tiergate_core::fnv::Fnv;
use tiergate_core::live::{self, Retention, SessionKey, SessionPin, SessionTable};
use tiergate_core::tier::Tier;
use tiergate_core::time::{Millis, Timestamp};

/// What is to be remembered.
#[derive(Default)]
pub struct Notes {
    /// The conversation's model.
    hold: Option<(SessionKey, SessionPin)>,
    /// The model that has a conversation or cache of the provider's.
    keeps: Option<(SessionKey, SessionPin)>,
    /// Who made the answer, whose provider keeps it.
    made: Option<Made>,
}

/// An answer that its provider keeps.
struct Made {
    tenant: Vec<u8>,
    by: SessionPin,
    /// Looks for the answer's id, once it has begun.
    reader: Option<IdReader>,
}

impl Notes {
    /// What is to be remembered of a decision. `tenant`: who asks, where the provider keeps the answer.
    pub fn of(decision: &Decision<'_>, tenant: Option<Vec<u8>>, now: Timestamp) -> Self {
        // What a client's own choice is worth nobody has judged.
        let tier = decision.choice.tier.unwrap_or(Tier::Medium);
        let by = decision.choice.model.map(|model| SessionPin::by(&model.name, tier, now));
        Self {
            hold: decision.hold,
            keeps: decision.keeps.zip(by),
            made: tenant.zip(by).map(|(tenant, by)| Made { tenant, by, reader: None }),
        }
    }

    /// Whether there is anything.
    pub const fn are_none(&self) -> bool {
        self.hold.is_none() && self.keeps.is_none() && self.made.is_none()
    }

    /// The answer begins. `served`: the name of the model that gives it, where that is not the one that was chosen.
    pub fn head(&mut self, config: &Config, head: &Head, served: Option<&str>, end_of_stream: bool) {
        if !(200..300).contains(&head.status) {
            *self = Self::default();
            return;
        }
        let served = served.map(|name| Fnv::of(name.as_bytes()));
        let by = |held: SessionPin| SessionPin { model: served.unwrap_or(held.model), ..held };
        for (memory, noted) in
            [(SessionTable::Conversations, self.hold.take()), (SessionTable::Answers, self.keeps.take())]
        {
            if let Some((known, held)) = noted {
                live::hold(&SharedData, memory, known, by(held), rules(config, memory));
            }
        }
        let form = head.form.filter(|_| !end_of_stream && head.encoding.is_read());
        self.made = self.made.take().zip(form).map(|(made, form)| Made {
            by: by(made.by),
            reader: Some(IdReader::new(form, head.encoding)),
            ..made
        });
    }

    /// A piece of the answer's body.
    pub fn body(&mut self, config: &Config, size: usize, end_of_stream: bool) {
        let Some(made) = &mut self.made else { return };
        let Some(reader) = &mut made.reader else { return };
        let piece = match size.min(reader.room()) {
            0 => None,
            size => hostcalls::get_buffer(BufferType::HttpResponseBody, 0, size).ok().flatten(),
        };
        let found = match reader.feed(&piece.unwrap_or_default(), end_of_stream) {
            Search::GoesOn => return,
            Search::Found(id) => Some(id),
            Search::Over => None,
        };
        if let (Some(id), Some(Made { tenant, by, .. })) = (found, self.made.take()) {
            remember(config, &tenant, &id, by);
        }
        self.made = None;
    }
}

/// Remembers who made an answer, and who made all of a client's.
fn remember(config: &Config, tenant: &[u8], id: &[u8], by: SessionPin) {
    let (memory, rules) = (SessionTable::Answers, rules(config, SessionTable::Answers));
    let now = clock::now();
    let salt = salt(now);
    let by = SessionPin { at: now, ..by };
    live::hold(&SharedData, memory, state::answer(salt, tenant, id), by, rules);
    let all = state::answers(salt, tenant);
    let before = live::held(&SharedData, memory, all, rules, now);
    let after = state::one_more(before, config.session.idle, by);
    // That it goes on is written down no more often.
    const OFTEN: Millis = Millis::of_seconds(10);
    let same = |before: SessionPin| before.model == after.model && before.tier == after.tier;
    if !before.is_some_and(|before| same(before) && now.apart(before.at) < OFTEN) {
        live::hold(&SharedData, memory, all, after, rules);
    }
}

/// The process's salt.
pub fn salt(now: Timestamp) -> u64 {
    live::salt(&SharedData, || clock::random(now))
}

/// How long something is remembered.
pub fn rules(config: &Config, memory: SessionTable) -> Retention {
    /// Of a conversation's idle time so much is its own, whoever else wants the place.
    const OWN: u64 = 5;
    /// Providers keep answers for a month.
    const MONTH: Millis = Millis::of_seconds(30 * 24 * 3600);
    const TEN_MINUTES: Millis = Millis::of_seconds(600);
    match memory {
        SessionTable::Conversations => {
            let idle = config.session.idle;
            Retention { idle, own: idle / OWN, others: idle / OWN }
        }
        SessionTable::Answers => Retention { idle: MONTH, own: Millis::ZERO, others: TEN_MINUTES },
    }
}
