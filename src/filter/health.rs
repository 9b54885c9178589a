//! The shell of the live state: the board of this VM, what requests read of it, and what it counts for metrics.
//!
//! The filters of a VM that have the same models share one, so that the router position knows at once what the attempt
//! position has seen. Other VMs learn it through shared data.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use log::warn;
use proxy_wasm::hostcalls;

use super::metrics::{Observed, Series, Traffic};
use super::{clock, property};
use tiergate_core::config::Config;
use tiergate_core::fnv::Fnv;
use tiergate_core::live::{
    self, Attempt, AttemptOutcome, Board, Conflict, Credentials, EndDetails, ModelFault, ModelState, Phase,
    Store, Tokens, Weight,
};
use tiergate_core::route::{self, Condition, Conditions, Model, Usage};
use tiergate_core::time::{Millis, Timestamp};

/// Shared data of the process.
pub struct SharedData;

impl Store for SharedData {
    fn get(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        let (bytes, cas) = hostcalls::get_shared_data(key).ok()?;
        Some((bytes?, cas?))
    }

    fn set(&self, key: &str, value: &[u8], cas: Option<u32>) -> Result<(), Conflict> {
        hostcalls::set_shared_data(key, Some(value), cas).map_err(|_| Conflict)
    }
}

/// What a VM knows of the models, and counts of them.
pub struct Health {
    board: Board,
    models: BTreeMap<usize, Arc<Model>>,
    conditions: Conditions,
    /// When the conditions change next by themselves.
    changes_at: Option<Timestamp>,
    /// Some credential leaves some model alone.
    limited: bool,
    /// The number of the credential that asked last, and the same as it is written down.
    asker: (u64, u64),
    traffic: Traffic,
    warnings: Warnings,
    /// Those about single credentials, of which one client may bring many.
    limit_warnings: Warnings,
    /// Whether durations and tokens of answers have OpenTelemetry's names.
    gen_ai: bool,
}

/// Warnings of one kind, of which there are no more than so many a minute.
#[derive(Default)]
struct Warnings {
    since: Timestamp,
    given: u32,
    withheld: u32,
}

impl Warnings {
    const MOST: u32 = 10;

    /// Whether one more may be given.
    fn one_more(&mut self, now: Timestamp) -> bool {
        if now.apart(self.since) >= Millis::of_seconds(60) {
            (self.since, self.given) = (now, 0);
        }
        let may = self.given < Self::MOST;
        let count = if may { &mut self.given } else { &mut self.withheld };
        *count = count.saturating_add(1);
        may
    }

    /// How many were withheld in a minute that is over, once.
    fn withheld(&mut self, now: Timestamp) -> Option<u32> {
        let over = self.withheld > 0 && now.apart(self.since) >= Millis::of_seconds(60);
        over.then(|| std::mem::take(&mut self.withheld))
    }
}

/// What the filters of a VM share.
pub type SharedHealth = Rc<RefCell<Health>>;

thread_local! {
    /// By what they know: the filters of this VM whose models and settings are the same.
    static KNOWN: RefCell<Vec<(u64, Weak<RefCell<Health>>)>> = const { RefCell::new(Vec::new()) };
}

impl Health {
    /// The live state of a configuration, where it wants any: that of another filter in this VM if it knows the same.
    pub fn of(config: &Config, now: Timestamp) -> Option<SharedHealth> {
        let settings = config.live?.settings;
        let models: BTreeMap<usize, Arc<Model>> =
            config.table.models.values().map(|model| (model.slot, Arc::clone(model))).collect();
        let mut identity = Fnv::default();
        for number in [
            u64::from(settings.allowed_fails),
            u64::from(settings.failure_percent),
            u64::from(settings.minimum_requests),
            settings.cooldown.get(),
            settings.longest_cooldown.get(),
            match settings.credentials {
                Credentials::Unknown => 0,
                Credentials::Shared => 1,
                Credentials::Own => 2,
            },
        ] {
            identity.number(number);
        }
        identity.number(u64::from(config.gen_ai));
        for model in models.values() {
            identity.number(model.slot as u64);
            identity.text(&model.name);
            for price in [model.input_price, model.output_price] {
                identity.number(price.map_or(u64::MAX, f64::to_bits));
            }
        }
        KNOWN.with_borrow_mut(|known| {
            known.retain(|(_, health)| health.strong_count() > 0);
            let same = known.iter().find(|(other, _)| *other == identity.0);
            if let Some(health) = same.and_then(|(_, health)| health.upgrade()) {
                return Some(health);
            }
            let names = models.iter().map(|(slot, model)| (*slot, model.name.as_str()));
            let board = Board::new(settings, names, clock::random(now).max(1));
            let health = Rc::new(RefCell::new(Self {
                board,
                models,
                conditions: Conditions::default(),
                changes_at: None,
                limited: false,
                asker: (0, 0),
                traffic: Traffic::default(),
                warnings: Warnings::default(),
                limit_warnings: Warnings::default(),
                gen_ai: config.gen_ai,
            }));
            known.push((identity.0, Rc::downgrade(&health)));
            Some(health)
        })
    }

    /// How the models are doing for a credential. One host call where some credential leaves a model alone, and another
    /// one than this asked last.
    pub fn conditions(&mut self, asker: u64, now: Timestamp) -> Cow<'_, Conditions> {
        if self.changes_at.is_some_and(|at| at <= now) {
            self.look_again(now);
        }
        if !self.limited || asker == 0 {
            return Cow::Borrowed(&self.conditions);
        }
        if self.asker.0 != asker {
            self.asker = (asker, keyed(salt(now), asker));
        }
        let mut conditions = self.conditions.clone();
        for (slot, model) in &self.models {
            if self.board.limits(*slot, self.asker.1, now) {
                conditions.set(model, Condition { cooling: true, ..conditions.of(model) });
            }
        }
        Cow::Owned(conditions)
    }

    /// How a model is doing, and how long it is left alone.
    pub fn state(&self, model: &Model, now: Timestamp) -> (ModelState, Phase, Millis) {
        let (phase, left) = self.board.phase(model.slot, now);
        (self.board.state(model.slot, now), phase, left)
    }

    /// What was counted of a model in the whole process.
    pub fn total(&mut self, model: &Model, series: Series) -> u64 {
        self.traffic.total(model.slot, &model.name, series)
    }

    /// Whether a request may go to a model that was chosen for it. False where the model's cooldown is over and another
    /// request is trying it: then the conditions say so now.
    pub fn admits(&mut self, model: &Model, now: Timestamp) -> bool {
        if !self.board.state(model.slot, now).due {
            return true;
        }
        let admitted = self.board.probe(model.slot, now, &SharedData);
        self.look_again(now);
        admitted
    }

    /// A request goes to a model.
    pub fn begin(&mut self, model: &Model, now: Timestamp) -> Attempt {
        let attempt = self.board.begin(model.slot, now);
        self.look_at(model.slot, now);
        attempt
    }

    /// The model has answered the request, well or at least to the point.
    pub fn answered(&mut self, attempt: &mut Attempt) {
        if self.board.awaits(attempt) {
            let now = clock::now();
            self.board.answered(attempt, now, &SharedData);
            self.look_again(now);
        }
    }

    /// What became of the request. `label`: the word for metrics.
    pub fn end(
        &mut self,
        attempt: Attempt,
        (outcome, label): (AttemptOutcome, &'static str),
        (tokens, streamed): (Tokens, bool),
        told: EndDetails,
        now: Timestamp,
    ) {
        let slot = attempt.model();
        if self.gen_ai && outcome == AttemptOutcome::Ok {
            self.observe(&attempt, tokens, now);
        }
        let writes = matches!(outcome, AttemptOutcome::Failed(_))
            && matches!(told.weight, Weight::Certain | Weight::Open);
        let told = if writes {
            let salt = salt(now);
            EndDetails { request: keyed(salt, told.request), asker: keyed(salt, told.asker), ..told }
        } else {
            told
        };
        self.board.end(attempt, outcome, (tokens, streamed), told, now, &SharedData);
        self.traffic.add(slot, Series::Attempts(label), 1);
        self.traffic.add(slot, Series::Tokens("input"), tokens.input);
        self.traffic.add(slot, Series::Tokens("output"), tokens.output);
        let usage = Usage { input: tokens.input, output: tokens.output };
        let cost = self.models.get(&slot).and_then(|model| route::cost(model, usage));
        if let Some(cost) = cost {
            self.traffic.spend(slot, cost);
        }
        if self.gen_ai && outcome == AttemptOutcome::Ok {
            tell_answer(self.models.get(&slot), tokens, cost);
        }
        if matches!(outcome, AttemptOutcome::Failed(_)) {
            self.tell_cooldowns(now);
            self.look_again(now);
        } else {
            self.look_at(slot, now);
        }
    }

    /// What a good answer took. It waits for the tick, so that the request makes no host call for it.
    fn observe(&mut self, attempt: &Attempt, tokens: Tokens, now: Timestamp) {
        let (slot, began) = (attempt.model(), attempt.began());
        self.traffic.observe(slot, Observed::Duration, now.since(began).get());
        if let Some(first) = attempt.first_byte_at() {
            self.traffic.observe(slot, Observed::FirstByte, first.since(began).get());
        }
        if tokens.input > 0 || tokens.output > 0 {
            self.traffic.observe(slot, Observed::Input, tokens.input);
            self.traffic.observe(slot, Observed::Output, tokens.output);
        }
        if self.traffic.is_full() {
            self.flush(now);
        }
    }

    /// Notes what a failure says of which nobody knew; none where it was the body's.
    pub fn settle(&mut self, model: &Model, fault: Option<ModelFault>, now: Timestamp) {
        let fault = fault.map(|fault| {
            let salt = salt(now);
            ModelFault { request: keyed(salt, fault.request), asker: keyed(salt, fault.asker), ..fault }
        });
        self.board.settle(model.slot, fault, now, &SharedData);
        self.tell_cooldowns(now);
        self.look_again(now);
    }

    /// A request goes away in a manner that shows nothing.
    pub fn forget(&mut self, attempt: &Attempt) {
        self.board.forget(attempt);
    }

    /// Exchanges with the other VMs, and brings metrics up to date.
    pub fn tick(&mut self, now: Timestamp) {
        if self.board.tick(now, &SharedData) {
            self.tell_cooldowns(now);
            self.look_again(now);
            self.flush(now);
        }
    }

    /// Brings metrics up to date.
    pub fn flush(&mut self, now: Timestamp) {
        for (slot, model) in &self.models {
            self.traffic.in_flight(*slot, &model.name, self.board.state(*slot, now).in_flight);
        }
        let models = &self.models;
        self.traffic.tell(|slot| models.get(&slot).map(|model| model.name.as_str()));
    }

    fn tell_cooldowns(&mut self, now: Timestamp) {
        if let Some(withheld) = self.warnings.withheld(now) {
            warn!("tiergate: {withheld} more cooldowns in the last minute");
        }
        if let Some(withheld) = self.limit_warnings.withheld(now) {
            warn!("tiergate: {withheld} more limits of single credentials in the last minute");
        }
        for cooldown in self.board.take_cooldowns() {
            let (failure, seconds) = (cooldown.failure.name(), cooldown.length.seconds_up());
            let (series, warnings, whom) = if cooldown.of_one {
                (Series::Limits(failure), &mut self.limit_warnings, " by one client's credential")
            } else {
                (Series::Cooldowns(failure), &mut self.warnings, "")
            };
            self.traffic.add(cooldown.model, series, 1);
            if let Some(model) = self.models.get(&cooldown.model).filter(|_| warnings.one_more(now)) {
                warn!("tiergate: model {:?} is left alone for {seconds} s{whom}: {failure}", model.name);
            }
        }
    }

    fn look_again(&mut self, now: Timestamp) {
        let slots: Vec<usize> = self.models.keys().copied().collect();
        for slot in slots {
            self.look_at(slot, now);
        }
        self.changes_at = self.board.changes_at(now);
        self.limited = self.board.has_limits(now);
    }

    fn look_at(&mut self, slot: usize, now: Timestamp) {
        let Some(model) = self.models.get(&slot) else { return };
        let known = self.board.state(slot, now);
        let condition = Condition {
            cooling: known.cooling,
            in_flight: known.in_flight,
            first_byte_ms: known.first_byte_ms,
            token_ms: known.token_ms,
            tokens_this_minute: known.tokens_this_minute,
            requests_this_minute: known.requests_this_minute,
        };
        self.conditions.set(model, condition);
    }
}

/// The process's salt.
fn salt(now: Timestamp) -> u64 {
    live::salt(&SharedData, || clock::random(now))
}

/// The number of what was asked, or of who asked, as it is written down: nobody who reads it can find out what that was.
fn keyed(salt: u64, subject: u64) -> u64 {
    if subject == 0 { 0 } else { live::session(salt, [&subject.to_le_bytes()[..]]).max(1) }
}

/// Tells the access log who answered, and what the answer took.
fn tell_answer(model: Option<&Arc<Model>>, tokens: Tokens, cost: Option<f64>) {
    if let Some(model) = model {
        property::tell("gen_ai.response.model", &model.name);
    }
    if tokens.input > 0 || tokens.output > 0 {
        property::tell("gen_ai.usage.input_tokens", &tokens.input.to_string());
        property::tell("gen_ai.usage.output_tokens", &tokens.output.to_string());
        if let Some(cost) = cost {
            property::tell("cost_usd", &format!("{cost:.9}"));
        }
    }
}
