"""examples/vllm and examples/ollama: each table is right, and runs in Envoy with the clusters beside it."""

import json
import subprocess

import pytest
import yaml

from gateway import stacks, user
from momentum import Running

EXAMPLES = stacks.ROOT / "examples"
TABLES = sorted([*(EXAMPLES / "vllm").glob("*.json"), *(EXAMPLES / "ollama").glob("*.json")])
PROOF = "Prove the theorem by induction, step by step, and derive the contradiction."
PIXELS = {"url": "data:image/png;base64,iVBORw0KGgo="}
IMAGE = [{"type": "text", "text": "Hello!"}, {"type": "image_url", "image_url": PIXELS}]
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}

pytestmark = pytest.mark.parametrize("path", TABLES, ids=lambda path: f"{path.parent.name}/{path.stem}")


def clusters(path) -> list[dict]:
    return stacks.load_yaml(path.parent / "clusters.yaml")


def test_the_command_finds_nothing_wrong(command, path):
    done = subprocess.run([command, "check", path], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_every_cluster_is_there(path):
    table = json.loads(path.read_text())
    named = {table["default_cluster"]} | {
        model.get("cluster", table["default_cluster"]) for model in table["models"].values()}
    assert named <= {each["name"] for each in clusters(path)}


def test_only_models_of_ones_own_are_picked(path):
    """No name of the shipped catalogue slips in, which this server would not know."""
    table = json.loads(path.read_text())
    names = {model.get("upstream_model", name) for name, model in table["models"].items()}
    assert set(stacks.models_in(table)) == names


@pytest.fixture
def running(gateway, tmp_path, path):
    """Envoy with the table and its clusters: valid with the addresses as they are, run in front of the recorder."""
    table = json.loads(path.read_text())
    envoy = stacks.demo_envoy(port=stacks.free_port(), admin_port=stacks.free_port(), litellm_port=1, signals_port=1)
    listener = stacks.listener(envoy)
    envoy["static_resources"] = {"listeners": [listener], "clusters": clusters(path)}
    stacks.set_tiergate_configuration(listener, table | {"headers": {"response": "full"}})
    (tmp_path / "shipped.yaml").write_text(yaml.safe_dump(envoy))
    check = [stacks.envoy_binary(), "--mode", "validate", "--disable-hot-restart", "-c", tmp_path / "shipped.yaml"]
    done = subprocess.run(check, cwd=stacks.ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    for each in envoy["static_resources"]["clusters"]:
        stacks.set_upstream(each, stacks.address(gateway.recorder.port))
    with Running(tmp_path, envoy, workers=1) as started:
        started.table = table
        yield started


def test_small_and_large_models_get_what_is_theirs(gateway, running, path, test_id):
    tiers = running.table.get("tiers") or running.table["profiles"]["auto"]["tiers"]

    def asked(number, content, **more) -> str:
        """The model of our table that was told, after what arrived was compared with it."""
        answer = running.client.post(f"{running.url}/v1/chat/completions", headers={"x-test-id": f"{test_id}{number}"},
                                     json={"model": "smart/auto", "messages": user(content), **more})
        assert answer.status_code == 200, answer.text
        got = gateway.recorder.take(f"{test_id}{number}")
        name = answer.headers["x-tiergate-model"]
        model = running.table["models"][name]
        assert json.loads(got.body)["model"] == model.get("upstream_model", name)
        assert got.one("x-tiergate-cluster") == model.get("cluster", running.table["default_cluster"])
        return name

    def first(tier) -> str:
        return tiers[tier] if isinstance(tiers[tier], str) else tiers[tier][0]

    assert asked(1, "Hello!") == first("SIMPLE")
    assert asked(2, PROOF) == first("REASONING")
    assert first("SIMPLE") != first("REASONING")
    assert running.table["models"][asked(3, "Hello!", tools=[TOOL])].get("tools", True)
    if any(model.get("vision") for model in running.table["models"].values()):
        assert running.table["models"][asked(4, IMAGE)].get("vision")
