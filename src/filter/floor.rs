//! Benchmarks: filters that do less, so that it shows what the rest costs. Test builds only.

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::{Action, BufferType};

use super::stream::{replace, set_request_header};
use crate::chat::{self, Cursor, MAX_DEPTH};

/// What a filter at least does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Floor {
    /// Waits for the body, as every router has to.
    Buffers,
    /// And gives the request another model, always the same.
    Splices,
}

impl Floor {
    /// The one that a configuration asks for.
    pub fn of(document: &[u8]) -> Option<Self> {
        match document {
            br#"{"probe":"buffer"}"# => Some(Self::Buffers),
            br#"{"probe":"splice"}"# => Some(Self::Splices),
            _ => None,
        }
    }
}

impl Context for Floor {}

impl HttpContext for Floor {
    fn on_http_request_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        if end_of_stream { Action::Continue } else { Action::Pause }
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        if !end_of_stream {
            return Action::Pause;
        }
        if *self == Self::Splices
            && let Ok(Some(body)) = hostcalls::get_buffer(BufferType::HttpRequestBody, 0, size)
        {
            splice(body);
        }
        Action::Continue
    }
}

fn splice(body: Vec<u8>) {
    let size = body.len();
    let mut spans = Vec::new();
    let read = Cursor::new(&body, MAX_DEPTH).each_member(|cursor, key| {
        let value = cursor.skip()?;
        spans.extend((key.of(&body) == b"model").then_some(value));
        Ok(())
    });
    if read.is_ok()
        && let Some(prefix) = chat::splice(body, &spans, "another-model")
        && let Ok(length) = replace(&prefix, size)
    {
        set_request_header("content-length", &length.to_string());
    }
}
