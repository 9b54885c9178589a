//! Circuits: after failures in a row nothing is sent for a while, then one ask tries.

use super::clients::STRANGERS;
use crate::time::{Millis, Timestamp};

/// A circuit of one client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Circuit {
    /// Failures in a row.
    run: u32,
    /// Open until then; never where it is closed.
    until: Timestamp,
    /// An ask is trying, and has until then to come back.
    probe: Timestamp,
}

impl Circuit {
    /// Whether nothing may be sent.
    pub fn is_open(&self, now: Timestamp) -> bool {
        now < self.until || now < self.probe
    }

    /// Whether an ask may be sent. One that tries has `lease` to come back.
    pub fn admits(&mut self, now: Timestamp, lease: Millis) -> bool {
        let may = !self.is_open(now);
        if may && self.until.is_set() {
            self.probe = now + lease;
        }
        may
    }

    /// An ask was answered.
    pub fn well(&mut self) {
        *self = Self::default();
    }

    /// An ask failed.
    pub fn failed(&mut self, most: u32, rest: Millis, now: Timestamp) {
        self.run = self.run.saturating_add(1);
        if self.run >= most || self.until.is_set() {
            self.until = (now + rest).max(Timestamp::of_millis(1));
            self.probe = Timestamp::NEVER;
        }
    }

    /// An ask ended in a way that says nothing: another one may try.
    pub fn unknown(&mut self) {
        self.probe = Timestamp::NEVER;
    }
}

/// The circuit of all clients. It opens on failures that no client brings about by its words, and only where they befell
/// more than one client: what befalls one alone its own circuit holds off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SharedCircuit {
    circuit: Circuit,
    /// Whose failure began the run.
    first: u64,
    several: bool,
    run: u32,
}

impl SharedCircuit {
    /// Whether an ask may be sent.
    pub fn admits(&mut self, now: Timestamp, lease: Millis) -> bool {
        self.circuit.admits(now, lease)
    }

    /// An ask was answered.
    pub fn well(&mut self) {
        *self = Self::default();
    }

    /// An ask of a client failed.
    pub fn failed(&mut self, client: u64, most: u32, rest: Millis, now: Timestamp) {
        // Whoever makes up a credential would be one client more.
        if client != STRANGERS {
            if self.run == 0 {
                self.first = client;
            }
            self.run = self.run.saturating_add(1);
            self.several |= client != self.first;
        }
        if self.circuit != Circuit::default() || self.several && self.run >= most {
            self.circuit.failed(1, rest, now);
        }
    }

    /// An ask ended in a way that says nothing.
    pub fn unknown(&mut self) {
        self.circuit.unknown();
    }
}
