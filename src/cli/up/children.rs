//! Processes that `tiergate up` starts, and that never outlive it.
//!
//! Each runs in a process group of its own, so that a Ctrl-C in the terminal reaches the command alone, which then ends
//! them in order. Linux ends them too if the command is killed: a child asks for that itself before it becomes the
//! program, because only a process can ask it for itself.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal};

use super::clock;

/// How long a child may take to stop before it is killed.
const STOP: Duration = Duration::from_secs(8);
const POLL: Duration = Duration::from_millis(20);

/// The hidden subcommand that becomes a child.
pub const BECOME: &str = "become";

/// A child, its name for people, and where it writes.
pub struct Child {
    pub name: &'static str,
    process: process::Child,
    pub log: PathBuf,
}

/// What to start.
pub struct Start<'s> {
    pub name: &'static str,
    pub program: &'s Path,
    pub arguments: Vec<OsString>,
    pub log: PathBuf,
    /// Whether its standard output is read here; else it goes to the log.
    pub piped: bool,
}

impl Child {
    pub fn start(start: Start<'_>) -> Result<(Self, Option<ChildStdout>), String> {
        let failed = |what: &str, error: std::io::Error| format!("{}: {what}: {error}", start.name);
        let log = File::create(&start.log).map_err(|e| failed(&start.log.display().to_string(), e))?;
        let out = if start.piped {
            Stdio::piped()
        } else {
            log.try_clone().map_err(|e| failed("cannot write its log", e))?.into()
        };
        let this = std::env::current_exe().map_err(|e| failed("cannot find this command", e))?;
        let mut process = Command::new(this)
            .arg(BECOME)
            .arg(process::id().to_string())
            .arg("--")
            .arg(start.program)
            .args(&start.arguments)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(log)
            .process_group(0)
            .spawn()
            .map_err(|e| failed("cannot start it", e))?;
        let stdout = process.stdout.take();
        Ok((Self { name: start.name, process, log: start.log }, stdout))
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<String> {
        let status = self.process.try_wait().ok().flatten()?;
        Some(format!("{} ended ({status}); the end of {}:\n{}", self.name, self.log.display(), self.tail()))
    }

    fn tail(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines.iter().skip(lines.len().saturating_sub(12)).map(|line| format!("    {line}\n")).collect()
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw) {
            let _ = rustix::process::kill_process_group(group, signal);
        }
    }

    /// Asks it to stop, and kills its group when it does not.
    pub fn stop(&mut self) {
        if !matches!(self.process.try_wait(), Ok(None)) {
            return;
        }
        self.signal(Signal::TERM);
        let deadline = clock() + STOP;
        while matches!(self.process.try_wait(), Ok(None)) {
            if clock() > deadline {
                self.signal(Signal::KILL);
                let _ = self.process.wait();
                return;
            }
            thread::sleep(POLL);
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.stop();
    }
}

/// In the child: asks to end with the parent, and becomes the program. Returns only if that fails.
pub fn become_program(parent: u32, command: &[OsString]) -> Result<(), String> {
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(Signal::TERM))
        .map_err(|error| error.to_string())?;
    // It may have ended before it could be asked.
    let now = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get());
    if now != i32::try_from(parent).ok() {
        return Err("the command that started this has ended".to_owned());
    }
    let (program, arguments) = command.split_first().ok_or("no program was given")?;
    let error = Command::new(program).args(arguments).exec();
    Err(format!("{}: {error}", Path::new(program).display()))
}
