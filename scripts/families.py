"""What models of one provider or kind take, as far as it is written by hand: each rule with its source.

`scripts/catalogue.py` adds what LiteLLM's lists of supported parameters say, and writes both to src/core/fit/families.tsv. A
source is a provider's page, an error that is known from reports, or a file of LiteLLM, which refuses more than some
providers do.
"""

OPENAI = "developers.openai.com/api/docs/guides/reasoning"
LATEST = "developers.openai.com/api/docs/guides/latest-model"
OPENAI_API = "developers.openai.com/api/reference/resources/chat"
RESPONSES_API = "developers.openai.com/api/reference/resources/responses"
CLAUDE = "platform.claude.com/docs/en/build-with-claude/extended-thinking"
MIGRATE = "platform.claude.com/docs/en/about-claude/models/migration-guide"
MESSAGES = "platform.claude.com/docs/en/api/messages"
GEMINI = "ai.google.dev/gemini-api/docs/openai"
PENALTY = "github.com/google-gemini/cookbook/issues/1290"
DEEPSEEK = "api-docs.deepseek.com/guides/thinking_mode"
XAI = "docs.x.ai/developers/model-capabilities/text/reasoning"
ZAI = "docs.z.ai/api-reference/llm/chat-completion"
KIMI = "platform.kimi.ai/docs/api/models-overview"
QWEN = "alibabacloud.com/help/en/model-studio/qwen-api-reference"
MISTRAL = "docs.mistral.ai/api"
GROQ = "console.groq.com/docs/openai"
MINIMAX = "platform.minimax.io/docs/api-reference/text-openai-api"
LITELLM = "litellm "

# Models of the cost map that stand for a family: what LiteLLM refuses for all of them the family refuses.
REPRESENTATIVES = {
    "openai": ("openai", ["gpt-4.1", "gpt-4o", "gpt-4o-mini"]),
    "openai-reasoning": ("openai", ["gpt-5", "gpt-5-mini", "gpt-5.4", "gpt-5.6", "gpt-6-astra"]),
    "anthropic": ("anthropic", ["claude-3-haiku-20240307"]),
    "anthropic-thinking": ("anthropic", ["claude-sonnet-4-6", "claude-haiku-4-5"]),
    "anthropic-adaptive": ("anthropic", ["claude-opus-5", "claude-sonnet-5", "claude-opus-4-8"]),
    "anthropic-always": ("anthropic", ["claude-fable-5-1"]),
    "gemini": ("gemini", ["gemini-2.5-pro", "gemini-2.5-flash", "gemini-3.5-flash"]),
    "deepseek": ("deepseek", ["deepseek-v4-pro", "deepseek-v4-flash"]),
    "qwen": ("dashscope", ["qwen3-max"]),
    "mistral": ("mistral", ["mistral-large-2512", "mistral-medium-2604", "mistral-small-2603"]),
    "xai": ("xai", ["grok-4.3", "grok-4.6"]),
    "glm": ("zai", ["glm-5.3", "glm-5.3-flash"]),
    "kimi": ("moonshot", ["kimi-k3", "kimi-k2.7-code"]),
    "groq": ("groq", ["openai/gpt-oss-120b", "openai/gpt-oss-20b"]),
    "minimax": ("minimax", ["MiniMax-M3"]),
    "openrouter": ("openrouter", ["z-ai/glm-5.2:free"]),
}

# Parameters of other servers, which providers that check the whole body refuse.
FOREIGN = ("top_k,min_p,top_a,typical_p,repetition_penalty,length_penalty,enable_thinking,thinking_budget,"
           "chat_template_kwargs,guided_json,guided_regex,guided_choice,cache_control,safe_prompt,random_seed,"
           "reasoning_split,num_ctx,keep_alive,provider,route,transforms,plugins,include_reasoning,reasoning_format,"
           "search_parameters,search_options,enable_search,reasoning_history,thinking_config,output_format,mcp_servers,"
           "inference_geo,speed,container,text,include,truncation,background,max_tool_calls,prompt_mode,do_sample")

# Parameters of chats that the other dialects do not have: who reads such a request checks it whole.
OF_CHATS = ("n,seed,logprobs,presence_penalty,frequency_penalty,logit_bias,response_format,functions,function_call,"
            "modalities,audio,prediction,web_search_options,min_p,repetition_penalty,enable_thinking,thinking_budget,"
            "chat_template_kwargs,random_seed,safe_prompt,include_reasoning,reasoning_format,search_parameters")
SPOKEN = "chat,completions"

ALL_CLAUDE = "anthropic,anthropic-thinking,anthropic-adaptive,anthropic-always"
THINKING_CLAUDE = "anthropic-thinking,anthropic-adaptive,anthropic-always"
BOTH_OPENAI = "openai,openai-reasoning"
# Families that are told in the responses dialect how much to think, and those that are not.
TELLS_EFFORT = ("openai-reasoning,anthropic-thinking,anthropic-adaptive,anthropic-always,gemini,deepseek,xai,kimi,groq,"
                "openrouter")
NO_EFFORT = "openai,anthropic,qwen,mistral,glm,minimax"
NOT_OPENAI = ("anthropic,anthropic-thinking,anthropic-adaptive,anthropic-always,gemini,deepseek,qwen,mistral,xai,glm,"
              "kimi,groq,minimax,openrouter")

NOT_FAST = ("anthropic,anthropic-thinking,anthropic-always,gemini,deepseek,qwen,mistral,xai,glm,kimi,groq,minimax,"
            "openrouter")

# families, dialects, parameters, when, action, argument, source
RULES = [
    # What every family takes: the request itself.
    ("*", "chat", "model,messages,stream,tools,tool_choice,stream_options", "-", "take", "-", OPENAI_API),
    ("*", "completions", "model,prompt,stream,stream_options,suffix,echo,best_of", "-", "take", "-", OPENAI_API),
    ("*", "responses", "model,input,instructions,stream,tools,tool_choice,previous_response_id,conversation,truncation,"
     "background,prompt,metadata,store,include,user,parallel_tool_calls,stream_options,temperature,top_p,reasoning,text,"
     "max_tool_calls,service_tier,prompt_cache_key,safety_identifier,top_logprobs", "-", "take", "-", RESPONSES_API),
    ("*", "messages", "model,messages,system,stream,tools,tool_choice,stop_sequences,metadata,max_tokens,"
     "temperature,top_p,top_k,thinking,output_config,service_tier", "-", "take", "-", MESSAGES),
    ("*", "gemini", "model,contents,systemInstruction,system_instruction,tools,toolConfig,tool_config,safetySettings,"
     "safety_settings,generationConfig,generation_config,cachedContent,labels", "-", "take", "-",
     "ai.google.dev/api/generate-content"),
    # The most output tokens of a model are known from the cost map; all providers refuse more, or cut it.
    ("*", "chat,completions,messages", "max_tokens,max_completion_tokens", "-", "limit", "-", OPENAI_API),
    ("*", "responses", "max_output_tokens", "-", "limit", "-", OPENAI_API),
    ("*", "gemini", "generationConfig.maxOutputTokens", "-", "limit", "-", "ai.google.dev/api/generate-content"),
    # What clients of several dialects leave in: the same parameter under the dialect's own name.
    ("*", "chat", "stop_sequences", "-", "rename", "stop", OPENAI_API),
    ("*", "chat", "max_output_tokens", "-", "rename", "max_tokens", OPENAI_API),
    ("*", "responses", "max_tokens,max_completion_tokens", "-", "rename", "max_output_tokens", RESPONSES_API),
    ("*", "responses", OF_CHATS + ",stop,stop_sequences,verbosity,top_k,cache_control,output_config", "-", "drop", "-",
     RESPONSES_API + ": Unknown parameter"),
    ("*", "messages", "max_completion_tokens,max_output_tokens", "-", "rename", "max_tokens", MESSAGES),
    ("*", "messages", OF_CHATS + ",stop,verbosity,top_logprobs,reasoning,reasoning_effort,store,user,parallel_tool_calls,"
     "prompt_cache_key,prompt_cache_retention,safety_identifier,instructions,max_tool_calls,truncation,include,text", "-",
     "drop", "-", MESSAGES + ": Extra inputs are not permitted"),
    (TELLS_EFFORT, "responses", "reasoning_effort,thinking", "-", "convert", "reasoning", RESPONSES_API),
    (NO_EFFORT, "responses", "reasoning_effort,thinking", "-", "drop", "-", RESPONSES_API),
    # LiteLLM knows no other objects than those that name a function, whoever the provider is.
    (BOTH_OPENAI, "chat", "tool_choice", "litellm", "values", '{allowed_tools}="auto" {custom}="auto"',
     LITELLM + "utils.py: Invalid tool choice"),
    # One of several tools: OpenAI has it.
    (NOT_OPENAI, "chat,responses", "tool_choice", "-", "values", '{allowed_tools}="auto" {custom}="auto"',
     "developers.openai.com/api/docs/guides/function-calling: allowed_tools"),

    # OpenAI, models that do not reason.
    (BOTH_OPENAI, SPOKEN, FOREIGN, "-", "drop", "-",
     "github.com/openai/openai-python/issues/1469: Unrecognized request argument supplied"),
    ("openai", "chat", "reasoning,output_config", "-", "drop", "-", OPENAI_API),
    ("openai", "responses", "reasoning", "-", "drop", "-", OPENAI + ": Unsupported parameter reasoning.effort"),
    ("openai", "responses", "include", "-", "without", "reasoning.encrypted_content",
     OPENAI + ": Encrypted content is not supported with this model"),
    ("openai", "responses", "text.verbosity", "-", "values", "medium=keep *=drop",
     LATEST + ": only medium on models before gpt-5"),
    ("openai", "messages", "thinking", "-", "drop", "-", LITELLM + "adapters/transformation.py: becomes reasoning_effort"),
    ("openai", "messages", "output_config.effort", "-", "drop", "-", LITELLM + "adapters/transformation.py"),
    (BOTH_OPENAI, "messages", "top_k,context_management,inference_geo,speed,cache_control,container,mcp_servers", "-",
     "drop", "-", LITELLM + "adapters/transformation.py: copied as it is"),
    ("openai", "*", "-", "-", "reads", "openai", OPENAI),

    # OpenAI, models that reason.
    ("openai-reasoning", "*", "-", "-", "thinks", "-", LATEST + ": the default effort is not none, but for gpt-5.1 to 5.4"),
    ("openai-reasoning", "*", "-", "-", "reads", "openai", OPENAI),
    ("openai-reasoning", "chat", "max_tokens", "-", "rename", "max_completion_tokens",
     OPENAI + ": max_tokens is not supported with this model"),
    ("openai-reasoning", "chat", "reasoning_effort", "-", "effort", "minimal low medium high", OPENAI),
    ("openai-reasoning", "chat", "tools", "!litellm", "quiet", "-", "github.com/BerriAI/litellm/pull/34569: function tools with "
     "reasoning_effort are not supported in /v1/chat/completions; set it to none (from gpt-5.4 on)"),
    ("openai-reasoning", "chat", "thinking,reasoning,output_config", "-", "convert", "reasoning_effort", OPENAI),
    ("openai-reasoning", "chat,responses", "temperature", "thinking", "values", "1=keep *=drop", LATEST),
    ("openai-reasoning", "messages", "temperature", "thinking", "values", "1=keep *=drop", LATEST),
    ("openai-reasoning", "messages", "temperature,top_p", "has:thinking", "values", "1=keep *=drop",
     LITELLM + "responses_adapters/transformation.py: thinking that is disabled is left out"),
    ("openai-reasoning", "chat,responses,messages", "top_p", "thinking", "drop", "-", LATEST),
    ("openai-reasoning", "chat,responses", "logprobs,top_logprobs", "thinking", "drop", "-", LATEST),
    ("openai-reasoning", "messages", "stop_sequences", "-", "drop", "-", OPENAI + ": stop is not supported"),
    ("openai-reasoning", "responses", "reasoning.effort", "-", "effort", "minimal low medium high", OPENAI),

    # Claude.
    (ALL_CLAUDE, "chat", "temperature", "-", "clamp", "0 1", MESSAGES + ": temperature ranges from 0 to 1"),
    (ALL_CLAUDE, SPOKEN, FOREIGN.replace("top_k,", "").replace("cache_control,", ""), "-", "drop", "-",
     MESSAGES + ": Extra inputs are not permitted"),
    (ALL_CLAUDE, "responses", "temperature", "-", "clamp", "0 1", MESSAGES),
    (ALL_CLAUDE, "responses", "service_tier,top_logprobs,prompt_cache_key,prompt_cache_retention,safety_identifier,"
     "max_tool_calls,text.verbosity", "-", "drop", "-", LITELLM + "litellm_completion_transformation/transformation.py"),
    ("anthropic", "responses", "reasoning", "-", "drop", "-", LITELLM + "anthropic/chat/transformation.py"),
    ("anthropic", "chat", "reasoning,output_config", "-", "drop", "-", MESSAGES),
    ("anthropic", "messages", "thinking", "-", "drop", "-", CLAUDE),
    ("anthropic", "messages", "output_config.effort", "-", "drop", "-",
     "platform.claude.com/docs/en/build-with-claude/effort"),
    (ALL_CLAUDE, "*", "-", "-", "reads", "claude", CLAUDE),
    ("anthropic-thinking", "*", "-", "-", "form", "thinking.budget_tokens", CLAUDE),
    ("anthropic-thinking", "chat", "-", "-", "form", "reasoning_effort", LITELLM + "anthropic/chat/transformation.py"),
    ("anthropic-adaptive,anthropic-always", "messages", "-", "-", "form", "output_config.effort", MIGRATE),
    (THINKING_CLAUDE, "chat", "reasoning_effort", "-", "effort", "none low medium high", CLAUDE),
    (THINKING_CLAUDE, "chat", "reasoning,output_config", "-", "convert", "reasoning_effort", MESSAGES),
    (THINKING_CLAUDE, "responses", "reasoning.effort", "-", "effort", "none low medium high", CLAUDE),
    ("anthropic-thinking", "chat,messages", "thinking", "-", "budget", "-",
     CLAUDE + ": budget_tokens is required, at least 1024 and less than max_tokens"),
    ("anthropic-thinking", "chat,messages,responses", "top_p", "!thinking has:temperature", "drop", "-",
     "temperature and top_p cannot both be specified for this model (Claude 4.1 and newer)"),
    ("anthropic-thinking", "chat,messages,responses", "temperature", "thinking", "values", "1=keep *=drop", CLAUDE),
    ("anthropic-thinking", "chat,messages,responses", "top_p", "thinking", "clamp", "0.95 1", CLAUDE),
    ("anthropic-thinking", "chat,messages", "top_k", "thinking", "drop", "-", CLAUDE),
    ("anthropic-thinking", "chat,responses", "tool_choice", "thinking", "values", 'required="auto" {}="auto"', CLAUDE),
    ("anthropic-thinking", "messages", "tool_choice.type", "thinking", "values", 'any="auto" tool="auto"', CLAUDE),
    ("anthropic-thinking", "messages", "tool_choice.name", "thinking", "drop", "-", CLAUDE),
    ("anthropic-adaptive,anthropic-always", "chat,messages,responses", "temperature", "-", "values", "1=keep *=drop",
     MIGRATE + ": sampling parameters other than the default return 400"),
    ("anthropic-adaptive,anthropic-always", "chat,messages,responses", "top_p,top_k", "-", "drop", "-", MIGRATE),
    ("anthropic-adaptive,anthropic-always", "messages", "thinking", "-", "adaptive", "-",
     MIGRATE + ": thinking.type.enabled is not supported for this model"),
    ("anthropic-adaptive,anthropic-always", "messages", "output_config.effort", "-", "effort",
     "low medium high xhigh max", "platform.claude.com/docs/en/build-with-claude/effort"),
    ("anthropic-adaptive,anthropic-always", "chat", "thinking", "-", "convert", "reasoning_effort", MIGRATE),
    ("anthropic-always", "*", "-", "-", "thinks", "-", MIGRATE),
    ("anthropic-always", "chat,responses", "tool_choice", "-", "values", 'required="auto" {}="auto"',
     LITELLM + "anthropic/common_utils.py: supports_forced_tool_use"),
    ("anthropic-always", "messages", "tool_choice.type", "-", "values", 'any="auto" tool="auto"',
     LITELLM + "anthropic/common_utils.py: supports_forced_tool_use"),
    ("anthropic-always", "messages", "tool_choice.name", "-", "drop", "-",
     LITELLM + "anthropic/common_utils.py: supports_forced_tool_use"),

    (NOT_FAST, "messages", "speed", "-", "drop", "-",
     "platform.claude.com/docs/en/build-with-claude/fast-mode: Opus only"),
    (ALL_CLAUDE, "chat", "top_k,cache_control", "-", "take", "-", LITELLM + "anthropic/chat/transformation.py"),

    # Gemini.
    ("gemini", "*", "-", "-", "reads", "gemini", "ai.google.dev/gemini-api/docs/thought-signatures"),
    ("gemini", "*", "-", "-", "thinks", "-", "ai.google.dev/gemini-api/docs/thinking"),
    ("gemini", "chat", "presence_penalty,frequency_penalty", "-", "values", "0=keep *=drop",
     PENALTY + ": Penalty is not enabled for this model"),
    ("gemini", "chat", "logprobs", "-", "drop", "-",
     "github.com/mscraftsman/generative-ai/issues/135: Logprobs is not enabled"),
    ("gemini", "chat,responses", "parallel_tool_calls", "-", "values", "false=drop",
     LITELLM + "vertex_and_google_ai_studio_gemini.py: not with several tools"),
    ("gemini", "chat", "reasoning_effort", "-", "effort", "minimal low medium high", GEMINI),
    ("gemini", "responses", "reasoning.effort", "-", "effort", "minimal low medium high", GEMINI),
    ("gemini", "chat", "thinking,reasoning,output_config", "-", "convert", "reasoning_effort", GEMINI),
    ("gemini", SPOKEN, FOREIGN.replace("top_k,", "").replace("cache_control,", ""), "-", "drop", "-",
     GEMINI + ": Unknown name: Cannot find field"),
    ("gemini", "responses", "top_logprobs", "-", "drop", "-", PENALTY),

    # DeepSeek.
    ("deepseek", "*", "-", "-", "thinks", "-", DEEPSEEK),
    ("deepseek", "*", "-", "-", "reads", "plain", DEEPSEEK),
    ("deepseek", "*", "-", "-", "needs", "-", DEEPSEEK + ": reasoning_content must be passed back"),
    ("deepseek", "chat", "max_completion_tokens", "-", "rename", "max_tokens", DEEPSEEK),
    ("deepseek", "chat", "reasoning_effort", "!thinking", "convert", "thinking.type", DEEPSEEK),
    ("deepseek", "chat", "reasoning_effort", "-", "values", "minimal=\"low\" medium=\"high\" xhigh=\"high\"", DEEPSEEK),
    ("deepseek", "chat", "reasoning,output_config", "-", "convert", "reasoning_effort", DEEPSEEK),
    ("deepseek", "chat", "logprobs,top_logprobs", "thinking", "drop", "-",
     "api-docs.deepseek.com/guides/reasoning_model: an error"),
    ("deepseek", "chat,responses", "tool_choice", "thinking", "values", 'required="auto" {}="auto"',
     "github.com/deepseek-ai/DeepSeek-V3/issues/1376: does not support this tool_choice"),
    ("deepseek", "messages", "output_config.effort", "-", "values", "medium=\"high\" xhigh=\"high\"", DEEPSEEK),

    # Qwen.
    ("qwen", "*", "-", "-", "reads", "plain", QWEN),
    ("qwen", "*", "-", "-", "form", "enable_thinking", QWEN),
    ("qwen", "chat", "enable_thinking,thinking_budget,top_k,repetition_penalty,enable_search,search_options", "-", "take",
     "-", QWEN),
    ("qwen", "chat", "max_completion_tokens", "-", "rename", "max_tokens", QWEN),
    ("qwen", "chat", "reasoning_effort,thinking,reasoning,output_config", "-", "convert", "enable_thinking", QWEN),
    ("qwen", "responses", "reasoning", "-", "drop", "-", LITELLM + "dashscope: reasoning_effort is not supported"),
    ("qwen", "chat,responses", "tool_choice", "-", "values", 'required="auto"', QWEN),
    ("qwen", "chat,responses", "tool_choice", "thinking", "values", '{}="auto"', QWEN),

    # Mistral.
    ("mistral", "chat", "max_completion_tokens", "-", "rename", "max_tokens", MISTRAL + ": Extra inputs are not permitted"),
    ("mistral", "chat", "user,reasoning,output_config", "-", "drop", "-", MISTRAL + ": Extra inputs are not permitted"),
    ("mistral", "chat", "seed", "-", "rename", "random_seed", MISTRAL),
    ("mistral", "chat", "random_seed", "-", "take", "-", MISTRAL),
    ("mistral", "messages", "top_k", "-", "drop", "-", MISTRAL + ": Extra inputs are not permitted"),
    ("mistral", SPOKEN, FOREIGN.replace("random_seed,", "").replace("safe_prompt,", ""), "-", "drop", "-",
     MISTRAL + ": Extra inputs are not permitted"),
    ("mistral", "chat", "temperature", "-", "clamp", "0 1.5", MISTRAL),
    ("mistral", "responses", "reasoning", "-", "drop", "-", LITELLM + "mistral: reasoning_effort is not supported"),

    # xAI.
    ("xai", "*", "-", "-", "thinks", "-", XAI),
    ("xai", "chat", "max_completion_tokens", "-", "rename", "max_tokens", LITELLM + "xai: max_completion_tokens is not supported"),
    ("xai", "chat", "presence_penalty", "-", "drop", "-", XAI + ": not supported by reasoning models"),
    ("xai", "chat", "reasoning_effort", "-", "effort", "low medium high", XAI),
    ("xai", "chat", "thinking,reasoning,output_config", "-", "convert", "reasoning_effort", XAI),
    ("xai", "responses", "reasoning.effort", "-", "effort", "low medium high", XAI),
    ("xai", "responses", "instructions", "-", "instruct", "-",
     LITELLM + "xai/responses/transformation.py: instructions is not supported"),

    # GLM.
    ("glm", "*", "-", "-", "thinks", "-", ZAI),
    ("glm", "*", "-", "-", "reads", "plain", ZAI),
    ("glm", "chat", "max_completion_tokens", "-", "rename", "max_tokens", ZAI),
    ("glm", "chat", "reasoning_effort,reasoning,thinking,output_config", "-", "drop", "-",
     LITELLM + "1.102.4: an error of its own, AsyncCompletions.create() got an unexpected keyword argument 'thinking'"),
    ("glm", "responses", "reasoning", "-", "drop", "-", LITELLM + "zai: reasoning_effort is not supported"),
    ("glm", "responses", "parallel_tool_calls,text.format,service_tier", "-", "drop", "-", LITELLM + "zai"),
    ("glm", "chat,responses", "tool_choice", "-", "values", 'required="auto" none="auto" {}="auto"', ZAI + ": only auto"),
    ("glm", "chat,responses", "temperature", "-", "clamp", "0 1", ZAI),
    ("glm", "chat,responses", "top_p", "-", "clamp", "0.01 1", ZAI),

    # Kimi.
    ("kimi", "*", "-", "-", "thinks", "-", KIMI),
    ("kimi", "*", "-", "-", "reads", "plain", KIMI),
    ("kimi", "*", "-", "-", "needs", "-",
     "github.com/continuedev/continue/issues/11600: reasoning_content is missing in assistant tool call message"),
    ("kimi", "chat", "thinking,reasoning,output_config", "-", "convert", "reasoning_effort", KIMI),
    ("kimi", "chat", "reasoning_effort", "-", "effort", "low high max", KIMI),
    ("kimi", "responses", "reasoning.effort", "-", "effort", "low high max", KIMI),
    ("kimi", "chat,responses", "temperature", "-", "values", "1=keep *=drop", KIMI + ": only 1 is allowed for this model"),
    ("kimi", "chat,responses", "top_p", "-", "values", "0.95=keep *=drop", KIMI),
    ("kimi", "chat", "n", "-", "values", "1=keep *=drop", KIMI),
    ("kimi", "chat", "presence_penalty,frequency_penalty", "-", "values", "0=keep *=drop", KIMI),
    ("kimi", "chat,responses", "tool_choice", "-", "values", 'required="auto" {}="auto"', KIMI),

    # Groq, and what runs there.
    ("groq", "chat", "logprobs,top_logprobs,logit_bias", "-", "drop", "-", GROQ + ": results in a 400"),
    ("groq", "chat", "n", "-", "values", "1=keep *=drop", GROQ),
    ("groq", "*", "-", "-", "thinks", "-", "console.groq.com/docs/reasoning"),
    ("groq", "chat", "reasoning_effort", "-", "effort", "low medium high", "console.groq.com/docs/reasoning"),
    ("groq", "responses", "reasoning.effort", "-", "effort", "low medium high", "console.groq.com/docs/reasoning"),
    ("groq", "chat", "thinking,reasoning,output_config", "-", "convert", "reasoning_effort", "console.groq.com/docs/reasoning"),

    # MiniMax.
    ("minimax", "*", "-", "-", "reads", "plain", MINIMAX),
    ("minimax", "chat", "reasoning,output_config", "-", "drop", "-", MINIMAX),
    ("minimax", "responses", "reasoning", "-", "drop", "-", LITELLM + "minimax: reasoning_effort is not supported"),
    ("minimax", "chat,responses", "temperature", "-", "clamp", "0.01 1", MINIMAX),
    ("minimax", "chat", "n", "-", "values", "1=keep *=drop", MINIMAX),

    # Tools of a provider's own.
    ("openai", "chat", "-", "-", "tools", "functions", OPENAI_API),
    ("openai", "responses", "-", "-", "tools", "web_search code files images mcp",
     "developers.openai.com/api/docs/guides/tools"),
    ("openai-reasoning", "chat", "-", "-", "tools", "functions custom", OPENAI_API),
    ("openai-reasoning", "responses", "-", "-", "tools",
     "web_search code files computer images mcp shell editor custom", "developers.openai.com/api/docs/guides/tools"),
    (BOTH_OPENAI, "messages", "-", "-", "tools", "web_search", LITELLM + "responses_adapters/transformation.py"),
    (ALL_CLAUDE, "messages", "-", "-", "tools", "web_search web_fetch code computer mcp shell editor memory",
     "platform.claude.com/docs/en/agents-and-tools/tool-use/overview"),
    (ALL_CLAUDE, "chat", "-", "-", "tools", "web_search web_fetch code computer shell editor memory",
     LITELLM + "anthropic/chat/transformation.py"),
    (ALL_CLAUDE, "responses", "-", "-", "tools", "web_search custom",
     LITELLM + "litellm_completion_transformation/transformation.py"),
    ("gemini", "gemini", "-", "-", "tools", "web_search web_fetch code files computer maps",
     "ai.google.dev/gemini-api/docs/tools"),
    ("gemini", "chat,messages", "-", "-", "tools", "web_search web_fetch code",
     LITELLM + "vertex_and_google_ai_studio_gemini.py"),
    ("gemini", "responses", "-", "-", "tools", "web_search custom",
     LITELLM + "litellm_completion_transformation/transformation.py"),
    ("xai", "responses", "-", "-", "tools", "web_search x_search code files mcp", "docs.x.ai/developers/tools/overview"),
    ("deepseek,qwen,minimax", "chat", "-", "-", "tools", "functions", OPENAI_API),
    ("groq", "chat", "-", "-", "tools", "functions web_search code",
     "console.groq.com/docs/tool-use/built-in-tools: gpt-oss has browser_search and code_interpreter"),
    ("openrouter", "chat", "-", "-", "tools", "functions", OPENAI_API),
    ("glm", "chat", "-", "-", "tools", "web_search", ZAI),
    ("deepseek,qwen,mistral,glm,kimi,groq,minimax", "responses", "-", "-", "tools", "custom",
     LITELLM + "litellm_completion_transformation/transformation.py: becomes a function"),

    # What LiteLLM makes of other dialects.
    ("glm", "messages", "tool_choice.type", "-", "values", 'any="auto" tool="auto" none="auto"', ZAI + ": only auto"),
    ("qwen", "messages", "tool_choice.type", "-", "values", 'any="auto"', QWEN),
    ("kimi,deepseek", "messages", "tool_choice.type", "-", "values", 'any="auto" tool="auto"', KIMI),
    ("glm,kimi,deepseek", "messages", "tool_choice.name", "-", "drop", "-", ZAI),
    ("glm", "messages", "output_config.format,output_format", "-", "drop", "-", LITELLM + "zai: response_format"),
    ("glm,mistral,xai", "messages", "service_tier", "-", "drop", "-", LITELLM + "adapters/transformation.py: copied as it is"),
    ("mistral", "messages", "inference_geo,cache_control,mcp_servers,container,context_management", "-", "drop", "-",
     LITELLM + "adapters/transformation.py: copied as it is"),
    ("kimi", "messages", "top_p", "-", "values", "0.95=keep *=drop", KIMI),
    ("kimi", "messages", "temperature", "-", "values", "1=keep *=drop", KIMI),
    ("deepseek,mistral,glm,groq", "responses", "top_logprobs", "-", "drop", "-",
     LITELLM + "litellm_completion_transformation/transformation.py"),
    ("mistral", "responses", "temperature", "-", "clamp", "0 1.5", MISTRAL),
    ("mistral", "responses", "max_tool_calls,client_metadata,user", "-", "drop", "-", MISTRAL + ": Extra inputs are not permitted"),
    ("glm,mistral,qwen,kimi", "messages", "thinking,output_config.effort", "-", "drop", "-",
     LITELLM + "adapters/transformation.py: becomes reasoning_effort"),
    ("xai,groq,gemini", "messages", "thinking", "off", "drop", "-",
     LITELLM + "adapters/transformation.py: becomes reasoning_effort none"),
    ("xai", "messages", "stop_sequences", "-", "drop", "-", XAI),
    ("gemini,deepseek,groq,kimi,xai", "responses", "reasoning.summary", "-", "drop", "-",
     LITELLM + "litellm_completion_transformation/transformation.py: makes an object of reasoning_effort"),

    # OpenRouter passes on what its providers take and drops the rest.
    ("openrouter", "*", "-", "-", "reads", "plain", "openrouter.ai/docs/guides/best-practices/reasoning-tokens"),
    ("openrouter", "chat", "reasoning", "-", "take", "-", "openrouter.ai/docs/api/reference/parameters"),
]

# Families by the provider of the cost map, where nothing more is known of a model.
PROVIDERS = {
    "deepseek": "deepseek", "dashscope": "qwen", "gemini": "gemini", "groq": "groq", "minimax": "minimax",
    "mistral": "mistral", "moonshot": "kimi", "openrouter": "openrouter", "xai": "xai", "zai": "glm",
}

# Efforts that the cost map does not tell.
EFFORTS = {
    "gemini/gemini-2.5-flash": ["none", "low", "medium", "high"],
    "gemini/gemini-2.5-flash-lite": ["none", "low", "medium", "high"],
    "gemini/gemini-2.5-pro": ["low", "medium", "high"],
    "xai/grok-4.3": ["none", "low", "medium", "high"],
}


def family(name, known):
    """The family of an entry of the cost map."""
    provider = known.get("litellm_provider")
    if provider == "openai":
        return "openai-reasoning" if known.get("supports_reasoning") else "openai"
    if provider == "anthropic":
        if known.get("thinking_always_on"):
            return "anthropic-always"
        if known.get("supports_sampling_params") is False:
            return "anthropic-adaptive"
        return "anthropic-thinking" if known.get("supports_reasoning") else "anthropic"
    return PROVIDERS.get(provider)


def efforts(name, known):
    """The reasoning efforts that a model takes, the least first; none where the cost map says nothing of them."""
    if name in EFFORTS:
        return EFFORTS[name]
    if known.get("reasoning_effort_levels"):
        return known["reasoning_effort_levels"]
    of = family(name, known)
    if of == "openai-reasoning":
        levels = {"none": False, "minimal": True, "low": True, "medium": True, "high": True, "xhigh": False,
                  "max": False}
        for level, default in levels.items():
            levels[level] = known.get(f"supports_{level}_reasoning_effort", default)
        return [level for level, taken in levels.items() if taken]
    if of in ("anthropic-thinking", "anthropic-adaptive", "anthropic-always"):
        levels = [] if of == "anthropic-always" else ["none"]
        levels += ["low", "medium", "high"]
        return levels + [level for level in ("xhigh", "max") if known.get(f"supports_{level}_reasoning_effort")]
    return None


def default_effort(name, known):
    """The effort of a request that names none, where it decides what else is taken."""
    if family(name, known) == "openai-reasoning":
        return known.get("default_reasoning_effort")
    # Claude thinks by default from Opus 5 on (platform.claude.com/docs/models/opus-5/migration-guide); its sampling
    # parameters are refused either way.
    return None
