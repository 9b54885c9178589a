//! Paths and queries that name models: whatever is written in their place is what is read there.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tiergate_core::chat::{self, PathModels};
use tiergate_core::config::Config;
use tiergate_core::engine::{self, Call, RequestContext, listing};

static CONFIG: LazyLock<Config> = LazyLock::new(tiergate_fuzz::configuration);

fuzz_target!(|path: &[u8]| {
    let dialect = CONFIG.paths.dialect(path);
    let found = PathModels::of(path, dialect);
    let mut before = 0;
    for span in &found.spans {
        assert!(before <= span.start && span.start <= span.end && span.end <= path.len());
        before = span.end;
    }
    let _ = listing::asked(path);
    if dialect.is_none() && CONFIG.paths.is_other(path) {
        let call = Call { path, body: b"{}", boundary: None };
        let _ = engine::decide_other(&CONFIG, &call, &RequestContext::default());
    }
    // A last parameter that is blank names nothing, whatever stands before it.
    if found.asked.is_none() || found.more {
        return;
    }
    let name = "some/model";
    let Some(new) = chat::rewrite_path_at(path, &found.spans, name) else { panic!("the spans are the path's own") };
    let dialect = CONFIG.paths.dialect(&new);
    let again = PathModels::of(&new, dialect);
    assert_eq!(again.asked.as_deref(), Some(name), "{}", String::from_utf8_lossy(&new));
    assert_eq!(again.spans.len(), found.spans.len(), "{}", String::from_utf8_lossy(&new));
});
