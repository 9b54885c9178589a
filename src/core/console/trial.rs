//! A decision, tried: nothing is sent, counted or remembered.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::{Reply, error};
use crate::config::{Config, Name};
use crate::engine::report::{leaving, report};
use crate::engine::{Request, RequestContext, Scratch, decide};

/// What is to be tried.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Trial {
    prompt: String,
    profile: String,
    history: Vec<Turn>,
    system: String,
    tools: bool,
    body: Option<Box<RawValue>>,
    path: Option<String>,
    /// The version of the configuration that is to decide.
    pub config: Option<String>,
}

impl Default for Trial {
    fn default() -> Self {
        let (prompt, profile, system) = (String::new(), "smart/auto".to_owned(), String::new());
        Self {
            prompt,
            profile,
            history: Vec::new(),
            system,
            tools: false,
            body: None,
            path: None,
            config: None,
        }
    }
}

/// Who may have a turn.
const ROLES: [&str; 5] = ["user", "assistant", "system", "developer", "tool"];

/// A turn of the conversation before.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Turn {
    role: String,
    content: String,
}

impl Trial {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// What is wrong with it.
    #[cold]
    pub fn read(body: &[u8]) -> Result<Self, Reply> {
        let wrong = |problem: serde_json::Error| error(400, &format!("the body cannot be read: {problem}"));
        serde_json::from_slice(body).map_err(wrong)
    }

    /// The model that is asked for: a profile goes by its name too.
    fn model(&self, config: &Config) -> Result<String, Reply> {
        let (name, table) = (self.profile.trim(), &config.table);
        if !matches!(config.names.find(table, name), Name::Other) || table.models.contains_key(name) {
            return Ok(name.to_owned());
        }
        let asked = format!("smart/{name}");
        if matches!(config.names.find(table, &asked), Name::Virtual(_)) {
            return Ok(asked);
        }
        let known: Vec<&str> =
            table.virtual_models.keys().chain(table.groups.keys()).map(String::as_str).collect();
        let message = format!("`profile`: {name:?} is unknown; there are: {}", known.join(", "));
        Err(error(400, &message))
    }

    /// The body and the path of the request.
    fn request(&self, config: &Config) -> Result<(Vec<u8>, String), Reply> {
        let path = match (&self.path, config.paths.chat_completions.first()) {
            (Some(path), _) => path.clone(),
            (None, Some(suffix)) if suffix.starts_with("/v1/") => suffix.clone(),
            (None, Some(suffix)) => format!("/v1{suffix}"),
            (None, None) => return Err(error(400, "the configuration has no path for chats; give `path`")),
        };
        if let Some(body) = &self.body {
            return Ok((body.get().as_bytes().to_vec(), path));
        }
        if self.prompt.trim().is_empty() {
            return Err(error(400, "give `prompt`, or a whole request as `body`"));
        }
        if let Some(turn) = self.history.iter().find(|turn| !ROLES.contains(&turn.role.as_str())) {
            let known = ROLES.join(", ");
            return Err(error(400, &format!("`history`: {:?} is no role; there are: {known}", turn.role)));
        }
        let turn = |role: &str, content: &str| json!({"role": role, "content": content});
        let system = Some(&self.system).filter(|system| !system.is_empty()).map(|text| turn("system", text));
        let before = self.history.iter().map(|before| turn(&before.role, &before.content));
        let messages: Vec<Value> =
            system.into_iter().chain(before).chain([turn("user", &self.prompt)]).collect();
        let mut body = Map::new();
        body.insert("model".to_owned(), self.model(config)?.into());
        body.insert("messages".to_owned(), messages.into());
        if self.tools {
            let parameters = json!({"type": "object", "properties": {"path": {"type": "string"}}});
            let function =
                json!({"name": "read_file", "description": "Reads a file.", "parameters": parameters});
            body.insert("tools".to_owned(), json!([{"type": "function", "function": function}]));
        }
        Ok((Value::Object(body).to_string().into_bytes(), path))
    }
}

/// Decides, and says why.
#[cold]
pub fn route(trial: &Trial, config: &Config, live: RequestContext<'_>, scratch: &mut Scratch) -> Reply {
    let (body, path) = match trial.request(config) {
        Ok(request) => request,
        Err(reply) => return reply,
    };
    let Some(dialect) = config.paths.dialect(path.as_bytes()) else {
        return error(400, "`path` is not the path of an LLM call");
    };
    let request = Request { dialect, path: path.as_bytes(), body: &body };
    let decision = decide(config, &request, live, scratch);
    let mut report = report(config, &request, &decision, scratch, live);
    if let Value::Object(report) = &mut report {
        report.insert("request".to_owned(), leaving(config, &request, decision));
        report.insert("config".to_owned(), config.version().into());
        report.insert("scorer".to_owned(), config.scorer.name().into());
        report.insert("baseline".to_owned(), json!(config.table.baseline.as_ref().map(|model| &model.name)));
    }
    Reply::json(200, &report)
}
