//! Whether a conversation keeps its model.

use serde::Deserialize;

/// Whether a conversation keeps its model, so that the provider's prompt cache stays warm.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Session {
    /// Which model serves the next request of a conversation.
    pub mode: SessionMode,
    /// Whether a pinned conversation moves to a cheaper model when an ask needs only a lower tier.
    pub move_down: MoveDown,
    /// Seconds without a request after which a conversation's pin ends.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 86_400)))]
    pub idle_seconds: u64,
    /// Request header that contains the conversation's id, in lower case; it has precedence over those of `headers`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// Request headers that contain the conversation's id, in lower case; the first that a request has counts.
    /// Default: those of known agents. Without such a header the body's `metadata.session_id` counts, then a session
    /// id within Anthropic's `metadata.user_id`, then `prompt_cache_key`, then the person's words with which the
    /// conversation begins.
    #[cfg_attr(feature = "schema", schemars(length(max = 16)))]
    pub headers: Vec<String>,
    /// Whether the body's `prompt_cache_key` is the id of a conversation. Switch it off if an application sends one
    /// key with all of its conversations.
    pub prompt_cache_key: bool,
    /// Request header that identifies the client, in lower case. The gateway has to set it, because a client could
    /// forge it. Default: the request's credential, which is the first of `x-litellm-api-key`, `authorization`,
    /// `api-key`, `x-api-key` and `x-goog-api-key`, else the query's `key`. Clients never share conversations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_header: Option<String>,
}

impl Default for Session {
    fn default() -> Self {
        let headers =
            ["x-claude-code-session-id", "session-id", "session_id", "x-session-id", "x-session-affinity"];
        Self {
            mode: SessionMode::Stateless,
            move_down: MoveDown::Never,
            idle_seconds: 300,
            header: None,
            headers: headers.map(str::to_owned).to_vec(),
            prompt_cache_key: true,
            tenant_header: None,
        }
    }
}

/// Which model serves the next request of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SessionMode {
    /// Each request is decided by its own content.
    Stateless,
    /// The model that served the one before, unless the request needs a higher tier, the model cannot serve it or is in
    /// cooldown, or a hint, the tenant's policy or its used-up budget allows only lower tiers.
    Pinned,
    /// The same for several gateways that share nothing: a conversation that this one does not know is held by the
    /// highest tier of its first and its newest asks, and strategies with chance choose by the conversation.
    Derived,
}

/// Whether a pinned conversation moves to a cheaper model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MoveDown {
    /// It keeps its model.
    Never,
    /// It moves if this request costs at least a tenth less there, although the other model has nothing of the
    /// conversation in its prompt cache. Needs the prices of both models, and of the pinned one `cached_input_price`.
    IfCheaper,
}
