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
}

/// Passes each line to `each`, with its number.
pub fn each(from: impl Read, mut each: impl FnMut(u64, Line<'_>)) -> io::Result<()> {
    let mut from = BufReader::with_capacity(1 << 16, from);
    if from.fill_buf()?.starts_with(PACKED) {
        return of(BufReader::new(MultiGzDecoder::new(from)), &mut each);
    }
    of(from, &mut each)
}

fn of(mut from: impl BufRead, each: &mut dyn FnMut(u64, Line<'_>)) -> io::Result<()> {
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        if from.by_ref().take(LONGEST as u64).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.len() == LONGEST && !line.ends_with(b"\n") {
            line.truncate(0);
            skip(&mut from)?;
            each(number, Line::TooLong);
            continue;
        }
        let line = line.trim_ascii();
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        if !line.is_empty() {
            each(number, Line::Whole(line));
        }
    }
    Ok(())
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
