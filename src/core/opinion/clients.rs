//! Who asks: accounts of clients, in a bounded number.

use std::collections::BTreeMap;

use super::circuit::Circuit;
use crate::time::Timestamp;

/// So many clients have an account; one more takes that of the client that was seen last the longest ago.
pub const MOST: usize = 512;
/// The number of all that have none.
pub const STRANGERS: u64 = 0;
/// What an account begins with, in asks,
const START: f64 = 2.0;
/// and what is saved up at most: also what those without one have together.
pub const BURST: f64 = 10.0;

/// What a client may still ask.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Account {
    credit: f64,
    /// Its asks that are under way.
    pub under_way: u32,
    /// What its own failures open.
    pub circuit: Circuit,
    seen: Timestamp,
}

impl Account {
    fn new(credit: f64, seen: Timestamp) -> Self {
        Self { credit, under_way: 0, circuit: Circuit::default(), seen }
    }

    /// Whether it may ask once more.
    pub fn has_share(&self, share: f64) -> bool {
        share >= 1.0 || self.credit >= 1.0
    }

    /// It asks.
    pub fn spend(&mut self) {
        self.credit = (self.credit - 1.0).max(0.0);
        self.under_way = self.under_way.saturating_add(1);
    }

    fn earn(&mut self, share: f64) {
        self.credit = (self.credit + share).min(BURST);
    }
}

/// All accounts.
#[derive(Debug)]
pub struct Clients {
    known: BTreeMap<u64, Account>,
    strangers: Account,
}

impl Default for Clients {
    fn default() -> Self {
        Self { known: BTreeMap::new(), strangers: Account::new(BURST, Timestamp::NEVER) }
    }
}

impl Clients {
    /// The number of a client's account.
    pub fn key(&self, client: u64) -> u64 {
        if self.known.contains_key(&client) { client } else { STRANGERS }
    }

    /// The account of a client.
    pub fn account(&mut self, client: u64) -> &mut Account {
        self.known.get_mut(&client).unwrap_or(&mut self.strangers)
    }

    /// A client's request was answered well.
    pub fn accepted(&mut self, client: u64, share: f64, now: Timestamp) {
        if let Some(account) = self.known.get_mut(&client) {
            account.seen = now;
            account.earn(share);
            return;
        }
        if self.known.len() >= MOST {
            let oldest = self.known.iter().min_by_key(|(_, account)| account.seen).map(|(key, _)| *key);
            oldest.map(|key| self.known.remove(&key));
        }
        self.known.insert(client, Account::new(START, now));
        // It was a newcomer, and no invention: what it may have spent is there for the next one.
        self.strangers.earn(1.0);
    }

    /// How many have an account of their own.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.known.len()
    }
}
