"""examples/tokens: a limit on the tokens that a client uses, by Envoy's rate limit filter and a service outside."""

import json

import httpx
import pytest

from gateway import stacks, user
from ratelimit import RateLimit
from upstream import Upstream

EXAMPLE = stacks.ROOT / "examples" / "tokens" / "limit.yaml"


class Answers(Upstream):
    """Says that each answer took 15 tokens: whole, or at the end of a stream."""

    def answer(self, connection, reader, request):
        usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
        if json.loads(request.body).get("stream"):
            body = "".join(f"data: {json.dumps(each)}\n\n" for each in (
                {"choices": [{"index": 0, "delta": {"content": "Hello."}}]}, {"choices": [], "usage": usage}))
            kind, text = "text/event-stream", body + "data: [DONE]\n\n"
        else:
            message = {"role": "assistant", "content": "Hello."}
            kind, text = "application/json", json.dumps({"choices": [{"index": 0, "message": message}], "usage": usage})
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(text)}\r\n\r\n"
        connection.sendall((head + text).encode())
        return True


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    if stacks.envoy_version() < (1, 40):
        pytest.skip("older Envoys lack some of the filters, and were not tried")
    directory = tmp_path_factory.mktemp("limit")
    service, recorder = RateLimit(limit=40), Answers()
    port, admin = stacks.free_port(), stacks.free_port()
    envoy = stacks.demo_envoy(port=port, admin_port=admin, litellm_port=recorder.port, signals_port=stacks.free_port(),
                              metrics_port=stacks.free_port(), shipped=stacks.PRODUCTION)
    example = stacks.load_yaml(EXAMPLE)
    stacks.set_upstream(example["clusters"][0], stacks.address(service.port))
    envoy["static_resources"]["clusters"] += example["clusters"]
    for each in envoy["static_resources"]["clusters"]:
        each.pop("health_checks", None)
    manager = stacks.connection_manager(stacks.listener(envoy))
    place = [each["name"] for each in manager["http_filters"]].index("tiergate") + 1
    manager["http_filters"][place:place] = example["http_filters"]
    process = stacks.envoy_process(directory, envoy, concurrency=1)
    try:
        process.start()
        process.wait_ready()
        yield service, f"http://127.0.0.1:{port}"
    finally:
        process.stop()
        recorder.refuse()
        service.close()


def ask(url: str, client: str, **more) -> int:
    answer = httpx.post(f"{url}/v1/chat/completions", trust_env=False, timeout=60,
                        json={"model": "smart/auto", "messages": user("Hello!")} | more,
                        headers={"authorization": f"Bearer {client}", "x-test-id": "any"})
    return answer.status_code


@pytest.mark.parametrize("more", [{}, {"stream": True, "stream_options": {"include_usage": True}}], ids=["whole", "stream"])
def test_a_client_that_has_used_its_tokens_is_refused_and_others_are_not(limited, more):
    service, url = limited
    client = f"spender-{len(more)}"
    name = f"client=Bearer {client}"
    answered = 0
    while ask(url, client, **more) == 200:
        answered += 1
        stacks.wait_until(lambda: sum(hits > 0 for each, hits in service.asked if each == name) >= answered, 10, "the count")
        assert answered < 50
    assert answered == 3, "the third answer goes over the limit of 40, and the next is refused"
    counted = [hits for each, hits in service.asked if each == name and hits]
    assert counted == [15] * answered, "tokens are counted, not requests"
    assert ask(url, f"another-{len(more)}", **more) == 200
