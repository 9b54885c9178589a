//! Workers of one process whose clock, ticks and feed a test has in its hand.

use std::time::Duration;

use serde_json::{Value, json};

use crate::fixture::{CHAT, GREETING, chat, exchange};
use crate::host::{Answer, Dispatch, LogLine, Process, Request, Vm};

/// The two candidates of every tier, in the configured order.
pub const FIRST: &str = "alpha-large";
/// See [`FIRST`].
pub const SECOND: &str = "bravo-large";

/// A configuration whose section `signals` has these keys too.
pub fn config(signals: &Value) -> String {
    let mut section = json!({
        "cluster": "feed", "authority": "feed.example", "path": "/v1/signals", "query": {"platform": "all models"},
        "headers": {"authorization": "Bearer secret"}, "timeout_ms": 5000,
    });
    section.as_object_mut().expect("an object").extend(signals.as_object().expect("an object").clone());
    let candidates = json!([FIRST, SECOND]);
    json!({
        "default_cluster": "pool",
        "models": {FIRST: {}, SECOND: {}},
        "tiers": {"SIMPLE": candidates, "MEDIUM": candidates, "COMPLEX": candidates, "REASONING": candidates},
        "signals": section,
    })
    .to_string()
}

/// A feed that says `trend` of one model.
pub fn feed(model: &str, trend: &str) -> String {
    let signal = json!({"model": model, "trend": trend, "score": 0.5, "confidence": "normal"});
    json!({"contract_version": "1", "models": [signal]}).to_string()
}

/// A good answer in which `model` surges.
pub fn surging(model: &str) -> Answer {
    Answer::new(200, &[("content-type", "application/json")], feed(model, "surging"))
}

/// The workers.
pub struct Fleet {
    pub process: Process,
    pub workers: Vec<Vm>,
}

impl Fleet {
    /// Workers that were all given `configuration`.
    pub fn start(workers: usize, configuration: &str) -> Self {
        let process = Process::new();
        let workers = (0..workers).map(|_| worker(&process, configuration)).collect();
        Self { process, workers }
    }

    /// Workers that have a feed in which the second candidate surges.
    pub fn surging(workers: usize, configuration: &str) -> Self {
        let mut fleet = Self::start(workers, configuration);
        fleet.tick();
        fleet.answer(&surging(SECOND));
        fleet.tick();
        for worker in 0..workers {
            assert_eq!(fleet.serves(worker), (SECOND.to_owned(), "momentum".to_owned()));
        }
        fleet
    }

    /// Every worker's timer, once.
    pub fn tick(&mut self) {
        for worker in &mut self.workers {
            worker.tick();
            assert_eq!(worker.trap(), None);
        }
    }

    /// The clock moves on and every worker ticks, second by second.
    pub fn run(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.process.clock().advance(Duration::from_secs(1));
            self.tick();
        }
    }

    /// Seconds until somebody fetches; none within `most`.
    pub fn next_fetch(&mut self, most: u64) -> Option<u64> {
        (1..=most).find(|_| {
            self.run(1);
            self.waiting() > 0
        })
    }

    /// How many calls wait for an answer.
    pub fn waiting(&self) -> usize {
        self.workers.iter().map(|worker| worker.dispatches().len()).sum()
    }

    /// The worker that fetches, and its call.
    pub fn fetching(&self) -> (usize, Dispatch) {
        assert_eq!(self.waiting(), 1, "one worker fetches");
        let found = self.workers.iter().enumerate().find_map(|(n, worker)| {
            let dispatch = worker.dispatches().first()?;
            Some((n, dispatch.clone()))
        });
        found.expect("somebody waits")
    }

    /// Answers the one call that waits; gives the worker.
    pub fn answer(&mut self, answer: &Answer) -> usize {
        let (worker, dispatch) = self.fetching();
        self.workers[worker].answer(dispatch.token, answer.clone());
        assert_eq!(self.workers[worker].trap(), None);
        worker
    }

    /// The model that a worker sends a greeting to, and why.
    pub fn serves(&mut self, worker: usize) -> (String, String) {
        serves(&mut self.workers[worker])
    }

    /// Whether every worker serves with this model.
    pub fn all_serve(&mut self, model: &str) -> bool {
        self.workers.iter_mut().all(|worker| serves(worker).0 == model)
    }

    /// How many keys of signals there are in shared data.
    pub fn keys(&self) -> usize {
        self.process.shared_data().keys().filter(|key| key.starts_with("tiergate.signals.")).count()
    }

    /// Fetches that ended so.
    pub fn fetched(&self, outcome: &str) -> u64 {
        self.process.metrics().counter(&format!("tiergate.signals.fetches;outcome={outcome}"))
    }

    /// Seconds, as the gauge shows.
    pub fn age(&self) -> Option<u64> {
        self.process.metrics().gauge("tiergate.signals.age_seconds")
    }

    /// What all workers have logged about signals since the start.
    pub fn logs(&self) -> Vec<LogLine> {
        let lines = self.workers.iter().flat_map(|worker| worker.logs());
        lines.filter(|line| line.message.contains("signals:")).cloned().collect()
    }

    /// How many warnings about signals there are.
    pub fn warnings(&self) -> usize {
        self.logs().iter().filter(|line| line.level >= 3).count()
    }
}

/// A worker of `process`.
pub fn worker(process: &Process, configuration: &str) -> Vm {
    Vm::start_in(process, configuration).unwrap_or_else(|refused| panic!("{}", refused.text()))
}

/// The model that a greeting is sent to, and why.
pub fn serves(vm: &mut Vm) -> (String, String) {
    let (outcome, response) = exchange(vm, &Request::post(CHAT, chat("smart/auto", GREETING)));
    let cause = response.header("x-tiergate-cause").expect("the client is told");
    (outcome.header("x-tiergate-model").expect("the upstream is told").to_owned(), cause.to_owned())
}
