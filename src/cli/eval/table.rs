//! Tables for people to read.

use std::io::{self, Write};

use super::report::{Averaged, By, Languages, Means, Report, Whole};
use super::sample::Estimate;
use super::systems::{NAMES, SCORERS};

/// Stands where there is no figure.
const NOTHING: &str = "-";

pub fn print(whole: &Whole, out: &mut dyn Write) -> io::Result<()> {
    for report in &whole.files {
        file(report, out)?;
    }
    if whole.files.len() > 1 {
        mean(&whole.mean, out)?;
    }
    match whole.rounds {
        0 => Ok(()),
        rounds => {
            writeln!(out, "in brackets: 95 % bootstrap intervals, {rounds} rounds, seed {}", whole.seed)
        }
    }
}

fn file(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{}: {}", report.file, plural(report.rows, "row"))?;
    if report.units < report.rows {
        write!(out, ", drawn in {} groups", report.units)?;
    }
    if report.without_text > 0 {
        write!(out, ", {} without text to judge", report.without_text)?;
    }
    if report.bad_lines > 0 {
        write!(out, ", {} left out", plural(report.bad_lines, "bad line"))?;
    }
    writeln!(out)?;
    if let Some(difficulty) = &report.difficulty {
        let (rows, models) = (plural(difficulty.rows, "row"), plural(difficulty.panel.len(), "model"));
        writeln!(out, "\n  difficulty: {rows}, a panel of {models}")?;
        by(out, &["rho"], &difficulty.rho, NAMES.len(), |rho| vec![signed(rho)])?;
    }
    for pair in &report.routing {
        writeln!(
            out,
            "\n  routing: {}, {} ({}) or {} ({}){}",
            plural(pair.rows, "row"),
            pair.weak,
            number(pair.weak_quality.value),
            pair.strong,
            number(pair.strong_quality.value),
            if pair.named { "" } else { ", the weakest and the strongest of the panel" }
        )?;
        by(
            out,
            &["APGR", "quality", "strong calls", "as many by chance"],
            &pair.scorers,
            NAMES.len(),
            |routed| {
                let shares = [&routed.apgr, &routed.quality, &routed.strong_calls].map(share);
                shares.into_iter().chain([number(routed.by_chance)]).collect()
            },
        )?;
    }
    if let Some(labels) = &report.tiers {
        writeln!(out, "\n  tiers: {}", plural(labels.rows, "labelled row"))?;
        let headers = ["exact", "within one", "too low", "too high", "rho", "calibration error"];
        by(out, &headers, &labels.scorers, NAMES.len(), |l| {
            let shares = [&l.exact, &l.within_one, &l.too_low, &l.too_high].map(share);
            shares.into_iter().chain([signed(&l.rho), share(&l.calibration_error)]).collect()
        })?;
    }
    if let Some(languages) = &report.languages {
        languages_of(languages, out)?;
    }
    writeln!(out, "\n  share of {}", plural(report.rows, "row"))?;
    let headers = ["SIMPLE", "MEDIUM", "COMPLEX", "REASONING", "abstained"];
    by(out, &headers, &report.shares, SCORERS, |s| {
        [&s.simple, &s.medium, &s.complex, &s.reasoning, &s.abstained].map(share).to_vec()
    })?;
    writeln!(out)
}

fn languages_of(languages: &Languages, out: &mut dyn Write) -> io::Result<()> {
    let count = languages.scorers.get(0).map_or(0, |spoken| spoken.by_language.len());
    let (rows, count) = (plural(languages.rows, "row"), plural(count, "language"));
    writeln!(out, "\n  language: {rows} beside the English one, in {count}; mean of languages")?;
    by(out, &["same tier", "rho"], &languages.scorers, NAMES.len(), |spoken| {
        vec![share(&spoken.same_tier), signed(&spoken.rho)]
    })?;
    let mut lines = vec![head("", &["rows"])];
    let scorers: Vec<_> = languages.scorers.iter().take(SCORERS).collect();
    if let Some(line) = lines.first_mut() {
        let columns = |what: &'static str| scorers.iter().map(move |(name, _)| format!("{name}: {what}"));
        line.extend(columns("same tier").chain(columns("rho")));
    }
    for (lang, one) in scorers.first().iter().flat_map(|(_, spoken)| &spoken.by_language) {
        let each = || scorers.iter().filter_map(|(_, spoken)| spoken.by_language.get(lang));
        let mut line = vec![lang.clone(), one.rows.to_string()];
        line.extend(each().map(|one| share(&one.same_tier)).chain(each().map(|one| signed(&one.rho))));
        lines.push(line);
    }
    writeln!(out)?;
    grid(out, &lines)
}

fn mean(means: &By<Means>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "mean over files\n")?;
    let mut lines = vec![head("", &NAMES)];
    let mut line = |what: &str, of: fn(&Means) -> &Averaged, spell: fn(&Estimate) -> String| {
        let files = means.iter().map(|(_, one)| of(one).files).max().unwrap_or(0);
        if files > 0 {
            let mut line = vec![format!("{what}, {}", plural(files, "file"))];
            line.extend(means.iter().map(|(_, one)| spell(&of(one).mean)));
            lines.push(line);
        }
    };
    line("difficulty: rho", |m| &m.rho, signed);
    line("routing: APGR", |m| &m.apgr, share);
    line("tiers: exact", |m| &m.exact, share);
    line("tiers: within one", |m| &m.within_one, share);
    line("tiers: too low", |m| &m.too_low, share);
    line("language: same tier", |m| &m.same_tier, share);
    line("language: rho", |m| &m.language_rho, signed);
    line("abstained", |m| &m.abstained, share);
    grid(out, &lines)?;
    writeln!(out)
}

/// A table with a line for each system that has figures.
fn by<T>(
    out: &mut dyn Write,
    headers: &[&str],
    of: &By<T>,
    systems: usize,
    cells: impl Fn(&T) -> Vec<String>,
) -> io::Result<()> {
    let mut lines = vec![head("", headers)];
    for (name, one) in of.iter().take(systems) {
        let cells = cells(one);
        if cells.iter().any(|cell| cell != NOTHING) {
            lines.push([name.to_owned()].into_iter().chain(cells).collect());
        }
    }
    grid(out, &lines)
}

fn head(first: &str, others: &[&str]) -> Vec<String> {
    [first].iter().chain(others).map(|&text| text.to_owned()).collect()
}

fn grid(out: &mut dyn Write, lines: &[Vec<String>]) -> io::Result<()> {
    let length = |text: &String| text.chars().count();
    let width =
        |column: usize| lines.iter().filter_map(|line| line.get(column)).map(length).max().unwrap_or(0);
    for line in lines {
        let cells = line.iter().enumerate().map(|(column, cell)| format!("{cell:<0$}", width(column)));
        writeln!(out, "    {}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}

fn share(one: &Estimate) -> String {
    spell(one, |value| format!("{value:.3}"), |bound| format!("{bound:.2}"))
}

/// For what may be below 0.
fn signed(one: &Estimate) -> String {
    spell(one, |value| format!("{value:+.3}"), |bound| format!("{bound:+.2}"))
}

fn spell(one: &Estimate, value: fn(f64) -> String, bound: fn(f64) -> String) -> String {
    let Some(told) = one.value.map(value) else { return NOTHING.to_owned() };
    one.interval().map_or(told.clone(), |(low, high)| format!("{told} [{}, {}]", bound(low), bound(high)))
}

fn plural(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| NOTHING.to_owned(), |value| format!("{value:.3}"))
}
