//! The configuration document: raw serde types -> checked -> compiled parts.
//!
//! Everything that is wrong with a document is reported at once, each mistake with its path and what would be right.

mod check;
mod compile;
mod discovered;
mod document;
mod error;
mod names;
mod nearest;
mod number;
mod protobuf;
mod raw;
#[cfg(feature = "schema")]
pub mod reference;
mod shipped;
#[cfg(test)]
mod tests;

pub use error::{ConfigError, ConfigErrors};
pub use names::{Name, Names};
pub use raw::{ModelsEndpoint, Position};

use std::sync::Arc;
use std::time::Duration;

use crate::ask;
use crate::chat::{Limits, Paths};
use crate::discover;
use crate::fit;
use crate::fnv::Fnv;
use crate::live;
use crate::operator::Operator;
use crate::opinion::OpinionSettings;
use crate::rollout::Rollout;
use crate::route::{Chains, Curve, Model, Profile, Table};
use crate::score::Scorer;
use crate::signal;
use crate::tier::Tier;
use crate::time::Millis;

/// A configuration that has been checked whole, compiled into the parts that the rooms work with.
#[derive(Debug)]
pub struct Config {
    /// The number of the document, and with what an upstream lists.
    written: u64,
    version: u64,
    /// Models, profiles, virtual names, promotions.
    pub table: Table,
    /// Which names stand for a profile.
    pub names: Names,
    /// By the end of a path: what serves a virtual model in calls that are no conversation.
    pub endpoints: Vec<(String, Arc<Profile>)>,
    /// What the operator decides over the judge.
    pub operator: Operator,
    /// Whether forms are read for the model that they name.
    pub reads_forms: bool,
    /// Whether a model has a timeout or a number of retries of its own.
    pub limits_attempts: bool,
    /// What is right and may surprise, for `tiergate check`.
    pub notes: Vec<String>,
    /// The scorer.
    pub scorer: Arc<Scorer>,
    /// How likely a model completes an ask.
    pub curve: Curve,
    /// Adoption signals, where they are configured.
    pub signals: Option<signal::SignalSettings>,
    /// The upstream's list of models, where it is wanted.
    pub discover: Option<discover::choose::DiscoverySettings>,
    /// Who is asked for a second opinion, where anybody is.
    pub classifier: Option<Classifier>,
    /// What was written, where listed models are to be added to it.
    document: Option<Arc<raw::Document>>,
    /// How much is routed.
    pub rollout: Rollout,
    /// Where in Envoy the filter stands.
    pub position: Position,
    /// What is learnt from answers; none where nothing is.
    pub live: Option<LiveConfig>,
    /// Who serves when a model does not.
    pub fallbacks: Fallbacks,
    /// How conversations are known, and whether they are held by their model.
    pub session: Session,
    /// Rules that overrule the score.
    pub overrides: Overrides,
    /// How requests are made to fit the model that they go to.
    pub fit: fit::Policy,
    /// Whether more than one model of the profiles signs its thoughts as Claude does: who signed those of a conversation is
    /// not known then.
    pub several_sign: bool,
    /// Header names and what the client learns.
    pub headers: Headers,
    /// Whether clients find the virtual models in lists of models.
    pub models_endpoint: ModelsEndpoint,
    /// Which paths are LLM calls.
    pub paths: Paths,
    /// Bounds on reading a body.
    pub limits: Limits,
    /// What counts as the ask.
    pub ask: ask::Rules,
    /// Output tokens assumed where the request sets no limit.
    pub default_output_tokens: u64,
    /// The share of the estimated input that a model's window has to have free besides.
    pub window_margin: f64,
    /// Whether the access log gets each decision.
    pub filter_state: bool,
    /// Whether metrics and the access log also have OpenTelemetry's names.
    pub gen_ai: bool,
}

/// Who is asked for a second opinion, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Classifier {
    /// When, and with what.
    pub settings: OpinionSettings,
    /// Who may be asked, the preferred one first; at least one.
    pub targets: Vec<Target>,
    /// The `:authority` header; the cluster's name where there is none.
    pub authority: Option<String>,
    /// The `:path` header.
    pub path: String,
    /// More request headers.
    pub headers: Vec<(String, String)>,
    /// Longest wait for an answer.
    pub timeout: Duration,
}

/// A model that may be asked for a second opinion.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The name that its upstream knows.
    pub model: String,
    /// The Envoy cluster.
    pub cluster: String,
    /// The same model of the table, where that has it.
    pub known: Option<Arc<Model>>,
}

/// The console: where it is, and who may ask it for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Console {
    /// The path of the page, without a slash at its end: empty for `/`.
    pub path: String,
    /// The token for all data.
    pub token: Option<String>,
    /// The token for feedback alone.
    pub feedback_token: Option<String>,
    /// How much feedback is taken in a minute.
    pub feedback_per_minute: u32,
}

/// What a filter is to do.
#[derive(Debug)]
pub enum Filter {
    /// To route.
    Routes(Box<Config>),
    /// To serve the console.
    Console(Console),
}

impl Config {
    /// A number of the document that this was made of, as people read it; with the models that an upstream lists, where
    /// those are in it.
    pub fn version(&self) -> String {
        format!("{:016x}", self.version)
    }
}

/// What is learnt from answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveConfig {
    /// When a model is left alone.
    pub settings: live::LiveSettings,
    /// Whether answers are read for the tokens that they took.
    pub usage: bool,
}

/// How conversations are known, and whether they are held by their model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Whether they are.
    pub pinned: bool,
    /// Whether what nobody here knows of is held by what the conversation says.
    pub derived: bool,
    /// Whether they move to a cheaper model for an ask of a lower tier.
    pub moves_down: bool,
    /// For how long without a request.
    pub idle: Millis,
    /// The request headers that have a conversation's id; the first that is there counts.
    pub headers: Vec<String>,
    /// Whether `prompt_cache_key` is one.
    pub cache_key: bool,
    /// The request header that says who asks; the credential where there is none.
    pub tenant_header: Option<String>,
}

/// Who serves when a model does not.
#[derive(Clone, Debug, Default)]
pub struct Fallbacks {
    /// Whether the attempt position is there.
    pub enabled: bool,
    /// Whether LiteLLM learns who may serve in a model's place.
    pub litellm: bool,
    /// Statuses of 4xx by which the next model is asked, whatever the answer says.
    pub next_on: Vec<u16>,
    /// What is configured for each model.
    pub chains: Chains,
}

/// Rules that overrule the score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overrides {
    /// A request of more estimated input tokens than this is at least `context_tier`.
    pub context_tokens: u64,
    /// See `context_tokens`.
    pub context_tier: Tier,
    /// A request that asks for JSON, a schema or structured output is at least of this tier.
    pub structured_tier: Tier,
    /// From this agentic score on (0 to 1) a request counts as agentic.
    pub agentic_score: f64,
    /// From this value of codePresence on (0 to 1) an ask is about code.
    pub code_score: f64,
    /// So often the same step, or an error, ends a conversation of an agent that goes in a circle; 0: that is not looked for.
    pub stall_repeats: usize,
}

/// How much of a decision the client learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseHeaders {
    /// Nothing.
    None,
    /// Model, tier and cause.
    Basic,
    /// Also profile, score, confidence, savings, the rule that matched, and what the tier sets.
    Full,
}

/// Header names and what the client learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headers {
    /// Names the upstream cluster.
    pub cluster: String,
    /// Names the model, for the upstream.
    pub model: String,
    /// Names the tier, for the upstream.
    pub tier: String,
    /// More headers that name the model.
    pub model_as: Vec<String>,
    /// What the client learns.
    pub response: ResponseHeaders,
    /// Other names of the response's headers, by the name that they have otherwise.
    pub renamed: Vec<(String, String)>,
    /// Whether the body of an answer has it as well.
    pub in_body: bool,
}

impl Headers {
    /// The name under which the client learns what `name` stands for.
    pub fn shown<'n>(&'n self, name: &'n str) -> &'n str {
        self.renamed.iter().find(|(own, _)| own == name).map_or(name, |(_, shown)| shown)
    }
}

/// Reads a document, checks it whole and compiles it. An empty document gives the shipped defaults.
///
/// # Errors
/// Everything that is wrong with the document, together.
pub fn parse(document: &[u8]) -> Result<Config, ConfigErrors> {
    whole(|root| compiled(&checked(document, root)?, root))
}

/// The same for a filter, which may be the console and then needs no table.
///
/// # Errors
/// As for [`parse`].
pub fn filter(document: &[u8]) -> Result<Filter, ConfigErrors> {
    whole(|root| {
        let checked = checked(document, root)?;
        if checked.document.position != Position::Console {
            return compiled(&checked, root).map(|config| Filter::Routes(Box::new(config)));
        }
        let section = checked.document.console.unwrap_or_default();
        Some(Filter::Console(compile::console::compile(&section, &root.key("console"))))
    })
}

fn whole<T>(make: impl FnOnce(&error::Scope<'_>) -> Option<T>) -> Result<T, ConfigErrors> {
    let errors = error::Errors::default();
    match make(&error::Scope::root(&errors)) {
        Some(made) if errors.is_empty() => Ok(made),
        _ => {
            if errors.is_empty() {
                errors.elsewhere("document".to_owned(), "the document cannot be compiled".to_owned());
            }
            Err(errors.finish())
        }
    }
}

/// A document that has the form that it has to have, and its number.
struct Checked {
    document: raw::Document,
    number: u64,
}

fn checked(document: &[u8], root: &error::Scope<'_>) -> Option<Checked> {
    let document::Document { mut value, from_struct } = document::read(document, root)?;
    // Keys are sorted here, in whatever order they came.
    let number = Fnv::of(value.to_string().as_bytes());
    if !check::check(&mut value, from_struct, root) {
        return None;
    }
    compile::console::keys(&value, root);
    match serde_json::from_value(value) {
        Ok(document) => Some(Checked { document, number }),
        Err(error) => {
            // The schema allows no more than the types do, unless an earlier mistake was taken out clumsily.
            root.errors().elsewhere("document".to_owned(), error.to_string());
            None
        }
    }
}

fn compiled(checked: &Checked, root: &error::Scope<'_>) -> Option<Config> {
    if let Some(section) = &checked.document.console {
        compile::console::compile(section, &root.key("console"));
    }
    let config = compile::compile(&checked.document, None, root)?;
    Some(Config { written: checked.number, version: checked.number, ..config })
}
