//! The decision in the body of an answer, where the configuration wants it there.

use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, MapType};
use serde_json::{Map, Value};

use super::report::{MODEL, answer};
use super::watch::Head;
use tiergate_core::chat::{self, Encoding, Form};
use tiergate_core::config::{Config, ResponseHeaders};
use tiergate_core::engine::Decision;

/// What all names of our response headers begin with.
const PREFIX: &str = "x-tiergate-";

/// What is still to be put into the body; nothing where it has none of it.
#[derive(Default)]
pub struct Routing {
    members: Option<Map<String, Value>>,
    form: Option<Form>,
}

impl Routing {
    /// For a decision about a conversation.
    pub fn of(config: &Config, decision: &Decision<'_>) -> Self {
        let members = config.headers.in_body.then(|| {
            let all = answer(decision, ResponseHeaders::Full).into_iter();
            all.map(|(name, value)| (key(name), member(name, value))).collect()
        });
        Self { members, form: None }
    }

    /// Whether the body may have to change.
    pub const fn is_there(&self) -> bool {
        self.members.is_some()
    }

    /// The answer begins. `served`: who answers, where that is not the model that was chosen. Only an answer of a known
    /// form that can be read is touched.
    pub fn head(&mut self, head: &Head, served: Option<&str>) {
        self.form =
            head.form.filter(|_| head.encoding == Encoding::Identity && (200..300).contains(&head.status));
        let (Some(members), Some(_)) = (&mut self.members, self.form) else {
            self.members = None;
            return;
        };
        if let Some(served) = served {
            members.insert(key(MODEL), Value::String(served.to_owned()));
        }
        if head.has_length {
            let _ = hostcalls::remove_map_value(MapType::HttpResponseHeaders, "content-length");
        }
    }

    /// A piece of the answer. Only the first that has bytes counts.
    pub fn body(&mut self, size: usize) {
        if size == 0 {
            return;
        }
        let (Some(members), Some(form)) = (self.members.take(), self.form) else { return };
        // None of it may be left, where a usage that nobody asked for was taken out.
        let piece =
            hostcalls::get_buffer(BufferType::HttpResponseBody, 0, size).ok().flatten().unwrap_or_default();
        let Some(new) = chat::routing(form, &piece, members) else { return };
        let head = piece.get(..new.span.start).unwrap_or_default();
        let whole = [head, &new.bytes].concat();
        let _ = hostcalls::set_buffer(BufferType::HttpResponseBody, 0, new.span.end, &whole);
    }
}

/// What headers can only spell is a number here.
fn member(header: &str, value: String) -> Value {
    match (header, value.parse::<f64>()) {
        ("x-tiergate-score" | "x-tiergate-confidence" | "x-tiergate-savings", Ok(number)) => number.into(),
        _ => Value::String(value),
    }
}

fn key(header: &str) -> String {
    header.strip_prefix(PREFIX).unwrap_or(header).replace('-', "_")
}
