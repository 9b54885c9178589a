//! Answers, as documents and as event streams. The first byte picks form, encoding and status, the second how the answer
//! is split; the rest is its body.
//!
//! However it is split, the same tokens are read; of a document that another parser takes, no other number than one of
//! its own; and an error says the same in an event as by itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tiergate_core::chat::{self, AnswerReader, Encoding, Form, UsedTokens};
use tiergate_core::time::Timestamp;

const STATUSES: [u16; 8] = [400, 402, 403, 404, 410, 413, 422, 429];
const ENCODINGS: [Encoding; 4] = [Encoding::Identity, Encoding::Identity, Encoding::Gzip, Encoding::Deflate];

fuzz_target!(|data: &[u8]| {
    let [pick, split, body @ ..] = data else { return };
    let form = if pick & 1 == 0 { Form::Document } else { Form::Events };
    let encoding = ENCODINGS[usize::from(pick >> 1) % 4];
    let status = STATUSES[usize::from(pick >> 3) % 8];
    let whole = read(form, encoding, body, body.len().max(1));
    assert_eq!(read(form, encoding, body, usize::from(*split).max(1)), whole);
    if let (Form::Document, Encoding::Identity, Some(used)) = (form, encoding, whole) {
        within(body, used);
    }

    let plain = encoding.decode(body.to_vec(), chat::LONGEST_REFUSAL);
    assert!(encoding == Encoding::Identity || plain.len() <= chat::LONGEST_REFUSAL);
    let refusal = chat::refusal(status, &plain);
    let _ = chat::wait_in(&plain, Timestamp::of_seconds(1_790_000_000));
    if plain.first() == Some(&b'{')
        && tiergate_fuzz::is_json(&plain)
        && !plain.contains(&b'\n')
        && !plain.contains(&b'\r')
    {
        let event = [&b"data: "[..], &plain, b"\n\n"].concat();
        assert_eq!(chat::refusal(status, &event), refusal);
    }
});

fn read(form: Form, encoding: Encoding, body: &[u8], size: usize) -> Option<UsedTokens> {
    let mut reader = AnswerReader::new(form, encoding)?;
    body.chunks(size).for_each(|piece| reader.feed(piece));
    reader.usage()
}

/// No more tokens are read than a document has numbers for.
fn within(body: &[u8], used: UsedTokens) {
    let Ok(document) = serde_json::from_slice::<Value>(body) else { return };
    // Of a member that is there twice the other parser knows the last alone.
    if document.to_string().len() != body.len() {
        return;
    }
    let mut sum = 0;
    numbers(&document, &mut sum);
    assert!(used.input <= sum && used.output <= sum, "{used:?} of {sum}");
}

fn numbers(value: &Value, sum: &mut u64) {
    match value {
        Value::Number(number) => *sum = sum.saturating_add(number.as_u64().unwrap_or_default()),
        Value::Array(values) => values.iter().for_each(|value| numbers(value, sum)),
        Value::Object(members) => members.values().for_each(|value| numbers(value, sum)),
        _ => {}
    }
}
