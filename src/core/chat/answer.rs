//! An answer to an LLM request: what it cost, why it was refused, and when to ask again.

mod encoding;
mod extra;
mod first;
mod id;
mod message;
mod one_key;
mod refusal;
mod routing;
#[cfg(test)]
mod tests;
mod usage;
mod wait;
mod wordings;

pub use encoding::{AnswerReader, Encoding};
pub use extra::ExtraUsage;
pub use first::{First, first};
pub use id::{IdReader, Search};
pub use one_key::is_of_one_key;
pub use refusal::{LONGEST_REFUSAL, Refusal, refusal};
pub use routing::{Insertion, routing};
#[cfg(test)]
use usage::UsageReader;
pub use usage::{Form, UsedTokens};
pub use wait::{Waits, wait_in};
