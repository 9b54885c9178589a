//! What a stream asks the engine: by the state of the models, and without a body.

use super::facts::Facts;
use super::health::SharedHealth;
use tiergate_core::chat::{Coding, Dialect, Problem};
use tiergate_core::config::Config;
use tiergate_core::engine::{self, Cause, Decision};
use tiergate_core::operator::Client;
use tiergate_core::route::Conditions;
use tiergate_core::time::Timestamp;

/// Decides by how the models are doing, where that is known. `asker`: the number of the credential that asks.
pub fn decided<'c>(
    health: Option<&SharedHealth>,
    asker: u64,
    now: Timestamp,
    decide: impl FnOnce(Option<&Conditions>) -> Decision<'c>,
) -> Decision<'c> {
    match health {
        None => decide(None),
        Some(health) => decide(Some(&health.borrow_mut().conditions(asker, now))),
    }
}

/// The decision. Where the choice is a model that one request is to try, and another request is trying it already, decides
/// once more, knowing that.
pub fn admitted<'c>(
    health: Option<&SharedHealth>,
    asker: u64,
    now: Timestamp,
    decision: Decision<'c>,
    decide: impl FnOnce(Option<&Conditions>) -> Decision<'c>,
) -> Decision<'c> {
    let Some(health) = health else { return decision };
    let mut health = health.borrow_mut();
    match decision.choice.model {
        Some(model) if !health.admits(model, now) => decide(Some(&health.conditions(asker, now))),
        _ => decision,
    }
}

/// Whether something is learnt from the answer: a side path of a chat model says little of how that answers chats.
pub fn is_watched(decision: &Decision<'_>) -> bool {
    decision.choice.cause != Cause::SidePath || !decision.chain.is_empty()
}

/// What is decided without a body: there is none, or nobody can read it.
pub fn unread<'c>(
    config: &'c Config,
    facts: &Facts,
    dialect: Option<Dialect>,
    end_of_stream: bool,
) -> Option<Decision<'c>> {
    let client = Client { headers: Some(&facts.watched), ..Client::default() };
    let without = |dialect, cause| engine::decide_unread(config, &client, (dialect, &facts.path), cause);
    if let Some(dialect) = dialect.filter(|_| end_of_stream) {
        return Some(without(dialect, Cause::NoBody));
    }
    if facts.coding == Coding::Other {
        return Some(match dialect {
            Some(dialect @ Dialect::Gemini(_)) => without(dialect, Cause::Encoded),
            _ => engine::refused(config, Problem::Encoding),
        });
    }
    // On another path this far only where the client may not use all models, and the form's model cannot be read.
    let refused = facts.form && (dialect.is_some() || facts.boundary.is_none());
    refused.then(|| engine::refused(config, Problem::Form))
}
