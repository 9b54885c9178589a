//! The id of an answer of the responses dialect, which stands at its beginning: of the JSON document, or of the `response` in
//! the first events of a stream.

use super::super::cursor::{Cursor, Kind};
use super::super::decode;
use super::{Encoding, Form};

/// No further than this is an id looked for, in bytes.
const FURTHEST: usize = 8 * 1024;
/// What has been seen is read again when so much more has come, so that small pieces cost little.
const STEP: usize = 128;
/// No id is longer.
const LONGEST: usize = 1024;

/// What has become of the search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Search {
    /// More has to come.
    GoesOn,
    /// The id.
    Found(Vec<u8>),
    /// There is none.
    Over,
}

/// Looks for the id while an answer passes.
#[derive(Debug)]
pub struct IdReader {
    form: Form,
    encoding: Encoding,
    seen: Vec<u8>,
    /// So much of it was read in vain.
    tried: usize,
}

impl IdReader {
    /// A reader at the start of an answer.
    pub const fn new(form: Form, encoding: Encoding) -> Self {
        Self { form, encoding, seen: Vec::new(), tried: 0 }
    }

    /// How many bytes of the next piece are of use.
    pub fn room(&self) -> usize {
        FURTHEST.saturating_sub(self.seen.len())
    }

    /// Reads the next piece, wherever it is split. `end`: nothing follows.
    pub fn feed(&mut self, piece: &[u8], end: bool) -> Search {
        let piece = piece.get(..self.room()).unwrap_or(piece);
        self.seen.extend_from_slice(piece);
        let last = end || self.room() == 0;
        if !last && self.seen.len() < self.tried.saturating_add(STEP) && self.tried > 0 {
            return Search::GoesOn;
        }
        self.tried = self.seen.len();
        let decoded;
        let seen = if self.encoding == Encoding::Identity {
            &self.seen
        } else {
            decoded = self.encoding.decode(self.seen.clone(), FURTHEST);
            &decoded
        };
        let found = match self.form {
            Form::Document => of_document(seen),
            Form::Events => seen.split(|&b| b == b'\n').find_map(|line| {
                let data = line.strip_prefix(b"data:")?;
                of_document(data)
            }),
        };
        match found {
            Some(id) => Search::Found(id),
            None if last => Search::Over,
            None => Search::GoesOn,
        }
    }
}

/// The `id` at the top of a document or of its `response`, as far as it has come.
fn of_document(bytes: &[u8]) -> Option<Vec<u8>> {
    /// The answer's own fields, and those of its `response`.
    const DEEP: usize = 64;
    let mut found = None;
    let mut cursor = Cursor::new(bytes, DEEP);
    // That it breaks off is no fault: the beginning is all that there is.
    let _ = cursor.each_member(|cursor, key| match key.of(bytes) {
        b"id" => id(cursor, &mut found),
        b"response" if cursor.kind()? == Kind::Object => {
            cursor.each_member(|cursor, key| match key.of(bytes) {
                b"id" => id(cursor, &mut found),
                _ => cursor.skip().map(drop),
            })
        }
        _ => cursor.skip().map(drop),
    });
    found
}

fn id(cursor: &mut Cursor<'_>, found: &mut Option<Vec<u8>>) -> Result<(), super::super::Fault> {
    if cursor.kind()? != Kind::String {
        return cursor.skip().map(drop);
    }
    let bytes = cursor.bytes();
    let span = cursor.string()?;
    if !span.is_empty() && span.len() <= LONGEST && found.is_none() {
        *found = Some(decode(span.of(bytes)).into_owned().into_bytes());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r#"{"id": "resp_1\/a", "object": "response", "output": [{"id": "msg_1"}]}"#;
    const EVENTS: &str = "event: response.created\r\ndata: {\"type\":\"response.created\",\"response\":{\"object\":\"response\",\"id\":\"resp_2\",\"output\":[]}}\r\n\r\nevent: response.output_item.added\ndata: {\"item\":{\"id\":\"msg_2\"}}\n\n";

    /// What comes of an answer in pieces of this size.
    fn found(form: Form, answer: &str, size: usize) -> Option<String> {
        let mut reader = IdReader::new(form, Encoding::Identity);
        let pieces = answer.as_bytes().chunks(size);
        let last = pieces.len();
        for (place, piece) in pieces.enumerate() {
            match reader.feed(piece, place + 1 == last) {
                Search::GoesOn => {}
                Search::Found(id) => return Some(String::from_utf8(id).unwrap()),
                Search::Over => return None,
            }
        }
        panic!("the end was told")
    }

    #[test]
    fn wherever_it_is_split() {
        for size in 1..DOCUMENT.len() + 1 {
            assert_eq!(found(Form::Document, DOCUMENT, size).as_deref(), Some("resp_1/a"), "{size}");
        }
        for size in 1..EVENTS.len() + 1 {
            assert_eq!(found(Form::Events, EVENTS, size).as_deref(), Some("resp_2"), "{size}");
        }
    }

    #[test]
    fn of_compressed_answers() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut encoder, EVENTS.as_bytes()).unwrap();
        let packed = encoder.finish().unwrap();
        let mut reader = IdReader::new(Form::Events, Encoding::Gzip);
        assert_eq!(reader.feed(&packed, true), Search::Found(b"resp_2".to_vec()));
    }

    #[test]
    fn answers_without_one() {
        for answer in [
            "{}",
            "[]",
            "x",
            r#"{"id": 7, "response": "x"}"#,
            r#"{"id": "", "output": [{"id": "msg"}]}"#,
            r#"{"error": {"id": "e"}}"#,
        ] {
            assert_eq!(found(Form::Document, answer, 100), None, "{answer}");
        }
        assert_eq!(found(Form::Events, ": ping\n\nevent: x\n\n", 5), None);
        let long = format!(r#"{{"id": "{}"}}"#, "x".repeat(LONGEST + 1));
        assert_eq!(found(Form::Document, &long, 500), None);
    }

    #[test]
    fn the_search_has_a_bound() {
        let late = format!(r#"{{"output": "{}", "id": "resp_1"}}"#, "x".repeat(FURTHEST));
        assert_eq!(found(Form::Document, &late, 1000), None);
        let mut reader = IdReader::new(Form::Document, Encoding::Identity);
        let mut fed = 0;
        while reader.feed(b"{\"output\":\"", false) == Search::GoesOn {
            fed += 1;
            assert!(fed < FURTHEST, "it ends");
        }
        assert!(reader.seen.len() <= FURTHEST);
    }
}
