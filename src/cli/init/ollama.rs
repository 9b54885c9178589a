//! Ollama's list of models: the JSON of `/api/tags`.

use serde_json::Value;

use super::offer::{Facts, Found, Measure, Offer};
use super::read::{Mistakes, Place};

/// Reads the list.
pub fn read(list: &Value, mistakes: &mut Mistakes) -> Found {
    let mut found = Found {
        offers: Vec::new(),
        left_out: Vec::new(),
        notes: vec![
            "the list does not tell windows: Ollama cuts a prompt off at its num_ctx; give context_window where that is \
             a bound"
                .to_owned(),
        ],
        measure: Measure::Size,
        declare_all: true,
    };
    let root = Place::root(list);
    if root.object(mistakes).is_none() {
        return found;
    }
    let Some(models) = root.need("models", "the list of models, as /api/tags answers it", mistakes) else {
        return found;
    };
    for entry in models.items(mistakes) {
        if entry.object(mistakes).is_none() {
            continue;
        }
        let name = entry.need("name", "the model's name", mistakes);
        let Some(name) = name.and_then(|name| name.text(mistakes)) else { continue };
        match offer(&entry, name, mistakes) {
            Ok(offer) if found.offers.iter().any(|other| other.name == offer.name) => {
                mistakes.add(&entry.path, &format!("{name} is listed twice"));
            }
            Ok(offer) => found.offers.push(offer),
            Err(why) => found.left_out.push((name.to_owned(), why.to_owned())),
        }
    }
    found
}

fn offer(entry: &Place<'_>, name: &str, mistakes: &mut Mistakes) -> Result<Offer, &'static str> {
    let details = entry.get("details");
    let mut text = |key: &str| {
        details.as_ref().and_then(|d| d.get(key)).and_then(|p| p.text(mistakes)).unwrap_or_default()
    };
    let (size, quantization, family) = (text("parameter_size"), text("quantization_level"), text("family"));
    let families = details.as_ref().and_then(|d| d.get("families"));
    let families = families.map(|list| list.texts(mistakes)).unwrap_or_default();
    // Newer versions tell what a model can do; older ones only what it is made of.
    let able = entry.get("capabilities").map(|list| list.texts(mistakes));
    let can = |what: &str| able.as_ref().map(|all| all.contains(&what));
    let embeds = match &able {
        Some(all) => !all.contains(&"completion"),
        None => family.contains("bert") || name.contains("embed"),
    };
    if embeds {
        return Err("it makes embeddings, not text");
    }
    let sees = families.iter().any(|family| matches!(*family, "clip" | "mllama"));
    let remote = entry.get("remote_host").or_else(|| entry.get("remote_model"));
    let price = remote.is_none().then_some(0.0);
    let facts = Facts {
        input_price: price,
        output_price: price,
        tools: can("tools"),
        vision: can("vision").or(sees.then_some(true)),
        reasoning: can("thinking"),
        ..Facts::default()
    };
    let bytes = entry.get("size").and_then(|n| n.number(mistakes)).filter(|n| *n > 0.0);
    let rank = parameters(size).or_else(|| {
        // Between four and five bits a weight is what models are pulled with unless told.
        bytes.map(|bytes| (bytes * 8.0 / 4.5).round())
    });
    let mut offer = Offer { name: name.to_owned(), facts, rank, ..Offer::default() };
    if let Some(remote) = remote {
        offer.rank = None;
        let host = remote.text(mistakes).unwrap_or_default();
        offer.unranked = format!("it runs elsewhere ({host}), at a price that the list does not tell");
    } else if rank.is_none() {
        offer.unranked = "no size in the list: details.parameter_size or size".to_owned();
    }
    let measured =
        if parameters(size).is_some() { size.to_owned() } else { "size guessed from its bytes".to_owned() };
    let words = [measured, quantization.to_owned()];
    let words: Vec<&str> =
        words.iter().map(String::as_str).filter(|word| !matches!(*word, "" | "unknown")).collect();
    offer.remarks.push(words.join(" "));
    Ok(offer)
}

/// `4.3B`, `137M`, `8x7B` as a number.
fn parameters(size: &str) -> Option<f64> {
    let size = size.trim().to_ascii_uppercase();
    let (number, unit) = [("K", 1e3), ("M", 1e6), ("B", 1e9), ("T", 1e12)]
        .into_iter()
        .find_map(|(letter, unit)| Some((size.strip_suffix(letter)?.to_owned(), unit)))?;
    let product =
        number.split('X').try_fold(1.0, |all, part| part.trim().parse::<f64>().ok().map(|n| all * n))?;
    (product > 0.0 && product.is_finite()).then_some(product * unit)
}
