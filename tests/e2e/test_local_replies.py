"""What the gateway itself answers is JSON that the client's library reads, with what to do, in every shipped Envoy file."""

import json

import anthropic
import httpx
import openai
import pytest

from edge import SHIPPED, Edge
from gateway import stacks, user

FILES = SHIPPED | {name: stacks.ROOT / "examples" / name / "envoy.yaml" for name in ("providers", "signals")}
OPENAI = ["/v1/chat/completions", "/openai/deployments/smart-auto/chat/completions", "/v1/responses", "/v1/embeddings"]
ANTHROPIC = ["/v1/messages", "/v1/messages?beta=true", "/anthropic/v1/messages/count_tokens"]
GEMINI = ["/v1beta/models/smart%2Fauto:generateContent", "/v1beta/models/x:streamGenerateContent?alt=sse"]
LIMIT = 32 * 1024 * 1024


def slow(envoy):
    for route in stacks.connection_manager(stacks.listener(envoy))["route_config"]["virtual_hosts"][0]["routes"]:
        route["route"] |= {"timeout": "0.2s"}
        route["route"].pop("retry_policy", None)


@pytest.fixture(scope="module", params=SHIPPED)
def alone(request, tmp_path_factory):
    """A gateway whose upstream cannot be reached."""
    with Edge(tmp_path_factory.mktemp(f"alone-{request.param}"), SHIPPED[request.param]) as started:
        started.recorder.refuse()
        yield started


def post(edge, path, body=b'{"model":"house","messages":[]}'):
    return httpx.post(f"{edge.url}{path}", content=body, headers={"content-type": "application/json"},
                      trust_env=False, timeout=60)


def error_of(answer) -> dict:
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


@pytest.mark.parametrize("path", OPENAI)
def test_no_upstream_in_openais_words(alone, path):
    answer = post(alone, path)
    error = error_of(answer)["error"]
    assert (answer.status_code, error["type"], error["code"]) == (503, "server_error", "unavailable")
    assert "Try again" in error["message"]


@pytest.mark.parametrize("path", ANTHROPIC)
def test_no_upstream_in_anthropics_words(alone, path):
    answer = post(alone, path)
    error = error_of(answer)
    assert (answer.status_code, error["type"], error["error"]["type"]) == (503, "error", "overloaded_error")
    assert "Try again" in error["error"]["message"]


@pytest.mark.parametrize("path", GEMINI)
def test_no_upstream_in_geminis_words(alone, path):
    answer = post(alone, path)
    error = error_of(answer)["error"]
    assert (answer.status_code, error["code"], error["status"]) == (503, 503, "UNAVAILABLE")


def test_the_sdks_show_it(alone):
    with openai.OpenAI(base_url=f"{alone.url}/v1", api_key="none", max_retries=0,
                       http_client=httpx.Client(trust_env=False)) as sdk, \
            pytest.raises(openai.InternalServerError) as raised:
        sdk.chat.completions.create(model="smart/auto", messages=user("Hello!"))
    assert raised.value.code == "unavailable"
    with anthropic.Anthropic(base_url=alone.url, api_key="none", max_retries=0) as sdk, \
            pytest.raises(anthropic.InternalServerError) as raised:
        sdk.messages.create(model="smart/auto", max_tokens=5, messages=user("Hello!"))
    assert "cannot reach" in raised.value.body["error"]["message"]


@pytest.mark.parametrize(("path", "kind"), [(OPENAI[0], "request_too_large"), (ANTHROPIC[0], "request_too_large"),
                                            (GEMINI[0], "INVALID_ARGUMENT")])
def test_too_large(alone, path, kind):
    answer = post(alone, path, b'{"model":"house","x":"' + b"x" * LIMIT + b'"}')
    assert answer.status_code == 413
    error = error_of(answer)["error"]
    assert kind in (error.get("code"), error.get("type"), error.get("status"))
    assert "32 MiB" in error["message"]


@pytest.mark.parametrize(("path", "kind"), [(OPENAI[0], "timeout"), (ANTHROPIC[0], "timeout_error"),
                                            (GEMINI[0], "DEADLINE_EXCEEDED")])
def test_too_late(tmp_path, path, kind):
    with Edge(tmp_path, change=slow) as edge:
        edge.recorder.answer = lambda *_: True  # reads requests, and never answers
        answer = post(edge, path)
        assert answer.status_code == 504
        error = error_of(answer)["error"]
        assert kind in (error.get("code"), error.get("type"), error.get("status"))


@pytest.mark.parametrize("name", FILES)
def test_every_file_has_the_same_replies_and_unpacks_the_same(name):
    """One text in four files: whoever changes it changes all of them."""
    def parts(path):
        manager = stacks.connection_manager(stacks.listener(stacks.load_yaml(path)))
        unpacking = [each for each in manager["http_filters"] if "Decompressor" in each["typed_config"]["@type"]]
        limit = manager["route_config"]["virtual_hosts"][0]["request_body_buffer_limit"]
        return json.dumps([manager["local_reply_config"], unpacking, limit])

    assert parts(FILES[name]) == parts(stacks.DEMO)
