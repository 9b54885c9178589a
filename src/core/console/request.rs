//! What a request to the console asks for, and whether whoever sends it may.

use std::borrow::Cow;
use std::net::IpAddr;

use serde_json::{Value, json};
use subtle::{Choice, ConstantTimeEq};

use crate::chat::{self, Coding};
use crate::config::Console;

/// The page, packed by `scripts/console.py`.
const PAGE: &[u8] = include_bytes!("page.html.gz");
/// Its content security policy, by the same script: it has the hashes of the page's script and style.
const POLICY: &str = include_str!("policy.txt");

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The page itself.
    Page,
    /// A decision, tried.
    Route,
    /// The recent decisions.
    Decisions,
    /// The models and how they are doing.
    Models,
    /// The configurations that run.
    Configs,
    /// What was saved over time.
    Savings,
    /// Says what a decision should have been.
    Feedback,
}

impl Asked {
    /// What lies at a path below that of the page.
    fn at(rest: &str) -> Option<Self> {
        Some(match rest {
            "" | "/" => Self::Page,
            "/api/route" => Self::Route,
            "/api/decisions" => Self::Decisions,
            "/api/models" => Self::Models,
            "/api/configs" => Self::Configs,
            "/api/savings" => Self::Savings,
            "/feedback" => Self::Feedback,
            _ => return None,
        })
    }

    /// Whether it has a body.
    pub const fn is_post(self) -> bool {
        matches!(self, Self::Route | Self::Feedback)
    }
}

/// The headers that matter, as they came; empty where there is none.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// `:method`.
    pub method: Vec<u8>,
    /// `:path`.
    pub path: Vec<u8>,
    /// `:authority`.
    pub authority: Vec<u8>,
    /// `authorization`.
    pub authorization: Vec<u8>,
    /// `origin`.
    pub origin: Vec<u8>,
    /// `sec-fetch-site`.
    pub site: Vec<u8>,
    /// `content-type`.
    pub content_type: Vec<u8>,
    /// `accept-encoding`.
    pub accept_encoding: Vec<u8>,
}

impl Head {
    /// Takes a header in.
    pub fn header(&mut self, name: &str, value: Vec<u8>) {
        let place = match name {
            ":method" => &mut self.method,
            ":path" => &mut self.path,
            ":authority" => &mut self.authority,
            "authorization" => &mut self.authorization,
            "origin" => &mut self.origin,
            "sec-fetch-site" => &mut self.site,
            "content-type" => &mut self.content_type,
            "accept-encoding" => &mut self.accept_encoding,
            _ => return,
        };
        *place = value;
    }

    /// Whether the page sent it: a browser says so, and nobody else does.
    pub fn is_of_page(&self) -> bool {
        self.site == b"same-origin"
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u32,
    /// Its headers.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// Its body.
    pub body: Cow<'static, [u8]>,
}

impl Reply {
    /// JSON.
    pub fn json(status: u32, value: &Value) -> Self {
        let headers = vec![
            ("content-type", "application/json".into()),
            ("cache-control", "no-store".into()),
            ("x-content-type-options", "nosniff".into()),
            ("cross-origin-resource-policy", "same-origin".into()),
        ];
        Self { status, headers, body: value.to_string().into_bytes().into() }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// An answer that says what is wrong.
pub fn error(status: u32, message: &str) -> Reply {
    Reply::json(status, &json!({"error": {"message": message}}))
}

/// What a request asks for, or why it gets none.
///
/// # Errors
/// The answer.
pub fn admit(settings: &Console, head: &Head) -> Result<Asked, Reply> {
    let unknown = || error(404, "there is nothing here");
    let path = head.path.split(|&b| b == b'?').next().unwrap_or_default();
    let path = std::str::from_utf8(path).map_err(|_| unknown())?;
    let rest = path.strip_prefix(settings.path.as_str()).ok_or_else(unknown)?;
    let asked = Asked::at(rest).ok_or_else(unknown)?;
    if settings.token.is_none() && !is_local(&head.authority) {
        let message = "without a token the console answers only requests for localhost or an IP address";
        return Err(error(403, message));
    }
    if is_foreign(asked, head) {
        return Err(error(403, "the request is another site's"));
    }
    let allowed: &[&[u8]] = if asked.is_post() { &[b"POST"] } else { &[b"GET", b"HEAD"] };
    if !allowed.contains(&head.method.as_slice()) {
        let allow = if asked.is_post() { "POST" } else { "GET, HEAD" };
        return Err(error(405, "another method is wanted here").with("allow", allow));
    }
    if asked != Asked::Page && !may(settings, asked, &head.authorization) {
        return Err(error(401, "a bearer token is wanted").with("www-authenticate", "Bearer"));
    }
    if asked.is_post() && !is_json(&head.content_type) {
        return Err(error(415, "the body has to be application/json"));
    }
    Ok(asked)
}

/// Whether no token is wanted, or one that does has come.
fn may(settings: &Console, asked: Asked, authorization: &[u8]) -> bool {
    let feedback = settings.feedback_token.iter().filter(|_| asked == Asked::Feedback);
    let tokens: Vec<&String> = settings.token.iter().chain(feedback).collect();
    if tokens.is_empty() {
        return true;
    }
    let Some((scheme, given)) = authorization.split_at_checked(b"bearer ".len()) else { return false };
    // Every token is looked at, and every byte of it.
    let same =
        tokens.iter().fold(Choice::from(0), |same, token| same | token.as_bytes().ct_eq(given.trim_ascii()));
    scheme.eq_ignore_ascii_case(b"bearer ") && bool::from(same)
}

/// Whether a host is one that no other site's name can stand for.
fn is_local(authority: &[u8]) -> bool {
    let Ok(authority) = std::str::from_utf8(authority) else { return false };
    let host = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, _)) => host,
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    };
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok()
}

/// Whether a browser sends it for another site. A link there may lead to the page, and to nothing else.
fn is_foreign(asked: Asked, head: &Head) -> bool {
    if matches!(head.site.as_slice(), b"cross-site" | b"same-site")
        && (asked != Asked::Page || head.method != b"GET")
    {
        return true;
    }
    let host = match memchr::memmem::find(&head.origin, b"://") {
        Some(at) => head.origin.get(at + 3..).unwrap_or_default(),
        None => &head.origin,
    };
    !head.origin.is_empty() && !host.eq_ignore_ascii_case(&head.authority)
}

fn is_json(content_type: &[u8]) -> bool {
    let essence = content_type.split(|&b| b == b';').next().unwrap_or_default().trim_ascii();
    essence.eq_ignore_ascii_case(b"application/json")
}

/// The page.
pub fn page(head: &Head) -> Reply {
    let packed = head.accept_encoding.split(|&b| b == b',').any(|coding| {
        let mut parts = coding.split(|&b| b == b';').map(<[u8]>::trim_ascii);
        parts.next().is_some_and(|name| name.eq_ignore_ascii_case(b"gzip"))
            && !parts.any(|weight| matches!(weight, b"q=0" | b"q=0.0" | b"q=0.00" | b"q=0.000"))
    });
    let body = match packed {
        true => Cow::Borrowed(PAGE),
        false => Cow::Owned(chat::unpack(PAGE, Coding::Gzip).unwrap_or_default()),
    };
    let headers = vec![
        ("content-type", "text/html; charset=utf-8".into()),
        ("content-security-policy", POLICY.trim_ascii_end().into()),
        ("x-content-type-options", "nosniff".into()),
        ("referrer-policy", "no-referrer".into()),
        ("cross-origin-opener-policy", "same-origin".into()),
        ("cross-origin-resource-policy", "same-origin".into()),
        ("cache-control", "no-cache".into()),
        ("vary", "accept-encoding".into()),
    ];
    let reply = Reply { status: 200, headers, body };
    if packed { reply.with("content-encoding", "gzip") } else { reply }
}
