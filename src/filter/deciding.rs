//! What a stream asks the engine: by the state of the models, and without a body.

use super::facts::Facts;
use super::health::SharedHealth;
use tiergate_core::chat::{self, Coding, Dialect, Problem};
use tiergate_core::config::Config;
use tiergate_core::engine::{self, Cause, Decision};
use tiergate_core::operator::Client;
use tiergate_core::route::{Conditions, Model};

/// Decides by how the models are doing. Where the choice is a model that one request is to try, and another request is
/// trying it already, decides once more, knowing that.
pub fn decided<'c>(
    health: &SharedHealth,
    now: u64,
    mut decide: impl FnMut(Option<&Conditions>) -> Decision<'c>,
) -> Decision<'c> {
    let mut health = health.borrow_mut();
    let decision = decide(Some(health.conditions(now)));
    match decision.model {
        Some(model) if !health.admits(model, now) => decide(Some(health.conditions(now))),
        _ => decision,
    }
}

/// What becomes of the body: the model, and unless each attempt does that for itself all that does not fit it.
pub fn changes(decision: &mut Decision<'_>, by_attempt: bool) -> Vec<chat::Change> {
    let named = |model: &Model| chat::named(decision.edit.spans(), &model.upstream_model, &decision.tell);
    let mut changes = decision.model.and_then(|model| named(model)).unwrap_or_default();
    if !by_attempt {
        changes.append(&mut decision.fitted.changes);
    }
    changes
}

/// Whether something is learnt from the answer: a side path of a chat model says little of how that answers chats.
pub fn is_watched(decision: &Decision<'_>) -> bool {
    decision.cause != Cause::SidePath || !decision.chain.is_empty()
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
    (facts.form && dialect.is_some()).then(|| engine::refused(config, Problem::Form))
}
