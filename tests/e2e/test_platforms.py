"""Tests of the wire, of the dialects and of Envoy's own answers once more, over what Istio, Envoy Gateway and Higress make of
the resources in examples/."""

import json

import pytest

from faulty import Faulty
from gateway import FULL, LISTENERS, stacks, user
from platforms import Platform
from test_dialects import (  # noqa: F401 (they run here, with the fixture `gateway` below)
    anthropic_client,
    openai_client,
    post,
    test_anthropic_sdk,
    test_anthropic_sdk_streams,
    test_gemini_has_the_model_in_the_path,
    test_gemini_stream,
    test_openai_sdk,
    test_openai_sdk_streams_responses,
    test_streams_name_the_model_in_every_event,
    test_the_prompt_decides,
    test_what_is_no_llm_call_reaches_the_default_cluster,
)
from test_local_replies import (  # noqa: F401
    test_no_upstream_in_anthropics_words,
    test_no_upstream_in_geminis_words,
    test_no_upstream_in_openais_words,
)
from test_wire import (  # noqa: F401
    chat,
    test_a_body_that_comes_in_pieces,
    test_a_pinned_body_is_the_clients_byte_for_byte,
    test_an_upload_passes_unread,
    test_broken_without_a_model_passes_as_it_is,
    test_chunked,
    test_content_types,
    test_cut_off_behind_the_model,
    test_forged_headers_never_arrive,
    test_gemini_path,
    test_gemini_pinned,
    test_http2,
    test_http2_client_library,
    test_no_body,
    test_no_prompt_gives_the_default_model,
    test_odd_header_bytes,
    test_only_the_models_value_changes,
    test_the_model_of_an_upgrade,
    test_upgrade,
    test_what_the_client_is_told,
    test_what_the_upstream_is_told,
)

LIMIT = 4 * 1024 * 1024
# What Higress has no means for: a cluster that the filter names.
NAMES_CLUSTERS = {
    "test_an_upload_passes_unread", "test_broken_without_a_model_passes_as_it_is", "test_forged_headers_never_arrive",
    "test_no_body", "test_the_model_of_an_upgrade", "test_upgrade", "test_what_the_upstream_is_told",
}


def pytest_generate_tests(metafunc):
    if "platform" in metafunc.fixturenames:
        of = ["istio", "envoy-gateway"]
        if metafunc.function.__name__ not in NAMES_CLUSTERS:
            of.append("higress")
        metafunc.parametrize("platform", of, indirect=True, scope="module")


@pytest.fixture(scope="module")
def platform(request):
    return request.param


@pytest.fixture(scope="module")
def gateway(platform, gateway, tmp_path_factory):
    """In the place of the stack of the other tests, with its recorder and its LiteLLM."""
    with Platform(platform, tmp_path_factory.mktemp(platform), gateway.recorder, gateway.litellm_port,
                  listeners={"gateway": {"headers": FULL}} | {
                      name: {"default_cluster": "recorder"} | changes for name, changes in LISTENERS.items()}) as started:
        yield started


@pytest.fixture(scope="module")
def alone(platform, tmp_path_factory):
    """One whose upstreams cannot be reached."""
    class Nobody:
        port = stacks.free_port()

    with Platform(platform, tmp_path_factory.mktemp(f"{platform}-alone"), Nobody, Nobody.port) as started:
        yield started


def test_a_body_of_the_limit_and_one_over_it(send, gateway, client):
    """The limit is 4 MiB on each, once it is set as examples/ say."""
    _, got = send(chat("x" * (LIMIT - 300)))
    assert len(got.body) > LIMIT - 300
    for path, at in (("/v1/chat/completions", "code"), ("/v1/messages", "type")):
        answer = client.post(f"{gateway.url}{path}", json={"model": "house", "max_tokens": 9, "messages": user("x" * LIMIT)})
        assert (answer.status_code, answer.json()["error"][at]) == (413, "request_too_large")


def test_a_dead_vm_is_not_passed_by(gateway):
    """None of them lets requests by the filter: a client's cluster header would route."""
    plugins = json.dumps(gateway.configuration)
    assert "FAIL_OPEN" not in plugins
    assert "fail_open" not in plugins


@pytest.fixture
def failing(tmp_path):
    """Istio with fallbacks.yaml, and an upstream that fails as it is told to."""
    with Faulty() as faulty, Platform("istio", tmp_path, faulty, faulty.port, fallbacks=True, listeners={
            "gateway": {"headers": FULL, "fallbacks": {"enabled": True}}}) as started:
        yield started, faulty


@pytest.mark.skipif(stacks.envoy_version() < (1, 37), reason="Envoy 1.37 and newer")
def test_istio_asks_the_next_model(failing, client, test_id):
    istio, faulty = failing

    def ask(path, **body):
        test = f"{test_id}-{len(faulty.asked)}"
        answer = client.post(f"{istio.url}{path}", json=body, headers={"x-test-id": test})
        return answer, [each.model for each in faulty.of(test)]

    faulty.be(**{"gpt-5.4-nano": "500"})
    for stream in (False, True):
        answer, asked = ask("/v1/chat/completions", model="smart/auto", messages=user("Hello!"), stream=stream)
        assert (answer.status_code, len(asked)) == (200, 2)
        assert asked[0] == "gpt-5.4-nano" != asked[1]
        assert answer.headers["x-tiergate-model"] == asked[1]
    assert istio.deaths() == 0
