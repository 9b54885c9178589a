//! The body is whole: what becomes of the request.

use proxy_wasm::hostcalls;
use proxy_wasm::types::{Action, BufferType};

use super::Stream;
use crate::clock::Started;
use crate::deciding::{admitted, decided};
use crate::edit::{pass, unpacked, write_back};
use crate::extra::Extra;
use crate::facts::Betas;
use crate::health::SharedData;
use crate::opinion::{self, Begun};
use crate::remember::{Notes, rules, salt};
use crate::routing::Routing;
use crate::waiting::Waiting;
use crate::{WorkerState, spend};
use tiergate_core::chat::{Dialect, Problem};
use tiergate_core::config::Config;
use tiergate_core::engine::{self, Call, Cause, Decision, Edit, Request, RequestContext, Scratch, Sessions};
use tiergate_core::fit::Mode;
use tiergate_core::live;
use tiergate_core::route::Conditions;
use tiergate_core::tier::Tier;

/// The request's body, where the host gives one.
fn received(size: usize) -> Option<Vec<u8>> {
    if size == 0 {
        return None;
    }
    hostcalls::get_buffer(BufferType::HttpRequestBody, 0, size).ok().flatten()
}

impl Stream {
    /// The body is whole: decide, rewrite, let go. `opinion`: what the classifier said, where it was asked.
    pub(super) fn finish(&mut self, opinion: Option<Tier>) -> Action {
        if self.opinion.is_some() {
            return Action::Pause;
        }
        let (Some(shared), Some(mut waiting)) = (self.shared.clone(), self.waiting.take()) else {
            return Action::Continue;
        };
        let started = Started::now();
        let body = received(waiting.body_size);
        let path = &waiting.path;
        let Some(body) = body else { return self.finish_without(&shared, &waiting, started) };
        let Some(body) = unpacked(body, &waiting) else {
            let decision = engine::refused(&shared.config, Problem::Unpacked);
            return self.settle(&shared, &decision, path, started);
        };
        let Some(dialect) = waiting.dialect else {
            return self.finish_other(&shared, &waiting, body);
        };
        let mut scratch = shared.scratch.borrow_mut();
        let request = Request { dialect, path, body: &body };
        let ranking = shared.ranking.borrow().clone();
        let salt = || salt(started.at());
        let held = |memory, known| {
            live::held(&SharedData, memory, known, rules(&shared.config, memory), started.at())
        };
        let (tenant, id) = (waiting.tenant.as_slice(), waiting.session.as_deref());
        let sessions = Some(Sessions { salt: &salt, tenant, id, held: &held });
        let client = waiting.client(&shared.config);
        (self.asker, self.steering) = (waiting.asker(&shared.config), waiting.steering);
        let decide = |conditions: Option<&Conditions>, opinion: Option<Tier>, scratch: &mut Scratch| {
            let (now, seed, ranking) = (started.at(), started.seed(), ranking.as_deref());
            let live = RequestContext { ranking, conditions, seed, sessions, client, now, opinion };
            engine::decide(&shared.config, &request, live, scratch)
        };
        let (health, asker, now) = (shared.health.as_ref(), self.asker, started.at());
        let mut opinion = opinion;
        let mut decision =
            decided(health, asker, now, |conditions| decide(conditions, opinion, &mut scratch));
        if let (true, None, Some(score)) = (decision.unsure, &self.told, decision.score) {
            let ask = scratch.shown(&shared.config, &body);
            let ask = (tenant, ask.as_str(), score.tier);
            match opinion::begin(&shared, (shared.root, self.id), ask, now) {
                Begun::Waits(wait) => {
                    self.opinion = Some(wait);
                    waiting.is_unpacked(body.len());
                    self.waiting = Some(waiting);
                    return Action::Pause;
                }
                Begun::Goes(tier, told) => (opinion, self.told) = (tier, Some(told)),
            }
            if opinion.is_some() {
                decision =
                    decided(health, asker, now, |conditions| decide(conditions, opinion, &mut scratch));
            }
        }
        let decision =
            admitted(health, asker, now, decision, |conditions| decide(conditions, opinion, &mut scratch));
        self.go(&shared, &waiting, decision, body, started)
    }

    /// Sends a conversation on its way as it was decided.
    fn go(
        &mut self,
        shared: &WorkerState,
        waiting: &Waiting,
        mut decision: Decision<'_>,
        body: Vec<u8>,
        started: Started,
    ) -> Action {
        self.earner =
            shared.opinions.as_ref().filter(|_| decision.score.is_some()).map(|_| waiting.tenant.clone());
        let keeps_answers = waiting.dialect == Some(Dialect::Responses);
        let tenant = keeps_answers.then(|| waiting.tenant.clone());
        self.notes = Notes::of(&decision, tenant, started.at());
        spend::add(&shared.config, &waiting.client(&shared.config), decision.choice.cost);
        let by_attempt = shared.config.fallbacks.enabled;
        self.extra = Extra::new(decision.fitted.extra_usage && !by_attempt);
        self.routing = Routing::of(&shared.config, &decision);
        self.foreign = self.betas(&shared.config, &decision, waiting.betas);
        let changes = decision.changes(by_attempt);
        write_back(changes, body, waiting.has_length);
        self.settle(shared, &decision, &waiting.path, started)
    }

    /// The same for a request that has no body, or whose body the host does not give.
    fn finish_without(&mut self, shared: &WorkerState, waiting: &Waiting, started: Started) -> Action {
        if !waiting.packed && waiting.dialect.is_none() {
            return self.finish_other(shared, waiting, Vec::new());
        }
        let decision = match waiting.dialect {
            Some(dialect) if !waiting.packed => {
                let client = waiting.client(&shared.config);
                engine::decide_unread(&shared.config, &client, (dialect, &waiting.path), Cause::NoBody)
            }
            _ => engine::refused(&shared.config, Problem::Unpacked),
        };
        self.settle(shared, &decision, &waiting.path, started)
    }

    /// Takes headers out that the model does not read, but for those that the attempts take out; whether there are such.
    fn betas(&self, config: &Config, decision: &Decision<'_>, betas: Betas) -> bool {
        let edits = config.fit.mode != Mode::Off && (decision.edit != Edit::None || config.fit.pinned);
        let Some(model) = decision.choice.model.filter(|_| edits) else { return false };
        if config.fallbacks.enabled {
            return betas.foreign(&model.takes).next().is_some();
        }
        betas.strip(&model.takes);
        false
    }

    /// The same for a call that is no conversation.
    pub(super) fn finish_other(&mut self, shared: &WorkerState, waiting: &Waiting, body: Vec<u8>) -> Action {
        let config = &shared.config;
        let (path, boundary) = (waiting.path.as_slice(), waiting.boundary.as_deref());
        // Only groups need to know the time before there is a decision.
        let groups = !config.table.groups.is_empty() || !config.endpoints.is_empty();
        let mut started = if groups { Started::now() } else { Started::default() };
        let call = Call { path, body: &body, boundary };
        let client = waiting.client(config);
        (self.asker, self.steering) = (waiting.asker(config), waiting.steering);
        let decide = |conditions: Option<&Conditions>| {
            let context =
                RequestContext { conditions, seed: started.seed(), client, ..RequestContext::default() };
            engine::decide_other(config, &call, &context)
        };
        let decision = match &shared.health {
            Some(health) if groups => decide(Some(&health.borrow_mut().conditions(self.asker, started.at()))),
            _ => decide(None),
        };
        let Some(decision) = decision else { return pass(config) };
        if !groups {
            started = Started::now();
        }
        let written = decision.choice.model.map(|model| call.written(decision.edit.spans(), model));
        write_back(written.unwrap_or_default(), body, waiting.has_length);
        self.settle(shared, &decision, path, started)
    }
}
