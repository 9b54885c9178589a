//! What is remembered of a request once its upstream has taken it. Nothing is before that: who makes up a credential gets no
//! place for a conversation.

use proxy_wasm::hostcalls;
use proxy_wasm::types::MapType;

use super::health::Shared as SharedData;
use crate::config::Config;
use crate::fnv::Fnv;
use crate::live::{self, Held, Known, Memory, Rules};

/// What is to be remembered.
#[derive(Default)]
pub struct Notes {
    /// The conversation's model.
    pub hold: Option<(Known, Held)>,
}

impl Notes {
    /// The answer begins. `served`: the name of the model that gives it, where that is not the one that was chosen;
    /// `status`: of the answer, where it is known already.
    pub fn head(&mut self, config: &Config, served: Option<&str>, status: Option<u16>) {
        let Some((known, held)) = self.hold.take() else { return };
        if !(200..300).contains(&status.unwrap_or_else(self::status)) {
            return;
        }
        let model = served.map_or(held.model, |name| Fnv::of(name.as_bytes()));
        live::hold(
            &SharedData,
            Memory::Conversations,
            known,
            Held { model, ..held },
            rules(config, Memory::Conversations),
        );
    }
}

/// How long something is remembered.
pub fn rules(config: &Config, memory: Memory) -> Rules {
    /// Of a conversation's idle time so much is its own, whoever else wants the place.
    const OWN: u64 = 5;
    /// Providers keep answers for a month.
    const MONTH: u64 = 30 * 24 * 3_600_000;
    const TEN_MINUTES: u64 = 600_000;
    match memory {
        Memory::Conversations => {
            let idle = config.session.idle;
            Rules { idle, own: idle / OWN, others: idle / OWN }
        }
        Memory::Answers => Rules { idle: MONTH, own: 0, others: TEN_MINUTES },
    }
}

fn status() -> u16 {
    let status = hostcalls::get_map_value_bytes(MapType::HttpResponseHeaders, ":status").ok().flatten();
    status.and_then(|status| std::str::from_utf8(&status).ok()?.parse().ok()).unwrap_or_default()
}
