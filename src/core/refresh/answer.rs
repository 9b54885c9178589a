//! What an answer is, by its headers and its size, before anybody reads its body.

use super::RefreshOutcome;
use crate::retry_after;
use crate::time::{Millis, Timestamp};

/// An answer without its body.
#[derive(Clone, Copy, Debug, Default)]
pub struct FetchAnswer<'a> {
    /// `:status`.
    pub status: &'a [u8],
    /// `content-type`.
    pub content_type: Option<&'a [u8]>,
    /// `content-encoding`.
    pub content_encoding: Option<&'a [u8]>,
    /// `retry-after`.
    pub retry_after: Option<&'a [u8]>,
    /// `etag`.
    pub etag: Option<&'a [u8]>,
    /// Size of the body in bytes.
    pub body_size: usize,
}

/// What is to be made of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerKind {
    /// Its body is to be read as a feed.
    Read,
    /// The body is not to be read: this is what became of the fetch.
    Done(RefreshOutcome),
}

impl<'a> FetchAnswer<'a> {
    /// Picks what matters out of the headers; none where there are none, as of an answer that broke off. Of headers
    /// that came several times the first counts.
    pub fn new(headers: &'a [(String, Vec<u8>)], body_size: usize) -> Option<Self> {
        let find = |name: &str| {
            headers
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim_ascii())
        };
        Some(Self {
            status: find(":status")?,
            content_type: find("content-type"),
            content_encoding: find("content-encoding"),
            retry_after: find("retry-after"),
            etag: find("etag"),
            body_size,
        })
    }

    /// What to make of it. `conditional`: whether the request said what it has already, so that 304 is an answer.
    pub fn verdict(&self, max_bytes: usize, conditional: bool) -> AnswerKind {
        let plain = self.content_encoding.is_none_or(|e| e.is_empty() || e.eq_ignore_ascii_case(b"identity"));
        AnswerKind::Done(match self.status {
            b"200" if !plain => RefreshOutcome::Compressed,
            b"200" if !self.may_be_json() => RefreshOutcome::ContentType,
            b"200" if self.body_size > max_bytes => RefreshOutcome::TooLarge,
            b"200" => return AnswerKind::Read,
            b"304" if conditional => RefreshOutcome::NotModified,
            b"304" => RefreshOutcome::Status,
            b"429" => RefreshOutcome::RateLimited,
            b"503" => RefreshOutcome::Unavailable,
            b"504" => RefreshOutcome::Timeout,
            [b'3', _, _] => RefreshOutcome::Redirected,
            _ => RefreshOutcome::Status,
        })
    }

    /// JSON, or what static file servers say of a file they know nothing about.
    fn may_be_json(&self) -> bool {
        let Some(content_type) = self.content_type else { return true };
        let essence = content_type.split(|&b| b == b';').next().unwrap_or_default().trim_ascii();
        let essence = essence.to_ascii_lowercase();
        let plain: [&[u8]; 4] = [b"", b"application/json", b"text/plain", b"application/octet-stream"];
        plain.contains(&essence.as_slice()) || essence.ends_with(b"+json")
    }

    /// How long the server asks to be left alone from `now` on: seconds or a date. None where it asks for
    /// nothing that can be read.
    pub fn wait(&self, now: Timestamp) -> Option<Millis> {
        retry_after::wait(self.retry_after?, now)
    }
}
