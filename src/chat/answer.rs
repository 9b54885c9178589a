//! An answer to an LLM request: what it cost, and why it was refused.

mod refusal;
#[cfg(test)]
mod tests;
mod usage;

pub use refusal::{LONGEST_REFUSAL, Refusal, refusal};
pub use usage::{Form, UsageReader, UsedTokens};
