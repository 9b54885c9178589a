"""LiteLLM answers a request that it has answered before from its cache, and the gateway says so."""

import json

import httpx
import pytest

from gateway import stacks, user
from momentum import Running, demo_alone

HIT = "x-litellm-cache-key"


@pytest.mark.parametrize("attempts", [True, False], ids=["with the attempt position", "without"])
def test_the_second_answer_comes_from_the_cache(litellm, tmp_path, attempts):
    envoy, listener = demo_alone(litellm)
    document = stacks.tiergate_configuration(listener)
    if not attempts:
        stacks.set_tiergate_configuration(listener, document | {"fallbacks": {"enabled": False}})
        for cluster in envoy["static_resources"]["clusters"]:
            cluster.pop("typed_extension_protocol_options", None)
    with Running(tmp_path, envoy, workers=2) as gateway:
        prompt = f"Which river runs through Prague? {attempts}"
        first, second = (gateway.post(messages=user(prompt)) for _ in range(2))
        other = gateway.post(messages=user(prompt + " And Vienna?"))
        assert [answer.status_code for answer in (first, second, other)] == [200] * 3
        assert [HIT in answer.headers for answer in (first, second, other)] == [False, True, False]
        assert first.json()["id"] == second.json()["id"] != other.json()["id"]
        # What was routed elsewhere is another request.
        assert HIT not in gateway.post(messages=user(prompt), model="gpt-5.4").headers
        assert gateway.value("tiergate_cached_answers") == 1
        streamed = [gateway.post(messages=user(prompt), stream=True) for _ in range(2)]
        assert [HIT in answer.headers for answer in streamed][-1], "streams are remembered too"
        assert streamed[1].text.rstrip().endswith("data: [DONE]")
        stacks.wait_until(lambda: gateway.value("tiergate_cached_answers") in (2, 3), 10, "streams are counted")
        assert gateway.deaths() == 0


def test_the_access_log_says_so(litellm, tmp_path):
    envoy, listener = demo_alone(litellm)
    log = tmp_path / "access.log"
    stacks.connection_manager(listener)["access_log"] = [{
        "name": "envoy.access_loggers.file", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog", "path": str(log),
            "log_format": {"text_format_source": {"inline_string": "%FILTER_STATE(wasm.tiergate:PLAIN)%\n"}}}}]
    with Running(tmp_path, envoy, workers=1) as gateway:
        lines = lambda: log.read_text().splitlines() if log.exists() else []  # noqa: E731
        for count in (1, 2):
            assert isinstance(gateway.post(messages=user("Which sea is north of Turkey?")), httpx.Response)
            stacks.wait_until(lambda: len(lines()) == count, 30, f"{count} lines")  # noqa: B023
        first, second = lines()
        assert "cached" not in first
        first, second = (json.loads(line, parse_float=str) for line in (first, second))
        assert second["cached"] is True
        assert [second[key] for key in ("cost", "baseline_cost", "score")] == [
            first[key] for key in ("cost", "baseline_cost", "score")], "digit for digit"
