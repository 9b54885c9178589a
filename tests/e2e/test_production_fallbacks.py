"""Fallbacks over envoy/envoy.yaml as it ships, with its own table: a model that fails is served by the next, and costs no
replica. What fallbacks do in all their cases is test_fallbacks' matter."""

import copy
import json
import uuid

import pytest

from faulty import ERRORS, Faulty
from gateway import stacks, user
from test_production import CHAT, GREETING, NANO, OPUS, PROOF, Production

SECOND = "gpt-5.6"  # the other one of REASONING
holds = pytest.mark.skipif(stacks.envoy_version() < (1, 37), reason="Envoy 1.37 and newer")


@pytest.fixture
def upstream():
    with Faulty() as faulty:
        yield faulty


@pytest.fixture
def running(upstream, tmp_path):
    with Production(tmp_path, upstream.port) as running:
        stacks.wait_until(lambda: running.stat("cluster.litellm.membership_healthy") == 1, 10, "a healthy upstream")
        yield running


@pytest.fixture
def ask(running, client, upstream):
    """Sends one request: the client's answer, and the model of every attempt."""

    def ask(text=PROOF, *, path=CHAT, **more):
        test_id = uuid.uuid4().hex
        body = {"model": "smart/auto", "messages": user(text)} | more
        answer = client.post(f"{running.url}{path}", json=body, headers={"x-test-id": test_id})
        return answer, [each.model for each in upstream.of(test_id)]

    return ask


@pytest.mark.parametrize("mode", ["500", "503", "429", pytest.param("policy", marks=holds)])
def test_the_next_model_of_the_table_answers(running, upstream, ask, mode):
    upstream.be(**{OPUS: mode})
    answer, asked = ask()
    assert (answer.status_code, answer.json()["model"]) == (200, SECOND)
    assert asked == [OPUS, SECOND]
    assert answer.headers["x-tiergate-model"] == SECOND
    line = running.log_line(answer.headers["x-request-id"])
    told = json.loads(line["tiergate"])
    assert (told["model"], told["served"], told["attempts"], line["attempts"]) == (OPUS, SECOND, 2, 2)


def test_a_tier_of_one_is_served_by_the_next_tier(upstream, ask):
    upstream.be(**{NANO: "500"})
    answer, asked = ask(GREETING)
    assert answer.status_code == 200
    assert asked == [NANO, answer.json()["model"]]
    table = stacks.tiergate_configuration(stacks.listener(stacks.load_yaml(stacks.PRODUCTION)))
    assert asked[1] in table["profiles"]["auto"]["tiers"]["MEDIUM"]


def test_a_stream_too(upstream, ask):
    upstream.be(**{OPUS: "429"})
    answer, asked = ask(stream=True)
    assert asked == [OPUS, SECOND]
    assert f'"model": "{SECOND}"' in answer.text and answer.text.endswith("data: [DONE]\n\n")


@pytest.mark.parametrize("mode", [pytest.param(mode, marks=holds) for mode in (
    "no money", "no model", "no balance", "tokens a minute", "quota, 422", "error in a 200", "error in a stream",
    "a code in a 200", "nothing in a 200", "nothing in a stream")])
def test_a_provider_that_cannot_serve_and_says_so(upstream, ask, running, mode):
    """The shipped file asks the next model, and the failure is that of the model."""
    upstream.be(**{OPUS: mode})
    answer, asked = ask(stream=mode.endswith("in a stream"))
    assert (answer.status_code, asked) == (200, [OPUS, SECOND])
    assert answer.headers["x-tiergate-model"] == SECOND
    assert "cannot serve" not in answer.text


def test_answers_are_asked_for_uncompressed(upstream, ask, client):
    """An error in br or zstd, for which many SDKs ask as well, would not be read."""
    client.headers["accept-encoding"] = "gzip, deflate, br, zstd"
    _, asked = ask()
    assert asked == [OPUS]
    assert {tuple(each.headers["accept-encoding"]) for each in upstream.asked} == {("identity",)}


def test_another_400_is_the_clients(upstream, ask):
    upstream.be(**{OPUS: "400"})
    answer, asked = ask()
    assert (answer.status_code, answer.json(), asked) == (400, ERRORS["400"][2], [OPUS])


def test_what_is_no_llm_call_is_asked_once(upstream, ask):
    upstream.be(**{"an-embedding": "500"})
    answer, asked = ask(path="/v1/embeddings", model="an-embedding", input="Hello!")
    assert (answer.status_code, asked) == (500, ["an-embedding"])


def test_litellm_behind_it(gateway, tmp_path, client):
    """Its own exception, of a model that is put before the shipped ones."""

    def with_failing(envoy):
        table = stacks.tiergate_configuration(stacks.listener(envoy))
        table["models"] = {"unwell": {}}
        table["profiles"]["auto"]["tiers"]["SIMPLE"] = ["unwell", NANO]
        (attempt,) = stacks.attempt_plugins(envoy)
        attempt["configuration"]["value"]["models"] = table["models"]

    with Production(tmp_path, gateway.litellm_port, change=with_failing) as running:
        answer = client.post(f"{running.url}{CHAT}", json={"model": "smart/auto", "messages": user(GREETING)})
        assert (answer.status_code, answer.json()["model"], answer.headers["x-tiergate-model"]) == (200, NANO, NANO)
        assert running.log_line(answer.headers["x-request-id"])["attempts"] == 2


# --------------------------------------------------------------------------------------- what a failing model must not do


@pytest.mark.parametrize("mode", ["500", "503", "reset"])
@pytest.mark.parametrize("replicas", [1, 2])
def test_models_that_fail_cost_no_replica(tmp_path, client, mode, replicas):
    """Ten times and more than what would leave a replica out, if statuses counted."""
    models = stacks.models_in(stacks.tiergate_configuration(stacks.listener(stacks.load_yaml(stacks.PRODUCTION))))
    upstreams = [Faulty() for _ in range(replicas)]
    try:
        with Production(tmp_path, *(each.port for each in upstreams)) as running:
            post = lambda: client.post(f"{running.url}{CHAT}", json={  # noqa: E731
                "model": "smart/auto", "messages": user(PROOF)}).status_code
            healthy = lambda: running.stat("cluster.litellm.membership_healthy") == replicas  # noqa: E731
            stacks.wait_until(healthy, 10, "all are healthy")
            for each in upstreams:
                each.be(**dict.fromkeys(models, mode))
            assert {post() for _ in range(25)} <= {500, 503}
            # Those that are in cooldown are not asked any more.
            assert running.stat("cluster.litellm.upstream_rq_retry") >= 15
            assert running.stat("cluster.litellm.outlier_detection.ejections_enforced_total") == 0
            assert healthy()
            for each in upstreams:
                each.be()
            assert post() == 200
    finally:
        for each in upstreams:
            each.__exit__()


def test_both_positions_are_told_the_same():
    envoy = stacks.load_yaml(stacks.PRODUCTION)
    first = stacks.plugin(stacks.listener(envoy))
    (attempt,) = stacks.attempt_plugins(envoy)
    document = copy.deepcopy(attempt["configuration"]["value"])
    assert document.pop("position") == "attempt"
    whole = first["configuration"]["value"]
    for key in ("models", "headers", "paths", "limits", "live", "fallbacks", "default_cluster", "gen_ai"):
        assert document.pop(key, None) == whole.get(key), key
    assert document == {}
    assert attempt["vm_config"] == first["vm_config"]
    for key in ("name", "failure_policy", "allow_on_headers_stop_iteration"):
        assert attempt[key] == first[key], key
