//! LiteLLM's configuration as LiteLLM would see it: with what it includes, and with values from the environment.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::super::super::yaml;

/// Most files that a configuration may include.
const MOST: usize = 64;
/// What stands before the name of a variable.
const VARIABLE: &str = "os.environ/";
/// The keys that are looked up in the environment. None of them holds a credential.
const KEYS: [&str; 15] = [
    "model",
    "base_model",
    "custom_llm_provider",
    "input_cost_per_token",
    "output_cost_per_token",
    "max_input_tokens",
    "max_output_tokens",
    "mode",
    "supports_function_calling",
    "supports_vision",
    "supports_pdf_input",
    "supports_reasoning",
    "deprecation_date",
    "max_tokens",
    "order",
];

/// Reads a configuration. `notes` gets what could not be read.
pub fn read(text: &str, file: &Path, notes: &mut Vec<String>) -> Result<Value, String> {
    let shown = |file: &Path| {
        if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() }
    };
    let mut config = yaml::read(text).map_err(|error| format!("{}: {error}", shown(file)))?;
    let mut pending = includes(&mut config, file);
    let mut seen: Vec<PathBuf> = vec![file.to_owned()];
    while let Some((entry, declared)) = pending.pop() {
        let Some((path, text)) = open(&entry, &declared, file) else {
            notes.push(format!("include: {entry}: cannot be read; its content is missing here"));
            continue;
        };
        if seen.contains(&path) {
            continue;
        }
        if seen.len() > MOST {
            return Err(format!("{}: more than {MOST} files are included", shown(file)));
        }
        let mut part = yaml::read(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        // The first that is named is read first, as LiteLLM does.
        let mut inner = includes(&mut part, &path);
        inner.append(&mut pending);
        pending = inner;
        seen.push(path);
        merge(&mut config, part);
    }
    resolve(&mut config, notes);
    Ok(config)
}

/// The files that a configuration names, the first one last; the key is taken out where it is a list of names.
fn includes(config: &mut Value, file: &Path) -> Vec<(String, PathBuf)> {
    let names = config.get("include").and_then(Value::as_array);
    let names: Option<Vec<String>> =
        names.and_then(|all| all.iter().map(|name| name.as_str().map(str::to_owned)).collect());
    let Some(names) = names else { return Vec::new() };
    if let Some(config) = config.as_object_mut() {
        config.remove("include");
    }
    names.into_iter().rev().map(|name| (name, file.to_owned())).collect()
}

/// A file beside the one that names it, else beside the first.
fn open(entry: &str, declared: &Path, root: &Path) -> Option<(PathBuf, String)> {
    [declared, root].iter().find_map(|beside| {
        let path = beside.parent().unwrap_or(Path::new("")).join(entry);
        let text = fs::read_to_string(&path).ok()?;
        Some((path, text))
    })
}

/// Lists are joined, everything else is replaced.
fn merge(config: &mut Value, part: Value) {
    let (Some(config), Value::Object(part)) = (config.as_object_mut(), part) else { return };
    for (key, value) in part {
        match (config.get_mut(&key), value) {
            (Some(Value::Array(before)), Value::Array(more)) => before.extend(more),
            (_, value) => {
                config.insert(key, value);
            }
        }
    }
}

/// Puts the values of variables where `os.environ/NAME` stands. One that is not set is taken out, so that the next best
/// source is asked; a model stays as it is, since there is none.
fn resolve(config: &mut Value, notes: &mut Vec<String>) {
    let models = config.get_mut("model_list").and_then(Value::as_array_mut);
    for (at, entry) in models.into_iter().flatten().enumerate() {
        for section in ["litellm_params", "model_info"] {
            let Some(keys) = entry.get_mut(section).and_then(Value::as_object_mut) else { continue };
            for key in KEYS {
                value(keys, key, &format!("model_list[{at}].{section}.{key}"), notes);
            }
        }
    }
}

fn value(keys: &mut Map<String, Value>, key: &str, path: &str, notes: &mut Vec<String>) {
    let Some(name) = keys.get(key).and_then(Value::as_str).and_then(|text| text.strip_prefix(VARIABLE))
    else {
        return;
    };
    match std::env::var(name) {
        Ok(text) => {
            keys.insert(key.to_owned(), Value::String(text));
        }
        Err(_) => {
            notes.push(format!("{path}: the environment variable {name} is not set here"));
            if key != "model" {
                keys.remove(key);
            }
        }
    }
}
