//! Lists of models: of OpenRouter, of Ollama, and plain ones.

use super::*;

fn openrouter(id: &str, prompt: &str, completion: &str, more: Value) -> Value {
    let mut model = json!({"id": id, "created": 1_700_000_000, "context_length": 200_000,
        "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]},
        "pricing": {"prompt": prompt, "completion": completion, "request": "0"},
        "top_provider": {"max_completion_tokens": 32_000}, "supported_parameters": ["tools", "max_tokens"]});
    let Value::Object(more) = more else { return model };
    model.as_object_mut().expect("an object").extend(more);
    model
}

#[test]
fn openrouters_list_becomes_tiers() {
    let sees = json!({"architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
        "supported_parameters": ["tools", "reasoning"], "top_provider": {"max_completion_tokens": null}});
    let draws =
        json!({"architecture": {"input_modalities": ["text"], "output_modalities": ["text", "image"]}});
    let list = json!({"data": [
        openrouter("vendor/large", "0.000003", "0.000015", sees),
        openrouter("vendor/small", "0.0000001", "0.0000004", json!({})),
        openrouter("vendor/small:free", "0", "0", json!({})),
        openrouter("openrouter/auto", "-1", "-1", json!({})),
        openrouter("vendor/draws", "0.000001", "0.000002", draws),
        openrouter("vendor/unpriced", "0.1", "0.1", json!({"pricing": {}})),
    ]});
    let path = file("openrouter.json", &list.to_string());
    let (document, told, _) = made("openrouter", &["--openrouter", &path]);
    assert_eq!(
        document["tiers"],
        json!({"SIMPLE": ["vendor/small"], "MEDIUM": ["vendor/small"], "COMPLEX": ["vendor/large"], "REASONING": ["vendor/large"]})
    );
    assert_eq!(
        document["models"]["vendor/large"],
        json!({"input_price": 3, "output_price": 15, "context_window": 200_000, "tools": true, "vision": true})
    );
    assert_eq!(document["models"]["vendor/small"]["max_output"], 32_000);
    has(
        &told,
        &[
            "vendor/small:free: free at OpenRouter",
            "openrouter/auto: its price depends on the model",
            "vendor/draws: it makes something other than text",
            "vendor/unpriced: no price in the list",
        ],
    );
    let (document, ..) = made("openrouter-free", &["--openrouter", &path, "--model", "vendor/small:free"]);
    assert_eq!(document["tiers"]["REASONING"], json!(["vendor/small:free"]));
    let said = refused(&["--openrouter", &path, "--model", "vendor/draws", "--model", "nope"], "");
    has(&said, &["vendor/draws cannot be in a tier: it makes", "nope is not in the list"]);
    has(&refused(&["--openrouter", "-"], r#"{"error": {}}"#), &["data: missing"]);
    has(&refused(&["--openrouter", "-"], r#"{"data": []}"#), &["no model is left"]);
    let wrong = r#"{"data": [{"id": "a", "pricing": {"prompt": "cheap", "completion": "0"}}, {"id": 3}]}"#;
    has(&refused(&["--openrouter", "-"], wrong), &["data[0].pricing.prompt: \"cheap\"", "data[1].id: 3"]);
}

#[test]
fn a_whole_range_gives_few_candidates_of_rising_price() {
    // A price for each, all different; every third reasons; those of even number take tools; later ones are newer.
    let models: Vec<Value> = (1..=300)
        .map(|n| {
            let kinds = if n % 3 == 0 { json!(["tools", "reasoning"]) } else { json!(["tools"]) };
            let kinds = if n % 2 == 0 { kinds } else { json!([]) };
            let more = json!({"supported_parameters": kinds, "created": 1_700_000_000 + n});
            openrouter(&format!("v/m{n:03}"), &format!("{}", f64::from(n) * 1e-7), "0.000001", more)
        })
        .collect();
    let pro =
        openrouter("v/pro", "0.0003", "0.0012", json!({"supported_parameters": ["tools", "reasoning"]}));
    let models: Vec<Value> = models.into_iter().chain([pro]).collect();
    let path = file("range.json", &json!({"data": models}).to_string());
    let (document, told, written) = made("range", &["--openrouter", &path]);
    let price = |name: &Value| {
        document["models"][name.as_str().unwrap_or("")]["input_price"].as_f64().expect("a price")
    };
    let mut dearest = 0.0;
    for tier in ["SIMPLE", "MEDIUM", "COMPLEX", "REASONING"] {
        let names = document.pointer(&format!("/tiers/{tier}")).and_then(Value::as_array).expect("names");
        assert!((1..=3).contains(&names.len()), "{tier}: {names:?}");
        for name in names {
            assert!(price(name) > dearest, "{tier}: {name} is no dearer than the tier below");
            assert_eq!(document["models"][name.as_str().unwrap_or("")]["tools"], true, "{name}");
        }
        dearest = names.iter().map(price).fold(0.0, f64::max);
    }
    // The best of the range is there; what costs many times as much is for those who ask for it.
    assert_eq!(dearest, 30.0);
    has(&told, &["v/pro: so much more expensive than the rest"]);
    assert!(!document["tiers"].to_string().contains("v/pro") && written.contains("v/pro"));
    assert_eq!(document["models"].as_object().map(|models| models.len() <= 12), Some(true));
}

#[test]
fn ollamas_list_becomes_tiers_by_size() {
    let list = r#"{"models": [
        {"name": "gemma3:latest", "size": 3338801804, "details": {"family": "gemma3", "families": ["gemma3"], "parameter_size": "4.3B", "quantization_level": "Q4_K_M"}},
        {"name": "llama3.3:70b", "size": 42520413916, "details": {"family": "llama", "parameter_size": "70.6B", "quantization_level": "Q4_K_M"}, "capabilities": ["completion", "tools"]},
        {"name": "mixtral:8x7b", "size": 26443347936, "details": {"family": "llama", "families": null, "parameter_size": "8x7B"}},
        {"name": "smollm:135m", "size": 91739413, "details": {"family": "llama", "parameter_size": "134.52M"}, "capabilities": ["completion", "vision"]},
        {"name": "nomic-embed-text:latest", "size": 274302450, "details": {"family": "nomic-bert", "families": ["nomic-bert"], "parameter_size": "137M"}},
        {"name": "gpt-oss:120b-cloud", "size": 384, "remote_host": "https://ollama.com:443", "details": {"parameter_size": "116.8B"}}]}"#;
    let (document, told, written) = made("ollama", &["--ollama", &file("tags.json", list)]);
    assert_eq!(
        document["tiers"],
        // The largest of a size goes first, one that takes no tools last. Nothing is of MEDIUM's size.
        json!({"SIMPLE": ["gemma3:latest", "smollm:135m"], "MEDIUM": ["mixtral:8x7b", "llama3.3:70b"],
            "COMPLEX": ["llama3.3:70b", "mixtral:8x7b"], "REASONING": ["llama3.3:70b", "mixtral:8x7b"]})
    );
    assert_eq!(document["baseline"], "llama3.3:70b");
    let llama = json!({"input_price": 0, "output_price": 0, "tools": true, "vision": false});
    assert_eq!(document["models"]["llama3.3:70b"], llama);
    assert_eq!(document["models"]["smollm:135m"]["tools"], false);
    has(&told, &["nomic-embed-text:latest: it makes embeddings", "gpt-oss:120b-cloud: it runs elsewhere"]);
    has(&written, &["4.3B Q4_K_M", "70.6B Q4_K_M", "# 70B parameters; tools"]);
    has(
        &refused(
            &["--ollama", "-"],
            r#"{"models": [{"size": 3}, {"name": "a", "details": 7, "size": "x"}]}"#,
        ),
        &["models[0].name: missing", "models[1].size: \"x\""],
    );
}

#[test]
fn envoys_parts_are_written_and_told() {
    let path = file("parts.yaml", "");
    let (document, _, written) = litellm(
        "envoy",
        LITELLM,
        &["--envoy", &path, "--cluster", "models", "--upstream", "litellm.internal:4001"],
    );
    let parts: Value = yaml_serde::from_str(&std::fs::read_to_string(&path).expect("a file")).expect("YAML");
    let config = &parts["http_filters"][0]["typed_config"]["config"];
    assert_eq!(config["configuration"]["value"], document);
    assert_eq!(config["allow_on_headers_stop_iteration"], true);
    assert_eq!(document["default_cluster"], "models");
    let cluster = &parts["clusters"][0];
    assert_eq!((&cluster["name"], &cluster["type"]), (&json!("models"), &json!("STRICT_DNS")));
    let address = "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address";
    assert_eq!(cluster.pointer(address), Some(&json!({"address": "litellm.internal", "port_value": 4001})));
    assert_eq!(parts["virtual_hosts"][0]["routes"][0]["route"]["cluster_header"], "x-tiergate-cluster");
    // What stands in comments is the same.
    let from = written.lines().skip_while(|line| *line != "# routes:");
    let commented: Vec<&str> = from.filter_map(|line| line.strip_prefix("# ")).collect();
    let told: Value = yaml_serde::from_str(&commented.join("\n")).expect("YAML");
    assert_eq!(
        (&told["clusters"], &told["routes"]),
        (&parts["clusters"], &parts["virtual_hosts"][0]["routes"])
    );
}

#[test]
fn a_configuration_may_be_yaml_for_every_command() {
    let good = file(
        "own.yml",
        "tiers: {SIMPLE: gpt-5-nano, MEDIUM: gpt-5-mini, COMPLEX: gpt-5, REASONING: gpt-5.4}\n",
    );
    let said = text(&tiergate(&["explain", "--config", &good, "Hello!"], "").stdout);
    has(&said, &["gpt-5-nano"]);
    for (content, part) in [
        ("tiers: {SIMPLE: 4}\n", "tiers.SIMPLE"),
        ("filter_state: true\nfilter_state: true\n", "duplicate"),
        ("a: [\n", "line"),
    ] {
        let done = tiergate(&["check", &file("bad.yaml", content)], "");
        assert_eq!(done.status.code(), Some(1));
        has(&text(&done.stderr), &["bad.yaml", part]);
    }
}

fn tier(document: &Value, tier: &str) -> Vec<String> {
    let names = document.pointer(&format!("/tiers/{tier}")).and_then(Value::as_array).expect("names");
    names.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[test]
fn a_plain_list_becomes_tiers_by_the_sizes_in_its_names() {
    let list = json!({"object": "list", "data": [
        {"id": "tiny-3b", "owned_by": "vllm"}, {"id": "small-8b-instruct", "owned_by": "vllm", "max_model_len": 32768},
        {"id": "writer-coder-7b", "owned_by": "vllm"}, {"id": "middle-14b-awq", "owned_by": "vllm"},
        {"id": "wide-30b-a3b", "owned_by": "vllm"}, {"id": "deep-70b-thinking", "owned_by": "vllm"},
        {"id": "whisper-large", "owned_by": "vllm"}, {"id": "some-ocr", "owned_by": "vllm"}, {"id": "bge-m3", "owned_by": "vllm"},
        {"id": "who-knows", "owned_by": "vllm"}]});
    let path = file("plain.json", &list.to_string());
    let (document, told, written) = made("plain", &["--models", &path]);
    assert_eq!(tier(&document, "SIMPLE"), ["small-8b-instruct", "tiny-3b", "writer-coder-7b"]);
    assert_eq!(tier(&document, "MEDIUM"), ["middle-14b-awq"]);
    assert_eq!(tier(&document, "REASONING")[0], "deep-70b-thinking");
    assert_eq!(tier(&document, "COMPLEX"), ["deep-70b-thinking", "wide-30b-a3b"]);
    assert_eq!(document["models"]["writer-coder-7b"]["coder"], true);
    assert_eq!(
        document["models"]["small-8b-instruct"],
        json!({"input_price": 0, "output_price": 0, "context_window": 32768})
    );
    assert_eq!(document["default_cluster"], "llm");
    has(
        &told,
        &[
            "whisper-large: it hears",
            "some-ocr: it reads",
            "bge-m3: it makes embeddings",
            "who-knows: its size is unknown",
        ],
    );
    has(&written, &["30B parameters, 3B active"]);
    // Bounds of one's own; and what the user names stays, whatever its name looks like.
    let (document, ..) = made("plain-sizes", &["--models", &path, "--sizes", "3,8"]);
    assert_eq!(
        (tier(&document, "SIMPLE"), tier(&document, "MEDIUM")),
        (vec!["tiny-3b".to_owned()], vec!["small-8b-instruct".to_owned(), "writer-coder-7b".to_owned()])
    );
    let (document, ..) =
        made("plain-named", &["--models", &path, "--model", "some-ocr", "--model", "who-knows"]);
    assert_eq!(
        (tier(&document, "SIMPLE"), tier(&document, "REASONING")),
        (vec!["some-ocr".to_owned()], vec!["who-knows".to_owned()])
    );
    for wrong in ["8", "27,8", "0,3", "a,b"] {
        has(&refused(&["--models", &path, "--sizes", wrong], ""), &["two numbers above 0"]);
    }
    // The same list under the other servers' names.
    assert_eq!(
        made("plain-router", &["--openrouter", &path]).0["tiers"],
        made("plain-again", &["--models", &path]).0["tiers"]
    );
}

#[test]
fn a_list_without_prices_of_known_models_has_the_catalogues() {
    let list = r#"{"data": [{"id": "gpt-5.4", "owned_by": "openai"}, {"id": "gpt-5.4-nano", "owned_by": "openai"},
        {"id": "text-embedding-3-small", "owned_by": "openai"}, {"id": "gpt-realtime", "owned_by": "system"}]}"#;
    let (document, told, written) = made("known", &["--models", &file("known.json", list)]);
    assert_eq!(
        (tier(&document, "SIMPLE"), tier(&document, "REASONING")),
        (vec!["gpt-5.4-nano".to_owned()], vec!["gpt-5.4".to_owned()])
    );
    has(&written, &["prices of tiergate's catalogue for gpt-5.4-nano"]);
    has(&told, &["text-embedding-3-small: it makes embeddings", "gpt-realtime: it hears or speaks"]);
}

#[test]
fn a_providers_own_list_finds_its_prices_under_the_providers_name() {
    let price = |made: &(Value, String, String), name: &str| {
        let entry = made.0["models"][name].clone();
        assert_ne!(entry["input_price"], Value::Null, "{name}: {entry} {}", made.1);
        entry["input_price"].as_f64().expect("a price")
    };
    let google = r#"{"models": [{"name": "models/gemini-3.7-flash", "supportedGenerationMethods": ["generateContent"]}]}"#;
    let google = made("google", &["--models", &file("google.json", google)]);
    assert_eq!(price(&google, "models/gemini-3.7-flash"), 0.75);
    assert_eq!(google.0["models"]["models/gemini-3.7-flash"]["family"], "gemini");
    let each = |name: &str| {
        format!(
            r#"{{"{name}": {{"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6, "mode": "chat"}}"#
        )
    };
    let costs = [
        &each("azure/m-large"),
        &each("mistral/m-large").replace("1e-6", "3e-6"),
        &each("groq/l-70b"),
        &each("x/twice"),
        &each("y/twice"),
    ];
    let costs = costs.map(|one| one.trim_start_matches('{').to_owned()).join(",");
    let costs = file("providers-costs.json", &format!("{{{costs}}}"));
    let list = r#"{"data": [{"id": "m-large", "owned_by": "mistralai"}, {"id": "l-70b", "owned_by": "Meta"},
        {"id": "twice", "owned_by": "somebody"}]}"#;
    let list = made("providers", &["--models", &file("providers.json", list), "--cost-map", &costs]);
    assert_eq!((price(&list, "m-large"), price(&list, "l-70b")), (3.0, 1.0));
    has(&list.1, &["twice: no price"]);
    has(&list.2, &["prices of the cost map for mistral/m-large", "prices of the cost map for groq/l-70b"]);
}

#[test]
fn models_on_servers_of_ones_own_cost_nothing() {
    let own = |name: &str, model: &str, base: &str| {
        format!("- {{model_name: {name}, litellm_params: {{model: {model}, api_base: \"{base}\"}}}}\n")
    };
    let list = [
        "model_list:\n",
        &own("mini", "hosted_vllm/vendor-1.5b", "http://a:8000/v1"),
        &own("hull", "openai/vendor-32b-instruct", "http://10.0.0.7:8000/v1"),
        &own("mid", "ollama_chat/vendor:14b", "http://ollama:11434"),
        &own("ears", "openai/faster-whisper-large", "http://10.0.0.8/v1"),
        &own("away", "openai/vendor-9b", "https://api.example.com/v1"),
    ]
    .concat();
    let (document, told, written) = litellm("own", &list, &[]);
    assert_eq!(
        (tier(&document, "SIMPLE"), tier(&document, "MEDIUM")),
        (vec!["mini".to_owned()], vec!["mid".to_owned(), "away".to_owned()])
    );
    assert_eq!(tier(&document, "REASONING"), ["hull"]);
    assert_eq!(document["models"]["hull"], json!({"input_price": 0, "output_price": 0}));
    assert_eq!(document["models"]["away"], json!({}));
    assert_eq!(document["baseline"], "hull");
    has(&told, &["ears: it hears or speaks"]);
    has(&written, &["hosted_vllm/vendor-1.5b; on a self-hosted server", "at a private address"]);
    // Beside priced ones they are the cheapest, the smaller one first.
    let list = format!("{list}{}", one("dear", "openai/big"));
    let (document, told, _) = litellm("own-and-dear", &list, &[]);
    assert_eq!(
        (tier(&document, "SIMPLE"), tier(&document, "REASONING")),
        (vec!["mini".to_owned()], vec!["dear".to_owned()])
    );
    has(&told, &["away: no price: the cost map does not know openai/vendor-9b"]);
    // Nothing at all is known: the user's order.
    let list = format!("model_list:\n{}{}", one("strong", "vendor/x"), one("weak", "vendor/y"));
    let config = file("nothing-known.yaml", &list);
    has(&refused(&["--litellm", &config], ""), &["no model is left", "--model, the weakest first"]);
    let (document, _, written) = litellm("ordered", &list, &["--model", "weak", "--model", "strong"]);
    assert_eq!(
        (tier(&document, "SIMPLE"), tier(&document, "REASONING")),
        (vec!["weak".to_owned()], vec!["strong".to_owned()])
    );
    assert!(document["baseline"].is_null());
    has(&written, &["No savings are counted"]);
}

#[test]
fn the_dearest_of_many_is_found_in_reasoning() {
    let many: String = (1..=20)
        .map(|n| {
            format!("- {{model_name: m{n:02}, litellm_params: {{model: x/{n}, input_cost_per_token: {n}e-7, output_cost_per_token: {n}e-7}}}}\n")
        })
        .collect();
    let (document, ..) = litellm("dearest", &format!("model_list:\n{many}"), &[]);
    assert_eq!(
        (tier(&document, "SIMPLE")[0].as_str(), tier(&document, "REASONING")[0].as_str()),
        ("m01", "m20")
    );
}

#[test]
fn windows_of_ollamas_list_are_read() {
    let list = r#"{"models": [
        {"name": "short:9b", "details": {"parameter_size": "9.2B", "context_length": 8192}, "capabilities": ["completion"]},
        {"name": "long:3b", "details": {"parameter_size": "3.2B"}, "model_info": {"llama.context_length": 131072}, "capabilities": ["completion", "tools"]}]}"#;
    let (document, told, _) = made("windows", &["--ollama", &file("windows.json", list)]);
    assert_eq!(
        (&document["models"]["short:9b"]["context_window"], &document["models"]["long:3b"]["context_window"]),
        (&json!(8192), &json!(131_072))
    );
    has(&told, &["num_ctx"]);
    let show = r##"{"modelfile": "# FROM alone:7b\nFROM /x", "details": {"parameter_size": "7.6B"}, "capabilities": ["completion"], "parameters": "num_ctx 4096"}"##;
    let (document, ..) = made("show", &["--ollama", &file("show.json", show)]);
    assert_eq!(
        (tier(&document, "MEDIUM"), &document["models"]["alone:7b"]["context_window"]),
        (vec!["alone:7b".to_owned()], &json!(4096))
    );
}
