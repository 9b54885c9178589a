"""An Envoy with the filter in both positions, in front of an upstream that fails as it is told to."""

from __future__ import annotations

import copy
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx

from faulty import Asked, Faulty
from gateway import stacks, user
from momentum import Running

# In this order in every tier. The names that the upstream knows are of other lengths.
FIRST, SECOND, WIDE = "alpha", "bravo", "charlie"
UPSTREAM = {FIRST: "alpha-1", SECOND: "vendor/bravo-with-a-long-name", WIDE: "c"}
MODELS = {
    FIRST: {"context_window": 8000, "input_price": 1, "output_price": 2},
    SECOND: {"context_window": 8000, "input_price": 3, "output_price": 4},
    WIDE: {"context_window": 100000, "input_price": 5, "output_price": 6},
}
MODE_OF = {upstream: name for name, upstream in UPSTREAM.items()}


def document(**more) -> dict:
    """A tiergate document with these three models in every tier."""
    models = {name: entry | {"cluster": "faulty", "upstream_model": UPSTREAM[name]} for name, entry in MODELS.items()}
    return {
        "default_cluster": "litellm", "filter_state": True, "models": models,
        "tiers": {tier: list(MODELS) for tier in ("SIMPLE", "MEDIUM", "COMPLEX", "REASONING")},
        "headers": {"response": "full", "model_as": ["x-gateway-model-name"]},
        "fallbacks": {"enabled": True},
        # Most tests are not about cooldowns, and many about failures.
        "live": {"allowed_fails": 1_000_000},
    } | more


def attempt_filters(envoy: dict, document: dict) -> dict:
    """The protocol options of the demo's LiteLLM cluster, whose filter has this document in the attempt position."""
    (litellm,) = (each for each in envoy["static_resources"]["clusters"] if each["name"] == "litellm")
    options = copy.deepcopy(litellm["typed_extension_protocol_options"])
    ((_, http),) = options.items()
    plugin = http["http_filters"][0]["typed_config"]["config"]
    plugin["configuration"] = {"@type": stacks.STRUCT, "value": document | {"position": "attempt"}}
    return options


class Fallbacks(Running):
    """The demo's Envoy with this document in both positions and a cluster that fails."""

    def __init__(self, gateway, directory: Path, faulty: Faulty, *, workers: int = 2, per_try: str = "0.7s",
                 tiergate: dict | None = None, attempt_position: bool = True):
        self.faulty = faulty
        tiergate = tiergate or document()
        envoy = stacks.demo_envoy(port=stacks.free_port(), admin_port=stacks.free_port(),
                                  litellm_port=gateway.litellm_port, signals_port=stacks.free_port())
        listener = stacks.listener(envoy)
        envoy["static_resources"]["listeners"] = [listener]
        if stacks.envoy_version() < (1, 37):  # as envoy/demo.yaml says
            listener["per_connection_buffer_limit_bytes"] = 32 * 1024 * 1024
        stacks.set_tiergate_configuration(listener, tiergate)
        (host,) = stacks.connection_manager(listener)["route_config"]["virtual_hosts"]
        host["routes"][0]["route"]["retry_policy"]["per_try_timeout"] = per_try
        options = attempt_filters(envoy, tiergate)
        for each in envoy["static_resources"]["clusters"]:
            if each["name"] == "litellm":
                each["typed_extension_protocol_options"] = options
                failing = copy.deepcopy(each)
        failing["name"] = failing["load_assignment"]["cluster_name"] = "faulty"
        stacks.set_upstream(failing, stacks.address(faulty.port))
        if not attempt_position:
            del failing["typed_extension_protocol_options"]
        envoy["static_resources"]["clusters"].append(failing)
        self.change(envoy)
        super().__init__(directory, envoy, workers=workers)

    def change(self, envoy: dict) -> None:
        """For those that need something else of Envoy."""

    def send(self, path: str = "/v1/chat/completions", **more) -> tuple[httpx.Response, list[Asked]]:
        """The client's answer, and every attempt as it arrived."""
        test_id = uuid.uuid4().hex
        # Failures of one conversation count once.
        body = {"messages": user("Hello!"), "user": test_id} | more
        if "/models/" not in path:
            body = {"model": "smart/auto"} | body
        answer = self.client.post(f"{self.url}{path}", json=body, headers={"x-test-id": test_id})
        return answer, self.faulty.of(test_id)

    def counted(self, metric: str, **labels: str) -> int:
        """A counter or a gauge, summed over all series with these labels."""
        total = 0
        text = self.admin("/stats/prometheus")
        for found, value in re.findall(rf"^tiergate_{metric}\{{(.*)\}} (\d+)$", text, re.M):
            if labels.items() <= dict(re.findall(r'(\w+)="([^"]*)"', found)).items():
                total += int(value)
        return total

    def wait_counted(self, value: int, metric: str, **labels: str) -> None:
        """Counts are told once a second."""
        stacks.wait_until(lambda: self.counted(metric, **labels) == value, 20, f"{metric} {labels} is {value}")

    def surviving(self) -> Iterator[Fallbacks]:
        """What a fixture yields: all models well at first, and neither Envoy nor a VM dead behind the test."""
        self.faulty.be()
        yield self
        assert self.envoy.child.poll() is None, f"Envoy died:\n{stacks.tail(self.envoy.log)}"
        assert self.deaths() == 0, f"the filter's VM died:\n{stacks.tail(self.envoy.log, 12)}"
