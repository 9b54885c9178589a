//! What the request's headers tell.

use proxy_wasm::hostcalls;
use proxy_wasm::types::MapType;

use crate::config::Headers;

/// Every header that begins so is ours: what a client sends under these names is removed.
const OWN_PREFIX: &str = "x-tiergate-";

/// What the request's headers tell.
pub struct Facts {
    pub path: Vec<u8>,
    /// A `POST` of JSON that is not an upgrade.
    pub may_be_llm_call: bool,
    pub encoded: bool,
    pub has_length: bool,
    /// Names of headers that only we may set, as the client spelled them.
    pub forged: Vec<String>,
    /// The conversation's id.
    pub session: Option<Vec<u8>>,
}

impl Facts {
    /// One host call for all headers: less than one for each that is looked at.
    pub fn gather(names: &Headers, session: Option<&str>) -> Self {
        let mut facts = Self {
            path: Vec::new(),
            may_be_llm_call: false,
            encoded: false,
            has_length: false,
            forged: Vec::new(),
            session: None,
        };
        let mut post = false;
        let mut json = true;
        let mut upgrade = false;
        let map = hostcalls::get_map_bytes(MapType::HttpRequestHeaders).unwrap_or_default();
        for (name, value) in map {
            if session == Some(name.as_str()) {
                facts.session = Some(value.clone());
            }
            match name.as_str() {
                ":method" => post = value == b"POST",
                ":path" => facts.path = value,
                "content-type" => json = is_json(&value),
                "content-encoding" => facts.encoded |= !value.eq_ignore_ascii_case(b"identity"),
                "content-length" => facts.has_length = true,
                "upgrade" => upgrade = true,
                _ => {
                    let ours = name.starts_with(OWN_PREFIX)
                        || name == names.cluster
                        || name == names.model
                        || name == names.tier
                        || names.model_as.contains(&name);
                    if ours && !facts.forged.contains(&name) {
                        facts.forged.push(name);
                    }
                }
            }
        }
        facts.may_be_llm_call = post && json && !upgrade;
        facts
    }
}

/// `application/json`, or any type whose subtype is JSON.
fn is_json(content_type: &[u8]) -> bool {
    let essence = content_type.split(|&b| b == b';').next().unwrap_or_default().trim_ascii();
    let subtype = essence.rsplit(|&b| b == b'/' || b == b'+').next().unwrap_or_default();
    subtype.eq_ignore_ascii_case(b"json")
}
