//! A request on its way to a model, as the listener's position sees it.

use std::sync::Arc;

use proxy_wasm::hostcalls;
use proxy_wasm::types::MapType;
use serde_json::Value;

use super::{Stream, UnderWay};
use crate::report::MODEL;
use crate::watch::{Ask, RETRY, Watch};
use crate::{WorkerState, alive, chain, property};
use tiergate_core::config::ResponseHeaders;
use tiergate_core::engine::{Cause, Decision};
use tiergate_core::route::{Model, Plan};
use tiergate_core::time::Timestamp;

impl Stream {
    /// The request goes to a model.
    pub(super) fn send_off(
        &mut self,
        shared: &WorkerState,
        model: &Arc<Model>,
        decision: &Decision<'_>,
        now: Timestamp,
    ) {
        self.request = decision.subject;
        self.steering = self.steering.max(decision.steering);
        if shared.config.fallbacks.enabled {
            let number = alive::enter(now);
            self.number = Some(number);
            property::set_plan(&Plan {
                fits: self.foreign || !decision.fitted.changes.is_empty(),
                bound: decision.bound || decision.choice.cause == Cause::State,
                stream: number,
                request: self.request,
                asker: self.asker,
                steering: self.steering,
                ..Plan::new(model, &decision.chain)
            });
            self.under_way = UnderWay::Attempts(Arc::clone(model), now);
        } else if let (Some(health), Some(live)) = (&shared.health, shared.config.live) {
            self.under_way =
                UnderWay::Here(Box::new(Watch::begin(health, model, live.usage, now, self.ask())));
        }
    }

    /// What is known of the request where no attempt position looks after it.
    const fn ask(&self) -> Ask {
        let (request, asker, steering) = (self.request, self.asker, self.steering);
        Ask { request, asker, steering, repeated: false, in_chain: false }
    }

    /// The response begins: what the attempt position knows of it, or this one has to. The name of the model that
    /// answers, where that is not the one that was chosen.
    pub(super) fn attempts(
        &mut self,
        shared: &WorkerState,
        model: &Arc<Model>,
        began: Timestamp,
    ) -> Option<String> {
        let _ = hostcalls::remove_map_value(MapType::HttpResponseHeaders, RETRY);
        let Some(progress) = property::progress() else {
            // No attempt position has seen the request: its cluster has none, or no attempt was made.
            if let (Some(health), Some(live)) = (&shared.health, shared.config.live) {
                self.under_way =
                    UnderWay::Here(Box::new(Watch::begin(health, model, live.usage, began, self.ask())));
            }
            return None;
        };
        self.under_way = UnderWay::Nobody;
        self.cached = progress.cached;
        // No model has served the request.
        chain::settle(shared, &progress, (self.request, self.asker), false);
        let served = progress.tried.last().filter(|name| **name != model.name);
        if let Some(entry) = &mut self.entry {
            entry.served(served, progress.attempt);
        }
        for (name, value) in &mut self.answer {
            if let Some(served) = served.filter(|_| *name == MODEL) {
                value.clone_from(served);
            }
        }
        if shared.config.headers.response == ResponseHeaders::Full {
            self.answer.push(("x-tiergate-attempts", progress.attempt.to_string()));
        }
        if progress.attempt > 1 {
            let last = progress.tried.last().map_or(Value::Null, |name| name.as_str().into());
            self.log_too([("attempts", progress.attempt.into()), ("served", last)]);
        }
        served.cloned()
    }
}
