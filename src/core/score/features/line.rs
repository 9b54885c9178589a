//! Lines: lists, tables, code, and where the last of them stands.

use super::script::entity;

/// What is known of a line before it ends.
#[derive(Clone, Copy, Debug, Default)]
pub struct Line {
    /// White space before its first visible character: bytes, a tab counting as four.
    indent: u32,
    /// The first two visible bytes.
    first: [u8; 2],
    mark: Mark,
    /// How many `|` there were so far.
    pub pipes: u32,
    /// Whether a word has ended in it.
    pub has_word: bool,
}

/// How a line begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mark {
    #[default]
    None,
    Bullet,
    Number,
    Letter,
    Heading,
    Quote,
}

impl Line {
    /// The line that begins with `text`.
    pub fn begin(text: &[u8]) -> Self {
        let mut line = Self::default();
        for (at, &byte) in text.iter().enumerate() {
            match byte {
                b'\n' => break,
                b'\t' => line.indent += 4,
                0..=b' ' => line.indent += 1,
                _ => {
                    let start = text.get(at..).unwrap_or_default();
                    let meant = entity(start).map_or(byte, |(meant, _)| meant);
                    line.first = [meant, start.get(1).copied().unwrap_or_default()];
                    line.mark = mark_of(start);
                    break;
                }
            }
        }
        line
    }
}

/// How a line that begins with these bytes is marked.
fn mark_of(start: &[u8]) -> Mark {
    let spaced = |at: usize| start.get(at).is_none_or(|b| *b <= b' ');
    match start {
        [b'-' | b'*' | b'+', ..] if spaced(1) => Mark::Bullet,
        // The bullet, the circled numbers.
        [0xE2, 0x80, 0xA2, ..] => Mark::Bullet,
        [0xE2, 0x91, ..] => Mark::Number,
        [b'#', ..] => Mark::Heading,
        [b'>', ..] if spaced(1) => Mark::Quote,
        _ => {
            let open = usize::from(start.first() == Some(&b'('));
            let label = start.get(open..).unwrap_or_default();
            let digits = label.iter().take_while(|b| b.is_ascii_digit()).count();
            let letter = usize::from(digits == 0 && label.first().is_some_and(u8::is_ascii_lowercase));
            let end = label.get(digits + letter..).unwrap_or_default();
            let closes = match end {
                [b'.' | b':', next, ..] => open == 0 && !next.is_ascii_digit(),
                [b')', ..] | [0xE3, 0x80, 0x81, ..] => true,
                _ => false,
            };
            match (closes, digits, letter) {
                (true, 1..=2, _) => Mark::Number,
                (true, 0, 1) => Mark::Letter,
                _ => Mark::None,
            }
        }
    }
}

/// What the lines of a text are like.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lines {
    /// Lines that hold something.
    pub filled: u32,
    /// Empty lines between others.
    pub blank: u32,
    /// Items with a bullet.
    pub bullets: u32,
    /// Items with a number.
    pub numbered: u32,
    /// Items with a letter.
    pub lettered: u32,
    /// Units of items with a letter.
    pub lettered_units: u32,
    /// Headings of markdown.
    pub headings: u32,
    /// Lines that quote with `>`.
    pub quoted: u32,
    /// Rows of tables.
    pub rows: u32,
    /// Lines that look like code.
    pub code: u32,
    /// Lines shorter than forty letters.
    pub short: u32,
    /// Units of the longest line.
    pub longest: u32,
    /// Units of the first line, and of the last.
    pub first: u32,
    /// Units of the last line.
    pub last: u32,
    /// Empty lines since the last line.
    waiting: u32,
}

impl Lines {
    /// A line has ended with `last`, its last visible byte, and is so many units long.
    pub fn end(&mut self, line: &Line, units: u32, last: u8) {
        if units == 0 {
            self.waiting += 1;
            return;
        }
        if self.filled == 0 {
            self.first = units;
        } else {
            self.blank += self.waiting;
        }
        self.waiting = 0;
        self.filled += 1;
        self.last = units;
        self.longest = self.longest.max(units);
        self.short += u32::from(units < 40 * 15);
        match line.mark {
            Mark::Bullet => self.bullets += 1,
            Mark::Number => self.numbered += 1,
            Mark::Letter => {
                self.lettered += 1;
                self.lettered_units += units;
            }
            Mark::Heading => self.headings += 1,
            Mark::Quote => self.quoted += 1,
            Mark::None => {}
        }
        self.rows += u32::from(line.pipes > 1);
        let code = matches!(last, b';' | b'{' | b'}')
            || matches!(line.first, [b'/', b'/'] | [b'$', b' '] | [b'<', _] | [b'@', _])
            || (line.indent > 1 && line.mark == Mark::None && self.filled > 1);
        self.code += u32::from(code);
    }

    /// The text has ended.
    pub fn finish(&mut self) {
        self.waiting = 0;
    }
}
