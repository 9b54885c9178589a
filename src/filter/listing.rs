//! `GET /v1/models`: answered here, or the upstream's answer with the virtual models added to it.

use proxy_wasm::hostcalls;
use proxy_wasm::types::{Action, BufferType, MapType};

use super::edit::{add_request_header, set_request_header};
use super::facts::Facts;
use super::{WorkerState, clock};
use tiergate_core::config::ModelsEndpoint;
use tiergate_core::engine::listing::{self, Asked, LARGEST, Shape};

/// What is to be done with a request for a list of models, and how far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// It was answered here.
    Answered,
    /// The upstream is asked.
    Waiting(Shape),
    /// The upstream's list is coming: so many bytes of it are there.
    Coming(Shape, usize),
    /// The answer goes to the client as it comes.
    Passing,
}

impl Listing {
    /// Looks at a request. None where it is for no list, or lists are not looked after. Envoy sends nothing but the head of
    /// an answer to HEAD.
    pub fn of(shared: &WorkerState, facts: &Facts) -> Option<Self> {
        let config = &shared.config;
        if config.models_endpoint == ModelsEndpoint::Off || !(facts.get || facts.head) {
            return None;
        }
        let asked = listing::asked(&facts.path)?;
        let shape = if facts.anthropic { Shape::Anthropic } else { Shape::OpenAi };
        let now = clock::now();
        let only = config.models_endpoint == ModelsEndpoint::Only;
        match asked {
            Asked::List if only => reply(200, &listing::alone(config, shape, now)),
            Asked::One(name) => match listing::one(config, &name, shape, now) {
                Some(body) => reply(200, &body),
                None if only => reply(404, &listing::unknown(&name, shape)),
                None => return None,
            },
            // Its length is the upstream's to say; and a list of several pages has them on its first.
            Asked::List if facts.head || listing::is_later_page(&facts.path) => return None,
            Asked::List => {
                add_request_header(&config.headers.cluster, &config.table.default_cluster);
                // What is to be added to has to be readable.
                let _ = hostcalls::remove_map_value(MapType::HttpRequestHeaders, "accept-encoding");
                return Some(Listing::Waiting(shape));
            }
        }
        Some(Listing::Answered)
    }

    /// The answer begins. Its length changes with what is added.
    pub fn head(self, end_of_stream: bool) -> Self {
        let Listing::Waiting(shape) = self else { return self };
        if end_of_stream {
            return Listing::Passing;
        }
        let map = hostcalls::get_map_bytes(MapType::HttpResponseHeaders).unwrap_or_default();
        let find =
            |name: &str| map.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_slice());
        let plain = find("content-encoding").is_none_or(|value| value.eq_ignore_ascii_case(b"identity"));
        let json = find("content-type").is_some_and(|value| value.starts_with(b"application/json"));
        if find(":status") != Some(b"200") || !plain || !json {
            return Listing::Passing;
        }
        let _ = hostcalls::remove_map_value(MapType::HttpResponseHeaders, "content-length");
        Listing::Coming(shape, 0)
    }

    /// More of the answer is there.
    pub fn body(&mut self, shared: &WorkerState, size: usize, end_of_stream: bool) -> Action {
        let Listing::Coming(shape, _) = *self else { return Action::Continue };
        if size > LARGEST {
            *self = Listing::Passing;
            return Action::Continue;
        }
        *self = Listing::Coming(shape, size);
        if !end_of_stream {
            return Action::Pause;
        }
        self.end(shared);
        Action::Continue
    }

    /// The answer is whole.
    pub fn end(&mut self, shared: &WorkerState) {
        let Listing::Coming(shape, size) = std::mem::replace(self, Listing::Passing) else { return };
        let body =
            hostcalls::get_buffer(BufferType::HttpResponseBody, 0, size).ok().flatten().unwrap_or_default();
        if let Some(whole) = listing::merged(&shared.config, &body, shape, clock::now()) {
            let _ = hostcalls::set_buffer(BufferType::HttpResponseBody, 0, size, &whole);
        }
    }
}

/// Tells Envoy's `local_reply_config` that the body is as the client expects it.
const ANSWERED: &str = "x-tiergate-answered";

fn reply(status: u32, body: &str) {
    set_request_header(ANSWERED, b"1");
    let headers = vec![("content-type", "application/json")];
    let _ = hostcalls::send_http_response(status, headers, Some(body.as_bytes()));
}
