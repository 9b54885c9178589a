//! `tiergate signals`: what a feed does to a configuration, and feeds of one's own.

mod build;
mod collect;
mod history;
mod matching;

use std::fs;
use std::io::Write;
use std::path::Path;

use clap::Subcommand;
use serde_json::{Map, Value, json};

use tiergate_core::signal::{Feed, parse};

#[derive(Subcommand)]
pub enum Command {
    /// Show which signal of a feed is about which candidate, and what that changes
    Match(matching::Options),
    /// Make a feed from a history of counts
    Build(build::Options),
    /// Put exports of download and star counts into a history
    Collect(collect::Options),
}

pub fn run(command: &Command, out: &mut dyn Write) -> Result<(), String> {
    match command {
        Command::Match(options) => matching::run(options, out),
        Command::Build(options) => build::run(options, out),
        Command::Collect(options) => collect::run(options, out),
    }
}

/// Gives a document signals where it has none: default weights and no aliases.
pub fn wanted(document: &mut Map<String, Value>) {
    // Never fetched: the feed is given.
    document.entry("signals").or_insert_with(|| json!({"cluster": "feed", "path": "/"}));
}

/// Reads a feed, or says why it is refused.
pub fn feed(file: &Path) -> Result<Feed, String> {
    let document = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    parse(&document).map_err(|error| format!("{}: {error}", file.display()))
}
