//! The console.

use serde::Deserialize;

/// The console: a page that shows decisions, models and savings, and its JSON.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Console {
    /// Path of the page. The JSON is below it.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 128)))]
    pub path: String,
    /// Bearer token that every request for data needs. Default: none; then only requests whose host is `localhost` or
    /// an IP address are answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 16, max = 1024)))]
    pub token: Option<String>,
    /// A second bearer token, for `POST /feedback` alone: for applications.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 16, max = 1024)))]
    pub feedback_token: Option<String>,
    /// How much feedback all workers together take in a minute. The rest is answered with 429.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1_000_000)))]
    pub feedback_per_minute: u32,
}

impl Default for Console {
    fn default() -> Self {
        Self { path: "/".to_owned(), token: None, feedback_token: None, feedback_per_minute: 60 }
    }
}
