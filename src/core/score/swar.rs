//! Eight bytes at a time, in a whole number: the first byte is the lowest.

/// Bytes that are loaded at once.
pub const WHOLE: usize = 8;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The first eight bytes, zeros where there are fewer.
#[inline]
pub fn load(text: &[u8]) -> u64 {
    let bytes = text.first_chunk().copied().unwrap_or_else(|| {
        let mut bytes = [0; WHOLE];
        for (place, byte) in bytes.iter_mut().zip(text) {
            *place = *byte;
        }
        bytes
    });
    u64::from_le_bytes(bytes)
}

/// A mask of the first `length` (1 to 8) bytes of a loaded word.
pub const fn low_bytes(length: u32) -> u64 {
    u64::MAX >> (64 - 8 * length)
}

/// The high bit of each byte of `word` that equals `byte`.
pub const fn equal_bytes(word: u64, byte: u8) -> u64 {
    // Exact, byte by byte: no carry runs from one into the next.
    let other = word ^ (ONES * byte as u64);
    !(((other & !HIGH) + !HIGH) | other) & HIGH
}

/// Two to the 64th by the golden ratio, odd: a factor that spreads what differs over the upper bits.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// The upper `bits` bits of a product: Fibonacci hashing.
pub const fn hash(key: u64, bits: u32) -> usize {
    (key.wrapping_mul(SPREAD) >> (64 - bits)) as usize
}

/// What a key longer than eight bytes is hashed by: the eight bytes before, mixed, are joined to the next by `^`.
pub const fn mix(key: u64) -> u64 {
    key.wrapping_mul(SPREAD).rotate_left(32)
}
