//! Of which family a model is, by the name that LiteLLM calls it by.

use tiergate_core::config::{self, Config};
use tiergate_core::fit::{Level, Takes};

/// What a model is known to take, as keys of its entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kin {
    /// The family's name.
    pub family: String,
    /// The reasoning efforts that it takes, where the catalogue has them.
    pub efforts: Vec<&'static str>,
    /// The effort of a request that names none, where the catalogue has it.
    pub default_effort: Option<&'static str>,
}

/// Families by LiteLLM's providers: those whose models are all of one.
const PROVIDERS: [(&str, &str); 10] = [
    ("deepseek", "deepseek"),
    ("dashscope", "qwen"),
    ("gemini", "gemini"),
    ("groq", "groq"),
    ("minimax", "minimax"),
    ("mistral", "mistral"),
    ("moonshot", "kimi"),
    ("openrouter", "openrouter"),
    ("xai", "xai"),
    ("zai", "glm"),
];

/// Parts of names of models that the catalogue does not have, the first that fits counts.
const NAMES: [(&str, &str, &str); 14] = [
    ("openai", "gpt-5-chat", "openai"),
    ("openai", "gpt-5", "openai-reasoning"),
    ("openai", "gpt-6", "openai-reasoning"),
    ("openai", "o1", "openai-reasoning"),
    ("openai", "o3", "openai-reasoning"),
    ("openai", "o4", "openai-reasoning"),
    ("openai", "gpt-", "openai"),
    ("anthropic", "claude-fable", "anthropic-always"),
    ("anthropic", "claude-3-7", "anthropic-thinking"),
    ("anthropic", "claude-3", "anthropic"),
    ("anthropic", "claude-opus-4-7", "anthropic-adaptive"),
    ("anthropic", "claude-opus-4", "anthropic-thinking"),
    ("anthropic", "claude-sonnet-4", "anthropic-thinking"),
    ("anthropic", "claude-haiku-4", "anthropic-thinking"),
];

/// What the catalogue knows.
pub struct Kinship(Option<Config>);

impl Kinship {
    /// That of the shipped catalogue.
    pub fn shipped() -> Self {
        Self(config::parse(br#"{"fit_pinned": true}"#).ok())
    }

    /// What is known of a model; none where that is nothing. Also with the model's own provider before its name.
    pub fn of(&self, model: &str) -> Option<Kin> {
        let (provider, name) = model.split_once('/').unwrap_or_else(|| (guessed(model), model));
        let models = self.0.as_ref().map(|config| &config.table.models);
        let own = matches!(provider, "openai" | "anthropic");
        let entry = models.and_then(|models| models.get(if own { name } else { model }));
        if let Some(kin) = entry.and_then(|model| kin(&model.takes)) {
            return Some(kin);
        }
        let of_provider = PROVIDERS.iter().find(|(known, _)| *known == provider).map(|(_, family)| *family);
        let of_name = || {
            NAMES
                .iter()
                .find(|(of, part, _)| *of == provider && name.starts_with(part))
                .map(|(_, _, family)| *family)
        };
        let family = of_provider.or_else(of_name)?.to_owned();
        Some(Kin { family, ..Kin::default() })
    }
}

/// The provider of a name without one, as LiteLLM has it.
fn guessed(name: &str) -> &'static str {
    match name {
        _ if name.starts_with("claude") => "anthropic",
        _ if ["gpt-", "o1", "o3", "o4"].iter().any(|part| name.starts_with(part)) => "openai",
        _ => "",
    }
}

fn kin(takes: &Takes) -> Option<Kin> {
    let family = takes.family.as_ref()?.name.clone();
    let efforts = Level::ALL.into_iter().filter(|level| takes.efforts.has(*level)).map(Level::name).collect();
    Some(Kin { family, efforts, default_effort: takes.default_effort.map(Level::name) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_the_catalogue_or_by_the_name() {
        let known = Kinship::shipped();
        let family = |model: &str| known.of(model).map(|kin| kin.family).unwrap_or_default();
        for (model, wanted) in [
            ("openai/gpt-5.4-mini", "openai-reasoning"),
            ("gpt-4o", "openai"),
            ("openai/gpt-5.1-codex", "openai-reasoning"),
            ("anthropic/claude-opus-5", "anthropic-adaptive"),
            ("claude-haiku-4-5-20251001", "anthropic-thinking"),
            ("mistral/ministral-8b", "mistral"),
            ("moonshot/kimi-k3", "kimi"),
            // A server of one's own that speaks OpenAI's dialect.
            ("openai/llama-house", ""),
            ("bedrock/anthropic.claude-opus-5", ""),
            ("os.environ/MODEL", ""),
        ] {
            assert_eq!(family(model), wanted, "{model}");
        }
        assert_eq!(known.of("openai/gpt-5.4").unwrap().default_effort, Some("none"));
        assert!(known.of("moonshot/kimi-k3").unwrap().efforts.contains(&"max"));
    }
}
