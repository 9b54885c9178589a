//! `tiergate signals`: what a feed does to a configuration, and feeds of one's own.

mod build;
mod history;
mod matching;

use std::fs;
use std::io::Write;
use std::path::Path;

use clap::Subcommand;
use serde_json::{Value, json};

use super::Choice;
use crate::config::{self, Config};
use crate::signal::{Feed, parse};

#[derive(Subcommand)]
pub enum Command {
    /// Show which signal of a feed is about which candidate, and what that changes
    Match(matching::Options),
    /// Make a feed from a history of counts
    Build(build::Options),
}

pub fn run(command: &Command, out: &mut dyn Write) -> Result<(), String> {
    match command {
        Command::Match(options) => matching::run(options, out),
        Command::Build(options) => build::run(options, out),
    }
}

/// A configuration that has signals: default weights and no aliases where its document says nothing of them.
pub fn load(choice: &Choice) -> Result<Config, String> {
    let config = choice.load()?;
    if config.signals.is_some() {
        return Ok(config);
    }
    let mut document = match &choice.config {
        Some(file) => {
            let document = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
            serde_json::from_slice(&document).unwrap_or_default()
        }
        None => Value::default(),
    };
    if !document.is_object() {
        document = json!({});
    }
    if let Some(document) = document.as_object_mut() {
        // Never fetched: the feed is given.
        document.insert("signals".to_owned(), json!({"cluster": "feed", "path": "/"}));
    }
    config::parse(document.to_string().as_bytes()).map_err(|errors| errors.to_string())
}

/// Reads a feed, or tells why it is refused.
pub fn feed(file: &Path) -> Result<Feed, String> {
    let document = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    parse(&document).map_err(|error| format!("{}: {error}", file.display()))
}
