"""A provider of our own that refuses what the real ones document as refused, and nothing else: one validator a family.

Each rule stands with its source. A model's name tells its family; the path tells which of a provider's APIs is asked.
"""

from __future__ import annotations

import json
import re

from recorder import _answer, _document
from upstream import Recorded, Upstream

FAMILIES = {
    "gpt-4.1": "openai", "gpt-5-mini": "openai-reasoning", "gpt-5.4": "openai-reasoning", "gpt-5.6": "openai-reasoning",
    "claude-sonnet-4-6": "anthropic-thinking", "claude-opus-5": "anthropic-adaptive",
    "claude-fable-5-1": "anthropic-always", "gemini-2.5-flash": "gemini", "deepseek-v4-pro": "deepseek",
    "qwen3-max": "qwen", "mistral-large-2512": "mistral", "grok-4.6": "xai", "glm-5.3": "glm", "kimi-k3": "kimi",
    "openai/gpt-oss-120b": "groq", "MiniMax-M3": "minimax",
}
EFFORTS = {
    "gpt-5-mini": {"minimal", "low", "medium", "high"}, "gpt-5.4": {"none", "low", "medium", "high", "xhigh"},
    "gpt-5.6": {"none", "low", "medium", "high", "xhigh"},
}
DEFAULT_EFFORT = {"gpt-5.4": "none", "gpt-5-mini": "medium", "gpt-5.6": "medium"}

# developers.openai.com/api/reference/resources/chat: "Unrecognized request argument supplied" for any other.
OPENAI_CHAT = set("""model messages stream stream_options temperature top_p n seed stop logprobs top_logprobs max_tokens
    max_completion_tokens presence_penalty frequency_penalty logit_bias reasoning_effort verbosity response_format tools
    tool_choice parallel_tool_calls functions function_call prompt_cache_key prompt_cache_retention service_tier store
    metadata user safety_identifier modalities audio prediction web_search_options""".split())
OPENAI_RESPONSES = set("""model input instructions stream stream_options temperature top_p max_output_tokens reasoning text
    tools tool_choice parallel_tool_calls previous_response_id conversation include store metadata user truncation
    background prompt prompt_cache_key prompt_cache_retention service_tier safety_identifier top_logprobs max_tool_calls
    context_management client_metadata""".split())
# platform.claude.com/docs/en/api/messages: "Extra inputs are not permitted" for any other.
CLAUDE = set("""model messages max_tokens system stream temperature top_p top_k stop_sequences tools tool_choice thinking
    output_config output_format metadata service_tier container context_management mcp_servers speed inference_geo
    cache_control""".split())
# docs.mistral.ai/api: 422 extra_forbidden for any other.
MISTRAL = set("""model messages stream temperature top_p max_tokens stop random_seed response_format tools tool_choice
    presence_penalty frequency_penalty n prediction parallel_tool_calls prompt_mode safe_prompt metadata
    stream_options""".split())


class Refused(Exception):
    """What the provider answers with 400."""


def refuse(condition: object, message: str) -> None:
    if condition:
        raise Refused(message)


def openai_sampling(asked: dict, model: str, effort: str | None) -> None:
    """developers.openai.com/api/docs/guides/latest-model: parameter compatibility."""
    if (effort or DEFAULT_EFFORT[model]) == "none":
        return
    refuse(asked.get("temperature", 1) != 1, "Unsupported value: 'temperature' does not support this value")
    for name in ("top_p", "logprobs", "top_logprobs"):
        refuse(asked.get(name, 1) not in (1, False, 0), f"Unsupported parameter: '{name}' is not supported with this model.")


def openai_chat(asked: dict, model: str, direct: bool = False) -> None:
    unknown = set(asked) - OPENAI_CHAT
    refuse(unknown, f"Unrecognized request argument supplied: {sorted(unknown)}")
    for message in asked["messages"]:
        refuse({"thinking_blocks", "reasoning_content"} & set(message), "Unknown parameter in 'messages'")
        for part in message.get("content") if isinstance(message.get("content"), list) else []:
            refuse(part["type"] in ("thinking", "redacted_thinking"), f"Invalid value: '{part['type']}'")
    if model not in EFFORTS:
        # developers.openai.com/api/docs/guides/reasoning
        refuse("reasoning_effort" in asked, "Unrecognized request argument supplied: reasoning_effort")
        refuse(asked.get("verbosity", "medium") != "medium", "Unsupported value: 'verbosity'")
        return
    # github.com/BerriAI/litellm/pull/34569, openai/openai-openapi/issues/541: where the effort may be none
    # (LiteLLM leaves it to the default only where the provider is not OpenAI's own address.)
    default = DEFAULT_EFFORT[model] if direct else "none"
    loud = "none" in EFFORTS[model] and asked.get("reasoning_effort", default) != "none"
    refuse(loud and any(tool["type"] == "function" for tool in asked.get("tools", [])),
           "Function tools with reasoning_effort are not supported in /v1/chat/completions.")
    refuse("max_tokens" in asked, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
    effort = asked.get("reasoning_effort")
    refuse(effort is not None and effort not in EFFORTS[model], f"Unsupported value: 'reasoning_effort' {effort}")
    refuse("stop" in asked, "Unsupported parameter: 'stop' is not supported with this model.")
    for name in ("presence_penalty", "frequency_penalty", "logit_bias"):
        refuse(asked.get(name), f"Unsupported parameter: '{name}' is not supported with this model.")
    openai_sampling(asked, model, effort)


def openai_responses(asked: dict, model: str) -> None:
    unknown = set(asked) - OPENAI_RESPONSES
    refuse(unknown, f"Unknown parameter: {sorted(unknown)}")
    for item in asked["input"] if isinstance(asked["input"], list) else []:
        # github.com/openai/codex/issues/8132
        encrypted = item.get("encrypted_content")
        refuse(encrypted and not encrypted.startswith("gAAA"), "The encrypted content could not be verified.")
    if model not in EFFORTS:
        refuse((asked.get("reasoning") or {}).get("effort"), "Unsupported parameter: 'reasoning.effort'")
        refuse((asked.get("text") or {}).get("verbosity", "medium") != "medium", "Unsupported value: 'text.verbosity'")
        return
    effort = (asked.get("reasoning") or {}).get("effort")
    refuse(effort is not None and effort not in EFFORTS[model], f"Unsupported value: 'reasoning.effort' {effort}")
    openai_sampling(asked, model, effort)


def claude(asked: dict, model: str) -> None:
    unknown = set(asked) - CLAUDE
    refuse(unknown, f"{sorted(unknown)}: Extra inputs are not permitted")
    family = FAMILIES[model]
    thinking = asked.get("thinking") or {}
    kind = thinking.get("type", "adaptive" if family == "anthropic-always" else "disabled")
    refuse("max_tokens" not in asked, "max_tokens: Field required")
    # platform.claude.com/docs/en/build-with-claude/fast-mode
    refuse("speed" in asked and model != "claude-opus-5", "speed: not supported for this model")
    refuse(not 0 <= asked.get("temperature", 1) <= 1, "temperature: range: 0..1")
    refuse(asked.get("service_tier", "auto") not in ("auto", "standard_only"), "service_tier")
    refuse(set(asked.get("metadata") or {}) - {"user_id"}, "metadata: Extra inputs are not permitted")
    if family != "anthropic-thinking":
        # platform.claude.com/docs/en/about-claude/models/migration-guide
        refuse(asked.get("temperature", 1) != 1 or "top_k" in asked or asked.get("top_p", 1) < 0.99, "sampling parameters")
        refuse(kind == "enabled", '"thinking.type.enabled" is not supported for this model.')
    if family == "anthropic-always":
        refuse(kind == "disabled", "thinking cannot be disabled")
        refuse((asked.get("tool_choice") or {}).get("type") in ("any", "tool"), "tool_choice forces tool use")
    if family == "anthropic-thinking":
        # platform.claude.com/docs/en/build-with-claude/extended-thinking
        refuse("temperature" in asked and "top_p" in asked, "`temperature` and `top_p` cannot both be specified")
        if kind != "disabled":
            refuse(asked.get("temperature", 1) != 1, "`temperature` may only be set to 1 when thinking is enabled")
            refuse("top_k" in asked or asked.get("top_p", 1) < 0.95, "top_k and top_p with thinking")
            refuse((asked.get("tool_choice") or {}).get("type") in ("any", "tool"), "Thinking may not be enabled")
        if kind == "enabled":
            budget = thinking.get("budget_tokens", 0)
            refuse(budget < 1024 or budget >= asked["max_tokens"], "`max_tokens` must be greater than the budget")
            last = next((m for m in reversed(asked["messages"]) if m["role"] == "assistant"), None)
            blocks = last["content"] if last and isinstance(last["content"], list) else []
            loop = any(block["type"] == "tool_use" for block in blocks)
            refuse(loop and blocks[0]["type"] not in ("thinking", "redacted_thinking"),
                   "Expected `thinking` or `redacted_thinking`, but found `tool_use`.")
    effort = (asked.get("output_config") or {}).get("effort")
    refuse(effort not in (None, "low", "medium", "high", "xhigh", "max"), "output_config.effort")
    for message in asked["messages"]:
        blocks = message["content"] if isinstance(message["content"], list) else []
        refuse(isinstance(message["content"], list) and not blocks, "messages: content cannot be empty")
        for block in blocks:
            if block["type"] == "thinking":
                # github.com/vybestack/llxprt-code/issues/2335: signatures are of one model
                refuse(block.get("signature") != f"signed by {model}", "Invalid `signature` in `thinking` block")


def gemini(asked: dict, _model: str) -> None:
    config = asked.get("generationConfig", {})
    # github.com/google-gemini/cookbook/issues/1290
    refuse(config.get("presencePenalty") or config.get("frequencyPenalty"), "Penalty is not enabled for this model")
    refuse(config.get("responseLogprobs") or config.get("logprobs"), "Logprobs is not enabled for this model")


def gemini_chat(asked: dict, _model: str) -> None:
    refuse(asked.get("presence_penalty") or asked.get("frequency_penalty"), "Penalty is not enabled for this model")
    refuse(asked.get("logprobs"), "Logprobs is not enabled for this model")
    refuse({"store", "prompt_cache_key", "logit_bias", "thinking", "metadata_"} & set(asked), "Unknown name")
    refuse(asked.get("reasoning_effort", "low") not in ("none", "minimal", "low", "medium", "high"), "reasoning_effort")


def needs_thoughts(asked: dict) -> None:
    for message in asked["messages"]:
        missing = message.get("tool_calls") and not message.get("reasoning_content")
        refuse(missing, "thinking is enabled but reasoning_content is missing in assistant tool call message")


def deepseek(asked: dict, _model: str) -> None:
    # api-docs.deepseek.com/guides/thinking_mode
    refuse(asked.get("reasoning_effort", "low") not in ("low", "medium", "high", "max", "xhigh", "minimal"), "effort")
    if (asked.get("thinking") or {}).get("type") == "disabled":
        return
    needs_thoughts(asked)
    refuse(asked.get("logprobs") or asked.get("top_logprobs"), "logprobs is not supported")
    choice = asked.get("tool_choice", "auto")
    refuse(choice == "required" or isinstance(choice, dict), "does not support this tool_choice")


def mistral(asked: dict, _model: str) -> None:
    unknown = set(asked) - MISTRAL
    refuse(unknown, f"{sorted(unknown)}: extra_forbidden")
    for message in asked["messages"]:
        unknown = set(message) - {"role", "content", "tool_calls", "tool_call_id", "name", "prefix"}
        refuse(unknown, f"messages.{sorted(unknown)}: extra_forbidden")
    refuse(not 0 <= asked.get("temperature", 1) <= 1.5, "temperature")


def xai(asked: dict, _model: str) -> None:
    # docs.x.ai/developers/model-capabilities/text/reasoning
    for name in ("presence_penalty", "frequency_penalty", "stop"):
        refuse(asked.get(name), f"Argument not supported on this model: {name}")
    refuse(asked.get("reasoning_effort", "low") not in ("low", "medium", "high"), "reasoning_effort")


def xai_responses(asked: dict, _model: str) -> None:
    # LiteLLM's llms/xai/responses/transformation.py: instructions is not supported
    refuse(asked.get("instructions"), "Argument not supported: instructions")
    refuse((asked.get("reasoning") or {}).get("effort", "low") not in ("low", "medium", "high"), "reasoning.effort")


def glm(asked: dict, _model: str) -> None:
    # docs.z.ai/api-reference/llm/chat-completion
    refuse(asked.get("tool_choice", "auto") != "auto", "tool_choice: only auto")
    refuse(not 0 <= asked.get("temperature", 1) <= 1, "temperature")
    refuse(not 0.01 <= asked.get("top_p", 1) <= 1, "top_p")


def kimi(asked: dict, _model: str) -> None:
    # platform.kimi.ai/docs/api/models-overview
    refuse(asked.get("temperature", 1) != 1, "invalid temperature: only 1 is allowed for this model")
    refuse(asked.get("top_p", 0.95) != 0.95, "invalid top_p")
    refuse(asked.get("n", 1) != 1, "invalid n")
    refuse(asked.get("presence_penalty") or asked.get("frequency_penalty"), "invalid penalty")
    refuse((asked.get("thinking") or {}).get("type") == "disabled", "thinking cannot be disabled")
    refuse(asked.get("reasoning_effort", "low") not in ("low", "high", "max"), "reasoning_effort")
    choice = asked.get("tool_choice", "auto")
    refuse(choice == "required" or isinstance(choice, dict), "tool_choice")
    needs_thoughts(asked)


def groq(asked: dict, _model: str) -> None:
    # console.groq.com/docs/openai
    for name in ("logprobs", "logit_bias", "top_logprobs"):
        refuse(asked.get(name), f"property '{name}' is unsupported")
    refuse(asked.get("n", 1) != 1, "n must be 1")
    refuse(asked.get("reasoning_effort", "low") not in ("low", "medium", "high"), "reasoning_effort")
    for message in asked["messages"]:
        refuse("reasoning_content" in message or "thinking_blocks" in message, "property is unsupported")


def qwen(asked: dict, _model: str) -> None:
    # alibabacloud.com/help/en/model-studio/qwen-api-reference
    refuse(asked.get("tool_choice") == "required", "tool_choice")
    refuse(asked.get("enable_thinking") and isinstance(asked.get("tool_choice"), dict), "tool_choice in thinking mode")


def minimax(asked: dict, _model: str) -> None:
    # platform.minimax.io/docs/api-reference/text-openai-api
    refuse(not 0 < asked.get("temperature", 1) <= 1, "temperature")
    refuse(asked.get("n", 1) != 1, "n")


CHAT = {"gemini": gemini_chat, "deepseek": deepseek,
        "mistral": mistral, "xai": xai, "glm": glm, "kimi": kimi, "groq": groq, "qwen": qwen, "minimax": minimax}
FOUND = re.compile(r"/models/([^:/]+):")


def refusal(path: str, body: bytes, direct: bool = False) -> str | None:
    """Why a request is refused; `direct`: no LiteLLM has passed it on."""
    bare = path.split("?")[0]
    asked = {name: value for name, value in json.loads(body).items() if value is not None}
    named = FOUND.search(bare)
    model = named[1] if named else asked["model"]
    family = FAMILIES[model]
    try:
        if bare.endswith("/messages") and family.startswith("anthropic"):
            claude(asked, model)
        elif bare.endswith("/responses") and family.startswith("openai"):
            openai_responses(asked, model)
        elif bare.endswith("/responses") and family == "xai":
            xai_responses(asked, model)
        elif "enerateContent" in bare:
            gemini(asked, model)
        elif family.startswith("openai") and bare.endswith("/chat/completions"):
            openai_chat(asked, model, direct)
        elif family in CHAT and bare.endswith("/chat/completions"):
            CHAT[family](asked, model)
    except Refused as why:
        return str(why)
    return None


class Strict(Upstream):
    """Refuses, or answers in the dialect of the path; keeps what it was asked last."""

    def __init__(self) -> None:
        self.asked: list[Recorded] = []
        super().__init__()

    def answer(self, connection, reader, request: Recorded) -> bool:
        if request.method == "GET":
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
            return True
        with self._lock:
            self.asked.append(request)
        if why := refusal(request.path, request.body, direct=bool(request.all("x-tiergate-cluster"))):
            text = json.dumps({"type": "error", "error": {"type": "invalid_request_error", "message": why}}).encode()
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
                               % len(text) + text)
            return True
        if text := answer_of(request.path, request.body):
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(text) + text)
            return True
        for piece in _answer(request):
            connection.sendall(piece)
        return True


def answer_of(path: str, body: bytes) -> bytes | None:
    """What LiteLLM expects of two providers besides; none where the recorder's answer will do."""
    more = {"service_tier": "on_demand", "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}} if b"gpt-oss" in body else {}
    if "enerateContent" in path:
        more = {"usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}}
    if not more or b'"stream": true' in body or b'"stream":true' in body or "stream" in path:
        return None
    return json.dumps(_document(path.split("?")[0], json.loads(body).get("model", "?")) | more).encode()
