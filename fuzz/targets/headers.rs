//! Header maps, one header a line: paths and their dialects, content types and encodings, waits.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tiergate_core::chat::{self, Dialect, Encoding, Form, Waits};
use tiergate_core::config::Config;
use tiergate_core::engine::{self, Cause};
use tiergate_core::operator::Client;
use tiergate_core::time::Timestamp;

const NOW: Timestamp = Timestamp::of_seconds(1_790_000_000);

static CONFIG: LazyLock<Config> = LazyLock::new(tiergate_fuzz::configuration);

fuzz_target!(|data: &[u8]| {
    let mut waits = Waits::default();
    for line in data.split(|&b| b == b'\n').take(256) {
        let at = line.iter().skip(1).position(|&b| b == b':').map_or(line.len(), |at| at + 1);
        let (name, value) = (&line[..at], line.get(at + 1..).unwrap_or_default());
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        match &*name {
            ":path" => path(value),
            "content-type" => drop(Form::of(value)),
            "content-encoding" => drop(Encoding::of(value)),
            _ => waits.header(&name, value),
        }
    }
    let _ = waits.wait(NOW);
});

fn path(path: &[u8]) {
    let Some(dialect) = CONFIG.paths.dialect(path) else { return };
    let _ = engine::decide_unread(&CONFIG, &Client::default(), (dialect, path), Cause::NoBody);
    let Dialect::Gemini(span) = dialect else { return };
    let Some(new) = chat::rewrite_path(path, span, "a/b c") else { panic!("the span is the path's own") };
    let Some(Dialect::Gemini(named)) = CONFIG.paths.dialect(&new) else {
        panic!("another dialect: {}", String::from_utf8_lossy(&new));
    };
    assert_eq!(named.of(&new), b"a/b%20c");
    assert_eq!((&new[..span.start], &new[named.end..]), (&path[..span.start], &path[span.end..]));
}
