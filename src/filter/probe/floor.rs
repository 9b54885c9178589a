//! Benchmarks: filters that do less, so that it shows what the rest costs. Test builds only.

use std::hint::black_box;

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::{Action, BufferType, MapType, MetricType};

use crate::clock::Started;
use crate::edit::{add_request_header, replace, set_request_header};
use tiergate_core::chat::{self, Cursor, MAX_DEPTH};

/// What a filter at least does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Floor {
    /// Waits for the body, as every router has to.
    Buffers,
    /// And gives the request another model, always the same.
    Splices,
    /// And reads and sets the headers, takes the time and counts, as the router does for every request, without a decision.
    Tells {
        /// The counter.
        count: u32,
        /// The histogram.
        time: u32,
    },
}

impl Floor {
    /// The one that a configuration asks for.
    pub fn of(document: &[u8]) -> Option<Self> {
        match document {
            br#"{"probe":"buffer"}"# => Some(Self::Buffers),
            br#"{"probe":"splice"}"# => Some(Self::Splices),
            br#"{"probe":"tell"}"# => Some(Self::Tells {
                count: hostcalls::define_metric(MetricType::Counter, "tiergate.probe").ok()?,
                time: hostcalls::define_metric(MetricType::Histogram, "tiergate.probe_us").ok()?,
            }),
            _ => None,
        }
    }
}

/// As many headers as the router sets each way.
const TOLD: [(&str, &str); 3] =
    [("x-tiergate-cluster", "default"), ("x-tiergate-model", "another-model"), ("x-tiergate-tier", "MEDIUM")];

impl Context for Floor {}

impl HttpContext for Floor {
    fn on_http_request_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        if let Self::Tells { .. } = self {
            let _ = black_box(hostcalls::get_map_bytes(MapType::HttpRequestHeaders));
        }
        if end_of_stream { Action::Continue } else { Action::Pause }
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        if !end_of_stream {
            return Action::Pause;
        }
        if *self == Self::Buffers {
            return Action::Continue;
        }
        let started = if let Self::Tells { .. } = self { Started::now() } else { Started::default() };
        if let Ok(Some(body)) = hostcalls::get_buffer(BufferType::HttpRequestBody, 0, size) {
            splice(body);
        }
        if let Self::Tells { count, time } = *self {
            for (name, value) in TOLD {
                add_request_header(name, value);
            }
            // What was asked for, and both costs.
            for _ in 0..3 {
                let _ = hostcalls::increment_metric(count, 1);
            }
            let _ = hostcalls::record_metric(time, started.micros());
        }
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        if let Self::Tells { .. } = self {
            for (name, value) in TOLD {
                let _ = hostcalls::set_map_value(MapType::HttpResponseHeaders, name, Some(value));
            }
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
        set_request_header("content-length", length.to_string().as_bytes());
    }
}
