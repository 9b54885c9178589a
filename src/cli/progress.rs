//! How far long work is: a bar on a terminal, nothing where the output goes elsewhere.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often a bar is drawn, in a second.
const RATE: u8 = 10;

/// A bar on standard error; it shows nothing unless that is a terminal.
pub struct Progress(ProgressBar);

impl Progress {
    /// Work over the bytes of files. Where the size of one is not known (a pipe), only what was read is shown.
    pub fn over(files: &[PathBuf]) -> Self {
        // What is not a plain file says 0, which is not known either.
        let size = |file: &PathBuf| fs::metadata(file).ok().filter(fs::Metadata::is_file).map(|m| m.len());
        let total = files.iter().map(size).sum::<Option<u64>>().filter(|total| *total > 0);
        let style = match total {
            Some(_) => {
                "{bar:30} {percent:>3} % {bytes}/{total_bytes} {binary_bytes_per_sec} {eta} left {msg}"
            }
            None => "{spinner} {bytes} {binary_bytes_per_sec} {msg}",
        };
        Self::with(total, style)
    }

    /// The same, and nothing where the answers themselves go to the terminal as they come.
    pub fn beside_output(files: &[PathBuf]) -> Self {
        if io::stdout().is_terminal() { Self(ProgressBar::hidden()) } else { Self::over(files) }
    }

    fn with(total: Option<u64>, style: &str) -> Self {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(RATE));
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    /// What is being worked on.
    pub fn file(&self, file: &Path) {
        self.0.set_message(
            file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        );
    }

    /// A file whose bytes count as they are read.
    pub fn open(&self, file: &Path) -> io::Result<impl Read + use<>> {
        self.file(file);
        let opened = File::open(file)?;
        // A directory opens, and fails when it is read.
        if file.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        Ok(self.0.wrap_read(opened))
    }

    /// A stream whose bytes count as they are read.
    pub fn read<R: Read>(&self, from: R) -> impl Read + use<R> {
        self.0.wrap_read(from)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        // Nothing of it stays on the terminal.
        self.0.finish_and_clear();
    }
}
