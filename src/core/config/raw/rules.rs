//! What judges a prompt: numbers of the rule scorer, weights of the calibrated one.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::score::Dimension;
use crate::tier::Tier;

/// The calibrated scorer.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Calibrated {
    /// Tier of an ask that has almost nothing to judge by.
    pub unknown_tier: Tier,
    /// How much worse a tier too low is than one too high: `cheap`, `balanced` or `careful` (0.5, 1 and 2), or a
    /// number. 1 is what the weights were fitted with; twice as much sends more asks to higher tiers, half as much
    /// fewer. docs/quality.md shows what it costs and saves.
    pub bias: Bias,
    /// Weights of your own: the text of the file that `research/train.py` writes. Default: the shipped ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(max = 1_048_576)))]
    pub weights: Option<String>,
}

impl Default for Calibrated {
    fn default() -> Self {
        Self { unknown_tier: Tier::Medium, bias: Bias::Named(BiasName::Balanced), weights: None }
    }
}

/// How bad a tier too low is.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(untagged, expecting = "`cheap`, `balanced`, `careful` or a number")]
pub enum Bias {
    /// By name.
    Named(BiasName),
    /// As many times as the weights were fitted with.
    Number(#[cfg_attr(feature = "schema", schemars(range(min = 0.05, max = 20.0)))] f64),
}

/// The named settings of [`Bias`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum BiasName {
    /// 0.5: saves more; more answers come from a model that is too weak.
    Cheap,
    /// 1.
    Balanced,
    /// 2: fewer answers come from a model that is too weak, and it costs more.
    Careful,
}

impl Bias {
    /// The number that it stands for.
    pub const fn number(self) -> f64 {
        match self {
            Self::Named(BiasName::Cheap) => 0.5,
            Self::Named(BiasName::Balanced) => 1.0,
            Self::Named(BiasName::Careful) => 2.0,
            Self::Number(number) => number,
        }
    }
}

/// Numbers and additional keywords of the rule scorer.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Weight and steps of each dimension. Omitted values keep their default: an entry with a `weight` alone keeps the
    /// default steps.
    pub dimensions: Dimensions,
    /// Lengths of the ask, for dimension tokenCount: -1 below `short`, 1 above `long`, else 0.
    pub token_count: TokenCount,
    /// The scores at which tiers begin. Each must be above the one before, and within the range of the weights.
    pub boundaries: RawBoundaries,
    /// How certain a tier has to be.
    pub confidence: Confidence,
    /// Keywords in addition to the lexicon, by dimension. Whole words; a `*` at the end allows letters to follow. At
    /// least two characters, or one Chinese character. At most 2000 per dimension. tokenCount and questionComplexity
    /// take none.
    #[cfg_attr(
        feature = "schema",
        schemars(
            with = "BTreeMap<String, Vec<String>>",
            extend("propertyNames" = {"enum": keyword_dimensions()})
        )
    )]
    pub keywords: BTreeMap<Dimension, Vec<String>>,
}

/// The dimensions that count keywords: all but those that count tokens and question marks.
#[cfg(feature = "schema")]
fn keyword_dimensions() -> Vec<&'static str> {
    let counted_otherwise = [Dimension::TokenCount, Dimension::QuestionComplexity];
    Dimension::ALL.into_iter().filter(|d| !counted_otherwise.contains(d)).map(Dimension::name).collect()
}

/// Weight and steps of one dimension.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename = "Rule", deny_unknown_fields)]
pub struct RawRule {
    /// What the dimension's value is multiplied by; 0 switches it off.
    #[cfg_attr(feature = "schema", schemars(range(min = -10.0, max = 10.0)))]
    pub weight: Option<f64>,
    /// The dimension's value by number of hits, by rising `at`; below the first step it is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(max = 16)))]
    pub steps: Option<Vec<RawStep>>,
}

/// From `at` hits on, the dimension has this value.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename = "Step", deny_unknown_fields)]
pub struct RawStep {
    /// Fewest hits.
    #[cfg_attr(feature = "schema", schemars(required, range(min = 1, max = 10_000)))]
    pub at: Option<u32>,
    /// Value of the dimension.
    #[cfg_attr(feature = "schema", schemars(required, range(min = -1.0, max = 1.0)))]
    pub value: Option<f64>,
}

/// A dimension of your own. It needs `keywords`, or a `regex`, or both; scorer `rules` adds it to its sum.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename = "OwnDimension", deny_unknown_fields)]
pub struct RawOwnDimension {
    /// What the dimension's value is multiplied by. Default: 0.1.
    #[cfg_attr(feature = "schema", schemars(range(min = -10.0, max = 10.0)))]
    pub weight: Option<f64>,
    /// The dimension's value by number of hits, by rising `at`. Default: 0.5 from one hit on, 1 from two.
    #[cfg_attr(feature = "schema", schemars(length(max = 16)))]
    pub steps: Option<Vec<RawStep>>,
    /// Words and phrases, each of which is a hit: a list, or lists by language (`{en: [...], de: [...]}`). All of them are
    /// searched in every text. A `*` at the end allows letters to follow. At most 256.
    pub keywords: Option<OwnKeywords>,
    /// A regular expression (of the crate `regex-lite`; `(?i)`, `\w` and `\b` know only ASCII) over the judged text. Each
    /// match is a hit, up to eight.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 512)))]
    pub regex: Option<String>,
}

/// Keywords of a dimension of one's own.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(untagged, expecting = "a list of keywords, or lists by language")]
pub enum OwnKeywords {
    /// Of any language.
    All(Vec<String>),
    /// By language.
    ByLanguage(BTreeMap<String, Vec<String>>),
}

/// Default weight and steps of a dimension.
#[derive(Clone, Copy, Debug)]
pub struct Numbers {
    /// The weight.
    pub weight: f64,
    /// The steps: fewest hits and value. None for tokenCount.
    pub steps: &'static [(u32, f64)],
}

macro_rules! dimensions {
    ($($field:ident $variant:ident $weight:literal [$(($at:literal, $value:literal)),*] $doc:literal;)*) => {
        /// Weight and steps of each dimension.
        #[derive(Clone, Debug, Deserialize)]
        #[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
        #[serde(default, rename_all = "camelCase")]
        pub struct Dimensions {
            $(#[doc = $doc] pub $field: RawRule,)*
            /// Dimensions of your own, under any other name: at most 16.
            #[serde(flatten)]
            pub own: BTreeMap<String, RawOwnDimension>,
        }

        impl Default for Dimensions {
            fn default() -> Self {
                Self { $($field: RawRule::from(Self::numbers(Dimension::$variant)),)* own: BTreeMap::new() }
            }
        }

        impl Dimensions {
            /// What the document says of a dimension.
            pub fn get(&self, dimension: Dimension) -> &RawRule {
                match dimension { $(Dimension::$variant => &self.$field,)* }
            }

            /// The default numbers of a dimension.
            pub const fn numbers(dimension: Dimension) -> Numbers {
                match dimension {
                    $(Dimension::$variant => Numbers { weight: $weight, steps: &[$(($at, $value)),*] },)*
                }
            }
        }
    };
}

// The table of docs/scoring.md.
dimensions! {
    reasoning_markers ReasoningMarkers 0.18 [(1, 0.7), (2, 1.0)] "Proofs, derivations, step-by-step thinking.";
    code_presence CodePresence 0.15 [(1, 0.5), (2, 1.0)] "Code, or talk about code.";
    multi_step_patterns MultiStepPatterns 0.12 [(1, 0.5)] "First this, then that; numbered steps.";
    technical_terms TechnicalTerms 0.10 [(2, 0.5), (4, 1.0)] "Words of engineering.";
    token_count TokenCount 0.08 [] "Length of the ask: see `rules.token_count`. Has a weight, no steps.";
    creative_markers CreativeMarkers 0.05 [(1, 0.5), (2, 0.7)] "Stories, poems, ideas.";
    question_complexity QuestionComplexity 0.05 [(4, 0.5)] "Number of question marks, of any script.";
    constraint_count ConstraintCount 0.04 [(1, 0.3), (3, 0.7)] "Limits the answer must keep.";
    agentic_task AgenticTask 0.04 [(1, 0.2), (3, 0.6), (4, 1.0)]
        "Work on files, commands and repositories. Its value is the agentic score too.";
    imperative_verbs ImperativeVerbs 0.03 [(1, 0.3), (2, 0.5)] "Build, create, implement.";
    output_format OutputFormat 0.03 [(1, 0.4), (2, 0.7)] "A form the answer must have.";
    reference_complexity ReferenceComplexity 0.02 [(1, 0.3), (2, 0.5)] "Mentions of other material.";
    domain_specificity DomainSpecificity 0.02 [(1, 0.5), (2, 0.8)] "Words of a specialised field.";
    simple_indicators SimpleIndicators 0.02 [(1, -1.0)] "Greetings and look-ups.";
    negation_complexity NegationComplexity 0.01 [(2, 0.3), (3, 0.5)] "Things to avoid.";
}

impl From<Numbers> for RawRule {
    fn from(numbers: Numbers) -> Self {
        let steps: Vec<_> =
            numbers.steps.iter().map(|&(at, value)| RawStep { at: Some(at), value: Some(value) }).collect();
        Self { weight: Some(numbers.weight), steps: (!steps.is_empty()).then_some(steps) }
    }
}

/// Lengths of the ask in estimated tokens.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct TokenCount {
    /// Tokens below which an ask is short.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1_000_000)))]
    pub short: u64,
    /// Tokens above which an ask is long; not below `short`.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1_000_000)))]
    pub long: u64,
}

impl Default for TokenCount {
    fn default() -> Self {
        Self { short: 50, long: 500 }
    }
}

/// The scores at which tiers begin.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields, rename = "Boundaries")]
pub struct RawBoundaries {
    /// From here on MEDIUM.
    #[cfg_attr(feature = "schema", schemars(range(min = -100.0, max = 100.0)))]
    pub medium: f64,
    /// From here on COMPLEX.
    #[cfg_attr(feature = "schema", schemars(range(min = -100.0, max = 100.0)))]
    pub complex: f64,
    /// From here on REASONING.
    #[cfg_attr(feature = "schema", schemars(range(min = -100.0, max = 100.0)))]
    pub reasoning: f64,
}

impl Default for RawBoundaries {
    fn default() -> Self {
        Self { medium: 0.0, complex: 0.3, reasoning: 0.5 }
    }
}

/// How certain a tier has to be.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Confidence {
    /// Confidence is sigmoid(steepness x distance of the score to the nearest boundary).
    #[cfg_attr(feature = "schema", schemars(range(max = 1000.0), extend("exclusiveMinimum" = 0.0)))]
    pub steepness: f64,
    /// Below this confidence the tier is `ambiguous_tier`.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 1.0)))]
    pub minimum: f64,
    /// Tier of an ask whose tier is uncertain.
    pub ambiguous_tier: Tier,
}

impl Default for Confidence {
    fn default() -> Self {
        Self { steepness: 12.0, minimum: 0.7, ambiguous_tier: Tier::Medium }
    }
}
