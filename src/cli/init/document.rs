//! The plugin's document, as YAML with a comment for each choice.

use super::super::yaml::{comment, text};
use super::offer::{Found, Offer};
use super::tiers::TierChoice;
use tiergate_core::tier::{PerTier, Tier};

/// Most entries of `models`, as the schema has it.
const MODELS: usize = 256;
/// Most aliases of an entry, as the schema has it.
const ALIASES: usize = 32;
/// Widest line of a list in comments.
const WIDTH: usize = 110;

/// What goes into the document.
pub struct Parts<'p> {
    /// What it was made of, in words.
    pub source: &'p str,
    pub cluster: &'p str,
    pub found: &'p Found,
    pub tiers: &'p PerTier<Vec<TierChoice>>,
    /// Models that would do, but whose tier has enough.
    pub over: &'p [(String, String)],
}

/// Writes the document.
pub fn document(parts: &Parts<'_>) -> String {
    let mut out = String::new();
    let mut say = |line: &str| out.push_str(&comment(0, line));
    say(&format!("tiergate, made by `tiergate init` from {}.", parts.source));
    say(
        "Tiers are proposed by price (or size) and by what a model can do; put them in the order that you trust.",
    );
    for note in &parts.found.notes {
        say(&format!("Note: {note}"));
    }
    out.push_str(&comment(0, "The Envoy cluster that serves all of these."));
    out.push_str(&format!("default_cluster: {}\n", text(parts.cluster)));
    baseline(parts, &mut out);
    models(parts, &mut out);
    out.push_str("tiers:\n");
    for tier in Tier::ALL {
        out.push_str(&format!("  {}:\n", tier.name()));
        for choice in parts.tiers.get(tier) {
            out.push_str(&comment(2, &choice.why));
            out.push_str(&format!("  - {}\n", text(&choice.name)));
        }
    }
    listed("In no tier, because others come before them:", parts.over, &mut out);
    let unranked: Vec<(String, String)> = unranked(parts.found).collect();
    listed("In no tier:", &unranked, &mut out);
    listed("Left out:", &parts.found.left_out, &mut out);
    out
}

/// Models without a rank, and why they have none.
pub fn unranked(found: &Found) -> impl Iterator<Item = (String, String)> {
    found.offers.iter().filter(|o| o.rank.is_none()).map(|o| (o.name.clone(), o.unranked.clone()))
}

/// What all requests would cost without a router: at the model that serves the hardest. A stand-in that is dearer would
/// make the savings look better than they are.
fn baseline(parts: &Parts<'_>, out: &mut String) {
    let Some(choice) = parts.tiers.reasoning.first() else { return };
    let offer = parts.found.offers.iter().find(|offer| offer.name == choice.name);
    let Some(price) = offer.and_then(|offer| offer.facts.blended()) else {
        let line = "No savings are counted: the model that serves REASONING has no price; give it one and name it as baseline.";
        out.push_str(&comment(0, line));
        return;
    };
    let free = if price > 0.0 { "" } else { " (it costs nothing by the token)" };
    let line = format!("What savings are measured against: the model that serves REASONING{free}.");
    out.push_str(&comment(0, &line));
    out.push_str(&format!("baseline: {}\n", text(&choice.name)));
}

fn models(parts: &Parts<'_>, out: &mut String) {
    let in_tier =
        |name: &str| Tier::ALL.into_iter().any(|t| parts.tiers.get(t).iter().any(|c| c.name == name));
    let (mut chosen, rest): (Vec<&Offer>, Vec<&Offer>) =
        parts.found.offers.iter().partition(|offer| in_tier(&offer.name));
    let room = MODELS.saturating_sub(chosen.len());
    let mut without = 0;
    if parts.found.declare_all {
        without = rest.len().saturating_sub(room);
        chosen.extend(rest.into_iter().take(room));
    }
    out.push_str(&comment(0, "Prices are USD per million tokens."));
    if without > 0 {
        let line = format!(
            "{without} more are not declared, because 256 is the maximum; clients may still ask for them."
        );
        out.push_str(&comment(0, &line));
    }
    out.push_str("models:\n");
    for offer in chosen {
        for remark in &offer.remarks {
            out.push_str(&comment(2, remark));
        }
        if offer.aliases.len() > ALIASES {
            let left = offer.aliases.iter().skip(ALIASES).map(String::as_str).collect::<Vec<_>>().join(", ");
            out.push_str(&comment(2, &format!("{ALIASES} aliases are the most; without {left}")));
        }
        out.push_str(&format!("  {}: {{{}}}\n", text(&offer.name), entry(offer)));
    }
}

fn entry(offer: &Offer) -> String {
    let Offer { facts, aliases, kin, .. } = offer;
    let number = |key: &str, value: Option<String>| value.map(|value| format!("{key}: {value}"));
    let mut fields: Vec<String> = [
        number("input_price", facts.input_price.map(|n| n.to_string())),
        number("output_price", facts.output_price.map(|n| n.to_string())),
        number("context_window", facts.context_window.map(|n| n.to_string())),
        number("max_output", facts.max_output.map(|n| n.to_string())),
        number("tools", facts.tools.map(|yes| yes.to_string())),
        number("vision", facts.vision.map(|yes| yes.to_string())),
        number("coder", facts.coder.then(|| "true".to_owned())),
        // No is what is assumed.
        number("pdf", facts.pdf.filter(|yes| *yes).map(|yes| yes.to_string())),
    ]
    .into_iter()
    .flatten()
    .collect();
    if let Some(kin) = kin {
        fields.push(format!("family: {}", kin.family));
        if !kin.efforts.is_empty() {
            fields.push(format!("efforts: [{}]", kin.efforts.join(", ")));
        }
        fields.extend(kin.default_effort.map(|effort| format!("default_effort: {effort}")));
    }
    if !aliases.is_empty() {
        let names: Vec<String> = aliases.iter().take(ALIASES).map(|alias| text(alias)).collect();
        fields.push(format!("aliases: [{}]", names.join(", ")));
    }
    fields.join(", ")
}

/// Names with a reason, those of one reason together.
fn listed(heading: &str, all: &[(String, String)], out: &mut String) {
    if all.is_empty() {
        return;
    }
    out.push_str(&comment(0, heading));
    for (why, names) in by_reason(all) {
        let mut line = String::from(" ");
        for name in &names {
            if line.len() + name.len() > WIDTH && line.len() > 1 {
                out.push_str(&comment(0, &line));
                line = String::from(" ");
            }
            line.push(' ');
            line.push_str(name);
        }
        out.push_str(&comment(0, &format!("{line}: {why}")));
    }
}

/// The names of each reason, in the order of the first of each.
pub fn by_reason(all: &[(String, String)]) -> Vec<(&str, Vec<&str>)> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, why) in all {
        match reasons.iter_mut().find(|(known, _)| known == why) {
            Some((_, names)) => names.push(name),
            None => reasons.push((why, vec![name])),
        }
    }
    reasons
}
