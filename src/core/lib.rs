//! The rooms of tiergate that need neither a host nor a clock.
//!
//! The rooms and the arrows between them are in `docs/design.md`. A request walks
//! [`chat`] (what is asked) -> [`score`] (how hard it is) -> [`route`] (which model), put together by
//! [`engine::decide`]. The crates `tiergate-filter` (in Envoy) and `tiergate-cli` (the command) are the two front doors.
//!
//! This crate is internal and changes with every version. The crate `tiergate` has what other programs may build on.
#![forbid(unsafe_code)]

pub mod ask;
pub mod chat;
pub mod config;
pub mod console;
pub mod discover;
pub mod engine;
pub mod fit;
pub mod fnv;
pub mod live;
pub mod operator;
pub mod opinion;
pub mod refresh;
mod retry_after;
pub mod rollout;
pub mod route;
pub mod score;
mod sealed;
mod sigmoid;
pub mod signal;
pub mod store;
pub mod tier;
pub mod time;
