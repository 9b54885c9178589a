//! What the request's headers say.

use percent_encoding::percent_decode;
use proxy_wasm::hostcalls;
use proxy_wasm::types::MapType;

use super::console;
use tiergate_core::chat::{self, Coding, Steering};
use tiergate_core::config::Config;
use tiergate_core::fit::{BETAS, Takes};
use tiergate_core::operator::{Client, Headers};

/// Every header that begins so is ours: what a client sends under these names is removed.
const OWN_PREFIX: &str = "x-tiergate-";

/// Who asks, by the first of these that a request has: the order in which LiteLLM looks for a key.
const CREDENTIALS: [&str; 5] =
    ["x-litellm-api-key", "authorization", "api-key", "x-api-key", "x-goog-api-key"];
/// Set by the proxy where it unpacks requests: how this one was compressed.
const PACKED: &str = "x-tiergate-packed";

/// What Envoy's router reads of a request on how long an attempt may take and how many there are.
pub const ATTEMPT_TIMEOUT: &str = "x-envoy-upstream-rq-per-try-timeout-ms";
pub const MAX_RETRIES: &str = "x-envoy-max-retries";
/// Those, and that for the whole request: not the client's to set where models have their own.
const ATTEMPT_LIMITS: [&str; 3] = [ATTEMPT_TIMEOUT, MAX_RETRIES, "x-envoy-upstream-rq-timeout-ms"];

/// Which of the headers [`BETAS`] a request has.
#[derive(Clone, Copy, Debug, Default)]
pub struct Betas([bool; BETAS.len()]);

impl Betas {
    /// A header is there.
    pub fn note(&mut self, name: &str) {
        for (there, beta) in self.0.iter_mut().zip(BETAS) {
            *there |= beta == name;
        }
    }

    /// Those that a model does not read.
    pub fn foreign(self, takes: &Takes) -> impl Iterator<Item = &'static str> {
        let there = self.0.into_iter().zip(BETAS).filter(|(there, _)| *there);
        there.map(|(_, beta)| beta).filter(|beta| !takes.reads_beta(beta))
    }

    /// Takes those out that a model does not read.
    pub fn strip(self, takes: &Takes) {
        for beta in self.foreign(takes) {
            let _ = hostcalls::remove_map_value(MapType::HttpRequestHeaders, beta);
        }
    }
}

/// What the request's headers say.
#[derive(Default)]
pub struct Facts {
    pub path: Vec<u8>,
    /// A `POST` that is not an upgrade. Its content type says nothing: LiteLLM and others read JSON of any type.
    pub may_be_llm_call: bool,
    /// The request for another protocol, such as that of websockets.
    pub upgrade: bool,
    /// A form, which is no JSON whatever the path.
    pub form: bool,
    /// The boundary of the form's parts, where it has some.
    pub boundary: Option<Vec<u8>>,
    pub coding: Coding,
    /// The proxy has unpacked the body.
    pub packed: bool,
    /// A `GET`.
    pub get: bool,
    /// Only the head of what GET gets is wanted.
    pub head: bool,
    /// From a client of Anthropic's: it says the version of their API.
    pub anthropic: bool,
    /// The headers of [`BETAS`] that are there.
    pub betas: Betas,
    /// What the client decides of the request by headers.
    pub steering: Steering,
    pub has_length: bool,
    /// Names of headers that only we may set, as the client spelled them.
    pub forged: Vec<String>,
    /// The conversation's id.
    pub session: Option<Vec<u8>>,
    /// Who asks: a credential, without the word before it that says of which kind it is. Empty where there is none.
    pub tenant: Vec<u8>,
    /// What the operator's rules look at.
    pub watched: Headers,
    /// The request's id, where the console wants it.
    pub request_id: Option<Vec<u8>>,
}

impl Facts {
    /// One host call for all headers: less than one for each that is looked at.
    pub fn gather(config: &Config) -> Self {
        let sessions = &config.session;
        let mut facts = Self { request_id: console::is_here().then(Vec::new), ..Self::default() };
        let (mut session, mut tenant) = (First::default(), First::default());
        let mut upgrade = Upgrade::default();
        let map = hostcalls::get_map_bytes(MapType::HttpRequestHeaders).unwrap_or_default();
        for (name, value) in map {
            facts.watched.look(&config.operator, &name, &value);
            session.look(sessions.headers.iter().position(|id| *id == name), &value);
            tenant.look(
                match &sessions.tenant_header {
                    Some(header) => (*header == name).then_some(0),
                    None => CREDENTIALS.iter().position(|credential| *credential == name),
                },
                &value,
            );
            upgrade.look(&name, &value);
            facts.look(config, name, value);
        }
        facts.upgrade = upgrade.is_asked();
        facts.may_be_llm_call &= !facts.upgrade;
        facts.session = session.found;
        facts.tenant = match tenant.found {
            Some(found) if sessions.tenant_header.is_none() => without_scheme(&found).to_vec(),
            Some(found) => found,
            None if sessions.tenant_header.is_none() => key_of_query(&facts.path).unwrap_or_default(),
            None => Vec::new(),
        };
        facts
    }

    /// Whether who asks may not use all models.
    pub fn is_restricted(&self, config: &Config) -> bool {
        config.operator.tenants.restricts(&Client { headers: Some(&self.watched), ..Client::default() })
    }

    /// Takes one header in.
    fn look(&mut self, config: &Config, name: String, value: Vec<u8>) {
        match name.as_str() {
            ":method" => {
                self.may_be_llm_call = value == b"POST";
                self.get = value == b"GET";
                self.head = value == b"HEAD";
            }
            "anthropic-version" => self.anthropic = true,
            "x-request-id" if self.request_id.is_some() => self.request_id = Some(value),
            "anthropic-beta" | "openai-beta" => self.betas.note(&name),
            "x-litellm-timeout" | "x-litellm-stream-timeout" | "x-litellm-num-retries" => {
                self.steering = Steering::Time;
            }
            ":path" => self.path = value,
            "content-type" => {
                self.form |= is_form(&value);
                self.boundary = chat::boundary(&value);
            }
            "content-encoding" => self.coding = self.coding.and(&value),
            "content-length" => self.has_length = true,
            "upgrade" | ":protocol" | "connection" => {}
            _ => {
                // The proxy's own mark has no value where nothing was compressed.
                self.packed |= name == PACKED && !matches!(value.as_slice(), b"" | b"-");
                if is_ours(config, &name) && !self.forged.contains(&name) {
                    self.forged.push(name);
                }
            }
        }
    }
}

/// Whether only this filter may set a header.
fn is_ours(config: &Config, name: &str) -> bool {
    let names = &config.headers;
    name.starts_with(OWN_PREFIX)
        || config.limits_attempts && ATTEMPT_LIMITS.contains(&name)
        || name == names.cluster
        || name == names.model
        || name == names.tier
        || names.model_as.iter().any(|each| each == name)
        || config.operator.secret() == Some(name)
}

/// Whether another protocol is asked for.
#[derive(Default)]
struct Upgrade {
    named: bool,
    confirmed: bool,
    http2: bool,
}

impl Upgrade {
    fn look(&mut self, name: &str, value: &[u8]) {
        match name {
            "upgrade" => self.named = true,
            // The same over HTTP/2.
            ":protocol" => self.http2 = true,
            // Without this the field is only a field, and the body a body.
            "connection" => {
                self.confirmed |= value.to_ascii_lowercase().windows(7).any(|part| part == b"upgrade");
            }
            _ => {}
        }
    }

    const fn is_asked(&self) -> bool {
        self.http2 || self.named && self.confirmed
    }
}

/// Of several values the one of the first place.
#[derive(Default)]
struct First {
    place: usize,
    found: Option<Vec<u8>>,
}

impl First {
    fn look(&mut self, place: Option<usize>, value: &[u8]) {
        let Some(place) = place.filter(|place| self.found.is_none() || *place < self.place) else { return };
        if !value.is_empty() {
            (self.place, self.found) = (place, Some(value.to_vec()));
        }
    }
}

/// A credential without `Bearer` or the like, so that nobody is two by writing it another way.
fn without_scheme(credential: &[u8]) -> &[u8] {
    let credential = credential.trim_ascii();
    match credential.iter().position(u8::is_ascii_whitespace) {
        Some(space) => credential.get(space..).unwrap_or_default().trim_ascii(),
        None => credential,
    }
}

/// Gemini's key, where it is in the query.
fn key_of_query(path: &[u8]) -> Option<Vec<u8>> {
    let query = path.split(|&b| b == b'?').nth(1)?;
    let key = query.split(|&b| b == b'&').find_map(|pair| pair.strip_prefix(b"key="))?;
    Some(percent_decode(key).collect())
}

/// The two types that servers read as a form.
fn is_form(content_type: &[u8]) -> bool {
    let essence = content_type.split(|&b| b == b';').next().unwrap_or_default().trim_ascii();
    essence.eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
        || essence.eq_ignore_ascii_case(b"multipart/form-data")
}
