//! The answer to a client whose request the gateway cannot serve, in the form that its library reads.

use serde_json::{Value, json};

/// How a client expects an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorForm {
    /// OpenAI's, and everybody else's.
    OpenAi,
    /// Anthropic's.
    Anthropic,
    /// Gemini's.
    Gemini,
}

impl ErrorForm {
    /// By the path, in whatever way it is spelled.
    pub fn of(path: &[u8]) -> Self {
        let bare: Vec<u8> =
            percent_encoding::percent_decode(path.split(|&b| b == b'?').next().unwrap_or_default()).collect();
        let bare = bare.to_ascii_lowercase();
        let has = |part: &[u8]| memchr::memmem::find(&bare, part).is_some();
        if has(b"/messages") && !has(b"/threads/") {
            ErrorForm::Anthropic
        } else if has(b"/models/") && has(b":") {
            ErrorForm::Gemini
        } else {
            ErrorForm::OpenAi
        }
    }
}

/// Why a request is not passed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It asks for a virtual model that does not exist: its name, and those that do.
    NoSuchModel {
        /// What was asked for.
        asked: String,
        /// What may be asked for.
        known: Vec<String>,
    },
    /// It names its model in more places than are rewritten.
    TooManyModels,
    /// The model that it names is no text.
    ModelNoText,
    /// The models of a batch are served by different ones.
    MixedModels,
    /// It is compressed in a way that nobody here reads.
    Encoding,
    /// It is compressed, and cannot be unpacked, or only to more than the gateway takes.
    Unpacked,
    /// It is a form and no JSON.
    Form,
    /// Its tenant may not use the model.
    NotAllowed,
    /// No model is left that may be tried.
    NobodyLeft,
}

/// Longest name that is repeated to the client, in characters.
const LONGEST: usize = 128;

impl Problem {
    /// The status of the answer.
    pub const fn status(&self) -> u16 {
        match self {
            Problem::NoSuchModel { .. } => 404,
            Problem::TooManyModels | Problem::ModelNoText | Problem::MixedModels => 400,
            Problem::Encoding | Problem::Form => 415,
            Problem::NotAllowed => 403,
            Problem::Unpacked => 413,
            Problem::NobodyLeft => 503,
        }
    }

    /// What went wrong, and what to do.
    pub fn message(&self) -> String {
        match self {
            Problem::NoSuchModel { asked, known } => {
                let asked: String = asked.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
                format!("The virtual model {asked:?} does not exist. Available: {}.", known.join(", "))
            }
            Problem::TooManyModels => "The request names its model in too many places; name it once.".into(),
            Problem::ModelNoText => {
                "The request's model is not a string; send one name, as a string.".into()
            }
            Problem::MixedModels => {
                "The requests of this batch ask for virtual models that different models serve; send a batch for each."
                    .into()
            }
            Problem::Encoding => {
                "The gateway cannot read a request with this content-encoding; send it without one.".into()
            }
            Problem::Unpacked => {
                "The compressed request cannot be unpacked, or is larger than the gateway takes; send it without a \
                 content-encoding, or send less."
                    .into()
            }
            Problem::Form => "The request is a form; send JSON, with content-type application/json.".into(),
            Problem::NotAllowed => "You may not use this model here; ask for another.".into(),
            Problem::NobodyLeft => "No model is left for this request; try again later.".into(),
        }
    }

    /// The answer's body.
    pub fn body(&self, form: ErrorForm) -> Vec<u8> {
        let message = self.message();
        let (openai, code, anthropic, gemini) = match self {
            Problem::NoSuchModel { .. } => {
                ("invalid_request_error", "model_not_found", "not_found_error", "NOT_FOUND")
            }
            Problem::Unpacked => {
                ("invalid_request_error", "request_too_large", "request_too_large", "INVALID_ARGUMENT")
            }
            Problem::NotAllowed => {
                ("invalid_request_error", "model_not_allowed", "permission_error", "PERMISSION_DENIED")
            }
            Problem::NobodyLeft => ("server_error", "unavailable", "overloaded_error", "UNAVAILABLE"),
            _ => ("invalid_request_error", "invalid_request", "invalid_request_error", "INVALID_ARGUMENT"),
        };
        let param = match self {
            Problem::NoSuchModel { .. }
            | Problem::TooManyModels
            | Problem::ModelNoText
            | Problem::MixedModels
            | Problem::NotAllowed => Value::from("model"),
            _ => Value::Null,
        };
        let error = match form {
            ErrorForm::OpenAi => {
                json!({"error": {"message": message, "type": openai, "param": param, "code": code}})
            }
            ErrorForm::Anthropic => {
                json!({"type": "error", "error": {"type": anthropic, "message": message}})
            }
            ErrorForm::Gemini => {
                json!({"error": {"code": self.status(), "message": message, "status": gemini}})
            }
        };
        error.to_string().into_bytes()
    }
}
