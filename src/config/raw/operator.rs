//! What the operator decides over the judge.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::tier::Tier;

/// A rule: where all that it names holds, it decides the tier or the model. Give one of `tier`, `min_tier` and `max_tier`, or
/// `model`.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RoutingRule {
    /// A name, for headers, logs and people.
    #[cfg_attr(feature = "cli", schemars(required, length(min = 1, max = 64)))]
    pub name: Option<String>,
    /// Words or phrases, of which the newest ask says one, in any case and as a word of its own; one that ends with `*` lets
    /// letters follow. The first 4096 bytes of the ask are looked at.
    #[cfg_attr(feature = "cli", schemars(length(min = 1, max = 256)))]
    pub keywords: Option<Vec<String>>,
    /// A regular expression (of the crate `regex-lite`: no look-around, no Unicode classes) that the newest ask matches somewhere
    /// in those bytes.
    #[cfg_attr(feature = "cli", schemars(length(min = 1, max = 512)))]
    pub regex: Option<String>,
    /// Request headers that there are, in lower case, each with the values that it may have; an empty list is any value. Who
    /// can set a header can set off its rules.
    #[cfg_attr(
        feature = "cli",
        schemars(extend("maxProperties" = 8, "additionalProperties" = {
            "type": "array", "items": {"type": "string"}, "maxItems": 64, "description": "Values."
        }))
    )]
    pub headers: Option<BTreeMap<String, Vec<String>>>,
    /// Ends of request paths, of which one has to be there, such as `/v1/messages`.
    #[cfg_attr(feature = "cli", schemars(length(min = 1, max = 16)))]
    pub paths: Option<Vec<String>>,
    /// Profiles that a client asks for, of which it has to be one. Default: any.
    #[cfg_attr(feature = "cli", schemars(length(min = 1, max = 32)))]
    pub profiles: Option<Vec<String>>,
    /// The tier, whatever was judged.
    pub tier: Option<Tier>,
    /// Not below this tier.
    pub min_tier: Option<Tier>,
    /// Not above this tier.
    pub max_tier: Option<Tier>,
    /// The model that serves if it can serve the request and is in no cooldown; it need not be in the profile.
    pub model: Option<String>,
}

/// Whose hints count: a client that sends `header` with `value`, or comes from one of `networks`, may send
/// `x-tiergate-min-tier`, `x-tiergate-max-tier` (tiers) and `x-tiergate-bias` (-3 to 3: so many tiers up or down).
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ClientHints {
    /// A request header in lower case. It is removed before the request goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The value that it has to have: a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "cli", schemars(length(min = 8, max = 256)))]
    pub value: Option<String>,
    /// Addresses, and beginnings of addresses such as `10.0.0.0/8`: of the client as Envoy sees it (`source.address`, which
    /// follows `x-forwarded-for` as the connection manager says).
    #[cfg_attr(feature = "cli", schemars(length(max = 64)))]
    pub networks: Vec<String>,
}

/// Policies by tenant.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct TenantPolicies {
    /// Request header that names the tenant, in lower case: one that the gateway sets, for a client could make it up. Default:
    /// `session.tenant_header`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// By the tenant's name; `"*"` is for any other, and for requests without the header.
    #[cfg_attr(feature = "cli", schemars(extend("maxProperties" = 256)))]
    pub policies: BTreeMap<String, TenantPolicy>,
}

/// What a tenant may do.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TenantPolicy {
    /// The only models that it may use, asked for by name or chosen: names, or beginnings of names with a `*` at the end.
    /// Another one is refused with 403. Default: all.
    #[cfg_attr(feature = "cli", schemars(length(min = 1, max = 64)))]
    pub allow: Option<Vec<String>>,
    /// Models that it may not use, spelled as in `allow`.
    #[cfg_attr(feature = "cli", schemars(length(max = 64)))]
    pub block: Option<Vec<String>>,
    /// Not below this tier.
    pub min_tier: Option<Tier>,
    /// Not above this tier.
    pub max_tier: Option<Tier>,
    /// So many tiers up, or down where it is below 0; before the bounds. Default: 0.
    #[cfg_attr(feature = "cli", schemars(range(min = -3, max = 3)))]
    pub bias: Option<i8>,
    /// USD a day (UTC) that its requests may cost, as this Envoy estimates them before they are sent; then `over_budget_tier`
    /// is the highest. Requests that were under way, and those of other Envoys, come on top. Default: no budget.
    #[cfg_attr(feature = "cli", schemars(range(min = 0.0, max = 1_000_000.0)))]
    pub daily_budget_usd: Option<f64>,
    /// The highest tier once the budget is used up. Default: SIMPLE.
    pub over_budget_tier: Option<Tier>,
}
