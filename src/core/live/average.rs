//! Averages that move with their samples.

use crate::sealed::Reader;
use crate::time::{Millis, Timestamp};

/// The weight of one sample in an average.
const WEIGHT: f64 = 0.2;
/// An average without a sample for so long says nothing any more.
const STALE: Millis = Millis::of_seconds(600);

/// An exponentially weighted average; 0 is nothing known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Average {
    pub(super) value: f64,
    pub(super) at: Timestamp,
}

/// Samples for an average.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Samples {
    sum: f64,
    count: u32,
    last: Timestamp,
}

impl Samples {
    /// Notes a sample; what is no number of milliseconds is passed over.
    pub fn note(&mut self, sample: f64, now: Timestamp) {
        if sample.is_finite() && sample >= 0.0 {
            self.sum += sample;
            self.count = self.count.saturating_add(1);
            self.last = now;
        }
    }
}

impl Average {
    /// Takes samples in, each with the same weight as if it had come alone.
    pub(super) fn take(&mut self, samples: &Samples) {
        if samples.count == 0 {
            return;
        }
        let mean = samples.sum / f64::from(samples.count);
        let kept = libm::pow(1.0 - WEIGHT, f64::from(samples.count));
        self.value = if self.known(samples.last) { mean + (self.value - mean) * kept } else { mean };
        self.at = self.at.max(samples.last);
    }

    fn known(&self, now: Timestamp) -> bool {
        self.at.is_set() && now.apart(self.at) < STALE
    }

    /// The average at a time; none where there were no samples lately.
    pub fn at(&self, now: Timestamp) -> Option<f64> {
        self.known(now).then_some(self.value)
    }
}

impl Reader<'_> {
    /// An average.
    pub(super) fn average(&mut self) -> Option<Average> {
        let value = f64::from_bits(self.number()?);
        let at = self.time()?;
        (value.is_finite() && value >= 0.0).then_some(Average { value, at })
    }
}
