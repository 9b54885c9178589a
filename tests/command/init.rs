//! `tiergate init`: the file that a user has in, a document that the filter takes out.

use serde_json::{Value, json};

use super::{file, text, tiergate};

#[path = "init/includes.rs"]
mod includes;
#[path = "init/lists.rs"]
mod lists;

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

/// The document, what was printed beside it, and that the filter takes it.
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
