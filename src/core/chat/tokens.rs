//! How many tokens a text has, estimated from its bytes without decoding it.
//!
//! Tokenizers make few tokens of what is frequent and many of what is not, so the estimate goes by kinds of
//! characters: the first of a run costs more than those that follow it. The figures are fitted to a real tokenizer;
//! `docs/tokens.md` has their error by language. Of long texts only samples are read, always the same ones.

use memchr::memchr;

use super::text::boundary;

/// Bytes that are read whole before sampling begins.
const WHOLE: usize = 1024;
/// Bytes of a sample.
const WINDOW: usize = 64;
/// Least distance from one sample to the next.
const STRIDE: usize = 384;
/// That distance grows with what has been seen: one part in so many. So 1 MB costs little more to judge than 100 KB.
const GROWTH: usize = 16;

/// Bytes of which a token may be made for each byte of text without a space or a sign in it, such as base64: 256ths of
/// a token. Measured with o200k_base (docs/tokens.md).
const SOLID: u64 = 173;
/// Bytes of text that are hardly ever less than a token, in any script.
const LEAST_BYTES: u64 = 4;

/// What a character is to a tokenizer: 256ths of a token that the first of a run costs, and each that follows.
/// Fitted by `scripts/tokens.py --fit`.
const KINDS: [(u16, u16); 20] = [
    // A byte that continues a character, and costs nothing.
    (0, 0),
    // ASCII: signs, line breaks and tabs, spaces, digits, capitals, small letters.
    (194, 49),
    (113, 58),
    (139, 12),
    (462, 43),
    (115, 64),
    (14, 36),
    // Latin letters beyond ASCII, Greek, Cyrillic, Armenian and Hebrew, Arabic.
    (267, 197),
    (96, 74),
    (192, 29),
    (169, 59),
    (72, 55),
    // Indian scripts and Thai; Vietnamese letters, Georgian, Khmer; typographic and other signs; kana.
    (115, 43),
    (0, 256),
    (364, 253),
    (245, 157),
    // Han, Hangul, full-width forms, all beyond the first plane: emoji.
    (208, 173),
    (153, 127),
    (205, 257),
    (256, 256),
];

/// Room for the kinds, a power of two.
const ROOM: usize = 32;

/// What a character costs behind one of the same kind or another: at [`ROOM`] times the place of the kind before, plus that
/// of its own. A table, because a branch on where words begin and end would be guessed wrong once a word.
const COSTS: [u16; ROOM * ROOM] = {
    let mut costs = [0; ROOM * ROOM];
    let mut before = 0;
    while before < KINDS.len() {
        let mut kind = 1;
        while kind < KINDS.len() {
            #[expect(clippy::indexing_slicing, reason = "a constant: it would not compile")]
            {
                costs[before * ROOM + kind] = if before == kind { KINDS[kind].1 } else { KINDS[kind].0 };
            }
            kind += 1;
        }
        before += 1;
    }
    costs
};

/// Bits of the place in [`KINDS`] of an ASCII character.
const ASCII_BITS: usize = 3;

/// What two ASCII characters cost behind one: at the kinds of the three.
const PAIRS: [u16; 1 << (3 * ASCII_BITS)] = {
    let mut pairs = [0; 1 << (3 * ASCII_BITS)];
    let mut at = 0;
    while at < pairs.len() {
        let (before, first, second) = (at >> (2 * ASCII_BITS), at >> ASCII_BITS & 7, at & 7);
        #[expect(clippy::indexing_slicing, reason = "a constant: it would not compile")]
        {
            pairs[at] = COSTS[before * ROOM + first] + COSTS[first * ROOM + second];
        }
        at += 1;
    }
    pairs
};

/// The place in [`KINDS`] of a character that begins with a byte.
const KIND: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0u8;
    loop {
        let kind = match byte {
            b'\t' | b'\n' | b'\r' => 2,
            b' ' => 3,
            b'0'..=b'9' => 4,
            b'A'..=b'Z' => 5,
            b'a'..=b'z' => 6,
            0..=0x7F => 1,
            0x80..=0xC1 => 0,
            0xC2..=0xCD => 7,
            0xCE..=0xCF => 8,
            0xD0..=0xD3 => 9,
            0xD4..=0xD7 => 10,
            0xD8..=0xDF => 11,
            0xE0 => 12,
            0xE1 => 13,
            0xE2 => 14,
            0xE3 => 15,
            0xE4..=0xE9 => 16,
            0xEA..=0xED => 17,
            0xEE..=0xEF => 18,
            0xF0..=0xFF => 19,
        };
        #[expect(clippy::indexing_slicing, reason = "a constant: it would not compile")]
        {
            kinds[byte as usize] = kind;
        }
        if byte == 0xFF {
            break kinds;
        }
        byte += 1;
    }
};

/// An estimate in the making: texts are added to it.
#[derive(Clone, Copy, Debug)]
pub struct Tokens {
    /// 256ths of a token, of the bytes that were read whole.
    whole: u64,
    whole_bytes: usize,
    /// Bytes beyond those.
    beyond: usize,
    /// 256ths of a token in the samples, and bytes of them; both times what each sample stands for.
    sampled: u64,
    sampled_bytes: u64,
    /// The same tokens, where text without spaces is taken for base64.
    dear: u64,
    /// Bytes to the next sample, or else bytes of the sample that are not read yet.
    skip: usize,
    left: usize,
    /// How many bytes each byte of the sample stands for.
    rate: u64,
    /// Shifts the samples, so that no period of the text meets theirs.
    dice: u32,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            whole: 0,
            whole_bytes: 0,
            beyond: 0,
            sampled: 0,
            sampled_bytes: 0,
            dear: 0,
            skip: STRIDE / 2,
            left: WINDOW,
            rate: 1,
            dice: 0x9E37_79B9,
        }
    }
}

impl Tokens {
    /// Adds the content of a JSON string as it is spelled (without quotes), or a whole JSON value.
    pub fn add(&mut self, raw: &[u8]) {
        let mut at = 0;
        let mut cost = Cost::default();
        if self.whole_bytes < WHOLE {
            (at, cost) = read(raw, 0, WHOLE - self.whole_bytes, cost);
            self.whole_bytes += at;
            self.whole += cost.sum;
        }
        while at < raw.len() {
            let from = at;
            if self.skip > 0 {
                let step = self.skip.min(raw.len() - at);
                self.skip -= step;
                at += step;
                if self.skip == 0 {
                    // The character before shows whether the first one of the sample goes on with a run.
                    (at, cost) = read(raw, boundary(raw, at), 1, cost);
                }
            } else {
                (at, cost) = read(raw, at, self.left, Cost { sum: 0, ..cost });
                let bytes = at - from;
                self.sampled += cost.sum * self.rate;
                let solid = is_solid(raw.get(from..at).unwrap_or_default());
                let dear = if solid { cost.sum.max(bytes as u64 * SOLID) } else { cost.sum };
                self.dear += dear * self.rate;
                self.sampled_bytes += bytes as u64 * self.rate;
                self.left = self.left.saturating_sub(bytes);
                if self.left == 0 {
                    self.next();
                }
            }
            self.beyond += at - from;
        }
    }

    /// Places the next sample.
    fn next(&mut self) {
        let stride = STRIDE.max(self.beyond / GROWTH);
        // Xorshift.
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 17;
        self.dice ^= self.dice << 5;
        // Half of the stride to one and a half of it.
        self.skip = stride / 2 + self.dice as usize % stride;
        self.left = WINDOW;
        self.rate = (stride / WINDOW) as u64;
    }

    /// The tokens of all that was added, rounded up.
    pub fn count(&self) -> u64 {
        self.counted(self.sampled)
    }

    /// The tokens that there may be, for a bound that long texts must not pass unseen: of text that tokenizers split more
    /// than the estimate knows, such as base64, or a script in an older tokenizer. Never less than [`count`](Self::count).
    pub fn most(&self) -> u64 {
        let bytes = self.whole_bytes.saturating_add(self.beyond) as u64;
        self.counted(self.dear).max(bytes / LEAST_BYTES)
    }

    fn counted(&self, sampled: u64) -> u64 {
        let (sum, bytes) = match self.sampled_bytes {
            0 => (self.whole, self.whole_bytes as u64),
            bytes => (sampled, bytes),
        };
        let beyond = u128::from(sum) * self.beyond as u128 / u128::from(bytes.max(1));
        let all = u128::from(self.whole) + beyond;
        u64::try_from(all.div_ceil(256)).unwrap_or(u64::MAX)
    }
}

/// What text costs that was read so far.
#[derive(Clone, Copy, Default)]
struct Cost {
    /// 256ths of a token.
    sum: u64,
    /// The kind of the last character.
    last: usize,
}

impl Cost {
    /// With a byte more.
    #[inline]
    fn and(self, byte: u8) -> Self {
        let kind = kind_of(byte);
        let cost = COSTS.get(self.last * ROOM + kind).copied().unwrap_or_default();
        // A byte that continues a character continues its run.
        Self { sum: self.sum + u64::from(cost), last: if kind == 0 { self.last } else { kind } }
    }

    /// With eight bytes more.
    #[inline]
    fn and_eight(self, bytes: &[u8; 8]) -> Self {
        if !bytes.is_ascii() || self.last >= 1 << ASCII_BITS {
            return bytes.iter().fold(self, |cost, byte| cost.and(*byte));
        }
        bytes.as_chunks::<2>().0.iter().fold(self, |Self { sum, last }, [first, second]| {
            let (first, second) = (kind_of(*first), kind_of(*second));
            let at = (last << (2 * ASCII_BITS) | first << ASCII_BITS | second) % PAIRS.len();
            Self { sum: sum + u64::from(PAIRS.get(at).copied().unwrap_or_default()), last: second }
        })
    }
}

/// Whether a sample is all letters and digits, as base64 and hexadecimal are. Prose ends that at its first space.
fn is_solid(sample: &[u8]) -> bool {
    !sample.is_empty()
        && sample.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_'))
}

#[inline]
fn kind_of(byte: u8) -> usize {
    usize::from(KIND.get(usize::from(byte)).copied().unwrap_or_default())
}

/// Reads whole characters from `at` until `bytes` are read or the text ends. Where it stopped, and what they cost behind
/// what was read before.
fn read(raw: &[u8], mut at: usize, bytes: usize, mut cost: Cost) -> (usize, Cost) {
    let until = at.saturating_add(bytes).min(raw.len());
    while at < until {
        let plain = raw.get(at..until).unwrap_or_default();
        let length = memchr(b'\\', plain).unwrap_or(plain.len());
        let (eights, rest) = plain.get(..length).unwrap_or_default().as_chunks();
        cost = eights.iter().fold(cost, Cost::and_eight);
        cost = rest.iter().fold(cost, |cost, byte| cost.and(*byte));
        at += length;
        if length < plain.len() {
            let (byte, size) = escaped(raw, at);
            cost = cost.and(byte);
            at += size;
        }
    }
    (at.min(raw.len()), cost)
}

/// The first byte of the character that an escape stands for, and the escape's length.
#[cold]
fn escaped(raw: &[u8], at: usize) -> (u8, usize) {
    match raw.get(at + 1) {
        None => (b'\\', 1),
        Some(b'n' | b'r') => (b'\n', 2),
        Some(b't') => (b'\t', 2),
        Some(b'u') => {
            let digits = raw.get(at + 2..at + 6).and_then(|digits| std::str::from_utf8(digits).ok());
            let unit = digits.and_then(|digits| u16::from_str_radix(digits, 16).ok());
            let [high, low] = unit.unwrap_or(u16::from(b'?')).to_be_bytes();
            let first = match (high, low) {
                (0, 0..0x80) => low,
                (0..8, _) => 0xC0 | high << 2 | low >> 6,
                // Of a surrogate pair the first half is the character.
                (0xD8..0xDC, _) => 0xF0,
                (0xDC..0xE0, _) => 0x80,
                _ => 0xE0 | high >> 4,
            };
            (first, if unit.is_some() { 6 } else { 2 })
        }
        Some(&other) => (other, 2),
    }
}
