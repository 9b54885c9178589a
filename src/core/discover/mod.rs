//! What an upstream serves: its list of models, read whatever its dialect.
//!
//! Lists say little and each says it in another way: Ollama, LM Studio, vLLM, LiteLLM, OpenRouter and the providers all
//! answer `GET /v1/models` or a path of their own. [`list::read`] makes one kind of entry of them all; [`name`] reads
//! sizes and purposes out of names, for lists that say no more than those.

pub mod choose;
mod entry;
mod facts;
pub mod list;
mod modes;
pub mod name;
pub mod read;
#[cfg(test)]
mod tests;
pub mod tiers;

pub use facts::{Facts, rounded};
pub use name::{Kind, Size};
