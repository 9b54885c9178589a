//! `tiergate eval`: how good the scorers' judgement is. What each number means is in docs/evaluation.md.

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

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use self::panel::{Names, Panel, Sets};
use self::report::Whole;
use super::score::Judge;
use super::{ConfigChoice, Judging, Scorer, written};

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    choice: ConfigChoice,
    /// Weights that scripts/train.py wrote, for the calibrated scorer; the shipped ones without it
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// Two models to route between, in every file that has both; without it the weakest and the strongest of a file
    #[arg(long, value_name = "WEAK,STRONG", value_parser = pair)]
    pairs: Vec<Names>,
    /// Pairs of single files and models that tell nothing of difficulty, JSON
    #[arg(long, value_name = "FILE")]
    sets: Option<PathBuf>,
    /// Rounds of the bootstrap; 0 for no intervals
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(..=2000))]
    rounds: u16,
    /// Seed of the bootstrap and of the random control
    #[arg(long, default_value_t = 1)]
    seed: u64,
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
    for file in &options.files {
        let mut set = match rows::read(file, &mut judges) {
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
