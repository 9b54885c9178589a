//! What `up` prints when everything is ready.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use super::super::now;
use super::follow;
use super::source::Plan;
use tiergate_core::config::Config;
use tiergate_core::tier::Tier;

pub struct Ready<'t> {
    pub address: &'t str,
    pub metrics_port: u16,
    pub console_port: u16,
    pub folder: &'t Path,
    pub plan: &'t Plan,
    pub config: &'t Config,
    pub took: Duration,
    /// Why the upstream cannot be reached, if so.
    pub unreached: Option<String>,
}

/// Prints where it is, the tiers, and three requests to try.
pub fn print(ready: &Ready<'_>, out: &mut dyn Write) -> std::io::Result<()> {
    let Ready { address, metrics_port, console_port, folder, plan, config, took, unreached } = ready;
    writeln!(out, "Ready at {address} after {:.1} s", took.as_secs_f64())?;
    writeln!(out, "  upstream   {}", plan.what)?;
    if let Some(why) = unreached {
        writeln!(
            out,
            "  WARNING    {why}: requests fail until it does; start it, or see --upstream HOST:PORT"
        )?;
    }
    writeln!(out, "  document   {} (yours to change; then start again)", plan.document.display())?;
    writeln!(out, "  logs       {}/envoy.log, requests.jsonl", folder.display())?;
    writeln!(out, "  console    http://127.0.0.1:{console_port}/ in a browser: decisions, models, savings")?;
    writeln!(out, "  metrics    http://127.0.0.1:{metrics_port}/stats/prometheus\n")?;
    tiers(config, out)?;
    writeln!(out, "\nThree requests to try:\n")?;
    if let Some(hint) = plan.client_key.as_ref().and_then(|key| key.hint.as_ref()) {
        writeln!(out, "  {hint}\n")?;
    }
    let key = plan.client_key.as_ref();
    let key = key.map(|key| format!(" -H \"authorization: Bearer ${}\"", key.variable)).unwrap_or_default();
    for prompt in [
        "Hello!",
        "Write a Python function that reads a CSV file, removes duplicate rows and is tested with pytest.",
        "Prove step by step that the square root of 2 is irrational, and derive a contradiction.",
    ] {
        writeln!(
            out,
            "  curl -s {address}/v1/chat/completions -H 'content-type: application/json'{key} -d \
             '{{\"model\": \"smart/auto\", \"messages\": [{{\"role\": \"user\", \"content\": \"{prompt}\"}}]}}'"
        )?;
    }
    writeln!(out, "\nDecisions follow as they come; Ctrl-C ends everything.\n\n{}", follow::heading())?;
    out.flush()
}

/// The models of each tier of the first profile.
fn tiers(config: &Config, out: &mut dyn Write) -> std::io::Result<()> {
    let profiles = &config.table.profiles;
    let Some(profile) = profiles.get("auto").or_else(|| profiles.values().next()) else { return Ok(()) };
    for tier in Tier::ALL {
        let names: Vec<&str> =
            config.table.candidates(profile, tier, now()).iter().map(|model| model.name.as_str()).collect();
        writeln!(out, "  {:<9}  {}", tier.name(), names.join(", "))?;
    }
    Ok(())
}
