//! One entry of a list of models: the same facts under the names that servers have for them.

use serde_json::Value;

use super::facts::{Facts, rounded};
use super::list::{Listed, Other};
use super::modes;
use super::name::{self, Kind, Size};
use super::read::{Mistakes, Place};

/// Keys of an entry that hold its name, the likelier ones first: OpenAI, LiteLLM, LM Studio, Ollama.
const NAMES: [&str; 6] = ["id", "model_name", "model_group", "key", "name", "model"];
/// Whose models run on the server that lists them, in the word of `owned_by`.
const SERVERS: [&str; 8] =
    ["vllm", "sglang", "llamacpp", "llama.cpp", "library", "ollama", "lmdeploy", "organization_owner"];
/// Between four and five bits a weight is what models are pulled with unless something else is asked for.
const USUAL_BITS: f64 = 4.5;

static NOTHING: Value = Value::Null;

/// Reads an entry; none where it has no name.
pub fn read(place: &Place<'_>, mistakes: &mut Mistakes) -> Option<Listed> {
    if let Some(name) = place.value().as_str() {
        let mut listed = Listed { name: name.to_owned(), path: place.path.clone(), ..Listed::default() };
        by_name(&mut listed, &[name]);
        return Some(listed);
    }
    place.object(mistakes)?;
    let name = named(place, mistakes)?;
    let mut names: Vec<&str> = vec![&name];
    let params = place.get("litellm_params");
    let info = place.get("model_info");
    let more = [
        place.get("root"),
        params.as_ref().and_then(|p| p.get("model")),
        info.as_ref().and_then(|p| p.get("base_model")),
    ];
    names.extend(more.iter().flatten().filter_map(|place| place.value().as_str()));
    let remote = ["remote_host", "remote_model"].iter().find_map(|key| place.get(key));
    let remote = remote.and_then(|place| place.text(mistakes)).map(str::to_owned);
    let other = modes::other(place, mistakes).map(Other::Said);
    // What is left out anyway need not be without mistakes.
    let mut ignored = Mistakes::default();
    let mistakes = if other.is_some() { &mut ignored } else { mistakes };
    let mut listed = Listed {
        other,
        local: remote.is_none() && is_local(place, &name),
        remote,
        owner: place.get("owned_by").and_then(|p| p.value().as_str()).map(str::to_owned),
        created: place.get("created").and_then(|at| at.signed()).map(seconds),
        path: place.path.clone(),
        facts: facts(place, mistakes),
        ..Listed::default()
    };
    by_name(&mut listed, &names);
    size(&mut listed, place, mistakes);
    listed.name = name;
    Some(listed)
}

fn named(place: &Place<'_>, mistakes: &mut Mistakes) -> Option<String> {
    if let Some(name) = NAMES.iter().find_map(|key| place.get(key)) {
        return name.text(mistakes).filter(|name| !name.is_empty()).map(str::to_owned);
    }
    // /api/show does not say whose answer it is, but the model file that it shows does.
    let file = place.get("modelfile").and_then(|file| file.value().as_str());
    if let Some(name) =
        file.and_then(|text| text.lines().find_map(|line| line.trim().strip_prefix("# FROM ")))
    {
        return Some(name.trim().to_owned());
    }
    let key = if place.path.starts_with("models") { "name" } else { "id" };
    place.need(key, "the model's name", mistakes);
    None
}

/// What its names say of it.
fn by_name(listed: &mut Listed, names: &[&str]) {
    let kinds: Vec<Kind> = names.iter().flat_map(|name| name::kinds(name)).collect();
    // Whoever says that it is a chat model knows better than its name.
    if listed.other.is_none() && listed.facts.mode.is_none() {
        listed.other = kinds.iter().find_map(|kind| kind.why()).map(Other::Named);
    }
    listed.facts.coder |= kinds.contains(&Kind::Coder);
    if kinds.contains(&Kind::Reasoning) {
        listed.facts.reasoning = listed.facts.reasoning.or(Some(true));
    }
    listed.facts.size = names.iter().find_map(|name| name::size(name));
}

/// Where no name says the size: the fields that do, and a guess from the bytes at last.
fn size(listed: &mut Listed, place: &Place<'_>, mistakes: &mut Mistakes) {
    let details = place.get("details").filter(|details| details.value().is_object());
    let mut text = |key: &str| details.as_ref().and_then(|d| d.get(key)).and_then(|p| p.text(mistakes));
    let (told, quantization) = (text("parameter_size").unwrap_or_default(), text("quantization_level"));
    let bytes = ["size", "size_bytes"].iter().find_map(|key| place.get(key));
    let bytes = bytes.and_then(|n| n.number(mistakes)).filter(|bytes| *bytes > 0.0);
    let told = if told.is_empty() {
        place.get("params_string").and_then(|p| p.value().as_str()).unwrap_or_default()
    } else {
        told
    };
    let counted = || {
        let info = place.get("model_info").and_then(|info| info.get("general.parameter_count"));
        let meta = place.get("meta").and_then(|meta| meta.get("n_params"));
        info.or(meta)?.signed().filter(|n| *n > 0.0).map(|n| Size::dense(n / 1e9))
    };
    let bits =
        place.get("quantization").and_then(|q| q.get("bits_per_weight")?.signed()).unwrap_or(USUAL_BITS);
    let known = listed.facts.size.is_some();
    let field = name::field(told);
    listed.facts.size = listed.facts.size.or(field).or_else(counted);
    let mut words = told.to_owned();
    if listed.facts.size.is_none()
        && let Some(bytes) = bytes.filter(|_| bits > 0.0)
    {
        listed.facts.size = Some(Size::dense(bytes * 8.0 / bits / 1e9));
        "size guessed from its bytes".clone_into(&mut words);
    } else if known && field.is_none() {
        words.clear();
    }
    let words = [words.as_str(), quantization.unwrap_or_default()];
    let words: Vec<&str> = words.into_iter().filter(|word| !matches!(*word, "" | "unknown")).collect();
    if !words.is_empty() {
        listed.remarks.push(words.join(" "));
    }
}

fn is_local(place: &Place<'_>, name: &str) -> bool {
    let owner = place.get("owned_by").and_then(|p| p.value().as_str()).unwrap_or_default();
    let shape = ["details", "compatibility_type", "params_string", "modelfile"];
    // What Ollama runs in its cloud has such a tag.
    !name.ends_with("-cloud")
        && (SERVERS.contains(&owner.to_ascii_lowercase().as_str())
            || shape.iter().any(|key| place.get(key).is_some()))
}

fn facts(place: &Place<'_>, mistakes: &mut Mistakes) -> Facts {
    let info = place.get("model_info").unwrap_or_else(|| Place::root(&NOTHING));
    let (input_price, output_price) = prices(place, &info, mistakes);
    let list = |keys: [&str; 2]| {
        keys.iter().find_map(|key| place.get(key)).map(|list| list.texts(&mut Mistakes::default()))
    };
    let parameters = list(["supported_parameters", "supported_openai_params"]);
    let takes = |word: &str| parameters.as_ref().map(|all| all.contains(&word));
    let flag =
        |key: &str| place.get(key).or_else(|| info.get(key)).and_then(|p| p.flag(&mut Mistakes::default()));
    let mode = place.get("mode").or_else(|| info.get("mode")).and_then(|p| p.value().as_str());
    Facts {
        input_price,
        output_price,
        context_window: window(place, &info, mistakes),
        max_output: max_output(place, &info, mistakes),
        tools: able(place, &["tools", "tool_use", "function_calling", "trained_for_tool_use", "tool_calls"])
            .or_else(|| takes("tools"))
            .or_else(|| flag("supports_function_calling"))
            .or_else(|| flag("supports_tools")),
        vision: able(place, &["vision"])
            .or_else(|| sees(place))
            .or_else(|| flag("supports_vision"))
            .or_else(|| flag("supports_image_input")),
        pdf: reads(place).or_else(|| flag("supports_pdf_input")),
        reasoning: able(place, &["thinking", "reasoning"])
            .or_else(|| takes("reasoning"))
            .or_else(|| flag("supports_reasoning")),
        mode: mode.map(str::to_owned),
        ends: ["expiration_date", "deprecation_date", "deprecation"]
            .iter()
            .find_map(|key| place.get(key).or_else(|| info.get(key)))
            .and_then(|day| day.text(mistakes))
            .and_then(|day| day.get(..10))
            .map(str::to_owned),
        ..Facts::default()
    }
}

/// Whether an ability is listed, and how: in a list of words, or as keys that are true or false.
fn able(place: &Place<'_>, words: &[&str]) -> Option<bool> {
    let abilities = place.get("capabilities")?;
    if let Some(all) = abilities.value().as_array() {
        let said = all.iter().filter_map(|word| word.as_str()).any(|word| words.contains(&word));
        // LM Studio's older list names tools only.
        return (said || all.iter().any(|word| word.as_str() == Some("completion"))).then_some(said);
    }
    let abilities = abilities.get("supports").unwrap_or(abilities);
    words.iter().find_map(|word| abilities.get(word)).map(|place| match place.value() {
        Value::Bool(flag) => *flag,
        _ => true,
    })
}

/// Whether a list of what may be sent has files in it, which OpenRouter means PDFs by.
fn reads(place: &Place<'_>) -> Option<bool> {
    let kinds = place.get("architecture").filter(|place| place.value().is_object());
    let kinds = kinds.and_then(|architecture| architecture.get("input_modalities"))?;
    Some(kinds.texts(&mut Mistakes::default()).contains(&"file"))
}

fn sees(place: &Place<'_>) -> Option<bool> {
    let architecture = place.get("architecture").filter(|place| place.value().is_object());
    let kinds = architecture
        .as_ref()
        .and_then(|a| a.get("input_modalities"))
        .or_else(|| place.get("input_modalities"));
    if let Some(kinds) = kinds {
        return Some(kinds.texts(&mut Mistakes::default()).contains(&"image"));
    }
    let modality = architecture.as_ref().and_then(|a| a.get("modality")?.value().as_str()?.split_once("->"));
    if let Some((input, _)) = modality {
        return Some(input.split('+').any(|kind| kind == "image"));
    }
    let families = place.get("details").and_then(|d| d.get("families"));
    let families = families.map(|list| list.texts(&mut Mistakes::default())).unwrap_or_default();
    let eyes = families.iter().any(|family| matches!(*family, "clip" | "mllama"));
    let vlm = place.get("type").is_some_and(|kind| kind.value().as_str() == Some("vlm"));
    (eyes || vlm).then_some(true)
}

/// USD per million tokens, in and out.
fn prices(place: &Place<'_>, info: &Place<'_>, mistakes: &mut Mistakes) -> (Option<f64>, Option<f64>) {
    let mut per_token = |place: Option<Place<'_>>| {
        place.and_then(|p| p.number(mistakes)).map(|price| rounded(price * 1e6, 6))
    };
    let cost = |key: &str| place.get(key).or_else(|| info.get(key));
    let input = per_token(cost("input_cost_per_token"));
    let output = per_token(cost("output_cost_per_token"));
    if input.is_some() || output.is_some() {
        return (input, output);
    }
    let Some(pricing) = place.get("pricing") else { return (None, None) };
    let (prompt, completion) = (per_token(pricing.get("prompt")), per_token(pricing.get("completion")));
    if prompt.is_some() || completion.is_some() {
        return (prompt, completion);
    }
    // Some lists have USD per million here and some per token; nobody asks a thousand USD for a million tokens.
    let either = |key: &str| {
        let price = pricing.get(key)?.signed().filter(|price| *price >= 0.0)?;
        Some(rounded(if price < 1e-3 { price * 1e6 } else { price }, 6))
    };
    (either("input"), either("output"))
}

/// The window: what the server really gives it, where that is known, else what the model is made for.
fn window(place: &Place<'_>, info: &Place<'_>, mistakes: &mut Mistakes) -> Option<u64> {
    // Ollama's /api/show has the parameters of the model file as text.
    let file = place.get("parameters").and_then(|p| p.value().as_str()).unwrap_or_default();
    let set = file.lines().find_map(|line| line.trim().strip_prefix("num_ctx")?.trim().parse::<u64>().ok());
    if let Some(window) = set.filter(|window| *window > 0) {
        return Some(window);
    }
    let loaded = place.get("loaded_instances").filter(|p| p.value().is_array());
    let loaded = loaded.map(|list| list.items(mistakes)).unwrap_or_default();
    let loaded =
        loaded.iter().filter_map(|one| one.get("config")?.get("context_length")?.count(mistakes)).min();
    if loaded.is_some() {
        return loaded;
    }
    let inside = |outer: &str, key: &str| place.get(outer).and_then(|p| p.get(key));
    let limits = place.get("capabilities").and_then(|p| p.get("limits"));
    let made_for = info.value().as_object().into_iter().flatten();
    let made_for = made_for.map(|(key, _)| key).find(|key| key.ends_with(".context_length"));
    let found =
        ["loaded_context_length", "context_length", "max_model_len", "context_window", "max_context_length"]
            .iter()
            .chain(&["max_input_tokens", "inputTokenLimit", "max_context_tokens", "context_size"])
            .find_map(|key| place.get(key))
            .or_else(|| inside("meta", "n_ctx"))
            .or_else(|| inside("details", "context_length"))
            .or_else(|| info.get("max_input_tokens"))
            .or_else(|| made_for.and_then(|key| info.get(key)))
            .or_else(|| limits.and_then(|p| p.get("max_context_window_tokens")))
            .or_else(|| inside("top_provider", "context_length"))
            .or_else(|| inside("metadata", "context_length"))
            .or_else(|| inside("meta", "n_ctx_train"));
    found.and_then(|n| n.count(mistakes))
}

fn max_output(place: &Place<'_>, info: &Place<'_>, mistakes: &mut Mistakes) -> Option<u64> {
    let top = place.get("top_provider").and_then(|top| top.get("max_completion_tokens"));
    let limits = place.get("capabilities").and_then(|p| p.get("limits"));
    ["max_completion_tokens", "max_output_tokens", "outputTokenLimit"]
        .iter()
        .find_map(|key| place.get(key))
        .or(top)
        .or_else(|| info.get("max_output_tokens"))
        .or_else(|| limits.and_then(|p| p.get("max_output_tokens")))
        .and_then(|n| n.count(mistakes))
}

/// Whole seconds since 1970.
fn seconds(at: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
    let whole = at as u64;
    whole
}
