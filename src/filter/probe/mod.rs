//! What only builds for tests and benchmarks have: filters that do less, and a worker that dies.

pub mod death;
pub mod floor;
