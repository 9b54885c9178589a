//! Lists of models as servers answer them: Ollama's, OpenRouter's, and plain ones.

use serde_json::Value;

use super::costs::Costs;
use super::family::Kinship;
use super::offer::{Found, Offer};
use tiergate_core::discover::list::{self, Listed, Other};
use tiergate_core::discover::read::Mistakes;

/// Whose list it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    Ollama,
    OpenRouter,
    /// Whoever has a `/v1/models`; prices are looked up in a cost map.
    Any,
}

/// Reads a list. `wanted` are models that the user has named: those stay, whatever their names look like.
pub fn read(
    value: &Value,
    server: Server,
    costs: &Costs,
    wanted: &[String],
    mistakes: &mut Mistakes,
) -> Found {
    // OpenRouter has hundreds, and clients may ask for any of them without an entry.
    let mut found = Found::new(server != Server::OpenRouter);
    let from = From { server, costs, kinship: Kinship::shipped() };
    for listed in list::read(value, mistakes) {
        let named = wanted.contains(&listed.name);
        match &listed.other {
            Some(Other::Named(_)) if named => found.offers.push(from.offer(listed, wanted)),
            Some(other) => found.left_out.push((listed.name, other.why().to_owned())),
            None if listed.name.starts_with("smart/") => {
                let why = "names that begin with smart/ are tiergate's own virtual models".to_owned();
                found.left_out.push((listed.name, why));
            }
            None => found.offers.push(from.offer(listed, wanted)),
        }
    }
    if server == Server::Ollama && !found.offers.is_empty() {
        found.notes.push(windows(&found));
    }
    found
}

fn windows(found: &Found) -> String {
    let without = found.offers.iter().filter(|offer| offer.facts.context_window.is_none());
    let names: Vec<&str> = without.map(|offer| offer.name.as_str()).take(8).collect();
    let cuts = "Ollama cuts a prompt off at its num_ctx";
    if names.is_empty() {
        return format!("the windows are those that the models are made for: {cuts}, which may be less");
    }
    format!(
        "the list does not give every context window (not of {}): {cuts}; give context_window if that is a limit",
        names.join(", ")
    )
}

/// Where the models are, and where to look up what the list does not say.
struct From<'c> {
    server: Server,
    costs: &'c Costs,
    kinship: Kinship,
}

impl From<'_> {
    fn offer(&self, listed: Listed, wanted: &[String]) -> Offer {
        let Self { server, costs, kinship } = self;
        let server = *server;
        let mut kin = None;
        let Listed { name, mut facts, local, remote, owner, created, mut remarks, .. } = listed;
        let mut barred = None;
        let cloud = server == Server::Ollama && name.ends_with("-cloud");
        if let Some(host) = remote.as_deref().or(cloud.then_some("Ollama's cloud")) {
            barred = Some(format!("it runs elsewhere ({host}), at a price that the list does not give"));
        } else if local || server == Server::Ollama {
            facts.input_price = facts.input_price.or(Some(0.0));
            facts.output_price = facts.output_price.or(Some(0.0));
        } else if server == Server::Any
            && facts.blended().is_none()
            && let Some((entry, known)) = costs.listed(&name, owner.as_deref())
        {
            facts = facts.over(known);
            // By its own name the filter knows it anyway.
            kin = if *entry == name { None } else { kinship.of(entry) };
            remarks.push(format!("prices of {} for {entry}", costs.what));
        }
        if server == Server::OpenRouter && !local && facts.blended() == Some(0.0) && wanted.is_empty() {
            // Its free models are bound to few requests a day.
            let why = "free at OpenRouter, and so limited to few requests a day; include it with --model";
            barred = Some(why.to_owned());
        }
        if let Some(ends) = &facts.ends {
            remarks.push(format!("its provider ends it on {ends}"));
        }
        let priceless = match server {
            Server::Any => format!("no price: neither the list nor {} has one", costs.what),
            _ => "no price in the list: pricing.prompt and pricing.completion".to_owned(),
        };
        Offer { name, facts, kin, barred, priceless, created, remarks, ..Offer::default() }
    }
}
