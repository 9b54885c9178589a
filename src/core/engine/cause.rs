//! Why a request went where it went.

/// Why a request went where it went. A closed list: headers, metrics and logs use these words and no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// The scorer's tier.
    Score,
    /// The score lies too near a boundary to decide: the ambiguous tier.
    Ambiguous,
    /// There is next to nothing to judge by: the unknown tier.
    Abstain,
    /// The scorer was not sure, and the classifier was asked: its tier.
    SecondOpinion,
    /// A short reply: the tier of the work before that it is about.
    History,
    /// The ask says that what was given is wrong: more than the tier of the work before.
    Correction,
    /// A client asks for it by itself, such as a title: the tier of chores.
    Chore,
    /// Enough reasoning markers for REASONING whatever the score.
    OverrideReasoning,
    /// So much input that the tier was raised.
    OverrideContext,
    /// Structured output is asked for: the tier was raised.
    FloorStructured,
    /// An agent goes in a circle: a tier more.
    Stalled,
    /// A rule of the operator's decided the tier or the model.
    Rule,
    /// A trusted client's hint changed the tier.
    Hint,
    /// The tenant's policy changed the tier.
    Tenant,
    /// The tenant's budget is used up: the tier was lowered.
    Budget,
    /// The conversation's model serves, or where that cannot one of its tier, where another would have been chosen.
    Session,
    /// The request goes on from something that a provider keeps: the model that made it, or one of its provider.
    State,
    /// The same, and it is not known which model made it: what the profile says.
    UnknownState,
    /// Adoption signals prefer the candidate to one that is listed before it.
    Momentum,
    /// A candidate that would have gone before is in cooldown, or over its limits.
    Health,
    /// The profile's strategy, which compares the candidates of all tiers, prefers one of another tier.
    Strategy,
    /// The tier has nothing but models for code, and the ask is about something else: a neighbouring tier's candidate.
    NoCoder,
    /// Nobody in the tier can serve the request (tools, images, audio, schema, window): a neighbouring tier's
    /// candidate does.
    Capability,
    /// Nobody in the profile can serve it: the default model, or the one that lacks nothing but room.
    NoCandidates,
    /// The conversation has no text of a user to judge: the default model.
    NoPrompt,
    /// Decisions are only recorded: what the profile's control says.
    Shadow,
    /// The conversation is not in the part that the profile routes: what its control says.
    Control,
    /// A call that is no conversation, such as the counting of tokens: the default model.
    SidePath,
    /// The client asked for a group by name: one of its deployments.
    Group,
    /// The client asked for a model by name.
    Pinned,
    /// The request names no model.
    NoModel,
    /// The body is no JSON object, is cut off, or nests too deep.
    Unparsable,
    /// The body is compressed.
    Encoded,
    /// There is no body.
    NoBody,
    /// A virtual model is asked for that does not exist: the client gets an error.
    NoSuchModel,
    /// The request cannot be passed on as it is: the client gets the reason.
    Refused,
}

impl Cause {
    /// All causes.
    pub const ALL: [Cause; 36] = [
        Cause::Score,
        Cause::Ambiguous,
        Cause::Abstain,
        Cause::SecondOpinion,
        Cause::History,
        Cause::Correction,
        Cause::Chore,
        Cause::OverrideReasoning,
        Cause::OverrideContext,
        Cause::FloorStructured,
        Cause::Stalled,
        Cause::Rule,
        Cause::Hint,
        Cause::Tenant,
        Cause::Budget,
        Cause::Session,
        Cause::State,
        Cause::UnknownState,
        Cause::Momentum,
        Cause::Health,
        Cause::Strategy,
        Cause::NoCoder,
        Cause::Capability,
        Cause::NoCandidates,
        Cause::NoPrompt,
        Cause::Shadow,
        Cause::Control,
        Cause::SidePath,
        Cause::Group,
        Cause::Pinned,
        Cause::NoModel,
        Cause::Unparsable,
        Cause::Encoded,
        Cause::NoBody,
        Cause::NoSuchModel,
        Cause::Refused,
    ];

    /// The word for headers, metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Cause::Score => "score",
            Cause::Ambiguous => "ambiguous",
            Cause::Abstain => "abstain",
            Cause::SecondOpinion => "second_opinion",
            Cause::History => "history",
            Cause::Correction => "correction",
            Cause::Chore => "chore",
            Cause::OverrideReasoning => "override_reasoning",
            Cause::OverrideContext => "override_context",
            Cause::FloorStructured => "floor_structured",
            Cause::Stalled => "stalled",
            Cause::Rule => "rule",
            Cause::Hint => "hint",
            Cause::Tenant => "tenant",
            Cause::Budget => "budget",
            Cause::Session => "session",
            Cause::State => "state",
            Cause::UnknownState => "unknown_state",
            Cause::Momentum => "momentum",
            Cause::Health => "health",
            Cause::Strategy => "strategy",
            Cause::NoCoder => "no_coder",
            Cause::Capability => "capability",
            Cause::NoCandidates => "no_candidates",
            Cause::NoPrompt => "no_prompt",
            Cause::Shadow => "shadow",
            Cause::Control => "control",
            Cause::SidePath => "side_path",
            Cause::Group => "group",
            Cause::Pinned => "pinned",
            Cause::NoModel => "no_model",
            Cause::Unparsable => "unparsable",
            Cause::Encoded => "encoded",
            Cause::NoBody => "no_body",
            Cause::NoSuchModel => "no_such_model",
            Cause::Refused => "refused",
        }
    }
}
