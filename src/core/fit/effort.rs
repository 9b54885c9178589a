//! How much a model is to think: the levels, and the forms that they are asked for in.

use serde::Deserialize;
use serde_json::Value;

/// How much a model is to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Not at all.
    None,
    /// As little as can be.
    Minimal,
    /// Little.
    Low,
    /// In between.
    Medium,
    /// Much.
    High,
    /// More.
    Xhigh,
    /// As much as can be.
    Max,
}

impl Level {
    /// All of them, the least first.
    pub const ALL: [Level; 7] =
        [Level::None, Level::Minimal, Level::Low, Level::Medium, Level::High, Level::Xhigh, Level::Max];

    /// Its name in requests.
    pub const fn name(self) -> &'static str {
        match self {
            Level::None => "none",
            Level::Minimal => "minimal",
            Level::Low => "low",
            Level::Medium => "medium",
            Level::High => "high",
            Level::Xhigh => "xhigh",
            Level::Max => "max",
        }
    }

    /// The level of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }

    /// The budget in tokens that stands for it, where a model takes one. Those of low, medium and high are Gemini's
    /// (ai.google.dev/gemini-api/docs/openai, "Thinking").
    pub const fn budget(self) -> u64 {
        match self {
            Level::None => 0,
            Level::Minimal | Level::Low => LEAST_BUDGET,
            Level::Medium => 8192,
            Level::High => 24_576,
            Level::Xhigh => 32_768,
            Level::Max => 65_536,
        }
    }

    /// The level whose budget is nearest.
    pub fn of_budget(tokens: u64) -> Self {
        let levels = [Level::None, Level::Low, Level::Medium, Level::High, Level::Xhigh, Level::Max];
        levels.into_iter().min_by_key(|level| level.budget().abs_diff(tokens)).unwrap_or(Level::Medium)
    }
}

/// The least budget that Claude takes (docs.claude.com, "Extended thinking").
pub const LEAST_BUDGET: u64 = 1024;

/// A set of levels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Levels(u8);

impl Levels {
    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// With one more.
    #[must_use]
    pub const fn with(self, level: Level) -> Self {
        Self(self.0 | 1 << level as u8)
    }

    /// Whether it has a level.
    pub const fn has(self, level: Level) -> bool {
        self.0 >> level as u8 & 1 == 1
    }

    /// The level itself where it is in the set, or the set is empty; else the nearest one, of two the higher. Who asks for
    /// some thought gets none only where there is no other level.
    pub fn nearest(self, level: Level) -> Level {
        if self.is_empty() || self.has(level) {
            return level;
        }
        let distance =
            |other: Level| (other == Level::None, (other as u8).abs_diff(level as u8), other < level);
        Level::ALL
            .into_iter()
            .filter(|other| self.has(*other))
            .min_by_key(|other| distance(*other))
            .unwrap_or(level)
    }
}

impl FromIterator<Level> for Levels {
    fn from_iter<I: IntoIterator<Item = Level>>(levels: I) -> Self {
        levels.into_iter().fold(Self::default(), Self::with)
    }
}

/// Names of the parameters that say how much a model is to think.
pub const NAMES: [&str; 6] =
    ["reasoning_effort", "reasoning", "thinking", "output_config", "enable_thinking", "thinking_budget"];

/// The level that a parameter asks for; none where it leaves that to the model, or is none of [`NAMES`].
pub fn asked(name: &str, value: &[u8]) -> Option<Level> {
    if !NAMES.contains(&name) {
        return None;
    }
    let value: Value = serde_json::from_slice(value).ok()?;
    let effort = |value: &Value| value.get("effort").and_then(Value::as_str).and_then(Level::named);
    match name {
        "reasoning_effort" => value.as_str().and_then(Level::named).or_else(|| effort(&value)),
        "reasoning" | "output_config" => effort(&value),
        "thinking" => {
            match (value.get("type")?.as_str()?, value.get("budget_tokens").and_then(Value::as_u64)) {
                ("disabled", _) => Some(Level::None),
                ("enabled", Some(tokens)) => Some(Level::of_budget(tokens)),
                ("enabled", None) => Some(Level::High),
                _ => None,
            }
        }
        "enable_thinking" => Some(if value.as_bool()? { Level::High } else { Level::None }),
        "thinking_budget" => value.as_u64().map(Level::of_budget),
        _ => None,
    }
}

/// Whether a parameter switches thinking on or off; none where it says nothing of it.
pub fn switches(name: &str, value: &[u8]) -> Option<bool> {
    match asked(name, value) {
        Some(level) => Some(level != Level::None),
        None if name == "thinking" => {
            let value: Value = serde_json::from_slice(value).ok()?;
            Some(value.get("type")?.as_str()? != "disabled")
        }
        None => None,
    }
}

/// How a request says how much a model is to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `"reasoning_effort": "low"`.
    Effort,
    /// `"reasoning": {"effort": "low"}`.
    Reasoning,
    /// `"thinking": {"type": "enabled"}`.
    Switch,
    /// `"thinking": {"type": "enabled", "budget_tokens": 1024}`.
    Budget,
    /// `"thinking": {"type": "adaptive"}` and `"output_config": {"effort": "low"}`.
    Adaptive,
    /// `"enable_thinking": true`.
    Enable,
}

impl Form {
    /// The form of a name in the families' file.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "reasoning_effort" => Form::Effort,
            "reasoning" => Form::Reasoning,
            "thinking.type" => Form::Switch,
            "thinking.budget_tokens" => Form::Budget,
            "output_config.effort" => Form::Adaptive,
            "enable_thinking" => Form::Enable,
            _ => return None,
        })
    }

    /// The parameter that it is, and for [`Form::Adaptive`] the second one.
    pub const fn names(self) -> (&'static str, Option<&'static str>) {
        match self {
            Form::Effort => ("reasoning_effort", None),
            Form::Reasoning => ("reasoning", None),
            Form::Switch | Form::Budget => ("thinking", None),
            Form::Adaptive => ("thinking", Some("output_config")),
            Form::Enable => ("enable_thinking", None),
        }
    }

    /// The JSON of its parameters. `room`: the output tokens that the request allows, which a budget has to be below.
    /// None where it cannot be said: then nothing is.
    pub fn write(self, level: Level, room: Option<u64>) -> Option<(String, Option<String>)> {
        let on = level != Level::None;
        Some(match self {
            Form::Effort => (format!("\"{}\"", level.name()), None),
            Form::Reasoning => (format!("{{\"effort\":\"{}\"}}", level.name()), None),
            Form::Enable => (on.to_string(), None),
            Form::Switch if on => (r#"{"type":"enabled"}"#.to_owned(), None),
            Form::Budget if on => {
                let most = room.map_or(u64::MAX, |room| room.saturating_sub(1));
                let tokens = level.budget().min(most);
                if tokens < LEAST_BUDGET {
                    return None;
                }
                (format!(r#"{{"type":"enabled","budget_tokens":{tokens}}}"#), None)
            }
            Form::Adaptive if on => {
                (r#"{"type":"adaptive"}"#.to_owned(), Some(format!("{{\"effort\":\"{}\"}}", level.name())))
            }
            Form::Switch | Form::Budget | Form::Adaptive => (r#"{"type":"disabled"}"#.to_owned(), None),
        })
    }
}
