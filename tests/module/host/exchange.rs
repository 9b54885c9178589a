//! Whole requests and responses: what a test sends through the filter, and what comes out of it.

use std::collections::BTreeMap;

use super::guest::LogLine;
use super::headers::Headers;
use super::stream::{LocalResponse, Stream};
use super::{Vm, to_u32};

/// A client's request.
#[derive(Clone, Debug)]
pub struct Request {
    headers: Headers,
    chunks: Vec<Vec<u8>>,
    trailers: Option<Headers>,
    endless: bool,
}

impl Request {
    /// A request without body.
    pub fn new(method: &str, path: &str) -> Self {
        let headers = [(":method", method), (":path", path), (":authority", "gateway"), (":scheme", "http")];
        Self { headers: Headers::new(&headers), chunks: Vec::new(), trailers: None, endless: false }
    }

    /// A POST of a JSON body in one piece, with its length.
    pub fn post(path: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        Self::new("POST", path)
            .header("content-type", "application/json")
            .header("content-length", body.len().to_string())
            .chunk(body)
    }

    /// A POST of a JSON body in pieces, without a length.
    pub fn post_chunked<C: AsRef<[u8]>>(path: &str, chunks: &[C]) -> Self {
        let request = Self::new("POST", path)
            .header("content-type", "application/json")
            .header("transfer-encoding", "chunked");
        chunks.iter().fold(request, |request, chunk| request.chunk(chunk))
    }

    /// The request with one more header; one of the same name stays.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.add(name, value.as_ref());
        self
    }

    /// The request without a header.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    /// The request with one more piece of body.
    pub fn chunk(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.chunks.push(bytes.as_ref().to_vec());
        self
    }

    /// The request with trailers.
    pub fn trailers(mut self, pairs: &[(&str, &str)]) -> Self {
        self.trailers = Some(Headers::new(pairs));
        self
    }

    /// A request that has no end, such as an upgraded connection: the filter never sees `end_of_stream`.
    pub fn endless(mut self) -> Self {
        self.endless = true;
        self
    }

    /// Whether the request has no end.
    pub fn is_endless(&self) -> bool {
        self.endless
    }

    /// The whole body.
    pub fn body(&self) -> Vec<u8> {
        self.chunks.concat()
    }
}

/// An upstream's response.
#[derive(Clone, Debug)]
pub struct Response {
    headers: Headers,
    chunks: Vec<Vec<u8>>,
    trailers: Option<Headers>,
}

impl Response {
    /// A response with a status and no body.
    pub fn new(status: u32) -> Self {
        let status = status.to_string();
        Self { headers: Headers::new(&[(":status", status.as_str())]), chunks: Vec::new(), trailers: None }
    }

    /// A 200 with a JSON body.
    pub fn json(body: impl AsRef<[u8]>) -> Self {
        Self::new(200).header("content-type", "application/json").chunk(body)
    }

    /// The response with one more header.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.add(name, value.as_ref());
        self
    }

    /// The response with one more piece of body.
    pub fn chunk(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.chunks.push(bytes.as_ref().to_vec());
        self
    }

    /// The whole body.
    pub fn body(&self) -> Vec<u8> {
        self.chunks.concat()
    }

    /// The response with trailers.
    pub fn trailers(mut self, pairs: &[(&str, &str)]) -> Self {
        self.trailers = Some(Headers::new(pairs));
        self
    }
}

/// What became of a request.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The stream, to answer it and to end it.
    pub stream: u32,
    /// Whether the whole request went on to the upstream: headers, body and trailers.
    pub forwarded: bool,
    /// Whether the filter holds the request back.
    pub paused: bool,
    /// Whether the headers went on before the first byte of the body came.
    pub unbuffered: bool,
    /// The headers the upstream sees.
    pub headers: Headers,
    /// The body the upstream sees.
    pub body: Vec<u8>,
    /// The trailers the upstream sees.
    pub trailers: Option<Headers>,
    /// An answer given in the upstream's place; 503 when the VM is dead.
    pub local_response: Option<LocalResponse>,
    /// What the access log can show, by name (`wasm.` and the property).
    pub filter_state: BTreeMap<String, Vec<u8>>,
    /// What the filter logged meanwhile.
    pub logs: Vec<LogLine>,
    /// How the VM died, if it did.
    pub trap: Option<String>,
}

impl Outcome {
    /// The value of an upstream header, as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.text(name)
    }

    /// What the access log gets: the filter state `wasm.tiergate`.
    pub fn decision(&self) -> serde_json::Value {
        let value = self.filter_state.get("wasm.tiergate").expect("the filter state is set");
        serde_json::from_slice(value).expect("the filter state is JSON")
    }
}

/// What became of a response.
#[derive(Clone, Debug)]
pub struct ResponseOutcome {
    /// Whether the whole response went on to the client.
    pub forwarded: bool,
    /// Whether any piece of it was held back for a while.
    pub held: bool,
    /// The headers the client sees.
    pub headers: Headers,
    /// The body the client sees.
    pub body: Vec<u8>,
    /// The trailers the client sees.
    pub trailers: Option<Headers>,
}

impl ResponseOutcome {
    /// The value of a header the client sees, as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.text(name)
    }
}

impl Vm {
    /// Sends a request through the filter. The stream stays open, for [`Vm::respond`] and [`Vm::finish`].
    pub fn request(&mut self, request: &Request) -> Outcome {
        let logged = self.logs().len();
        let stream = self.open();
        let ends_with_headers = request.chunks.is_empty() && request.trailers.is_none() && !request.endless;
        self.request_headers(stream, request.headers.clone(), ends_with_headers);
        let unbuffered = self.stream(stream).request.sent.headers.is_some();
        for (index, chunk) in request.chunks.iter().enumerate() {
            let last = index + 1 == request.chunks.len() && request.trailers.is_none() && !request.endless;
            self.request_chunk(stream, chunk, last);
        }
        if let Some(trailers) = &request.trailers {
            self.request_trailers(stream, trailers.clone());
        }
        Outcome { unbuffered, logs: self.logs()[logged..].to_vec(), ..self.outcome(stream) }
    }

    /// What has become of an open stream's request by now, for one that was paused.
    pub fn outcome(&mut self, stream: u32) -> Outcome {
        let trap = self.trap().map(str::to_owned);
        let (logs, dead) = (Vec::new(), trap.is_some());
        let state = self.stream(stream);
        let sent = state.request.sent.clone();
        let unavailable = || LocalResponse { status: 503, headers: Headers::default(), body: Vec::new() };
        Outcome {
            stream,
            forwarded: sent.complete && !dead,
            paused: state.request.paused,
            unbuffered: false,
            headers: sent.headers.unwrap_or_default(),
            body: sent.body,
            trailers: sent.trailers,
            local_response: state.local_response.clone().or_else(|| dead.then(unavailable)),
            filter_state: state.filter_state.clone(),
            logs,
            trap,
        }
    }

    /// Sends the upstream's response through the filter.
    pub fn respond(&mut self, stream: u32, response: &Response) -> ResponseOutcome {
        let ends_with_headers = response.chunks.is_empty() && response.trailers.is_none();
        let mut held = self.response_headers(stream, response.headers.clone(), ends_with_headers);
        for (index, chunk) in response.chunks.iter().enumerate() {
            let last = index + 1 == response.chunks.len() && response.trailers.is_none();
            held |= self.response_chunk(stream, chunk, last);
        }
        if let Some(trailers) = &response.trailers {
            held |= self.response_trailers(stream, trailers.clone());
        }
        let sent = self.stream(stream).response.sent.clone();
        ResponseOutcome {
            forwarded: sent.complete,
            held,
            headers: sent.headers.unwrap_or_default(),
            body: sent.body,
            trailers: sent.trailers,
        }
    }

    /// Ends a stream as Envoy does: access log, done, delete. Gives the final filter state.
    pub fn finish(&mut self, stream: u32) -> BTreeMap<String, Vec<u8>> {
        self.stream(stream).logging = true;
        for callback in ["proxy_on_log", "proxy_on_done", "proxy_on_delete"] {
            self.call(callback, &[stream]);
        }
        self.store.data_mut().streams.remove(&stream).expect("the stream is open").filter_state
    }

    /// Sends a request, answers it with an empty 200 and ends the stream.
    pub fn exchange(&mut self, request: &Request) -> (Outcome, ResponseOutcome) {
        let mut outcome = self.request(request);
        let response = self.respond(outcome.stream, &Response::new(200));
        outcome.filter_state = self.finish(outcome.stream);
        (outcome, response)
    }

    /// Opens a stream; nothing has come yet.
    pub fn open(&mut self) -> u32 {
        let stream = self.new_context();
        self.store.data_mut().streams.insert(stream, Stream::default());
        self.call("proxy_on_context_create", &[stream, self.root]);
        stream
    }

    /// Hands the request's headers over.
    pub fn request_headers(&mut self, stream: u32, headers: Headers, end_of_stream: bool) {
        let count = to_u32(headers.len());
        self.stream(stream).request.take_headers(headers, end_of_stream);
        if let Some(pause) = self.callback("proxy_on_request_headers", stream, &[count, end_of_stream.into()])
        {
            self.stream(stream).request.after_headers(pause);
        }
    }

    /// Hands a piece of the request's body over.
    pub fn request_chunk(&mut self, stream: u32, chunk: &[u8], end_of_stream: bool) {
        let size = to_u32(self.stream(stream).request.take_chunk(chunk, end_of_stream));
        if let Some(pause) = self.callback("proxy_on_request_body", stream, &[size, end_of_stream.into()]) {
            self.stream(stream).request.after_chunk(pause);
        }
    }

    /// Hands the request's trailers over.
    pub fn request_trailers(&mut self, stream: u32, trailers: Headers) {
        let count = to_u32(trailers.len());
        self.stream(stream).request.take_trailers(trailers);
        if let Some(pause) = self.callback("proxy_on_request_trailers", stream, &[count]) {
            self.stream(stream).request.after_trailers(pause);
        }
    }

    /// Hands the response's headers over; true when the filter holds them.
    fn response_headers(&mut self, stream: u32, headers: Headers, end_of_stream: bool) -> bool {
        let count = to_u32(headers.len());
        self.stream(stream).response.take_headers(headers, end_of_stream);
        let pause = self.callback("proxy_on_response_headers", stream, &[count, end_of_stream.into()]);
        self.stream(stream).response.after_headers(pause.unwrap_or_default());
        pause.unwrap_or_default()
    }

    /// Hands a piece of the response's body over; true when the filter holds it.
    fn response_chunk(&mut self, stream: u32, chunk: &[u8], end_of_stream: bool) -> bool {
        let size = to_u32(self.stream(stream).response.take_chunk(chunk, end_of_stream));
        let pause = self.callback("proxy_on_response_body", stream, &[size, end_of_stream.into()]);
        self.stream(stream).response.after_chunk(pause.unwrap_or_default());
        pause.unwrap_or_default()
    }

    /// Hands the response's trailers over; true when the filter holds them.
    fn response_trailers(&mut self, stream: u32, trailers: Headers) -> bool {
        let count = to_u32(trailers.len());
        self.stream(stream).response.take_trailers(trailers);
        let pause = self.callback("proxy_on_response_trailers", stream, &[count]);
        self.stream(stream).response.after_trailers(pause.unwrap_or_default());
        pause.unwrap_or_default()
    }

    /// Calls a stream's callback: whether it paused. Nothing when the VM is dead or the filter answered or reset the
    /// stream itself.
    fn callback(&mut self, callback: &'static str, stream: u32, arguments: &[u32]) -> Option<bool> {
        if self.stream(stream).local_response.is_some() && callback.starts_with("proxy_on_request") {
            return None;
        }
        let arguments: Vec<u32> = std::iter::once(stream).chain(arguments.iter().copied()).collect();
        let action = self.call(callback, &arguments)?;
        let state = self.stream(stream);
        let ended =
            state.reset || (state.local_response.is_some() && callback.starts_with("proxy_on_request"));
        (!ended).then_some(action != 0)
    }

    /// An open stream.
    pub(super) fn stream(&mut self, stream: u32) -> &mut Stream {
        self.store.data_mut().streams.get_mut(&stream).expect("the stream is open")
    }
}
