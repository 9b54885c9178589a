"""Every command that the README and the first three pages of docs/SUMMARY.md show in a block runs here, as it is shown.

The commands of a page run one after the other in a clean environment with the wheel. AS_HERE has what is not as a reader
would have it, and why. Nothing is left out.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import yaml

from gateway import stacks
from test_documents import FENCE, LINK, text_of
from test_up import children, gone
from test_wheel import installed, wheel  # noqa: F401 (fixtures)

ROOT = stacks.ROOT
PAGES = ["README.md", *(f"docs/{name}" for name in LINK.findall(text_of("docs/SUMMARY.md"))[:3])]
COMMANDS = {"sh", "bash", "console", "shell"}
NO_COMMANDS = {"text", "yaml", "json", "python"}

# What is shown, what is done in its place, and why.
AS_HERE = [
    ("pip install dist/tiergate-*.whl", "the same, told by the environment to ask no index and to fetch nothing",
     "Envoy's package is large, and pinned in .venv: there is a link to it"),
    ("tiergate up --demo", "the same, in the background, ended by SIGINT", "it runs until it is told to end"),
    ("127.0.0.1:10000", "the port that `up` has said", "10000 may be taken"),
    ("make demo", "make -o setup -o wasm demo: its recipe alone", "this very test runs in what the other two have made"),
    ("https://openrouter.ai/api/v1/models", "a list of the same form, from LISTS", "tests use no network"),
    ("http://127.0.0.1:11434/api/tags", "a list of the same form, from LISTS", "there is no Ollama here"),
    ("http://127.0.0.1:8000/v1/models", "a list of the same form, from LISTS", "there is no vLLM here"),
]

LISTS = {
    "https://openrouter.ai/api/v1/models": {"data": [
        {"id": f"lab/m{n}", "pricing": {"prompt": f"0.00000{n}", "completion": f"0.00000{n}"}, "context_length": 200_000,
         "supported_parameters": ["tools"]} for n in range(1, 5)]},
    "http://127.0.0.1:11434/api/tags": {"models": [
        {"name": name, "details": {"parameter_size": size}} for name, size in
        (("qwen3:4b", "4B"), ("qwen3:14b", "14B"), ("qwen3:32b", "32B"))]},
    "http://127.0.0.1:8000/v1/models": {"object": "list", "data": [
        {"id": name, "object": "model", "owned_by": "vllm", "max_model_len": 40_960} for name in ("qwen3-4b", "qwen3-32b")]},
}


def shown(page: str) -> list[str]:
    """The commands that a page shows in blocks, in order."""
    text = text_of(page)
    kinds = {kind for _, kind, _ in FENCE.findall(text)}
    assert kinds <= COMMANDS | NO_COMMANDS, "a block of a kind that nobody knows: does it show commands?"
    found = []
    for part in re.finditer(rf"{FENCE.pattern}|^ {{4}}(\$ [^\n]+|make [^\n]+)$", text, re.M | re.S):
        _, kind, block, indented = part.groups()
        if indented:
            found.append(indented.removeprefix("$ "))
        elif kind in COMMANDS:
            lines = textwrap.dedent(block).replace("\\\n", " ").splitlines()
            found += [line for line in lines if line.strip() and not line.startswith("#")]
    return found


class Reader:
    """Somebody who types what a page says, in a folder of their own."""

    def __init__(self, folder: Path, environment: Path, dist: Path):
        self.folder, self.up, self.url = folder, None, ""
        programs = folder / ".programs"
        programs.mkdir()
        (folder / "dist").symlink_to(dist)
        self.script(programs / "pip", f'exec {sys.executable} -m pip --python {environment} "$@"')
        for number, (url, answer) in enumerate(LISTS.items()):
            (programs / f"list{number}").write_text(json.dumps(answer))
        cases = "\n".join(f"    {url}) exec cat {programs}/list{number} ;;" for number, url in enumerate(LISTS))
        self.script(programs / "curl", f'for last; do :; done\ncase $last in\n{cases}\nesac\nexec {shutil.which("curl")} "$@"')
        self.environment = {"PATH": f"{programs}:{environment}/bin:/usr/bin:/bin", "HOME": str(folder), "PIP_NO_INDEX": "1",
                            "PIP_NO_DEPS": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_FORCE_REINSTALL": "1"}

    @staticmethod
    def script(file: Path, text: str) -> None:
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)

    def type(self, command: str, code: int = 0) -> str:
        if command.startswith("tiergate up"):
            return self.start(command)
        where = self.folder
        environment = self.environment
        if command == "make demo":
            where, command, environment = ROOT, "make -o setup -o wasm demo", stacks._environment()
        if "127.0.0.1:10000" in command:
            assert self.url, "asked before there is a gateway"
            command = command.replace("http://127.0.0.1:10000", self.url)
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=where, env=environment, text=True,
                              capture_output=True, timeout=stacks.START_SECONDS)
        assert done.returncode == code, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def start(self, command: str) -> str:
        out = self.folder / "up.txt"
        with out.open("wb") as file:
            self.up = subprocess.Popen(["bash", "-c", f"exec {command} --wait {stacks.START_SECONDS}"], cwd=self.folder,
                                       env=self.environment, stdout=file, stderr=subprocess.STDOUT)
        stacks.wait_until(lambda: "Ctrl-C ends" in out.read_text() or self.up.poll() is not None, stacks.START_SECONDS, command)
        assert self.up.poll() is None, out.read_text()
        self.url = re.search(r"Ready at (\S+)", out.read_text())[1]
        return out.read_text()

    def end(self) -> None:
        if self.up is not None and self.up.poll() is None:
            left = children(self.up.pid)
            self.up.send_signal(signal.SIGINT)
            assert self.up.wait(stacks.STOP_SECONDS) == 0
            assert left and all(gone(pid) for pid in left)


@pytest.fixture
def reader(installed, wheel, tmp_path):  # noqa: F811
    here = Reader(tmp_path, installed, wheel.parent)
    yield here
    here.end()


def block(page: str, key: str) -> str:
    """The YAML that a page shows first with this key."""
    return next(body for _, kind, body in FENCE.findall(text_of(page)) if kind == "yaml" and key in yaml.safe_load(body))


def test_the_commands_of_the_readme(reader):
    document = yaml.safe_load(block("README.md", "tiers"))
    document["tiers"]["REASONING"] = "claude-opus-55"
    (reader.folder / "gateway.json").write_text(json.dumps(document))
    said = {command: reader.type(command, code=int("check gateway.json" in command)) for command in shown("README.md")}
    tiers = [re.search(r"x-tiergate-tier: (\w+)", text)[1] for command, text in said.items() if command.startswith("curl ")]
    assert tiers == ["SIMPLE", "MEDIUM", "REASONING"]
    for line in re.search(r"^  SIMPLE .*?(?=\n```)", text_of("README.md"), re.M | re.S)[0].splitlines():
        assert line in said["tiergate up --demo"], "the tiers that the README shows"
    # Broken into lines for the page, and for nobody else.
    told = re.search(r"\$ tiergate check gateway.json\n(.*?)\n\n", text_of("README.md"), re.S)[1]
    assert told.split() == said["tiergate check gateway.json"].split()
    assert re.search(r"^\d+ rows, all as they should be", said["make demo"], re.M)


def test_the_commands_of_the_page_about_up(reader):
    for command in shown("docs/up.md"):
        reader.type(command)
    assert (reader.folder / "tiergate.wasm").read_bytes() == stacks.WASM.read_bytes()
    assert (reader.folder / "tiergate.bash").read_text().startswith("_tiergate()")
    assert (reader.folder / "man1" / "tiergate-up.1").is_file()


def test_the_commands_of_the_page_about_init(reader):
    (reader.folder / "config.yaml").write_text(block("docs/migrate.md", "model_list"))
    costs = "model_prices_and_context_window_backup.json"
    (library,) = (ROOT / ".venv" / "lib").glob("python*/site-packages/litellm")
    shutil.copyfile(library / costs, reader.folder / costs)
    made = []
    for command in shown("docs/init.md"):
        said = reader.type(command)
        made += [yaml.safe_load((reader.folder / "tiergate.yaml").read_text())] if command.endswith("> tiergate.yaml") else []
    assert len(made) == 4
    assert [each["tiers"]["REASONING"] for each in made[:2]] == [["claude-opus-5"], ["lab/m4"]]
    assert re.search(r"^tier +REASONING$", said, re.M), "explain, the last one"


def test_a_page_without_commands_shows_none():
    """The third page has documents, which test_documents.py checks. If it gets commands, they want a test like the others."""
    assert PAGES == ["README.md", "docs/up.md", "docs/init.md", "docs/migrate.md"]
    assert shown("docs/migrate.md") == []


def test_what_is_done_otherwise_is_shown_somewhere():
    everything = "\n".join(command for page in PAGES for command in shown(page))
    assert [what for what, _, _ in AS_HERE if what not in everything] == []
    assert LISTS.keys() <= {what for what, _, _ in AS_HERE}
    urls = set(re.findall(r"https?://[^/\s]+", everything)) - {"http://127.0.0.1:10000"}
    assert urls == {re.match(r"https?://[^/]+", url)[0] for url in LISTS}, "a host that tests would really ask"
