//! `tiergate replay`: what a log says of the requests in it, and what another configuration would have made of them.

pub mod chart;
mod feedback;
mod lines;
mod page;
mod record;
mod report;
pub mod table;
mod tally;
#[cfg(test)]
mod tests;
pub mod watch;
mod what_if;

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use self::feedback::Labels;
use self::lines::Line;
use self::record::Record;
use self::report::{Broken, By, Mistake, Report, Row};
use self::tally::Tally;
use self::what_if::WhatIf;
use super::progress::Progress;
use super::{ConfigChoice, now, written};

/// Broken lines that are reported one by one.
const MOST_SHOWN: usize = 10;

#[derive(Args)]
pub struct Options {
    /// Another configuration, JSON or YAML: how many requests would change tier, model and cost
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Also write one page with tables and charts; it needs nothing else to be opened
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Print these prompts, JSONL, with the tiers that feedback in the log gives them, as `eval` and `make learn` read
    /// them; a prompt has the `request_id` of its answer
    #[arg(long, value_name = "PROMPTS", conflicts_with_all = ["json", "html", "config"])]
    labels: Option<PathBuf>,
    /// Access logs as the shipped Envoy configurations write them, also packed by gzip; `-` is standard input
    #[arg(required = true, value_name = "LOG")]
    logs: Vec<PathBuf>,
}

pub fn run(options: &Options, out: &mut dyn Write) -> Result<(), String> {
    let config = match &options.config {
        Some(file) => Some(ConfigChoice { config: Some(file.clone()), profile: None }.load()?),
        None => None,
    };
    let mut reader =
        Reader { what_if: config.as_ref().map(|config| WhatIf::new(config, now())), ..Reader::default() };
    let progress = Progress::over(&options.logs);
    for log in &options.logs {
        let at_file = |error: io::Error| format!("{}: {error}", log.display());
        if log == Path::new("-") {
            reader.file("standard input", progress.read(io::stdin().lock())).map_err(at_file)?;
        } else {
            let from = progress.open(log).map_err(at_file)?;
            reader.file(&log.display().to_string(), from).map_err(at_file)?;
        }
    }
    drop(progress);
    if let Some(prompts) = &options.labels {
        let at_file = |error: io::Error| format!("{}: {error}", prompts.display());
        let counts = reader.labels.label(fs::File::open(prompts).map_err(at_file)?, out).map_err(at_file)?;
        out.flush().map_err(written)?;
        return writeln!(io::stderr(), "{counts}").map_err(written);
    }
    let report = reader.report(options);
    if let Some(file) = &options.html {
        fs::write(file, page::page(&report)).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    if options.json {
        let text = serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?;
        writeln!(out, "{text}").map_err(written)?;
    } else {
        table::print(&report, out).map_err(written)?;
    }
    out.flush().map_err(written)?;
    complain(&report.broken).map_err(written)?;
    if report.lines > 0 && report.broken.lines == report.lines {
        return Err("no line could be read: is this the JSON access log?".to_owned());
    }
    Ok(())
}

fn complain(broken: &Broken) -> io::Result<()> {
    let mut err = io::stderr().lock();
    for Mistake { file, line, error } in &broken.shown {
        writeln!(err, "{file}:{line}: {}", table::printable(error))?;
    }
    match broken.lines.checked_sub(broken.shown.len() as u64) {
        Some(more) if more > 0 => writeln!(err, "and {more} more lines that could not be read"),
        _ => Ok(()),
    }
}

/// Reads logs.
#[derive(Default)]
struct Reader<'c> {
    files: Vec<String>,
    lines: u64,
    others: u64,
    feedback: u64,
    labels: Labels,
    broken: Broken,
    tally: Tally,
    what_if: Option<WhatIf<'c>>,
}

impl Reader<'_> {
    fn file(&mut self, name: &str, from: impl Read) -> io::Result<()> {
        self.files.push(name.to_owned());
        lines::each(from, |number, line| self.line(name, number, line))
    }

    fn line(&mut self, file: &str, number: u64, line: Line<'_>) {
        self.lines += 1;
        let read = match line {
            Line::Whole(line) => record::read(line),
            Line::TooLong => Err("longer than a line of a log".to_owned()),
            Line::Broken(error) => Err(format!("the packed log cannot be read from here on: {error}")),
        };
        match read {
            Ok(Record::Request(entry, decided)) => {
                self.tally.add(&entry, &decided);
                if let Some(what_if) = &mut self.what_if {
                    what_if.add(self.lines, &decided);
                }
            }
            Ok(Record::Other) => self.others += 1,
            Ok(Record::Feedback(feedback)) => {
                self.feedback += 1;
                self.labels.add(*feedback);
            }
            Err(error) => {
                self.broken.lines += 1;
                if self.broken.shown.len() < MOST_SHOWN {
                    self.broken.shown.push(Mistake { file: file.to_owned(), line: number, error });
                }
            }
        }
    }

    fn report(self, options: &Options) -> Report {
        let tally = self.tally;
        let file = options.config.as_ref().map(|file| file.display().to_string()).unwrap_or_default();
        Report {
            files: self.files,
            lines: self.lines,
            other_requests: self.others,
            feedback: self.feedback,
            broken: self.broken,
            total: Row::of("all", &tally.all),
            by: By::of(&tally),
            first: tally.first,
            last: tally.last,
            with_config: self.what_if.map(|what_if| what_if.changes(file)),
        }
    }
}
