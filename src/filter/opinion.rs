//! The shell of second opinions: the call to the classifier, and its answer.
//!
//! The call is the root context's, not the stream's. Envoy cancels the calls of a stream that ends, without a callback, and
//! the SDK would keep the number of such a call for ever. A call of the root always ends with a callback, at the latest
//! with its timeout, and the SDK hands that to the stream that began it, or to nobody where that is gone.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use log::{info, warn};
use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, MapType};

use super::{WorkerState, attempt, clock};
use tiergate_core::config::{Classifier, Config, Target};
use tiergate_core::opinion::{
    self, Asking, LARGEST_ANSWER, OpinionEnd, OpinionOutcome, OpinionStep, Opinions,
};
use tiergate_core::tier::Tier;
use tiergate_core::time::{Millis, Timestamp};

/// What the workers' streams share of it.
pub type SharedOpinions = Rc<RefCell<Opinions>>;

/// How often at most a log line says that the classifier fails, or answers again.
const OFTEN: Millis = Millis::of_seconds(10);

thread_local! {
    /// Whether the last call of this VM was answered, and when that was reported.
    static TOLD: Cell<(bool, Timestamp)> = const { Cell::new((true, Timestamp::NEVER)) };
}

/// What a configuration needs for it.
pub fn start(config: &Config) -> Option<SharedOpinions> {
    config.classifier.is_some().then(|| Rc::new(RefCell::new(Opinions::new(clock::random(clock::now())))))
}

/// What came of an unsure ask, for the access log.
#[derive(Clone, Copy, Debug)]
pub struct OpinionLog {
    pub outcome: OpinionOutcome,
    /// How long the request waited; none where it did not.
    pub waited: Option<Millis>,
}

/// A request that waits for an answer.
pub struct Wait {
    asking: Asking,
    token: u32,
    scored: Tier,
    began: Timestamp,
}

/// What is to be done about an unsure ask.
pub enum Begun {
    /// The request waits.
    Waits(Wait),
    /// It does not: the tier, where one is known, and what is reported of it.
    Goes(Option<Tier>, OpinionLog),
}

/// Asks for an opinion of `ask`. `contexts`: those of the root and of the stream.
pub fn begin(
    shared: &WorkerState,
    contexts: (u32, u32),
    (credential, ask, scored): (&[u8], &str, Tier),
    now: Timestamp,
) -> Begun {
    let goes = |tier, outcome| Begun::Goes(tier, OpinionLog { outcome, waited: None });
    let (Some(classifier), Some(opinions)) = (&shared.config.classifier, &shared.opinions) else {
        return goes(None, OpinionOutcome::NotSent);
    };
    let settings = &classifier.settings;
    let mut opinions = opinions.borrow_mut();
    let step = opinions.begin(settings, credential, ask, now);
    let asking = match step {
        OpinionStep::Ask(asking) => asking,
        OpinionStep::Known(tier) => {
            count(shared, OpinionOutcome::Remembered);
            return goes(Some(tier), OpinionOutcome::Remembered);
        }
        OpinionStep::Not(outcome) => {
            count(shared, outcome);
            return goes(None, outcome);
        }
    };
    let sent = target(shared, classifier, now).and_then(|target| {
        let body = opinions.body(settings, &target.model, ask);
        call(classifier, target, &body, contexts)
    });
    match sent {
        Some(token) => Begun::Waits(Wait { asking, token, scored, began: now }),
        None => {
            opinions.end(settings, &asking, OpinionEnd::Without(OpinionOutcome::NotSent), now);
            count(shared, OpinionOutcome::NotSent);
            tell(OpinionOutcome::NotSent, now);
            goes(None, OpinionOutcome::NotSent)
        }
    }
}

impl Wait {
    /// Whether it is for the answer of this call.
    pub const fn is_for(&self, token: u32) -> bool {
        self.token == token
    }

    /// The answer has come; `headers` is 0 where it broke off. The tier, where it names one.
    pub fn end(
        self,
        shared: &WorkerState,
        contexts: (u32, u32),
        (headers, body_size): (usize, usize),
    ) -> (Option<Tier>, OpinionLog) {
        let now = clock::now();
        let end = answer(contexts, headers, body_size);
        self.conclude(shared, end, now);
        let waited = now.since(self.began);
        let (tier, outcome) = match end {
            OpinionEnd::Tier(tier) => (Some(tier), OpinionOutcome::of(tier, self.scored)),
            OpinionEnd::Without(outcome) => (None, outcome),
        };
        count(shared, outcome);
        tell(outcome, now);
        shared.metrics.borrow_mut().opinion_took(waited);
        (tier, OpinionLog { outcome, waited: Some(waited) })
    }

    /// The client goes away.
    pub fn leave(self, shared: &WorkerState) {
        self.conclude(shared, OpinionEnd::Without(OpinionOutcome::Left), clock::now());
        count(shared, OpinionOutcome::Left);
    }

    fn conclude(&self, shared: &WorkerState, end: OpinionEnd, now: Timestamp) {
        if let (Some(classifier), Some(opinions)) = (&shared.config.classifier, &shared.opinions) {
            opinions.borrow_mut().end(&classifier.settings, &self.asking, end, now);
        }
    }
}

/// The upstream has answered a client's request well.
pub fn accepted(shared: &WorkerState, credential: &[u8]) {
    if let (Some(classifier), Some(opinions)) = (&shared.config.classifier, &shared.opinions) {
        opinions.borrow_mut().accepted(&classifier.settings, credential, clock::now());
    }
}

/// Who is asked: the first that is in no cooldown. None where the call would come back into this VM.
fn target<'c>(shared: &WorkerState, classifier: &'c Classifier, now: Timestamp) -> Option<&'c Target> {
    let cooling = |target: &Target| {
        let health = shared.health.as_ref().zip(target.known.as_ref());
        health.is_some_and(|(health, model)| health.borrow_mut().conditions(0, now).of(model).cooling)
    };
    let targets = &classifier.targets;
    let target = targets.iter().find(|target| !cooling(target)).or_else(|| targets.first())?;
    let table = &shared.config.table;
    let back = attempt::is_here()
        && (target.cluster == table.default_cluster
            || table.models.values().any(|model| model.cluster == target.cluster));
    (!back).then_some(target)
}

fn call(classifier: &Classifier, target: &Target, body: &[u8], (root, own): (u32, u32)) -> Option<u32> {
    let length = body.len().to_string();
    let mut headers = vec![
        (":method", "POST"),
        (":path", classifier.path.as_str()),
        (":authority", classifier.authority.as_deref().unwrap_or(&target.cluster)),
        ("content-type", "application/json"),
        ("content-length", length.as_str()),
        ("accept", "application/json"),
        ("accept-encoding", "identity"),
    ];
    headers.extend(classifier.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    hostcalls::set_effective_context(root).ok()?;
    let called =
        hostcalls::dispatch_http_call(&target.cluster, headers, Some(body), Vec::new(), classifier.timeout);
    let _ = hostcalls::set_effective_context(own);
    called.ok()
}

/// What came back.
fn answer((root, own): (u32, u32), headers: usize, body_size: usize) -> OpinionEnd {
    // Of an answer that broke off no header can be read: the host refuses, and the SDK does not survive that.
    if headers == 0 {
        return OpinionEnd::Without(OpinionOutcome::Broken);
    }
    let _ = hostcalls::set_effective_context(root);
    let map = hostcalls::get_map_bytes(MapType::HttpCallResponseHeaders).unwrap_or_default();
    let body = match body_size {
        0 => None,
        // One byte too many, so that it counts as too long.
        size => {
            let size = size.min(LARGEST_ANSWER + 1);
            hostcalls::get_buffer(BufferType::HttpCallResponseBody, 0, size).ok().flatten()
        }
    };
    let _ = hostcalls::set_effective_context(own);
    let status = map.iter().find(|(name, _)| name == ":status").map(|(_, value)| value.as_slice());
    let status = status.and_then(|value| std::str::from_utf8(value).ok()?.parse().ok()).unwrap_or(0);
    opinion::read(status, &body.unwrap_or_default())
}

fn count(shared: &WorkerState, outcome: OpinionOutcome) {
    shared.metrics.borrow_mut().opinion(outcome);
}

/// Logs that the classifier fails, and that it answers again.
fn tell(outcome: OpinionOutcome, now: Timestamp) {
    let well = match outcome {
        OpinionOutcome::Agrees | OpinionOutcome::Raises | OpinionOutcome::Lowers => true,
        OpinionOutcome::Timeout
        | OpinionOutcome::Failed
        | OpinionOutcome::Broken
        | OpinionOutcome::NotSent => false,
        _ => return,
    };
    let (last, at) = TOLD.get();
    if well == last || now.apart(at) < OFTEN {
        return;
    }
    TOLD.set((well, now));
    if well {
        info!("tiergate: classifier: it answers again");
    } else {
        warn!("tiergate: classifier: {}; the scorer's tier stands", outcome.name());
    }
}
