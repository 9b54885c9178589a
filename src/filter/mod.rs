//! The proxy-wasm shell: callbacks and host calls. It gathers what the host knows, calls [`engine::decide`] and
//! carries its answer out. What happens in which callback is in `docs/phases.md`.

mod metrics;
mod stream;

use std::cell::RefCell;
use std::rc::Rc;

use log::{error, info};
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{ContextType, LogLevel};

use crate::config::{self, Config};
use crate::engine::Scratch;
use metrics::Metrics;
use stream::Stream;

// The SDK's macro exports `_initialize`, which needs `no_mangle`.
#[allow(unsafe_code)]
mod entry {
    use super::{LogLevel, Root, RootContext};
    proxy_wasm::main! {{
        proxy_wasm::set_log_level(LogLevel::Info);
        proxy_wasm::set_root_context(|_| -> Box<dyn RootContext> { Box::new(Root::default()) });
    }}
}

/// What all streams of a worker share.
struct Shared {
    config: Config,
    scratch: RefCell<Scratch>,
    metrics: RefCell<Metrics>,
}

#[derive(Default)]
struct Root {
    shared: Option<Rc<Shared>>,
    #[cfg(feature = "probe")]
    only_buffer: bool,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        let document = self.get_plugin_configuration().unwrap_or_default();
        #[cfg(feature = "probe")]
        if document == br#"{"probe":"buffer"}"# {
            self.only_buffer = true;
            return true;
        }
        match config::parse(&document) {
            Ok(config) => {
                info!(
                    "tiergate {}: {} models, {} profiles, lexicon {} KiB, VM memory {} KiB",
                    env!("CARGO_PKG_VERSION"),
                    config.table.models.len(),
                    config.table.profiles.len(),
                    config.scorer.memory_usage() / 1024,
                    core::arch::wasm32::memory_size(0) * 64,
                );
                let scratch = RefCell::new(Scratch::default());
                self.shared = Some(Rc::new(Shared { config, scratch, metrics: RefCell::default() }));
                true
            }
            Err(errors) => {
                error!("tiergate: configuration refused:\n{errors}");
                false
            }
        }
    }

    fn create_http_context(&self, _id: u32) -> Option<Box<dyn HttpContext>> {
        #[cfg(feature = "probe")]
        if self.only_buffer {
            return Some(Box::new(stream::OnlyBuffer));
        }
        Some(Box::new(Stream::new(self.shared.clone())))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}
