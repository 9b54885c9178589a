//! The report as one page that needs nothing else: charts are drawn into it, and nothing is fetched.

use std::fmt::Write as _;

use super::chart::{self, Bar, escaped};
use super::report::{Report, Row};
use super::table::{self, money, ms};
use super::tally::Latency;
use super::what_if::Changes;
use tiergate_core::tier::Tier;

/// Models that a chart shows; the table has all.
const MOST_BARS: usize = 20;

pub fn page(report: &Report) -> String {
    let mut out = String::with_capacity(1 << 16);
    out.push_str("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
    out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    // Whatever a log holds, a page of it fetches and runs nothing.
    out.push_str("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">");
    let _ = write!(
        out,
        "<title>tiergate replay</title><style>{}</style></head><body><main>",
        include_str!("page.css")
    );
    header(report, &mut out);
    charts(report, &mut out);
    if let Some(changes) = &report.with_config {
        what_if(changes, &mut out);
    }
    let by = &report.by;
    for (kind, rows) in
        [("tier", &by.tier), ("model", &by.model), ("cause", &by.cause), (by.time_unit, &by.time)]
    {
        rows_of(kind, rows, &mut out);
    }
    footer(report, &mut out);
    out + "</main></body></html>\n"
}

fn header(report: &Report, out: &mut String) {
    let total = &report.total;
    let files: Vec<String> = report.files.iter().map(|file| escaped(file)).collect();
    let _ = write!(out, "<h1>Requests of {}</h1>", files.join(", "));
    if let (Some(first), Some(last)) = (&report.first, &report.last) {
        let _ = write!(out, "<p class=\"soft\">from {} to {}</p>", escaped(first), escaped(last));
    }
    out.push_str("<dl>");
    let mut tile = |name: &str, value: &str| {
        let _ = write!(out, "<div><dt>{name}</dt><dd>{}</dd></div>", escaped(value));
    };
    tile("requests", &total.requests.to_string());
    tile("errors", &total.errors.to_string());
    tile("spent, USD", &money(total.spend_usd));
    if let Some(share) = total.savings {
        tile("saved, estimated", &format!("{:.1} %", share * 100.0));
    }
    if let Some(Latency { p50, p95, .. }) = total.duration_ms {
        tile("whole answer, p50", &ms(p50));
        tile("whole answer, p95", &ms(p95));
    }
    out.push_str("</dl>");
    let _ = write!(out, "<p>{}.</p><p>{}.</p>", escaped(&table::spend(total)), escaped(&table::saved(total)));
}

fn charts(report: &Report, out: &mut String) {
    let times: Vec<&str> = report.by.time.iter().map(|row| row.name.as_str()).collect();
    let unit = report.by.time_unit;
    let parts = |row: &Row| {
        let tiers = row.tiers;
        [tiers.simple, tiers.medium, tiers.complex, tiers.reasoning, tiers.none]
            .map(|count| count as f64)
            .to_vec()
    };
    let bars: Vec<Vec<f64>> = report.by.time.iter().map(parts).collect();
    let _ = write!(out, "<h2>Requests by {unit} and tier</h2>");
    let names: Vec<&str> = Tier::ALL.into_iter().map(Tier::name).chain(["no tier"]).collect();
    key(&names, "c", out);
    scrolled(
        &chart::stacked("Requests over time, by tier", &times, &bars, |count| format!("{count:.0}")),
        out,
    );
    let of = |value: fn(&Row) -> f64| report.by.time.iter().map(value).collect::<Vec<f64>>();
    let costs = [of(|row| row.cost_usd), of(|row| row.baseline_usd)];
    let _ = write!(out, "<h2>Cost by {unit}, and what the baseline would have cost (USD, estimated)</h2>");
    key(&["as routed", "baseline"], "d", out);
    scrolled(&chart::lines("Cost over time, as routed and with the baseline", &times, &costs, money), out);
    let mut models: Vec<&Row> = report.by.model.iter().filter(|row| row.priced_requests > 0).collect();
    models.sort_by(|a, b| b.spend_usd.total_cmp(&a.spend_usd));
    let bars: Vec<Bar<'_>> = models.iter().take(MOST_BARS).map(|row| spent(row)).collect();
    out.push_str("<h2>Spent by model (USD)</h2>");
    scrolled(&chart::lying("Spent by model", &bars), out);
    let bars: Vec<Bar<'_>> = report.by.model.iter().filter_map(latency).take(MOST_BARS).collect();
    out.push_str("<h2>Whole answer by model: p50 to p95, with a mark at p99</h2>");
    scrolled(&chart::lying("Latency by model", &bars), out);
}

fn spent(row: &Row) -> Bar<'_> {
    let said = format!("{} in {} requests", money(row.spend_usd), row.requests);
    Bar { name: &row.name, from: 0.0, to: row.spend_usd, mark: None, said }
}

fn latency(row: &Row) -> Option<Bar<'_>> {
    let Latency { p50, p95, p99, .. } = row.duration_ms?;
    let said = format!("{}, {}, {}", ms(p50), ms(p95), ms(p99));
    Some(Bar { name: &row.name, from: p50, to: p95, mark: Some(p99), said })
}

fn scrolled(chart: &str, out: &mut String) {
    let _ = write!(out, "<div class=\"wide\">{chart}</div>");
}

fn key(names: &[&str], class: &str, out: &mut String) {
    out.push_str("<ul class=\"key\">");
    for (at, name) in names.iter().enumerate() {
        let _ = write!(
            out,
            "<li><svg viewBox=\"0 0 12 12\" aria-hidden=\"true\"><rect class=\"{class}{at}\" width=\"12\" height=\"12\"/></svg>{name}</li>"
        );
    }
    out.push_str("</ul>");
}

fn rows_of(kind: &str, rows: &[Row], out: &mut String) {
    let all = rows.iter().map(|row| row.requests).sum();
    let _ = write!(out, "<h2>By {kind}</h2>");
    let head: Vec<&str> = std::iter::once(kind).chain(table::head()).collect();
    let cells = rows.iter().map(|row| (row.name.clone(), table::cells(row, all)));
    grid(&head, cells, out);
}

fn grid(head: &[&str], rows: impl Iterator<Item = (String, Vec<String>)>, out: &mut String) {
    out.push_str("<div class=\"wide\"><table><thead><tr>");
    for name in head {
        let _ = write!(out, "<th scope=\"col\">{}</th>", escaped(name));
    }
    out.push_str("</tr></thead><tbody>");
    for (name, cells) in rows {
        let _ = write!(out, "<tr><th scope=\"row\">{}</th>", escaped(&name));
        for cell in cells {
            let _ = write!(out, "<td>{}</td>", escaped(&cell));
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table></div>");
}

fn what_if(changes: &Changes, out: &mut String) {
    let _ =
        write!(out, "<h2>With {}</h2><p>{}.</p>", escaped(&changes.file), escaped(&table::summary(changes)));
    for (kind, list) in [("tier", &changes.tiers), ("model", &changes.models)] {
        if list.is_empty() {
            continue;
        }
        let cells = list.iter().map(|change| {
            let more = vec![change.to.clone(), change.requests.to_string(), money(change.cost_change_usd)];
            (change.from.clone(), more)
        });
        grid(&[&format!("{kind} before"), "after", "requests", "USD more"], cells, out);
    }
    out.push_str("<ul>");
    for (reason, count) in &changes.not_told {
        let _ = write!(out, "<li>{count} requests not compared: {}</li>", escaped(reason));
    }
    for note in &changes.assumptions {
        let _ = write!(out, "<li>{}</li>", escaped(note));
    }
    out.push_str("</ul>");
}

fn footer(report: &Report, out: &mut String) {
    let _ = write!(
        out,
        "<p class=\"soft\">{} lines; {} requests are no LLM calls; {} lines could not be read. Quantiles are exact to 1 %.</p>",
        report.lines, report.other_requests, report.broken.lines
    );
}
