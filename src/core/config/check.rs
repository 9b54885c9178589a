//! Checks a document's structure against the JSON Schema that is generated from the raw types.
//!
//! Knows as much of JSON Schema as those types use. What cannot be used is reported and then taken out (or replaced by an
//! empty value where places in a list would shift), so that the rest can be read and its meaning checked too.

use serde_json::{Map, Value};

use super::error::{Scope, quoted, shown};
use super::nearest::{did_you_mean, listed};
use super::number;

/// The JSON Schema of the document, as the types in `raw` generate it.
pub(super) const SCHEMA: &str = include_str!("tiergate.schema.json");

/// Checks a document and takes out what cannot be used. False where nothing can. `text_numbers`: a number may be spelled as
/// a string.
pub(super) fn check(document: &mut Value, text_numbers: bool, scope: &Scope<'_>) -> bool {
    let root: Value = match serde_json::from_str(SCHEMA) {
        Ok(root) => root,
        Err(error) => {
            scope.errors().elsewhere("schema".to_owned(), error.to_string());
            return false;
        }
    };
    Checker { root: &root, text_numbers }.value(document, &root, scope)
}

struct Checker<'c> {
    root: &'c Value,
    text_numbers: bool,
}

impl<'c> Checker<'c> {
    /// Whether the value can be used, after what was wrong in it has been reported and taken out.
    fn value(&self, value: &mut Value, schema: &'c Value, scope: &Scope<'_>) -> bool {
        let schema = resolved(self.root, schema);
        if self.text_numbers
            && let Value::String(text) = &*value
            && !chosen(self.root, schema, value).is_some_and(|schema| is_type(value, schema))
            && let Some(number) = text.parse().ok().filter(|number: &f64| number.is_finite())
        {
            *value = number::json(number);
        }
        let Some(schema) = chosen(self.root, schema, value) else {
            return self.wrong(value, schema, scope);
        };
        // YAML reads `off` as false.
        if *value == Value::Bool(false)
            && allowed(schema).is_some_and(|allowed| allowed.iter().any(|name| *name == "off"))
        {
            *value = "off".into();
        }
        if let Some(allowed) = allowed(schema) {
            if allowed.iter().any(|a| *a == value) {
                return true;
            }
            return self.wrong(value, schema, scope);
        }
        if !is_type(value, schema) {
            return self.wrong(value, schema, scope);
        }
        match value {
            Value::Object(map) => {
                self.object(map, schema, scope);
                true
            }
            Value::Array(list) => self.list(list, schema, scope),
            Value::String(text) => self.text(text, schema, scope),
            Value::Number(_) => self.number(value, schema, scope),
            Value::Null | Value::Bool(_) => true,
        }
    }

    fn wrong(&self, value: &Value, schema: &Value, scope: &Scope<'_>) -> bool {
        let expected = expected(self.root, schema);
        let message = match value {
            Value::Null => format!("null is not a value; give {expected}, or leave the key out"),
            Value::String(text) if allowed(schema).is_some() => {
                let names: Vec<&str> = allowed(schema).iter().flatten().filter_map(|a| a.as_str()).collect();
                format!("unknown value {}; give {expected}{}", shown(value), did_you_mean(text, names))
            }
            _ => format!("{} is {}; give {expected}", shown(value), kind(value)),
        };
        scope.broken(message);
        false
    }

    fn object(&self, map: &mut Map<String, Value>, schema: &'c Value, scope: &Scope<'_>) {
        let properties = schema.get("properties").and_then(Value::as_object);
        let names = schema.pointer("/propertyNames/enum").and_then(Value::as_array);
        let entries = schema.get("additionalProperties");
        let mut known: Vec<&str> = properties.iter().flat_map(|p| p.keys().map(String::as_str)).collect();
        known.extend(names.iter().flat_map(|n| n.iter().filter_map(Value::as_str)));
        self.sizes(map.len(), schema, ("minProperties", "maxProperties"), ("entry", "entries"), scope);
        map.retain(|key, value| {
            let scope = scope.key(key);
            let inner = match (properties.and_then(|p| p.get(key)), names) {
                (Some(inner), _) => Some(inner),
                (None, Some(_)) if !known.contains(&key.as_str()) => None,
                (None, _) => entries.filter(|e| e.is_object()),
            };
            if inner.is_none() && names.is_none() && entries == Some(&Value::Bool(true)) {
                return true;
            }
            let Some(inner) = inner else {
                let guess = did_you_mean(key, known.iter().copied());
                scope.add(format!("unknown key{guess}; known here: {}", listed(&known, "and")));
                return false;
            };
            self.value(value, inner, &scope) || emptied(self.root, inner, value)
        });
        for name in
            schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
        {
            let at = scope.key(name);
            if !map.contains_key(name) && !at.is_broken() {
                let what = properties.and_then(|p| p.get(name)).map(|inner| expected(self.root, inner));
                let what = what.unwrap_or_else(|| "a value".to_owned());
                at.broken(format!("missing; give {what}"));
            }
        }
    }

    fn list(&self, list: &mut [Value], schema: &'c Value, scope: &Scope<'_>) -> bool {
        if let Some(items) = schema.get("items") {
            for (i, item) in list.iter_mut().enumerate() {
                if !self.value(item, items, &scope.index(i)) && !emptied(self.root, items, item) {
                    *item = placeholder(resolved(self.root, items));
                }
            }
        }
        self.sizes(list.len(), schema, ("minItems", "maxItems"), ("item", "items"), scope)
    }

    fn text(&self, text: &str, schema: &Value, scope: &Scope<'_>) -> bool {
        self.sizes(
            text.chars().count(),
            schema,
            ("minLength", "maxLength"),
            ("character", "characters"),
            scope,
        )
    }

    /// Counts against a least and a most. `what`: one of the counted, and several.
    fn sizes(
        &self,
        n: usize,
        schema: &Value,
        keys: (&str, &str),
        what: (&str, &str),
        scope: &Scope<'_>,
    ) -> bool {
        let bound = |key| schema.get(key).and_then(Value::as_u64).and_then(|b| usize::try_from(b).ok());
        let message = match (bound(keys.0), bound(keys.1)) {
            (Some(1), _) if n == 0 => format!("empty; give at least one {}", what.0),
            (Some(least), _) if n < least => format!("has {n} {}; give at least {least}", what.1),
            (_, Some(most)) if n > most => format!("has {n} {}; give at most {most}", what.1),
            _ => return true,
        };
        scope.broken(message);
        false
    }

    fn number(&self, value: &Value, schema: &Value, scope: &Scope<'_>) -> bool {
        let Some(n) = value.as_f64() else { return true };
        let bound = |key| schema.get(key).and_then(Value::as_f64);
        let low =
            bound("minimum").is_some_and(|b| n < b) || bound("exclusiveMinimum").is_some_and(|b| n <= b);
        let high =
            bound("maximum").is_some_and(|b| n > b) || bound("exclusiveMaximum").is_some_and(|b| n >= b);
        if low || high {
            let which = if low { "small" } else { "large" };
            scope.broken(format!("{} is too {which}; give {}", shown(value), expected(self.root, schema)));
        }
        !(low || high)
    }
}

/// What stands for an item that cannot be used, so that the places of the others stay.
fn placeholder(schema: &Value) -> Value {
    match type_name(schema) {
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or_else(|| 0.into()),
        _ => Value::String(String::new()),
    }
}

/// Makes an unusable object an empty one; false for every other type, whose key has to go.
fn emptied(root: &Value, schema: &Value, value: &mut Value) -> bool {
    let object = type_name(resolved(root, schema)) == Some("object");
    if object {
        *value = Value::Object(Map::new());
    }
    object
}

/// Follows `$ref`, a few steps at most.
fn resolved<'s>(root: &'s Value, mut schema: &'s Value) -> &'s Value {
    for _ in 0..8 {
        let target = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix('#'));
        match target.and_then(|pointer| root.pointer(pointer)) {
            Some(next) => schema = next,
            None => break,
        }
    }
    schema
}

/// The branch of `anyOf` for the value's type; the schema itself where there are no branches.
fn chosen<'s>(root: &'s Value, schema: &'s Value, value: &Value) -> Option<&'s Value> {
    match schema.get("anyOf").and_then(Value::as_array) {
        None => Some(schema),
        Some(branches) => branches.iter().map(|b| resolved(root, b)).find(|b| is_type(value, b)),
    }
}

/// The only values that a schema allows, where it lists them.
fn allowed(schema: &Value) -> Option<Vec<&Value>> {
    if let Some(list) = schema.get("enum").and_then(Value::as_array) {
        return Some(list.iter().collect());
    }
    let branches = schema.get("oneOf").and_then(Value::as_array)?;
    branches.iter().map(|b| b.get("const")).collect()
}

fn type_name(schema: &Value) -> Option<&str> {
    schema.get("type").and_then(Value::as_str)
}

fn is_type(value: &Value, schema: &Value) -> bool {
    match type_name(schema) {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("number") => value.is_number(),
        Some("integer") => value.is_i64() || value.is_u64(),
        // A choice of constants has no type of its own.
        _ => schema
            .get("oneOf")
            .and_then(Value::as_array)
            .is_none_or(|branches| branches.iter().any(|branch| is_type(value, branch))),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(n) if n.is_f64() => "a fraction",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// What a schema wants, in words.
pub(super) fn expected(root: &Value, schema: &Value) -> String {
    let schema = resolved(root, schema);
    if let Some(branches) = schema.get("anyOf").and_then(Value::as_array) {
        let words: Vec<String> = branches.iter().map(|b| expected(root, b)).collect();
        return words.join(" or ");
    }
    if let Some(values) = allowed(schema) {
        let values: Vec<String> =
            values.into_iter().map(|v| v.as_str().map_or_else(|| shown(v), str::to_owned)).collect();
        return listed(&values.iter().map(String::as_str).collect::<Vec<_>>(), "or");
    }
    match type_name(schema) {
        Some("object") => "an object".to_owned(),
        Some("array") => match schema.get("items").map(|items| resolved(root, items)).and_then(type_name) {
            Some("string") => "a list of strings".to_owned(),
            Some("object") => "a list of objects".to_owned(),
            _ => "a list".to_owned(),
        },
        Some("string") => "a string".to_owned(),
        Some("boolean") => "true or false".to_owned(),
        Some("integer") => format!("a whole number{}", range(schema)),
        Some("number") => format!("a number{}", range(schema)),
        _ => "a value".to_owned(),
    }
}

fn range(schema: &Value) -> String {
    let bound = |key| schema.get(key).map(plain);
    let low = bound("minimum")
        .map(|b| format!("from {b}"))
        .or(bound("exclusiveMinimum").map(|b| format!("above {b}")));
    let high = bound("maximum")
        .map(|b| format!("to {b}"))
        .or(bound("exclusiveMaximum").map(|b| format!("below {b}")));
    low.into_iter().chain(high).map(|words| format!(" {words}")).collect()
}

/// A bound without a needless `.0`.
fn plain(bound: &Value) -> String {
    let text = bound.to_string();
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// A name in the document that stands for nothing: the message.
pub(super) fn unknown<'n>(
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'n str>,
    otherwise: &str,
) -> String {
    format!("unknown {what} {}{}; {otherwise}", quoted(name), did_you_mean(name, known))
}
