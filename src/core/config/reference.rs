//! The JSON Schema and the reference page, both from the raw types.

use std::fmt::Write;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use super::check::expected;
use super::raw::Document;

/// The JSON Schema (draft 2020-12) of the configuration document, as in `src/core/config/tiergate.schema.json`.
pub fn schema() -> String {
    let mut schema =
        SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Document>().to_value();
    without_null(&mut schema);
    if let Some(root) = schema.as_object_mut() {
        root.insert("title".to_owned(), "tiergate".into());
    }
    format!("{schema:#}\n")
}

/// A key is left out rather than null: takes null out of the types of optional values, and the defaults that are null.
/// Line breaks of the sources are none of the descriptions'.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::Array(types)) = map.get_mut("type") {
                types.retain(|t| t != "null");
                if let [one] = types.as_slice() {
                    let one = one.clone();
                    map.insert("type".to_owned(), one);
                }
            }
            if let Some(Value::Array(branches)) = map.get_mut("anyOf") {
                branches.retain(|b| b.get("type").is_none_or(|t| t != "null"));
                if let [Value::Object(one)] = branches.as_slice() {
                    let one = one.clone();
                    map.remove("anyOf");
                    one.into_iter().for_each(|(key, value)| {
                        map.entry(key).or_insert(value);
                    });
                }
            }
            if map.get("default").is_some_and(Value::is_null) {
                map.remove("default");
            }
            // Rust's names of integer types say nothing that the range does not.
            map.remove("format");
            if let Some(Value::String(text)) = map.get_mut("description") {
                *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            }
            map.values_mut().for_each(without_null);
        }
        Value::Array(list) => list.iter_mut().for_each(without_null),
        _ => {}
    }
}

/// The reference of the configuration document in Markdown, as in `docs/configuration.md`.
pub fn reference() -> String {
    let root: Value = serde_json::from_str(&schema()).unwrap_or_default();
    let mut page = String::from(HEAD);
    let empty = Map::new();
    let keys = root.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    for (key, schema) in keys.iter().filter(|(key, _)| !key.starts_with('$')) {
        let default = default(&root, schema).map(|d| format!(" Default: {d}.")).unwrap_or_default();
        let _ = write!(
            page,
            "\n## `{key}`\n\n{}\n\nType: {}.{default}\n",
            text(&root, schema),
            expected(&root, schema)
        );
        let mut rows = String::new();
        below(&root, key, schema, &mut rows);
        if !rows.is_empty() {
            let _ = write!(page, "\n| key | type | default | meaning |\n| --- | --- | --- | --- |\n{rows}");
        }
    }
    page
}

const HEAD: &str = "\
# Configuration

This page lists every key of the configuration, for operators. It is generated from the types in `src/core/config/raw/` by
`make docs`; so is the JSON Schema for editors, `src/core/config/tiergate.schema.json`. The document is JSON, or in Envoy's
YAML a `google.protobuf.Struct`. Every key is optional; keys that an entry must have are marked as required. A document
with a mistake is refused as a whole. The error lists every mistake with its path and what would be right, and
`tiergate check FILE` prints the same list.

The smallest useful document names one model per tier:

```json
{\"tiers\": {\"SIMPLE\": \"gpt-5.6-luna\", \"MEDIUM\": \"gpt-5.4-mini\", \"COMPLEX\": \"claude-sonnet-5\", \"REASONING\": \"claude-opus-5\"}}
```

Models of the shipped catalogue need no entry under `models`. Prices are USD per million tokens.
";

/// One row of a table.
fn row(root: &Value, path: &str, schema: &Value, rows: &mut String) {
    let default = default(root, schema).unwrap_or_default();
    let kind = cell(&expected(root, schema));
    let _ = writeln!(rows, "| `{path}` | {kind} | {} | {} |", cell(&default), cell(&text(root, schema)));
}

/// The default of a key, where it has one of its own.
fn default(root: &Value, schema: &Value) -> Option<String> {
    match schema.get("default").or_else(|| target(root, schema).get("default"))? {
        Value::Object(map) if !map.is_empty() => Some("see below".to_owned()),
        value => Some(format!("`{value}`")),
    }
}

/// The rows of everything below a key.
fn below(root: &Value, path: &str, schema: &Value, rows: &mut String) {
    let schema = target(root, schema);
    if let Some(items) = schema.get("items") {
        return below(root, &format!("{path}[]"), items, rows);
    }
    let entry = schema.get("additionalProperties").filter(|e| e.is_object());
    if let Some(entry) = entry.filter(|_| schema.get("properties").is_none()) {
        let path = format!("{path}.<name>");
        if target(root, entry).get("properties").is_none() {
            row(root, &path, entry, rows);
        }
        return below(root, &path, entry, rows);
    }
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let same = properties.len() > 1
        && properties.values().all(|p| {
            p.get("$ref").is_some() && p.get("$ref") == properties.values().next().and_then(|f| f.get("$ref"))
        });
    for (key, inner) in properties {
        let path = format!("{path}.{key}");
        if same && let Some(Value::Object(default)) = inner.get("default") {
            let default = cell(&Value::Object(default.clone()).to_string());
            let _ = writeln!(rows, "| `{path}` | an object | `{default}` | {} |", cell(&text(root, inner)));
            continue;
        }
        if required.contains(&key.as_str()) {
            let (kind, text) = (cell(&expected(root, inner)), cell(&text(root, inner)));
            let _ = writeln!(rows, "| `{path}` | {kind} | required | {text} |");
        } else {
            row(root, &path, inner, rows);
        }
        if !same {
            below(root, &path, inner, rows);
        }
    }
    if same && let Some(first) = properties.values().next().filter(|p| p.get("default").is_some()) {
        below(root, &format!("{path}.<name>"), first, rows);
    }
    if let Some(entry) = entry {
        let path = format!("{path}.<your own>");
        row(root, &path, entry, rows);
        below(root, &path, entry, rows);
    }
}

/// The description of a key: its own, else that of its type; and the meaning of each value where they are listed.
fn text(root: &Value, schema: &Value) -> String {
    let inner = target(root, schema);
    let own = |s: &Value| s.get("description").and_then(Value::as_str).map(str::to_owned);
    let mut text = own(schema).or_else(|| own(inner)).unwrap_or_default();
    // What the tiers mean stands under `tiers`.
    let tier = schema.get("$ref").is_some_and(|r| r == "#/$defs/Tier");
    for value in inner.get("oneOf").and_then(Value::as_array).filter(|_| !tier).into_iter().flatten() {
        if let (Some(name), Some(meaning)) = (value.get("const").and_then(Value::as_str), own(value)) {
            let meaning = meaning.trim_end_matches('.');
            let _ = write!(text, " `{name}`: {meaning}.");
        }
    }
    text
}

fn target<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    let pointer = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix('#'));
    pointer.and_then(|p| root.pointer(p)).unwrap_or(schema)
}

/// Text for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
