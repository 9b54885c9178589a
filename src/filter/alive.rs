//! The requests of this VM that are still there. Where a client goes away, Envoy ends the listener's filters before those
//! of the attempts, and for some ways of going it gives no reason. By this an attempt that ends knows whether its request
//! is gone too, or Envoy has given up the attempt alone.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::random;

thread_local! {
    static ALIVE: RefCell<(u64, BTreeSet<u64>)> = const { RefCell::new((0, BTreeSet::new())) };
}

/// A number for a request that is there from now on.
pub fn enter(now: u64) -> u64 {
    ALIVE.with_borrow_mut(|(last, alive)| {
        // Another VM's numbers are others.
        *last = if *last == 0 { random(now) } else { last.wrapping_add(1) };
        alive.insert(*last);
        *last
    })
}

/// The request is gone.
pub fn leave(number: u64) {
    ALIVE.with_borrow_mut(|(_, alive)| alive.remove(&number));
}

/// Whether the request is there.
pub fn is(number: u64) -> bool {
    ALIVE.with_borrow(|(_, alive)| alive.contains(&number))
}
