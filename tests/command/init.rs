//! `tiergate init`: the file that a user has in, a document that the filter takes out.

use serde_json::{Value, json};

use super::{file, text, tiergate};

const COSTS: &str = r#"{
    "sample_spec": {"input_cost_per_token": 0.0, "max_input_tokens": "most input tokens", "mode": "one of: chat, embedding"},
    "tiny": {"input_cost_per_token": 1e-07, "output_cost_per_token": 4e-07, "max_input_tokens": 128000, "max_output_tokens": 8192,
             "mode": "chat", "supports_function_calling": true},
    "azure/mid": {"input_cost_per_token": 1e-06, "output_cost_per_token": 4e-06, "max_input_tokens": 200000, "mode": "chat",
                  "supports_function_calling": true, "supports_vision": true},
    "mid": {"input_cost_per_token": 8e-07, "output_cost_per_token": 3e-06, "max_input_tokens": 100000, "mode": "chat",
            "supports_function_calling": true},
    "big": {"input_cost_per_token": 3e-06, "output_cost_per_token": 1.5e-05, "max_input_tokens": 1000000, "mode": "responses",
            "supports_function_calling": true, "supports_vision": true, "supports_reasoning": true},
    "old-and-dear": {"input_cost_per_token": 3e-05, "output_cost_per_token": 6e-05, "max_input_tokens": 8192, "mode": "chat"},
    "vectors": {"input_cost_per_token": 2e-08, "output_cost_per_token": 0, "mode": "embedding"},
    "drawing": {"input_cost_per_token": 5e-06, "output_cost_per_token": 4e-05, "mode": "image_generation"},
    "ranking": {"input_cost_per_token": 0, "output_cost_per_token": 0, "mode": "rerank"},
    "speech": {"input_cost_per_token": 0, "output_cost_per_token": 0, "mode": "audio_transcription"}
}"#;

const LITELLM: &str = r#"
model_list:
- model_name: quick
  litellm_params: &shared {model: openai/tiny, api_key: os.environ/OPENAI_API_KEY}
- model_name: worker
  litellm_params: {model: azure/our-deployment, api_base: os.environ/AZURE_API_BASE}
  model_info: {base_model: azure/mid}
- model_name: worker
  litellm_params: {model: openai/mid}
- model_name: thinker
  litellm_params: {<<: *shared, model: vendor/BIG}
  model_info: {max_input_tokens: 500000, supports_vision: no}
- model_name: antique
  litellm_params: {model: openai/old-and-dear}
- model_name: house
  litellm_params: {model: hosted_vllm/ours, api_base: "http://vllm:8000"}
  model_info: {input_cost_per_token: 1e-7, output_cost_per_token: 2e-7, max_input_tokens: 32768, mode: chat}
- model_name: mystery
  litellm_params: {model: vendor/unknown}
- model_name: secret
  litellm_params: {model: os.environ/MODEL}
- {model_name: vectors, litellm_params: {model: openai/vectors}}
- {model_name: drawing, litellm_params: {model: openai/drawing}}
- {model_name: ranking, litellm_params: {model: cohere/ranking}}
- {model_name: speech, litellm_params: {model: openai/speech}}
- {model_name: chooser, litellm_params: {model: auto_router/complexity_router}}
- {model_name: smart/auto, litellm_params: {model: openai/tiny}}
- {model_name: "openai/*", litellm_params: {model: "openai/*"}}
router_settings:
  model_group_alias: {gpt-4: thinker, "our worker": {model: worker, hidden: true}, lost: nobody}
  fallbacks: [{thinker: [worker]}, {worker: [nobody]}]
litellm_settings:
  context_window_fallbacks: [{quick: [thinker]}]
"#;

/// The document, what was told beside it, and that the filter takes it.
fn made(name: &str, arguments: &[&str]) -> (Value, String, String) {
    let done = tiergate(&[&["init"], arguments].concat(), "");
    let told = text(&done.stderr);
    assert!(done.status.success(), "{told}");
    let written = text(&done.stdout);
    let path = file(&format!("{name}.yaml"), &written);
    let checked = tiergate(&["check", &path], "");
    assert!(checked.status.success(), "{}\n{written}", text(&checked.stderr));
    (yaml_serde::from_str(&written).expect("YAML"), told, written)
}

fn refused(arguments: &[&str], stdin: &str) -> String {
    let done = tiergate(&[&["init"], arguments].concat(), stdin);
    assert!(!done.status.success() && done.stdout.is_empty(), "{}", text(&done.stdout));
    text(&done.stderr)
}

fn litellm(name: &str, config: &str, more: &[&str]) -> (Value, String, String) {
    let (config, costs) =
        (file(&format!("{name}-litellm.yaml"), config), file(&format!("{name}-costs.json"), COSTS));
    made(name, &[&["--litellm", &config, "--cost-map", &costs], more].concat())
}

fn one(name: &str, model: &str) -> String {
    format!("- {{model_name: {name}, litellm_params: {{model: {model}}}}}\n")
}

fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part} in:\n{text}");
    }
}

#[test]
fn litellm_names_become_tiers_by_price_and_ability() {
    let (document, _, written) = litellm("whole", LITELLM, &[]);
    assert_eq!(
        document["tiers"],
        // The dearest does not reason, so a proof goes to the one that does; the antique stays as a last resort. The
        // worker stands as near to MEDIUM as to COMPLEX, and is the lower one's.
        json!({"SIMPLE": ["house"], "MEDIUM": ["quick", "worker"], "COMPLEX": ["thinker"],
            "REASONING": ["thinker", "antique"]}),
    );
    assert_eq!(document["default_cluster"], "litellm");
    assert_eq!(document["baseline"], "thinker");
    assert_eq!(
        document["models"]["quick"],
        json!({"input_price": 0.1, "output_price": 0.4, "context_window": 128000, "max_output": 8192, "tools": true, "vision": false})
    );
    for tier in document["tiers"].as_object().expect("tiers").values() {
        for name in tier.as_array().expect("names").iter().filter_map(Value::as_str) {
            let line = written.lines().position(|line| line.trim() == format!("- {name}")).expect("its line");
            let before = written.lines().nth(line - 1).unwrap_or_default();
            assert!(before.contains("# ") && before.contains("USD/M"), "no reason for {name}: {before}");
        }
    }
}

#[test]
fn model_info_goes_before_the_cost_map() {
    let (document, _, written) = litellm("info", LITELLM, &[]);
    let thinker = &document["models"]["thinker"];
    assert_eq!((&thinker["context_window"], &thinker["vision"]), (&json!(500_000), &json!(false)));
    assert_eq!((&thinker["input_price"], &thinker["output_price"]), (&json!(3), &json!(15)));
    assert_eq!(
        document["models"]["house"],
        json!({"input_price": 0.1, "output_price": 0.2, "context_window": 32768})
    );
    has(&written, &["hosted_vllm/ours; prices of model_info", "vendor/BIG; prices of the cost map for big"]);
}

#[test]
fn several_deployments_of_a_name_are_one_careful_model() {
    let (document, _, written) = litellm("several", LITELLM, &[]);
    let worker = &document["models"]["worker"];
    assert_eq!((&worker["input_price"], &worker["output_price"]), (&json!(1), &json!(4)));
    assert_eq!((&worker["context_window"], &worker["vision"]), (&json!(100_000), &json!(false)));
    has(&written, &["azure/our-deployment; prices of the cost map for azure/mid", "2 deployments"]);
}

#[test]
fn aliases_and_fallbacks_are_kept_or_told() {
    let (document, told, written) = litellm("aliases", LITELLM, &[]);
    assert_eq!(document["models"]["thinker"]["aliases"], json!(["gpt-4"]));
    assert_eq!(document["models"]["worker"]["aliases"], json!(["our worker"]));
    has(
        &written,
        &[
            "LiteLLM falls back to worker (fallbacks)",
            "LiteLLM falls back to thinker (context_window_fallbacks)",
        ],
    );
    for said in [&told, &written] {
        has(
            said,
            &["model_group_alias.lost: lost is left out", "fallbacks[1].worker: nobody is not a model_name"],
        );
    }
}

#[test]
fn what_is_left_out_is_told_with_its_reason() {
    let (document, told, written) = litellm("left-out", LITELLM, &[]);
    for said in [&told, &written] {
        has(
            said,
            &[
                "vectors: its mode is embedding",
                "drawing: its mode is image_generation",
                "ranking: its mode is rerank",
                "speech: its mode is audio_transcription",
                "chooser: auto_router/complexity_router is a router",
                "smart/auto: names that begin with smart/",
                "openai/*: a wildcard",
                "mystery: no price: the cost map does not know vendor/unknown; give model_list[6].model_info",
                "secret: no price: os.environ/MODEL is known to LiteLLM only",
            ],
        );
    }
    // A model without a price is one that clients may ask for, but none that the router may choose.
    assert_eq!(document["models"]["mystery"], json!({}));
    assert!(!document["tiers"].to_string().contains("mystery"));
    assert!(document["models"]["vectors"].is_null());
}

#[test]
fn a_model_may_be_named_that_a_wildcard_serves() {
    let named = ["--model", "openai/big", "--model", "quick"];
    let (document, told, _) = litellm("wildcard", LITELLM, &named);
    assert_eq!(
        document["tiers"],
        json!({"SIMPLE": ["quick"], "MEDIUM": ["quick"], "COMPLEX": ["openai/big"], "REASONING": ["openai/big"]})
    );
    assert_eq!(document["models"]["openai/big"]["context_window"], 1_000_000);
    has(&told, &["worker, thinker, antique, house", "not named with --model"]);
    let config = file("wildcard-litellm.yaml", LITELLM);
    let said = refused(&["--litellm", &config, "--model", "vertex/big", "--model", "gone"], "");
    has(
        &said,
        &[
            "--model: vertex/big is not a model_name and fits no wildcard",
            "--model: gone is no",
            "quick, worker",
        ],
    );
    let costs = file("only-costs.json", COSTS);
    let only = "model_list: [{model_name: '*', litellm_params: {model: 'openai/*'}}]";
    let said = refused(&["--litellm", "-", "--cost-map", &costs], only);
    has(&said, &["no model is left for the tiers", "--model NAME"]);
    let (document, ..) = litellm("only", only, &["--model", "tiny"]);
    assert_eq!(document["models"]["tiny"]["input_price"], 0.1);
}

#[test]
fn few_models_serve_all_tiers() {
    let first = |document: &Value| {
        ["SIMPLE", "MEDIUM", "COMPLEX", "REASONING"].map(|t| document["tiers"][t][0].clone())
    };
    let list = format!("model_list:\n{}", one("a", "tiny"));
    assert_eq!(first(&litellm("few-1", &list, &[]).0), ["a", "a", "a", "a"]);
    let list = format!("{list}{}", one("c", "big"));
    assert_eq!(first(&litellm("few-2", &list, &[]).0), ["a", "a", "c", "c"]);
    let list = format!("{list}{}", one("b", "mid"));
    assert_eq!(first(&litellm("few-3", &list, &[]).0), ["a", "b", "b", "c"]);
    let list = format!("{list}{}", one("d", "old-and-dear"));
    assert_eq!(first(&litellm("few-4", &list, &[]).0), ["a", "b", "c", "c"]);
}

#[test]
fn one_that_costs_many_times_the_next_only_stands_in() {
    let cheap: String = ["tiny", "mid", "big"].iter().map(|model| one(model, model)).collect();
    let priced = |price: &str| {
        format!(
            "model_list:\n{cheap}- {{model_name: pro, litellm_params: {{model: x}}, model_info: {{input_cost_per_token: {price}, \
             output_cost_per_token: {price}, supports_function_calling: true, supports_reasoning: true}}}}\n"
        )
    };
    // The next one costs 6 USD/M.
    let (document, _, written) = litellm("apart", &priced("0.00005"), &[]);
    assert_eq!(document["tiers"]["REASONING"], json!(["big", "pro"]));
    assert_eq!(document["baseline"], "big");
    has(&written, &["so much more expensive than the next"]);
    assert_eq!(litellm("near", &priced("0.00004"), &[]).0["tiers"]["REASONING"], json!(["pro"]));
}

#[test]
fn what_its_provider_has_ended_is_in_no_tier() {
    let ends = |name: &str, day: &str| {
        format!(
            "- {{model_name: {name}, litellm_params: {{model: tiny}}, model_info: {{deprecation_date: {day}}}}}\n"
        )
    };
    let list = [
        "model_list:\n",
        &ends("gone", "2020-01-31"),
        &ends("leaving", "2120-01-31"),
        &ends("half", "2020-01-31"),
        &one("half", "tiny"),
    ]
    .concat();
    let (document, told, written) = litellm("ended", &list, &[]);
    assert!(!document["tiers"].to_string().contains("gone") && document["models"]["gone"].is_object());
    assert!(document["tiers"].to_string().contains("half"), "one deployment of it goes on");
    has(&told, &["gone: its provider ended it on 2020-01-31"]);
    has(&written, &["its provider ends tiny on 2120-01-31"]);
    let (document, ..) = litellm("ended-named", &list, &["--model", "gone"]);
    assert_eq!(document["tiers"]["SIMPLE"], json!(["gone"]));
}

#[test]
fn without_a_cost_map_the_catalogue_serves_and_where_the_map_is_is_told() {
    let list = format!("model_list:\n{}{}", one("fast", "openai/gpt-5.4-nano"), one("own", "openai/ours"));
    let (document, told, written) = made("catalogue", &["--litellm", &file("catalogue-litellm.yaml", &list)]);
    assert_eq!(document["tiers"]["REASONING"], json!(["fast"]));
    has(&written, &["openai/gpt-5.4-nano; prices of tiergate's catalogue for gpt-5.4-nano"]);
    has(&told, &["own: no price", "--cost-map FILE", "model_prices_and_context_window_backup.json"]);
    let none = format!("model_list:\n{}", one("own", "openai/ours"));
    has(&refused(&["--litellm", "-"], &none), &["no model is left", "--cost-map FILE"]);
}

#[test]
fn every_mistake_is_told_with_its_path() {
    let config = r#"
model_list:
- {model_name: 4, litellm_params: {model: x}}
- {model_name: a}
- 5
- model_name: b
  litellm_params: {model: tiny, input_cost_per_token: [1]}
  model_info: {output_cost_per_token: -1, supports_vision: maybe, max_input_tokens: 1.5}
- {model_name: "", litellm_params: {api_key: k}}
router_settings: {model_group_alias: {x: 3}, fallbacks: [{b: tiny}]}
"#;
    let said = refused(&["--litellm", "-"], config);
    has(
        &said,
        &[
            "standard input:",
            "model_list[0].model_name: 4 is not a string",
            "model_list[1].litellm_params: missing",
            "model_list[2]: 5 is not",
            "model_list[3].litellm_params.input_cost_per_token: a list is not",
            "model_list[3].model_info.output_cost_per_token: -1 is not",
            "model_list[3].model_info.supports_vision: \"maybe\" is not",
            "model_list[3].model_info.max_input_tokens: 1.5 is not",
            "model_list[4].litellm_params.model: missing",
            "router_settings.model_group_alias.x: 3 is not",
            "router_settings.fallbacks[0].b: \"tiny\" is not a list",
        ],
    );
    for (config, part) in [
        ("x: [", "standard input:"),
        ("a: 1\na: 2", "duplicate"),
        ("- x", "document: a list is not"),
        ("general_settings: {}", "model_list: missing"),
        ("model_list: {}", "model_list: an object is not a list"),
    ] {
        has(&refused(&["--litellm", "-"], config), &[part]);
    }
    let list = file("mistakes-litellm.yaml", &format!("model_list:\n{}", one("a", "tiny")));
    has(
        &refused(&["--litellm", &list, "--cost-map", "/nowhere"], ""),
        &["/nowhere", "model_prices_and_context_window"],
    );
    has(
        &refused(&["--litellm", &list, "--cost-map", &file("no-map.json", "[]")], ""),
        &["no-map.json: no cost map"],
    );
    has(&refused(&["--litellm", &list, "--upstream", "localhost"], ""), &["--upstream", "HOST:PORT"]);
    has(&refused(&[], ""), &["--litellm"]);
    has(&refused(&["--litellm", &list, "--ollama", &list], ""), &["cannot be used with"]);
}

#[test]
fn any_name_stays_the_name_it_is() {
    let names = ["yes", "1.5", "a: b # c", "it's \"quoted\" \\", "ü/模型", "- x", "{x}", "gpt:free", "null"];
    let list: String = names
        .iter()
        .map(|name| format!("- {{model_name: {}, litellm_params: {{model: tiny}}}}\n", Value::from(*name)))
        .collect();
    let (document, ..) = litellm("names", &format!("model_list:\n{list}"), &[]);
    let mut found: Vec<&str> =
        document["models"].as_object().expect("models").keys().map(String::as_str).collect();
    let mut wanted = names;
    found.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(found, wanted);
    let costs = file("line-costs.json", COSTS);
    let line = r#"model_list: [{model_name: "x\ndefault_cluster: evil", litellm_params: {model: tiny}}]"#;
    has(&refused(&["--litellm", "-", "--cost-map", &costs], line), &["control character"]);
    let remark = r#"model_list: [{model_name: x, litellm_params: {model: "tiny\nbaseline: evil"}, model_info: {base_model: tiny}}]"#;
    assert_eq!(litellm("remark", remark, &[]).0["baseline"], "x");
}

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
fn what_litellm_includes_and_takes_from_the_environment_is_read() {
    file(
        "include-models.yaml",
        "include: [include-more.yaml]\nmodel_list: [{model_name: b, litellm_params: {model: mid}}]\n",
    );
    file(
        "include-more.yaml",
        "model_list: [{model_name: c, litellm_params: {model: big}}]\nrouter_settings: {model_group_alias: {see: c}}\n",
    );
    let list = "include: [include-models.yaml, include-none.yaml]\nmodel_list:
- {model_name: a, litellm_params: {model: tiny, input_cost_per_token: os.environ/TIERGATE_TEST_UNSET}}
- {model_name: p, litellm_params: {model: os.environ/CARGO_PKG_NAME, output_cost_per_token: os.environ/TIERGATE_TEST_UNSET}, model_info: {base_model: tiny}}\n";
    let (document, told, written) = litellm("include", list, &[]);
    let mut names: Vec<&String> = document["models"].as_object().expect("models").keys().collect();
    names.sort_unstable();
    assert_eq!(names, ["a", "b", "c", "p"]);
    assert_eq!(document["models"]["c"]["aliases"], json!(["see"]));
    // The variable is not set, so the next source has the price.
    assert_eq!(
        (&document["models"]["a"]["input_price"], &document["models"]["p"]["output_price"]),
        (&json!(0.1), &json!(0.4))
    );
    has(
        &told,
        &[
            "include: include-none.yaml: cannot be read",
            "model_list[0].litellm_params.input_cost_per_token: the environment variable TIERGATE_TEST_UNSET is not set",
        ],
    );
    has(&written, &["# tiergate; prices of the cost map for tiny"]);
    file("include-bad.yaml", "a: [");
    let config = file("include-wrong.yaml", "include: [include-bad.yaml]\nmodel_list: []\n");
    has(&refused(&["--litellm", &config], ""), &["include-bad.yaml"]);
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

#[test]
fn models_of_litellm_have_their_family_whatever_they_are_called() {
    for (setting, told) in
        [("true", "is true: LiteLLM removes parameters"), ("false", "is not true: LiteLLM refuses")]
    {
        let config = [
            "model_list:\n",
            &one("fast", "openai/gpt-5.4-mini"),
            &one("good", "anthropic/claude-opus-5"),
            &one("house", "hosted_vllm/ours"),
            // Two deployments that differ.
            &one("both", "openai/gpt-4.1"),
            &one("both", "mistral/mistral-large-2512"),
            &format!("litellm_settings: {{drop_params: {setting}}}\n"),
        ]
        .concat();
        let config = file(&format!("families-{setting}.yaml"), &config);
        let (document, notes, _) = made(&format!("families-{setting}"), &["--litellm", &config]);
        let family = |name: &str| document["models"][name]["family"].as_str().map(str::to_owned);
        assert_eq!(family("fast").as_deref(), Some("openai-reasoning"));
        assert_eq!(document["models"]["fast"]["default_effort"], "none");
        assert_eq!(family("good").as_deref(), Some("anthropic-adaptive"));
        assert_eq!((family("house"), family("both")), (None, None));
        assert!(notes.contains(&format!("litellm_settings.drop_params {told}")), "{notes}");
    }
}
