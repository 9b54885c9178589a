//! Profiles, tables and cost: from a tier to the model that serves it, and those that may serve in its place.

mod condition;
mod cost;
mod fallback;
mod needs;
mod order;
mod pick;
mod table;

#[cfg(test)]
mod tests;

pub use condition::{Condition, Conditions};
pub use cost::{Usage, cost, pays_to_move, savings};
pub use fallback::{Chains, FallbackReason, Open, Plan, Progress};
pub use needs::{Needs, Slots};
pub use pick::{CHAIN, Pick, PickRequest, Why, pick};
pub use table::{
    Agentic, Completion, Curve, LAST, Model, Profile, Promotion, SignalRanking, Strategy, Table, UnknownState,
};
