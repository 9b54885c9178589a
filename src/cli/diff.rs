//! `tiergate diff`: which prompts two configurations judge or route differently.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use tiergate_core::config::Config;
use tiergate_core::engine::Decision;
use tiergate_core::tier::Tier;

use super::progress::Progress;
use super::replay::table::{grid, money, printable};
use super::score::Judge;
use super::{ConfigChoice, written};

/// Prompts where none are given: one of each kind, made up.
const EXAMPLES: &str = include_str!("examples.tsv");

/// So much of a prompt is shown.
const SHOWN: usize = 60;

/// Bad lines that are reported one by one.
const MOST_TOLD: usize = 10;

#[derive(Args)]
pub struct Options {
    /// A configuration, JSON or YAML
    a: PathBuf,
    /// Another one
    b: PathBuf,
    /// Prompts: JSONL as `score` reads it, or text with a prompt a line; `-` is standard input. Without any, 24 examples
    prompts: Vec<PathBuf>,
    /// The profile to ask for
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// How many changed prompts to print; JSON has all
    #[arg(long, default_value_t = 20, value_name = "COUNT")]
    top: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What is different.
#[derive(Default, Serialize)]
struct Report {
    a: String,
    b: String,
    prompts: u64,
    bad_lines: u64,
    tier_changes: u64,
    model_changes: u64,
    /// Estimated, of the prompts of which both are known: `priced`.
    priced: u64,
    cost_a_usd: f64,
    cost_b_usd: f64,
    /// Prompts that go from one tier to another.
    tiers: Vec<Move>,
    /// The most changed first.
    changed: Vec<Changed>,
}

#[derive(Serialize)]
struct Move {
    from: &'static str,
    to: &'static str,
    prompts: u64,
}

#[derive(Serialize)]
struct Changed {
    id: Value,
    prompt: String,
    a: Side,
    b: Side,
    cost_change_usd: Option<f64>,
}

/// What one configuration makes of a prompt.
#[derive(PartialEq, Serialize)]
struct Side {
    tier: Option<Tier>,
    model: Option<String>,
    cause: &'static str,
    score: Option<f64>,
    confidence: Option<f64>,
    cost_usd: Option<f64>,
}

impl Side {
    fn of(decision: &Decision<'_>) -> Self {
        // A decision that is not carried out is what would be.
        let choice = decision.withheld.as_ref().unwrap_or(&decision.choice);
        Self {
            tier: choice.tier,
            model: choice.model.map(|model| match &model.variant {
                Some(variant) => format!("{} ({variant})", model.name),
                None => model.name.clone(),
            }),
            cause: choice.cause.name(),
            score: decision.score.map(|score| score.value),
            confidence: decision.score.map(|score| score.confidence),
            cost_usd: choice.cost,
        }
    }

    fn tier_name(&self) -> &'static str {
        self.tier.map_or("-", Tier::name)
    }
}

/// What is shown of a line.
#[derive(Default, Deserialize)]
struct Shown {
    #[serde(default)]
    id: Value,
    prompt: Option<String>,
    messages: Option<Vec<Value>>,
}

pub fn run(options: &Options, out: &mut dyn Write) -> Result<(), String> {
    let choice =
        |file: &PathBuf| ConfigChoice { config: Some(file.clone()), profile: options.profile.clone() };
    let load = |file| -> Result<(Config, String), String> {
        let config = choice(file).load()?;
        let model = choice(file).virtual_model(&config)?.to_owned();
        Ok((config, model))
    };
    let ((a, model_a), (b, model_b)) = (load(&options.a)?, load(&options.b)?);
    let judges = [Judge::new(&a, model_a), Judge::new(&b, model_b)];
    let name = |file: &Path| file.display().to_string();
    let report = Report { a: name(&options.a), b: name(&options.b), ..Report::default() };
    let mut compare = Compare { judges, report, moves: BTreeMap::new(), mistakes: Vec::new() };
    if options.prompts.is_empty() {
        for row in EXAMPLES.lines() {
            let (id, prompt) = row.split_once('\t').unwrap_or((row, row));
            compare.line("examples", 0, json!({"id": id, "prompt": prompt}).to_string().as_bytes());
        }
    }
    let progress = Progress::over(&options.prompts);
    for file in &options.prompts {
        let at_file = |error: io::Error| format!("{}: {error}", file.display());
        if file == Path::new("-") {
            compare.all("standard input", progress.read(io::stdin().lock())).map_err(at_file)?;
        } else {
            compare.all(&name(file), progress.open(file).map_err(at_file)?).map_err(at_file)?;
        }
    }
    drop(progress);
    let (report, mistakes) = compare.done();
    if options.json {
        let text = serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?;
        writeln!(out, "{text}").map_err(written)?;
    } else {
        print(&report, options.top, out).map_err(written)?;
    }
    out.flush().map_err(written)?;
    for mistake in mistakes {
        writeln!(io::stderr(), "{mistake}").map_err(written)?;
    }
    if report.prompts == 0 {
        return Err("no prompt could be judged".to_owned());
    }
    Ok(())
}

struct Compare<'c> {
    judges: [Judge<'c>; 2],
    report: Report,
    moves: BTreeMap<(Option<Tier>, Option<Tier>), u64>,
    mistakes: Vec<String>,
}

impl Compare<'_> {
    fn all(&mut self, name: &str, from: impl Read) -> io::Result<()> {
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            if from.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            let text = line.trim_ascii();
            match text.first() {
                None => {}
                Some(b'{') => self.line(name, number, text),
                // A prompt a line.
                Some(_) => {
                    let prompt = String::from_utf8_lossy(text);
                    let line = json!({"id": number, "prompt": prompt}).to_string();
                    self.line(name, number, line.as_bytes());
                }
            }
        }
        Ok(())
    }

    fn line(&mut self, file: &str, number: u64, line: &[u8]) {
        if let Err(error) = self.one(number, line) {
            self.report.bad_lines += 1;
            if self.mistakes.len() < MOST_TOLD {
                self.mistakes.push(format!("{file}:{number}: {error}"));
            }
        }
    }

    fn one(&mut self, number: u64, line: &[u8]) -> Result<(), String> {
        let shown: Shown = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        // `score` answers by id; here a line's number does.
        let with_id;
        let line = if shown.id.is_null() {
            let mut fields: serde_json::Map<String, Value> =
                serde_json::from_slice(line).map_err(|error| error.to_string())?;
            fields.insert("id".to_owned(), Value::from(number));
            with_id = Value::Object(fields).to_string().into_bytes();
            &with_id
        } else {
            line
        };
        let [a, b] = &mut self.judges;
        let (a, b) = (Side::of(&a.json(line)?), Side::of(&b.json(line)?));
        let report = &mut self.report;
        report.prompts += 1;
        report.tier_changes += u64::from(a.tier != b.tier);
        report.model_changes += u64::from(a.model != b.model);
        let costs = a.cost_usd.zip(b.cost_usd);
        if let Some((before, after)) = costs {
            report.priced += 1;
            report.cost_a_usd += before;
            report.cost_b_usd += after;
        }
        if a.tier != b.tier {
            *self.moves.entry((a.tier, b.tier)).or_default() += 1;
        }
        if a.tier != b.tier || a.model != b.model {
            let id = if shown.id.is_null() { Value::from(number) } else { shown.id.clone() };
            let prompt = excerpt(&shown);
            let cost_change_usd = costs.map(|(before, after)| round(after - before));
            report.changed.push(Changed { id, prompt, a, b, cost_change_usd });
        }
        Ok(())
    }

    fn done(mut self) -> (Report, Vec<String>) {
        let steps = |changed: &Changed| match (changed.a.tier, changed.b.tier) {
            (Some(a), Some(b)) => (a as i32 - b as i32).abs(),
            (None, None) => 0,
            // Judged, or not.
            _ => 4,
        };
        let grows = |changed: &Changed| changed.cost_change_usd.unwrap_or_default().abs();
        let report = &mut self.report;
        report.changed.sort_by(|x, y| steps(y).cmp(&steps(x)).then(grows(y).total_cmp(&grows(x))));
        let name = |tier: Option<Tier>| tier.map_or("-", Tier::name);
        report.tiers = self
            .moves
            .into_iter()
            .map(|((from, to), prompts)| Move { from: name(from), to: name(to), prompts })
            .collect();
        report.tiers.sort_by_key(|one| Reverse(one.prompts));
        report.cost_a_usd = round(report.cost_a_usd);
        report.cost_b_usd = round(report.cost_b_usd);
        if let Some(more) = report.bad_lines.checked_sub(MOST_TOLD as u64).filter(|more| *more > 0) {
            self.mistakes.push(format!("and {more} more bad lines"));
        }
        (self.report, self.mistakes)
    }
}

fn round(usd: f64) -> f64 {
    (usd * 1e9).round() / 1e9
}

/// The beginning of what is asked.
fn excerpt(shown: &Shown) -> String {
    let last = || {
        let users = |message: &&Value| message.get("role").is_some_and(|role| role == "user");
        let content = shown.messages.as_ref()?.iter().rev().find(users)?.get("content")?;
        Some(content.as_str().map_or_else(|| content.to_string(), str::to_owned))
    };
    let text = shown.prompt.clone().or_else(last).unwrap_or_default();
    let mut letters = text.chars();
    let mut begin: String = letters.by_ref().take(SHOWN).collect();
    if letters.next().is_some() {
        begin.push('…');
    }
    begin
}

fn print(report: &Report, top: usize, out: &mut dyn Write) -> io::Result<()> {
    let Report { prompts, tier_changes, model_changes, .. } = report;
    writeln!(out, "{prompts} prompts: {tier_changes} change their tier, {model_changes} their model")?;
    let change = report.cost_b_usd - report.cost_a_usd;
    write!(out, "cost {} USD, then {} USD", money(report.cost_a_usd), money(report.cost_b_usd))?;
    if report.cost_a_usd > 0.0 {
        write!(out, " ({:+.1} %)", change * 100.0 / report.cost_a_usd)?;
    }
    writeln!(out, ", estimated, of {} prompts", report.priced)?;
    for one in &report.tiers {
        writeln!(out, "{:>8}  {} to {}", one.prompts, one.from, one.to)?;
    }
    if report.changed.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    let mut lines =
        vec![["prompt", "tier", "then", "model", "then", "USD", "then"].map(str::to_owned).to_vec()];
    lines.extend(report.changed.iter().take(top).map(|one| {
        let cost = |side: &Side| side.cost_usd.map_or_else(|| "-".to_owned(), money);
        let model = |side: &Side| side.model.as_deref().map_or_else(|| "as asked".to_owned(), printable);
        let id = one.id.as_str().map_or_else(|| one.id.to_string(), str::to_owned);
        vec![
            printable(&format!("{id}: {}", one.prompt)),
            one.a.tier_name().to_owned(),
            one.b.tier_name().to_owned(),
            model(&one.a),
            model(&one.b),
            cost(&one.a),
            cost(&one.b),
        ]
    }));
    grid(out, &lines)?;
    match report.changed.len().checked_sub(top) {
        Some(more) if more > 0 => writeln!(out, "and {more} more: --top or --json"),
        _ => Ok(()),
    }
}
