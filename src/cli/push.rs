//! `tiergate push`: a checked document into the files that a running Envoy takes the filter from.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};
use tiergate_core::config;
use tiergate_core::fnv::Fnv;

use super::{written, yaml};

/// Where the document is in such a file.
const PLACE: &str = "/resources/0/typed_config/config/configuration/value";

#[derive(Args)]
pub struct Options {
    /// The document: JSON, or YAML where the name ends in .yaml or .yml
    file: PathBuf,
    /// The folder with router.json and, where the filter is among a cluster's filters too, attempt.json
    #[arg(long, value_name = "FOLDER", default_value = "envoy/dynamic")]
    to: PathBuf,
}

/// A file that Envoy watches, with what is to be in it.
struct Target {
    path: PathBuf,
    before: String,
    after: String,
}

pub fn run(options: &Options, out: &mut dyn Write) -> Result<(), String> {
    let document = read(&options.file)?;
    in_place(&document).map_err(|error| format!("{}:\n{error}", options.file.display()))?;
    let checked = check(&options.file, &document)?;
    let router = target(&options.to.join("router.json"), &document)?;
    let attempt = options.to.join("attempt.json");
    // The attempts know a model before the router names it.
    let mut targets = Vec::new();
    if attempt.exists() {
        let mut document = document;
        if let Value::Object(fields) = &mut document {
            fields.insert("position".to_owned(), json!("attempt"));
        }
        check(&options.file, &document).map_err(|error| format!("in position attempt: {error}"))?;
        targets.push(target(&attempt, &document)?);
    }
    targets.push(router);
    let changed: Vec<&Target> = targets.iter().filter(|target| target.before != target.after).collect();
    for (done, target) in changed.iter().enumerate() {
        if let Err(error) = super::write_whole(&target.path, &target.after) {
            // All or nothing: what was written goes back.
            for earlier in changed.iter().take(done) {
                let _ = super::write_whole(&earlier.path, &earlier.before);
            }
            return Err(format!("{}: {error}", target.path.display()));
        }
    }
    let names: Vec<String> = changed.iter().map(|target| target.path.display().to_string()).collect();
    let what = if names.is_empty() { "nothing changes".to_owned() } else { names.join(", ") };
    writeln!(out, "{}: ok ({checked}); {what}", options.file.display()).map_err(written)
}

/// The document as JSON.
fn read(file: &Path) -> Result<Value, String> {
    let at_file = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let text = fs::read_to_string(file).map_err(|error| at_file(&error))?;
    if file.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
        return yaml::read(&text).map_err(|error| at_file(&error));
    }
    serde_json::from_str(&text).map_err(|error| at_file(&error))
}

/// Nothing but a router belongs into router.json: with another filter there Envoy answers 503 to all.
fn in_place(document: &Value) -> Result<(), String> {
    match document.get("position").and_then(Value::as_str) {
        Some(position @ ("attempt" | "console")) => Err(format!(
            "position: {position} is not for router.json, the filter among the listener's; leave the key out: \
             attempt.json gets its own"
        )),
        _ => Ok(()),
    }
}

/// What a good document has; every mistake of another.
fn check(file: &Path, document: &Value) -> Result<String, String> {
    let config = config::parse(document.to_string().as_bytes())
        .map_err(|errors| format!("{}:\n{errors}", file.display()))?;
    let (models, profiles) = (config.table.models.len(), config.table.profiles.len());
    Ok(format!("{models} model names, {profiles} profiles"))
}

/// The file with the document in it. Only that and the version change: module and policy are the operator's.
fn target(path: &Path, document: &Value) -> Result<Target, String> {
    let at_file = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let before = fs::read_to_string(path).map_err(|error| at_file(&error))?;
    let mut content: Value = serde_json::from_str(&before).map_err(|error| at_file(&error))?;
    let Some(place) = content.pointer_mut(PLACE) else {
        let right = "no filter with a configuration of type google.protobuf.Struct; scripts/dynamic.py makes such files";
        return Err(at_file(&right));
    };
    if place == document {
        return Ok(Target { path: path.to_owned(), after: before.clone(), before });
    }
    place.clone_from(document);
    let hash = Fnv::of(document.to_string().as_bytes());
    if let Value::Object(fields) = &mut content {
        fields.insert("version_info".to_owned(), json!(format!("{hash:016x}")));
    }
    let mut after = serde_json::to_string_pretty(&content).map_err(|error| error.to_string())?;
    after.push('\n');
    Ok(Target { path: path.to_owned(), before, after })
}
