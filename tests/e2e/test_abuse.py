"""One client that does what it should not, at a quarter of the traffic, moves none of another client's requests:
envoy/envoy.yaml as it ships, with LiteLLM behind it.

TIERGATE_ABUSE_REQUESTS is how many requests the other client sends beside each abuse; 500 is all of it.
"""

import contextlib
import itertools
import json
import os
import socket
from concurrent.futures import ThreadPoolExecutor

import h2.errors
import httpx
import pytest

from gateway import stacks, user
from test_blame import Http2
from test_production import CHAT, GREETING, NANO, Production
from wire import request

REQUESTS = int(os.environ.get("TIERGATE_ABUSE_REQUESTS", "18"))
MALFORMED = [
    {"tools": 5}, {"n": "abc"}, {"messages": 5}, {"messages": [{"role": "user", "content": 5}]}, {"tool_choice": 5},
    {"timeout": "x"}, {"response_format": 5}, {"api_key": 5}, {"extra_headers": 5}, {"temperature": "hot"},
    {"stop": {"a": 1}}, {"max_tokens": "many"}, {"messages": [5]}, {"messages": {}}, {"metadata": 5}, {"stream": "maybe"},
    {"functions": 5}, {"logit_bias": 5}, {"messages": [{"role": 5}]}, {"stream_options": 5},
]
NO_OBJECTS = [b"[1]", b"null", b"{", b"", b"5", b'"smart/auto"', b'{"model": "smart/auto", "messages": [']


@pytest.fixture(scope="module")
def production(gateway, tmp_path_factory):
    with Production(tmp_path_factory.mktemp("abused"), gateway.litellm_port) as running:
        yield running


def narrow(envoy: dict) -> None:
    """The cluster takes few requests at a time."""
    (litellm,) = (each for each in envoy["static_resources"]["clusters"] if each["name"] == "litellm")
    (threshold,) = litellm["circuit_breakers"]["thresholds"]
    threshold |= {"max_requests": 2, "max_pending_requests": 1, "max_connections": 2}


@pytest.fixture(scope="module")
def narrow_production(gateway, tmp_path_factory):
    with Production(tmp_path_factory.mktemp("narrow"), gateway.litellm_port, change=narrow) as running:
        yield running


def body(number: int, **more) -> bytes:
    return json.dumps({"model": "smart/auto", "messages": user(f"{GREETING} {number}")} | more).encode()


def raw(production, *pieces: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", production.port), 20)
    for piece in pieces:
        connection.sendall(piece)
    return connection


def post(production, content: bytes, path: str = CHAT) -> None:
    with httpx.Client(trust_env=False, timeout=60) as client, contextlib.suppress(httpx.TransportError):
        client.post(f"{production.url}{path}", content=content, headers={"content-type": "application/json"})


def whole(content: bytes) -> bytes:
    headers = [("content-type", "application/json"), ("content-length", str(len(content)))]
    return request("POST", CHAT, headers, content)


def cancel_http2(code):
    def cancel(production, number: int) -> None:
        client = Http2(production.url)
        stream = client.send()
        client.connection.reset_stream(stream, error_code=code)
        client.flush()
        client.tcp.close()

    return cancel


def leave(production, number: int) -> None:
    raw(production, whole(body(number))).close()


def malformed(model: str):
    def send(production, number: int) -> None:
        post(production, body(number, model=model, **MALFORMED[number % len(MALFORMED)]))

    return send


def no_object(production, number: int) -> None:
    post(production, NO_OBJECTS[number % len(NO_OBJECTS)])


def wrong_path(production, number: int) -> None:
    post(production, body(number), f"/nope/{number}/chat/completions")


def broken_upload(production, number: int) -> None:
    raw(production, whole(body(number))[:-20]).close()


def stop_reading(production, number: int) -> None:
    # Nobody reads from it until it is collected.
    raw(production, whole(body(number, stream=True)))


def forged_session(production, number: int) -> None:
    post(production, body(number, user=f"someone-{number}", metadata={"session_id": f"s-{number}"}))


# What Envoy's router obeys if a client may send it.
ROUTER = {"x-envoy-upstream-rq-timeout-ms": "1", "x-envoy-upstream-rq-per-try-timeout-ms": "1", "x-envoy-max-retries": "50",
          "x-envoy-retry-on": "5xx,4xx,reset", "x-envoy-hedge-on-per-try-timeout": "true"}


def own_timeouts(production, number: int) -> None:
    headers = {"content-type": "application/json"} | ROUTER
    with httpx.Client(trust_env=False, timeout=60) as client:
        assert client.post(f"{production.url}{CHAT}", content=body(number), headers=headers).status_code == 200


def steered(**fields):
    """A client that decides what LiteLLM's router should, so that nobody can serve it."""
    def send(production, number: int) -> None:
        with httpx.Client(trust_env=False, timeout=60) as client:
            for model in (NANO, "smart/auto"):
                client.post(f"{production.url}{CHAT}", content=body(number, model=model, **fields),
                            headers={"content-type": "application/json"})

    return send


def moved_beside(production, client, abuse) -> list[tuple]:
    """What of the other client's requests did not get what it would get alone."""
    numbers = itertools.count(1)
    moved = []
    for turn in range(REQUESTS):
        if turn % 3 == 0:
            abuse(production, next(numbers))
        answer = client.post(f"{production.url}{CHAT}", json={"model": "smart/auto", "messages": user(GREETING)})
        if (answer.status_code, answer.headers.get("x-tiergate-model")) != (200, NANO):
            told = {name: value for name, value in answer.headers.items() if name.startswith("x-tiergate")}
            line = production.log_line(answer.headers["x-request-id"])
            moved.append((turn, answer.status_code, told, line["attempts"], line["flags"], line["details"], line["tiergate"]))
    return moved


@pytest.mark.parametrize("abuse", [
    cancel_http2(h2.errors.ErrorCodes.NO_ERROR), cancel_http2(h2.errors.ErrorCodes.CANCEL), leave, malformed("smart/auto"),
    malformed(NANO), no_object, wrong_path, broken_upload, stop_reading, forged_session, own_timeouts,
    steered(specific_deployment=True),
], ids=["HTTP/2, no error", "HTTP/2, cancel", "HTTP/1", "malformed", "malformed, pinned", "no object", "wrong path", "broken upload",
        "stops reading", "forged session", "timeouts of its own",
        "deployment of its own"])
def test_nobody_else_is_moved(production, client, abuse):
    assert moved_beside(production, client, abuse) == []


def test_nobody_is_moved_by_requests_over_the_limits(narrow_production, client):
    def flood(production, number: int) -> None:
        with ThreadPoolExecutor(12) as pool:
            list(pool.map(lambda place: post(production, body(number * 100 + place)), range(12)))

    assert moved_beside(narrow_production, client, flood) == []
    assert narrow_production.stat("cluster.litellm.upstream_rq_pending_overflow") > 0


def test_one_request_that_litellm_answers_with_500(production, client):
    """As often as a client's library sends it again."""
    for _ in range(5):
        answer = client.post(f"{production.url}{CHAT}", json={"model": NANO, "messages": user(GREETING), "tools": 5})
        assert answer.status_code >= 400
    answer = client.post(f"{production.url}{CHAT}", json={"model": "smart/auto", "messages": user(GREETING)})
    assert answer.headers["x-tiergate-model"] == NANO
    assert stacks.wait_until(lambda: "tiergate.cooldowns" not in production.admin("/stats?filter=cooldowns"), 5, "no cooldown")
