//! A request that fits the model it goes to.
//!
//! Pure: what a request says and what a model takes in, changes of the body out. Nothing else of the body is touched.

mod effort;
mod family;
mod history;
mod item;
mod members;
mod rule;
#[cfg(test)]
mod tests;
mod value;

use std::sync::Arc;

pub use effort::{Level, Levels};
pub use family::{Families, Family, Reads};
pub use history::read_by;
pub use rule::{Action, Answer, Node, Rule, When};

use crate::chat::{BuiltIn, Change, Dialect, Sealed, View};
use item::Items;

/// Headers that ask one provider for what is not for all yet.
pub const BETAS: [&str; 2] = ["anthropic-beta", "openai-beta"];

/// How much is edited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Nothing but the model.
    Off,
    /// What the model is known to refuse.
    #[default]
    Known,
    /// And what it is not known to take.
    Strict,
}

/// What a model takes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Takes {
    /// What it has in common with others.
    pub family: Option<Arc<Family>>,
    /// Its own rules, which go before those of the family for the same parameter.
    pub own: Node,
    /// Parameters that every request gets, with their JSON.
    pub set: Vec<(String, Vec<u8>)>,
    /// The reasoning efforts that it takes; empty where they are not known.
    pub efforts: Levels,
    /// The effort of a request that names none.
    pub default_effort: Option<Level>,
    /// Most output tokens, if known.
    pub limit: Option<u64>,
    /// Whether it cannot be held to a JSON schema.
    pub no_schema: bool,
    /// Whether LiteLLM stands before it.
    pub litellm: bool,
}

impl Takes {
    /// Whether it can read what a conversation has of a model's thoughts; not known for a model without a family.
    pub fn can_read(&self, sealed: Sealed) -> bool {
        self.family.as_ref().is_none_or(|family| read_by(sealed, family.reads))
    }

    /// Whether it has these tools of a provider's own; not known for a model without a family.
    pub fn has_tools(&self, dialect: Dialect, kinds: BuiltIn) -> bool {
        self.family.as_ref().is_none_or(|family| family.tools(dialect).has(kinds))
    }

    /// Whether it reads a header of [`BETAS`]; not known for a model without a family.
    pub fn reads_beta(&self, header: &str) -> bool {
        self.family.as_ref().is_none_or(|family| match header {
            "anthropic-beta" => family.reads.claude,
            "openai-beta" => family.reads.openai,
            _ => true,
        })
    }

    /// Whether it reads Claude's thoughts.
    pub fn reads_claude(&self) -> bool {
        self.family.as_ref().is_some_and(|family| family.reads.claude)
    }

    /// Whether nothing is known of the model and nothing is set.
    fn is_empty(&self) -> bool {
        self.family.is_none() && self.own.is_empty() && self.set.is_empty()
    }
}

/// What was done to a part of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// It was taken out.
    Dropped,
    /// It has another name.
    Renamed,
    /// It has another value.
    Changed,
    /// It was put in.
    Added,
}

impl Done {
    /// The word for people.
    pub const fn name(self) -> &'static str {
        match self {
            Done::Dropped => "dropped",
            Done::Renamed => "renamed",
            Done::Changed => "changed",
            Done::Added => "added",
        }
    }
}

/// One edit, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The parameter.
    pub name: String,
    /// What was done.
    pub done: Done,
}

/// How a request has to be changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fitted {
    /// The changes of the body, in no order.
    pub changes: Vec<Change>,
    /// What they are.
    pub notes: Vec<Note>,
    /// The stream of the answer gets an event of usage that the client did not ask for.
    pub extra_usage: bool,
}

/// How requests are fitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// How much is edited.
    pub mode: Mode,
    /// Whether a model that the client asked for by name is fitted too.
    pub pinned: bool,
    /// Whether only models that can read a conversation's sealed thoughts serve it.
    pub keep_history: bool,
    /// Whether a schema that the model cannot keep becomes a demand for JSON.
    pub downgrade_schema: bool,
    /// Whether the usage of streams is asked for.
    pub inject_usage: bool,
    /// Whether tools of a provider's own that the model does not have are taken out.
    pub drop_tools: bool,
}

/// How a request has to be changed to be one that the model takes. `view` is of `body`, and read without a fault. `signed`:
/// the model itself may have signed the thoughts of the conversation; Claude takes those of no other model.
pub fn fit(
    body: &[u8],
    view: &View<'_>,
    dialect: Dialect,
    takes: &Takes,
    policy: Policy,
    signed: bool,
) -> Fitted {
    let mut fitted = Fitted::default();
    let injects = injects_usage(body, view, dialect, policy);
    let downgrades = policy.downgrade_schema && view.schema && takes.no_schema;
    if policy.mode == Mode::Off
        || takes.is_empty() && !downgrades && !injects
        || view.fault.is_some()
        || view.members.is_empty()
    {
        return fitted;
    }
    let strict = policy.mode == Mode::Strict;
    let family = takes.family.as_deref();
    let node = family.map(|family| family.node(dialect));
    let mut thoughtless = false;
    if let Some(family) = family
        && (view.sealed.any() || view.calls && family.needs_reasoning)
    {
        let reads = Reads { claude: family.reads.claude && signed, ..family.reads };
        history::strip(body, view, dialect, reads, family.needs_reasoning, &mut fitted);
        thoughtless = family.reads.claude && !fitted.changes.is_empty();
    }
    let foreign = view.built_in.filter(|(_, kinds)| policy.drop_tools && !takes.has_tools(dialect, *kinds));
    if foreign.is_some()
        || thoughtless
        || downgrades
        || strict
        || injects
        || !takes.set.is_empty()
        || touched(body, view, &takes.own, node)
    {
        let mut items = Items::top(body, &view.members, takes, node, dialect);
        items.tools = view.tools;
        if foreign.is_some() {
            items.without_foreign_tools();
        }
        items.set();
        if downgrades {
            items.downgrade();
        }
        if thoughtless && view.tools {
            items.without_budget();
        }
        items.apply(strict);
        if injects {
            fitted.extra_usage = items.inject_usage();
        }
        items.changes(body, view, &mut fitted);
    }
    fitted
}

/// Whether the answer is a stream that has to be asked for its usage.
fn injects_usage(body: &[u8], view: &View<'_>, dialect: Dialect, policy: Policy) -> bool {
    policy.inject_usage
        && dialect == Dialect::ChatCompletions
        && view.stream
        && !item::asks_usage(body, &view.members)
}

/// Whether there is a rule about any member.
fn touched(body: &[u8], view: &View<'_>, own: &Node, node: Option<&Node>) -> bool {
    view.members.iter().any(|member| {
        let key = member.key.of(body);
        key.contains(&b'\\')
            || own.of(key).is_some()
            || node.is_some_and(|node| node.of(key).is_some_and(Node::acts))
    })
}
