//! The decision in the body of an answer, for programs that cannot read its headers.

use serde_json::{Map, Value};

use super::Form;
use crate::chat::{Cursor, MAX_DEPTH, Span};

/// What is put into the beginning of an answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Insertion {
    /// Which bytes it stands in place of: none, or what another router told there.
    pub span: Span,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// So much of an answer is searched for what another router told.
const SEARCHED: usize = 1 << 16;
/// What a comment with a decision begins with.
const COMMENT: &[u8] = b": _routing ";
const MEMBER: &[u8] = b"_routing";

/// What to put into an answer that begins with `piece`, so that it has these members: `_routing`, as the first member of
/// a JSON object, or in a comment before the first event, which parsers of event streams pass over. What another router
/// told there before is replaced. None where the answer begins otherwise, as a list does, and where the piece is too short
/// to know.
pub fn routing(form: Form, piece: &[u8], members: Map<String, Value>) -> Option<Insertion> {
    let members = Value::Object(members).to_string();
    match form {
        Form::Events if piece.starts_with(b"\xef\xbb\xbf") => None,
        Form::Events if piece.starts_with(COMMENT) => {
            let end = piece.iter().take(SEARCHED).position(|byte| *byte == b'\n')?;
            let bytes = [COMMENT, members.as_bytes()].concat();
            Some(Insertion { span: Span { start: 0, end }, bytes })
        }
        Form::Events => {
            let bytes = format!(": _routing {members}\n\n").into_bytes();
            Some(Insertion { span: Span { start: 0, end: 0 }, bytes })
        }
        Form::Document => {
            let begin = piece.iter().position(|byte| !byte.is_ascii_whitespace())?;
            let inside = piece.get(begin..)?.strip_prefix(b"{")?;
            let next = inside.iter().find(|byte| !byte.is_ascii_whitespace())?;
            match told(piece) {
                Told::Nothing => {}
                Told::Here(span) => return Some(Insertion { span, bytes: members.into_bytes() }),
                Told::Cut => return None,
            }
            let comma = if *next == b'}' { "" } else { "," };
            let at = begin.checked_add(1)?;
            let bytes = format!("\"_routing\":{members}{comma}").into_bytes();
            Some(Insertion { span: Span { start: at, end: at }, bytes })
        }
    }
}

/// What another router told in a document.
enum Told {
    Nothing,
    /// The value.
    Here(Span),
    /// A value that is not whole in the piece.
    Cut,
}

fn told(piece: &[u8]) -> Told {
    let piece = piece.get(..SEARCHED).unwrap_or(piece);
    if memchr::memmem::find(piece, MEMBER).is_none() {
        return Told::Nothing;
    }
    let mut told = Told::Nothing;
    // The end of a piece ends the search: what was found before that counts.
    let _ = Cursor::new(piece, MAX_DEPTH).each_member(|cursor, key| {
        if key.of(piece) != MEMBER {
            return cursor.skip().map(drop);
        }
        told = Told::Cut;
        told = Told::Here(cursor.skip()?);
        Ok(())
    });
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(form: Form, body: &str) -> Option<String> {
        let members = [("model".to_owned(), Value::from("a \"b\"\nc"))].into_iter().collect();
        let Insertion { span, bytes } = routing(form, body.as_bytes(), members)?;
        Some([&body.as_bytes()[..span.start], &bytes, &body.as_bytes()[span.end..]].concat())
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
    fn what_another_router_told_is_replaced_and_not_told_twice() {
        let new = r#"{"model":"a \"b\"\nc"}"#;
        for (body, wanted) in [
            (
                r#"{"id":1, "_routing" : {"model":"z"} ,"x":[]}"#,
                format!(r#"{{"id":1, "_routing" : {new} ,"x":[]}}"#),
            ),
            (r#"{"_routing":null}"#, format!(r#"{{"_routing":{new}}}"#)),
            // Cut off behind it; and one that stands deeper.
            (r#"{"_routing":{},"choices":[{"a"#, format!(r#"{{"_routing":{new},"choices":[{{"a"#)),
            (r#"{"a":{"_routing":1}}"#, format!(r#"{{"_routing":{new},"a":{{"_routing":1}}}}"#)),
        ] {
            assert_eq!(told(Form::Document, body).expect(body), wanted);
        }
        assert_eq!(told(Form::Document, r#"{"id":1,"_routing":{"model":"#), None, "its end is not here");
        let events = told(Form::Events, ": _routing {\"model\":\"z\"}\n\ndata: 1\n\n").expect("a comment");
        assert_eq!(events, format!(": _routing {new}\n\ndata: 1\n\n"));
        assert_eq!(told(Form::Events, ": _routing {\"mod"), None);
    }

    #[test]
    fn what_is_no_object_stays() {
        for body in ["", "   ", "[{\"a\":1}", "{", "{  ", "null", "\"{\""] {
            assert_eq!(told(Form::Document, body), None, "{body}");
        }
        assert_eq!(told(Form::Events, "\u{feff}data: 1\n\n"), None);
    }
}
