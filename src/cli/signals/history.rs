//! Counts of the past: what was counted on which day, read from CSV or JSONL.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use time::{Date, Month};

/// Most mistakes that are reported at once.
const MOST_MISTAKES: usize = 20;
/// Greatest count; sums of shares stay exact enough far beyond it.
const GREATEST: f64 = 1e15;

/// Counts by source, model and day.
pub type Counts = BTreeMap<String, BTreeMap<String, BTreeMap<Date, f64>>>;

/// A day as `YYYY-MM-DD`.
pub fn day(text: &str) -> Result<Date, String> {
    let number = |range: std::ops::Range<usize>| {
        let digits = text.get(range)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<u16>().ok()).flatten()
    };
    let date = || {
        let separated = text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
        let (year, month, day) = (number(0..4)?, u8::try_from(number(5..7)?).ok()?, number(8..10)?);
        let month = Month::try_from(month).ok().filter(|_| separated)?;
        Date::from_calendar_date(year.into(), month, u8::try_from(day).ok()?).ok()
    };
    date().ok_or_else(|| format!("{text:?} is not a date; write it as 2026-11-20"))
}

/// Whether a source gives places in a list, of which the lowest is the best.
pub fn is_rank(source: &str) -> bool {
    source.to_ascii_lowercase().contains("rank")
}

/// One row, as it is written.
#[derive(Deserialize)]
struct Row {
    date: String,
    model: String,
    source: String,
    count: f64,
}

/// Reads all files.
///
/// # Errors
/// What is wrong, with file and line, up to [`MOST_MISTAKES`] of it.
pub fn read(files: &[PathBuf]) -> Result<Counts, String> {
    let mut history = History::default();
    for file in files {
        let bytes = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        if is_jsonl(file, bytes) { history.jsonl(file, bytes) } else { history.csv(file, bytes) }
    }
    let more = history.mistakes.len().saturating_sub(MOST_MISTAKES);
    history.mistakes.truncate(MOST_MISTAKES);
    if more > 0 {
        history.mistakes.push(format!("and {more} more"));
    }
    if history.mistakes.is_empty() { Ok(history.counts) } else { Err(history.mistakes.join("\n")) }
}

/// By the name's ending; where that says nothing, by the first byte.
fn is_jsonl(file: &Path, bytes: &[u8]) -> bool {
    let ending = file.extension().map(|ending| ending.to_ascii_lowercase());
    match ending.as_deref().and_then(|e| e.to_str()) {
        Some("csv") => false,
        Some("jsonl" | "ndjson") => true,
        _ => bytes.trim_ascii_start().starts_with(b"{"),
    }
}

#[derive(Default)]
struct History {
    counts: Counts,
    /// Where each count was read.
    places: BTreeMap<(String, String, Date), String>,
    mistakes: Vec<String>,
}

impl History {
    fn csv(&mut self, file: &Path, bytes: &[u8]) {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
        let headers = match reader.headers() {
            Ok(headers) => headers.clone(),
            Err(error) => return self.mistakes.push(format!("{}:1: {error}", file.display())),
        };
        for wanted in ["date", "model", "source", "count"] {
            if !headers.iter().any(|header| header == wanted) {
                let message = "there is no column of this name; the first line names the columns";
                self.mistakes.push(format!("{}:1: {wanted}: {message}", file.display()));
                return;
            }
        }
        let mut record = csv::StringRecord::new();
        loop {
            let line = reader.position().line();
            match reader.read_record(&mut record) {
                Ok(false) => return,
                Ok(true) => {
                    let line = record.position().map_or(line, csv::Position::line);
                    let place = format!("{}:{line}", file.display());
                    match record.deserialize(Some(&headers)) {
                        Ok(row) => self.row(row, place),
                        Err(error) => {
                            self.mistakes.push(format!("{place}: {}", csv_message(&error, &headers)))
                        }
                    }
                }
                // The error for a row of another length has its line; what cannot be read ends the file.
                Err(error) => {
                    let at = error.position().map_or(line, csv::Position::line);
                    self.mistakes.push(format!("{}:{at}: {}", file.display(), csv_message(&error, &headers)));
                    if error.is_io_error() {
                        return;
                    }
                }
            }
        }
    }

    fn jsonl(&mut self, file: &Path, bytes: &[u8]) {
        for (number, line) in (1_usize..).zip(bytes.split(|b| *b == b'\n')) {
            if line.trim_ascii().is_empty() {
                continue;
            }
            let place = format!("{}:{number}", file.display());
            match serde_json::from_slice(line) {
                Ok(row) => self.row(row, place),
                Err(error) => {
                    // Its own "line 1" is of this line only.
                    let message = error.to_string();
                    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(m, _)| m);
                    self.mistakes.push(format!("{place}: {message}"));
                }
            }
        }
    }

    fn row(&mut self, row: Row, place: String) {
        let Row { date, model, source, count } = row;
        let lowest = if is_rank(&source) { 1.0 } else { 0.0 };
        let wrong = if model.trim().is_empty() || model.chars().count() > tiergate_core::signal::feed::LONGEST
        {
            Some(format!("model: give a name of 1 to {} characters", tiergate_core::signal::feed::LONGEST))
        } else if source.trim().is_empty() {
            Some("source: give a name".to_owned())
        } else if !(lowest..=GREATEST).contains(&count) {
            let what = if lowest > 0.0 { "ranks begin with 1" } else { "give 0 or more" };
            Some(format!("count: {count} cannot be; {what}, and at most {GREATEST:e}"))
        } else {
            None
        };
        let day = match (wrong, day(&date)) {
            (Some(wrong), _) => return self.mistakes.push(format!("{place}: {wrong}")),
            (None, Err(wrong)) => return self.mistakes.push(format!("{place}: date: {wrong}")),
            (None, Ok(day)) => day,
        };
        let days = self.counts.entry(source.clone()).or_default().entry(model.clone()).or_default();
        match days.entry(day) {
            Entry::Vacant(entry) => {
                entry.insert(count);
                self.places.insert((source, model, day), place);
            }
            // The same once more, as where snapshots overlap, does no harm.
            Entry::Occupied(entry) if entry.get().total_cmp(&count).is_eq() => {}
            Entry::Occupied(entry) => {
                let other = entry.get();
                let first = self.places.get(&(source, model, day)).map_or("", String::as_str);
                self.mistakes.push(format!(
                    "{place}: {count} here, but {other} for the same day, model and source at {first}"
                ));
            }
        }
    }
}

/// What is wrong, without the position, which is reported already.
fn csv_message(error: &csv::Error, headers: &csv::StringRecord) -> String {
    match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => {
            let column = err.field().and_then(|at| headers.get(usize::try_from(at).ok()?));
            column.map_or_else(|| err.kind().to_string(), |column| format!("{column}: {}", err.kind()))
        }
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} columns where the first line has {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => "not UTF-8".to_owned(),
        _ => error.to_string(),
    }
}
