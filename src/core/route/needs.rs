//! What a request needs of a model, and whether a model has it.

use super::{Model, Usage};
use crate::chat::{BuiltIn, Dialect, Sealed};
use crate::fnv::Fnv;

/// A set of models, by their slots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slots([u64; 8]);

impl Slots {
    /// Adds a model.
    pub fn add(&mut self, model: &Model) {
        if let Some(word) = self.0.get_mut(model.slot / 64) {
            *word |= 1 << (model.slot % 64);
        }
    }

    /// Whether a model is in it.
    pub fn has(&self, model: &Model) -> bool {
        self.0.get(model.slot / 64).is_some_and(|word| word & 1 << (model.slot % 64) != 0)
    }
}

/// What a request needs of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Needs {
    /// It offers tools.
    pub tools: bool,
    /// It shows images.
    pub vision: bool,
    /// It has audio.
    pub audio: bool,
    /// It has a PDF.
    pub pdf: bool,
    /// The number of the name of the provider that it has to go to, where only that one can serve it.
    pub provider: Option<u64>,
    /// The only models that may serve it, where its tenant may not use all.
    pub only: Option<Slots>,
    /// Its answer has to keep a JSON schema.
    pub schema: bool,
    /// It has thoughts that only a model that can read them may go on with.
    pub thoughts: Sealed,
    /// It offers tools of a provider's own, in this dialect.
    pub built_in: Option<(Dialect, BuiltIn)>,
    /// Output tokens that it asks for, where it sets a limit.
    pub limit: Option<u64>,
    /// Tokens that it is expected to take: the output is the limit, or what is assumed without one.
    pub usage: Usage,
    /// The share of the estimated input that has to be free besides, as it is an estimate.
    pub margin: f64,
}

impl Needs {
    /// What [`Needs::names`] knows, with a place to write it to.
    fn named(&mut self) -> [(&'static str, &mut bool); 5] {
        [
            ("tools", &mut self.tools),
            ("vision", &mut self.vision),
            ("audio", &mut self.audio),
            ("pdf", &mut self.pdf),
            ("schema", &mut self.schema),
        ]
    }

    /// The names of what is needed, as the access log has them.
    pub fn names(mut self) -> impl Iterator<Item = &'static str> {
        self.named()
            .map(|(name, wanted)| (name, *wanted))
            .into_iter()
            .filter(|(_, wanted)| *wanted)
            .map(|(name, _)| name)
    }

    /// Adds what a name stands for; false where it is none.
    pub fn add(&mut self, name: &str) -> bool {
        let mut all = self.named().into_iter();
        all.find(|(known, _)| *known == name).is_some_and(|(_, wanted)| {
            *wanted = true;
            true
        })
    }

    /// Whether the model can serve the request: it can do what is asked for, and has room for it.
    pub fn met_by(&self, model: &Model) -> bool {
        self.allowed_by(model) && self.fit(model)
    }

    /// Whether the model can do what is asked for, whatever the room. A limit beyond its own is refused by providers.
    pub fn allowed_by(&self, model: &Model) -> bool {
        (model.tools || !self.tools)
            && (model.vision || !self.vision)
            && (model.audio || !self.audio)
            && (model.pdf || !self.pdf)
            && self.provider.is_none_or(|provider| {
                model.provider.as_ref().is_some_and(|name| Fnv::of(name.as_bytes()) == provider)
            })
            && self.only.is_none_or(|only| only.has(model))
            && (model.structured_output || !self.schema)
            && (!self.thoughts.any() || model.takes.can_read(self.thoughts))
            && self.built_in.is_none_or(|(dialect, kinds)| model.takes.has_tools(dialect, kinds))
            && self.limit.unwrap_or(0) <= model.max_output.unwrap_or(u64::MAX)
    }

    /// What a model that cannot serve the request lacks.
    pub fn lacking(&self, model: &Model) -> Vec<&'static str> {
        let provider =
            |provider| model.provider.as_ref().is_some_and(|name| Fnv::of(name.as_bytes()) == provider);
        let lacks = [
            (self.tools && !model.tools, "tools"),
            (self.vision && !model.vision, "images"),
            (self.audio && !model.audio, "audio"),
            (self.pdf && !model.pdf, "PDFs"),
            (
                self.provider.is_some_and(|wanted| !provider(wanted)),
                "the provider that the request is bound to",
            ),
            (self.only.is_some_and(|only| !only.has(model)), "the tenant's permission"),
            (self.schema && !model.structured_output, "a schema for its answer"),
            (
                self.thoughts.any() && !model.takes.can_read(self.thoughts),
                "what reads the conversation's thoughts",
            ),
            (
                self.built_in.is_some_and(|(dialect, kinds)| !model.takes.has_tools(dialect, kinds)),
                "the provider's own tools",
            ),
            (self.limit.unwrap_or(0) > model.max_output.unwrap_or(u64::MAX), "output tokens"),
            (!self.fit(model), "room in its window"),
        ];
        lacks.into_iter().filter(|(lacks, _)| *lacks).map(|(_, what)| what).collect()
    }

    /// Whether input and output have room in the model's window. A window that is not known is wide enough.
    fn fit(&self, model: &Model) -> bool {
        let Some(window) = model.context_window else { return true };
        let Usage { input, output } = self.usage_of(model);
        // Token counts are far below 2^53, where f64 is exact.
        let input = input as f64 * (1.0 + self.margin);
        input + output as f64 <= window as f64
    }

    /// The tokens that the request takes of this model, which answers with no more than it can.
    pub fn usage_of(&self, model: &Model) -> Usage {
        let output = self.usage.output.min(model.max_output.unwrap_or(u64::MAX));
        Usage { output, ..self.usage }
    }
}
