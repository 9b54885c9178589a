//! Bodies of requests in five dialects. The first byte picks the dialect, the rest is the body.
//!
//! Another parser says what the body is: where it takes it, so does the scanner, both read the same model, and what is
//! spliced differs from what came in the values of `model` alone. A decision leaves JSON as JSON.
#![no_main]

use std::cell::RefCell;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tiergate_core::chat::{self, Dialect, Fault};
use tiergate_core::config::Config;
use tiergate_core::engine::{self, Edit, RequestContext, Request, Scratch};
use tiergate_fuzz::{FAMILIES, carried_out};

const NEW: &str = "some/other \"model\"";
const PATHS: [&[u8]; 5] = [
    b"/v1/chat/completions",
    b"/v1/completions",
    b"/v1/responses",
    b"/v1/messages",
    b"/v1beta/models/smart%2Fauto:generateContent",
];

static CONFIG: LazyLock<Config> = LazyLock::new(tiergate_fuzz::configuration);
thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::default());
}

fuzz_target!(|data: &[u8]| {
    let Some((&pick, body)) = data.split_first() else { return };
    let path = PATHS[usize::from(pick) % PATHS.len()];
    let Some(dialect) = CONFIG.paths.dialect(path) else { panic!("no dialect") };
    let view = chat::view(body, path, dialect, &CONFIG.limits, &mut ());
    let members = tiergate_fuzz::members(body);
    if let Some(members) = &members {
        assert!(matches!(view.fault, None | Some(Fault::TooDeep)), "{:?}", view.fault);
        if view.fault.is_none() && !matches!(dialect, Dialect::Gemini(_)) {
            model(body, &view, members);
        }
    }
    decide(dialect, path, body, members.is_some());
    // The same, asked of a model of some family.
    let family = FAMILIES[usize::from(pick) / PATHS.len() % FAMILIES.len()];
    if let Some(prefix) = chat::splice(body.to_vec(), &view.model_spans, family) {
        decide(dialect, path, &carried_out(body, &prefix), members.is_some());
    }
});

/// The model is read and changed as the other parser has it.
fn model(body: &[u8], view: &chat::View<'_>, members: &[(String, String)]) {
    let models: Vec<&String> =
        members.iter().filter(|(key, _)| key == "model").map(|(_, value)| value).collect();
    let asked = models.iter().rev().find_map(|value| serde_json::from_str::<String>(value).ok());
    assert_eq!(view.model.as_deref(), asked.as_deref());
    let Some(prefix) = chat::splice(body.to_vec(), &view.model_spans, NEW) else {
        assert!(models.is_empty() || asked.is_none(), "not spliced");
        return;
    };
    let new = carried_out(body, &prefix);
    let expected: Vec<(String, String)> = members
        .iter()
        .map(|(key, value)| {
            let value =
                if key == "model" { serde_json::to_string(NEW).unwrap_or_default() } else { value.clone() };
            (key.clone(), value)
        })
        .collect();
    assert_eq!(tiergate_fuzz::members(&new), Some(expected));
}

fn decide(dialect: Dialect, path: &[u8], body: &[u8], is_object: bool) {
    let request = Request { dialect, path, body };
    SCRATCH.with_borrow_mut(|scratch| {
        let decision = engine::decide(&CONFIG, &request, RequestContext::default(), scratch);
        let mut changes = match (&decision.edit, decision.choice.model) {
            (Edit::Body(spans), Some(model)) => {
                chat::named(spans, &model.upstream_model, &decision.tell).unwrap_or_default()
            }
            _ => Vec::new(),
        };
        changes.extend(decision.fitted.changes);
        if changes.is_empty() {
            return;
        }
        // What does not fit together is not carried out at all.
        let Some(prefix) = chat::splice_changes(body.to_vec(), changes) else { return };
        let new = carried_out(body, &prefix);
        if is_object {
            assert!(tiergate_fuzz::is_json(&new), "{}", String::from_utf8_lossy(&new));
        }
    });
}
