//! Adoption signals: several workers of one process, a feed, and a clock that the tests move.

mod answers;
mod changes;
pub mod fleet;
mod rows;
mod sharing;
mod speed;
