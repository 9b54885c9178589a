//! Calls that are no conversation: JSON of other endpoints, batches, and multipart forms. The first byte picks the path, the
//! first line is the content type, the rest is the body.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tiergate_core::chat;
use tiergate_core::config::Config;
use tiergate_core::engine::{self, Call, RequestContext};

const PATHS: [&[u8]; 5] = [
    b"/v1/audio/transcriptions",
    b"/v1/images/edits",
    b"/v1/embeddings",
    b"/v1/messages/batches",
    b"/v1/images/generations?model=smart/auto",
];

static CONFIG: LazyLock<Config> = LazyLock::new(tiergate_fuzz::configuration);

fuzz_target!(|data: &[u8]| {
    let Some((&pick, rest)) = data.split_first() else { return };
    let path = PATHS[usize::from(pick) % PATHS.len()];
    let at = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
    let boundary = chat::boundary(&rest[..at]);
    let body = rest.get(at + 1..).unwrap_or_default();
    if let Some(boundary) = &boundary {
        let (fields, more) = chat::model_fields(body, boundary);
        let mut before = 0;
        for field in &fields {
            assert!(before <= field.start && field.start <= field.end && field.end <= body.len());
            before = field.end;
        }
        renamed(body, boundary, &fields, more);
    }
    let call = Call { path, body, boundary: boundary.as_deref() };
    let Some(decision) = engine::decide_other(&CONFIG, &call, &RequestContext::default()) else { return };
    let Some(model) = decision.choice.model else { return };
    let changes = call.written(decision.edit.spans(), model);
    let changed = !changes.is_empty();
    let Some(prefix) = chat::splice_changes(body.to_vec(), changes) else { return };
    if changed && boundary.is_none() && tiergate_fuzz::is_json(body) {
        assert!(tiergate_fuzz::is_json(&tiergate_fuzz::carried_out(body, &prefix)));
    }
});

/// Another name in each of the fields: then they say that, and there are as many.
fn renamed(body: &[u8], boundary: &[u8], fields: &[chat::Span], more: bool) {
    const NAME: &[u8] = b"m";
    if fields.is_empty() || more {
        return;
    }
    let (mut new, mut at) = (Vec::new(), 0);
    for field in fields {
        new.extend_from_slice(&body[at..field.start]);
        new.extend_from_slice(NAME);
        at = field.end;
    }
    new.extend_from_slice(&body[at..]);
    let (again, _) = chat::model_fields(&new, boundary);
    assert_eq!(again.len(), fields.len());
    assert!(again.iter().all(|field| field.of(&new) == NAME));
}
