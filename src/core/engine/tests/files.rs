//! Files that a request has in it go to a model that reads them.

use super::*;

/// One model with nothing, and one for each kind of file.
fn config() -> Config {
    let document = json!({
        "models": {"plain": {}, "sees": {"vision": true}, "hears": {"audio": true}, "reads": {"pdf": true}},
        "tiers": {"SIMPLE": ["plain", "sees", "hears", "reads"], "MEDIUM": "plain", "COMPLEX": "plain",
                  "REASONING": "plain"},
    });
    config::parse(document.to_string().as_bytes()).unwrap_or_else(|errors| panic!("{errors}"))
}

/// Who serves a greeting with this part beside it.
fn served(dialect: Dialect, part: &Value) -> String {
    let text = |kind: &str| json!({"type": kind, "text": "Hello!"});
    let (path, body): (&[u8], Value) = match dialect {
        Dialect::Responses => (
            b"/v1/responses",
            json!({"model": "smart/auto", "input": [{"role": "user", "content": [part, text("input_text")]}]}),
        ),
        Dialect::Gemini(_) => (
            b"/models/smart/auto:generateContent",
            json!({"contents": [{"parts": [{"text": "Hello!"}, part]}]}),
        ),
        _ => (
            if dialect == Dialect::Messages { b"/v1/messages" } else { b"/v1/chat/completions" },
            json!({"model": "smart/auto", "messages": [{"role": "user", "content": [part, text("text")]}]}),
        ),
    };
    let body = body.to_string();
    told(&config(), dialect, path, &body, RequestContext::default()).0
}

#[test]
fn pdfs_of_every_dialect() {
    let gemini = Dialect::Gemini(Span { start: 8, end: 18 });
    let pdf = "application/pdf";
    let rows = [
        (
            Dialect::ChatCompletions,
            json!({"type": "file", "file": {"filename": "a.pdf", "file_data": "JVBERi0="}}),
        ),
        (
            Dialect::ChatCompletions,
            json!({"file": {"file_data": "data:application/pdf;base64,JVBERi0="}, "type": "file"}),
        ),
        (
            Dialect::ChatCompletions,
            json!({"type": "file", "file": {"file_id": "https://example.com/a", "format": pdf}}),
        ),
        (Dialect::ChatCompletions, json!({"type": "file", "file": {"file_id": "file-abc"}})),
        (
            Dialect::Messages,
            json!({"type": "document", "source": {"type": "base64", "media_type": pdf, "data": "JVBERi0="}}),
        ),
        (
            Dialect::Messages,
            json!({"source": {"url": "https://example.com/a.pdf", "type": "url"}, "type": "document"}),
        ),
        (Dialect::Messages, json!({"type": "document", "source": {"type": "file", "file_id": "file_abc"}})),
        (
            Dialect::Messages,
            json!({"type": "tool_result", "tool_use_id": "1", "content": [
            {"type": "document", "source": {"type": "base64", "media_type": pdf, "data": "JVBERi0="}}]}),
        ),
        (
            Dialect::Responses,
            json!({"type": "input_file", "filename": "A.PDF", "file_data": "data:application/pdf;base64,JVBERi0="}),
        ),
        (Dialect::Responses, json!({"type": "input_file", "file_url": "https://example.com/a.pdf?x=1.txt"})),
        (Dialect::Responses, json!({"type": "input_file", "file_id": "file-abc"})),
        (gemini, json!({"inlineData": {"mimeType": pdf, "data": "JVBERi0="}})),
        (gemini, json!({"file_data": {"file_uri": "gs://b/a", "mime_type": "Application/PDF"}})),
    ];
    for (dialect, part) in &rows {
        assert_eq!(served(*dialect, part), "reads", "{dialect:?} {part}");
    }
    // Some encoders escape the slash.
    let body = r#"{"model":"smart/auto","messages":[{"role":"user","content":[{"type":"text","text":"Hello!"},
        {"type":"file","file":{"file_data":"data:application\/pdf;base64,JVBERi0="}}]}]}"#;
    let dialect = Dialect::ChatCompletions;
    assert_eq!(told(&config(), dialect, b"/v1/chat/completions", body, RequestContext::default()).0, "reads");
}

#[test]
fn files_that_are_no_pdfs() {
    let gemini = Dialect::Gemini(Span { start: 8, end: 18 });
    let rows = [
        (
            Dialect::Messages,
            json!({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Hi."}}),
            "plain",
        ),
        (
            Dialect::Messages,
            json!({"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "Hi."}]}}),
            "plain",
        ),
        (
            Dialect::Messages,
            json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": ""}}),
            "sees",
        ),
        (
            Dialect::ChatCompletions,
            json!({"type": "file", "file": {"filename": "a.csv", "file_data": "data:text/csv;base64,YQ=="}}),
            "plain",
        ),
        (
            Dialect::ChatCompletions,
            json!({"type": "file", "file": {"file_data": "data:image/png;base64,"}}),
            "sees",
        ),
        (
            Dialect::ChatCompletions,
            json!({"type": "file", "file": {"file_data": "data:audio/wav;base64,"}}),
            "hears",
        ),
        (
            Dialect::Responses,
            json!({"type": "input_file", "filename": "notes.md", "file_data": "IyBIaQ=="}),
            "plain",
        ),
        (Dialect::Responses, json!({"type": "input_text", "text": "See a.pdf", "title": "a.pdf"}), "plain"),
        (gemini, json!({"inlineData": {"mimeType": "text/plain", "data": ""}}), "plain"),
    ];
    for (dialect, part, model) in &rows {
        assert_eq!(served(*dialect, part), *model, "{dialect:?} {part}");
    }
}

#[test]
fn the_text_of_a_document_takes_room() {
    let tokens = |text: &str| {
        let part =
            json!({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": text}});
        let body =
            json!({"model": "smart/auto", "messages": [{"role": "user", "content": [part]}]}).to_string();
        let request = Request { dialect: Dialect::Messages, path: b"/v1/messages", body: body.as_bytes() };
        decide(&config(), &request, RequestContext::default(), &mut Scratch::default()).usage.input
    };
    assert!(tokens(&"word ".repeat(1000)) > tokens("word") + 800);
}
