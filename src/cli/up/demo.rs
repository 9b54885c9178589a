//! The demo upstream: it answers for every model, says which one, and calls nobody.

use std::io::{Cursor, Read};
use std::thread;

use serde_json::{Value, json};
use tiny_http::{Header, Method, Request, Response, Server};

/// Most of a body that is read. The gateway refuses more.
const LARGEST: u64 = 32 << 20;
const THREADS: usize = 4;

/// Answers on a free port of loopback until the process ends.
pub fn serve() -> Result<u16, String> {
    let server = Server::http("127.0.0.1:0").map_err(|error| format!("the demo upstream: {error}"))?;
    let port =
        server.server_addr().to_ip().map(|address| address.port()).ok_or("the demo upstream has no port")?;
    let server = std::sync::Arc::new(server);
    for _ in 0..THREADS {
        let server = std::sync::Arc::clone(&server);
        thread::spawn(move || {
            for request in server.incoming_requests() {
                // A client that went away is no fault of ours.
                let _ = answer(request);
            }
        });
    }
    Ok(port)
}

fn answer(mut request: Request) -> std::io::Result<()> {
    let path = request.url().split('?').next().unwrap_or_default().to_owned();
    if *request.method() == Method::Get {
        let (status, body) = match path.as_str() {
            "/health/liveliness" => (200, json!("I'm alive!")),
            "/v1/models" => (200, json!({"object": "list", "data": []})),
            _ => (404, json!({"error": {"message": "the demo upstream has no such page"}})),
        };
        return request.respond(of(status, "application/json", body.to_string()));
    }
    let mut body = Vec::new();
    request.as_reader().take(LARGEST).read_to_end(&mut body)?;
    let (status, kind, text) = reply(&path, &body);
    request.respond(of(status, kind, text))
}

fn of(status: u16, kind: &str, body: String) -> Response<Cursor<Vec<u8>>> {
    let header = Header::from_bytes("content-type", kind);
    let response = Response::from_string(body).with_status_code(status);
    header.into_iter().fold(response, Response::with_header)
}

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";

/// Status, content type and body for a request, in the client's dialect.
fn reply(path: &str, body: &[u8]) -> (u16, &'static str, String) {
    let Ok(asked) = serde_json::from_slice::<Value>(body) else {
        let error = json!({"error": {"message": "the demo upstream cannot read this body as JSON", "type": "invalid_request_error"}});
        return (400, JSON, error.to_string());
    };
    let gemini = path.rsplit_once("/models/").and_then(|(_, rest)| rest.rsplit_once(':'));
    let model = gemini.map(|(model, _)| model).or_else(|| asked.get("model").and_then(Value::as_str));
    let Some(model) = model else {
        return (
            400,
            JSON,
            json!({"error": {"message": "no model", "type": "invalid_request_error"}}).to_string(),
        );
    };
    let text = format!("This is {model}, played by tiergate's demo upstream: no model was called.");
    let streamed = asked.get("stream").and_then(Value::as_bool) == Some(true);
    let reply = Reply { model, text: &text, asked: body.len() / 4, answered: text.len() / 4 };
    match gemini {
        Some((_, "streamGenerateContent")) => (200, EVENTS, format!("data: {}\r\n\r\n", reply.gemini())),
        Some(_) => (200, JSON, reply.gemini().to_string()),
        None if path.ends_with("/messages") && streamed => (200, EVENTS, reply.message_events()),
        None if path.ends_with("/messages") => (200, JSON, reply.message().to_string()),
        None if path.ends_with("/responses") && streamed => (200, EVENTS, reply.response_events()),
        None if path.ends_with("/responses") => (200, JSON, reply.response().to_string()),
        None if streamed => (200, EVENTS, reply.chunks()),
        None => (200, JSON, reply.completion().to_string()),
    }
}

/// The text of a reply, and how many tokens that may be.
struct Reply<'s> {
    model: &'s str,
    text: &'s str,
    asked: usize,
    answered: usize,
}

/// Events of a stream, each named after its type where it has one.
fn events(all: &[Value]) -> String {
    let named =
        |event: &Value| event.get("type").and_then(Value::as_str).map(|name| format!("event: {name}\n"));
    all.iter().map(|event| format!("{}data: {event}\n\n", named(event).unwrap_or_default())).collect()
}

impl Reply<'_> {
    fn usage(&self) -> Value {
        let (asked, answered) = (self.asked, self.answered);
        json!({"prompt_tokens": asked, "completion_tokens": answered, "total_tokens": asked + answered})
    }

    fn completion(&self) -> Value {
        json!({
            "id": "chatcmpl-demo", "object": "chat.completion", "created": 0, "model": self.model, "usage": self.usage(),
            "choices": [{"index": 0, "finish_reason": "stop", "text": self.text,
                         "message": {"role": "assistant", "content": self.text}}],
        })
    }

    fn chunks(&self) -> String {
        let chunk = |delta: Value, end: Value| {
            json!({"id": "chatcmpl-demo", "object": "chat.completion.chunk", "created": 0, "model": self.model,
                   "choices": [{"index": 0, "delta": delta, "finish_reason": end}]})
        };
        let mut last = chunk(json!({}), json!("stop"));
        if let Some(fields) = last.as_object_mut() {
            fields.insert("usage".to_owned(), self.usage());
        }
        let first = chunk(json!({"role": "assistant", "content": self.text}), Value::Null);
        format!("{}data: [DONE]\n\n", events(&[first, last]))
    }

    fn message(&self) -> Value {
        json!({
            "id": "msg_demo", "type": "message", "role": "assistant", "model": self.model, "stop_reason": "end_turn",
            "stop_sequence": null, "content": [{"type": "text", "text": self.text}],
            "usage": {"input_tokens": self.asked, "output_tokens": self.answered},
        })
    }

    fn message_events(&self) -> String {
        let mut start = self.message();
        if let Some(fields) = start.as_object_mut() {
            fields.insert("content".to_owned(), json!([]));
            fields.insert("stop_reason".to_owned(), Value::Null);
        }
        events(&[
            json!({"type": "message_start", "message": start}),
            json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": self.text}}),
            json!({"type": "content_block_stop", "index": 0}),
            json!({"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": null},
                   "usage": {"output_tokens": self.answered}}),
            json!({"type": "message_stop"}),
        ])
    }

    fn response(&self) -> Value {
        json!({
            "id": "resp_demo", "object": "response", "created_at": 0, "status": "completed", "model": self.model,
            "output": [{"type": "message", "id": "msg_demo", "role": "assistant", "status": "completed",
                        "content": [{"type": "output_text", "text": self.text, "annotations": []}]}],
            "parallel_tool_calls": true, "tool_choice": "auto", "tools": [],
            "usage": {"input_tokens": self.asked, "output_tokens": self.answered,
                      "total_tokens": self.asked + self.answered},
        })
    }

    fn response_events(&self) -> String {
        let whole = self.response();
        events(&[
            json!({"type": "response.created", "sequence_number": 0, "response": whole}),
            json!({"type": "response.output_text.delta", "sequence_number": 1, "item_id": "msg_demo", "output_index": 0,
                   "content_index": 0, "delta": self.text}),
            json!({"type": "response.completed", "sequence_number": 2, "response": whole}),
        ])
    }

    fn gemini(&self) -> Value {
        json!({
            "candidates": [{"index": 0, "finishReason": "STOP",
                            "content": {"role": "model", "parts": [{"text": self.text}]}}],
            "modelVersion": self.model,
            "usageMetadata": {"promptTokenCount": self.asked, "candidatesTokenCount": self.answered,
                              "totalTokenCount": self.asked + self.answered},
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dialect_is_told_which_model_it_is() {
        let body = br#"{"model": "m-1", "messages": []}"#;
        let of = |path: &str| serde_json::from_str::<Value>(&reply(path, body).2).unwrap();
        assert_eq!(of("/v1/chat/completions")["model"], "m-1");
        assert_eq!(of("/v1/messages")["model"], "m-1");
        assert_eq!(of("/v1/responses")["model"], "m-1");
        assert_eq!(of("/v1beta/models/a/b:generateContent")["modelVersion"], "a/b");
        assert!(reply("/v1/chat/completions", body).2.contains("demo upstream"));
    }

    #[test]
    fn a_stream_ends_as_its_dialect_does() {
        let body = br#"{"model": "m-1", "stream": true}"#;
        let ends = |path: &str, end: &str| {
            let (status, kind, text) = reply(path, body);
            assert_eq!((status, kind), (200, EVENTS));
            assert!(text.trim_end().ends_with(end), "{text}");
        };
        ends("/v1/chat/completions", "data: [DONE]");
        ends("/v1/messages", r#"data: {"type":"message_stop"}"#);
        assert!(reply("/v1/responses", body).2.contains("event: response.completed\n"));
    }

    #[test]
    fn a_broken_body_is_refused() {
        assert_eq!(reply("/v1/chat/completions", b"{\"model\": ").0, 400);
        assert_eq!(reply("/v1/chat/completions", b"{}").0, 400);
    }
}
