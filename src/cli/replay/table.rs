//! The report as tables for people to read.

use std::io::{self, Write};

use super::report::{Report, Row};
use super::tally::Latency;
use super::what_if::{Change, Changes};

/// Rows of a table that are printed; JSON and the page have all.
const MOST_ROWS: usize = 40;

pub fn print(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let total = &report.total;
    writeln!(out, "{} requests, {} others, {} lines", total.requests, report.other_requests, report.lines)?;
    if let (Some(first), Some(last)) = (&report.first, &report.last) {
        writeln!(out, "from {first} to {last}")?;
    }
    writeln!(out, "{}", spend(total))?;
    writeln!(out, "{}\n", saved(total))?;
    let by = &report.by;
    rows("tier", &by.tier, out)?;
    rows("model", &by.model, out)?;
    rows("cause", &by.cause, out)?;
    rows(by.time_unit, &by.time, out)?;
    if let Some(changes) = &report.with_config {
        what_if(changes, out)?;
    }
    Ok(())
}

/// What was spent, and how that is known.
pub fn spend(row: &Row) -> String {
    let unknown = row.requests - row.priced_requests;
    let mut text = format!("spent {} USD", money(row.spend_usd));
    if unknown > 0 {
        text += &format!(", without {unknown} requests whose cost is not known");
    }
    if row.metered_requests < row.priced_requests {
        let estimated = row.priced_requests - row.metered_requests;
        text += &format!("; {estimated} requests as estimated before their answers");
    }
    text
}

/// What was saved, and of which requests that is known.
pub fn saved(row: &Row) -> String {
    match row.savings {
        Some(share) => format!(
            "saved {} USD ({:.1} %) of the baseline's {} USD, estimated, over {} requests",
            money(row.saved_usd),
            share * 100.0,
            money(row.baseline_usd),
            row.compared_requests
        ),
        None => "savings are not known: no request has the price of its model and of the baseline".to_owned(),
    }
}

const HEAD: [&str; 12] = [
    "requests",
    "share",
    "errors",
    "retried",
    "spent",
    "saved",
    "mean",
    "p50",
    "p95",
    "p99",
    "first p50",
    "first p95",
];

/// The head of the tables.
pub fn head<'h>() -> impl Iterator<Item = &'h str> {
    HEAD.into_iter()
}

/// A row's cells, without its name.
pub fn cells(row: &Row, all: u64) -> Vec<String> {
    let share = |part: u64, of: u64| format!("{:.1} %", part as f64 * 100.0 / of.max(1) as f64);
    let dash = || "-".to_owned();
    let time = |latency: Option<Latency>, of: fn(Latency) -> f64| {
        latency.map_or_else(dash, |latency| ms(of(latency)))
    };
    let (whole, first) = (row.duration_ms, row.first_byte_ms);
    vec![
        row.requests.to_string(),
        share(row.requests, all),
        row.errors.to_string(),
        row.retried.to_string(),
        if row.priced_requests > 0 { money(row.spend_usd) } else { dash() },
        row.savings.map_or_else(dash, |share| format!("{:.1} %", share * 100.0)),
        time(whole, |latency| latency.mean),
        time(whole, |latency| latency.p50),
        time(whole, |latency| latency.p95),
        time(whole, |latency| latency.p99),
        time(first, |latency| latency.p50),
        time(first, |latency| latency.p95),
    ]
}

fn rows(kind: &str, rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let all = rows.iter().map(|row| row.requests).sum();
    let mut lines = vec![std::iter::once(kind).chain(head()).map(str::to_owned).collect()];
    lines.extend(rows.iter().take(MOST_ROWS).map(|row| {
        let mut line = vec![printable(&row.name)];
        line.extend(cells(row, all));
        line
    }));
    grid(out, &lines)?;
    if let Some(more) = rows.len().checked_sub(MOST_ROWS).filter(|more| *more > 0) {
        writeln!(out, "and {more} more: --json or --html has them")?;
    }
    writeln!(out)
}

fn what_if(changes: &Changes, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "with {}: {}", changes.file, summary(changes))?;
    for (kind, list) in [("tier", &changes.tiers), ("model", &changes.models)] {
        if list.is_empty() {
            continue;
        }
        let mut lines =
            vec![[&format!("{kind} before"), "after", "requests", "USD more"].map(str::to_owned).to_vec()];
        lines.extend(list.iter().take(MOST_ROWS).map(|change| {
            let Change { from, to, requests, cost_change_usd } = change;
            vec![printable(from), printable(to), requests.to_string(), signed(*cost_change_usd)]
        }));
        writeln!(out)?;
        grid(out, &lines)?;
    }
    if !changes.not_told.is_empty() {
        writeln!(out, "\nnot compared")?;
        for (reason, count) in &changes.not_told {
            writeln!(out, "{count:>8}  {reason}")?;
        }
    }
    for note in &changes.assumptions {
        writeln!(out, "note: {note}")?;
    }
    Ok(())
}

/// A comparison in a line.
pub fn summary(changes: &Changes) -> String {
    format!(
        "of {} requests {} change their tier and {} their model; {} USD instead of {} USD ({} priced, estimated)",
        changes.compared,
        changes.tier_changes,
        changes.model_changes,
        money(changes.cost_after_usd),
        money(changes.cost_before_usd),
        changes.priced,
    )
}

/// USD, with as many digits as say something.
pub fn money(usd: f64) -> String {
    match usd.abs() {
        size if size >= 100.0 => format!("{usd:.2}"),
        size if size >= 0.01 || size == 0.0 => format!("{usd:.4}"),
        _ => format!("{usd:.7}"),
    }
}

fn signed(usd: f64) -> String {
    if usd > 0.0 { format!("+{}", money(usd)) } else { money(usd) }
}

/// Milliseconds, or seconds where these say more.
pub fn ms(ms: f64) -> String {
    match ms {
        ms if ms >= 10_000.0 => format!("{:.1} s", ms / 1000.0),
        ms if ms >= 100.0 => format!("{ms:.0} ms"),
        ms => format!("{ms:.1} ms"),
    }
}

/// A name as it may stand on a terminal: logs hold what others wrote.
pub fn printable(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// The first column to the left, the others to the right.
pub fn grid(out: &mut dyn Write, lines: &[Vec<String>]) -> io::Result<()> {
    let length = |text: &String| text.chars().count();
    let columns = lines.first().map_or(0, Vec::len);
    let width =
        |column: usize| lines.iter().filter_map(|line| line.get(column)).map(length).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for line in lines {
        let cells = line.iter().zip(&widths).enumerate().map(|(column, (cell, width))| match column {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}
