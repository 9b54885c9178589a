//! The shell of the refresh: shared data, ticks, the call to the feed and its answer. What is decided is decided by
//! [`refresh`].

use std::rc::Rc;

use log::{info, warn};
use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, Bytes, MapType};

use super::{Shared, now_millis, random};
use crate::engine;
use crate::route::Standing;
use crate::signal::refresh::{self, Answer, Outcome, Report, Snapshot, State, Step, Verdict};
use crate::signal::{self, Feed, Settings};

/// How often the end of a fetch is written down at most.
const TRIES: usize = 3;
/// Most characters of the feed, or of what the server said, in a log line.
const LONGEST_QUOTE: usize = 200;
const USER_AGENT: &str = concat!("tiergate/", env!("CARGO_PKG_VERSION"));

/// What a worker knows about its feed.
pub struct Signals {
    shared: Rc<Shared>,
    feed: u64,
    state_key: String,
    snapshot_key: String,
    /// The generation that was read last, good or not: it is not read again.
    seen: u64,
    /// What the snapshot of that generation says of the models.
    standing: Option<Rc<Standing>>,
    /// The call that waits for an answer.
    pending: Option<Pending>,
}

struct Pending {
    token: u32,
    /// The lease was taken under this number.
    holder: u64,
    /// The request told the etag of what is there already.
    conditional: bool,
}

/// A state as it lay in shared data, and the number to write the next one with.
struct Found {
    state: State,
    cas: Option<u32>,
}

impl Signals {
    /// Looks after the signals of a configuration, where it has any: notes in shared data that the feed is wanted, and
    /// takes the snapshot that other workers may have left. Fetches nothing: the host tries a configuration on a VM
    /// that is thrown away at once, and that must not take the lease.
    pub fn start(shared: &Rc<Shared>) -> Option<Self> {
        let settings = shared.config.signals.as_ref()?;
        let feed = refresh::identity(&settings.endpoint, &settings.schedule);
        let mut signals = Self {
            shared: shared.clone(),
            feed,
            state_key: String::new(),
            snapshot_key: String::new(),
            seen: 0,
            standing: None,
            pending: None,
        };
        let found = signals.settle();
        signals.take(&found.state, settings, now_millis());
        Some(signals)
    }

    /// Takes what is new, tells its age, and fetches where that is due.
    pub fn tick(&mut self) {
        let shared = self.shared.clone();
        let Some(settings) = &shared.config.signals else { return };
        let now = now_millis();
        let found = match self.look() {
            Some(found) => found,
            None => self.settle(),
        };
        let found = self.tell_stale(found, settings, now);
        self.take(&found.state, settings, now);
        if let Some(age) = found.state.age(now).filter(|_| self.standing.is_some()) {
            shared.metrics.borrow_mut().age(age / 1000);
        }
        #[cfg(feature = "probe")]
        if probe::leaves(&settings.endpoint.path) {
            return;
        }
        if let Step::Fetch(taken) = found.state.step(now, &settings.schedule, random(now).max(1))
            && self.write(&taken, found.cas)
        {
            self.fetch(&taken, settings, now);
        }
    }

    /// The answer of the call `token`; `headers` is 0 where it broke off.
    pub fn answer(&mut self, token: u32, headers: usize, body_size: usize) {
        let Some(pending) = self.pending.take_if(|pending| pending.token == token) else { return };
        let shared = self.shared.clone();
        let Some(settings) = &shared.config.signals else { return };
        let now = now_millis();
        // Of an answer that broke off no header can be read: the host refuses, and the SDK does not survive that.
        let headers = match headers {
            0 => Vec::new(),
            _ => hostcalls::get_map_bytes(MapType::HttpCallResponseHeaders).unwrap_or_default(),
        };
        let answer = Answer::new(&headers, body_size);
        let mut fetched = Fetched::judge(answer.as_ref(), settings, pending.conditional);
        if let Some(answer) = &answer {
            fetched.report.retry_after = answer.wait(now);
            fetched.report.etag = answer.etag.unwrap_or_default().to_vec();
        }
        self.conclude(pending.holder, fetched, settings, now);
    }

    /// The state of our feed, where it is there.
    fn look(&self) -> Option<Found> {
        let (bytes, cas) = hostcalls::get_shared_data(&self.state_key).ok()?;
        Some(Found { state: State::decode(&bytes?, self.feed)?, cas })
    }

    /// Finds the slot of our feed, and writes a state there if it has none. Nobody's record, or that of a feed that is
    /// fetched no more, may be written over; a race is lost quietly, for the next tick looks again.
    fn settle(&mut self) -> Found {
        let read =
            |slot| hostcalls::get_shared_data(&refresh::state_key(slot)).ok().and_then(|(bytes, _)| bytes);
        let slot = refresh::place(self.feed, read);
        self.state_key = refresh::state_key(slot);
        self.snapshot_key = refresh::snapshot_key(slot);
        if let Some(found) = self.look() {
            return found;
        }
        let (_, cas) = hostcalls::get_shared_data(&self.state_key).unwrap_or_default();
        self.write(&State::default(), cas);
        // Written on a missing key by everybody: what is there now counts, and its number.
        self.look().unwrap_or(Found { state: State::default(), cas: None })
    }

    fn write(&self, state: &State, cas: Option<u32>) -> bool {
        hostcalls::set_shared_data(&self.state_key, Some(&state.encode(self.feed)), cas).is_ok()
    }

    /// Whether this is the snapshot that lies in shared data.
    fn holds(&self, snapshot: Snapshot<'_>) -> bool {
        self.snapshot().is_some_and(|bytes| Snapshot::decode(&bytes, self.feed) == Some(snapshot))
    }

    fn snapshot(&self) -> Option<Bytes> {
        hostcalls::get_shared_data(&self.snapshot_key).ok().and_then(|(bytes, _)| bytes)
    }

    /// Says once in the process that the snapshot is too old. Gives the state that is there then.
    fn tell_stale(&self, found: Found, settings: &Settings, now: u64) -> Found {
        let Some(age) = found.state.age(now) else { return found };
        if found.state.told_stale || found.state.is_usable(now, &settings.schedule) {
            return found;
        }
        let told = State { told_stale: true, ..found.state.clone() };
        if self.write(&told, found.cas) {
            warn!(
                "tiergate: signals: the last good feed is {} s old and no longer used; candidates keep the configured order",
                age / 1000
            );
        }
        self.look().unwrap_or(found)
    }

    /// Reads the snapshot where it is new, and gives requests what it says unless it is too old.
    fn take(&mut self, state: &State, settings: &Settings, now: u64) {
        if state.generation != self.seen {
            self.seen = state.generation;
            // One of another generation is good as well: it was written before its state.
            let bytes = self.snapshot();
            let snapshot = bytes.as_deref().and_then(|bytes| Snapshot::decode(bytes, self.feed));
            let feed = snapshot.and_then(|snapshot| signal::parse(snapshot.body).ok());
            self.standing = feed.map(|feed| self.standing_of(&feed));
        }
        let usable = self.standing.as_ref().filter(|_| state.is_usable(now, &settings.schedule));
        self.shared.standing.replace(usable.cloned());
    }

    fn standing_of(&self, feed: &Feed) -> Rc<Standing> {
        Rc::new(engine::standing(&self.shared.config, feed))
    }

    /// Calls the feed, having taken the lease.
    fn fetch(&mut self, taken: &State, settings: &Settings, now: u64) {
        let endpoint = &settings.endpoint;
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
            let snapshot = Snapshot::decode(&bytes, self.feed)?;
            (snapshot.generation == taken.generation).then_some(())
        };
        let etag = std::str::from_utf8(&taken.etag).ok().filter(|etag| !etag.is_empty());
        let etag =
            etag.filter(|_| taken.generation == self.seen && self.standing.is_some() && intact().is_some());
        headers.extend(etag.map(|etag| ("if-none-match", etag)));
        let called =
            hostcalls::dispatch_http_call(&endpoint.cluster, headers, None, Vec::new(), endpoint.timeout);
        match called {
            Ok(token) => {
                self.pending = Some(Pending { token, holder: taken.holder, conditional: etag.is_some() });
                #[cfg(feature = "probe")]
                probe::die(&endpoint.path);
            }
            Err(status) => {
                let what = format!("cluster {:?}: {status:?}", endpoint.cluster);
                self.conclude(taken.holder, Fetched::failed(Outcome::NotSent, what), settings, now);
            }
        }
    }

    /// Writes down what became of a fetch, and uses what it brought. A worker that lost its lease to another one has
    /// nothing to say any more.
    fn conclude(&mut self, holder: u64, mut fetched: Fetched, settings: &Settings, now: u64) {
        self.shared.metrics.borrow_mut().fetched(fetched.report.outcome);
        // Somebody else may write in between (that the feed is too old, say): then once more.
        for _ in 0..TRIES {
            let Some(found) = self.look().filter(|found| found.state.holder == holder) else { return };
            if let Some((_, body)) = &fetched.feed {
                let known = Snapshot { generation: found.state.generation, body };
                fetched.report.unchanged = self.holds(known);
            }
            let report = fetched.report.clone();
            let next = found.state.after(now, &settings.schedule, random(now), report);
            if let Some((_, body)) = fetched.feed.as_ref().filter(|_| !fetched.report.unchanged) {
                // Before the state, so that whoever sees the new generation finds its snapshot.
                let snapshot = Snapshot { generation: next.generation, body }.encode(self.feed);
                let _ = hostcalls::set_shared_data(&self.snapshot_key, Some(&snapshot), None);
            }
            if !self.write(&next, found.cas) {
                continue;
            }
            if let Some((feed, _)) = &fetched.feed {
                self.seen = next.generation;
                self.standing = Some(self.standing_of(feed));
            }
            self.take(&next, settings, now);
            tell(&found.state, &next, &fetched.what, now);
            return;
        }
    }
}

/// What came of a call.
struct Fetched {
    report: Report,
    /// What was wrong, or what the feed has.
    what: String,
    feed: Option<(Feed, Bytes)>,
}

impl Fetched {
    fn failed(outcome: Outcome, what: String) -> Self {
        Self {
            report: Report { outcome, retry_after: None, etag: Vec::new(), unchanged: false },
            what,
            feed: None,
        }
    }

    /// Reads the body where it may be a feed.
    fn judge(answer: Option<&Answer<'_>>, settings: &Settings, conditional: bool) -> Self {
        let Some(answer) = answer else {
            return Self::failed(Outcome::Broken, "the connection broke off".to_owned());
        };
        let max_bytes = settings.endpoint.max_bytes;
        if let Verdict::Done(outcome) = answer.verdict(max_bytes, conditional) {
            let what = match outcome {
                Outcome::Compressed => format!("content-encoding {}", quoted(answer.content_encoding)),
                Outcome::ContentType => format!("content-type {}", quoted(answer.content_type)),
                Outcome::TooLarge => format!("{} bytes; signals.max_bytes is {max_bytes}", answer.body_size),
                _ => format!("status {}", String::from_utf8_lossy(answer.status)),
            };
            return Self::failed(outcome, what);
        }
        let body = hostcalls::get_buffer(BufferType::HttpCallResponseBody, 0, answer.body_size);
        let body = body.ok().flatten().unwrap_or_default();
        match signal::parse(&body) {
            Ok(feed) => {
                let what = format!(
                    "{} models, version {}",
                    feed.signals.len(),
                    quoted(Some(feed.version.as_bytes()))
                );
                let mut fetched = Self::failed(Outcome::Updated, what);
                fetched.feed = Some((feed, body));
                fetched
            }
            Err(error) => {
                let outcome = if error.is_contract() { Outcome::Contract } else { Outcome::NotJson };
                Self::failed(outcome, clipped(&error.to_string()))
            }
        }
    }
}

/// Logs a change for the worse, and that it is good again. The last outcome is shared, so that workers do not repeat
/// each other.
fn tell(before: &State, after: &State, what: &str, now: u64) {
    let Some(outcome) = after.outcome else { return };
    if outcome.is_good() {
        if before.outcome.is_none_or(|last| !last.is_good()) {
            info!("tiergate: signals: {}: {what}", outcome.name());
        }
    } else if before.outcome != after.outcome {
        let kept = match after.age(now) {
            Some(age) => format!("the last good feed is {} s old", age / 1000),
            None => "there has been no good feed yet".to_owned(),
        };
        warn!(
            "tiergate: signals: {}: {what}; {kept}; the next try is in {} s",
            outcome.name(),
            after.wait.div_ceil(1000)
        );
    }
}

fn quoted(value: Option<&[u8]>) -> String {
    format!("{:?}", clipped(&String::from_utf8_lossy(value.unwrap_or_default())))
}

fn clipped(text: &str) -> String {
    text.chars().take(LONGEST_QUOTE).collect()
}

/// With `probe=die` in the query the first worker of the process that fetches dies with the lease in its hand.
#[cfg(feature = "probe")]
pub mod probe {
    use std::cell::Cell;

    use proxy_wasm::hostcalls;

    const KEY: &str = "tiergate.probe";

    thread_local! {
        /// Whether this VM has had a request: Envoy's main thread has a VM too, and it gets none.
        pub static SERVES: Cell<bool> = const { Cell::new(false) };
    }

    fn wanted(path: &str) -> bool {
        path.contains("probe=die") && matches!(hostcalls::get_shared_data(KEY), Ok((None, _)))
    }

    /// Whether this VM leaves the fetch to a worker that is to die.
    pub fn leaves(path: &str) -> bool {
        !SERVES.get() && wanted(path)
    }

    #[allow(clippy::panic)]
    pub fn die(path: &str) {
        if wanted(path) {
            let _ = hostcalls::set_shared_data(KEY, Some(b"died"), None);
            panic!("tiergate: probe=die");
        }
    }
}
