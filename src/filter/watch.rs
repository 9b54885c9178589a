//! One request under way to a model, watched from its beginning to its end.

use std::sync::Arc;

use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, MapType};

use super::health::SharedHealth;
use super::{now_millis, property};
use crate::chat::{self, AnswerReader, Encoding, Form, Refusal, Waits};
use crate::live::{Attempt, End, Outcome, Stage, Tokens};
use crate::route::Model;

/// Marks an answer that Envoy is to retry: the route's `retriable_headers` name it.
pub const RETRY: &str = "x-tiergate-retry";

/// The head of an answer.
#[derive(Debug, Default)]
pub struct Head {
    /// HTTP status; 0 where there is none.
    pub status: u16,
    /// How the body is written; none where it is neither JSON nor events.
    pub form: Option<Form>,
    /// How the body is encoded.
    pub encoding: Encoding,
    /// The upstream sent a header that is ours.
    pub marked: bool,
    waits: Waits,
    /// How long the body asks to wait, in milliseconds.
    wait: Option<u64>,
}

impl Head {
    /// One host call for all headers.
    pub fn gather() -> Self {
        let mut head = Self::default();
        let (mut content_type, mut encoding) = (Vec::new(), Vec::new());
        for (name, value) in hostcalls::get_map_bytes(MapType::HttpResponseHeaders).unwrap_or_default() {
            match name.as_str() {
                ":status" => {
                    head.status = std::str::from_utf8(&value).ok().and_then(|s| s.parse().ok()).unwrap_or(0);
                }
                "content-type" => content_type = value,
                "content-encoding" => encoding = value,
                RETRY => head.marked = true,
                // The status comes first.
                _ if head.status >= 400 => head.waits.header(&name, &value),
                _ => {}
            }
        }
        head.form = Form::of(&content_type);
        head.encoding = Encoding::of(&encoding);
        head
    }

    /// Whether a body may say how long to wait, where the headers do not.
    pub fn asks_in_body(&self) -> bool {
        self.status == 429
            && self.encoding.is_read()
            && self.waits.wait(now_millis()).is_none_or(|wait| wait == 0)
    }

    /// Takes note of what the body asks for.
    pub fn read_wait(&mut self, body: &[u8]) {
        self.wait = chat::wait_in(body, now_millis());
    }
}

/// A request under way. When it is dropped without having ended, it is forgotten.
pub struct Watch {
    health: SharedHealth,
    attempt: Option<Attempt>,
    reader: Option<AnswerReader>,
    streamed: bool,
    reads_usage: bool,
    answered: bool,
}

impl Watch {
    /// A request goes to a model now, or went at `began`.
    pub fn begin(health: &SharedHealth, model: &Arc<Model>, reads_usage: bool, began: u64) -> Self {
        let attempt = health.borrow_mut().begin(model, began);
        Self {
            health: health.clone(),
            attempt: Some(attempt),
            reader: None,
            streamed: false,
            reads_usage,
            answered: false,
        }
    }

    /// The answer begins. One that is no good ends the matter.
    pub fn head(&mut self, head: &Head, end_of_stream: bool) {
        self.answered = true;
        let outcome = Outcome::of_status(head.status);
        match outcome {
            Outcome::Ok => {
                if let Some(attempt) = &mut self.attempt {
                    self.health.borrow_mut().answered(attempt);
                }
                self.streamed = head.form == Some(Form::Events);
                let form = head.form.filter(|_| self.reads_usage);
                self.reader = form.and_then(|form| AnswerReader::new(form, head.encoding));
                if end_of_stream {
                    self.complete();
                }
            }
            Outcome::Refused => self.refused(head.status, None),
            Outcome::Failed(_) | Outcome::Cancelled | Outcome::Gateway => {
                let now = now_millis();
                self.end(outcome, outcome.name(), head.wait.or_else(|| head.waits.wait(now)), now);
            }
        }
    }

    /// The proxy answered in the upstream's place, or ended the attempt, for this reason. `goes_on`: the request is still
    /// there.
    pub fn without_answer(&mut self, details: &[u8], goes_on: bool) {
        let begun = self.attempt.as_ref().is_some_and(Attempt::has_first_byte);
        let stage = match (begun, self.answered) {
            (true, _) => Stage::Begun,
            (false, true) => Stage::Answered,
            (false, false) => Stage::Asked,
        };
        // Asked only where it decides.
        let connected = stage != Stage::Asked || !details.ends_with(b"_timeout") || property::connected();
        let outcome = Outcome::without_answer(&End { details, stage, goes_on, connected });
        self.end(outcome, outcome.name(), None, now_millis());
    }

    /// The model did not want to serve the request, and says so with this status.
    pub fn refused(&mut self, status: u16, reason: Option<Refusal>) {
        // What counts as a failure by its status, such as 404, is one whatever it says.
        let outcome = Outcome::of_status(status);
        if outcome == Outcome::Refused
            && let Some(attempt) = &mut self.attempt
        {
            self.health.borrow_mut().answered(attempt);
        }
        let label = reason.map_or(outcome.name(), Refusal::name);
        self.end(outcome, label, None, now_millis());
    }

    /// A piece of the answer's body.
    pub fn body(&mut self, size: usize, end_of_stream: bool) {
        let Some(attempt) = &mut self.attempt else { return };
        let first = size > 0 && !attempt.has_first_byte();
        // Read once, where the whole body comes at once.
        let now = if first || end_of_stream { now_millis() } else { 0 };
        if first {
            attempt.first_byte(now);
        }
        if let Some(reader) = self.reader.as_mut().filter(|_| size > 0)
            && let Ok(Some(bytes)) = hostcalls::get_buffer(BufferType::HttpResponseBody, 0, size)
        {
            reader.feed(&bytes);
        }
        if end_of_stream {
            self.completed(now);
        }
    }

    /// The answer is whole.
    pub fn complete(&mut self) {
        self.completed(now_millis());
    }

    fn completed(&mut self, now: u64) {
        self.end(Outcome::Ok, Outcome::Ok.name(), None, now);
    }

    /// The stream is gone, or this attempt of it. Where the answer was not whole, Envoy says why.
    pub fn gone(&mut self, goes_on: bool) {
        if self.attempt.is_some() {
            self.without_answer(&property::code_details(), goes_on);
        }
    }

    fn end(&mut self, outcome: Outcome, label: &'static str, wait: Option<u64>, now: u64) {
        let Some(attempt) = self.attempt.take() else { return };
        let used = self.reader.take().and_then(|mut reader| reader.usage()).unwrap_or_default();
        let tokens = Tokens { input: used.input, output: used.output };
        self.health.borrow_mut().end(attempt, (outcome, label), (tokens, self.streamed), wait, now);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(attempt) = self.attempt.take() {
            self.health.borrow_mut().forget(&attempt);
        }
    }
}
