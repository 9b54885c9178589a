"""No request is refused because of where it was routed: parameters x families x prompts, before a LiteLLM that drops
nothing and before the providers themselves."""

import json
import re
import subprocess

import pytest

import parameters
from gateway import stacks
from momentum import Running
from parameters import CHAT_TOOLS, CLAUDE_TOOLS, NAMED, RESPONSES_TOOLS
from strict import FAMILIES, Strict

PROVIDERS = {"openai": "openai", "anthropic": "anthropic", "gemini": "gemini", "deepseek": "deepseek", "qwen": "dashscope",
             "mistral": "mistral", "xai": "xai", "glm": "zai", "kimi": "moonshot", "groq": "groq", "minimax": "minimax"}
PROMPTS = {"easy": "Hello!", "hard": "Prove the theorem by induction, step by step, and derive the contradiction."}
CHAT = {
    "sampling": {"temperature": 0, "top_p": 0.5, "seed": 7, "stop": ["END"], "n": 2, "presence_penalty": 0.5,
                 "frequency_penalty": 0.5, "logprobs": True, "top_logprobs": 2, "max_tokens": 3000, "user": "someone"},
    "effort": {"reasoning_effort": "minimal", "max_completion_tokens": 3000, "verbosity": "low", "temperature": 1.4},
    "no effort": {"reasoning_effort": "none", "temperature": 0.3},
    "most effort": {"reasoning_effort": "xhigh", "max_tokens": 100000},
    "thinking": {"thinking": {"type": "enabled", "budget_tokens": 2048}, "max_tokens": 4000, "top_k": 40},
    "no thinking": {"thinking": {"type": "disabled"}, "temperature": 0.2},
    "tools": {"tools": CHAT_TOOLS, "tool_choice": "required", "parallel_tool_calls": False},
    "a tool": {"tools": CHAT_TOOLS, "tool_choice": NAMED, "reasoning_effort": "high"},
    "house": {"store": False, "prompt_cache_key": "k", "service_tier": "auto", "response_format": {"type": "json_object"},
              "stream": True, "stream_options": {"include_usage": True}},
}
RESPONSES = {
    "sampling": {"temperature": 0, "top_p": 0.5, "max_output_tokens": 3000},
    # What Codex sends, as far as it is parameters.
    "codex": {"instructions": "Work.", "store": False, "include": ["reasoning.encrypted_content"],
              "reasoning": {"effort": "xhigh", "summary": "auto"}, "text": {"verbosity": "low"}, "prompt_cache_key": "k",
              "parallel_tool_calls": False, "tool_choice": "auto", "tools": RESPONSES_TOOLS},
    "no effort": {"reasoning": {"effort": "none"}, "temperature": 0.5, "service_tier": "auto"},
}
MESSAGES = {
    "sampling": {"temperature": 0.5, "top_k": 5, "stop_sequences": ["END"], "max_tokens": 500},
    "budget": {"thinking": {"type": "enabled", "budget_tokens": 2048}, "max_tokens": 5000, "tools": CLAUDE_TOOLS},
    # What Claude Code sends.
    "adaptive": {"thinking": {"type": "adaptive"}, "output_config": {"effort": "xhigh"}, "max_tokens": 32000,
                 "metadata": {"user_id": "someone"}, "tools": CLAUDE_TOOLS},
    "off": {"thinking": {"type": "disabled"}, "max_tokens": 500, "temperature": 0.2},
}


def provider(model: str) -> str:
    family = FAMILIES[model]
    return PROVIDERS["openai" if family.startswith("openai") else "anthropic" if family.startswith("anthropic") else family]


def named(model: str) -> str:
    """As the catalogue names it."""
    return model if provider(model) in ("openai", "anthropic") else f"{provider(model)}/{model}"


def document(cluster: str, **more) -> dict:
    """A profile for each model, whose every tier it is."""
    models = {model: {"cluster": cluster, "upstream_model": model, "vision": True} for model in FAMILIES}
    for model in FAMILIES:
        # Of the catalogue where it has one, else its family.
        models[named(model)] = models.pop(model) | ({"family": "qwen"} if FAMILIES[model] == "qwen" else {})
    profiles = {f"p{number}": {"tiers": dict.fromkeys(("SIMPLE", "MEDIUM", "COMPLEX", "REASONING"), named(model))}
                for number, model in enumerate(FAMILIES)}
    profiles["mixed"] = {"tiers": {"SIMPLE": "gpt-5.6", "MEDIUM": "gpt-5.6", "COMPLEX": "claude-opus-5",
                                   "REASONING": "gpt-5.6"}}
    for name, model in [("gpt", "gpt-5.6"), ("deepseek", "deepseek/deepseek-v4-pro"), ("claude", "claude-opus-5")]:
        # That one goes first in every tier; the others may serve where it cannot.
        others = [other for other in ("gpt-5.6", "deepseek/deepseek-v4-pro", "claude-opus-5") if other != model]
        profiles[f"first-{name}"] = {"tiers": dict.fromkeys(("SIMPLE", "MEDIUM", "COMPLEX", "REASONING"), [model, *others])}
    profiles["efforts"] = {"tiers": {
        tier: {"model": "gpt-5.6", "set": {"reasoning_effort": effort, "max_tokens": 2000}}
        for tier, effort in {"SIMPLE": "low", "MEDIUM": "medium", "COMPLEX": "high", "REASONING": "high"}.items()}}
    return {"default_cluster": cluster, "models": models, "profiles": profiles, "baseline": "gpt-5.6"} | more


VIRTUAL = {model: f"smart/p{number}" for number, model in enumerate(FAMILIES)}


class Fitted(Running):
    """Envoy before the strict provider, by a LiteLLM or not; `off` fits nothing."""

    def __init__(self, directory, strict: Strict, litellm_port: int):
        self.strict = strict
        envoy = stacks.demo_envoy(port=stacks.free_port(), admin_port=stacks.free_port(), litellm_port=litellm_port,
                                  signals_port=1)
        gateway = stacks.listener(envoy)
        self.ports = {}
        envoy["static_resources"]["clusters"] = [stacks.cluster("litellm", litellm_port),
                                                 stacks.cluster("direct", strict.port)]
        # Of one Claude alone it is known whose signature a thought has.
        kept = document("direct", history="keep")
        names = ("mixed", "efforts", "first-gpt", "first-deepseek", "first-claude")
        kept["profiles"] = {name: kept["profiles"][name] for name in names}
        behind = document("litellm", history="keep")
        behind["profiles"] = kept["profiles"]
        # A model that one test alone asks for.
        inject = document("direct", usage="inject")
        inject["models"]["counted"] = {"cluster": "direct", "upstream_model": "gpt-4.1"}
        inject["profiles"]["counted"] = {"tiers": dict.fromkeys(("SIMPLE", "MEDIUM", "COMPLEX", "REASONING"), "counted")}
        listeners = []
        for name, of in {"litellm": document("litellm"), "direct": document("direct"),
                         "off": document("litellm", fit="off"), "keep": kept,
                         "keep, litellm": behind, "strip, litellm": behind | {"history": "strip"},
                         "drop tools": document("direct", unkept_tools="drop"),
                         "inject": inject,
                         "inject, litellm": document("litellm", usage="inject")}.items():
            one = json.loads(json.dumps(gateway)) | {"name": name if name != "litellm" else "gateway"}
            self.ports[name] = stacks.free_port()
            stacks.set_port(one, self.ports[name])
            stacks.set_tiergate_configuration(one, of | {"headers": {"response": "full"}})
            listeners.append(one)
        envoy["static_resources"]["listeners"] = listeners
        super().__init__(directory, envoy, workers=1)

    def ask(self, listener: str, path: str, body: dict, headers: dict | None = None):
        url = f"http://127.0.0.1:{self.ports[listener]}{path}"
        return self.client.post(url, json=body, headers=headers, timeout=60)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    directory = tmp_path_factory.mktemp("fit")
    strict = Strict()
    deployments = []
    for model in FAMILIES:
        base = f"http://127.0.0.1:{strict.port}"
        if provider(model) == "gemini":
            base += "/v1beta"
        elif provider(model) != "anthropic":
            base += "/v1"
        deployments.append({"model_name": model, "litellm_params": {
            "model": f"{provider(model)}/{model}", "api_base": base, "api_key": "none"}})
    configuration = {"model_list": deployments, "litellm_settings": {"drop_params": False, "telemetry": False},
                     "router_settings": {"num_retries": 0, "disable_cooldowns": True}}
    port = stacks.free_port()
    litellm = stacks.litellm_process(directory, configuration, port)
    litellm.start()
    try:
        litellm.wait_ready()
        with Fitted(directory, strict, port) as running:
            yield running
            assert running.deaths() == 0
    finally:
        litellm.stop()
        strict.refuse()


def body(dialect: str, model: str, prompt: str, more: dict) -> tuple[str, dict]:
    asked = {"model": VIRTUAL[model]} | more
    text = PROMPTS[prompt]
    if dialect == "responses":
        return "/v1/responses", asked | {"input": text}
    path = "/v1/messages" if dialect == "messages" else "/v1/chat/completions"
    return path, asked | {"messages": [{"role": "user", "content": text}]}


def refused(fitted, listener: str, dialect: str, models, bundles: dict) -> list[str]:
    """What is refused, as lines for people."""
    lines = []
    for model in models:
        for name, more in bundles.items():
            for prompt in list(PROMPTS)[: 2 if name == next(iter(bundles)) else 1]:
                answer = fitted.ask(listener, *body(dialect, model, prompt, more))
                if answer.status_code != 200:
                    lines.append(f"{model}, {dialect}, {name}, {prompt}: {answer.status_code} {answer.text[:300]}")
    return lines


@pytest.mark.parametrize("dialect, bundles", [
    ("chat", CHAT), ("responses", RESPONSES), ("messages", MESSAGES),
    ("chat", parameters.CHAT), ("responses", parameters.RESPONSES), ("messages", parameters.MESSAGES)],
    ids=["chat", "responses", "messages", "chat, alone", "responses, alone", "messages, alone"])
def test_nothing_is_refused_by_way_of_litellm(fitted, dialect, bundles):
    lines = refused(fitted, "litellm", dialect, FAMILIES, bundles)
    assert not lines, "\n".join(lines)


def test_without_fit_it_is(fitted):
    lines = refused(fitted, "off", "chat", ["gpt-5.6", "claude-opus-5", "glm-5.3"], {"sampling": CHAT["sampling"]})
    assert len(lines) == 6, lines


DIRECT = [("chat", [model for model in FAMILIES if provider(model) != "anthropic"], CHAT | parameters.CHAT),
          ("responses", [model for model in FAMILIES if provider(model) in ("openai", "xai")], RESPONSES | parameters.RESPONSES),
          ("messages", [model for model in FAMILIES if provider(model) == "anthropic"], MESSAGES | parameters.MESSAGES)]


@pytest.mark.parametrize("dialect, models, bundles", DIRECT, ids=lambda value: value if isinstance(value, str) else "")
def test_nothing_is_refused_directly(fitted, dialect, models, bundles):
    lines = refused(fitted, "direct", dialect, models, bundles)
    assert not lines, "\n".join(lines)


def conversation() -> list[dict]:
    """Claude, then GPT, then DeepSeek have called a tool."""
    turns = [{"role": "user", "content": "Prove the theorem by induction, step by step."}]
    for number, thoughts in enumerate([
        [{"type": "thinking", "thinking": "hm", "signature": "signed by claude-opus-5"}], [],
        [{"type": "thinking", "thinking": "so", "signature": ""}],
    ]):
        call = {"type": "tool_use", "id": f"toolu_{number}", "name": "look", "input": {}}
        turns.append({"role": "assistant", "content": [*thoughts, call]})
        turns.append({"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": "x"}]})
    return turns


def chat_conversation() -> list[dict]:
    turns = [{"role": "user", "content": "Prove the theorem by induction, step by step."}]
    for number, thoughts in enumerate([
        {"thinking_blocks": [{"type": "thinking", "thinking": "hm", "signature": "signed by claude-opus-5"}],
         "reasoning_content": "hm"}, {}, {"reasoning_content": "so"},
    ]):
        call = {"id": f"call_{number}", "type": "function", "function": {"name": "look", "arguments": "{}"}}
        turns.append({"role": "assistant", "content": None, **thoughts, "tool_calls": [call]})
        turns.append({"role": "tool", "tool_call_id": f"call_{number}", "content": "x"})
    return turns


@pytest.mark.parametrize("model", ["claude-opus-5", "claude-sonnet-4-6", "gpt-5.6", "deepseek-v4-pro", "mistral-large-2512"])
def test_a_conversation_goes_from_model_to_model(fitted, model):
    thinking = {"thinking": {"type": "enabled", "budget_tokens": 2048}}
    for listener, path, body in [
        ("litellm", "/v1/messages", {"max_tokens": 4000, "tools": CLAUDE_TOOLS, "messages": conversation()} | thinking),
        ("litellm", "/v1/chat/completions", {"tools": CHAT_TOOLS, "messages": chat_conversation()}),
        ("direct" if provider(model) != "anthropic" else "litellm", "/v1/chat/completions",
         {"tools": CHAT_TOOLS, "messages": chat_conversation()}),
        ("direct" if provider(model) == "anthropic" else "litellm", "/v1/messages",
         {"max_tokens": 4000, "tools": CLAUDE_TOOLS, "messages": conversation()} | thinking),
    ]:
        answer = fitted.ask(listener, path, body | {"model": VIRTUAL[model]})
        assert answer.status_code == 200, f"{listener} {path}: {answer.text}"


def test_kept_history_stays_with_who_can_read_it(fitted):
    """The profile lists GPT first; Claude is of another tier."""
    turns = conversation()
    body = {"model": "smart/mixed", "max_tokens": 4000, "tools": CLAUDE_TOOLS, "messages": turns[:3]}
    answer = fitted.ask("keep", "/v1/messages", body)
    assert answer.status_code == 200, answer.text
    assert (answer.headers["x-tiergate-model"], answer.headers["x-tiergate-cause"]) == ("claude-opus-5", "capability")
    assert b"signed by claude-opus-5" in fitted.strict.asked[-1].body


def test_one_model_at_three_efforts(fitted):
    for prompt, effort in [("Hello!", "low"), (PROMPTS["hard"], "high")]:
        answer = fitted.ask("keep", "/v1/chat/completions",
                            {"model": "smart/efforts", "messages": [{"role": "user", "content": prompt}]})
        assert answer.status_code == 200, answer.text
        assert json.loads(fitted.strict.asked[-1].body)["reasoning_effort"] == effort
        assert f"reasoning_effort={effort}" in answer.headers["x-tiergate-set"]


def stream(fitted, listener: str, model: str, **more) -> tuple[bytes, dict]:
    """The stream as it came, and what the provider was asked."""
    path, asked = body("chat", model, "easy", {"stream": True} | more)
    answer = fitted.ask(listener, path, asked)
    assert answer.status_code == 200, answer.text
    return answer.content, json.loads(fitted.strict.asked[-1].body)


@pytest.mark.parametrize("model", ["gpt-5.6", "gpt-4.1", "mistral-large-2512"])
def test_usage_that_nobody_asked_for_goes_no_further(fitted, model):
    plain, asked = stream(fitted, "direct", model)
    assert "stream_options" not in asked and b"total_tokens" not in plain
    for options in ({}, {"stream_options": {"include_usage": False}}, {"stream_options": None}):
        told, asked = stream(fitted, "inject", model, **options)
        assert asked["stream_options"] == {"include_usage": True}
        assert told == plain
    told, _ = stream(fitted, "inject", model, stream_options={"include_usage": True})
    assert told.count(b'"total_tokens": 9') == 1, "the client has asked for it"


def test_usage_is_counted(fitted):
    path, asked = body("chat", "gpt-4.1", "easy", {"stream": True})
    assert fitted.ask("inject", path, asked | {"model": "smart/counted"}).status_code == 200
    line = 'tiergate_tokens{model="counted",direction="input"} 7'
    stacks.wait_until(lambda: line in fitted.admin("/stats/prometheus"), 20, "seven tokens are counted")


def test_litellm_tells_usage_only_where_it_is_asked(fitted):
    asked_for, _ = stream(fitted, "litellm", "gpt-4.1", stream_options={"include_usage": True})
    assert b'"total_tokens"' in asked_for
    told, asked = stream(fitted, "inject, litellm", "gpt-4.1")
    assert asked["stream_options"]["include_usage"] is True
    assert b'"total_tokens"' not in told and told.rstrip().endswith(b"data: [DONE]")


def test_usage_is_asked_of_chats_and_streams_alone(fitted):
    for dialect, more in [("chat", {}), ("responses", {"stream": True}), ("messages", {"stream": True, "max_tokens": 50})]:
        model = "claude-opus-5" if dialect == "messages" else "gpt-5.6"
        answer = fitted.ask("inject", *body(dialect, model, "easy", more))
        assert answer.status_code == 200, answer.text
        assert b"include_usage" not in fitted.strict.asked[-1].body


def test_a_tool_of_a_provider_s_goes_to_a_model_that_has_it(fitted):
    """The easy prompt is GPT's; Claude, which is of another tier, has the shell."""
    shell = {"type": "bash_20250124", "name": "bash"}
    for tools, model, cause in [(CLAUDE_TOOLS, "gpt-5.6", "score"), ([*CLAUDE_TOOLS, shell], "claude-opus-5", "capability")]:
        asked = {"model": "smart/mixed", "max_tokens": 500, "tools": tools, "messages": [{"role": "user", "content": "Hello!"}]}
        answer = fitted.ask("keep", "/v1/messages", asked)
        assert answer.status_code == 200, answer.text
        assert (answer.headers["x-tiergate-model"], answer.headers["x-tiergate-cause"]) == (model, cause)
        assert json.loads(fitted.strict.asked[-1].body)["tools"] == tools


@pytest.mark.parametrize("tools, left", [
    ([{"type": "code_interpreter"}], None), ([*CHAT_TOOLS, {"type": "x_search", "sources": ["[", "]"]}], CHAT_TOOLS)])
def test_a_tool_that_nobody_has(fitted, tools, left):
    path, asked = body("chat", "mistral-large-2512", "easy", {"tools": tools, "tool_choice": "auto"})
    answer = fitted.ask("direct", path, asked)
    assert answer.headers["x-tiergate-cause"] == "no_candidates"
    assert json.loads(fitted.strict.asked[-1].body)["tools"] == tools, "by default it is the provider's to refuse"
    fitted.ask("drop tools", path, asked)
    arrived = json.loads(fitted.strict.asked[-1].body)
    assert arrived.get("tools") == left and ("tool_choice" in arrived) == (left is not None)


@pytest.mark.parametrize("header, reader, other", [
    ("anthropic-beta", "claude-opus-5", "gpt-5.6"), ("openai-beta", "gpt-5.6", "claude-opus-5")])
def test_beta_headers_go_to_who_reads_them(fitted, header, reader, other):
    for model, value in [(reader, [b"something-2026"]), (other, [])]:
        dialect, more = ("messages", {"max_tokens": 50}) if model.startswith("claude") else ("chat", {})
        path, asked = body(dialect, model, "easy", more)
        answer = fitted.ask("direct", path, asked, headers={header: "something-2026"})
        assert answer.status_code == 200, answer.text
        assert fitted.strict.asked[-1].all(header) == value
    answer = fitted.ask("direct", "/v1/chat/completions", {"model": "gpt-4.1", "messages": asked["messages"]},
                        headers={"anthropic-beta": "something-2026"})
    assert fitted.strict.asked[-1].all("anthropic-beta") == [b"something-2026"], "a pinned model is left alone"


def response_conversation() -> list[dict]:
    """GPT has thought; it, Claude and DeepSeek have called a tool."""
    turns = [{"role": "user", "content": "Prove the theorem by induction, step by step."}]
    turns.append({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAx"})
    for number in range(3):
        turns.append({"type": "function_call", "id": f"fc_{number}", "call_id": f"call_{number}", "name": "look",
                      "arguments": "{}"})
        turns.append({"type": "function_call_output", "call_id": f"call_{number}", "output": "x"})
    return turns


CONVERSATIONS = {
    # Claude has thought in these; in the last one GPT has.
    "messages": ("/v1/messages", {"max_tokens": 4000, "tools": CLAUDE_TOOLS, "thinking": parameters.BUDGET}, "messages",
                 conversation, 3, "claude-opus-5"),
    "chat": ("/v1/chat/completions", {"tools": CHAT_TOOLS}, "messages", chat_conversation, 3, "claude-opus-5"),
    "responses": ("/v1/responses", {"tools": RESPONSES_TOOLS}, "input", response_conversation, 4, "gpt-5.6"),
}


@pytest.mark.parametrize("history", ["keep", "strip"])
@pytest.mark.parametrize("dialect", CONVERSATIONS)
def test_a_conversation_goes_on_with_whoever_is_next(fitted, dialect, history):
    """Turn by turn: Claude, then GPT, then DeepSeek, then Claude again, each asked for first."""
    path, more, key, turns, begun, thinker = CONVERSATIONS[dialect]
    turns = turns()
    served = []
    for end, first in [(1, "claude"), (begun, "gpt"), (begun + 2, "deepseek"), (len(turns), "claude")]:
        asked = more | {"model": f"smart/first-{first}", key: turns[:end]}
        answer = fitted.ask(f"{history}, litellm", path, asked)
        assert answer.status_code == 200, f"{first}: {answer.text}"
        served.append(answer.headers["x-tiergate-model"])
    wanted = ["claude-opus-5", "gpt-5.6", "deepseek/deepseek-v4-pro", "claude-opus-5"]
    # Who has thought is the only one who can go on, as long as its thoughts are in the conversation.
    assert served == (wanted if history == "strip" else [wanted[0], *[thinker] * 3])


def test_parameters_of_a_tier_are_told_everywhere(fitted, command, tmp_path):
    model, wanted = "gpt-5.6", "max_tokens=2000,reasoning_effort=low"
    asked = {"model": "smart/efforts", "messages": [{"role": "user", "content": "Hello!"}]}
    answer = fitted.ask("keep", "/v1/chat/completions", asked)
    assert (answer.headers["x-tiergate-model"], answer.headers["x-tiergate-set"]) == (model, wanted)
    metrics = fitted.admin("/stats/prometheus")
    assert re.search(r'tiergate_requests\{[^}]*model="gpt-5.6@[^"]*reasoning_effort:low', metrics), "the label of requests"
    kept = document("direct")
    (tmp_path / "tiergate.json").write_text(json.dumps(kept))
    done = subprocess.run([command, "explain", "--config", tmp_path / "tiergate.json"], input=json.dumps(asked),
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert wanted in done.stdout and "max_completion_tokens" in done.stdout
