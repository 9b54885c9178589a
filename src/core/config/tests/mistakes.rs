//! Wrong documents: a name, a document, and for each mistake its path and what the message has to say.

use super::*;

type Row = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// Each row's document adds these keys to the minimal one.
const ROWS: &[Row] = &[
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
        "chains for any model",
        r#"{"fallbacks": {"general": {"*": ["nobody"]}, "context_window": {"*": ["gpt-5.4", "gpt-5.4"]}, "next_on": [401, 500]}}"#,
        &[
            ("fallbacks.next_on[1]", "500 is too large"),
            ("fallbacks.general[\"*\"][0]", "unknown model \"nobody\""),
            ("fallbacks.context_window[\"*\"][1]", "listed twice"),
        ],
    ),
    // What the operator decides.
    (
        "rules that are none",
        r#"{"routing_rules": [{"tier": "SIMPLE"}, {"name": "a b", "keywords": ["x"], "tier": "SIMPLE", "model": "gpt-5.4"},
            {"name": "c", "regex": "(", "profiles": ["nope"]}, {"name": "d", "headers": {"X-A": []}, "model": "nobody"},
            {"name": "e", "min_tier": "COMPLEX", "max_tier": "SIMPLE"}, {"name": "f", "regex": "(a{50}){50}", "tier": "HARD"}]}"#,
        &[
            ("routing_rules[5].tier", "unknown value \"HARD\""),
            ("routing_rules[0].name", "missing"),
            ("routing_rules[1].name", "is sent in headers"),
            ("routing_rules[1].keywords[0]", "too short to be useful"),
            ("routing_rules[1]", "the rule decides twice"),
            ("routing_rules[2].profiles[0]", "unknown profile \"nope\""),
            ("routing_rules[2]", "the rule decides nothing"),
            ("routing_rules[2].regex", "\"(\": "),
            ("routing_rules[3].model", "unknown model \"nobody\""),
            ("routing_rules[3].headers.X-A", "has capitals"),
            ("routing_rules[4].min_tier", "COMPLEX is above `max_tier`; give at most SIMPLE"),
            ("routing_rules[5].regex", "size limit"),
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
        "names of response headers",
        r#"{"headers": {"response_names": {"model": "X-Model", "tier": "x-tiergate-cause", "colour": "x"}}}"#,
        &[
            ("headers.response_names.colour", "unknown key"),
            ("headers.response_names.model", "has capitals"),
            ("headers.response_names.cause", "header \"x-tiergate-cause\" is used twice"),
        ],
    ),
    // The upstream's list of models.
    ("a list of nowhere", r#"{"discover": {}}"#, &[("discover.cluster", "missing")]),
    (
        "a list with everything wrong",
        r#"{"discover": {"cluster": "a b", "path": "v1/models", "sizes": [27, 8], "allow": ["a*b"], "block": [""],
            "tiers": {"SIMPLE": ["*x"], "HARD": []}, "headers": {"Host": "x"}, "every_seconds": 0}}"#,
        &[
            ("discover.every_seconds", "0 is too small"),
            ("discover.tiers.HARD", "unknown key"),
            ("discover.cluster", "\"a b\" is not a cluster name"),
            ("discover.path", "begin with `/`"),
            ("discover.headers.Host", "has capitals"),
            ("discover.sizes", "the smaller one first"),
            ("discover.allow[0]", "`*` is allowed only at the end"),
            ("discover.block[0]", "the name is empty"),
            ("discover.tiers.SIMPLE[0]", "`*` is allowed only at the end"),
        ],
    ),
    (
        "a list from where the filter is",
        r#"{"discover": {"cluster": "v"}, "fallbacks": {"enabled": true}}"#,
        &[("discover.list_cluster", "it cannot call itself")],
    ),
    ("one bound", r#"{"discover": {"cluster": "v", "sizes": [8]}}"#, &[("discover.sizes", "1 item")]),
    // Live state and fallbacks.
    (
        "a cooldown that may not be as long as it is",
        r#"{"live": {"cooldown_time": 60, "max_cooldown_time": 30}}"#,
        &[("live.max_cooldown_time", "30 is below `cooldown_time`; give at least 60")],
    ),
    (
        "chains of models that are not known",
        r#"{"fallbacks": {"general": {"gpt-5.4-mni": ["claude-opus-5"], "claude-opus-5": ["nobody"]}}}"#,
        &[
            (
                "fallbacks.general[\"gpt-5.4-mni\"]",
                "unknown model \"gpt-5.4-mni\"; did you mean gpt-5.4-mini",
            ),
            ("fallbacks.general.claude-opus-5[0]", "unknown model \"nobody\""),
        ],
    ),
    (
        "a model in its own chain",
        r#"{"fallbacks": {"context_window": {"claude-opus-5": ["gpt-5.4", "claude-opus-5"]}}}"#,
        &[(
            "fallbacks.context_window.claude-opus-5",
            "model \"claude-opus-5\" is in its own chain; leave it out",
        )],
    ),
    (
        "two chains for one model",
        r#"{"models": {"m": {"aliases": ["n"]}}, "fallbacks": {"content_policy": {"m": ["gpt-5.4"], "n": ["gpt-5.4"]}}}"#,
        &[("fallbacks.content_policy.n", "model \"m\" is listed under two names; keep one of them")],
    ),
    (
        "an empty chain",
        r#"{"fallbacks": {"general": {"gpt-5.4": []}}}"#,
        &[("fallbacks.general[\"gpt-5.4\"]", "empty; give at least one item")],
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
    (
        "a marker that is not known switched off",
        r#"{"conversation": {"markers_off": ["<user_info>", "<userinfo>"]}}"#,
        &[(
            "conversation.markers_off[1]",
            "\"<userinfo>\" is not the beginning of a known block, so it cannot be switched off; did you mean <user_info>",
        )],
    ),
    (
        "a session header with capitals",
        r#"{"session": {"mode": "pinned", "header": "X-Session-Id"}}"#,
        &[("session.header", "\"X-Session-Id\" has capitals; write \"x-session-id\"")],
    ),
    (
        "names that are none of headers",
        r#"{"session": {"headers": ["x-session", ":path", "a b"], "tenant_header": "X-User"}}"#,
        &[
            ("session.headers[1]", "\":path\" is a pseudo header; choose another name"),
            ("session.headers[2]", "\"a b\" is not a header name; use lower-case letters, digits and `-`"),
            ("session.tenant_header", "\"X-User\" has capitals; write \"x-user\""),
        ],
    ),
    (
        "no such mode of sessions",
        r#"{"session": {"mode": "sticky"}}"#,
        &[("session.mode", "unknown value \"sticky\"; give stateless or pinned")],
    ),
    (
        "two who ask other models",
        r#"{"fallbacks": {"enabled": true, "litellm": true}}"#,
        &[(
            "fallbacks.litellm",
            "LiteLLM and Envoy would both retry on other models, one inside the other; keep only this or `enabled`",
        )],
    ),
    (
        "no such position",
        r#"{"position": "upstream"}"#,
        &[("position", "unknown value \"upstream\"; give router or attempt")],
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
        "fraction",
        r#"{"limits": {"max_depth": 12.5}}"#,
        &[("limits.max_depth", "12.5 is a fraction; give a whole number from 8 to 1024")],
    ),
    (
        "too small",
        r#"{"models": {"m": {"input_price": -1}}}"#,
        &[("models.m.input_price", "-1 is too small; give a number from 0")],
    ),
    (
        "too large",
        r#"{"limits": {"max_depth": 100000}}"#,
        &[("limits.max_depth", "100000 is too large; give a whole number from 8 to 1024")],
    ),
    (
        "beyond any integer",
        r#"{"limits": {"max_depth": 1e300}}"#,
        &[("limits.max_depth", "give a whole number from 8 to 1024")],
    ),
    (
        "exclusive",
        r#"{"rules": {"confidence": {"steepness": 0}}}"#,
        &[("rules.confidence.steepness", "0 is too small; give a number above 0 to 1000")],
    ),
    (
        "null",
        r#"{"limits": {"max_depth": null}}"#,
        &[(
            "limits.max_depth",
            "null is not a value; give a whole number from 8 to 1024, or leave the key out",
        )],
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
        "unknown mode and control",
        r#"{"mode": "shadwo", "profiles": {"eco": {"control": "default"}}}"#,
        &[
            ("mode", "did you mean shadow?"),
            ("profiles.eco.control", "unknown value \"default\"; give default_model or unchanged"),
        ],
    ),
    (
        "a model's name stands for a profile that would replace it",
        r#"{"virtual_models": {"gpt-5.4-mini": "auto"}}"#,
        &[("virtual_models[\"gpt-5.4-mini\"]", "or give profile auto control unchanged")],
    ),
    (
        "unknown value",
        r#"{"headers": {"response": "all"}}"#,
        &[("headers.response", "unknown value \"all\"; give none, basic or full")],
    ),
    (
        "unknown scorer",
        r#"{"scorer": "rule"}"#,
        &[("scorer", "unknown value \"rule\"; give calibrated or rules; did you mean rules?")],
    ),
    (
        "weights that are none",
        r#"{"calibrated": {"weights": "tiergate-weights\t2\nfeature\tno_such_feature\t1\t1\t1\t1\t0"}}"#,
        &[("calibrated.weights", "line 2")],
    ),
    (
        "a bias that there is not",
        r#"{"calibrated": {"bias": "cheapest"}}"#,
        &[("calibrated.bias", "did you mean cheap?")],
    ),
    ("a bias of nothing", r#"{"calibrated": {"bias": 0}}"#, &[("calibrated.bias", "0.05")]),
    (
        "tier in small letters",
        r#"{"overrides": {"context_tier": "complex"}}"#,
        &[("overrides.context_tier", "did you mean COMPLEX?")],
    ),
    (
        "boolean as text",
        r#"{"models": {"m": {"tools": "yes"}}}"#,
        &[("models.m.tools", "\"yes\" is a string; give true or false")],
    ),
    (
        "long value is shortened",
        r#"{"limits": {"max_depth": "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggg"}}"#,
        &[("limits.max_depth", "ffffffff… is a string")],
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
    // Numbers of the scorer.
    (
        "boundaries fall",
        r#"{"rules": {"boundaries": {"medium": 0.4}}}"#,
        &[("rules.boundaries.complex", "0.3 is not above `medium`; give more than 0.4")],
    ),
    (
        "boundary out of reach",
        r#"{"rules": {"boundaries": {"reasoning": 0.9}}}"#,
        &[(
            "rules.boundaries.reasoning",
            "REASONING is out of reach from 0.9 on; the weights give scores from -0.100 to 0.765",
        )],
    ),
    (
        "SIMPLE out of reach",
        r#"{"rules": {"boundaries": {"medium": -0.5}}}"#,
        &[("rules.boundaries.medium", "SIMPLE is out of reach")],
    ),
    (
        "steps do not rise",
        r#"{"rules": {"dimensions": {"codePresence": {"steps": [{"at": 2, "value": 0.5}, {"at": 2, "value": 1}]}}}}"#,
        &[("rules.dimensions.codePresence.steps[1].at", "2 is not above the step before; give more than 2")],
    ),
    (
        "step without value",
        r#"{"rules": {"dimensions": {"codePresence": {"steps": [{"at": 2}]}}}}"#,
        &[("rules.dimensions.codePresence.steps[0].value", "missing; give a number from -1 to 1")],
    ),
    (
        "steps of tokenCount",
        r#"{"rules": {"dimensions": {"tokenCount": {"steps": [{"at": 2, "value": 0.5}]}}}}"#,
        &[("rules.dimensions.tokenCount.steps", "rules.token_count")],
    ),
    (
        "unknown dimension",
        r#"{"rules": {"dimensions": {"codepresence": {"weight": 1}}}}"#,
        &[("rules.dimensions.codepresence", "did you mean codePresence?")],
    ),
    (
        "lengths fall",
        r#"{"rules": {"token_count": {"short": 600}}}"#,
        &[("rules.token_count.long", "500 is below `short`; give at least 600")],
    ),
    (
        "keywords of no dimension",
        r#"{"rules": {"keywords": {"code": ["abc"]}}}"#,
        &[("rules.keywords.code", "unknown key; did you mean codePresence?")],
    ),
    (
        "keywords of tokenCount",
        r#"{"rules": {"keywords": {"tokenCount": ["abc"]}}}"#,
        &[("rules.keywords.tokenCount", "unknown key")],
    ),
    (
        "keyword too short",
        r#"{"rules": {"keywords": {"codePresence": ["ab", "x", "*", "関", "c#", "の"]}}}"#,
        &[
            ("rules.keywords.codePresence[1]", "\"x\": too short"),
            ("rules.keywords.codePresence[2]", "too short"),
            ("rules.keywords.codePresence[5]", "too short"),
        ],
    ),
    (
        "star inside",
        r#"{"rules": {"keywords": {"codePresence": ["a*bc"]}}}"#,
        &[("rules.keywords.codePresence[0]", "is allowed only at the end")],
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
    // Headers and paths.
    (
        "capitals",
        r#"{"headers": {"cluster": "X-Cluster"}}"#,
        &[("headers.cluster", "\"X-Cluster\" has capitals; write \"x-cluster\"")],
    ),
    ("pseudo header", r#"{"headers": {"model": ":path"}}"#, &[("headers.model", "pseudo header")]),
    (
        "standard headers",
        r#"{"headers": {"model": "authorization", "tier": "x-envoy-attempt-count", "model_as": ["host"]}}"#,
        &[
            ("headers.model", "\"authorization\" has a meaning of its own"),
            ("headers.tier", "has a meaning of its own"),
            ("headers.model_as[0]", "\"host\" has a meaning of its own"),
        ],
    ),
    (
        "header twice",
        r#"{"headers": {"model_as": ["x-a", "x-tiergate-tier", "x-a"]}}"#,
        &[("headers.model_as[1]", "used twice"), ("headers.model_as[2]", "used twice")],
    ),
    (
        "no header",
        r#"{"headers": {"model": "", "model_as": ["a b"]}}"#,
        &[("headers.model", "is empty"), ("headers.model_as[0]", "is not a header name")],
    ),
    (
        "paths",
        r#"{"paths": {"messages": ["messages"], "gemini": ["/x"], "responses": ["/a?b", "/completions"]}}"#,
        &[
            ("paths.messages[0]", "must begin with `/`"),
            ("paths.gemini[0]", "must begin with `:`"),
            ("paths.responses[0]", "without query"),
            ("paths.responses[1]", "listed twice"),
        ],
    ),
];

#[test]
fn each_is_told_with_its_path_and_nothing_else_is() {
    for (name, more, expected) in ROWS {
        let result = parse(with(more).as_bytes());
        let errors = result.map(|_| ()).expect_err(name);
        let told = errors.to_string();
        for (path, message) in *expected {
            let found = errors.iter().any(|e| e.path() == *path && e.message().contains(message));
            assert!(found, "{name}: expected {path}: {message}\ntold:\n{told}");
        }
        assert_eq!(errors.iter().count(), expected.len(), "{name}: told:\n{told}");
    }
}

#[test]
fn ten_mistakes_are_told_together() {
    let told = errors(
        r#"{
            "defualt_cluster": "x",
            "models": {"a": {"input_price": "cheap", "aliases": ["b"]}, "b": {"vision": 1}, "b": {}},
            "profiles": {
                "auto": {"tiers": {"SIMPLE": ["gpt-5.6-lunar", 3], "MEDIUM": [], "COMPLEX": "a"}, "agentic_profile": "agents"}
            },
            "rules": {"boundaries": {"complex": 0.6}},
            "promotions": [{"name": "p", "profile": "auto", "tier": "HARD", "models": "a", "from": "1.11.2026", "until": "2026-12-01"}],
            "headers": {"model": "Host"}
        }"#,
    );
    let paths: Vec<&str> = told.lines().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(
        paths,
        [
            "defualt_cluster",
            "headers.model",
            "models.a.aliases[0]",
            "models.a.input_price",
            "models.b",
            "models.b.vision",
            "profiles.auto.agentic_profile",
            "profiles.auto.tiers.MEDIUM",
            "profiles.auto.tiers.REASONING",
            "profiles.auto.tiers.SIMPLE[0]",
            "profiles.auto.tiers.SIMPLE[1]",
            "promotions[0].from",
            "promotions[0].tier",
            "rules.boundaries.reasoning",
        ],
        "{told}"
    );
}

#[test]
fn duplicate_keys_are_told_wherever_they_are() {
    let told = errors(
        r#"{"models": {"m": {"tools": true, "tools": false}, "m": {}}, "models": {},
            "promotions": [{"name": "a", "name": "a"}], "x\u0061": 1, "xa": 2}"#,
    );
    for path in [
        "models: the key",
        "models.m: the key",
        "models.m.tools: the key",
        "promotions[0].name: the key",
        "xa: the key",
    ] {
        assert!(told.contains(path), "{path}\n{told}");
    }
}

#[test]
fn a_profile_needs_a_table() {
    let told = errors(r#"{"profiles": {"eco": {}}}"#);
    assert!(told.starts_with("profiles.eco.tiers: missing; give a model for each of SIMPLE"), "{told}");
}

#[test]
fn too_many_models_are_refused() {
    let models: serde_json::Map<String, Value> = (0..257).map(|i| (format!("m{i}"), json!({}))).collect();
    let told = errors(&json!({"models": models}).to_string());
    assert_eq!(told, "models: has 257 entries; give at most 256");
}

#[test]
fn wrong_syntax_is_told_with_line_and_column() {
    for (document, expected) in [
        ("{\n  \"tiers\": }", "line 2 column 12: expected value; the document has to be JSON"),
        ("{\"a\": 1", "line 1 column 7: EOF while parsing an object"),
        ("tiers:\n  SIMPLE: x", "in Envoy's YAML it is a google.protobuf.Struct"),
        ("{} {}", "line 1 column 4: trailing characters"),
        ("{\"a\": \"\u{1}\"}", "line 1 column 8: control character"),
    ] {
        let told = errors(document);
        assert!(told.contains(expected), "{document}\n{told}");
    }
    assert!(errors("[]").starts_with("document: [] is a list; give an object"));
    assert!(parse(b"{\"baseline\": \"\xff\"}").is_err());
}
