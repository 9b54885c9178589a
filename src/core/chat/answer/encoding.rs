//! Answers that come compressed, as SDKs ask for it: read as they pass, or, of an error, at once and to a bound.

use std::io::{self, Write};

use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::usage::{Form, UsageReader, UsedTokens};

/// How an answer's body is encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// Not at all.
    #[default]
    Identity,
    /// `gzip`.
    Gzip,
    /// `deflate`: zlib's format, or without its head, as some servers send it.
    Deflate,
    /// One that is not read here, or several.
    Other,
}

impl Encoding {
    /// The encoding that a `content-encoding` header names.
    pub fn of(content_encoding: &[u8]) -> Self {
        let name = content_encoding.trim_ascii();
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        if name.is_empty() || is(b"identity") {
            Encoding::Identity
        } else if is(b"gzip") || is(b"x-gzip") {
            Encoding::Gzip
        } else if is(b"deflate") {
            Encoding::Deflate
        } else {
            Encoding::Other
        }
    }

    /// Whether a body in it can be read.
    pub fn is_read(self) -> bool {
        self != Encoding::Other
    }

    /// A body without its encoding, or the first `bound` bytes of it. One that breaks off or is wrong gives what stood
    /// before.
    pub fn decode(self, body: Vec<u8>, bound: usize) -> Vec<u8> {
        if self == Encoding::Identity {
            return body;
        }
        let mut decoder = Decoder::new(self, body.first().copied(), Bounded { bytes: Vec::new(), bound });
        for piece in body.chunks(512) {
            if decoder.write(piece).is_err() {
                break;
            }
        }
        std::mem::take(&mut decoder.to().bytes)
    }
}

/// Bytes up to a bound.
struct Bounded {
    bytes: Vec<u8>,
    bound: usize,
}

impl Write for Bounded {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let room = self.bound.saturating_sub(self.bytes.len());
        if room == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let taken = piece.get(..room).unwrap_or(piece);
        self.bytes.extend_from_slice(taken);
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

enum Decoder<W: Write> {
    Gzip(Box<MultiGzDecoder<W>>),
    Zlib(Box<ZlibDecoder<W>>),
    Deflate(Box<DeflateDecoder<W>>),
}

impl<W: Write> Decoder<W> {
    /// A decoder of a body that begins with this byte.
    fn new(encoding: Encoding, first: Option<u8>, to: W) -> Self {
        // What begins zlib's head: method 8, a window of at most 32 KiB.
        let zlib = first.is_none_or(|byte| byte & 0x0f == 8 && byte >> 4 <= 7);
        match encoding {
            Encoding::Deflate if zlib => Decoder::Zlib(Box::new(ZlibDecoder::new(to))),
            Encoding::Deflate => Decoder::Deflate(Box::new(DeflateDecoder::new(to))),
            _ => Decoder::Gzip(Box::new(MultiGzDecoder::new(to))),
        }
    }

    fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        match self {
            Decoder::Gzip(decoder) => decoder.write_all(piece).and_then(|()| decoder.flush()),
            Decoder::Zlib(decoder) => decoder.write_all(piece).and_then(|()| decoder.flush()),
            Decoder::Deflate(decoder) => decoder.write_all(piece).and_then(|()| decoder.flush()),
        }
    }

    /// What it has decoded so far.
    fn to(&mut self) -> &mut W {
        match self {
            Decoder::Gzip(decoder) => decoder.get_mut(),
            Decoder::Zlib(decoder) => decoder.get_mut(),
            Decoder::Deflate(decoder) => decoder.get_mut(),
        }
    }
}

/// The most that is read of a compressed answer: some bytes may stand for a thousand.
const LONGEST_ANSWER: usize = if cfg!(test) { 1024 * 1024 } else { 32 * 1024 * 1024 };

/// Reads the tokens out of an answer while it passes, compressed or not.
pub struct AnswerReader(Reader);

enum Reader {
    Plain(UsageReader),
    /// Compressed, of which nothing has come.
    Begin(Encoding, UsageReader),
    /// Compressed, of which so much may still be read.
    Decoding(Decoder<Passing>),
}

impl AnswerReader {
    /// A reader at the start of an answer; none where its encoding is not read.
    pub fn new(form: Form, encoding: Encoding) -> Option<Self> {
        let reader = UsageReader::new(form);
        match encoding {
            Encoding::Identity => Some(Self(Reader::Plain(reader))),
            Encoding::Gzip | Encoding::Deflate => Some(Self(Reader::Begin(encoding, reader))),
            Encoding::Other => None,
        }
    }

    /// Reads the next piece of the answer, wherever it is split.
    pub fn feed(&mut self, bytes: &[u8]) {
        if let Reader::Begin(encoding, reader) = &mut self.0 {
            if bytes.is_empty() {
                return;
            }
            let reader = std::mem::replace(reader, UsageReader::new(Form::Document));
            let passing = Passing { reader, left: LONGEST_ANSWER };
            self.0 = Reader::Decoding(Decoder::new(*encoding, bytes.first().copied(), passing));
        }
        match &mut self.0 {
            Reader::Plain(reader) => reader.feed(bytes),
            Reader::Decoding(decoder) => {
                if decoder.to().left > 0 && decoder.write(bytes).is_err() {
                    decoder.to().left = 0;
                }
            }
            Reader::Begin(..) => {}
        }
    }

    /// The tokens that were reported so far.
    pub fn usage(&mut self) -> Option<UsedTokens> {
        match &mut self.0 {
            Reader::Plain(reader) | Reader::Begin(_, reader) => reader.usage(),
            Reader::Decoding(decoder) => decoder.to().reader.usage(),
        }
    }
}

struct Passing {
    reader: UsageReader,
    left: usize,
}

impl Write for Passing {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.left = self.left.checked_sub(piece.len()).ok_or(io::ErrorKind::StorageFull)?;
        self.reader.feed(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    fn packed(text: &[u8]) -> [(Encoding, Vec<u8>); 3] {
        let level = Compression::default();
        let mut gzip = GzEncoder::new(Vec::new(), level);
        let mut zlib = ZlibEncoder::new(Vec::new(), level);
        let mut bare = DeflateEncoder::new(Vec::new(), level);
        for encoder in [&mut gzip as &mut dyn Write, &mut zlib, &mut bare] {
            encoder.write_all(text).unwrap();
        }
        [
            (Encoding::Gzip, gzip.finish().unwrap()),
            (Encoding::Deflate, zlib.finish().unwrap()),
            (Encoding::Deflate, bare.finish().unwrap()),
        ]
    }

    #[test]
    fn names() {
        for (name, encoding) in [
            ("", Encoding::Identity),
            ("Identity", Encoding::Identity),
            (" GZIP ", Encoding::Gzip),
            ("x-gzip", Encoding::Gzip),
            ("deflate", Encoding::Deflate),
            ("br", Encoding::Other),
            ("gzip, br", Encoding::Other),
            ("\u{fffd}", Encoding::Other),
        ] {
            assert_eq!(Encoding::of(name.as_bytes()), encoding, "{name}");
        }
    }

    #[test]
    fn an_error_is_decoded_to_a_bound() {
        let text = "an error ".repeat(500).into_bytes();
        for (encoding, body) in packed(&text) {
            assert_eq!(encoding.decode(body.clone(), 100_000), text);
            assert_eq!(encoding.decode(body.clone(), 1000), text[..1000]);
            // What was cut off or is wrong gives what stood before.
            let half = encoding.decode(body[..body.len() - 10].to_vec(), 100_000);
            assert!(text.starts_with(&half), "{encoding:?}");
            assert!(encoding.decode(b"no such thing".to_vec(), 100_000).len() < 64);
            assert_eq!(encoding.decode(Vec::new(), 100_000), b"");
        }
        assert_eq!(Encoding::Identity.decode(text.clone(), 10), text);
        let bomb = vec![b'x'; 3_000_000];
        for (encoding, body) in packed(&bomb) {
            assert_eq!(encoding.decode(body, 65_536).len(), 65_536);
        }
    }

    #[test]
    fn usage_of_a_compressed_answer_however_it_is_split() {
        let text =
            b"data: {\"choices\":[]}\n\ndata: {\"usage\":{\"prompt_tokens\":21,\"completion_tokens\":4}}\n\n";
        for (encoding, body) in packed(text) {
            for size in [1, 7, body.len()] {
                let mut reader = AnswerReader::new(Form::Events, encoding).unwrap();
                body.chunks(size).for_each(|piece| reader.feed(piece));
                assert_eq!(reader.usage(), Some(UsedTokens { input: 21, output: 4 }), "{encoding:?} {size}");
            }
            let mut broken = AnswerReader::new(Form::Events, encoding).unwrap();
            broken.feed(b"");
            broken.feed(b"\x78\xff\xff\xff\xff\xff");
            body.chunks(3).for_each(|piece| broken.feed(piece));
            assert_eq!(broken.usage(), None);
        }
        assert!(AnswerReader::new(Form::Document, Encoding::Other).is_none());
    }

    #[test]
    fn a_bomb_is_given_up() {
        // Within a string, which is read the fastest.
        let mut bomb = br#"{"a":""#.to_vec();
        bomb.resize(LONGEST_ANSWER, b'x');
        bomb.extend_from_slice(br#"","usage":{"prompt_tokens":21}}"#);
        for (encoding, body) in packed(&bomb) {
            let mut reader = AnswerReader::new(Form::Document, encoding).unwrap();
            reader.feed(&body);
            assert_eq!(reader.usage(), None);
        }
    }
}
