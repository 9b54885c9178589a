//! The decision in the body of an answer, for programs that cannot read its headers.

use serde_json::{Map, Value};

use super::Form;

/// What is put into the beginning of an answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Insertion {
    /// So many bytes from the beginning it stands.
    pub at: usize,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// What to put into an answer that begins with `piece`, so that it has these members: `_routing`, as the first member of
/// a JSON object, or in a comment before the first event, which parsers of event streams pass over. None where the answer
/// begins otherwise, as a list does, and where the piece is too short to know.
pub fn routing(form: Form, piece: &[u8], members: Map<String, Value>) -> Option<Insertion> {
    let members = Value::Object(members).to_string();
    match form {
        Form::Events if piece.starts_with(b"\xef\xbb\xbf") => None,
        Form::Events => Some(Insertion { at: 0, bytes: format!(": _routing {members}\n\n").into_bytes() }),
        Form::Document => {
            let begin = piece.iter().position(|byte| !byte.is_ascii_whitespace())?;
            let inside = piece.get(begin..)?.strip_prefix(b"{")?;
            let next = inside.iter().find(|byte| !byte.is_ascii_whitespace())?;
            let comma = if *next == b'}' { "" } else { "," };
            Some(Insertion { at: begin + 1, bytes: format!("\"_routing\":{members}{comma}").into_bytes() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(form: Form, body: &str) -> Option<String> {
        let members = [("model".to_owned(), Value::from("a \"b\"\nc"))].into_iter().collect();
        let Insertion { at, bytes } = routing(form, body.as_bytes(), members)?;
        Some([&body.as_bytes()[..at], &bytes, &body.as_bytes()[at..]].concat())
            .map(|new| String::from_utf8(new).unwrap())
    }

    #[test]
    fn an_object_gets_a_member_and_a_stream_a_comment() {
        for body in [r#"{"id":"x","choices":[]}"#, " \n{ }", "{}", "\t{\n \"a\": 1}"] {
            let new: Value = serde_json::from_str(&told(Form::Document, body).expect(body)).expect("JSON");
            assert_eq!(new["_routing"]["model"], "a \"b\"\nc", "{body}");
            let mut rest = new.as_object().expect("an object").clone();
            rest.remove("_routing");
            assert_eq!(Value::Object(rest), serde_json::from_str::<Value>(body).expect("JSON"), "{body}");
        }
        let events = "data: {\"a\":1}\n\n";
        let new = told(Form::Events, events).expect("a comment");
        let (comment, rest) = new.split_once("\n\n").expect("a comment, then events");
        assert_eq!(rest, events);
        assert!(comment.starts_with(": ") && !comment.contains('\n'), "{comment}");
    }

    #[test]
    fn what_is_no_object_stays() {
        for body in ["", "   ", "[{\"a\":1}", "{", "{  ", "null", "\"{\""] {
            assert_eq!(told(Form::Document, body), None, "{body}");
        }
        assert_eq!(told(Form::Events, "\u{feff}data: 1\n\n"), None);
    }
}
