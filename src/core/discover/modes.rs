//! What is no chat model, by the fields that lists have.

use super::read::{Mistakes, Place};

/// Words that lists use for what answers no chat, under `type`, `mode`, `task` and the like.
const OTHERS: [&str; 39] = [
    "audio",
    "audio_speech",
    "audio_transcription",
    "automatic-speech-recognition",
    "asr",
    "classification",
    "classifier",
    "embed",
    "embedding",
    "embeddings",
    "feature-extraction",
    "fill-mask",
    "guardrail",
    "image",
    "image-classification",
    "image_edit",
    "image_generation",
    "image-to-text",
    "image-to-image",
    "moderation",
    "moderations",
    "ocr",
    "rerank",
    "reranker",
    "reranking",
    "score",
    "search",
    "sentence-similarity",
    "speech",
    "stt",
    "text-classification",
    "text-to-image",
    "text-to-speech",
    "text-to-video",
    "transcribe",
    "transcription",
    "translation",
    "tts",
    "video",
];

/// Why an entry of a list answers no chat with text, where a field of it says so.
pub fn other(entry: &Place<'_>, mistakes: &mut Mistakes) -> Option<String> {
    let info = entry.get("model_info");
    for place in std::iter::once(entry).chain(info.as_ref()) {
        if let Some(why) = by_word(place) {
            return Some(why);
        }
    }
    by_output(entry, mistakes).or_else(|| by_ability(entry)).or_else(|| by_state(entry))
}

/// `mode` of LiteLLM, which names what is a chat; the others name many things.
fn by_word(place: &Place<'_>) -> Option<String> {
    if let Some(mode) = word(place, "mode")
        && !matches!(mode, "chat" | "responses")
    {
        return Some(format!("its mode is {mode}, not chat"));
    }
    let abilities = place.get("capabilities");
    let kinds = ["type", "task", "task_type", "pipeline_tag", "model_type", "usage"];
    let said = kinds.iter().filter_map(|key| word(place, key));
    let said = said.chain(abilities.as_ref().and_then(|abilities| word(abilities, "type")));
    let other = said.into_iter().find(|word| OTHERS.contains(&word.to_ascii_lowercase().as_str()))?;
    Some(match other.to_ascii_lowercase().as_str() {
        word if word.starts_with("embed") => "it makes embeddings, not text".to_owned(),
        word => format!("its type is {word}, not chat"),
    })
}

fn word<'v>(place: &Place<'v>, key: &str) -> Option<&'v str> {
    place.get(key)?.value().as_str()
}

/// What it makes: `architecture` of OpenRouter.
fn by_output(entry: &Place<'_>, mistakes: &mut Mistakes) -> Option<String> {
    let architecture = entry.get("architecture").filter(|place| place.value().is_object());
    let kinds = architecture.as_ref().and_then(|place| place.get("output_modalities"));
    let kinds: Vec<&str> = match kinds.or_else(|| entry.get("output_modalities")) {
        Some(list) => list.texts(mistakes),
        // The older form: `text+image->text`.
        None => architecture
            .as_ref()
            .and_then(|place| word(place, "modality")?.split_once("->"))
            .map(|(_, output)| output.split('+').collect())
            .unwrap_or_default(),
    };
    let else_than_text = kinds.iter().any(|kind| !kind.eq_ignore_ascii_case("text"));
    else_than_text.then(|| "it makes something other than text".to_owned())
}

/// What it can do, as far as the word for chats says it.
fn by_ability(entry: &Place<'_>) -> Option<String> {
    let off =
        |place: &Place<'_>, key: &str| place.get(key).is_some_and(|p| p.value().as_bool() == Some(false));
    let abilities = entry.get("capabilities");
    if off(entry, "supports_chat") || abilities.as_ref().is_some_and(|place| off(place, "completion_chat")) {
        return Some("its list says that it does not answer chats".to_owned());
    }
    let lacks = |key: &str, all: &[&str]| {
        let place = entry.get(key)?;
        let given: Vec<&str> = place.value().as_array()?.iter().filter_map(|item| item.as_str()).collect();
        let lacks = !given.is_empty() && !given.iter().any(|word| all.contains(word));
        lacks.then(|| given.join(", "))
    };
    if entry.get("details").is_some()
        && let Some(given) = lacks("capabilities", &["completion"])
    {
        return Some(if given.contains("embedding") {
            "it makes embeddings, not text".to_owned()
        } else {
            format!("it does not answer chats; its list says that it can: {given}")
        });
    }
    // Cohere's and Google's lists.
    lacks("endpoints", &["chat"])
        .or_else(|| lacks("supportedGenerationMethods", &["generateContent"]))
        .map(|given| format!("it does not answer chats; its list says that it can: {given}"))
}

/// What is listed and does not serve, and what chooses another model.
fn by_state(entry: &Place<'_>) -> Option<String> {
    if entry.get("active").is_some_and(|place| place.value().as_bool() == Some(false)) {
        return Some("its list says that it is not active".to_owned());
    }
    let pricing = entry.get("pricing");
    // Below 0 stands for a price that depends on what answers.
    let below =
        |key: &str| pricing.as_ref().and_then(|p| p.get(key)?.signed()).is_some_and(|price| price < 0.0);
    (below("prompt") || below("completion"))
        .then(|| "its price depends on the model that it chooses: a router or a moving alias".to_owned())
}
