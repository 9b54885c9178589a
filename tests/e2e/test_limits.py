"""Timeouts and retries of one's own for a model: `timeout_ms`, `max_retries`."""

import time
import uuid

import pytest

from fallbacks import FIRST, SECOND, UPSTREAM, WIDE, Fallbacks, document
from faulty import Faulty
from gateway import user

ONE, TWO, THREE = (UPSTREAM[name] for name in (FIRST, SECOND, WIDE))


def limited() -> dict:
    made = document()
    made["models"][FIRST]["timeout_ms"] = 400
    made["models"][SECOND]["max_retries"] = 0
    made["models"][WIDE]["max_retries"] = 1
    return made


@pytest.fixture(scope="module")
def shared(gateway, tmp_path_factory):
    with Faulty() as faulty, Fallbacks(
        gateway, tmp_path_factory.mktemp("limits"), faulty, workers=1, per_try="25s", tiergate=limited()
    ) as running:
        yield running


@pytest.fixture
def running(shared):
    yield from shared.surviving()


def test_a_model_has_a_timeout_of_its_own(running):
    running.faulty.be(**{ONE: "hang"})
    began = time.monotonic()
    answer, asked = running.send()
    assert (answer.status_code, [each.model for each in asked]) == (200, [ONE, TWO])
    assert time.monotonic() - began < 20, "the route's would be 25 s"


def test_a_model_has_a_number_of_retries_of_its_own(running):
    running.faulty.be(**{ONE: "500", TWO: "500", THREE: "500"})
    for model, attempts in [(SECOND, 1), (WIDE, 2)]:
        answer, asked = running.send(model=model)
        assert (answer.status_code, len(asked)) == (500, attempts), model
    # The route's own, for one that says nothing.
    assert len(running.send()[1]) == 4


def test_a_client_does_not_set_them(running):
    running.faulty.be(**{TWO: "500"})
    test_id = uuid.uuid4().hex
    headers = {
        "x-test-id": test_id, "x-forwarded-for": "10.0.0.1", "x-envoy-max-retries": "9",
        "x-envoy-upstream-rq-per-try-timeout-ms": "1", "x-envoy-upstream-rq-timeout-ms": "1",
    }
    body = {"model": SECOND, "messages": user("Hello!"), "user": test_id}
    answer = running.client.post(f"{running.url}/v1/chat/completions", json=body, headers=headers)
    asked = running.faulty.of(test_id)
    assert (answer.status_code, len(asked)) == (500, 1)
    # One that says nothing takes nothing of a client's word either.
    test_id = uuid.uuid4().hex
    body = body | {"model": "smart/auto", "user": test_id}
    running.faulty.be(**{ONE: "500", TWO: "500", THREE: "500"})
    running.client.post(f"{running.url}/v1/chat/completions", json=body, headers=headers | {"x-test-id": test_id})
    assert len(running.faulty.of(test_id)) == 4
