"""Names that clients ask for, however they spell them, on the shipped Envoy files."""

import json

import httpx
import openai
import pytest

from edge import SHIPPED, Edge
from gateway import user

CHAT = "/v1/chat/completions"
SMALL, MEDIUM = "small/v1", "medium"


@pytest.fixture(scope="module", params=SHIPPED)
def edge(request, tmp_path_factory):
    with Edge(tmp_path_factory.mktemp(f"names-{request.param}"), SHIPPED[request.param]) as started:
        yield started
        assert started.deaths() == 0


def post(edge, body, *, path=CHAT, test_id="none", **headers):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"content-type": "application/json", "x-test-id": test_id} | headers
    return httpx.post(f"{edge.url}{path}", content=body, headers=headers, trust_env=False, timeout=60)


@pytest.mark.parametrize("name", ["SMART/Recorded", " smart/recorded ", "smart-recorded", "My-Router"])
def test_a_name_is_matched_however_it_is_spelled(edge, test_id, name):
    answer = post(edge, {"model": name, "messages": user("Hello!")}, test_id=test_id)
    assert answer.headers["x-tiergate-model"] == "recorded-small"
    assert json.loads(edge.recorder.take(test_id).body)["model"] == SMALL


@pytest.mark.parametrize("model", [{}, {"model": None}, {"model": ""}])
def test_a_request_without_a_model_is_routed(edge, test_id, model):
    answer = post(edge, model | {"messages": user("Hello!")}, test_id=test_id)
    assert (answer.status_code, answer.headers["x-tiergate-profile"]) == (200, "auto")
    got = json.loads(edge.recorder.take(test_id).body)
    assert got == {"model": "gpt-5.4-nano", "messages": user("Hello!")}


def test_without_a_model_and_without_a_conversation_nothing_is_added(edge, test_id):
    """An assistant's thread is asked on a path that ends as Anthropic's does."""
    post(edge, {"role": "user", "content": "Hello!"}, path="/v1/threads/t_1/messages", test_id=test_id)
    assert json.loads(edge.recorder.take(test_id).body) == {"role": "user", "content": "Hello!"}


def test_a_name_that_does_not_exist(edge, test_id):
    with openai.OpenAI(base_url=f"{edge.url}/v1", api_key="none", max_retries=0,
                       http_client=httpx.Client(trust_env=False)) as sdk, \
            pytest.raises(openai.NotFoundError) as raised:
        sdk.chat.completions.create(model="smart/foo", messages=user("Hello!"), extra_headers={"x-test-id": test_id})
    assert (raised.value.code, raised.value.param) == ("model_not_found", "model")
    assert "smart/auto" in raised.value.body["message"]
    anthropic = post(edge, {"model": "smart/foo", "messages": []}, path="/v1/messages", test_id=test_id)
    assert (anthropic.status_code, anthropic.json()["error"]["type"]) == (404, "not_found_error")
    gemini = post(edge, {"contents": []}, path="/v1beta/models/smart%2Ffoo:generateContent", test_id=test_id)
    assert (gemini.json()["error"]["code"], gemini.json()["error"]["status"]) == (404, "NOT_FOUND")
    assert anthropic.headers["x-tiergate-cause"] == gemini.headers["x-tiergate-cause"] == "no_such_model"
    assert not edge.recorder.seen(test_id)


def test_free_is_not_served_by_a_paid_model(edge, test_id):
    answer = post(edge, {"model": "smart/free", "messages": user("Hello!")}, test_id=test_id)
    assert answer.status_code == 404
    assert "smart/eco" in answer.json()["error"]["message"]
    assert not edge.recorder.seen(test_id)


def test_premium_is_a_profile_of_its_own(edge, test_id):
    answer = post(edge, {"model": "smart/premium", "messages": user("Hello!")}, test_id=test_id)
    assert (answer.headers["x-tiergate-profile"], answer.headers["x-tiergate-tier"]) == ("premium", "SIMPLE")
    assert json.loads(edge.recorder.take(test_id).body)["model"] == "deepseek/deepseek-v4-pro"


@pytest.mark.parametrize("path", [
    "/v1/messages/count_tokens?beta=true", "/v1/responses/compact", "/v1/responses/input_tokens", "/v1/embeddings"])
def test_side_paths_get_the_default_model(edge, test_id, path):
    answer = post(edge, {"model": "smart/recorded", "input": "Hello!"}, path=path, test_id=test_id)
    assert answer.headers["x-tiergate-cause"] == "side_path"
    assert json.loads(edge.recorder.take(test_id).body) == {"model": MEDIUM, "input": "Hello!"}


def test_a_batch(edge, test_id):
    def batch(*models):
        return {"requests": [{"custom_id": str(n), "params": {"model": model}} for n, model in enumerate(models)]}

    post(edge, batch("smart/recorded", "house", "SMART-recorded"), path="/v1/messages/batches", test_id=test_id)
    assert json.loads(edge.recorder.take(test_id).body) == batch(MEDIUM, "house", MEDIUM)


def test_counting_of_tokens_in_geminis_dialect(edge, test_id):
    post(edge, {"contents": []}, path="/v1beta/models/smart%2Frecorded:countTokens", test_id=test_id)
    assert edge.recorder.take(test_id).path == "/v1beta/models/medium:countTokens"


@pytest.mark.parametrize("path", ["/v1/chat%2Fcompletions", "/v1/%63hat/completions", "/v1//chat/completions",
                                  "/v1/chat/completions/"])
def test_no_spelling_of_a_path_passes_the_filter_by(edge, test_id, path):
    answer = post(edge, {"model": "smart/recorded", "messages": user("Hello!")}, path=path, test_id=test_id)
    assert answer.headers["x-tiergate-model"] == "recorded-small"
    assert json.loads(edge.recorder.take(test_id).body)["model"] == SMALL


@pytest.mark.parametrize("kind", ["text/plain", "application/x-ndjson", "application/json, text/plain", "image/png"])
def test_no_content_type_passes_the_filter_by(edge, test_id, kind):
    answer = post(edge, {"model": "smart/recorded", "messages": user("Hello!")}, test_id=test_id,
                  **{"content-type": kind})
    assert answer.headers["x-tiergate-model"] == "recorded-small"
    assert json.loads(edge.recorder.take(test_id).body)["model"] == SMALL


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_form_is_refused(edge, test_id, kind):
    answer = post(edge, b"model=smart/recorded", test_id=test_id, **{"content-type": kind})
    assert answer.status_code == 415
    assert "application/json" in answer.json()["error"]["message"]
    assert not edge.recorder.seen(test_id)


def test_too_many_models(edge, test_id):
    body = b"{" + b'"model":"smart/recorded",' * 100_000 + b'"messages":[]}'
    answer = post(edge, body, test_id=test_id)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "model")
    assert not edge.recorder.seen(test_id)
