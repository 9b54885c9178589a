//! Dimensions of the operator's own, which only the rules count.

use regex_lite::Regex;

use super::hits::Hits;
use super::lexicon::Lexicon;
use super::params::Step;

/// Most matches of an expression that count: it bounds how often a text is searched.
const MOST_MATCHES: usize = 8;

/// A dimension beside the fifteen: words, an expression, and what they are worth.
#[derive(Clone, Debug)]
pub struct OwnDimension {
    /// Its name, for explanations.
    pub name: String,
    /// What the value is multiplied by.
    pub weight: f64,
    /// Steps, by rising `at`; below the first the value is 0.
    pub steps: Vec<Step>,
    /// Words and phrases, each of which is a hit; a trailing `*` lets letters follow.
    pub keywords: Vec<String>,
    /// An expression; each of its first matches is a hit.
    pub regex: Option<Regex>,
}

/// Counts the hits of each dimension in a text whose words are found.
pub(super) fn count(all: &[OwnDimension], lexicon: &Lexicon, text: &str, hits: &Hits, counts: &mut Vec<u32>) {
    counts.clear();
    counts.extend(all.iter().zip(lexicon.own()).map(|(own, places)| {
        let words = places.clone().filter(|place| hits.has_for_rules(*place)).count();
        let matches = own.regex.as_ref().map_or(0, |regex| regex.find_iter(text).take(MOST_MATCHES).count());
        u32::try_from(words + matches).unwrap_or(u32::MAX)
    }));
}
