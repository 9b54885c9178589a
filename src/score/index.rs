//! An index of variants by how they begin.
//!
//! A text is asked at every place where a word can begin which variants stand there. Most places have none, and are
//! told so by two small tables that stay in the cache; the others look up the variants with the same first eight
//! bytes and compare. An automaton (aho-corasick's contiguous NFA, walked as a trie) needed 2.6 MB for the same variants
//! and left each VM at 14.6 MB, because wasm memory never shrinks after it was built; see `docs/speed.md`.

use super::swar::{WHOLE, equal_bytes, hash, load, low_bytes};

/// A spelling of a concept.
#[derive(Clone, Copy, Debug)]
struct Variant {
    concept: u16,
    /// Whether a letter right behind it makes it another word.
    closed: bool,
    length: u16,
    start: u32,
}

/// Variants with the same key.
#[derive(Clone, Copy, Debug)]
struct Entry {
    key: u64,
    length: u8,
    /// How many variants.
    count: u16,
    /// The first of them.
    first: u32,
}

/// Collects variants.
#[derive(Debug, Default)]
pub struct Builder {
    bytes: Vec<u8>,
    variants: Vec<Variant>,
    /// Variants of the current concept begin here.
    own: usize,
    concept: u16,
}

impl Builder {
    /// What is added next belongs to this concept.
    pub fn begin(&mut self, concept: usize) {
        self.own = self.variants.len();
        self.concept = u16::try_from(concept).unwrap_or(u16::MAX);
    }

    /// Adds a folded spelling; one that the concept has already is left out.
    pub fn add(&mut self, pattern: &[u8], closed: bool) {
        let known =
            self.variants.iter().skip(self.own).any(|v| of(&self.bytes, v) == pattern && v.closed == closed);
        let (Ok(length), Ok(start)) = (u16::try_from(pattern.len()), u32::try_from(self.bytes.len())) else {
            return;
        };
        if known || length == 0 {
            return;
        }
        self.variants.push(Variant { concept: self.concept, closed, length, start });
        self.bytes.extend_from_slice(pattern);
    }

    /// The index of all that was added.
    pub fn finish(self) -> Index {
        let Self { bytes, mut variants, .. } = self;
        let key = |v: &Variant| key_of(of(&bytes, v));
        variants.sort_unstable_by_key(key);
        let mut index = Index {
            lengths: vec![0; 1 << LENGTH_BITS].into(),
            short: vec![0; 1 << SHORT_BITS].into(),
            keys: vec![0; (1 << KEY_BITS) / 64].into(),
            slots: vec![0; (2 * variants.len()).next_power_of_two().max(2)].into(),
            entries: Vec::new(),
            variants: Vec::new(),
            bytes: Vec::new(),
        };
        for (place, variant) in variants.iter().enumerate() {
            let (key, length) = key(variant);
            match index.entries.last_mut() {
                Some(last) if (last.key, last.length) == (key, length) => {
                    last.count = last.count.saturating_add(1)
                }
                _ => {
                    let first = u32::try_from(place).unwrap_or(u32::MAX);
                    index.entries.push(Entry { key, length, count: 1, first });
                    index.note(key, length);
                }
            }
        }
        index.entries.shrink_to_fit();
        index.variants = variants;
        index.variants.shrink_to_fit();
        index.bytes = bytes;
        index.bytes.shrink_to_fit();
        index
    }
}

/// Bits of the table of lengths: 16 KiB.
const LENGTH_BITS: u32 = 14;
/// Bits of the table of short variants: 4 KiB.
const SHORT_BITS: u32 = 12;
/// Bits of the table of keys: 32 KiB.
const KEY_BITS: u32 = 18;

/// Variants by how they begin.
#[derive(Debug)]
pub struct Index {
    /// For each hash of four first bytes, the lengths of keys that begin with them: bit n - 1 for n bytes.
    lengths: Box<[u8]>,
    /// For each hash of two first bytes, the lengths of the variants of two or three bytes that begin with them.
    short: Box<[u8]>,
    /// A bit for each hash of a key: the first eight bytes, or the whole of a shorter variant.
    keys: Box<[u64]>,
    /// Open hash table of keys: the place of an entry, plus one; 0 is free.
    slots: Box<[u32]>,
    entries: Vec<Entry>,
    variants: Vec<Variant>,
    bytes: Vec<u8>,
}

impl Index {
    /// Heap bytes.
    pub fn memory_usage(&self) -> usize {
        self.lengths.len()
            + self.short.len()
            + size_of_val(&*self.keys)
            + size_of_val(&*self.slots)
            + self.entries.capacity() * size_of::<Entry>()
            + self.variants.capacity() * size_of::<Variant>()
            + self.bytes.capacity()
    }

    /// Enters the key of the newest entry into all tables.
    fn note(&mut self, key: u64, length: u8) {
        let bit = 1u8.checked_shl(u32::from(length).saturating_sub(1)).unwrap_or_default();
        if length < 4 {
            // One of a single byte is entered under every byte that may follow it.
            let last = if length == 1 { u64::from(u8::MAX) } else { 0 };
            for second in 0..=last {
                let two = (key & low_bytes(2)) | second << 8;
                if let Some(lengths) = self.short.get_mut(hash(two, SHORT_BITS)) {
                    *lengths |= bit;
                }
            }
        } else {
            let mut mark = |four: u64| {
                if let Some(lengths) = self.lengths.get_mut(hash(four, LENGTH_BITS)) {
                    *lengths |= bit;
                }
            };
            let four = key & low_bytes(4);
            mark(four);
            // This table is asked before white space is told apart.
            mark(four - (equal_bytes(four, b' ') >> 7) * u64::from(b' ' - b'\n'));
        }
        let bit = hash(key, KEY_BITS);
        if let Some(word) = self.keys.get_mut(bit / 64) {
            *word |= 1 << (bit % 64);
        }
        let mask = self.slots.len() - 1;
        let mut slot = slot_of(key, length) & mask;
        // At least half of the slots are free.
        while self.slots.get(slot).is_some_and(|taken| *taken != 0) {
            slot = (slot + 1) & mask;
        }
        if let Some(free) = self.slots.get_mut(slot) {
            *free = u32::try_from(self.entries.len()).unwrap_or_default();
        }
    }

    /// Calls `found` with concept, whether a letter may not follow, and length in the text, for each variant that
    /// `text` begins with. White space in a text stands for one space, however much it is (within the first four
    /// bytes, a space or a newline does).
    #[inline]
    pub fn at_start_of(&self, text: &[u8], mut found: impl FnMut(usize, bool, usize)) {
        let loaded = load(text);
        let long = self.lengths.get(hash(loaded & low_bytes(4), LENGTH_BITS)).copied().unwrap_or_default();
        let short = self.short.get(hash(loaded & low_bytes(2), SHORT_BITS)).copied().unwrap_or_default();
        if long | short != 0 {
            self.with_start(loaded, long | short, text, &mut found);
        }
    }

    #[inline]
    fn has(&self, key: u64) -> bool {
        let bit = hash(key, KEY_BITS);
        self.keys.get(bit / 64).is_some_and(|word| word >> (bit % 64) & 1 == 1)
    }

    #[inline(never)]
    fn with_start(
        &self,
        mut loaded: u64,
        mut lengths: u8,
        text: &[u8],
        found: &mut impl FnMut(usize, bool, usize),
    ) {
        if has_odd_space(loaded) {
            loaded = load_spaced(text);
        }
        while lengths != 0 {
            let length = lengths.trailing_zeros() + 1;
            lengths &= lengths - 1;
            let key = loaded & low_bytes(length);
            if self.has(key) {
                self.with_key(key, length, text, found);
            }
        }
    }

    fn with_key(&self, key: u64, length: u32, text: &[u8], found: &mut impl FnMut(usize, bool, usize)) {
        let Some(entry) = self.entry(key, length) else { return };
        let first = entry.first as usize;
        let variants = self.variants.get(first..first + usize::from(entry.count)).unwrap_or_default();
        for variant in variants {
            if let Some(end) = end_of(of(&self.bytes, variant), text) {
                found(usize::from(variant.concept), variant.closed, end);
            }
        }
    }

    fn entry(&self, key: u64, length: u32) -> Option<Entry> {
        let mask = self.slots.len() - 1;
        let mut slot = slot_of(key, length as u8) & mask;
        loop {
            let place = (*self.slots.get(slot)? as usize).checked_sub(1)?;
            let entry = *self.entries.get(place)?;
            if entry.key == key && u32::from(entry.length) == length {
                return Some(entry);
            }
            slot = (slot + 1) & mask;
        }
    }
}

/// The bytes of a variant.
fn of<'b>(bytes: &'b [u8], variant: &Variant) -> &'b [u8] {
    let start = variant.start as usize;
    bytes.get(start..start + usize::from(variant.length)).unwrap_or_default()
}

/// The key of a variant and its length.
fn key_of(pattern: &[u8]) -> (u64, u8) {
    let length = pattern.len().min(WHOLE);
    (load(pattern) & low_bytes(length as u32), length as u8)
}

/// Where `pattern` ends in a text that begins with it.
fn end_of(pattern: &[u8], text: &[u8]) -> Option<usize> {
    let mut end = 0;
    for &byte in pattern {
        let next = *text.get(end)?;
        end += 1;
        if byte == next {
            if byte != b' ' {
                continue;
            }
        } else if byte != b' ' || next > b' ' {
            return None;
        }
        while text.get(end).is_some_and(|more| *more <= b' ') {
            end += 1;
        }
    }
    Some(end)
}

/// The first eight bytes with white space in single spaces.
#[cold]
fn load_spaced(text: &[u8]) -> u64 {
    let mut bytes = [0; WHOLE];
    let mut text = text.iter();
    let mut before = 0;
    for place in &mut bytes {
        let next =
            text.by_ref().map(|b| if *b <= b' ' { b' ' } else { *b }).find(|b| *b != b' ' || before != b' ');
        *place = next.unwrap_or_default();
        before = *place;
    }
    u64::from_le_bytes(bytes)
}

/// Whether there is white space other than single spaces.
const fn has_odd_space(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let white = !(((word | HIGH) - ONES * 0x21) | word) & HIGH;
    white != equal_bytes(word, b' ') || white & (white << 8) != 0
}

/// Where the search for an entry begins.
const fn slot_of(key: u64, length: u8) -> usize {
    hash(key ^ length as u64, 32)
}
