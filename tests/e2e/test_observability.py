"""Metrics, access log, and what must never be in them."""

import json
import re

import pytest

from gateway import CANARY, stacks, user

PROOF = "Prove the theorem by induction, step by step, and derive the contradiction."
# Envoy 1.36 and 1.37 count in the scope of a cluster that has the filter (docs/operations.md).
SCOPE = {"tiergate_scope", "envoy_cluster_name"} if stacks.envoy_version() < (1, 38) else set()
SERIES = re.compile(r'^tiergate_requests\{(.*)\} (\d+)$', re.M)


def counted(gateway, **labels) -> int:
    total = 0
    for found, count in SERIES.findall(gateway.admin("/stats/prometheus")):
        has = dict(re.findall(r'(\w+)="([^"]*)"', found))
        assert set(has) == {"profile", "tier", "model", "cause"} | SCOPE, found
        if labels.items() <= has.items():
            total += int(count)
    return total


@pytest.mark.parametrize(("body", "labels"), [
    ({"model": "smart/recorded", "messages": user(PROOF)},
     {"profile": "recorded", "tier": "REASONING", "model": "recorded-thinker", "cause": "score"}),
    ({"model": "house", "messages": user("hi")}, {"model": "house", "cause": "pinned"}),
])
def test_requests_are_counted_with_labels(gateway, send, body, labels):
    before = counted(gateway, **labels)
    send(body)
    stacks.wait_until(lambda: counted(gateway, **labels) == before + 1, 10, f"one more of {labels}")


def test_names_that_clients_make_up_add_no_series(gateway, client):
    for number in range(20):
        client.post(f"{gateway.address('silent')}/v1/chat/completions",
                    json={"model": f"made-up-{number}", "messages": user("hi")})
    assert "made-up" not in gateway.admin("/stats")


def test_what_is_no_llm_call_is_not_counted(gateway, client):
    before = counted(gateway)
    client.get(f"{gateway.address('basic')}/v1/models")
    client.post(f"{gateway.address('basic')}/v1/embeddings", json={"model": "text-embedding-3-small", "input": "hi"})
    assert counted(gateway) == before


def test_decision_time_is_a_histogram_of_microseconds(gateway, send):
    send({"model": "smart/recorded", "messages": user("Hello!")})

    def observed():
        text = gateway.admin("/stats/prometheus")
        count = re.search(r"^tiergate_decision_us_count\{.*\} (\d+)$", text, re.M)
        bucket = re.search(r'^tiergate_decision_us_bucket\{.*le="75".*\} (\d+)$', text, re.M)
        return count and bucket and int(count[1]) > 0

    # Envoy merges histograms every five seconds.
    stacks.wait_until(observed, 30, "decision times in the Prometheus output, in the buckets of envoy/demo.yaml")


def test_the_access_log_tells_the_decision(gateway, client):
    answer = client.post(f"{gateway.url}/v1/chat/completions", json={"model": "smart/auto", "messages": user(PROOF)})
    line = gateway.access_line(answer.headers["x-request-id"])
    decision = json.loads(line["tiergate"])
    for name in ("model", "tier", "profile", "cause"):
        assert decision[name] == answer.headers[f"x-tiergate-{name}"]
    for name in ("score", "confidence", "savings"):
        assert decision[name] == float(answer.headers[f"x-tiergate-{name}"])
    assert 0 < decision["decision_us"] < 1_000_000
    assert (line["status"], line["cluster"], line["path"]) == (200, "litellm", "/v1/chat/completions")


def test_the_access_log_tells_it_where_the_client_is_not_told(gateway, send):
    answer, _ = send({"model": "smart/recorded", "messages": user("Hello!")}, listener="silent")
    line = gateway.access_line(answer.headers["x-request-id"])
    decision = json.loads(line["tiergate"])
    assert (decision["model"], decision["tier"]) == ("recorded-small", "SIMPLE")


def test_prompts_are_nowhere_but_in_the_request(gateway, client, send):
    """Not in a log at its loudest, not in a metric, not in a header."""
    bodies = [
        {"model": "smart/recorded", "messages": [{"role": "system", "content": CANARY}, *user(f"{PROOF} {CANARY}")],
         "user": CANARY, "tools": [{"type": "function", "function": {"name": CANARY}}]},
        {"model": "smart/recorded", "messages": user([{"type": "text", "text": CANARY}]), CANARY: CANARY},
    ]
    url = f"{gateway.url}/v1/chat/completions"
    answers = []
    for body in bodies:
        answers.append(client.post(url, json=body))
        broken = answers[-1].request.content[:-9]
        answers.append(client.post(url, content=broken, headers={"content-type": "application/json"}))
    answers.append(client.post(f"{gateway.url}/v1/completions", json={"model": "smart/recorded", "prompt": CANARY}))
    for answer in answers:
        assert CANARY not in str(answer.headers)
        gateway.access_line(answer.headers["x-request-id"])
    assert CANARY not in gateway.envoy.out.read_text()
    assert CANARY not in gateway.envoy.log.read_text(errors="replace")
    assert CANARY not in gateway.admin("/stats")
    assert "wasm" in gateway.envoy.log.read_text(errors="replace")  # the log did have our component's lines
