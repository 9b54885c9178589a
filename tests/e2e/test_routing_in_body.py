"""The decision in the body of an answer (`headers.in_body`), as programs read it that cannot see headers."""

import json

import anthropic
import openai
import pytest

from gateway import stacks, user
from momentum import Running, demo_alone

PROOF = "Prove the theorem by induction, step by step, and derive the contradiction."


@pytest.fixture(scope="module", params=[True, False], ids=["with headers", "without headers"])
def running(request, litellm, tmp_path_factory):
    envoy, listener = demo_alone(litellm)
    headers = {"in_body": True} | ({} if request.param else {"response": "none"})
    stacks.set_tiergate_configuration(listener, stacks.tiergate_configuration(listener) | {"headers": headers})
    with Running(tmp_path_factory.mktemp("envoy"), envoy, workers=1) as gateway:
        gateway.shows = request.param
        yield gateway
        assert gateway.deaths() == 0


def test_an_answer_has_a_member_more(running):
    answer = running.post(messages=user(PROOF))
    told = answer.json()["_routing"]
    assert (told["tier"], told["cause"], told["profile"]) == ("REASONING", "score", "auto")
    assert told["model"] == answer.json()["model"]
    assert 0 < told["confidence"] <= 1
    assert answer.json()["choices"][0]["message"]["content"]
    assert ("x-tiergate-model" in answer.headers) == running.shows


def test_a_stream_has_a_comment_before_its_events(running):
    answer = running.post(messages=user("Hello!"), stream=True)
    comment, rest = answer.text.split("\n\n", 1)
    assert comment.startswith(": _routing ")
    assert json.loads(comment.removeprefix(": _routing "))["tier"] == "SIMPLE"
    assert rest.startswith("data: ") and rest.rstrip().endswith("data: [DONE]")


def test_clients_read_both_as_before(running):
    with openai.OpenAI(base_url=f"{running.url}/v1", api_key="sk-x", max_retries=0) as client:
        whole = client.chat.completions.create(model="smart/auto", messages=user("Hello!"))
        assert whole.choices[0].message.content
        assert whole.model_extra["_routing"]["tier"] == "SIMPLE"
        stream = client.chat.completions.create(model="smart/auto", messages=user("Hello!"), stream=True)
        assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
        made = client.responses.create(model="smart/auto", input="Hello!")
        assert made.output_text
    with anthropic.Anthropic(base_url=running.url, api_key="sk-x", max_retries=0) as client:
        message = client.messages.create(model="smart/auto", max_tokens=50, messages=user("Hello!"))
        assert message.content[0].text
        assert message.model_extra["_routing"]["model"] == message.model


def test_what_was_not_decided_stays(running):
    side = running.client.post(f"{running.url}/v1/embeddings", json={"model": "x", "input": "Hello!"})
    assert "_routing" not in side.text
    refused = running.post(model="smart/nobody")
    assert (refused.status_code, "_routing" in refused.text) == (404, False)
