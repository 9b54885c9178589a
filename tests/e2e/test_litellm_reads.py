"""The model that the client is told is the one that LiteLLM reads, wherever a request names it."""

import json

import pytest

from gateway import user

NANO, OPUS = "gpt-5.4-nano", "claude-opus-5"
ALL = ["smart/auto", OPUS]
CHAT = "/v1/chat/completions"
DEEP = "[" * 200 + "]" * 200


def chat(model="smart/auto") -> bytes:
    return json.dumps({"model": model, "messages": user("Hello!")}).encode()


@pytest.fixture
def post(gateway, client):
    def post(path, body, kind="application/json"):
        answer = client.post(f"{gateway.url}{path}", content=body, headers={"content-type": kind} if kind else {})
        return answer

    return post


@pytest.mark.parametrize("asked", ["smart/auto", OPUS])
@pytest.mark.parametrize("path", [
    CHAT + "?model={}", CHAT + "?model=x&model={}", CHAT + "?x=1&%6Dodel={}",
    "/openai/deployments/{}/chat/completions", "/engines/{}/chat/completions?model=x"])
def test_a_model_in_the_path(post, path, asked):
    answer = post(path.format(asked), chat("smart/auto" if asked == OPUS else OPUS))
    assert answer.status_code == 200, answer.text
    wanted = OPUS if asked == OPUS else NANO
    assert answer.headers["x-tiergate-model"] == wanted
    assert answer.headers["x-litellm-model-group"] == wanted
    assert answer.headers["x-tiergate-cause"] == ("pinned" if asked == OPUS else "score")


@pytest.mark.parametrize("between", [f'"x":{DEEP}', '"seed":NaN', '"logit_bias":{"1":-Infinity}', '"x":1e999'])
@pytest.mark.parametrize("last", ALL)
def test_a_second_model_behind_what_a_strict_parser_stops_at(post, between, last):
    first = json.dumps(next(model for model in ALL if model != last))
    body = f'{{"model":{first},"messages":[{{"role":"user","content":"Hello!"}}],{between},"model":{json.dumps(last)}}}'
    answer = post(CHAT, body.encode())
    served = answer.headers.get("x-litellm-model-group")
    assert served in (answer.headers["x-tiergate-model"], None), answer.text
    assert "smart/" not in answer.text
    if "x" not in between:
        assert answer.headers["x-tiergate-model"] == (OPUS if last == OPUS else NANO)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-ndjson", "application/json, text/plain", "", None])
def test_any_content_type_that_litellm_reads_as_json(post, kind):
    answer = post(CHAT, chat(), kind)
    assert (answer.status_code, answer.headers["x-tiergate-model"]) == (200, NANO)
    assert answer.headers["x-litellm-model-group"] == NANO


@pytest.mark.parametrize("path", ["/v1/chat%2Fcompletions", "/v1/%63hat/completions"])
def test_escaped_paths_that_litellm_serves(post, path):
    answer = post(path, chat())
    assert (answer.headers["x-tiergate-model"], answer.headers["x-litellm-model-group"]) == (NANO, NANO)


def test_geminis_path_goes_before_its_body(post):
    body = json.dumps({"model": OPUS, "contents": [{"role": "user", "parts": [{"text": "Hello!"}]}]}).encode()
    answer = post("/v1beta/models/smart%2Fauto:generateContent", body)
    assert answer.headers["x-tiergate-model"] == NANO
    assert answer.headers["x-litellm-model-group"] == NANO


def test_counting_of_tokens(post):
    answer = post("/v1/messages/count_tokens", chat())
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-tiergate-cause"] == "side_path"


@pytest.mark.parametrize("model", [["smart/auto"], ["gpt-5.4-nano", "smart/auto"], {"name": "smart/auto"}])
@pytest.mark.parametrize("path", [CHAT, "/v1/messages", "/v1/responses"])
def test_a_list_of_models_is_refused(post, path, model):
    """LiteLLM answers 500 to it; and of several names the gateway could not tell who serves."""
    answer = post(path, json.dumps({"model": model, "messages": user("Hello!"), "input": "Hello!"}).encode())
    assert (answer.status_code, answer.headers["x-tiergate-cause"]) == (400, "refused")
    assert "string" in answer.json()["error"]["message"]
