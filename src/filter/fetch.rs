//! The shell of what is fetched in the background: shared data, ticks, the call and its answer. What is decided is decided
//! by [`refresh`]; what a body is, by the [`Subject`].

use std::rc::Rc;

use log::{info, warn};
use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, Bytes, MapType};

use super::{WorkerState, attempt, clock};
use tiergate_core::refresh::{
    self, AnswerKind, Endpoint, FetchAnswer, FetchKind, FetchReport, RefreshOutcome, RefreshStep, Schedule,
    Snapshot, State,
};
use tiergate_core::time::Timestamp;

/// How often the end of a fetch is written down at most.
const TRIES: usize = 3;
/// Most characters of a body, or of what the server said, in a log line.
const LONGEST_QUOTE: usize = 200;
const USER_AGENT: &str = concat!("tiergate/", env!("CARGO_PKG_VERSION"));

/// What is fetched, and what is made of it.
pub trait Subject {
    /// What a body comes to.
    type Read;

    /// Which kind of thing it is.
    const KIND: FetchKind;

    /// What log lines call it: the last good one of these is so old.
    const NOUN: &'static str;

    /// Reads a body. The text says what is in it, or what is wrong with it.
    ///
    /// # Errors
    /// What became of the fetch, where the body is not good.
    fn read(&self, body: &[u8]) -> Result<(Self::Read, String), (RefreshOutcome, String)>;
}

/// What a worker knows about what is fetched.
pub struct Fetcher<S: Subject> {
    /// What reads bodies.
    pub subject: S,
    shared: Rc<WorkerState>,
    endpoint: Endpoint,
    schedule: Schedule,
    identity: u64,
    state_key: String,
    snapshot_key: String,
    /// The generation that was read last, good or not: it is not read again.
    seen: u64,
    /// What the snapshot of that generation says.
    held: Option<Rc<S::Read>>,
    /// Whether what is held may still be used.
    usable: bool,
    /// The call that waits for an answer.
    pending: Option<Pending>,
}

struct Pending {
    token: u32,
    /// The lease was taken under this number.
    holder: u64,
    /// The request gave the etag of what is there already.
    conditional: bool,
}

/// A state as it lay in shared data, and the number to write the next one with.
struct Found {
    state: State,
    cas: Option<u32>,
}

impl<S: Subject> Fetcher<S> {
    /// Notes in shared data that the thing is wanted, and takes the snapshot that other workers may have left. Fetches
    /// nothing: the host tries a configuration on a VM that is thrown away at once, and that must not take the lease.
    pub fn start(subject: S, shared: &Rc<WorkerState>, endpoint: &Endpoint, schedule: Schedule) -> Self {
        let mut fetcher = Self {
            subject,
            shared: shared.clone(),
            identity: refresh::identity(endpoint, &schedule),
            endpoint: endpoint.clone(),
            schedule,
            state_key: String::new(),
            snapshot_key: String::new(),
            seen: 0,
            held: None,
            usable: false,
            pending: None,
        };
        let found = fetcher.settle();
        fetcher.take(&found.state, clock::now());
        fetcher
    }

    /// What there is, where it may be used.
    pub fn usable(&self) -> Option<Rc<S::Read>> {
        self.held.clone().filter(|_| self.usable)
    }

    /// Another configuration counts from now on: what is held is read once more with it.
    pub fn rebind(&mut self, subject: S, shared: &Rc<WorkerState>) {
        self.subject = subject;
        self.shared = shared.clone();
        self.seen = 0;
        if let Some(found) = self.look() {
            self.take(&found.state, clock::now());
        }
    }

    /// Takes what is new, reports its age, and fetches where that is due and `may_fetch`.
    pub fn tick(&mut self, may_fetch: bool) {
        let now = clock::now();
        let found = match self.look() {
            Some(found) => found,
            None => self.settle(),
        };
        let found = self.tell_stale(found, now);
        self.take(&found.state, now);
        if let Some(age) = found.state.age(now).filter(|_| self.held.is_some()) {
            self.shared.metrics.borrow_mut().age(S::KIND, age.seconds());
        }
        #[cfg(feature = "probe")]
        if crate::probe::death::leaves(&self.endpoint.path) {
            return;
        }
        if may_fetch
            && let RefreshStep::Fetch(taken) =
                found.state.step(now, &self.schedule, clock::random(now).max(1))
            && self.write(&taken, found.cas)
        {
            self.fetch(&taken, now);
        }
    }

    /// The answer of the call `token`; `headers` is 0 where it broke off. False where it is somebody else's call.
    pub fn answer(&mut self, token: u32, headers: usize, body_size: usize) -> bool {
        let Some(pending) = self.pending.take_if(|pending| pending.token == token) else { return false };
        let now = clock::now();
        // Of an answer that broke off no header can be read: the host refuses, and the SDK does not survive that.
        let headers = match headers {
            0 => Vec::new(),
            _ => hostcalls::get_map_bytes(MapType::HttpCallResponseHeaders).unwrap_or_default(),
        };
        let answer = FetchAnswer::new(&headers, body_size);
        let mut fetched = self.judge(answer.as_ref(), pending.conditional);
        if let Some(answer) = &answer {
            fetched.report.retry_after = answer.wait(now);
            fetched.report.etag = answer.etag.unwrap_or_default().to_vec();
        }
        self.conclude(pending.holder, fetched, now);
        true
    }

    /// The state of what is ours, where it is there.
    fn look(&self) -> Option<Found> {
        let (bytes, cas) = hostcalls::get_shared_data(&self.state_key).ok()?;
        Some(Found { state: State::decode(&bytes?, self.identity)?, cas })
    }

    /// Finds the slot of what is ours, and writes a state there if it has none. Nobody's record, or that of a thing that is
    /// fetched no more, may be written over; a race is lost quietly, for the next tick looks again.
    fn settle(&mut self) -> Found {
        let read = |slot| {
            hostcalls::get_shared_data(&refresh::state_key(S::KIND, slot)).ok().and_then(|(bytes, _)| bytes)
        };
        let slot = refresh::place(self.identity, read);
        self.state_key = refresh::state_key(S::KIND, slot);
        self.snapshot_key = refresh::snapshot_key(S::KIND, slot);
        if let Some(found) = self.look() {
            return found;
        }
        let (_, cas) = hostcalls::get_shared_data(&self.state_key).unwrap_or_default();
        self.write(&State::default(), cas);
        // Written on a missing key by everybody: what is there now counts, and its number.
        self.look().unwrap_or(Found { state: State::default(), cas: None })
    }

    fn write(&self, state: &State, cas: Option<u32>) -> bool {
        hostcalls::set_shared_data(&self.state_key, Some(&state.encode(self.identity)), cas).is_ok()
    }

    /// Whether this is the snapshot that lies in shared data.
    fn holds(&self, snapshot: Snapshot<'_>) -> bool {
        self.snapshot().is_some_and(|bytes| Snapshot::decode(&bytes, self.identity) == Some(snapshot))
    }

    fn snapshot(&self) -> Option<Bytes> {
        hostcalls::get_shared_data(&self.snapshot_key).ok().and_then(|(bytes, _)| bytes)
    }

    /// Says once in the process that the snapshot is too old. Gives the state that is there then.
    fn tell_stale(&self, found: Found, now: Timestamp) -> Found {
        let Some(age) = found.state.age(now) else { return found };
        if found.state.told_stale || found.state.is_usable(now, &self.schedule) {
            return found;
        }
        let told = State { told_stale: true, ..found.state.clone() };
        if self.write(&told, found.cas) {
            warn!(
                "tiergate: {}: the last good {} is {} s old and no longer used; the configured order applies",
                S::KIND.name(),
                S::NOUN,
                age.seconds()
            );
        }
        self.look().unwrap_or(found)
    }

    /// Reads the snapshot where it is new.
    fn take(&mut self, state: &State, now: Timestamp) {
        if state.generation != self.seen {
            self.seen = state.generation;
            // One of another generation is good as well: it was written before its state.
            let bytes = self.snapshot();
            let snapshot = bytes.as_deref().and_then(|bytes| Snapshot::decode(bytes, self.identity));
            let read = snapshot.and_then(|snapshot| self.subject.read(snapshot.body).ok());
            self.held = read.map(|(read, _)| Rc::new(read));
        }
        self.usable = state.is_usable(now, &self.schedule);
    }

    /// Whether the call would come back into this VM: the cluster of a model, where the attempt position is there. A stream
    /// that begins in the middle of a callback is more than the SDK survives.
    fn comes_back(&self) -> bool {
        let table = &self.shared.config.table;
        let ours = |cluster: &str| cluster == self.endpoint.cluster;
        attempt::is_here()
            && (ours(&table.default_cluster) || table.models.values().any(|model| ours(&model.cluster)))
    }

    /// Makes the call, having taken the lease.
    fn fetch(&mut self, taken: &State, now: Timestamp) {
        let endpoint = &self.endpoint;
        if self.comes_back() {
            let what = format!(
                "cluster {:?} has this filter among its upstream filters, and the filter cannot call itself; use another cluster",
                endpoint.cluster
            );
            self.conclude(taken.holder, Fetched::failed(RefreshOutcome::NotSent, what), now);
            return;
        }
        let mut headers = vec![
            (":method", "GET"),
            (":path", endpoint.path.as_str()),
            (":authority", endpoint.authority.as_str()),
            ("accept", "application/json"),
            ("accept-encoding", "identity"),
            ("user-agent", USER_AGENT),
        ];
        headers.extend(endpoint.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        // An answer of 304 is of use only while the snapshot that the etag is of is still there.
        let intact = || {
            let bytes = self.snapshot()?;
            let snapshot = Snapshot::decode(&bytes, self.identity)?;
            (snapshot.generation == taken.generation).then_some(())
        };
        let etag = std::str::from_utf8(&taken.etag).ok().filter(|etag| !etag.is_empty());
        let etag =
            etag.filter(|_| taken.generation == self.seen && self.held.is_some() && intact().is_some());
        headers.extend(etag.map(|etag| ("if-none-match", etag)));
        let called =
            hostcalls::dispatch_http_call(&endpoint.cluster, headers, None, Vec::new(), endpoint.timeout);
        match called {
            Ok(token) => {
                self.pending = Some(Pending { token, holder: taken.holder, conditional: etag.is_some() });
                #[cfg(feature = "probe")]
                crate::probe::death::die(&endpoint.path);
            }
            Err(status) => {
                let what = format!("cluster {:?}: {status:?}", endpoint.cluster);
                self.conclude(taken.holder, Fetched::failed(RefreshOutcome::NotSent, what), now);
            }
        }
    }

    /// Writes down what became of a fetch, and uses what it brought. A worker that lost its lease to another one has
    /// nothing to say any more.
    fn conclude(&mut self, holder: u64, mut fetched: Fetched<S::Read>, now: Timestamp) {
        self.shared.metrics.borrow_mut().fetched(S::KIND, fetched.report.outcome);
        let read = fetched.read.take().map(|(read, body)| (Rc::new(read), body));
        // Somebody else may write in between (that the snapshot is too old, say): then once more.
        for _ in 0..TRIES {
            let Some(found) = self.look().filter(|found| found.state.holder == holder) else { return };
            if let Some((_, body)) = &read {
                let known = Snapshot { generation: found.state.generation, body };
                fetched.report.unchanged = self.holds(known);
            }
            let report = fetched.report.clone();
            let next = found.state.after(now, &self.schedule, clock::random(now), report);
            if let Some((_, body)) = read.as_ref().filter(|_| !fetched.report.unchanged) {
                // Before the state, so that whoever sees the new generation finds its snapshot.
                let snapshot = Snapshot { generation: next.generation, body }.encode(self.identity);
                let _ = hostcalls::set_shared_data(&self.snapshot_key, Some(&snapshot), None);
            }
            if !self.write(&next, found.cas) {
                continue;
            }
            if let Some((read, _)) = &read {
                self.seen = next.generation;
                self.held = Some(read.clone());
            }
            self.take(&next, now);
            tell::<S>(&found.state, &next, &fetched.what, now);
            return;
        }
    }

    /// Reads the body where it may be good.
    fn judge(&self, answer: Option<&FetchAnswer<'_>>, conditional: bool) -> Fetched<S::Read> {
        let Some(answer) = answer else {
            return Fetched::failed(RefreshOutcome::Broken, "the connection broke off".to_owned());
        };
        let max_bytes = self.endpoint.max_bytes;
        if let AnswerKind::Done(outcome) = answer.verdict(max_bytes, conditional) {
            let what = match outcome {
                RefreshOutcome::Compressed => format!("content-encoding {}", quoted(answer.content_encoding)),
                RefreshOutcome::ContentType => format!("content-type {}", quoted(answer.content_type)),
                RefreshOutcome::TooLarge => {
                    format!("{} bytes; {}.max_bytes is {max_bytes}", answer.body_size, S::KIND.name())
                }
                _ => format!("status {}", String::from_utf8_lossy(answer.status)),
            };
            return Fetched::failed(outcome, what);
        }
        let body = hostcalls::get_buffer(BufferType::HttpCallResponseBody, 0, answer.body_size);
        let body = body.ok().flatten().unwrap_or_default();
        match self.subject.read(&body) {
            Ok((read, what)) => {
                let mut fetched = Fetched::failed(RefreshOutcome::Updated, clipped(&what));
                fetched.read = Some((read, body));
                fetched
            }
            Err((outcome, what)) => Fetched::failed(outcome, clipped(&what)),
        }
    }
}

/// What came of a call.
struct Fetched<R> {
    report: FetchReport,
    /// What was wrong, or what the body has.
    what: String,
    read: Option<(R, Bytes)>,
}

impl<R> Fetched<R> {
    const fn failed(outcome: RefreshOutcome, what: String) -> Self {
        Self {
            report: FetchReport { outcome, retry_after: None, etag: Vec::new(), unchanged: false },
            what,
            read: None,
        }
    }
}

/// Logs a change for the worse, and that it is good again. The last outcome is shared, so that workers do not repeat
/// each other.
fn tell<S: Subject>(before: &State, after: &State, what: &str, now: Timestamp) {
    let Some(outcome) = after.outcome else { return };
    if outcome.is_good() {
        if before.outcome.is_none_or(|last| !last.is_good()) {
            info!("tiergate: {}: {}: {what}", S::KIND.name(), outcome.name());
        }
    } else if before.outcome != after.outcome {
        let kept = match after.age(now) {
            Some(age) => format!("the last good {} is {} s old", S::NOUN, age.seconds()),
            None => format!("there has been no good {} yet", S::NOUN),
        };
        warn!(
            "tiergate: {}: {}: {what}; {kept}; the next try is in {} s",
            S::KIND.name(),
            outcome.name(),
            after.wait.seconds_up()
        );
    }
}

/// A value of a header or a body, for a log line.
pub fn quoted(value: Option<&[u8]>) -> String {
    format!("{:?}", clipped(&String::from_utf8_lossy(value.unwrap_or_default())))
}

fn clipped(text: &str) -> String {
    text.chars().take(LONGEST_QUOTE).collect()
}
