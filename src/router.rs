//! What other programs may build on.

use std::fmt;

use serde_json::json;
use tiergate_core::chat::{self, Dialect, ErrorForm, Problem};
use tiergate_core::config::{self, Config, ConfigErrors};
use tiergate_core::engine::{self, Decision, Request, RequestContext, Scratch};
use tiergate_core::score::Basis;
use tiergate_core::tier::Tier;

/// A virtual model that always exists.
const ASKED: &str = "smart/auto";

/// Judges prompts and chooses models by one configuration, as the filter does for a request that comes first: nothing
/// is known of the models' health or of earlier conversations.
#[derive(Debug)]
pub struct Router {
    config: Config,
}

/// How hard a prompt is.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Judgement {
    /// The tier.
    pub tier: Tier,
    /// How hard it is: 0 to 1 with the calibrated scorer; the weighted sum of the dimensions with the rule scorer.
    pub difficulty: f64,
    /// How sure the tier is: 0 to 1.
    pub confidence: f64,
    /// Whether the text has almost nothing to judge by; the tier is then the configured `unknown_tier`.
    pub abstained: bool,
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Route {
    /// Why, in the words of the header `x-tiergate-cause`.
    pub cause: &'static str,
    /// The tier; none where nothing was judged.
    pub tier: Option<Tier>,
    /// The model's name in the configuration; none where the configuration does not know it.
    pub model: Option<String>,
    /// The models that may serve in its place, in order.
    pub fallbacks: Vec<String>,
    /// The Envoy cluster that serves it.
    pub cluster: String,
    /// The path with the chosen model, where the path names one.
    pub path: String,
    /// The body as it goes to the upstream.
    pub body: Vec<u8>,
}

/// A request that the filter answers itself.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Rejection {
    /// The HTTP status.
    pub status: u16,
    /// The body, JSON in the dialect of the request's path.
    pub body: Vec<u8>,
}

/// Why there is no [`Route`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RouteError {
    /// The path is not one of an LLM call: the configuration's `paths` has the suffixes.
    NotACall,
    /// The client gets an error.
    Rejected(Rejection),
}

impl fmt::Display for RouteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RouteError::NotACall => f.write_str("the path is not one of an LLM call"),
            RouteError::Rejected(answer) => write!(f, "the request is answered with {}", answer.status),
        }
    }
}

impl std::error::Error for RouteError {}

impl Router {
    /// A router for a configuration, the JSON document that the filter gets. An empty one gives the shipped defaults.
    ///
    /// ```
    /// let errors = tiergate::Router::new(br#"{"tiers": {"SIMPLE": "m"}, "modle": {}}"#).unwrap_err();
    /// assert!(errors.to_string().contains("modle"));
    /// ```
    ///
    /// # Errors
    /// All mistakes of the document together, each with its path.
    pub fn new(document: &[u8]) -> Result<Self, ConfigErrors> {
        Ok(Self { config: config::parse(document)? })
    }

    /// Judges one prompt, as a conversation of one turn. A greeting, a client's own chore and the text that clients add
    /// around a prompt are recognised as in a request.
    pub fn judge(&self, prompt: &str) -> Judgement {
        let body = json!({"model": ASKED, "messages": [{"role": "user", "content": prompt}]}).to_string();
        let request = Request { dialect: Dialect::ChatCompletions, path: b"", body: body.as_bytes() };
        let decision =
            engine::decide(&self.config, &request, RequestContext::default(), &mut Scratch::default());
        let score = decision.score;
        Judgement {
            tier: score.map_or(self.config.scorer.unknown_tier(), |score| score.tier),
            difficulty: score.map_or(0.0, |score| score.value),
            confidence: score.map_or(0.0, |score| score.confidence),
            abstained: score.is_none_or(|score| score.verdict == Basis::Abstained),
        }
    }

    /// Decides where a request goes, and what it looks like when it leaves.
    ///
    /// ```
    /// let router = tiergate::Router::new(b"")?;
    /// let body = br#"{"model": "smart/auto", "messages": [{"role": "user", "content": "hi"}]}"#;
    /// let route = router.route("/v1/chat/completions", body)?;
    /// assert_eq!(route.cause, "score");
    /// let model = route.model.expect("the shipped tables know all their models");
    /// assert!(String::from_utf8(route.body)?.contains(&format!(r#""model": "{model}""#)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The path is not that of an LLM call, or the filter would answer the request with an error.
    pub fn route(&self, path: &str, body: &[u8]) -> Result<Route, RouteError> {
        let dialect = self.config.paths.dialect(path.as_bytes()).ok_or(RouteError::NotACall)?;
        let request = Request { dialect, path: path.as_bytes(), body };
        let decision =
            engine::decide(&self.config, &request, RequestContext::default(), &mut Scratch::default());
        match &decision.problem {
            Some(problem) => Err(RouteError::Rejected(rejection(problem, path))),
            None => Ok(route(decision, path, body)),
        }
    }
}

fn rejection(problem: &Problem, path: &str) -> Rejection {
    Rejection { status: problem.status(), body: problem.body(ErrorForm::of(path.as_bytes())) }
}

fn route(mut decision: Decision<'_>, path: &str, body: &[u8]) -> Route {
    let changes = decision.changes(false);
    let path =
        decision.edit.path().map_or_else(|| path.to_owned(), |new| String::from_utf8_lossy(new).into_owned());
    Route {
        cause: decision.choice.cause.name(),
        tier: decision.choice.tier,
        model: decision.choice.model.map(|model| model.name.clone()),
        fallbacks: decision.chain.iter().map(|model| model.name.clone()).collect(),
        cluster: decision.cluster.to_owned(),
        path,
        body: chat::changed(body, changes).unwrap_or_else(|| body.to_vec()),
    }
}
