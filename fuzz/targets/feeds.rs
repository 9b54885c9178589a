//! Adoption signals: what is read as a feed another parser takes for JSON, and it can be matched and ranked by.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tiergate_core::config::Config;
use tiergate_core::{engine, signal};

static CONFIG: LazyLock<Config> = LazyLock::new(|| {
    let document = serde_json::json!({"signals": {"path": "/v1", "cluster": "signals"}});
    tiergate_core::config::parse(document.to_string().as_bytes()).unwrap_or_else(|mistakes| panic!("{mistakes}"))
});

fuzz_target!(|data: &[u8]| {
    let Ok(feed) = signal::parse(data) else { return };
    assert!(tiergate_fuzz::is_json(data));
    let _ = engine::ranking(&CONFIG, &feed);
});
