//! The parts of a turn's content.

use super::turns::add_text;
use super::{Listener, Read, Reader, inside};
use crate::chat::cursor::{Cursor, Kind};
use crate::chat::files::{File, Media};
use crate::chat::{Span, decode};

/// What a part is, by its `type`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    /// Somebody says it.
    Text,
    Image,
    Audio,
    ToolResult,
    Thinking,
    File,
    Other,
}

/// The types of parts: OpenAI's chat, OpenAI's responses, Anthropic.
const TYPES: [(&[u8], Type); 13] = [
    (b"text", Type::Text),
    (b"input_text", Type::Text),
    (b"output_text", Type::Text),
    (b"image", Type::Image),
    (b"image_url", Type::Image),
    (b"input_image", Type::Image),
    (b"input_audio", Type::Audio),
    (b"tool_result", Type::ToolResult),
    (b"thinking", Type::Thinking),
    (b"redacted_thinking", Type::Thinking),
    (b"file", Type::File),
    (b"document", Type::File),
    (b"input_file", Type::File),
];

impl Type {
    fn named(name: &[u8]) -> Self {
        TYPES.iter().find(|(known, _)| *known == name).map_or(Self::Other, |(_, kind)| *kind)
    }
}

/// A part that is being read: its type may come last.
#[derive(Default)]
struct Part {
    text: Option<Span>,
    /// A tool or the model said it, or it is no text.
    unsaid: bool,
    is_file: bool,
    file: File,
}

impl<L: Listener> Reader<'_, '_, L> {
    /// Content: a string, a list of parts, one part, or (Gemini's system instruction) an object with parts.
    pub(super) fn content(&mut self, cursor: &mut Cursor<'_>) -> Read {
        match cursor.kind()? {
            Kind::Array => cursor.each_element(|cursor| self.part(cursor)),
            _ => self.part(cursor),
        }
    }

    /// One part. Its text counts as said in the turn unless its type shows that a tool or the model said it.
    fn part(&mut self, cursor: &mut Cursor<'_>) -> Read {
        if cursor.kind()? != Kind::Object {
            return self.string_or_skip(cursor);
        }
        let body = cursor.bytes();
        let mut part = Part::default();
        cursor.each_member(|cursor, key| self.of_part(&mut part, key, cursor))?;
        if part.is_file {
            self.file(part.file, Media::Pdf);
        }
        match part.text {
            Some(text) if !part.unsaid => add_text(&mut self.turn.texts, text),
            Some(text) => self.view.tokens.add(text.of(body)),
            None => {}
        }
        Ok(())
    }

    /// A member of a part.
    fn of_part(&mut self, part: &mut Part, key: Span, cursor: &mut Cursor<'_>) -> Read {
        let body = cursor.bytes();
        match &*decode(key.of(body)) {
            "type" => {
                let kind = Type::named(inside(cursor.skip()?).of(body));
                part.unsaid |= kind != Type::Text;
                match kind {
                    Type::Image => self.view.images = true,
                    Type::Audio => self.view.audio = true,
                    Type::ToolResult => self.tool_answers(key),
                    Type::Thinking => self.view.sealed.claude = true,
                    Type::File => part.is_file = true,
                    Type::Text | Type::Other => {}
                }
            }
            "thoughtSignature" | "thought_signature" => {
                self.view.sealed.gemini = true;
                cursor.skip()?;
            }
            "text" if cursor.kind()? == Kind::String => part.text = Some(cursor.string()?),
            "image_url" => {
                self.view.images = true;
                cursor.skip()?;
            }
            name @ ("file" | "source" | "file_data" | "filename" | "file_url" | "title")
                if !matches!((name, cursor.kind()?), ("file_data", Kind::Object)) =>
            {
                part.file.field(name, cursor)?;
            }
            "inlineData" | "inline_data" | "fileData" | "file_data" => self.media(cursor)?,
            "thought" => part.unsaid |= cursor.skip()?.of(body) == b"true",
            // What a tool answered or was asked, in Anthropic's and Gemini's spelling.
            "content" if cursor.kind()? == Kind::Array => {
                cursor.each_element(|cursor| self.tool_answer(cursor))?;
            }
            name @ ("content" | "input" | "functionResponse" | "functionCall" | "thinking") => {
                if name == "functionResponse" {
                    self.tool_answers(key);
                }
                self.view.tokens.add(cursor.skip()?.of(body));
            }
            // Gemini's system instruction.
            "parts" if cursor.kind()? == Kind::Array => {
                cursor.each_element(|cursor| self.plain_part(cursor))?;
            }
            _ => drop(cursor.skip()?),
        }
        Ok(())
    }

    /// Gemini's data. What has no type may be an image.
    fn media(&mut self, cursor: &mut Cursor<'_>) -> Read {
        let mut file = File::default();
        self.members(cursor, |_, key, cursor| match key {
            "mimeType" | "mime_type" => file.field(key, cursor),
            _ => cursor.skip().map(drop),
        })?;
        self.file(file, Media::Image);
        Ok(())
    }

    /// A file, which is `otherwise` where nothing shows what it is.
    fn file(&mut self, file: File, otherwise: Media) {
        match file.media().or(otherwise) {
            Media::Pdf | Media::Unknown => self.view.pdf = true,
            Media::Image => self.view.images = true,
            Media::Audio => self.view.audio = true,
            Media::Text => {}
        }
        if let Some(text) = file.text {
            self.view.tokens.add(text.of(self.body));
        }
    }

    /// A part of what a tool answered: nobody asks in it, but an image in it has to be seen.
    fn tool_answer(&mut self, cursor: &mut Cursor<'_>) -> Read {
        let body = cursor.bytes();
        let (mut is_file, mut file) = (false, File::default());
        self.members(cursor, |reader, key, cursor| {
            if key == "source" {
                return file.field(key, cursor);
            }
            let value = cursor.skip()?;
            match key {
                "type" => match inside(value).of(body) {
                    b"image" => reader.view.images = true,
                    b"document" => is_file = true,
                    _ => {}
                },
                "text" => reader.view.tokens.add(inside(value).of(body)),
                _ => {}
            }
            Ok(())
        })?;
        if is_file {
            self.file(file, Media::Pdf);
        }
        Ok(())
    }

    /// A part of Gemini's system instruction: only its text matters.
    fn plain_part(&mut self, cursor: &mut Cursor<'_>) -> Read {
        self.members(cursor, |reader, key, cursor| match key {
            "text" => reader.string_or_skip(cursor),
            _ => cursor.skip().map(drop),
        })
    }
}
