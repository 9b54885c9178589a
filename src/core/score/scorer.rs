//! The scorer that a configuration chose.

use super::{
    Basis, Boundary, Calibrated, Contribution, Dimension, Folded, Judgement, Length, Part, RuleParams,
    RuleScorer, Score, Scratch,
};
use crate::tier::Tier;

/// One ask, as the scorer sees it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ask<'t> {
    /// Its text; of a long one, an excerpt.
    pub text: &'t str,
    /// How long it is.
    pub length: Length,
    /// Estimated tokens of the whole.
    pub tokens: u64,
}

/// Why a score is what it is: what each dimension, or each feature, added to it.
#[derive(Clone, Debug, PartialEq)]
pub enum Explanation<'s> {
    /// Of the rule scorer.
    Rules(Vec<Part<'s>>),
    /// Of the calibrated scorer, most first.
    Calibrated(Vec<Contribution<'s>>),
}

/// Whether an ask stands for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It has something in it to judge by.
    Own,
    /// It wants the work before to go on or to be mended ("go on", "still wrong").
    Continues,
    /// It says nothing that is known.
    Unknown,
    /// It ends the work before and asks for nothing ("thanks").
    Closes,
}

/// Rules, or learnt weights over the features of the same pass.
#[derive(Debug)]
pub struct Scorer {
    rules: RuleScorer,
    weights: Option<Calibrated>,
    unknown_tier: Tier,
}

impl Scorer {
    /// The rule scorer.
    pub const fn rules(rules: RuleScorer) -> Self {
        Self { rules, weights: None, unknown_tier: Tier::Medium }
    }

    /// The calibrated scorer: learnt weights, the shipped ones without `weights`, over the rule scorer's lexicon.
    /// What it cannot judge is of `unknown_tier`.
    ///
    /// # Errors
    /// The weights cannot be read; the message names the line.
    pub fn calibrated(rules: RuleScorer, weights: Option<&str>, unknown_tier: Tier) -> Result<Self, String> {
        let weights = match weights {
            Some(weights) => rules.calibrated_with(weights),
            None => rules.calibrated(),
        }?;
        Ok(Self { rules, weights: Some(weights), unknown_tier })
    }

    /// The same scorer, where sending an ask to a tier too low costs `bias` times what its weights take it to cost: above
    /// 1 more asks go to higher tiers. Changes nothing of the rules.
    #[must_use]
    pub fn with_bias(self, bias: f64) -> Self {
        Self { weights: self.weights.map(|weights| weights.with_bias(bias)), ..self }
    }

    /// What the configuration calls it.
    pub const fn name(&self) -> &'static str {
        if self.weights.is_some() { "calibrated" } else { "rules" }
    }

    /// The numbers of the rules.
    pub const fn params(&self) -> &RuleParams {
        self.rules.params()
    }

    /// Whether learnt weights judge, and not the rules.
    pub const fn is_calibrated(&self) -> bool {
        self.weights.is_some()
    }

    /// The tier of what cannot be judged.
    pub const fn unknown_tier(&self) -> Tier {
        match self.weights {
            Some(_) => self.unknown_tier,
            None => self.rules.params().ambiguous_tier,
        }
    }

    /// Heap bytes of lexicon and weights.
    pub fn memory_usage(&self) -> usize {
        self.rules.memory_usage() + self.weights.as_ref().map_or(0, Calibrated::memory_usage)
    }

    /// Scores an ask.
    pub fn score(&self, ask: &Ask<'_>, scratch: &mut Scratch) -> Score {
        self.score_folded(ask, None, scratch)
    }

    /// Scores an ask whose text may have been folded already.
    pub(crate) fn score_folded(
        &self,
        ask: &Ask<'_>,
        folded: Option<&Folded>,
        scratch: &mut Scratch,
    ) -> Score {
        let Some(weights) = &self.weights else {
            return self.rules.score(ask.text, ask.tokens, scratch);
        };
        let dressed = self.rules.find_inside(ask.text, folded, scratch);
        let mut judgement = self.rules.judge_by(weights, ask.length, scratch);
        if judgement.abstained && dressed {
            // "Hi, I am Anna": the greeting says the most of it.
            self.rules.find(ask.text, scratch);
            judgement = self.rules.judge_by(weights, ask.length, scratch);
        }
        let Judgement { difficulty, tier, confidence, abstained } = judgement;
        let agentic = self.rules.dimension(Dimension::AgenticTask, scratch);
        let code = self.rules.code(scratch);
        let (tier, verdict) =
            if abstained { (self.unknown_tier, Basis::Abstained) } else { (tier, Basis::Learnt) };
        Score { value: difficulty, tier, confidence, verdict, agentic, code }
    }

    /// Why the ask that `scratch` was last used for has its score.
    pub fn explain(&self, ask: &Ask<'_>, scratch: &Scratch) -> Explanation<'_> {
        match &self.weights {
            Some(weights) => Explanation::Calibrated(self.rules.reasons(weights, ask.length, scratch)),
            None => Explanation::Rules(self.rules.explain(ask.tokens, scratch)),
        }
    }

    /// How near the ask that `scratch` was last used for, which has this score, is to each boundary between tiers.
    pub fn boundaries(&self, ask: &Ask<'_>, score: Score, scratch: &Scratch) -> Vec<Boundary> {
        match &self.weights {
            Some(weights) => self.rules.boundaries_by(weights, ask.length, scratch),
            None => self.rules.boundaries(score.value),
        }
    }

    /// Passes to `each` the features of the ask that `scratch` was last used for: see [`RuleScorer::features`].
    pub fn features(&self, ask: &Ask<'_>, scratch: &mut Scratch, each: impl FnMut(&str, i32)) {
        self.rules.features(ask.length, scratch, each);
    }

    /// What the ask that `scratch` was last used for is to the asks before it, if it is short.
    pub fn reply(&self, scratch: &Scratch) -> Reply {
        if self.rules.continues(scratch) {
            Reply::Continues
        } else if self.rules.closes(scratch) {
            Reply::Closes
        } else if self.rules.knows_nothing(scratch) {
            Reply::Unknown
        } else {
            Reply::Own
        }
    }

    /// Whether a system prompt asks for JSON, a schema or structured output.
    pub fn mentions_structure(&self, text: &str) -> bool {
        self.rules.mentions_structure(text)
    }
}
