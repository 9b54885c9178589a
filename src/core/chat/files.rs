//! Files that a turn has in it: what a model has to be able to read.

use super::cursor::{Cursor, Fault, Kind, Span};
use super::decode;

/// What a file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Media {
    /// Nothing shows it.
    #[default]
    Unknown,
    /// A PDF, or something else that is read as one: a page with text and pictures on it.
    Pdf,
    /// Something to look at.
    Image,
    /// Something to listen to.
    Audio,
    /// Text, which every model reads.
    Text,
}

/// The longest type that is looked at.
const LONGEST_TYPE: usize = 128;

impl Media {
    /// By a media type, as it stands in a JSON string.
    pub(super) fn of_type(raw: &[u8]) -> Self {
        let kind = decode(raw.get(..LONGEST_TYPE).unwrap_or(raw)).to_ascii_lowercase();
        let kind = kind.trim();
        let text = ["application/json", "application/xml", "application/yaml", "application/x-yaml"];
        if kind.starts_with("audio/") {
            Media::Audio
        } else if kind.starts_with("image/") || kind.starts_with("video/") {
            Media::Image
        } else if kind.starts_with("text/") || text.iter().any(|text| kind.starts_with(text)) {
            Media::Text
        } else if kind.starts_with("application/pdf") {
            Media::Pdf
        } else {
            Media::Unknown
        }
    }

    /// By the type at the start of a `data:` URL; unknown where it is none.
    fn of_url(raw: &[u8]) -> Self {
        raw.strip_prefix(b"data:").map_or(Media::Unknown, Media::of_type)
    }

    /// By how a file's name ends, query and all left out.
    fn of_name(raw: &[u8]) -> Self {
        let name = raw.split(|&b| b == b'?' || b == b'#').next().unwrap_or_default();
        let ending = name.rsplit(|&b| b == b'.').next().unwrap_or_default();
        let among = |endings: &[&[u8]]| endings.iter().any(|one| ending.eq_ignore_ascii_case(one));
        if among(&[b"pdf"]) {
            Media::Pdf
        } else if among(&[b"txt", b"md", b"csv", b"tsv", b"json", b"xml", b"yaml", b"yml", b"html", b"log"]) {
            Media::Text
        } else if among(&[b"png", b"jpg", b"jpeg", b"gif", b"webp"]) {
            Media::Image
        } else if among(&[b"mp3", b"wav", b"flac", b"ogg", b"m4a"]) {
            Media::Audio
        } else {
            Media::Unknown
        }
    }

    /// This, or where nothing is known of it the other.
    pub(super) fn or(self, other: Self) -> Self {
        if self == Media::Unknown { other } else { self }
    }
}

/// What is known of a file while its part is read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct File {
    /// By its media type.
    kind: Media,
    /// By its name or address, which says less.
    name: Media,
    /// Its text, where it stands in the part.
    pub text: Option<Span>,
}

impl File {
    /// What it is.
    pub fn media(self) -> Media {
        self.kind.or(self.name)
    }

    /// Reads one of a file's fields: OpenAI's `file_data` and `filename`, Anthropic's `source`, Gemini's `mimeType`.
    pub fn field(&mut self, key: &str, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        let body = cursor.bytes();
        match (key, cursor.kind()?) {
            ("file" | "source", Kind::Object) => {
                let (mut data, mut plain) = (None, false);
                cursor.each_member(|cursor, key| match (&*decode(key.of(body)), cursor.kind()?) {
                    ("data" | "content", _) => {
                        data = Some(cursor.skip()?);
                        Ok(())
                    }
                    ("type", Kind::String) => {
                        // Parts of their own are texts, as a rule.
                        plain = matches!(cursor.string()?.of(body), b"text" | b"content");
                        Ok(())
                    }
                    // Any deeper object is none of a file's: this does not call itself twice.
                    (_, Kind::Object | Kind::Array) => cursor.skip().map(drop),
                    (key, _) => self.field(key, cursor),
                })?;
                if plain {
                    (self.kind, self.text) = (Media::Text, data);
                }
                Ok(())
            }
            ("media_type" | "mimeType" | "mime_type" | "format", Kind::String) => {
                let kind = Media::of_type(cursor.string()?.of(body));
                self.kind = kind.or(self.kind);
                Ok(())
            }
            ("file_data", Kind::String) => {
                let kind = Media::of_url(cursor.string()?.of(body));
                self.kind = self.kind.or(kind);
                Ok(())
            }
            ("filename" | "file_url" | "url" | "title", Kind::String) => {
                let raw = cursor.string()?.of(body);
                self.name = self.name.or(Media::of_url(raw)).or(Media::of_name(raw));
                Ok(())
            }
            _ => cursor.skip().map(drop),
        }
    }
}
