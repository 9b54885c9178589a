"""`tiergate init`: what it writes for the LiteLLM that a user already runs, put into a real Envoy before it."""

import importlib.util
import subprocess
from pathlib import Path

import certifi
import httpx
import pytest
import yaml

from gateway import stacks, user

GREETING = "Hello!"
PROOF = "Prove the theorem by induction, step by step, and derive the contradiction."
COST_MAP = Path(importlib.util.find_spec("litellm").origin).with_name("model_prices_and_context_window_backup.json")
HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = {"name": "envoy.filters.http.router", "typed_config": {
    "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}


def init(command, directory, *arguments) -> tuple[dict, dict]:
    """The document and Envoy's parts, after `tiergate check` has taken the document as it is."""
    written, parts = directory / "tiergate.yaml", directory / "parts.yaml"
    done = subprocess.run([command, "init", *arguments, "--envoy", parts], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    written.write_text(done.stdout)
    checked = subprocess.run([command, "check", written], capture_output=True, text=True, timeout=120)
    assert checked.returncode == 0, checked.stderr
    return stacks.load_yaml(written), stacks.load_yaml(parts)


def envoy_of(parts: dict, port: int, admin_port: int) -> dict:
    """A whole configuration that has nothing of ours in it but what `init` wrote, at the places that it names."""
    parts["http_filters"][0]["typed_config"]["config"]["vm_config"]["code"]["local"]["filename"] = str(stacks.WASM)
    manager = {"@type": HCM, "stat_prefix": "init", "http_filters": [*parts["http_filters"], ROUTER],
               "route_config": {"virtual_hosts": parts["virtual_hosts"]}}
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    listener = {"name": "gateway", "address": address, "filter_chains": [
        {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}]}
    return {
        "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": admin_port}}},
        "static_resources": {"listeners": [listener], "clusters": parts["clusters"]},
    }


def validate(directory, envoy: dict) -> None:
    path = directory / "whole.yaml"
    path.write_text(yaml.safe_dump(envoy, sort_keys=False))
    done = subprocess.run([stacks.envoy_binary(), "--mode", "validate", "--disable-hot-restart", "-c", str(path)],
                          cwd=stacks.ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def blended(document: dict, name: str) -> float:
    model = document["models"][name]
    return (3 * model["input_price"] + model["output_price"]) / 4


def test_init_puts_the_filter_before_the_litellm_that_runs(gateway, command, tmp_path):
    """From the file that the running LiteLLM was started with to answers through Envoy."""
    document, parts = init(command, tmp_path, "--litellm", gateway.directory / "litellm.yaml", "--cost-map", COST_MAP,
                           "--upstream", f"127.0.0.1:{gateway.litellm_port}")
    first = {tier: names[0] for tier, names in document["tiers"].items()}
    prices = [blended(document, first[tier]) for tier in ("SIMPLE", "MEDIUM", "COMPLEX", "REASONING")]
    assert prices == sorted(prices) and prices[0] < prices[-1] / 5
    envoy = envoy_of(parts, stacks.free_port(), stacks.free_port())
    validate(tmp_path, envoy)
    process = stacks.envoy_process(tmp_path, envoy, concurrency=1)
    try:
        process.start()
        process.wait_ready()
        port = envoy["static_resources"]["listeners"][0]["address"]["socket_address"]["port_value"]
        for prompt, tier in ((GREETING, "SIMPLE"), (PROOF, "REASONING")):
            answer = httpx.post(f"http://127.0.0.1:{port}/v1/chat/completions", trust_env=False, timeout=60,
                                json={"model": "smart/auto", "messages": user(prompt)})
            assert answer.status_code == 200, answer.text
            assert answer.json()["choices"][0]["message"]["content"] == f"This is {first[tier]}."
            assert answer.headers["x-tiergate-model"] == first[tier]
            assert answer.headers["x-tiergate-tier"] == tier
    finally:
        process.stop()


OPENROUTER = """{"data": [
  {"id": "vendor/small:mini", "pricing": {"prompt": "0.0000001", "completion": "0.0000004"}, "context_length": 128000},
  {"id": "vendor/large", "pricing": {"prompt": "0.000003", "completion": "0.000015"}, "context_length": 200000}]}"""
OLLAMA = """{"models": [{"name": "small:1b", "details": {"parameter_size": "1.2B"}},
  {"name": "large:70b", "details": {"parameter_size": "70.6B"}}]}"""
WILDCARD = """model_list: [{model_name: "*", litellm_params: {model: "openai/*"}}]"""


@pytest.mark.parametrize(("arguments", "content"), [
    (["--openrouter"], OPENROUTER),
    (["--ollama"], OLLAMA),
    (["--model", "gpt-5.4", "--upstream", "litellm.example:443", "--litellm"], WILDCARD),
], ids=["OpenRouter", "Ollama", "TLS"])
def test_envoy_takes_what_init_writes(command, tmp_path, arguments, content):
    given = tmp_path / "given"
    given.write_text(content)
    _, parts = init(command, tmp_path, *arguments, given)
    for cluster in parts["clusters"]:
        if "transport_socket" in cluster:  # the file is Debian's; this machine may have none
            tls = cluster["transport_socket"]["typed_config"]["common_tls_context"]["validation_context"]
            tls["trusted_ca"]["filename"] = certifi.where()
    validate(tmp_path, envoy_of(parts, 10000, 9901))
