//! The usage of a stream that only the filter asked for: its event goes no further.

use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, MapType};

use super::watch::Head;
use tiergate_core::chat::{Encoding, ExtraUsage, Form};

/// An answer with an event too many; nothing where it has none.
#[derive(Default)]
pub struct Extra(Option<ExtraUsage>);

impl Extra {
    /// `asked`: the filter has asked for the usage, and the client has not.
    pub fn new(asked: bool) -> Self {
        Self(asked.then(ExtraUsage::default))
    }

    /// Whether the answer may have an event too many.
    pub const fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// The answer begins. Only a stream that can be read has such an event.
    pub fn head(&mut self, head: &Head) {
        let events = head.form == Some(Form::Events) && head.encoding == Encoding::Identity;
        if !events || !(200..300).contains(&head.status) {
            self.0 = None;
        }
        if self.0.is_some() && head.has_length {
            let _ = hostcalls::remove_map_value(MapType::HttpResponseHeaders, "content-length");
        }
    }

    /// A piece of the answer.
    pub fn body(&mut self, size: usize, end_of_stream: bool) {
        let Some(extra) = &mut self.0 else { return };
        let read = || hostcalls::get_buffer(BufferType::HttpResponseBody, 0, size).ok().flatten();
        let piece = if size == 0 { Some(Vec::new()) } else { read() };
        if let Some(new) = piece.and_then(|piece| extra.feed(&piece, end_of_stream)) {
            let _ = hostcalls::set_buffer(BufferType::HttpResponseBody, 0, size, &new);
        }
    }
}
