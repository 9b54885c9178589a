"""Real clients through the gateway: each asks something easy and something hard; agents run a command, and go on besides.

    python scripts/clients.py [CLIENT ...]

Installs pinned clients from npm and PyPI into .clients (about 4 GB with all of them, once), starts Envoy with the
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
FOLLOW_UP = "go on"
# Of the SDKs those that tests/clients/sdks.py holds a conversation with.
CONVERSING = ("openai", "openai-responses", "anthropic", "langchain", "agents-sdk")
SECONDS = 180
EXAMPLES = ROOT / "examples"
SHIPPED = "http://127.0.0.1:10000"
# Environment that would lead a client elsewhere.
ELSEWHERE = re.compile(r"proxy$|^(OPENAI|ANTHROPIC|CLAUDE|GEMINI|GOOGLE|LANGCHAIN|LANGSMITH|CODEX|OPENCODE|AIDER)", re.I)


@dataclass
class Client:
    """A client: which tool installs it, its version, the command for a prompt, and whether it runs commands.

    `examples` are files of examples/ that it reads, by the name that they get; `follow` is the command for one more prompt in the
    conversation before, where it has one; `chores` how many requests it makes for itself at each ask: titles and the like.
    """

    name: str
    kind: str
    version: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)
    agent: bool = False
    follow: list[str] = field(default_factory=list)
    chores: dict[str, int] = field(default_factory=dict)


def version(package: str) -> str:
    return json.loads((PINS / "package.json").read_text())["dependencies"][package]


def pinned(requirements: str, package: str) -> str:
    found = re.search(rf"^{package}==(\S+)", (PINS / f"{requirements}.txt").read_text(), re.M | re.I)
    return found[1]


def python_sdk(name: str, package: str, requirements: str = "sdks", agent: bool = False) -> Client:
    python = str(HOME / requirements / "bin" / "python")
    command = [python, str(PINS / "sdks.py"), name, "@URL@", "@PROMPT@"]
    follow = [*command[:-1], HARD, "@PROMPT@"] if name in CONVERSING else []
    return Client(name, requirements, pinned(requirements, package), command, agent=agent, follow=follow)


def node_sdk(name: str, package: str) -> Client:
    return Client(name, "npm", version(package), ["node", str(NPM / "sdks.mjs"), name, "@URL@", "@PROMPT@"])


def binary(name: str) -> str:
    return str(NPM / "node_modules" / ".bin" / name)


def agent(
    name: str, package: str, program: str, examples: dict[str, str], words: list[str], follow: list[str],
    environment: dict[str, str] | None = None,
) -> Client:
    """An agent from npm. `follow`: what its command has besides for one more prompt, before a last `-p`."""
    command = [binary(program), *words]
    more = [*[word for word in command if word != "-p"], *follow]
    return Client(name, "npm", version(package), [*command, "@PROMPT@"], environment or {}, examples, True, [*more, "@PROMPT@"])


def aider() -> Client:
    command = [str(HOME / "aider" / "bin" / "aider"), "--yes-always", "--no-git", "--no-check-update", "--analytics-disable"]
    examples = {".aider.conf.yml": "aider/.aider.conf.yml"}
    last = ["--message", "@PROMPT@"]
    return Client("aider", "aider", pinned("aider", "aider-chat"), [*command, *last], {}, examples,
                  follow=[*command, "--restore-chat-history", *last])


def openwebui() -> Client:
    command = [str(HOME / "openwebui" / "bin" / "python"), str(PINS / "openwebui.py")]
    # Title, tags and follow-up questions of a new conversation; later the questions alone.
    chores = {"easy": 3, "hard": 3, "follow-up": 1}
    return Client("openwebui", "openwebui", pinned("openwebui", "open-webui"), [*command, "@PROMPT@"], {},
                  {"env": "openwebui/env"}, follow=[*command, "--continue", "@PROMPT@"], chores=chores)


def known() -> list[Client]:
    """All clients. @URL@, @PROMPT@ and @DIRECTORY@ are put in when they run."""
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
        agent("claude-code", "@anthropic-ai/claude-code", "claude", {"settings.json": "claude-code/settings.json"},
              ["--settings", "settings.json", "--allowedTools", "Bash(echo:*)", "-p"], ["-c", "-p"],
              {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}),
        agent("codex", "@openai/codex", "codex", {"config.toml": "codex/config.toml"},
              ["exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"], ["resume", "--last"],
              {"CODEX_HOME": "@DIRECTORY@", "TIERGATE_KEY": "none"}),
        agent("gemini-cli", "@google/gemini-cli", "gemini",
              {".env": "gemini-cli/.env", ".gemini/settings.json": "gemini-cli/settings.json"},
              ["--skip-trust", "-m", "smart/auto", "-y", "-p"], ["--resume", "latest", "-p"]),
        agent("opencode", "opencode-ai", "opencode", {"opencode.json": "opencode/opencode.json"}, ["run"], ["-c"],
              {"OPENCODE_DISABLE_MODELS_FETCH": "1", "OPENCODE_DISABLE_AUTOUPDATE": "1"}),
        aider(),
        openwebui(),
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


def run(client: Client, command: list[str], prompt: str, url: str, directory: Path) -> subprocess.CompletedProcess:
    def filled(text: str) -> str:
        return text.replace("@URL@", url).replace("@DIRECTORY@", str(directory)).replace("@PROMPT@", prompt)

    directory.mkdir(parents=True, exist_ok=True)
    for name, example in client.examples.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((EXAMPLES / example).read_text().replace(SHIPPED, url))
    kept = {name: value for name, value in os.environ.items() if not ELSEWHERE.search(name)}
    mine = {name: filled(value) for name, value in client.environment.items()}
    # Some clients go by PWD.
    places = {"HOME": str(directory), "PWD": str(directory)}
    return subprocess.run(
        [filled(word) for word in command], cwd=directory, env=kept | places | mine, stdin=subprocess.DEVNULL,
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
    if client.follow:
        asks.append(("follow-up", FOLLOW_UP, HARD_TIERS))
    for ask, prompt, tiers in asks:
        seen = len(gateway.access_log())
        follows = ask == "follow-up"
        place = directory / client.name / ("hard" if follows else ask)
        done = run(client, client.follow if follows else client.command, prompt, gateway.url, place)
        served = re.findall(r"This is ([\w./-]*\w)", done.stdout)
        if done.returncode or not served:
            wrong.append(f"{client.name}, {ask}: exit {done.returncode}: {(done.stdout + done.stderr)[-500:]}")
            continue

        def logged() -> list[dict]:
            calls = requests(gateway, seen)
            complete = len(calls) > client.chores.get(ask, 0)
            return calls if complete and any(call["decision"]["model"] == served[-1] for call in calls) else []

        calls = stack.wait_until(logged, 10, f"requests of {client.name} in the access log")
        for number, call in enumerate(calls, 1):
            told = call["decision"]
            print(f"{client.name:<17} {client.version:<9} {ask:<9} {number:>2}  {call['status']}  {told['tier'] or '-':<10}"
                  f" {told['model'] or '-':<26} {told['cause']:<16} {call['path'].split('?')[0]}")
            if call["status"] != 200 or told["cause"] in ("pinned", "no_model", "unparsable"):
                wrong.append(f"{client.name}, {ask}: request {number}: status {call['status']}, cause {told['cause']}")
        answered = [call["decision"]["tier"] for call in calls if call["decision"]["model"] == served[-1]]
        # A client may have said more than the prompt; a follow-up comes last.
        if not tiers & set(answered[-1:] if follows else answered):
            wrong.append(f"{client.name}, {ask}: answered by tier {answered[-1]}, expected {sorted(tiers)}")
        chores = sum(call["decision"]["cause"] == "chore" for call in calls)
        if chores < client.chores.get(ask, 0):
            wrong.append(f"{client.name}, {ask}: {chores} chores, expected {client.chores[ask]}")
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
        print(f"{'client':<17} {'version':<9} {'ask':<9} no  code {'tier':<10} {'model':<26} {'cause':<16} path")
        for client in clients:
            wrong += drive(client, gateway, directory)
    print("\n".join(wrong) if wrong else f"{len(clients)} clients: every request went where it should")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
