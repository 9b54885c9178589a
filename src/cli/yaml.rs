//! YAML in and out: what people write by hand is read as Envoy reads it, what the command writes is read by Envoy.

use std::fmt::Write as _;

use serde_json::Value;

/// Reads YAML into JSON's terms. A key that is given twice is refused with its line; `<<` is merged, and a byte order
/// mark passed over.
pub fn read(text: &str) -> Result<Value, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut value: yaml_serde::Value = yaml_serde::from_str(text).map_err(|error| error.to_string())?;
    value.apply_merge().map_err(|error| error.to_string())?;
    serde_json::to_value(value).map_err(|error| format!("not a document of plain keys and values: {error}"))
}

/// A text as a scalar that every YAML reader takes for a string, in block and in flow style.
pub fn text(text: &str) -> String {
    let mut letters = text.chars();
    let plain = letters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'));
    // Words that some reader takes for something else.
    let word = matches!(
        text.to_ascii_lowercase().as_str(),
        "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null" | "nan" | "inf"
    );
    if plain && !word { text.to_owned() } else { quoted(text) }
}

/// A double-quoted scalar. YAML reads JSON's escapes.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A line of comment, whatever the text holds: names come from other people's files.
pub fn comment(indent: usize, text: &str) -> String {
    let line: String = text
        .chars()
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect();
    format!("{:indent$}# {}\n", "", line.trim_end())
}
