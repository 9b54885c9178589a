"""examples/: every resource keeps the published schema of its kind, and runs in Envoy as its control plane would put it there;
tests/e2e/test_platforms.py has more of that."""

import copy
import gzip
import json
import subprocess
import sys
from contextlib import contextmanager

import httpx
import pytest
import yaml

from crd import DEFINITIONS, documents, faults
from feed import Feed, document
from gateway import stacks, user
from platforms import higress_config, ingress, resources, translated
from translate import Unknown, Xds, higress, static

EXAMPLES = stacks.ROOT / "examples"
# Without those of gateway.yaml: they are an operator's own, and only translated.
RESOURCES = {
    f"{path.relative_to(EXAMPLES)}, {resource['kind']} {resource['metadata']['name']}": resource
    for folder in ("istio", "envoy-gateway", "higress") for path in sorted((EXAMPLES / folder).glob("*.yaml"))
    for resource in documents(path) if path.name != "gateway.yaml"
}
CHAT = "/v1/chat/completions"
GREETING = "Hello!"
PROOF = "Prove the theorem by induction, step by step, and derive the contradiction."
LITELLM = "outbound|4000||litellm.llm.svc.cluster.local"
OUTSIDE = "outbound|443||models.example.com"
SIGNALS = "outbound|443||signals.example.com"


def named(kind: str, name: str = "tiergate") -> dict:
    """The first of that name: Istio's EnvoyFilter and not Higress'."""
    return copy.deepcopy(next(each for each in RESOURCES.values() if (each["kind"], each["metadata"]["name"]) == (kind, name)))


# ------------------------------------------------------------------------------------------------------------ schemas


@pytest.mark.parametrize("name", RESOURCES)
def test_a_resource_keeps_its_schema(name):
    assert faults(RESOURCES[name]) == []


def test_every_kind_is_there():
    assert {(each["apiVersion"].split("/")[0], each["kind"]) for each in RESOURCES.values()} == {
        ("networking.istio.io", "EnvoyFilter"), ("networking.istio.io", "ServiceEntry"),
        ("networking.istio.io", "DestinationRule"), ("gateway.envoyproxy.io", "EnvoyExtensionPolicy"),
        ("gateway.envoyproxy.io", "EnvoyPatchPolicy"), ("gateway.envoyproxy.io", "ClientTrafficPolicy"),
        ("extensions.higress.io", "WasmPlugin")}


WRONG = [
    ("EnvoyFilter", "tiergate", ["spec", "configPatches", 0, "patch", "operatoin"], "ADD"),
    ("EnvoyFilter", "tiergate", ["spec", "configPatches", 0, "patch", "operation"], "APPEND"),
    ("EnvoyFilter", "tiergate", ["spec", "configPatches", 1, "match", "listener", "filterchain"], {}),
    ("EnvoyFilter", "tiergate", ["spec", "workloadSelector", "label"], {}),
    ("ServiceEntry", "signals", ["spec", "resolution"], "DNS_ALWAYS"),
    ("ServiceEntry", "signals", ["spec", "ports", 0, "protocoll"], "HTTP"),
    ("ServiceEntry", "signals", ["spec", "ports", 0, "number"], "443"),
    ("DestinationRule", "litellm", ["spec", "trafficPolicy", "outlierDetection", "consecutive5xx"], 0),
    ("DestinationRule", "litellm", ["spec", "trafficPolicy", "tls"], {"mode": "simple"}),
    ("EnvoyExtensionPolicy", "tiergate", ["spec", "wasm", 0, "failopen"], False),
    ("EnvoyExtensionPolicy", "tiergate", ["spec", "wasm", 0, "code", "type"], "OCI"),
    ("EnvoyPatchPolicy", "tiergate", ["spec", "jsonPatches", 0, "operation", "op"], "merge"),
    ("EnvoyPatchPolicy", "tiergate", ["spec", "jsonPatches", 0, "operation", "jsonpath"], "$"),
    ("EnvoyPatchPolicy", "tiergate", ["spec", "jsonPatches", 0, "type"], "envoy.config.listener.v3.Listener"),
    ("ClientTrafficPolicy", "tiergate", ["spec", "connection", "buffer_limit"], "4Mi"),
    ("ClientTrafficPolicy", "tiergate", ["spec", "path", "escapedSlashesAction"], "KEEP_UNCHANGED"),
    ("WasmPlugin", "tiergate", ["spec", "phase"], "AUTH"),
    ("WasmPlugin", "tiergate", ["spec", "default_config"], {}),
    ("WasmPlugin", "tiergate", ["metadata", "namespce"], "x"),
    ("WasmPlugin", "tiergate", ["apiVersion"], "extensions.higress.io/v1"),
]


@pytest.mark.parametrize(("kind", "name", "path", "value"), WRONG, ids=lambda value: str(value)[-40:])
def test_a_typo_is_refused(kind, name, path, value):
    resource = named(kind, name)
    place = resource
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert len(faults(resource)) >= 1


@pytest.mark.parametrize(("kind", "path"), [
    ("EnvoyPatchPolicy", ["spec", "targetRef"]), ("EnvoyExtensionPolicy", ["spec", "wasm", 0, "code"]),
    ("ServiceEntry", ["spec", "hosts"]), ("WasmPlugin", ["spec"]),
])
def test_what_is_required_has_to_be_there(kind, path):
    resource = named(kind, "signals" if kind == "ServiceEntry" else "tiergate")
    place = resource
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    assert len(faults(resource)) >= 1


@pytest.mark.parametrize("kind", ["WasmPlugin", "TrafficExtension"])
def test_why_an_envoy_filter_is_needed(kind):
    """The day Istio has a field for the flag, examples/istio can be simpler."""
    schema = json.dumps(DEFINITIONS["extensions.istio.io/v1alpha1", kind]).lower().replace("_", "")
    assert "failstrategy" in schema
    assert "stopiteration" not in schema


# -------------------------------------------------------------------------------------------------------- in the Envoy


@contextmanager
def running(directory, envoy: dict):
    """Validates the configuration and runs it; gives its address."""
    process = stacks.envoy_process(directory, envoy, concurrency=1)
    check = [process.command[0], "--mode", "validate", "--disable-hot-restart", "-c", str(directory / "envoy.yaml")]
    done = subprocess.run(check, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    process.start()
    try:
        process.wait_ready()
        port = envoy["static_resources"]["listeners"][0]["address"]["socket_address"]["port_value"]
        yield f"http://127.0.0.1:{port}"
        assert process.child.poll() is None
        assert "Uncaught RuntimeError" not in process.log.read_text(errors="replace")
    finally:
        process.stop()


@pytest.fixture
def ask(gateway, client, test_id):
    """POSTs a chat; gives the answer, and what the upstream received."""

    def ask(url, text, model="smart/auto", **headers):
        answer = client.post(f"{url}{CHAT}", json={"model": model, "messages": user(text)},
                             headers={"x-test-id": f"{test_id}-{len(text)}"} | headers)
        assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
        return answer, gateway.recorder.take(f"{test_id}-{len(text)}")

    return ask


def check_bodies(url, client, gateway, test_id, encoding: str = "identity") -> None:
    """A compressed request is routed, and one that is too large is refused in the client's dialect."""
    packed = gzip.compress(json.dumps({"model": "smart/auto", "messages": user(GREETING)}).encode())
    answer = client.post(f"{url}{CHAT}", content=packed, headers={
        "content-type": "application/json", "content-encoding": "gzip", "x-test-id": test_id, "accept-encoding": "br, gzip"})
    got = gateway.recorder.take(test_id)
    assert (answer.status_code, json.loads(got.body)["model"]) == (200, "gpt-5.4-nano")
    assert got.one("accept-encoding") == encoding
    bomb = gzip.compress(b" " * 30_000_000)
    large = json.dumps({"model": "smart/auto", "max_tokens": 9, "messages": user("x" * 5_000_000)}).encode()
    for content, more in ((bomb, {"content-encoding": "gzip"}), (large, {})):
        answer = client.post(f"{url}/v1/messages", content=content, headers={"content-type": "application/json"} | more)
        assert (answer.status_code, answer.json()["error"]["type"]) == (413, "request_too_large")


FORGED = {"x-tiergate-cluster": "nowhere", "x-tiergate-model": "forged"}


def static_envoy(xds: Xds, directory, at: dict[str, int]) -> dict:
    """The configuration for a plain Envoy; a cluster without a port cannot be reached."""
    return static.bootstrap(xds, module=stacks.WASM, directory=directory, port=stacks.free_port(),
                            admin=stacks.free_port(), hosts=dict.fromkeys(xds.clusters, stacks.free_port()) | at)


def test_istio(gateway, tmp_path, ask, client, test_id):
    with Feed(document({"gpt-5.4-mini": "surging", "deepseek-v4-pro": "stable"})) as feed:
        of = [each for each in resources("istio") if each["metadata"]["name"] != "tiergate-fallbacks"]
        (virtual,) = [each for each in of if each["kind"] == "VirtualService"]
        virtual["spec"]["http"].append({"name": "other", "match": [{"uri": {"prefix": "/elsewhere"}}], "route": [
            {"destination": {"host": "elsewhere.test", "port": {"number": 80}}}]})
        at = {LITELLM: gateway.recorder.port, OUTSIDE: gateway.recorder.port, SIGNALS: feed.port}
        envoy = static_envoy(translated("istio", of), tmp_path, at)
        with running(tmp_path, envoy) as url:
            answer, got = ask(url, GREETING, **FORGED)
            assert answer.headers["x-tiergate-model"] == got.one("x-tiergate-model") == "gpt-5.4-nano"
            assert got.one("x-tiergate-cluster") == LITELLM
            assert json.loads(got.body)["model"] == "gpt-5.4-nano"
            _, got = ask(url, PROOF)
            assert got.one("x-tiergate-cluster") == OUTSIDE
            assert json.loads(got.body)["model"] == "house-reasoner"
            # Over Envoy's own limit of 1 MiB.
            _, got = ask(url, "x" * 2_000_000)
            assert len(got.body) > 2_000_000
            # Another route of the same gateway is not touched.
            assert client.get(f"{url}/elsewhere").status_code == 503
            stacks.wait_until(lambda: feed.asked, 20, "the feed was asked for")
            assert (feed.asked[0].path, feed.asked[0].headers["host"]) == ("/v1/signals", "signals.example.com")
            admin = envoy["admin"]["address"]["socket_address"]["port_value"]
            labelled = 'tiergate_requests{profile="auto",tier="SIMPLE",model="gpt-5.4-nano",cause="score"} 1'
            stacks.wait_until(lambda: labelled in stacks.http_get(f"http://127.0.0.1:{admin}/stats/prometheus")[1], 10,
                              "labelled metrics")
            check_bodies(url, client, gateway, test_id)


def test_istio_names_clusters_that_its_resources_make():
    made = {f"outbound|{each['spec']['ports'][0]['number']}||{each['spec']['hosts'][0]}"
            for each in RESOURCES.values() if each["kind"] == "ServiceEntry"}
    ruled = {each["spec"]["host"] for each in RESOURCES.values() if each["kind"] == "DestinationRule"}
    patches = named("EnvoyFilter")["spec"]["configPatches"]
    (value,) = [each["patch"]["value"] for each in patches if each["applyTo"] == "EXTENSION_CONFIG"]
    tiergate = value["typed_config"]["config"]["configuration"]["value"]
    told = {tiergate["default_cluster"], tiergate["signals"]["cluster"]}
    told |= {model["cluster"] for model in tiergate["models"].values()}
    assert told == made | {LITELLM}
    assert ruled == {name.split("||")[1] for name in told}


def test_metrics_have_the_same_labels_everywhere():
    shipped = stacks.load_yaml(stacks.PRODUCTION)["stats_config"]
    (patch,) = named("EnvoyFilter", "tiergate-metrics")["spec"]["configPatches"]
    assert patch["patch"]["value"]["stats_config"] == shipped
    assert stacks.load_yaml(stacks.DEMO)["stats_config"] == shipped


def gateway_api(recorder_port, directory, *, without: str = "") -> dict:
    of = [each for each in resources("envoy-gateway") if each["kind"] != without]
    return static_envoy(translated("envoy-gateway", of), directory, {"httproute/llm/llm/rule/0": recorder_port})


def test_envoy_gateway(gateway, tmp_path, ask, client, test_id):
    with running(tmp_path, gateway_api(gateway.recorder.port, tmp_path)) as url:
        answer, got = ask(url, GREETING, **FORGED)
        assert answer.headers["x-tiergate-model"] == got.one("x-tiergate-model") == "gpt-5.4-nano"
        assert got.one("x-tiergate-cluster") == "httproute/llm/llm/rule/0"
        _, got = ask(url, "x" * 2_000_000)
        assert len(got.body) > 2_000_000
        check_bodies(url, client, gateway, f"{test_id}-packed")
        answer = client.post(f"{url}/v1beta/models/smart%2Fauto:generateContent", headers={"x-test-id": test_id},
                             json={"contents": [{"role": "user", "parts": [{"text": PROOF}]}]})
        assert answer.status_code == 200
        assert gateway.recorder.take(test_id).path == "/v1beta/models/claude-opus-5:generateContent"


def test_envoy_gateway_without_the_limits(gateway, tmp_path, client):
    """What examples/envoy-gateway/README.md says of the defaults."""
    with running(tmp_path, gateway_api(gateway.recorder.port, tmp_path, without="ClientTrafficPolicy")) as url:
        answer = client.post(f"{url}{CHAT}", json={"model": "smart/auto", "messages": user("x" * 40_000)})
        assert answer.status_code == 413


def test_envoy_gateway_without_the_patch(gateway, tmp_path, client):
    """The reason for the patch: a client hangs."""
    with running(tmp_path, gateway_api(gateway.recorder.port, tmp_path, without="EnvoyPatchPolicy")) as url, pytest.raises(httpx.ReadTimeout):
        client.post(f"{url}{CHAT}", json={"model": "smart/auto", "messages": user(GREETING)}, timeout=2)


def test_a_patch_that_finds_nothing_is_told():
    """A Gateway of another name, as an operator may have one."""
    of = resources("envoy-gateway")
    (gateway,) = [each for each in of if each["kind"] == "Gateway"]
    gateway["metadata"]["name"] = "other"
    with pytest.raises(Unknown):
        translated("envoy-gateway", of)


def test_higress(gateway, tmp_path, ask, client, test_id):
    """An AI route matches the header that the filter sets."""
    of = [*resources("higress"), higress_config(), ingress("any", "other.dns"), ingress("opus", "opus.dns", "claude-opus-5"),
          ingress("nano", "nano.dns", "gpt-5.4-nano")]
    at = {f"outbound|80||{name}.dns": gateway.recorder.port for name in ("opus", "nano")}
    with running(tmp_path, static_envoy(translated("higress", of), tmp_path, at)) as url:
        _, got = ask(url, PROOF, **{"x-higress-llm-model": "forged"})
        assert got.one("x-higress-llm-model") == "claude-opus-5"
        assert json.loads(got.body)["model"] == "claude-opus-5"
        check_bodies(url, client, gateway, test_id, encoding="br, gzip")


def test_higress_limits(gateway, tmp_path, client):
    """What examples/higress/README.md says of the defaults."""
    of = [*resources("higress"), ingress("any", "any.dns")]
    xds = translated("higress", of)
    assert [each["typed_config"]["stream_idle_timeout"] for each in xds.listeners[0]["filter_chains"][0]["filters"]] == ["180s"]
    with running(tmp_path, static_envoy(xds, tmp_path, {"outbound|80||any.dns": gateway.recorder.port})) as url:
        answer = client.post(f"{url}{CHAT}", json={"model": "smart/auto", "messages": user("x" * 40_000)})
        assert answer.status_code == 413


def test_higress_comes_before_its_model_router():
    of = resources("higress")
    router = copy.deepcopy(named("WasmPlugin"))
    router["metadata"]["name"] = "model-router"
    router["spec"]["priority"] = 900
    filters = stacks.connection_manager(translated("higress", [router, *of, ingress("any", "any.dns")]).listeners[0])
    names = [each["name"].rsplit(".", 1)[-1] for each in filters["http_filters"]]
    assert names[:6] == ["packed", "gzip", "brotli", "zstd", "tiergate", "model-router"]


def test_higress_rules_are_a_key_of_the_document(tmp_path):
    """Why wasmplugin.yaml has no matchRules: the document is refused, and what is refused answers no request."""
    resource = named("WasmPlugin")
    resource["spec"]["matchRules"] = [{"domain": ["llm.example.com"], "config": {"tiers": {"SIMPLE": "gpt-5.4-mini"}}}]
    config = higress.plugin(resource)["spec"]["pluginConfig"]
    assert config["_rules_"] == [{"tiers": {"SIMPLE": "gpt-5.4-mini"}, "_match_domain_": ["llm.example.com"]}]
    envoy = static_envoy(translated("higress", [resource, ingress("any", "any.dns")]), tmp_path, {})
    process = stacks.envoy_process(tmp_path, envoy, concurrency=1)
    process.start()
    try:
        process.wait_ready()
        port = envoy["static_resources"]["listeners"][0]["address"]["socket_address"]["port_value"]
        answer = httpx.get(f"http://127.0.0.1:{port}/", trust_env=False)
        assert answer.status_code == 500
        assert "_rules_" in process.log.read_text(errors="replace")
    finally:
        process.stop()


def test_higress_module(tmp_path):
    """Another ABI is named, which an Envoy that is no Higress does not know; all else stays."""
    script, made = EXAMPLES / "higress" / "abi.py", tmp_path / "higress.wasm"

    def run(*arguments):
        return subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True, timeout=60)

    done = run(stacks.WASM, made)
    assert done.returncode == 0, done.stderr
    before, after = stacks.WASM.read_bytes(), made.read_bytes()
    assert b"proxy_abi_version_0_2_1\0" in before
    assert b"proxy_abi_version_0_2_100\0" in after
    assert len(after) == len(before) + 2
    assert before[-1_000_000:] == after[-1_000_000:]

    envoy = stacks.demo_envoy(port=10000, admin_port=9901, litellm_port=4000, signals_port=10001)
    stacks.plugin(stacks.listener(envoy))["vm_config"]["code"]["local"]["filename"] = str(made)
    (tmp_path / "envoy.yaml").write_text(yaml.safe_dump(envoy))
    checked = subprocess.run([stacks.envoy_binary(), "--mode", "validate", "--disable-hot-restart", "-c",
                              tmp_path / "envoy.yaml"], cwd=stacks.ROOT, capture_output=True, text=True, timeout=120)
    assert checked.returncode == 1
    assert "Proxy-Wasm ABI version" in checked.stderr

    assert run(made, tmp_path / "twice.wasm").returncode == 1
    assert run(script, tmp_path / "none.wasm").returncode == 1


def test_higress_has_istios_patches():
    """One text in two files: what is unpacked, and what Envoy itself answers."""
    def parts(platform):
        (patches,) = [each["spec"]["configPatches"] for each in resources(platform)
                      if (each["kind"], each["metadata"]["name"]) == ("EnvoyFilter", "tiergate")]
        values = {each["patch"]["value"].get("name", each["applyTo"]): each["patch"]["value"] for each in patches}
        return {name: values[name] for name in ("packed", "gzip", "brotli", "zstd", "NETWORK_FILTER")}

    assert parts("higress") == parts("istio")


@pytest.mark.parametrize("platform", ["istio", "envoy-gateway", "higress"])
def test_the_command_prints_the_configuration(platform, tmp_path):
    files = sorted((EXAMPLES / platform).glob("*.yaml"))
    done = subprocess.run([sys.executable, stacks.ROOT / "scripts" / "translate", platform, *files, "--directory", tmp_path],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    envoy = yaml.safe_load(done.stdout)["static_resources"]
    assert len(envoy["listeners"]) == 1
    # A Higress without routes has no upstreams.
    assert bool(envoy["clusters"]) is (platform != "higress")
