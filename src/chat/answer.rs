//! An answer to an LLM request: what it cost, and why it was refused.

mod encoding;
mod message;
mod refusal;
#[cfg(test)]
mod tests;
mod usage;
mod wordings;

pub use encoding::{AnswerReader, Encoding};
pub use refusal::{LONGEST_REFUSAL, Refusal, refusal};
#[cfg(test)]
use usage::UsageReader;
pub use usage::{Form, UsedTokens};
