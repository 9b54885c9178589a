//! The model that a form names: uploads of audio and images are `multipart/form-data` (RFC 7578), with the model in a field
//! of its own.

use memchr::memmem;

use super::Span;

/// Most fields `model` of a form that are rewritten.
const MOST: usize = 16;
/// Longest head of a part that is read: those of clients are far shorter.
const LONGEST_HEAD: usize = 2048;
/// Longest boundary, as RFC 2046 has it.
const LONGEST_BOUNDARY: usize = 70;

/// The boundary that a content type names, if it is that of a multipart form.
pub fn boundary(content_type: &[u8]) -> Option<Vec<u8>> {
    let mut parameters = content_type.split(|&b| b == b';');
    if !parameters.next()?.trim_ascii().eq_ignore_ascii_case(b"multipart/form-data") {
        return None;
    }
    let value = parameters.find_map(|parameter| {
        let (name, value) = split(parameter, b'=')?;
        name.trim_ascii().eq_ignore_ascii_case(b"boundary").then(|| value.trim_ascii())
    })?;
    let plain = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value);
    (!plain.is_empty() && plain.len() <= LONGEST_BOUNDARY).then(|| plain.to_vec())
}

/// The values of a form's fields `model`, and whether there may be more than are rewritten. A part that never ends is none.
pub fn model_fields(body: &[u8], boundary: &[u8]) -> (Vec<Span>, bool) {
    let delimiter = [b"--", boundary].concat();
    let finder = memmem::Finder::new(&delimiter);
    let mut fields = Vec::new();
    // The first delimiter stands at the start, each further one behind a line's end.
    let mut places = finder
        .find_iter(body)
        .filter(|&at| at == 0 || body.get(..at).is_some_and(|before| before.ends_with(b"\n")));
    let Some(mut start) = places.next() else { return (fields, false) };
    for end in places {
        let from = start.saturating_add(delimiter.len());
        let part = body.get(from..end).unwrap_or_default();
        if part.len() > LONGEST_HEAD && head(part).is_none() {
            return (fields, true);
        }
        let value = model(part)
            .map(|(first, last)| Span { start: from.saturating_add(first), end: from.saturating_add(last) });
        if fields.len() >= MOST && value.is_some() {
            return (fields, true);
        }
        fields.extend(value);
        start = end;
    }
    (fields, false)
}

/// Where the value of a part stands whose name is `model` and that is no file.
fn model(part: &[u8]) -> Option<(usize, usize)> {
    let (end, gap) = head(part)?;
    let is_model = part.get(..end)?.split(|&b| b == b'\n').any(|line| {
        let Some((name, value)) = split(line, b':') else { return false };
        name.trim_ascii().eq_ignore_ascii_case(b"content-disposition") && names_model(value)
    });
    let start = end.saturating_add(gap);
    let value = part.get(start..)?;
    let value = value.strip_suffix(b"\n")?;
    let value = value.strip_suffix(b"\r").unwrap_or(value);
    is_model.then(|| (start, start.saturating_add(value.len())))
}

/// Where the head of a part ends, and how long the blank line is behind it.
fn head(part: &[u8]) -> Option<(usize, usize)> {
    let head = part.get(..part.len().min(LONGEST_HEAD))?;
    match (memmem::find(head, b"\r\n\r\n"), memmem::find(head, b"\n\n")) {
        (Some(crlf), Some(lf)) if lf < crlf => Some((lf, 2)),
        (Some(crlf), _) => Some((crlf, 4)),
        (None, Some(lf)) => Some((lf, 2)),
        (None, None) => None,
    }
}

fn names_model(disposition: &[u8]) -> bool {
    let mut named = false;
    for parameter in disposition.split(|&b| b == b';').skip(1) {
        let Some((name, value)) = split(parameter, b'=') else { continue };
        let value = value.trim_ascii();
        let value = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value);
        match name.trim_ascii().to_ascii_lowercase().as_slice() {
            b"name" => named = value == b"model",
            b"filename" | b"filename*" => return false,
            _ => {}
        }
    }
    named
}

fn split(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let place = memchr::memchr(at, text)?;
    Some((text.get(..place)?, text.get(place.checked_add(1)?..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boundaries() {
        let of = |text: &str| boundary(text.as_bytes()).map(|b| String::from_utf8(b).unwrap());
        assert_eq!(of("multipart/form-data; boundary=abc").as_deref(), Some("abc"));
        assert_eq!(of("Multipart/Form-Data;charset=utf-8; Boundary=\"a b\"").as_deref(), Some("a b"));
        assert_eq!(of("multipart/form-data"), None);
        assert_eq!(of("application/x-www-form-urlencoded; boundary=abc"), None);
        assert_eq!(of(&format!("multipart/form-data; boundary={}", "x".repeat(71))), None);
    }

    fn models(body: &str) -> Vec<String> {
        let (spans, more) = model_fields(body.as_bytes(), b"XX");
        assert!(!more);
        spans.iter().map(|span| String::from_utf8(span.of(body.as_bytes()).to_vec()).unwrap()).collect()
    }

    #[test]
    fn the_field_named_model_and_no_file() {
        let part = |head: &str, value: &str| format!("--XX\r\n{head}\r\n\r\n{value}\r\n");
        let file =
            part("Content-Disposition: form-data; name=\"file\"; filename=\"model\"", "model=\r\n\r\nx--XXy");
        let model = part("content-disposition: form-data; name=\"model\"", "whisper-1");
        let typed =
            part("Content-Type: text/plain\r\nContent-Disposition: form-data; name=model", "smart/auto");
        let fake = part("Content-Disposition: form-data; name=\"model\"; filename=\"a\"", "nobody");
        for (body, expected) in [
            (format!("{file}{model}--XX--\r\n"), vec!["whisper-1"]),
            (format!("{model}{file}--XX--"), vec!["whisper-1"]),
            (format!("{typed}{fake}{model}--XX--"), vec!["smart/auto", "whisper-1"]),
            (format!("{file}--XX--"), vec![]),
            (model.clone(), vec![]),
            (format!("{}--XX--", model.replace("\r\n", "\n")), vec!["whisper-1"]),
            (String::new(), vec![]),
            ("--XX--XX--XX".to_owned(), vec![]),
        ] {
            assert_eq!(models(&body), expected, "{body:?}");
        }
    }

    #[test]
    fn a_part_whose_head_is_too_long_may_be_one_more() {
        let plain = "--XX\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nsmart/auto\r\n";
        let padding = "x".repeat(LONGEST_HEAD);
        let long = format!(
            "--XX\r\nx-padding: {padding}\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nbig\r\n"
        );
        let (spans, more) = model_fields(format!("{plain}{long}--XX--").as_bytes(), b"XX");
        assert_eq!((spans.len(), more), (1, true));
        let file = format!(
            "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n{padding}\r\n"
        );
        let (spans, more) = model_fields(format!("{plain}{file}--XX--").as_bytes(), b"XX");
        assert_eq!((spans.len(), more), (1, false));
    }

    #[test]
    fn more_models_than_are_rewritten() {
        let one = "--XX\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\na\r\n";
        let (spans, more) = model_fields(format!("{}--XX--", one.repeat(17)).as_bytes(), b"XX");
        assert_eq!((spans.len(), more), (16, true));
    }
}
