//! The section `console`, and the filter that serves it.

use serde_json::Value;

use super::super::error::{Scope, quoted};
use super::super::{Console, raw};

/// All that a document of a console may have.
const KEYS: [&str; 3] = ["$schema", "position", "console"];

/// Tells of keys that mean nothing in the document's position.
pub fn keys(document: &Value, root: &Scope<'_>) {
    let is_console = document.get("position").and_then(Value::as_str) == Some("console");
    for key in document.as_object().into_iter().flat_map(serde_json::Map::keys) {
        if is_console && !KEYS.contains(&key.as_str()) {
            let message = "a console shows the configuration of the router in its VM; leave this out here";
            root.key(key).meaning(message.to_owned());
        } else if !is_console && key == "console" {
            let message = "the console is a filter of its own, with `position: console`, in a listener of its own; \
                           see docs/console.md";
            root.key(key).meaning(message.to_owned());
        }
    }
}

/// Compiles the section.
pub fn compile(raw: &raw::Console, scope: &Scope<'_>) -> Console {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/-._~".contains(&b);
    let at = &raw.path;
    if !at.starts_with('/') || at.contains("//") || !at.bytes().all(plain) {
        let message =
            format!("{} is not a path; write it as /console, without query and escapes", quoted(at));
        scope.key("path").meaning(message);
    }
    for (key, token) in [("token", &raw.token), ("feedback_token", &raw.feedback_token)] {
        // What a header can carry as a bearer token (RFC 6750).
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
        if token.as_ref().is_some_and(|token| !token.bytes().all(fits)) {
            let message = "use letters, digits and -._~+/= alone; `openssl rand -base64 24` makes a token";
            scope.key(key).meaning(message.to_owned());
        }
    }
    if raw.token.is_some() && raw.token == raw.feedback_token {
        let message = "it is `token` once more; applications would see all that the console shows";
        scope.key("feedback_token").meaning(message.to_owned());
    }
    Console {
        path: at.trim_end_matches('/').to_owned(),
        token: raw.token.clone(),
        feedback_token: raw.feedback_token.clone(),
        feedback_per_minute: raw.feedback_per_minute,
    }
}
