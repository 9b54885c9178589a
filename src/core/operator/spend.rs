//! What tenants have spent today, as far as this proxy estimates it, known to all its workers: each adds what its own requests
//! cost, by compare-and-swap, into a bounded number of places of a key-value store.

use std::collections::BTreeMap;

use crate::sealed::{Reader, sealed, unsealed};
use crate::store::{Found, Holds, Places, Store};
use crate::time::{Millis, Timestamp};

/// Places for tenants.
pub const BUDGET_SLOTS: usize = 512;
/// A tenant is looked for in so many places, from that of its number on.
const NEIGHBOURS: usize = 16;
/// Most tenants that a worker remembers.
const MOST: usize = 1024;
/// After this time what a worker has read of others is read again.
const FRESH: Millis = Millis::of_seconds(1);
/// Budgets are of a day.
const DAY: Millis = Millis::of_seconds(24 * 60 * 60);
/// The last byte is the version of the format.
const MAGIC: &[u8; 4] = b"tgB\x01";

/// The day of a time, in UTC.
pub const fn day(now: Timestamp) -> u64 {
    now.period(DAY)
}

/// What a worker knows of the spending of a tenant.
#[derive(Clone, Copy, Debug, Default)]
struct Account {
    day: u64,
    /// What all workers had written down when that was read last.
    known: u64,
    /// What is not written down yet.
    pending: u64,
    read_at: Timestamp,
    /// There was no place to write it down: this worker counts for itself.
    alone: bool,
}

/// What tenants have spent today, in millionths of a USD.
#[derive(Debug, Default)]
pub struct Spend {
    accounts: BTreeMap<u64, Account>,
}

impl Spend {
    /// What a tenant has spent today.
    pub fn of(&mut self, store: &impl Store, tenant: u64, now: Timestamp) -> u64 {
        if let Some(account) = self.accounts.get(&tenant)
            && account.day == day(now)
        {
            return account.known.saturating_add(account.pending);
        }
        let known = find(store, tenant, day(now)).and_then(|found| found.value).unwrap_or_default();
        if self.accounts.len() >= MOST {
            // Who makes up names must not fill the memory: what was spent is written down first.
            self.exchange(store, now);
            self.accounts.retain(|_, account| account.pending > 0 || account.alone);
        }
        if self.accounts.len() >= MOST {
            self.accounts.clear();
        }
        self.accounts.insert(tenant, Account { day: day(now), known, read_at: now, ..Account::default() });
        known
    }

    /// A tenant spends something; it is written down on the next tick.
    pub fn add(&mut self, tenant: u64, amount: u64, now: Timestamp) {
        let account = self.accounts.entry(tenant).or_default();
        if account.day != day(now) {
            *account = Account { day: day(now), ..Account::default() };
        }
        account.pending = account.pending.saturating_add(amount);
    }

    /// Writes down what is new, and reads what others have written.
    pub fn tick(&mut self, store: &impl Store, now: Timestamp) {
        self.accounts.retain(|_, account| account.day == day(now));
        self.exchange(store, now);
    }

    /// How many tenants this worker remembers.
    #[cfg(test)]
    pub fn known(&self) -> usize {
        self.accounts.len()
    }

    fn exchange(&mut self, store: &impl Store, now: Timestamp) {
        let today = day(now);
        for (tenant, account) in &mut self.accounts {
            if account.pending == 0 && (account.alone || now.apart(account.read_at) < FRESH) {
                continue;
            }
            // Where others write at the same time it is the next tick's matter.
            for _ in 0..3 {
                let found = find(store, *tenant, today);
                let known = found.as_ref().and_then(|found| found.value).unwrap_or_default();
                account.known = account.known.max(known);
                account.read_at = now;
                if account.pending == 0 {
                    break;
                }
                let Some(Found { slot, cas, .. }) = found else {
                    account.known = account.known.saturating_add(account.pending);
                    (account.pending, account.alone) = (0, true);
                    break;
                };
                let sum = known.saturating_add(account.pending);
                if store.set(&key(slot), &encode(*tenant, today, sum), cas).is_ok() {
                    (account.known, account.pending, account.alone) = (sum, 0, false);
                    break;
                }
            }
        }
    }
}

fn key(slot: usize) -> String {
    format!("tiergate.budget.{slot:03}")
}

fn encode(tenant: u64, day: u64, amount: u64) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    for number in [tenant, day, amount] {
        bytes.extend(number.to_le_bytes());
    }
    sealed(bytes)
}

fn decode(bytes: &[u8]) -> Option<(u64, u64, u64)> {
    let mut reader = Reader(unsealed(bytes)?.strip_prefix(MAGIC)?);
    Some((reader.number()?, reader.number()?, reader.number()?))
}

/// What a tenant has spent on a day, or its place: one that is free or of an earlier day. None where all are others' of the
/// same day: then this worker counts alone.
fn find(store: &impl Store, tenant: u64, today: u64) -> Option<Found<u64>> {
    let places = Places { slots: BUDGET_SLOTS, neighbours: NEIGHBOURS };
    places.find(
        |slot| store.get(&key(slot)),
        tenant,
        |bytes| match decode(bytes) {
            Some((known, day, amount)) if known == tenant && day == today => Holds::Wanted(amount),
            Some((_, day, _)) if day == today => Holds::Kept,
            _ => Holds::Nothing,
        },
    )
}
