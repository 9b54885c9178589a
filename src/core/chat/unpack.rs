//! Unpacking a compressed request, within a bound.

use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// The most bytes that a request may unpack to. As large as the body limit of the shipped Envoy files.
pub const MOST_UNPACKED: usize = 32 * 1024 * 1024;

/// How a request is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Coding {
    /// Not at all.
    #[default]
    Identity,
    /// `gzip` or `x-gzip`.
    Gzip,
    /// `deflate`: with zlib's frame, or bare, as some clients send it.
    Deflate,
    /// In a way, or in several, that is not read here.
    Other,
}

impl Coding {
    /// By the value of `content-encoding`.
    pub fn of(value: &[u8]) -> Self {
        let value = value.trim_ascii().to_ascii_lowercase();
        match value.as_slice() {
            b"" | b"identity" => Coding::Identity,
            b"gzip" | b"x-gzip" => Coding::Gzip,
            b"deflate" => Coding::Deflate,
            _ => Coding::Other,
        }
    }

    /// With another field of the same name.
    pub fn and(self, value: &[u8]) -> Self {
        match (self, Self::of(value)) {
            (Coding::Identity, other) | (other, Coding::Identity) => other,
            _ => Coding::Other,
        }
    }
}

/// Unpacks a body. None where it is broken, is longer than [`MOST_UNPACKED`], or is not read here.
pub fn unpack(body: &[u8], coding: Coding) -> Option<Vec<u8>> {
    match coding {
        Coding::Identity => Some(body.to_vec()),
        Coding::Gzip => read(MultiGzDecoder::new(body), body),
        Coding::Deflate => match body {
            // The method and the check of RFC 1950.
            [method, flags, ..]
                if method & 0x0F == 8 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31) =>
            {
                read(ZlibDecoder::new(body), body)
            }
            _ => read(DeflateDecoder::new(body), body),
        },
        Coding::Other => None,
    }
}

fn read(decoder: impl Read, packed: &[u8]) -> Option<Vec<u8>> {
    let most = u64::try_from(MOST_UNPACKED).ok()?.saturating_add(1);
    let mut body = Vec::with_capacity(packed.len().saturating_mul(4).min(MOST_UNPACKED));
    decoder.take(most).read_to_end(&mut body).ok()?;
    (body.len() <= MOST_UNPACKED).then_some(body)
}
