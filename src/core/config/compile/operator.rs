//! Rules, hints of clients, and policies of tenants.

use std::collections::BTreeMap;

use regex_lite::RegexBuilder;

use super::super::error::{Scope, quoted};
use super::super::raw;
use super::lists::Lists;
use super::models::Models;
use super::profiles::known_profile;
use super::wire::token;
use crate::operator::{
    Bounds, Effect, HINTS, HeaderMatch, Network, Operator, Policy, Rule, RuleSet, Shape, Tenants, Trust,
};
use crate::route::Slots;
use crate::tier::Tier;

/// What a compiled expression may take, in bytes: it bounds the time that a match takes.
const LARGEST_REGEX: usize = 8 * 1024;
/// Most rules with a regular expression: each is one more pass over the ask.
const MOST_REGEXES: usize = 16;

/// Names of headers that are looked at.
#[derive(Default)]
struct Names(Vec<String>);

impl Names {
    fn place(&mut self, name: &str) -> usize {
        if let Some(place) = self.0.iter().position(|known| known == name) {
            return place;
        }
        self.0.push(name.to_owned());
        self.0.len().saturating_sub(1)
    }
}

/// Compiles all that the operator decides.
pub(super) fn compile(
    document: &raw::Document,
    profiles: &BTreeMap<&str, &raw::Profile>,
    models: &Models,
    root: &Scope<'_>,
) -> Operator {
    let mut names = Names::default();
    let rules = rules(document, profiles, models, &mut names, root);
    let trust = trust(&document.client_hints, &root.key("client_hints"), &mut names);
    let tenants = tenants(document, models, &mut names, root);
    Operator { rules, trust, tenants, headers: names.0 }
}

fn rules(
    document: &raw::Document,
    profiles: &BTreeMap<&str, &raw::Profile>,
    models: &Models,
    names: &mut Names,
    root: &Scope<'_>,
) -> RuleSet {
    let scope = root.key("routing_rules");
    let (mut rules, mut keywords, mut regexes) = (Vec::new(), Vec::new(), 0);
    for (i, raw) in document.routing_rules.iter().enumerate() {
        let scope = scope.index(i);
        let Some(name) = &raw.name else { continue };
        if !name.bytes().all(|b| b.is_ascii_graphic()) {
            let message = format!("{} is sent in headers; use printable ASCII without spaces", quoted(name));
            scope.key("name").meaning(message);
        }
        for (at, word) in raw.keywords.iter().flatten().enumerate() {
            match super::rules::keyword(word) {
                Ok(()) => keywords.push((rules.len(), word.clone())),
                Err(message) => {
                    scope.key("keywords").index(at).meaning(format!("{}: {message}", quoted(word)));
                }
            }
        }
        regexes += usize::from(raw.regex.is_some());
        if regexes > MOST_REGEXES && raw.regex.is_some() {
            let message =
                format!("more than {MOST_REGEXES} rules have a regular expression; join some of them");
            scope.key("regex").meaning(message);
        }
        for (at, profile) in raw.profiles.iter().flatten().enumerate() {
            known_profile(profile, profiles, &scope.key("profiles").index(at));
        }
        let effect = effect(raw, &scope, models);
        let regex = raw.regex.as_deref().and_then(|text| regex(text, &scope.key("regex")));
        let headers = headers(raw, &scope.key("headers"), names);
        let Some(effect) = effect else { continue };
        rules.push(Rule {
            name: name.clone(),
            has_keywords: raw.keywords.is_some(),
            regex,
            headers,
            paths: raw.paths.clone().unwrap_or_default(),
            profiles: raw.profiles.clone().unwrap_or_default(),
            least: Shape {
                tools: raw.tools.unwrap_or(false),
                images: raw.images.unwrap_or(false),
                input_tokens: raw.min_input_tokens.unwrap_or(0),
                system_tokens: raw.min_system_tokens.unwrap_or(0),
                turns: raw.min_turns.unwrap_or(0),
            },
            effect,
        });
    }
    RuleSet::new(rules, &keywords).unwrap_or_else(|message| {
        scope.meaning(message);
        RuleSet::default()
    })
}

/// Compiles an expression, within bounds.
pub(super) fn regex(text: &str, scope: &Scope<'_>) -> Option<regex_lite::Regex> {
    let built = RegexBuilder::new(text).size_limit(LARGEST_REGEX).build();
    built.map_err(|error| scope.meaning(format!("{}: {error}", quoted(text)))).ok()
}

fn headers(raw: &raw::RoutingRule, scope: &Scope<'_>, names: &mut Names) -> Vec<HeaderMatch> {
    let mut headers = Vec::new();
    for (name, values) in raw.headers.iter().flatten() {
        if let Err(message) = token(name) {
            scope.key(name).meaning(message);
        }
        headers.push(HeaderMatch { place: names.place(name), values: values.clone() });
    }
    headers
}

/// What follows from a rule; reports where that is nothing, or too much.
fn effect(raw: &raw::RoutingRule, scope: &Scope<'_>, models: &Models) -> Option<Effect> {
    let bounds = Bounds {
        least: raw.tier.or(raw.min_tier),
        most: raw.tier.or(raw.max_tier),
        bias: raw.bias.unwrap_or(0),
    };
    bounded(raw.min_tier, raw.max_tier, scope);
    let tiers = raw.min_tier.is_some() || raw.max_tier.is_some() || raw.bias.is_some();
    match (&raw.model, raw.tier.is_some(), tiers) {
        (Some(name), false, false) => models.find(name, &scope.key("model")).map(Effect::Model),
        (None, true, false) | (None, false, true) => Some(Effect::Tier(bounds)),
        (None, false, false) => {
            scope.meaning("the rule decides nothing; give tier, min_tier, max_tier, bias or model");
            None
        }
        _ => {
            scope.meaning("the rule decides twice; give tier, or min_tier, max_tier and bias, or model");
            None
        }
    }
}

fn bounded(least: Option<Tier>, most: Option<Tier>, scope: &Scope<'_>) {
    if let (Some(least), Some(most)) = (least, most)
        && least > most
    {
        let message = format!("{} is above `max_tier`; give at most {}", least.name(), most.name());
        scope.key("min_tier").meaning(message);
    }
}

fn trust(raw: &raw::ClientHints, scope: &Scope<'_>, names: &mut Names) -> Option<Trust> {
    let header = match (&raw.header, &raw.value) {
        (Some(name), Some(value)) => {
            if let Err(message) = super::wire::header(name) {
                scope.key("header").meaning(message);
            }
            Some((names.place(name), value.clone()))
        }
        (Some(_), None) => {
            scope.key("value").meaning("missing; without it any client could send the header");
            None
        }
        (None, Some(_)) => {
            scope.key("header").meaning("missing; name the header that has this value");
            None
        }
        (None, None) => None,
    };
    let networks: Vec<Network> = raw
        .networks
        .iter()
        .enumerate()
        .filter_map(|(i, text)| {
            let network = Network::new(text);
            if network.is_none() {
                let message =
                    format!("{} is not a network; write it as 10.0.0.0/8 or fd00::/8", quoted(text));
                scope.key("networks").index(i).meaning(message);
            }
            network
        })
        .collect();
    if header.is_none() && networks.is_empty() {
        return None;
    }
    Some(Trust { header, networks, hints: HINTS.map(|name| names.place(name)) })
}

fn tenants(document: &raw::Document, models: &Models, names: &mut Names, root: &Scope<'_>) -> Tenants {
    let scope = root.key("tenants");
    let raw = &document.tenants;
    if raw.policies.is_empty() {
        return Tenants::default();
    }
    let header = raw.header.as_ref().or(document.session.tenant_header.as_ref());
    match header.map(|name| token(name)) {
        None => scope.key("header").meaning("missing; name the request header that has the tenant"),
        Some(Err(message)) => scope.key("header").meaning(message),
        Some(Ok(())) => {}
    }
    let all = scope.key("policies");
    let mut policies = BTreeMap::new();
    for (name, raw) in &raw.policies {
        let scope = all.key(name);
        bounded(raw.min_tier, raw.max_tier, &scope);
        if raw.over_budget_tier.is_some() && raw.daily_budget_usd.is_none() {
            let message = "has no effect without daily_budget_usd; give that, or leave the key out";
            scope.key("over_budget_tier").meaning(message);
        }
        let lists = Lists::new((&raw.allow, &raw.block), &scope, models);
        let only = (raw.allow.is_some() || raw.block.is_some()).then(|| {
            let mut only = Slots::default();
            models.all().filter(|model| lists.permit(&model.name)).for_each(|model| only.add(model));
            only
        });
        let bounds = Bounds { least: raw.min_tier, most: raw.max_tier, bias: raw.bias.unwrap_or(0) };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the schema bounds it")]
        let budget = raw
            .daily_budget_usd
            .map(|usd| ((usd * 1e6) as u64, raw.over_budget_tier.unwrap_or(Tier::Simple)));
        let policy = Policy { only, strangers: raw.allow.is_none(), bounds, budget };
        policies.insert(name.clone(), policy);
    }
    Tenants { header: names.place(header.map_or("", String::as_str)), policies }
}
