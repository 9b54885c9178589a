"""Models out of the upstream's list, and the list that clients read, through a real Envoy."""

import anthropic
import openai
import pytest

from gateway import stacks, user
from listed import Listed
from momentum import Running

PROOF = "Prove the theorem by induction, step by step, and derive the contradiction."


def running(directory, upstream: Listed, document: dict) -> Running:
    envoy = stacks.demo_envoy(port=stacks.free_port(), admin_port=stacks.free_port(), litellm_port=upstream.port,
                              signals_port=stacks.free_port())
    listener = stacks.listener(envoy)
    envoy["static_resources"]["listeners"] = [listener]
    # The demo's own cluster has the filter among its upstream filters.
    envoy["static_resources"]["clusters"].append(stacks.cluster("lists", upstream.port))
    stacks.set_tiergate_configuration(listener, {"default_cluster": "litellm"} | document)
    return Running(directory, envoy, workers=2)


def serves(gateway: Running, prompt: str) -> str:
    answer = gateway.post(messages=user(prompt))
    assert answer.status_code == 200, answer.text
    return answer.json()["model"]


def settled(gateway: Running, prompt: str, model: str) -> None:
    """Every worker has this model serve: sixteen requests on connections of their own get it."""
    stacks.wait_until(lambda: all(serves(gateway, prompt) == model for _ in range(16)), 20, f"{model} serves")


def test_models_come_and_go_with_the_upstreams_list(tmp_path):
    discover = {"cluster": "litellm", "list_cluster": "lists", "every_seconds": 1, "timeout_ms": 2000}
    with Listed(["small-7b", "large-70b", "whisper-large", "bge-m3"]) as upstream, \
            running(tmp_path, upstream, {"discover": discover}) as gateway:
        settled(gateway, "Hello!", "small-7b")
        assert serves(gateway, PROOF) == "large-70b"
        # One worker fetches: about once a second, whatever the number of workers.
        before, asked = upstream.asked, lambda: upstream.asked
        stacks.wait_until(lambda: asked() >= before + 2, 20, "two more fetches")
        upstream.names = ["other-8b", "large-70b"]
        settled(gateway, "Hello!", "other-8b")
        for broken in ('{"data": []}', '{"data": [', '"no"', '{"data": [{"id": "whisper-1"}]}'):
            before, upstream.broken = upstream.asked, broken
            stacks.wait_until(lambda: upstream.asked > before, 40, "a fetch of a broken list")  # noqa: B023
            assert serves(gateway, "Hello!") == "other-8b"
            assert serves(gateway, PROOF) == "large-70b"
        assert gateway.deaths() == 0


def test_a_call_that_would_come_back_into_the_filter_is_not_made(tmp_path):
    with Listed(["small-7b", "large-70b"]) as upstream, \
            running(tmp_path, upstream, {"discover": {"cluster": "litellm", "every_seconds": 1}}) as gateway:
        stacks.wait_until(lambda: "cannot call itself" in gateway.envoy.log.read_text(errors="replace"), 20, "a warning")
        assert all(serves(gateway, "Hello!") for _ in range(16))
        assert (gateway.deaths(), upstream.asked) == (0, 0)


@pytest.mark.parametrize("endpoint", ["merge", "only"])
def test_clients_find_the_virtual_models(tmp_path, endpoint):
    tiers = {tier: "small-7b" for tier in ("SIMPLE", "MEDIUM", "COMPLEX", "REASONING")}
    document = {"models": {"small-7b": {"context_window": 9000}}, "tiers": tiers, "models_endpoint": endpoint}
    with Listed(["small-7b", "large-70b"]) as upstream, running(tmp_path, upstream, document) as gateway:
        client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="none", http_client=gateway.client)
        names = [model.id for model in client.models.list()]
        assert "smart/auto" in names and ("large-70b" in names) == (endpoint == "merge")
        assert client.models.retrieve("smart/auto").id == "smart/auto"
        plain = anthropic.DefaultHttpxClient(trust_env=False)  # of httpx2, not httpx
        claude = anthropic.Anthropic(base_url=gateway.url, api_key="none", http_client=plain, max_retries=0)
        assert claude.models.retrieve("smart/eco").display_name == "smart/eco"
        answer = gateway.client.get(f"{gateway.url}/v1/models/nobody-knows")
        if endpoint == "only":
            assert "smart/auto" in [model.id for model in claude.models.list()]
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")
            assert upstream.asked == 0
        else:
            refused = gateway.client.get(f"{gateway.url}/v1/models", headers={"authorization": "Bearer nobody"})
            assert (refused.status_code, refused.json()) == (401, {"error": {"message": "who are you"}})
            zipped = gateway.client.get(f"{gateway.url}/v1/models", headers={"accept-encoding": "gzip"})
            assert len(zipped.json()["data"]) == len(names)
        assert gateway.post(model="smart/auto").status_code == 200
        assert gateway.deaths() == 0


def test_the_gateway_says_whether_it_takes_requests(tmp_path):
    with Listed([]) as upstream, running(tmp_path, upstream, {}) as gateway:
        assert gateway.client.get(f"{gateway.url}/health").status_code == 200
        assert upstream.asked == 0
        gateway.client.post(f"{gateway.admin_url}/healthcheck/fail")
        assert gateway.client.get(f"{gateway.url}/health").status_code == 503
