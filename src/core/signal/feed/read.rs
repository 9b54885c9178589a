//! Reads the document of a feed in one pass: every value as whatever it is, so that what is wrong can be named with its place.

mod value;

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{LONGEST, MOST_MODELS, Signal};
use value::{AnyValue, Value};

/// What has been read so far.
#[derive(Default)]
pub(super) struct Reader {
    pub version: Option<String>,
    pub signals: Vec<Signal>,
    /// Whether `models` was there.
    pub listed: bool,
    /// Where the reading is: the key of the document, the number of the model, its key.
    key: &'static str,
    model: Option<usize>,
    field: &'static str,
    /// The first thing that is wrong.
    pub fault: Option<String>,
}

impl Reader {
    pub fn place(&self) -> String {
        match (self.model, self.field) {
            (Some(model), "") => format!("models[{model}]"),
            (Some(model), field) => format!("models[{model}].{field}"),
            (None, _) if self.key.is_empty() => "the document".to_owned(),
            (None, _) => format!("`{}`", self.key),
        }
    }

    fn wrong(&mut self, what: fmt::Arguments<'_>) {
        if self.fault.is_none() {
            self.fault = Some(format!("{} {what}", self.place()));
        }
    }

    /// Text of bounded length; none where the value is something else or there was one before.
    fn text(&mut self, value: Value<'_>, before: bool) -> Option<String> {
        if before {
            self.wrong(format_args!("is given twice"));
            return None;
        }
        match value {
            Value::Text(text) => {
                // Characters are counted only where there may be too many.
                if text.len() > LONGEST && text.chars().count() > LONGEST {
                    self.wrong(format_args!("has more than {LONGEST} characters"));
                    return None;
                }
                Some(text.into_owned())
            }
            other => {
                self.wrong(format_args!("must be a string, not {}", other.kind()));
                None
            }
        }
    }

    fn number(&mut self, value: &Value<'_>, before: bool) -> Option<f64> {
        if before {
            self.wrong(format_args!("is given twice"));
            return None;
        }
        match value {
            Value::Number(number) | Value::Whole(number, _) if number.is_finite() => Some(*number),
            other => {
                self.wrong(format_args!("must be a finite number, not {}", other.kind()));
                None
            }
        }
    }

    fn named_version(&mut self, value: Value<'_>) {
        let version = self.text(value, false);
        if version.as_deref().is_some_and(|v| v.trim().is_empty()) {
            self.wrong(format_args!("is empty"));
        }
        // Of both, the contract's own is reported.
        self.version = version;
    }

    fn numbered_version(&mut self, value: &Value<'_>) {
        match value {
            Value::Whole(_, number) => {
                if self.version.is_none() {
                    self.version = Some(number.to_string());
                }
            }
            other => self.wrong(format_args!("must be an integer, not {}", other.kind())),
        }
    }
}

/// One of the keys that the contract knows; empty for any other.
struct Key(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Key {
    type Value = &'static str;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<&'static str, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = &'static str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, text: &str) -> Result<&'static str, E> {
        Ok(self.0.iter().copied().find(|key| *key == text).unwrap_or_default())
    }
}

/// Defines what a visitor does with values that are none of what it is for.
macro_rules! otherwise {
    ($wanted:literal) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str($wanted)
        }

        fn visit_unit<E>(self) -> Result<(), E> {
            self.0.wrong(format_args!(concat!("must be ", $wanted, ", not null")));
            Ok(())
        }

        fn visit_bool<E>(self, _: bool) -> Result<(), E> {
            self.0.wrong(format_args!(concat!("must be ", $wanted, ", not true or false")));
            Ok(())
        }

        fn visit_i64<E>(self, _: i64) -> Result<(), E> {
            self.0.wrong(format_args!(concat!("must be ", $wanted, ", not a number")));
            Ok(())
        }

        fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<(), E> {
            self.visit_i64(0)
        }

        fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
            self.visit_i64(0)
        }

        fn visit_str<E>(self, _: &str) -> Result<(), E> {
            self.0.wrong(format_args!(concat!("must be ", $wanted, ", not a string")));
            Ok(())
        }
    };
}

/// The document.
pub(super) struct Top<'r>(pub &'r mut Reader);

impl<'de> Visitor<'de> for Top<'_> {
    type Value = ();

    otherwise!("an object");

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        self.0.wrong(format_args!("must be an object, not a list"));
        AnyValue.visit_seq(list).map(drop)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let reader = self.0;
        let mut seen = [false; 2];
        while let Some(key) = map.next_key_seed(Key(&["contract_version", "signal_version", "models"]))? {
            reader.key = key;
            match key {
                "contract_version" | "signal_version" => {
                    let value = map.next_value_seed(AnyValue)?;
                    let [named, numbered] = &mut seen;
                    let before = if key == "contract_version" { named } else { numbered };
                    if *before {
                        reader.wrong(format_args!("is given twice"));
                    }
                    *before = true;
                    match (key, value) {
                        (_, Value::Null) => {}
                        ("contract_version", value) => reader.named_version(value),
                        (_, value) => reader.numbered_version(&value),
                    }
                }
                "models" => {
                    if reader.listed {
                        reader.wrong(format_args!("is given twice"));
                    }
                    reader.listed = true;
                    map.next_value_seed(Models(reader))?;
                    reader.model = None;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        reader.key = "";
        Ok(())
    }
}

/// The list `models`.
struct Models<'r>(&'r mut Reader);

impl<'de> DeserializeSeed<'de> for Models<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Models<'_> {
    type Value = ();

    otherwise!("a list");

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let reader = self.0;
        for model in 0..MOST_MODELS {
            reader.model = Some(model);
            if list.next_element_seed(Model(reader))?.is_none() {
                reader.model = None;
                return Ok(());
            }
        }
        reader.model = None;
        if list.next_element::<IgnoredAny>()?.is_some() {
            reader.wrong(format_args!("has more than {MOST_MODELS} entries"));
            return Err(A::Error::custom("too many"));
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.0.wrong(format_args!("must be a list, not an object"));
        AnyValue.visit_map(map).map(drop)
    }
}

/// One entry of `models`.
struct Model<'r>(&'r mut Reader);

impl<'de> DeserializeSeed<'de> for Model<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Model<'_> {
    type Value = ();

    otherwise!("an object");

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        self.0.wrong(format_args!("must be an object, not a list"));
        AnyValue.visit_seq(list).map(drop)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        const KEYS: &[&str] = &["model", "trend", "score", "confidence", "velocity_delta_pct"];
        let reader = self.0;
        let (mut model, mut trend, mut confidence) = (None, None, None);
        let (mut score, mut velocity) = (None, None);
        while let Some(key) = map.next_key_seed(Key(KEYS))? {
            if key.is_empty() {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            reader.field = key;
            let value = map.next_value_seed(AnyValue)?;
            match (key, value) {
                ("model", value) => model = reader.text(value, model.is_some()),
                ("trend", value) => trend = reader.text(value, trend.is_some()),
                ("confidence", value) => confidence = reader.text(value, confidence.is_some()),
                ("score", value) => score = reader.number(&value, score.is_some()),
                (_, Value::Null) => {}
                (_, value) => velocity = reader.number(&value, velocity.is_some()),
            }
        }
        if model.as_deref().is_some_and(|name| name.trim().is_empty()) {
            reader.field = "model";
            reader.wrong(format_args!("is empty"));
        }
        match (model, trend, score, confidence) {
            (Some(model), Some(trend), Some(score), Some(confidence)) => reader.signals.push(Signal {
                model,
                trend,
                score,
                confidence,
                velocity_delta_pct: velocity.unwrap_or_default(),
            }),
            (model, trend, score, _) => {
                reader.field = match (model, trend, score) {
                    (None, ..) => "model",
                    (_, None, _) => "trend",
                    (.., None) => "score",
                    _ => "confidence",
                };
                // Where it was there, but wrong, that has been reported already.
                reader.wrong(format_args!("is missing"));
            }
        }
        reader.field = "";
        Ok(())
    }
}
