//! Names and lists as servers have them.

mod tiers;

use serde_json::{Value, json};

use super::list::{self, Listed, Other};
use super::name::{self, Kind, Size};
use super::read::Mistakes;

#[test]
fn sizes_are_read_out_of_names() {
    let rows: [(&str, f64, Option<f64>); 40] = [
        ("llama3.1:8b", 8.0, None),
        ("llama3.3:70b-instruct-q4_K_M", 70.0, None),
        ("Qwen2.5-7B-Instruct-1M", 7.0, None),
        ("qwen/qwen3-1.7b", 1.7, None),
        ("Yi-34B-Chat-4bits", 34.0, None),
        ("gemma-3-27b-it-qat", 27.0, None),
        ("gemma3n:e4b", 4.0, None),
        ("gemma-3n-E2B-it", 2.0, None),
        ("mixtral:8x7b", 56.0, None),
        ("open-mixtral-8x22b", 176.0, None),
        ("llama4:16x17b", 272.0, None),
        ("Qwen3-30B-A3B-Instruct-2507", 30.0, Some(3.0)),
        ("qwen3-235b-a22b-thinking", 235.0, Some(22.0)),
        ("hosted_vllm/Qwen/Qwen3-Next-80B-A3B-FP8", 80.0, Some(3.0)),
        ("nemotron-3-nano-30b-a3b", 30.0, Some(3.0)),
        ("granite-4.0-h-tiny-7b-a1b", 7.0, Some(1.0)),
        ("DeepSeek-R1-0528-Qwen3-8B-GGUF", 8.0, None),
        ("smollm:135m", 0.135, None),
        ("pythia-70m", 0.07, None),
        ("SmolLM2-1.7B-Instruct-Q8_0.gguf", 1.7, None),
        ("Mistral-Small-3.2-24B-Instruct-2506", 24.0, None),
        ("llama70b", 70.0, None),
        ("TheBloke/Llama-2-13B-chat-AWQ", 13.0, None),
        ("phi3:3.8b-mini-128k-instruct-q4_0", 3.8, None),
        ("glm-4-9b-chat-1m", 9.0, None),
        ("gpt-oss-120b", 120.0, None),
        ("gpt-oss:20b", 20.0, None),
        ("ling-1t", 1000.0, None),
        ("Llama-4-Scout-17B-16E-Instruct", 109.0, Some(17.0)),
        ("other-17b-16e", 272.0, Some(17.0)),
        ("my-7b-sft-3e", 7.0, None),
        ("mistral-nemo:latest", 12.0, None),
        ("phi-4", 14.7, None),
        ("phi-4-mini-instruct", 3.8, None),
        ("deepseek-ai/DeepSeek-V3.1", 671.0, Some(37.0)),
        ("Qwen1.5-MoE-A2.7B-Chat", 14.3, Some(2.7)),
        ("moonshotai/kimi-k2-instruct", 1000.0, Some(32.0)),
        ("command-r-plus", 104.0, None),
        ("falcon-180B", 180.0, None),
        ("qwen2:0.5b", 0.5, None),
    ];
    for (name, total, active) in rows {
        let size = name::size(name);
        assert_eq!(size, Some(Size { total, active }), "{name}");
    }
    for name in [
        "gpt-4o",
        "claude-sonnet-4-1m",
        "llama3.1",
        "int4",
        "o3",
        "",
        "b",
        "v1b",
        "model-128k",
        "x7b.",
        "a3b",
        "4bit",
    ] {
        assert_eq!(name::size(name), None, "{name}");
    }
    assert_eq!(Size { total: 30.5, active: Some(3.3) }.to_string(), "30.5B parameters, 3.3B active");
    assert_eq!(Size::dense(0.135).to_string(), "135M parameters");
    assert_eq!(name::field("137M"), Some(Size::dense(0.137)));
    assert_eq!(name::field("30.5 B"), Some(Size::dense(30.5)));
    assert_eq!(name::field("8x7B"), Some(Size::dense(56.0)));
    assert_eq!(name::field("unknown"), None);
}

#[test]
fn what_is_no_chat_model_is_known_by_its_name() {
    let rows = [
        (Kind::Embedding, "nomic-embed-text:latest"),
        (Kind::Embedding, "text-embedding-3-small"),
        (Kind::Embedding, "BAAI/bge-m3"),
        (Kind::Embedding, "intfloat/e5-mistral-7b-instruct"),
        (Kind::Embedding, "all-minilm:33m"),
        (Kind::Embedding, "embeddinggemma"),
        (Kind::Embedding, "gte-Qwen2-7B-instruct"),
        (Kind::Reranker, "bge-reranker-v2"),
        (Kind::Reranker, "Qwen3-Reranker-4B"),
        (Kind::Speech, "whisper-large"),
        (Kind::Speech, "faster-whisper-medium"),
        (Kind::Speech, "gpt-4o-mini-tts"),
        (Kind::Speech, "gpt-4o-transcribe"),
        (Kind::Speech, "XTTS-v2"),
        (Kind::Speech, "gpt-realtime"),
        (Kind::Speech, "nvidia/parakeet-tdt-0.6b-v2"),
        (Kind::Speech, "hexgrad/Kokoro-82M"),
        (Kind::Ocr, "vllm-deepseek-ocr"),
        (Kind::Ocr, "allenai/olmOCR-7B-0825"),
        (Kind::Ocr, "GOT-OCR2_0"),
        (Kind::Ocr, "granite-docling-258M"),
        (Kind::Guard, "llama-guard3:8b"),
        (Kind::Guard, "shieldgemma:9b"),
        (Kind::Guard, "granite3-guardian"),
        (Kind::Guard, "Qwen3Guard-Gen-4B"),
        (Kind::Guard, "omni-moderation-latest"),
        (Kind::Guard, "gpt-oss-safeguard-20b"),
        (Kind::Image, "dall-e-3"),
        (Kind::Image, "black-forest-labs/FLUX.1-dev"),
        (Kind::Image, "stable-diffusion-3.5-large"),
        (Kind::Image, "gpt-image-1"),
        (Kind::Image, "gemini-2.5-flash-image"),
        (Kind::Video, "sora-2"),
        (Kind::Video, "veo-3"),
        (Kind::Vision, "openai/clip-vit-large-patch14"),
        (Kind::Reward, "Skywork-Reward-V2"),
    ];
    for (kind, name) in rows {
        assert!(name::kinds(name).contains(&kind), "{name}: {:?}", name::kinds(name));
        assert!(kind.why().is_some());
    }
    let chats = [
        "llama-3.2-11b-vision-instruct",
        "qwen2.5-vl-7b",
        "pixtral-12b",
        "voxtral-mini-3b",
        "socratic-llm-7b",
        "vanguard-13b",
        "albert-large",
        "democracy-8b",
        "command-r",
        "claude-opus-5",
        "gpt-4o-canary",
        "gemini-2.5-flash",
        "llava:13b",
        "phi-4-multimodal-instruct",
        "minimax-m2",
        "nous-hermes2",
        "aya-expanse:32b",
        "ember-7b",
        "granite3.3:8b",
        "o3",
        "gemma3:12b",
        "qwen3:30b-a3b",
        "bagel-20b",
        "smart-reply",
        "cutts-7b",
        "glm-4.5v",
    ];
    for name in chats {
        let why: Vec<_> = name::kinds(name).into_iter().filter_map(Kind::why).collect();
        assert!(why.is_empty(), "{name}: {why:?}");
    }
}

#[test]
fn coders_and_thinkers_are_known_by_their_names() {
    for name in [
        "qwen2.5-coder-32b",
        "Qwen3-Coder-480B-A35B",
        "deepseek-coder-v2",
        "starcoder2:15b",
        "codellama:7b",
        "codestral-22b",
        "devstral",
        "granite-code:8b",
        "gpt-5-codex",
        "kimi-k2.7-code",
        "codegemma:7b",
        "yi-coder:9b",
    ] {
        assert!(name::kinds(name).contains(&Kind::Coder), "{name}");
    }
    for name in ["text-encoder-7b", "decoder-only-7b", "qwen3-32b", "unicode-llm", "postcode-7b"] {
        assert!(!name::kinds(name).contains(&Kind::Coder), "{name}");
    }
    for name in [
        "deepseek-r1:32b",
        "qwq:32b",
        "qwen3-30b-a3b-thinking-2507",
        "magistral-small",
        "phi4-reasoning:14b",
        "o3",
    ] {
        assert!(name::kinds(name).contains(&Kind::Reasoning), "{name}");
    }
    assert!(!name::kinds("gpt-4o-mini").contains(&Kind::Reasoning));
}

/// The entries of a list that has no mistakes.
fn listed(value: &Value) -> Vec<Listed> {
    let mut mistakes = Mistakes::default();
    let found = list::read(value, &mut mistakes);
    assert_eq!(mistakes.into_result("list"), Ok(()));
    found
}

fn one(entry: &Value) -> Listed {
    listed(&json!({"data": [entry]})).pop().expect("an entry")
}

#[test]
fn every_servers_list_is_read() {
    let vllm = one(&json!({"id": "chat", "object": "model", "created": 1_750_000_000, "owned_by": "vllm",
        "root": "Qwen/Qwen3-30B-A3B", "parent": null, "max_model_len": 40960, "permission": [{"id": "p"}]}));
    assert_eq!(vllm.facts.size, Some(Size { total: 30.0, active: Some(3.0) }));
    assert_eq!((vllm.facts.context_window, vllm.local, vllm.other), (Some(40960), true, None));

    let studio = one(
        &json!({"id": "some-vl", "object": "model", "type": "vlm", "arch": "qwen2_vl", "compatibility_type": "gguf",
        "quantization": "4bit", "state": "loaded", "max_context_length": 131_072, "loaded_context_length": 8192,
        "capabilities": ["tool_use"]}),
    );
    assert_eq!(
        (studio.facts.context_window, studio.facts.vision, studio.facts.tools),
        (Some(8192), Some(true), Some(true))
    );
    assert!(studio.local);

    let newer = listed(&json!({"models": [
        {"type": "llm", "key": "vendor/thing", "display_name": "Thing", "quantization": {"name": "Q8_0", "bits_per_weight": 8},
         "size_bytes": 9_000_000_000_u64, "params_string": "9B", "loaded_instances": [{"id": "a", "config": {"context_length": 4096}}],
         "max_context_length": 65536, "capabilities": {"vision": false, "trained_for_tool_use": true}},
        {"type": "embedding", "key": "vectors", "size_bytes": 80_000_000, "params_string": null}]}));
    assert_eq!(newer[0].name, "vendor/thing");
    assert_eq!(newer[0].facts.size, Some(Size::dense(9.0)));
    assert_eq!((newer[0].facts.context_window, newer[0].facts.tools), (Some(4096), Some(true)));
    assert_eq!(newer[1].other, Some(Other::Said("it makes embeddings, not text".to_owned())));

    let both = listed(
        &json!({"models": [{"name": "m", "model": "m", "capabilities": ["completion"], "details": {"family": ""}}],
        "object": "list", "data": [{"id": "m.gguf", "owned_by": "llamacpp", "created": 1,
        "meta": {"n_ctx_train": 131_072, "n_params": 3_212_749_888_u64, "size": 2_000_000_000}}]}),
    );
    assert_eq!((both.len(), both[0].facts.context_window), (1, Some(131_072)));
    assert!(both[0].facts.size.is_some_and(|size| (size.total - 3.21).abs() < 0.01));

    let groq = one(
        &json!({"id": "llama-3.3-70b", "active": true, "context_window": 131_072, "max_completion_tokens": 32768}),
    );
    assert_eq!((groq.facts.context_window, groq.facts.max_output), (Some(131_072), Some(32768)));
    let off = one(&json!({"id": "gone-70b", "active": false}));
    assert!(off.other.is_some());

    let mistral =
        one(&json!({"id": "large", "max_context_length": 131_072, "deprecation": "2027-01-02T00:00:00Z",
        "capabilities": {"completion_chat": true, "vision": true, "function_calling": false}}));
    assert_eq!((mistral.facts.vision, mistral.facts.tools), (Some(true), Some(false)));
    assert_eq!(mistral.facts.ends.as_deref(), Some("2027-01-02"));
    let fill = one(&json!({"id": "fill", "capabilities": {"completion_chat": false}}));
    assert!(fill.other.is_some());

    let together = listed(
        &json!([{"id": "v/chat-70B", "type": "chat", "context_length": 8192, "pricing": {"input": 0.88, "output": 0.9}},
        {"id": "v/drawer", "type": "image", "pricing": {"input": 0, "output": 0}}]),
    );
    assert_eq!((together[0].facts.input_price, together[0].facts.output_price), (Some(0.88), Some(0.9)));
    assert!(together[0].other.is_none() && together[1].other.is_some());
    let token = one(&json!({"id": "x", "pricing": {"input": "0.000003", "output": "0.000015"}}));
    assert_eq!((token.facts.input_price, token.facts.output_price), (Some(3.0), Some(15.0)));

    let google = listed(&json!({"models": [
        {"name": "models/gemini-x", "inputTokenLimit": 1_048_576, "outputTokenLimit": 65536, "supportedGenerationMethods": ["generateContent", "countTokens"]},
        {"name": "models/text-vectors", "supportedGenerationMethods": ["embedContent"]}]}));
    assert_eq!((google[0].facts.context_window, google[0].facts.max_output), (Some(1_048_576), Some(65536)));
    assert!(google[0].other.is_none() && google[1].other.is_some());

    assert_eq!(listed(&json!(["a-7b", "b-70b"])).len(), 2);
    assert_eq!(listed(&json!({"data": [], "object": "list"})), []);
}

#[test]
fn ollamas_tags_and_show_are_read() {
    let tag = one(&json!({"name": "gemma2:latest", "model": "gemma2:latest", "size": 1_629_518_495,
        "details": {"family": "gemma2", "families": null, "parameter_size": "2.6B", "quantization_level": "Q4_0", "context_length": 8192},
        "capabilities": ["completion"]}));
    assert_eq!((tag.facts.size, tag.facts.context_window), (Some(Size::dense(2.6)), Some(8192)));
    assert_eq!((tag.facts.tools, tag.facts.vision), (Some(false), Some(false)));
    let show = listed(
        &json!({"modelfile": "# Modelfile generated\n# FROM llama3.2:latest\n\nFROM /blobs/x\n",
        "parameters": "stop \"<|end|>\"\nnum_ctx                        16384", "details": {"family": "llama", "parameter_size": "3.2B"},
        "model_info": {"general.architecture": "llama", "general.parameter_count": 3_212_749_888_u64, "llama.context_length": 131_072},
        "capabilities": ["completion", "tools"]}),
    );
    assert_eq!((show[0].name.as_str(), show[0].facts.context_window), ("llama3.2:latest", Some(16384)));
    assert_eq!(show[0].facts.tools, Some(true));
    let made_for = one(
        &json!({"name": "q", "details": {}, "model_info": {"qwen3.context_length": 40960, "general.parameter_count": 8_000_000_000_u64}}),
    );
    assert_eq!((made_for.facts.context_window, made_for.facts.size), (Some(40960), Some(Size::dense(8.0))));
    let bytes = one(&json!({"name": "odd", "size": 4_500_000_000_u64, "details": {"parameter_size": ""}}));
    assert_eq!(bytes.facts.size, Some(Size::dense(8.0)));
    let cloud = one(
        &json!({"name": "gpt-oss:120b-cloud", "size": 384, "remote_host": "https://ollama.com:443", "details": {"parameter_size": "116.8B"}}),
    );
    assert!(!cloud.local && cloud.remote.is_some());
    let draws = one(&json!({"name": "x/z", "details": {"family": "z"}, "capabilities": ["image"]}));
    assert!(matches!(draws.other, Some(Other::Said(_))));
    // Its own list calls it a model that completes texts; its name says what of.
    let reads = one(
        &json!({"name": "deepseek-ocr:3b", "details": {"parameter_size": "3.3B"}, "capabilities": ["completion", "vision"]}),
    );
    assert!(matches!(reads.other, Some(Other::Named(_))));
}

#[test]
fn litellms_own_lists_are_read() {
    let found = listed(&json!({"data": [
        {"model_name": "fast", "litellm_params": {"model": "hosted_vllm/qwen3-8b"}, "model_info": {"mode": "chat", "max_input_tokens": 32768,
            "input_cost_per_token": 1e-7, "output_cost_per_token": 4e-7, "supports_function_calling": true, "supports_vision": null}},
        {"model_name": "fast", "litellm_params": {"model": "hosted_vllm/qwen3-14b"}, "model_info": {"mode": "chat", "max_input_tokens": 8192,
            "input_cost_per_token": 2e-7, "output_cost_per_token": 3e-7, "supports_function_calling": false}},
        {"model_name": "ears", "litellm_params": {"model": "openai/ears"}, "model_info": {"mode": "audio_transcription"}},
        {"model_group": "group", "providers": ["openai"], "max_input_tokens": 1000, "mode": "chat", "input_cost_per_token": 1e-6,
            "output_cost_per_token": 1e-6, "supported_openai_params": ["tools", "stream"]}]}));
    assert_eq!(found.len(), 3);
    let fast = &found[0].facts;
    assert_eq!(
        (fast.input_price, fast.output_price, fast.context_window, fast.tools),
        (Some(0.2), Some(0.4), Some(8192), Some(false))
    );
    assert_eq!(fast.size, Some(Size::dense(8.0)));
    assert_eq!(found[1].other, Some(Other::Said("its mode is audio_transcription, not chat".to_owned())));
    assert_eq!((found[2].facts.tools, found[2].facts.context_window), (Some(true), Some(1000)));
    // Whoever says chat knows better than the name does.
    assert_eq!(one(&json!({"id": "guard-dog-7b", "mode": "chat"})).other, None);
}

#[test]
fn what_cannot_be_read_is_noted_and_the_rest_is_read() {
    let mut mistakes = Mistakes::default();
    let found = list::read(
        &json!({"data": [{"id": 3}, {"object": "model"}, 7, {"id": "ok-7b", "context_length": "x"}, {"id": "ok-7b"}]}),
        &mut mistakes,
    );
    assert_eq!(found.len(), 1);
    let told = mistakes.into_result("list").expect_err("mistakes");
    for part in [
        "data[0].id: 3",
        "data[1].id: missing",
        "data[2]: 7",
        "data[3].context_length: \"x\"",
        "data[4]: ok-7b is listed twice",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
    for wrong in [json!({"error": "no"}), json!("x"), json!(null), json!({"data": {"a": 1}})] {
        let mut mistakes = Mistakes::default();
        assert_eq!(list::read(&wrong, &mut mistakes), []);
        assert!(mistakes.into_result("list").is_err(), "{wrong}");
    }
}
