//! `tiergate signals collect`: exports of download and star counts, as the hubs give them, into a history.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;
use time::{Date, OffsetDateTime};

use super::super::{now, write_whole, written};
use super::history::{self, day};
use tiergate_core::signal::feed::LONGEST;

/// Greatest count, as in a history.
const GREATEST: f64 = 1e15;

#[derive(Args)]
pub struct Options {
    /// JSON as the hubs answer: Hugging Face's models (a list or one), GitHub's repositories (a list, a search, or one)
    #[arg(required = true, value_name = "EXPORT")]
    files: Vec<PathBuf>,
    /// The history, CSV; it is made where there is none, and counts of the same day, model and source are replaced
    #[arg(long, value_name = "FILE")]
    history: PathBuf,
    /// The day of the counts; today in UTC without it
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    date: Option<Date>,
    /// What the history calls a model or repository; its own name without it
    #[arg(long = "name", value_name = "THEIRS=YOURS", value_parser = name)]
    names: Vec<(String, String)>,
}

/// A count of a model by a source.
struct Count {
    model: String,
    source: &'static str,
    count: f64,
}

fn name(text: &str) -> Result<(String, String), String> {
    let right = "write it as deepseek-ai/DeepSeek-V4=deepseek/deepseek-v4-pro";
    let (theirs, yours) = text.split_once('=').map(|(a, b)| (a.trim(), b.trim())).ok_or(right)?;
    if theirs.is_empty() || yours.is_empty() {
        return Err(right.to_owned());
    }
    Ok((theirs.to_owned(), yours.to_owned()))
}

pub fn run(options: &Options, out: &mut dyn Write) -> Result<(), String> {
    if options.history.extension().is_none_or(|ending| ending != "csv") {
        return Err(format!("{}: the history has to be CSV; name it .csv", options.history.display()));
    }
    let mut counts = Vec::new();
    for file in &options.files {
        read(file, &mut counts)?;
    }
    let date = match options.date {
        Some(date) => date,
        None => i64::try_from(now().seconds())
            .ok()
            .and_then(|now| OffsetDateTime::from_unix_timestamp(now).ok())
            .ok_or("the clock has no valid date; give --date")?
            .date(),
    };
    let mut rows = BTreeMap::new();
    if options.history.exists() {
        for (source, models) in history::read(std::slice::from_ref(&options.history))? {
            for (model, days) in models {
                for (day, count) in days {
                    rows.insert((day, model.clone(), source.clone()), count);
                }
            }
        }
    }
    let before = rows.len();
    let mut new = BTreeMap::new();
    for Count { model, source, count } in counts {
        let yours = options.names.iter().find(|(theirs, _)| *theirs == model);
        let model = yours.map_or(model, |(_, yours)| yours.clone());
        // Where two repositories have one name they count together.
        *new.entry((date, model, source.to_owned())).or_insert(0.0) += count;
    }
    let collected = new.len();
    rows.extend(new);
    let mut text = "date,model,source,count\n".to_owned();
    for ((day, model, source), count) in &rows {
        let (year, month, day) = (day.year(), u8::from(day.month()), day.day());
        let _ = writeln!(text, "{year:04}-{month:02}-{day:02},{},{},{count}", cell(model), cell(source));
    }
    write_whole(&options.history, &text)
        .map_err(|error| format!("{}: {error}", options.history.display()))?;
    let added = rows.len() - before;
    writeln!(out, "{collected} counts, of which {} replace others", collected - added).map_err(written)
}

/// A cell of CSV.
fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}

/// Reads one file: a JSON value, or several behind each other, as pages are saved.
fn read(file: &Path, counts: &mut Vec<Count>) -> Result<(), String> {
    let at_file = |message: &dyn std::fmt::Display| format!("{}: {message}", file.display());
    let bytes = fs::read(file).map_err(|error| at_file(&error))?;
    let before = counts.len();
    for page in serde_json::Deserializer::from_slice(&bytes).into_iter::<Value>() {
        let page = page.map_err(|error| at_file(&error))?;
        let list = match &page {
            Value::Array(list) => list.as_slice(),
            Value::Object(map) => match map.get("items") {
                Some(Value::Array(list)) => list.as_slice(),
                _ => std::slice::from_ref(&page),
            },
            _ => return Err(at_file(&"give the JSON of models or repositories")),
        };
        for (at, entry) in list.iter().enumerate() {
            entry_counts(entry, counts).map_err(|message| at_file(&format_args!("[{at}]: {message}")))?;
        }
    }
    if counts.len() == before {
        return Err(at_file(&"there is no count in it"));
    }
    Ok(())
}

/// The counts of one model or repository.
fn entry_counts(entry: &Value, counts: &mut Vec<Count>) -> Result<(), String> {
    let text = |key: &str| entry.get(key).and_then(Value::as_str);
    let (model, known): (_, &[(&str, &'static str)]) = if entry.get("stargazers_count").is_some() {
        (text("full_name"), &[("stargazers_count", "stars"), ("forks_count", "forks")])
    } else {
        let id = text("modelId").or_else(|| text("id"));
        (id, &[("downloads", "downloads"), ("downloadsAllTime", "downloads_total"), ("likes", "likes")])
    };
    let model = model.filter(|name| !name.trim().is_empty() && name.chars().count() <= LONGEST);
    let model = model.ok_or("neither a model of Hugging Face (id) nor a repository of GitHub (full_name)")?;
    let before = counts.len();
    for (key, source) in known {
        let Some(value) = entry.get(*key).filter(|value| !value.is_null()) else { continue };
        let count = value.as_f64().filter(|count| (0.0..=GREATEST).contains(count));
        let count = count.ok_or_else(|| format!("{key}: {value} is no count"))?;
        counts.push(Count { model: model.to_owned(), source, count });
    }
    if counts.len() == before {
        return Err(format!("{model}: neither downloads nor stars"));
    }
    Ok(())
}
