//! Text as the lexicon sees it: one spelling for what people type in several.

use super::fold_table::{LATIN, LATIN_ADDITIONAL};

/// Folded text, and what was counted on the way.
#[derive(Debug, Default)]
pub struct Folded {
    /// UTF-8: lower case, without accents or vowel marks, white space in runs of one (a newline where the run had
    /// one).
    pub text: Vec<u8>,
    /// Question marks of any script.
    pub questions: u32,
}

impl Folded {
    /// Folds `text` in place of what was there.
    pub fn set(&mut self, text: &str) {
        self.text.clear();
        self.text.reserve(text.len());
        self.questions = 0;
        let bytes = text.as_bytes();
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if byte < 0x80 {
                self.ascii(byte);
                at += 1;
                continue;
            }
            let Some(character) = text.get(at..).and_then(|rest| rest.chars().next()) else { return };
            at += character.len_utf8();
            self.character(character);
        }
    }

    #[inline]
    fn ascii(&mut self, byte: u8) {
        match byte {
            b' ' | b'\t' | b'\r' => self.space(),
            b'\n' => self.newline(),
            b'?' => {
                self.questions += 1;
                self.text.push(byte);
            }
            _ => self.text.push(byte.to_ascii_lowercase()),
        }
    }

    fn space(&mut self) {
        if !matches!(self.text.last(), None | Some(b' ' | b'\n')) {
            self.text.push(b' ');
        }
    }

    fn newline(&mut self) {
        match self.text.last_mut() {
            Some(last @ b' ') => *last = b'\n',
            None | Some(b'\n') => {}
            Some(_) => self.text.push(b'\n'),
        }
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
                self.ascii(u8::try_from(code - 0xFF01 + 0x21).unwrap_or(b' '));
            }
            0x3000 | 0xA0 | 0x2000..=0x200A | 0x202F => self.space(),
            // Joiners, direction marks, byte order mark.
            0x200B..=0x200F | 0x2060 | 0xFEFF => {}
            0x2018 | 0x2019 => self.text.push(b'\''),
            0x201C | 0x201D => self.text.push(b'"'),
            0x2010..=0x2015 => self.text.push(b'-'),
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

fn offset(code: u32, first: u32) -> usize {
    usize::try_from(code - first).unwrap_or(usize::MAX)
}
