//! What the workers of one Envoy process share: shared data, metrics, the clock and the clusters.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::abi::Status;

/// The start of every test's clock: 2026-01-01T00:00:00Z, in nanoseconds of the Unix epoch.
pub const START_OF_TIME: u64 = 1_767_225_600_000_000_000;

/// One Envoy process. Cloning gives another handle to the same process, so that several workers can be
/// started in it.
#[derive(Clone)]
pub struct Process {
    inner: Rc<Inner>,
}

struct Inner {
    clock: Clock,
    shared_data: RefCell<SharedData>,
    metrics: RefCell<Metrics>,
    clusters: RefCell<Option<BTreeSet<String>>>,
    empty_clusters: RefCell<BTreeSet<String>>,
    vms: Cell<u32>,
}

impl Process {
    /// A process that has just started, at [`START_OF_TIME`].
    pub fn new() -> Self {
        Self {
            inner: Rc::new(Inner {
                clock: Clock { now: Cell::new(START_OF_TIME), step: Cell::new(0) },
                shared_data: RefCell::default(),
                metrics: RefCell::default(),
                clusters: RefCell::new(None),
                empty_clusters: RefCell::default(),
                vms: Cell::new(0),
            }),
        }
    }

    /// The clock every worker reads, both through proxy-wasm and through WASI.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// The key-value store of the process (one `vm_id`).
    pub fn shared_data(&self) -> std::cell::RefMut<'_, SharedData> {
        self.inner.shared_data.borrow_mut()
    }

    /// The metrics of the process; workers that define the same name count together.
    pub fn metrics(&self) -> std::cell::RefMut<'_, Metrics> {
        self.inner.metrics.borrow_mut()
    }

    /// Limits the clusters a callout may name. Without it every name is a cluster.
    pub fn set_clusters(&self, names: &[&str]) {
        let names = names.iter().map(ToString::to_string).collect();
        *self.inner.clusters.borrow_mut() = Some(names);
    }

    /// Takes every endpoint from a cluster, or gives them back.
    pub fn set_empty(&self, cluster: &str, empty: bool) {
        let mut clusters = self.inner.empty_clusters.borrow_mut();
        if empty {
            clusters.insert(cluster.to_owned())
        } else {
            clusters.remove(cluster)
        };
    }

    /// Whether a cluster is without endpoints.
    pub fn is_empty(&self, cluster: &str) -> bool {
        self.inner.empty_clusters.borrow().contains(cluster)
    }

    /// Counts the VMs that were started, canaries and all.
    pub fn next_vm(&self) -> u32 {
        self.inner.vms.set(self.inner.vms.get() + 1);
        self.inner.vms.get()
    }

    /// Whether a callout to `cluster` would find it.
    pub fn has_cluster(&self, cluster: &str) -> bool {
        self.inner.clusters.borrow().as_ref().is_none_or(|known| known.contains(cluster))
    }
}

/// A clock that moves only when a test says so.
pub struct Clock {
    now: Cell<u64>,
    step: Cell<u64>,
}

impl Clock {
    /// Nanoseconds since the Unix epoch, as a guest reads them; every reading moves the clock by the step.
    pub fn read(&self) -> u64 {
        let now = self.now.get();
        self.now.set(now + self.step.get());
        now
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: std::time::Duration) {
        let by = u64::try_from(by.as_nanos()).expect("a test moves the clock by less than 584 years");
        self.now.set(self.now.get() + by);
    }

    /// Sets the clock to `nanoseconds` since the Unix epoch.
    pub fn set(&self, nanoseconds: u64) {
        self.now.set(nanoseconds);
    }

    /// Makes every reading cost `step`, so that measured durations are not zero.
    pub fn set_step(&self, step: std::time::Duration) {
        self.step.set(u64::try_from(step.as_nanos()).expect("a step is short"));
    }
}

/// Shared data with Envoy's rules: keys never go away, and a compare-and-swap on a key that is not there
/// succeeds for everybody.
#[derive(Default)]
pub struct SharedData {
    entries: BTreeMap<String, (Vec<u8>, u32)>,
    last_cas: u32,
}

impl SharedData {
    /// The value of `key` and its compare-and-swap number.
    pub fn get(&self, key: &str) -> Option<(&[u8], u32)> {
        self.entries.get(key).map(|(value, cas)| (value.as_slice(), *cas))
    }

    /// Stores `value`; `cas` 0 overwrites, any other number must be the one last read.
    pub fn set(&mut self, key: &str, value: &[u8], cas: u32) -> Status {
        let known = self.entries.get(key).map(|(_, current)| *current);
        if known.is_some_and(|current| cas != 0 && cas != current) {
            return Status::CasMismatch;
        }
        self.last_cas = self.last_cas.checked_add(1).unwrap_or(1);
        self.entries.insert(key.to_owned(), (value.to_vec(), self.last_cas));
        Status::Ok
    }

    /// Every key that was ever set, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Every key and value, to search them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.entries.iter().map(|(key, (value, _))| (key.as_str(), value.as_slice()))
    }
}

/// What a metric is; the numbers are the ABI's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MetricKind {
    /// Only grows.
    Counter = 0,
    /// Last writer wins.
    Gauge = 1,
    /// Recorded values.
    Histogram = 2,
}

/// Metrics by name. As in Envoy, defining a name again gives another id of the same metric, and the two low
/// bits of an id are its kind.
#[derive(Default)]
pub struct Metrics {
    ids: BTreeMap<u32, (MetricKind, String)>,
    values: BTreeMap<(MetricKind, String), i128>,
    recorded: BTreeMap<String, Vec<u64>>,
    next: u32,
}

impl Metrics {
    /// A new id for the metric `name`; it is created when nobody did so before.
    pub fn define(&mut self, kind: u32, name: &str) -> Result<u32, Status> {
        let kind = match kind {
            0 => MetricKind::Counter,
            1 => MetricKind::Gauge,
            2 => MetricKind::Histogram,
            _ => return Err(Status::BadArgument),
        };
        self.next += 4;
        let id = self.next | kind as u32;
        self.ids.insert(id, (kind, name.to_owned()));
        if kind == MetricKind::Histogram {
            self.recorded.entry(name.to_owned()).or_default();
        } else {
            self.values.entry((kind, name.to_owned())).or_default();
        }
        Ok(id)
    }

    /// Adds to a counter (by 1 or more: adding 0 is an error in Envoy) or to a gauge.
    pub fn increment(&mut self, id: u32, offset: i64) -> Status {
        match self.ids.get(&id) {
            None if id & 3 == MetricKind::Histogram as u32 => Status::BadArgument,
            None => Status::NotFound,
            Some((MetricKind::Histogram, _)) => Status::BadArgument,
            Some((MetricKind::Counter, _)) if offset <= 0 => Status::BadArgument,
            Some(metric) => {
                *self.values.entry(metric.clone()).or_default() += i128::from(offset);
                Status::Ok
            }
        }
    }

    /// Adds to a counter, sets a gauge or records in a histogram.
    pub fn record(&mut self, id: u32, value: u64) -> Status {
        let Some(metric) = self.ids.get(&id) else { return Status::NotFound };
        match metric.0 {
            MetricKind::Counter => *self.values.entry(metric.clone()).or_default() += i128::from(value),
            MetricKind::Gauge => *self.values.entry(metric.clone()).or_default() = i128::from(value),
            MetricKind::Histogram => self.recorded.entry(metric.1.clone()).or_default().push(value),
        }
        Status::Ok
    }

    /// The value of a counter or gauge.
    pub fn get(&self, id: u32) -> Result<u64, Status> {
        if id & 3 >= MetricKind::Histogram as u32 {
            return Err(Status::BadArgument);
        }
        let metric = self.ids.get(&id).ok_or(Status::NotFound)?;
        let value = self.values.get(metric).copied().unwrap_or_default();
        Ok(u64::try_from(value).unwrap_or_default())
    }

    /// The counter `name`, 0 when it was never defined.
    pub fn counter(&self, name: &str) -> u64 {
        let value = self.values.get(&(MetricKind::Counter, name.to_owned())).copied().unwrap_or_default();
        u64::try_from(value).expect("a counter only grows")
    }

    /// The gauge `name`, where somebody defined it.
    pub fn gauge(&self, name: &str) -> Option<u64> {
        let value = self.values.get(&(MetricKind::Gauge, name.to_owned()))?;
        Some(u64::try_from(*value).expect("a gauge is not negative"))
    }

    /// Every counter that is not zero, by name.
    pub fn counters(&self) -> BTreeMap<String, u64> {
        self.values
            .iter()
            .filter(|((kind, _), value)| *kind == MetricKind::Counter && **value > 0)
            .map(|((_, name), value)| (name.clone(), u64::try_from(*value).expect("a counter only grows")))
            .collect()
    }

    /// What was recorded in the histogram `name`.
    pub fn histogram(&self, name: &str) -> &[u64] {
        self.recorded.get(name).map_or(&[], Vec::as_slice)
    }

    /// Every histogram by name.
    pub fn histograms(&self) -> &BTreeMap<String, Vec<u64>> {
        &self.recorded
    }

    /// The names of all metrics ever defined.
    pub fn names(&self) -> BTreeSet<String> {
        self.ids.values().map(|(_, name)| name.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compare_and_swap_follows_envoy() {
        let mut data = SharedData::default();
        assert_eq!(data.set("lease", b"first", 77), Status::Ok, "a missing key: succeeds for everybody");
        let (_, cas) = data.get("lease").expect("was just set");
        assert_eq!(data.set("lease", b"winner", cas), Status::Ok);
        assert_eq!(data.set("lease", b"loser", cas), Status::CasMismatch);
        assert_eq!(data.set("lease", b"anyone", 0), Status::Ok, "0 overwrites");
        assert_eq!(data.get("lease").expect("is set").0, b"anyone");
    }

    #[test]
    fn metrics_follow_envoy() {
        let mut metrics = Metrics::default();
        let one = metrics.define(0, "requests").expect("a counter");
        let other = metrics.define(0, "requests").expect("the same counter");
        assert_ne!(one, other);
        assert_eq!(metrics.increment(one, 2), Status::Ok);
        assert_eq!(metrics.increment(other, 1), Status::Ok);
        assert_eq!(metrics.increment(other, 0), Status::BadArgument);
        assert_eq!(metrics.counter("requests"), 3);
        let spread = metrics.define(2, "micros").expect("a histogram");
        assert_eq!(metrics.record(spread, 7), Status::Ok);
        assert_eq!(metrics.increment(spread, 1), Status::BadArgument);
        assert_eq!(metrics.histogram("micros"), [7]);
        assert_eq!(metrics.record(999, 7), Status::NotFound);
        assert_eq!(metrics.define(3, "x"), Err(Status::BadArgument));
    }
}
