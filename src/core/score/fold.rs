//! Text as the lexicon sees it: one spelling for what people type in several.

use super::fold_table::{LATIN, LATIN_ADDITIONAL};

/// Folded text, and what was counted on the way.
#[derive(Debug, Default)]
pub struct Folded {
    /// UTF-8: lower case, without accents or vowel marks. White space stays as it is, but for spaces next to
    /// Chinese and Japanese characters.
    pub text: Vec<u8>,
    /// Question marks of any script.
    pub questions: u32,
}

impl Clone for Folded {
    fn clone(&self) -> Self {
        Self { text: self.text.clone(), questions: self.questions }
    }

    /// Without another allocation, where there is room.
    fn clone_from(&mut self, other: &Self) {
        self.text.clone_from(&other.text);
        self.questions = other.questions;
    }
}

impl Folded {
    /// Folds `text` in place of what was there.
    pub fn set(&mut self, text: &str) {
        self.text.clear();
        self.text.reserve(text.len());
        self.questions = 0;
        let mut rest = text;
        while !rest.is_empty() {
            let length = ascii_run(rest.as_bytes());
            if length > 0
                && let Some((run, after)) = rest.split_at_checked(length)
            {
                self.ascii(run);
                rest = after;
            }
            let mut characters = rest.chars();
            while let Some(character) = characters.next() {
                self.character(character);
                rest = characters.as_str();
                if rest.as_bytes().first().is_some_and(u8::is_ascii) {
                    break;
                }
            }
        }
    }

    /// Leaves only a part of the text, and what was counted in it.
    pub(super) fn keep(&mut self, part: std::ops::Range<usize>) {
        let questions = |gone: &[u8]| memchr::memchr_iter(b'?', gone).count();
        let gone = questions(self.text.get(..part.start).unwrap_or_default())
            + questions(self.text.get(part.end..).unwrap_or_default());
        self.questions = self.questions.saturating_sub(u32::try_from(gone).unwrap_or(u32::MAX));
        self.text.truncate(part.end);
        self.text.drain(..part.start);
    }

    fn ascii(&mut self, run: &str) {
        let run = if self.after_ideograph() { run.trim_start_matches(' ') } else { run };
        let start = self.text.len();
        self.text.extend_from_slice(run.as_bytes());
        if let Some(new) = self.text.get_mut(start..) {
            new.make_ascii_lowercase();
        }
        let marks = memchr::memchr_iter(b'?', run.as_bytes()).count();
        self.questions = self.questions.saturating_add(u32::try_from(marks).unwrap_or(u32::MAX));
    }

    /// Chinese and Japanese are written with or without spaces around foreign words: spaces there are left out.
    fn after_ideograph(&self) -> bool {
        matches!(self.text.last_chunk(), Some([0xE3..=0xE9, _, _]))
    }

    fn ideograph(&mut self, character: char) {
        while self.text.last() == Some(&b' ') {
            self.text.pop();
        }
        self.push(character);
    }

    fn character(&mut self, character: char) {
        let code = u32::from(character);
        let letters = match code {
            0xC0..=0x24F => LATIN.get(offset(code, 0xC0)),
            0x1E00..=0x1EFF => LATIN_ADDITIONAL.get(offset(code, 0x1E00)),
            _ => None,
        };
        if let Some(letters) = letters
            && !letters.is_empty()
        {
            self.text.extend_from_slice(letters.as_bytes());
            return;
        }
        match code {
            // Combining accents; Arabic vowel marks and the letter that only lengthens a line.
            0x300..=0x36F | 0x640 | 0x64B..=0x65F | 0x670 => {}
            // Alef in its spellings, final ya, ta marbuta, Persian kaf and ya.
            0x622 | 0x623 | 0x625 | 0x671 => self.push('ا'),
            0x649 | 0x6CC => self.push('ي'),
            0x629 => self.push('ه'),
            0x6A9 => self.push('ك'),
            0x451 | 0x401 => self.push('е'),
            0x410..=0x42F => self.push(char::from_u32(code + 0x20).unwrap_or(character)),
            0x61F => self.question('?'),
            0xFF1F => self.question('?'),
            // Full-width forms.
            0xFF01..=0xFF5E => {
                self.text.push(u8::try_from(code - 0xFF01 + 0x21).unwrap_or(b' ').to_ascii_lowercase());
            }
            0x3000 if self.after_ideograph() => {}
            0x3000 | 0xA0 | 0x2000..=0x200A | 0x202F => self.text.push(b' '),
            // Joiners, direction marks, byte order mark.
            0x200B..=0x200F | 0x2060 | 0xFEFF => {}
            0x2018 | 0x2019 => self.text.push(b'\''),
            0x201C | 0x201D => self.text.push(b'"'),
            0x2010..=0x2015 => self.text.push(b'-'),
            0x3040..=0x9FFF => self.ideograph(character),
            0x2E80.. => self.push(character),
            _ => character.to_lowercase().for_each(|c| self.push(c)),
        }
    }

    fn question(&mut self, mark: char) {
        self.questions += 1;
        self.push(mark);
    }

    fn push(&mut self, character: char) {
        self.text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// How many bytes at the start are ASCII.
fn ascii_run(bytes: &[u8]) -> usize {
    let mut length = 0;
    for chunk in bytes.chunks(32) {
        if chunk.is_ascii() {
            length += chunk.len();
        } else {
            return length + chunk.iter().take_while(|b| b.is_ascii()).count();
        }
    }
    length
}

fn offset(code: u32, first: u32) -> usize {
    usize::try_from(code - first).unwrap_or(usize::MAX)
}
