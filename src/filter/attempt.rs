//! One attempt at a request, in the attempt position: among the upstream filters, which Envoy runs again for every retry.

use std::rc::Rc;
use std::sync::Arc;

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::{Action, BufferType, MapType};

use super::stream::{replace, set_request_header};
use super::watch::{Head, RETRY, Watch};
use super::{Shared, alive, now_millis, property};
use crate::chat::{self, Dialect, LONGEST_REFUSAL, Refusal};
use crate::fit;
use crate::route::{Model, Plan, Progress, Reason};

/// An attempt between the callbacks.
pub struct AttemptStream {
    shared: Option<Rc<Shared>>,
    run: Option<Run>,
    watch: Option<Watch>,
    /// The body is to name another model, and has not come whole.
    rewrite: Option<Rewrite>,
    /// The head of an error answer that is held back until its body can be read.
    held: Option<Head>,
}

/// What the attempt knows of the request.
struct Run {
    plan: Plan,
    progress: Progress,
}

/// Who serves an attempt.
enum Chosen {
    /// Nobody told who serves the request.
    Unknown,
    /// The attempt reaches a cluster that none of the request's models is of.
    Nobody,
    Model(Arc<Model>),
}

struct Rewrite {
    model: Arc<Model>,
    dialect: Dialect,
    path: Vec<u8>,
    has_length: bool,
    body_size: usize,
}

impl AttemptStream {
    pub fn new(shared: Option<Rc<Shared>>) -> Self {
        Self { shared, run: None, watch: None, rewrite: None, held: None }
    }

    /// Who serves this attempt, and what is known of it from now on.
    fn choose(&mut self, shared: &Shared) -> Chosen {
        let Some(plan) = property::plan() else { return Chosen::Unknown };
        let table = &shared.config.table;
        let Some(first) = table.models.get(&plan.model) else { return Chosen::Unknown };
        let attempt = property::attempt();
        let begun = || Progress { attempt: 1, tried: vec![first.name.clone()], reason: Reason::General };
        if attempt <= 1 {
            let progress = begun();
            property::set_progress(&progress);
            self.run = Some(Run { plan, progress });
            return Chosen::Model(Arc::clone(first));
        }
        let mut progress = property::progress().unwrap_or_else(begun);
        let chains = &shared.config.fallbacks.chains;
        let next = {
            let mut health = shared.health.as_ref().map(|health| health.borrow_mut());
            let conditions = health.as_mut().map(|health| health.conditions(now_millis()));
            let avoids = |model: &Model| conditions.is_some_and(|conditions| conditions.of(model).cooling);
            plan.next(table, chains, &progress, progress.reason, avoids)
        };
        // Where nobody is left, the last one is asked again: that is what a retry is without a chain.
        let Some(model) = next.or_else(|| plan.again(table, chains, &progress)) else {
            return Chosen::Nobody;
        };
        // The last one is who serves.
        progress.tried.retain(|name| *name != model.name);
        progress.tried.push(model.name.clone());
        progress.attempt = attempt;
        progress.reason = Reason::General;
        property::set_progress(&progress);
        self.run = Some(Run { plan, progress });
        Chosen::Model(Arc::clone(model))
    }

    /// Has the request name another model than it came with.
    fn name(&mut self, shared: &Shared, model: Arc<Model>, end_of_stream: bool) -> Action {
        let config = &shared.config;
        let headers = &config.headers;
        set_request_header(&headers.model, model.name.as_bytes());
        for name in &headers.model_as {
            set_request_header(name, model.upstream_model.as_bytes());
        }
        let (mut path, mut has_length, mut encoded) = (Vec::new(), false, false);
        for (name, value) in hostcalls::get_map_bytes(MapType::HttpRequestHeaders).unwrap_or_default() {
            match name.as_str() {
                ":path" => path = value,
                "content-length" => has_length = true,
                "content-encoding" => encoded |= !value.eq_ignore_ascii_case(b"identity"),
                _ => {}
            }
        }
        match config.paths.dialect(&path) {
            Some(Dialect::Gemini(span)) => {
                if let Some(path) = chat::rewrite_path(&path, span, &model.upstream_model) {
                    set_request_header(":path", &path);
                }
                if end_of_stream || encoded || config.fit.mode == fit::Mode::Off {
                    return Action::Continue;
                }
                let dialect = Dialect::Gemini(span);
                self.rewrite = Some(Rewrite { model, dialect, path, has_length, body_size: 0 });
                Action::Pause
            }
            Some(dialect) if !end_of_stream && !encoded => {
                self.rewrite = Some(Rewrite { model, dialect, path, has_length, body_size: 0 });
                Action::Pause
            }
            _ => Action::Continue,
        }
    }

    /// The body is whole: it names the model of this attempt. Every attempt gets the body that the first one got, and
    /// the headers that the last one left, so that the length is told anew.
    fn rewrite(&mut self) {
        let (Some(shared), Some(rewrite)) = (&self.shared, self.rewrite.take()) else { return };
        let size = rewrite.body_size;
        let Ok(Some(body)) = hostcalls::get_buffer(BufferType::HttpRequestBody, 0, size) else { return };
        let view = chat::view(&body, &rewrite.path, rewrite.dialect, &shared.config.limits);
        let model = &rewrite.model;
        let size = body.len();
        let mut changes = chat::named(&view.model_spans, &model.upstream_model, &[]).unwrap_or_default();
        // The client's own body: the position among the listener's filters has changed the model alone.
        let dialect = rewrite.dialect;
        changes.append(&mut fit::fit(&body, &view, dialect, &model.takes, shared.config.fit).changes);
        let spliced = chat::splice_changes(body, changes);
        let replaced = spliced.and_then(|prefix| replace(&prefix, size).ok());
        if rewrite.has_length {
            let length = replaced.map_or_else(|| size.to_string(), |length| length.to_string());
            set_request_header("content-length", length.as_bytes());
        }
    }

    /// Whether there is a model that might serve what this one refuses, for one of these reasons.
    fn has_next(&self, reasons: &[Refusal]) -> bool {
        let (Some(shared), Some(run)) = (&self.shared, &self.run) else { return false };
        let chains = &shared.config.fallbacks.chains;
        let next = |reason| run.plan.next(&shared.config.table, chains, &run.progress, reason, |_| false);
        reasons.iter().any(|&refusal| next(reason_of(refusal)).is_some())
    }

    /// The body of a refusal is whole, or as much of it as is read: has Envoy retry where another model may serve.
    fn judge(&mut self, body_size: usize) {
        let Some(mut head) = self.held.take() else { return };
        let body = match body_size {
            0 => None,
            size => hostcalls::get_buffer(BufferType::HttpResponseBody, 0, size).ok().flatten(),
        };
        let body = head.encoding.decode(body.unwrap_or_default(), LONGEST_REFUSAL);
        if !Refusal::may_be(head.status) {
            head.read_wait(&body);
            if let Some(watch) = &mut self.watch {
                watch.head(&head, false);
            }
            return;
        }
        let refusal = chat::refusal(head.status, &body);
        if let Some(watch) = &mut self.watch {
            watch.refused(head.status, refusal);
        }
        let Some(refusal) = refusal.filter(|&refusal| self.has_next(&[refusal])) else { return };
        if let Some(run) = &mut self.run {
            run.progress.reason = reason_of(refusal);
            property::set_progress(&run.progress);
            let _ = hostcalls::set_map_value(MapType::HttpResponseHeaders, RETRY, Some(refusal.name()));
        }
    }
}

impl Context for AttemptStream {
    fn on_done(&mut self) -> bool {
        let goes_on = self.run.as_ref().is_some_and(|run| alive::is(run.plan.stream));
        if let Some(watch) = &mut self.watch {
            watch.gone(goes_on);
        }
        true
    }
}

impl HttpContext for AttemptStream {
    fn on_http_request_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        let Some(shared) = self.shared.clone() else { return Action::Continue };
        let model = match self.choose(&shared) {
            Chosen::Model(model) => model,
            Chosen::Unknown => return Action::Continue,
            Chosen::Nobody => return nobody(),
        };
        if let (Some(health), Some(live)) = (&shared.health, shared.config.live) {
            self.watch = Some(Watch::begin(health, &model, live.usage, now_millis()));
        }
        match &self.run {
            // Another has left its headers where the first one's were.
            Some(run) if run.plan.model != model.name || run.progress.tried.len() > 1 || run.plan.fits => {
                self.name(&shared, model, end_of_stream)
            }
            _ => Action::Continue,
        }
    }

    fn on_http_request_body(&mut self, body_size: usize, end_of_stream: bool) -> Action {
        let Some(rewrite) = &mut self.rewrite else { return Action::Continue };
        rewrite.body_size = body_size;
        if !end_of_stream {
            return Action::Pause;
        }
        self.rewrite();
        Action::Continue
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        self.rewrite();
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        if self.run.is_none() {
            return Action::Continue;
        }
        let head = Head::gather();
        if head.marked {
            let _ = hostcalls::remove_map_value(MapType::HttpResponseHeaders, RETRY);
        }
        let may_hold = self.shared.as_ref().is_some_and(|shared| shared.may_hold);
        let is_refusal = Refusal::may_be(head.status) && head.encoding.is_read();
        let refused = is_refusal && self.has_next(&Refusal::ALL);
        if may_hold && (refused || (head.asks_in_body() && !end_of_stream)) {
            self.held = Some(head);
            if !end_of_stream {
                return Action::Pause;
            }
            self.judge(0);
            return Action::Continue;
        }
        if let Some(watch) = &mut self.watch {
            watch.head(&head, end_of_stream);
        }
        Action::Continue
    }

    fn on_http_response_body(&mut self, body_size: usize, end_of_stream: bool) -> Action {
        if self.held.is_some() {
            if !end_of_stream && body_size <= LONGEST_REFUSAL {
                return Action::Pause;
            }
            self.judge(if body_size <= LONGEST_REFUSAL { body_size } else { 0 });
            return Action::Continue;
        }
        if let Some(watch) = &mut self.watch {
            watch.body(body_size, end_of_stream);
        }
        Action::Continue
    }

    fn on_http_response_trailers(&mut self, _count: usize) -> Action {
        self.judge(LONGEST_REFUSAL);
        if let Some(watch) = &mut self.watch {
            watch.complete();
        }
        Action::Continue
    }
}

const fn reason_of(refusal: Refusal) -> Reason {
    match refusal {
        Refusal::ContextWindow => Reason::ContextWindow,
        Refusal::ContentPolicy => Reason::ContentPolicy,
        Refusal::Unserviceable | Refusal::ForeignHistory => Reason::General,
    }
}

/// The request's model must not be asked of a provider that does not know it.
fn nobody() -> Action {
    const BODY: &[u8] = br#"{"error":{"message":"no model is left for this request","type":"server_error"}}"#;
    let headers = vec![("content-type", "application/json")];
    match hostcalls::send_http_response(503, headers, Some(BODY)) {
        Ok(()) => Action::Pause,
        Err(_) => Action::Continue,
    }
}
