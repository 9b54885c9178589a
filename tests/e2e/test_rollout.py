"""Roll-out: shadow mode and a percentage of the conversations, in front of the recorder and of LiteLLM."""

import json
import re

import httpx
import pytest

from gateway import TIERS, recorded, stacks, user
from momentum import Running

PROOF = "Prove the theorem by induction, step by step, and derive the contradiction."
CHAT = "/v1/chat/completions"


@pytest.fixture
def start(gateway, tmp_path):
    """Starts an Envoy with the demo's document, changed, in front of the recorder or of LiteLLM."""
    started = []

    def start(mode="route", workers=1, port=gateway.recorder.port, virtual=None, **part):
        envoy = stacks.demo_envoy(port=stacks.free_port(), admin_port=stacks.free_port(), litellm_port=port,
                                  signals_port=stacks.free_port())
        envoy["static_resources"]["clusters"].append(stacks.cluster("recorder", gateway.recorder.port))
        listener = stacks.listener(envoy)
        document = recorded(stacks.tiergate_configuration(listener)) | {"mode": mode, "headers": {"response": "full"}}
        for profile in document["profiles"].values():
            profile |= part
        document["virtual_models"] |= virtual or {}
        stacks.set_tiergate_configuration(listener, document)
        started.append(Running(tmp_path, envoy, workers=workers))
        return started[-1].__enter__()

    yield start
    for each in started:
        each.__exit__(None, None, None)


def ask(running, gateway, test_id, body, path=CHAT, **headers):
    """The answer's headers, and what arrived."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"content-type": "application/json", "x-test-id": test_id} | headers
    answer = running.client.post(f"{running.url}{path}", content=content, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.headers, gateway.recorder.take(test_id)


def counted(running, series):
    return sum(int(count) for count in re.findall(rf"^{series} (\d+)$", running.admin("/stats/prometheus"), re.M))


def test_shadow_decides_and_the_default_model_serves(gateway, start, test_id):
    running = start("shadow")
    told, got = ask(running, gateway, test_id, {"model": "smart/recorded", "messages": user(PROOF)})
    assert json.loads(got.body)["model"] == "medium"
    assert got.one("x-tiergate-model") == told["x-tiergate-model"] == "recorded-medium"
    assert told["x-tiergate-cause"] == "shadow"
    assert told["x-tiergate-shadow-model"] == TIERS["REASONING"]
    assert told["x-tiergate-shadow-tier"] == "REASONING"
    assert told["x-tiergate-shadow-cause"] == "score"
    done = r'tiergate_requests\{[^}]*profile="recorded",tier="none",model="recorded-medium",cause="shadow"[^}]*\}'
    not_done = (r'tiergate_requests_shadow\{[^}]*profile="recorded",tier="REASONING",model="recorded-thinker",'
                r'cause="score"[^}]*\}')
    stacks.wait_until(lambda: (counted(running, done), counted(running, not_done)) == (1, 1), 10, "both counted once")
    costs = [running.value(f"tiergate_{name}_cost_nanousd") for name in ("shadow", "control")]
    assert costs[0] == pytest.approx(2 * costs[1], rel=0.01)  # its prices are twice the default model's


def test_shadow_is_in_the_access_log(gateway, start, test_id):
    running = start("shadow")
    ask(running, gateway, test_id, {"model": "smart/recorded", "messages": user(PROOF)})

    def decisions():
        lines = [json.loads(line) for line in running.envoy.out.read_text().splitlines()]
        return [json.loads(line["tiergate"]) for line in lines if line["path"] == CHAT]

    (line,) = stacks.wait_until(decisions, 10, "a line of the access log")
    assert (line["model"], line["tier"], line["cause"]) == ("recorded-medium", None, "shadow")
    assert line["shadow"] == {"model": "recorded-thinker", "tier": "REASONING", "profile": "recorded",
                              "cause": "score"}


def test_shadow_unchanged_passes_every_byte(gateway, start, test_id):
    running = start("shadow", control="unchanged", virtual={"house": "recorded"})
    body = b'{ "messages":[{"role":"user","content":%s}] ,"model" : "house"}' % json.dumps(PROOF).encode()
    told, got = ask(running, gateway, test_id, body, **{"x-tiergate-cluster": "nowhere"})
    assert got.body == body
    assert got.one("content-length") == str(len(body))
    assert told["x-tiergate-model"] == "house"  # whose cluster is the recorder
    assert told["x-tiergate-shadow-tier"] == "REASONING"
    path = "/v1beta/models/house:generateContent?alt=json"
    _, got = ask(running, gateway, f"{test_id}-gemini", {"contents": [{"parts": [{"text": PROOF}]}]}, path)
    assert got.path == path


def test_shadow_in_front_of_an_upstream_that_knows_the_virtual_names(gateway, start):
    """LiteLLM has aliases for them, as envoy/litellm/models.yaml does."""
    running = start("shadow", port=gateway.litellm_port, control="unchanged")
    answer = running.post(messages=user(PROOF))
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-tiergate-cause"] == "shadow"
    assert answer.headers["x-tiergate-shadow-model"] == "claude-opus-5"
    assert "x-tiergate-model" not in answer.headers


@pytest.mark.parametrize("workers", [1, 2])
def test_a_percentage_of_the_conversations(gateway, start, workers):
    """Connections of their own, so that with two workers both decide."""
    running = start(percent=30, workers=workers)

    def routed(first, *more):
        messages = user(first)
        for ask in more:
            messages += [{"role": "assistant", "content": "Done."}, *user(ask)]
        with httpx.Client(trust_env=False) as client:
            answer = client.post(f"{running.url}{CHAT}", json={"model": "smart/recorded", "messages": messages})
        assert answer.status_code == 200, answer.text
        return answer.headers["x-tiergate-cause"] != "control"

    firsts = [f"Hello, I am number {number}!" for number in range(60)]
    sides = [routed(first) for first in firsts]
    assert 8 <= sum(sides) <= 30  # 18, and more than three standard deviations to each side
    assert [routed(first, PROOF) for first in firsts] == sides
    assert [routed(first, PROOF, "Thanks!") for first in firsts] == sides


def test_a_conversation_is_on_the_same_side_of_another_gateway(gateway, start):
    first, second = start(percent=50), start(percent=50)
    sides = [[running.post(model="smart/recorded", messages=user(f"Hi {n}")).headers["x-tiergate-cause"] == "control"
              for n in range(20)] for running in (first, second)]
    assert sides[0] == sides[1]
    assert {True, False} <= set(sides[0])
