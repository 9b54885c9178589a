//! Nothing: this package holds tests.
