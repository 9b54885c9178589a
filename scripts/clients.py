"""Real clients through the gateway: each asks something easy and something hard, agents run a command besides.

    python scripts/clients.py [CLIENT ...]

Installs pinned clients from npm and PyPI into .clients (about 2 GB with all of them, once), starts Envoy with the
filter and a real LiteLLM before scripts/provider.py, and drives one client after the other. Prints every request that
a client sent, and what became of it. Exit status 1 where a client failed, or a request went where it should not.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import stack  # noqa: E402

ROOT = stack.ROOT
HOME = ROOT / ".clients"
PINS = ROOT / "tests" / "clients"
NPM = HOME / "npm"
EASY = "Hello! How are you?"
HARD = "Prove step by step that the square root of 2 is irrational, and derive the contradiction."
COMMAND = "Run the command `echo ready-42` and tell me what it prints."
EASY_TIERS = {"SIMPLE"}
HARD_TIERS = {"COMPLEX", "REASONING"}
SECONDS = 180
# Environment that would lead a client elsewhere.
ELSEWHERE = re.compile(r"proxy$|^(OPENAI|ANTHROPIC|CLAUDE|GEMINI|GOOGLE|LANGCHAIN|LANGSMITH|CODEX|OPENCODE|AIDER)", re.I)


@dataclass
class Client:
    """A client: which tool installs it, its version, the command for a prompt, and whether it runs commands."""

    name: str
    kind: str
    version: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    agent: bool = False


def version(package: str) -> str:
    return json.loads((PINS / "package.json").read_text())["dependencies"][package]


def pinned(requirements: str, package: str) -> str:
    found = re.search(rf"^{package}==(\S+)", (PINS / f"{requirements}.txt").read_text(), re.M | re.I)
    return found[1]


def python_sdk(name: str, package: str, requirements: str = "sdks", agent: bool = False) -> Client:
    python = str(HOME / requirements / "bin" / "python")
    command = [python, str(PINS / "sdks.py"), name, "@URL@", "@PROMPT@"]
    return Client(name, requirements, pinned(requirements, package), command, agent=agent)


def node_sdk(name: str, package: str) -> Client:
    return Client(name, "npm", version(package), ["node", str(NPM / "sdks.mjs"), name, "@URL@", "@PROMPT@"])


def binary(name: str) -> str:
    return str(NPM / "node_modules" / ".bin" / name)


def known() -> list[Client]:
    """All clients. @URL@, @PROMPT@ and @DIRECTORY@ are put in when they run."""
    codex = {
        "model_provider": '"tiergate"', "model_providers.tiergate.name": '"tiergate"',
        "model_providers.tiergate.base_url": '"@URL@/v1"', "model_providers.tiergate.env_key": '"TIERGATE_KEY"',
        "model_providers.tiergate.wire_api": '"responses"',
    }
    opencode = {
        "provider": {"tiergate": {
            "npm": "@ai-sdk/openai-compatible", "name": "tiergate",
            "options": {"baseURL": "@URL@/v1", "apiKey": "none"}, "models": {"smart/auto": {"name": "auto"}},
        }},
        "model": "tiergate/smart/auto", "autoupdate": False, "share": "disabled",
    }
    gemini = {
        "security": {"auth": {"selectedType": "gemini-api-key"}, "folderTrust": {"enabled": False}},
        "privacy": {"usageStatisticsEnabled": False}, "general": {"disableAutoUpdate": True},
    }
    return [
        python_sdk("openai", "openai"),
        python_sdk("openai-responses", "openai"),
        python_sdk("anthropic", "anthropic"),
        python_sdk("google-genai", "google-genai"),
        python_sdk("langchain", "langchain-openai"),
        python_sdk("agents-sdk", "openai-agents", agent=True),
        python_sdk("llamaindex", "llama-index-llms-openai-like", "llamaindex"),
        node_sdk("openai-node", "openai"),
        node_sdk("vercel-ai", "ai"),
        Client(
            "claude-code", "npm", version("@anthropic-ai/claude-code"),
            [binary("claude"), "-p", "@PROMPT@", "--allowedTools", "Bash(echo:*)"],
            {"ANTHROPIC_BASE_URL": "@URL@", "ANTHROPIC_AUTH_TOKEN": "none", "ANTHROPIC_MODEL": "smart/auto",
             "ANTHROPIC_DEFAULT_HAIKU_MODEL": "smart/eco", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}, agent=True),
        Client(
            "codex", "npm", version("@openai/codex"),
            [binary("codex"), "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox",
             "-m", "smart/auto", *(word for name, value in codex.items() for word in ("-c", f"{name}={value}")), "@PROMPT@"],
            {"CODEX_HOME": "@DIRECTORY@", "TIERGATE_KEY": "none"}, agent=True),
        Client(
            "gemini-cli", "npm", version("@google/gemini-cli"),
            [binary("gemini"), "--skip-trust", "-m", "smart/auto", "-y", "-p", "@PROMPT@"],
            {"GEMINI_API_KEY": "none", "GOOGLE_GEMINI_BASE_URL": "@URL@"},
            {".gemini/settings.json": json.dumps(gemini)}, agent=True),
        Client(
            "opencode", "npm", version("opencode-ai"),
            [binary("opencode"), "run", "-m", "tiergate/smart/auto", "@PROMPT@"],
            {"OPENCODE_DISABLE_MODELS_FETCH": "1", "OPENCODE_DISABLE_AUTOUPDATE": "1"},
            {"opencode.json": json.dumps(opencode)}, agent=True),
        Client(
            "aider", "aider", pinned("aider", "aider-chat"),
            [str(HOME / "aider" / "bin" / "aider"), "--model", "openai/smart/auto", "--yes-always", "--no-git",
             "--no-show-model-warnings", "--no-check-update", "--analytics-disable", "--message", "@PROMPT@"],
            {"OPENAI_API_KEY": "none", "OPENAI_API_BASE": "@URL@/v1"}),
    ]


def install(kinds: set[str]) -> None:
    """What the clients of these kinds need; nothing where it is there for these very pins."""
    HOME.mkdir(exist_ok=True)
    if "npm" in kinds:
        if shutil.which("npm") is None:
            raise SystemExit("clients: npm is missing; on Debian or Ubuntu: apt-get install -y nodejs npm")
        NPM.mkdir(exist_ok=True)
        wanted = (PINS / "package-lock.json").read_text()
        stamp = NPM / "node_modules" / ".stamp"
        if not stamp.is_file() or stamp.read_text() != wanted:
            print("clients: installing the packages of tests/clients/package.json into .clients/npm (once)")
            for name in ("package.json", "package-lock.json"):
                shutil.copy(PINS / name, NPM / name)
            # Two packages unpack their program in a script of their own.
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=NPM, check=True)
            stamp.write_text(wanted)
        shutil.copy(PINS / "sdks.mjs", NPM / "sdks.mjs")
    for kind in sorted(kinds - {"npm"}):
        requirements = PINS / f"{kind}.txt"
        stamp = HOME / kind / ".stamp"
        if not stamp.is_file() or stamp.read_text() != requirements.read_text():
            print(f"clients: installing {requirements.relative_to(ROOT)} into .clients/{kind} (once)")
            subprocess.run([sys.executable, "-m", "venv", "--clear", HOME / kind], check=True)
            pip = [HOME / kind / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*pip, "--no-deps", "-r", requirements], check=True)
            stamp.write_text(requirements.read_text())


def run(client: Client, prompt: str, url: str, directory: Path) -> subprocess.CompletedProcess:
    def filled(text: str) -> str:
        return text.replace("@URL@", url).replace("@DIRECTORY@", str(directory)).replace("@PROMPT@", prompt)

    directory.mkdir(parents=True, exist_ok=True)
    for name, text in client.files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(filled(text))
    kept = {name: value for name, value in os.environ.items() if not ELSEWHERE.search(name)}
    mine = {name: filled(value) for name, value in client.environment.items()}
    # Some clients go by PWD.
    places = {"HOME": str(directory), "PWD": str(directory)}
    return subprocess.run(
        [filled(word) for word in client.command], cwd=directory, env=kept | places | mine, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=SECONDS)


def requests(gateway: stack.Stack, seen: int) -> list[dict]:
    """The LLM calls in the access log behind the first `seen` lines."""
    calls = []
    for line in gateway.access_log()[seen:]:
        if line.get("tiergate") not in (None, "-"):
            calls.append(line | {"decision": json.loads(line["tiergate"])})
    return calls


def drive(client: Client, gateway: stack.Stack, directory: Path) -> list[str]:
    """Drives one client; prints its requests and gives what is wrong."""
    wrong = []
    asks = [("easy", EASY, EASY_TIERS), ("hard", HARD, HARD_TIERS)]
    if client.agent:
        asks.insert(1, ("command", COMMAND, EASY_TIERS | {"MEDIUM"}))
    for ask, prompt, tiers in asks:
        seen = len(gateway.access_log())
        done = run(client, prompt, gateway.url, directory / client.name / ask)
        served = re.findall(r"This is ([\w./-]*\w)", done.stdout)
        if done.returncode or not served:
            wrong.append(f"{client.name}, {ask}: exit {done.returncode}: {(done.stdout + done.stderr)[-500:]}")
            continue

        def logged() -> list[dict]:
            calls = requests(gateway, seen)
            return calls if any(call["decision"]["model"] == served[-1] for call in calls) else []

        calls = stack.wait_until(logged, 10, f"requests of {client.name} in the access log")
        for number, call in enumerate(calls, 1):
            told = call["decision"]
            print(f"{client.name:<17} {client.version:<9} {ask:<8} {number:>2}  {call['status']}  {told['tier'] or '-':<10}"
                  f" {told['model'] or '-':<26} {told['cause']:<16} {call['path'].split('?')[0]}")
            if call["status"] != 200 or told["cause"] in ("pinned", "no_model", "unparsable"):
                wrong.append(f"{client.name}, {ask}: request {number}: status {call['status']}, cause {told['cause']}")
        answered = [call["decision"]["tier"] for call in calls if call["decision"]["model"] == served[-1]]
        if not tiers & set(answered):
            wrong.append(f"{client.name}, {ask}: answered by tier {answered[-1]}, expected {sorted(tiers)}")
        if ask == "command" and len(calls) < 2:
            wrong.append(f"{client.name}: it ran no command")
    return wrong


def main(names: list[str]) -> int:
    clients = [client for client in known() if not names or client.name in names]
    if unknown := set(names) - {client.name for client in clients}:
        print(f"clients: unknown: {', '.join(sorted(unknown))}; known: {', '.join(c.name for c in known())}", file=sys.stderr)
        return 2
    install({client.kind for client in clients})
    gateway = stack.Stack(ROOT / ".run" / "clients")
    gateway.scripted = True
    wrong = []
    # Homes of the clients, outside of this tree: some of them look for the repository that they are in.
    with gateway, tempfile.TemporaryDirectory(prefix="tiergate-clients-") as homes:
        directory = Path(homes)
        print(f"{'client':<17} {'version':<9} {'ask':<8} no  code {'tier':<10} {'model':<26} {'cause':<16} path")
        for client in clients:
            wrong += drive(client, gateway, directory)
    print("\n".join(wrong) if wrong else f"{len(clients)} clients: every request went where it should")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
