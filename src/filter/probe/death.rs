//! With `probe=die` in the query the first worker of the process that fetches dies with the lease in its hand.

use std::cell::Cell;

use proxy_wasm::hostcalls;

const KEY: &str = "tiergate.probe";

thread_local! {
    /// Whether this VM has had a request: Envoy's main thread has a VM too, and it gets none.
    pub static SERVES: Cell<bool> = const { Cell::new(false) };
}

fn wanted(path: &str) -> bool {
    path.contains("probe=die") && matches!(hostcalls::get_shared_data(KEY), Ok((None, _)))
}

/// Whether this VM leaves the fetch to a worker that is to die.
pub fn leaves(path: &str) -> bool {
    !SERVES.get() && wanted(path)
}

#[allow(clippy::panic)]
pub fn die(path: &str) {
    if wanted(path) {
        let _ = hostcalls::set_shared_data(KEY, Some(b"died"), None);
        panic!("tiergate: probe=die");
    }
}
