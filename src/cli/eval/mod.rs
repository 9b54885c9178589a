//! `tiergate eval`: how good the scorers' judgement is. What each number means is in docs/evaluation.md.

mod completion;
mod frontier;
mod measure;
mod panel;
mod report;
mod rows;
mod sample;
mod stats;
mod systems;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use self::completion::Known;
use self::panel::{Names, Panel, Sets};
use self::report::Whole;
use super::progress::Progress;
use super::score::Judge;
use super::{ConfigChoice, Judging, Scorer, written};

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    choice: ConfigChoice,
    /// Weights that research/train.py wrote, for the calibrated scorer; the shipped ones without it
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// Two models to route between, in every file that has both; without it the weakest and the strongest of a file
    #[arg(long, value_name = "WEAK,STRONG", value_parser = pair)]
    pairs: Vec<Names>,
    /// Pairs of single files, and models to leave out of the panel, JSON
    #[arg(long, value_name = "FILE")]
    sets: Option<PathBuf>,
    /// Rounds of the bootstrap; 0 for no intervals
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(..=2000))]
    rounds: u16,
    /// Seed of the bootstrap and of the random control
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Measure strategy `completion` instead: cost and completion at every threshold, and how well its likelihoods hold
    #[arg(long)]
    sweep_thresholds: bool,
    /// With --sweep-thresholds: also draw the frontier, as SVG
    #[arg(long, value_name = "FILE", requires = "sweep_thresholds")]
    plot: Option<PathBuf>,
    /// Fit `completion` to all models but this one and predict it; `all` does so for each. May be given several times
    #[arg(long, value_name = "MODEL")]
    holdout_model: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// JSONL files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

fn pair(text: &str) -> Result<Names, String> {
    let named = text.split_once(',').filter(|(weak, strong)| !weak.is_empty() && !strong.is_empty());
    let (weak, strong) = named.ok_or("write it as small-model,large-model")?;
    Ok((weak.to_owned(), strong.to_owned()))
}

pub fn run(options: &Options, out: &mut dyn Write) -> Result<(), String> {
    if options.sweep_thresholds || !options.holdout_model.is_empty() {
        return completed(options, out);
    }
    let load = |scorer| Judging::of(options.choice.clone(), scorer, options.weights.clone()).load();
    let (rules, calibrated) = (load(Scorer::Rules)?, load(Scorer::Calibrated)?);
    let judge = |config| -> Result<Judge<'_>, String> {
        Ok(Judge::new(config, options.choice.virtual_model(config)?.to_owned()))
    };
    let mut judges = [judge(&rules)?, judge(&calibrated)?];
    let sets = options.sets.as_deref().map_or_else(|| Ok(Sets::new()), panel::sets)?;
    let rounds = usize::from(options.rounds);
    let (mut files, mut not_measured, mut complaints) = (Vec::new(), Vec::new(), Vec::new());
    let mut unused: Vec<&Names> = options.pairs.iter().collect();
    let progress = Progress::over(&options.files);
    for file in &options.files {
        let mut set = match rows::read(file, &mut judges, &progress) {
            Ok(set) => set,
            Err(message) => {
                not_measured.push(file.display().to_string());
                complaints.push(message);
                continue;
            }
        };
        complaints.append(&mut set.mistakes);
        if set.rows.is_empty() {
            complaints.push(format!("{}: nothing to measure", set.file));
            not_measured.push(set.file);
            continue;
        }
        let mut panel = Panel::new(&set, sets.get(&set.name), &options.pairs);
        complaints.append(&mut panel.complaints);
        unused.retain(|names| !panel.has(&set, names));
        files.push(measure::measure(&set, &panel, rounds, options.seed));
    }
    drop(progress);
    for (weak, strong) in unused {
        complaints.push(format!("--pairs {weak},{strong}: no file was measured with it"));
    }
    if files.is_empty() {
        return Err(complaints.join("\n"));
    }
    let mean = report::means(&files);
    let whole = Whole { rounds, seed: options.seed, files, not_measured, mean };
    if options.json {
        let text = serde_json::to_string_pretty(&whole).map_err(|error| error.to_string())?;
        writeln!(out, "{text}").map_err(written)?;
    } else {
        table::print(&whole, out).map_err(written)?;
    }
    // At the end, where they are seen.
    out.flush().map_err(written)?;
    for complaint in complaints {
        writeln!(io::stderr(), "{complaint}").map_err(written)?;
    }
    Ok(())
}

/// What strategy `completion` makes of the files.
fn completed(options: &Options, out: &mut dyn Write) -> Result<(), String> {
    let load = |scorer| Judging::of(options.choice.clone(), scorer, options.weights.clone()).load();
    let (rules, calibrated) = (load(Scorer::Rules)?, load(Scorer::Calibrated)?);
    let judge = |config| -> Result<Judge<'_>, String> {
        Ok(Judge::new(config, options.choice.virtual_model(config)?.to_owned()))
    };
    let mut judges = [judge(&rules)?, judge(&calibrated)?];
    let (mut sweeps, mut held, mut complaints) = (Vec::new(), Vec::new(), Vec::new());
    let all = options.holdout_model.iter().any(|name| name == "all");
    let names =
        if all { BTreeSet::new() } else { options.holdout_model.iter().map(String::as_str).collect() };
    let progress = Progress::over(&options.files);
    for file in &options.files {
        let mut set = rows::read(file, &mut judges, &progress)?;
        complaints.append(&mut set.mistakes);
        let known = Known::of(&calibrated, &set);
        if !known.is_enough() {
            complaints.push(format!("{}: fewer than two models with benchmarks", set.file));
            complaints.extend(known.left_out.iter().map(|reason| format!("  {reason}")));
            continue;
        }
        if options.sweep_thresholds {
            sweeps.push(completion::sweep(&known, &set));
        }
        if !options.holdout_model.is_empty() {
            held.push(completion::holdout(&known, &set, &names));
        }
    }
    drop(progress);
    for name in names {
        if !held.iter().flatten().any(|one: &completion::Holdout| one.model == *name) {
            complaints.push(format!("--holdout-model {name}: no file has results of it, and benchmarks"));
        }
    }
    if sweeps.is_empty() && held.iter().all(Vec::is_empty) {
        return Err(complaints.join("\n"));
    }
    if let Some(file) = &options.plot {
        fs::write(file, frontier::plot(&sweeps)).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    if options.json {
        let held: Vec<_> = held.into_iter().flatten().collect();
        let told = serde_json::json!({"sweeps": sweeps, "holdout": held});
        let text = serde_json::to_string_pretty(&told).map_err(|error| error.to_string())?;
        writeln!(out, "{text}").map_err(written)?;
    } else {
        sweeps.iter().try_for_each(|sweep| frontier::print_sweep(sweep, out)).map_err(written)?;
        held.iter().try_for_each(|one| frontier::print_holdout(one, out)).map_err(written)?;
    }
    out.flush().map_err(written)?;
    complaints.iter().try_for_each(|complaint| writeln!(io::stderr(), "{complaint}")).map_err(written)
}
