//! One HTTP stream as Envoy's filter manager holds it for a filter that may stop and change it.
//!
//! The rules that matter here were measured on Envoy 1.40 and read in its `Context` for wasm:
//!
//! - A header map can be read and changed while its headers callback runs, and afterwards only when that callback
//!   returned `Pause`. After `Continue` the map is gone for good: reading or changing it gives `BadArgument`, and
//!   the Rust SDK panics on that.
//! - Headers that were paused go on when the body callback (or the trailers callback) returns `Continue`. What is
//!   changed after that no longer reaches anybody.
//! - The body is buffered while the body callback returns `Pause`; each callback then sees the whole buffer.
//! - With trailers, `end_of_stream` is never true in the body callback.

use std::collections::BTreeMap;

use super::abi::Status;
use super::headers::Headers;

/// One direction of a stream: the request or the response.
#[derive(Debug, Default)]
pub struct Direction {
    /// The header map; there from the headers callback on.
    pub headers: Option<Headers>,
    /// Whether the filter may still read and change the headers.
    pub headers_open: bool,
    /// What is buffered, or the chunk at hand.
    pub body: Vec<u8>,
    /// Whether the filter may read and change the body.
    pub body_open: bool,
    /// The trailers, once they came.
    pub trailers: Option<Headers>,
    /// Whether the filter may read and change the trailers.
    pub trailers_open: bool,
    /// Whether the callback at hand learnt that this was all.
    pub end_of_stream: bool,
    /// Whether the filter holds the stream: it returned `Pause` last and nobody resumed it.
    pub paused: bool,
    /// What has gone on to the next filter.
    pub sent: Sent,
    received_all: bool,
}

/// What left the filter in one direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// The headers at the moment they went on.
    pub headers: Option<Headers>,
    /// All body bytes that went on.
    pub body: Vec<u8>,
    /// The trailers that went on.
    pub trailers: Option<Headers>,
    /// Whether the end went on as well: nothing is held back any more.
    pub complete: bool,
}

impl Direction {
    /// Takes the headers in, just before the headers callback.
    pub fn take_headers(&mut self, headers: Headers, end_of_stream: bool) {
        self.headers = Some(headers);
        self.headers_open = true;
        self.end_of_stream = end_of_stream;
        self.received_all = end_of_stream;
    }

    /// Takes a chunk in, just before the body callback; returns the size that the callback gets.
    pub fn take_chunk(&mut self, chunk: &[u8], end_of_stream: bool) -> usize {
        self.body.extend_from_slice(chunk);
        self.body_open = true;
        self.end_of_stream = end_of_stream;
        self.received_all = end_of_stream;
        self.body.len()
    }

    /// Takes the trailers in, just before the trailers callback.
    pub fn take_trailers(&mut self, trailers: Headers) {
        self.trailers = Some(trailers);
        self.trailers_open = true;
        self.received_all = true;
    }

    /// Carries out what the headers callback returned.
    pub fn after_headers(&mut self, pause: bool) {
        self.paused = pause;
        if !pause {
            self.headers_open = false;
            self.send();
        }
    }

    /// Carries out what the body callback returned.
    pub fn after_chunk(&mut self, pause: bool) {
        self.paused = pause;
        if !pause {
            self.body_open = false;
            self.send();
        }
    }

    /// Carries out what the trailers callback returned.
    pub fn after_trailers(&mut self, pause: bool) {
        self.paused = pause;
        if !pause {
            self.trailers_open = false;
            self.send();
        }
    }

    /// The filter asked to go on from outside a callback of this direction: everything held goes on, and with it
    /// every map and buffer is out of reach.
    pub fn resume(&mut self) {
        self.close();
        self.paused = false;
        self.send();
    }

    /// Takes maps and buffers out of the filter's reach.
    pub fn close(&mut self) {
        self.headers_open = false;
        self.body_open = false;
        self.trailers_open = false;
    }

    /// The header map for changing, when it is in reach.
    pub fn headers_mut(&mut self) -> Option<&mut Headers> {
        self.headers.as_mut().filter(|_| self.headers_open)
    }

    /// The trailers for changing. As in Envoy, a filter that changes trailers when the body's end is at hand makes
    /// them.
    pub fn trailers_mut(&mut self) -> Option<&mut Headers> {
        if self.trailers.is_none() && self.body_open && self.end_of_stream {
            self.trailers = Some(Headers::default());
            self.trailers_open = true;
        }
        self.trailers.as_mut().filter(|_| self.trailers_open)
    }

    /// Changes the body with Envoy's rules: from the start only (`size` bytes are dropped and `data` put before the
    /// rest), or behind the end.
    pub fn set_body(&mut self, start: usize, size: usize, data: &[u8]) -> Status {
        if !self.body_open {
            return Status::BadArgument;
        }
        if start == 0 {
            let dropped = size.min(self.body.len());
            self.body.splice(..dropped, data.iter().copied());
            Status::Ok
        } else if start >= self.body.len() {
            self.body.extend_from_slice(data);
            Status::Ok
        } else {
            Status::BadArgument
        }
    }

    fn send(&mut self) {
        if self.sent.headers.is_none() {
            self.sent.headers.clone_from(&self.headers);
        }
        self.sent.body.append(&mut self.body);
        if self.received_all {
            self.sent.trailers.clone_from(&self.trailers);
            self.sent.complete = true;
        }
    }
}

/// An answer that the filter (or, in its place, Envoy) gave instead of the upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalResponse {
    /// HTTP status.
    pub status: u32,
    /// Headers the filter asked for.
    pub headers: Headers,
    /// Body the filter asked for.
    pub body: Vec<u8>,
}

/// A stream and everything the filter did to it.
#[derive(Debug, Default)]
pub struct Stream {
    /// Client to upstream.
    pub request: Direction,
    /// Upstream to client.
    pub response: Direction,
    /// Properties the filter set, as the access log sees them (`wasm.` and the name).
    pub filter_state: BTreeMap<String, Vec<u8>>,
    /// An answer given by the filter itself.
    pub local_response: Option<LocalResponse>,
    /// The filter reset the stream.
    pub reset: bool,
    /// The filter asked to resume the request; carried out after the callback.
    pub resume_request: bool,
    /// The filter asked to resume the response; carried out after the callback.
    pub resume_response: bool,
    /// The stream is in its access-log phase: maps can be read, not changed.
    pub logging: bool,
    /// Foreign functions the filter called on this stream, in order.
    pub foreign_calls: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_changes_from_its_start_or_behind_its_end() {
        let mut direction = Direction::default();
        assert_eq!(direction.set_body(0, 0, b"x"), Status::BadArgument, "no body at hand");
        direction.take_chunk(b"hello world", false);
        assert_eq!(direction.set_body(0, 5, b"HOWDY"), Status::Ok);
        assert_eq!(direction.body, b"HOWDY world");
        assert_eq!(direction.set_body(3, 2, b"x"), Status::BadArgument);
        assert_eq!(direction.set_body(11, 0, b"!"), Status::Ok);
        assert_eq!(direction.set_body(0, usize::MAX, b"all new"), Status::Ok);
        assert_eq!(direction.body, b"all new");
    }

    #[test]
    fn headers_are_out_of_reach_after_continue() {
        let mut direction = Direction::default();
        direction.take_headers(Headers::new(&[("a", "b")]), false);
        assert!(direction.headers_mut().is_some());
        direction.after_headers(true);
        assert!(direction.headers_mut().is_some(), "paused: still in reach");
        direction.after_headers(false);
        assert!(direction.headers_mut().is_none());
    }

    #[test]
    fn what_is_changed_after_it_went_on_reaches_nobody() {
        let mut direction = Direction::default();
        direction.take_headers(Headers::new(&[("a", "b")]), false);
        direction.after_headers(true);
        direction.take_chunk(b"one", false);
        direction.after_chunk(false);
        direction.headers_mut().expect("paused in headers").remove("a");
        direction.take_chunk(b"two", true);
        direction.after_chunk(false);
        assert_eq!(direction.sent.headers, Some(Headers::new(&[("a", "b")])));
        assert_eq!(direction.sent.body, b"onetwo");
        assert!(direction.sent.complete);
    }
}
