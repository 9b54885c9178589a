//! Lines of logs, however long the log is: one line is held at a time, and no more of it than anybody writes.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

/// No line of an access log is longer.
const LONGEST: usize = 1 << 20;

/// The first bytes of what gzip has packed, as tools do that put old logs away.
const PACKED: &[u8] = &[0x1f, 0x8b];

/// One line, without its end.
pub enum Line<'l> {
    Whole(&'l [u8]),
    /// Longer than anybody writes.
    TooLong,
    /// What was packed cannot be unpacked from here on.
    Broken(io::Error),
}

/// What was read of a line.
enum Next {
    Line,
    TooLong,
    End,
}

/// Passes each line to `each`, with its number.
pub fn each(from: impl Read, mut each: impl FnMut(u64, Line<'_>)) -> io::Result<()> {
    let mut from = BufReader::with_capacity(1 << 16, from);
    if from.fill_buf()?.starts_with(PACKED) {
        return of(BufReader::new(MultiGzDecoder::new(from)), true, &mut each);
    }
    of(from, false, &mut each)
}

fn of(mut from: impl BufRead, packed: bool, each: &mut dyn FnMut(u64, Line<'_>)) -> io::Result<()> {
    let mut line = Vec::new();
    for number in 1.. {
        match next(&mut from, &mut line) {
            Ok(Next::End) => break,
            Ok(Next::TooLong) => each(number, Line::TooLong),
            Ok(Next::Line) => {
                let line = line.trim_ascii();
                let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
                if !line.is_empty() {
                    each(number, Line::Whole(line));
                }
            }
            Err(error) if packed && is_of_unpacking(&error) => {
                each(number, Line::Broken(error));
                break;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The next line, whatever was there before.
fn next(from: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Next> {
    line.clear();
    if from.by_ref().take(LONGEST as u64).read_until(b'\n', line)? == 0 {
        return Ok(Next::End);
    }
    if line.len() == LONGEST && !line.ends_with(b"\n") {
        line.truncate(0);
        skip(from)?;
        return Ok(Next::TooLong);
    }
    Ok(Next::Line)
}

/// Whether gzip's data are cut off or wrong, and not the file hard to read.
fn is_of_unpacking(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof)
}

/// Up to the end of the line.
fn skip(from: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = from.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        let end = memchr::memchr(b'\n', buffer);
        let size = end.map_or(buffer.len(), |at| at + 1);
        from.consume(size);
        if end.is_some() {
            return Ok(());
        }
    }
}
