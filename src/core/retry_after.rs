//! How long a server asks to be left alone.

use std::time::SystemTime;

use time::OffsetDateTime;
use time::format_description::well_known::{Rfc2822, Rfc3339};

use crate::time::{Millis, Timestamp};

/// No value that can be read is longer. A date may have comments, which may be nested: an upstream may not use up the
/// stack with them.
const LONGEST: usize = 64;
/// Numbers from here on are seconds of the Unix epoch, or milliseconds of it: as seconds to wait they would be decades.
const EPOCH_SECONDS: u64 = 1_000_000_000;
const EPOCH_MILLIS: u64 = 1_000_000_000_000;

/// The wait that a `retry-after` header, or the time of a reset, asks for from `now` on. Seconds with or without a
/// fraction, a time of the epoch in seconds or milliseconds, a duration (`6m0s`, `120ms`) or a date (HTTP's three forms,
/// RFC 3339). None where it asks for nothing that can be read.
pub fn wait(value: &[u8], now: Timestamp) -> Option<Millis> {
    let text = std::str::from_utf8(value).ok()?.trim();
    if text.len() > LONGEST {
        return None;
    }
    if let Some(millis) = decimal(text, 1000) {
        return Some(match millis / 1000 {
            EPOCH_SECONDS..EPOCH_MILLIS => Timestamp::of_millis(millis).since(now),
            // Up to the year 5138. More digits are a long time.
            EPOCH_MILLIS..100_000_000_000_000 => Timestamp::of_millis(millis / 1000).since(now),
            _ => Millis::of(millis),
        });
    }
    duration(text).or_else(|| date(text).map(|at| at.since(now)))
}

/// Milliseconds with or without a fraction, as in `retry-after-ms`.
pub fn millis(value: &[u8]) -> Option<Millis> {
    decimal(std::str::from_utf8(value).ok()?.trim(), 1).map(Millis::of)
}

/// A number that is not negative, times `unit`; what is left of a fraction counts as one more.
fn decimal(text: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    // More digits than fit are a long time as well.
    let whole: u64 = whole.parse().unwrap_or(u64::MAX);
    let fraction: f64 = format!("0.{fraction}").parse().unwrap_or_default();
    // Below `unit`, which fits.
    let part = (fraction * unit as f64).ceil() as u64;
    Some(whole.saturating_mul(unit).saturating_add(part))
}

/// A duration as Go writes it: numbers with their units.
fn duration(mut text: &str) -> Option<Millis> {
    let mut sum = 0.0_f64;
    if text.is_empty() {
        return None;
    }
    while !text.is_empty() {
        let number = text.find(|c: char| !c.is_ascii_digit() && c != '.').filter(|length| *length > 0)?;
        let (number, rest) = text.split_at_checked(number)?;
        let unit = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (unit, rest) = rest.split_at_checked(unit)?;
        let millis = match unit.trim() {
            "d" => 86_400_000.0,
            "h" => 3_600_000.0,
            "m" => 60_000.0,
            "s" => 1000.0,
            "ms" => 1.0,
            "us" | "µs" | "μs" => 0.001,
            "ns" => 0.000_001,
            _ => return None,
        };
        sum += number.parse::<f64>().ok()? * millis;
        text = rest;
    }
    // A number that does not fit becomes the greatest.
    Some(Millis::of(sum.ceil() as u64))
}

/// A date.
fn date(text: &str) -> Option<Timestamp> {
    if let Ok(at) = httpdate::parse_http_date(text) {
        let since = at.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        return u64::try_from(since.as_millis()).ok().map(Timestamp::of_millis);
    }
    let date =
        OffsetDateTime::parse(text, &Rfc3339).or_else(|_| OffsetDateTime::parse(text, &Rfc2822)).ok()?;
    u64::try_from(date.unix_timestamp_nanos() / 1_000_000).ok().map(Timestamp::of_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2030-03-05T10:00:00Z, a Tuesday.
    const NOW: Timestamp = Timestamp::of_millis(1_898_935_200_000);

    #[test]
    fn every_way_to_ask_for_a_wait() {
        for (text, expected) in [
            ("40", Some(40_000)),
            (" 40 ", Some(40_000)),
            ("0", Some(0)),
            ("12.25", Some(12_250)),
            ("0.0004", Some(1)),
            ("7.", Some(7000)),
            ("1898935240", Some(40_000)),
            ("1898935240.5", Some(40_500)),
            ("1898935240000", Some(40_000)),
            ("1898935100", Some(0)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("40s", Some(40_000)),
            ("7.66s", Some(7660)),
            ("6m0s", Some(360_000)),
            ("1h2m3.5s", Some(3_723_500)),
            ("120ms", Some(120)),
            ("1d", Some(86_400_000)),
            ("15µs", Some(1)),
            ("1e9s", None),
            ("Tue, 05 Mar 2030 10:00:40 GMT", Some(40_000)),
            ("Tuesday, 05-Mar-30 10:00:40 GMT", Some(40_000)),
            ("Tue Mar  5 10:00:40 2030", Some(40_000)),
            ("Tue, 05 Mar 2030 11:00:40 +0100", Some(40_000)),
            ("2030-03-05T10:00:40Z", Some(40_000)),
            ("2030-03-05T12:00:40.25+02:00", Some(40_250)),
            ("Tue, 05 Mar 2030 09:00:00 GMT", Some(0)),
            ("2029-03-05T10:00:40Z", Some(0)),
            ("-1", None),
            ("+1", None),
            ("s", None),
            ("5x", None),
            ("1.2.3", None),
            ("1.2.3s", None),
            ("soon", None),
            (".", None),
            ("", None),
        ] {
            assert_eq!(wait(text.as_bytes(), NOW), expected.map(Millis::of), "{text}");
        }
        assert_eq!(wait(b"\xff", NOW), None);
        assert_eq!(
            wait(format!("{}Tue, 05 Mar 2030 10:00:40 GMT", "(".repeat(60_000)).as_bytes(), NOW),
            None
        );
    }

    #[test]
    fn milliseconds() {
        for (text, expected) in
            [("23000", Some(23_000)), ("1.5", Some(2)), ("-4", None), ("x", None), ("", None)]
        {
            assert_eq!(millis(text.as_bytes()), expected.map(Millis::of), "{text}");
        }
    }
}
