//! The store, cooldowns, counts and what workers know of each other.

mod blame;
mod cooldown;
mod foreign;
mod limits;
mod sessions;
mod sharing;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::*;

/// Midnight of a day, and so the start of a minute.
const NOW: Timestamp = Timestamp::of_millis(1_767_225_600_000);
const SECOND: Millis = Millis::of_seconds(1);
const SETTINGS: LiveSettings = LiveSettings {
    allowed_fails: 3,
    failure_percent: 50,
    minimum_requests: 0,
    cooldown: Millis::of_seconds(5),
    longest_cooldown: Millis::of_seconds(300),
    credentials: Credentials::Unknown,
};
const MODELS: [&str; 3] = ["alpha", "bravo", "vendor/charlie ü"];
const NONE: (Tokens, bool) = (Tokens { input: 0, output: 0 }, false);

/// Envoy's shared data: keys never go away, a swap on a missing key succeeds for everybody, numbers are never 0. What is
/// in `between` runs after a read, as another worker's doing may.
#[derive(Default)]
struct Fake<'f> {
    entries: RefCell<BTreeMap<String, (Vec<u8>, u32)>>,
    last: Cell<u32>,
    reads: Cell<u32>,
    writes: Cell<u32>,
    /// So many writes fail from now on.
    refuse: Cell<u32>,
    between: RefCell<Option<Box<dyn FnMut() + 'f>>>,
}

impl Store for Fake<'_> {
    fn get(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        self.reads.set(self.reads.get() + 1);
        let value = self.entries.borrow().get(key).cloned();
        let taken = self.between.borrow_mut().take();
        if let Some(mut between) = taken {
            between();
            self.between.replace(Some(between));
        }
        value
    }

    fn set(&self, key: &str, value: &[u8], cas: Option<u32>) -> Result<(), Conflict> {
        if let Some(left) = self.refuse.get().checked_sub(1) {
            self.refuse.set(left);
            return Err(Conflict);
        }
        let mut entries = self.entries.borrow_mut();
        if let Some(((_, known), cas)) = entries.get(key).zip(cas)
            && *known != cas
        {
            return Err(Conflict);
        }
        self.writes.set(self.writes.get() + 1);
        self.last.set(self.last.get() + 1);
        entries.insert(key.to_owned(), (value.to_vec(), self.last.get()));
        Ok(())
    }
}

impl Fake<'_> {
    fn calls(&self) -> u32 {
        self.reads.get() + self.writes.get()
    }

    fn keys(&self) -> Vec<String> {
        self.entries.borrow().keys().cloned().collect()
    }
}

fn board(holder: u64) -> Board {
    Board::new(SETTINGS, MODELS.into_iter().enumerate(), holder)
}

/// One request from begin to end.
fn request(board: &mut Board, model: usize, outcome: AttemptOutcome, now: Timestamp, store: &impl Store) {
    let mut attempt = board.begin(model, now);
    if matches!(outcome, AttemptOutcome::Ok | AttemptOutcome::Refused) {
        board.answered(&mut attempt, now, store);
    }
    board.end(attempt, outcome, NONE, EndDetails::NONE, now, store);
}

fn fail(board: &mut Board, model: usize, times: u32, now: Timestamp, store: &impl Store) {
    for _ in 0..times {
        request(board, model, AttemptOutcome::Failed(Failure::ServerError), now, store);
    }
}
