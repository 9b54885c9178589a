//! What the calibrated scorer knows of an ask: numbers that mean the same in every language.
//!
//! Three kinds: the shape of the text (this room), how many concepts of each dimension it has, and each concept of
//! the lexicon. None knows what a benchmark wraps its questions in. All are whole numbers, [`ONE`] standing for 1,
//! so that the host and wasm agree to the last bit.

mod counts;
mod line;
mod runs;
mod scan;
mod script;

pub use counts::Counts;

use super::Dimension;
use super::hits::Hits;

/// What stands for 1.
pub const ONE: i32 = 256;

/// No feature is further from nothing: a logarithm of 2 to the 32nd.
pub const LARGEST: i32 = 32 * ONE;
/// How many features of the text's shape there are.
pub const SHAPES: usize = 68;

/// How long an ask is, and how much of it was read: bytes as the client sent them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Length {
    /// The whole ask.
    pub ask: usize,
    /// The part that the scorer sees.
    pub read: usize,
}

/// Passes each feature of the text's shape to `each`, by name, always in the same order.
#[inline]
pub fn shape(counts: &Counts, questions: u32, length: Length, mut each: impl FnMut(&'static str, i32)) {
    let read = counts.units / 16;
    let whole = whole(read, length);
    let size = log(whole);
    each("length", size);
    for (name, knot) in KNOTS {
        each(name, (size - knot * ONE).max(0));
    }
    each("cut", if length.ask > length.read { ONE } else { 0 });

    of_lines(counts, &mut each);
    of_numbers(counts, read, &mut each);
    of_marks(counts, read, questions, &mut each);
    of_words(counts, &mut each);
}

#[inline]
fn of_lines(counts: &Counts, each: &mut impl FnMut(&'static str, i32)) {
    let lines = &counts.lines;
    each("sentences", log(counts.sentences));
    each("sentence_length", log(counts.longest_sentence / 16));
    each("lines", log(lines.filled));
    each("one_line", flag(lines.filled < 2));
    each("blank_lines", log(lines.blank));
    each("longest_line", log(lines.longest / 16));
    each("last_line", log(lines.last / 16));
    each("first_line", log(lines.first / 16));
    each("short_lines", part(lines.short, lines.filled));
    each("bullets", log(lines.bullets));
    each("numbered", log(lines.numbered));
    each("lettered", flag(lines.lettered > 2));
    each(
        "lettered_length",
        if lines.lettered > 2 { log(lines.lettered_units / lines.lettered / 16) } else { 0 },
    );
    each("headings", log(lines.headings));
    each("rows", log(lines.rows));
    each("code_lines", log(lines.code));
    each("code_share", part(lines.code, lines.filled));
}

#[inline]
fn of_numbers(counts: &Counts, read: u32, each: &mut impl FnMut(&'static str, i32)) {
    let per = |count: u32| rate(count, read);
    each("numbers", log(counts.numbers));
    each("number_rate", per(counts.numbers));
    each("long_numbers", log(counts.long_numbers));
    each("decimals", log(counts.decimals));
    each("years", log(counts.years));
    each("several_numbers", flag(counts.numbers - counts.years.min(counts.numbers) > 2));
    each("percent", log(counts.of(b"%")));
    each("currency", log(counts.of(b"$")));
    let operators = counts.of(b"+=*/^<>~");
    each("operators", log(operators));
    each("operator_rate", per(operators));
    each("equals", log(counts.of(b"=")));
    each("powers", log(counts.of(b"^")));
    each("signs", log(counts.signs));
    each("greek", log(counts.greek));
    each("variables", log(counts.variables));
    each("variable_rate", per(counts.variables));
    each("mixed", log(counts.mixed));
    each("commands", log(counts.commands));
}

#[inline]
fn of_marks(counts: &Counts, read: u32, questions: u32, each: &mut impl FnMut(&'static str, i32)) {
    let per = |count: u32| rate(count, read);
    each("braces", log(counts.of(b"{}")));
    each("brackets", log(counts.of(b"()[]")));
    each("bracket_rate", per(counts.of(b"()[]")));
    each("backticks", log(counts.of(b"`")));
    each("underscores", log(counts.of(b"_")));
    each("quotes", log(counts.of(b"\"")));
    each("apostrophes", log(counts.of(b"'")));
    each("commas", log(counts.commas));
    each("comma_rate", per(counts.commas));
    each("colons", log(counts.of(b":")));
    each("semicolons", log(counts.of(b";")));
    each("hyphens", log(counts.of(b"-")));
    each("slashes", log(counts.of(b"/\\")));
    each("gaps", flag(counts.gaps > 0));
    each("questions", log(questions));
    each("no_question", flag(questions == 0));
    each("exclamations", log(counts.of(b"!")));
}

#[inline]
fn of_words(counts: &Counts, each: &mut impl FnMut(&'static str, i32)) {
    let letters_a_word = (4 * counts.word_letters).checked_div(counts.words);
    each("word_length", letters_a_word.map_or(0, |quarters| log(quarters) - 4 * ONE));
    each("long_words", part(counts.long_words, counts.words + 4));
    let different = counts.different;
    each("different", log(different));
    each("repeated", part(counts.entered.saturating_sub(different), counts.entered + 8));
    each("other_script", flag(counts.other_script * 2 > counts.letters));
}

/// Whether a text with so many concepts has enough in it to be judged: a concept, or some length, or mathematics.
pub fn says_something(counts: &Counts, concepts: u32) -> bool {
    let length = counts.units / 16;
    let figures = counts.numbers > 0 && counts.of(b"+-*/=^<>") + counts.signs > 0;
    length > 0 && (concepts > 0 || length >= ENOUGH || figures)
}

/// Whether a text is so short that a concept in it is likely what is asked, and not one of many things.
pub fn is_short(counts: &Counts) -> bool {
    counts.units / 16 < SHORT
}

/// A text of fewer letters is short.
const SHORT: u32 = 80;

/// A text of so many letters has something in it, whatever it is: of 4,158 prompts that people typed, 198 had no concept and less
/// than 24 letters, and the sums named the right tier for 182 of them.
const ENOUGH: u32 = 6;

/// Where the effect of length may bend: powers of two of an English letter.
const KNOTS: [(&str, i32); 9] = [
    ("length_over_8", 3),
    ("length_over_16", 4),
    ("length_over_32", 5),
    ("length_over_64", 6),
    ("length_over_128", 7),
    ("length_over_256", 8),
    ("length_over_512", 9),
    ("length_over_1k", 10),
    ("length_over_2k", 11),
];

/// Passes to `each` how many concepts of each dimension there are, at most [`MOST`] of them.
#[inline]
pub fn dimensions(hits: &Hits, mut each: impl FnMut(Dimension, i32)) {
    let counted = |d: &Dimension| !matches!(d, Dimension::TokenCount | Dimension::QuestionComplexity);
    for dimension in Dimension::ALL.into_iter().filter(counted) {
        each(dimension, log(hits.count(dimension).min(MOST)));
    }
}

/// More concepts of one dimension than this say no more.
const MOST: u32 = 7;

/// Letters of the whole ask, estimated from the part that was read.
fn whole(read: u32, length: Length) -> u32 {
    if length.ask <= length.read || length.read == 0 {
        return read;
    }
    let scaled = (read as u64).saturating_mul(length.ask as u64) / length.read as u64;
    u32::try_from(scaled).unwrap_or(u32::MAX)
}

const fn flag(set: bool) -> i32 {
    if set { ONE } else { 0 }
}

/// Logarithm to base two of one more than `count`, by straight lines between the powers of two.
#[inline]
const fn log(count: u32) -> i32 {
    let next = count as u64 + 1;
    let power = next.ilog2();
    // Below 2^33 shifted by 8: no overflow.
    let rest = ((next << 8) >> power) as i32 - ONE;
    power as i32 * ONE + rest
}

/// `count` of `all`, up to 1.
#[inline]
fn part(count: u32, all: u32) -> i32 {
    let share = u64::from(count) * ONE as u64 / u64::from(all.max(1));
    share.min(ONE as u64) as i32
}

/// How many there are in a hundred letters, up to 8; in short texts less.
#[inline]
fn rate(count: u32, letters: u32) -> i32 {
    let rate = u64::from(count) * 100 * ONE as u64 / (u64::from(letters) + 50);
    rate.min(8 * ONE as u64) as i32
}
