//! LiteLLM's cost map: prices, windows and capabilities by model.

use std::collections::BTreeMap;

use serde_json::Value;

use tiergate_core::config;
use tiergate_core::discover::read::{Mistakes, Place};
use tiergate_core::discover::{Facts, rounded};

/// Where a user finds the map.
pub const WHERE: &str = "give LiteLLM's cost map with --cost-map FILE: it is model_prices_and_context_window_backup.json \
    in the folder of the installed package, which python -c 'import litellm; print(litellm.__path__[0])' tells";

/// Owners of models as their lists write them, where LiteLLM's provider is called otherwise.
const OWNERS: [(&str, &str); 6] = [
    ("alibaba", "dashscope"),
    ("google", "gemini"),
    ("mistralai", "mistral"),
    ("moonshotai", "moonshot"),
    ("z-ai", "zai"),
    ("zhipuai", "zai"),
];

/// A cost map, or the shipped catalogue, which is a part of one.
pub struct Costs {
    /// By name in lower case, as LiteLLM looks models up.
    known: BTreeMap<String, (String, Facts)>,
    /// The names of `known` by what stands after their first slash, the provider.
    hosted: BTreeMap<String, Vec<String>>,
    pub what: &'static str,
}

impl Costs {
    /// The models of the shipped catalogue.
    pub fn shipped() -> Result<Self, String> {
        let config = config::parse(b"").map_err(|errors| errors.to_string())?;
        let known = config.table.models.iter().map(|(name, model)| {
            let facts = Facts {
                input_price: model.input_price,
                output_price: model.output_price,
                context_window: model.context_window,
                max_output: model.max_output,
                tools: Some(model.tools),
                vision: Some(model.vision),
                pdf: Some(model.pdf),
                mode: Some("chat".to_owned()),
                ..Facts::default()
            };
            (name.to_lowercase(), (name.clone(), facts))
        });
        Ok(Self::of(known.collect(), "tiergate's catalogue"))
    }

    /// A cost map as LiteLLM ships it.
    pub fn read(map: &Value) -> Result<Self, String> {
        let mut mistakes = Mistakes::default();
        let entries = Place::root(map).entries(&mut mistakes);
        mistakes.into_result("no cost map")?;
        let mut known = BTreeMap::new();
        for (name, entry) in entries.iter().filter(|(name, _)| *name != "sample_spec") {
            // The map is not the user's to mend: what cannot be read of it is not known.
            let mut facts = facts(entry, &mut Mistakes::default());
            facts.tools = Some(facts.tools.unwrap_or(false));
            facts.vision = Some(facts.vision.unwrap_or(false));
            facts.pdf = Some(facts.pdf.unwrap_or(false));
            facts.reasoning = Some(facts.reasoning.unwrap_or(false));
            known.insert(name.to_lowercase(), ((*name).to_owned(), facts));
        }
        if !known.values().any(|(_, facts)| facts.input_price.is_some()) {
            return Err(format!("no entry has input_cost_per_token; {WHERE}"));
        }
        Ok(Self::of(known, "the cost map"))
    }

    fn of(known: BTreeMap<String, (String, Facts)>, what: &'static str) -> Self {
        let mut hosted: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for name in known.keys() {
            if let Some((_, model)) = name.split_once('/') {
                hosted.entry(model.to_owned()).or_default().push(name.clone());
            }
        }
        Self { known, hosted, what }
    }

    /// The entry of a model as a provider's own list names it, without the provider: that of its owner, else the only one.
    pub fn listed(&self, model: &str, owner: Option<&str>) -> Option<&(String, Facts)> {
        let model = model.to_lowercase();
        // Google's names, with its kind of resource.
        let (name, google) =
            model.strip_prefix("models/").map_or((&*model, None), |name| (name, Some("google")));
        if let Some(found) = self.find(name) {
            return Some(found);
        }
        let owner = owner.or(google).unwrap_or_default().to_lowercase();
        let provider =
            OWNERS.iter().find(|(known, _)| *known == owner).map_or(&*owner, |(_, provider)| provider);
        let own = self.known.get(&format!("{provider}/{name}"));
        own.or_else(|| match self.hosted.get(name).map(Vec::as_slice) {
            Some([only]) => self.known.get(only),
            _ => None,
        })
    }

    /// The entry of a model as LiteLLM's configuration names it, with or without what stands before its slashes.
    pub fn find(&self, model: &str) -> Option<&(String, Facts)> {
        let model = model.to_lowercase();
        // Both are Ollama, by two of its paths; the map knows one.
        let model = model.strip_prefix("ollama_chat/").map_or(model.clone(), |name| format!("ollama/{name}"));
        let mut rest = Some(model.as_str());
        while let Some(name) = rest {
            if let Some(found) = self.known.get(name) {
                return Some(found);
            }
            rest = name.split_once('/').map(|(_, after)| after);
        }
        None
    }
}

/// What the keys of a cost map's entry say; `model_info` of LiteLLM's configuration has the same.
pub fn facts(place: &Place<'_>, mistakes: &mut Mistakes) -> Facts {
    let mut price = |key: &str| {
        place.get(key).and_then(|p| p.number(mistakes)).map(|per_token| rounded(per_token * 1e6, 6))
    };
    let (input_price, output_price) = (price("input_cost_per_token"), price("output_cost_per_token"));
    let mut count = |key: &str| place.get(key).and_then(|p| p.count(mistakes));
    let (context_window, max_output) = (count("max_input_tokens"), count("max_output_tokens"));
    let mut flag = |key: &str| place.get(key).and_then(|p| p.flag(mistakes));
    let (tools, vision) = (flag("supports_function_calling"), flag("supports_vision"));
    let (pdf, reasoning) = (flag("supports_pdf_input"), flag("supports_reasoning"));
    let mut text = |key: &str| place.get(key).and_then(|p| p.text(mistakes)).map(str::to_owned);
    let (mode, ends) = (text("mode"), text("deprecation_date"));
    Facts {
        input_price,
        output_price,
        context_window,
        max_output,
        tools,
        vision,
        pdf,
        reasoning,
        mode,
        ends,
        ..Facts::default()
    }
}
