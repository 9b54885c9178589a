//! One request under way to a model, watched from its beginning to its end.

use std::sync::Arc;

use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, MapType};

use super::health::SharedHealth;
use super::verdict::AnswerVerdict;
use super::{clock, property};
use tiergate_core::chat::{self, AnswerReader, Encoding, First, Form, LONGEST_REFUSAL, Steering, Waits};
use tiergate_core::live::{Attempt, AttemptEnd, AttemptOutcome, EndDetails, Failure, Stage, Tokens, Weight};
use tiergate_core::route::{Model, Open};
use tiergate_core::time::{Millis, Timestamp};

/// Marks an answer that Envoy is to retry: the route's `retriable_headers` name it.
pub const RETRY: &str = "x-tiergate-retry";

/// LiteLLM's, on answers out of its cache and on no others (seen on 1.102.4).
const CACHED: &str = "x-litellm-cache-key";

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
    /// It says how long the body is.
    pub has_length: bool,
    /// It comes from the upstream's cache of answers.
    pub cached: bool,
    waits: Waits,
    /// How long the body asks to wait.
    wait: Option<Millis>,
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
                "content-length" => head.has_length = true,
                RETRY => head.marked = true,
                CACHED => head.cached = true,
                // The status comes first.
                _ if head.status >= 400 => head.waits.header(&name, &value),
                _ => {}
            }
        }
        head.form = Form::of(&content_type);
        head.encoding = Encoding::of(&encoding);
        head
    }

    /// How the body is written, where there is to be one that can be looked at as it is.
    pub fn plain_form(&self) -> Option<Form> {
        self.form.filter(|_| self.encoding == Encoding::Identity && self.status != 204)
    }

    /// How long the server asks to be left alone.
    pub fn wait(&self) -> Option<Millis> {
        self.wait.or_else(|| self.waits.wait(clock::now()))
    }

    /// Takes note of what the body asks for, where the headers do not.
    pub fn read_wait(&mut self, body: &[u8]) {
        if self.status == 429 && self.wait().is_none_or(|wait| wait == Millis::ZERO) {
            self.wait = chat::wait_in(body, clock::now());
        }
    }
}

/// What is known of a request that goes to a model.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// The number of what is asked.
    pub request: u64,
    /// The number of the credential that asks; 0 where there is none, or all are alike.
    pub asker: u64,
    /// The model was asked the same before: that counts once.
    pub repeated: bool,
    /// Another model may be asked the same: what a failure says may be known later.
    pub in_chain: bool,
    /// What the client decides of the request.
    pub steering: Steering,
}

/// An error answer, read as it passes.
struct Gathered {
    status: u16,
    encoding: Encoding,
    body: Vec<u8>,
}

/// A request under way. When it is dropped without having ended, it is forgotten.
pub struct Watch {
    health: SharedHealth,
    model: Arc<Model>,
    attempt: Option<Attempt>,
    ask: Ask,
    reader: Option<AnswerReader>,
    /// How a good answer is written of which nothing has come.
    unopened: Option<Form>,
    error: Option<Gathered>,
    wait: Option<Millis>,
    streamed: bool,
    reads_usage: bool,
    answered: bool,
}

impl Watch {
    /// A request goes to a model now, or went at `began`.
    pub fn begin(
        health: &SharedHealth,
        model: &Arc<Model>,
        reads_usage: bool,
        began: Timestamp,
        ask: Ask,
    ) -> Self {
        let attempt = health.borrow_mut().begin(model, began);
        Self {
            health: health.clone(),
            model: Arc::clone(model),
            attempt: Some(attempt),
            ask,
            reader: None,
            unopened: None,
            error: None,
            wait: None,
            streamed: false,
            reads_usage,
            answered: false,
        }
    }

    /// The answer begins. One that is no good ends the matter, at once or when its body has said why.
    pub fn head(&mut self, head: &Head, end_of_stream: bool) {
        self.answered = true;
        if AttemptOutcome::of_status(head.status) != AttemptOutcome::Ok {
            self.wait = head.wait();
            let said = AnswerVerdict::is_in_body(head.status) && head.encoding.is_read() && !end_of_stream;
            if said {
                self.error =
                    Some(Gathered { status: head.status, encoding: head.encoding, body: Vec::new() });
            } else {
                self.finish(&AnswerVerdict::of_status(head.status), self.wait);
            }
            return;
        }
        if let Some(attempt) = &mut self.attempt {
            self.health.borrow_mut().answered(attempt);
        }
        self.streamed = head.form == Some(Form::Events);
        self.unopened = head.plain_form();
        let form = head.form.filter(|_| self.reads_usage);
        self.reader = form.and_then(|form| AnswerReader::new(form, head.encoding));
        if end_of_stream {
            self.complete();
        }
    }

    /// The proxy answered in the upstream's place, for this reason.
    pub fn without_answer(&mut self, details: &[u8]) {
        self.unanswered(details, false, Weight::Certain);
    }

    /// The attempt ended without an answer. `goes_on`: the request is still there.
    fn unanswered(&mut self, details: &[u8], goes_on: bool, weight: Weight) {
        let begun = self.attempt.as_ref().is_some_and(Attempt::has_first_byte);
        let stage = match (begun, self.answered) {
            (true, _) => Stage::Begun,
            (false, true) => Stage::Answered,
            (false, false) => Stage::Asked,
        };
        // Asked only where it decides.
        let connected = stage != Stage::Asked || !details.ends_with(b"_timeout") || property::connected();
        let outcome = AttemptOutcome::without_answer(&AttemptEnd { details, stage, goes_on, connected });
        let steered =
            matches!(outcome, AttemptOutcome::Failed(failure) if failure.is_steered(self.ask.steering));
        let weight = if self.ask.repeated || steered { Weight::Nothing } else { weight };
        self.end(outcome, outcome.name(), None, weight);
    }

    /// The answer is no good. What is to be known of it later, if the request goes on.
    pub fn finish(&mut self, verdict: &AnswerVerdict, wait: Option<Millis>) -> Option<Open> {
        let began = self.attempt.as_ref()?.began();
        let Some(failure) = verdict.failure() else {
            if let Some(attempt) = &mut self.attempt {
                self.health.borrow_mut().answered(attempt);
            }
            self.end(verdict.outcome, verdict.label, None, Weight::Nothing);
            return None;
        };
        let weight = match failure.is_certain(verdict.status) {
            _ if self.ask.repeated || failure.is_steered(self.ask.steering) => Weight::Nothing,
            true => Weight::Certain,
            false if self.ask.in_chain => Weight::Later,
            false => Weight::Open,
        };
        self.end(verdict.outcome, verdict.label, wait, weight);
        let kind = Failure::ALL.iter().position(|known| *known == failure)?;
        let suspect = failure == Failure::ServerError;
        (weight == Weight::Later).then(|| Open {
            model: self.model.name.clone(),
            kind,
            suspect,
            doubtful: verdict.doubtful,
            began,
            wait,
        })
    }

    /// A piece of the answer's body.
    pub fn body(&mut self, size: usize, end_of_stream: bool) {
        let Some(attempt) = &mut self.attempt else { return };
        let first = size > 0 && !attempt.has_first_byte();
        // Read once, where the whole body comes at once.
        let now = if first || end_of_stream { clock::now() } else { Timestamp::NEVER };
        if first {
            attempt.first_byte(now);
        }
        let reads = self.reader.is_some() || self.unopened.is_some() || self.error.is_some();
        if reads
            && size > 0
            && let Ok(Some(bytes)) = hostcalls::get_buffer(BufferType::HttpResponseBody, 0, size)
        {
            self.read(&bytes, end_of_stream);
        }
        if end_of_stream {
            self.completed(now);
        }
    }

    fn read(&mut self, bytes: &[u8], end_of_stream: bool) {
        if let Some(error) = &mut self.error {
            let room = LONGEST_REFUSAL.saturating_sub(error.body.len());
            error.body.extend(bytes.iter().take(room));
            return;
        }
        if let Some(form) = self.unopened.take()
            && let First::Error(status) = chat::first(form, bytes, end_of_stream)
        {
            self.finish(&AnswerVerdict::inside(status, bytes), None);
            return;
        }
        if let Some(reader) = &mut self.reader {
            reader.feed(bytes);
        }
    }

    /// The answer is whole.
    pub fn complete(&mut self) {
        if self.attempt.is_some() {
            self.completed(clock::now());
        }
    }

    fn completed(&mut self, now: Timestamp) {
        let nothing = self.attempt.as_ref().is_some_and(|attempt| !attempt.has_first_byte());
        if nothing && self.unopened.take().is_some() {
            self.finish(&AnswerVerdict::nothing(), None);
        } else if !self.conclude() {
            self.end_at(AttemptOutcome::Ok, AttemptOutcome::Ok.name(), None, Weight::Nothing, now);
        }
    }

    /// What an error answer says that was read as it passed; false where there is none.
    fn conclude(&mut self) -> bool {
        let Some(Gathered { status, encoding, body }) = self.error.take() else { return false };
        let body = encoding.decode(body, LONGEST_REFUSAL);
        let asks = status == 429 && self.wait.is_none_or(|wait| wait == Millis::ZERO);
        let wait = if asks { chat::wait_in(&body, clock::now()) } else { self.wait };
        self.finish(&AnswerVerdict::of(status, &body), wait);
        true
    }

    /// The stream is gone, or this attempt of it. Where the answer was not whole, Envoy says why. `lost`: its connection
    /// was lost before anything came, and the same is asked once more, so that this says little of the model.
    pub fn gone(&mut self, goes_on: bool, lost: bool) {
        if self.attempt.is_some() && !self.conclude() {
            let weight = if lost { Weight::Open } else { Weight::Certain };
            self.unanswered(&property::code_details(), goes_on, weight);
        }
    }

    fn end(&mut self, outcome: AttemptOutcome, label: &'static str, wait: Option<Millis>, weight: Weight) {
        if self.attempt.is_some() {
            self.end_at(outcome, label, wait, weight, clock::now());
        }
    }

    fn end_at(
        &mut self,
        outcome: AttemptOutcome,
        label: &'static str,
        wait: Option<Millis>,
        weight: Weight,
        now: Timestamp,
    ) {
        let Some(attempt) = self.attempt.take() else { return };
        let used = self.reader.take().and_then(|mut reader| reader.usage()).unwrap_or_default();
        let tokens = Tokens { input: used.input, output: used.output };
        let told = EndDetails { wait, request: self.ask.request, asker: self.ask.asker, weight };
        self.health.borrow_mut().end(attempt, (outcome, label), (tokens, self.streamed), told, now);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(attempt) = self.attempt.take() {
            self.health.borrow_mut().forget(&attempt);
        }
    }
}
