//! Rules: what an ask says, and what its headers, path and profile are, decides the tier or the model.

use std::sync::Arc;

use aho_corasick::AhoCorasick;
use regex_lite::Regex;

use super::{Bounds, Client};
use crate::route::Model;
use crate::score::Folded;

/// One rule: all that it names has to hold.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name, for people.
    pub name: String,
    /// Whether it has keywords; one of them has to be there.
    pub has_keywords: bool,
    /// What the ask has to match.
    pub regex: Option<Regex>,
    /// Headers, all of them.
    pub headers: Vec<HeaderMatch>,
    /// Ends of paths, one of them.
    pub paths: Vec<String>,
    /// Profiles, one of them; any where there is none.
    pub profiles: Vec<String>,
    /// What the request has to have at least.
    pub least: Shape,
    /// What follows.
    pub effect: Effect,
}

/// What a request has, besides what it says. Of a rule, the least of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// It offers tools.
    pub tools: bool,
    /// It has images.
    pub images: bool,
    /// Estimated input tokens, all of them.
    pub input_tokens: u64,
    /// Estimated tokens of the system text.
    pub system_tokens: u64,
    /// Turns of the user.
    pub turns: u64,
}

impl Shape {
    /// Whether it has all that a rule wants.
    const fn has(&self, least: &Self) -> bool {
        (self.tools || !least.tools)
            && (self.images || !least.images)
            && self.input_tokens >= least.input_tokens
            && self.system_tokens >= least.system_tokens
            && self.turns >= least.turns
    }
}

/// A header that has one of these values; any value where there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderMatch {
    /// Its place among those that are looked at.
    pub place: usize,
    /// Its values.
    pub values: Vec<String>,
}

/// What follows from a rule.
#[derive(Clone, Debug)]
pub enum Effect {
    /// The tier is within these; both bounds are the same where it is one tier.
    Tier(Bounds),
    /// This model serves, if it can.
    Model(Arc<Model>),
}

/// What an ask says, as rules look at it: so much of its beginning.
#[derive(Clone, Copy, Debug)]
pub struct Text<'t>(pub &'t str);

/// Rules in order; the first that holds decides.
#[derive(Debug, Default)]
pub struct RuleSet {
    rules: Vec<Rule>,
    /// All keywords of all rules, folded.
    keywords: Option<AhoCorasick>,
    /// Of each keyword the place of its rule, and whether letters may follow it.
    of: Vec<(usize, bool)>,
}

/// A rule that holds.
pub type Matched<'r> = &'r Rule;

impl RuleSet {
    /// Bytes of an ask that rules look at.
    pub const LONGEST: usize = 4096;

    /// The rules with their keywords; one that ends with `*` lets letters follow.
    ///
    /// # Errors
    /// Why the keywords are too many.
    pub fn new(rules: Vec<Rule>, keywords: &[(usize, String)]) -> Result<Self, String> {
        let (mut of, mut words) = (Vec::new(), Vec::new());
        for (rule, keyword) in keywords {
            let word = folded(keyword.strip_suffix('*').unwrap_or(keyword));
            if !word.is_empty() {
                of.push((*rule, keyword.ends_with('*')));
                words.push(word);
            }
        }
        let automaton = if words.is_empty() {
            None
        } else {
            Some(AhoCorasick::new(words).map_err(|error| error.to_string())?)
        };
        Ok(Self { rules, keywords: automaton, of })
    }

    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether any rule looks at what an ask says.
    pub fn reads_text(&self) -> bool {
        self.rules.iter().any(|rule| rule.has_keywords || rule.regex.is_some())
    }

    /// The first rule that holds. `ends`: whether the path ends so.
    pub fn find(
        &self,
        text: Text<'_>,
        shape: &Shape,
        client: &Client<'_>,
        profile: &str,
        ends: impl Fn(&str) -> bool,
    ) -> Option<Matched<'_>> {
        let said = self.said(text);
        self.rules.iter().enumerate().find_map(|(place, rule)| {
            let holds = (rule.profiles.is_empty() || rule.profiles.iter().any(|name| name == profile))
                && (rule.paths.is_empty() || rule.paths.iter().any(|path| ends(path)))
                && rule.headers.iter().all(|header| header.holds(client))
                && shape.has(&rule.least)
                && (!rule.has_keywords || said.get(place).copied().unwrap_or(false))
                && rule.regex.as_ref().is_none_or(|regex| regex.is_match(text.0));
            holds.then_some(rule)
        })
    }

    /// Of each rule, whether one of its keywords is said as a word of its own.
    fn said(&self, text: Text<'_>) -> Vec<bool> {
        let mut said = vec![false; self.rules.len()];
        let Some(keywords) = &self.keywords else { return said };
        let text = folded(text.0);
        let letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && !is_unspaced(c));
        for found in keywords.find_overlapping_iter(&text) {
            let Some((rule, stem)) = self.of.get(found.pattern().as_usize()) else { continue };
            let before = text.get(..found.start()).and_then(|before| before.chars().next_back());
            let after = text.get(found.end()..).and_then(|after| after.chars().next());
            let word = text.get(found.start()..found.end()).unwrap_or_default();
            let begins = !letter(before) || !letter(word.chars().next());
            let ends = *stem || !letter(after) || !letter(word.chars().next_back());
            if begins
                && ends
                && let Some(place) = said.get_mut(*rule)
            {
                *place = true;
            }
        }
        said
    }
}

/// A text in one of the ways that people type it, as the scorer's words are compared, with single spaces between words.
fn folded(text: &str) -> String {
    let mut folded = Folded::default();
    folded.set(text);
    let mut space = false;
    folded.text.retain_mut(|byte| {
        let before = std::mem::replace(&mut space, *byte <= b' ');
        if space {
            *byte = b' ';
        }
        !(space && before)
    });
    String::from_utf8(folded.text).unwrap_or_default()
}

impl HeaderMatch {
    fn holds(&self, client: &Client<'_>) -> bool {
        let Some(value) = client.header(self.place) else { return false };
        let value = value.trim_ascii();
        self.values.is_empty() || self.values.iter().any(|known| known.as_bytes() == value)
    }
}

/// Whether words of this letter's script stand without a space between them.
const fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{0E00}'..='\u{0EFF}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}' | '\u{F900}'..='\u{FAFF}')
}
