//! How much of a request may be looked at in search of what a person typed.

/// What a stop costs besides the bytes before it: a candidate is compared byte by byte, where the search between two of
/// them is of SIMD width.
pub const STOP: usize = 56;

/// How often each byte of a body may be looked at.
const TIMES: usize = 2;

/// What a body of any size may cost: dozens of markers are then looked for in vain in a text of usual size.
const BESIDES: usize = 128 * 1024;

/// One for each request, for all pieces that walk its texts. When it is used up, what is left counts as said by the user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    left: usize,
    looked: usize,
    exhausted: bool,
}

impl Budget {
    /// That of a body of so many bytes.
    pub const fn of(body: usize) -> Self {
        Self { left: body.saturating_mul(TIMES).saturating_add(BESIDES), looked: 0, exhausted: false }
    }

    /// Pays for so many bytes. False where there are not so many left: nothing may be looked at from then on.
    pub const fn pay(&mut self, bytes: usize) -> bool {
        if bytes > self.left {
            self.left = 0;
            self.exhausted = true;
            return false;
        }
        self.left -= bytes;
        self.looked += bytes;
        !self.exhausted
    }

    /// How many bytes may still be looked at.
    pub const fn left(&self) -> usize {
        self.left
    }

    /// How many were, stops included.
    pub const fn looked(&self) -> usize {
        self.looked
    }

    /// Whether it is used up: something was not looked at for it.
    pub const fn is_exhausted(&self) -> bool {
        self.exhausted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_looked_at_beyond_the_budget() {
        let mut budget = Budget::of(1000);
        let all = budget.left();
        assert!(budget.pay(all - 10) && budget.pay(10) && !budget.is_exhausted());
        assert!(!budget.pay(1) && budget.is_exhausted());
        assert!(!budget.pay(0), "what is used up stays so");
        assert_eq!(budget.looked(), all);
    }
}
