//! An LLM router that lives inside the gateway, as a proxy-wasm filter.
//!
//! The rooms and the arrows between them are in `docs/design.md`. A request walks
//! [`chat`] (what is asked) -> [`score`] (how hard it is) -> [`route`] (which model), put together by
//! [`engine::decide`]; `filter` (wasm32 only) and `cli` are the two front doors.

pub mod ask;
pub mod chat;
#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod discover;
pub mod engine;
#[cfg(target_arch = "wasm32")]
mod filter;
pub mod fit;
mod fnv;
pub mod live;
pub mod operator;
pub mod refresh;
mod retry_after;
pub mod rollout;
pub mod route;
pub mod score;
mod sealed;
pub mod signal;
pub mod tier;
