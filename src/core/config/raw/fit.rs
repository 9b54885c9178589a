//! How requests are edited for the model that they go to.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// How much of a request is edited so that the chosen model accepts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// Only the model: every other byte passes unchanged.
    Off,
    /// What the model's family is known to refuse, and the rules of `params`.
    #[default]
    Known,
    /// Also removes parameters that the family is not known to accept.
    Strict,
}

/// What happens to a conversation's thoughts that only one provider can read: signed and redacted thinking blocks,
/// encrypted reasoning items, ids of a provider's items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum HistoryMode {
    /// They are removed if the chosen model cannot read them.
    #[default]
    Strip,
    /// Only models that can read them serve the turn, as long as there is one.
    Keep,
}

/// What happens to a schema for the answer if no model that supports schemas may serve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnkeptSchema {
    /// It is sent, and the model refuses it.
    #[default]
    Refuse,
    /// It is replaced by the request for a JSON object.
    Json,
}

/// What happens to a provider's own tools, such as a web search, if no model that has them may serve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnkeptTools {
    /// They are sent, and the model refuses them.
    #[default]
    Refuse,
    /// They are removed.
    Drop,
}

/// Whether the filter requests the usage of streams, in the chat dialect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum StreamUsage {
    /// Only if the client requests it.
    #[default]
    Off,
    /// If the client did not request it: the filter sets `stream_options.include_usage` and removes the event with the
    /// usage from the answer.
    Inject,
}

/// What a model accepts, if it differs from its family. A parameter is named as in the request's body; a nested one by
/// its path, such as `text.verbosity`. Each has precedence over the family's rules for the same parameter.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Parameters that it accepts as they are, whatever its family does.
    #[cfg_attr(feature = "schema", schemars(length(max = 64)))]
    pub take: Option<Vec<String>>,
    /// Parameters that are removed.
    #[cfg_attr(feature = "schema", schemars(length(max = 64)))]
    pub drop: Option<Vec<String>>,
    /// Parameters that get another name, such as `max_tokens: max_completion_tokens`; removed if that one is already
    /// there.
    #[cfg_attr(feature = "schema", schemars(extend("maxProperties" = 64)))]
    pub rename: Option<BTreeMap<String, String>>,
    /// Numbers that have to be between two others; outside of them the nearer one is sent.
    #[cfg_attr(feature = "schema", schemars(extend("maxProperties" = 64)))]
    pub clamp: Option<BTreeMap<String, Between>>,
    /// Values that are replaced: a value as text (`*` for any other) and what is sent in its place, null to remove the
    /// parameter.
    #[cfg_attr(
        feature = "schema",
        schemars(extend(
            "maxProperties" = 64,
            "additionalProperties" = serde_json::json!({
                "type": "object", "maxProperties": 64, "additionalProperties": true, "description": "What is sent, by value."
            })
        ))
    )]
    pub values: Option<BTreeMap<String, BTreeMap<String, Value>>>,
    /// Parameters that every request gets, whatever the client says, with their values. `reasoning_effort` and
    /// `max_tokens` are spelled as each dialect and family spells them.
    #[cfg_attr(feature = "schema", schemars(extend("type" = "object", "maxProperties" = 64)))]
    pub set: Option<BTreeMap<String, Value>>,
}

/// Two bounds.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Between {
    /// The least. Default: none.
    pub min: Option<f64>,
    /// The most. Default: none.
    pub max: Option<f64>,
}
