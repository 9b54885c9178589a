//! Points in time and lengths of time, each with its unit in its type. Numbers without a unit come in and go out at the
//! edges: the clock of the host, shared data, headers, configuration.
//!
//! Nothing here overflows: what is too early is the epoch, what is too late or too long is the greatest value.

use std::fmt;
use std::ops::{Add, Div, Mul, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A point in time: milliseconds since the Unix epoch. The epoch itself, which is the default, stands for never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(transparent)]
pub struct Timestamp(u64);

/// A length of time in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(transparent)]
pub struct Millis(u64);

/// A length of time in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Seconds(u64);

impl Timestamp {
    /// Never.
    pub const NEVER: Self = Self(0);

    /// A number of milliseconds since the Unix epoch.
    pub const fn of_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// A number of seconds since the Unix epoch.
    pub const fn of_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch.
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the Unix epoch.
    pub const fn seconds(self) -> u64 {
        self.0 / 1000
    }

    /// Whether this is a point in time, and not [`Timestamp::NEVER`].
    pub const fn is_set(self) -> bool {
        self.0 > 0
    }

    /// How long after another point this is; nothing if it is before it.
    pub const fn since(self, earlier: Self) -> Millis {
        Millis(self.0.saturating_sub(earlier.0))
    }

    /// How far apart two points are, whichever is the earlier.
    pub const fn apart(self, other: Self) -> Millis {
        Millis(self.0.abs_diff(other.0))
    }

    /// What is left until `end`, if that lies ahead, and no further than `longest`. An end that is further off than it
    /// can be is over: the clock was set back.
    pub fn left_until(self, end: Self, longest: Millis) -> Option<Millis> {
        let left = end.since(self);
        (left > Millis::ZERO && left <= longest).then_some(left)
    }

    /// Which period of this length it is in, counted from the Unix epoch.
    pub const fn period(self, length: Millis) -> u64 {
        match self.0.checked_div(length.0) {
            Some(number) => number,
            None => 0,
        }
    }

    /// When a period of this length begins.
    pub const fn start_of(period: u64, length: Millis) -> Self {
        Self(period.saturating_mul(length.0))
    }
}

impl Millis {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The longest.
    pub const MAX: Self = Self(u64::MAX);

    /// A number of milliseconds.
    pub const fn of(millis: u64) -> Self {
        Self(millis)
    }

    /// A number of seconds.
    pub const fn of_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// The number of milliseconds.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The number of milliseconds, for averages.
    pub const fn as_f64(self) -> f64 {
        self.0 as f64
    }

    /// Whole seconds.
    pub const fn seconds(self) -> Seconds {
        Seconds(self.0 / 1000)
    }

    /// Seconds, rounded up.
    pub const fn seconds_up(self) -> Seconds {
        Seconds(self.0.div_ceil(1000))
    }
}

impl Seconds {
    /// A number of seconds.
    pub const fn of(seconds: u64) -> Self {
        Self(seconds)
    }

    /// The number of seconds.
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// The number alone.
impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Duration> for Millis {
    fn from(duration: Duration) -> Self {
        Self(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }
}

impl Add<Millis> for Timestamp {
    type Output = Self;

    fn add(self, length: Millis) -> Self {
        Self(self.0.saturating_add(length.0))
    }
}

impl Add for Millis {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Millis {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Mul<u64> for Millis {
    type Output = Self;

    fn mul(self, times: u64) -> Self {
        Self(self.0.saturating_mul(times))
    }
}

impl Div<u64> for Millis {
    type Output = Self;

    fn div(self, parts: u64) -> Self {
        self.0.checked_div(parts).map_or(Self::MAX, Self)
    }
}

/// Tests write many points in time: there a plain number counts milliseconds.
#[cfg(test)]
mod shorthand {
    use super::{Add, Millis, Mul, Sub, Timestamp};

    impl Add<u64> for Timestamp {
        type Output = Self;

        fn add(self, millis: u64) -> Self {
            self + Millis(millis)
        }
    }

    impl Sub<u64> for Timestamp {
        type Output = Self;

        fn sub(self, millis: u64) -> Self {
            Self(self.0.checked_sub(millis).unwrap())
        }
    }

    impl Sub<Millis> for Timestamp {
        type Output = Self;

        fn sub(self, length: Millis) -> Self {
            self - length.0
        }
    }

    impl Mul<Millis> for u64 {
        type Output = Millis;

        fn mul(self, length: Millis) -> Millis {
            length * self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_convert_and_nothing_overflows() {
        let noon = Timestamp::of_seconds(43_200);
        assert_eq!(noon, Timestamp::of_millis(43_200_000));
        assert_eq!((noon + Millis::of(1_999)).seconds(), 43_201);
        assert_eq!(noon.since(noon + Millis::of(5)), Millis::ZERO);
        assert_eq!(noon.apart(noon + Millis::of(5)), Millis::of(5));
        assert_eq!(Timestamp::of_millis(u64::MAX) + Millis::of(1), Timestamp::of_millis(u64::MAX));
        assert_eq!(Timestamp::of_seconds(u64::MAX).millis(), u64::MAX);
        assert_eq!(Millis::MAX + Millis::of(1), Millis::MAX);
        assert_eq!(Millis::MAX * 2, Millis::MAX);
        assert_eq!(Millis::of(9) / 2, Millis::of(4));
        assert_eq!(Millis::of(9) / 0, Millis::MAX);
        assert_eq!(Millis::of(1) - Millis::of(2), Millis::ZERO);
        assert_eq!(Millis::of(1_001).seconds(), Seconds::of(1));
        assert_eq!(Millis::of(1_001).seconds_up(), Seconds::of(2));
        assert_eq!(Millis::from(Duration::MAX), Millis::MAX);
        assert_eq!(Timestamp::of_seconds(119).period(Millis::of_seconds(60)), 1);
        assert_eq!(Timestamp::start_of(2, Millis::of_seconds(60)), Timestamp::of_seconds(120));
        assert_eq!(noon.period(Millis::ZERO), 0);
    }

    #[test]
    fn an_end_that_is_too_far_off_is_over() {
        let now = Timestamp::of_millis(10_000);
        for (end, left) in
            [(9_999, None), (10_000, None), (10_001, Some(1)), (15_000, Some(5_000)), (15_001, None)]
        {
            let end = Timestamp::of_millis(end);
            assert_eq!(now.left_until(end, Millis::of(5_000)), left.map(Millis::of), "{end:?}");
        }
    }
}
