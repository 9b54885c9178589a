//! What one worker knows of all models: what lay in the store at its last tick, and what it has seen since.

use super::attempt::Attempt;
use super::delta::{Delta, minute_of};
use super::record::{LeftAlone, Phase, Record};
use super::slots::{find, look, model_key};
use super::workers::WorkerRegistry;
use super::{AttemptOutcome, EndDetails, Failure, LiveSettings, ModelFault, Store, Tokens, Weight};
use crate::fnv::Fnv;
use crate::store::Found;
use crate::time::{Millis, Timestamp};

/// How often an update is tried at most.
const TRIES: usize = 3;
/// Failures that could not be written down wait for the next tick; no more of them than this for a model.
const MOST_LATE: usize = 8;
/// Ticks that follow each other more closely count as one.
const OFTEN: Millis = Millis::of(500);

/// What is known of a model at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ModelState {
    /// It is to be left alone.
    pub cooling: bool,
    /// Its cooldown is over, and the next request that goes to it tries whether it serves again.
    pub due: bool,
    /// Requests that are under way, in all workers.
    pub in_flight: u32,
    /// Milliseconds to the first byte of an answer, on average; 0 where nothing is known.
    pub first_byte_ms: f32,
    /// Milliseconds an output token, on average; 0 where nothing is known.
    pub token_ms: f32,
    /// Tokens in this minute.
    pub tokens_this_minute: u64,
    /// Requests in this minute.
    pub requests_this_minute: u64,
}

/// A model that was put into cooldown by this worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cooldown {
    /// The model.
    pub model: usize,
    /// Only the credential that failed leaves it alone.
    pub of_one: bool,
    /// The failure that was one too many.
    pub failure: Failure,
    /// How long it is left alone.
    pub length: Millis,
}

#[derive(Debug, Default)]
struct Entry {
    identity: u64,
    /// Where its record was last.
    slot: Option<usize>,
    merged: Record,
    delta: Delta,
    late: Vec<ModelFault>,
    mine: u32,
    others: u32,
}

/// What one worker knows of all models. Models are numbers of the caller's.
#[derive(Debug)]
pub struct Board {
    settings: LiveSettings,
    holder: u64,
    models: Vec<Option<Entry>>,
    workers: WorkerRegistry,
    cooldowns: Vec<Cooldown>,
    ticked: Timestamp,
}

impl Board {
    /// A board of these models, each with its number and its name. `holder`: a number that no other worker has.
    pub fn new<'m>(
        settings: LiveSettings,
        models: impl IntoIterator<Item = (usize, &'m str)>,
        holder: u64,
    ) -> Self {
        let mut entries: Vec<Option<Entry>> = Vec::new();
        for (model, name) in models {
            if entries.len() <= model {
                entries.resize_with(model + 1, || None);
            }
            if let Some(place) = entries.get_mut(model) {
                *place = Some(Entry { identity: Fnv::of(name.as_bytes()), ..Entry::default() });
            }
        }
        Self {
            settings,
            holder,
            models: entries,
            workers: WorkerRegistry::new(holder),
            cooldowns: Vec::new(),
            ticked: Timestamp::NEVER,
        }
    }

    /// The numbers of all models.
    pub fn models(&self) -> impl Iterator<Item = usize> {
        self.models.iter().enumerate().filter_map(|(model, entry)| entry.as_ref().map(|_| model))
    }

    fn entry(&mut self, model: usize) -> Option<&mut Entry> {
        self.models.get_mut(model)?.as_mut()
    }

    /// What is known of a model.
    pub fn state(&self, model: usize, now: Timestamp) -> ModelState {
        let Some(Some(entry)) = self.models.get(model) else { return ModelState::default() };
        let phase = entry.merged.phase(now, &self.settings);
        let mut state = ModelState {
            cooling: matches!(phase, Phase::Cooling | Phase::Probing),
            due: phase == Phase::Due,
            in_flight: entry.mine.saturating_add(entry.others),
            first_byte_ms: entry.merged.first_byte.at(now).unwrap_or_default() as f32,
            token_ms: entry.merged.per_token.at(now).unwrap_or_default() as f32,
            ..ModelState::default()
        };
        let counted = [
            (entry.merged.minute, entry.merged.tokens, entry.merged.requests),
            (entry.delta.minute, entry.delta.tokens, entry.delta.requests),
        ];
        for (_, tokens, requests) in counted.into_iter().filter(|(minute, ..)| *minute == minute_of(now)) {
            state.tokens_this_minute = state.tokens_this_minute.saturating_add(tokens);
            state.requests_this_minute = state.requests_this_minute.saturating_add(requests);
        }
        state
    }

    /// Whether a model is to be used, and how much longer it is left alone.
    pub fn phase(&self, model: usize, now: Timestamp) -> (Phase, Millis) {
        let Some(Some(entry)) = self.models.get(model) else { return (Phase::Serving, Millis::ZERO) };
        let phase = entry.merged.phase(now, &self.settings);
        let left = entry.merged.cooldown_until.since(now);
        (phase, if phase == Phase::Cooling { left } else { Millis::ZERO })
    }

    /// When the state of a model changes next without anybody's doing, because a cooldown or a probe ends.
    pub fn changes_at(&self, now: Timestamp) -> Option<Timestamp> {
        let ends =
            self.models.iter().flatten().filter_map(|entry| match entry.merged.phase(now, &self.settings) {
                Phase::Cooling => Some(entry.merged.cooldown_until),
                Phase::Probing => Some(entry.merged.probe_until),
                Phase::Serving | Phase::Due => None,
            });
        let limits = self.models.iter().flatten().flat_map(|entry| {
            let waiting = entry.merged.limits.waiting(now, self.settings.longest());
            waiting.map(|(_, left)| now + left)
        });
        ends.chain(limits).min()
    }

    /// Whether some credential leaves some model alone.
    pub fn has_limits(&self, now: Timestamp) -> bool {
        let longest = self.settings.longest();
        self.models.iter().flatten().any(|entry| entry.merged.limits.waiting(now, longest).next().is_some())
    }

    /// Whether a credential leaves a model alone.
    pub fn limits(&self, model: usize, asker: u64, now: Timestamp) -> bool {
        let entry = self.models.get(model).and_then(Option::as_ref);
        entry.is_some_and(|entry| entry.merged.limits.waits(asker, now, self.settings.longest()).is_some())
    }

    /// Requests that are under way in this worker.
    #[cfg(test)]
    pub fn in_flight_here(&self) -> u64 {
        self.models.iter().flatten().map(|entry| u64::from(entry.mine)).sum()
    }

    /// Takes the right to try a model whose cooldown is over. False where another request has it, or the model is not
    /// due: then the board knows it now.
    pub fn probe(&mut self, model: usize, now: Timestamp, store: &impl Store) -> bool {
        let (holder, settings) = (self.holder, self.settings);
        self.update(model, now, store, |record| record.probe(now, holder, &settings)).unwrap_or_default()
    }

    /// Notes that a request goes to a model: the one that tries it, where this worker has taken the right to.
    pub fn begin(&mut self, model: usize, now: Timestamp) -> Attempt {
        let (holder, settings) = (self.holder, self.settings);
        let mut probe = false;
        if let Some(entry) = self.entry(model) {
            entry.mine = entry.mine.saturating_add(1);
            entry.delta.count(now, 0, 1);
            probe =
                entry.merged.probe_holder == holder && entry.merged.phase(now, &settings) == Phase::Probing;
        }
        Attempt { model, began: now, first_byte: None, probe }
    }

    /// Whether an answer to this request would end a cooldown, so that it has to be noted with [`Board::answered`].
    pub fn awaits(&self, attempt: &Attempt) -> bool {
        let entry = self.models.get(attempt.model).and_then(Option::as_ref);
        entry.is_some_and(|entry| entry.merged.cooled_at.is_set() && attempt.began >= entry.merged.cooled_at)
    }

    /// Notes that a request was answered by the model, well or at least to the point: a cooldown from before it is over,
    /// and the other workers learn it at once.
    pub fn answered(&mut self, attempt: &mut Attempt, now: Timestamp, store: &impl Store) {
        if self.awaits(attempt) {
            let began = attempt.began;
            attempt.probe = false;
            self.update(attempt.model, now, store, |record| record.answered(began));
        }
    }

    /// Notes what became of a request. The other workers learn of a failure at once. `streamed`: the answer came as it
    /// was made.
    pub fn end(
        &mut self,
        attempt: Attempt,
        outcome: AttemptOutcome,
        (tokens, streamed): (Tokens, bool),
        told: EndDetails,
        now: Timestamp,
        store: &impl Store,
    ) {
        let Attempt { model, began, first_byte, probe } = attempt;
        let Some(entry) = self.entry(model) else { return };
        entry.mine = entry.mine.saturating_sub(1);
        let total = tokens.input.saturating_add(tokens.output);
        if total > 0 {
            entry.delta.count(now, total, 0);
        }
        if outcome == AttemptOutcome::Ok {
            entry.delta.successes = entry.delta.successes.saturating_add(1);
            if let Some(first) = first_byte {
                entry.delta.first_byte.note(first.since(began).as_f64(), now);
            }
            if tokens.output > 0 {
                let from = first_byte.filter(|_| streamed).unwrap_or(began);
                entry.delta.per_token.note(now.since(from).as_f64() / tokens.output as f64, now);
            }
        }
        match outcome {
            // A probe goes on until it is known what its failure says.
            AttemptOutcome::Failed(_) if told.weight == Weight::Later => {}
            AttemptOutcome::Failed(failure) if told.weight != Weight::Nothing => {
                let EndDetails { wait, request, asker, weight } = told;
                let certain = weight == Weight::Certain;
                self.failed(model, ModelFault { began, failure, wait, request, asker, certain }, now, store);
            }
            _ if probe => self.release(model, now, store),
            _ => {}
        }
    }

    /// Notes what a failure says of which nobody knew: none where it was the body's.
    pub fn settle(&mut self, model: usize, fault: Option<ModelFault>, now: Timestamp, store: &impl Store) {
        match fault {
            Some(fault) => self.failed(model, fault, now, store),
            None => self.release(model, now, store),
        }
    }

    /// The probe of this worker, if it has one, came to nothing.
    fn release(&mut self, model: usize, now: Timestamp, store: &impl Store) {
        let holder = self.holder;
        if self.entry(model).is_some_and(|entry| entry.merged.probe_holder == holder) {
            self.update(model, now, store, |record| record.release(holder));
        }
    }

    /// Forgets a request that is under way, without a word to anybody. For a stream that goes away in a manner that
    /// shows nothing.
    pub fn forget(&mut self, attempt: &Attempt) {
        if let Some(entry) = self.entry(attempt.model) {
            entry.mine = entry.mine.saturating_sub(1);
        }
    }

    fn failed(&mut self, model: usize, fault: ModelFault, now: Timestamp, store: &impl Store) {
        let settings = self.settings;
        let failure = fault.failure;
        let change = |record: &mut Record| {
            let left = match record.failed(now, &fault, &settings) {
                LeftAlone::Not => return None,
                LeftAlone::ByAsker => record.limits.waits(fault.asker, now, settings.longest())?,
                LeftAlone::ByAll => return Some((false, record.cooldown_until.since(now))),
            };
            Some((true, left))
        };
        match self.update(model, now, store, change) {
            Some(Some((of_one, length))) => {
                self.cooldowns.push(Cooldown { model, of_one, failure, length });
            }
            Some(None) => {}
            None => {
                if let Some(entry) = self.entry(model).filter(|entry| entry.late.len() < MOST_LATE) {
                    entry.late.push(fault);
                }
            }
        }
    }

    /// Changes a model's record in the store, together with what was seen since the last time. None where that could not
    /// be done.
    fn update<R>(
        &mut self,
        model: usize,
        now: Timestamp,
        store: &impl Store,
        change: impl Fn(&mut Record) -> R,
    ) -> Option<R> {
        let entry = self.entry(model)?;
        for _ in 0..TRIES {
            let found = entry.locate(store, now);
            let mut record = found.value.unwrap_or_default();
            record.take(&entry.delta, now);
            let result = change(&mut record);
            record.touched = now;
            if store.set(&model_key(found.slot), &record.encode(entry.identity), found.cas).is_ok() {
                entry.slot = Some(found.slot);
                entry.merged = record;
                entry.delta = Delta::default();
                return Some(result);
            }
        }
        None
    }

    /// Passes on what was seen here, and takes in what the others have passed on. Ticks that follow each other closely
    /// (of two filters that share a board) count as one; false for the later ones.
    pub fn tick(&mut self, now: Timestamp, store: &impl Store) -> bool {
        if now.apart(self.ticked) < OFTEN {
            return false;
        }
        self.ticked = now;
        for model in 0..self.models.len() {
            let Some(entry) = self.entry(model) else { continue };
            let late = std::mem::take(&mut entry.late);
            if entry.delta.is_empty() && late.is_empty() {
                let found = entry.locate(store, now);
                entry.slot = found.value.is_some().then_some(found.slot);
                entry.merged = found.value.unwrap_or_default();
                continue;
            }
            if late.is_empty() {
                self.update(model, now, store, |_| ());
            }
            for each in late {
                self.failed(model, each, now, store);
            }
        }
        self.meet(now, store);
        true
    }

    /// Exchanges with the others what is under way.
    fn meet(&mut self, now: Timestamp, store: &impl Store) {
        let mine = self.models.iter().flatten().filter(|entry| entry.mine > 0);
        let mine = mine.map(|entry| (entry.identity, entry.mine)).collect();
        self.workers.tell(store, mine, now);
        let others = self.workers.others(store, now);
        for entry in self.models.iter_mut().flatten() {
            entry.others = others.get(&entry.identity).copied().unwrap_or_default();
        }
    }

    /// The cooldowns that this worker began since they were last taken.
    pub fn take_cooldowns(&mut self) -> Vec<Cooldown> {
        std::mem::take(&mut self.cooldowns)
    }
}

impl Entry {
    /// The model's record in the store, or its place there.
    fn locate(&self, store: &impl Store, now: Timestamp) -> Found<Record> {
        self.slot
            .and_then(|slot| look(store, slot, self.identity))
            .unwrap_or_else(|| find(store, self.identity, now))
    }
}
