//! The proxy-wasm shell: callbacks and host calls. It gathers what the host knows, calls [`engine::decide`] and
//! carries its answer out. What happens in which callback is in `docs/phases.md`.
#![cfg(target_arch = "wasm32")]

mod alive;
mod attempt;
mod chain;
mod clock;
mod console;
mod deciding;
mod edit;
mod extra;
mod facts;
mod fetch;
mod health;
mod listing;
mod metrics;
mod models;
mod opinion;
#[cfg(feature = "probe")]
mod probe;
mod property;
mod remember;
mod report;
mod routing;
mod signals;
mod spend;
mod stream;
mod verdict;
mod waiting;
mod watch;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use log::{error, info, warn};
use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{ContextType, LogLevel};

use attempt::AttemptStream;
use console::{Console, ConsoleStream};
use health::{Health, SharedHealth};
use metrics::Metrics;
use models::Models;
use opinion::SharedOpinions;
use signals::Signals;
use stream::Stream;
use tiergate_core::config::{self, Config, Position};
use tiergate_core::engine::Scratch;
use tiergate_core::route::SignalRanking;

/// How often a worker looks after signals and live state.
const TICK: Duration = Duration::from_secs(1);

// The SDK's macro exports `_initialize`, which needs `no_mangle`.
#[allow(unsafe_code)]
mod entry {
    use super::{LogLevel, Root, RootContext};
    proxy_wasm::main! {{
        proxy_wasm::set_log_level(LogLevel::Info);
        proxy_wasm::set_root_context(|id| -> Box<dyn RootContext> { Box::new(Root { id, ..Root::default() }) });
    }}
}

/// What all streams of a worker share.
struct WorkerState {
    config: Config,
    scratch: RefCell<Scratch>,
    metrics: RefCell<Metrics>,
    /// What adoption signals say of the models, where there are any that may be used.
    ranking: RefCell<Option<Rc<SignalRanking>>>,
    /// How the models are doing, where that is wanted.
    health: Option<SharedHealth>,
    /// Whether an answer may be held back until it is known why the request was refused.
    may_hold: bool,
    /// What is known of second opinions, where they are asked for.
    opinions: Option<SharedOpinions>,
    /// The number of the root context.
    root: u32,
}

#[derive(Default)]
struct Root {
    id: u32,
    shared: Option<Rc<WorkerState>>,
    signals: Option<Signals>,
    models: Option<Models>,
    console: Option<Rc<Console>>,
    #[cfg(feature = "probe")]
    floor: Option<probe::floor::Floor>,
}

impl Context for Root {
    fn on_http_call_response(&mut self, token: u32, headers: usize, body_size: usize, _trailers: usize) {
        let ours = |models: &mut Models| models.answer(token, headers, body_size);
        if self.models.as_mut().is_some_and(ours) {
            self.adopt();
        } else if let Some(signals) = &mut self.signals {
            signals.answer(token, headers, body_size);
        }
    }

    fn on_done(&mut self) -> bool {
        if let Some(health) = self.health() {
            health.borrow_mut().flush(clock::now());
        }
        true
    }
}

impl Root {
    /// Makes a configuration of the upstream's list where that is new. Requests that are under way keep the one that
    /// they began with.
    fn adopt(&mut self) {
        let (Some(models), Some(before)) = (&mut self.models, &self.shared) else { return };
        let Some(list) = models.changed() else { return };
        match before.config.discovered(&list) {
            Ok(config) => {
                if let Some(health) = &before.health {
                    health.borrow_mut().flush(clock::now());
                }
                let after = shared(config, self.id, before.opinions.clone());
                if after.config.position == Position::Router {
                    console::runs(&after);
                }
                models.rebind(&after);
                if let Some(signals) = &mut self.signals {
                    signals.rebind(&after);
                }
                info!("tiergate: discover: {} models in use", after.config.table.models.len());
                self.shared = Some(after);
            }
            Err(errors) => warn!("tiergate: discover: the list cannot be used: {errors}"),
        }
    }

    /// Takes a configuration of the positions that see requests for models.
    fn route(&mut self, config: Config) {
        info!(
            "tiergate {}: {} models, {} profiles, lexicon {} KiB, VM memory {} KiB",
            env!("CARGO_PKG_VERSION"),
            config.table.models.len(),
            config.table.profiles.len(),
            config.scorer.memory_usage() / 1024,
            core::arch::wasm32::memory_size(0) * 64,
        );
        let is_router = config.position == Position::Router;
        let opinions = opinion::start(&config);
        let shared = shared(config, self.id, opinions);
        if !is_router && !shared.may_hold {
            warn!(
                "tiergate: the proxy does not identify itself as Envoy 1.37 or newer: requests that are refused as too long, or by a content policy, are not retried on other models"
            );
        }
        if is_router {
            console::runs(&shared);
        } else {
            attempt::comes();
        }
        // Signals are the router's, and so is the fetching of lists.
        self.signals = if is_router { Signals::start(&shared) } else { None };
        self.models = Models::start(&shared, is_router);
        let spends = spend::is_wanted(&shared.config);
        if self.signals.is_some() || self.models.is_some() || shared.health.is_some() || spends {
            let _ = hostcalls::set_tick_period(TICK);
        }
        self.shared = Some(shared);
        self.adopt();
    }

    fn health(&self) -> Option<&SharedHealth> {
        self.shared.as_ref()?.health.as_ref()
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        let document = self.get_plugin_configuration().unwrap_or_default();
        #[cfg(feature = "probe")]
        if let Some(floor) = probe::floor::Floor::of(&document) {
            self.floor = Some(floor);
            return true;
        }
        match config::filter(&document) {
            Ok(config::Filter::Routes(config)) => {
                self.route(*config);
                true
            }
            Ok(config::Filter::Console(settings)) => {
                info!("tiergate {}: the console", env!("CARGO_PKG_VERSION"));
                self.console = Some(Console::start(settings));
                let _ = hostcalls::set_tick_period(TICK);
                true
            }
            Err(errors) => {
                error!("tiergate: configuration refused:\n{errors}");
                false
            }
        }
    }

    fn on_tick(&mut self) {
        if let Some(console) = &self.console {
            console.tick();
        }
        if let Some(models) = &mut self.models {
            models.tick();
            self.adopt();
        }
        if let Some(signals) = &mut self.signals {
            signals.tick();
        }
        if let Some(health) = self.health() {
            health.borrow_mut().tick(clock::now());
        }
        if self.shared.as_ref().is_some_and(|shared| spend::is_wanted(&shared.config)) {
            spend::tick(clock::now());
        }
    }

    fn create_http_context(&self, id: u32) -> Option<Box<dyn HttpContext>> {
        #[cfg(feature = "probe")]
        probe::death::SERVES.set(true);
        #[cfg(feature = "probe")]
        if let Some(floor) = self.floor {
            return Some(Box::new(floor));
        }
        if let Some(console) = &self.console {
            return Some(Box::new(ConsoleStream::new(console.clone())));
        }
        let position = self.shared.as_ref().map(|shared| shared.config.position);
        Some(match position {
            Some(Position::Attempt) => Box::new(AttemptStream::new(self.shared.clone())),
            _ => Box::new(Stream::new(self.shared.clone(), id)),
        })
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

/// What the streams of a configuration share.
fn shared(config: Config, root: u32, opinions: Option<SharedOpinions>) -> Rc<WorkerState> {
    let health = Health::of(&config, clock::now());
    let may_hold = config.position == Position::Attempt && property::may_hold();
    Rc::new(WorkerState {
        config,
        scratch: RefCell::default(),
        metrics: RefCell::default(),
        ranking: RefCell::default(),
        health,
        may_hold,
        opinions,
        root,
    })
}
