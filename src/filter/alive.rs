//! The requests of this VM that are still there. Where a client goes away, Envoy ends the listener's filters before those
//! of the attempts, and for some ways of going it gives no reason. By this an attempt that ends knows whether its request
//! is gone too, or Envoy has given up the attempt alone; and the next attempt knows that one has lost its connection.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::clock;
use tiergate_core::time::Timestamp;

/// What became of the connection of an attempt.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Connection {
    #[default]
    Well,
    /// It was lost, and the next attempt does not know yet.
    Lost,
    /// It was lost, and the request was sent again for that. Once is all.
    Resent,
}

thread_local! {
    static ALIVE: RefCell<(u64, BTreeMap<u64, Connection>)> = const { RefCell::new((0, BTreeMap::new())) };
}

/// A number for a request that is there from now on.
pub fn enter(now: Timestamp) -> u64 {
    ALIVE.with_borrow_mut(|(last, alive)| {
        // Another VM's numbers are others.
        *last = if *last == 0 { clock::random(now) } else { last.wrapping_add(1) };
        alive.insert(*last, Connection::Well);
        *last
    })
}

/// The request is gone.
pub fn leave(number: u64) {
    ALIVE.with_borrow_mut(|(_, alive)| alive.remove(&number));
}

/// Whether the request is there.
pub fn is(number: u64) -> bool {
    ALIVE.with_borrow(|(_, alive)| alive.contains_key(&number))
}

/// Notes that an attempt at a request has lost its connection. Whether that is the first time.
pub fn lose(number: u64) -> bool {
    ALIVE.with_borrow_mut(|(_, alive)| match alive.get_mut(&number) {
        Some(connection @ Connection::Well) => {
            *connection = Connection::Lost;
            true
        }
        _ => false,
    })
}

/// Whether the attempt before this one lost its connection, so that this one sends the same again.
pub fn sends_again(number: u64) -> bool {
    ALIVE.with_borrow_mut(|(_, alive)| match alive.get_mut(&number) {
        Some(connection @ Connection::Lost) => {
            *connection = Connection::Resent;
            true
        }
        _ => false,
    })
}
