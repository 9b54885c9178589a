//! Lists of models, as servers have them: those that clients ask for, and those that are discovered. The first byte says
//! for which kind of client.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tiergate_core::config::Config;
use tiergate_core::discover::list;
use tiergate_core::discover::read::Mistakes;
use tiergate_core::engine::listing::{self, Shape};
use tiergate_core::time::Timestamp;

const NOW: Timestamp = Timestamp::of_seconds(1_790_000_000);

static CONFIG: LazyLock<Config> = LazyLock::new(tiergate_fuzz::configuration);

fuzz_target!(|data: &[u8]| {
    let Some((&pick, body)) = data.split_first() else { return };
    let shape = if pick & 1 == 0 { Shape::OpenAi } else { Shape::Anthropic };
    if let Some(merged) = listing::merged(&CONFIG, body, shape, NOW) {
        // What is no UTF-8 in a server's answer passes as it is.
        let is_json = !tiergate_fuzz::is_json(body) || tiergate_fuzz::is_json(&merged);
        assert!(is_json, "{}", String::from_utf8_lossy(&merged));
        let virtual_model = has(&merged, b"smart/auto");
        assert!(virtual_model, "it has the virtual models");
    }
    let Ok(value) = serde_json::from_slice(body) else { return };
    let listed = list::read(&value, &mut Mistakes::default());
    if let Ok(config) = CONFIG.discovered(&listed) {
        assert!(config.table.models.len() >= CONFIG.table.models.len());
        assert!(!listing::alone(&config, shape, NOW).is_empty());
    }
});

fn has(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
