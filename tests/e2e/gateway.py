"""The stack of the tests: envoy/demo.yaml, or envoy/envoy.yaml, as it ships, with more listeners, models and clusters.

Listeners, one configuration each: `gateway` answers with full response headers and sends what it does not know to
LiteLLM; `basic` and `silent` answer with fewer headers; they and `forged` send what they do not know to the recorder.
"""

from __future__ import annotations

import contextlib
import copy
import re
import sys
from pathlib import Path
from typing import Self

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

import stack as stacks  # noqa: E402
from recorder import Recorder  # noqa: E402

EXAMPLE = stacks.ROOT / "examples" / "signals" / "envoy.yaml"
CANARY = "canary-7f3a-prompt"
# Models of the session's LiteLLM that fail, by the exception that it raises for them.
FAILING = {
    "unwell": "litellm.InternalServerError",
    "crowded": "litellm.RateLimitError",
    "short": "litellm.ContextWindowExceededError",
    "strict": "Exception: content_filter_policy: the mock's filter",
}

RECORDED = {
    "recorded-small": {"upstream_model": "small/v1", "input_price": 1, "output_price": 2, "tools": False},
    "recorded-medium": {"upstream_model": "medium", "input_price": 2, "output_price": 4, "context_window": 128000},
    "recorded-large": {"upstream_model": "a-much-longer-name-than-the-client-sent/large", "input_price": 3,
                       "output_price": 6, "vision": True},
    "recorded-thinker": {"upstream_model": "thinker \"quoted\" \\ ü", "input_price": 4, "output_price": 8},
    "promoted": {"upstream_model": "promoted"},
    "house": {"upstream_model": "house-upstream", "aliases": ["our-model"]},
}
TIERS = {"SIMPLE": "recorded-small", "MEDIUM": "recorded-medium", "COMPLEX": "recorded-large",
         "REASONING": "recorded-thinker"}

FULL = {"response": "full", "model_as": ["x-gateway-model-name"]}
# Listeners beside `gateway`, by what their documents change.
LISTENERS = {
    "basic": {"headers": {"response": "basic"}, "promotions": [
        {"name": "past", "profile": "recorded", "tier": "SIMPLE", "models": ["house"],
         "from": "2020-01-01", "until": "2020-02-01"},
        {"name": "now", "profile": "recorded", "tier": "MEDIUM", "models": ["promoted"],
         "from": "2020-01-01", "until": "2120-01-01"}]},
    "silent": {"headers": {"response": "none"}},
    "forged": {"headers": FULL},
}


def recorded(document: dict, cluster: str = "recorder") -> dict:
    """A tiergate document with the recorder's models and the profile `recorded` (virtual: smart/recorded, my-router)."""
    document = copy.deepcopy(document)
    document["models"] = document.get("models", {}) | {
        name: ({"cluster": cluster} if cluster else {}) | entry for name, entry in RECORDED.items()
    }
    document.setdefault("profiles", {})["recorded"] = {"tiers": TIERS}
    document["virtual_models"] = {"my-router": "recorded"}
    return document


class Running:
    """What has an Envoy of its own, which runs as long as the context is open."""

    envoy: stacks.Process

    def __enter__(self) -> Self:
        try:
            self.envoy.start()
            self.envoy.wait_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(Exception):
            self.envoy.stop()


class Asked:
    """What tests ask of a running Envoy."""

    ports: dict[str, int]
    admin_url: str
    envoy: stacks.Process
    # The name of the recorder's cluster.
    recorded_at = "recorder"

    def address(self, listener: str = "gateway") -> str:
        return f"http://127.0.0.1:{self.ports[listener]}"

    def admin(self, path: str) -> str:
        status, text = stacks.http_get(f"{self.admin_url}{path}")
        assert status == 200, f"{path}: {status}"
        return text

    def stat(self, name: str) -> int:
        found = re.search(rf"^{re.escape(name)}: (\d+)$", self.admin(f"/stats?filter=^{re.escape(name)}$"), re.M)
        return int(found[1]) if found else 0

    def deaths(self) -> int:
        """How often a VM of the filter died: a panic, a trap, or too much memory."""
        # Envoy 1.36 and 1.37 count those in a cluster's scope as well.
        counted = re.findall(r"wasm\.tiergate\.vm_reload(?:_success|_failure)?: (\d+)$",
                             self.admin("/stats?filter=wasm.tiergate.vm_reload"), re.M)
        assert counted
        return self.envoy.log.read_text(errors="replace").count("Uncaught RuntimeError") + sum(map(int, counted))


class Gateway(Asked, stacks.Stack):
    """The stack, and what tests ask of it."""

    def __init__(self, recorder: Recorder, directory: Path, shipped: Path = stacks.DEMO):
        super().__init__(directory, shipped=shipped)
        self.recorder = recorder
        self.extra_models = stacks.models_in(stacks.tiergate_configuration(stacks.listener(stacks.load_yaml(EXAMPLE))))
        self.failing_models = FAILING
        self.caches = False  # a test's request is its own
        self.extra_deployments = [{
            "model_name": "classifier-mock", "model_info": {"id": "classifier-mock"},
            "litellm_params": {"model": "openai/classifier-mock", "api_key": "none",
                               "mock_response": '{"tier": "COMPLEX"}'}}]
        self.concurrency = 1  # one worker: if its VM dies, every test after it shows it
        # Our component talks at its loudest, so that the log test sees all it could ever say.
        self.envoy_options = ("--log-level", "info", "--component-log-level", "wasm:trace")
        self.ports = {"gateway": self.port}
        envoy = self.envoy_configuration
        envoy["static_resources"]["clusters"].append(stacks.cluster("recorder", recorder.port))
        options = {"explicit_http_config": {"http_protocol_options": {"enable_trailers": True}}}
        envoy["static_resources"]["clusters"][-1]["typed_extension_protocol_options"] = {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions", **options}}
        gateway = stacks.listener(envoy)
        if stacks.envoy_version() < (1, 37):  # as envoy/demo.yaml says
            gateway["per_connection_buffer_limit_bytes"] = 32 * 1024 * 1024
        demo = stacks.tiergate_configuration(gateway)
        stacks.set_tiergate_configuration(gateway, recorded(demo) | {
            "headers": FULL})
        for name, changes in LISTENERS.items():
            other = copy.deepcopy(gateway)
            other["name"] = name
            self.ports[name] = stacks.free_port()
            stacks.set_port(other, self.ports[name])
            stacks.set_tiergate_configuration(other, recorded(demo) | {"default_cluster": "recorder"} | changes)
            envoy["static_resources"]["listeners"].append(other)


def user(text) -> list[dict]:
    return [{"role": "user", "content": text}]
