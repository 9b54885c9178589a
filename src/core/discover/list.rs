//! Lists of models, whatever server they come from.
//!
//! Read are the answers of `GET /v1/models` (OpenAI's form, with what vLLM, llama.cpp, LM Studio, OpenRouter, Groq, Together,
//! Mistral and others add), Ollama's `/api/tags` and `/api/show`, LM Studio's own lists, LiteLLM's `/model/info` and
//! `/model_group/info`, and a bare list of entries or names.

use serde_json::Value;

use super::entry;
use super::facts::Facts;
use super::read::{Mistakes, Place};

/// A model of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listed {
    /// What the upstream calls it.
    pub name: String,
    /// What is known of it.
    pub facts: Facts,
    /// Why it answers no chat with text, where that is so.
    pub other: Option<Other>,
    /// It runs on the server itself, where nothing is billed by the token.
    pub local: bool,
    /// Where it runs instead.
    pub remote: Option<String>,
    /// Whose it is, in the word of `owned_by`.
    pub owner: Option<String>,
    /// When it came out, in seconds since 1970.
    pub created: Option<u64>,
    /// What a reader should know.
    pub remarks: Vec<String>,
    /// Where in the list it stands.
    pub path: String,
}

/// Why a model answers no chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Other {
    /// A field of the list says so.
    Said(String),
    /// Its name has a word that such models have.
    Named(&'static str),
}

impl Other {
    /// The reason in words.
    pub fn why(&self) -> &str {
        match self {
            Other::Said(why) => why,
            Other::Named(why) => why,
        }
    }
}

/// Reads a list. What cannot be read of it is noted, and the rest is read all the same.
pub fn read(list: &Value, mistakes: &mut Mistakes) -> Vec<Listed> {
    let mut found: Vec<Listed> = Vec::new();
    for place in entries(list, mistakes) {
        let Some(listed) = entry::read(&place, mistakes) else { continue };
        match found.iter_mut().find(|other| other.name == listed.name) {
            // LiteLLM lists every deployment of a name.
            Some(before) if place.get("model_name").is_some() => merge(before, listed),
            Some(_) => mistakes.add(&place.path, &format!("{} is listed twice", listed.name)),
            None => found.push(listed),
        }
    }
    found
}

fn merge(before: &mut Listed, listed: Listed) {
    before.facts = std::mem::take(&mut before.facts).and(listed.facts);
    before.other = before.other.take().or(listed.other);
    before.local &= listed.local;
    before.remarks.extend(listed.remarks);
}

/// The entries of a list, wherever they stand.
fn entries<'v>(list: &'v Value, mistakes: &mut Mistakes) -> Vec<Place<'v>> {
    let root = Place::root(list);
    if list.is_array() {
        return root.items(mistakes);
    }
    if root.object(mistakes).is_none() {
        return Vec::new();
    }
    let given =
        |key: &str| root.get(key).filter(|place| place.value().as_array().is_none_or(|all| !all.is_empty()));
    if let Some(place) = given("data").or_else(|| given("models")).or_else(|| root.get("data")) {
        return place.items(mistakes);
    }
    if let Some(place) = root.get("models") {
        return place.items(mistakes);
    }
    // One model by itself, as /api/show and /v1/models/NAME answer it.
    if ["details", "model_info", "id"].iter().any(|key| root.get(key).is_some()) {
        return vec![root];
    }
    mistakes.add("data", "missing; give the list of models, as /v1/models or /api/tags answers it");
    Vec::new()
}
