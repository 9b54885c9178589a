//! Which signal of a feed is about a candidate.
//!
//! A candidate's aliases are tried first, then its name, then the name written into requests; of each name its slugs:
//! as it is, without what stands before the first `/`, what stands behind the last. A match of all words goes before
//! one of the words that identify the model. For nothing else is a guess better than none: a name with a word more or
//! less (`gpt-5-nano`, `kimi-k3-code`) is another model, and what is the same under a strange name needs an alias.

use std::collections::BTreeMap;

use super::Feed;
use super::fold::{Folded, contains, fold, tells};

/// The names a candidate goes by.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'c> {
    /// The name in the configuration.
    pub name: &'c str,
    /// The name written into requests.
    pub upstream_model: &'c str,
    /// Names in the feed that the configuration gives.
    pub aliases: &'c [String],
}

/// How a candidate was matched, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// An alias is the signal's model.
    Alias,
    /// An alias is contained in the signal's model.
    AliasContained,
    /// The folded names are equal.
    Name,
    /// One folded name contains the other, but for words that do not distinguish models.
    NameContained,
}

impl How {
    /// A word for tables and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            How::Alias => "alias",
            How::AliasContained => "alias_contained",
            How::Name => "name",
            How::NameContained => "name_contained",
        }
    }

    /// The rule, for people.
    pub const fn explain(self) -> &'static str {
        match self {
            How::Alias => "an alias is the signal's model",
            How::AliasContained => "an alias is contained in the signal's model",
            How::Name => "the names are the same except for spelling and provider",
            How::NameContained => {
                "the names are the same except for dates and words such as preview or instruct"
            }
        }
    }
}

/// Which of a candidate's names was matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The alias at this place of [`Candidate::aliases`].
    Alias(usize),
    /// [`Candidate::name`].
    Name,
    /// [`Candidate::upstream_model`].
    UpstreamModel,
}

/// A candidate's signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// Place in [`Feed::signals`].
    pub signal: usize,
    /// Why.
    pub how: How,
    /// Which name did it.
    pub by: By,
}

/// A feed's names, folded once, to find candidates' signals in.
#[derive(Debug)]
pub struct Index {
    /// Signals by all words of each slug. Where several have the same, the one whose slug is nearer to its whole name
    /// counts, then the first of the feed.
    whole: BTreeMap<String, (usize, usize)>,
    /// Signals, with the dates in their names, by the words that identify the model; in the feed's order.
    core: BTreeMap<String, Vec<(usize, String)>>,
    /// Each signal's name.
    names: Vec<Folded>,
}

impl Index {
    /// Folds a feed's names.
    pub fn new(feed: &Feed) -> Self {
        let mut index = Self {
            whole: BTreeMap::new(),
            core: BTreeMap::new(),
            names: Vec::with_capacity(feed.signals.len()),
        };
        for (signal, entry) in feed.signals.iter().enumerate() {
            let mut own = None;
            for (level, slug) in slugs(&entry.model).into_iter().enumerate() {
                let folded = fold(slug);
                let place = (level, signal);
                match index.whole.get_mut(&folded.whole) {
                    Some(best) => *best = place.min(*best),
                    None => {
                        index.whole.insert(folded.whole.clone(), place);
                    }
                }
                if tells(&folded.core) {
                    let entries = match index.core.get_mut(&folded.core) {
                        Some(entries) => entries,
                        None => index.core.entry(folded.core.clone()).or_default(),
                    };
                    if entries.last().is_none_or(|(last, _)| *last != signal) {
                        entries.push((signal, folded.date.clone()));
                    }
                }
                own.get_or_insert(folded);
            }
            index.names.push(own.unwrap_or_default());
        }
        index
    }

    /// The signal about a candidate, if there is one.
    pub fn find(&self, candidate: &Candidate<'_>) -> Option<Match> {
        let aliases: Vec<Folded> = candidate.aliases.iter().map(|alias| fold(alias)).collect();
        let alias = |how, find: &dyn Fn(&Folded) -> Option<usize>| {
            let found = |(place, alias)| Some(Match { signal: find(alias)?, how, by: By::Alias(place) });
            aliases.iter().enumerate().find_map(found)
        };
        // An alias was written for this: it may be short where it is the whole name.
        let by_alias = alias(How::Alias, &|alias| self.exactly(&alias.whole))
            .or_else(|| alias(How::AliasContained, &|alias| self.containing(alias)));
        if by_alias.is_some() {
            return by_alias;
        }
        let other = (candidate.upstream_model != candidate.name).then_some(candidate.upstream_model);
        let names = [(By::Name, Some(candidate.name)), (By::UpstreamModel, other)];
        let folded: Vec<(By, Folded)> = names
            .into_iter()
            .filter_map(|(by, name)| Some((by, name?)))
            .flat_map(|(by, name)| slugs(name).into_iter().map(move |slug| (by, fold(slug))))
            .collect();
        let named = |how, find: &dyn Fn(&Folded) -> Option<usize>| {
            folded.iter().find_map(|(by, slug)| Some(Match { signal: find(slug)?, how, by: *by }))
        };
        // A short name is a name too where it is the whole of both: `o3` is `openai/o3`.
        named(How::Name, &|slug| self.exactly(&slug.whole).filter(|_| !slug.whole.is_empty()))
            .or_else(|| named(How::NameContained, &|slug| self.alike(slug)))
    }

    fn exactly(&self, words: &str) -> Option<usize> {
        self.whole.get(words).map(|(_, signal)| *signal)
    }

    fn containing(&self, alias: &Folded) -> Option<usize> {
        self.names.iter().position(|name| contains(name, alias))
    }

    /// The first signal with the same words for the model, and not of another date.
    fn alike(&self, name: &Folded) -> Option<usize> {
        let same = |date: &str| date.is_empty() || name.date.is_empty() || *date == name.date;
        let entries = self.core.get(&name.core)?;
        entries.iter().find(|(_, date)| same(date)).map(|(signal, _)| *signal)
    }
}

/// A name as it is, without what stands before its first `/`, and what stands behind the last.
fn slugs(name: &str) -> Vec<&str> {
    let mut slugs = vec![name];
    if let Some((_, rest)) = name.split_once('/') {
        slugs.push(rest);
        if let Some((_, last)) = rest.rsplit_once('/') {
            slugs.push(last);
        }
    }
    slugs
}
