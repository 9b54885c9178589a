//! Mistakes outside of the tables: on the wire, in live state, in the scorers.

use super::Row;

pub(super) const ROWS: &[Row] = &[
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
        "names of response headers",
        r#"{"headers": {"response_names": {"model": "X-Model", "tier": "x-tiergate-cause", "colour": "x"}}}"#,
        &[
            ("headers.response_names.colour", "unknown key"),
            ("headers.response_names.model", "has capitals"),
            ("headers.response_names.cause", "header \"x-tiergate-cause\" is used twice"),
        ],
    ),
    // The upstream's list of models.
    ("an opinion of nobody", r#"{"classifier": {}}"#, &[("classifier.model", "missing")]),
    (
        "an opinion that would be judged itself",
        r#"{"classifier": {"model": "smart/auto", "cluster": "c"}}"#,
        &[("classifier.model", "\"smart/auto\" is a virtual model")],
    ),
    (
        "an opinion of an unknown model",
        r#"{"classifier": {"model": "judge"}}"#,
        &[("classifier.model", "no model is called \"judge\"")],
    ),
    (
        "an opinion that comes back",
        r#"{"fallbacks": {"enabled": true}, "classifier": {"model": "auto"}}"#,
        &[("classifier.cluster", "it cannot call itself")],
    ),
    (
        "wrong numbers and names of a classifier",
        r#"{"classifier": {"model": "judge", "cluster": "a b", "path": "v1", "band": 1.5, "max_share": -1, "timeout_ms": 1,
            "remember_seconds": 90000, "allowed_fails": 0, "ask_bytes": 10, "headers": {"Host": "x"},
            "params": {"model": "other", "stream": true}}}"#,
        &[
            ("classifier.allowed_fails", "0 is too small"),
            ("classifier.ask_bytes", "10 is too small"),
            ("classifier.band", "1.5 is too large"),
            ("classifier.max_share", "-1 is too small"),
            ("classifier.remember_seconds", "90000 is too large"),
            ("classifier.timeout_ms", "1 is too small"),
            ("classifier.params.model", "is set by the filter"),
            ("classifier.params.stream", "is set by the filter"),
            ("classifier.cluster", "\"a b\" is not a cluster name"),
            ("classifier.path", "begin with `/`"),
            ("classifier.headers.Host", "has capitals"),
        ],
    ),
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
        "an empty chain",
        r#"{"fallbacks": {"general": {"gpt-5.4": []}}}"#,
        &[("fallbacks.general[\"gpt-5.4\"]", "empty; give at least one item")],
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
        &[("session.mode", "unknown value \"sticky\"; give stateless, pinned or derived")],
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
        &[("position", "unknown value \"upstream\"; give router, attempt or console")],
    ),
    (
        "fraction",
        r#"{"limits": {"max_depth": 12.5}}"#,
        &[("limits.max_depth", "12.5 is a fraction; give a whole number from 8 to 1024")],
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
    (
        "unknown mode and control",
        r#"{"mode": "shadwo", "profiles": {"eco": {"control": "default"}}}"#,
        &[
            ("mode", "did you mean shadow?"),
            ("profiles.eco.control", "unknown value \"default\"; give default_model or unchanged"),
        ],
    ),
    (
        "unknown value",
        r#"{"headers": {"response": "all"}}"#,
        &[("headers.response", "unknown value \"all\"; give none, basic or full")],
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
        "long value is shortened",
        r#"{"limits": {"max_depth": "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggg"}}"#,
        &[("limits.max_depth", "ffffffff… is a string")],
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
        "own dimension: a keyword, an expression, steps and a name",
        r#"{"rules": {"dimensions": {"legal": {"keywords": {"en": ["x"]}, "regex": "("}, "no name": {"regex": "x"},
            "long": {"keywords": ["long"], "steps": [{"at": 3, "value": 1}, {"at": 1, "value": 0}]}}}}"#,
        &[
            ("rules.dimensions.legal.keywords.en[0]", "too short to be useful"),
            ("rules.dimensions.legal.regex", "\"(\""),
            ("rules.dimensions.long.steps[1].at", "1 is not above the step before"),
            ("rules.dimensions[\"no name\"]", "not a name of a dimension"),
        ],
    ),
    (
        "own dimension: of the wrong types",
        r#"{"rules": {"dimensions": {"legal": {"keywords": 3, "weights": 1, "weight": 11}}}}"#,
        &[
            ("rules.dimensions.legal.keywords", "give a list of strings or an object"),
            ("rules.dimensions.legal.weight", "11 is too large"),
            ("rules.dimensions.legal.weights", "did you mean weight?"),
        ],
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
