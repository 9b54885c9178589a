//! Whether a conversation keeps its model.

use serde::Deserialize;

/// Whether a conversation keeps its model, so that the provider's prompt cache stays warm.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Session {
    /// Who serves the next request of a conversation.
    pub mode: SessionMode,
    /// Seconds without a request after which a conversation is held no longer.
    #[cfg_attr(feature = "cli", schemars(range(min = 1, max = 86_400)))]
    pub idle_seconds: u64,
    /// Request header that tells the conversation, in lower case. Where there is none, or a request does not have it,
    /// the body's `metadata.session_id` does, else its `user` (Anthropic: `metadata.user_id`), else a hash of how the
    /// conversation begins: system text and the first turn of the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
}

impl Default for Session {
    fn default() -> Self {
        Self { mode: SessionMode::Stateless, idle_seconds: 300, header: None }
    }
}

/// Who serves the next request of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SessionMode {
    /// Each request is decided by what it holds.
    Stateless,
    /// The model that served the one before, unless a higher tier is wanted, or it cannot serve the request or is in
    /// cooldown.
    Pinned,
}
