//! The console: what it is asked for and who may ask, the decisions and costs that it shows, feedback, and the page.
//!
//! Nothing here knows the host: what workers share lies behind the key-value store of [`crate::live`]. No prompt is kept.

mod feedback;
mod recent;
mod request;
mod savings;
mod state;
#[cfg(test)]
mod tests;
mod trial;

pub use feedback::{Feedback, admits};
pub use recent::{Recent, all};
pub use request::{Asked, Head, Reply, admit, error, page};
pub use savings::{Savings, report as savings};
pub use state::{Numbers, configs, models};
pub use trial::{Trial, route};

/// Largest body of a request, in bytes.
pub const LARGEST: usize = 1024 * 1024;
