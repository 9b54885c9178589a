//! Headers, paths, overrides, limits.

use super::super::error::{Scope, quoted};
use super::super::raw;
use super::super::{Headers, Overrides, ResponseHeaders, Session};
use crate::chat::{Limits, Paths};
use crate::time::Millis;

/// Headers that mean something to HTTP, to Envoy or to providers. The filter removes and sets what it is asked to
/// own: any of these would break requests.
const STANDARD: &[&str] = &[
    "accept",
    "accept-encoding",
    "anthropic-beta",
    "anthropic-version",
    "api-key",
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "date",
    "expect",
    "forwarded",
    "grpc-timeout",
    "host",
    "http2-settings",
    "keep-alive",
    "origin",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "referer",
    "server",
    "set-cookie",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "www-authenticate",
    "x-api-key",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-goog-api-key",
    "x-request-id",
];

/// Longest header name.
const LONGEST: usize = 128;

/// Compiles header names: lower-case tokens, none of a standard header, no two the same.
pub(super) fn headers(raw: &raw::Headers, scope: &Scope<'_>) -> Headers {
    let list = scope.key("model_as");
    let mut places = vec![
        (scope.key("cluster"), &raw.cluster),
        (scope.key("model"), &raw.model),
        (scope.key("tier"), &raw.tier),
    ];
    places.extend(raw.model_as.iter().enumerate().map(|(i, name)| (list.index(i), name)));
    let mut seen: Vec<&str> = Vec::with_capacity(places.len());
    for (place, name) in &places {
        if let Err(message) = header(name) {
            place.meaning(message);
        } else if seen.contains(&name.as_str()) {
            place.meaning(format!("header {} is used twice; give each its own name", quoted(name)));
        }
        seen.push(name);
    }
    Headers {
        cluster: raw.cluster.clone(),
        model: raw.model.clone(),
        tier: raw.tier.clone(),
        model_as: raw.model_as.clone(),
        response: match raw.response {
            raw::ResponseDetail::None => ResponseHeaders::None,
            raw::ResponseDetail::Basic => ResponseHeaders::Basic,
            raw::ResponseDetail::Full => ResponseHeaders::Full,
        },
        renamed: renamed(raw, &scope.key("response_names")),
        in_body: raw.in_body,
    }
}

/// Other names of the response's headers; no two the same.
fn renamed(raw: &raw::Headers, scope: &Scope<'_>) -> Vec<(String, String)> {
    let preset = |told: raw::ResponseHeader| match (raw.response_preset, told) {
        (raw::ResponsePreset::SmartRouter, raw::ResponseHeader::Model | raw::ResponseHeader::Tier) => {
            Some(format!("x-smart-router-{}", told.name()))
        }
        _ => None,
    };
    let (mut renamed, mut shown) = (Vec::new(), Vec::new());
    for told in raw::ResponseHeader::ALL {
        let own = format!("x-tiergate-{}", told.name());
        let scope = scope.key(told.name());
        let given = raw.response_names.get(&told);
        if let Some(name) = given
            && let Err(message) = header(name)
        {
            scope.meaning(message);
        }
        let name = given.cloned().or_else(|| preset(told));
        let as_shown = name.clone().unwrap_or_else(|| own.clone());
        if shown.contains(&as_shown) {
            scope.meaning(format!("header {} is used twice; give each its own name", quoted(&as_shown)));
        }
        shown.push(as_shown);
        renamed.extend(name.map(|name| (own, name)));
    }
    renamed
}

/// Compiles the section `session`.
pub(super) fn session(raw: &raw::Session, scope: &Scope<'_>) -> Session {
    let list = scope.key("headers");
    let places = [("header", &raw.header), ("tenant_header", &raw.tenant_header)];
    let single = places.into_iter().filter_map(|(key, name)| Some((scope.key(key), name.as_deref()?)));
    let listed = raw.headers.iter().enumerate().map(|(i, name)| (list.index(i), name.as_str()));
    for (place, name) in single.chain(listed) {
        if let Err(message) = token(name) {
            place.meaning(message);
        }
    }
    Session {
        pinned: raw.mode != raw::SessionMode::Stateless,
        derived: raw.mode == raw::SessionMode::Derived,
        moves_down: raw.move_down == raw::MoveDown::IfCheaper && raw.mode == raw::SessionMode::Pinned,
        idle: Millis::of_seconds(raw.idle_seconds),
        headers: raw.header.iter().chain(&raw.headers).cloned().collect(),
        cache_key: raw.prompt_cache_key,
        tenant_header: raw.tenant_header.clone(),
    }
}

/// Whether the filter may remove and set a header of this name.
pub(super) fn header(name: &str) -> Result<(), String> {
    token(name)?;
    if STANDARD.contains(&name) || name.starts_with("x-envoy-") {
        return Err(format!(
            "{} has a meaning of its own; choose another name, such as x-tiergate-…",
            quoted(name)
        ));
    }
    Ok(())
}

/// Whether a fetch may send a header of this name.
pub(super) fn fetch_header(name: &str) -> Result<(), String> {
    const OF_THE_FETCH: [&str; 5] =
        ["connection", "content-length", "host", "if-none-match", "transfer-encoding"];
    token(name)?;
    if OF_THE_FETCH.contains(&name) {
        return Err(format!("{} is set by the fetch itself; leave it out", quoted(name)));
    }
    Ok(())
}

/// Whether it is a header's name in lower case.
pub(super) fn token(name: &str) -> Result<(), String> {
    let token = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&b);
    if name.is_empty() {
        Err("the header's name is empty; give one such as x-tiergate-model".to_owned())
    } else if name.starts_with(':') {
        Err(format!("{} is a pseudo header; choose another name", quoted(name)))
    } else if name.bytes().any(|b| b.is_ascii_uppercase())
        && name.bytes().all(|b| token(b.to_ascii_lowercase()))
    {
        Err(format!("{} has capitals; write {}", quoted(name), quoted(&name.to_ascii_lowercase())))
    } else if !name.bytes().all(token) {
        Err(format!("{} is not a header name; use lower-case letters, digits and `-`", quoted(name)))
    } else if name.len() > LONGEST {
        Err(format!("the header's name has {} characters; use at most {LONGEST}", name.len()))
    } else {
        Ok(())
    }
}

/// Compiles path suffixes: each begins as its dialect's do, and none is of two dialects.
pub(super) fn paths(raw: &raw::Paths, scope: &Scope<'_>) -> Paths {
    let lists = [
        ("chat_completions", '/', &raw.chat_completions),
        ("completions", '/', &raw.completions),
        ("responses", '/', &raw.responses),
        ("messages", '/', &raw.messages),
        ("gemini", ':', &raw.gemini),
        ("other", '/', &raw.other),
    ];
    let mut seen: Vec<&str> = Vec::new();
    for (key, first, list) in lists {
        let scope = scope.key(key);
        for (i, suffix) in list.iter().enumerate() {
            let place = scope.index(i);
            let begins = suffix.starts_with(first) || key == "other" && suffix.starts_with(':');
            if !begins || suffix.len() < 2 {
                let shown = quoted(suffix);
                place.meaning(format!(
                    "{shown} must begin with `{first}` and have more after it; write it as {first}…"
                ));
            } else if !suffix.bytes().all(|b| b.is_ascii_graphic() && b != b'?' && b != b'#') {
                let right = "use a path's suffix in printable ASCII, without query, fragment and spaces";
                place.meaning(format!("{} is not a valid path; {right}", quoted(suffix)));
            } else if seen.contains(&suffix.as_str()) {
                place.meaning(format!("{} is listed twice; keep one of them", quoted(suffix)));
            }
            seen.push(suffix);
        }
    }
    Paths {
        chat_completions: raw.chat_completions.clone(),
        completions: raw.completions.clone(),
        responses: raw.responses.clone(),
        messages: raw.messages.clone(),
        gemini: raw.gemini.clone(),
        other: raw.other.clone(),
    }
}

/// The overrides that are not the scorer's. Ranges are the schema's.
pub(super) fn overrides(raw: &raw::Overrides) -> Overrides {
    Overrides {
        context_tokens: raw.context_tokens,
        context_tier: raw.context_tier,
        structured_tier: raw.structured_tier,
        agentic_score: raw.agentic_score,
        code_score: raw.code_score,
        stall_repeats: raw.stall_repeats,
    }
}

/// The limits. Ranges are the schema's.
pub(super) fn limits(raw: &raw::Limits) -> Limits {
    Limits {
        scan_head_bytes: raw.scan_head_bytes,
        scan_tail_bytes: raw.scan_tail_bytes,
        max_depth: raw.max_depth,
    }
}
