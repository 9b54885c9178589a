//! Edits of requests: headers, the body, and answers in place of one.

use proxy_wasm::hostcalls;
use proxy_wasm::types::{Action, BufferType, MapType, Status};

use super::facts::{ATTEMPT_TIMEOUT, MAX_RETRIES};
use super::waiting::Waiting;
use tiergate_core::chat::{self, Coding, ErrorForm, Problem};
use tiergate_core::config::{Config, Headers};
use tiergate_core::route::Model;

/// The body as the client wrote it. Where it is compressed, and not unpacked by the proxy, the buffer is replaced too. None
/// where it cannot be unpacked, or was not wholly.
pub fn unpacked(body: Vec<u8>, waiting: &Waiting) -> Option<Vec<u8>> {
    // Envoy's decompressor ends without a word where a body grows too much.
    if waiting.packed && waiting.coding == Coding::Identity && !waiting.ends(&body) {
        return None;
    }
    if waiting.coding == Coding::Identity {
        return Some(body);
    }
    let new = chat::unpack(&body, waiting.coding)?;
    hostcalls::set_buffer(BufferType::HttpRequestBody, 0, body.len(), &new).ok()?;
    let _ = hostcalls::remove_map_value(MapType::HttpRequestHeaders, "content-encoding");
    if waiting.has_length {
        set_request_header("content-length", new.len().to_string().as_bytes());
    }
    Some(new)
}

/// Carries changes of the body out.
pub fn write_back(changes: Vec<chat::Change>, body: Vec<u8>, has_length: bool) {
    let size = body.len();
    if !changes.is_empty()
        && let Some(prefix) = chat::splice_changes(body, changes)
        && let Ok(length) = replace(&prefix, size)
        && has_length
    {
        set_request_header("content-length", length.to_string().as_bytes());
    }
}

/// Answers a request in its client's dialect.
pub fn reply<'h>(problem: &Problem, path: &[u8], more: impl Iterator<Item = (&'h str, &'h str)>) -> Action {
    let body = problem.body(ErrorForm::of(path));
    // So that the proxy's own form of errors is not put around it (`local_reply_config`).
    set_request_header("x-tiergate-answered", b"1");
    let headers = std::iter::once(("content-type", "application/json")).chain(more).collect();
    match hostcalls::send_http_response(u32::from(problem.status()), headers, Some(&body)) {
        Ok(()) => Action::Pause,
        Err(_) => Action::Continue,
    }
}

pub fn add_request_header(name: &str, value: &str) {
    let _ = hostcalls::add_map_value(MapType::HttpRequestHeaders, name, value);
}

pub fn set_request_header(name: &str, value: &[u8]) {
    let _ = hostcalls::set_map_value_bytes(MapType::HttpRequestHeaders, name, Some(value));
}

/// Puts a prefix in place of what it replaces of a body of `size` bytes. How many the body has then.
pub fn replace(prefix: &chat::Prefix, size: usize) -> Result<i64, Status> {
    if prefix.tail.is_empty() {
        hostcalls::set_buffer(BufferType::HttpRequestBody, 0, prefix.end, &prefix.head)?;
    } else {
        hostcalls::set_buffer(BufferType::HttpRequestBody, 0, prefix.end, &prefix.tail)?;
        hostcalls::set_buffer(BufferType::HttpRequestBody, 0, 0, &prefix.head)?;
    }
    Ok(i64::try_from(size).unwrap_or_default().saturating_add(prefix.growth()))
}

/// A request that names no model of ours goes where everything else goes.
pub fn pass(config: &Config) -> Action {
    add_request_header(&config.headers.cluster, &config.table.default_cluster);
    Action::Continue
}

/// Says which model serves, to the upstream and to Envoy's router, where the model has limits of its own.
pub fn name_model(headers: &Headers, model: &Model) {
    add_request_header(&headers.model, &model.name);
    for name in &headers.model_as {
        add_request_header(name, &model.upstream_model);
    }
    for (name, limit) in [(ATTEMPT_TIMEOUT, model.timeout_ms), (MAX_RETRIES, model.max_retries)] {
        if let Some(limit) = limit {
            add_request_header(name, &limit.to_string());
        }
    }
}
