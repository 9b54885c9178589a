//! Who serves when a model does not.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Model, Table};

/// Why another model is to serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FallbackReason {
    /// The model failed, or gave no answer.
    General,
    /// The request was too long for it.
    ContextWindow,
    /// Its provider did not want to serve what is asked.
    ContentPolicy,
}

/// What the configuration says: for a model (by its slot), who serves in its place.
#[derive(Clone, Debug, Default)]
pub struct Chains {
    /// For [`FallbackReason::General`].
    pub general: BTreeMap<usize, Vec<Arc<Model>>>,
    /// For [`FallbackReason::ContextWindow`].
    pub context_window: BTreeMap<usize, Vec<Arc<Model>>>,
    /// For [`FallbackReason::ContentPolicy`].
    pub content_policy: BTreeMap<usize, Vec<Arc<Model>>>,
    /// For a reason, who serves in the place of any model, behind those that are named for it or by the decision.
    pub any: BTreeMap<FallbackReason, Vec<Arc<Model>>>,
    /// Of a composite cluster: the clusters whose models its attempts reach, that of the first attempt first.
    pub composite: BTreeMap<String, Vec<String>>,
}

impl Chains {
    fn of(&self, reason: FallbackReason, model: &Model) -> Option<&[Arc<Model>]> {
        let chains = match reason {
            FallbackReason::General => &self.general,
            FallbackReason::ContextWindow => &self.context_window,
            FallbackReason::ContentPolicy => &self.content_policy,
        };
        chains.get(&model.slot).map(Vec::as_slice)
    }

    /// Whether an attempt (from 1) at a request that was sent to the cluster of `first` reaches `model`.
    pub fn reaches(&self, first: &Model, attempt: u32, model: &Model) -> bool {
        let Some(order) = self.composite.get(&first.cluster) else { return model.cluster == first.cluster };
        let place = usize::try_from(attempt).ok().and_then(|attempt| attempt.checked_sub(1));
        place.and_then(|place| order.get(place)).is_some_and(|cluster| *cluster == model.cluster)
    }
}

/// Who serves a request, and who may in its place: what one attempt has to know from the decision. Models are told by
/// their keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The model of the first attempt.
    pub model: String,
    /// Further models, in order, as the decision has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<String>,
    /// Whether the first attempt has to change more of the request than its model, to have it fit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fits: bool,
    /// Whether nobody else may serve, whatever chains are configured: the request goes on from what one provider keeps.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bound: bool,
    /// The number of the request among those that are alive in its worker.
    #[serde(default)]
    pub stream: u64,
    /// The number of what is asked, for failures.
    #[serde(default)]
    pub request: u64,
}

/// What became of the attempts so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The number of the last attempt, from 1.
    pub attempt: u32,
    /// Models that were tried, the last one last. Never empty.
    pub tried: Vec<String>,
    /// Why the next attempt needs another model.
    pub reason: FallbackReason,
    /// Those that were asked twice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub twice: Vec<String>,
    /// Failures of which nobody knows yet whether it was the model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<Open>,
}

/// A failure that may have been the body's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// The model.
    pub model: String,
    /// How it failed: a number of the caller's.
    pub kind: usize,
    /// Whether a body can bring this about.
    pub suspect: bool,
    /// Whether it counts only where another model has served the request: the client's key may be what is wrong.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub doubtful: bool,
    /// When the model was asked.
    pub began: u64,
    /// How long it asked to be left alone.
    pub wait: Option<u64>,
}

impl Progress {
    /// The first attempt, at this model.
    pub fn begun(model: &Model) -> Self {
        Self {
            attempt: 1,
            tried: vec![model.name.clone()],
            reason: FallbackReason::General,
            twice: Vec::new(),
            open: Vec::new(),
        }
    }

    /// Whether a failure was the body's, as far as anybody can know where no model has served the request: where two
    /// have failed in the same way it was what they were asked.
    pub fn is_of_the_body(&self, open: &Open) -> bool {
        let same = |other: &Open| other.kind == open.kind && other.model != open.model;
        open.doubtful || open.suspect && self.open.iter().any(same)
    }

    /// The next attempt goes to this model.
    pub fn go_on(&mut self, model: &Model, attempt: u32) {
        if self.tried.contains(&model.name) {
            self.twice.push(model.name.clone());
        }
        // The last one is who serves.
        self.tried.retain(|name| *name != model.name);
        self.tried.push(model.name.clone());
        self.attempt = attempt;
        self.reason = FallbackReason::General;
    }
}

impl Plan {
    /// The plan of a decision.
    pub fn new(model: &Model, chain: &[&Arc<Model>]) -> Self {
        Self {
            model: model.key().into_owned(),
            chain: chain.iter().map(|model| model.key().into_owned()).collect(),
            fits: false,
            bound: false,
            stream: 0,
            request: 0,
        }
    }

    /// Who serves the next attempt: the first that it reaches, that was not tried, and that is not to be avoided, of the
    /// chain that is configured for this reason for the model that was tried last, then of that of the first; where none is
    /// configured, or the plan is bound, of the decision's; last, unless it is bound, of the chain for any model. A request that was too long goes to a larger window only;
    /// one that is not known is none. None where there is nobody.
    pub fn next<'t>(
        &self,
        table: &'t Table,
        chains: &'t Chains,
        progress: &Progress,
        reason: FallbackReason,
        avoids: impl Fn(&Model) -> bool,
    ) -> Option<&'t Arc<Model>> {
        let last = table.models.get(progress.tried.last()?)?;
        let first = table.keyed(&self.model)?;
        let configured = [last, first].into_iter().filter(|_| !self.bound);
        let mut all: Vec<&Arc<Model>> =
            configured.filter_map(|model| chains.of(reason, model)).flatten().collect();
        if all.is_empty() {
            all.extend(self.chain.iter().filter_map(|key| table.keyed(key)));
        }
        all.extend(chains.any.get(&reason).filter(|_| !self.bound).into_iter().flatten());
        let new = |model: &Model| !progress.tried.contains(&model.name);
        let larger = |model: &Model| {
            reason != FallbackReason::ContextWindow
                || last.context_window.is_none_or(|window| model.context_window > Some(window))
        };
        let attempt = progress.attempt.saturating_add(1);
        all.into_iter().find(|model| {
            new(model) && larger(model) && chains.reaches(first, attempt, model) && !avoids(model)
        })
    }

    /// Who is asked again in the next attempt where nobody is left that was not: of those that it reaches, that were
    /// asked once and that are not to be avoided, the one that was asked last.
    pub fn again<'t>(
        &self,
        table: &'t Table,
        chains: &Chains,
        progress: &Progress,
        avoids: impl Fn(&Model) -> bool,
    ) -> Option<&'t Arc<Model>> {
        let first = table.keyed(&self.model)?;
        let attempt = progress.attempt.saturating_add(1);
        let tried = progress.tried.iter().rev().filter_map(|name| table.models.get(name));
        tried.into_iter().find(|model| {
            let twice = progress.twice.contains(&model.name);
            !twice && !avoids(model) && chains.reaches(first, attempt, model)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

    /// Five models in a row; windows of 10, 10, 20, unknown and 30.
    fn table() -> Table {
        let windows = [Some(10), Some(10), Some(20), None, Some(30)];
        let document = serde_json::json!({
            "models": NAMES.iter().zip(windows).map(|(name, window)| {
                let entry = window.map_or(serde_json::json!({}), |w| serde_json::json!({"context_window": w}));
                ((*name).to_owned(), entry)
            }).collect::<serde_json::Map<_, _>>(),
            "tiers": {"SIMPLE": "a", "MEDIUM": "a", "COMPLEX": "a", "REASONING": "a"},
        });
        crate::config::parse(document.to_string().as_bytes())
            .unwrap_or_else(|errors| panic!("{errors}"))
            .table
    }

    fn plan(chain: &[&str]) -> Plan {
        Plan {
            model: "a".to_owned(),
            chain: chain.iter().map(|&name| name.to_owned()).collect(),
            fits: false,
            bound: false,
            stream: 0,
            request: 0,
        }
    }

    fn tried(names: &[&str]) -> Progress {
        let tried: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        Progress {
            attempt: names.len() as u32,
            tried,
            reason: FallbackReason::General,
            twice: vec![],
            open: vec![],
        }
    }

    fn next<'t>(
        table: &'t Table,
        chains: &'t Chains,
        chain: &[&str],
        names: &[&str],
        reason: FallbackReason,
        avoided: &[&str],
    ) -> Option<&'t str> {
        let avoids = |model: &Model| avoided.contains(&model.name.as_str());
        plan(chain).next(table, chains, &tried(names), reason, avoids).map(|model| model.name.as_str())
    }

    #[test]
    fn the_decision_s_chain_in_its_order() {
        let (table, none) = (table(), Chains::default());
        let all = &["b", "c", "e"];
        /// tried, reason, avoided, next
        type Row = (&'static [&'static str], FallbackReason, &'static [&'static str], Option<&'static str>);
        let rows: [Row; 11] = [
            (&["a"], FallbackReason::General, &[], Some("b")),
            (&["a", "b"], FallbackReason::General, &[], Some("c")),
            (&["a", "c"], FallbackReason::General, &[], Some("b")),
            (&["a", "b", "c", "e"], FallbackReason::General, &[], None),
            (&["a"], FallbackReason::General, &["b", "c"], Some("e")),
            (&["a"], FallbackReason::General, &["b", "c", "e"], None),
            (&["a"], FallbackReason::ContextWindow, &[], Some("c")),
            (&["a", "b"], FallbackReason::ContextWindow, &["c"], Some("e")),
            (&["a", "c"], FallbackReason::ContextWindow, &[], Some("e")),
            (&["a", "e"], FallbackReason::ContextWindow, &[], None),
            (&["a"], FallbackReason::ContentPolicy, &[], Some("b")),
        ];
        for (names, reason, avoided, expected) in rows {
            let found = next(&table, &none, all, names, reason, avoided);
            assert_eq!(found, expected, "{names:?} {reason:?} without {avoided:?}");
        }
    }

    #[test]
    fn the_chain_for_any_model_comes_last() {
        let table = table();
        let model = |name: &str| Arc::clone(&table.models[name]);
        let slot = |name: &str| table.models[name].slot;
        let chains = Chains {
            general: BTreeMap::from([(slot("b"), vec![model("c")])]),
            any: BTreeMap::from([(FallbackReason::General, vec![model("e"), model("a")])]),
            ..Chains::default()
        };
        let of = |chain, names: &[&str], reason| next(&table, &chains, chain, names, reason, &[]);
        assert_eq!(of(&[], &["a"], FallbackReason::General), Some("e"), "the client chose");
        assert_eq!(
            of(&["d"], &["a"], FallbackReason::General),
            Some("d"),
            "the decision's chain goes before"
        );
        assert_eq!(of(&["d"], &["a", "d"], FallbackReason::General), Some("e"));
        assert_eq!(of(&["d"], &["a", "d", "e"], FallbackReason::General), None);
        assert_eq!(of(&[], &["b"], FallbackReason::General), Some("c"), "its own chain goes before");
        assert_eq!(of(&[], &["a"], FallbackReason::ContentPolicy), None, "another reason");
        let bound = Plan { bound: true, ..plan(&[]) };
        let avoids = |_: &Model| false;
        assert_eq!(bound.next(&table, &chains, &tried(&["a"]), FallbackReason::General, avoids), None);
    }

    #[test]
    fn windows_that_are_not_known() {
        let (table, none) = (table(), Chains::default());
        let of = |chain: &[&str], names: &[&str]| {
            next(&table, &none, chain, names, FallbackReason::ContextWindow, &[]).map(str::to_owned)
        };
        assert_eq!(of(&["d"], &["a"]), None, "nobody knows that it is larger");
        assert_eq!(of(&["b"], &["a", "d"]).as_deref(), Some("b"), "nobody knows that it is not");
    }

    #[test]
    fn configured_chains_go_before_the_decision_s() {
        let table = table();
        let model = |name: &str| Arc::clone(&table.models[name]);
        let slot = |name: &str| table.models[name].slot;
        let chains = Chains {
            general: BTreeMap::from([
                (slot("a"), vec![model("e"), model("b")]),
                (slot("e"), vec![model("a"), model("d")]),
            ]),
            content_policy: BTreeMap::from([(slot("a"), vec![model("c")])]),
            ..Chains::default()
        };
        let of = |names: &[&str], reason| next(&table, &chains, &["c"], names, reason, &[]);
        assert_eq!(of(&["a"], FallbackReason::General), Some("e"));
        assert_eq!(of(&["a", "e"], FallbackReason::General), Some("d"), "its own chain");
        assert_eq!(of(&["a", "e", "d"], FallbackReason::General), Some("b"), "the first one's again");
        assert_eq!(of(&["a", "e", "d", "b"], FallbackReason::General), None);
        assert_eq!(of(&["a"], FallbackReason::ContentPolicy), Some("c"));
        assert_eq!(
            of(&["a", "e"], FallbackReason::ContentPolicy),
            Some("c"),
            "that of the first, as it has none"
        );
        assert_eq!(of(&["a"], FallbackReason::ContextWindow), Some("c"), "none is configured");
        let bound = Plan { bound: true, ..plan(&["c"]) };
        let next =
            |names: &[&str]| bound.next(&table, &chains, &tried(names), FallbackReason::General, |_| false);
        assert_eq!(next(&["a"]).map(|model| model.name.as_str()), Some("c"), "only what the decision says");
        assert!(next(&["a", "c"]).is_none());
    }

    /// `a` and `b` at one provider, `c` and `e` at another.
    fn two_providers() -> (Table, Chains) {
        let document = serde_json::json!({
            "models": {"a": {"cluster": "one"}, "b": {"cluster": "one"}, "c": {"cluster": "two"},
                       "e": {"cluster": "two"}},
            "tiers": {"SIMPLE": "a", "MEDIUM": "a", "COMPLEX": "a", "REASONING": "a"},
            "fallbacks": {"composite": {"one": ["one", "two", "one", "two"]}},
        });
        let config = crate::config::parse(document.to_string().as_bytes());
        let config = config.unwrap_or_else(|errors| panic!("{errors}"));
        (config.table, config.fallbacks.chains)
    }

    #[test]
    fn an_attempt_goes_to_models_of_the_cluster_that_it_reaches() {
        let (table, chains) = two_providers();
        let of = |chains: &'_ Chains, chain: &[&str], names: &[&str]| {
            next(&table, chains, chain, names, FallbackReason::General, &[]).map(str::to_owned)
        };
        assert_eq!(of(&chains, &["b", "c"], &["a"]).as_deref(), Some("c"), "the second attempt is at two");
        assert_eq!(of(&chains, &["b", "c"], &["a", "c"]).as_deref(), Some("b"), "the third at one again");
        assert_eq!(of(&chains, &["b", "c", "e"], &["a", "c", "b"]).as_deref(), Some("e"));
        assert_eq!(of(&chains, &["b", "c", "e"], &["a", "c", "b", "e"]), None);
        assert_eq!(of(&chains, &["b"], &["a"]), None, "nobody of two");
        let none = Chains::default();
        assert_eq!(of(&none, &["c", "b"], &["a"]).as_deref(), Some("b"), "no composite cluster: only one");
        assert_eq!(of(&none, &["c", "e"], &["a"]), None);
    }

    #[test]
    fn who_is_asked_again_is_of_the_cluster_that_is_reached() {
        let (table, chains) = two_providers();
        let again = |chains: &Chains, names: &[&str]| {
            plan(&[]).again(&table, chains, &tried(names), |_| false).map(|model| model.name.clone())
        };
        assert_eq!(again(&chains, &["a"]), None);
        assert_eq!(again(&chains, &["a", "c"]).as_deref(), Some("a"));
        assert_eq!(again(&chains, &["a", "c", "b"]).as_deref(), Some("c"));
        assert_eq!(again(&Chains::default(), &["a", "b"]).as_deref(), Some("b"));
    }

    #[test]
    fn a_model_is_asked_twice_at_most() {
        let table = table();
        let chains = Chains::default();
        let mut progress = Progress::begun(&table.models["a"]);
        let again = |progress: &Progress, avoided: &str| {
            let found = plan(&[]).again(&table, &chains, progress, |model| model.name == avoided);
            found.map(Arc::clone)
        };
        assert!(again(&progress, "a").is_none(), "it is in cooldown");
        let model = again(&progress, "").unwrap();
        progress.go_on(&model, 2);
        assert_eq!((progress.attempt, progress.tried.len()), (2, 1));
        assert!(again(&progress, "").is_none());
    }

    #[test]
    fn two_models_that_fail_alike_were_asked_something_that_nobody_serves() {
        let open = |model: &str, kind, suspect| Open {
            model: model.to_owned(),
            kind,
            suspect,
            doubtful: false,
            began: 0,
            wait: None,
        };
        let body = |all: &[Open]| {
            let progress = Progress { open: all.to_vec(), ..tried(&["a"]) };
            all.iter().map(|open| progress.is_of_the_body(open)).collect::<Vec<bool>>()
        };
        assert_eq!(body(&[open("a", 0, true)]), [false]);
        let doubtful = Open { doubtful: true, ..open("a", 6, false) };
        assert_eq!(body(&[doubtful]), [true], "the client's key may be what is wrong");
        assert_eq!(body(&[open("a", 0, true), open("b", 0, true)]), [true, true]);
        assert_eq!(body(&[open("a", 0, true), open("a", 0, true)]), [false, false], "one model");
        assert_eq!(body(&[open("a", 0, true), open("b", 1, true)]), [false, false], "in different ways");
        assert_eq!(body(&[open("a", 6, false), open("b", 6, false)]), [false, false], "no body does that");
    }

    #[test]
    fn names_that_are_not_known_are_passed_over() {
        let (table, none) = (table(), Chains::default());
        assert_eq!(next(&table, &none, &["nobody", "b"], &["a"], FallbackReason::General, &[]), Some("b"));
        assert_eq!(next(&table, &none, &["b"], &["nobody"], FallbackReason::General, &[]), None);
        assert_eq!(next(&table, &none, &["b"], &[], FallbackReason::General, &[]), None);
    }
}
