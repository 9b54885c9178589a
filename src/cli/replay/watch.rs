//! `tiergate explain --watch`: the decisions of a running gateway, as its access log shows them.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde::Serialize;
use tiergate_core::tier::Tier;

use super::record::{self, Decided, Entry, Record};
use super::table::{money, ms, printable};

/// How often the file is looked at.
const PAUSE: Duration = Duration::from_millis(200);

/// No line of a log is longer.
const LONGEST: usize = 1 << 20;

/// Follows a log and prints each decision; ends where standard input does, or nobody reads on.
pub fn run(log: &Path, json: bool, from_start: bool, out: &mut dyn Write) -> Result<(), String> {
    let mut printer = Printer { out, json, rest: Vec::new(), skips: false };
    let done = if log == Path::new("-") {
        printer.all(&mut io::stdin().lock()).and_then(|()| printer.end())
    } else {
        follow(log, from_start, &mut printer)
    };
    match done {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => done.map_err(|error| format!("{}: {error}", log.display())),
    }
}

/// Reads what is added to a file. Where another file has taken its name, or it was cut off, goes on with the new one.
fn follow(log: &Path, from_start: bool, printer: &mut Printer<'_>) -> io::Result<()> {
    let mut file = wait_for(log)?;
    if !from_start {
        file.seek(SeekFrom::End(0))?;
    }
    loop {
        printer.all(&mut file)?;
        match std::fs::metadata(log) {
            Ok(now) if is_other(&now, &file.metadata()?) => {
                // What was written between the last look and the new name.
                printer.all(&mut file)?;
                printer.end()?;
                file = wait_for(log)?;
                continue;
            }
            Ok(now) if now.len() < file.stream_position()? => {
                printer.end()?;
                file.rewind()?;
                continue;
            }
            // Between two names.
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        thread::sleep(PAUSE);
    }
}

/// Opens a file as soon as it is there.
fn wait_for(log: &Path) -> io::Result<File> {
    let mut waiting_shown = false;
    loop {
        match File::open(log) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if !waiting_shown {
                    writeln!(io::stderr(), "{}: waiting for it", log.display())?;
                    waiting_shown = true;
                }
                thread::sleep(PAUSE);
            }
            Ok(_) if log.is_dir() => return Err(ErrorKind::IsADirectory.into()),
            opened => return opened,
        }
    }
}

#[cfg(unix)]
fn is_other(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) != (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_other(one: &Metadata, other: &Metadata) -> bool {
    one.created().ok() != other.created().ok()
}

/// Prints the decisions of what comes in pieces.
struct Printer<'o> {
    out: &'o mut dyn Write,
    json: bool,
    /// A line that has not come whole.
    rest: Vec<u8>,
    /// The line that comes is longer than anybody writes.
    skips: bool,
}

impl Printer<'_> {
    /// Everything that is there by now.
    fn all(&mut self, from: &mut dyn Read) -> io::Result<()> {
        let mut piece = vec![0; 1 << 16];
        loop {
            let size = match from.read(&mut piece) {
                Ok(0) => return Ok(()),
                Ok(size) => size,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            for part in piece.get(..size).unwrap_or_default().split_inclusive(|byte| *byte == b'\n') {
                self.part(part)?;
            }
            self.out.flush()?;
        }
    }

    fn part(&mut self, part: &[u8]) -> io::Result<()> {
        if !self.skips {
            self.rest.extend_from_slice(part);
        }
        let too_long = self.rest.len() > LONGEST;
        if too_long {
            self.skips = true;
            self.rest.clear();
        }
        if part.ends_with(b"\n") {
            if self.skips {
                writeln!(io::stderr(), "a line is longer than a line of a log")?;
                self.skips = false;
                return Ok(());
            }
            return self.end();
        }
        Ok(())
    }

    /// The line is whole.
    fn end(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.rest);
        let text = line.trim_ascii();
        if !text.is_empty() {
            match record::read(text) {
                Ok(Record::Request(entry, decided)) => self.print(&entry, &decided)?,
                Ok(Record::Other | Record::Feedback(_)) => {}
                Err(error) => writeln!(io::stderr(), "a line that cannot be read: {}", printable(&error))?,
            }
        }
        self.rest = line;
        self.rest.clear();
        Ok(())
    }

    fn print(&mut self, entry: &Entry<'_>, decided: &Decided) -> io::Result<()> {
        if self.json {
            serde_json::to_writer(&mut *self.out, &Watched::of(entry, decided))?;
            return writeln!(self.out);
        }
        let time = entry.time.as_deref().unwrap_or("-");
        let status = entry.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
        let tier = decided.tier.map_or("-", Tier::name);
        let model = printable(decided.server().unwrap_or("as asked"));
        write!(self.out, "{} {status:>3} {tier:<9} {model}  {}", printable(time), printable(&decided.cause))?;
        if let Some(rule) = &decided.rule {
            write!(self.out, " ({})", printable(rule))?;
        }
        if let (Some(score), Some(confidence)) = (decided.score, decided.confidence) {
            write!(self.out, "  score {score:.3} confidence {confidence:.2}")?;
        }
        if let Some(cost) = entry.cost.or(decided.cost) {
            write!(self.out, "  {} USD", money(cost))?;
            if let (Some(cost), Some(baseline)) =
                (decided.cost, decided.baseline_cost.filter(|cost| *cost > 0.0))
            {
                write!(self.out, ", saved {:.0} %", (1.0 - cost / baseline) * 100.0)?;
            }
        }
        if let Some(duration) = entry.duration_ms {
            write!(self.out, "  {}", ms(duration))?;
        }
        if let (Some(model), Some(_)) = (&decided.model, &decided.served) {
            write!(self.out, "  after {}", printable(model))?;
        }
        writeln!(self.out)
    }
}

/// A decision as JSON.
#[derive(Serialize)]
struct Watched<'t> {
    time: Option<&'t str>,
    request_id: Option<&'t str>,
    status: Option<f64>,
    duration_ms: Option<f64>,
    tier: Option<Tier>,
    model: Option<&'t str>,
    served: Option<&'t str>,
    profile: Option<&'t str>,
    cause: &'t str,
    rule: Option<&'t str>,
    score: Option<f64>,
    confidence: Option<f64>,
    cost_usd: Option<f64>,
    baseline_usd: Option<f64>,
}

impl<'t> Watched<'t> {
    fn of(entry: &'t Entry<'_>, decided: &'t Decided) -> Self {
        Self {
            time: entry.time.as_deref(),
            request_id: entry.request_id.as_deref(),
            status: entry.status,
            duration_ms: entry.duration_ms,
            tier: decided.tier,
            model: decided.model.as_deref(),
            served: decided.served.as_deref(),
            profile: decided.profile.as_deref(),
            cause: &decided.cause,
            rule: decided.rule.as_deref(),
            score: decided.score,
            confidence: decided.confidence,
            cost_usd: entry.cost.or(decided.cost),
            baseline_usd: decided.baseline_cost,
        }
    }
}
