//! Profiles, tables and cost: from a tier to the model that serves it.

mod cost;
mod pick;
mod table;

pub use cost::{Usage, cost, savings};
pub use pick::{Needs, Pick, pick};
pub use table::{Model, Profile, Promotion, Standing, Strategy, Table};
