//! An LLM router that lives inside the gateway.
//!
//! The product is a proxy-wasm filter for Envoy; this crate builds its module (`wasm32-wasip1`) and, with the feature
//! `cli`, the `tiergate` command. Other programs get the same decisions from [`Router`]: it reads the document that
//! configures the filter, judges prompts and chooses models. It does no I/O and reads no clock.
//!
//! ```
//! use tiergate::{Router, Tier};
//!
//! let router = Router::new(b"")?; // an empty document: the shipped models and tiers
//! let greeting = router.judge("hi there");
//! assert_eq!(greeting.tier, Tier::Simple);
//!
//! let proof = router.judge("Prove that every finite integral domain is a field, and say where finiteness is needed.");
//! assert!(proof.tier > Tier::Simple);
//! assert!(proof.difficulty > greeting.difficulty);
//! # Ok::<(), tiergate::ConfigErrors>(())
//! ```
#![forbid(unsafe_code)]

mod router;

pub use router::{Judgement, Rejection, Route, RouteError, Router};
pub use tiergate_core::config::{ConfigError, ConfigErrors};
pub use tiergate_core::tier::Tier;

// The filter's exports are those of the module.
#[cfg(target_arch = "wasm32")]
use tiergate_filter as _;
