//! How long a server asks to be left alone.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// The wait that a `retry-after` header asks for, in milliseconds from `now` (milliseconds of the Unix epoch): seconds
/// or a date. None where it asks for nothing that can be read.
pub fn wait(value: &[u8], now: u64) -> Option<u64> {
    let text = std::str::from_utf8(value).ok()?.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than fit are a long time as well.
        return Some(text.parse().unwrap_or(u64::MAX).saturating_mul(1000));
    }
    let date = OffsetDateTime::parse(text, &Rfc2822).ok()?;
    let at = u64::try_from(date.unix_timestamp()).ok()?.saturating_mul(1000);
    Some(at.saturating_sub(now))
}
