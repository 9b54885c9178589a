//! `GET /v1/models`: the virtual models, in the shape of the list that a client asks for.

use std::ops::Range;

use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::config::Config;
use crate::route::Profile;
use crate::time::Timestamp;

/// Largest list of an upstream that virtual models are added to, in bytes.
pub const LARGEST: usize = 512 * 1024;
/// Anthropic's list has a time for every model; these have none.
const NO_TIME: &str = "1970-01-01T00:00:00Z";

/// Whose client asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// OpenAI's, and of everybody who speaks its dialect.
    OpenAi,
    /// Anthropic's, whose clients say their API's version.
    Anthropic,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// All models.
    List,
    /// One of them.
    One(String),
}

/// What a path asks for, if it is of a list of models: `/v1/models` and `/models`, whatever stands before.
pub fn asked(path: &[u8]) -> Option<Asked> {
    let path = path.split(|&b| b == b'?').next().unwrap_or_default();
    let path = std::str::from_utf8(path).ok()?;
    let path = path.strip_suffix('/').unwrap_or(path);
    if path == "/models" || path.ends_with("/v1/models") {
        return Some(Asked::List);
    }
    let rest = match path.strip_prefix("/models/") {
        Some(rest) => rest,
        None => path.split_once("/v1/models/")?.1,
    };
    let name = percent_encoding::percent_decode_str(rest).decode_utf8().ok()?;
    Some(Asked::One(name.into_owned()))
}

/// Whether a path asks for a page of Anthropic's list that is not the first.
pub fn is_later_page(path: &[u8]) -> bool {
    let query = path.splitn(2, |&b| b == b'?').nth(1).unwrap_or_default();
    query.split(|&b| b == b'&').any(|part| {
        let value = part.strip_prefix(b"after_id=").or_else(|| part.strip_prefix(b"before_id="));
        value.is_some_and(|id| !id.is_empty())
    })
}

/// All virtual models as a list of their own.
pub fn alone(config: &Config, shape: Shape, now: Timestamp) -> String {
    let all: Vec<Value> =
        names(config).map(|(name, profile)| entry(config, name, profile, shape, now)).collect();
    let ends = (all.first().and_then(|one| one.get("id")), all.last().and_then(|one| one.get("id")));
    let list = match shape {
        Shape::OpenAi => json!({"object": "list", "data": all}),
        Shape::Anthropic => json!({"data": all, "has_more": false, "first_id": ends.0, "last_id": ends.1}),
    };
    list.to_string()
}

/// A virtual model by itself, under any spelling that requests may ask for it by; none where there is none of the name.
pub fn one(config: &Config, name: &str, shape: Shape, now: Timestamp) -> Option<String> {
    let (known, profile) = config.names.listed(&config.table, name)?;
    Some(entry(config, known, profile, shape, now).to_string())
}

/// That there is no such model, as an error of the shape.
pub fn unknown(name: &str, shape: Shape) -> String {
    let message = format!("The model {name:?} does not exist");
    let error = match shape {
        Shape::OpenAi => json!({"error": {
            "message": message, "type": "invalid_request_error", "param": "model", "code": "model_not_found"}}),
        Shape::Anthropic => {
            json!({"type": "error", "error": {"type": "not_found_error", "message": message}})
        }
    };
    error.to_string()
}

/// An upstream's list with the virtual models before its own. None where it is no such list, or has them all.
pub fn merged(config: &Config, body: &[u8], shape: Shape, now: Timestamp) -> Option<Vec<u8>> {
    let list: List<'_> = serde_json::from_slice(body).ok()?;
    let inside = list.data.get().strip_prefix('[')?.strip_suffix(']')?;
    let listed = |name: &str| memmem::find(body, Value::from(name).to_string().as_bytes()).is_some();
    let own: Vec<(&str, &Profile)> = names(config).filter(|(name, _)| !listed(name)).collect();
    let mut entries: Vec<String> =
        own.iter().map(|(name, profile)| entry(config, name, profile, shape, now).to_string()).collect();
    let ids = (Value::from(own.first()?.0).to_string(), Value::from(own.last()?.0).to_string());
    let is_empty = inside.trim_ascii().is_empty();
    if !is_empty {
        entries.push(String::new());
    }
    // What is replaced, and by what: the ends that the list names are its own.
    let mut edits = vec![(inside.get(..0)?, entries.join(","))];
    edits.extend(list.first_id.map(|id| (id.get(), ids.0)));
    edits.extend(list.last_id.filter(|_| is_empty).map(|id| (id.get(), ids.1)));
    let mut edits: Vec<(Range<usize>, String)> =
        edits.into_iter().map(|(old, new)| Some((within(body, old)?, new))).collect::<Option<_>>()?;
    edits.sort_unstable_by_key(|(old, _)| old.start);
    let mut out = Vec::with_capacity(body.len().saturating_add(own.len().saturating_mul(256)));
    let mut from = 0;
    for (old, new) in edits {
        out.extend_from_slice(body.get(from..old.start)?);
        out.extend_from_slice(new.as_bytes());
        from = old.end;
    }
    out.extend_from_slice(body.get(from..)?);
    Some(out)
}

/// A list as it came. Anthropic's names its ends.
#[derive(Deserialize)]
struct List<'b> {
    #[serde(borrow)]
    data: &'b RawValue,
    #[serde(borrow)]
    first_id: Option<&'b RawValue>,
    #[serde(borrow)]
    last_id: Option<&'b RawValue>,
}

/// Where a part of a body stands in it.
fn within(body: &[u8], part: &str) -> Option<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(body.as_ptr().addr())?;
    Some(start..start.checked_add(part.len())?)
}

fn names(config: &Config) -> impl Iterator<Item = (&str, &Profile)> {
    let all = config.table.virtual_models.iter().chain(&config.table.groups);
    all.map(|(name, profile)| (name.as_str(), profile.as_ref()))
}

/// A virtual model can what any of its candidates can: those that cannot serve a request are passed over.
fn entry(config: &Config, name: &str, profile: &Profile, shape: Shape, now: Timestamp) -> Value {
    let candidates = || config.table.listed(profile, now);
    let window = candidates().filter_map(|model| model.context_window).max();
    let output = candidates().filter_map(|model| model.max_output).max();
    let mut fields = Map::new();
    let mut set = |key: &str, value: Value| fields.insert(key.to_owned(), value);
    set("id", name.into());
    match shape {
        Shape::OpenAi => {
            set("object", "model".into());
            set("created", 0.into());
            set("owned_by", "tiergate".into());
            // The keys that clients of vLLM, OpenRouter and LiteLLM read.
            for key in ["max_model_len", "context_length", "max_input_tokens"] {
                window.map(|window| set(key, window.into()));
            }
            output.map(|output| set("max_output_tokens", output.into()));
            set("supports_function_calling", candidates().any(|model| model.tools).into());
            set("supports_vision", candidates().any(|model| model.vision).into());
        }
        Shape::Anthropic => {
            set("type", "model".into());
            set("display_name", name.into());
            set("created_at", NO_TIME.into());
            window.map(|window| set("max_input_tokens", window.into()));
            output.map(|output| set("max_tokens", output.into()));
        }
    }
    Value::Object(fields)
}
