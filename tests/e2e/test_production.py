"""envoy/envoy.yaml as it ships: only ports, the upstream's address and the places of module and socket are others.

`make test-e2e` also runs the suites of test_wire, test_dialects, test_profiles and test_observability over this file.
"""

import copy
import json
import socket
import stat
import subprocess
from pathlib import Path

import anthropic
import httpx
import openai
import pytest

from gateway import stacks, user
from wire import http1, request

NANO, OPUS = "gpt-5.4-nano", "claude-opus-5"
GREETING = "Hello!"
PROOF = "Prove the theorem by induction, step by step, and derive the contradiction."
LIMIT = 32 * 1024 * 1024
CHAT = "/v1/chat/completions"


class Production(stacks.Process):
    """Envoy with the shipped file and its admin interface on a socket file, in front of what listens on these ports."""

    def __init__(self, directory: Path, *upstream_ports: int, change=lambda envoy: None):
        self.port, self.metrics_port = stacks.free_port(), stacks.free_port()
        self.socket = directory / "admin.sock"
        envoy = stacks.demo_envoy(port=self.port, admin_port=1, litellm_port=1, signals_port=1,
                                  metrics_port=self.metrics_port, shipped=stacks.PRODUCTION)
        shipped = stacks.load_yaml(stacks.PRODUCTION)
        pipe = shipped["admin"]["address"] | {"pipe": shipped["admin"]["address"]["pipe"] | {"path": str(self.socket)}}
        envoy["admin"]["address"] = pipe
        clusters = {each["name"]: each for each in envoy["static_resources"]["clusters"]}
        stacks.set_upstream(clusters["admin"], {"pipe": {"path": str(self.socket)}})
        (locality,) = clusters["litellm"]["load_assignment"]["endpoints"]
        locality["lb_endpoints"] = [{"endpoint": {"address": stacks.address(port)}} for port in upstream_ports]
        if stacks.envoy_version() < (1, 37):  # as the file says
            stacks.listener(envoy)["per_connection_buffer_limit_bytes"] = LIMIT
        change(envoy)
        made = stacks.envoy_process(directory, envoy, ready_port=self.metrics_port)
        super().__init__(made.name, made.command, directory, made.env, made.ready_url)
        self.url, self.metrics_url = (f"http://127.0.0.1:{port}" for port in (self.port, self.metrics_port))

    def __enter__(self):
        self.start()
        try:
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def admin(self, path: str) -> str:
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(self.socket))) as client:
            return client.get(f"http://localhost{path}").raise_for_status().text

    def stat(self, name: str) -> int:
        text = self.admin(f"/stats?filter=^{name}$")
        return int(text.split(": ")[1]) if text else 0

    def log_line(self, request_id: str) -> dict:
        """The line of the access log with this id."""
        def find():
            lines = self.out.read_text().splitlines()
            return next((line for line in map(json.loads, lines) if line["request_id"] == request_id), None)

        return stacks.wait_until(find, 10, f"access log line of request {request_id}")


@pytest.fixture(scope="module")
def production(gateway, tmp_path_factory):
    with Production(tmp_path_factory.mktemp("production"), gateway.litellm_port) as running:
        yield running


@pytest.fixture
def recorded(gateway, tmp_path):
    with Production(tmp_path, gateway.recorder.port) as running:
        yield running


@pytest.fixture
def sdk(production):
    with openai.OpenAI(base_url=f"{production.url}/v1", api_key="none", max_retries=0,
                       http_client=httpx.Client(trust_env=False, timeout=60)) as sdk:
        yield sdk


# --------------------------------------------------------------------------------------------------- it does its work


@pytest.mark.parametrize(("text", "model"), [(GREETING, NANO), (PROOF, OPUS)])
def test_openai(sdk, text, model):
    raw = sdk.chat.completions.with_raw_response.create(model="smart/auto", messages=user(text))
    assert raw.parse().model == raw.headers["x-tiergate-model"] == model


def test_openai_streamed(sdk):
    with sdk.chat.completions.create(model="smart/auto", messages=user(PROOF), stream=True) as stream:
        chunks = list(stream)
    assert len(chunks) > 1
    assert chunks[0].model == OPUS


def test_anthropic(production):
    with anthropic.Anthropic(base_url=production.url, api_key="none", max_retries=0,
                             http_client=anthropic.DefaultHttpxClient(trust_env=False)) as sdk:
        assert sdk.messages.create(model="smart/auto", max_tokens=99, messages=user(PROOF)).model == OPUS


def test_gemini_with_an_escaped_slash(production, client):
    answer = client.post(f"{production.url}/v1beta/models/smart%2Fauto:generateContent",
                         json={"contents": [{"role": "user", "parts": [{"text": PROOF}]}]})
    assert (answer.status_code, answer.headers["x-tiergate-model"]) == (200, OPUS)


def test_a_pinned_model(sdk):
    raw = sdk.chat.completions.with_raw_response.create(model="gpt-5.4", messages=user(GREETING))
    assert raw.parse().model == "gpt-5.4"
    assert raw.headers["x-tiergate-cause"] == "pinned"


def test_a_body_over_the_limit(production, client):
    def post(size):
        return client.post(f"{production.url}{CHAT}", json={"model": "gpt-5.4", "messages": user("x" * size)})

    assert post(LIMIT).status_code == 413
    assert post(LIMIT - 500).json()["model"] == "gpt-5.4"


def test_a_broken_body_is_the_upstreams_to_refuse(production, client):
    answer = client.post(f"{production.url}{CHAT}", content=b'{"model": "smart/auto", "messages": [',
                         headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.headers["x-tiergate-cause"] == "unparsable"
    assert "json" in answer.json()["error"]["message"].lower()


# ------------------------------------------------------------------------------------------------ what clients may do


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_header_of_a_client_reaches_the_admin_interface(production, client, method):
    """`admin` is a cluster, and the route goes by a header."""
    answer = client.request(method, f"{production.url}/config_dump", headers={"x-tiergate-cluster": "admin"})
    assert answer.status_code in (404, 405)
    assert answer.headers["server"] == "envoy"
    assert "static_clusters" not in answer.text


def test_headers_of_ours_that_clients_send(recorded, gateway, test_id):
    body = json.dumps({"model": "smart/auto", "messages": user(GREETING)}).encode()
    status, _, _ = http1(recorded.port, request("POST", CHAT, [
        ("content-type", "application/json"), ("content-length", str(len(body))), ("x-test-id", test_id),
        ("x-tiergate-cluster", "nowhere"), ("x-tiergate-model", "forged"), ("X-Tiergate-Tier", "FORGED"),
        ("x_tiergate_model", "forged"), ("x_tiergate_cluster", "nowhere"),
        ("x-envoy-upstream-rq-timeout-ms", "1"), ("x-envoy-max-retries", "9"), ("x-forwarded-for", "10.0.0.1"),
    ], body))
    assert status == 200
    got = gateway.recorder.take(test_id)
    assert got.one("x-tiergate-model") == NANO
    assert got.one("x-tiergate-tier") == "SIMPLE"
    assert len(got.one("x-forwarded-for").split(",")) == 2  # the client's word, and behind it the address it has
    assert [name for name in got.names() if "_" in name] == []
    assert "x-envoy-upstream-rq-timeout-ms" not in got.names()
    assert "x-envoy-max-retries" not in got.names()


# ---------------------------------------------------------------------------------------------------- what is watched


def test_the_access_log_has_the_decision_and_no_query(production, client):
    answer = client.post(f"{production.url}/v1beta/models/smart/auto:generateContent?key=secret-of-a-client",
                         json={"contents": [{"role": "user", "parts": [{"text": PROOF}]}]})
    line = production.log_line(answer.headers["x-request-id"])
    assert json.loads(line["tiergate"])["model"] == OPUS
    assert line["path"] == f"/v1beta/models/{OPUS}:generateContent"  # as it went on
    assert (line["status"], line["cluster"], line["attempts"], line["client"]) == (200, "litellm", 1, "127.0.0.1")
    assert 0 <= line["first_byte_ms"] <= line["duration_ms"]
    assert "secret-of-a-client" not in production.out.read_text()


def test_prometheus_may_read_the_metrics(production, sdk, client):
    sdk.chat.completions.create(model="smart/eco", messages=user(GREETING))
    series = ('tiergate_requests{profile="eco",tier="SIMPLE",model="gpt-5-nano",cause="score"} 1',
              'envoy_cluster_membership_healthy{envoy_cluster_name="litellm"} 1')

    def scraped():
        text = client.get(f"{production.metrics_url}/stats/prometheus").raise_for_status().text.splitlines()
        if stacks.envoy_version() < (1, 38):  # as docs/operations.md says
            text = [line.replace('tiergate_scope="litellm",', "").replace(',envoy_cluster_name="litellm"', "")
                    for line in text]
        return all(each in text for each in series)

    stacks.wait_until(scraped, 30, f"metrics with {series}")


@pytest.mark.parametrize(("method", "path"), [
    ("POST", "/quitquitquit"), ("GET", "/config_dump"), ("GET", "/"), ("GET", "/stats"), ("GET", "/clusters"),
    ("POST", "/stats/prometheus"), ("POST", "/ready"), ("POST", "/reset_counters"), ("GET", "/stats/prometheus/"),
    ("GET", "/ready/../config_dump"), ("GET", "/stats/prometheus/%2e%2e/%2e%2e/config_dump"), ("GET", "//config_dump"),
])
def test_nothing_else_of_the_admin_interface_is_on_a_port(production, method, path):
    status, _, body = http1(production.metrics_port, request(method, path, [("content-length", "0")]))
    assert (status, body) == (404, b"")


def test_the_admin_interface_is_envoys_users_alone(production):
    mode = production.socket.stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600
    assert "litellm::" in production.admin("/clusters")


def test_every_listener_of_the_file_is_known_here(production):
    """No other port is open."""
    listening = json.loads(production.admin("/listeners?format=json"))["listener_statuses"]
    ports = {each["name"]: each["local_address"]["socket_address"]["port_value"] for each in listening}
    assert ports == {"gateway": production.port, "metrics": production.metrics_port}


# -------------------------------------------------------------------------------------------------- when things are bad


def dead_port() -> int:
    """A port on which nobody listens."""
    return stacks.free_port()


def test_a_dead_replica_costs_no_request(gateway, tmp_path, client):
    """Before the health check knows, the retry helps; then the replica is left out."""
    # Without health checks every second request meets the dead one first.
    with Production(tmp_path, gateway.recorder.port, dead_port(),
                    change=lambda envoy: envoy["static_resources"]["clusters"][0].pop("health_checks")) as running:
        answers = [client.post(f"{running.url}{CHAT}", json={"model": "smart/auto", "messages": user(GREETING)})
                   for _ in range(20)]
        assert {answer.status_code for answer in answers} == {200}
        attempts = [running.log_line(answer.headers["x-request-id"])["attempts"] for answer in answers]
        assert max(attempts) > 1
    with Production(tmp_path, gateway.recorder.port, dead_port()) as running:
        assert running.stat("cluster.litellm.membership_total") == 2
        stacks.wait_until(lambda: running.stat("cluster.litellm.membership_healthy") == 1, 10, "one healthy replica")


def test_answers_of_the_upstream_are_not_asked_for_again(gateway, tmp_path, client):
    """A second attempt of what a provider refused would be paid for twice."""
    with Production(tmp_path, gateway.litellm_port) as running:
        answer = client.post(f"{running.url}{CHAT}", content=b'{"model": "gpt-5.4"',
                             headers={"content-type": "application/json"})
        assert answer.status_code == 400
        assert running.log_line(answer.headers["x-request-id"])["attempts"] == 1


def monitor(envoy: dict, name: str) -> dict:
    monitors = envoy["overload_manager"]["resource_monitors"]
    return next(each["typed_config"] for each in monitors if each["name"].endswith(name))


def test_a_full_heap_refuses_requests(gateway, tmp_path, client):
    with Production(tmp_path, gateway.recorder.port, change=lambda envoy: monitor(envoy, "fixed_heap").update(
            max_heap_size_bytes=1_000_000)) as running:
        def refused():
            answer = client.post(f"{running.url}{CHAT}", json={"model": "smart/auto", "messages": user(GREETING)})
            return answer.status_code == 503 and "overload" in answer.text

        stacks.wait_until(refused, 10, "503 because of the heap")
        for action in ("shrink_heap", "disable_http_keepalive", "stop_accepting_requests", "reset_high_memory_stream"):
            assert running.stat(f"overload.envoy.overload_actions.{action}.scale_percent") == 100, action


def test_too_many_connections_are_closed_and_monitoring_goes_on(gateway, tmp_path):
    limit = "envoy.resource_limits.listener.gateway.connection_limit"
    with Production(tmp_path, gateway.recorder.port, change=lambda envoy: envoy["layered_runtime"]["layers"][0][
            "static_layer"].update({limit: 2})) as running:
        kept = [socket.create_connection(("127.0.0.1", running.port), 10) for _ in range(2)]
        try:
            listener = f"listener.127.0.0.1_{running.port}"
            stacks.wait_until(lambda: running.stat(f"{listener}.downstream_cx_active") == 2, 10, "two connections")
            for count in range(1, 4):  # connections of monitoring that end make no room here
                assert httpx.get(f"{running.metrics_url}/ready").status_code == 200
                with socket.create_connection(("127.0.0.1", running.port), 10) as another:
                    assert another.recv(1) == b"", "closed"
                stacks.wait_until(lambda: running.stat(f"{listener}.downstream_cx_overflow") == count, 10, "counted")
        finally:
            for each in kept:
                each.close()


def test_nothing_in_it_is_deprecated():
    command = [stacks.envoy_binary(), "--mode", "validate", "--disable-hot-restart", "-c", str(stacks.PRODUCTION)]
    done = subprocess.run(command, cwd=stacks.ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "eprecated" not in done.stderr
