//! Runs of ASCII letters, digits and underscores, found for 64 bytes of folded text at a time: a loop over bytes would
//! guess the end of each word wrong once.

/// Which of 64 bytes are letters, digits or underscores: a bit for each.
#[derive(Clone, Copy, Debug, Default)]
pub struct Runs {
    /// Any of them.
    word: u64,
    letters: u64,
}

/// One run, or the part of it that lies in 64 bytes.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// Bytes.
    pub length: u32,
    /// Whether all are letters.
    pub plain: bool,
}

impl Runs {
    /// Bytes that are looked at together.
    pub const BYTES: usize = 64;

    /// Those of up to 64 bytes.
    #[inline]
    pub fn of(bytes: &[u8]) -> Self {
        match bytes.try_into() {
            Ok(bytes) => Self::of_all(bytes),
            Err(_) => {
                let mut all = [0; Self::BYTES];
                for (place, byte) in all.iter_mut().zip(bytes) {
                    *place = *byte;
                }
                Self::of_all(&all)
            }
        }
    }

    #[inline]
    fn of_all(bytes: &[u8; Self::BYTES]) -> Self {
        let letter = |byte: u8| byte.is_ascii_lowercase();
        Self {
            word: bits(bytes.map(|byte| u8::from(letter(byte) | byte.is_ascii_digit() | (byte == b'_')))),
            letters: bits(bytes.map(|byte| u8::from(letter(byte)))),
        }
    }

    /// The run that begins at `at`, below 64.
    #[inline]
    pub const fn at(&self, at: usize) -> Option<Run> {
        let length = (!(self.word >> at)).trailing_zeros();
        if length == 0 {
            return None;
        }
        let letters = (!(self.letters >> at)).trailing_zeros();
        Some(Run { length, plain: letters >= length })
    }
}

/// 64 bytes that are 0 or 1, as bits.
#[inline]
fn bits(bytes: [u8; Runs::BYTES]) -> u64 {
    let mut bits = 0;
    for (place, eight) in bytes.as_chunks::<8>().0.iter().enumerate() {
        bits |= (u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * place);
    }
    bits
}
