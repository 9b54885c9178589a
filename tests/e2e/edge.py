"""A shipped Envoy file in front of an upstream of our own alone: nothing of LiteLLM, so it starts at once."""

from __future__ import annotations

import copy
from pathlib import Path

import httpx

from gateway import Running, recorded, stacks
from recorder import Recorder

SHIPPED = {"demo": stacks.DEMO, "envoy": stacks.PRODUCTION}


class Edge(Running):
    """Envoy with a shipped file. What it has for LiteLLM and the tests' own cluster `recorder` are the recorder."""

    def __init__(self, directory: Path, shipped: Path = stacks.DEMO, document: dict | None = None,
                 change=lambda envoy: None):
        self.recorder = Recorder()
        self.port, self.admin_port, litellm = stacks.free_port(), stacks.free_port(), self.recorder.port
        envoy = stacks.demo_envoy(port=self.port, admin_port=self.admin_port, litellm_port=litellm,
                                  signals_port=stacks.free_port(), metrics_port=stacks.free_port(), shipped=shipped)
        envoy["admin"] = {"address": stacks.address(self.admin_port)}
        clusters = {each["name"]: each for each in envoy["static_resources"]["clusters"]}
        clusters["litellm"].pop("health_checks", None)
        envoy["static_resources"]["clusters"].append(copy.deepcopy(clusters["litellm"]) | {"name": "recorder"})
        gateway = stacks.listener(envoy)
        document = document or recorded(stacks.tiergate_configuration(gateway)) | {"headers": {"response": "full"}}
        document = {key: value for key, value in document.items() if key != "signals"}
        stacks.set_tiergate_configuration(gateway, document)
        change(envoy)
        self.envoy = stacks.envoy_process(directory, envoy, concurrency=1)
        self.url = f"http://127.0.0.1:{self.port}"

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self.recorder.refuse()

    def stats(self, pattern: str) -> dict[str, int]:
        """Counters and gauges by name."""
        text = httpx.get(f"http://127.0.0.1:{self.admin_port}/stats", params={"filter": pattern}, trust_env=False).text
        pairs = (line.rsplit(": ", 1) for line in text.splitlines())
        return {name: int(value) for name, value in pairs if value.isdigit()}

    def deaths(self) -> int:
        """How often a VM of the filter died."""
        return self.envoy.log.read_text(errors="replace").count("Uncaught RuntimeError")
