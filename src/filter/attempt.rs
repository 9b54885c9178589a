//! One attempt at a request, in the attempt position: among the upstream filters, which Envoy runs again for every retry.

mod rewrite;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::{Action, BufferType, MapType};

use super::chain::{next, reason_of, same, settle};
use super::edit::{reply, set_request_header};
use super::extra::Extra;
use super::facts::Betas;
use super::verdict::AnswerVerdict;
use super::watch::{Ask, Head, RETRY, Watch};
use super::{WorkerState, alive, clock, property};
use rewrite::Rewrite;
use tiergate_core::chat::{
    self, Coding, Encoding, First, Form, LONGEST_REFUSAL, PathModels, Problem, Steering,
};
use tiergate_core::fit::Mode;
use tiergate_core::live::AttemptOutcome;
use tiergate_core::route::{FallbackReason, Model, Plan, Progress};
use tiergate_core::time::{Millis, Timestamp};

thread_local! {
    /// Whether this VM has a filter in this position.
    static HERE: Cell<bool> = const { Cell::new(false) };
}

/// Notes that this VM has a filter in this position.
pub fn comes() {
    HERE.set(true);
}

/// Whether this VM has a filter in this position.
pub fn is_here() -> bool {
    HERE.get()
}

/// An attempt between the callbacks.
pub struct AttemptStream {
    shared: Option<Rc<WorkerState>>,
    run: Option<Run>,
    watch: Option<Watch>,
    /// The body is to name another model, and has not come whole.
    rewrite: Option<Rewrite>,
    /// When the request went out; none once there is an answer.
    unanswered: Option<Timestamp>,
    /// It is sent again, as the connection was lost.
    again: bool,
    /// An answer that is held back until it is known what it says.
    held: Option<HeldAnswer>,
    /// The usage that the client did not ask for.
    extra: Extra,
}

/// What the attempt knows of the request.
struct Run {
    plan: Plan,
    progress: Progress,
}

/// An answer that is held back.
enum HeldAnswer {
    /// An error, until its body is whole.
    Error(Head),
    /// A good one, until it has begun; and since when.
    Good(Head, Form, Timestamp),
}

/// An attempt that loses its connection so soon, and before anything of an answer, says little of its
/// model: servers close connections that a proxy is about to use again. A round trip to anywhere takes less.
const LOST_SOON: Millis = Millis::of(300);

/// A good answer is held back no longer, as far as there is something of it to look at.
const LONGEST_HOLD: Millis = Millis::of_seconds(10);

/// Who serves an attempt.
enum Chosen {
    /// Nothing says who serves the request.
    Unknown,
    /// The attempt reaches a cluster that none of the request's models is of.
    Nobody,
    Model(Arc<Model>),
}

impl AttemptStream {
    pub fn new(shared: Option<Rc<WorkerState>>) -> Self {
        let extra = Extra::default();
        Self {
            shared,
            run: None,
            watch: None,
            rewrite: None,
            unanswered: None,
            again: false,
            held: None,
            extra,
        }
    }

    /// Who serves this attempt, and what is known of it from now on.
    fn choose(&mut self, shared: &WorkerState) -> Chosen {
        let Some(plan) = property::plan() else { return Chosen::Unknown };
        let table = &shared.config.table;
        let Some(first) = table.keyed(&plan.model) else { return Chosen::Unknown };
        let attempt = property::attempt();
        if attempt <= 1 {
            let progress = Progress::begun(first);
            property::set_progress(&progress);
            self.run = Some(Run { plan, progress });
            return Chosen::Model(Arc::clone(first));
        }
        let mut progress = property::progress().unwrap_or_else(|| Progress::begun(first));
        self.again = alive::sends_again(plan.stream);
        let same = if self.again { same(shared, &plan, &progress) } else { None };
        // Where nobody is left, the last one is asked again: that is what a retry is without a chain.
        let Some(model) = same.or_else(|| next(shared, &plan, &progress, progress.reason, true)) else {
            return Chosen::Nobody;
        };
        progress.go_on(&model, attempt);
        property::set_progress(&progress);
        self.run = Some(Run { plan, progress });
        Chosen::Model(model)
    }

    /// Has the request name another model than it came with.
    fn name(&mut self, shared: &WorkerState, model: Arc<Model>, end_of_stream: bool) -> Action {
        let config = &shared.config;
        let headers = &config.headers;
        set_request_header(&headers.model, model.name.as_bytes());
        for name in &headers.model_as {
            set_request_header(name, model.upstream_model.as_bytes());
        }
        let (mut path, mut has_length, mut coding) = (Vec::new(), false, Coding::Identity);
        let mut betas = Betas::default();
        let mut boundary = None;
        for (name, value) in hostcalls::get_map_bytes(MapType::HttpRequestHeaders).unwrap_or_default() {
            match name.as_str() {
                ":path" => path = value,
                "content-length" => has_length = true,
                "anthropic-beta" | "openai-beta" => betas.note(&name),
                "content-type" => boundary = chat::boundary(&value),
                "content-encoding" => coding = coding.and(&value),
                _ => {}
            }
        }
        if config.fit.mode != Mode::Off && !self.as_it_went(&model) {
            betas.strip(&model.takes);
        }
        let dialect = config.paths.dialect(&path);
        let places = PathModels::of(&path, dialect).spans;
        if !places.is_empty()
            && let Some(path) = chat::rewrite_path_at(&path, &places, &model.upstream_model)
        {
            set_request_header(":path", &path);
        }
        let is_call = dialect.is_some() || config.paths.is_other(&path);
        if !is_call || end_of_stream || coding != Coding::Identity {
            return Action::Continue;
        }
        self.rewrite = Some(Rewrite { model, dialect, boundary, path, has_length, body_size: 0 });
        Action::Pause
    }

    /// Whether another model might serve what this one does not, for any reason.
    fn has_next(&self) -> bool {
        let (Some(shared), Some(run)) = (&self.shared, &self.run) else { return false };
        let reasons = [FallbackReason::General, FallbackReason::ContextWindow, FallbackReason::ContentPolicy];
        reasons.into_iter().any(|reason| next(shared, &run.plan, &run.progress, reason, false).is_some())
    }

    /// What an answer says, where the configuration has the next model asked by its status.
    fn or_next(&self, verdict: AnswerVerdict) -> AnswerVerdict {
        match &self.shared {
            Some(shared) => verdict.or_next(&shared.config.fallbacks.next_on),
            None => verdict,
        }
    }

    /// The answer is no good: has Envoy retry where another model may serve, or the same one.
    fn reject(&mut self, verdict: &AnswerVerdict, wait: Option<Millis>) {
        let open = self.watch.as_mut().and_then(|watch| watch.finish(verdict, wait));
        let (Some(shared), Some(run)) = (&self.shared, &mut self.run) else { return };
        let reason = verdict.refusal.map_or(FallbackReason::General, reason_of);
        let may = verdict.refusal.is_some() || verdict.failure().is_some();
        let again = verdict.is_worth_another_try() && wait.is_none();
        let retry = may && next(shared, &run.plan, &run.progress, reason, again).is_some();
        let changed = open.is_some() || (retry && run.progress.reason != reason);
        run.progress.open.extend(open);
        run.progress.reason = reason;
        if changed {
            property::set_progress(&run.progress);
        }
        if retry {
            let _ = hostcalls::set_map_value(MapType::HttpResponseHeaders, RETRY, Some(verdict.label));
        }
    }

    /// The answer is good: what other models made of the same request was their fault.
    fn accept(&mut self, head: &Head, end_of_stream: bool) {
        if let Some(watch) = &mut self.watch {
            watch.head(head, end_of_stream);
        }
        let (Some(shared), Some(run)) = (&self.shared, &mut self.run) else { return };
        if !run.progress.open.is_empty() {
            settle(shared, &run.progress, (run.plan.request, run.plan.asker), true);
            run.progress.open.clear();
            property::set_progress(&run.progress);
        }
    }

    /// Looks at what has come of an answer that is held back; false where it is held on.
    fn look(&mut self, size: usize, end_of_stream: bool) -> bool {
        let read = || hostcalls::get_buffer(BufferType::HttpResponseBody, 0, size).ok().flatten();
        match self.held.take() {
            None => {}
            Some(HeldAnswer::Error(head)) if !end_of_stream && size <= LONGEST_REFUSAL => {
                self.held = Some(HeldAnswer::Error(head));
                return false;
            }
            Some(HeldAnswer::Error(mut head)) => {
                let body = if size <= LONGEST_REFUSAL { read() } else { None };
                let body = head.encoding.decode(body.unwrap_or_default(), LONGEST_REFUSAL);
                head.read_wait(&body);
                let verdict = AnswerVerdict::of(head.status, &body);
                self.reject(&self.or_next(verdict), head.wait());
            }
            Some(HeldAnswer::Good(head, form, since)) => {
                let body = match size {
                    0 => Some(Vec::new()),
                    // No error is longer.
                    size if size > LONGEST_REFUSAL => None,
                    size => hostcalls::get_buffer(BufferType::HttpResponseBody, 0, size)
                        .ok()
                        .map(Option::unwrap_or_default),
                };
                let first = body.as_ref().map_or(First::Good, |body| chat::first(form, body, end_of_stream));
                let body = body.unwrap_or_default();
                match first {
                    First::Undecided if clock::now().since(since) < LONGEST_HOLD => {
                        self.held = Some(HeldAnswer::Good(head, form, since));
                        return false;
                    }
                    First::Error(status) => self.reject(&AnswerVerdict::inside(status, &body), head.wait()),
                    First::Good | First::Undecided => self.accept(&head, false),
                }
            }
        }
        true
    }
}

impl Context for AttemptStream {
    fn on_done(&mut self) -> bool {
        let Some(run) = &self.run else { return true };
        let goes_on = alive::is(run.plan.stream);
        let soon = |began| clock::now().since(began) < LOST_SOON;
        let lost = goes_on && self.unanswered.is_some_and(soon) && alive::lose(run.plan.stream);
        if let Some(watch) = &mut self.watch {
            watch.gone(goes_on, lost);
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
        let now = clock::now();
        self.unanswered = Some(now);
        if let (Some(health), Some(live)) = (&shared.health, shared.config.live) {
            let (request, asker, steering, twice) =
                self.run.as_ref().map_or((0, 0, Steering::Nothing, false), |run| {
                    (
                        run.plan.request,
                        run.plan.asker,
                        run.plan.steering,
                        run.progress.twice.contains(&model.name),
                    )
                });
            // What was lost with its connection has not counted.
            let ask = Ask { request, asker, repeated: twice && !self.again, in_chain: true, steering };
            self.watch = Some(Watch::begin(health, &model, live.usage, now, ask));
        }
        match &self.run {
            // Another has left its headers where the first one's were.
            Some(run) if run.plan.model != *model.key() || run.progress.tried.len() > 1 || run.plan.fits => {
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
        self.unanswered = None;
        let head = Head::gather();
        if head.marked {
            let _ = hostcalls::remove_map_value(MapType::HttpResponseHeaders, RETRY);
        }
        if let Some(run) = self.run.as_mut().filter(|_| head.cached) {
            run.progress.cached = true;
            property::set_progress(&run.progress);
        }
        self.extra.head(&head);
        let may_hold = self.shared.as_ref().is_some_and(|shared| shared.may_hold);
        let may_hold = may_hold && !end_of_stream && head.encoding.is_read();
        let verdict = AnswerVerdict::of_status(head.status);
        match (verdict.outcome, head.form) {
            (AttemptOutcome::Ok, Some(form))
                if may_hold && head.encoding == Encoding::Identity && self.has_next() =>
            {
                self.held = Some(HeldAnswer::Good(head, form, clock::now()));
                Action::Pause
            }
            (AttemptOutcome::Ok, _) if end_of_stream && head.plain_form().is_some() => {
                self.reject(&AnswerVerdict::nothing(), head.wait());
                Action::Continue
            }
            (AttemptOutcome::Ok, _) => {
                self.accept(&head, end_of_stream);
                Action::Continue
            }
            _ if may_hold && AnswerVerdict::is_in_body(head.status) && self.has_next() => {
                self.held = Some(HeldAnswer::Error(head));
                Action::Pause
            }
            // Where nobody else is asked, the body may say more as it passes.
            _ if AnswerVerdict::is_in_body(head.status) && !self.has_next() => {
                if let Some(watch) = &mut self.watch {
                    watch.head(&head, end_of_stream);
                }
                Action::Continue
            }
            _ => {
                self.reject(&self.or_next(verdict), head.wait());
                Action::Continue
            }
        }
    }

    fn on_http_response_body(&mut self, body_size: usize, end_of_stream: bool) -> Action {
        if !self.look(body_size, end_of_stream) {
            return Action::Pause;
        }
        if let Some(watch) = &mut self.watch {
            watch.body(body_size, end_of_stream);
        }
        self.extra.body(body_size, end_of_stream);
        Action::Continue
    }

    fn on_http_response_trailers(&mut self, _count: usize) -> Action {
        self.look(LONGEST_REFUSAL, true);
        if let Some(watch) = &mut self.watch {
            watch.complete();
        }
        Action::Continue
    }
}

/// The request's model must not be asked of a provider that does not know it.
fn nobody() -> Action {
    let path = hostcalls::get_map_value_bytes(MapType::HttpRequestHeaders, ":path").ok().flatten();
    reply(&Problem::NobodyLeft, &path.unwrap_or_default(), std::iter::empty())
}
