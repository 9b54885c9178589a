//! Dialects by path, and the model in it.

use super::*;

#[test]
fn paths_name_the_dialect() {
    let paths = Paths {
        chat_completions: vec!["/chat/completions".into()],
        completions: vec!["/completions".into()],
        responses: vec!["/responses".into()],
        messages: vec!["/messages".into()],
        gemini: vec![":generateContent".into(), ":streamGenerateContent".into()],
    };
    let gemini = |path: &str| match paths.dialect(path.as_bytes()) {
        Some(Dialect::Gemini(span)) => String::from_utf8(span.of(path.as_bytes()).to_vec()).unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(paths.dialect(b"/v1/chat/completions"), Some(Dialect::ChatCompletions));
    assert_eq!(paths.dialect(b"/v1/chat/completions?x=/completions"), Some(Dialect::ChatCompletions));
    assert_eq!(paths.dialect(b"/v1/completions"), Some(Dialect::Completions));
    assert_eq!(paths.dialect(b"/v1/responses"), Some(Dialect::Responses));
    assert_eq!(paths.dialect(b"/v1/messages"), Some(Dialect::Messages));
    assert_eq!(gemini("/v1beta/models/smart/auto:generateContent"), "smart/auto");
    assert_eq!(gemini("/v1/p/x/models/m-1:streamGenerateContent?alt=sse"), "m-1");
    for other in
        ["/v1/models", "/v1/messages/count_tokens", "/v1/embeddings", "/", "", "/models/:generateContent"]
    {
        assert_eq!(paths.dialect(other.as_bytes()), None, "{other}");
    }
    let path = b"/v1beta/models/smart%2Fauto:generateContent?alt=sse";
    let Some(Dialect::Gemini(span)) = paths.dialect(path) else { panic!() };
    let asked = view(b"{}", path, Dialect::Gemini(span), &limits()).model;
    assert_eq!(asked.as_deref(), Some("smart/auto"));
    let new = rewrite_path(path, span, "gemini/x y").unwrap();
    assert_eq!(String::from_utf8(new).unwrap(), "/v1beta/models/gemini/x%20y:generateContent?alt=sse");
}
