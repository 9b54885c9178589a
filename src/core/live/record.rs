//! What is known of one model, and how it changes.

use super::average::Average;
use super::delta::{Delta, minute_of};
use super::limits::CredentialLimits;
use super::{Credentials, Failure, LiveSettings, ModelFault, NEVER};
use crate::sealed::{Reader, sealed, unsealed};
use crate::time::{Millis, Timestamp};

/// The last byte is the version of the format.
const MAGIC: &[u8; 4] = b"tgL\x03";
/// Answers are counted by this time.
const BUCKET: Millis = Millis::of_seconds(2);
/// Failures count together that lie within so many of it: a minute.
const BUCKETS: usize = 30;
/// The share of failures is that of so many answers, where there were any within the minute, and of all in the last two
/// buckets: workers report good answers once a second.
const RECENT: u64 = 20;
/// So many of the last failures are known one by one.
const FAULTS: usize = 32;
/// Failures that may be the bodies' count where no more than so many of a hundred answers are good,
const OTHERS_PERCENT: u64 = 10;
/// and where the first is further back than so many buckets: by then other workers have reported good answers.
const HEARD: usize = 2;
/// A probe that takes longer keeps nobody else from probing.
const PROBE: Millis = Millis::of_seconds(60);
/// The shortest cooldown.
const SHORTEST: Millis = Millis::of(1);
/// The first time that is not [`Timestamp::NEVER`].
const FIRST: Timestamp = Timestamp::of_millis(1);

/// Whether a model is to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It is.
    Serving,
    /// It failed too often and is left alone.
    Cooling,
    /// Its cooldown is over and nobody has tried it since: one request may.
    Due,
    /// One request is trying it.
    Probing,
}

/// Answers within a bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    good: u32,
    certain: u32,
    open: u32,
}

impl Count {
    fn all(&self) -> u64 {
        u64::from(self.good) + u64::from(self.certain) + u64::from(self.open)
    }
}

/// By whom a model is left alone after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftAlone {
    /// By nobody more than before.
    Not,
    /// By the credential that failed.
    ByAsker,
    /// By everybody.
    ByAll,
}

impl ModelFault {
    /// Whether the server asks to be left alone, which is enough by itself.
    fn asks(&self, settings: &LiveSettings) -> bool {
        let waits = self.wait.is_some_and(|wait| wait > Millis::ZERO);
        self.failure == Failure::RateLimited && waits && settings.allowed_fails < NEVER
    }

    /// How long it is to be left alone.
    fn length(&self, settings: &LiveSettings) -> Millis {
        let wait = self.wait.filter(|wait| *wait > Millis::ZERO).unwrap_or(settings.cooldown);
        wait.clamp(SHORTEST, settings.longest_cooldown.max(SHORTEST))
    }
}

impl LiveSettings {
    /// The longest that a cooldown can be.
    pub(super) fn longest(&self) -> Millis {
        self.longest_cooldown.max(self.cooldown)
    }
}

/// A failure of the last minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct KnownFault {
    at: Timestamp,
    request: u64,
    certain: bool,
}

/// What is known of one model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// When somebody wrote it last.
    pub touched: Timestamp,
    /// The time of the newest bucket, in buckets since the Unix epoch.
    bucket: u64,
    /// Answers of the last minute, the newest bucket first.
    counts: [Count; BUCKETS],
    /// The last failures, the newest last.
    faults: Vec<KnownFault>,
    /// What single credentials have met.
    pub(super) limits: CredentialLimits,
    /// When the last cooldown began; never where the model has answered since.
    pub cooled_at: Timestamp,
    /// When it ends.
    pub cooldown_until: Timestamp,
    /// Whose request tries the model after a cooldown.
    pub probe_holder: u64,
    /// How long that keeps others from it.
    pub probe_until: Timestamp,
    /// Milliseconds to the first byte of an answer.
    pub first_byte: Average,
    /// Milliseconds an output token.
    pub per_token: Average,
    /// The minute that `tokens` and `requests` are of, counted from the Unix epoch.
    pub minute: u64,
    /// Tokens in that minute, input and output.
    pub tokens: u64,
    /// Requests in that minute.
    pub requests: u64,
}

impl Record {
    /// Whether the model is to be used at a time. A cooldown or a probe that ends later than one can is over: the clock
    /// was set back.
    pub fn phase(&self, now: Timestamp, settings: &LiveSettings) -> Phase {
        let ahead = |end, longest| now.left_until(end, longest).is_some();
        if !self.cooled_at.is_set() {
            Phase::Serving
        } else if ahead(self.cooldown_until, settings.longest()) {
            Phase::Cooling
        } else if ahead(self.probe_until, PROBE) {
            Phase::Probing
        } else {
            Phase::Due
        }
    }

    /// Notes that a request of `holder` tries the model; false where it is not due.
    pub(super) fn probe(&mut self, now: Timestamp, holder: u64, settings: &LiveSettings) -> bool {
        let due = self.phase(now, settings) == Phase::Due;
        if due {
            (self.probe_holder, self.probe_until) = (holder, now + PROBE);
        }
        due
    }

    /// Notes that the probe of `holder` came to nothing.
    pub(super) fn release(&mut self, holder: u64) {
        if self.probe_holder == holder {
            (self.probe_holder, self.probe_until) = (0, Timestamp::NEVER);
        }
    }

    /// Notes that a request that began at `began` was answered: a cooldown from before that is over.
    pub(super) fn answered(&mut self, began: Timestamp) {
        if began >= self.cooled_at {
            (self.cooled_at, self.cooldown_until) = (Timestamp::NEVER, Timestamp::NEVER);
            (self.probe_holder, self.probe_until) = (0, Timestamp::NEVER);
        }
    }

    /// Notes that a request failed, and where that was once too often puts the model into cooldown, for everybody or for
    /// the credential that asked, for as long as the server asked for, or for the usual time, also where that is 0 (or was
    /// a date that has passed). A request from before a cooldown changes nothing, as what it shows is known.
    pub(super) fn failed(
        &mut self,
        now: Timestamp,
        fault: &ModelFault,
        settings: &LiveSettings,
    ) -> LeftAlone {
        let apart = settings.credentials != Credentials::Shared && fault.asker != 0;
        if apart && fault.failure.may_be_of_the_key() {
            return self.limited(now, fault, settings);
        }
        if fault.began < self.cooled_at {
            return LeftAlone::Not;
        }
        self.roll(now);
        if let Some(newest) = self.counts.first_mut() {
            let count = if fault.certain { &mut newest.certain } else { &mut newest.open };
            *count = count.saturating_add(1);
        }
        if self.faults.len() >= FAULTS {
            self.faults.remove(0);
        }
        self.faults.push(KnownFault { at: now, request: fault.request, certain: fault.certain });
        let again = matches!(self.phase(now, settings), Phase::Due | Phase::Probing);
        if !fault.asks(settings) && !again && !self.is_failing(settings) {
            return LeftAlone::Not;
        }
        self.cool(now, fault.length(settings));
        LeftAlone::ByAll
    }

    fn cool(&mut self, now: Timestamp, length: Millis) {
        self.cooled_at = now.max(FIRST);
        self.cooldown_until = now + length;
        (self.probe_holder, self.probe_until) = (0, Timestamp::NEVER);
        (self.counts, self.faults) = ([Count::default(); BUCKETS], Vec::new());
    }

    /// The same where a provider may have had enough of one key. It is everybody's cooldown where several credentials wait
    /// and next to nobody is served, for no longer than the first of them waits.
    fn limited(&mut self, now: Timestamp, fault: &ModelFault, settings: &LiveSettings) -> LeftAlone {
        self.roll(now);
        let is_of_now = fault.began >= self.cooled_at;
        if is_of_now && self.phase(now, settings) == Phase::Probing {
            // That says nothing of the model: somebody else may try it.
            (self.probe_holder, self.probe_until) = (0, Timestamp::NEVER);
        }
        let good = self.recent(|_| 0).0;
        let answers: u64 = self.counts.iter().map(Count::all).sum();
        let share = |failed: u64| failed * 100 >= u64::from(settings.failure_percent) * (good + failed);
        let enough = |failed: u64| answers + failed >= u64::from(settings.minimum_requests);
        let too_often =
            |failed| failed > u64::from(settings.allowed_fails) && enough(failed) && share(failed);
        let longest = settings.longest();
        if !self.limits.note(now, fault, fault.length(settings), fault.asks(settings), too_often) {
            return LeftAlone::Not;
        }
        let (waiting, shortest) = self
            .limits
            .waiting(now, longest)
            .fold((0, longest), |(count, shortest), (_, left)| (count + 1, shortest.min(left)));
        let everybody = settings.credentials == Credentials::Unknown && waiting > 1 && share(waiting);
        if everybody && is_of_now && self.phase(now, settings) != Phase::Cooling {
            self.cool(now, shortest);
            return LeftAlone::ByAll;
        }
        LeftAlone::ByAsker
    }

    /// The recent answers: how many were good, how many failed as `failed` says, and all of them.
    fn recent(&self, failed: impl Fn(&Count) -> u32) -> (u64, u64, u64) {
        let mut sums = (0, 0, 0);
        for (place, count) in self.counts.iter().enumerate() {
            if place >= 2 && sums.2 >= RECENT {
                break;
            }
            sums.0 += u64::from(count.good);
            sums.1 += u64::from(failed(count));
            sums.2 += count.all();
        }
        sums
    }

    /// Whether what failed within the minute says that it is the model.
    fn is_failing(&self, settings: &LiveSettings) -> bool {
        let sum = |of: fn(&Count) -> u32| self.counts.iter().map(|count| u64::from(of(count))).sum::<u64>();
        let (certain, open) = (sum(|count| count.certain), sum(|count| count.open));
        let allowed = u64::from(settings.allowed_fails);
        let (good, failed, all) = self.recent(|count| count.certain);
        if all < u64::from(settings.minimum_requests) {
            return false;
        }
        // Where nobody is served, nothing says that it is one client's request that fails again and again.
        let different = if good == 0 { certain } else { self.different(certain, |fault| fault.certain) };
        if different > allowed && failed * 100 >= u64::from(settings.failure_percent) * (good + failed) {
            return true;
        }
        let long_since = self.counts.iter().skip(HEARD);
        let heard = allowed == 0 || long_since.into_iter().any(|count| count.certain > 0 || count.open > 0);
        heard && self.different(certain + open, |_| true) > allowed && good * 100 <= OTHERS_PERCENT * all
    }

    /// How many different requests failed, of `all` failures; as many as failed where not all of them are known.
    fn different(&self, all: u64, counts: impl Fn(&KnownFault) -> bool) -> u64 {
        let mut seen: Vec<u64> = Vec::new();
        let mut different = 0;
        for fault in self.faults.iter().filter(|fault| counts(fault)) {
            if fault.request == 0 || !seen.contains(&fault.request) {
                different += 1;
                seen.push(fault.request);
            }
        }
        if different >= FAULTS as u64 { all } else { different }
    }

    /// Takes in what a worker has seen.
    pub(super) fn take(&mut self, delta: &Delta, now: Timestamp) {
        if delta.successes > 0 {
            self.roll(now);
            if let Some(newest) = self.counts.first_mut() {
                newest.good = newest.good.saturating_add(delta.successes);
            }
        }
        self.first_byte.take(&delta.first_byte);
        self.per_token.take(&delta.per_token);
        // Of two minutes the later counts, unless it has not come yet.
        if delta.minute > self.minute || self.minute > minute_of(now) {
            (self.minute, self.tokens, self.requests) = (delta.minute, 0, 0);
        }
        if delta.minute == self.minute {
            self.tokens = self.tokens.saturating_add(delta.tokens);
            self.requests = self.requests.saturating_add(delta.requests);
        }
    }

    /// Begins new buckets as time goes on, and forgets what lies further back than a minute. Where the clock was set
    /// back all is forgotten.
    fn roll(&mut self, now: Timestamp) {
        let bucket = now.period(BUCKET);
        let passed = bucket.checked_sub(self.bucket).and_then(|passed| usize::try_from(passed).ok());
        let passed = passed.unwrap_or(BUCKETS).min(BUCKETS);
        self.counts.rotate_right(passed % BUCKETS);
        if let Some(new) = self.counts.get_mut(..passed) {
            new.fill(Count::default());
        }
        self.bucket = bucket;
        let oldest = Timestamp::start_of((bucket + 1).saturating_sub(BUCKETS as u64), BUCKET);
        self.faults.retain(|fault| fault.at >= oldest && fault.at <= now);
    }

    /// The value for the store.
    pub(super) fn encode(&self, identity: u64) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        let numbers = [
            identity,
            self.touched.millis(),
            self.bucket,
            self.cooled_at.millis(),
            self.cooldown_until.millis(),
            self.probe_holder,
            self.probe_until.millis(),
            self.first_byte.value.to_bits(),
            self.first_byte.at.millis(),
            self.per_token.value.to_bits(),
            self.per_token.at.millis(),
            self.minute,
            self.tokens,
            self.requests,
        ];
        bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        for count in &self.counts {
            let all = [count.good, count.certain, count.open];
            bytes.extend(all.iter().flat_map(|number| number.to_le_bytes()));
        }
        self.limits.encode(&mut bytes);
        for fault in &self.faults {
            bytes.extend(
                [fault.at.millis(), fault.request, u64::from(fault.certain)]
                    .iter()
                    .flat_map(|n| n.to_le_bytes()),
            );
        }
        sealed(bytes)
    }

    /// The record of any model, and which model's it is; none where the bytes are anything else.
    pub(super) fn decode(bytes: &[u8]) -> Option<(u64, Self)> {
        let mut reader = Reader(unsealed(bytes)?.strip_prefix(MAGIC)?);
        let identity = reader.number()?;
        let mut record = Self {
            touched: reader.time()?,
            bucket: reader.number()?,
            cooled_at: reader.time()?,
            cooldown_until: reader.time()?,
            probe_holder: reader.number()?,
            probe_until: reader.time()?,
            first_byte: reader.average()?,
            per_token: reader.average()?,
            minute: reader.number()?,
            tokens: reader.number()?,
            requests: reader.number()?,
            ..Self::default()
        };
        for count in &mut record.counts {
            *count = Count { good: reader.count()?, certain: reader.count()?, open: reader.count()? };
        }
        record.limits = CredentialLimits::decode(&mut reader)?;
        while !reader.0.is_empty() && record.faults.len() < FAULTS {
            let (at, request, certain) = (reader.time()?, reader.number()?, reader.number()? != 0);
            record.faults.push(KnownFault { at, request, certain });
        }
        reader.0.is_empty().then_some((identity, record))
    }
}
