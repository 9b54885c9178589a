//! The decision, as the access log and the client get it.

use serde::Serialize;

use super::opinion::OpinionLog;
use tiergate_core::config::ResponseHeaders;
use tiergate_core::engine::Decision;
use tiergate_core::route::Usage;
use tiergate_core::tier::Tier;
use tiergate_core::time::Millis;

/// Tells the client who served.
pub const MODEL: &str = "x-tiergate-model";

/// The decision for the access log, as the filter state `wasm.tiergate`. One value, because every property is a
/// host call.
#[derive(Serialize)]
pub struct LogLine<'d> {
    model: Option<&'d str>,
    /// Parameters of the tier's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    set: Option<&'d str>,
    tier: Option<&'static str>,
    profile: Option<&'d str>,
    cause: &'static str,
    /// The operator's rule that held.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'d str>,
    score: Option<f64>,
    confidence: Option<f64>,
    savings: Option<f64>,
    /// Estimated tokens of the request, and of an answer as long as it may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens: Option<u64>,
    /// What these cost in USD, with the model and with the baseline.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline_cost: Option<f64>,
    /// What the model has to be able to do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    needs: Vec<&'static str>,
    decision_us: u64,
    /// What became of the second opinion, where the scorer was not sure.
    #[serde(skip_serializing_if = "Option::is_none")]
    opinion: Option<&'static str>,
    /// How long the request waited for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    opinion_ms: Option<Millis>,
    /// What was decided and not done.
    #[serde(skip_serializing_if = "Option::is_none")]
    shadow: Option<ShadowLine<'d>>,
}

/// What was decided and not done.
#[derive(Serialize)]
pub struct ShadowLine<'d> {
    model: Option<&'d str>,
    tier: Option<&'static str>,
    profile: Option<&'d str>,
    cause: &'static str,
}

impl<'d> LogLine<'d> {
    pub fn of(decision: &'d Decision<'_>, decision_us: u64, opinion: Option<OpinionLog>) -> Self {
        let thousandths = |number: f64| (number * 1000.0).round() / 1000.0;
        let billionths = |number: f64| (number * 1e9).round() / 1e9;
        let tokens = |count: u64| Some(count).filter(|_| decision.usage != Usage::default());
        Self {
            model: decision.choice.model.map(|m| m.name.as_str()),
            set: decision.choice.model.and_then(|m| m.variant.as_deref()),
            tier: decision.choice.tier.map(Tier::name),
            profile: decision.choice.profile.map(|p| p.name.as_str()),
            cause: decision.choice.cause.name(),
            rule: decision.rule,
            score: decision.score.map(|s| thousandths(s.value)),
            confidence: decision.score.map(|s| thousandths(s.confidence)),
            savings: decision.savings.map(thousandths),
            input_tokens: tokens(decision.usage.input),
            output_tokens: tokens(decision.usage.output),
            cost: decision.choice.cost.map(billionths),
            baseline_cost: decision.baseline_cost.map(billionths),
            needs: decision.needs.map(|needs| needs.names().collect()).unwrap_or_default(),
            decision_us,
            opinion: opinion.map(|told| told.outcome.name()),
            opinion_ms: opinion.and_then(|told| told.waited),
            shadow: ShadowLine::of(decision),
        }
    }
}

impl<'d> ShadowLine<'d> {
    pub fn of(decision: &'d Decision<'_>) -> Option<Self> {
        decision.withheld.as_ref().map(|withheld| Self {
            model: withheld.model.map(|m| m.name.as_str()),
            tier: withheld.tier.map(Tier::name),
            profile: withheld.profile.map(|p| p.name.as_str()),
            cause: withheld.cause.name(),
        })
    }
}

/// The decision as headers for the client.
pub fn answer(decision: &Decision<'_>, detail: ResponseHeaders) -> Vec<(&'static str, String)> {
    let mut headers = Vec::new();
    if detail == ResponseHeaders::None {
        return headers;
    }
    if let Some(model) = decision.choice.model {
        headers.push((MODEL, model.name.clone()));
    }
    if let Some(tier) = decision.choice.tier {
        headers.push(("x-tiergate-tier", Tier::name(tier).to_owned()));
    }
    headers.push(("x-tiergate-cause", decision.choice.cause.name().to_owned()));
    if let Some(withheld) = &decision.withheld {
        if let Some(model) = withheld.model {
            headers.push(("x-tiergate-shadow-model", model.name.clone()));
        }
        if let Some(tier) = withheld.tier {
            headers.push(("x-tiergate-shadow-tier", tier.name().to_owned()));
        }
        headers.push(("x-tiergate-shadow-cause", withheld.cause.name().to_owned()));
    }
    if detail == ResponseHeaders::Basic {
        return headers;
    }
    if let Some(set) = decision.choice.model.and_then(|model| model.variant.as_ref()) {
        // A value may be any text.
        headers.push((
            "x-tiergate-set",
            set.chars().map(|c| if c.is_ascii_graphic() { c } else { '_' }).collect(),
        ));
    }
    if let Some(rule) = decision.rule {
        headers.push(("x-tiergate-rule", rule.to_owned()));
    }
    if let Some(profile) = decision.choice.profile {
        headers.push(("x-tiergate-profile", profile.name.clone()));
    }
    if let Some(score) = decision.score {
        headers.push(("x-tiergate-score", format!("{:.3}", score.value)));
        headers.push(("x-tiergate-confidence", format!("{:.3}", score.confidence)));
    }
    if let Some(savings) = decision.savings {
        headers.push(("x-tiergate-savings", format!("{savings:.3}")));
    }
    headers
}
