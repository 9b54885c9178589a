//! An LLM router that lives inside the gateway, as a proxy-wasm filter.

// The filter's exports are those of the module.
#[cfg(target_arch = "wasm32")]
use tiergate_filter as _;
