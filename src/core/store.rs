//! The key-value store that all workers of a proxy share, and how things find a place in it.
//!
//! Keys never go away there, so each kind of thing has so many places and no more. A value may have been written by
//! another version, or by anybody: what cannot be read counts as absent.

/// The store. Anybody may have written what is in it.
pub trait Store {
    /// The value of a key, and the number to replace it under.
    fn get(&self, key: &str) -> Option<(Vec<u8>, u32)>;

    /// Writes a value; with `cas` only if nobody has written since that number was read. A key that is not there may be
    /// written under any number.
    ///
    /// # Errors
    /// [`Conflict`] where somebody has.
    fn set(&self, key: &str, value: &[u8], cas: Option<u32>) -> Result<(), Conflict>;
}

/// Somebody else has written meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict;

/// What lies at a place, to somebody who looks for one thing.
pub enum Holds<T> {
    /// That thing.
    Wanted(T),
    /// Another thing, which may give way if nothing else does; of several the one with the least number.
    Other(u64),
    /// Another thing, which may not give way.
    Kept,
    /// Nothing that counts.
    Nothing,
}

/// A place, and the thing that was looked for, where it is there.
#[derive(Debug)]
pub struct Found<T> {
    /// The place.
    pub slot: usize,
    /// The thing.
    pub value: Option<T>,
    /// The number to replace what is there under.
    pub cas: Option<u32>,
}

/// The places of one kind of thing.
#[derive(Clone, Copy)]
pub struct Places {
    /// How many there are.
    pub slots: usize,
    /// A thing is looked for in so many, from that of its number on.
    pub neighbours: usize,
}

impl Places {
    /// Finds a thing, or the place for it: the first that holds nothing, else the one whose thing gives way. None where
    /// none does. `get` gives the value of a place, and the number to replace it under; `read` says what a value is.
    pub fn find<T>(
        self,
        mut get: impl FnMut(usize) -> Option<(Vec<u8>, u32)>,
        number: u64,
        read: impl Fn(&[u8]) -> Holds<T>,
    ) -> Option<Found<T>> {
        let home = usize::try_from(number % self.slots as u64).unwrap_or_default();
        let mut free: Option<Found<T>> = None;
        let mut least: Option<(u64, Found<T>)> = None;
        for slot in (home..self.slots).chain(0..home).take(self.neighbours) {
            let Some((bytes, cas)) = get(slot) else {
                // Nothing goes away, so nothing lies behind a place that was never used.
                return Some(free.unwrap_or(Found { slot, value: None, cas: None }));
            };
            let here = Found { slot, value: None, cas: Some(cas) };
            match read(&bytes) {
                Holds::Wanted(value) => return Some(Found { value: Some(value), ..here }),
                Holds::Other(rank) if least.as_ref().is_none_or(|(other, _)| rank < *other) => {
                    least = Some((rank, here));
                }
                Holds::Other(_) | Holds::Kept => {}
                Holds::Nothing => free = free.or(Some(here)),
            }
        }
        free.or(least.map(|(_, found)| found))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Four places; a value is a number, 0 counts as nothing, above 9 it stays.
    fn found(values: &[(usize, u8)], number: u64) -> Option<(usize, Option<u8>)> {
        let values: BTreeMap<usize, u8> = values.iter().copied().collect();
        let places = Places { slots: 4, neighbours: 3 };
        let get = |slot: usize| values.get(&slot).map(|value| (vec![*value], 7));
        let read = |bytes: &[u8]| match bytes {
            [0] => Holds::Nothing,
            [value] if u64::from(*value) == number => Holds::Wanted(*value),
            [value] if *value > 9 => Holds::Kept,
            [value] => Holds::Other(u64::from(*value)),
            _ => Holds::Nothing,
        };
        places.find(get, number, read).map(|found| (found.slot, found.value))
    }

    #[test]
    fn a_thing_is_found_where_it_is_or_would_be() {
        for (what, values, expected) in [
            ("nothing is there", &[][..], Some((2, None))),
            ("at home", &[(2, 6)], Some((2, Some(6)))),
            ("behind another", &[(2, 9), (3, 6)], Some((3, Some(6)))),
            ("behind the end", &[(2, 9), (3, 9), (0, 6)], Some((0, Some(6)))),
            ("too far away", &[(2, 9), (3, 8), (0, 9), (1, 6)], Some((3, None))),
            ("a gap ends the search", &[(2, 9), (0, 6)], Some((3, None))),
            ("what counts as nothing is free", &[(2, 9), (3, 0)], Some((3, None))),
            ("but is no gap", &[(2, 0), (3, 6)], Some((3, Some(6)))),
            ("the least gives way", &[(2, 9), (3, 7), (0, 8)], Some((3, None))),
            ("nobody gives way", &[(2, 10), (3, 11), (0, 12)], None),
        ] {
            assert_eq!(found(values, 6), expected, "{what}");
        }
    }
}
