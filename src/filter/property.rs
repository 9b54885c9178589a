//! What the positions of the filter pass to each other about a request: properties that are kept with the stream, from the
//! listener's filters to the upstream's and from attempt to attempt. Headers would not do: attempts share one map, so
//! that what one of them removes the next does not see, and what it leaves goes to the upstream.

use proxy_wasm::hostcalls;

use tiergate_core::route::{Plan, Progress};

const PLAN: &str = "tiergate_plan";
const PROGRESS: &str = "tiergate_progress";

/// Tells the access log something, as the filter state `wasm.NAME`.
pub fn tell(name: &str, value: &str) {
    let _ = hostcalls::set_property(vec![name], Some(value.as_bytes()));
}

/// Writes down who serves the request.
pub fn set_plan(plan: &Plan) {
    set(PLAN, serde_json::to_vec(plan));
}

/// Who serves the request; none where it is no LLM call, or the model is not known.
pub fn plan() -> Option<Plan> {
    serde_json::from_slice(&get(&[PLAN])?).ok()
}

/// Writes down which attempts there have been.
pub fn set_progress(progress: &Progress) {
    set(PROGRESS, serde_json::to_vec(progress));
}

/// Which attempts there have been; none where there was none that the attempt position saw.
pub fn progress() -> Option<Progress> {
    let progress: Progress = serde_json::from_slice(&get(&[PROGRESS])?).ok()?;
    (!progress.tried.is_empty()).then_some(progress)
}

/// The number of the attempt at hand, from 1.
pub fn attempt() -> u32 {
    let number = get(&["upstream", "request_attempt_count"]).and_then(|bytes| bytes.try_into().ok());
    number.map_or(1, |bytes| u32::try_from(u64::from_le_bytes(bytes)).unwrap_or(u32::MAX))
}

/// What Envoy says of how the response came about, or of how the stream ended; empty where it says nothing.
pub fn code_details() -> Vec<u8> {
    get(&["response", "code_details"]).unwrap_or_default()
}

/// The status that the client got; 0 where it got none.
pub fn status() -> u64 {
    let bytes = get(&["response", "code"]).and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, u64::from_le_bytes)
}

/// What the access log gets, as the filter state `wasm.tiergate`.
pub fn tell_log(value: &[u8]) {
    let _ = hostcalls::set_property(vec!["tiergate"], Some(value));
}

/// The address and port of who sends the request, as the proxy sees it.
pub fn client_address() -> Vec<u8> {
    get(&["source", "address"]).unwrap_or_default()
}

/// Whether the attempt at hand has had a connection to its upstream.
pub fn connected() -> bool {
    get(&["upstream", "local_address"]).is_some_and(|address| !address.is_empty())
}

/// Whether this is an Envoy that survives it when a held answer is retried: 1.37 and newer. Those before crash (Envoy's
/// pull request 41879), and where no version is reported, it is not known.
pub fn may_hold() -> bool {
    let number = |part| {
        let bytes = get(&["xds", "node", "user_agent_build_version", "version", part])?;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    };
    // A number that is 0 may be left out.
    let major = number("major_number").unwrap_or_default();
    let minor = number("minor_number").unwrap_or_default();
    (major, minor) >= (1, 37)
}

fn get(path: &[&str]) -> Option<Vec<u8>> {
    hostcalls::get_property(path.to_vec()).ok().flatten()
}

fn set(name: &str, value: serde_json::Result<Vec<u8>>) {
    if let Ok(value) = value {
        let _ = hostcalls::set_property(vec![name], Some(&value));
    }
}
