//! `tiergate bundle`: one document out of a directory with a file for each model.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Map, Value};

use tiergate_core::config::{self, ConfigErrors};

use super::{written, yaml};

/// Names of the file that holds everything but the models of the registry.
const BASES: [&str; 3] = ["tiergate.yaml", "tiergate.yml", "tiergate.json"];
/// The directory of the registry.
const MODELS: &str = "models";
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

#[derive(Args)]
pub struct Options {
    /// Has `models/` with a file for each model, and `tiergate.yaml` with the rest of the document, if there is more
    dir: PathBuf,
    /// Write the document there, as JSON where the name ends in .json; without it YAML goes to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// A document that is put together, and where its parts are from.
#[derive(Default)]
struct Bundle {
    base: Option<PathBuf>,
    fields: Map<String, Value>,
    models: Map<String, Value>,
    /// The file of each model that has one of its own.
    files: BTreeMap<String, PathBuf>,
    mistakes: Vec<String>,
}

pub fn run(options: &Options, out: &mut dyn Write) -> Result<(), String> {
    let mut bundle = Bundle::default();
    bundle.base(&options.dir)?;
    bundle.registry(&options.dir.join(MODELS))?;
    let document = bundle.document()?;
    let json =
        options.out.as_ref().is_some_and(|file| file.extension().is_some_and(|ending| ending == "json"));
    let text = if json {
        serde_json::to_string_pretty(&document).map_err(|error| error.to_string())? + "\n"
    } else {
        yaml_serde::to_string(&document).map_err(|error| error.to_string())?
    };
    match &options.out {
        Some(file) => fs::write(file, text).map_err(|error| format!("{}: {error}", file.display())),
        None => out.write_all(text.as_bytes()).map_err(written),
    }
}

impl Bundle {
    /// Reads the document around the registry.
    fn base(&mut self, dir: &Path) -> Result<(), String> {
        let mut there = BASES.into_iter().map(|name| dir.join(name)).filter(|file| file.is_file());
        let Some(file) = there.next() else { return Ok(()) };
        if let Some(other) = there.next() {
            return Err(format!("{} and {}: keep one of them", file.display(), other.display()));
        }
        let mut fields = object(&file)?;
        match fields.remove(MODELS) {
            None => {}
            Some(Value::Object(models)) => self.models = models,
            // Its mistake is reported with the others.
            Some(other) => {
                fields.insert(MODELS.to_owned(), other);
            }
        }
        (self.base, self.fields) = (Some(file), fields);
        Ok(())
    }

    /// Reads a file for each model.
    fn registry(&mut self, dir: &Path) -> Result<(), String> {
        let at_folder = |error: std::io::Error| format!("{}: {error}", dir.display());
        let mut files = Vec::new();
        for entry in fs::read_dir(dir).map_err(at_folder)? {
            let path = entry.map_err(at_folder)?.path();
            let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
            let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
            if !hidden && path.is_file() && ENDINGS.contains(&ending) {
                files.push(path);
            }
        }
        // The same document wherever it is put together.
        files.sort();
        for file in files {
            if let Err(mistake) = self.model(&file) {
                self.mistakes.push(mistake);
            }
        }
        Ok(())
    }

    fn model(&mut self, file: &Path) -> Result<(), String> {
        let mut fields = object(file)?;
        let at_file = |message: &str| format!("{}: {message}", file.display());
        let name = match fields.remove("name") {
            Some(Value::String(name)) => name,
            Some(_) => return Err(at_file("name: must be a string")),
            None => file.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned()),
        };
        if let Some(other) = self.files.get(&name) {
            return Err(at_file(&format!("model {name:?} is in {} already", other.display())));
        }
        if self.models.contains_key(&name) {
            let base = self.base.as_deref().unwrap_or_else(|| Path::new("")).display();
            return Err(at_file(&format!("model {name:?} is in {base} already")));
        }
        self.models.insert(name.clone(), Value::Object(fields));
        self.files.insert(name, file.to_owned());
        Ok(())
    }

    /// The whole, checked.
    fn document(mut self) -> Result<Value, String> {
        if !self.models.is_empty() {
            self.fields.insert(MODELS.to_owned(), Value::Object(std::mem::take(&mut self.models)));
        }
        let document = Value::Object(std::mem::take(&mut self.fields));
        if let Err(errors) = config::parse(document.to_string().as_bytes()) {
            self.add(&errors);
        }
        if self.mistakes.is_empty() { Ok(document) } else { Err(self.mistakes.join("\n")) }
    }

    /// Each mistake with the file that it stands in.
    fn add(&mut self, errors: &ConfigErrors) {
        for error in errors {
            let place = self.files.iter().find_map(|(name, file)| Some((file, within(error.path(), name)?)));
            let mistake = match place {
                Some((file, "")) => format!("{}: {}", file.display(), error.message()),
                Some((file, path)) => format!("{}: {path}: {}", file.display(), error.message()),
                None => match &self.base {
                    Some(base) => format!("{}: {error}", base.display()),
                    None => error.to_string(),
                },
            };
            self.mistakes.push(mistake);
        }
        if errors.left_out() > 0 {
            self.mistakes.push(format!("{} more errors are not shown", errors.left_out()));
        }
    }
}

/// The rest of a path below a model.
fn within<'p>(path: &'p str, model: &str) -> Option<&'p str> {
    let below = path.strip_prefix(MODELS)?;
    let quoted = || below.strip_prefix(&format!("[{}]", Value::from(model)));
    let rest = below.strip_prefix('.').and_then(|below| below.strip_prefix(model)).or_else(quoted)?;
    match rest.chars().next() {
        None => Some(rest),
        Some('.') => rest.strip_prefix('.'),
        Some('[') => Some(rest),
        // Another model, whose name begins with this one.
        Some(_) => None,
    }
}

fn object(file: &Path) -> Result<Map<String, Value>, String> {
    let at_file = |error: String| format!("{}: {error}", file.display());
    let text = fs::read_to_string(file).map_err(|error| at_file(error.to_string()))?;
    let value = match file.extension().and_then(|ending| ending.to_str()) {
        Some("json") => serde_json::from_str(&text).map_err(|error| at_file(error.to_string()))?,
        _ => yaml::read(&text).map_err(at_file)?,
    };
    match value {
        Value::Object(fields) => Ok(fields),
        Value::Null => Ok(Map::new()),
        _ => Err(at_file("must be an object of keys and values".to_owned())),
    }
}
