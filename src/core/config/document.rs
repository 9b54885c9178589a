//! Bytes -> `serde_json::Value`, with every duplicate key reported and integral floats made integers.
//!
//! `serde_json::Value` alone keeps the last of two equal keys in silence. A protobuf Struct has doubles only, so
//! `128000` may arrive as `128000.0` or `1.28e5`.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::error::Scope;

/// A document, and how it came.
pub(super) struct Document {
    pub value: Value,
    /// It came as a protobuf Struct. Envoy's YAML makes strings of numbers with a fraction there: `0.5` arrives as text.
    pub from_struct: bool,
}

/// Reads a document. An empty one is an empty object. Tells of wrong syntax with line and column.
pub(super) fn read(document: &[u8], root: &Scope<'_>) -> Option<Document> {
    if let Some(value) = super::protobuf::read(document) {
        return Some(Document { value, from_struct: true });
    }
    json(document, root).map(|value| Document { value, from_struct: false })
}

fn json(document: &[u8], root: &Scope<'_>) -> Option<Value> {
    let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document).trim_ascii();
    if document.is_empty() {
        return Some(Value::Object(Map::new()));
    }
    let mut json = serde_json::Deserializer::from_slice(document);
    let read = Seed(root).deserialize(&mut json);
    match read.and_then(|value| json.end().map(|()| value)) {
        Ok(value) => Some(value),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            let text = error.to_string();
            let text = text.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&text);
            let hint = if document.starts_with(b"{") {
                "the document has to be JSON"
            } else {
                "the document has to be a JSON object; in Envoy's YAML it is a google.protobuf.Struct"
            };
            root.errors().elsewhere(format!("line {line} column {column}"), format!("{text}; {hint}"));
            None
        }
    }
}

struct Seed<'s>(&'s Scope<'s>);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(super::number::json(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            match access.next_element_seed(Seed(&self.0.index(list.len())))? {
                Some(value) => list.push(value),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            let scope = self.0.key(&key);
            let value = access.next_value_seed(Seed(&scope))?;
            if map.contains_key(&key) {
                scope.add("the key is given twice; keep one of them");
            } else {
                map.insert(key, value);
            }
        }
        Ok(Value::Object(map))
    }
}
