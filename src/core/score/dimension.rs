//! The fifteen dimensions of the rule scorer.

use serde::{Deserialize, Serialize};

/// One thing the rule scorer looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Dimension {
    /// Proofs, derivations, step-by-step thinking.
    ReasoningMarkers,
    /// Code, or talk about code.
    CodePresence,
    /// First this, then that; numbered steps.
    MultiStepPatterns,
    /// Words of engineering.
    TechnicalTerms,
    /// Length of the ask in tokens.
    TokenCount,
    /// Stories, poems, ideas.
    CreativeMarkers,
    /// Number of question marks, of any script.
    QuestionComplexity,
    /// Limits the answer must keep.
    ConstraintCount,
    /// Work on files, commands and repositories.
    AgenticTask,
    /// Build, create, implement.
    ImperativeVerbs,
    /// A form the answer must have.
    OutputFormat,
    /// Mentions of other material.
    ReferenceComplexity,
    /// Words of a specialised field.
    DomainSpecificity,
    /// Greetings and look-ups.
    SimpleIndicators,
    /// Things to avoid.
    NegationComplexity,
}

impl Dimension {
    /// All dimensions, in the order of the table in `docs/scoring.md`.
    pub const ALL: [Dimension; 15] = [
        Dimension::ReasoningMarkers,
        Dimension::CodePresence,
        Dimension::MultiStepPatterns,
        Dimension::TechnicalTerms,
        Dimension::TokenCount,
        Dimension::CreativeMarkers,
        Dimension::QuestionComplexity,
        Dimension::ConstraintCount,
        Dimension::AgenticTask,
        Dimension::ImperativeVerbs,
        Dimension::OutputFormat,
        Dimension::ReferenceComplexity,
        Dimension::DomainSpecificity,
        Dimension::SimpleIndicators,
        Dimension::NegationComplexity,
    ];

    /// The name in the lexicon, the configuration and explanations.
    pub const fn name(self) -> &'static str {
        match self {
            Dimension::ReasoningMarkers => "reasoningMarkers",
            Dimension::CodePresence => "codePresence",
            Dimension::MultiStepPatterns => "multiStepPatterns",
            Dimension::TechnicalTerms => "technicalTerms",
            Dimension::TokenCount => "tokenCount",
            Dimension::CreativeMarkers => "creativeMarkers",
            Dimension::QuestionComplexity => "questionComplexity",
            Dimension::ConstraintCount => "constraintCount",
            Dimension::AgenticTask => "agenticTask",
            Dimension::ImperativeVerbs => "imperativeVerbs",
            Dimension::OutputFormat => "outputFormat",
            Dimension::ReferenceComplexity => "referenceComplexity",
            Dimension::DomainSpecificity => "domainSpecificity",
            Dimension::SimpleIndicators => "simpleIndicators",
            Dimension::NegationComplexity => "negationComplexity",
        }
    }

    /// The dimension of a name, if there is one.
    pub fn from_name(name: &str) -> Option<Dimension> {
        Self::ALL.into_iter().find(|d| d.name() == name)
    }
}
