"""What clients send besides the conversation: each parameter by itself, with several values, and what only matters together."""

from __future__ import annotations

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
TOOL = {"name": "look", "description": "Looks.", "parameters": {"type": "object", "properties": {}}}
CHAT_TOOLS = [{"type": "function", "function": TOOL}]
RESPONSES_TOOLS = [{"type": "function", **TOOL}]
CLAUDE_TOOLS = [{"name": "look", "description": "Looks.", "input_schema": TOOL["parameters"]}]
NAMED = {"type": "function", "function": {"name": "look"}}
BUDGET = {"type": "enabled", "budget_tokens": 2048}


def alone(parameters: dict) -> dict:
    """Each value of each parameter as a request of its own, by a name for people."""
    return {f"{name}={str(value)[:50]}": {name: value} for name, values in parameters.items() for value in values}


CHAT = alone({
    "temperature": [0, 0.7, 1, 1.4, 2], "top_p": [0, 0.5, 0.95, 1], "n": [1, 2], "seed": [7],
    "stop": ["END", ["A", "B"]], "logprobs": [True, False], "presence_penalty": [0, 0.5], "frequency_penalty": [0, 0.5],
    "max_tokens": [1, 3000, 1000000], "max_completion_tokens": [1, 3000, 1000000], "max_output_tokens": [100],
    "reasoning_effort": ["none", "minimal", "low", "medium", "high", "xhigh", "max"],
    "reasoning": [{"effort": "high"}, {"effort": "none"}, {"max_tokens": 2000}, {"enabled": True}],
    "thinking": [BUDGET, {"type": "disabled"}, {"type": "adaptive"}, {"type": "enabled"},
                 {"type": "enabled", "budget_tokens": 100000}],
    "thinking_budget": [100], "enable_thinking": [True, False], "output_config": [{"effort": "low"}],
    "verbosity": ["low", "medium", "high"],
    "response_format": [{"type": "text"}, {"type": "json_object"},
                        {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": SCHEMA}}],
    "prompt_cache_key": ["k"], "prompt_cache_retention": ["24h"], "service_tier": ["auto", "default", "flex", "priority"],
    "store": [True, False], "metadata": [{"a": "b"}, {"user_id": "x"}], "user": ["u"], "safety_identifier": ["s"],
    "logit_bias": [{"50256": -100}], "modalities": [["text"]], "prediction": [{"type": "content", "content": "x"}],
    "top_k": [5], "min_p": [0.1], "repetition_penalty": [1.1], "cache_control": [{"type": "ephemeral"}],
    "chat_template_kwargs": [{"enable_thinking": False}], "safe_prompt": [True], "random_seed": [3],
    "provider": [{"order": ["x"]}], "transforms": [["middle-out"]], "stop_sequences": [["A"]],
    "include_reasoning": [True], "reasoning_format": ["hidden"], "search_parameters": [{"mode": "auto"}],
    "context_management": [{"edits": []}], "parallel_tool_calls": [False],
}) | {
    "top_logprobs": {"logprobs": True, "top_logprobs": 2},
    "usage of a stream": {"stream": True, "stream_options": {"include_usage": True}},
    "both limits": {"max_tokens": 100, "max_completion_tokens": 100},
    "no parallel calls": {"tools": CHAT_TOOLS, "parallel_tool_calls": False},
    "parallel calls": {"tools": CHAT_TOOLS * 1, "parallel_tool_calls": True},
    "a strict tool": {"tools": [{"type": "function", "function": TOOL | {"strict": True}}]},
    "thinking, forced tool": {"tools": CHAT_TOOLS, "tool_choice": "required", "thinking": BUDGET, "max_tokens": 4000},
    "thinking, temperature": {"temperature": 0.5, "thinking": BUDGET, "max_tokens": 4000},
    "thinking, no room": {"thinking": BUDGET, "max_tokens": 500},
    "thinking, effort": {"thinking": BUDGET, "reasoning_effort": "low"},
    "effort, temperature": {"temperature": 0.5, "reasoning_effort": "high"},
    "effort, logprobs": {"logprobs": True, "reasoning_effort": "low"},
    "no effort, sampling": {"logprobs": True, "reasoning_effort": "none", "temperature": 0.5, "top_p": 0.9},
    "effort, tools": {"tools": CHAT_TOOLS, "reasoning_effort": "medium"},
    # What aider sends.
    "aider": {"temperature": 0, "reasoning_effort": "high", "stream": True},
} | {
    f"tool_choice={str(choice)[:30]}": {"tools": CHAT_TOOLS, "tool_choice": choice}
    for choice in ["auto", "none", "required", NAMED,
                   {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [NAMED]}}]
}

RESPONSES = alone({
    "temperature": [0, 1, 2], "top_p": [0.5, 1], "max_output_tokens": [16, 1000000],
    "reasoning": [{"effort": "none"}, {"effort": "minimal"}, {"effort": "low"}, {"effort": "xhigh", "summary": "auto"},
                  {"effort": "max"}, {"summary": "auto"}],
    "text": [{"verbosity": "low"}, {"format": {"type": "text"}}, {"format": {"type": "json_object"}},
             {"format": {"type": "json_schema", "name": "x", "schema": SCHEMA}}],
    "store": [True, False], "include": [["reasoning.encrypted_content"], ["message.output_text.logprobs"]],
    "instructions": ["Work.", 'Say "{[".'], "truncation": ["auto"], "service_tier": ["auto", "flex"], "metadata": [{"a": "b"}],
    "prompt_cache_key": ["k"], "prompt_cache_retention": ["24h"], "safety_identifier": ["s"], "user": ["u"],
    "parallel_tool_calls": [True, False], "top_logprobs": [2], "max_tool_calls": [3], "background": [False],
    "thinking": [BUDGET], "reasoning_effort": ["low"], "seed": [1], "stop": ["a"], "frequency_penalty": [0.2], "top_k": [3],
    "max_tokens": [10], "client_metadata": [{"x": "y"}],
}) | {
    "a loose tool": {"tools": [RESPONSES_TOOLS[0] | {"strict": False}]},
    "stream": {"stream": True},
    # What Codex sends, as far as it is parameters.
    "codex": {"instructions": "Work.", "store": False, "include": ["reasoning.encrypted_content"], "stream": True,
              "reasoning": {"effort": "xhigh", "summary": "auto"}, "text": {"verbosity": "low"}, "prompt_cache_key": "k",
              "parallel_tool_calls": False, "tool_choice": "auto", "tools": RESPONSES_TOOLS},
} | {
    f"tool_choice={str(choice)[:30]}": {"tools": RESPONSES_TOOLS, "tool_choice": choice}
    for choice in ["auto", "none", "required", {"type": "function", "name": "look"}]
}

MESSAGES = {name: {"max_tokens": 4000} | asked for name, asked in (alone({
    "temperature": [0, 0.5, 1], "top_p": [0.5, 1], "top_k": [5], "stop_sequences": [["END"]], "metadata": [{"user_id": "x"}],
    "service_tier": ["auto", "standard_only"],
    "thinking": [BUDGET, {"type": "enabled", "budget_tokens": 1024}, {"type": "disabled"}, {"type": "adaptive"}],
    "output_config": [{"effort": "low"}, {"effort": "max"}, {"effort": "xhigh"},
                      {"format": {"type": "json_schema", "schema": SCHEMA}}],
    "system": ["s", [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}]],
    "context_management": [{"edits": [{"type": "clear_tool_uses_20250919"}]}], "inference_geo": ["us"], "speed": ["fast"],
    "cache_control": [{"type": "ephemeral"}], "mcp_servers": [[]], "reasoning_effort": ["low"], "seed": [1], "n": [2],
    "stop": ["x"], "max_completion_tokens": [30],
}) | {
    "thinking, forced tool": {"tools": CLAUDE_TOOLS, "tool_choice": {"type": "any"}, "thinking": BUDGET},
    "thinking, no room": {"thinking": BUDGET, "max_tokens": 500},
    "a cached tool": {"tools": [CLAUDE_TOOLS[0] | {"cache_control": {"type": "ephemeral"}}]},
    "stream": {"stream": True},
    "both of sampling": {"temperature": 0.5, "top_p": 0.5},
    # What Claude Code sends.
    "claude code": {"thinking": {"type": "adaptive"}, "output_config": {"effort": "xhigh"}, "stream": True,
                    "metadata": {"user_id": "someone"}, "tools": CLAUDE_TOOLS,
                    "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}},
} | {
    f"tool_choice={choice['type']}": {"tools": CLAUDE_TOOLS, "tool_choice": choice}
    for choice in [{"type": "auto"}, {"type": "any"}, {"type": "none"}, {"type": "tool", "name": "look"}]
}).items()}
