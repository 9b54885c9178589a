//! LiteLLM's configuration: the names it serves, and what is known of what stands behind them.

pub mod files;
mod local;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::costs::{Costs, facts};
use super::family::{Kin, Kinship};
use super::offer::{Found, Offer};
use tiergate_core::discover::Facts;
use tiergate_core::discover::name::{self, Kind};
use tiergate_core::discover::read::{Mistakes, Place};

/// What stands behind a name once.
struct Deployment {
    /// The provider's name of it, as LiteLLM has it.
    model: String,
    facts: Facts,
    /// What its names say that it is for.
    kinds: Vec<Kind>,
    /// Where the prices come from.
    source: String,
    /// Whether it is in the document that was read and not made from a wildcard.
    path: String,
}

/// Reads the configuration. `wanted` are names that a wildcard may serve.
pub fn read(config: &Value, costs: &Costs, wanted: &[String], mistakes: &mut Mistakes) -> Found {
    let root = Place::root(config);
    let mut found = Found::new(true);
    if root.object(mistakes).is_none() {
        return found;
    }
    let groups = groups(&root, costs, wanted, &mut found, mistakes);
    let names: BTreeSet<String> = groups.iter().map(|(name, _)| name.clone()).collect();
    let mut aliases = aliases(&root, &names, &mut found.notes, mistakes);
    let mut fallbacks = fallbacks(&root, &names, &mut found.notes, mistakes);
    let kinship = Kinship::shipped();
    found.notes.push(drop_params(&root, mistakes));
    for (name, deployments) in groups {
        let kin = kin(&kinship, &deployments);
        match offer(&name, deployments, costs, wanted.contains(&name)) {
            Ok(mut offer) => {
                offer.kin = kin;
                offer.aliases = aliases.remove(&name).unwrap_or_default();
                offer.remarks.extend(fallbacks.remove(&name).into_iter().flatten());
                found.offers.push(offer);
            }
            Err(why) => {
                for alias in aliases.remove(&name).into_iter().flatten() {
                    found.notes.push(format!("alias {alias} is left out with its model {name}"));
                }
                found.left_out.push((name, why));
            }
        }
    }
    found
}

/// What all deployments of a name are known to take; none where one differs.
fn kin(kinship: &Kinship, deployments: &[Deployment]) -> Option<Kin> {
    let mut all = deployments.iter().map(|deployment| kinship.of(&deployment.model));
    let first = all.next()??;
    all.all(|other| other.as_ref() == Some(&first)).then_some(first)
}

/// What `drop_params` does, and that it does not matter.
fn drop_params(root: &Place<'_>, mistakes: &mut Mistakes) -> String {
    let set = root.get("litellm_settings").and_then(|settings| settings.get("drop_params"));
    let does = match set.and_then(|set| set.flag(mistakes)) {
        Some(true) => "is true: LiteLLM removes parameters that it does not know a model to accept",
        _ => "is not true: LiteLLM refuses requests with parameters that it does not know a model to accept",
    };
    format!(
        "litellm_settings.drop_params {does}. With fit, which is on, no routed request depends on it, as far as a model's \
         family is known; requests for a model by name are edited with fit_pinned: true only"
    )
}

/// An entry whose name has a `*`: the name, what LiteLLM calls, its parameters, and what is known of it.
type Wildcard<'p> = (&'p str, &'p str, Place<'p>, Option<Place<'p>>);

/// The deployments of each name, in the order of the list.
fn groups(
    root: &Place<'_>,
    costs: &Costs,
    wanted: &[String],
    found: &mut Found,
    mistakes: &mut Mistakes,
) -> Vec<(String, Vec<Deployment>)> {
    let mut groups: Vec<(String, Vec<Deployment>)> = Vec::new();
    let mut add =
        |name: &str, deployment: Deployment| match groups.iter_mut().find(|(known, _)| known == name) {
            Some((_, deployments)) => deployments.push(deployment),
            None => groups.push((name.to_owned(), vec![deployment])),
        };
    let Some(list) = root.need("model_list", "a list of models", mistakes) else { return groups };
    let mut wildcards = Vec::new();
    for entry in list.items(mistakes) {
        if entry.object(mistakes).is_none() {
            continue;
        }
        let name = entry.need("model_name", "the name that clients ask by", mistakes);
        let name = name.and_then(|name| name.text(mistakes));
        let params = entry.need("litellm_params", "what LiteLLM calls, with `model`", mistakes);
        let Some(params) = params.filter(|params| params.object(mistakes).is_some()) else { continue };
        let model = params.need("model", "the provider's name of the model", mistakes);
        let model = model.and_then(|model| model.text(mistakes));
        let info = entry.get("model_info").filter(|info| info.object(mistakes).is_some());
        let (Some(name), Some(model)) = (name, model) else { continue };
        if name.is_empty() {
            mistakes.add(&format!("{}.model_name", entry.path), "empty; give a name");
        } else if name.contains('*') {
            wildcards.push((name, model, params, info));
        } else {
            add(name, deployment(name, model, &params, info.as_ref(), &entry.path, costs, mistakes));
        }
    }
    served_by_wildcards(wanted, &wildcards, &mut groups, costs, mistakes);
    let wildcards: BTreeSet<&str> = wildcards.iter().map(|(name, ..)| *name).collect();
    for name in wildcards {
        let why = "a wildcard names no model; include one of its models with --model NAME";
        found.left_out.push((name.to_owned(), why.to_owned()));
    }
    groups
}

/// Adds the models that are wanted and that only a wildcard serves.
fn served_by_wildcards(
    wanted: &[String],
    wildcards: &[Wildcard<'_>],
    groups: &mut Vec<(String, Vec<Deployment>)>,
    costs: &Costs,
    mistakes: &mut Mistakes,
) {
    // The first wildcard that fits, as nothing is known of which of them LiteLLM has the key for.
    for name in wanted {
        if groups.iter().any(|(known, _)| known == name) {
            continue;
        }
        let fits = wildcards.iter().find_map(|(pattern, model, params, info)| {
            let part = caught(pattern, name)?;
            Some((pattern, model.replacen('*', part, 1), params, info))
        });
        if let Some((pattern, model, params, info)) = fits {
            let mut one = deployment(name, &model, params, info.as_ref(), "", costs, mistakes);
            one.source += &format!(", served by {pattern}");
            groups.push((name.clone(), vec![one]));
        } else {
            let known: Vec<&str> = groups.iter().map(|(name, _)| name.as_str()).collect();
            let known = known.join(", ");
            mistakes.add(
                "--model",
                &format!("{name} is not a model_name and fits no wildcard; there are: {known}"),
            );
        }
    }
}

/// What the `*` of a pattern stands for in a name.
fn caught<'n>(pattern: &str, name: &'n str) -> Option<&'n str> {
    let (before, after) = pattern.split_once('*')?;
    name.strip_prefix(before)?.strip_suffix(after).filter(|part| !part.is_empty())
}

fn deployment(
    name: &str,
    model: &str,
    params: &Place<'_>,
    info: Option<&Place<'_>>,
    path: &str,
    costs: &Costs,
    mistakes: &mut Mistakes,
) -> Deployment {
    let own = info.map(|info| facts(info, mistakes)).unwrap_or_default();
    let told = facts(params, mistakes);
    let mut text = |place: Option<&Place<'_>>, key: &str| {
        place.and_then(|place| place.get(key)).and_then(|p| p.text(mistakes)).map(str::to_owned)
    };
    let base = text(info, "base_model").or_else(|| text(Some(params), "base_model"));
    let provider = text(Some(params), "custom_llm_provider");
    let address = text(Some(params), "api_base").or_else(|| text(Some(params), "base_url"));
    let mut names: Vec<String> = base.into_iter().collect();
    if !is_environment(model) {
        names.extend(provider.as_ref().map(|provider| format!("{provider}/{model}")));
        names.push(model.to_owned());
    }
    let known = names.iter().find_map(|name| costs.find(name));
    let priced = |facts: &Facts| facts.input_price.is_some() || facts.output_price.is_some();
    let free = Facts { input_price: Some(0.0), output_price: Some(0.0), ..Facts::default() };
    let rest = known.map(|(_, facts)| facts.clone()).unwrap_or_default();
    let mut facts = own.clone().over(&told);
    let source = if priced(&own) {
        "prices of model_info".to_owned()
    } else if priced(&told) {
        "prices of litellm_params".to_owned()
    } else if local::server(model, provider.as_deref()) {
        facts = facts.over(&free);
        "on a self-hosted server, where nothing is billed by the token".to_owned()
    } else if let Some((entry, _)) = known.filter(|(_, facts)| priced(facts)) {
        format!("prices of {} for {entry}", costs.what)
    } else if address.is_some_and(|address| local::private(&address)) {
        facts = facts.over(&free);
        "at a private address, where nothing is billed by the token".to_owned()
    } else {
        "no price".to_owned()
    };
    names.push(name.to_owned());
    let mut facts = facts.over(&rest);
    let kinds: Vec<Kind> = names.iter().flat_map(|name| name::kinds(name)).collect();
    facts.size = names.iter().find_map(|name| name::size(name));
    facts.coder = kinds.contains(&Kind::Coder);
    facts.reasoning = facts.reasoning.or_else(|| kinds.contains(&Kind::Reasoning).then_some(true));
    Deployment { model: model.to_owned(), facts, kinds, source, path: path.to_owned() }
}

fn is_environment(text: &str) -> bool {
    text.starts_with("os.environ/")
}

/// One model of a name's deployments, or why it is none. `named`: the user has asked for it, whatever its name looks like.
fn offer(name: &str, deployments: Vec<Deployment>, costs: &Costs, named: bool) -> Result<Offer, String> {
    if name.starts_with("smart/") {
        return Err("names that begin with smart/ are tiergate's own virtual models".to_owned());
    }
    let several = deployments.len();
    let mut offer = Offer { name: name.to_owned(), ..Offer::default() };
    let mut all: Option<Facts> = None;
    for Deployment { model, facts, kinds, source, path } in deployments {
        if model.starts_with("auto_router/") {
            return Err(format!("{model} is a router of LiteLLM's, not a model"));
        }
        if let Some(mode) = facts.mode.as_deref().filter(|mode| !matches!(*mode, "chat" | "responses")) {
            return Err(format!("its mode is {mode}, not chat"));
        }
        let other = kinds.iter().find_map(|kind| kind.why());
        if let Some(why) = other.filter(|_| facts.mode.is_none() && !named) {
            return Err(why.to_owned());
        }
        if facts.blended().is_none() {
            let at = if path.is_empty() { name.to_owned() } else { path };
            offer.priceless = if is_environment(&model) {
                format!(
                    "no price: {model} is known to LiteLLM only; give {at}.model_info base_model, or \
                     input_cost_per_token and output_cost_per_token"
                )
            } else {
                format!(
                    "no price: {} does not know {model}; give {at}.model_info base_model, or \
                     input_cost_per_token and output_cost_per_token",
                    costs.what
                )
            };
        }
        offer.remarks.push(format!("{model}; {source}"));
        if let Some(ends) = &facts.ends {
            offer.remarks.push(format!("its provider ends {model} on {ends}"));
        }
        all = Some(match all {
            Some(before) => before.and(facts),
            None => facts,
        });
    }
    offer.facts = all.unwrap_or_default();
    if several > 1 {
        let what = "the highest price, the smallest window, and the abilities that all of them have";
        offer.remarks.push(format!("{several} deployments, so {what}"));
    }
    Ok(offer)
}

/// `router_settings.model_group_alias`, by the model that is meant.
fn aliases(
    root: &Place<'_>,
    names: &BTreeSet<String>,
    notes: &mut Vec<String>,
    mistakes: &mut Mistakes,
) -> BTreeMap<String, Vec<String>> {
    let mut aliases: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let given = root.get("router_settings").and_then(|settings| settings.get("model_group_alias"));
    for (alias, place) in given.map(|given| given.entries(mistakes)).unwrap_or_default() {
        let target = place.get("model").unwrap_or(place);
        let path = target.path.clone();
        let Some(target) = target.text(mistakes) else { continue };
        if names.contains(alias) {
            notes.push(format!("{path}: {alias} is a model_name too; the document has it as that"));
        } else if alias.starts_with("smart/") {
            notes.push(format!("{path}: {alias} is left out; such names are tiergate's own virtual models"));
        } else if names.contains(target) {
            aliases.entry(target.to_owned()).or_default().push(alias.to_owned());
        } else {
            notes.push(format!("{path}: {alias} is left out; {target} is not a model_name of the list"));
        }
    }
    aliases
}

/// What LiteLLM does when a model fails, as remarks on it. It goes on doing that behind the filter.
fn fallbacks(
    root: &Place<'_>,
    names: &BTreeSet<String>,
    notes: &mut Vec<String>,
    mistakes: &mut Mistakes,
) -> BTreeMap<String, Vec<String>> {
    let mut remarks: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for section in ["router_settings", "litellm_settings"] {
        let Some(settings) = root.get(section) else { continue };
        for key in ["fallbacks", "context_window_fallbacks", "content_policy_fallbacks"] {
            let items = settings.get(key).map(|list| list.items(mistakes)).unwrap_or_default();
            let mut entries = Vec::new();
            for item in items {
                entries.extend(item.entries(mistakes));
            }
            for (name, to) in entries {
                let path = to.path.clone();
                let to: Vec<&str> = to
                    .items(mistakes)
                    .into_iter()
                    .filter_map(|item| item.get("model").unwrap_or(item).text(mistakes))
                    .collect();
                for target in to.iter().filter(|target| !names.contains(**target)) {
                    notes.push(format!("{path}: {target} is not a model_name of the list"));
                }
                let remark = format!("if it fails, LiteLLM falls back to {} ({key})", to.join(", "));
                if names.contains(name) {
                    remarks.entry(name.to_owned()).or_default().push(remark);
                } else {
                    notes.push(format!("{path}: {name} is not a model_name of the list"));
                }
            }
        }
    }
    let groups = root.get("router_settings").and_then(|settings| settings.get("routing_groups"));
    for group in groups.map(|groups| groups.items(mistakes)).unwrap_or_default() {
        if let Some(name) = group.get("group_name").and_then(|name| name.text(mistakes)) {
            notes.push(format!(
                "{}: {name} is a group that LiteLLM chooses from; clients may still ask for it by name",
                group.path
            ));
        }
    }
    remarks
}
