//! Where words begin and end, in any script, found from the bytes of folded text.

use memchr::memchr_iter;

/// Where words begin in 64 bytes of folded ASCII text, found for eight bytes at a time: most prompts are made of such
/// blocks, and a loop over characters would guess the end of each word wrong once.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    /// A bit for each letter, digit and underscore.
    word: u64,
    /// A bit for each byte above the space.
    visible: u64,
}

impl Block {
    /// Bytes in a block.
    pub const BYTES: usize = 64;

    /// The first block of `text`, filled up with zeros; `None` where it is not all ASCII.
    #[inline]
    pub fn of(text: &[u8]) -> Option<Self> {
        match text.first_chunk() {
            Some(bytes) => Self::of_bytes(bytes),
            None => {
                let mut bytes = [0; Self::BYTES];
                bytes.get_mut(..text.len())?.copy_from_slice(text);
                Self::of_bytes(&bytes)
            }
        }
    }

    #[inline]
    fn of_bytes(bytes: &[u8; Self::BYTES]) -> Option<Self> {
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        return Self::of_vectors(bytes);
        #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
        Self::of_words(bytes)
    }

    /// Sixteen bytes at a time.
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    #[inline]
    fn of_vectors(bytes: &[u8; Self::BYTES]) -> Option<Self> {
        use core::arch::wasm32::{
            i8x16_bitmask, u8x16_eq, u8x16_gt, u8x16_lt, u8x16_splat, u8x16_sub, u64x2, v128_or,
        };
        let mut block = Self { word: 0, visible: 0 };
        let mut beyond = 0;
        for (place, sixteen) in bytes.as_chunks::<16>().0.iter().enumerate() {
            let [low, high] =
                [sixteen.as_chunks::<8>().0.first()?, sixteen.last_chunk()?].map(|b| u64::from_le_bytes(*b));
            let sixteen = u64x2(low, high);
            let digit = u8x16_lt(u8x16_sub(sixteen, u8x16_splat(b'0')), u8x16_splat(10));
            let letter = u8x16_lt(u8x16_sub(sixteen, u8x16_splat(b'a')), u8x16_splat(26));
            let underscore = u8x16_eq(sixteen, u8x16_splat(b'_'));
            let word = v128_or(v128_or(digit, letter), underscore);
            block.word |= u64::from(i8x16_bitmask(word)) << (16 * place);
            block.visible |= u64::from(i8x16_bitmask(u8x16_gt(sixteen, u8x16_splat(b' ')))) << (16 * place);
            beyond |= i8x16_bitmask(sixteen);
        }
        (beyond == 0).then_some(block)
    }

    /// Eight bytes at a time.
    #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
    #[inline]
    fn of_words(bytes: &[u8; Self::BYTES]) -> Option<Self> {
        if !bytes.is_ascii() {
            return None;
        }
        let mut block = Self { word: 0, visible: 0 };
        for (place, eight) in bytes.as_chunks::<8>().0.iter().enumerate() {
            let eight = u64::from_le_bytes(*eight);
            let digit = at_least(eight, b'0') & !at_least(eight, b'9' + 1);
            let letter = at_least(eight, b'a') & !at_least(eight, b'z' + 1);
            let underscore = at_least(eight, b'_') & !at_least(eight, b'_' + 1);
            block.word |= high_bits(digit | letter | underscore) << (8 * place);
            block.visible |= high_bits(at_least(eight, b' ' + 1)) << (8 * place);
        }
        Some(block)
    }

    /// A bit for each place where a variant can begin: words' first letters, and symbols. `in_word` says that a
    /// letter stands before the block.
    pub const fn starts(self, in_word: bool) -> u64 {
        let first = self.word & !(self.word << 1 | in_word as u64);
        first | (self.visible & !self.word)
    }

    /// How many letters, digits and underscores stand in a row from a place below 64 on, in this block.
    #[inline]
    pub const fn word_at(self, place: u32) -> u32 {
        (self.word >> place).trailing_ones()
    }

    /// Whether the last byte is a letter, digit or underscore.
    pub const fn ends_in_word(self) -> bool {
        self.word >> (Self::BYTES - 1) == 1
    }
}

/// The high bit of each byte of `word`, all ASCII, that is at least `byte`.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
const fn at_least(word: u64, byte: u8) -> u64 {
    (word | 0x8080_8080_8080_8080) - 0x0101_0101_0101_0101 * byte as u64
}

/// The high bits of eight bytes as eight bits, the first byte lowest.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
const fn high_bits(word: u64) -> u64 {
    ((word & 0x8080_8080_8080_8080) >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// How a character bounds words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// White space, punctuation, symbols.
    Break,
    /// A letter or digit of a script that puts spaces between words.
    Word,
    /// A character of a script that does not: a word may begin and end anywhere.
    Free,
    /// Korean: words begin after a space, and particles may follow.
    Hangul,
}

/// The class and length in bytes of the character that begins at `at` with `byte`.
#[inline]
pub fn classify(text: &[u8], at: usize, byte: u8) -> (Class, usize) {
    if byte < 0x80 {
        let word = byte.is_ascii_alphanumeric() || byte == b'_';
        return (if word { Class::Word } else { Class::Break }, 1);
    }
    let second = text.get(at + 1).copied().unwrap_or_default();
    match (byte, second) {
        (0x80..=0xC1, _) => (Class::Break, 1),
        // Latin-1 symbols; Arabic comma, semicolon and question mark are below U+0620.
        (0xC2, _) | (0xD8, 0x80..=0x9F) => (Class::Break, 2),
        (0xC3..=0xDF, _) => (Class::Word, 2),
        // Thai and Lao are written without spaces.
        (0xE0, 0xB8..=0xBB) => (Class::Free, 3),
        (0xE0..=0xE1, _) => (Class::Word, 3),
        // General punctuation, arrows, mathematical signs, box drawing, dingbats.
        (0xE2, 0x80..=0xB9) => (Class::Break, 3),
        // Chinese and Japanese punctuation.
        (0xE3, 0x80) => (Class::Break, 3),
        (0xEA, 0xB0..=0xBF) | (0xEB..=0xEC, _) | (0xED, 0x80..=0x9F) => (Class::Hangul, 3),
        (0xE2..=0xE9, _) => (Class::Free, 3),
        (0xEA..=0xEE, _) => (Class::Word, 3),
        (0xEF, _) => (Class::Break, 3),
        // Rare Chinese characters; the rest beyond the basic plane is mostly emoji.
        (0xF0, 0xA0..=0xAF) => (Class::Free, 4),
        _ => (Class::Break, 4),
    }
}

/// The class of the last character of a folded variant; `None` for the empty one.
pub fn last_class(pattern: &[u8]) -> Option<Class> {
    let at = pattern.iter().rposition(|b| b & 0xC0 != 0x80)?;
    let byte = *pattern.get(at)?;
    Some(classify(pattern, at, byte).0)
}

/// Whether a line begins with "1. " or "2) ".
pub fn has_list_number(text: &[u8]) -> bool {
    is_list_number(text)
        || memchr_iter(b'\n', text).any(|at| is_list_number(text.get(at..).unwrap_or_default()))
}

/// Whether a line goes "1. " or "1) " and then "2. " or "2) ".
pub fn has_list_in_line(text: &[u8]) -> bool {
    let numbers = |digit: u8| {
        memchr_iter(digit, text).filter(move |&at| {
            let before = at.checked_sub(1).and_then(|before| text.get(before));
            let after = text.get(at + 1..).unwrap_or_default();
            before.is_none_or(u8::is_ascii_whitespace) && matches!(after, [b'.' | b')', b' ', ..])
        })
    };
    numbers(b'1').next().is_some_and(|first| numbers(b'2').any(|second| second > first))
}

fn is_list_number(line: &[u8]) -> bool {
    let line = line.trim_ascii_start();
    let digits = line.iter().take(4).take_while(|b| b.is_ascii_digit()).count();
    let mark = line.get(digits).copied().unwrap_or_default();
    let after = line.get(digits + 1).is_some_and(u8::is_ascii_whitespace);
    (1..4).contains(&digits) && matches!(mark, b'.' | b')') && after
}
