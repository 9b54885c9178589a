//! An index of variants by how they begin.
//!
//! A text is asked at every place where a word can begin which variants stand there. Most places have none, and are
//! excluded by two small tables that stay in the cache; the others look up the variants with the same first eight
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

/// Variants with the same key: a cell of the hash table, one cache line's quarter.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    key: u64,
    /// The first of them.
    first: u32,
    /// How many: none in a free cell.
    count: u16,
    /// Bytes of the key.
    length: u8,
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
    /// With room for so many variants, and bytes of them in all.
    pub fn with_capacity(variants: usize, bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), variants: Vec::with_capacity(variants), ..Self::default() }
    }

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
    pub fn finish<const BITS: u32>(self) -> Index<BITS> {
        let Self { bytes, mut variants, .. } = self;
        let key = |v: &Variant| key_of(of(&bytes, v));
        variants.sort_unstable_by_key(key);
        let same = |a: &Variant, b: &Variant| key(a) == key(b);
        // Told before: wasm memory never shrinks after a list has grown.
        let entries = variants.chunk_by(same).count();
        let cells = (entries + entries / 2).next_power_of_two().max(2);
        let mut index = Index {
            lengths: vec![Lengths::default(); 1 << BITS].into(),
            short: vec![Lengths::default(); 1 << Index::<BITS>::SHORT_BITS].into(),
            keys: vec![0; (1 << Index::<BITS>::KEY_BITS) / 64].into(),
            cells: vec![Entry::default(); cells].into(),
            variants: Vec::new(),
            bytes: Vec::new(),
        };
        let mut first = 0;
        for alike in variants.chunk_by(same) {
            let (key, length) = alike.first().map(key).unwrap_or_default();
            let count = u16::try_from(alike.len()).unwrap_or(u16::MAX);
            let open = alike.iter().any(|v| !v.closed || usize::from(v.length) > WHOLE);
            index.enter(Entry { key, first, count, length }, open);
            first += u32::from(count);
        }
        index.variants = variants;
        index.variants.shrink_to_fit();
        index.bytes = bytes;
        index.bytes.shrink_to_fit();
        index
    }
}

/// Lengths of keys: bit n - 1 for n bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Lengths {
    all: u8,
    /// Those of which a variant may have a letter right behind it, or more of the variant itself.
    open: u8,
}

impl Lengths {
    /// These, and others.
    #[inline]
    const fn and(self, more: Self) -> Self {
        Self { all: self.all | more.all, open: self.open | more.open }
    }

    /// Those that can be found where a word of so many letters begins: a variant that is a whole word is not, where the word
    /// is longer. 0 where its length is not known.
    #[inline]
    const fn at(self, word: u32) -> u8 {
        let whole = if word > WHOLE as u32 { WHOLE as u32 } else { word };
        self.all & (u8::MAX << whole.saturating_sub(1)) | self.open
    }
}

/// A key that a text may have, at a place.
#[derive(Clone, Copy, Debug, Default)]
struct Note {
    key: u64,
    at: usize,
    length: u8,
    /// Whether the key has its white space in single spaces, and the text does not.
    odd: bool,
}

/// Keys that a text may have: noted first and looked up then, so that the lookups do not wait for each other.
#[derive(Clone, Debug)]
pub struct Notes {
    list: [Note; Self::ROOM],
    count: usize,
}

impl Notes {
    const ROOM: usize = 64;
    /// At most so many are noted of one start.
    const OF_ONE: usize = WHOLE;

    /// Whether there may be no room for those of one more start.
    pub const fn is_full(&self) -> bool {
        self.count + Self::OF_ONE > Self::ROOM
    }
}

impl Default for Notes {
    fn default() -> Self {
        Self { list: [Note::default(); Self::ROOM], count: 0 }
    }
}

/// Variants by how they begin. `BITS` is the size of the small tables, which take four and a half times two to the power of
/// `BITS` bytes: 72 KiB for 14, which fits some ten thousand variants.
#[derive(Clone, Debug)]
pub struct Index<const BITS: u32> {
    /// For each hash of four first bytes, the lengths of keys that begin with them.
    lengths: Box<[Lengths]>,
    /// For each hash of two first bytes, the lengths of the variants of two or three bytes that begin with them.
    short: Box<[Lengths]>,
    /// A bit for each hash of a key: the first eight bytes, or the whole of a shorter variant.
    keys: Box<[u64]>,
    /// Open hash table of keys; a third at least is free.
    cells: Box<[Entry]>,
    variants: Vec<Variant>,
    bytes: Vec<u8>,
}

impl<const BITS: u32> Index<BITS> {
    /// Bits of the table of short variants.
    const SHORT_BITS: u32 = BITS - 2;
    /// Bits of the table of keys.
    const KEY_BITS: u32 = BITS + 4;

    /// Heap bytes.
    pub fn memory_usage(&self) -> usize {
        size_of_val(&*self.lengths)
            + size_of_val(&*self.short)
            + size_of_val(&*self.keys)
            + size_of_val(&*self.cells)
            + self.variants.capacity() * size_of::<Variant>()
            + self.bytes.capacity()
    }

    /// Enters a key into all tables. `open`: a variant of it may have a letter right behind it, or more of itself.
    fn enter(&mut self, entry: Entry, open: bool) {
        let Entry { key, length, .. } = entry;
        let bit = 1u8.checked_shl(u32::from(length).saturating_sub(1)).unwrap_or_default();
        let add = |lengths: &mut Lengths| {
            lengths.all |= bit;
            lengths.open |= if open { bit } else { 0 };
        };
        if length < 4 {
            // One of a single byte is entered under every byte that may follow it.
            let last = if length == 1 { u64::from(u8::MAX) } else { 0 };
            for second in 0..=last {
                let two = (key & low_bytes(2)) | second << 8;
                if let Some(lengths) = self.short.get_mut(hash(two, Self::SHORT_BITS)) {
                    add(lengths);
                }
            }
        } else {
            let mut mark = |four: u64| {
                if let Some(lengths) = self.lengths.get_mut(hash(four, BITS)) {
                    add(lengths);
                }
            };
            let four = key & low_bytes(4);
            mark(four);
            // This table is asked before kinds of white space are distinguished.
            mark(four - (equal_bytes(four, b' ') >> 7) * u64::from(b' ' - b'\n'));
        }
        let bit = hash(key, Self::KEY_BITS);
        if let Some(word) = self.keys.get_mut(bit / 64) {
            *word |= 1 << (bit % 64);
        }
        let mask = self.cells.len() - 1;
        let mut cell = cell_of(key, length) & mask;
        while self.cells.get(cell).is_some_and(|taken| taken.count != 0) {
            cell = (cell + 1) & mask;
        }
        if let Some(free) = self.cells.get_mut(cell) {
            *free = entry;
        }
    }

    /// Notes which keys `text` may begin with. `at`: where it stands, for whoever reads the notes. `word`: how many ASCII
    /// letters, digits and underscores it begins with at least; 0 where that is not known.
    #[inline]
    pub fn note_start(&self, text: &[u8], at: usize, word: u32, notes: &mut Notes) {
        let mut loaded = load(text);
        let long = self.lengths.get(hash(loaded & low_bytes(4), BITS)).copied().unwrap_or_default();
        let short =
            self.short.get(hash(loaded & low_bytes(2), Self::SHORT_BITS)).copied().unwrap_or_default();
        let mut lengths = long.and(short).at(word);
        if lengths == 0 {
            return;
        }
        let odd = has_odd_space(loaded);
        if odd {
            loaded = load_spaced(text);
        }
        while lengths != 0 {
            let length = lengths.trailing_zeros() + 1;
            lengths &= lengths - 1;
            let key = loaded & low_bytes(length);
            let bit = hash(key, Self::KEY_BITS);
            let may = self.keys.get(bit / 64).is_some_and(|word| word >> (bit % 64) & 1 == 1);
            // Written in any case, kept where it may be: a branch would be guessed wrong every third time.
            if let Some(note) = notes.list.get_mut(notes.count) {
                *note = Note { key, at, length: length as u8, odd };
                notes.count += usize::from(may);
            }
        }
    }

    /// Calls `found` with a note's place, concept, whether a letter may not follow, and length in the text, for each variant
    /// that stands in `text` where something was noted. White space in a text stands for one space, however much it is
    /// (within the first four bytes, a space or a newline does).
    pub fn look_up(&self, text: &[u8], notes: &mut Notes, mut found: impl FnMut(usize, usize, bool, usize)) {
        let count = std::mem::take(&mut notes.count);
        for note in notes.list.iter().take(count) {
            let Some(entry) = self.entry(note.key, u32::from(note.length)) else { continue };
            let rest = text.get(note.at..).unwrap_or_default();
            let first = entry.first as usize;
            let variants = self.variants.get(first..first + usize::from(entry.count)).unwrap_or_default();
            for variant in variants {
                let size = usize::from(variant.length);
                // The key is the whole of a variant of up to eight bytes, and the first eight of a longer one.
                let end = match (note.odd, size) {
                    (false, ..=WHOLE) => Some(size),
                    (false, _) if goes_on(of(&self.bytes, variant), rest) => Some(size),
                    _ => end_of(of(&self.bytes, variant), rest),
                };
                if let Some(end) = end {
                    found(note.at, usize::from(variant.concept), variant.closed, end);
                }
            }
        }
    }

    fn entry(&self, key: u64, length: u32) -> Option<Entry> {
        let mask = self.cells.len() - 1;
        let mut cell = cell_of(key, length as u8) & mask;
        loop {
            let entry = *self.cells.get(cell)?;
            if entry.count == 0 {
                return None;
            }
            if entry.key == key && u32::from(entry.length) == length {
                return Some(entry);
            }
            cell = (cell + 1) & mask;
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

/// Whether a text goes on as `pattern` does behind its first eight bytes. They are compared here because the call that
/// `starts_with` is compares byte by byte in a module.
fn goes_on(pattern: &[u8], text: &[u8]) -> bool {
    let (Some(pattern), Some(text)) = (pattern.get(WHOLE..), text.get(WHOLE..pattern.len())) else {
        return false;
    };
    let ((words, rest), (expected, end)) = (text.as_chunks::<WHOLE>(), pattern.as_chunks::<WHOLE>());
    words.iter().zip(expected).all(|(found, right)| found == right)
        && rest.iter().zip(end).all(|(found, right)| found == right)
}

/// Where `pattern` ends in a text that begins with it, but for its white space.
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
const fn cell_of(key: u64, length: u8) -> usize {
    hash(key ^ length as u64, 32)
}
