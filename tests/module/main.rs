//! The built module, `dist/tiergate.wasm` (or the file that `TIERGATE_WASM` names), under a small proxy-wasm host
//! that has Envoy's rules and traps. What only a real proxy can show is tested there.

// A test that cannot go on panics; that is what tests do. The library's own rules stay as strict as they are.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]
// The host is complete where the tests use a part of it.
#![allow(dead_code)]

mod asks;
mod bodies;
mod causes;
mod configuring;
mod console;
mod discover;
mod fixture;
mod host;
mod listing;
mod opinion;
mod passing;
mod refusing;
mod rollout;
mod routing;
mod signals;
mod telling;
mod work;
