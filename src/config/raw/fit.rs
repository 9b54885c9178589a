//! How requests are made to fit the model that they go to.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// How much of a request is edited so that the model that was chosen takes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// Only the model: every other byte goes on as it came.
    Off,
    /// What the model's family is known to refuse, and what `params` says.
    #[default]
    Known,
    /// And parameters that the family is not known to take.
    Strict,
}

/// What becomes of a conversation's thoughts that only one provider can read: signed and redacted thinking blocks,
/// encrypted reasoning items, ids of a provider's items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum HistoryMode {
    /// They are taken out where the model that was chosen cannot read them.
    #[default]
    Strip,
    /// Only models that can read them serve the turn, as long as there is one.
    Keep,
}

/// What becomes of a schema that the answer has to keep, where nobody who can keep it may serve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnkeptSchema {
    /// It is sent, and the model refuses it.
    #[default]
    Refuse,
    /// It becomes the demand for a JSON object.
    Json,
}

/// What becomes of a provider's own tools, such as a web search, where nobody who has them may serve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnkeptTools {
    /// They are sent, and the model refuses them.
    #[default]
    Refuse,
    /// They are taken out.
    Drop,
}

/// Whether the usage of streams is asked for, in the chat dialect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum StreamUsage {
    /// As the client asks.
    #[default]
    Off,
    /// Where the client did not ask for it: `stream_options.include_usage` is set, and the event with the usage is taken out of
    /// the answer again.
    Inject,
}

/// How much a model is to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// Not at all.
    None,
    /// As little as can be.
    Minimal,
    /// Little.
    Low,
    /// In between.
    Medium,
    /// Much.
    High,
    /// More.
    Xhigh,
    /// As much as can be.
    Max,
}

/// What a model takes, where it differs from its family. A parameter is named as in the request's body; one within
/// another by its path, such as `text.verbosity`. Each goes before the family's rules for the same parameter.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Parameters that it takes as they are, whatever its family does.
    #[cfg_attr(feature = "cli", schemars(length(max = 64)))]
    pub take: Option<Vec<String>>,
    /// Parameters that are taken out.
    #[cfg_attr(feature = "cli", schemars(length(max = 64)))]
    pub drop: Option<Vec<String>>,
    /// Parameters that get another name, such as `max_tokens: max_completion_tokens`; taken out where that one is there
    /// already.
    #[cfg_attr(feature = "cli", schemars(extend("maxProperties" = 64)))]
    pub rename: Option<BTreeMap<String, String>>,
    /// Numbers that have to lie between two others; beyond them the nearer one is sent.
    #[cfg_attr(feature = "cli", schemars(extend("maxProperties" = 64)))]
    pub clamp: Option<BTreeMap<String, Between>>,
    /// Values that become others: a value as text (`*` for any other) and what is sent in its place, null to take the
    /// parameter out.
    #[cfg_attr(
        feature = "cli",
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
    #[cfg_attr(feature = "cli", schemars(extend("type" = "object", "maxProperties" = 64)))]
    pub set: Option<BTreeMap<String, Value>>,
}

/// Two bounds.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Between {
    /// The least. Default: none.
    pub min: Option<f64>,
    /// The most. Default: none.
    pub max: Option<f64>,
}
