"""Fixtures: one stack for the whole session."""

from __future__ import annotations

import os
import subprocess
import uuid
from pathlib import Path

import httpx
import pytest

from gateway import Gateway, Recorder, stacks

SHIPPED_MODELS = stacks.ROOT / "envoy" / "litellm" / "models.yaml"


def pytest_addoption(parser):
    parser.addoption("--envoy-version", default="", help="which Envoy this is; TIERGATE_ENVOY is its binary")
    parser.addoption("--shipped", default="demo", choices=["demo", "envoy"],
                     help="the configuration in envoy/ that the stack runs")


@pytest.fixture(scope="session")
def gateway(request):
    shipped = request.config.getoption("--shipped")
    name = f"e2e{request.config.getoption('--envoy-version')}" + (f"-{shipped}" if shipped != "demo" else "")
    recorder = Recorder()
    try:
        with Gateway(recorder, stacks.ROOT / ".run" / name, stacks.ROOT / "envoy" / f"{shipped}.yaml") as started:
            yield started
    finally:
        recorder.refuse()


@pytest.fixture(scope="module")
def litellm(tmp_path_factory):
    """The port of a LiteLLM with the shipped configuration, its cache of answers among it."""
    port = stacks.free_port()
    process = stacks.litellm_process(tmp_path_factory.mktemp("litellm"), stacks.load_yaml(SHIPPED_MODELS), port)
    process.start()
    try:
        process.wait_ready()
        yield port
    finally:
        process.stop()


@pytest.fixture(scope="session")
def command():
    """The command, built where no file is named."""
    named = os.environ.get("TIERGATE_CLI")
    if named:
        return Path(named)
    done = subprocess.run(["cargo", "build", "--quiet", "--workspace", "--features", "tiergate/cli", "--bins"],
                          cwd=stacks.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return stacks.ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "debug" / "tiergate"


@pytest.fixture(autouse=True)
def filter_stays_alive(request):
    """No test may cost the filter its VM."""
    if "gateway" not in request.fixturenames:
        yield
        return
    gateway = request.getfixturevalue("gateway")
    before = gateway.deaths()
    yield
    assert gateway.envoy.child.poll() is None, f"Envoy died:\n{stacks.tail(gateway.envoy.log)}"
    assert gateway.deaths() == before, f"the filter's VM died:\n{stacks.tail(gateway.envoy.log, 12)}"


@pytest.fixture
def test_id():
    return uuid.uuid4().hex


@pytest.fixture
def client():
    with httpx.Client(trust_env=False, timeout=60) as client:
        yield client


@pytest.fixture
def send(gateway, client, test_id):
    """POSTs a document (or bytes) through the filter to the recorder: the client's answer, and what arrived."""

    def send(body, *, path="/v1/chat/completions", headers=None, listener="gateway"):
        headers = {"content-type": "application/json", "x-test-id": test_id} | (headers or {})
        sent = {"content": body} if isinstance(body, bytes) else {"json": body}
        answer = client.post(f"{gateway.address(listener)}{path}", headers=headers, **sent)
        assert answer.status_code == 200, answer.text
        return answer, gateway.recorder.take(test_id)

    return send
