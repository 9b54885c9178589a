"""The Grafana dashboard: every query of it, asked of a real Prometheus that scrapes the real Envoy. Grafana itself is
not run; what it needs of the files is checked here."""

import copy
import json
import os
import re
import socket
import subprocess
import urllib.parse
from pathlib import Path

import httpx
import pytest
import yaml

from faulty import Faulty
from feed import Feed, document
from gateway import stacks, user
from test_production import CHAT, Production
from wire import request

GRAFANA = stacks.ROOT / "envoy" / "grafana"
DASHBOARD = json.loads((GRAFANA / "dashboards" / "tiergate.json").read_text())
SCRAPED = stacks.ROOT / "envoy" / "prometheus.yaml"
QUERIES = {f"{panel['title']} ({panel['type']}) {target['refId']}": target["expr"]
           for panel in DASHBOARD["panels"] for target in panel["targets"]}
# What Grafana puts in the place of its variables; a scrape a second makes these as good as minutes and hours.
VARIABLES = {"$__rate_interval": "10s", "$__range": "60s"}
PROOF = "Prove the theorem by induction, step by step, and derive the contradiction."
JSON = {"type": "json_object"}
SPARE, HANGS = "gpt-5.6", "hangs"
BROKEN = b'{"model": "smart/auto", "messages": ['


class Prometheus(stacks.Process):
    """Prometheus with envoy/prometheus.yaml, at the metrics of this port, once a second."""

    def __init__(self, directory: Path, metrics_port: int):
        binary = os.environ.get("TIERGATE_PROMETHEUS") or str(stacks.ROOT / ".prometheus" / "prometheus")
        assert Path(binary).exists(), "no Prometheus: `make setup` says why, TIERGATE_PROMETHEUS names one"
        configuration = stacks.load_yaml(SCRAPED)
        configuration["global"]["scrape_interval"] = "1s"
        (job,) = configuration["scrape_configs"]
        assert job["static_configs"] == [{"targets": ["envoy:9902"]}]
        job["static_configs"] = [{"targets": [f"127.0.0.1:{metrics_port}"]}]
        path = directory / "prometheus.yaml"
        path.write_text(yaml.safe_dump(configuration))
        port = stacks.free_port()
        command = [binary, f"--config.file={path}", f"--storage.tsdb.path={directory / 'data'}",
                   f"--web.listen-address=127.0.0.1:{port}"]
        self.url = f"http://127.0.0.1:{port}"
        super().__init__("prometheus", command, directory, dict(os.environ), f"{self.url}/-/ready")

    def ask(self, query: str) -> list[tuple[dict, float]]:
        """Labels and value of what the query gives now; values that are no numbers are left out."""
        for name, value in VARIABLES.items():
            query = query.replace(name, value)
        assert "$" not in query, query
        status, text = stacks.http_get(f"{self.url}/api/v1/query?query={urllib.parse.quote(query)}")
        assert status == 200, f"{query}: {text}"
        found = [(each["metric"], float(each["value"][1])) for each in json.loads(text)["data"]["result"]]
        return [(labels, value) for labels, value in found if value == value]


@pytest.fixture(scope="module")
def watched(gateway, tmp_path_factory):
    """The production Envoy with a feed, in front of LiteLLM, and Prometheus that scrapes it."""
    directory = tmp_path_factory.mktemp("watched")

    def with_signals(envoy):
        envoy["static_resources"]["clusters"].append(stacks.cluster("feed", feed.port))
        table = stacks.tiergate_configuration(stacks.listener(envoy))
        table["signals"] = {"cluster": "feed", "path": "/v1/signals", "fresh_seconds": 1}
        table["profiles"]["agentic"]["percent"] = 0
        # LiteLLM's mock of a model that fails, which is tried again once a second.
        table["profiles"]["shaky"] = {"tiers": dict.fromkeys(table["profiles"]["auto"]["tiers"], ["unwell", SPARE])}
        both = {"models": {"unwell": {}, HANGS: {"cluster": "hanging"}}, "live": {"allowed_fails": 1, "cooldown_time": 1}}
        (attempt,) = stacks.attempt_plugins(envoy)
        for each in (table, attempt["configuration"]["value"]):
            each.update(both)
        litellm, options = envoy["static_resources"]["clusters"][0], "typed_extension_protocol_options"
        envoy["static_resources"]["clusters"].append(stacks.cluster("hanging", hanging.port) | {
            options: copy.deepcopy(litellm[options])})

    surging = document({"gpt-5.4-mini": "surging", "deepseek-v4-pro": "stable"})
    with Faulty() as hanging, Feed(surging) as feed, Production(
            directory, gateway.litellm_port, change=with_signals) as envoy:
        hanging.be(**{HANGS: "hang"})
        prometheus = Prometheus(directory, envoy.metrics_port)
        prometheus.start()
        try:
            prometheus.wait_ready()
            yield envoy, prometheus
        finally:
            prometheus.stop()


@pytest.fixture(scope="module")
def seen(watched):
    """Sends requests of several kinds until every query has an answer, and gives the answers."""
    envoy, prometheus = watched
    answers = {}
    waits = f'{{"model": "{HANGS}", "messages": []}}'.encode()
    in_flight = socket.create_connection(("127.0.0.1", envoy.port), 10)
    in_flight.sendall(request("POST", CHAT, [("content-type", "application/json"), ("content-length", str(len(waits)))],
                              waits))

    def all_answered():
        with httpx.Client(trust_env=False, timeout=60) as client:
            for body in ({"model": "smart/auto", "messages": user("Hello!")},
                         {"model": "smart/auto", "messages": user(PROOF)},
                         {"model": "smart/auto", "messages": user("Hello!"), "response_format": JSON},
                         {"model": "smart/eco", "messages": user("Hello!")},
                         {"model": "smart/agentic", "messages": user(PROOF)},
                         {"model": "smart/shaky", "messages": user("Hello!")},
                         {"model": "gpt-5.4", "messages": user("Hello!")}):
                assert client.post(f"{envoy.url}{CHAT}", json=body).status_code == 200
            assert client.post(f"{envoy.url}{CHAT}", content=BROKEN,
                               headers={"content-type": "application/json"}).status_code == 400
        answers.update({name: prometheus.ask(query) for name, query in QUERIES.items()})
        return all(answers.values())

    try:
        stacks.wait_until(all_answered, 60, "every query has an answer")
    except stacks.StackError:
        empty = [name for name, found in answers.items() if not found]
        raise AssertionError(f"no answer to: {empty}") from None
    finally:
        in_flight.close()
    return answers


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_has_an_answer(seen, name):
    assert all(value >= 0 for _, value in seen[name]), seen[name]


def values(seen, title, label=None) -> dict:
    """By the label's value: what the panel shows."""
    (found,) = [found for name, found in seen.items() if name.startswith(f"{title} (timeseries)")]
    return {labels.get(label): value for labels, value in found}


def test_requests_are_told_apart(seen):
    assert {"SIMPLE", "MEDIUM", "REASONING", "none"} <= values(seen, "Requests by tier", "tier").keys()
    assert {"gpt-5.4-nano", "gpt-5-nano", "gpt-5.4-mini", "claude-opus-5", "gpt-5.4"} <= values(
        seen, "Requests by model", "model").keys()
    assert {"score", "floor_structured", "momentum", "pinned", "unparsable", "control"} <= values(
        seen, "Requests by cause", "cause").keys()
    assert values(seen, "Decided and not done, by tier", "tier").keys() == {"REASONING"}
    assert {"auto", "eco", "agentic", "none"} <= values(seen, "Requests by profile", "profile").keys()
    assert values(seen, "Requests that could not be judged", "cause").keys() == {"unparsable"}
    assert {"2", "4"} <= values(seen, "Answers of the upstream, by class of status",
                                "envoy_response_code_class").keys()
    assert values(seen, "Fetches of signals, by outcome", "outcome").keys() == {"updated"}


def test_a_failing_model_is_seen(seen):
    """It fails, it is left alone, and another one serves."""
    assert {"ok", "server_error"} <= values(seen, "Attempts by outcome", "outcome").keys()
    assert values(seen, "Attempts by outcome", "outcome")["server_error"] > 0
    failed = values(seen, "Failed attempts by model", "model")
    assert [model for model, value in failed.items() if value > 0] == ["unwell"]
    assert values(seen, "Cooldowns by model", "model").keys() == {"unwell"}
    spent = values(seen, "Spend an hour, by model", "model")
    assert spent[SPARE] > 0
    assert "unwell" not in spent


def test_what_answers_tell_is_counted_by_model(seen):
    models = {"gpt-5.4-nano", "gpt-5-nano", "claude-opus-5", "gpt-5.4"}
    for ref in "AB":
        told = {labels["model"]: value for labels, value in seen[f"Tokens a second, by model (timeseries) {ref}"]}
        assert all(told[model] > 0 for model in models), told
    spent = values(seen, "Spend an hour, by model", "model")
    assert spent["claude-opus-5"] > spent["gpt-5.4-nano"] > 0
    assert values(seen, "Requests in flight, by model", "model")[HANGS] == 1


def test_latency_is_told_by_model(seen):
    models = {"gpt-5.4-nano", "claude-opus-5", SPARE}
    for title, refs in [("Whole answer, by model", "ABC"), ("First byte, by model", "AB")]:
        for ref in refs:
            told = {labels["gen_ai_response_model"]: value for labels, value in seen[f"{title} (timeseries) {ref}"]}
            assert models <= told.keys() and all(0 < told[model] < 60_000 for model in models), told


def test_numbers_are_of_the_right_size(seen):
    of = {name: found[0][1] for name, found in seen.items() if len(found) == 1}
    assert 0.3 < of["Saved (stat) A"] < 1
    assert of["Cost an hour, and the baseline's (timeseries) A"] < of["Cost an hour, and the baseline's (timeseries) B"]
    # claude-opus-5 in the place of claude-sonnet-5.
    served, decided = (of[f"Roll-out: cost an hour of what was not routed (timeseries) {ref}"] for ref in "AB")
    assert served < decided
    assert 0 < of["Saved, in dollars (stat) A"] < 100
    assert 5 < of["Decision time, median (stat) A"] < 10_000
    assert of["Age of the signals (stat) A"] < 30
    assert of["Healthy replicas (stat) A"] == 1


def test_prometheus_says_the_configuration_is_right():
    """promtool comes with Prometheus."""
    tool = Path(os.environ.get("TIERGATE_PROMETHEUS") or stacks.ROOT / ".prometheus" / "prometheus").resolve()
    done = subprocess.run([tool.with_name("promtool"), "check", "config", SCRAPED], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


# ------------------------------------------------------------------------------------------- what Grafana needs of them


def test_the_dashboard_asks_the_datasource_that_is_provisioned():
    (source,) = stacks.load_yaml(GRAFANA / "provisioning" / "datasources" / "prometheus.yaml")["datasources"]
    named = {"type": source["type"], "uid": source["uid"]}
    for panel in DASHBOARD["panels"]:
        assert panel["datasource"] == named
        assert [target["datasource"] for target in panel["targets"]] == [named] * len(panel["targets"])
    assert source["jsonData"]["timeInterval"] == stacks.load_yaml(SCRAPED)["global"]["scrape_interval"]


def test_panels_stand_beside_each_other():
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    taken = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert max(x for x, _ in cells) < 24
        assert not cells & taken, panel["title"]
        taken |= cells
        assert panel["description"]


def test_legends_name_labels_that_are_there():
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                assert re.search(rf"by \({label}\)", target["expr"]), target
