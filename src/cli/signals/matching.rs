//! `tiergate signals match`: who was matched to whom, and why.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use super::super::{ConfigChoice, now, written};
use tiergate_core::config::Config;
use tiergate_core::engine::{matched, ranking};
use tiergate_core::route::{Model, Strategy};
use tiergate_core::signal::{By, Feed, Index};
use tiergate_core::tier::Tier;
use tiergate_core::time::Timestamp;

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    choice: ConfigChoice,
    /// A feed, JSON
    #[arg(long, value_name = "FILE")]
    feed: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report<'r> {
    feed_version: &'r str,
    matches: Vec<Matched<'r>>,
    /// Tiers whose order changes.
    orders: Vec<Order<'r>>,
    candidates_without_signal: Vec<&'r str>,
    signals_without_candidate: Vec<&'r str>,
}

#[derive(Serialize)]
struct Matched<'r> {
    candidate: &'r str,
    signal: &'r str,
    /// The candidate's name that was matched.
    by: &'r str,
    name: &'r str,
    rule: &'static str,
    because: &'static str,
    momentum: f64,
}

#[derive(Serialize)]
struct Order<'r> {
    profile: &'r str,
    tier: &'static str,
    configured: Vec<&'r str>,
    order: Vec<&'r str>,
}

pub fn run(options: &Options, out: &mut dyn Write) -> Result<(), String> {
    let config = options.choice.load_with(super::wanted)?;
    let profile = options.choice.profile_name(&config)?;
    let feed = super::feed(&options.feed)?;
    let report = report(&config, profile, &feed, now());
    if options.json {
        let text = serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?;
        return writeln!(out, "{text}").map_err(written);
    }
    print(&report, out).map_err(written)
}

fn report<'r>(config: &'r Config, profile: Option<&str>, feed: &'r Feed, now: Timestamp) -> Report<'r> {
    let ranking = ranking(config, feed);
    let mut candidates: BTreeMap<&str, &Arc<Model>> = BTreeMap::new();
    let mut orders = Vec::new();
    for one in config.table.profiles.values().filter(|p| profile.is_none_or(|name| name == p.name)) {
        for tier in Tier::ALL {
            let list = config.table.candidates(one, tier, now);
            candidates.extend(list.iter().map(|model| (model.name.as_str(), model)));
            let configured: Vec<&str> = list.iter().map(|m| m.name.as_str()).collect();
            let order: Vec<&str> = ranking.order(list).iter().map(|m| m.name.as_str()).collect();
            if one.strategy == Strategy::Momentum && order != configured {
                orders.push(Order { profile: &one.name, tier: tier.name(), configured, order });
            }
        }
    }
    let index = Index::new(feed);
    let mut used = vec![false; feed.signals.len()];
    let (mut matches, mut without) = (Vec::new(), Vec::new());
    for model in candidates.into_values() {
        let found = config.signals.as_ref().and_then(|settings| {
            let found = matched(settings, model, &index)?;
            Some((settings, found, feed.signals.get(found.signal)?))
        });
        let Some((settings, found, signal)) = found else {
            without.push(model.name.as_str());
            continue;
        };
        if let Some(used) = used.get_mut(found.signal) {
            *used = true;
        }
        let (by, name) = match found.by {
            By::Alias(place) => {
                let alias = settings.aliases.get(&model.name).and_then(|list| list.get(place));
                ("alias", alias.map_or("", String::as_str))
            }
            By::Name => ("name", model.name.as_str()),
            By::UpstreamModel => ("upstream_model", model.upstream_model.as_str()),
        };
        matches.push(Matched {
            candidate: &model.name,
            signal: &signal.model,
            by,
            name,
            rule: found.how.name(),
            because: found.how.explain(),
            momentum: ranking.of(model),
        });
    }
    let unused = feed.signals.iter().zip(used).filter(|(_, used)| !used);
    Report {
        feed_version: &feed.version,
        matches,
        orders,
        candidates_without_signal: without,
        signals_without_candidate: unused.map(|(signal, _)| signal.model.as_str()).collect(),
    }
}

fn print(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let width = |of: fn(&Matched<'_>) -> usize| report.matches.iter().map(of).max().unwrap_or(0).max(9);
    let candidates = width(|m| m.candidate.chars().count());
    let signals = width(|m| m.signal.chars().count());
    writeln!(out, "{:<candidates$}  {:<signals$}  momentum  rule", "candidate", "signal")?;
    for matched in &report.matches {
        let Matched { candidate, signal, by, name, because, momentum, .. } = matched;
        write!(out, "{candidate:<candidates$}  {signal:<signals$}  {momentum:>8.3}  {because}")?;
        match *by {
            "name" => writeln!(out)?,
            by => writeln!(out, " ({by} {name})")?,
        }
    }
    writeln!(out, "\norder")?;
    if report.orders.is_empty() {
        writeln!(out, "  as configured everywhere")?;
    }
    for order in &report.orders {
        writeln!(out, "  {} {}: {}", order.profile, order.tier, order.order.join(", "))?;
        writeln!(out, "    configured: {}", order.configured.join(", "))?;
    }
    for (what, names) in [
        ("candidates without a signal", &report.candidates_without_signal),
        ("signals without a candidate", &report.signals_without_candidate),
    ] {
        writeln!(out, "\n{what}")?;
        for name in names {
            writeln!(out, "  {name}")?;
        }
        if names.is_empty() {
            writeln!(out, "  none")?;
        }
    }
    Ok(())
}
