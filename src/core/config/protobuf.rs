//! A serialized `google.protobuf.Struct` -> `serde_json::Value`.
//!
//! Envoy hands a Struct to a plugin as the bytes of the message, not as the JSON that its API documentation promises
//! (seen on 1.36 to 1.40).

use prost::Message;
use prost_types::value::Kind;
use prost_types::{Struct, Value as Dynamic};
use serde_json::{Map, Value};

/// The message as JSON; nothing where the bytes are no Struct.
pub(super) fn read(message: &[u8]) -> Option<Value> {
    let decoded = Struct::decode(message).ok()?;
    // Unknown fields are dropped in decoding; text that happens to look like a message has some.
    (decoded.encoded_len() == message.len()).then(|| object(decoded))
}

fn object(from: Struct) -> Value {
    Value::Object(from.fields.into_iter().map(|(key, value)| (key, any(value))).collect::<Map<_, _>>())
}

/// Decoding has bounded the depth (at 100), so this recursion is bounded too.
fn any(from: Dynamic) -> Value {
    match from.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::NumberValue(number)) => super::number::json(number),
        Some(Kind::StringValue(text)) => Value::String(text),
        Some(Kind::BoolValue(truth)) => Value::Bool(truth),
        Some(Kind::StructValue(fields)) => object(fields),
        Some(Kind::ListValue(list)) => Value::Array(list.values.into_iter().map(any).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use serde_json::json;

    #[test]
    fn a_struct_is_read() {
        // {"a": {"b": [1.5, 128000, "x", true, null]}, "": false}, as Envoy writes it: an empty key is spelled out.
        let message = b"\x0a\x33\x0a\x01a\x12\x2e\x2a\x2c\x0a\x2a\x0a\x01b\x12\x25\x32\x23\
            \x0a\x09\x11\x00\x00\x00\x00\x00\x00\xf8\x3f\x0a\x09\x11\x00\x00\x00\x00\x00\x40\xff\x40\
            \x0a\x03\x1a\x01x\x0a\x02\x20\x01\x0a\x02\x08\x00";
        assert_eq!(read(message), Some(json!({"a": {"b": [1.5, 128_000, "x", true, null]}})));
        for cut in 1..message.len() {
            assert_eq!(read(&message[..cut]), None, "{cut}");
        }
    }

    #[test]
    fn json_is_no_struct() {
        for text in ["{}", "\n{\"tiers\": {}}", "\n\n{}", "tiers:\n  SIMPLE: x"] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
        // A newline and a brace are the tag and length of a field of 123 bytes.
        let text = format!("\n{{\"tiers\": {{\"SIMPLE\": \"{}\"}}}}", "x".repeat(110));
        assert_eq!(read(text.as_bytes()), None);
    }

    #[test]
    fn nesting_is_bounded() {
        let mut message = Vec::new();
        for _ in 0..1000 {
            let length = message.len();
            // Entry {1: "k", 2: Value {5: Struct}}, lengths as varints of three bytes.
            let varint = |n: usize| [(n & 0x7f | 0x80) as u8, (n >> 7 & 0x7f | 0x80) as u8, (n >> 14) as u8];
            let value = [&[0x2a][..], &varint(length), &message].concat();
            let entry = [&[0x0a, 1, b'k', 0x12][..], &varint(value.len()), &value].concat();
            message = [&[0x0a][..], &varint(entry.len()), &entry].concat();
        }
        assert_eq!(read(&message), None);
    }
}
