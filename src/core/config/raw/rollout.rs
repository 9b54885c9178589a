//! How much of the traffic is routed.

use serde::Deserialize;

/// Whether decisions are carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Decisions are carried out.
    Route,
    /// They are recorded in response headers, metrics and the access log; every request follows its profile's
    /// `control`.
    Shadow,
}

/// What happens to a request for a virtual model that is not routed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// The profile's `default_model` serves it: no upstream has to know the virtual name.
    DefaultModel,
    /// It passes as the client sent it, to the cluster of the model that it names, else to `default_cluster`. The
    /// upstream has to know the name.
    Unchanged,
}
