//! The sweep of thresholds and the models left out, as tables and as a plot.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::super::replay::chart::escaped;
use super::super::replay::table::{grid, money};
use super::completion::{Holdout, Point, Sweep};

/// Every so many thresholds one is printed.
const EVERY: usize = 5;

pub fn print_sweep(sweep: &Sweep, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}: {} rows that all models have answered", sweep.file, sweep.rows)?;
    for reason in &sweep.left_out {
        writeln!(out, "left out: {reason}")?;
    }
    let row = |point: &Point| {
        let mut models = point.models.clone();
        models.sort_by(|a, b| b.1.total_cmp(&a.1));
        let shares: Vec<String> =
            models.iter().take(3).map(|(name, share)| format!("{name} {:.0} %", share * 100.0)).collect();
        vec![
            point.name.clone(),
            format!("{:.3}", point.completed),
            money(point.usd_per_1000),
            shares.join(", "),
        ]
    };
    let head = |first: &str| [first, "completed", "USD / 1000", "models"].map(str::to_owned).to_vec();
    let mut lines = vec![head("threshold")];
    lines.extend(sweep.frontier.iter().step_by(EVERY).map(row));
    writeln!(out)?;
    grid(out, &lines)?;
    lines = vec![head("one model")];
    lines.extend(sweep.alone.iter().map(row));
    writeln!(out)?;
    grid(out, &lines)?;
    let told = &sweep.calibration;
    writeln!(
        out,
        "\ncalibration over {} results: error {:.3}, log loss {:.3}, of the mean alone {:.3}",
        told.results, told.error, told.log_loss, told.base_rate_log_loss
    )?;
    let mut lines = vec![["likelihood", "results", "predicted", "completed"].map(str::to_owned).to_vec()];
    lines.extend(told.bins.iter().map(|bin| {
        vec![
            format!("from {:.1}", bin.from),
            bin.results.to_string(),
            format!("{:.3}", bin.predicted),
            format!("{:.3}", bin.completed),
        ]
    }));
    grid(out, &lines)?;
    writeln!(out)
}

pub fn print_holdout(all: &[Holdout], out: &mut dyn Write) -> io::Result<()> {
    let Some(first) = all.first() else { return Ok(()) };
    writeln!(out, "{}: each model predicted from the results of the others\n", first.file)?;
    let head =
        ["model", "capability", "results", "completed", "predicted", "log loss", "configured", "mean alone"];
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    lines.extend(all.iter().map(|one| {
        let mut line = vec![one.model.clone(), format!("{:.1}", one.capability), one.results.to_string()];
        let rest =
            [one.completed, one.predicted, one.log_loss, one.configured_log_loss, one.base_rate_log_loss];
        line.extend(rest.map(|number| format!("{number:.3}")));
        line
    }));
    grid(out, &lines)?;
    writeln!(out)
}

const STYLE: &str = "text{font:12px system-ui,sans-serif;fill:#555}.axis{stroke:#999}.line{fill:none;stroke:#1f66b0;stroke-width:2}\
    .on{fill:#1f66b0}.one{fill:#b35900}@media(prefers-color-scheme:dark){text{fill:#aaa}.line{stroke:#6cade8}.on{fill:#6cade8}\
    .one{fill:#f0a35c}}";

/// The frontier of each file, below each other: cost to the right, completion upwards.
pub fn plot(sweeps: &[Sweep]) -> String {
    let (wide, high) = (760.0, 320.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide} {}\" role=\"img\"><title>Completion and cost over the \
         threshold</title><style>{STYLE}</style>",
        high * sweeps.len() as f64
    );
    for (at, sweep) in sweeps.iter().enumerate() {
        let _ = write!(out, "<g transform=\"translate(0,{})\">", high * at as f64);
        one_plot(sweep, (wide, high), &mut out);
        out.push_str("</g>");
    }
    out + "</svg>\n"
}

fn one_plot(sweep: &Sweep, (wide, high): (f64, f64), out: &mut String) {
    let points = || sweep.frontier.iter().chain(&sweep.alone);
    let most = points().map(|point| point.usd_per_1000).fold(0.0, f64::max).max(1e-9);
    let least = points().map(|point| point.completed).fold(1.0, f64::min);
    let best = points().map(|point| point.completed).fold(0.0, f64::max).max(least + 1e-6);
    let x = |point: &Point| 70.0 + (wide - 240.0) * point.usd_per_1000 / most;
    let y = |point: &Point| 40.0 + (high - 90.0) * (1.0 - (point.completed - least) / (best - least));
    let (left, below, right) = (60.0, high - 40.0, wide - 150.0);
    let _ = write!(
        out,
        "<text x=\"{left}\" y=\"18\">{}</text><line class=\"axis\" x1=\"{left}\" y1=\"{below}\" x2=\"{right}\" y2=\"{below}\"/>\
         <line class=\"axis\" x1=\"{left}\" y1=\"30\" x2=\"{left}\" y2=\"{below}\"/><text x=\"4\" y=\"44\">{best:.3}</text>\
         <text x=\"4\" y=\"{}\">{least:.3}</text><text x=\"{}\" y=\"{}\">{} USD / 1000</text><text x=\"{left}\" y=\"{}\">0</text>",
        escaped(&sweep.file),
        below - 6.0,
        right - 90.0,
        below + 18.0,
        money(most),
        below + 18.0,
    );
    let line: Vec<String> =
        sweep.frontier.iter().map(|point| format!("{:.1},{:.1}", x(point), y(point))).collect();
    let _ = write!(out, "<polyline class=\"line\" points=\"{}\"/>", line.join(" "));
    for (point, class) in sweep
        .frontier
        .iter()
        .step_by(EVERY)
        .map(|point| (point, "on"))
        .chain(sweep.alone.iter().map(|point| (point, "one")))
    {
        let name = escaped(&point.name);
        let (x, y) = (x(point), y(point));
        let _ = write!(
            out,
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"><title>{name}</title></circle>"
        );
        if class == "one" {
            let _ = write!(out, "<text x=\"{:.1}\" y=\"{:.1}\">{name}</text>", x + 7.0, y + 4.0);
        }
    }
}
