//! What the operator decides over the judge.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::tier::Tier;

/// A rule: if all of its conditions hold, it decides the tier or the model. Give one of `tier`, `min_tier` and
/// `max_tier`, or `model`.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RoutingRule {
    /// A name, for headers, logs and people.
    #[cfg_attr(feature = "schema", schemars(required, length(min = 1, max = 64)))]
    pub name: Option<String>,
    /// Words or phrases; the newest ask has to contain one of them as a word of its own, in any case, with or without
    /// accents, and with any white space between words. A `*` at the end allows letters to follow. Only the first 4096
    /// bytes of the ask are searched.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 256)))]
    pub keywords: Option<Vec<String>>,
    /// A regular expression (of the crate `regex-lite`: no look-around, no Unicode classes; `(?i)`, `\w` and `\b` know
    /// only ASCII) that has to match somewhere in those bytes.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 512)))]
    pub regex: Option<String>,
    /// Request headers that have to be present, in lower case, each with its allowed values; an empty list allows any
    /// value. A client that can set a header can trigger its rules.
    #[cfg_attr(
        feature = "schema",
        schemars(extend("maxProperties" = 8, "additionalProperties" = {
            "type": "array", "items": {"type": "string"}, "maxItems": 64, "description": "Values."
        }))
    )]
    pub headers: Option<BTreeMap<String, Vec<String>>>,
    /// Ends of request paths, such as `/v1/messages`; the path has to end with one of them.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 16)))]
    pub paths: Option<Vec<String>>,
    /// Profiles; the client has to ask for one of them. Default: any.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 32)))]
    pub profiles: Option<Vec<String>>,
    /// The request has to offer tools.
    pub tools: Option<bool>,
    /// The request has to have images.
    pub images: Option<bool>,
    /// Estimated input tokens that the whole request has at least.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1_000_000_000)))]
    pub min_input_tokens: Option<u64>,
    /// Tokens that the system text has at least, at four bytes each.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1_000_000_000)))]
    pub min_system_tokens: Option<u64>,
    /// Turns of the user that the conversation has at least.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1_000_000)))]
    pub min_turns: Option<u64>,
    /// The tier, whatever the scorer judged.
    pub tier: Option<Tier>,
    /// The lowest tier.
    pub min_tier: Option<Tier>,
    /// The highest tier.
    pub max_tier: Option<Tier>,
    /// How many tiers higher or lower than judged.
    #[cfg_attr(feature = "schema", schemars(range(min = -3, max = 3)))]
    pub bias: Option<i8>,
    /// The model that serves if it can serve the request, is not in cooldown and not above the highest tier of a hint, the
    /// tenant's policy or its used-up budget. It need not be in the profile; then it counts as REASONING.
    pub model: Option<String>,
}

/// Which clients' hints count: a client that sends `header` with `value`, or comes from one of `networks`, may send
/// `x-tiergate-min-tier`, `x-tiergate-max-tier` (tiers) and `x-tiergate-bias` (-3 to 3: how many tiers up or down).
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ClientHints {
    /// A request header in lower case. The filter removes it before the request goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The value that the header must have: a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 8, max = 256)))]
    pub value: Option<String>,
    /// Addresses, and address ranges such as `10.0.0.0/8`, of the client as Envoy sees it (`source.address`, which
    /// follows `x-forwarded-for` as the connection manager is configured).
    #[cfg_attr(feature = "schema", schemars(length(max = 64)))]
    pub networks: Vec<String>,
}

/// Policies by tenant.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct TenantPolicies {
    /// Request header that names the tenant, in lower case. The gateway has to set it, because a client could forge
    /// it. Default: `session.tenant_header`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// By the tenant's name; `"*"` applies to any other, and to requests without the header.
    #[cfg_attr(feature = "schema", schemars(extend("maxProperties" = 256)))]
    pub policies: BTreeMap<String, TenantPolicy>,
}

/// What a tenant may do.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TenantPolicy {
    /// The only models that it may use, whether the client names them or tiergate chooses them: names, or prefixes of
    /// names with a `*` at the end. Any other is refused with 403. Default: all.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64)))]
    pub allow: Option<Vec<String>>,
    /// Models that it may not use, spelled as in `allow`.
    #[cfg_attr(feature = "schema", schemars(length(max = 64)))]
    pub block: Option<Vec<String>>,
    /// The lowest tier.
    pub min_tier: Option<Tier>,
    /// The highest tier, also for conversations that keep their model.
    pub max_tier: Option<Tier>,
    /// How many tiers up, or down if below 0; applied before the bounds. Default: 0.
    #[cfg_attr(feature = "schema", schemars(range(min = -3, max = 3)))]
    pub bias: Option<i8>,
    /// USD per day (UTC) that its requests may cost, as this Envoy estimates them before they are sent; above that
    /// `over_budget_tier` is the highest tier. Requests in progress, and those of other Envoys, come on top. Default:
    /// no budget.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 1_000_000.0)))]
    pub daily_budget_usd: Option<f64>,
    /// The highest tier once the budget is used up, also for conversations that keep their model. Default: SIMPLE.
    pub over_budget_tier: Option<Tier>,
}
