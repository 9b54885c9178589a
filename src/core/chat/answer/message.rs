//! The message of an error without what it quotes: errors repeat what the client sent, and that decides nothing.

use super::wordings;

/// Keys whose values are messages themselves, where an error of another server is written into one.
const MESSAGES: [&str; 9] = ["message", "error", "detail", "msg", "code", "type", "raw", "details", "errors"];
/// The deepest that quotes stand in each other.
const DEEPEST: usize = 8;
/// No name of a field or a model is longer.
const LONGEST_NAME: usize = 96;

struct Quote {
    mark: char,
    /// What is between the marks is a message itself, and stays.
    message: bool,
    /// Where it begins in the text that is made.
    start: usize,
}

/// A message in lower case, without quoted text and addresses; quoted names (one word of ASCII that is no code of an error)
/// stay, without their marks.
pub fn unquoted(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut open: Vec<Quote> = Vec::new();
    let mut before = None;
    let mut characters = text.chars().filter(|c| *c != '\\').peekable();
    while let Some(character) = characters.next() {
        let mark = match character {
            '\u{2018}' | '\u{2019}' => '\'',
            '\u{201c}' | '\u{201d}' => '"',
            other => other,
        };
        let previous = before.replace(mark);
        if !matches!(mark, '"' | '\'' | '`') {
            plain.extend(mark.to_lowercase());
            if plain.ends_with("://") {
                while characters.next_if(|c| !c.is_whitespace() && !"\"'`<>".contains(*c)).is_some() {}
            }
            continue;
        }
        let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let closes = !inside(characters.peek().copied());
        if closes && let Some(at) = open.iter().rposition(|quote| quote.mark == mark) {
            let start = open.get(at).map_or(0, |quote| quote.start);
            let message = open.get(at).is_some_and(|quote| quote.message);
            open.truncate(at);
            let quoted = plain.get(start..).unwrap_or_default();
            let is_name = quoted.len() <= LONGEST_NAME && quoted.bytes().all(|b| b.is_ascii_graphic());
            if !message && (!is_name || wordings::is_word(quoted)) {
                plain.truncate(start);
            }
        } else if !inside(previous) && open.len() < DEEPEST {
            open.push(Quote { mark, message: is_key(&plain), start: plain.len() });
        } else if inside(previous) {
            // An apostrophe.
            plain.push(mark);
        }
    }
    // What is cut off in the middle of a quotation is one all the same.
    if let Some(cut) = open.iter().find(|quote| !quote.message && quote.start > 0) {
        plain.truncate(cut.start);
    }
    plain
}

/// Whether a text ends with the name of a message and a colon.
fn is_key(plain: &str) -> bool {
    let Some(before) = plain.trim_end().strip_suffix([':', '=']) else { return false };
    let name = before.trim_end();
    MESSAGES.iter().any(|key| {
        name.strip_suffix(key).is_some_and(|rest| !rest.ends_with(|c: char| c.is_alphanumeric() || c == ']'))
    })
}

/// Whether a message is about one place of the request's body: then its words are about the client's text.
pub fn names_a_place(plain: &str) -> bool {
    ["messages", "contents", "input", "tools", "prompt", "body"].iter().any(|root| {
        plain.match_indices(root).any(|(at, _)| {
            let mut rest = plain.get(at + root.len()..).unwrap_or_default().chars();
            match rest.next() {
                Some('[') => true,
                Some('.') => rest.next().is_some_and(char::is_alphanumeric),
                _ => false,
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_error_quotes_is_cut_out() {
        for (text, plain) in [
            ("This model's maximum is 5", "this model's maximum is 5"),
            ("Invalid value: 'it is too long'. Stop", "invalid value: . stop"),
            ("Invalid 'user': \"don't say 'no'\" here", "invalid user:  here"),
            ("`inputs` tokens + `max_new_tokens` must be", "inputs tokens + max_new_tokens must be"),
            (
                "E - {'error': {'message': \"This model's limit\", 'code': 'a_b'}}",
                "e - {error: {message: this model's limit, code: a_b}}",
            ),
            ("E - {\"message\":\"so it is\",\"input\":\"a b\"}", "e - {message:so it is,input:}"),
            ("{\\\"message\\\": \\\"so it is\\\"}", "{message: so it is}"),
            ("Unknown name 'a b", "unknown name "),
            ("“Quoted so” and done", " and done"),
            ("the model's", "the model's"),
            ("See https://x.example/rate limit. http://a/b,c done", "see https:// limit. http:// done"),
            ("{'url': 'https://x/rate', 'code': 'a_b'}", "{url: https://, code: a_b}"),
            ("Tool 'context_length_exceeded' or 'sum' not found", "tool  or sum not found"),
            ("E - {'error': {'code': 'insufficient_quota'}}", "e - {error: {code: insufficient_quota}}"),
            ("", ""),
        ] {
            assert_eq!(unquoted(text), plain, "{text}");
        }
    }

    #[test]
    fn places_of_a_body() {
        for text in ["messages[0].content: x", "messages.1.content", "at body.messages", "input[3]"] {
            assert!(names_a_place(text), "{text}");
        }
        for text in ["reduce the messages. then", "input: too long", "your messages resulted", "the prompt."]
        {
            assert!(!names_a_place(text), "{text}");
        }
    }
}
