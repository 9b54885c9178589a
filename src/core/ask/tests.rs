use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::chat::{Dialect, Limits, Span, View, decode, excerpt, view};

mod asks;
mod injected;
mod judging;
mod letters;
mod sets;

/// What was heard of a body, and the body's view.
fn heard<'b, 'm>(body: &'b str, dialect: Dialect, markers: &'m Markers) -> (View<'b>, Heard<'m>) {
    let limits = Limits { scan_head_bytes: 1024, scan_tail_bytes: 1024, max_depth: 128 };
    let mut heard = Heard::new(markers, body.len());
    let view = view(body.as_bytes(), b"/v1/x", dialect, &limits, &mut heard);
    (view, heard)
}

/// The newest ask, and those before it.
fn asks_of(body: &str, dialect: Dialect, most: usize) -> Asks {
    let markers = Markers::default();
    let (_, mut heard) = heard(body, dialect, &markers);
    heard.asks(body.as_bytes(), most)
}

fn text(body: &str, spans: &[Span]) -> String {
    let mut text = String::new();
    excerpt(body.as_bytes(), spans, usize::MAX / 2, 0, &mut text);
    text
}
