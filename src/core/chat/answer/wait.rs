//! When a model may be asked again, as the answer of one that is over its limits says: in its headers, or in its body.

use super::super::cursor::{Cursor, Kind};
use super::super::{Fault, decode};
use super::message::unquoted;
use crate::retry_after;
use crate::time::{Millis, Timestamp};

/// The most limits that an answer reports.
const MOST_LIMITS: usize = 16;
/// No value of a header that can be read is longer.
const LONGEST_VALUE: usize = 64;
/// The same of the header that has all limits in it.
const LONGEST_LIMITS: usize = 512;
/// Deepest nesting of a body.
const DEPTH: usize = 32;
/// Longest message that is looked at.
const LONGEST_TEXT: usize = 4096;
/// What stands in messages before a wait.
const PHRASES: [&str; 6] =
    ["try again in ", "try again after ", "retry in ", "retrydelay:", "retry after ", "please wait "];

/// What the headers of an answer ask for.
#[derive(Clone, Debug, Default)]
pub struct Waits {
    millis: Vec<u8>,
    after: Vec<u8>,
    limits: Vec<Limit>,
}

/// A limit of the provider's, such as that of requests a minute.
#[derive(Clone, Debug, Default)]
struct Limit {
    /// The names of its headers without the word for what they mean.
    name: String,
    reset: Vec<u8>,
    /// Whether nothing is left of it, where that is known.
    exhausted: Option<bool>,
}

impl Waits {
    /// A header of the answer, its name in lower case. One that says nothing about waits is passed over.
    pub fn header(&mut self, name: &str, value: &[u8]) {
        if name == "ratelimit" && value.len() <= LONGEST_LIMITS {
            self.all_limits(&String::from_utf8_lossy(value));
        }
        if value.len() > LONGEST_VALUE {
            return;
        }
        match name {
            "retry-after-ms" | "x-ms-retry-after-ms" => self.millis = value.to_vec(),
            "retry-after" => self.after = value.to_vec(),
            _ if name.contains("ratelimit") || name.contains("rate-limit") => self.limit(name, value),
            _ => {}
        }
    }

    fn limit(&mut self, name: &str, value: &[u8]) {
        let (key, reset) = match (name.split_once("reset"), name.split_once("remaining")) {
            (Some((before, after)), _) => (format!("{before}{after}"), true),
            (None, Some((before, after))) => (format!("{before}{after}"), false),
            (None, None) => return,
        };
        let at = self.limits.iter().position(|limit| limit.name == key).unwrap_or(self.limits.len());
        if at == self.limits.len() && at < MOST_LIMITS {
            self.limits.push(Limit { name: key, ..Limit::default() });
        }
        let Some(limit) = self.limits.get_mut(at) else { return };
        if reset {
            limit.reset = value.to_vec();
        } else {
            let left: Option<f64> = std::str::from_utf8(value).ok().and_then(|text| text.trim().parse().ok());
            limit.exhausted = left.map(|left| left <= 0.0);
        }
    }

    /// The header of the IETF's drafts: one limit as `limit=100, remaining=0, reset=20`, or each as `"name";r=0;t=20`.
    fn all_limits(&mut self, value: &str) {
        let (limits, parameters) = if value.contains(';') { (',', ';') } else { ('\n', ',') };
        for limit in value.split(limits).take(MOST_LIMITS.saturating_sub(self.limits.len())) {
            let mut found = Limit::default();
            for (key, value) in limit.split(parameters).filter_map(|parameter| parameter.split_once('=')) {
                match key.trim() {
                    "r" | "remaining" => {
                        found.exhausted = value.trim().parse().ok().map(|left: f64| left <= 0.0)
                    }
                    "t" | "reset" => found.reset = value.trim().as_bytes().to_vec(),
                    _ => {}
                }
            }
            if !found.reset.is_empty() {
                self.limits.push(found);
            }
        }
    }

    /// How long to wait from `now` on. What asks for a wait of nothing asks for none.
    pub fn wait(&self, now: Timestamp) -> Option<Millis> {
        let asked = retry_after::millis(&self.millis).or_else(|| retry_after::wait(&self.after, now));
        asked.filter(|wait| *wait > Millis::ZERO).or_else(|| self.of_limits(now)).or(asked)
    }

    /// Until all limits that are used up are reset. Where it is not known which those are, until the first is.
    fn of_limits(&self, now: Timestamp) -> Option<Millis> {
        let reset = |limit: &Limit| retry_after::wait(&limit.reset, now).filter(|wait| *wait > Millis::ZERO);
        let exhausted = self.limits.iter().filter(|limit| limit.exhausted == Some(true));
        if self.limits.iter().any(|limit| limit.exhausted.is_some()) {
            return exhausted.filter_map(reset).max();
        }
        self.limits.iter().filter_map(reset).min()
    }
}

/// How long an error asks to wait in its body, from `now` on: Gemini's `retryDelay`, OpenRouter's headers
/// within the body, and the like, also inside of another error.
pub fn wait_in(body: &[u8], now: Timestamp) -> Option<Millis> {
    let mut found = WaitSearch { now, waits: Waits::default(), field: None, phrase: None };
    let mut cursor = Cursor::new(body, DEPTH);
    // What was read before a fault counts.
    let _ = found.value("", &mut cursor);
    found.field.or_else(|| found.waits.wait(now)).or(found.phrase).filter(|wait| *wait > Millis::ZERO)
}

struct WaitSearch {
    now: Timestamp,
    /// Headers that are written into the body.
    waits: Waits,
    field: Option<Millis>,
    phrase: Option<Millis>,
}

impl WaitSearch {
    fn value(&mut self, key: &str, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        let body = cursor.bytes();
        match cursor.kind()? {
            Kind::Object => cursor.each_member(|cursor, key| {
                let key = decode(key.of(body)).to_ascii_lowercase();
                // What the client sent.
                if matches!(&*key, "input" | "messages" | "request") {
                    return cursor.skip().map(drop);
                }
                self.value(&key, cursor)
            }),
            Kind::Array => cursor.each_element(|cursor| self.value(key, cursor)),
            Kind::String => {
                let raw = cursor.string()?.of(body);
                self.read(key, &decode(raw.get(..LONGEST_TEXT).unwrap_or(raw)));
                Ok(())
            }
            Kind::Scalar => {
                let raw = cursor.scalar()?.of(body);
                self.read(key, &decode(raw));
                Ok(())
            }
        }
    }

    fn read(&mut self, key: &str, text: &str) {
        let field = match key {
            "retrydelay"
            | "retry_after"
            | "retryafter"
            | "retry_after_seconds"
            | "resets_in_seconds"
            | "resets_at" => retry_after::wait(text.as_bytes(), self.now),
            "retry_after_ms" => retry_after::millis(text.as_bytes()),
            "message" | "error" | "detail" | "raw" => {
                self.phrase = self.phrase.max(phrase(text, self.now));
                None
            }
            _ => {
                self.waits.header(key, text.as_bytes());
                None
            }
        };
        self.field = self.field.max(field);
    }
}

/// The wait that a message names.
fn phrase(text: &str, now: Timestamp) -> Option<Millis> {
    let text = unquoted(text);
    PHRASES.iter().find_map(|phrase| {
        let after = text.split_once(phrase)?.1.trim_start();
        let after = after.strip_prefix("about ").unwrap_or(after);
        let (wait, named, rest) = amount(after, now)?;
        if *phrase == "please wait " && !named {
            return None;
        }
        let more =
            rest.strip_prefix(" and ").and_then(|rest| amount(rest, now)).filter(|(_, named, _)| *named);
        Some(more.map_or(wait, |(more, ..)| wait + more))
    })
}

/// A length of time at the beginning of a text, whether its unit is written out, and what stands behind it.
fn amount(text: &str, now: Timestamp) -> Option<(Millis, bool, &str)> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '.').unwrap_or(text.len());
    let value = text.get(..end)?.trim_end_matches('.');
    let rest = text.get(end..).unwrap_or_default();
    let unit = rest.trim_start();
    let named =
        [("second", 1), ("minute", 60), ("hour", 3600)].into_iter().find(|(name, _)| unit.starts_with(name));
    let one = named.is_some() && matches!(value, "a" | "an");
    let wait = retry_after::wait(if one { b"1" } else { value.as_bytes() }, now)?;
    let Some((name, seconds)) = named else { return Some((wait, false, rest)) };
    let behind = unit.get(name.len()..).unwrap_or_default();
    Some((wait * seconds, true, behind.strip_prefix('s').unwrap_or(behind)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2030-03-05T10:00:00Z
    const NOW: Timestamp = Timestamp::of_millis(1_898_935_200_000);

    fn wait(headers: &[(&str, &str)]) -> Option<Millis> {
        let mut waits = Waits::default();
        headers.iter().for_each(|(name, value)| waits.header(name, value.as_bytes()));
        waits.wait(NOW)
    }

    #[test]
    fn headers_of_providers() {
        for (headers, expected) in [
            (&[("retry-after", "17")][..], Some(17_000)),
            (&[("retry-after", "17"), ("retry-after-ms", "16200")], Some(16_200)),
            (&[("retry-after", "soon"), ("retry-after-ms", "")], None),
            (&[("retry-after", "0")], Some(0)),
            // What was said outright counts for more than a limit.
            (
                &[
                    ("retry-after", "2"),
                    ("x-ratelimit-remaining-requests", "0"),
                    ("x-ratelimit-reset-requests", "9s"),
                ],
                Some(2000),
            ),
            (
                &[
                    ("retry-after", "0"),
                    ("x-ratelimit-remaining-requests", "0"),
                    ("x-ratelimit-reset-requests", "9s"),
                ],
                Some(9000),
            ),
            // OpenAI, Groq
            (
                &[
                    ("x-ratelimit-limit-requests", "100"),
                    ("x-ratelimit-remaining-requests", "99"),
                    ("x-ratelimit-remaining-tokens", "0"),
                    ("x-ratelimit-reset-requests", "8h12m0s"),
                    ("x-ratelimit-reset-tokens", "7.66s"),
                ],
                Some(7660),
            ),
            (
                &[
                    ("x-ratelimit-remaining-requests", "0"),
                    ("x-ratelimit-remaining-tokens", "0"),
                    ("x-ratelimit-reset-requests", "6m0s"),
                    ("x-ratelimit-reset-tokens", "120ms"),
                ],
                Some(360_000),
            ),
            (&[("x-ratelimit-remaining-requests", "4"), ("x-ratelimit-reset-requests", "20s")], None),
            // Cerebras
            (
                &[
                    ("x-ratelimit-reset-tokens-minute", "41.382"),
                    ("x-ratelimit-remaining-tokens-minute", "-12"),
                ],
                Some(41_382),
            ),
            // Anthropic
            (
                &[
                    ("anthropic-ratelimit-requests-remaining", "40"),
                    ("anthropic-ratelimit-requests-reset", "2030-03-05T11:00:00Z"),
                    ("anthropic-ratelimit-input-tokens-remaining", "0"),
                    ("anthropic-ratelimit-input-tokens-reset", "2030-03-05T10:00:25Z"),
                ],
                Some(25_000),
            ),
            // OpenRouter
            (
                &[
                    ("x-ratelimit-limit", "50"),
                    ("x-ratelimit-remaining", "0"),
                    ("x-ratelimit-reset", "1898935230000"),
                ],
                Some(30_000),
            ),
            // What is left is not known.
            (&[("x-ratelimit-reset-requests", "1m0s"), ("x-ratelimit-reset-tokens", "3s")], Some(3000)),
            (&[("ratelimit-reset", "12")], Some(12_000)),
            (&[("x-ratelimit-reset", "1898935100")], None),
            (&[("content-type", "application/json")], None),
            // The IETF's drafts
            (
                &[("ratelimit-policy", "\"default\";q=100;w=60"), ("ratelimit", "\"default\";r=0;t=20")],
                Some(20_000),
            ),
            (&[("ratelimit", "\"minute\";r=7;t=20, \"day\";t=90;r=0")], Some(90_000)),
            (&[("ratelimit", "limit=100, remaining=0, reset=20")], Some(20_000)),
            (&[("ratelimit", "limit=100, remaining=3, reset=20")], None),
            (&[("ratelimit", "\"default\""), ("retry-after", "3")], Some(3000)),
        ] {
            assert_eq!(wait(headers), expected.map(Millis::of), "{headers:?}");
        }
        let many: Vec<String> = (0..1000).map(|number| format!("x-ratelimit-reset-{number}")).collect();
        let mut waits = Waits::default();
        many.iter().for_each(|name| waits.header(name, b"5"));
        assert!(waits.limits.len() <= MOST_LIMITS);
    }

    #[test]
    fn bodies_of_providers() {
        let gemini = r#"{"error":{"code":429,"message":"You exceeded your current quota.","status":"RESOURCE_EXHAUSTED","details":[
            {"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"x"}]},
            {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"21.5s"}]}}"#;
        let wrapped = serde_json::json!({"error": {"message": format!("litellm.RateLimitError: GeminiException - {gemini}")}});
        for (body, expected) in [
            (gemini, Some(21_500)),
            (&wrapped.to_string(), Some(21_500)),
            (&format!("[{gemini}]"), Some(21_500)),
            (
                r#"{"error":{"code":429,"message":"Rate limit exceeded","metadata":{"headers":{"X-RateLimit-Limit":"50",
                   "X-RateLimit-Remaining":"0","X-RateLimit-Reset":"1898935230000"}}}}"#,
                Some(30_000),
            ),
            (r#"{"error":{"type":"usage_limit_reached","resets_at":1898935290}}"#, Some(90_000)),
            (
                r#"{"error":{"message":"Rate limit reached for m on tokens per min. Please try again in 11.054s. Visit"}}"#,
                Some(11_054),
            ),
            (r#"{"error":{"message":"Please retry in 1m2.5s."}}"#, Some(62_500)),
            (r#"{"error":{"message":"Slow down: try again in 20 seconds."}}"#, Some(20_000)),
            (r#"{"error":{"message":"Please try again in 2 minutes"}}"#, Some(120_000)),
            (r#"{"error":{"message":"Please try again after 20 seconds"}}"#, Some(20_000)),
            (
                r#"{"error":{"message":"Rate limit of 10 per 60s exceeded. Please wait 20 seconds before retrying."}}"#,
                Some(20_000),
            ),
            (r#"{"error":{"message":"Please wait 20 and see"}}"#, None),
            (r#"{"error":{"message":"Please try again in 1 minute and 5 seconds."}}"#, Some(65_000)),
            (r#"{"error":{"message":"Please try again in about 20 seconds."}}"#, Some(20_000)),
            (r#"{"error":{"message":"Rate limited. Try again in a minute"}}"#, Some(60_000)),
            (r#"{"error":{"message":"You said 'try again in 90s'"}}"#, None),
            (r#"{"error":{"message":"slow down"},"messages":[{"retryDelay":"9s"}]}"#, None),
            (r#"{"error":{"retryDelay":"0s"}}"#, None),
            (r#"{"error":{"retryDelay":"9s","#, Some(9000)),
            ("slow down", None),
            ("", None),
        ] {
            assert_eq!(wait_in(body.as_bytes(), NOW), expected.map(Millis::of), "{body}");
        }
    }
}
