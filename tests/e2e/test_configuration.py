"""Configurations, good and wrong, as Envoy takes them: at start, checked beforehand, and as an update."""

import copy
import json
import subprocess
import sys

import httpx
import pytest
import yaml

from gateway import stacks, user

WRONG = {
    "tires": {"SIMPLE": "gpt-5-nano"},
    "profiles": {"auto": {"tiers": {"SIMPLE": "gpt-5-nano", "MEDIUM": "nobody", "COMPLEX": "gpt-5", "REASONING": 7}}},
    "overrides": {"structured_tier": "HUGE"},
    "headers": {"response": "everything"},
    "promotions": [{"name": "p", "profile": "auto", "tier": "MEDIUM", "models": ["gpt-5"], "from": "2026-02-30",
                    "until": "2026-03-01"}],
}
TOLD = ["tires", "nobody", "profiles.auto.tiers.REASONING", "overrides.structured_tier", "headers.response",
        "2026-02-30"]


def validated(directory, envoy: dict) -> subprocess.CompletedProcess:
    path = directory / "envoy.yaml"
    path.write_text(yaml.safe_dump(envoy, sort_keys=False))
    command = [stacks.envoy_binary(), "--mode", "validate", "--disable-hot-restart", "-c", str(path)]
    return subprocess.run(command, cwd=stacks.ROOT, capture_output=True, text=True, timeout=120)


def demo() -> dict:
    return stacks.demo_envoy(port=10000, admin_port=9901, litellm_port=4000, signals_port=10001)


def with_configuration(document) -> dict:
    envoy = demo()
    stacks.plugin(stacks.listener(envoy))["configuration"] = document
    return envoy


SHIPPED = sorted(path for folder in ("envoy", "examples") for path in (stacks.ROOT / folder).glob("**/*.yaml")
                 if "static_resources:" in path.read_text().splitlines())


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(stacks.ROOT)))
def test_what_ships_is_valid(path):
    """As it is in the repository, from its root."""
    if stacks.envoy_version() < (1, 37) and "envoy.extensions.clusters.composite" in path.read_text():
        pytest.skip("composite clusters")
    command = [stacks.envoy_binary(), "--mode", "validate", "--disable-hot-restart", "-c", str(path)]
    done = subprocess.run(command, cwd=stacks.ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


TIERS = {"tiers": {"SIMPLE": "gpt-5-nano", "MEDIUM": "gpt-5-mini", "COMPLEX": "gpt-5", "REASONING": "gpt-5.4"}}


@pytest.mark.parametrize("document", [
    None,
    {"@type": stacks.STRUCT, "value": {}},
    {"@type": stacks.STRUCT, "value": TIERS | {"limits": {"max_depth": 64}}},
    # In Envoy's YAML a number with a fraction becomes a string.
    {"@type": stacks.STRUCT, "value": TIERS | {"eligibility": {"window_margin": 0.25}, "models": {"gpt-5": {"input_price": 1.25}}}},
    {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": json.dumps(TIERS)},
    {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": "{}"},
], ids=["none", "empty Struct", "Struct", "fraction", "JSON", "empty JSON"])
def test_a_document_may_come_as_struct_or_as_json(tmp_path, document):
    envoy = with_configuration(document)
    if document is None:
        del stacks.plugin(stacks.listener(envoy))["configuration"]
    done = validated(tmp_path, envoy)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("document", [
    {"@type": stacks.STRUCT, "value": WRONG},
    {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": json.dumps(WRONG)},
], ids=["Struct", "JSON"])
def test_every_mistake_is_told_at_once(tmp_path, document):
    done = validated(tmp_path, with_configuration(document))
    assert done.returncode == 1
    missing = [word for word in TOLD if word not in done.stderr]
    assert not missing, f"not told: {missing}\n{done.stderr}"


def test_what_is_no_document_is_refused(tmp_path):
    document = {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": "{not JSON"}
    assert validated(tmp_path, with_configuration(document)).returncode == 1


class Dynamic:
    """An Envoy whose listener comes from a file (LDS), in front of the session's LiteLLM."""

    def __init__(self, gateway, directory):
        self.directory, self.port = directory, stacks.free_port()
        admin_port = stacks.free_port()
        self.admin_url = f"http://127.0.0.1:{admin_port}"
        envoy = stacks.demo_envoy(port=self.port, admin_port=admin_port, litellm_port=gateway.litellm_port,
                                  signals_port=stacks.free_port())
        self.listener = stacks.listener(envoy)
        envoy["static_resources"]["listeners"].remove(self.listener)
        self.lds = directory / "lds.yaml"
        envoy["node"] = {"id": "test", "cluster": "test"}
        envoy["dynamic_resources"] = {"lds_config": {
            "path_config_source": {"path": str(self.lds)}, "resource_api_version": "V3"}}
        self.serve(TIERS)
        self.process = stacks.envoy_process(directory, envoy, concurrency=1)

    def serve(self, document: dict) -> None:
        """Replaces the listener by one with this document. Envoy watches for moves, not for writes."""
        listener = copy.deepcopy(self.listener)
        stacks.set_tiergate_configuration(listener, document)
        listener["@type"] = "type.googleapis.com/envoy.config.listener.v3.Listener"
        part = self.lds.with_suffix(".part")
        part.write_text(yaml.safe_dump({"resources": [listener]}))
        part.rename(self.lds)

    def stat(self, name: str) -> int:
        _, text = stacks.http_get(f"{self.admin_url}/stats?filter=^{name}$")
        return int(text.split(": ")[1]) if text else 0

    def simple(self) -> str:
        answer = httpx.post(f"http://127.0.0.1:{self.port}/v1/chat/completions", trust_env=False, timeout=30,
                            json={"model": "smart/auto", "messages": user("Hello!")})
        return answer.headers.get("x-tiergate-model", str(answer.status_code))


def test_a_wrong_update_is_refused_and_the_old_configuration_stays(gateway, tmp_path):
    dynamic = Dynamic(gateway, tmp_path)
    try:
        dynamic.process.start()
        dynamic.process.wait_ready()
        stacks.wait_until(lambda: dynamic.stat("listener_manager.lds.update_success"), 30, "the first configuration")
        assert dynamic.simple() == "gpt-5-nano"

        dynamic.serve(WRONG)
        stacks.wait_until(lambda: dynamic.stat("listener_manager.lds.update_rejected"), 30, "the update was refused")
        assert dynamic.simple() == "gpt-5-nano"
        log = dynamic.process.log.read_text(errors="replace")
        assert [word for word in TOLD if word not in log] == []

        dynamic.serve({"tiers": TIERS["tiers"] | {"SIMPLE": "gpt-5.4-nano"}})
        stacks.wait_until(lambda: dynamic.simple() == "gpt-5.4-nano", 30, "a good update is taken")
    finally:
        dynamic.process.stop()


def test_the_shipped_catalogue_is_litellms():
    """Prices, windows and capabilities are those of the LiteLLM that is installed."""
    done = subprocess.run([sys.executable, "scripts/catalogue.py", "--check"], cwd=stacks.ROOT, capture_output=True,
                          text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
