//! Profiles, tables and cost: from a tier to the model that serves it, and who serves in its place.

mod condition;
mod cost;
mod fallback;
mod pick;
mod table;

pub use condition::{Condition, Conditions};
pub use cost::{Usage, cost, savings};
pub use fallback::{Chains, Plan, Progress, Reason};
pub use pick::{Needs, Pick, pick};
pub use table::{Model, Profile, Promotion, Standing, Strategy, Table};
