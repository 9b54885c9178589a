//! OpenRouter's list of models: the JSON of its models endpoint.

use serde_json::Value;

use super::offer::{Facts, Found, Measure, Offer, rounded};
use super::read::{Mistakes, Place};

/// Reads the list.
pub fn read(list: &Value, wanted: &[String], mistakes: &mut Mistakes) -> Found {
    let mut found = Found {
        offers: Vec::new(),
        left_out: Vec::new(),
        notes: Vec::new(),
        measure: Measure::Price,
        // It has hundreds, and clients may ask for any of them without an entry.
        declare_all: false,
    };
    let root = Place::root(list);
    if root.object(mistakes).is_none() {
        return found;
    }
    let Some(data) = root.need("data", "the list of models, as the endpoint answers it", mistakes) else {
        return found;
    };
    for entry in data.items(mistakes) {
        if entry.object(mistakes).is_none() {
            continue;
        }
        let id = entry.need("id", "the model's name", mistakes);
        let Some(id) = id.and_then(|id| id.text(mistakes)) else { continue };
        match offer(&entry, id, wanted, mistakes) {
            Ok(offer) if found.offers.iter().any(|other| other.name == offer.name) => {
                mistakes.add(&entry.path, &format!("{id} is listed twice"));
            }
            Ok(offer) => found.offers.push(offer),
            Err(why) => found.left_out.push((id.to_owned(), why.to_owned())),
        }
    }
    found
}

fn offer(
    entry: &Place<'_>,
    id: &str,
    wanted: &[String],
    mistakes: &mut Mistakes,
) -> Result<Offer, &'static str> {
    let architecture = entry.get("architecture");
    let mut modalities =
        |key: &str| architecture.as_ref().and_then(|a| a.get(key)).map(|list| list.texts(mistakes));
    let (input, output) = (modalities("input_modalities"), modalities("output_modalities"));
    if output.is_some_and(|kinds| kinds.iter().any(|kind| *kind != "text")) {
        return Err("it makes something else than text");
    }
    // Below 0 stands for a price that depends on what answers.
    let pricing = entry.get("pricing");
    let below =
        |key: &str| pricing.as_ref().and_then(|p| p.get(key)?.signed()).is_some_and(|price| price < 0.0);
    if below("prompt") || below("completion") {
        return Err("its price depends on the model that it chooses: a router or a moving alias");
    }
    let mut price = |key: &str| {
        pricing
            .as_ref()
            .and_then(|p| p.get(key))
            .and_then(|p| p.number(mistakes))
            .map(|p| rounded(p * 1e6, 6))
    };
    let (input_price, output_price) = (price("prompt"), price("completion"));
    let parameters = entry.get("supported_parameters").map(|list| list.texts(mistakes));
    let takes = |name: &str| parameters.as_ref().map(|all| all.contains(&name));
    let facts = Facts {
        input_price,
        output_price,
        context_window: entry.get("context_length").and_then(|n| n.count(mistakes)),
        max_output: entry
            .get("top_provider")
            .and_then(|top| top.get("max_completion_tokens"))
            .and_then(|n| n.count(mistakes)),
        tools: takes("tools"),
        vision: input.map(|kinds| kinds.contains(&"image")),
        reasoning: takes("reasoning"),
        mode: None,
        ends: entry.get("expiration_date").and_then(|day| day.text(mistakes)).map(str::to_owned),
    };
    let mut offer = Offer { name: id.to_owned(), rank: facts.blended(), ..Offer::default() };
    if offer.rank.is_none() {
        offer.unranked = "no price in the list: pricing.prompt and pricing.completion".to_owned();
    } else if offer.rank == Some(0.0) && wanted.is_empty() {
        // Its free models are bound to few requests a day.
        offer.rank = None;
        offer.unranked =
            "free at OpenRouter, and so bound to few requests a day; have it with --model".to_owned();
    }
    if let Some(ends) = &facts.ends {
        offer.remarks.push(format!("OpenRouter ends it on {ends}"));
    }
    offer.created = entry.get("created").and_then(|at| at.signed()).map(seconds);
    offer.facts = facts;
    Ok(offer)
}

/// Whole seconds since 1970.
fn seconds(at: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
    let whole = at as u64;
    whole
}
