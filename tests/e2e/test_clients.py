"""The clients of examples/, run as the first line of each file says, against the stack."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from gateway import stacks
import clients  # behind gateway, which says where it lies
from test_production import Production

EXAMPLES = stacks.ROOT / "examples"
SHIPPED = "http://127.0.0.1:10000"
PROOF = "Prove the theorem by induction, step by step, and derive the contradiction."
# Environment that would lead a client elsewhere.
ELSEWHERE = re.compile(r"proxy$|^(OPENAI|ANTHROPIC|CLAUDE|LANGCHAIN|LANGSMITH|TIERGATE_URL)", re.I)


def environment(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not ELSEWHERE.search(name)} | more


def run_as_it_says(path: Path, url: str, python: str | Path = sys.executable) -> str:
    """Runs a file by the command in its first comment, at another address; gives what it prints."""
    said = next(line[2:] for line in path.read_text().splitlines() if line.startswith("# "))
    assert SHIPPED in said
    words = shlex.split(said.replace(SHIPPED, url))
    variables = dict(word.split("=", 1) for word in words if "=" in word)
    program, script = [word for word in words if "=" not in word]
    assert script == path.name
    program = {"python": python, "sh": "sh"}[program]
    done = subprocess.run([program, script], cwd=path.parent, env=environment(**variables), capture_output=True,
                          text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("folder", ["openai-python", "anthropic-python", "langchain"])
def test_python(gateway, folder):
    assert run_as_it_says(EXAMPLES / folder / "ask.py", gateway.url) == "gpt-5.4-nano: This is gpt-5.4-nano.\n"


@pytest.fixture(scope="module")
def sdks():
    """The Python with the SDKs of tests/clients/sdks.txt: installed once, in about a minute."""
    clients.install({"sdks"})
    return clients.HOME / "sdks" / "bin" / "python"


def test_agents_sdk(gateway, sdks):
    assert run_as_it_says(EXAMPLES / "agents-sdk" / "ask.py", gateway.url, sdks) == "This is gpt-5.4-nano.\n"


def test_conversations_of_sdks(sdks):
    """Those clients of `make clients` that install in two minutes: ask, run a command, ask something hard, go on."""
    names = [client.name for client in clients.known() if client.kind == "sdks"]
    done = subprocess.run([sys.executable, stacks.ROOT / "scripts" / "clients.py", *names], capture_output=True, text=True,
                          timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def test_curl(gateway):
    told = run_as_it_says(EXAMPLES / "curl" / "ask.sh", gateway.url).lower()
    for header in ("200 ok", "x-tiergate-model: gpt-5.4-nano", "x-tiergate-tier: simple", "x-tiergate-cause: score"):
        assert header in told


def test_open_webui_is_told_what_the_compose_file_tells_it():
    shipped = dict(line.split("=", 1) for line in (EXAMPLES / "openwebui" / "env").read_text().splitlines())
    composed = stacks.load_yaml(stacks.ROOT / "envoy" / "docker-compose.yaml")["services"]["openwebui"]["environment"]
    del composed["WEBUI_AUTH"]
    assert shipped | {"OPENAI_API_BASE_URL": composed["OPENAI_API_BASE_URL"]} == composed
    assert shipped["OPENAI_API_BASE_URL"] == f"{SHIPPED}/v1"


def test_claude_code(gateway, tmp_path):
    """Runs where TIERGATE_CLAUDE names the binary of the npm package @anthropic-ai/claude-code, which is 235 MB."""
    binary = os.environ.get("TIERGATE_CLAUDE")
    if not binary:
        pytest.skip("TIERGATE_CLAUDE names no Claude Code")
    settings = json.loads((EXAMPLES / "claude-code" / "settings.json").read_text())
    assert settings["env"]["ANTHROPIC_BASE_URL"] == SHIPPED
    with Production(tmp_path, gateway.recorder.port) as envoy:
        settings["env"]["ANTHROPIC_BASE_URL"] = envoy.url
        (tmp_path / "settings.json").write_text(json.dumps(settings))
        command = [binary, "--settings", tmp_path / "settings.json", "-p", PROOF]
        alone = environment(HOME=str(tmp_path), CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1")
        done = subprocess.run(command, cwd=tmp_path, env=alone, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=120)
        assert (done.returncode, done.stdout) == (0, "recorded\n"), done.stdout + done.stderr

        def asked():
            lines = [json.loads(line) for line in envoy.out.read_text().splitlines()]
            return [json.loads(line["tiergate"]) for line in lines if line["path"] == "/v1/messages"]

        decision = stacks.wait_until(asked, 10, "its request in the access log")[0]
        assert (decision["profile"], decision["model"]) == ("auto", "claude-opus-5")
