//! One line of the access log that the shipped Envoy configurations write.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use tiergate_core::tier::Tier;

use super::feedback::Feedback;

/// What a line says.
pub enum Record<'l> {
    /// A request that tiergate decided on.
    Request(Box<Entry<'l>>, Box<Decided>),
    /// One that is no LLM call.
    Other,
    /// What somebody said of a decision.
    Feedback(Box<Feedback>),
}

/// The fields of the log format.
#[derive(Deserialize)]
pub struct Entry<'l> {
    #[serde(borrow, default)]
    pub time: Option<Cow<'l, str>>,
    #[serde(borrow, default)]
    pub request_id: Option<Cow<'l, str>>,
    #[serde(default, deserialize_with = "number")]
    pub status: Option<f64>,
    #[serde(default, deserialize_with = "number")]
    pub duration_ms: Option<f64>,
    #[serde(default, deserialize_with = "number")]
    pub first_byte_ms: Option<f64>,
    #[serde(default, deserialize_with = "number")]
    pub attempts: Option<f64>,
    /// Tokens and cost as the answer reports them.
    #[serde(default, rename = "gen_ai.usage.input_tokens", deserialize_with = "number")]
    pub input_tokens: Option<f64>,
    #[serde(default, rename = "gen_ai.usage.output_tokens", deserialize_with = "number")]
    pub output_tokens: Option<f64>,
    #[serde(default, rename = "cost_usd", deserialize_with = "number")]
    pub cost: Option<f64>,
    #[serde(borrow, default)]
    tiergate: Option<&'l RawValue>,
}

/// A line that may hold what somebody said of a decision.
#[derive(Deserialize)]
struct FeedbackLine {
    feedback: Option<Feedback>,
}

/// The decision, as the filter reports it.
#[derive(Debug, Deserialize)]
pub struct Decided {
    pub model: Option<String>,
    pub tier: Option<Tier>,
    pub profile: Option<String>,
    pub cause: String,
    pub rule: Option<String>,
    pub score: Option<f64>,
    pub confidence: Option<f64>,
    pub input_tokens: Option<u64>,
    pub output_tokens: Option<u64>,
    pub cost: Option<f64>,
    pub baseline_cost: Option<f64>,
    #[serde(default)]
    pub needs: Vec<String>,
    pub served: Option<String>,
    pub attempts: Option<u64>,
}

impl Decided {
    /// The model that answered, as far as is known.
    pub fn server(&self) -> Option<&str> {
        self.served.as_deref().or(self.model.as_deref())
    }
}

/// Reads a line. What a collector has written before the record is passed over.
pub fn read(line: &[u8]) -> Result<Record<'_>, String> {
    let from = memchr::memchr(b'{', line).ok_or("no JSON object")?;
    let text = line.get(from..).unwrap_or_default();
    let without_line = |error: serde_json::Error| {
        let text = error.to_string();
        // Its own "line 1" is of this line only.
        text.rsplit_once(" at line ").map_or(text.clone(), |(what, _)| what.to_owned())
    };
    let entry: Entry<'_> = serde_json::from_slice(text).map_err(without_line)?;
    let inside: Cow<'_, str> = match entry.tiergate.map(RawValue::get) {
        None | Some("null") => return Ok(Record::Other),
        Some(raw) if raw.starts_with('"') => serde_json::from_str(raw).map_err(without_line)?,
        Some(raw) => Cow::Borrowed(raw),
    };
    if matches!(&*inside, "" | "-") {
        return Ok(Record::Other);
    }
    let within = |error| format!("`tiergate`: {}", without_line(error));
    // Few lines are feedback: the others are read once.
    if inside.contains("\"feedback\"") {
        let FeedbackLine { feedback } = serde_json::from_str(&inside).map_err(within)?;
        if let Some(feedback) = feedback {
            return Ok(Record::Feedback(Box::new(feedback)));
        }
    }
    let decided = serde_json::from_str(&inside).map_err(within)?;
    Ok(Record::Request(Box::new(entry), Box::new(decided)))
}

/// A number, which Envoy writes as one or as text; `-` and nothing where there is none.
fn number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    struct Number;

    impl Visitor<'_> for Number {
        type Value = Option<f64>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a number")
        }

        fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
            Ok(Some(value as f64))
        }

        fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
            Ok(Some(value as f64))
        }

        fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
            Ok(Some(value))
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            let text = text.trim();
            if matches!(text, "" | "-") {
                return Ok(None);
            }
            let number: f64 = text.parse().map_err(|_| E::custom(format!("{text:?} is no number")))?;
            if number.is_finite() { Ok(Some(number)) } else { Err(E::custom("no finite number")) }
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }

    from.deserialize_any(Number)
}
