"""Every dialect through Envoy to LiteLLM: the model that LiteLLM says it served is the one for the prompt."""

import json
import subprocess

import anthropic
import openai
import pytest

from gateway import user

SMALL, OPUS = "gpt-5.4-nano", "claude-opus-5"
GREETING = "Hello!"
PROOF = "Prove the theorem by induction, step by step, and derive the contradiction."
PART = [{"type": "text", "text": PROOF}]


@pytest.fixture
def post(gateway, client):
    def post(path, body):
        answer = client.post(f"{gateway.url}{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer

    return post


BODIES = {
    "chat, string": ("/v1/chat/completions", lambda text: {"messages": user(text)}),
    "chat, parts": ("/v1/chat/completions", lambda text: {"messages": user([{"type": "text", "text": text}])}),
    "chat, no /v1": ("/chat/completions", lambda text: {"messages": user(text)}),
    "chat, query": ("/v1/chat/completions?trace=1", lambda text: {"messages": user(text)}),
    "completions, string": ("/v1/completions", lambda text: {"prompt": text}),
    "completions, list": ("/v1/completions", lambda text: {"prompt": [text]}),
    "responses, string": ("/v1/responses", lambda text: {"input": text}),
    "responses, messages": ("/v1/responses", lambda text: {"input": user(text)}),
    "responses, parts": ("/v1/responses", lambda text: {"input": user([{"type": "input_text", "text": text}])}),
    "messages, string": ("/v1/messages", lambda text: {"max_tokens": 9, "messages": user(text)}),
    "messages, parts": ("/v1/messages",
                        lambda text: {"max_tokens": 9, "messages": user([{"type": "text", "text": text}])}),
}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize(("text", "model", "tier"), [(GREETING, SMALL, "SIMPLE"), (PROOF, OPUS, "REASONING")])
def test_the_prompt_decides(post, name, text, model, tier):
    path, body = BODIES[name]
    answer = post(path, {"model": "smart/auto", **body(text)})
    assert answer.json()["model"] == model
    assert answer.headers["x-tiergate-model"] == model
    assert answer.headers["x-tiergate-tier"] == tier


@pytest.mark.parametrize("path", [
    "/v1beta/models/smart/auto:generateContent",
    "/v1beta/models/smart%2Fauto:generateContent",
    "/models/smart/auto:generateContent",
    "/v1beta/models/smart/auto:generateContent?key=none",
])
@pytest.mark.parametrize(("text", "model"), [(GREETING, SMALL), (PROOF, OPUS)])
def test_gemini_has_the_model_in_the_path(post, path, text, model):
    answer = post(path, {"contents": [{"role": "user", "parts": [{"text": text}]}]})
    assert answer.headers["x-litellm-model-group"] == model
    assert answer.headers["x-tiergate-model"] == model
    assert answer.json()["candidates"][0]["content"]["parts"][0]["text"] == f"This is {model}."


def test_gemini_stream(gateway, client):
    url = f"{gateway.url}/v1beta/models/smart/auto:streamGenerateContent?alt=sse"
    with client.stream("POST", url, json={"contents": [{"parts": [{"text": PROOF}]}]}) as answer:
        text = "".join(
            json.loads(line[6:]).get("text", "") for line in answer.iter_lines() if line.startswith("data: {")
        )
    assert answer.headers["x-tiergate-model"] == OPUS
    assert text == f"This is {OPUS}."


@pytest.mark.parametrize(("path", "body"), [
    ("/v1/chat/completions", {"messages": user(PROOF)}),
    ("/v1/completions", {"prompt": PROOF}),
])
def test_streams_name_the_model_in_every_event(gateway, client, path, body):
    with client.stream("POST", f"{gateway.url}{path}", json={"model": "smart/auto", "stream": True, **body}) as answer:
        lines = [line[6:] for line in answer.iter_lines() if line.startswith("data: ")]
    assert lines.pop() == "[DONE]"
    assert {json.loads(line)["model"] for line in lines} == {OPUS}
    assert answer.headers["x-tiergate-model"] == OPUS
    assert answer.headers["x-tiergate-cause"] == "score"
    assert answer.headers["content-type"].startswith("text/event-stream")


@pytest.fixture
def openai_client(gateway, client):
    return openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="none", http_client=client, max_retries=0)


@pytest.fixture
def anthropic_client(gateway):
    with anthropic.DefaultHttpxClient(trust_env=False) as client:  # of httpx2, not httpx
        yield anthropic.Anthropic(base_url=gateway.url, api_key="none", http_client=client, max_retries=0)


def test_openai_sdk(openai_client):
    assert openai_client.chat.completions.create(model="smart/auto", messages=user(PART)).model == OPUS
    assert openai_client.completions.create(model="smart/auto", prompt=GREETING).model == SMALL
    assert openai_client.responses.create(model="smart/auto", input=PROOF).model == OPUS
    chunks = list(openai_client.chat.completions.create(model="smart/auto", messages=user(GREETING), stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == f"This is {SMALL}."
    assert {chunk.model for chunk in chunks} == {SMALL}


def test_openai_sdk_streams_responses(openai_client, gateway, test_id):
    """LiteLLM's mock cannot stream this dialect; the recorder can."""
    events = list(openai_client.responses.create(
        model="smart/recorded", input=PROOF, stream=True, extra_headers={"x-test-id": test_id}))
    assert events[0].response.model == 'thinker "quoted" \\ ü'
    assert events[-1].response.output_text == "recorded"
    assert json.loads(gateway.recorder.take(test_id).body)["input"] == PROOF


def test_anthropic_sdk(anthropic_client):
    answer = anthropic_client.messages.create(model="smart/auto", max_tokens=9, messages=user(PART))
    assert answer.model == OPUS
    assert answer.content[0].text == f"This is {OPUS}."


def test_anthropic_sdk_streams(anthropic_client, test_id):
    """LiteLLM's mock cannot stream this dialect; the recorder can."""
    with anthropic_client.messages.stream(model="smart/recorded", max_tokens=9, messages=user(PROOF),
                                          extra_headers={"x-test-id": test_id}) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text == "recorded"
    assert final.model == 'thinker "quoted" \\ ü'


def test_curl(gateway):
    body = json.dumps({"model": "smart/auto", "messages": user(GREETING)})
    out = subprocess.run(
        ["curl", "-sS", "--noproxy", "*", "-i", f"{gateway.url}/v1/chat/completions",
         "-H", "content-type: application/json", "-d", body],
        capture_output=True, text=True, check=True, timeout=60).stdout
    head, _, document = out.partition("\r\n\r\n" if "\r\n\r\n" in out else "\n\n")
    assert f"x-tiergate-model: {SMALL}" in head
    assert json.loads(document)["model"] == SMALL


def test_a_long_body_that_curl_asks_leave_for(gateway):
    """curl sends `Expect: 100-continue` before a body of more than a megabyte."""
    body = json.dumps({"model": "smart/auto", "messages": user(GREETING), "metadata": {"x": "y" * 1_200_000}})
    out = subprocess.run(
        ["curl", "-sS", "--noproxy", "*", "-H", "Expect: 100-continue", f"{gateway.url}/v1/chat/completions",
         "-H", "content-type: application/json", "-d", "@-"],
        input=body, capture_output=True, text=True, check=True, timeout=60).stdout
    assert json.loads(out)["model"] == SMALL


def test_what_is_no_llm_call_reaches_the_default_cluster(gateway, client):
    answer = client.get(f"{gateway.url}/v1/models")
    assert SMALL in {each["id"] for each in answer.json()["data"]}
    assert not [name for name in answer.headers if name.startswith("x-tiergate")]
