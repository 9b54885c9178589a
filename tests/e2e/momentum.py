"""An Envoy whose filter reads a feed, in front of the session's LiteLLM."""

from __future__ import annotations

import re
from pathlib import Path

import httpx

from feed import Feed, document
from gateway import stacks, user

# In this order in the tier of a greeting. The third takes no tools.
FIRST, SECOND, TOOLLESS = "gpt-5.4-nano", "gpt-5.4-mini", "toolless"
CANDIDATES = [FIRST, SECOND, TOOLLESS]
# By the candidate that surges. Where it is the third, the first is next.
SURGE = {
    FIRST: document({FIRST: "surging", SECOND: "stable", TOOLLESS: "cooling"}),
    SECOND: document({FIRST: "stable", SECOND: "surging", TOOLLESS: "cooling"}),
    TOOLLESS: document({FIRST: "accelerating", SECOND: "stable", TOOLLESS: "surging"}),
}
PERIOD = {"fresh_seconds": 1, "stale_seconds": 600, "retry_seconds": 1, "retry_max_seconds": 1, "timeout_ms": 500}
FETCHES = "wasmcustom.tiergate.signals.fetches;outcome="


def demo_alone(litellm_port: int) -> tuple[dict, dict]:
    """The demo's Envoy with the clients' listener alone, and that listener."""
    envoy = stacks.demo_envoy(port=stacks.free_port(), admin_port=stacks.free_port(), litellm_port=litellm_port,
                              signals_port=stacks.free_port())
    listener = stacks.listener(envoy)
    envoy["static_resources"]["listeners"] = [listener]
    return envoy, listener


class Running:
    """An Envoy with the filter, a context manager, and what tests ask of it."""

    def __init__(self, directory: Path, envoy: dict, *, workers: int):
        ports = [each["address"]["socket_address"]["port_value"] for each in (stacks.listener(envoy), envoy["admin"])]
        self.url, self.admin_url = (f"http://127.0.0.1:{port}" for port in ports)
        self.envoy = stacks.envoy_process(directory, envoy, concurrency=workers)
        # A connection a request, so that every worker gets some.
        self.client = httpx.Client(trust_env=False, verify=False, timeout=60, headers={"connection": "close"})

    def __enter__(self):
        self.envoy.start()
        try:
            self.envoy.wait_ready()
        except BaseException:
            self.envoy.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.envoy.stop()

    def post(self, **more) -> httpx.Response:
        document = {"model": "smart/auto", "messages": user("Hello!")} | more
        return self.client.post(f"{self.url}/v1/chat/completions", json=document)

    def ask(self, **more) -> tuple[str, str]:
        """Model and cause of an answered request; the model is the upstream's word."""
        answer = self.post(**more)
        assert answer.status_code == 200, f"{answer.status_code}: {answer.text}"
        told = answer.headers["x-tiergate-model"]
        assert answer.json()["model"] == {TOOLLESS: "gpt-5-nano"}.get(told, told)
        return told, answer.headers["x-tiergate-cause"]

    def settled(self, model: str, **more) -> None:
        """Waits until every worker prefers this model: until sixteen requests on connections of their own get it."""
        stacks.wait_until(lambda: all(self.ask(**more)[0] == model for _ in range(16)), 20, f"{model} is preferred")

    def admin(self, path: str) -> str:
        status, text = stacks.http_get(f"{self.admin_url}{path}")
        assert status == 200, f"{path}: {status}"
        return text

    def fetches(self, outcome: str) -> int:
        """How many fetches ended like this."""
        # Envoy 1.36 and 1.37 count in a cluster's scope; envoy/demo.yaml tells.
        found = re.search(rf"{FETCHES}{outcome}: (\d+)$", self.admin("/stats?filter=tiergate.signals"), re.M)
        return int(found[1]) if found else 0

    def value(self, name: str) -> int | None:
        """A metric without labels of ours; None where it was never set."""
        found = re.search(rf"^{name}\{{[^}}]*\}} (\d+)$", self.admin("/stats/prometheus"), re.M)
        return int(found[1]) if found else None

    def deaths(self) -> int:
        """How often a VM of the filter died."""
        return self.envoy.log.read_text(errors="replace").count("Uncaught RuntimeError")


class Momentum(Running):
    """The demo's Envoy with a tier of these candidates and a feed of the tests."""

    def __init__(self, gateway, directory: Path, feed: Feed, *, workers: int = 2, wasm: Path = stacks.WASM, **signals):
        self.feed = feed
        envoy = stacks.demo_envoy(port=stacks.free_port(), admin_port=stacks.free_port(),
                                  litellm_port=gateway.litellm_port, signals_port=stacks.free_port())
        listener = stacks.listener(envoy)
        envoy["static_resources"]["listeners"] = [listener]
        envoy["static_resources"]["clusters"].append(stacks.cluster("feed", feed.port))
        stacks.set_module(envoy, wasm)
        stacks.set_tiergate_configuration(listener, {
            "default_cluster": "litellm",
            "headers": {"response": "full"},
            "models": {TOOLLESS: {"upstream_model": "gpt-5-nano", "tools": False}},
            "tiers": {tier: CANDIDATES for tier in ("SIMPLE", "MEDIUM", "COMPLEX", "REASONING")},
            "signals": {"cluster": "feed", "path": "/v1/signals"} | PERIOD | signals,
        })
        super().__init__(directory, envoy, workers=workers)

    def surge(self, model: str) -> None:
        """The feed is good, has this candidate surge, and every worker knows it."""
        if self.feed.closed():
            self.feed.up()
        self.feed.be("good", SURGE[model])
        self.settled(model)
