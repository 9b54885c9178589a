//! Values for shared data, which another version, or anybody, may have written: sealed with a checksum, and read number by
//! number, so that what is anything else is nothing known.

use crate::fnv::Fnv;
use crate::time::Timestamp;

/// A value with its checksum.
pub fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = Fnv::of(&bytes);
    bytes.extend(sum.to_le_bytes());
    bytes
}

/// A value without its checksum, if that is right.
pub fn unsealed(bytes: &[u8]) -> Option<&[u8]> {
    let (bytes, sum) = bytes.split_last_chunk::<8>()?;
    (u64::from_le_bytes(*sum) == Fnv::of(bytes)).then_some(bytes)
}

/// Reads numbers one after the other; what is left stands in it.
pub struct Reader<'r>(pub &'r [u8]);

impl Reader<'_> {
    /// The next bytes.
    pub fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*head)
    }

    /// The next eight bytes.
    pub fn number(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    /// The next eight bytes, as a time.
    pub fn time(&mut self) -> Option<Timestamp> {
        self.number().map(Timestamp::of_millis)
    }

    /// The next four bytes.
    pub fn count(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }
}
