//! Adoption signals: the feed that is fetched, and what requests read of it.

use std::rc::Rc;

use super::WorkerState;
use super::fetch::{Fetcher, Subject, quoted};
use tiergate_core::engine;
use tiergate_core::refresh::{FetchKind, RefreshOutcome};
use tiergate_core::route::SignalRanking;
use tiergate_core::signal;

/// Reads feeds.
pub struct Feeds(Rc<WorkerState>);

impl Subject for Feeds {
    type Read = SignalRanking;

    const KIND: FetchKind = FetchKind::Signals;
    const NOUN: &'static str = "feed";

    fn read(&self, body: &[u8]) -> Result<(SignalRanking, String), (RefreshOutcome, String)> {
        match signal::parse(body) {
            Ok(feed) => {
                let version = quoted(Some(feed.version.as_bytes()));
                let what = format!("{} models, version {version}", feed.signals.len());
                Ok((engine::ranking(&self.0.config, &feed), what))
            }
            Err(error) => {
                let outcome =
                    if error.is_contract() { RefreshOutcome::Contract } else { RefreshOutcome::NotJson };
                Err((outcome, error.to_string()))
            }
        }
    }
}

/// What a worker knows about its feed.
pub struct Signals {
    shared: Rc<WorkerState>,
    fetcher: Fetcher<Feeds>,
}

impl Signals {
    /// Looks after the signals of a configuration, where it has any.
    pub fn start(shared: &Rc<WorkerState>) -> Option<Self> {
        let settings = shared.config.signals.as_ref()?;
        let fetcher = Fetcher::start(Feeds(shared.clone()), shared, &settings.endpoint, settings.schedule);
        let signals = Self { shared: shared.clone(), fetcher };
        signals.publish();
        Some(signals)
    }

    /// Takes what is new, and fetches where that is due.
    pub fn tick(&mut self) {
        self.fetcher.tick(true);
        self.publish();
    }

    /// The answer of a call. False where it is somebody else's.
    pub fn answer(&mut self, token: u32, headers: usize, body_size: usize) -> bool {
        let ours = self.fetcher.answer(token, headers, body_size);
        self.publish();
        ours
    }

    /// Other models count from now on.
    pub fn rebind(&mut self, shared: &Rc<WorkerState>) {
        self.shared = shared.clone();
        self.fetcher.rebind(Feeds(shared.clone()), shared);
        self.publish();
    }

    /// Gives requests what the feed says, unless it is too old.
    fn publish(&self) {
        self.shared.ranking.replace(self.fetcher.usable());
    }
}
