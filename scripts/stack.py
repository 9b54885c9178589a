"""The real stack on loopback: LiteLLM with models that need no key, and Envoy with the filter in front of it.

    python scripts/stack.py up      start both and leave them running
    python scripts/stack.py down    stop what `up` started

The demo and the end-to-end tests use the classes below. What a stack writes (configurations, logs, process ids) goes
to one directory: .run/up, .run/demo or .run/e2e.

Environment: TIERGATE_PORT, TIERGATE_ADMIN_PORT, LITELLM_PORT, TIERGATE_SIGNALS_PORT, TIERGATE_CONSOLE_PORT (for `up`; else
10000, 9901, 4000, 10001 and 10002, or any free port where one of these is taken), TIERGATE_ENVOY (the Envoy binary), TIERGATE_WASM (the module).
"""

from __future__ import annotations

import copy
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "envoy" / "demo.yaml"
PRODUCTION = ROOT / "envoy" / "envoy.yaml"
WASM = Path(os.environ.get("TIERGATE_WASM", ROOT / "dist" / "tiergate.wasm"))
# Virtual models of the shipped configurations.
VIRTUAL = ["smart/auto", "smart/eco", "smart/agentic"]
STRUCT = "type.googleapis.com/google.protobuf.Struct"
START_SECONDS = 300  # LiteLLM takes 8 s on two idle cores, and minutes where it shares them with a compiler
STOP_SECONDS = 15
POLL_SECONDS = 0.1


class StackError(RuntimeError):
    """Something did not start, stay or stop; the message carries the end of its log."""


# ---------------------------------------------------------------------------------------------------- configuration


class YamlLoader(yaml.SafeLoader):
    """YAML as Envoy reads it: a date is a string."""


YamlLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load_yaml(path: Path) -> dict:
    return yaml.load(path.read_text(encoding="utf-8"), YamlLoader)  # noqa: S506 (a SafeLoader)


def listener(envoy: dict, name: str = "gateway") -> dict:
    return next(each for each in envoy["static_resources"]["listeners"] if each["name"] == name)


def connection_manager(of_listener: dict) -> dict:
    return of_listener["filter_chains"][0]["filters"][0]["typed_config"]


def plugin(of_listener: dict) -> dict:
    """The wasm plugin's configuration in a listener of ours."""
    filters = connection_manager(of_listener)["http_filters"]
    return next(each["typed_config"]["config"] for each in filters if each["name"] == "tiergate")


def attempt_plugins(envoy: dict) -> list[dict]:
    """The wasm plugins' configurations among the upstream filters of all clusters."""
    found = []
    for each in envoy["static_resources"]["clusters"]:
        for options in each.get("typed_extension_protocol_options", {}).values():
            found += [one["typed_config"]["config"] for one in options.get("http_filters", []) if one["name"] == "tiergate"]
    return found


def set_module(envoy: dict, wasm: Path) -> None:
    """Every filter of ours runs this module."""
    plugins = attempt_plugins(envoy)
    for each in envoy["static_resources"]["listeners"]:
        filters = connection_manager(each)["http_filters"]
        plugins += [one["typed_config"]["config"] for one in filters if one["name"] == "tiergate"]
    for each in plugins:
        each["vm_config"]["code"]["local"]["filename"] = str(wasm)


def tiergate_configuration(of_listener: dict) -> dict:
    """The tiergate document in a listener of ours."""
    return plugin(of_listener)["configuration"]["value"]


def set_tiergate_configuration(of_listener: dict, document: dict) -> None:
    plugin(of_listener)["configuration"] = {"@type": STRUCT, "value": document}


def set_port(of: dict, port: int) -> None:
    """Has a listener or the admin interface listen on this port of loopback."""
    of["address"] = address(port)


def address(port: int) -> dict:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def cluster(name: str, port: int) -> dict:
    """A static cluster of one address on loopback."""
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "5s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(port)}}]}],
        },
    }


def set_upstream(of_cluster: dict, to: dict) -> None:
    """Points a cluster of one endpoint to another address; all else about it stays."""
    (locality,) = of_cluster["load_assignment"]["endpoints"]
    (endpoint,) = locality["lb_endpoints"]
    endpoint["endpoint"]["address"] = to


def demo_envoy(
    *, port: int, admin_port: int, litellm_port: int, signals_port: int, metrics_port: int = 0, console_port: int = 0,
    shipped: Path = DEMO,
) -> dict:
    """envoy/demo.yaml, or another configuration made like it, on loopback with these ports (the listeners and clusters
    that it has), and the module by its absolute path."""
    envoy = load_yaml(shipped)
    set_port(envoy["admin"], admin_port)
    listens = {"gateway": port, "signals": signals_port, "metrics": metrics_port, "console": console_port}
    for each in envoy["static_resources"]["listeners"]:
        set_port(each, listens[each["name"]])
    reached = {"litellm": litellm_port, "signals": signals_port, "admin": admin_port}
    for each in envoy["static_resources"]["clusters"]:
        set_upstream(each, address(reached[each["name"]]))
    set_module(envoy, WASM)
    # YAML's aliases are one object here, and tests change one without the other.
    return json.loads(json.dumps(envoy))


def serve_signals(envoy: dict, path: Path) -> None:
    """Has Envoy serve this file as the feed, which is there already."""
    (host,) = connection_manager(listener(envoy, "signals"))["route_config"]["virtual_hosts"]
    (route,) = host["routes"]
    route["direct_response"]["body"] = {"filename": str(path), "watched_directory": {"path": str(path.parent)}}


def replace(path: Path, text: str) -> None:
    """Writes a file as what reads it expects: it is the old one or the new one, and arrives by a move."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def models_in(document: dict) -> list[str]:
    """Every model a tiergate document can pick, by the name its upstream knows, in order and once each."""
    names: list[str] = []

    def add(candidates: object) -> None:
        for name in [candidates] if isinstance(candidates, str) else candidates or []:
            names.append(document.get("models", {}).get(name, {}).get("upstream_model", name))

    tables = [document.get("tiers", {})]
    for profile in document.get("profiles", {}).values():
        tables.append(profile.get("tiers", {}))
        add(profile.get("default_model"))
    for table in tables:
        for candidates in table.values():
            add(candidates)
    for promotion in document.get("promotions", []):
        add(promotion["models"])
    add(list(document.get("models", {})))
    return list(dict.fromkeys(names))


# LiteLLM's cache of answers, in its memory: for one process, and for ten minutes.
CACHE = {"type": "local", "ttl": 600}


def litellm_configuration(models: list[str], failing: dict[str, str] | None = None, provider: str = "") -> dict:
    """LiteLLM with a mock answer for each model: it names the model in the response and calls nobody. Models that fail
    do so with LiteLLM's own mock of the exception that is named. With `provider`, the base URL of an OpenAI-compatible
    server, that one answers in place of the mocks: they cannot stream Anthropic messages or responses."""
    answers = {name: f"This is {name}." for name in models} | (failing or {})
    return {
        "model_list": [
            {
                "model_name": name,
                # The provider does not matter to a mock, with one exception: LiteLLM 1.102.4 has no mock for
                # streamGenerateContent of gemini/ models and would call Google.
                "litellm_params": {"model": f"openai/{name}", "api_key": "none"}
                | ({"api_base": provider} if provider and name not in (failing or {}) else {"mock_response": answer}),
                "model_info": {"id": name},
            }
            for name, answer in answers.items()
        ],
        # Mock models do not know response_format, tools and the like.
        "litellm_settings": {"drop_params": True, "telemetry": False, "cache": True, "cache_params": CACHE},
        "router_settings": {
            # The gateway retries, with another model.
            "num_retries": 0,
            # So that /v1/models lists the virtual names too. They are gone before a request comes here.
            "model_group_alias": {name: models[0] for name in VIRTUAL},
        },
    }


# -------------------------------------------------------------------------------------------------------- processes


def free_port(wanted: int = 0) -> int:
    """`wanted` if it is free, else any free port on loopback."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise StackError("no free port on 127.0.0.1")


def http_get(url: str, timeout: float = 5.0) -> tuple[int, str]:
    """Status and text; status 0 when nobody answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=timeout) as answer:
            return answer.status, answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode("utf-8", "replace")
    except (OSError, ValueError):
        return 0, ""


def wait_until(condition, seconds: float, what: str):
    """Polls until `condition()` is true and returns what it returned."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise StackError(f"{what}: not within {seconds:.0f} s")
        time.sleep(POLL_SECONDS)


def tail(path: Path, lines: int = 40) -> str:
    try:
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"


class Process:
    """A child in a process group of its own; stdout and stderr go to files."""

    def __init__(self, name: str, command: list[str], directory: Path, env: dict[str, str], ready_url: str):
        self.name, self.command, self.env, self.ready_url = name, command, env, ready_url
        self.out = directory / f"{name}.out"
        self.log = directory / f"{name}.log"
        self.child: subprocess.Popen | None = None

    def start(self) -> None:
        with self.out.open("wb") as out, self.log.open("wb") as log:
            self.child = subprocess.Popen(  # noqa: S603
                self.command, cwd=ROOT, env=self.env, stdin=subprocess.DEVNULL, stdout=out, stderr=log,
                start_new_session=True,
            )

    def wait_ready(self) -> None:
        def ready() -> bool:
            return self.child.poll() is not None or http_get(self.ready_url, 2.0)[0] == 200

        try:
            wait_until(ready, START_SECONDS, f"{self.name} ready at {self.ready_url}")
            if self.child.poll() is not None:
                raise StackError(f"{self.name} ended with {self.child.returncode} at start")
        except StackError as error:
            raise StackError(f"{error}\n{tail(self.log)}") from None

    def stop(self) -> None:
        if self.child is None:
            return
        if self.child.poll() is None:
            os.killpg(self.child.pid, signal.SIGTERM)
            try:
                self.child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self.child.pid, signal.SIGKILL)
                self.child.wait()
        self.child = None


def _environment() -> dict[str, str]:
    """Ours without proxies (everything is on loopback) and without anybody's keys."""
    kept = {}
    for name, value in os.environ.items():
        if name.lower().endswith("_proxy") or name.endswith(("_API_KEY", "_API_BASE", "_BASE_URL")):
            continue
        if name.startswith(("LITELLM_", "OPENAI_", "ANTHROPIC_", "DATABASE_", "REDIS_")):
            continue
        kept[name] = value
    return kept


def litellm_process(directory: Path, configuration: dict, port: int) -> Process:
    path = directory / "litellm.yaml"
    path.write_text(yaml.safe_dump(configuration, sort_keys=False), encoding="utf-8")
    env = _environment() | {
        # Nothing is fetched at start: what ships with the package is used.
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
        "LITELLM_LOCAL_AUTOROUTER_PRESETS": "True",
        "LITELLM_LOCAL_BLOG_POSTS": "True",
        "LITELLM_LOCAL_POLICY_TEMPLATES": "True",
        "LITELLM_MODE": "PRODUCTION",  # reads no .env file
        "LITELLM_DONT_SHOW_FEEDBACK_BOX": "true",
        "DISABLE_ADMIN_UI": "True",
        "NO_DOCS": "True",
        "PYTHONUNBUFFERED": "1",
    }
    command = [
        str(Path(sys.executable).parent / "litellm"), "--config", str(path), "--host", "127.0.0.1",
        "--port", str(port), "--num_workers", "1", "--telemetry", "False",
    ]
    return Process("litellm", command, directory, env, f"http://127.0.0.1:{port}/health/readiness")


def provider_process(directory: Path, port: int) -> Process:
    command = [sys.executable, str(ROOT / "scripts" / "provider.py"), "--port", str(port)]
    return Process("provider", command, directory, _environment(), f"http://127.0.0.1:{port}/v1/models")


def envoy_binary() -> str:
    return os.environ.get("TIERGATE_ENVOY") or str(Path(sys.executable).parent / "envoy")


def envoy_version() -> tuple[int, int]:
    text = subprocess.run([envoy_binary(), "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    found = re.search(r"version: \w+/(\d+)\.(\d+)\.", text)
    return int(found[1]), int(found[2])


def envoy_process(directory: Path, configuration: dict, *, concurrency: int = 2, options: tuple[str, ...] = (),
                  name: str = "envoy", ready_port: int = 0) -> Process:
    """Envoy with this configuration; `ready_port` is where it says that it is ready, if not at its admin interface."""
    path = directory / f"{name}.yaml"
    path.write_text(yaml.safe_dump(configuration, sort_keys=False), encoding="utf-8")
    ready_port = ready_port or configuration["admin"]["address"]["socket_address"]["port_value"]
    command = [
        envoy_binary(), "--disable-hot-restart", "--concurrency", str(concurrency), "-c", str(path),
        "--file-flush-interval-msec", "50", *(options or ("--log-level", "warning")),
    ]
    return Process(name, command, directory, _environment(), f"http://127.0.0.1:{ready_port}/ready")


class Stack:
    """LiteLLM and Envoy, started together; a context manager that stops both."""

    def __init__(self, directory: Path, *, ports: tuple[int, int, int, int] = (0, 0, 0, 0), console_port: int = 0,
                 shipped: Path = DEMO):
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        if not WASM.is_file():
            raise StackError(f"{WASM} is missing: `make wasm` builds it")
        self.port, self.admin_port, self.litellm_port, self.signals_port = (free_port(port) for port in ports)
        self.metrics_port = free_port()
        self.console_port = free_port(console_port)
        self.envoy_configuration = demo_envoy(
            port=self.port, admin_port=self.admin_port, litellm_port=self.litellm_port, signals_port=self.signals_port,
            metrics_port=self.metrics_port, console_port=self.console_port, shipped=shipped,
        )
        self.extra_models: list[str] = []
        self.failing_models: dict[str, str] = {}
        # Entries of LiteLLM's `model_list` beside the mock models.
        self.extra_deployments: list[dict] = []
        # Whether LiteLLM answers a request that it has answered before from its cache.
        self.caches = True
        # Whether scripts/provider.py answers behind LiteLLM, and not its mocks.
        self.scripted = False
        self.concurrency = 2
        self.envoy_options: tuple[str, ...] = ()
        self.provider: Process | None = None
        self.litellm: Process | None = None
        self.envoy: Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def console_url(self) -> str:
        return f"http://127.0.0.1:{self.console_port}"

    @property
    def admin_url(self) -> str:
        return f"http://127.0.0.1:{self.admin_port}"

    def start(self) -> "Stack":
        models = models_in(tiergate_configuration(listener(self.envoy_configuration))) + self.extra_models
        models = list(dict.fromkeys(models))
        provider = ""
        if self.scripted:
            port = free_port()
            self.provider = provider_process(self.directory, port)
            provider = f"http://127.0.0.1:{port}/v1"
        litellm = litellm_configuration(models, self.failing_models, provider)
        litellm["model_list"] += self.extra_deployments
        if not self.caches or self.scripted:  # agents that are told what to do ask the same again
            litellm["litellm_settings"] = {key: value for key, value in litellm["litellm_settings"].items()
                                           if not key.startswith("cache")}
        self.litellm = litellm_process(self.directory, litellm, self.litellm_port)
        self.envoy = envoy_process(
            self.directory, copy.deepcopy(self.envoy_configuration), concurrency=self.concurrency,
            options=self.envoy_options,
        )
        try:
            for process in self.processes():
                process.start()
            for process in self.processes():
                process.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def processes(self) -> list[Process]:
        return [process for process in (self.provider, self.litellm, self.envoy) if process is not None]

    def stop(self) -> None:
        for process in reversed(self.processes()):
            process.stop()

    def __enter__(self) -> "Stack":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def access_log(self) -> list[dict]:
        """Every line of the access log so far (Envoy's standard output)."""
        lines = self.envoy.out.read_text(encoding="utf-8", errors="replace").splitlines()
        return [json.loads(line) for line in lines if line.endswith("}")]

    def access_line(self, request_id: str, seconds: float = 10.0) -> dict:
        """The access log line of a request, by the x-request-id of its response."""
        def find():
            return next((line for line in self.access_log() if line["request_id"] == request_id), None)

        return wait_until(find, seconds, f"access log line of request {request_id}")


# ----------------------------------------------------------------------------------------------------- up and down

UP = ROOT / ".run" / "up"


def _started(pid: int) -> str | None:
    """What tells this process from a later one of the same number; None when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        return None


def _running() -> dict[str, int]:
    """The processes of the last `up` that still run: name -> process id."""
    running = {}
    for path in UP.glob("*.pid"):
        pid, started = path.read_text().split()
        if _started(int(pid)) == started:
            running[path.stem] = int(pid)
    return running


def up() -> int:
    if _running():
        print("already up: `make down` stops it")
        return 1
    wanted = tuple(
        int(os.environ.get(name, default))
        for name, default in (("TIERGATE_PORT", 10000), ("TIERGATE_ADMIN_PORT", 9901), ("LITELLM_PORT", 4000),
                              ("TIERGATE_SIGNALS_PORT", 10001))
    )
    stack = Stack(UP, ports=wanted, console_port=int(os.environ.get("TIERGATE_CONSOLE_PORT", 10002)))
    stack.scripted = True
    stack.start()
    for process in stack.processes():
        (UP / f"{process.name}.pid").write_text(f"{process.child.pid} {_started(process.child.pid)}\n")
    chat = f"curl -s {stack.url}/v1/chat/completions -H 'content-type: application/json' -i"
    print(f"""tiergate is up at {stack.url} (Envoy's admin: {stack.admin_url}, LiteLLM: http://127.0.0.1:{stack.litellm_port})
console: {stack.console_url}/ in a browser
logs: {UP.relative_to(ROOT)}/envoy.out (one JSON line a request), envoy.log, litellm.log

  {chat} -d '{{"model": "smart/auto", "messages": [{{"role": "user", "content": "Hello!"}}]}}'
  {chat} -d '{{"model": "smart/auto", "messages": [{{"role": "user", "content": "Prove step by step that the square root of 2 is irrational, and derive a contradiction."}}]}}'
  curl -s {stack.admin_url}/stats/prometheus | grep tiergate

`make down` stops it.""")
    return 0


def down() -> int:
    running = _running()
    for name, pid in running.items():
        os.killpg(pid, signal.SIGTERM)
        try:
            wait_until(lambda pid=pid: _started(pid) is None or _zombie(pid), STOP_SECONDS, f"{name} stopped")
        except StackError:
            os.killpg(pid, signal.SIGKILL)
        print(f"stopped {name}")
    for path in UP.glob("*.pid"):
        path.unlink()
    if not running:
        print("nothing was up")
    return 0


def _zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def main(arguments: list[str]) -> int:
    commands = {"up": up, "down": down}
    if len(arguments) != 1 or arguments[0] not in commands:
        print("usage: stack.py up | down", file=sys.stderr)
        return 2
    try:
        return commands[arguments[0]]()
    except StackError as error:
        print(f"stack: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
