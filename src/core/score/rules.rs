//! The rule scorer: fifteen dimensions, a weighted sum, three boundaries.

use aho_corasick::AhoCorasick;
use memchr::memmem;
use serde::Serialize;

use super::clothes::Clothes;
use super::features::{self, Counts, Length};
use super::fold::Folded;
use super::hits::Hits;
use super::lexicon::{self, Lexicon};
use super::params::Step;
use super::remarks;
use super::weights::SHORT;
use super::{
    Boundaries, Boundary, Calibrated, Contribution, Dimension, Judgement, OwnDimension, Rule, RuleParams,
    own, sql,
};
use crate::tier::Tier;

/// Concepts of the lexicon that, in a system prompt, ask for structured output.
const STRUCTURE: [&str; 3] = ["json", "schema", "structured_output"];

/// Concepts of the lexicon that say what a short reply does with the work before it: go on, answer, end it.
const REPLIES: [&str; 3] = ["continuation", "reply", "closing"];

/// A class that is none of pupils, as folded text has it: where it is not there yet.
const A_CLASS: [&[u8]; 8] = [
    b"a class",
    b"eine klasse",
    b"una clase",
    b"uma classe",
    "一个类".as_bytes(),
    "クラスを".as_bytes(),
    "클래스를".as_bytes(),
    "класс ".as_bytes(),
];

/// Why the scorer chose its tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The weighted sum lies in the tier.
    Sum,
    /// It lies too near a boundary to decide.
    Ambiguous,
    /// So many reasoning markers that the sum does not matter.
    ReasoningMarkers,
    /// Learnt weights say so.
    Learnt,
    /// There is next to nothing to judge by.
    Abstained,
}

/// How hard a prompt is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// The weighted sum of the dimensions; of the calibrated scorer, the difficulty, 0 to 1.
    pub value: f64,
    /// The tier it gives.
    pub tier: Tier,
    /// How sure that is: 0.5 to 1; of the calibrated scorer, 0 to 1.
    pub confidence: f64,
    /// Why that tier.
    pub verdict: Basis,
    /// How much the ask wants work on files, commands and repositories done, 0 to 1.
    pub agentic: f64,
    /// How much the ask is about code, 0 to 1.
    pub code: f64,
}

/// What one dimension added to a score.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part<'s> {
    /// Which dimension: one of the fifteen, or one of the operator's own.
    pub dimension: &'s str,
    /// Its value, -1 to 1.
    pub value: f64,
    /// Its weight.
    pub weight: f64,
    /// What it added: value times weight.
    pub added: f64,
    /// The concepts that were found.
    pub concepts: Vec<&'s str>,
}

/// Working memory of the scorer, kept from prompt to prompt.
#[derive(Debug, Default)]
pub struct Scratch {
    folded: Folded,
    hits: Hits,
    counts: Counts,
    /// Hits of each dimension of the operator's own.
    own: Vec<u32>,
}

/// The rule scorer: numbers and lexicon, compiled.
#[derive(Debug)]
pub struct RuleScorer {
    params: RuleParams,
    lexicon: Lexicon,
    clothes: Clothes,
    structure: AhoCorasick,
    /// Where the lexicon has what short replies want.
    continuation: Option<usize>,
    reply: Option<usize>,
    closing: Option<usize>,
    /// Where it has statements of SQL, classes and algorithms.
    sql: Option<usize>,
    class: Option<usize>,
    algorithm: Option<usize>,
    /// Dimensions of the operator's own.
    own: Vec<OwnDimension>,
}

impl RuleScorer {
    /// Compiles the lexicon with more keywords (a trailing `*` lets letters follow) and dimensions of one's own. Fails
    /// with a message where the automaton cannot be built.
    pub fn new(
        params: RuleParams,
        keywords: &[(Dimension, String)],
        own: Vec<OwnDimension>,
    ) -> Result<Self, String> {
        let lexicon = Lexicon::new(keywords, &own)?;
        let structure = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(STRUCTURE.iter().flat_map(|name| lexicon::spellings(name)))
            .map_err(|error| format!("lexicon: {error}"))?;
        let [continuation, reply, closing] = REPLIES.map(|name| lexicon.place_of(name));
        let code = |name| lexicon.place_in(Dimension::CodePresence, name);
        let (sql, class) = (code("sql_query"), code("class_object"));
        let algorithm = lexicon.place_in(Dimension::TechnicalTerms, "algorithm");
        let clothes = Clothes::new();
        Ok(Self {
            params,
            lexicon,
            clothes,
            structure,
            continuation,
            reply,
            closing,
            sql,
            class,
            algorithm,
            own,
        })
    }

    /// The numbers it works with.
    pub const fn params(&self) -> &RuleParams {
        &self.params
    }

    /// Heap bytes of the compiled lexicon.
    pub fn memory_usage(&self) -> usize {
        self.lexicon.memory_usage() + self.clothes.memory_usage()
    }

    /// Scores a text (of a long prompt, its excerpt) of an ask of `tokens` estimated tokens.
    pub fn score(&self, text: &str, tokens: u64, scratch: &mut Scratch) -> Score {
        self.find(text, scratch);
        own::count(&self.own, &self.lexicon, text, &scratch.hits, &mut scratch.own);
        self.judge(tokens, scratch)
    }

    /// Folds a text and finds its concepts.
    pub(super) fn find(&self, text: &str, scratch: &mut Scratch) {
        scratch.folded.set(text);
        self.look(scratch);
    }

    /// The same, of what a text says without its courtesies and other [clothes](Clothes). Tells whether it has any. `folded`:
    /// the text, where it was folded already.
    pub(super) fn find_inside(&self, text: &str, folded: Option<&Folded>, scratch: &mut Scratch) -> bool {
        match folded {
            Some(folded) => scratch.folded.clone_from(folded),
            None => scratch.folded.set(text),
        }
        let dressed = self.clothes.take_off(&mut scratch.folded);
        self.look(scratch);
        dressed | remarks::take_off(&mut scratch.folded, &scratch.hits)
    }

    fn look(&self, scratch: &mut Scratch) {
        scratch.hits.clear(self.lexicon.concepts().len());
        self.lexicon.find(&scratch.folded.text, &mut scratch.hits);
        if let Some(place) = self.sql.filter(|_| sql::has_statement(&scratch.folded.text)) {
            scratch.hits.statement = true;
            scratch.hits.add_plain(place);
        }
    }

    /// The value of a dimension that counts concepts, for the text that `scratch` was last used for, without the plain
    /// words that only the rules count.
    pub(super) fn dimension(&self, dimension: Dimension, scratch: &Scratch) -> f64 {
        let rule = self.params.rules.iter().find(|rule| rule.dimension == dimension);
        rule.map_or(0.0, |rule| reached(&rule.steps, scratch.hits.count(dimension)))
    }

    /// How much the ask is about code. Of the plain words that only the rules count, one alone says too little ("our
    /// class", "the function of the heart"): a statement of SQL counts, so do two of them, and one that somebody wants
    /// made, in an ask that wants no story.
    pub(super) fn code(&self, scratch: &Scratch) -> f64 {
        let Some(rule) = self.params.rules.iter().find(|rule| rule.dimension == Dimension::CodePresence)
        else {
            return 0.0;
        };
        let firm = scratch.hits.count(Dimension::CodePresence);
        let plain = self.count(Dimension::CodePresence, scratch).saturating_sub(firm);
        let has = |place: Option<usize>| place.is_some_and(|place| scratch.hits.has_for_rules(place));
        let made = || {
            let any_class =
                || A_CLASS.iter().any(|words| memmem::find(&scratch.folded.text, words).is_some());
            let thing = plain > 0 && (!has(self.class) || any_class()) || has(self.algorithm);
            let wanted = self.count(Dimension::ImperativeVerbs, scratch) > 0;
            thing && wanted && self.count(Dimension::CreativeMarkers, scratch) == 0
        };
        let counts = firm == 0 && (plain > 1 || scratch.hits.statement || made());
        reached(&rule.steps, firm.max(u32::from(counts)))
    }

    /// Whether a system prompt asks for JSON, a schema or structured output, in any of the lexicon's languages.
    pub fn mentions_structure(&self, text: &str) -> bool {
        !text.is_empty() && self.structure.is_match(text)
    }

    /// Whether the text that `scratch` was last used for, if it is a short reply, has the work before it go on: "do
    /// it", "still wrong", "now in French". An answer such as "ok" does, but for one that also ends it: "ok, thanks".
    pub fn continues(&self, scratch: &Scratch) -> bool {
        let has = |place: Option<usize>| place.is_some_and(|place| scratch.hits.has(place));
        has(self.continuation) || has(self.reply) && !has(self.closing)
    }

    /// Whether the text that `scratch` was last used for, if it is a short reply, ends the work before it and asks
    /// for nothing: "thanks", "perfect", "good night". Never so where it [continues](Self::continues) it.
    pub fn closes(&self, scratch: &Scratch) -> bool {
        self.closing.is_some_and(|place| scratch.hits.has(place)) && !self.continues(scratch)
    }

    /// Whether the text that `scratch` was last used for has no concept of the lexicon.
    pub fn knows_nothing(&self, scratch: &Scratch) -> bool {
        scratch.hits.is_empty()
    }

    /// What each dimension added to the score that `scratch` was last used for; dimensions that added nothing are
    /// left out.
    pub fn explain(&self, tokens: u64, scratch: &Scratch) -> Vec<Part<'_>> {
        let parts = self.params.rules.iter().map(|rule| {
            let value = self.value(rule, tokens, scratch);
            let concepts = self.lexicon.concepts().iter().enumerate();
            Part {
                dimension: rule.dimension.name(),
                value,
                weight: rule.weight,
                added: value * rule.weight,
                concepts: concepts
                    .filter(|(index, c)| {
                        c.dimension == Some(rule.dimension) && scratch.hits.has_for_rules(*index)
                    })
                    .map(|(_, c)| c.name.as_str())
                    .collect(),
            }
        });
        let own = self.own.iter().zip(self.lexicon.own()).zip(&scratch.own).map(|((own, places), count)| {
            let value = reached(&own.steps, *count);
            let concepts = self.lexicon.concepts().iter().enumerate();
            let words: Vec<&str> = concepts
                .filter(|(index, _)| places.contains(index) && scratch.hits.has_for_rules(*index))
                .map(|(_, c)| c.name.as_str())
                .collect();
            // Hits beyond the words are the expression's.
            let matches = usize::try_from(*count).is_ok_and(|count| count > words.len());
            let regex = own.regex.as_ref().filter(|_| matches).map(regex_lite::Regex::as_str);
            Part {
                dimension: &own.name,
                value,
                weight: own.weight,
                added: value * own.weight,
                concepts: words.into_iter().chain(regex).collect(),
            }
        });
        parts.chain(own).filter(|part| part.value != 0.0).collect()
    }

    /// Passes to `each` the features of the text that `scratch` was last used for, by name: first its shape, then
    /// how many concepts of each dimension it has, then the concepts themselves, those that it has only.
    pub fn features(&self, length: Length, scratch: &mut Scratch, mut each: impl FnMut(&str, i32)) {
        scratch.counts.set(&scratch.folded.text);
        features::shape(&scratch.counts, scratch.folded.questions, length, &mut each);
        features::dimensions(&scratch.hits, |dimension, value| each(dimension.name(), value));
        for (index, concept) in self.lexicon.concepts().iter().enumerate() {
            if scratch.hits.has(index) {
                each(&concept.name, features::ONE);
                if features::is_short(&scratch.counts) {
                    each(&format!("{SHORT}{}", concept.name), features::ONE);
                }
            }
        }
    }

    /// The shipped weights for this lexicon.
    pub fn calibrated(&self) -> Result<Calibrated, String> {
        Calibrated::shipped(self.lexicon.concepts())
    }

    /// Weights of one's own for this lexicon. Fails with a message where they cannot be read.
    pub fn calibrated_with(&self, weights: &str) -> Result<Calibrated, String> {
        Calibrated::new(weights, self.lexicon.concepts())
    }

    /// Judges the text that `scratch` was last used for by learnt weights.
    pub fn judge_by(&self, weights: &Calibrated, length: Length, scratch: &mut Scratch) -> Judgement {
        weights.judge(&scratch.folded, &scratch.hits, length, &mut scratch.counts)
    }

    /// Why that judgement: what each feature added, most first.
    pub fn reasons(&self, weights: &Calibrated, length: Length, scratch: &Scratch) -> Vec<Contribution<'_>> {
        weights.reasons(self.lexicon.concepts(), &scratch.folded, &scratch.hits, length, &scratch.counts)
    }

    /// How near the text that `scratch` was last used for is to each boundary, by learnt weights.
    pub fn boundaries_by(&self, weights: &Calibrated, length: Length, scratch: &Scratch) -> Vec<Boundary> {
        weights.boundaries(self.lexicon.concepts(), (&scratch.folded, &scratch.hits, length, &scratch.counts))
    }

    /// How near a score is to each boundary.
    pub fn boundaries(&self, score: f64) -> Vec<Boundary> {
        let Boundaries { medium, complex, reasoning } = self.params.boundaries;
        let needed = [(Tier::Medium, medium), (Tier::Complex, complex), (Tier::Reasoning, reasoning)];
        needed.map(|(tier, needed)| Boundary { tier, reached: score, needed }).to_vec()
    }

    fn judge(&self, tokens: u64, scratch: &Scratch) -> Score {
        let params = &self.params;
        let mut sum = 0.0;
        let (mut agentic, mut code) = (0.0, 0.0);
        for rule in &params.rules {
            let value = self.value(rule, tokens, scratch);
            sum += value * rule.weight;
            match rule.dimension {
                Dimension::AgenticTask => agentic = value,
                Dimension::CodePresence => code = self.code(scratch).max(value),
                _ => {}
            }
        }
        for (own, count) in self.own.iter().zip(&scratch.own) {
            sum += reached(&own.steps, *count) * own.weight;
        }
        let (tier, confidence) = params.tier_of(sum);
        let (tier, confidence, verdict) =
            if self.count(Dimension::ReasoningMarkers, scratch) >= params.reasoning_override {
                (Tier::Reasoning, confidence.max(params.reasoning_confidence), Basis::ReasoningMarkers)
            } else if confidence < params.min_confidence {
                (params.ambiguous_tier, confidence, Basis::Ambiguous)
            } else {
                (tier, confidence, Basis::Sum)
            };
        Score { value: sum, tier, confidence, verdict, agentic, code }
    }

    fn count(&self, dimension: Dimension, scratch: &Scratch) -> u32 {
        scratch.hits.count_for_rules(dimension, self.lexicon.concepts())
    }

    fn value(&self, rule: &Rule, tokens: u64, scratch: &Scratch) -> f64 {
        let count = match rule.dimension {
            Dimension::TokenCount => {
                let lengths = self.params.tokens;
                return if tokens < lengths.short {
                    -1.0
                } else if tokens > lengths.long {
                    1.0
                } else {
                    0.0
                };
            }
            Dimension::QuestionComplexity => scratch.folded.questions,
            other => self.count(other, scratch),
        };
        reached(&rule.steps, count)
    }
}

/// What a dimension is worth with so many hits.
fn reached(steps: &[Step], count: u32) -> f64 {
    steps.iter().rev().find(|step| count >= step.at).map_or(0.0, |step| step.value)
}
