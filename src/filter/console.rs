//! The console: what streams leave for it in the memory of the VM, and the stream that serves it.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::{Action, BufferType, MapType};
use serde::Serialize;
use serde_json::Value;

use super::health::SharedData;
use super::metrics::Series;
use super::report::ShadowLine;
use super::{WorkerState, clock, property};
use tiergate_core::config;
use tiergate_core::console::{self, Asked, Feedback, Head, Numbers, Recent, Reply, Savings, Trial};
use tiergate_core::engine::{Decision, RequestContext};
use tiergate_core::refresh::FetchKind;
use tiergate_core::route::Model;
use tiergate_core::tier::Tier;
use tiergate_core::time::{Millis, Timestamp};

/// A console of this VM.
pub struct Console {
    settings: config::Console,
    kept: Rc<Kept>,
}

/// What the streams of the VM leave for its consoles. It is there as long as any of them is: of two, as there are while a
/// listener is replaced, either may be the one that goes.
struct Kept {
    recent: RefCell<Recent>,
    savings: RefCell<Savings>,
}

thread_local! {
    /// What this VM keeps, where it has a console.
    static HERE: RefCell<Weak<Kept>> = const { RefCell::new(Weak::new()) };
    /// What the filters in the router position run, the newest last.
    static ROUTERS: RefCell<Vec<Weak<WorkerState>>> = const { RefCell::new(Vec::new()) };
}

/// What this VM keeps for its consoles, where it has one.
fn here() -> Option<Rc<Kept>> {
    HERE.with_borrow(Weak::upgrade)
}

/// Whether this VM has a console.
pub fn is_here() -> bool {
    HERE.with_borrow(|here| here.strong_count() > 0)
}

/// Notes what a filter in the router position runs from now on.
pub fn runs(shared: &Rc<WorkerState>) {
    ROUTERS.with_borrow_mut(|routers| {
        routers.retain(|known| known.strong_count() > 0);
        routers.push(Rc::downgrade(shared));
    });
}

/// What runs, the newest first; of one version the newest.
fn running() -> Vec<Rc<WorkerState>> {
    let mut running: Vec<Rc<WorkerState>> = Vec::new();
    ROUTERS.with_borrow(|routers| {
        for shared in routers.iter().rev().filter_map(Weak::upgrade) {
            if running.iter().all(|known| known.config.version() != shared.config.version()) {
                running.push(shared);
            }
        }
    });
    running
}

/// A decision, until its request ends.
#[derive(Serialize)]
pub struct Entry {
    time_ms: Timestamp,
    request_id: String,
    config: String,
    profile: Option<String>,
    tier: Option<&'static str>,
    model: Option<String>,
    served: Option<String>,
    cause: &'static str,
    rule: Option<String>,
    score: Option<f64>,
    confidence: Option<f64>,
    cost_usd: Option<f64>,
    baseline_usd: Option<f64>,
    input_tokens: u64,
    output_tokens: u64,
    attempts: u32,
    status: u64,
    duration_ms: Millis,
    shadow: Option<Value>,
}

impl Entry {
    /// What was decided at `now`; none where nobody looks. The costs are counted.
    pub fn of(
        shared: &WorkerState,
        decision: &Decision<'_>,
        request_id: &[u8],
        now: Timestamp,
    ) -> Option<Box<Self>> {
        let kept = here()?;
        if let (Some(cost), Some(baseline)) = (decision.choice.cost, decision.baseline_cost) {
            kept.savings.borrow_mut().add(now, cost, baseline);
        }
        let thousandths = |number: f64| (number * 1000.0).round() / 1000.0;
        Some(Box::new(Self {
            time_ms: now,
            request_id: String::from_utf8_lossy(request_id).into_owned(),
            config: shared.config.version(),
            profile: decision.choice.profile.map(|profile| profile.name.clone()),
            tier: decision.choice.tier.map(Tier::name),
            model: decision.choice.model.map(|model| model.name.clone()),
            served: None,
            cause: decision.choice.cause.name(),
            rule: decision.rule.map(str::to_owned),
            score: decision.score.map(|score| thousandths(score.value)),
            confidence: decision.score.map(|score| thousandths(score.confidence)),
            cost_usd: decision.choice.cost,
            baseline_usd: decision.baseline_cost,
            input_tokens: decision.usage.input,
            output_tokens: decision.usage.output,
            attempts: 1,
            status: 0,
            duration_ms: Millis::ZERO,
            shadow: ShadowLine::of(decision).and_then(|line| serde_json::to_value(line).ok()),
        }))
    }

    /// Another model answered, after so many attempts.
    pub fn served(&mut self, by: Option<&String>, attempts: u32) {
        self.served = by.cloned();
        self.attempts = attempts;
    }

    /// The request has ended.
    pub fn end(mut self) {
        let Some(kept) = here() else { return };
        let now = clock::now();
        self.status = property::status();
        self.duration_ms = now.since(self.time_ms);
        if let Ok(line) = serde_json::to_string(&self) {
            kept.recent.borrow_mut().add(now, line);
        }
    }
}

impl Console {
    /// The console of these settings. Consoles of a VM show the same.
    pub fn start(settings: config::Console) -> Rc<Self> {
        let kept = here().unwrap_or_else(|| {
            let recent = RefCell::new(Recent::new(clock::random(clock::now()).max(1)));
            Rc::new(Kept { recent, savings: RefCell::default() })
        });
        HERE.set(Rc::downgrade(&kept));
        Rc::new(Self { settings, kept })
    }

    /// Gives the other workers what they have not got.
    pub fn tick(&self) {
        self.kept.recent.borrow_mut().tell(&SharedData, clock::now());
        self.kept.savings.borrow_mut().tell(&SharedData);
    }

    /// The recent decisions, this worker's newest too.
    fn decisions(&self) -> Vec<(Timestamp, String)> {
        self.tick();
        console::all(&SharedData)
    }

    /// Answers what has no body.
    fn get(&self, asked: Asked, head: &Head) -> Reply {
        let now = clock::now();
        match asked {
            Asked::Page => console::page(head),
            Asked::Decisions => {
                let lines: Vec<String> = self.decisions().into_iter().map(|(_, line)| line).collect();
                let body = format!(r#"{{"now_ms":{},"decisions":[{}]}}"#, now.millis(), lines.join(","));
                Reply { body: body.into_bytes().into(), ..Reply::json(200, &Value::Null) }
            }
            Asked::Savings => {
                self.tick();
                Reply::json(200, &console::savings(&SharedData, now))
            }
            Asked::Configs => {
                let running = running();
                let configs = running.iter().map(|shared| &shared.config);
                Reply::json(200, &console::configs(configs, env!("CARGO_PKG_VERSION"), now))
            }
            Asked::Models => {
                chosen(wanted(&head.path).as_deref()).map_or_else(|reply| reply, |it| models(&it))
            }
            Asked::Route | Asked::Feedback => console::error(405, "another method is wanted here"),
        }
    }

    /// Answers what has one.
    fn post(&self, asked: Asked, head: &Head, body: &[u8]) -> Reply {
        match asked {
            Asked::Route => {
                match Trial::read(body).and_then(|trial| Ok((chosen(trial.config.as_deref())?, trial))) {
                    Ok((shared, trial)) => tried(&shared, &trial),
                    Err(reply) => reply,
                }
            }
            _ => self.feedback(head, body),
        }
    }

    fn feedback(&self, head: &Head, body: &[u8]) -> Reply {
        let feedback = match Feedback::read(body) {
            Ok(feedback) => feedback,
            Err(message) => return console::error(400, &message),
        };
        let per_minute = self.settings.feedback_per_minute;
        if let Err(seconds) = console::admits(&SharedData, clock::now(), per_minute) {
            let reply = console::error(429, "there is too much feedback in this minute");
            return reply.with("retry-after", seconds.to_string());
        }
        let from = if head.is_of_page() { "console" } else { "api" };
        let (record, known) = feedback.record(&self.decisions(), from);
        property::tell_log(record.to_string().as_bytes());
        Reply::json(202, &serde_json::json!({"recorded": true, "known": known}))
    }
}

/// What runs under this version, or the newest.
fn chosen(version: Option<&str>) -> Result<Rc<WorkerState>, Reply> {
    let running = running();
    let none = running.is_empty();
    let mut matching =
        running.into_iter().filter(|shared| version.is_none_or(|wanted| shared.config.version() == wanted));
    matching.next().ok_or_else(|| match none {
        true => console::error(503, "no router runs in this VM: give both filters the same vm_config"),
        false => console::error(404, "no configuration of this version runs"),
    })
}

/// The version in a path's query, `?config=VERSION`.
fn wanted(path: &[u8]) -> Option<String> {
    let query = path.split(|&b| b == b'?').nth(1)?;
    let value = query.split(|&b| b == b'&').find_map(|pair| pair.strip_prefix(b"config="))?;
    Some(String::from_utf8_lossy(value).into_owned())
}

fn numbers(shared: &WorkerState, model: &Model, now: Timestamp) -> Numbers {
    let signal = shared.ranking.borrow().as_ref().map(|ranking| ranking.of(model));
    let Some(health) = &shared.health else { return Numbers { signal, ..Numbers::default() } };
    let mut health = health.borrow_mut();
    Numbers {
        live: Some(health.state(model, now)),
        input_tokens: health.total(model, Series::Tokens("input")),
        output_tokens: health.total(model, Series::Tokens("output")),
        spend_usd: health.total(model, Series::Spend) as f64 / 1e6,
        signal,
    }
}

fn models(shared: &WorkerState) -> Reply {
    let now = clock::now();
    let age =
        shared.metrics.borrow().age_of(FetchKind::Signals).filter(|_| shared.ranking.borrow().is_some());
    let numbers = |model: &Model| numbers(shared, model, now);
    Reply::json(200, &console::models(&shared.config, numbers, age, now))
}

/// Decides as a request would be decided now.
fn tried(shared: &WorkerState, trial: &Trial) -> Reply {
    let now = clock::now();
    let mut health = shared.health.as_ref().map(|health| health.borrow_mut());
    // Nobody's key: what is one client's limit is not everybody's.
    let conditions = health.as_mut().map(|health| health.conditions(0, now));
    let ranking = shared.ranking.borrow().clone();
    let live = RequestContext {
        ranking: ranking.as_deref(),
        conditions: conditions.as_deref(),
        seed: clock::random(now),
        now,
        ..RequestContext::default()
    };
    console::route(trial, &shared.config, live, &mut shared.scratch.borrow_mut())
}

/// A request to the console.
pub struct ConsoleStream {
    console: Rc<Console>,
    /// What has a body that has not come whole.
    waiting: Option<(Asked, Head, usize)>,
}

impl ConsoleStream {
    pub const fn new(console: Rc<Console>) -> Self {
        Self { console, waiting: None }
    }

    fn finish(&mut self) -> Action {
        let Some((asked, head, size)) = self.waiting.take() else { return Action::Pause };
        let body = match size {
            0 => None,
            _ => hostcalls::get_buffer(BufferType::HttpRequestBody, 0, size).ok().flatten(),
        };
        send(&self.console.post(asked, &head, &body.unwrap_or_default()))
    }
}

fn send(reply: &Reply) -> Action {
    let headers = reply.headers.iter().map(|(name, value)| (*name, value.as_ref())).collect();
    let _ = hostcalls::send_http_response(reply.status, headers, Some(&reply.body));
    Action::Pause
}

impl Context for ConsoleStream {}

impl HttpContext for ConsoleStream {
    fn on_http_request_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        let mut head = Head::default();
        for (name, value) in hostcalls::get_map_bytes(MapType::HttpRequestHeaders).unwrap_or_default() {
            head.header(&name, value);
        }
        match console::admit(&self.console.settings, &head) {
            Err(reply) => send(&reply),
            Ok(asked) if !asked.is_post() => send(&self.console.get(asked, &head)),
            Ok(asked) => {
                self.waiting = Some((asked, head, 0));
                if end_of_stream { self.finish() } else { Action::Pause }
            }
        }
    }

    fn on_http_request_body(&mut self, body_size: usize, end_of_stream: bool) -> Action {
        let Some((.., size)) = &mut self.waiting else { return Action::Pause };
        *size = body_size;
        if body_size > console::LARGEST {
            self.waiting = None;
            return send(&console::error(413, "the request is too large"));
        }
        if end_of_stream { self.finish() } else { Action::Pause }
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        self.finish()
    }
}
