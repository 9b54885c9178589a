//! Mistakes in the tables: models, tiers, profiles, names.

use super::Row;

pub(super) const ROWS: &[Row] = &[
    (
        "benchmark figures on two scales",
        r#"{"models": {"m": {"benchmarks": {"gpqa": 0.92, "other": 0.5}}, "n": {"benchmarks": {"gpqa": 60, "other": 0.25}}}}"#,
        &[(
            "models.m.benchmarks.gpqa",
            "0.92 is a share of 1, and model \"n\" has 60 of 100; give both on one scale, such as 92",
        )],
    ),
    (
        "orders that are none",
        r#"{"models": {"m": {"order": -1}}, "tiers": {"SIMPLE": [{"model": "m", "order": 1.5}], "MEDIUM": "m",
            "COMPLEX": "m", "REASONING": "m"}}"#,
        &[("models.m.order", "-1 is too small"), ("tiers.SIMPLE[0].order", "1.5 is a fraction")],
    ),
    // Groups, and what serves calls that are no conversation.
    (
        "groups that are none",
        r#"{"models": {"m": {}, "n": {}}, "tiers": {"SIMPLE": "m", "MEDIUM": "m", "COMPLEX": "m", "REASONING": "n"},
            "groups": {"a": ["m", "nobody"], "b": [], "c": {"models": ["m", "m"]}, "d": {}, "n": ["m"],
            "smart/auto": ["m"], "auto": ["m"], "m": ["m", "n"], "e": {"models": ["m"], "strategy": "completion"},
            "f": {"models": ["m"], "strategy": "cheapest"}}}"#,
        &[
            ("groups.b", "empty; give at least one item"),
            ("groups.d.models", "missing"),
            ("groups.a[1]", "unknown model \"nobody\""),
            ("groups.auto", "\"auto\" is a profile's name too; rename one of them"),
            ("groups.c.models[1]", "model \"m\" is listed twice"),
            ("groups.e.strategy", "completion needs a judged ask"),
            ("groups.f.strategy", "cheapest needs prices"),
            ("groups.n", "\"n\" is a model's name too"),
            ("groups[\"smart/auto\"]", "is a virtual model's name too"),
        ],
    ),
    (
        "endpoints of nowhere",
        r#"{"groups": {"g": ["gpt-5.4"]}, "endpoints": {"/embedding": "g", "/rerank": "nobody", "/embeddings": "g"}}"#,
        &[
            ("endpoints[\"/embedding\"]", "unknown path \"/embedding\"; did you mean"),
            ("endpoints[\"/rerank\"]", "unknown group or model \"nobody\""),
        ],
    ),
    (
        "hints and policies that are none",
        r#"{"client_hints": {"header": "x-secret", "networks": ["10.0.0.0/40"]}, "tenants": {"policies": {
            "a": {"allow": ["nobody"], "min_tier": "COMPLEX", "max_tier": "MEDIUM", "bias": 4},
            "b": {"daily_budget_usd": -1, "over_budget_tier": "SIMPLE"}, "c": {"over_budget_tier": "SIMPLE"}}}}"#,
        &[
            ("tenants.policies.a.bias", "4 is too large"),
            ("tenants.policies.b.daily_budget_usd", "-1 is too small"),
            ("client_hints.value", "missing; without it any client could send the header"),
            ("client_hints.networks[0]", "\"10.0.0.0/40\" is not a network"),
            ("tenants.header", "missing; name the request header"),
            ("tenants.policies.a.min_tier", "COMPLEX is above `max_tier`"),
            ("tenants.policies.a.allow[0]", "unknown model \"nobody\""),
            ("tenants.policies.b.over_budget_tier", "has no effect without daily_budget_usd"),
            ("tenants.policies.c.over_budget_tier", "has no effect without daily_budget_usd"),
        ],
    ),
    (
        "two chains for one model",
        r#"{"models": {"m": {"aliases": ["n"]}}, "fallbacks": {"content_policy": {"m": ["gpt-5.4"], "n": ["gpt-5.4"]}}}"#,
        &[("fallbacks.content_policy.n", "model \"m\" is listed under two names; keep one of them")],
    ),
    (
        "a composite cluster of clusters that no model has",
        r#"{"models": {"m": {"cluster": "one"}, "n": {"cluster": "two"}}, "fallbacks": {"composite": {"one": ["one", "tow"]}}}"#,
        &[("fallbacks.composite.one[1]", "unknown cluster \"tow\"; clusters of models: litellm, one, two")],
    ),
    (
        "a composite cluster that begins with another",
        r#"{"models": {"m": {"cluster": "one"}, "n": {"cluster": "two"}}, "fallbacks": {"composite": {"one": ["two", "one"]}}}"#,
        &[(
            "fallbacks.composite.one",
            "the first attempt reaches the cluster's own models; begin with \"one\"",
        )],
    ),
    // Structure.
    (
        "unknown key",
        r#"{"modles": {}}"#,
        &[("modles", "unknown key; did you mean mode or models?; known here: ")],
    ),
    ("unknown key far from any", r#"{"zzz": 1}"#, &[("zzz", "unknown key; known here: ")]),
    (
        "unknown key in an entry",
        r#"{"models": {"gpt-5.4": {"contxt_window": 5}}}"#,
        &[("models[\"gpt-5.4\"].contxt_window", "did you mean context_window?")],
    ),
    (
        "wrong type",
        r#"{"models": {"m": {"context_window": "big"}}}"#,
        &[("models.m.context_window", "\"big\" is a string; give a whole number from 1 to 1000000000")],
    ),
    (
        "too small",
        r#"{"models": {"m": {"input_price": -1}}}"#,
        &[("models.m.input_price", "-1 is too small; give a number from 0")],
    ),
    ("null entry", r#"{"models": {"m": null}}"#, &[("models.m", "null is not a value; give an object")]),
    (
        "list for an object",
        r#"{"models": ["gpt-5"]}"#,
        &[("models", "[\"gpt-5\"] is a list; give an object")],
    ),
    (
        "more than all conversations",
        r#"{"profiles": {"eco": {"percent": 101}}}"#,
        &[("profiles.eco.percent", "101 is too large; give a number from 0 to 100")],
    ),
    (
        "a model's name stands for a profile that would replace it",
        r#"{"virtual_models": {"gpt-5.4-mini": "auto"}}"#,
        &[("virtual_models[\"gpt-5.4-mini\"]", "or give profile auto control unchanged")],
    ),
    (
        "unknown scorer",
        r#"{"scorer": "rule"}"#,
        &[("scorer", "unknown value \"rule\"; give calibrated or rules; did you mean rules?")],
    ),
    (
        "boolean as text",
        r#"{"models": {"m": {"tools": "yes"}}}"#,
        &[("models.m.tools", "\"yes\" is a string; give true or false")],
    ),
    (
        "missing tier",
        r#"{"tiers": {"SIMPLE": "gpt-5", "MEDIUM": "gpt-5", "COMPLEX": "gpt-5"}}"#,
        &[("tiers.REASONING", "missing; give a string or an object or a list")],
    ),
    (
        "tier of the wrong type",
        r#"{"tiers": {"SIMPLE": 5, "MEDIUM": "gpt-5", "COMPLEX": "gpt-5", "REASONING": "gpt-5"}}"#,
        &[("tiers.SIMPLE", "5 is a number; give a string or an object or a list")],
    ),
    (
        "empty tier",
        r#"{"tiers": {"SIMPLE": [], "MEDIUM": "gpt-5", "COMPLEX": "gpt-5", "REASONING": "gpt-5"}}"#,
        &[("tiers.SIMPLE", "empty; give at least one item")],
    ),
    (
        "wrong item",
        r#"{"tiers": {"SIMPLE": ["gpt-5", 7], "MEDIUM": "gpt-5", "COMPLEX": "gpt-5", "REASONING": "gpt-5"}}"#,
        &[("tiers.SIMPLE[1]", "7 is a number; give a string")],
    ),
    ("no profiles", r#"{"profiles": {}}"#, &[("profiles", "empty; give at least one entry")]),
    (
        "promotion without keys",
        r#"{"promotions": [{}]}"#,
        &[
            ("promotions[0].name", "missing; give a string"),
            ("promotions[0].profile", "missing; give a string"),
            ("promotions[0].tier", "missing; give SIMPLE, MEDIUM, COMPLEX or REASONING"),
            ("promotions[0].models", "missing; give a string or an object or a list"),
            ("promotions[0].from", "missing"),
            ("promotions[0].until", "missing"),
        ],
    ),
    // References.
    (
        "unknown model",
        r#"{"tiers": {"SIMPLE": "gpt-5.4-nanno", "MEDIUM": "gpt-5", "COMPLEX": "gpt-5", "REASONING": ["gpt-5", "claude-opus"]}}"#,
        &[
            ("tiers.SIMPLE", "unknown model \"gpt-5.4-nanno\"; did you mean gpt-5.4-nano"),
            ("tiers.REASONING[1]", "unknown model \"claude-opus\"; did you mean claude-opus-"),
        ],
    ),
    (
        "unknown default model",
        r#"{"profiles": {"eco": {"default_model": "sonnet-5"}}}"#,
        &[("profiles.eco.default_model", "did you mean claude-sonnet-5?")],
    ),
    (
        "unknown agentic profile",
        r#"{"profiles": {"eco": {"agentic_profile": "auti"}}}"#,
        &[(
            "profiles.eco.agentic_profile",
            "unknown profile \"auti\"; did you mean auto?; defined: auto, eco",
        )],
    ),
    (
        "virtual name of nothing",
        r#"{"virtual_models": {"best": "premium"}}"#,
        &[("virtual_models.best", "unknown profile \"premium\"; defined: auto")],
    ),
    (
        "unknown baseline",
        r#"{"baseline": "nothing-like-it"}"#,
        &[(
            "baseline",
            "unknown model \"nothing-like-it\"; name one of `models` or of the shipped catalogue",
        )],
    ),
    (
        "baseline without price",
        r#"{"models": {"m": {"input_price": 1}}, "baseline": "m"}"#,
        &[("baseline", "the baseline has no price")],
    ),
    (
        "promotion of nothing",
        r#"{"promotions": [{"name": "a", "profile": "eco", "tier": "MEDIUM", "models": "gpt-55", "from": "2026-01-01", "until": "2026-01-02"}]}"#,
        &[
            ("promotions[0].profile", "unknown profile \"eco\""),
            ("promotions[0].models", "unknown model \"gpt-55\"; did you mean gpt-5"),
        ],
    ),
    (
        "profile without a table",
        r#"{"tiers": null, "profiles": {"eco": {}}}"#,
        &[("tiers", "null is not a value")],
    ),
    (
        "candidate listed twice",
        r#"{"tiers": {"SIMPLE": ["gpt-5", "gpt-5"], "MEDIUM": "gpt-5", "COMPLEX": "gpt-5", "REASONING": "gpt-5"}}"#,
        &[("tiers.SIMPLE[1]", "model \"gpt-5\" is listed twice")],
    ),
    (
        "table given twice",
        r#"{"profiles": {"auto": {"tiers": {"SIMPLE": "gpt-5", "MEDIUM": "gpt-5", "COMPLEX": "gpt-5", "REASONING": "gpt-5"}}}}"#,
        &[("profiles.auto.tiers", "also given by the document's `tiers`")],
    ),
    // Names.
    (
        "alias of two",
        r#"{"models": {"a": {"aliases": ["x"]}, "b": {"aliases": ["x"]}}}"#,
        &[("models.b.aliases[0]", "alias \"x\" also belongs to model \"a\"")],
    ),
    (
        "alias of itself",
        r#"{"models": {"a": {"aliases": ["a"]}}}"#,
        &[("models.a.aliases[0]", "the model's own name")],
    ),
    (
        "alias is a model",
        r#"{"models": {"a": {"aliases": ["b"]}, "b": {}}}"#,
        &[("models.a.aliases[0]", "alias \"b\" is a model's name")],
    ),
    (
        "alias is a model in use",
        r#"{"models": {"a": {"aliases": ["gpt-5.4-mini"]}}}"#,
        &[("models.a.aliases[0]", "is a model's name")],
    ),
    (
        "virtual name is a model",
        r#"{"models": {"a": {}}, "virtual_models": {"a": "auto"}}"#,
        &[("virtual_models.a", "a model's name or alias too")],
    ),
    (
        "virtual name is an alias",
        r#"{"models": {"a": {"aliases": ["smart/eco"]}}}"#,
        &[("virtual_models[\"smart/eco\"]", "a model's name or alias too")],
    ),
    ("control character", r#"{"models": {"a\nb": {}}}"#, &[("models[\"a\\nb\"]", "control character")]),
    ("white space", r#"{"virtual_models": {" a": "auto"}}"#, &[("virtual_models[\" a\"]", "white space")]),
    (
        "profile's name",
        r#"{"profiles": {"a/b": {}}}"#,
        &[("profiles[\"a/b\"]", "\"a/b\" is not a profile name; use 1 to 128 letters")],
    ),
    (
        "cluster's name",
        r#"{"models": {"a": {"cluster": "x y"}}}"#,
        &[("models.a.cluster", "not a cluster name")],
    ),
    (
        "empty cluster",
        r#"{"default_cluster": ""}"#,
        &[("default_cluster", "empty; give at least one character")],
    ),
    // Promotions.
    (
        "bad date",
        r#"{"promotions": [{"name": "a", "profile": "auto", "tier": "MEDIUM", "models": "gpt-5", "from": "2026-02-30", "until": "tomorrow"}]}"#,
        &[
            (
                "promotions[0].from",
                "\"2026-02-30\" is not a date; give a date such as 2026-11-01 (midnight UTC) or 2026-11-01T08:00:00+02:00",
            ),
            ("promotions[0].until", "\"tomorrow\" is not a date"),
        ],
    ),
    (
        "before 1970",
        r#"{"promotions": [{"name": "a", "profile": "auto", "tier": "MEDIUM", "models": "gpt-5", "from": "1969-12-31", "until": "2026-01-01"}]}"#,
        &[("promotions[0].from", "before 1970")],
    ),
    (
        "ends as it begins",
        r#"{"promotions": [{"name": "a", "profile": "auto", "tier": "MEDIUM", "models": "gpt-5", "from": "2026-01-01", "until": "2026-01-01"}]}"#,
        &[("promotions[0].until", "\"2026-01-01\" is not after `from`")],
    ),
    (
        "overlap",
        r#"{"promotions": [
        {"name": "a", "profile": "auto", "tier": "MEDIUM", "models": "gpt-5", "from": "2026-01-01", "until": "2026-02-01"},
        {"name": "b", "profile": "auto", "tier": "SIMPLE", "models": "gpt-5", "from": "2026-01-01", "until": "2026-02-01"},
        {"name": "c", "profile": "auto", "tier": "MEDIUM", "models": "gpt-5", "from": "2026-01-31T23:59:59Z", "until": "2026-03-01"}]}"#,
        &[("promotions[2]", "overlaps promotions[0], which also changes MEDIUM of profile \"auto\"")],
    ),
];
