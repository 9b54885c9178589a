//! One HTTP stream.

mod finish;
mod under_way;

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::{Action, MapType};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::clock::Started;
use super::console::Entry;
use super::deciding::{is_watched, unread};
use super::edit::{add_request_header, name_model, pass, reply, set_request_header};
use super::extra::Extra;
use super::facts::Facts;
use super::listing::Listing;
use super::opinion::{self, OpinionLog, Wait};
use super::remember::Notes;
use super::report::{LogLine, answer};
use super::routing::Routing;
use super::waiting::Waiting;
use super::watch::{Head, Watch};
use super::{WorkerState, alive, property};
use tiergate_core::chat::Steering;
use tiergate_core::engine::Decision;
use tiergate_core::route::Model;
use tiergate_core::time::Timestamp;

/// A stream between the callbacks.
pub struct Stream {
    shared: Option<Rc<WorkerState>>,
    /// The number of its context.
    id: u32,
    /// An LLM call whose body has not come whole; its headers are held back.
    waiting: Option<Waiting>,
    /// What the client gets.
    answer: Vec<(&'static str, String)>,
    /// What the access log gets.
    line: Vec<u8>,
    /// Who looks after the request while it is under way.
    under_way: UnderWay,
    /// What is to be remembered once the upstream has taken the request.
    notes: Notes,
    /// Its number among those that are alive, where attempts have to know.
    number: Option<u64>,
    /// The number of what is asked, for failures.
    request: u64,
    /// That of the credential that asks.
    asker: u64,
    /// What the client decides of the request that is the upstream's to decide.
    steering: Steering,
    /// A request for the list of models.
    listing: Option<Listing>,
    /// The usage that the client did not ask for.
    extra: Extra,
    /// What the body of the answer is to have of the decision.
    routing: Routing,
    /// It has headers that its first model does not read.
    foreign: bool,
    /// The second opinion that it waits for.
    opinion: Option<Wait>,
    /// What came of one.
    told: Option<OpinionLog>,
    /// The answer comes from the upstream's cache, as the attempt position has seen.
    cached: bool,
    /// Who asks, where the request earns a share of second opinions.
    earner: Option<Vec<u8>>,
    /// The request's id, where the console wants it.
    request_id: Option<Vec<u8>>,
    /// What the console gets when the request ends.
    entry: Option<Box<Entry>>,
}

/// Who looks after a request while it is under way.
enum UnderWay {
    /// Nobody: its model is not known, or nothing is to be learnt.
    Nobody,
    /// This position.
    Here(Box<Watch>),
    /// The attempt position, if it is there. The model, and since when.
    Attempts(Arc<Model>, Timestamp),
}

impl Stream {
    pub fn new(shared: Option<Rc<WorkerState>>, id: u32) -> Self {
        Self {
            shared,
            id,
            waiting: None,
            answer: Vec::new(),
            line: Vec::new(),
            under_way: UnderWay::Nobody,
            notes: Notes::default(),
            number: None,
            request: 0,
            asker: 0,
            steering: Steering::Nothing,
            listing: None,
            extra: Extra::default(),
            routing: Routing::default(),
            foreign: false,
            opinion: None,
            told: None,
            cached: false,
            earner: None,
            request_id: None,
            entry: None,
        }
    }

    /// The answer comes from the upstream's cache.
    fn tell_cached(&mut self, shared: &WorkerState) {
        shared.metrics.borrow_mut().cached();
        self.log_too([("cached", Value::Bool(true))]);
    }

    /// Adds to the line that the access log has of the request.
    fn log_too(&mut self, members: impl IntoIterator<Item = (&'static str, Value)>) {
        // Numbers stay digit for digit what they were.
        let Ok(mut line) = serde_json::from_slice::<BTreeMap<String, Box<RawValue>>>(&self.line) else {
            return;
        };
        line.extend(
            members
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), to_raw_value(&value).ok()?))),
        );
        if let Ok(line) = serde_json::to_vec(&line) {
            self.line = line;
            property::tell_log(&self.line);
        }
    }

    /// It waits for no opinion any more.
    fn leave_opinion(&mut self) {
        if let (Some(shared), Some(wait)) = (&self.shared, self.opinion.take()) {
            wait.leave(shared);
            self.waiting = None;
        }
    }

    /// Lets the request go, or answers it.
    fn settle(
        &mut self,
        shared: &WorkerState,
        decision: &Decision<'_>,
        path: &[u8],
        started: Started,
    ) -> Action {
        self.carry_out(shared, decision, started);
        let Some(problem) = &decision.problem else { return Action::Continue };
        let headers = std::mem::take(&mut self.answer);
        let names = &shared.config.headers;
        reply(problem, path, headers.iter().map(|(name, value)| (names.shown(name), value.as_str())))
    }

    /// Headers, metrics, filter state.
    fn carry_out(&mut self, shared: &WorkerState, decision: &Decision<'_>, started: Started) {
        let headers = &shared.config.headers;
        if let Some(path) = decision.edit.path() {
            set_request_header(":path", path);
        }
        add_request_header(&headers.cluster, decision.cluster);
        if let Some(model) = decision.choice.model {
            name_model(headers, model);
        }
        if let Some(tier) = decision.choice.tier {
            add_request_header(&headers.tier, tier.name());
        }
        let micros = started.micros();
        shared.metrics.borrow_mut().count(decision, micros);
        if let Some(id) = self.request_id.take() {
            self.entry = Entry::of(shared, decision, &id, started.at());
        }
        self.answer = answer(decision, headers.response);
        if let Some(model) = decision.choice.model.filter(|_| shared.config.gen_ai) {
            property::tell("gen_ai.request.model", &model.name);
        }
        if shared.config.filter_state
            && let Ok(line) = serde_json::to_vec(&LogLine::of(decision, micros, self.told))
        {
            property::tell_log(&line);
            self.line = line;
        }
        if let Some(model) = decision.choice.model.filter(|_| is_watched(decision)) {
            self.send_off(shared, model, decision, started.at());
        }
    }
}

impl Context for Stream {
    fn on_http_call_response(&mut self, token: u32, headers: usize, body_size: usize, _trailers: usize) {
        let Some(shared) = self.shared.clone() else { return };
        let Some(wait) = self.opinion.take_if(|wait| wait.is_for(token)) else { return };
        let (tier, told) = wait.end(&shared, (shared.root, self.id), (headers, body_size));
        self.told = Some(told);
        if self.finish(tier) == Action::Continue {
            let _ = hostcalls::resume_http_request();
        }
    }

    fn on_done(&mut self) -> bool {
        self.leave_opinion();
        if let UnderWay::Here(watch) = &mut self.under_way {
            watch.gone(false, false);
        }
        if let Some(number) = self.number.take() {
            alive::leave(number);
        }
        if let Some(entry) = self.entry.take() {
            entry.end();
        }
        true
    }
}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        let Some(shared) = self.shared.clone() else { return Action::Continue };
        let config = &shared.config;
        let mut facts = Facts::gather(config);
        self.request_id = facts.request_id.take();
        for name in &facts.forged {
            let _ = hostcalls::remove_map_value(MapType::HttpRequestHeaders, name);
        }
        let dialect = if facts.may_be_llm_call { config.paths.dialect(&facts.path) } else { None };
        let read =
            !facts.form || facts.boundary.is_some() && config.reads_forms || facts.is_restricted(config);
        let other = || facts.may_be_llm_call && read && config.paths.is_other(&facts.path);
        if dialect.is_none() && !other() {
            self.listing = Listing::of(&shared, &facts);
            match self.listing {
                Some(Listing::Answered) => return Action::Pause,
                Some(_) => return Action::Continue,
                None => {}
            }
            if facts.upgrade {
                // It never ends, so that only its path may name a model.
                return self.finish_other(&shared, &Waiting::of(config, facts, None), Vec::new());
            }
            return pass(config);
        }
        if dialect.is_none() && end_of_stream {
            return self.finish_other(&shared, &Waiting::of(config, facts, None), Vec::new());
        }
        if let Some(decision) = unread(config, &facts, dialect, end_of_stream) {
            let started = Started::now();
            return self.settle(&shared, &decision, &facts.path, started);
        }
        self.waiting = Some(Waiting::of(config, facts, dialect));
        Action::Pause
    }

    fn on_http_request_body(&mut self, body_size: usize, end_of_stream: bool) -> Action {
        if self.opinion.is_some() {
            return Action::Pause;
        }
        let Some(waiting) = &mut self.waiting else { return Action::Continue };
        waiting.body_size = body_size;
        if !end_of_stream {
            return Action::Pause;
        }
        self.finish(None)
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        // With trailers the body callback never reports the end of the stream.
        self.finish(None)
    }

    fn on_http_response_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        let Some(shared) = self.shared.clone() else { return Action::Continue };
        // The proxy has answered what still waited.
        self.leave_opinion();
        let mut served = None;
        if let UnderWay::Attempts(model, began) = &self.under_way {
            let (model, began) = (Arc::clone(model), *began);
            served = self.attempts(&shared, &model, began);
        }
        let watched = matches!(self.under_way, UnderWay::Here(_));
        let reads = watched
            || !self.notes.are_none()
            || self.extra.is_there()
            || self.routing.is_there()
            || self.earner.is_some();
        let head = reads.then(Head::gather);
        if self.cached || head.as_ref().is_some_and(|head| head.cached) {
            self.tell_cached(&shared);
        }
        let well = head.as_ref().is_some_and(|head| (200..300).contains(&head.status));
        if let Some(earner) = self.earner.take().filter(|_| well) {
            opinion::accepted(&shared, &earner);
        }
        if let (UnderWay::Here(watch), Some(head)) = (&mut self.under_way, &head) {
            // A failure may be the proxy's own: then it says something else of the model, or nothing.
            let details = if head.status < 400 { Vec::new() } else { property::code_details() };
            if details.is_empty() || details == b"via_upstream" {
                watch.head(head, end_of_stream);
            } else {
                watch.without_answer(&details);
            }
        }
        if let Some(head) = &head {
            self.extra.head(head);
            self.routing.head(head, served.as_deref());
            self.notes.head(&shared.config, head, served.as_deref(), end_of_stream);
        }
        for (name, value) in self.answer.drain(..) {
            let name = shared.config.headers.shown(name);
            let _ = hostcalls::set_map_value(MapType::HttpResponseHeaders, name, Some(&value));
        }
        self.listing = self.listing.map(|listing| listing.head(end_of_stream));
        Action::Continue
    }

    fn on_http_response_body(&mut self, body_size: usize, end_of_stream: bool) -> Action {
        if let UnderWay::Here(watch) = &mut self.under_way {
            watch.body(body_size, end_of_stream);
        }
        if let Some(shared) = &self.shared {
            self.notes.body(&shared.config, body_size, end_of_stream);
        }
        self.extra.body(body_size, end_of_stream);
        // Last: what the others read is the upstream's.
        self.routing.body(body_size);
        if let (Some(listing), Some(shared)) = (&mut self.listing, &self.shared) {
            return listing.body(shared, body_size, end_of_stream);
        }
        Action::Continue
    }

    fn on_http_response_trailers(&mut self, _count: usize) -> Action {
        if let UnderWay::Here(watch) = &mut self.under_way {
            watch.complete();
        }
        if let (Some(listing), Some(shared)) = (&mut self.listing, &self.shared) {
            listing.end(shared);
        }
        Action::Continue
    }
}
