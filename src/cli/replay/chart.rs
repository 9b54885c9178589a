//! Charts as SVG that stands in a page: colours are the page's, by class.

use std::fmt::Write as _;

/// Width and height of a chart over time, in its own units.
const WIDE: f64 = 900.0;
const HIGH: f64 = 220.0;
/// What is left for the numbers at the left, and the words below.
const LEFT: f64 = 64.0;
const BELOW: f64 = 26.0;
const TOP: f64 = 8.0;

/// A row of a chart of bars that lie.
const ROW: f64 = 26.0;
const NAMES: f64 = 260.0;

/// Text as it may stand in a page.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// The next round number above.
fn nice(top: f64) -> f64 {
    if top <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(top.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0].map(|step| step * power);
    steps.into_iter().find(|step| *step >= top * 0.999_999).unwrap_or(10.0 * power)
}

fn open(out: &mut String, title: &str, wide: f64, high: f64) {
    let title = escaped(title);
    let _ = write!(
        out,
        r#"<svg viewBox="0 0 {wide} {high}" role="img" aria-label="{title}" preserveAspectRatio="xMinYMin meet"><title>{title}</title>"#
    );
}

/// Lines across, with their values, and the first, middle and last of the words below.
fn frame(out: &mut String, top: f64, words: &[&str], spell: fn(f64) -> String) {
    let high = HIGH - BELOW - TOP;
    for part in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let y = TOP + high * (1.0 - part);
        let _ = write!(
            out,
            r#"<line class="grid" x1="{LEFT}" y1="{y:.1}" x2="{WIDE}" y2="{y:.1}"/><text class="num" x="{:.1}" y="{:.1}">{}</text>"#,
            LEFT - 6.0,
            y + 4.0,
            escaped(&spell(top * part))
        );
    }
    let last = words.len().saturating_sub(1);
    for (at, anchor) in [(0, "start"), (last / 2, "middle"), (last, "end")] {
        let Some(word) = words.get(at).filter(|_| at == 0 || last > 1) else { continue };
        let x = match anchor {
            "start" => LEFT,
            "end" => WIDE,
            _ => LEFT + (WIDE - LEFT) * (at as f64 + 0.5) / words.len() as f64,
        };
        let _ = write!(
            out,
            r#"<text x="{x:.1}" y="{HIGH}" dy="-4" text-anchor="{anchor}">{}</text>"#,
            escaped(word)
        );
    }
}

/// Bars beside each other, each made of parts; part `n` has the class `c{n}`.
pub fn stacked(title: &str, words: &[&str], bars: &[Vec<f64>], spell: fn(f64) -> String) -> String {
    let top = nice(bars.iter().map(|parts| parts.iter().sum()).fold(0.0, f64::max));
    let mut out = String::new();
    open(&mut out, title, WIDE, HIGH);
    frame(&mut out, top, words, spell);
    let (high, step) = (HIGH - BELOW - TOP, (WIDE - LEFT) / bars.len().max(1) as f64);
    for (at, (parts, word)) in bars.iter().zip(words).enumerate() {
        let mut y = TOP + high;
        let x = LEFT + step * at as f64 + step * 0.1;
        let _ = write!(out, "<g><title>{}: {}</title>", escaped(word), escaped(&spell(parts.iter().sum())));
        for (class, part) in parts.iter().enumerate().filter(|(_, part)| **part > 0.0) {
            let size = high * part / top;
            y -= size;
            let wide = (step * 0.8).min(60.0);
            let _ = write!(
                out,
                r#"<rect class="c{class}" x="{x:.2}" y="{y:.2}" width="{wide:.2}" height="{size:.2}"/>"#
            );
        }
        out.push_str("</g>");
    }
    out + "</svg>"
}

/// Lines over time; line `n` has the class `l{n}`.
pub fn lines(title: &str, words: &[&str], lines: &[Vec<f64>], spell: fn(f64) -> String) -> String {
    let top = nice(lines.iter().flatten().copied().fold(0.0, f64::max));
    let mut out = String::new();
    open(&mut out, title, WIDE, HIGH);
    frame(&mut out, top, words, spell);
    let high = HIGH - BELOW - TOP;
    for (class, values) in lines.iter().enumerate() {
        let step = (WIDE - LEFT) / values.len().max(1) as f64;
        let place = |(at, value): (usize, &f64)| {
            (LEFT + step * (at as f64 + 0.5), TOP + high * (1.0 - (value / top).clamp(0.0, 1.0)))
        };
        let points: Vec<(f64, f64)> = values.iter().enumerate().map(place).collect();
        let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = write!(out, r#"<polyline class="l{class}" points="{}"/>"#, path.join(" "));
        for ((x, y), (value, word)) in points.iter().zip(values.iter().zip(words)) {
            let _ = write!(
                out,
                r#"<circle class="d{class}" cx="{x:.1}" cy="{y:.1}" r="2.5"><title>{}: {}</title></circle>"#,
                escaped(word),
                escaped(&spell(*value))
            );
        }
    }
    out + "</svg>"
}

/// A bar for each name, from `from` to `to`, with a mark at `mark`.
pub struct Bar<'b> {
    pub name: &'b str,
    pub from: f64,
    pub to: f64,
    pub mark: Option<f64>,
    pub said: String,
}

/// Bars that lie, below each other.
pub fn lying(title: &str, bars: &[Bar<'_>]) -> String {
    let end = |bar: &Bar<'_>| bar.mark.unwrap_or(bar.to).max(bar.to);
    let top = bars.iter().map(end).fold(0.0, f64::max);
    let top = if top > 0.0 { top } else { 1.0 };
    let high = ROW * bars.len() as f64;
    let room = WIDE - NAMES - 220.0;
    let mut out = String::new();
    open(&mut out, title, WIDE, high);
    for (at, bar) in bars.iter().enumerate() {
        let y = ROW * at as f64;
        let place = |value: f64| NAMES + room * (value / top).clamp(0.0, 1.0);
        let wide = (place(bar.to) - place(bar.from)).max(1.0);
        let shown: String = bar.name.chars().take(38).collect();
        let _ = write!(
            out,
            r#"<g><title>{}: {}</title><text class="num" x="{:.1}" y="{:.1}">{}</text><rect class="c2" x="{:.1}" y="{:.1}" width="{wide:.1}" height="{:.1}"/>"#,
            escaped(bar.name),
            escaped(&bar.said),
            NAMES - 8.0,
            y + 17.0,
            escaped(&shown),
            place(bar.from),
            y + 5.0,
            ROW - 10.0,
        );
        if let Some(mark) = bar.mark {
            let x = place(mark);
            let _ = write!(
                out,
                r#"<line class="mark" x1="{x:.1}" y1="{:.1}" x2="{x:.1}" y2="{:.1}"/>"#,
                y + 3.0,
                y + ROW - 3.0
            );
        }
        let _ = write!(
            out,
            r#"<text x="{:.1}" y="{:.1}">{}</text></g>"#,
            place(end(bar)) + 8.0,
            y + 17.0,
            escaped(&bar.said)
        );
    }
    out + "</svg>"
}
