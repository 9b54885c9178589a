//! Tools that a provider runs or defines itself, known by their type.

use super::cursor::{Cursor, Kind};
use super::{Dialect, Fault, Span, decode};

/// A set of kinds of such tools.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BuiltIn(u16);

/// Kinds by name, and the types that each has with providers; behind a type may follow `_` and a version.
const KINDS: [(&str, &[&str]); 14] = [
    (
        "web_search",
        &["web_search", "browser_search", "google_search", "googleSearch", "googleSearchRetrieval"],
    ),
    ("web_fetch", &["web_fetch", "url_context", "urlContext"]),
    ("code", &["code_interpreter", "code_execution", "codeExecution"]),
    ("files", &["file_search", "fileSearch", "collections_search"]),
    ("computer", &["computer", "computerUse"]),
    ("images", &["image_generation"]),
    ("mcp", &["mcp"]),
    ("shell", &["local_shell", "shell", "bash"]),
    ("editor", &["text_editor", "apply_patch"]),
    ("memory", &["memory"]),
    ("maps", &["google_maps", "googleMaps"]),
    ("x_search", &["x_search"]),
    // Free text in a grammar, in OpenAI's dialects; with Anthropic every tool of the client's own.
    ("custom", &["custom"]),
    ("functions", &[]),
];

impl BuiltIn {
    /// The functions of the first chats, which were no tools yet.
    pub const FUNCTIONS: Self = Self(1 << 13);

    /// A kind by its name.
    pub fn named(name: &str) -> Option<Self> {
        KINDS.iter().position(|(kind, _)| *kind == name).map(|place| Self(1 << place))
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// With those of another set.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it has all of another set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The kind of a tool of this type; none for the client's own, and for what nobody knows.
    pub fn of_type(name: &str, dialect: Dialect) -> Self {
        if name == "function" || name == "custom" && dialect == Dialect::Messages {
            return Self::default();
        }
        let is =
            |of: &&str| name.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'));
        KINDS
            .iter()
            .position(|(_, types)| types.iter().any(&is))
            .map(|place| Self(1 << place))
            .unwrap_or_default()
    }

    /// The kind of a tool, whose object begins here, which is read to its end.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn of_tool(cursor: &mut Cursor<'_>, dialect: Dialect) -> Result<Self, Fault> {
        let mut found = Self::default();
        if cursor.kind()? != Kind::Object {
            cursor.skip()?;
            return Ok(found);
        }
        let body = cursor.bytes();
        // As nearly all clients write nearly all tools: nothing to be looked for in them.
        let own = [&br#"{"type":"function","#[..], br#"{"type": "function","#];
        let begins = body.get(cursor.place()..).unwrap_or_default();
        if own.iter().any(|own| begins.starts_with(own)) {
            cursor.skip()?;
            return Ok(found);
        }
        cursor.each_member(|cursor, key| {
            let (key, value) = (key.of(body), cursor.skip()?);
            if let Dialect::Gemini(_) = dialect {
                found = found.with(Self::of_type(&decode(key), dialect));
            } else if key == b"type" {
                let text = Span { start: value.start.saturating_add(1), end: value.end.saturating_sub(1) };
                found = Self::of_type(&decode(text.of(body)), dialect);
            }
            Ok(())
        })?;
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_several_providers() {
        let kind = |name| BuiltIn::named(name).unwrap();
        for (name, wanted) in [
            ("web_search", "web_search"),
            ("web_search_20250305", "web_search"),
            ("web_search_preview_2025_03_11", "web_search"),
            ("computer_use_preview", "computer"),
            ("computer_20250124", "computer"),
            ("text_editor_20250728", "editor"),
            ("bash_20250124", "shell"),
            ("code_execution_20250825", "code"),
            ("custom", "custom"),
        ] {
            assert_eq!(BuiltIn::of_type(name, Dialect::Responses), kind(wanted), "{name}");
        }
        assert_eq!(BuiltIn::of_type("custom", Dialect::Messages), BuiltIn::default());
        for own in ["function", "bashful", "made_up", ""] {
            assert!(BuiltIn::of_type(own, Dialect::ChatCompletions).is_empty(), "{own}");
        }
        assert_eq!(kind("functions"), BuiltIn::FUNCTIONS);
    }
}
